"""Adjudicators 判客员 propose by the rules, decide, and a second one approves."""

import hashlib
from dataclasses import replace
from datetime import datetime

from attribution.disputes import DisputeState, Side, Verdict, step, words_of
from attribution.errors import (
    DisputeStale,
    InputInvalid,
    SecondPersonNeeded,
)
from attribution.ids import ChannelId, DisputeId, PersonId
from attribution.money import BasisPoints
from attribution.outcomes import change_to_json, changes_between
from attribution.people import Actor
from attribution.rules.matter import matter_of
from attribution.rules.ruling import ruling_of, ruling_to_json
from attribution.services.accruing import accrue, reverse
from attribution.services.answering import Answer, Reply, Request, once
from attribution.services.docketing import (
    Case,
    Draft,
    case_in,
    next_step,
    release_hold,
    take_step,
)
from attribution.services.recusing import check_neutral
from attribution.services.ruling import Argued, argued, dossier_of, store_ruling
from attribution.services.runtime import Runtime
from attribution.services.sequencing import sequence
from attribution.services.statements import promise_of
from attribution.storage.signing_repository import StoredRuling
from attribution.storage.work import UnitOfWork
from tokens.canonical import canonical

NOTHING_CHANGES = "the proposal changes nothing"


def propose(
    runtime: Runtime, *, by: Actor, request: Request, dispute_id: DisputeId
) -> Reply:
    """Ask the rules again over all facts logged by now, late ones included (§10.3).

    The proposal holds the ruling that would come of it, and how it differs.

    Raises:
        NotFound: no such case.
        NotAllowed, AdjudicatorAtDesk, AdjudicatorOnSide: somebody else must do it.
        DisputeStepRefused: it was decided, or is over.
    """
    # Every fact must have its place before it can be weighed (rules §1.4, §1.5).
    sequence(runtime, wait=True)
    now = runtime.now()

    def action(work: UnitOfWork) -> Answer:
        case = case_in(work, dispute_id, for_update=True)
        check_neutral(work, by, case)
        heard = DisputeState.EVIDENCE if case.state is DisputeState.OPEN else case.state
        step(heard, DisputeState.PROPOSED)
        with work.savepoint():
            return _proposed(runtime, work, now, by, case)

    return once(runtime, request, now, action)


def decide(
    runtime: Runtime,
    *,
    by: Actor,
    request: Request,
    dispute_id: DisputeId,
    verdict: Verdict,
    words: str,
) -> Reply:
    """Decide that the ruling stays, or that the proposed one takes its place.

    Args:
        words: why; every side reads them.

    Raises:
        NotFound, NotAllowed, AdjudicatorAtDesk, AdjudicatorOnSide: as for proposing.
        DisputeStepRefused: nothing is proposed, or it was decided.
        DisputeStale: the ruling was changed in another case since the proposal.
        InputInvalid: the proposal would change nothing, or the words cannot be kept.
    """
    now, words = runtime.now(), words_of(words)

    def action(work: UnitOfWork) -> Answer:
        case = case_in(work, dispute_id, for_update=True)
        check_neutral(work, by, case)
        state = step(case.state, DisputeState.DECIDED)
        _check_fresh(case)
        if verdict is Verdict.CHANGED and not case.proposal["changes"]:
            raise InputInvalid("verdict", NOTHING_CHANGES)
        told = {"verdict": verdict.value, "ruling": case.standing.id}
        draft = Draft(
            state=state,
            side=Side.ADJUDICATOR,
            by=by.person_id,
            words=words,
            body=told,
            details=told,
        )
        with work.savepoint():
            recorded = next_step(runtime, work, now, case, draft)
        promise = promise_of(runtime, recorded)
        return {"state": state.value, "verdict": verdict.value, "promise": promise}

    return once(runtime, request, now, action)


def approve(
    runtime: Runtime,
    *,
    by: Actor,
    request: Request,
    dispute_id: DisputeId,
    agrees: bool,
    words: str | None = None,
) -> Reply:
    """Let a second person close the case as decided, or send it back to the hearing.

    A changed decision stores the superseding ruling and moves the money, by reversal
    and new accrual, in the same transaction; the hold ends with it.

    Args:
        words: why it is sent back; for the adjudicators.

    Raises:
        NotFound, NotAllowed, AdjudicatorAtDesk, AdjudicatorOnSide: as for proposing.
        SecondPersonNeeded: the caller decided it.
        DisputeStepRefused: nothing is decided, or the case is over.
        DisputeStale: as for deciding.
    """
    now, words = runtime.now(), None if words is None else words_of(words)

    def action(work: UnitOfWork) -> Answer:
        case = case_in(work, dispute_id, for_update=True)
        check_neutral(work, by, case)
        # Both answers begin at a decision; only their ends differ.
        step(case.state, DisputeState.CLOSED)
        if case.steps[-1].taken_by == by.person_id:
            raise SecondPersonNeeded
        if agrees:
            _check_fresh(case)
        with work.savepoint():
            if agrees:
                return _closed(runtime, work, now, case, by.person_id)
            return _sent_back(runtime, work, now, (case, by.person_id), words)

    return once(runtime, request, now, action)


