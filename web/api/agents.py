"""The API of agents 经纪人: the people who refer clients."""

from http import HTTPStatus

from flask import Blueprint
from pydantic import Field, StrictBool

from attribution.errors import NotFound
from attribution.ids import AgentId, ChannelId, PersonId
from attribution.services.answering import Reply, Request
from attribution.services.enlisting import (
    AGENT_ROLES,
    NewAgent,
    create_agent,
    suspend_agent,
)
from attribution.services.surveying import agents_of
from tokens.errors import IdentifierInvalid
from web.access import current_actor, current_runtime, requires
from web.api.channels import Suspension
from web.api.fields import (
    Asked,
    Id,
    Identifications,
    Instant,
    Line,
    Told,
    Written,
    read_all,
)
from web.api.operations import Operation, operation

bp = Blueprint("api_agents", __name__, url_prefix="/api/v1/agents")


class EnlistedAgent(Asked):
    """A person who will refer clients; the numbers become tags and are forgotten."""

    channel: Id
    name: Line
    person: Id | None = Field(default=None, description="who signs in as this agent")
    is_owner: StrictBool = False
    is_desk_staff: StrictBool = False
    identifiers: Identifications = Field(
        default=(), description="the agent's own numbers, for self-referral"
    )


class CreatedAgent(Written):
    """An agent, enlisted or changed."""

    agent_id: str


class AgentView(Told):
    """An agent."""

    agent_id: str = Field(validation_alias="id")
    channel_id: str
    person_id: str | None
    name: str
    is_owner: bool
    is_desk_staff: bool
    suspended_from: Instant | None


class AgentList(Told):
    """Agents that one looks after, by name."""

    agents: tuple[AgentView, ...]


@bp.get("")
@requires(*AGENT_ROLES)
@operation(Operation(answer=AgentList))
def agents() -> AgentList:
    """List the agents that one looks after."""
    found = agents_of(current_runtime(), by=current_actor())
    return AgentList.model_validate({"agents": found}, from_attributes=True)


@bp.post("")
@requires(*AGENT_ROLES)
@operation(
    Operation(
        body=EnlistedAgent,
        answer=CreatedAgent,
        status=HTTPStatus.CREATED,
        is_write=True,
        refuses=(NotFound, IdentifierInvalid),
        examples={"channel": "9b1c5ad2fe3b4c6d8e0f112233445566", "name": "王芳"},
    )
)
def enlist(body: EnlistedAgent, intention: Request) -> Reply:
    """Enlist an agent of a channel."""
    agent = NewAgent(
        channel_id=ChannelId(body.channel),
        name=body.name,
        person_id=None if body.person is None else PersonId(body.person),
        is_owner=body.is_owner,
        is_desk_staff=body.is_desk_staff,
        own=read_all(body.identifiers),
    )
    return create_agent(
        current_runtime(), by=current_actor(), request=intention, agent=agent
    )


@bp.post("/<agent_id>/suspension")
@requires(*AGENT_ROLES)
@operation(
    Operation(body=Suspension, answer=CreatedAgent, is_write=True, refuses=(NotFound,))
)
def suspend(agent_id: AgentId, body: Suspension, intention: Request) -> Reply:
    """Suspend an agent from now on, or let one work again."""
    return suspend_agent(
        current_runtime(),
        by=current_actor(),
        request=intention,
        agent_id=agent_id,
        is_suspended=body.is_suspended,
    )
