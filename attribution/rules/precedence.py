"""What defeats a claim (rules §8), judged in order of `reported_at`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from attribution.programmes import Kind
from attribution.rulebook import (
    DealRules,
    Regime,
    SelfReferral,
    ShortLead,
    TokenRules,
    period_end,
)
from attribution.rules.claims import Claim
from attribution.rules.findings import Finding
from attribution.rules.matter import Matter
from attribution.visits import Standing, Visit


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """A claim and what defeats it; None for a claim that is alive.

    `facts` are the log indices of the facts that decided it, beside the claim's own.
    """

    claim: Claim
    defeat: Finding | None
    facts: tuple[int, ...] = ()

    @property
    def stands(self) -> bool:
        """Say whether the claim stands, lapsed since or not (rules §8.1)."""
        return self.defeat in {None, Finding.PROTECTION_OVER}


def judge(claims: Sequence[Claim], matter: Matter) -> list[Judged]:
    """Return each claim with the first finding of §8.1-§8.4, §7.2, §7.5 that applies.

    Args:
        claims: in order of `reported`; whatever may defeat one comes before it.
    """
    walk_ins = [one.visit for one in matter.seen if _is_walk_in(one.visit, matter)]
    judged: list[Judged] = []
    for claim in claims:
        standing = [one.claim for one in judged if one.stands]
        judged.append(_judged(claim, standing, walk_ins, matter))
    return judged


def counts_as_walk_in(standing: Standing, rules: TokenRules | None) -> bool:
    """Say whether a visit of this standing counts as natural (rules §4.5).

    Args:
        rules: the token-level rules of the token that it took; None if it took none.
    """
    if standing is Standing.LEAD_TIME_TOO_SHORT:
        return rules is not None and rules.short_lead is ShortLead.WALK_IN
    return standing in _NATURAL


_NATURAL = frozenset(
    {Standing.WALK_IN, Standing.PROGRAMME_NOT_IN_FORCE, Standing.AGENT_SUSPENDED}
)


def still_counts(walk_in: Visit, at: datetime, rules: DealRules) -> bool:
    """Say whether a walk-in still defeats what is reported at an instant (§8.1)."""
    days = rules.walk_in_protection
    return days is None or at < period_end(walk_in.arrived_at, days, rules)


def revisited(visit: Visit, standing: Sequence[Claim]) -> Claim | None:
    """Return the standing claim whose protection the visit falls into (rules §8.1)."""
    for claim in standing:
        if claim.visited < visit.order and visit.arrived_at < claim.ends_at:
            return claim
    return None


def _judged(
    claim: Claim, standing: Sequence[Claim], walk_ins: Sequence[Visit], matter: Matter
) -> Judged:
    walk_in = _walk_in_first(claim, standing, walk_ins, matter)
    if walk_in is not None:
        return Judged(
            claim=claim, defeat=Finding.WALK_IN_FIRST, facts=(walk_in.log_index,)
        )
    defeat = _referrer_defeat(claim, matter)
    if defeat is not None:
        is_buyers = defeat is Finding.EXISTING_OWNER
        facts = matter.owner_facts if is_buyers else claim.referrer.facts
        return Judged(claim=claim, defeat=defeat, facts=facts)
    protector = _protector(claim, standing, matter)
    if protector is not None:
        return Judged(
            claim=claim, defeat=Finding.PROTECTED_BY_OTHER, facts=protector.first_facts
        )
    is_over = matter.signed_at >= claim.ends_at
    return Judged(claim=claim, defeat=Finding.PROTECTION_OVER if is_over else None)


def _walk_in_first(
    claim: Claim, standing: Sequence[Claim], walk_ins: Sequence[Visit], matter: Matter
) -> Visit | None:
    for visit in walk_ins:
        if (
            visit.order < claim.reported
            and still_counts(visit, claim.reported[0], matter.deal_rules)
            and revisited(visit, standing) is None
        ):
            return visit
    return None


def _is_walk_in(visit: Visit, matter: Matter) -> bool:
    token = matter.tokens.get(visit.id)
    rules = None if token is None else matter.token_rules[token.rulebook_version]
    return counts_as_walk_in(visit.standing, rules)


def _referrer_defeat(claim: Claim, matter: Matter) -> Finding | None:
    rules, referrer = matter.deal_rules, claim.referrer
    if referrer.is_in_group and rules.self_referral is SelfReferral.VOID:
        return Finding.SELF_REFERRAL
    if matter.has_buying_owner and referrer.kind in rules.owners_excluded:
        return Finding.EXISTING_OWNER
    if referrer.kind is Kind.RESIDENT and not referrer.is_owner:
        return Finding.REFERRER_NOT_OWNER
    if referrer.is_desk_staff and referrer.kind is not Kind.OWN:
        return Finding.DESK_STAFF
    return None


def _protector(claim: Claim, standing: Sequence[Claim], matter: Matter) -> Claim | None:
    if matter.deal_rules.regime is not Regime.FIRST_REPORT:
        return None
    for earlier in standing:
        is_other = earlier.channel_id != claim.channel_id
        if is_other and claim.reported[0] < earlier.ends_at:
            return earlier
    return None
