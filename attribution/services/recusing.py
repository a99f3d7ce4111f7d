"""Recusal 回避: who had a part in a case does not judge it."""

from attribution.disputes import Side
from attribution.errors import AdjudicatorAtDesk, AdjudicatorOnSide, NotAllowed
from attribution.ids import PersonId
from attribution.people import Actor, Role
from attribution.services.docketing import Case
from attribution.storage.work import UnitOfWork


def check_neutral(work: UnitOfWork, by: Actor, case: Case) -> None:
    """Let somebody judge a case who had no part in it, or refuse (rules §10.3).

    Raises:
        NotAllowed: no adjudicator of this project.
        AdjudicatorAtDesk: recorded one of its visits, its signing or what followed.
        AdjudicatorOnSide: opened it, brought evidence for a side, or works for a
            channel that has a claim in it.
    """
    if not by.may_at(case.deal.project_id, Role.ADJUDICATOR):
        raise NotAllowed
    if by.person_id in _at_desk(work, case):
        raise AdjudicatorAtDesk
    channels = set(case.channels)
    own = {by.channel_id, *(grant.channel_id for grant in by.grants)}
    if by.person_id in _on_side(work, case) or channels & own:
        raise AdjudicatorOnSide


def _at_desk(work: UnitOfWork, case: Case) -> set[PersonId]:
    milestones = work.signings.milestones([case.deal.id])
    recorded = {one.recorded_by for one in milestones}
    return (
        {case.deal.recorded_by}
        | recorded
        | work.disputes.recorders_of(case.appearances)
    )


def _on_side(work: UnitOfWork, case: Case) -> set[PersonId | None]:
    evidence = work.disputes.evidence([case.dispute.id])[case.dispute.id]
    given = {one.given_by for one in evidence if one.side is not Side.ADJUDICATOR}
    return given | {case.dispute.opened_by}
