"""Matching 签约匹配: the earlier visits of a buyer, before and beside any ruling."""

from attribution.errors import NotAllowed
from attribution.ids import SigningId
from attribution.people import Actor
from attribution.rules.matter import matter_of
from attribution.services.ruling import RULING_ROLES, dossier_of
from attribution.services.runtime import Runtime
from attribution.signings import Match
from attribution.storage.work import UnitOfWork


def earlier_visits(
    runtime: Runtime, *, by: Actor, signing_id: SigningId
) -> tuple[Match, ...]:
    """Return the visits that match a signing, in order of time.

    Raises:
        NotFound: no such signing.
        NotAllowed: the caller's roles do not reach its project.
    """
    with runtime.reading() as work:
        return matches_in(work, by, signing_id)


def matches_in(work: UnitOfWork, by: Actor, signing_id: SigningId) -> tuple[Match, ...]:
    """Return the visits that match a signing; raises as `earlier_visits`."""
    deal = work.signings.deal(signing_id)
    if not by.may_at(deal.project_id, *RULING_ROLES):
        raise NotAllowed
    matter = matter_of(dossier_of(work, deal))
    return (*matter.seen, *matter.late)