def _check_fresh(case: Case) -> None:
    """Refuse to go on from a proposal whose ruling stands no more."""
    if case.proposal["ruling"] != case.standing.id:
        raise DisputeStale


def _proposed(
    runtime: Runtime, work: UnitOfWork, now: datetime, by: Actor, case: Case
) -> Answer:
    head = work.log.head()
    seen_until = 0 if head is None else head.size
    dossier = replace(dossier_of(work, case.deal), seen_until=seen_until)
    matter = matter_of(dossier)
    ruling = ruling_of(matter)
    made = argued(matter, ruling)
    proposed = ruling_to_json(ruling)
    changes = changes_between(case.standing.told(), proposed)
    body = {
        "ruling": case.standing.id,
        "seen_until": seen_until,
        "proposed": proposed,
        "inputs": made.inputs,
        "changes": [change_to_json(one) for one in changes],
        "programmes": {
            claim.channel_id: dossier.tokens[claim.token_id].programme_id
            for claim in ruling.claims
            if claim.share
        },
    }
    details = {
        "ruling": case.standing.id,
        "seen_until": seen_until,
        "inputs": ruling.inputs_digest,
        "proposed": hashlib.sha256(made.body.encode()).hexdigest(),
    }
    number = case.steps[-1].number + 1
    if case.state is DisputeState.OPEN:
        # Nobody brought evidence; the hearing is passed through all the same.
        heard = Draft(
            state=DisputeState.EVIDENCE, side=Side.ADJUDICATOR, by=by.person_id
        )
        take_step(runtime, work, now, (case.dispute.id, number), heard)
        number += 1
    draft = Draft(
        state=DisputeState.PROPOSED,
        side=Side.ADJUDICATOR,
        by=by.person_id,
        body=body,
        details=details,
    )
    recorded = take_step(runtime, work, now, (case.dispute.id, number), draft)
    return {
        "state": draft.state.value,
        "changes": body["changes"],
        "promise": promise_of(runtime, recorded),
    }


def _sent_back(
    runtime: Runtime,
    work: UnitOfWork,
    now: datetime,
    whose: tuple[Case, PersonId],
    words: str | None,
) -> Answer:
    case, by = whose
    draft = Draft(
        state=step(case.state, DisputeState.EVIDENCE),
        side=Side.ADJUDICATOR,
        by=by,
        words=words,
        body={"sent_back": True},
        details={"sent_back": True},
    )
    recorded = next_step(runtime, work, now, case, draft)
    return {
        "state": draft.state.value,
        "ruling_id": case.standing.id,
        "promise": promise_of(runtime, recorded),
    }


def _closed(
    runtime: Runtime, work: UnitOfWork, now: datetime, case: Case, by: PersonId
) -> Answer:
    verdict, standing = Verdict(case.decision["verdict"]), case.standing
    if verdict is Verdict.CHANGED:
        standing = _supersede(runtime, work, now, case)
    told = {"verdict": verdict.value, "ruling": standing.id}
    draft = Draft(
        state=DisputeState.CLOSED,
        side=Side.ADJUDICATOR,
        by=by,
        body=told,
        details=told,
    )
    recorded = next_step(runtime, work, now, case, draft)
    release_hold(runtime, work, now, case.dispute)
    return {
        "state": draft.state.value,
        "ruling_id": standing.id,
        "promise": promise_of(runtime, recorded),
    }


def _supersede(
    runtime: Runtime, work: UnitOfWork, now: datetime, case: Case
) -> StoredRuling:
    """Put the proposed ruling in the place of the one that stands, money included."""
    proposal = case.proposal
    made = Argued(
        body=canonical(proposal["proposed"]).decode(), inputs=proposal["inputs"]
    )
    stored = store_ruling(runtime, work, now, made, supersedes=case.standing.id)
    reverse(runtime, work, stored)
    shares = tuple(
        (ChannelId(channel), BasisPoints(share))
        for channel, share in proposal["proposed"]["shares"]
    )
    accrue(
        runtime,
        work,
        stored,
        deal=case.deal,
        shares=shares,
        programmes=proposal["programmes"],
    )
    return stored
