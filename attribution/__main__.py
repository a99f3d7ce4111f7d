"""The offline checker of evidence bundles: `python -m attribution verify FILE`."""

import sys

from attribution.bundles.command import main

sys.exit(main(sys.argv[1:]))
