"""Enlisting: agents 经纪人, owners 业主, and the units of a project 楼盘表."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from attribution.documents import instant_text
from attribution.errors import InputInvalid, NotAllowed
from attribution.ids import AgentId, ChannelId, PersonId, ProjectId
from attribution.owners import OwnerMark
from attribution.people import Actor, Grant, Role
from attribution.reconciliation.units import read_unit
from attribution.services.administering import named
from attribution.services.answering import Answer, Reply, Request, once
from attribution.services.enrolling import enrol, entrust, new_person
from attribution.services.runtime import Runtime
from attribution.services.statements import (
    StatementKind,
    promise_of,
    record,
)
from attribution.services.versioning import AGREEMENT_ROLES
from attribution.storage.access_repository import HeldGrant
from attribution.storage.agreement_repository import AgentProfile
from attribution.storage.work import UnitOfWork
from tokens.identifiers import Identifier

AGENT_ROLES = (Role.CHANNEL_MANAGER, *AGREEMENT_ROLES)


@dataclass(frozen=True, kw_only=True, slots=True)
class NewAgent:
    """A person who will refer clients; the identifiers become tags, and are forgotten.

    `own` are the agent's own phone and document numbers (rules §8.2). With a `login`
    a person is added as well, who is an agent of the channel and waits to be invited.
    """

    channel_id: ChannelId
    name: str
    person_id: PersonId | None = None
    login: str = ""
    is_owner: bool = False
    is_desk_staff: bool = False
    own: tuple[Identifier, ...] = field(default=(), repr=False)


def create_agent(
    runtime: Runtime, *, by: Actor, request: Request, agent: NewAgent
) -> Reply:
    """Enlist an agent; own identifiers become tags at every project of the channel.

    Who works for a channel may not judge its cases, so enlisting somebody who is there
    already would keep a judge from the bench: only an administrator or operations,
    not limited to a place, may do that. A manager adds agents with a new login.

    Raises:
        NotAllowed: neither manager of the channel nor operations; or a person is named.
        NotFound: no such channel or person.
        LoginTaken: another person has this login.
        InputInvalid: the person is an agent already; or a name is not fit.
    """
    if not by.may_for(agent.channel_id, *AGENT_ROLES):
        raise NotAllowed
    if agent.person_id is not None and not by.may_everywhere(*AGREEMENT_ROLES):
        raise NotAllowed
    now, name = runtime.now(), named(agent.name)
    with runtime.reading() as work:
        programmes = work.agreements.programmes_of(agent.channel_id, now)
    projects = sorted({programme.project_id for programme in programmes})
    tags = {one: set(runtime.tag(one, agent.own)) for one in projects}

    def action(work: UnitOfWork) -> Answer:
        work.agreements.channel(agent.channel_id)
        profile = AgentProfile(
            id=AgentId(runtime.new_id(8)),
            channel_id=agent.channel_id,
            person_id=_person_of(runtime, work, agent, now, by),
            name=name,
            is_owner=agent.is_owner,
            is_desk_staff=agent.is_desk_staff,
            suspended_from=None,
        )
        body = {
            "agent": profile.id,
            "channel": profile.channel_id,
            "is_owner": profile.is_owner,
            "is_desk_staff": profile.is_desk_staff,
            "own_tags": sum(len(own) for own in tags.values()),
            "by": by.person_id,
        }
        recorded = record(runtime, work, now, (StatementKind.AGENT, body))[0]
        work.agreements.add_agent(profile, now, recorded.entry_id)
        for project_id, own in tags.items():
            work.agreements.add_agent_tags(profile.id, project_id, own)
        return {"agent_id": profile.id, "promise": promise_of(runtime, recorded)}

    return once(runtime, request, now, action)


def _person_of(
    runtime: Runtime, work: UnitOfWork, agent: NewAgent, now: datetime, by: Actor
) -> PersonId | None:
    """Return who signs in as an agent: a known person, a new one, or nobody."""
    if agent.person_id is not None:
        return work.access.account(agent.person_id).id
    if not agent.login.strip():
        return None
    person = new_person(agent.login, agent.name)
    held = HeldGrant(
        id=runtime.new_id(),
        person_id=enrol(runtime, work, person, now, by),
        grant=Grant(role=Role.AGENT, channel_id=agent.channel_id),
        granted_at=now,
    )
    entrust(runtime, work, held, by)
    return held.person_id


def suspend_agent(
    runtime: Runtime,
    *,
    by: Actor,
    request: Request,
    agent_id: AgentId,
    is_suspended: bool,
) -> Reply:
    """Suspend an agent from now on, or let one work again.

    Raises:
        NotFound: no such agent.
        NotAllowed: neither manager of the channel nor operations, or for one project
            only: an agent is suspended wherever the channel works.
    """
    now = runtime.now()

    def action(work: UnitOfWork) -> Answer:
        profile = work.agreements.agent_profile(agent_id)
        if not by.may_for(profile.channel_id, *AGENT_ROLES):
            raise NotAllowed
        work.agreements.suspend_agent(agent_id, now if is_suspended else None)
        body = {
            "agent": agent_id,
            "is_suspended": is_suspended,
            "by": by.person_id,
        }
        recorded = record(runtime, work, now, (StatementKind.SUSPENSION, body))[0]
        return {"agent_id": agent_id, "promise": promise_of(runtime, recorded)}

    return once(runtime, request, now, action)


def suspend_channel(
    runtime: Runtime,
    *,
    by: Actor,
    request: Request,
    channel_id: ChannelId,
    is_suspended: bool,
) -> Reply:
    """Suspend a whole channel from now on, or let it work again.

    Raises:
        NotFound: no such channel.
        NotAllowed: no administrator or operations, or limited to a place: the channel
            is suspended at every project.
    """
    if not by.may_everywhere(*AGREEMENT_ROLES):
        raise NotAllowed
    now = runtime.now()

    def action(work: UnitOfWork) -> Answer:
        work.agreements.channel(channel_id)
        work.agreements.suspend_channel(channel_id, now if is_suspended else None)
        body = {
            "channel": channel_id,
            "is_suspended": is_suspended,
            "by": by.person_id,
        }
        recorded = record(runtime, work, now, (StatementKind.SUSPENSION, body))[0]
        return {"channel_id": channel_id, "promise": promise_of(runtime, recorded)}

    return once(runtime, request, now, action)


def enlist_owners(
    runtime: Runtime,
    *,
    by: Actor,
    request: Request,
    project_id: ProjectId,
    identifiers: Sequence[Identifier],
    mark: OwnerMark,
) -> Reply:
    """Mark people as owners in this project or in the group; only tags are kept."""
    if not by.may_at(project_id, *AGREEMENT_ROLES):
        raise NotAllowed
    if not identifiers:
        raise InputInvalid("identifiers", "must not be empty")
    now = runtime.now()
    # In one order for everybody, or two lists at once could wait for each other.
    found = set(runtime.tag(project_id, identifiers))
    tags = sorted(found, key=lambda tag: (tag.kind, tag.value))

    def action(work: UnitOfWork) -> Answer:
        agreements = work.agreements
        new = [tag for tag in tags if agreements.add_owner(project_id, tag, mark, now)]
        body = {
            "project": project_id,
            "mark": mark,
            "added": len(new),
            "at": instant_text(now),
            "by": by.person_id,
        }
        recorded = record(runtime, work, now, (StatementKind.OWNER, body))[0]
        agreements.cite_owners(project_id, new, recorded.entry_id)
        return {"added": len(new), "promise": promise_of(runtime, recorded)}

    return once(runtime, request, now, action)


def list_units(
    runtime: Runtime,
    *,
    by: Actor,
    request: Request,
    project_id: ProjectId,
    texts: Sequence[str],
) -> Reply:
    """Add units to a project's list 楼盘表, all or none; say how many are listed.

    Raises:
        NotFound: no such project.
        InputInvalid: names the first one that cannot be read.
    """
    if not by.may_at(project_id, *AGREEMENT_ROLES):
        raise NotAllowed
    readings = [read_unit(text) for text in texts]
    for index, reading in enumerate(readings):
        if reading.normal is None:
            raise InputInvalid(f"units[{index}]", str(reading.doubt))

    now, units = runtime.now(), sorted({str(one.normal) for one in readings})

    def action(work: UnitOfWork) -> Answer:
        work.agreements.project(project_id)
        work.agreements.add_units(project_id, units)
        listed = len(work.agreements.units(project_id))
        body = {
            "project": project_id,
            "units": units,
            "listed": listed,
            "by": by.person_id,
        }
        recorded = record(runtime, work, now, (StatementKind.UNITS, body))[0]
        return {"listed": listed, "promise": promise_of(runtime, recorded)}

    return once(runtime, request, now, action)
