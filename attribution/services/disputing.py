"""Disputes 争议 are opened: by a channel, the developer, or a visitor by receipt."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from attribution.disputes import (
    DisputeState,
    Ground,
    Move,
    Side,
    check_window,
    progress_of,
    window_end,
    words_of,
)
from attribution.documents import instant_text
from attribution.errors import NotAllowed, NotFound
from attribution.ids import (
    DisputeId,
    PersonId,
    ProjectId,
    SigningId,
    TokenId,
    VisitId,
)
from attribution.people import Actor
from attribution.referrals import ReferralToken
from attribution.rulebook import DealRules
from attribution.rules.matter import matter_of
from attribution.services.agreements import deal_rules_named
from attribution.services.answering import Answer, Reply, Request, once
from attribution.services.docketing import (
    DEVELOPER,
    DEVELOPER_ROLES,
    Draft,
    party_of,
    place_hold,
    take_step,
    visitor_party,
)
from attribution.services.looking import visit_of_receipt
from attribution.services.ruling import dossier_of
from attribution.services.runtime import Runtime
from attribution.services.statements import StatementKind, promise_of, record
from attribution.storage.dispute_repository import Dispute
from attribution.storage.signing_repository import Deal, StoredRuling
from attribution.storage.work import UnitOfWork

_EVER = 2**62


@dataclass(frozen=True, kw_only=True, slots=True)
class Complaint:
    """On what ground a ruling is disputed, and in which words."""

    ground: Ground
    words: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Party:
    """Who speaks, on which side; the visitor has no account and a receipt instead."""

    side: Side
    name: str
    person_id: PersonId | None = None
    visit_id: VisitId | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """A visit receipt that somebody presents, and from which address."""

    text: str = field(repr=False)
    address: str


def dispute_as_channel(
    runtime: Runtime,
    *,
    by: Actor,
    request: Request,
    token_id: TokenId,
    complaint: Complaint,
    signing_id: SigningId | None = None,
) -> Reply:
    """Open a dispute over a ruling that an own token has part in; hold its money.

    Args:
        signing_id: which signing, if the client bought twice; else the latest.

    Raises:
        NotFound: no such token of the caller's, or no ruling that it has part in.
        DisputeWindowOver: too late.
        DisputeExists: the channel has disputed this ruling.
    """
    now, complaint = runtime.now(), _checked(complaint)

    def action(work: UnitOfWork) -> Answer:
        token = own_token(work, by, token_id)
        met = deals_met(work, token.project_id, work.disputes.appearances_of(token_id))
        deal = _chosen(met, signing_id)
        party = Party(
            side=Side.CHANNEL,
            name=party_of(token.channel_id),
            person_id=by.person_id,
        )
        return _opened(runtime, work, now, (deal.id, party), complaint)

    return once(runtime, request, now, action)


def dispute_as_developer(
    runtime: Runtime,
    *,
    by: Actor,
    request: Request,
    signing_id: SigningId,
    complaint: Complaint,
) -> Reply:
    """Open a dispute over the ruling of a signing, for the developer.

    Raises:
        NotFound: no such signing, or none was ruled on.
        NotAllowed: neither finance nor operations of its project.
        DisputeWindowOver, DisputeExists: as for a channel.
    """
    now, complaint = runtime.now(), _checked(complaint)

    def action(work: UnitOfWork) -> Answer:
        deal = work.signings.deal(signing_id)
        if not by.may_at(deal.project_id, *DEVELOPER_ROLES):
            raise NotAllowed
        party = Party(side=Side.DEVELOPER, name=DEVELOPER, person_id=by.person_id)
        return _opened(runtime, work, now, (deal.id, party), complaint)

    return once(runtime, request, now, action)


def dispute_as_visitor(
    runtime: Runtime,
    *,
    receipt: Receipt,
    request: Request,
    complaint: Complaint,
    signing_id: SigningId | None = None,
) -> Reply:
    """Open a dispute for who holds the receipt of a visit that the ruling weighed.

    Raises:
        NotFound: no such receipt, or no ruling about that visit.
        DisputeWindowOver, DisputeExists: as for a channel.
    """
    now, complaint = runtime.now(), _checked(complaint)
    visit = visit_of_receipt(runtime, receipt=receipt.text, address=receipt.address)

    def action(work: UnitOfWork) -> Answer:
        deal = _chosen(deals_met(work, visit.project_id, {visit.id}), signing_id)
        party = visitor(visit.id)
        return _opened(runtime, work, now, (deal.id, party), complaint)

    return once(runtime, request, now, action)


def visitor(visit_id: VisitId) -> Party:
    """Return the visitor of a visit as a party."""
    return Party(side=Side.VISITOR, name=visitor_party(visit_id), visit_id=visit_id)


def own_token(work: UnitOfWork, by: Actor, token_id: TokenId) -> ReferralToken:
    """Return a token of the caller's own, or of a channel that the caller manages."""
    for token in work.tokens.get([token_id]):
        if by.speaks_for(token.agent_id, token.channel_id, at=token.project_id):
            return token
    raise NotFound


