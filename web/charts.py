"""Bars whose lengths are their numbers: amounts beside amounts, parts of counts."""

from collections.abc import Iterable, Iterator
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One part of a bar of counts: how many, from where on and how long, in percent."""

    kind: str
    count: int
    start: str
    length: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CountBar:
    """One name and its counts, beside each other in one bar."""

    name: str
    total: int
    parts: tuple[Part, ...]


def count_bars(
    rows: Iterable[tuple[str, Iterable[tuple[str, int]]]],
) -> list[CountBar]:
    """Return a bar for each name: its counts by kind, the longest bar being whole."""
    listed = [(name, list(counts)) for name, counts in rows]
    sums = [sum(count for _, count in counts) for _, counts in listed]
    most = max(sums, default=0)
    return [
        CountBar(name=name, total=total, parts=tuple(_parts(counts, most)))
        for (name, counts), total in zip(listed, sums, strict=True)
    ]


def _parts(counts: Iterable[tuple[str, int]], most: int) -> Iterator[Part]:
    before = 0
    for kind, count in counts:
        if count:
            yield Part(
                kind=kind,
                count=count,
                start=_length(before, most),
                length=_length(count, most),
            )
        before += count
