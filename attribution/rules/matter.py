"""What a ruling rests on: the dossier of a signing, reduced to what is the group's.

After matching no tag is left, so a matter can be shown, hashed and ruled on again by
whoever holds it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from attribution.documents import instant_text
from attribution.ids import (
    AgentId,
    ChannelId,
    ProgrammeId,
    SigningId,
    TokenId,
    VisitId,
    VisitorTag,
)
from attribution.owners import Owner
from attribution.programmes import Agent, Kind, Programme
from attribution.referrals import ReferralToken
from attribution.rulebook import (
    DealRules,
    TokenRules,
    deal_rules_to_json,
    token_rules_to_json,
)
from attribution.signings import Match, Signing, match_visits
from attribution.visits import Visit
from tokens.canonical import canonical


@dataclass(frozen=True, kw_only=True, slots=True)
class Dossier:
    """Everything known about one signing; facts of others do no harm (rules §11.3).

    Args:
        visits: arrivals and refused redemptions, each with its standing.
        owners: marks of those who own in this project or group, whenever made.
        token_rules: by the version that a token names.
        seen_until: the log index of the ruling; facts logged at or after it are late
            evidence. None: the ruling is made with the signing (rules §1.5).
    """

    signing: Signing
    visits: tuple[Visit, ...]
    tokens: Mapping[TokenId, ReferralToken]
    agents: Mapping[AgentId, Agent]
    programmes: Mapping[ProgrammeId, Programme]
    owners: tuple[Owner, ...]
    token_rules: Mapping[str, TokenRules]
    deal_rules: DealRules
    seen_until: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Referrer:
    """What the rules ask about the person behind a token, seen from this signing."""

    agent_id: AgentId
    channel_id: ChannelId
    kind: Kind
    is_in_group: bool
    is_owner: bool
    is_desk_staff: bool
    log_index: int | None

    @property
    def facts(self) -> tuple[int, ...]:
        """The log index of what is known about the person, if it has one."""
        return () if self.log_index is None else (self.log_index,)


@dataclass(frozen=True, kw_only=True, slots=True)
class Matter:
    """The facts of one client group before its signing, and the rules for them.

    `tokens` and `referrers` are those of each visit that took a token; `owner_facts`
    are the log indices of the marks by which a buyer is an owner.
    """

    signing_id: SigningId
    signed_at: datetime
    log_index: int
    seen: tuple[Match, ...]
    late: tuple[Match, ...]
    tokens: Mapping[VisitId, ReferralToken]
    referrers: Mapping[VisitId, Referrer]
    token_rules: Mapping[str, TokenRules]
    deal_rules: DealRules
    has_buying_owner: bool
    owner_facts: tuple[int, ...]
    has_walk_in_reward: bool


def matter_of(dossier: Dossier) -> Matter:
    """Return what matters: the group's own facts before the signing, and no tag."""
    signing, rules = dossier.signing, dossier.deal_rules
    order = (signing.signed_at, signing.log_index)
    limit = signing.log_index if dossier.seen_until is None else dossier.seen_until
    before = [visit for visit in dossier.visits if visit.order < order]
    matches = match_visits(signing, before, rules.family)
    seen = tuple(match for match in matches if match.visit.log_index < limit)
    tokens = {
        match.visit.id: dossier.tokens[match.visit.token_id]
        for match in seen
        if match.visit.token_id is not None and not match.visit.standing.is_refused
    }
    buyers = signing.buyer_tags
    group = buyers | signing.relative_tags(rules.family)
    owners = [
        one
        for one in dossier.owners
        if one.tag in buyers and one.is_before(order) and one.is_logged_before(limit)
    ]
    versions = {token.rulebook_version for token in tokens.values()}
    return Matter(
        signing_id=signing.id,
        signed_at=signing.signed_at,
        log_index=signing.log_index,
        seen=seen,
        late=tuple(match for match in matches if match.visit.log_index >= limit),
        tokens=tokens,
        referrers={
            id_: _referrer(token, dossier, group) for id_, token in tokens.items()
        },
        token_rules={version: dossier.token_rules[version] for version in versions},
        deal_rules=rules,
        has_buying_owner=bool(owners),
        owner_facts=tuple(sorted({fact for one in owners for fact in one.facts})),
        has_walk_in_reward=any(
            programme.kind is Kind.WALK_IN_REWARD
            and programme.project_id == signing.project_id
            and programme.is_in_force(signing.signed_at)
            for programme in dossier.programmes.values()
        ),
    )


def _referrer(
    token: ReferralToken, dossier: Dossier, group: frozenset[VisitorTag]
) -> Referrer:
    agent = dossier.agents[token.agent_id]
    return Referrer(
        agent_id=agent.id,
        channel_id=token.channel_id,
        kind=dossier.programmes[token.programme_id].kind,
        is_in_group=not group.isdisjoint(agent.own_tags),
        is_owner=agent.is_owner,
        is_desk_staff=agent.is_desk_staff,
        log_index=agent.log_index,
    )


def inputs_of(matter: Matter) -> dict[str, object]:
    """Return the canonical inputs of a ruling as JSON (rules §9.3)."""
    return {
        "signing": [matter.signing_id, instant_text(matter.signed_at)],
        "log_index": matter.log_index,
        "seen": [_visit_json(match) for match in matter.seen],
        "late": [_visit_json(match) for match in matter.late],
        "tokens": [
            _token_json(matter.tokens[match.visit.id], matter.referrers[match.visit.id])
            for match in matter.seen
            if match.visit.id in matter.tokens
        ],
        "token_rules": [
            [version, token_rules_to_json(matter.token_rules[version])]
            for version in sorted(matter.token_rules)
        ],
        "deal_rules": [
            matter.deal_rules.version,
            deal_rules_to_json(matter.deal_rules),
        ],
        "has_buying_owner": matter.has_buying_owner,
        "owner_facts": list(matter.owner_facts),
        "has_walk_in_reward": matter.has_walk_in_reward,
    }


def inputs_digest(matter: Matter) -> str:
    """Return the SHA-256 of the canonical inputs, in hexadecimal."""
    return hashlib.sha256(canonical(inputs_of(matter))).hexdigest()


def _visit_json(match: Match) -> dict[str, object]:
    visit = match.visit
    return {
        "visit": visit.id,
        "arrived_at": instant_text(visit.arrived_at),
        "log_index": visit.log_index,
        "standing": visit.standing,
        "token": visit.token_id,
        "redeemed_by": visit.basis,
        "is_marginal": visit.is_marginal,
        "basis": match.basis,
    }


def _token_json(token: ReferralToken, referrer: Referrer) -> dict[str, object]:
    return {
        "token": token.id,
        "agent": token.agent_id,
        "channel": token.channel_id,
        "programme": token.programme_id,
        "rulebook": token.rulebook_version,
        "binding": token.binding,
        "issued_at": instant_text(token.issued_at),
        "bound_at": token.bound_at and instant_text(token.bound_at),
        "log_index": token.log_index,
        "kind": referrer.kind,
        "is_in_group": referrer.is_in_group,
        "is_owner": referrer.is_owner,
        "is_desk_staff": referrer.is_desk_staff,
        "agent_log_index": referrer.log_index,
    }
