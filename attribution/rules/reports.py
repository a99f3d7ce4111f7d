"""Whether a report may be made now, and which report a client without a code has."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from attribution.errors import (
    AgentSuspended,
    BindingRequired,
    CodeRequired,
    ProgrammeNotInForce,
    QuotaExceeded,
    TokenRevoked,
    VisitOverdue,
)
from attribution.ids import ChannelId, VisitId
from attribution.programmes import Agent, Kind, Programme
from attribution.referrals import ReferralToken
from attribution.rulebook import Binding, Permission, Regime, TokenRules
from attribution.rules.findings import Finding
from attribution.visits import Standing


@dataclass(frozen=True, kw_only=True, slots=True)
class Issued:
    """How many tokens a channel and an agent have issued today, and have live."""

    channel_day: int
    channel_open: int
    agent_day: int
    agent_open: int


def check_report(
    agent: Agent,
    programme: Programme,
    rules: TokenRules,
    *,
    binding: Binding,
    at: datetime,
) -> None:
    """Refuse a report that could never count.

    Raises:
        ProgrammeNotInForce: no agreement holds now.
        AgentSuspended: the agent or the channel is suspended.
        BindingRequired: the binding is weaker than agreed, or none for an agency.
    """
    if not programme.is_in_force(at):
        raise ProgrammeNotInForce
    if agent.is_suspended(at):
        raise AgentSuspended
    is_unbound_agency = binding is Binding.NONE and programme.kind is Kind.AGENCY
    if is_unbound_agency or not binding.is_at_least(rules.binding_required):
        raise BindingRequired


def check_quota(issued: Issued, rules: TokenRules) -> None:
    """Refuse one more token where a limit is reached already.

    Raises:
        QuotaExceeded: of the day or of live tokens, of the channel or of the agent.
    """
    limits = (
        (issued.channel_day, rules.quota_day),
        (issued.channel_open, rules.quota_open),
        (issued.agent_day, rules.agent_quota_day),
        (issued.agent_open, rules.agent_quota_open),
    )
    if any(count >= limit for count, limit in limits):
        raise QuotaExceeded


def confirmable(
    tokens: Iterable[ReferralToken],
    rules: Mapping[str, TokenRules],
    *,
    at: datetime,
) -> list[ReferralToken]:
    """Return a client's live reports, earliest first, when the code is forgotten.

    Args:
        tokens: those bound to one of the client's tags.
        rules: the token-level rules, by the version that a token names.

    Returns:
        None at all for a client whom nobody reported: that is a walk-in.

    Raises:
        CodeRequired: there are live reports, and no rulebook has
            `redeem_without_code`.
        VisitOverdue: there was a report, and it has expired unused.
    """
    unused = [
        token
        for token in tokens
        if token.revoked_at is None
        and token.redeemed_at is None
        and token.issued_at <= at
    ]
    live = [token for token in unused if not token.is_expired(at)]
    if unused and not live:
        raise VisitOverdue
    allowed = [
        token
        for token in live
        if rules[token.rulebook_version].redeem_without_code is Permission.ALLOW
    ]
    if live and not allowed:
        raise CodeRequired
    return sorted(allowed, key=lambda token: (token.bound_when(at), token.log_index))


def code_for_token(
    token: ReferralToken, *, standing: Standing | None = None, at: datetime
) -> str:
    """Return the machine code of §12 that tells an agent how a token stands.

    Args:
        standing: of the visit that it made, if it made one.
    """
    if standing is not None and standing is not Standing.VALID_REFERRAL:
        return standing.value
    if token.redeemed_at is not None:
        return "OK"
    if token.revoked_at is not None:
        return TokenRevoked.code
    return VisitOverdue.code if token.is_expired(at) else "OK"


def code_for_claim(finding: Finding, regime: Regime) -> str:
    """Return the machine code of §12 that tells an agent what a claim came to.

    Findings about the agent's own person have no other name than their own.
    """
    if finding is Finding.OUTRANKED and regime is Regime.FIRST_REPORT:
        return "REPORTED_BY_OTHER"
    return _CODES.get(finding, finding.value)


def code_in_ruling(
    ruling: Mapping[str, Any],
    *,
    visit_id: VisitId,
    channel_id: ChannelId,
    regime: Regime,
) -> str | None:
    """Return the code of the claim that a visit belongs to, or None without one.

    Only a valid visit belongs to a claim; another may be what defeated one.

    Args:
        ruling: as `ruling_to_json` writes it.
        channel_id: whose token the visit was made with.
    """
    places = {
        one["facts"][0]
        for one in ruling["visits"]
        if one["visit"] == visit_id and one["finding"] == Standing.VALID_REFERRAL
    }
    for claim in ruling["claims"]:
        if claim["channel"] == channel_id and not places.isdisjoint(claim["facts"]):
            return code_for_claim(Finding(claim["finding"]), regime)
    return None


_CODES = {
    Finding.WINS: "OK",
    Finding.WALK_IN_FIRST: "KNOWN_CLIENT",
    Finding.EXISTING_OWNER: "PROJECT_OWNER",
    Finding.PROTECTED_BY_OTHER: "PROTECTED",
    Finding.PROTECTION_OVER: "DEAL_OVERDUE",
    Finding.OUTRANKED: "VISITED_BY_OTHER",
}
