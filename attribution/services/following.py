"""An agent follows own tokens 推荐码: where each may be given, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from attribution.errors import NotAllowed
from attribution.ids import ProgrammeId, ProjectId, TokenId
from attribution.people import Actor
from attribution.referrals import ReferralToken
from attribution.rulebook import Binding, TokenRules
from attribution.services.agreements import (
    programmes_to_refer_under,
    token_rules_at,
    token_rules_by_version,
)
from attribution.services.issuing import ShownToken, token_of, tokens_of
from attribution.services.runtime import Runtime


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """A project that an agent may refer clients to now, and on which terms."""

    project_id: ProjectId
    project: str
    binding_required: Binding
    lead_time: timedelta
    token_lifetime: timedelta


class Progress(StrEnum):
    """How far a token has come, as its agent is told."""

    UNOPENED = "unopened"  # waits for the client to open the link
    WAITING = "waiting"  # a visit now would be too early
    READY = "ready"
    VISITED = "visited"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, kw_only=True, slots=True)
class FollowedToken:
    """A token with its project's name, its progress, and when a visit counts from."""

    shown: ShownToken
    project: str
    progress: Progress
    earliest_at: datetime | None

    @property
    def token(self) -> ReferralToken:
        """Return the token itself."""
        return self.shown.issued.token


def offers_to(runtime: Runtime, *, by: Actor) -> list[Offer]:
    """Return the projects that the caller's channel may refer clients to now.

    Raises:
        NotAllowed: the caller is no agent.
    """
    if by.agent_id is None or by.channel_id is None:
        raise NotAllowed
    now = runtime.now()
    offers: dict[ProjectId, Offer] = {}
    with runtime.reading() as work:
        for one in programmes_to_refer_under(work, by.channel_id, now):
            if not by.is_agent(by.agent_id, at=one.project_id):
                continue
            rules = token_rules_at(work, one.id, now)
            offer = Offer(
                project_id=one.project_id,
                project=work.agreements.project(one.project_id).name,
                binding_required=rules.binding_required,
                lead_time=rules.lead_time,
                token_lifetime=rules.token_lifetime,
            )
            # The first programme of a project is the one a token is issued under.
            offers.setdefault(one.project_id, offer)
    return sorted(offers.values(), key=lambda offer: offer.project)


def own_tokens(runtime: Runtime, *, by: Actor) -> list[FollowedToken]:
    """Return the caller's own tokens, newest first."""
    return _followed(runtime, tokens_of(runtime, by=by))


def own_token(runtime: Runtime, *, by: Actor, token_id: TokenId) -> FollowedToken:
    """Return one of the caller's own tokens, or raise NotFound."""
    return _followed(runtime, [token_of(runtime, by=by, token_id=token_id)])[0]


def progress_of(
    token: ReferralToken, earliest_at: datetime | None, now: datetime
) -> Progress:
    """Return how far a token has come at an instant."""
    if token.redeemed_at is not None:
        return Progress.VISITED
    if token.revoked_at is not None:
        return Progress.REVOKED
    if token.is_expired(now):
        return Progress.EXPIRED
    if token.binding is Binding.OPENED and token.bound_at is None:
        return Progress.UNOPENED
    if earliest_at is not None and now < earliest_at:
        return Progress.WAITING
    return Progress.READY


def _followed(runtime: Runtime, shown: list[ShownToken]) -> list[FollowedToken]:
    now = runtime.now()
    tokens = [one.issued.token for one in shown]
    with runtime.reading() as work:
        names = {
            one: work.agreements.project(one).name
            for one in {token.project_id for token in tokens}
        }
        programmes: set[ProgrammeId] = {token.programme_id for token in tokens}
        rules = token_rules_by_version(work, programmes)
    followed = []
    for one in shown:
        token = one.issued.token
        earliest_at = _earliest(token, rules, now)
        followed.append(
            FollowedToken(
                shown=one,
                project=names[token.project_id],
                progress=progress_of(token, earliest_at, now),
                earliest_at=earliest_at,
            )
        )
    return followed


def _earliest(
    token: ReferralToken, rules: Mapping[str, TokenRules], now: datetime
) -> datetime | None:
    """Return the instant from which a visit counts (rules §4.3).

    None while the token waits to be bound by the client who opens its link.
    """
    if token.binding is Binding.OPENED and token.bound_at is None:
        return None
    return token.lead_from(now) + rules[token.rulebook_version].lead_time