def deals_met(
    work: UnitOfWork, project_id: ProjectId, appearances: Iterable[str]
) -> list[Deal]:
    """Return the deals whose client group made one of these visits before signing.

    The latest first. A refused redemption counts: it may be what is disputed.
    """
    wanted = set(appearances)
    deals = [work.signings.deal(one) for one in work.disputes.signings_met(wanted)]
    found = [
        deal
        for deal in deals
        if deal.project_id == project_id and wanted & _group_visits(work, deal)
    ]
    return sorted(found, key=lambda deal: (deal.signed_at, deal.id), reverse=True)


def disputable_until(work: UnitOfWork, ruling: StoredRuling, deal: Deal) -> datetime:
    """Return the first instant at which a ruling can no longer be disputed."""
    return window_end(ruling.ruled_at, _rules(work, ruling, deal))


def _group_visits(work: UnitOfWork, deal: Deal) -> set[str]:
    matter = matter_of(replace(dossier_of(work, deal), seen_until=_EVER))
    return {str(match.visit.id) for match in matter.seen}


def _chosen(deals: list[Deal], signing_id: SigningId | None) -> Deal:
    for deal in deals:
        if signing_id in (None, deal.id):
            return deal
    raise NotFound


def _checked(complaint: Complaint) -> Complaint:
    return replace(complaint, words=words_of(complaint.words))


def _rules(work: UnitOfWork, ruling: StoredRuling, deal: Deal) -> DealRules:
    """Return the deal rules that a ruling names."""
    named = ruling.told()["deal_rulebook"]
    return deal_rules_named(work, deal.project_id, named)


def _opened(
    runtime: Runtime,
    work: UnitOfWork,
    now: datetime,
    whose: tuple[SigningId, Party],
    complaint: Complaint,
) -> Answer:
    signing_id, party = whose
    deal = work.signings.deal(signing_id, for_update=True)
    ruling = work.signings.standing(signing_id)
    check_window(now, ruling.ruled_at, _rules(work, ruling, deal))
    # Of a refused dispute nothing but the refusal may remain.
    with work.savepoint():
        return _stored(runtime, work, now, (deal, ruling, party), complaint)


def _stored(
    runtime: Runtime,
    work: UnitOfWork,
    now: datetime,
    about: tuple[Deal, StoredRuling, Party],
    complaint: Complaint,
) -> Answer:
    deal, ruling, party = about
    dispute = Dispute(
        id=DisputeId(runtime.new_id()),
        project_id=deal.project_id,
        signing_id=deal.id,
        ruling_id=ruling.id,
        ground=complaint.ground,
        side=party.side,
        party=party.name,
        visit_id=party.visit_id,
        opened_by=party.person_id,
        opened_at=now,
        entry_id="",
    )
    body = {
        "dispute": dispute.id,
        "project": dispute.project_id,
        "signing": dispute.signing_id,
        "ruling": dispute.ruling_id,
        "ground": dispute.ground.value,
        "side": dispute.side.value,
        "party": dispute.party,
        "visit": dispute.visit_id,
        "opened_at": instant_text(now),
        "by": dispute.opened_by,
    }
    recorded = record(runtime, work, now, (StatementKind.DISPUTE, body))[0]
    work.disputes.add(replace(dispute, entry_id=recorded.entry_id))
    opening = Draft(
        state=DisputeState.OPEN,
        side=party.side,
        by=party.person_id,
        words=complaint.words,
    )
    take_step(runtime, work, now, (dispute.id, 0), opening)
    place_hold(runtime, work, now, dispute)
    progress = progress_of([Move(state=DisputeState.OPEN, at=now)], now)
    return {
        "dispute_id": dispute.id,
        "state": progress.state.value,
        "due_at": instant_text(progress.due_at) if progress.due_at else None,
        "promise": promise_of(runtime, recorded),
    }
