"""How long the offline check of an evidence bundle takes, and how large one is."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from statistics import median
from timeit import repeat

from rich.table import Table

from attribution.bundles.bundle import bundle_bytes, parse_bundle
from attribution.bundles.check import check_bundle
from attribution.bundles.findings import is_good
from tests.attribution.paper import HOUR, at, case, issue, signing, visit
from tests.bundles.room import WITH_KEY, room_of_case

RUNS = 7
# A log of this size has proofs of 17 hashes; one of a million, of 20.
LOG_SIZE = 2**17
_AGENTS = ("wang", "li", "zhao")


def measure() -> Iterator[Table]:
    """Yield the table."""
    table = Table(title=f"check of an evidence bundle (medians of {RUNS} runs)")
    for heading in ("visits", "statements", "bytes", "ms"):
        table.add_column(heading, justify="right")
    for visits in (3, 100):
        data = _bundle(visits)
        statements = len(parse_bundle(data).statements)
        runs = repeat(partial(_checked, data), number=1, repeat=RUNS)
        table.add_row(
            str(visits),
            str(statements),
            f"{len(data):,}",
            f"{median(runs) * 1e3:.1f}",
        )
    yield table


def _checked(data: bytes) -> None:
    assert is_good(check_bundle(parse_bundle(data), WITH_KEY))  # noqa: S101


def _bundle(visits: int) -> bytes:
    """Return the bundle of a case with so many visits, two in three by a token."""
    facts = []
    for number in range(visits):
        hours = number * 4
        token = f"t{number}" if number % 3 else None
        if token is not None:
            agent = _AGENTS[number % len(_AGENTS)]
            facts.append(issue(token, agent, at(0, hours * HOUR)))
        facts.append(visit(f"v{number}", at(0, (hours + 1) * HOUR), token))
    room = room_of_case(case(*facts, signing(at(30))))
    later = {LOG_SIZE - 3: ("consent/v1", {"visit": "v0"})}
    return bundle_bytes(replace(room, events={**room.events, **later}).bundle())
