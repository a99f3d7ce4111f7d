"""The ledger 台账 of a project: its facts are gathered, and the journal is made."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from zoneinfo import ZoneInfo

from attribution.commissions import CommissionPlan, MilestoneKind
from attribution.deals import DealEvent
from attribution.disputes import window_end
from attribution.errors import NotAllowed
from attribution.ids import ProjectId, RulingId, SigningId
from attribution.ledger.check import Violation, check_ledger
from attribution.ledger.facts import (
    Accrued,
    Cancelled,
    Component,
    Fact,
    Gate,
    Held,
    Reached,
    Released,
    Reversed,
)
from attribution.ledger.journal import journal_of
from attribution.money import WHOLE, BasisPoints
from attribution.people import Actor, Role
from attribution.projects import Project
from attribution.services.accounting import reached_by_signing
from attribution.services.agreements import (
    deal_rules_at,
    deal_rules_by_version,
    plans_by_version,
)
from attribution.services.runtime import Runtime
from attribution.sheets.books import Books
from attribution.storage.signing_repository import (
    Accrual,
    Deal,
    Milestone,
    StoredRuling,
)
from attribution.storage.witness_repository import StoredCosignature
from attribution.storage.work import UnitOfWork

_Sights = tuple[list[int], list[datetime]]
LEDGER_ROLES = (Role.FINANCE, Role.FINANCE_APPROVER, Role.AUDITOR)
"""Who sees the books; no channel does."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ledger:
    """The books of one project as of an instant, and the facts they are made from."""

    project: Project
    as_of: datetime
    facts: Sequence[Fact]
    books: Books


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerFinding:
    """What a walk through the books of a project has found; None: all holds."""

    project: Project
    entries: int
    violation: Violation | None


def ledger_of(runtime: Runtime, *, by: Actor, project_id: ProjectId) -> Ledger:
    """Return the books of a project.

    Raises:
        NotAllowed: neither finance nor an auditor there.
        NotFound: no such project.
    """
    if not by.may_at(project_id, *LEDGER_ROLES):
        raise NotAllowed
    now = runtime.now()
    with runtime.reading() as work, work.snapshot():
        return _ledger(runtime, work, work.agreements.project(project_id), now)


def check_ledgers(runtime: Runtime) -> Iterator[LedgerFinding]:
    """Walk the books of every project, and yield what was found in each."""
    now = runtime.now()
    with runtime.reading() as work, work.snapshot():
        for project in work.agreements.projects():
            ledger = _ledger(runtime, work, project, now)
            journal = ledger.books.journal
            yield LedgerFinding(
                project=project,
                entries=len(journal),
                violation=check_ledger(journal, ledger.facts, as_of=now),
            )


def _ledger(
    runtime: Runtime, work: UnitOfWork, project: Project, now: datetime
) -> Ledger:
    deals = {one.id: one for one in work.signings.deals(project.id)}
    # The calendar with which the project began: closed months must not move.
    rules = deal_rules_at(work, project.id, project.created_at)
    zone = ZoneInfo(rules.time_zone)
    accruals = work.signings.accruals_among(deals)
    rulings = work.signings.rulings_among(one.ruling_id for one in accruals)
    facts = [
        *_accrued(work, accruals, deals, rulings),
        *_reversed(work, deals),
        *_reached(work, deals),
        *_held(work, deals),
        *_not_final(work, accruals, rulings, project.id),
        *_unwitnessed(runtime, work, accruals),
    ]
    names = work.signings.channel_names()
    books = Books(
        journal=journal_of(facts, as_of=now, zone=zone),
        units={one.id: one.unit for one in deals.values()},
        names={f"channel:{channel_id}": name for channel_id, name in names.items()},
        zone=zone,
    )
    return Ledger(project=project, as_of=now, facts=facts, books=books)


def _accrued(
    work: UnitOfWork,
    accruals: Sequence[Accrual],
    deals: Mapping[SigningId, Deal],
    rulings: Mapping[RulingId, StoredRuling],
) -> Iterator[Fact]:
    plans = plans_by_version(work, {one.programme_id for one in accruals})
    for one in accruals:
        deal, ruling = deals[one.signing_id], rulings[one.ruling_id]
        yield _accrual(one, deal, plans[one.plan_version], ruling)


def _reversed(work: UnitOfWork, deals: Mapping[SigningId, Deal]) -> Iterator[Fact]:
    for one in work.signings.reversals_among(deals):
        yield Reversed(id=one.id, accrual_id=one.accrual_id, at=one.reversed_at)


