"""Valid domain values in one call, for what case files do not reach."""

from datetime import UTC, datetime, timedelta

from attribution.ids import (
    AgentId,
    ChannelId,
    ProgrammeId,
    ProjectId,
    TokenId,
    VisitId,
    VisitorTag,
)
from attribution.programmes import Agent, Kind, Programme
from attribution.referrals import ReferralToken
from attribution.rulebook import Binding
from attribution.visits import Standing, Visit

PROJECT = ProjectId("p1")
START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PHONE = VisitorTag(kind="cn-mobile", epoch=0, value=b"phone")
MASK = VisitorTag(kind="cn-mobile-3-4", epoch=0, value=b"mask")
ID_CARD = VisitorTag(kind="cn-id", epoch=0, value=b"card")


def a_token(
    number: int = 1,
    *,
    channel: str = "A",
    tag: VisitorTag | None = PHONE,
    issued_at: datetime = START,
    **more: datetime,
) -> ReferralToken:
    """Return a live full-bound token of agent `agent-<channel>`, 72 h long."""
    return ReferralToken(
        id=TokenId(f"t{number}"),
        agent_id=AgentId(f"agent-{channel}"),
        channel_id=ChannelId(channel),
        project_id=PROJECT,
        programme_id=ProgrammeId(channel),
        rulebook_version="1",
        binding=Binding.NONE if tag is None else Binding.FULL,
        binding_tag=tag,
        issued_at=issued_at,
        bound_at=None if tag is None else issued_at,
        expires_at=issued_at + 3 * DAY,
        log_index=number * 10,
        **more,
    )


def a_visit(
    number: int = 1,
    *,
    tags: frozenset[VisitorTag] = frozenset({PHONE}),
    arrived_at: datetime = START + HOUR,
    standing: Standing = Standing.WALK_IN,
    token: ReferralToken | None = None,
) -> Visit:
    """Return a walk-in of the phone's owner an hour after the start."""
    return Visit(
        id=VisitId(f"v{number}"),
        project_id=PROJECT,
        arrived_at=arrived_at,
        log_index=number * 10 + 5,
        tags=tags,
        token_id=None if token is None else token.id,
        standing=standing,
    )


def an_agent(channel: str = "A", suspended_from: datetime | None = None) -> Agent:
    """Return an agent `agent-<channel>`."""
    return Agent(
        id=AgentId(f"agent-{channel}"),
        channel_id=ChannelId(channel),
        suspended_from=suspended_from,
    )


def a_programme(channel: str = "A", kind: Kind = Kind.AGENCY) -> Programme:
    """Return a programme in force from the start on."""
    return Programme(
        id=ProgrammeId(channel),
        project_id=PROJECT,
        channel_id=ChannelId(channel),
        kind=kind,
        rulebook_version="1",
        in_force_from=START,
    )
