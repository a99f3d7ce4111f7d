"""The commands: `./hefu …`."""

from web.cli import main

main(prog_name="./hefu")
