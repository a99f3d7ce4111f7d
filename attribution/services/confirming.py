"""The visit confirmation 带看确认单: what a visit was, in the words of its rules."""

from dataclasses import dataclass, field
from datetime import timedelta

from attribution.ids import VisitId
from attribution.people import Actor
from attribution.rulebook import DealRules, TokenRules
from attribution.services.agreements import (
    deal_rules_at,
    token_rules_by_version,
)
from attribution.services.looking import visit_detail
from attribution.services.runtime import Runtime
from attribution.services.sealing import unseal
from attribution.storage.visit_repository import VisitDetail
from attribution.storage.work import UnitOfWork

# The desk may see a client's label at the redemption (privacy.md §4), not later.
LABEL_PERIOD = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True, slots=True)
class Confirmation:
    """A visit as it is printed. `token_rules` are those of its token, if it had one."""

    visit: VisitDetail
    label: str | None = field(repr=False)
    token_rules: TokenRules | None
    deal_rules: DealRules


def confirmation_of(runtime: Runtime, *, by: Actor, visit_id: VisitId) -> Confirmation:
    """Return the confirmation of a visit, for the desk at which it was made.

    Raises:
        NotFound: no such visit.
        NotAllowed: it was at another project.
    """
    visit = visit_detail(runtime, by=by, visit_id=visit_id)
    is_fresh = runtime.now() < visit.arrived_at + LABEL_PERIOD
    with runtime.reading() as work:
        return Confirmation(
            visit=visit,
            label=_label(runtime, work, visit) if is_fresh else None,
            token_rules=_token_rules(work, visit),
            deal_rules=deal_rules_at(work, visit.project_id, visit.arrived_at),
        )


def _label(runtime: Runtime, work: UnitOfWork, visit: VisitDetail) -> str | None:
    if visit.token_id is None:
        return None
    sealed = work.tokens.sealed_label(visit.token_id)
    return None if sealed is None else unseal(runtime, visit.token_id, sealed)


def _token_rules(work: UnitOfWork, visit: VisitDetail) -> TokenRules | None:
    if visit.token_id is None:
        return None
    token = work.tokens.get([visit.token_id])[0]
    return token_rules_by_version(work, {token.programme_id})[token.rulebook_version]
