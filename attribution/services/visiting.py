"""Visits 到访: redeem a token once 核销, record a walk-in, confirm a forgotten code."""

import hashlib
from base64 import b32encode
from collections.abc import Mapping

from attribution.documents import instant_text
from attribution.errors import (
    AttributionError,
    CodeRequired,
    InputInvalid,
    NotFound,
    TokenReserved,
    TokenUsed,
)
from attribution.ids import ProjectId, TokenId, VisitId
from attribution.people import Actor
from attribution.referrals import ReferralToken
from attribution.rulebook import Permission
from attribution.rules.standing import REFUSALS
from attribution.services.answering import (
    Answer,
    Prepared,
    Reply,
    Request,
    once_ready,
)
from attribution.services.greeting import (
    Arrival,
    Desk,
    Guest,
    assessed,
    desk_of,
    find_token,
    guest_of,
    masks_for,
    rules_of,
    spend_guess,
)
from attribution.services.runtime import Runtime
from attribution.services.statements import (
    StatementKind,
    promise_of,
    record,
)
from attribution.storage.token_repository import Redeemable
from attribution.storage.visit_repository import VisitRecord
from attribution.storage.work import UnitOfWork
from attribution.visits import RedeemedBy, Standing, Visit
from tokens.scans import Scan

_RECEIPT_LABEL = b"visit-receipt/v1\x00"
_UNPLACED = -1


def redeem_token(
    runtime: Runtime,
    *,
    by: Actor,
    request: Request,
    project_id: ProjectId,
    scan: Scan,
    arrival: Arrival,
) -> Reply:
    """Turn a referral token into a visit, once (核销).

    The visit, the spent token and the log entries are stored together or not at all.
    A refusal is recorded, and burns nothing.

    Raises:
        TokenUnknown, WrongProject, TokenRevoked, TokenExpired, TokenUsed,
        BindingMismatch, TokenReserved: rules §4.1, §4.2.
        InputInvalid: the token is bound to a client, and no number was given.
        RateLimited, NotAllowed, RequestIdReused.
    """

    def prepare() -> Prepared:
        desk = desk_of(runtime, by, project_id)
        found = find_token(runtime, desk, scan)
        guest = guest_of(runtime, desk, arrival, masks_for(found))

        def action(work: UnitOfWork) -> Answer:
            if found is None:
                spend_guess(runtime, work, desk)
                standing = Standing.TOKEN_UNKNOWN
                raise _refused(runtime, work, desk, guest, standing=standing)
            return _redeemed(runtime, work, desk, guest, found)

        return desk.now, action

    return once_ready(runtime, request, prepare)


def confirm_report(
    runtime: Runtime,
    *,
    by: Actor,
    request: Request,
    project_id: ProjectId,
    token_id: TokenId,
    arrival: Arrival,
) -> Reply:
    """Redeem a live report without its code, because the client forgot it.

    Raises:
        NotFound: no such report.
        CodeRequired: the programme does not allow it (`redeem_without_code`).
        BindingMismatch and the other refusals of `redeem_token`.
    """

    def prepare() -> Prepared:
        desk = desk_of(runtime, by, project_id)
        with runtime.reading() as work:
            found = work.tokens.by_id(token_id)
        if found is None or found.token.binding_tag is None:
            raise NotFound
        if rules_of(found).redeem_without_code is not Permission.ALLOW:
            raise CodeRequired
        guest = guest_of(runtime, desk, arrival, masks_for(found))
        basis = RedeemedBy.CONFIRMED
        return desk.now, lambda work: _redeemed(
            runtime, work, desk, guest, found, basis=basis
        )

    return once_ready(runtime, request, prepare)


def record_walk_in(
    runtime: Runtime,
    *,
    by: Actor,
    request: Request,
    project_id: ProjectId,
    arrival: Arrival,
) -> Reply:
    """Record a visit without a token (自然到访); it may be wholly anonymous.

    Raises:
        NotAllowed, RequestIdReused.
    """

    def prepare() -> Prepared:
        desk = desk_of(runtime, by, project_id)
        guest = guest_of(runtime, desk, arrival)
        return desk.now, lambda work: _stored(
            runtime, work, desk, guest, _arrived(runtime, desk, guest)
        )

    return once_ready(runtime, request, prepare)


def receipt_digest(receipt: str) -> bytes:
    """Return the digest under which the visit of a receipt is found."""
    return hashlib.sha256(_RECEIPT_LABEL + receipt.encode()).digest()


