"""python -m benchmarks [NAME …]: measure, and print a table for each."""

import sys
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.table import Table

from benchmarks import (
    checking,
    matching,
    proving,
    reckoning,
    redeeming,
    ruling,
    tagging,
)

_ALL: dict[str, Callable[[], Iterator[Table]]] = {
    "tagging": tagging.measure,
    "ruling": ruling.measure,
    "reckoning": reckoning.measure,
    "matching": matching.measure,
    "proving": proving.measure,
    "checking": checking.measure,
    "redeeming": redeeming.measure,
}


def main() -> None:
    """Run the benchmarks that are named, or all of them."""
    console = Console(width=110)
    for name in sys.argv[1:] or _ALL:
        for table in _ALL[name]():
            console.print(table)


main()
