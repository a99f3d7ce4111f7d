"""Each party of a dispute 争议 follows its own side of it, and nobody else's."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from attribution.disputes import DisputeState, Ground, Progress, Side, Verdict
from attribution.errors import NotFound
from attribution.ids import AgentId, DisputeId, RulingId, SigningId, TokenId, VisitId
from attribution.people import Actor
from attribution.services.disputing import (
    Receipt,
    deals_met,
    disputable_until,
    own_token,
)
from attribution.services.docketing import (
    DEVELOPER,
    DEVELOPER_ROLES,
    Case,
    case_in,
    cases_in,
    party_of,
    side_of,
    visitor_party,
)
from attribution.services.looking import visit_of_receipt
from attribution.services.runtime import Runtime
from attribution.services.sealing import unseal
from attribution.storage.dispute_repository import Dispute, Evidence
from attribution.storage.signing_repository import Deal, StoredRuling
from attribution.storage.visit_repository import VisitDetail
from attribution.storage.work import UnitOfWork


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnCase:
    """A case as one of its parties sees it: its own words, evidence and share.

    `reason` is why it was decided so, told when it is closed. `unit` is told to the
    developer alone; `tokens` are the party's own ones, an agent's those of nobody else.
    """

    dispute_id: DisputeId
    signing_id: SigningId
    ground: Ground
    side: Side
    own_side: Side
    is_opener: bool
    opened_at: datetime
    progress: Progress
    unit: str | None
    tokens: tuple[TokenId, ...]
    words: str | None = field(repr=False)
    evidence: tuple[Evidence, ...]
    verdict: Verdict | None
    reason: str | None = field(repr=False)
    share: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnRuling:
    """A ruling that a party has part in: its own share, and until when to dispute it.

    `until` itself is too late. `cases` are those about the signing.
    """

    signing_id: SigningId
    ruling_id: RulingId
    ruled_at: datetime
    until: datetime
    findings: tuple[str, ...]
    share: int
    is_disputable: bool
    cases: tuple[OwnCase, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reader:
    """As which party somebody reads, and which person that is."""

    side: Side
    party: str
    person_id: str | None = None
    agent_id: AgentId | None = None
    visit_id: VisitId | None = None


def own_cases(runtime: Runtime, *, by: Actor) -> list[OwnCase]:
    """Return the cases that the caller is a party of, newest first."""
    with runtime.reading() as work, work.snapshot():
        every = cases_in(work, work.disputes.everywhere())
        readers = [(case, _reader(by, case)) for case in every]
        own = [(case, reader) for case, reader in readers if reader is not None]
        return _as_read(runtime, work, own, runtime.now())


def own_case(runtime: Runtime, *, by: Actor, dispute_id: DisputeId) -> OwnCase:
    """Return a case to one of its parties, or raise NotFound."""
    with runtime.reading() as work, work.snapshot():
        case = case_in(work, dispute_id)
        reader = _reader(by, case)
        if reader is None:
            raise NotFound
        (own,) = _as_read(runtime, work, [(case, reader)], runtime.now())
    return own


def rulings_of_token(
    runtime: Runtime, *, by: Actor, token_id: TokenId
) -> list[OwnRuling]:
    """Return the rulings that an own token has part in, the latest signing first.

    A token that never came to the desk has part in none: no agent learns here who
    bought.
    """
    with runtime.reading() as work:
        token = own_token(work, by, token_id)
        met = deals_met(work, token.project_id, work.disputes.appearances_of(token_id))
        reader = _Reader(
            side=Side.CHANNEL,
            party=party_of(token.channel_id),
            person_id=by.person_id,
            agent_id=by.agent_id,
        )
        return _rulings(runtime, work, met, reader)


def rulings_of_deal(
    runtime: Runtime, *, by: Actor, signing_id: SigningId
) -> list[OwnRuling]:
    """Return the ruling of a deal as the developer may dispute it; none before one."""
    with runtime.reading() as work:
        deal = work.signings.deal(signing_id)
        if not by.may_at(deal.project_id, *DEVELOPER_ROLES):
            return []
        reader = _Reader(side=Side.DEVELOPER, party=DEVELOPER, person_id=by.person_id)
        return _rulings(runtime, work, [deal], reader)


def rulings_of_visit(
    runtime: Runtime, *, receipt: Receipt
) -> tuple[VisitDetail, list[OwnRuling]]:
    """Return a visit by its receipt, and the rulings that weighed it."""
    visit = visit_of_receipt(runtime, receipt=receipt.text, address=receipt.address)
    with runtime.reading() as work:
        met = deals_met(work, visit.project_id, {visit.id})
        reader = _Reader(
            side=Side.VISITOR, party=visitor_party(visit.id), visit_id=visit.id
        )
        return visit, _rulings(runtime, work, met, reader)


def _rulings(
    runtime: Runtime, work: UnitOfWork, deals: Iterable[Deal], reader: _Reader
) -> list[OwnRuling]:
    now, found = runtime.now(), []
    for deal in deals:
        ruling = work.signings.ruling_of(deal.id)
        if ruling is not None:
            found.append(_own_ruling(runtime, work, (deal, ruling, now), reader))
    return found


def _own_ruling(
    runtime: Runtime,
    work: UnitOfWork,
    about: tuple[Deal, StoredRuling, datetime],
    reader: _Reader,
) -> OwnRuling:
    deal, ruling, now = about
    disputes = work.disputes.of_signings([deal.id])
    cases = [(case, reader) for case in cases_in(work, disputes)]
    until = disputable_until(work, ruling, deal)
    told = ruling.told()
    is_new = not any(_is_of(one, ruling.id, reader) for one in disputes)
    return OwnRuling(
        signing_id=deal.id,
        ruling_id=ruling.id,
        ruled_at=ruling.ruled_at,
        until=until,
        findings=tuple(
            str(one["finding"])
            for one in told["claims"]
            if party_of(one["channel"]) == reader.party
        ),
        share=_share(ruling, reader),
        is_disputable=is_new and now < until,
        cases=tuple(_as_read(runtime, work, cases, now)),
    )


def _is_of(dispute: Dispute, ruling_id: RulingId, reader: _Reader) -> bool:
    return dispute.ruling_id == ruling_id and dispute.party == reader.party


def _reader(by: Actor, case: Case) -> _Reader | None:
    """Return as which party somebody reads a case; None for who is none."""
    try:
        side, party = side_of(by, case)
    except NotFound:
        return None
    if side is Side.ADJUDICATOR:
        return None
    return _Reader(side=side, party=party, person_id=by.person_id, agent_id=by.agent_id)


def _as_read(
    runtime: Runtime,
    work: UnitOfWork,
    cases: Sequence[tuple[Case, _Reader]],
    now: datetime,
) -> list[OwnCase]:
    evidence = work.disputes.evidence(case.dispute.id for case, _reader in cases)
    return [
        _own(runtime, case, evidence[case.dispute.id], reader, now)
        for case, reader in cases
    ]


def _own(
    runtime: Runtime,
    case: Case,
    evidence: Iterable[Evidence],
    reader: _Reader,
    now: datetime,
) -> OwnCase:
    dispute = case.dispute
    is_own = dispute.party == reader.party
    return OwnCase(
        dispute_id=dispute.id,
        signing_id=dispute.signing_id,
        ground=dispute.ground,
        side=dispute.side,
        own_side=reader.side,
        is_opener=is_own
        and (dispute.opened_by, dispute.visit_id)
        == (reader.person_id, reader.visit_id),
        opened_at=dispute.opened_at,
        progress=case.progress(now),
        unit=case.deal.unit if reader.side is Side.DEVELOPER else None,
        tokens=tuple(
            dict.fromkeys(
                TokenId(one["token"])
                for one in case.claims
                if party_of(one["channel"]) == reader.party
                and reader.agent_id in (None, one["agent"])
            )
        ),
        words=_words(runtime, case, DisputeState.OPEN) if is_own else None,
        evidence=tuple(one for one in evidence if one.party == reader.party),
        verdict=case.verdict,
        reason=_words(runtime, case, DisputeState.DECIDED) if case.verdict else None,
        share=_share(case.standing, reader),
    )


def _words(runtime: Runtime, case: Case, state: DisputeState) -> str | None:
    """Return what was said with the latest step into a state."""
    step = next(one for one in reversed(case.steps) if one.state is state)
    sealed = step.words_sealed
    return None if sealed is None else unseal(runtime, step.id, sealed)


def _share(ruling: StoredRuling, reader: _Reader) -> int:
    shares = ruling.told()["shares"]
    return sum(part for one, part in shares if party_of(one) == reader.party)