def _redeemed(
    runtime: Runtime,
    work: UnitOfWork,
    desk: Desk,
    guest: Guest,
    found: Redeemable,
    *,
    basis: RedeemedBy = RedeemedBy.CODE,
) -> Answer:
    token = found.token
    assessment = assessed(found, desk, guest.visitor | guest.masked)
    if assessment.standing is Standing.BINDING_MISMATCH and not guest.visitor:
        raise InputInvalid("identifiers", "is needed: the code is bound to a client")
    if assessment.standing.is_refused:
        raise _refused(
            runtime, work, desk, guest, standing=assessment.standing, token_id=token.id
        )
    if _is_reserved_by_another(found, desk):
        raise TokenReserved
    try:
        work.tokens.mark_redeemed(token, desk.now)
    except TokenUsed:
        # Somebody was faster since the token was read: the agent, the client's link,
        # or another desk.
        fresh = work.tokens.by_id(token.id) or found
        overtaken = _overtaken(fresh.token)
        if overtaken is None:
            return _redeemed(runtime, work, desk, guest, fresh, basis=basis)
        raise _refused(
            runtime, work, desk, guest, standing=overtaken, token_id=token.id
        ) from None
    visit = _arrived(
        runtime,
        desk,
        guest,
        token_id=token.id,
        standing=assessment.standing,
        basis=basis,
        is_marginal=assessment.is_marginal,
    )
    return _stored(runtime, work, desk, guest, visit)


def _overtaken(token: ReferralToken) -> Standing | None:
    """Return what became of a token just now, or None: it was only bound."""
    if token.revoked_at is not None:
        return Standing.TOKEN_REVOKED
    return None if token.redeemed_at is None else Standing.TOKEN_USED


def _is_reserved_by_another(found: Redeemable, desk: Desk) -> bool:
    return (
        found.reserved_until is not None
        and found.reserved_until > desk.now
        and found.reserved_by != desk.by.person_id
    )


def _arrived(runtime: Runtime, desk: Desk, guest: Guest, **referral: object) -> Visit:
    return Visit(
        id=VisitId(runtime.new_id()),
        project_id=desk.project_id,
        arrived_at=desk.now,
        log_index=_UNPLACED,
        tags=guest.visitor,
        party=guest.party,
        **referral,  # type: ignore[arg-type]
    )


def _stored(
    runtime: Runtime, work: UnitOfWork, desk: Desk, guest: Guest, visit: Visit
) -> Answer:
    """Write a visit, what its visitor agreed to, and both log entries."""
    arrival = guest.arrival
    receipt = b32encode(runtime.random_bytes(15)).decode()
    statements: list[tuple[StatementKind, Mapping[str, object]]] = [
        (StatementKind.VISIT, _visit_body(visit, desk))
    ]
    if arrival.notice_version is not None:
        consent = {
            "visit": visit.id,
            "notice": arrival.notice_version,
            "purposes": list(arrival.purposes),
        }
        statements.append((StatementKind.CONSENT, consent))
    with work.together():
        recorded, *agreed = record(runtime, work, desk.now, *statements)
        work.visits.add(
            visit,
            VisitRecord(
                party_size=max(arrival.party_size, 1 + len(arrival.party)),
                notice_version=arrival.notice_version,
                purposes=arrival.purposes,
                receipt_digest=receipt_digest(receipt),
                recorded_by=desk.by.person_id,
                device_id=desk.by.device_id,
            ),
            recorded.entry_id,
            agreed[0].entry_id if agreed else None,
        )
    return {
        "visit_id": visit.id,
        "arrived_at": instant_text(desk.now),
        "standing": visit.standing,
        "finding": "OK" if visit.token_id is None else finding_of(visit.standing),
        "is_marginal": visit.is_marginal,
        "visitor_receipt": receipt,
        "promise": promise_of(runtime, recorded),
    }


def finding_of(standing: Standing) -> str:
    """Return the code of rules §12 that people are shown for a standing."""
    return "OK" if standing is Standing.VALID_REFERRAL else standing.value


def _visit_body(visit: Visit, desk: Desk) -> dict[str, object]:
    return {
        "visit": visit.id,
        "project": visit.project_id,
        "arrived_at": instant_text(visit.arrived_at),
        "token": visit.token_id,
        "standing": visit.standing,
        "redeemed_by": visit.basis,
        "is_marginal": visit.is_marginal,
        "party": 1 + len(visit.party),
        "by": desk.by.person_id,
        "device": desk.by.device_id,
    }


def _refused(
    runtime: Runtime,
    work: UnitOfWork,
    desk: Desk,
    guest: Guest,
    *,
    standing: Standing,
    token_id: TokenId | None = None,
) -> AttributionError:
    """Record a refused redemption, and return the error that says it."""
    refused = _arrived(runtime, desk, guest, token_id=token_id, standing=standing)
    body: dict[str, object] = {
        "refusal": refused.id,
        "project": desk.project_id,
        "token": token_id,
        "finding": standing,
        "refused_at": instant_text(desk.now),
        "by": desk.by.person_id,
    }
    recorded = record(runtime, work, desk.now, (StatementKind.REFUSAL, body))[0]
    work.visits.add_refusal(refused, desk.by.person_id, recorded.entry_id)
    return REFUSALS[standing]()
