"""The attribution ruling (判客): who brought the buyer, with the whole argument.

Source: docs/specs/rulebook.md §9.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from attribution.documents import instant_text
from attribution.ids import AgentId, ChannelId, SigningId, TokenId, VisitId
from attribution.money import WHOLE, BasisPoints, split
from attribution.rulebook import Binding, DealRules, JointMode, Regime
from attribution.rules.claims import Claim, claims_of
from attribution.rules.findings import (
    LATE_EVIDENCE,
    REVISIT,
    Finding,
    Grade,
    Outcome,
)
from attribution.rules.matter import (
    Dossier,
    Matter,
    inputs_digest,
    matter_of,
)
from attribution.rules.precedence import Judged, judge, revisited
from attribution.signings import Match, MatchBasis
from attribution.visits import RedeemedBy, Standing
from tokens.canonical import canonical

ENGINE = "rules/2"
"""The version of this argument; a change of any answer is a new version."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimFinding:
    """What one claim comes to, and the log indices of the facts it rests on."""

    channel_id: ChannelId
    agent_id: AgentId
    token_id: TokenId
    finding: Finding
    facts: tuple[int, ...]
    reported_at: datetime
    visited_at: datetime
    protected_until: datetime
    share: BasisPoints


@dataclass(frozen=True, kw_only=True, slots=True)
class VisitFinding:
    """What one visit of the group counts for, and why it is the group's."""

    visit_id: VisitId
    arrived_at: datetime
    finding: str
    basis: MatchBasis
    facts: tuple[int, ...]
    is_marginal: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Ruling:
    """Who brought the buyer, and why.

    `claims` are in order of `reported_at`, `visits` in order of time. `shares` sum to
    10 000, in order of rank; none under the outcome `natural`. `walk_in_reward` is the
    walk-in for which the buyer's own reward is due (§9.5).
    """

    signing_id: SigningId
    outcome: Outcome
    shares: tuple[tuple[ChannelId, BasisPoints], ...]
    claims: tuple[ClaimFinding, ...]
    visits: tuple[VisitFinding, ...]
    evidence_grade: Grade | None
    walk_in_reward: VisitId | None
    token_rulebooks: tuple[str, ...]
    deal_rulebook: str
    inputs_digest: str
    engine: str = ENGINE


def rule_on(dossier: Dossier) -> Ruling:
    """Decide who brought the buyer, and why. No clock, no input but the dossier."""
    return ruling_of(matter_of(dossier))


def ruling_of(matter: Matter) -> Ruling:
    """Decide on the matched facts alone; the same facts give the same bytes."""
    judged = judge(claims_of(matter), matter)
    ranked = _ranked([one.claim for one in judged if one.defeat is None], matter)
    shares = dict(
        zip(
            (claim.channel_id for claim in ranked),
            _shares(len(ranked), matter.deal_rules),
            strict=True,
        )
    )
    visits = _visit_findings(matter, [one.claim for one in judged if one.stands])
    return Ruling(
        signing_id=matter.signing_id,
        outcome=Outcome.CHANNEL if ranked else Outcome.NATURAL,
        shares=tuple((channel, share) for channel, share in shares.items() if share),
        claims=tuple(_claim_finding(one, ranked, shares) for one in judged),
        visits=visits,
        evidence_grade=_grade(ranked[0]) if ranked else None,
        walk_in_reward=None if ranked else _rewarded(visits, matter),
        token_rulebooks=tuple(sorted(matter.token_rules)),
        deal_rulebook=matter.deal_rules.version,
        inputs_digest=inputs_digest(matter),
    )


def ruling_to_json(ruling: Ruling) -> dict[str, object]:
    """Return a ruling as JSON; `ruling_bytes` is its canonical form."""
    return {
        "signing": ruling.signing_id,
        "outcome": ruling.outcome.value,
        "shares": [list(share) for share in ruling.shares],
        "claims": [_claim_json(claim) for claim in ruling.claims],
        "visits": [_visit_json(visit) for visit in ruling.visits],
        "evidence_grade": ruling.evidence_grade,
        "walk_in_reward": ruling.walk_in_reward,
        "token_rulebooks": list(ruling.token_rulebooks),
        "deal_rulebook": ruling.deal_rulebook,
        "inputs_digest": ruling.inputs_digest,
        "engine": ruling.engine,
    }


def ruling_bytes(ruling: Ruling) -> bytes:
    """Return the canonical bytes of a ruling."""
    return canonical(ruling_to_json(ruling))


