"""The visitor states 访客自述: been here before, and brought by whom (rules §4.6)."""

from collections.abc import Mapping
from dataclasses import dataclass

from attribution.documents import instant_text
from attribution.errors import InputInvalid
from attribution.ids import SigningId, VisitId
from attribution.people import Actor
from attribution.projects import Channel
from attribution.services.answering import Answer, Reply, Request, once
from attribution.services.disputing import Receipt
from attribution.services.looking import visit_of_receipt
from attribution.services.matching import matches_in
from attribution.services.runtime import Runtime
from attribution.services.statements import StatementKind, promise_of, record
from attribution.storage.visit_repository import VisitDetail
from attribution.storage.work import UnitOfWork
from attribution.visitor_statements import Said, VisitorStatement

BASIS = "visitor_statement"


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnVisit:
    """A visit as its visitor sees it: what was said of it, or what there is to choose.

    `channels` are those that may refer here; a visitor names one of them, or none.
    """

    visit: VisitDetail
    statement: VisitorStatement | None
    channels: tuple[Channel, ...]


def own_visit(runtime: Runtime, *, receipt: Receipt) -> OwnVisit:
    """Return the visit of a receipt, with the visitor's own word beside it.

    Raises:
        NotFound: nobody was given such a receipt.
        RateLimited: too many receipts were guessed from this address.
    """
    visit = visit_of_receipt(runtime, receipt=receipt.text, address=receipt.address)
    with runtime.reading() as work:
        return OwnVisit(
            visit=visit,
            statement=work.visits.statements([visit.id]).get(visit.id),
            channels=_channels(work, visit),
        )


def state_as_visitor(
    runtime: Runtime, *, receipt: Receipt, request: Request, said: Said
) -> Reply:
    """Keep what the holder of a receipt says of the visit; once, and as a fact.

    It decides nothing: no ruling reads it. What contradicts the desk is a flag.

    Raises:
        NotFound, RateLimited: as `own_visit`.
        InputInvalid: nothing was answered, or a channel that is not to be chosen here.
        AlreadyStated: something was said of this visit before.
    """
    visit = visit_of_receipt(runtime, receipt=receipt.text, address=receipt.address)
    if said.is_silent:
        raise InputInvalid("said", "is missing")
    now = runtime.now()

    def action(work: UnitOfWork) -> Answer:
        channels = _channels(work, visit)
        if said.channel_id not in {None, *(one.id for one in channels)}:
            raise InputInvalid("brought_by", "NOT_CHOSEN")
        statement = VisitorStatement(
            visit_id=visit.id,
            said=said,
            recorded_channel_id=None,
            had_come_before=work.visits.has_come_before(visit),
            stated_at=now,
        )
        # Of a second statement nothing but the refusal may remain.
        with work.savepoint():
            return _stored(runtime, work, statement)

    return once(runtime, request, now, action)


def statements_of_signing(
    runtime: Runtime, *, by: Actor, signing_id: SigningId
) -> Mapping[VisitId, VisitorStatement]:
    """Return what was said of the visits that match a signing, by the visit.

    Raises:
        NotFound: no such signing.
        NotAllowed: the caller's roles do not reach its project.
    """
    with runtime.reading() as work:
        matches = matches_in(work, by, signing_id)
        return work.visits.statements(one.visit.id for one in matches)


def _channels(work: UnitOfWork, visit: VisitDetail) -> tuple[Channel, ...]:
    """Return the channels that could refer to a project at a visit, by name."""
    at = visit.arrived_at
    referring = {
        one.channel_id
        for one in work.agreements.programmes_at(visit.project_id, at)
        if one.takes_referrals(at)
    }
    return tuple(one for one in work.agreements.channels() if one.id in referring)


def _stored(runtime: Runtime, work: UnitOfWork, statement: VisitorStatement) -> Answer:
    statement_id, said = runtime.new_id(), statement.said
    body = {
        "statement": statement_id,
        "visit": statement.visit_id,
        "basis": BASIS,
        "been_before": said.been_before,
        "brought_by": said.brought_by,
        "channel": said.channel_id,
        "had_come_before": statement.had_come_before,
        "stated_at": instant_text(statement.stated_at),
    }
    at = statement.stated_at
    recorded = record(runtime, work, at, (StatementKind.VISITOR_STATEMENT, body))[0]
    work.visits.add_statement(statement, statement_id, recorded.entry_id)
    return {"statement_id": statement_id, "promise": promise_of(runtime, recorded)}
