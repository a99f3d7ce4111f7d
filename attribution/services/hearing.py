"""The bench 判客员 sees a dispute 争议 whole; evidence is read by who may."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from attribution.disputes import DisputeState, Progress, progress_of
from attribution.errors import NotAllowed, NotFound
from attribution.ids import DisputeId, EvidenceId, PersonId, ProjectId
from attribution.outcomes import Ended
from attribution.people import Actor, Role
from attribution.projects import Project
from attribution.services.docketing import ADJUDICATOR, Case, case_in, cases_in, side_of
from attribution.services.runtime import Runtime
from attribution.services.sealing import unseal, unseal_bytes
from attribution.storage.dispute_repository import Dispute, Evidence
from attribution.storage.work import UnitOfWork

BENCH_ROLES = (Role.ADJUDICATOR, Role.AUDITOR)


@dataclass(frozen=True, kw_only=True, slots=True)
class Hearing:
    """A case as the adjudicators see it: all of it.

    `words` are what was said with the steps, by the step's id; `people` the names of
    those who took them.
    """

    case: Case
    progress: Progress
    words: Mapping[str, str] = field(repr=False)
    people: Mapping[PersonId, str]
    evidence: tuple[Evidence, ...]

    @property
    def reason(self) -> str | None:
        """Return why the case was decided as it was; None before the first decision."""
        steps = [one for one in self.case.steps if one.state is DisputeState.DECIDED]
        return self.words[steps[-1].id] if steps else None

    @property
    def ended(self) -> Ended:
        """Return the case as statistics see it."""
        last = self.case.steps[-1]
        return Ended(
            ground=self.case.dispute.ground,
            opened_at=self.case.dispute.opened_at,
            ended_at=last.taken_at if last.state.is_over else None,
            verdict=self.case.verdict,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitingCase:
    """A case that waits for somebody, and until when."""

    dispute: Dispute
    project: Project
    progress: Progress
    due_at: datetime


def hearings_at(runtime: Runtime, *, by: Actor, project_id: ProjectId) -> list[Hearing]:
    """Return the cases of a project for its adjudicators and auditors, newest first.

    Raises:
        NotAllowed: neither, there.
    """
    if not by.may_at(project_id, *BENCH_ROLES):
        raise NotAllowed
    with runtime.reading() as work, work.snapshot():
        cases = cases_in(work, work.disputes.at(project_id))
        return _hearings(runtime, work, cases)


def hearing_of(runtime: Runtime, *, by: Actor, dispute_id: DisputeId) -> Hearing:
    """Return one case whole, for the adjudicators and auditors of its project."""
    with runtime.reading() as work, work.snapshot():
        case = case_in(work, dispute_id)
        if not by.may_at(case.deal.project_id, *BENCH_ROLES):
            raise NotAllowed
        (hearing,) = _hearings(runtime, work, [case])
    return hearing


def waiting_cases(runtime: Runtime, *, within: timedelta) -> list[WaitingCase]:
    """Return the cases whose term ends that soon or is over, the most urgent first.

    For the operator, who reminds those whose turn it is.
    """
    now, found = runtime.now(), []
    with runtime.reading() as work, work.snapshot():
        projects = {one.id: one for one in work.agreements.projects()}
        disputes = work.disputes.everywhere()
        steps = work.disputes.steps(one.id for one in disputes)
    for dispute in disputes:
        progress = progress_of([one.move for one in steps[dispute.id]], now)
        due_at = progress.due_at
        if due_at is not None and due_at <= now + within:
            found.append(
                WaitingCase(
                    dispute=dispute,
                    project=projects[dispute.project_id],
                    progress=progress,
                    due_at=due_at,
                )
            )
    return sorted(found, key=lambda one: (one.due_at, one.dispute.id))


def evidence_file(
    runtime: Runtime, *, by: Actor, evidence_id: EvidenceId
) -> tuple[Evidence, bytes]:
    """Return a piece of evidence: to the adjudicators, and to the party that gave it.

    Raises:
        NotFound: no such piece, or it is not theirs to read.
    """
    with runtime.reading() as work:
        evidence, sealed = work.disputes.content(evidence_id)
        _side, party = side_of(by, case_in(work, evidence.dispute_id))
    if party not in {ADJUDICATOR, evidence.party}:
        raise NotFound
    return evidence, unseal_bytes(runtime, evidence.id, sealed)


def _hearings(
    runtime: Runtime, work: UnitOfWork, cases: Sequence[Case]
) -> list[Hearing]:
    now = runtime.now()
    evidence = work.disputes.evidence(case.dispute.id for case in cases)
    names = work.access.names_of(one for case in cases for one in _takers(case))
    return [
        Hearing(
            case=case,
            progress=case.progress(now),
            words={
                one.id: unseal(runtime, one.id, one.words_sealed)
                for one in case.steps
                if one.words_sealed is not None
            },
            people={one: names[one] for one in _takers(case)},
            evidence=tuple(evidence[case.dispute.id]),
        )
        for case in cases
    ]


def _takers(case: Case) -> set[PersonId]:
    """Return who took the steps of a case; of a visitor's no person is known."""
    return {one.taken_by for one in case.steps if one.taken_by is not None}
