"""Dossiers of ordinary signings, as the services would gather them."""

from datetime import UTC, datetime, timedelta

from attribution.ids import (
    AgentId,
    ChannelId,
    ProgrammeId,
    ProjectId,
    SigningId,
    TokenId,
    VisitId,
    VisitorTag,
)
from attribution.programmes import Agent, Kind, Programme
from attribution.referrals import ReferralToken
from attribution.rulebook import Binding, DealRules, TokenRules
from attribution.rules.matter import Dossier
from attribution.signings import Signing
from attribution.visits import Standing, Visit

_START = datetime(2026, 3, 1, tzinfo=UTC)
_HOUR = timedelta(hours=1)
_PROJECT = ProjectId("project")
_TAG = VisitorTag(kind="cn-mobile", epoch=1, value=b"buyer" * 6)
_RULES = TokenRules(version="rules.1")


def _token(name: str, channel: str, hours: int, log_index: int) -> ReferralToken:
    issued_at = _START + hours * _HOUR
    return ReferralToken(
        id=TokenId(name),
        agent_id=AgentId(f"agent of {channel}"),
        channel_id=ChannelId(channel),
        project_id=_PROJECT,
        programme_id=ProgrammeId(f"programme of {channel}"),
        rulebook_version=_RULES.version,
        binding=Binding.FULL,
        binding_tag=_TAG,
        issued_at=issued_at,
        bound_at=issued_at,
        expires_at=issued_at + 72 * _HOUR,
        log_index=log_index,
    )


def _visit(name: str, token: str | None, hours: int, log_index: int) -> Visit:
    return Visit(
        id=VisitId(name),
        project_id=_PROJECT,
        arrived_at=_START + hours * _HOUR,
        log_index=log_index,
        tags=frozenset({_TAG}),
        token_id=None if token is None else TokenId(token),
        standing=Standing.WALK_IN if token is None else Standing.VALID_REFERRAL,
    )


def _dossier(*channels: str, walk_ins: int) -> Dossier:
    tokens = [
        _token(f"t{n}", channel, n, 10 * n) for n, channel in enumerate(channels, 1)
    ]
    visits = [
        _visit(f"v{n}", one.id, n + 20, 10 * n + 1) for n, one in enumerate(tokens, 1)
    ]
    visits += [_visit(f"w{n}", None, n + 60, 200 + n) for n in range(walk_ins)]
    return Dossier(
        signing=Signing(
            id=SigningId("signing"),
            project_id=_PROJECT,
            signed_at=_START + 200 * _HOUR,
            log_index=1000,
            buyers=(frozenset({_TAG}),),
        ),
        visits=tuple(visits),
        tokens={one.id: one for one in tokens},
        agents={
            one.agent_id: Agent(id=one.agent_id, channel_id=one.channel_id)
            for one in tokens
        },
        programmes={
            one.programme_id: Programme(
                id=one.programme_id,
                project_id=_PROJECT,
                channel_id=one.channel_id,
                kind=Kind.AGENCY,
                rulebook_version=_RULES.version,
                in_force_from=_START,
            )
            for one in tokens
        },
        owners=(),
        token_rules={_RULES.version: _RULES},
        deal_rules=DealRules(version="deal.1"),
    )


ORDINARY = {
    "a walk-in": _dossier(walk_ins=1),
    "one channel, one visit": _dossier("A", walk_ins=0),
    "two channels and a revisit": _dossier("A", "B", walk_ins=1),
}
