"""The docket of a dispute 争议: the case as it stands, the next step, and its hold."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from attribution.disputes import (
    DisputeState,
    Progress,
    Side,
    Verdict,
    progress_of,
)
from attribution.documents import instant_text
from attribution.errors import NotFound
from attribution.ids import ChannelId, DisputeId, PersonId
from attribution.people import Actor, Role
from attribution.services.runtime import Runtime
from attribution.services.sealing import seal
from attribution.services.statements import Recorded, StatementKind, record
from attribution.storage.dispute_repository import (
    Dispute,
    DisputeStep,
    Hold,
    Release,
)
from attribution.storage.signing_repository import Deal, StoredRuling
from attribution.storage.work import UnitOfWork

DEVELOPER_ROLES = (Role.FINANCE, Role.OPERATIONS)
DEVELOPER = "developer"
ADJUDICATOR = "adjudicator"
_CHANNEL = "channel:"


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A dispute with its steps, its deal, the disputed ruling and the standing one.

    `told` are the disputed, the standing and the proposed ruling as JSON, as far as
    there are any: whose claims and visits they hold, those the case is about.
    """

    dispute: Dispute
    steps: tuple[DisputeStep, ...]
    deal: Deal
    disputed: StoredRuling
    standing: StoredRuling

    @property
    def state(self) -> DisputeState:
        """Return where the case stands."""
        return self.steps[-1].state

    @property
    def proposal(self) -> Mapping[str, Any]:
        """Return the latest proposal; nothing before the first."""
        return self._latest(DisputeState.PROPOSED)

    @property
    def decision(self) -> Mapping[str, Any]:
        """Return the latest decision; nothing before the first."""
        return self._latest(DisputeState.DECIDED)

    def _latest(self, state: DisputeState) -> Mapping[str, Any]:
        bodies = [one.body for one in self.steps if one.state is state]
        found: Mapping[str, Any] = json.loads(bodies[-1] or "{}") if bodies else {}
        return found

    @property
    def verdict(self) -> Verdict | None:
        """Return what the case ended in; None before it is closed."""
        if self.state is not DisputeState.CLOSED:
            return None
        return Verdict(self.decision["verdict"])

    def progress(self, now: datetime) -> Progress:
        """Return where the case stands at an instant, and who must act."""
        return progress_of([one.move for one in self.steps], now)

    @property
    def told(self) -> tuple[Mapping[str, Any], ...]:
        """Return every ruling that the case is about."""
        proposed = self.proposal.get("proposed")
        rulings = (self.disputed.told(), self.standing.told())
        return (*rulings, proposed) if proposed else rulings

    @property
    def claims(self) -> tuple[Mapping[str, Any], ...]:
        """Return every claim that any of the rulings weighs."""
        return tuple(claim for ruling in self.told for claim in ruling["claims"])

    @property
    def channels(self) -> tuple[ChannelId, ...]:
        """Return the channels with a claim, before them the one that opened."""
        opener = self.dispute.party.removeprefix(_CHANNEL)
        own = [opener] if self.dispute.side is Side.CHANNEL else []
        found = [*own, *(claim["channel"] for claim in self.claims)]
        return tuple(ChannelId(one) for one in dict.fromkeys(found))

    @property
    def appearances(self) -> frozenset[str]:
        """Return the visits and refused redemptions that any of the rulings lists."""
        return frozenset(
            one["visit"] for ruling in self.told for one in ruling["visits"]
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A step about to be taken; `details` are what the log says of it besides."""

    state: DisputeState
    side: Side
    by: PersonId | None
    words: str | None = field(default=None, repr=False)
    body: Mapping[str, Any] | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


def case_in(
    work: UnitOfWork, dispute_id: DisputeId, *, for_update: bool = False
) -> Case:
    """Return a case, or raise NotFound.

    Args:
        for_update: let one step at a time be taken in the cases of a deal, so that
            no two of them change its ruling at once.
    """
    dispute = work.disputes.get(dispute_id)
    if for_update:
        work.signings.deal(dispute.signing_id, for_update=True)
    (case,) = cases_in(work, [dispute])
    return case


def cases_in(work: UnitOfWork, disputes: Sequence[Dispute]) -> list[Case]:
    """Return the cases of disputes in their order, however many in four statements."""
    signing_ids = {one.signing_id for one in disputes}
    deals = work.signings.deals_among(signing_ids)
    disputed = work.signings.rulings_among(one.ruling_id for one in disputes)
    standing = work.signings.standing_among(signing_ids)
    # Last, so that none is older than the ruling that a decision has put in place.
    steps = work.disputes.steps(one.id for one in disputes)
    return [
        Case(
            dispute=one,
            steps=tuple(steps[one.id]),
            deal=deals[one.signing_id],
            disputed=disputed[one.ruling_id],
            standing=standing[one.signing_id],
        )
        for one in disputes
    ]


def take_step(
    runtime: Runtime,
    work: UnitOfWork,
    now: datetime,
    case: tuple[DisputeId, int],
    draft: Draft,
) -> Recorded:
    """Store a step and its log entry, or raise DisputeStepRefused if it was taken.

    Args:
        case: the dispute, and the number of the step.
    """
    dispute_id, number = case
    step_id = runtime.new_id()
    sealed = None if draft.words is None else seal(runtime, step_id, draft.words)
    body = {
        "step": step_id,
        "dispute": dispute_id,
        "number": number,
        "state": draft.state.value,
        "side": draft.side.value,
        "taken_at": instant_text(now),
        "by": draft.by,
        # Of the sealed words: of the words themselves it could be guessed.
        "words": None if sealed is None else hashlib.sha256(sealed).hexdigest(),
        **draft.details,
    }
    recorded = record(runtime, work, now, (StatementKind.DISPUTE_STEP, body))[0]
    work.disputes.add_step(
        DisputeStep(
            id=step_id,
            dispute_id=dispute_id,
            number=number,
            state=draft.state,
            side=draft.side,
            taken_by=draft.by,
            taken_at=now,
            words_sealed=sealed,
            body=None if draft.body is None else json.dumps(draft.body),
            entry_id=recorded.entry_id,
        )
    )
    return recorded


def next_step(
    runtime: Runtime, work: UnitOfWork, now: datetime, case: Case, draft: Draft
) -> Recorded:
    """Take the step that follows the latest one of a case."""
    place = (case.dispute.id, case.steps[-1].number + 1)
    return take_step(runtime, work, now, place, draft)


def place_hold(
    runtime: Runtime, work: UnitOfWork, now: datetime, dispute: Dispute
) -> None:
    """Hold every commission of the disputed signing from now on."""
    hold = Hold(
        id=runtime.new_id(),
        signing_id=dispute.signing_id,
        dispute_id=dispute.id,
        placed_at=now,
        entry_id="",
    )
    body = {
        "hold": hold.id,
        "signing": hold.signing_id,
        "dispute": hold.dispute_id,
        "placed_at": instant_text(now),
    }
    recorded = record(runtime, work, now, (StatementKind.HOLD, body))[0]
    work.disputes.place_hold(replace(hold, entry_id=recorded.entry_id))


def release_hold(
    runtime: Runtime, work: UnitOfWork, now: datetime, dispute: Dispute
) -> None:
    """Let the commissions go as far as this case holds them."""
    hold = next(
        one
        for one in work.disputes.holds([dispute.signing_id])
        if one.dispute_id == dispute.id
    )
    release_id = runtime.new_id()
    body = {
        "release": release_id,
        "hold": hold.id,
        "released_at": instant_text(now),
    }
    recorded = record(runtime, work, now, (StatementKind.RELEASE, body))[0]
    work.disputes.release(
        Release(
            id=release_id,
            hold_id=hold.id,
            released_at=now,
            entry_id=recorded.entry_id,
        )
    )


def side_of(by: Actor, case: Case) -> tuple[Side, str]:
    """Return on which side of a case somebody is, and as which party.

    A party that has its own word in the case stays one, whatever other roles the
    person holds.

    Raises:
        NotFound: the case is none of theirs, and so they do not learn of it.
    """
    dispute, project_id = case.dispute, case.dispute.project_id
    if dispute.opened_by == by.person_id:
        return dispute.side, dispute.party
    for claim in case.claims:
        if by.is_agent(claim["agent"], at=project_id):
            return Side.CHANNEL, party_of(claim["channel"])
    for channel_id in case.channels:
        if by.may_for(channel_id, Role.CHANNEL_MANAGER, at=project_id):
            return Side.CHANNEL, party_of(channel_id)
    if by.may_at(project_id, *DEVELOPER_ROLES):
        return Side.DEVELOPER, DEVELOPER
    if by.may_at(project_id, Role.ADJUDICATOR):
        return Side.ADJUDICATOR, ADJUDICATOR
    raise NotFound


def party_of(channel_id: str) -> str:
    """Return the name of a channel as a party."""
    return f"{_CHANNEL}{channel_id}"


def visitor_party(visit_id: str) -> str:
    """Return the name of the visitor of a visit as a party."""
    return f"visit:{visit_id}"
