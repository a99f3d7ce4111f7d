"""The installed application, as the server of web/serving.py loads it."""

from web.app import Look, create_app
from web.logs import set_up_logs
from web.serving import start_background
from web.settings import read_settings
from web.wiring import build_runtime

_settings = read_settings()
set_up_logs()
_runtime = build_runtime(_settings)
app = create_app(
    _runtime, look=Look(language=_settings.language, is_demo=_settings.demo)
)
start_background(_runtime)
