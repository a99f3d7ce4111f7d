"""The offline checker of receipts: `python -m tokens verify FILE --log-key KEY`."""

import sys

from tokens.command import main

sys.exit(main(sys.argv[1:]))
