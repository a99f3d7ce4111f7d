"""What is owed for each deal, and how much of it is payable: finance's view."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from attribution.commissions import CommissionPlan, MilestoneKind, payable_at
from attribution.deals import DealEvent
from attribution.errors import NotAllowed
from attribution.ids import ChannelId, ProjectId, SigningId
from attribution.money import Fen
from attribution.people import Actor, Role
from attribution.rulebook import Stage
from attribution.services.agreements import plans_by_version
from attribution.services.runtime import Runtime
from attribution.services.witnessing import witnessed_size
from attribution.storage.signing_repository import (
    Accrual,
    Deal,
    Milestone,
    StoredRuling,
)
from attribution.storage.work import UnitOfWork

MONEY_ROLES = (
    Role.FINANCE,
    Role.FINANCE_APPROVER,
    Role.OPERATIONS,
    Role.AUDITOR,
)
ACCOUNT_ROLES = (*MONEY_ROLES, Role.SIGNING)


HELD = "HELD"
UNWITNESSED = "UNWITNESSED"


@dataclass(frozen=True, kw_only=True, slots=True)
class AccruedLine:
    """One accrual for one deal: owed in all, and payable by now.

    `channel` is whose commission it is; None where it is the buyers' own reward.
    `reason` says why nothing is payable whatever was reached: `HELD`, while a dispute
    holds the signing; `UNWITNESSED`, until a quorum of witnesses has seen the accrual
    in the log.
    """

    accrual: Accrual
    channel: str | None
    payable: Fen
    waits_for: tuple[MilestoneKind, ...]
    reason: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DealAccount:
    """A deal with its ruling, what it has reached, and what is owed for it.

    `is_unlisted`: the project lists its units, and this one is not among them.
    """

    deal: Deal
    ruling: StoredRuling | None
    milestones: tuple[Milestone, ...]
    lines: tuple[AccruedLine, ...]
    is_held: bool = False
    is_unlisted: bool = False

    @property
    def is_cancelled(self) -> bool:
        """Say whether the deal was cancelled; then nothing is owed for it."""
        return any(one.kind == DealEvent.CANCELLED for one in self.milestones)


def deal_accounts(
    runtime: Runtime, *, by: Actor, project_id: ProjectId
) -> list[DealAccount]:
    """Return the deals of a project, newest first, with all that follows from them.

    Who has no part in the money (the signing desk) is not told of commissions.

    Raises:
        NotAllowed: the caller has nothing to do with this project's deals.
    """
    with runtime.reading() as work, work.snapshot():
        accounts = _as_witnessed(runtime, work, accounts_in(work, project_id))
    return _told(by, project_id, accounts)


def deal_account(runtime: Runtime, *, by: Actor, signing_id: SigningId) -> DealAccount:
    """Return one deal with all that follows from it, or raise NotFound."""
    with runtime.reading() as work, work.snapshot():
        deal = work.signings.deal(signing_id)
        own = _as_witnessed(runtime, work, _accounts(work, deal.project_id, [deal]))
    (account,) = _told(by, deal.project_id, own)
    return account


def _told(
    by: Actor, project_id: ProjectId, accounts: list[DealAccount]
) -> list[DealAccount]:
    """Return of the accounts what a person may see, or raise NotAllowed."""
    if not by.may_at(project_id, *ACCOUNT_ROLES):
        raise NotAllowed
    if by.may_at(project_id, *MONEY_ROLES):
        return accounts
    return [replace(one, lines=()) for one in accounts]


def accounts_in(work: UnitOfWork, project_id: ProjectId) -> list[DealAccount]:
    """Return the accounts of a project's deals.

    A subscription that its contract has completed is that contract's deal, and is not
    counted a second time.
    """
    accounts = _accounts(work, project_id, work.signings.deals(project_id))
    contracted = {one.deal.unit for one in accounts if one.deal.stage is Stage.CONTRACT}
    return [
        one
        for one in accounts
        if one.ruling is not None
        or one.deal.stage is Stage.CONTRACT
        or one.deal.unit not in contracted
        or one.milestones
    ]


def _accounts(
    work: UnitOfWork, project_id: ProjectId, deals: Sequence[Deal]
) -> list[DealAccount]:
    ids = [deal.id for deal in deals]
    rulings = work.signings.standing_among(ids)
    names = work.signings.channel_names()
    milestones: dict[SigningId, list[Milestone]] = defaultdict(list)
    for milestone in work.signings.milestones(ids):
        milestones[milestone.signing_id].append(milestone)
    standing = {ruling.id for ruling in rulings.values()}
    accrued = [
        one for one in work.signings.accruals_among(ids) if one.ruling_id in standing
    ]
    plans = plans_by_version(work, {one.programme_id for one in accrued})
    accruals: dict[SigningId, list[Accrual]] = defaultdict(list)
    for accrual in accrued:
        accruals[accrual.signing_id].append(accrual)
    held = {hold.signing_id for hold in work.disputes.holds(ids)}
    listed = work.agreements.units(project_id)
    return [
        DealAccount(
            deal=deal,
            ruling=rulings.get(deal.id),
            milestones=tuple(milestones[deal.id]),
            lines=tuple(
                _held(line) if deal.id in held else line
                for line in (
                    _line(deal, milestones[deal.id], accrual, plans, names)
                    for accrual in accruals[deal.id]
                )
            ),
            is_held=deal.id in held,
            is_unlisted=bool(listed) and deal.unit not in listed,
        )
        for deal in deals
    ]


def _line(
    deal: Deal,
    milestones: list[Milestone],
    accrual: Accrual,
    plans: Mapping[str, CommissionPlan],
    names: Mapping[ChannelId, str],
) -> AccruedLine:
    plan = plans[accrual.plan_version]
    events = {one.kind for one in milestones}
    reached = {kind for kind in MilestoneKind if kind.value in events}
    reached |= reached_by_signing(deal)
    is_cancelled = DealEvent.CANCELLED in events
    return AccruedLine(
        accrual=accrual,
        channel=None if accrual.payee_id is None else names[accrual.payee_id],
        payable=Fen(0)
        if is_cancelled
        else payable_at(accrual.amount_fen, plan, reached),
        waits_for=tuple(one.on for one in plan.milestones if one.on not in reached),
    )


def _held(line: AccruedLine) -> AccruedLine:
    return replace(line, payable=Fen(0), reason=HELD)


def _as_witnessed(
    runtime: Runtime, work: UnitOfWork, accounts: list[DealAccount]
) -> list[DealAccount]:
    """Hold what too few witnesses have seen, where a quorum is asked for."""
    size = witnessed_size(work, runtime.witness_quorum)
    if size is None:
        return accounts
    entries = [line.accrual.entry_id for one in accounts for line in one.lines]
    places = work.log.places_of(entries)
    return [
        replace(
            one,
            lines=tuple(
                _unless(line, is_seen=places.get(line.accrual.entry_id, size) < size)
                for line in one.lines
            ),
        )
        for one in accounts
    ]


def _unless(line: AccruedLine, *, is_seen: bool) -> AccruedLine:
    if is_seen or line.reason is not None:
        return line
    return replace(line, payable=Fen(0), reason=UNWITNESSED)


def reached_by_signing(deal: Deal) -> set[MilestoneKind]:
    """Return the milestones that the signing itself is."""
    if deal.stage is Stage.CONTRACT:
        return {MilestoneKind.SUBSCRIPTION, MilestoneKind.CONTRACT}
    return {MilestoneKind.SUBSCRIPTION}
