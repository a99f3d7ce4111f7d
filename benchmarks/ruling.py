"""How long one ruling takes, from the facts of an ordinary signing."""

from collections.abc import Iterator
from functools import partial
from statistics import median
from timeit import repeat

from rich.table import Table

from attribution.rules.ruling import rule_on
from benchmarks.dossiers import ORDINARY

RUNS, CALLS = 7, 2_000


def measure() -> Iterator[Table]:
    """Yield the table."""
    table = Table(title=f"one ruling (medians of {RUNS} runs of {CALLS} calls)")
    for heading in ("signing", "visits", "µs"):
        table.add_column(heading, justify="right" if heading != "signing" else "left")
    for name, dossier in ORDINARY.items():
        runs = repeat(partial(rule_on, dossier), number=CALLS, repeat=RUNS)
        each = median(runs) / CALLS * 1e6
        table.add_row(name, str(len(dossier.visits)), f"{each:.0f}")
    yield table
