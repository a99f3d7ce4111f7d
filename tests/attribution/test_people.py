"""Roles and where each of them reaches."""

import pytest

from attribution.ids import AgentId, ChannelId, PersonId, ProjectId
from attribution.people import Actor, Grant, Role

HERE, THERE = ProjectId("here"), ProjectId("there")
OWN, OTHER = ChannelId("own"), ChannelId("other")
WANG, LI = AgentId("wang"), AgentId("li")


def holder(role: Role, **where: object) -> Actor:
    grant = Grant(role=role, **where)  # type: ignore[arg-type]
    return Actor(person_id=PersonId("p"), name="p", grants=(grant,))


def agent(*grants: Grant, channel_id: ChannelId | None = OWN) -> Actor:
    return Actor(
        person_id=PersonId("p"),
        name="p",
        grants=grants,
        agent_id=WANG,
        channel_id=channel_id,
    )


@pytest.mark.parametrize(
    ("where", "at", "reaches"),
    [
        ({}, None, True),
        ({}, HERE, True),
        ({"channel_id": OWN}, None, True),
        ({"channel_id": OWN}, HERE, True),
        ({"channel_id": OTHER}, None, False),
        ({"channel_id": OTHER}, HERE, False),
        ({"project_id": HERE}, HERE, True),
        ({"project_id": HERE}, THERE, False),
        ({"project_id": HERE}, None, False),
        ({"project_id": HERE, "channel_id": OWN}, None, False),
    ],
)
def test_a_role_for_one_project_does_not_reach_a_channel_everywhere(
    where: dict[str, object], at: ProjectId | None, *, reaches: bool
) -> None:
    manager = holder(Role.CHANNEL_MANAGER, **where)

    assert manager.may_for(OWN, Role.CHANNEL_MANAGER, at=at) is reaches
    assert not manager.may_for(OWN, Role.OPERATIONS, at=at)


@pytest.mark.parametrize(
    ("where", "reaches"),
    [({}, True), ({"project_id": HERE}, False), ({"channel_id": OWN}, False)],
)
def test_only_a_role_without_limit_reaches_everywhere(
    where: dict[str, object], *, reaches: bool
) -> None:
    operations = holder(Role.OPERATIONS, **where)

    assert operations.may_everywhere(Role.OPERATIONS) is reaches
    assert not operations.may_everywhere(Role.ADMIN)


@pytest.mark.parametrize(
    ("actor", "is_agent"),
    [
        (agent(Grant(role=Role.AGENT)), True),
        (agent(Grant(role=Role.AGENT, channel_id=OWN)), True),
        (agent(Grant(role=Role.AGENT, project_id=HERE)), True),
        (agent(Grant(role=Role.AGENT, project_id=THERE)), False),
        (agent(Grant(role=Role.AGENT, channel_id=OTHER)), False),
        (agent(Grant(role=Role.DESK)), False),
        (agent(), False),
        (agent(Grant(role=Role.AGENT), channel_id=None), False),
        (holder(Role.AGENT), False),
    ],
)
def test_an_agent_is_one_by_name_and_by_role_at_the_project(
    actor: Actor, *, is_agent: bool
) -> None:
    assert actor.is_agent(WANG, at=HERE) is is_agent
    assert actor.speaks_for(WANG, OWN, at=HERE) is is_agent
    assert not actor.is_agent(LI, at=HERE)


def test_a_manager_speaks_for_the_agents_of_the_channel_at_the_project() -> None:
    manager = holder(Role.CHANNEL_MANAGER, channel_id=OWN, project_id=HERE)

    assert manager.speaks_for(WANG, OWN, at=HERE)
    assert not manager.speaks_for(WANG, OWN, at=THERE)
    assert not manager.speaks_for(WANG, OTHER, at=HERE)
