"""Commission (佣金): what a plan makes of a price, and when it is payable.

Source: docs/specs/commission.md. Amounts in fen before tax, rates in basis points.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from attribution.documents import Node, Table
from attribution.errors import PlanInvalid
from attribution.ids import ChannelId
from attribution.ladders import MOST_FEN, Ladder, ladder_of, ladder_to_json
from attribution.money import WHOLE, BasisPoints, Fen, share_of, split

_MOST_EXCLUDED = 20
_MOST_ROLES = 10
_EXAMPLE_PRICE = Fen(245_000_000)


class Base(StrEnum):
    """What the commission of a unit is reckoned from (money §1.1)."""

    PRICE = "price"
    PRICE_NET = "price_net"
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


_ALL_AT_CONTRACT = (Milestone(on=MilestoneKind.CONTRACT, part=WHOLE),)


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleShare:
    """A payee's role inside a channel, and its part of the commission (money §1.5)."""

    role: str
    part: BasisPoints


@dataclass(frozen=True, kw_only=True, slots=True)
class CommissionPlan:
    """A commission plan (佣金方案), by version.

    `base` says whether `rate` (of the contract price with or without tax) or `fixed`
    (per unit) counts; where there are `steps`, they say it, and both are 0. Floor and
    cap apply per unit, after the rate. Units of an excluded kind earn nothing and do
    not count. The parts of the milestones sum to 10 000, in the order in which they
    are listed; so do those of the split, which may be empty.
    """

    version: str
    base: Base
    rate: BasisPoints
    fixed: Fen
    floor: Fen | None = None
    cap: Fen | None = None
    milestones: tuple[Milestone, ...] = _ALL_AT_CONTRACT
    steps: Ladder | None = None
    excluded: tuple[str, ...] = ()
    split: tuple[RoleShare, ...] = ()


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
    return plan_of_node(root, version=version)


def unit_plan_from_json(values: object, *, version: str) -> CommissionPlan:
    """Return a plan by which each unit's price alone says what it earns.

    Accruals are booked deal by deal so far: what needs more than the deal is refused.

    Raises:
        PlanInvalid: with the path of the mistake.
    """
    plan = plan_from_json(values, version=version)
    for path, is_there in (
        ("base", plan.base is Base.PRICE_NET),
        ("exclude_kinds", bool(plan.excluded)),
        ("steps", plan.steps is not None),
        ("split", bool(plan.split)),
    ):
        if is_there:
            raise PlanInvalid(path, "can be tried in case files, and is not booked yet")
    return plan


def plan_of_node(node: Node, *, version: str) -> CommissionPlan:
    """Return the plan that stands in a document, or refuse it at the mistake."""
    table = node.table(*_KEYS)
    base = table.need("base").choice(Base)
    steps = ladder_of(table.get("steps", None)) if table.has("steps") else None
    rate, fixed = _counted(table, base, is_stepped=steps is not None)
    plan = CommissionPlan(
        version=version,
        base=base,
        rate=rate,
        fixed=fixed,
        floor=_fen(table, "floor_fen"),
        cap=_fen(table, "cap_fen"),
        milestones=_milestones(table),
        steps=steps,
        excluded=_excluded(table),
        split=_split(table),
    )
    if plan.floor is not None and plan.cap is not None and plan.floor > plan.cap:
        table.get("cap_fen", None).fail("must not be below the floor")
    return plan


def plan_to_json(plan: CommissionPlan) -> dict[str, object]:
    """Return a plan as JSON, every key written out."""
    is_fixed, is_stepped = plan.base is Base.FIXED, plan.steps is not None
    document: dict[str, object] = {
        "base": plan.base.value,
        "rate_bp": None if is_fixed or is_stepped else plan.rate,
        "fixed_fen": plan.fixed if is_fixed and not is_stepped else None,
        "floor_fen": plan.floor,
        "cap_fen": plan.cap,
        "milestones": [{"on": one.on.value, "bp": one.part} for one in plan.milestones],
    }
    # Left out where they say nothing: so was every plan written before they existed.
    if plan.steps is not None:
        document["steps"] = ladder_to_json(plan.steps)
    if plan.excluded:
        document["exclude_kinds"] = list(plan.excluded)
    if plan.split:
        document["split"] = [{"role": one.role, "bp": one.part} for one in plan.split]
    return document


