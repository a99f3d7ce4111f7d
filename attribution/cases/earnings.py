"""Commission case files: plan and deals in, money out (docs/specs/commission.md §8)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from attribution.cases.answering import unmet_places
from attribution.commissions import Base, CommissionPlan, MilestoneKind, plan_of_node
from attribution.deals import DealEvent
from attribution.documents import Node, instant_text
from attribution.entitlements import Entitlement, SoldUnit, entitle
from attribution.errors import CaseMalformed
from attribution.ladders import MOST_FEN, Part, price_to_json
from attribution.money import Fen
from attribution.withholding import (
    Method,
    Month,
    TaxTables,
    Withheld,
    withhold,
)

_MOST_DEALS = 100_000
# What changes or splits a deal is written as the deals that it leads to.
_EVENTS = (*map(DealEvent, MilestoneKind), DealEvent.CANCELLED)


class PayeeKind(StrEnum):
    """Who is paid: tax is withheld from a person, a company sends an invoice."""

    PERSON = "person"
    COMPANY = "company"


@dataclass(frozen=True, kw_only=True, slots=True)
class EarningsCase:
    """A plan, the deals under it, and the instant that is asked about."""

    title: str
    as_of: datetime
    zone: ZoneInfo
    plan: CommissionPlan
    payee: PayeeKind
    method: Method
    units: tuple[SoldUnit, ...]
    expected: object


def answer_earnings(case: EarningsCase, tables: TaxTables) -> dict[str, object]:
    """Return what a plan makes of the deals of a case, as JSON.

    Of a file that says what it expects, `unmet` lists where the answer differs; deals
    are compared by their ids.

    Args:
        tables: by which tax is withheld from a person.

    Raises:
        CaseMalformed: tax was not withheld in this way yet.
    """
    earned = entitle(case.plan, case.units, as_of=case.as_of, zone=case.zone)
    withheld = _withheld(case, earned, tables)
    answer: dict[str, object] = {
        "title": case.title,
        "as_of": instant_text(case.as_of),
        "time_zone": case.zone.key,
        "deals": [_deal(one) for one in earned],
        "total_fen": sum(one.commission for one in earned),
        "payable_fen": sum(one.payable for one in earned),
        "tax": [
            {
                "month": one.month,
                "gross_fen": one.gross,
                "tax_fen": one.tax,
                "net_fen": one.net,
            }
            for one in withheld
        ],
    }
    if case.expected is not None:
        answer["unmet"] = unmet_places(_keyed(case.expected), _keyed(answer))
    return answer


def parse_earnings(document: object) -> EarningsCase:
    """Return the case of a JSON document.

    Raises:
        CaseMalformed: with the path of the first mistake.
    """
    root = Node(value=document, path="", refuse=CaseMalformed)
    table = root.table(
        "title", "as_of", "time_zone", "plan", "payee", "deals", "expect"
    )
    plan = plan_of_node(table.need("plan"), version="case")
    payee, method = _payee(table.get("payee", {"kind": PayeeKind.COMPANY}))
    return EarningsCase(
        title=table.get("title", "-").text(1000),
        as_of=table.need("as_of").instant(),
        zone=table.get("time_zone", "Asia/Shanghai").zone(),
        plan=plan,
        payee=payee,
        method=method,
        units=_units(table.need("deals"), plan),
        expected=table.get("expect", None).value,
    )


def _payee(node: Node) -> tuple[PayeeKind, Method]:
    table = node.table("kind", "withholding")
    kind = table.need("kind").choice(PayeeKind)
    method = table.get("withholding", Method.PER_MONTH).choice(Method)
    return kind, method


def _units(node: Node, plan: CommissionPlan) -> tuple[SoldUnit, ...]:
    items = node.items()
    if len(items) > _MOST_DEALS:
        node.fail(f"must have at most {_MOST_DEALS} deals")
    units: dict[str, SoldUnit] = {}
    for item in items:
        table = item.table(
            "id", "kind", "price_fen", "price_net_fen", "signed_at", "events"
        )
        name = table.need("id").text()
        if name in units:
            table.need("id").fail("is used by two deals")
        net = "price_net_fen"
        if plan.base is Base.PRICE_NET:
            table.need(net)
        reached = _events(table.get("events", []))
        units[name] = SoldUnit(
            id=name,
            kind=table.get("kind", "residential").text(40),
            price=Fen(table.need("price_fen").whole(0, MOST_FEN)),
            price_net=(
                Fen(table.need(net).whole(0, MOST_FEN)) if table.has(net) else None
            ),
            signed_at=table.need("signed_at").instant(),
            reached={
                MilestoneKind(on): at
                for on, at in reached.items()
                if on is not DealEvent.CANCELLED
            },
            cancelled_at=reached.get(DealEvent.CANCELLED),
        )
    return tuple(units.values())


def _events(node: Node) -> dict[DealEvent, datetime]:
    events: dict[DealEvent, datetime] = {}
    for item in node.items():
        table = item.table("kind", "at")
        kind = table.need("kind").choice(DealEvent)
        if kind not in _EVENTS:
            table.need("kind").fail(f"must be one of: {', '.join(_EVENTS)}")
        if kind in events:
            table.need("kind").fail("is listed twice")
        events[kind] = table.need("at").instant()
    return events


def _withheld(
    case: EarningsCase, earned: Sequence[Entitlement], tables: TaxTables
) -> list[Withheld]:
    """Return the tax of a person, by the month in which each instalment fell due."""
    if case.payee is not PayeeKind.PERSON:
        return []
    months: dict[Month, int] = defaultdict(int)
    for one in earned:
        for part in one.instalments:
            month = Month(f"{part.at.astimezone(case.zone):%Y-%m}")
            months[month] += part.amount
    begins = tables.begins(case.method)
    if any(month < begins for month in months):
        place = "payee.withholding"
        raise CaseMalformed(place, f"has no tax table before {begins}")
    return withhold(
        tables, case.method, {month: Fen(gross) for month, gross in months.items()}
    )


def _deal(one: Entitlement) -> dict[str, object]:
    deal: dict[str, object] = {
        "id": one.unit.id,
        "finding": one.finding.value,
        "commission_fen": one.commission,
        "payable_fen": one.payable,
        "by_role": dict(one.by_role),
        "before_limits_fen": one.before_limits,
        "limited_by": one.limited_by,
        "instalments": [
            {"on": part.on.value, "at": instant_text(part.at), "fen": part.amount}
            for part in one.instalments
        ],
    }
    if one.standing is not None:
        deal["period"] = {
            "name": one.standing.period,
            "place": one.standing.place,
            "count": one.standing.count,
            "total_fen": one.standing.total,
        }
        deal["parts"] = [_part(part) for part in one.standing.parts]
    return deal


def _part(part: Part) -> dict[str, object]:
    step = {"from": part.step.since, **price_to_json(part.step.price)}
    return {"step": step, "of_fen": part.of}


def _keyed(answer: object) -> object:
    """Return an answer whose deals are found by id, as far as it has that form."""
    if not isinstance(answer, Mapping):
        return answer
    deals = answer.get("deals")
    if not isinstance(deals, list):
        return answer
    keyed = {
        str(deal["id"]): deal
        for deal in deals
        if isinstance(deal, Mapping) and "id" in deal
    }
    return {**answer, "deals": keyed} if len(keyed) == len(deals) else answer
