"""Bars whose lengths are their numbers: what is owed beside what is payable."""

from collections.abc import Iterable
from dataclasses import dataclass

from attribution.money import Fen

_LONGEST = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """One channel: two amounts, and how long each bar is in percent of the longest."""

    name: str
    owed: Fen
    payable: Fen
    owed_length: str
    payable_length: str


def bars_of(amounts: Iterable[tuple[str, Fen, Fen]]) -> list[Bar]:
    """Return one bar for each name, the largest debt first; both start at nothing."""
    totals: dict[str, tuple[int, int]] = {}
    for name, owed, payable in amounts:
        before = totals.get(name, (0, 0))
        totals[name] = (before[0] + owed, before[1] + payable)
    most = max((owed for owed, _ in totals.values()), default=0)
    ordered = sorted(totals.items(), key=lambda item: (-item[1][0], item[0]))
    return [
        Bar(
            name=name,
            owed=Fen(owed),
            payable=Fen(payable),
            owed_length=_length(owed, most),
            payable_length=_length(payable, most),
        )
        for name, (owed, payable) in ordered
    ]


def _length(amount: int, most: int) -> str:
    return f"{amount * _LONGEST / most:.2f}%" if most else "0%"
