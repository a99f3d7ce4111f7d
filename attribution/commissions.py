"""Commission (佣金): what a plan makes of a price, and when it is payable.

Source: docs/specs/commission.md. Amounts in fen before tax, rates in basis points.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from attribution.documents import Node, Table
from attribution.errors import PlanInvalid
from attribution.ids import ChannelId
from attribution.money import WHOLE, BasisPoints, Fen, share_of, split

_MOST = 10**13
_EXAMPLE_PRICE = Fen(245_000_000)


class Base(StrEnum):
    """What the commission of a unit is reckoned from (money §1.1)."""

    PRICE = "price"
    FIXED = "fixed"


class MilestoneKind(StrEnum):
    """What makes a part of the commission payable (money §2.1)."""

    SUBSCRIPTION = "subscription"  # 认购
    CONTRACT = "contract"  # 签约
    FIRST_PAYMENT = "first_payment"  # 首付
    LOAN_DISBURSED = "loan_disbursed"  # 放款
    FULL_PRICE = "full_price"  # 全款
    HANDOVER = "handover"  # 交房


@dataclass(frozen=True, kw_only=True, slots=True)
class Milestone:
    """An event and the part of the commission it makes payable."""

    on: MilestoneKind
    part: BasisPoints


@dataclass(frozen=True, kw_only=True, slots=True)
class CommissionPlan:
    """A commission plan (佣金方案), by version.

    `base` says whether `rate` (of the contract price with tax) or `fixed` (per unit)
    counts. Floor and cap apply per unit, after the rate. The parts of the milestones
    sum to 10 000, in the order in which they are listed.
    """

    version: str
    base: Base
    rate: BasisPoints
    fixed: Fen
    floor: Fen | None = None
    cap: Fen | None = None
    milestones: tuple[Milestone, ...] = (
        Milestone(on=MilestoneKind.CONTRACT, part=WHOLE),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkedExample:
    """A plan applied to one price, step by step, for a page to put into words."""

    price: Fen
    before_limits: Fen
    commission: Fen
    instalments: tuple[tuple[MilestoneKind, Fen], ...]


def plan_from_json(values: object, *, version: str) -> CommissionPlan:
    """Return the plan of a JSON document, as strict as a contract.

    Raises:
        PlanInvalid: with the path of the mistake.
    """
    root = Node(value=values, path="", refuse=PlanInvalid)
    table = root.table(
        "base", "rate_bp", "fixed_fen", "floor_fen", "cap_fen", "milestones"
    )
    base = table.need("base").choice(Base)
    needed, other = _NEEDED[base]
    if table.has(other):
        table.get(other, None).fail(f"has no place where the base is {base}")
    counted = table.need(needed).whole(0, WHOLE if base is Base.PRICE else _MOST)
    plan = CommissionPlan(
        version=version,
        base=base,
        rate=BasisPoints(counted if base is Base.PRICE else 0),
        fixed=Fen(counted if base is Base.FIXED else 0),
        floor=_fen(table, "floor_fen"),
        cap=_fen(table, "cap_fen"),
        milestones=_milestones(table),
    )
    if plan.floor is not None and plan.cap is not None and plan.floor > plan.cap:
        table.get("cap_fen", None).fail("must not be below the floor")
    return plan


def plan_to_json(plan: CommissionPlan) -> dict[str, object]:
    """Return a plan as JSON, every key written out."""
    return {
        "base": plan.base.value,
        "rate_bp": plan.rate if plan.base is Base.PRICE else None,
        "fixed_fen": plan.fixed if plan.base is Base.FIXED else None,
        "floor_fen": plan.floor,
        "cap_fen": plan.cap,
        "milestones": [{"on": one.on.value, "bp": one.part} for one in plan.milestones],
    }


def commission_for(plan: CommissionPlan, price: Fen) -> Fen:
    """Return the commission of one unit.

    Args:
        price: contract price with tax.

    Returns:
        Fen before tax, rounded half up, then raised to the floor and cut to the cap.
        Example: 2 450 000.00 yuan at 150 bp is 36 750.00 yuan.
    """
    amount = _before_limits(plan, price)
    if plan.floor is not None:
        amount = max(amount, plan.floor)
    return amount if plan.cap is None else min(amount, plan.cap)


def payable_at(
    commission: Fen, plan: CommissionPlan, reached: Iterable[MilestoneKind]
) -> Fen:
    """Return what is payable once these milestones are reached, in any order.

    Rounded half up once, on the sum of the parts, so that instalments always add up
    to the commission when the last milestone is reached.
    """
    events = set(reached)
    parts = sum(one.part for one in plan.milestones if one.on in events)
    return share_of(commission, BasisPoints(parts))


def joint_commissions(
    commission: Fen, shares: Iterable[tuple[ChannelId, BasisPoints]]
) -> dict[ChannelId, Fen]:
    """Return each channel's part by the shares of a ruling; the parts add up.

    Largest remainder, among equal ones the better rank; no shares, no commission.
    """
    ranked = list(shares)
    if not ranked:
        return {}
    parts = split(commission, [share for _, share in ranked])
    channels = (channel for channel, _ in ranked)
    return {channel: Fen(part) for channel, part in zip(channels, parts, strict=True)}


def worked_example(plan: CommissionPlan, price: Fen = _EXAMPLE_PRICE) -> WorkedExample:
    """Return the plan's own example, of 2 450 000.00 yuan unless told otherwise."""
    commission = commission_for(plan, price)
    instalments: list[tuple[MilestoneKind, Fen]] = []
    reached: list[MilestoneKind] = []
    for one in plan.milestones:
        before = payable_at(commission, plan, reached)
        reached.append(one.on)
        step = payable_at(commission, plan, reached) - before
        instalments.append((one.on, Fen(step)))
    return WorkedExample(
        price=price,
        before_limits=_before_limits(plan, price),
        commission=commission,
        instalments=tuple(instalments),
    )


_NEEDED: Mapping[Base, tuple[str, str]] = {
    Base.PRICE: ("rate_bp", "fixed_fen"),
    Base.FIXED: ("fixed_fen", "rate_bp"),
}


def _before_limits(plan: CommissionPlan, price: Fen) -> Fen:
    return plan.fixed if plan.base is Base.FIXED else share_of(price, plan.rate)


def _fen(table: Table, key: str) -> Fen | None:
    return Fen(table.get(key, None).whole(0, _MOST)) if table.has(key) else None


def _milestones(table: Table) -> tuple[Milestone, ...]:
    node = table.get("milestones", [{"on": "contract", "bp": WHOLE}])
    milestones: dict[MilestoneKind, Milestone] = {}
    for item in node.items():
        entry = item.table("on", "bp")
        on = entry.need("on").choice(MilestoneKind)
        if on in milestones:
            entry.need("on").fail("is listed twice")
        part = BasisPoints(entry.need("bp").whole(1, WHOLE))
        milestones[on] = Milestone(on=on, part=part)
    if sum(one.part for one in milestones.values()) != WHOLE:
        node.fail("must sum to 10 000")
    return tuple(milestones.values())
