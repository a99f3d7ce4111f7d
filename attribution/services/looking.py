"""Looking without deciding: peek at a token, find a forgotten report, show visits."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from attribution.budgets import BucketKind
from attribution.errors import InputInvalid, NotFound
from attribution.ids import ProjectId, TokenId, VisitId
from attribution.people import Actor, Role
from attribution.rulebook import ShortLead
from attribution.rules.reports import confirmable
from attribution.rules.standing import REFUSALS
from attribution.services.agreements import token_rules_by_version
from attribution.services.budgets import bucket_of, check_budgets, spend_failure
from attribution.services.greeting import (
    Arrival,
    assessed,
    desk_of,
    find_token,
    guest_of,
    masks_for,
    rules_of,
    spend_guess,
)
from attribution.services.runtime import Runtime
from attribution.services.sealing import unseal
from attribution.services.statements import StatementKind, record
from attribution.services.visiting import receipt_digest
from attribution.storage.visit_repository import VisitDetail
from attribution.storage.work import UnitOfWork
from attribution.visits import Standing
from tokens.identifiers import MASKED_KINDS, Identifier
from tokens.scans import Scan

RESERVATION = timedelta(minutes=2)
_AROUND_MIDNIGHT = timedelta(hours=1)
_CALENDAR = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, kw_only=True, slots=True)
class Peek:
    """What redeeming a token would do, without doing it.

    `binding_kind` is the kind of identifier that the token is bound to; while
    `needs_identifier`, the visitor has yet to be asked for it. From `earliest_at` on
    the lead time is met; until then the visit counts as `short_lead` says.
    """

    token_id: TokenId
    standing: Standing
    is_marginal: bool
    needs_identifier: bool
    binding_kind: str | None
    label: str | None = field(repr=False)
    issued_at: datetime
    bound_at: datetime | None
    earliest_at: datetime
    short_lead: ShortLead
    expires_at: datetime
    reserved_until: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundReport:
    """A live report of a client who forgot the code."""

    token_id: TokenId
    label: str | None = field(repr=False)
    issued_at: datetime
    expires_at: datetime


def peek_token(
    runtime: Runtime,
    *,
    by: Actor,
    project_id: ProjectId,
    scan: Scan,
    identifiers: tuple[Identifier, ...] = (),
) -> Peek:
    """Say what redeeming would do, and keep the token for this desk for two minutes.

    Raises:
        TokenUnknown, WrongProject, TokenRevoked, TokenExpired, TokenUsed,
        BindingMismatch: redeeming would be refused so.
        TokenReserved: another desk is looking at it.
        RateLimited: too many unknown codes were tried here.
    """
    desk = desk_of(runtime, by, project_id)
    found = find_token(runtime, desk, scan)
    if found is None:
        with runtime.transaction() as work:
            spend_guess(runtime, work, desk)
        raise REFUSALS[Standing.TOKEN_UNKNOWN]
    token = found.token
    arrival = Arrival(identifiers=identifiers)
    guest = guest_of(runtime, desk, arrival, masks_for(found))
    tags = guest.visitor | guest.masked
    needs_identifier = token.binding_tag is not None and not identifiers
    if needs_identifier and token.binding_tag is not None:
        # Nobody was compared yet: say what the rest comes to, and ask.
        tags = frozenset({token.binding_tag})
    assessment = assessed(found, desk, tags)
    if assessment.standing.is_refused:
        raise REFUSALS[assessment.standing]
    until = desk.now + RESERVATION
    with runtime.transaction() as work:
        work.tokens.reserve(token.id, by.person_id, now=desk.now, until=until)
        sealed = work.tokens.sealed_label(token.id)
    return Peek(
        token_id=token.id,
        standing=assessment.standing,
        is_marginal=assessment.is_marginal,
        needs_identifier=needs_identifier,
        binding_kind=None if token.binding_tag is None else token.binding_tag.kind,
        label=_label(runtime, token.id, sealed),
        issued_at=token.issued_at,
        bound_at=token.bound_at,
        earliest_at=token.lead_from(desk.now) + rules_of(found).lead_time,
        short_lead=rules_of(found).short_lead,
        expires_at=token.expires_at,
        reserved_until=until,
    )


def release_token(runtime: Runtime, *, by: Actor, token_id: TokenId) -> None:
    """Give back a token that was looked at and rejected at the desk."""
    with runtime.transaction() as work:
        work.tokens.release(token_id, by.person_id)


def find_reports(
    runtime: Runtime,
    *,
    by: Actor,
    project_id: ProjectId,
    identifiers: tuple[Identifier, ...],
) -> list[FoundReport]:
    """Return the live reports of a client who forgot the code, earliest first.

    Looking somebody up is itself a logged fact, found or not.

    Raises:
        InputInvalid: nothing to look for was given.
        CodeRequired: there are reports, but the rules ask for the code.
        VisitOverdue: there was a report, and it has expired unused.
    """
    desk = desk_of(runtime, by, project_id)
    if not identifiers:
        raise InputInvalid("identifiers", "must not be empty")
    guest = guest_of(runtime, desk, Arrival(identifiers=identifiers), MASKED_KINDS)
    with runtime.transaction() as work:
        found = work.tokens.bound_to(project_id, guest.visitor | guest.masked)
        rules = token_rules_by_version(work, {one.programme_id for one in found})
        sealed = {token.id: work.tokens.sealed_label(token.id) for token in found}
        body = {
            "project": project_id,
            "by": by.person_id,
            "purpose": "forgotten_code",
            "found": len(found),
        }
        record(runtime, work, desk.now, (StatementKind.LOOK_UP, body))
    return [
        FoundReport(
            token_id=token.id,
            label=_label(runtime, token.id, sealed[token.id]),
            issued_at=token.issued_at,
            expires_at=token.expires_at,
        )
        for token in confirmable(found, rules, at=desk.now)
    ]


def visits_of_today(
    runtime: Runtime, *, by: Actor, project_id: ProjectId
) -> list[VisitDetail]:
    """Return what a desk sees of its project's visits: those of today, newest first.

    Who referred them, only a supervisor is told.
    """
    desk = desk_of(runtime, by, project_id)
    with runtime.reading() as work:
        found = work.visits.since(project_id, _today_since(desk.now))
        flagged = _flagged(work, found)
    return [_as_told(by, one) for one in flagged]


def _flagged(work: UnitOfWork, found: list[VisitDetail]) -> list[VisitDetail]:
    """Return visits with what their visitors say otherwise (rules §4.6)."""
    statements = work.visits.statements(one.id for one in found)
    return [
        replace(one, flags=statements[one.id].flags) if one.id in statements else one
        for one in found
    ]


def _today_since(now: datetime) -> datetime:
    """Return since when visits are of today; the last hour is, at midnight as well."""
    midnight = now.astimezone(_CALENDAR).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    return min(midnight.astimezone(UTC), now - _AROUND_MIDNIGHT)


def visit_detail(runtime: Runtime, *, by: Actor, visit_id: VisitId) -> VisitDetail:
    """Return one visit for its desk: who referred it, only a supervisor is told.

    Raises:
        NotFound: no such visit today; a desk has no business with earlier ones.
        NotAllowed: it was at another project.
    """
    with runtime.reading() as work:
        (detail,) = _flagged(work, [work.visits.detail(visit_id)])
    desk = desk_of(runtime, by, detail.project_id)
    if detail.arrived_at < _today_since(desk.now):
        raise NotFound
    return _as_told(by, detail)


def visit_of_receipt(runtime: Runtime, *, receipt: str, address: str) -> VisitDetail:
    """Return the visit whose receipt somebody holds.

    Raises:
        NotFound: nobody was given such a receipt.
        RateLimited: too many receipts were guessed from this address.
    """
    now = runtime.now()
    buckets = [bucket_of(runtime, BucketKind.ADDRESS, address)]
    with runtime.reading() as work:
        check_budgets(work, buckets, now)
        detail = work.visits.by_receipt(receipt_digest(receipt.strip().upper()))
    if detail is None:
        with runtime.transaction() as work:
            spend_failure(work, buckets, now)
        raise NotFound
    return detail


def _as_told(by: Actor, detail: VisitDetail) -> VisitDetail:
    if by.may_at(detail.project_id, Role.DESK_SUPERVISOR):
        return detail
    return replace(detail, agent=None, channel=None)


def _label(runtime: Runtime, token_id: TokenId, sealed: bytes | None) -> str | None:
    return None if sealed is None else unseal(runtime, token_id, sealed)
