"""Steps 跳点: a commission that depends on how much was sold in a period.

Source: docs/specs/commission.md §6. A ladder is reckoned over all units of one period
in order of signing; what one unit earns is a list of parts, each an amount at a rate.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import accumulate, pairwise
from typing import TypeAlias

from attribution.documents import Node, Table
from attribution.money import WHOLE, BasisPoints, Fen, share_of

MOST_FEN = 10**13
_MOST_STEPS = 100
_MOST_UNITS = 10_000


class Counted(StrEnum):
    """What a ladder climbs by: units, or the sum of their prices."""

    COUNT = "count"
    AMOUNT = "amount"


class Mode(StrEnum):
    """Whether a step prices what lies above it, or the whole period (money §1.3)."""

    MARGINAL = "marginal"
    RETROACTIVE = "retroactive"


class Period(StrEnum):
    """What is counted together, by the day of signing."""

    MONTH = "month"
    QUARTER = "quarter"
    PROGRAMME = "programme"

    def of(self, day: date) -> str:
        """Return the name of the period a day lies in: `2026-03`, `2026-Q1` or `-`."""
        match self:
            case Period.MONTH:
                return f"{day:%Y-%m}"
            case Period.QUARTER:
                return f"{day:%Y}-Q{(day.month + 2) // 3}"
        return "-"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rate:
    """Basis points of a price."""

    rate: BasisPoints


@dataclass(frozen=True, kw_only=True, slots=True)
class Fixed:
    """Fen for each unit."""

    fixed: Fen


Price: TypeAlias = Rate | Fixed


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """From which unit, or from how many fen on, and what then is paid.

    `since` is counted from 1 for units (the 15th unit is on the step from 15), and
    from 0 for fen (what lies above 10 000.00 yuan is on the step from 1 000 000).
    """

    since: int
    price: Price


@dataclass(frozen=True, kw_only=True, slots=True)
class Ladder:
    """The steps of a plan, lowest first, without a gap: each ends where one begins."""

    by: Counted
    mode: Mode
    period: Period
    steps: tuple[Step, ...]

    def step_at(self, reached: int) -> Step:
        """Return the step on which a count or a sum stands."""
        return [step for step in self.steps if step.since <= reached][-1]


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """What one step pays of one unit: for `of` fen of its price, or for the unit."""

    step: Step
    of: Fen


def parts_of_period(ladder: Ladder, prices: Sequence[Fen]) -> list[tuple[Part, ...]]:
    """Return by which steps each unit of one period is paid.

    Args:
        prices: of the units that count, in order of signing.
    """
    if ladder.mode is Mode.RETROACTIVE:
        reached = len(prices) if ladder.by is Counted.COUNT else sum(prices)
        return [(Part(step=ladder.step_at(reached), of=price),) for price in prices]
    if ladder.by is Counted.COUNT:
        return [
            (Part(step=ladder.step_at(place), of=price),)
            for place, price in enumerate(prices, start=1)
        ]
    sums = accumulate(prices, initial=0)
    return [tuple(_bands(ladder, low, high)) for low, high in pairwise(sums)]


def amount_of(parts: Iterable[Part]) -> Fen:
    """Return what the parts of one unit come to, rounded half up once."""
    fixed, shares = 0, 0
    for part in parts:
        price = part.step.price
        if isinstance(price, Rate):
            shares += part.of * price.rate
        else:
            fixed += price.fixed
    # Ten-thousandths of a fen, added up before anything is rounded.
    return Fen(fixed + share_of(Fen(shares), BasisPoints(1)))


def ladder_of(node: Node) -> Ladder:
    """Return the ladder of a document, or refuse it at the place of the mistake.

    A gap or an overlap is refused here: it would pay nothing, or twice (money §1.7).
    """
    table = node.table("by", "mode", "period", "ladder")
    by = table.need("by").choice(Counted)
    mode = table.need("mode").choice(Mode)
    is_by_part = by is Counted.AMOUNT and mode is Mode.MARGINAL
    return Ladder(
        by=by,
        mode=mode,
        period=table.need("period").choice(Period),
        steps=tuple(_steps(table.need("ladder"), by, is_by_part=is_by_part)),
    )


def ladder_to_json(ladder: Ladder) -> dict[str, object]:
    """Return a ladder as JSON, every key written out."""
    return {
        "by": ladder.by.value,
        "mode": ladder.mode.value,
        "period": ladder.period.value,
        "ladder": [
            {"from": step.since, **price_to_json(step.price)} for step in ladder.steps
        ],
    }


def price_of(table: Table) -> Price:
    """Return the one of `rate_bp` and `fixed_fen` that a table has."""
    rate, fixed = table.get("rate_bp", None), table.get("fixed_fen", None)
    if table.has("rate_bp") == table.has("fixed_fen"):
        rate.fail("needs either rate_bp or fixed_fen, and not both")
    if table.has("rate_bp"):
        return Rate(rate=BasisPoints(rate.whole(0, WHOLE)))
    return Fixed(fixed=Fen(fixed.whole(0, MOST_FEN)))


def price_to_json(price: Price) -> dict[str, object]:
    """Return a rate or an amount as JSON."""
    if isinstance(price, Rate):
        return {"rate_bp": price.rate, "fixed_fen": None}
    return {"rate_bp": None, "fixed_fen": price.fixed}


def _bands(ladder: Ladder, low: int, high: int) -> Iterable[Part]:
    """Yield the parts of what lies from `low` to `high` fen of the period's sum."""
    ends = [step.since for step in ladder.steps[1:]]
    for step, end in zip(ladder.steps, [*ends, high], strict=True):
        inside = min(high, max(end, step.since)) - max(low, step.since)
        if inside > 0:
            yield Part(step=step, of=Fen(inside))


def _steps(node: Node, by: Counted, *, is_by_part: bool) -> Iterable[Step]:
    items = node.items()
    if not 1 <= len(items) <= _MOST_STEPS:
        node.fail(f"must have 1 to {_MOST_STEPS} steps")
    first = 1 if by is Counted.COUNT else 0
    most = _MOST_UNITS if by is Counted.COUNT else MOST_FEN
    before = None
    for item in items:
        table = item.table("from", "rate_bp", "fixed_fen")
        since = table.need("from").whole(0, most)
        if before is None and since != first:
            table.need("from").fail(f"the first step must begin at {first}")
        if before is not None and since <= before:
            table.need("from").fail("must be above the step before it")
        price = price_of(table)
        if is_by_part and isinstance(price, Fixed):
            table.get("fixed_fen", None).fail(
                "a part of an amount needs a rate, not an amount"
            )
        yield Step(since=since, price=price)
        before = since
