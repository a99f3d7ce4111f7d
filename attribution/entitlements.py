"""Entitlements: what a plan owes for many units at one instant, and why.

Source: docs/specs/commission.md §7. A pure function of the plan and of what had
happened by then: cancellations, later milestones and retroactive steps need no case of
their own, for whoever books takes the difference to what was booked (money §1.8).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import groupby
from zoneinfo import ZoneInfo

from attribution.commissions import (
    Base,
    CommissionPlan,
    MilestoneKind,
    before_limits,
    payable_at,
    within_limits,
)
from attribution.ladders import Counted, Part, amount_of, parts_of_period
from attribution.money import Fen, split


@dataclass(frozen=True, kw_only=True, slots=True)
class SoldUnit:
    """A unit that was signed for, and what happened to it since.

    `price` is the contract price with tax, `price_net` without, where it is known.
    """

    id: str
    kind: str
    price: Fen
    signed_at: datetime
    price_net: Fen | None = None
    reached: Mapping[MilestoneKind, datetime]
    cancelled_at: datetime | None = None


class Finding(StrEnum):
    """Why a unit earns what it earns."""

    EARNS = "EARNS"
    NOT_SIGNED_YET = "NOT_SIGNED_YET"
    CANCELLED = "CANCELLED"
    EXCLUDED_KIND = "EXCLUDED_KIND"


class Limit(StrEnum):
    """Which limit of the plan changed an amount."""

    FLOOR = "floor"
    CAP = "cap"


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Where a unit stands in its period: the `place`-th of `count`, `total` fen."""

    period: str
    place: int
    count: int
    total: Fen
    parts: tuple[Part, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Instalment:
    """What one milestone made payable, and when."""

    on: MilestoneKind
    at: datetime
    amount: Fen


@dataclass(frozen=True, kw_only=True, slots=True)
class Entitlement:
    """What a unit earns as of an instant.

    `by_role` splits the commission in the order of the plan; it is empty where the
    plan splits nothing. The instalments add up to `payable`.
    """

    unit: SoldUnit
    finding: Finding
    commission: Fen
    before_limits: Fen
    limited_by: Limit | None
    by_role: Mapping[str, Fen]
    instalments: tuple[Instalment, ...]
    standing: Standing | None = None

    @property
    def payable(self) -> Fen:
        """What was payable by then."""
        return Fen(sum(one.amount for one in self.instalments))


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkedPeriod:
    """A plan applied to one period of equal units: how many earn how much each."""

    price: Fen
    groups: tuple[tuple[int, Fen], ...]

    @property
    def total(self) -> Fen:
        """What all of them earn together."""
        return Fen(sum(count * each for count, each in self.groups))


def entitle(
    plan: CommissionPlan, units: Iterable[SoldUnit], *, as_of: datetime, zone: ZoneInfo
) -> list[Entitlement]:
    """Return what every unit earns, in order of signing, then of id.

    Args:
        as_of: nothing later counts; what happens at this very instant does.
        zone: whose calendar says in which period a signing lies.

    Raises:
        ValueError: the plan is of net prices, and a unit has none.
    """
    ordered = sorted(units, key=lambda unit: (unit.signed_at, unit.id))
    findings = {unit.id: _finding(plan, unit, as_of) for unit in ordered}
    earning = [unit for unit in ordered if findings[unit.id] is Finding.EARNS]
    standings = _standings(plan, earning, zone)
    return [
        _entitlement(plan, unit, findings[unit.id], standings.get(unit.id), as_of)
        for unit in ordered
    ]


def _finding(plan: CommissionPlan, unit: SoldUnit, as_of: datetime) -> Finding:
    if unit.signed_at > as_of:
        return Finding.NOT_SIGNED_YET
    if unit.cancelled_at is not None and unit.cancelled_at <= as_of:
        return Finding.CANCELLED
    if unit.kind in plan.excluded:
        return Finding.EXCLUDED_KIND
    return Finding.EARNS


def _standings(
    plan: CommissionPlan, earning: Sequence[SoldUnit], zone: ZoneInfo
) -> dict[str, Standing]:
    """Return where each unit stands in its period; nothing without steps."""
    if plan.steps is None:
        return {}
    periods: dict[str, list[SoldUnit]] = defaultdict(list)
    for unit in earning:
        day = unit.signed_at.astimezone(zone).date()
        periods[plan.steps.period.of(day)].append(unit)
    standings = {}
    for period, units in periods.items():
        prices = [_base_of(plan, unit) for unit in units]
        parts, total = parts_of_period(plan.steps, prices), Fen(sum(prices))
        for place, (unit, own) in enumerate(zip(units, parts, strict=True), start=1):
            standings[unit.id] = Standing(
                period=period,
                place=place,
                count=len(units),
                total=total,
                parts=own,
            )
    return standings


def _base_of(plan: CommissionPlan, unit: SoldUnit) -> Fen:
    if plan.base is not Base.PRICE_NET:
        return unit.price
    if unit.price_net is None:
        message = f"{unit.id} has no net price"
        raise ValueError(message)
    return unit.price_net


def _entitlement(
    plan: CommissionPlan,
    unit: SoldUnit,
    finding: Finding,
    standing: Standing | None,
    as_of: datetime,
) -> Entitlement:
    if finding is not Finding.EARNS:
        before = commission = Fen(0)
    else:
        before = (
            before_limits(plan, _base_of(plan, unit))
            if standing is None
            else amount_of(standing.parts)
        )
        commission = within_limits(plan, before)
    return Entitlement(
        unit=unit,
        finding=finding,
        commission=commission,
        before_limits=before,
        limited_by=_limit(before, commission),
        by_role=_by_role(plan, commission),
        instalments=tuple(_instalments(plan, unit, commission, as_of)),
        standing=standing,
    )


def _limit(before: Fen, commission: Fen) -> Limit | None:
    if before == commission:
        return None
    return Limit.FLOOR if commission > before else Limit.CAP


def _by_role(plan: CommissionPlan, commission: Fen) -> dict[str, Fen]:
    if not plan.split:
        return {}
    parts = split(commission, [one.part for one in plan.split])
    return {one.role: Fen(part) for one, part in zip(plan.split, parts, strict=True)}


def _instalments(
    plan: CommissionPlan, unit: SoldUnit, commission: Fen, as_of: datetime
) -> Iterable[Instalment]:
    """Yield what each milestone that was reached by then made payable, in that order.

    Each is the difference of two sums that were rounded once, so that they add up. A
    contract before the signing counts from the signing.
    """
    places = {one.on: place for place, one in enumerate(plan.milestones)}
    events = sorted(
        (max(at, unit.signed_at) if on is MilestoneKind.CONTRACT else at, place, on)
        for on, at in unit.reached.items()
        if (place := places.get(on)) is not None and at <= as_of
    )
    reached: list[MilestoneKind] = []
    before = Fen(0)
    for at, _, on in events:
        reached.append(on)
        sum_now = payable_at(commission, plan, reached)
        if sum_now != before:
            yield Instalment(on=on, at=at, amount=Fen(sum_now - before))
        before = sum_now


_EXAMPLE_PRICE = Fen(245_000_000)
_MOST_EXAMPLES = 1_000
_EXAMPLE_DAY = datetime(2026, 3, 2, tzinfo=UTC)


def worked_period(plan: CommissionPlan) -> WorkedPeriod:
    """Return the plan's own example: a period that climbs past its last step.

    Units of 2 450 000.00 yuan, or dearer ones where a thousand would not be enough.
    Example: 26 units by the ladder of money §1.6 are 14 x 5 000, 10 x 6 000 and
    2 x 7 000 yuan.
    """
    last = 0 if plan.steps is None else plan.steps.steps[-1].since
    price, count = _EXAMPLE_PRICE, 1
    if plan.steps is not None and plan.steps.by is Counted.COUNT:
        count = last + 1
    elif plan.steps is not None:
        price = Fen(max(price, last // _MOST_EXAMPLES))
        count = last // price + 1
    units = [
        SoldUnit(
            id=f"{number:08}",
            kind="",
            price=price,
            price_net=price,
            signed_at=_EXAMPLE_DAY,
            reached={},
        )
        for number in range(count)
    ]
    earned = entitle(plan, units, as_of=_EXAMPLE_DAY, zone=ZoneInfo("UTC"))
    groups = groupby(earned, key=lambda one: one.commission)
    return WorkedPeriod(
        price=price,
        groups=tuple((len(list(same)), each) for each, same in groups),
    )
