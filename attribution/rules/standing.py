"""The standing of an arrival with a token, known at the desk at once (rules §4)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from attribution.errors import (
    AttributionError,
    BindingMismatch,
    TokenExpired,
    TokenRevoked,
    TokenUnknown,
    TokenUsed,
    WrongProject,
)
from attribution.ids import ProjectId, VisitorTag
from attribution.programmes import Agent, Programme
from attribution.referrals import ReferralToken
from attribution.rulebook import TokenRules
from attribution.visits import Standing

REFUSALS: dict[Standing, type[AttributionError]] = {
    Standing.TOKEN_UNKNOWN: TokenUnknown,
    Standing.WRONG_PROJECT: WrongProject,
    Standing.TOKEN_REVOKED: TokenRevoked,
    Standing.TOKEN_EXPIRED: TokenExpired,
    Standing.TOKEN_USED: TokenUsed,
    Standing.BINDING_MISMATCH: BindingMismatch,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Referral:
    """A token, who gave it, under which programme and parameters."""

    token: ReferralToken
    agent: Agent
    programme: Programme
    rules: TokenRules


@dataclass(frozen=True, kw_only=True, slots=True)
class Assessment:
    """A standing, and whether the lead time was met only just (`lead_margin`, §3)."""

    standing: Standing
    is_marginal: bool = False


def assess(
    referral: Referral,
    visitor: frozenset[VisitorTag],
    *,
    at: datetime,
    project_id: ProjectId,
) -> Assessment:
    """Return the first finding of rules §4.1-§4.4 that applies, or VALID_REFERRAL.

    Args:
        visitor: the visitor's tags, the masked ones that a binding asks for included.
    """
    refused = _refusal(referral.token, visitor, at, project_id)
    if refused is not None:
        return Assessment(standing=refused)
    token, rules = referral.token, referral.rules
    lead = at - token.lead_from(at)
    if lead < rules.lead_time:
        return Assessment(standing=Standing.LEAD_TIME_TOO_SHORT)
    if not referral.programme.is_in_force(token.issued_at):
        return Assessment(standing=Standing.PROGRAMME_NOT_IN_FORCE)
    if referral.agent.is_suspended(token.issued_at):
        return Assessment(standing=Standing.AGENT_SUSPENDED)
    return Assessment(
        standing=Standing.VALID_REFERRAL, is_marginal=_is_marginal(lead, rules)
    )


def standing_of(
    referral: Referral,
    visitor: frozenset[VisitorTag],
    *,
    at: datetime,
    project_id: ProjectId,
) -> Assessment:
    """Return the standing of a redemption that is accepted, or refuse it.

    Raises:
        AttributionError: of REFUSALS, the first that applies (rules §4.4).
    """
    assessment = assess(referral, visitor, at=at, project_id=project_id)
    if assessment.standing.is_refused:
        raise REFUSALS[assessment.standing]
    return assessment


def _refusal(
    token: ReferralToken,
    visitor: frozenset[VisitorTag],
    at: datetime,
    project_id: ProjectId,
) -> Standing | None:
    checks = (
        (at < token.issued_at, Standing.TOKEN_UNKNOWN),
        (token.project_id != project_id, Standing.WRONG_PROJECT),
        (_is_past(token.revoked_at, at), Standing.TOKEN_REVOKED),
        (token.is_expired(at), Standing.TOKEN_EXPIRED),
        (token.redeemed_at is not None, Standing.TOKEN_USED),
        (_is_for_another(token, visitor, at), Standing.BINDING_MISMATCH),
    )
    return next((standing for applies, standing in checks if applies), None)


def _is_past(instant: datetime | None, at: datetime) -> bool:
    return instant is not None and instant <= at


def _is_for_another(
    token: ReferralToken, visitor: frozenset[VisitorTag], at: datetime
) -> bool:
    # A token that nobody has opened yet is bound to nobody (rules §2, `opened`).
    has_client = token.binding_tag is not None and token.is_bound(at)
    return has_client and token.binding_tag not in visitor


def _is_marginal(lead: timedelta, rules: TokenRules) -> bool:
    return lead < rules.lead_time + rules.lead_margin