def _accrual(
    one: Accrual, deal: Deal, plan: CommissionPlan, ruling: StoredRuling
) -> Accrued:
    is_reward = one.payee_id is None
    ranked = [(None, WHOLE)] if is_reward else ruling.told()["shares"]
    payees = [payee for payee, _ in ranked]
    return Accrued(
        id=one.id,
        deal=deal.id,
        payee=f"buyers:{deal.id}" if is_reward else f"channel:{one.payee_id}",
        component=Component.WALK_IN_REWARD if is_reward else Component.COMMISSION,
        amount=one.amount_fen,
        plan=plan,
        price=deal.price_fen,
        shares=tuple(BasisPoints(share) for _, share in ranked),
        place=payees.index(one.payee_id),
        at=one.accrued_at,
    )


def _reached(work: UnitOfWork, deals: Mapping[SigningId, Deal]) -> Iterator[Fact]:
    for deal in deals.values():
        for on in reached_by_signing(deal):
            yield Reached(
                id=f"{deal.id}:{on}",
                deal=deal.id,
                on=on,
                arose_at=deal.signed_at,
                at=deal.recorded_at,
            )
    for milestone in work.signings.milestones(deals):
        yield from _step(milestone)


def _step(one: Milestone) -> Iterator[Fact]:
    """Yield what a step of a deal means to the books; some mean nothing."""
    if one.kind == DealEvent.CANCELLED:
        yield Cancelled(
            id=one.id,
            deal=one.signing_id,
            arose_at=one.reached_at,
            at=one.recorded_at,
        )
    elif one.kind in set(MilestoneKind):
        yield Reached(
            id=one.id,
            deal=one.signing_id,
            on=MilestoneKind(one.kind),
            arose_at=one.reached_at,
            at=one.recorded_at,
        )


def _held(work: UnitOfWork, deals: Mapping[SigningId, Deal]) -> Iterator[Fact]:
    for hold, end in work.disputes.holds_ever(deals):
        on = hold.signing_id
        yield Held(id=hold.id, on=on, gate=Gate.HELD, at=hold.placed_at)
        if end is not None:
            yield Released(id=end.id, hold_id=hold.id, at=end.released_at)


def _not_final(
    work: UnitOfWork,
    accruals: Sequence[Accrual],
    rulings: Mapping[RulingId, StoredRuling],
    project_id: ProjectId,
) -> Iterator[Fact]:
    """Yield for each accrual that its ruling may be disputed, and until when."""
    rules = deal_rules_by_version(work, project_id)
    for one in accruals:
        ruling = rulings[one.ruling_id]
        named = rules[ruling.told()["deal_rulebook"]]
        yield from _gate(one, Gate.NOT_FINAL, window_end(ruling.ruled_at, named))


def _unwitnessed(
    runtime: Runtime, work: UnitOfWork, accruals: Sequence[Accrual]
) -> Iterator[Fact]:
    """Yield for each accrual that a quorum has not seen it, and when it had.

    What was seen was seen: a witness that is retired later takes nothing back.
    """
    quorum = runtime.witness_quorum
    if quorum == 0:
        return
    places = work.log.places_of([one.entry_id for one in accruals])
    sights = _sights(work.witnesses.cosignatures())
    for one in accruals:
        place = places.get(one.entry_id)
        firsts = [] if place is None else sorted(_firsts(sights, place))
        enough = firsts[quorum - 1] if len(firsts) >= quorum else None
        yield from _gate(one, Gate.UNWITNESSED, enough)


def _sights(cosignatures: Sequence[StoredCosignature]) -> list[_Sights]:
    """Return for each witness the sizes it cosigned, and when it had seen as much.

    Who has cosigned a tree has seen every smaller one.
    """
    by_witness: dict[str, list[StoredCosignature]] = defaultdict(list)
    for one in cosignatures:
        by_witness[one.witness_id].append(one)
    return [
        (
            [one.size for one in own],
            [*accumulate((one.seen_at for one in reversed(own)), min)][::-1],
        )
        for own in by_witness.values()
    ]


def _firsts(sights: Sequence[_Sights], place: int) -> Iterator[datetime]:
    """Yield when each witness had first seen the entry of a place."""
    for sizes, seen_at in sights:
        larger = bisect_right(sizes, place)
        if larger < len(sizes):
            yield seen_at[larger]


def _gate(one: Accrual, gate: Gate, until: datetime | None) -> Iterator[Fact]:
    """Yield that a gate is closed for an accrual from its beginning, and its end."""
    hold_id = f"{one.id}:{gate}"
    yield Held(id=hold_id, on=one.id, gate=gate, at=one.accrued_at)
    if until is not None:
        at = max(until, one.accrued_at)
        yield Released(id=f"{hold_id}:open", hold_id=hold_id, at=at)