def _ranked(living: Sequence[Claim], matter: Matter) -> list[Claim]:
    """Return the living claims, best first (rules §9.1)."""
    regime = matter.deal_rules.regime
    if regime is Regime.FIRST_REPORT:
        return sorted(living, key=lambda claim: claim.reported)
    if regime is Regime.FIRST_VISIT:
        return sorted(living, key=lambda claim: claim.visited)
    return sorted(living, key=lambda claim: claim.last_visited, reverse=True)


def _shares(count: int, rules: DealRules) -> list[BasisPoints]:
    """Return the shares of `count` living claims by rank (rules §9.2)."""
    if count == 0:
        return []
    if rules.joint is JointMode.EQUAL:
        return [BasisPoints(part) for part in split(WHOLE, [1] * count)]
    weights = () if rules.joint is JointMode.WINNER_TAKES_ALL else rules.joint
    given = [*weights, *[BasisPoints(0)] * count][:count]
    return [BasisPoints(given[0] + WHOLE - sum(given)), *given[1:]]


def _grade(claim: Claim) -> Grade:
    """Return the evidence grade of the winning claim (rules §9.4)."""
    first = claim.visits[0]
    if first.visit.basis is RedeemedBy.CONFIRMED:
        return Grade.D
    if first.basis in {MatchBasis.RECEIPT, MatchBasis.RELATIVE}:
        return Grade.C
    if not claim.token.is_bound(first.visit.arrived_at):
        return Grade.C
    is_best = claim.token.binding is Binding.FULL and first.basis is MatchBasis.ID
    return Grade.A if is_best else Grade.B


def _claim_finding(
    judged: Judged, ranked: Sequence[Claim], shares: dict[ChannelId, BasisPoints]
) -> ClaimFinding:
    claim = judged.claim
    share = BasisPoints(0) if judged.defeat else shares[claim.channel_id]
    alive = Finding.WINS if share else Finding.OUTRANKED
    own = (claim.token.log_index, *(one.visit.log_index for one in claim.visits))
    decisive = judged.facts
    if alive is Finding.OUTRANKED and not judged.defeat:
        decisive = ranked[0].first_facts
    return ClaimFinding(
        channel_id=claim.channel_id,
        agent_id=claim.referrer.agent_id,
        token_id=claim.token.id,
        finding=judged.defeat or alive,
        facts=own + decisive,
        reported_at=claim.reported[0],
        visited_at=claim.visited[0],
        protected_until=claim.ends_at,
        share=share,
    )


def _visit_findings(
    matter: Matter, standing: Sequence[Claim]
) -> tuple[VisitFinding, ...]:
    late = [_found(match, LATE_EVIDENCE) for match in matter.late]
    matches = [*matter.seen, *matter.late]
    seen = [_seen(match, standing) for match in matter.seen]
    pairs = zip(matches, [*seen, *late], strict=True)
    in_time = sorted(pairs, key=lambda pair: pair[0].visit.order)
    return tuple(finding for _, finding in in_time)


def _seen(match: Match, standing: Sequence[Claim]) -> VisitFinding:
    if match.visit.standing is not Standing.WALK_IN:
        return _found(match, match.visit.standing.value)
    claim = revisited(match.visit, standing)
    if claim is None:
        return _found(match, Standing.WALK_IN.value)
    return _found(match, REVISIT, claim.visits[0].visit.log_index)


def _found(match: Match, finding: str, *others: int) -> VisitFinding:
    return VisitFinding(
        visit_id=match.visit.id,
        arrived_at=match.visit.arrived_at,
        finding=finding,
        basis=match.basis,
        facts=(match.visit.log_index, *others),
        is_marginal=match.visit.is_marginal,
    )


def _rewarded(visits: Sequence[VisitFinding], matter: Matter) -> VisitId | None:
    """Return the walk-in that earns the buyer's own reward (rules §9.5)."""
    if not matter.has_walk_in_reward:
        return None
    walk_ins = (one.visit_id for one in visits if one.finding == Standing.WALK_IN)
    return next(walk_ins, None)


def _claim_json(claim: ClaimFinding) -> dict[str, object]:
    return {
        "channel": claim.channel_id,
        "agent": claim.agent_id,
        "token": claim.token_id,
        "finding": claim.finding.value,
        "rule": claim.finding.paragraph,
        "facts": list(claim.facts),
        "reported_at": instant_text(claim.reported_at),
        "visited_at": instant_text(claim.visited_at),
        "protected_until": instant_text(claim.protected_until),
        "share": claim.share,
    }


def _visit_json(visit: VisitFinding) -> dict[str, object]:
    return {
        "visit": visit.visit_id,
        "arrived_at": instant_text(visit.arrived_at),
        "finding": visit.finding,
        "basis": visit.basis.value,
        "facts": list(visit.facts),
        "is_marginal": visit.is_marginal,
    }
