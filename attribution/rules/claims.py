"""Claims: the episodes of each channel for one client group (rules §7)."""

from dataclasses import dataclass, replace
from datetime import datetime

from attribution.ids import ChannelId
from attribution.referrals import ReferralToken
from attribution.rulebook import DealRules, Regime, TokenRules, period_end
from attribution.rules.matter import Matter, Referrer
from attribution.signings import Match
from attribution.visits import Standing, Visit


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """One channel's case: a token, the episode's valid visits, and its protection.

    `reported` and `visited` are places in the one order of facts (rules §1.4).
    Protection ends at `ends_at`, which is outside it.
    """

    token: ReferralToken
    referrer: Referrer
    visits: tuple[Match, ...]
    reported: tuple[datetime, int]
    ends_at: datetime

    @property
    def channel_id(self) -> ChannelId:
        """The channel that claims."""
        return self.referrer.channel_id

    @property
    def visited(self) -> tuple[datetime, int]:
        """The claim's first visit."""
        return self.visits[0].visit.order

    @property
    def last_visited(self) -> tuple[datetime, int]:
        """The claim's latest valid visit."""
        return self.visits[-1].visit.order

    @property
    def first_facts(self) -> tuple[int, int]:
        """The log indices of the report and of the first visit."""
        return self.token.log_index, self.visits[0].visit.log_index


def claims_of(matter: Matter) -> list[Claim]:
    """Return the claims of all channels in order of `reported` (rules §7.1).

    A valid visit inside the protection of its channel's latest episode belongs to
    that episode; any other begins one.
    """
    episodes: list[Claim] = []
    latest: dict[ChannelId, int] = {}
    for match in matter.seen:
        if match.visit.standing is not Standing.VALID_REFERRAL:
            continue
        claim = _episode(match, matter)
        place = latest.get(claim.channel_id)
        if place is not None and match.visit.arrived_at < episodes[place].ends_at:
            episodes[place] = _continued(episodes[place], match, matter)
        else:
            latest[claim.channel_id] = len(episodes)
            episodes.append(claim)
    return sorted(episodes, key=lambda claim: claim.reported)


def reported_order(token: ReferralToken, visit: Visit) -> tuple[datetime, int]:
    """Return the place of the report that led to a visit (rules §7.1).

    A token bound to nobody until then is reported by its redemption.
    """
    is_bound = token.is_bound(visit.arrived_at)
    index = token.log_index if is_bound else visit.log_index
    return token.bound_when(visit.arrived_at), index


def first_end(
    token: ReferralToken, visit: Visit, rules: TokenRules, deal_rules: DealRules
) -> datetime:
    """Return the end of protection by a report and its visit (rules §7.2, §7.3).

    Args:
        rules: the token-level rules that the token names.
    """
    after_visit = period_end(visit.arrived_at, rules.visit_protection, deal_rules)
    if deal_rules.regime is not Regime.FIRST_REPORT:
        return after_visit
    after_report = token.issued_at + rules.report_period
    if visit.arrived_at >= after_report:
        return after_report
    return max(after_report, after_visit)


def _episode(match: Match, matter: Matter) -> Claim:
    visit = match.visit
    token = matter.tokens[visit.id]
    rules = matter.token_rules[token.rulebook_version]
    return Claim(
        token=token,
        referrer=matter.referrers[visit.id],
        visits=(match,),
        reported=reported_order(token, visit),
        ends_at=first_end(token, visit, rules, matter.deal_rules),
    )


def _continued(claim: Claim, match: Match, matter: Matter) -> Claim:
    """Return the episode with a further valid visit, renewed if agreed (§7.4)."""
    visit, ends_at = match.visit, claim.ends_at
    rules = matter.token_rules[matter.tokens[visit.id].rulebook_version]
    if rules.revisit_renews:
        renewed = period_end(
            visit.arrived_at, rules.visit_protection, matter.deal_rules
        )
        ends_at = max(ends_at, renewed)
    return replace(claim, visits=(*claim.visits, match), ends_at=ends_at)
