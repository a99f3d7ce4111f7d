"""What the server of a benchmark loads: the whole application, tags made quickly.

With BENCH_REAL_TAGS=1 nothing is replaced.
"""

import os
from dataclasses import replace

from benchmarks.office import quick_tag
from web.app import create_app
from web.logs import set_up_logs
from web.serving import start_background
from web.settings import read_settings
from web.wiring import build_runtime

set_up_logs()
_runtime = build_runtime(read_settings())
if not os.environ.get("BENCH_REAL_TAGS"):
    _runtime = replace(_runtime, tag=quick_tag)
app = create_app(_runtime)
start_background(_runtime)
