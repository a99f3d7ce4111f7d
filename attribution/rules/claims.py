"""Claims: the episodes of each channel for one client group (rules §7)."""

from dataclasses import dataclass, replace
from datetime import datetime

from attribution.ids import ChannelId
from attribution.referrals import ReferralToken
from attribution.rulebook import Regime, period_end
from attribution.rules.matter import Matter, Referrer
from attribution.signings import Match
from attribution.visits import Standing


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


def _episode(match: Match, matter: Matter) -> Claim:
    token = matter.tokens[match.visit.id]
    visit = match.visit
    bound_at = token.bound_when(visit.arrived_at)
    # A token bound to nothing is reported by its redemption, logged with the visit.
    by_redemption = not token.is_bound(visit.arrived_at)
    return Claim(
        token=token,
        referrer=matter.referrers[match.visit.id],
        visits=(match,),
        reported=(bound_at, visit.log_index if by_redemption else token.log_index),
        ends_at=_first_end(token, match, matter),
    )


def _first_end(token: ReferralToken, match: Match, matter: Matter) -> datetime:
    """Return the end of a new episode's protection (rules §7.2, §7.3)."""
    visited_at = match.visit.arrived_at
    after_visit = _visit_end(match, matter)
    if matter.deal_rules.regime is not Regime.FIRST_REPORT:
        return after_visit
    rules = matter.token_rules[token.rulebook_version]
    after_report = token.issued_at + rules.report_period
    if visited_at >= after_report:
        return after_report
    return max(after_report, after_visit)


def _continued(claim: Claim, match: Match, matter: Matter) -> Claim:
    """Return the episode with a further valid visit, renewed if agreed (§7.4)."""
    version = matter.tokens[match.visit.id].rulebook_version
    ends_at = claim.ends_at
    if matter.token_rules[version].revisit_renews:
        ends_at = max(ends_at, _visit_end(match, matter))
    return replace(claim, visits=(*claim.visits, match), ends_at=ends_at)


def _visit_end(match: Match, matter: Matter) -> datetime:
    version = matter.tokens[match.visit.id].rulebook_version
    days = matter.token_rules[version].visit_protection
    return period_end(match.visit.arrived_at, days, matter.deal_rules)
