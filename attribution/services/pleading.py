"""The parties of a dispute 争议 bring evidence, and who opened it may withdraw it."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from attribution.disputes import DisputeState, plead, step
from attribution.documents import instant_text
from attribution.errors import EvidenceFull, NotFound
from attribution.evidence import MOST_PIECES, EvidenceKind, evidence_kind
from attribution.ids import DisputeId, EvidenceId, PersonId
from attribution.people import Actor
from attribution.services.answering import Answer, Reply, Request, once
from attribution.services.disputing import Party, Receipt, visitor
from attribution.services.docketing import (
    Case,
    Draft,
    case_in,
    next_step,
    release_hold,
    side_of,
)
from attribution.services.looking import visit_of_receipt
from attribution.services.runtime import Runtime
from attribution.services.sealing import seal_bytes
from attribution.services.statements import StatementKind, promise_of, record
from attribution.storage.dispute_repository import Dispute, Evidence
from attribution.storage.work import UnitOfWork


def add_evidence(
    runtime: Runtime,
    *,
    by: Actor,
    request: Request,
    dispute_id: DisputeId,
    data: bytes,
) -> Reply:
    """Bring a piece of evidence, text or PDF; it is kept encrypted.

    After a proposal this leads back to the hearing.

    Raises:
        NotFound: no such case, or none of the caller's.
        EvidenceNotAccepted, EvidenceTooLarge, EvidenceFull: what, or how many.
        DisputeStepRefused: the case was decided, or is over.
    """

    def whose(case: Case) -> Party:
        side, name = side_of(by, case)
        return Party(side=side, name=name, person_id=by.person_id)

    return _with_evidence(runtime, request, dispute_id, data, whose)


def add_evidence_as_visitor(
    runtime: Runtime,
    *,
    receipt: Receipt,
    request: Request,
    dispute_id: DisputeId,
    data: bytes,
) -> Reply:
    """Bring evidence for who holds the receipt of a visit that the case is about."""
    visit = visit_of_receipt(runtime, receipt=receipt.text, address=receipt.address)

    def whose(case: Case) -> Party:
        if visit.id not in {case.dispute.visit_id, *case.appearances}:
            raise NotFound
        return visitor(visit.id)

    return _with_evidence(runtime, request, dispute_id, data, whose)


def withdraw(
    runtime: Runtime, *, by: Actor, request: Request, dispute_id: DisputeId
) -> Reply:
    """Take a dispute back, and release its hold. The same ruling is not disputed again.

    Raises:
        NotFound: no such case of the caller's.
        DisputeStepRefused: the case was decided, or is over.
    """

    def check(dispute: Dispute) -> PersonId | None:
        if dispute.opened_by != by.person_id:
            raise NotFound
        return by.person_id

    return _withdrawn(runtime, request, dispute_id, check)


def withdraw_as_visitor(
    runtime: Runtime, *, receipt: Receipt, request: Request, dispute_id: DisputeId
) -> Reply:
    """Take a dispute back that was opened with this receipt."""
    visit = visit_of_receipt(runtime, receipt=receipt.text, address=receipt.address)

    def check(dispute: Dispute) -> PersonId | None:
        if dispute.visit_id != visit.id:
            raise NotFound
        return None

    return _withdrawn(runtime, request, dispute_id, check)


def _with_evidence(
    runtime: Runtime,
    request: Request,
    dispute_id: DisputeId,
    data: bytes,
    whose: Callable[[Case], Party],
) -> Reply:
    kind, now = evidence_kind(data), runtime.now()

    def action(work: UnitOfWork) -> Answer:
        case = case_in(work, dispute_id, for_update=True)
        party = whose(case)
        plead(case.state)
        if work.disputes.count_evidence(dispute_id, party.name) >= MOST_PIECES:
            raise EvidenceFull
        # Of a refused piece nothing but the refusal may remain.
        with work.savepoint():
            return _stored(runtime, work, now, (case, party), (kind, data))

    return once(runtime, request, now, action)


def _stored(
    runtime: Runtime,
    work: UnitOfWork,
    now: datetime,
    whose: tuple[Case, Party],
    piece: tuple[EvidenceKind, bytes],
) -> Answer:
    (case, party), (kind, data) = whose, piece
    evidence = Evidence(
        id=EvidenceId(runtime.new_id()),
        dispute_id=case.dispute.id,
        number=case.steps[-1].number + 1,
        side=party.side,
        party=party.name,
        kind=kind,
        size=len(data),
        digest=hashlib.sha256(data).digest(),
        given_at=now,
        given_by=party.person_id,
        entry_id="",
    )
    body = {
        "evidence": evidence.id,
        "dispute": evidence.dispute_id,
        "number": evidence.number,
        "side": evidence.side.value,
        "party": evidence.party,
        "kind": evidence.kind.value,
        "size": evidence.size,
        "digest": evidence.digest.hex(),
        "given_at": instant_text(now),
        "by": evidence.given_by,
    }
    draft = Draft(
        state=DisputeState.EVIDENCE,
        side=party.side,
        by=party.person_id,
        body={"evidence": evidence.id},
        details={"evidence": evidence.id},
    )
    next_step(runtime, work, now, case, draft)
    recorded = record(runtime, work, now, (StatementKind.EVIDENCE, body))[0]
    work.disputes.add_evidence(
        replace(evidence, entry_id=recorded.entry_id),
        seal_bytes(runtime, evidence.id, data),
    )
    return {
        "evidence_id": evidence.id,
        "kind": kind.value,
        "digest": evidence.digest.hex(),
        "state": DisputeState.EVIDENCE.value,
        "promise": promise_of(runtime, recorded),
    }


def _withdrawn(
    runtime: Runtime,
    request: Request,
    dispute_id: DisputeId,
    check: Callable[[Dispute], PersonId | None],
) -> Reply:
    now = runtime.now()

    def action(work: UnitOfWork) -> Answer:
        case = case_in(work, dispute_id, for_update=True)
        by = check(case.dispute)
        state = step(case.state, DisputeState.WITHDRAWN)
        draft = Draft(state=state, side=case.dispute.side, by=by)
        with work.savepoint():
            recorded = next_step(runtime, work, now, case, draft)
            release_hold(runtime, work, now, case.dispute)
        return {"state": state.value, "promise": promise_of(runtime, recorded)}

    return once(runtime, request, now, action)