def commission_for(plan: CommissionPlan, price: Fen) -> Fen:
    """Return the commission of one unit.

    Args:
        price: contract price with tax.

    Returns:
        Fen before tax, rounded half up, then raised to the floor and cut to the cap.
        Example: 2 450 000.00 yuan at 150 bp is 36 750.00 yuan.
    """
    return within_limits(plan, before_limits(plan, price))


def within_limits(plan: CommissionPlan, amount: Fen) -> Fen:
    """Return an amount raised to the floor, then cut to the cap, of a unit."""
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
        before_limits=before_limits(plan, price),
        commission=commission,
        instalments=tuple(instalments),
    )


_KEYS = (
    "base",
    "rate_bp",
    "fixed_fen",
    "floor_fen",
    "cap_fen",
    "exclude_kinds",
    "steps",
    "milestones",
    "split",
)


def _counted(table: Table, base: Base, *, is_stepped: bool) -> tuple[BasisPoints, Fen]:
    """Return the rate and the fixed amount; the one that does not count is 0."""
    needed, other = "rate_bp", "fixed_fen"
    if base is Base.FIXED:
        needed, other = other, needed
    if is_stepped:
        for key in (needed, other):
            if table.has(key):
                table.get(key, None).fail("has no place beside steps")
        return BasisPoints(0), Fen(0)
    if table.has(other):
        table.get(other, None).fail(f"has no place where the base is {base}")
    node = table.need(needed)
    if base is Base.FIXED:
        return BasisPoints(0), Fen(node.whole(0, MOST_FEN))
    return BasisPoints(node.whole(0, WHOLE)), Fen(0)


def before_limits(plan: CommissionPlan, price: Fen) -> Fen:
    """Return the rate of a price, or the fixed amount, of a plan without steps."""
    return plan.fixed if plan.base is Base.FIXED else share_of(price, plan.rate)


def _fen(table: Table, key: str) -> Fen | None:
    return Fen(table.get(key, None).whole(0, MOST_FEN)) if table.has(key) else None


def _milestones(table: Table) -> tuple[Milestone, ...]:
    if not table.has("milestones"):
        return _ALL_AT_CONTRACT
    node = table.get("milestones", None)
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


def _excluded(table: Table) -> tuple[str, ...]:
    if not table.has("exclude_kinds"):
        return ()
    items = table.get("exclude_kinds", None).items()
    if len(items) > _MOST_EXCLUDED:
        table.get("exclude_kinds", None).fail(f"must have at most {_MOST_EXCLUDED}")
    return tuple(_once(items, [item.text(40) for item in items]))


def _split(table: Table) -> tuple[RoleShare, ...]:
    if not table.has("split"):
        return ()
    node = table.get("split", None)
    entries = [item.table("role", "bp") for item in node.items()]
    if not 1 <= len(entries) <= _MOST_ROLES:
        node.fail(f"must have 1 to {_MOST_ROLES} roles")
    roles = [entry.need("role") for entry in entries]
    names = _once(roles, [role.text(40) for role in roles])
    parts = [BasisPoints(entry.need("bp").whole(0, WHOLE)) for entry in entries]
    if sum(parts) != WHOLE:
        node.fail("must sum to 10 000")
    return tuple(
        RoleShare(role=name, part=part) for name, part in zip(names, parts, strict=True)
    )


def _once(nodes: Sequence[Node], names: Sequence[str]) -> Sequence[str]:
    """Return the names, or refuse the first that stands twice."""
    for place, (node, name) in enumerate(zip(nodes, names, strict=True)):
        if name in names[:place]:
            node.fail("is listed twice")
    return names
