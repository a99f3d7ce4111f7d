"""What there is to choose from and to look after: lists for the offices' pages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from attribution.commissions import CommissionPlan
from attribution.errors import NotAllowed, NotFound
from attribution.ids import ProgrammeId, ProjectId
from attribution.people import CHANNEL_ROLES, Actor, Role
from attribution.programmes import Programme
from attribution.projects import Channel, Project, Version
from attribution.services.agreements import plan_of
from attribution.services.runtime import Runtime
from attribution.services.versioning import AGREEMENT_ROLES, ANY_TIME
from attribution.storage.agreement_repository import (
    PROGRAMME_PLANS,
    PROGRAMME_RULES,
    PROJECT_RULES,
    AgentProfile,
)
from attribution.storage.log_repository import LogHead
from attribution.storage.work import UnitOfWork

_SHOWN_ENTRIES = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """The names of channels and agents, by id."""

    channels: Mapping[str, str]
    agents: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """A programme with its channel, its project, and every version of its texts."""

    programme: Programme
    project: str
    channel: str
    rules: tuple[Version, ...]
    plans: tuple[tuple[Version, CommissionPlan], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectSurvey:
    """A project with every version of its rules, its agreements and its unit list."""

    project: Project
    rules: tuple[Version, ...]
    agreements: tuple[Agreement, ...]
    units: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class LogSurvey:
    """The newest signed head of the log, and its latest entries."""

    head: LogHead | None
    entries: tuple[tuple[int, str, datetime], ...]


def projects_of(runtime: Runtime, *, by: Actor, roles: Iterable[Role]) -> list[Project]:
    """Return the projects at which a person holds one of the roles, by name.

    Whoever works for a channel holds them where it has a programme.
    """
    wanted, now = tuple(roles), runtime.now()
    with runtime.reading() as work:
        found = work.agreements.projects()
        referred = {
            programme.project_id
            for grant in by.grants
            if grant.role in CHANNEL_ROLES and grant.role in wanted and grant.channel_id
            for programme in work.agreements.programmes_of(grant.channel_id, now)
        }
    return [one for one in found if one.id in referred or by.may_at(one.id, *wanted)]


def channels_of(runtime: Runtime) -> list[Channel]:
    """Return every channel, by name."""
    with runtime.reading() as work:
        return work.agreements.channels()


def project_called(runtime: Runtime, id_or_name: str) -> Project:
    """Return the project of an id or a name, or raise NotFound."""
    with runtime.reading() as work:
        for project in work.agreements.projects():
            if id_or_name in {project.id, project.name}:
                return project
    raise NotFound


def channel_called(runtime: Runtime, id_or_name: str) -> Channel:
    """Return the channel of an id or a name, or raise NotFound."""
    for channel in channels_of(runtime):
        if id_or_name in {channel.id, channel.name}:
            return channel
    raise NotFound


def agents_of(runtime: Runtime, *, by: Actor) -> list[AgentProfile]:
    """Return the agents that a person looks after, by name."""
    with runtime.reading() as work:
        found = work.agreements.agent_profiles()
    roles = (*AGREEMENT_ROLES, Role.CHANNEL_MANAGER)
    return [one for one in found if by.may_for(one.channel_id, *roles)]


def names_in(runtime: Runtime) -> Names:
    """Return the names that a ruling speaks of."""
    with runtime.reading() as work:
        return Names(
            channels={one.id: one.name for one in work.agreements.channels()},
            agents={one.id: one.name for one in work.agreements.agent_profiles()},
        )


def positions_of(runtime: Runtime, entry_ids: Iterable[str]) -> list[int | None]:
    """Return where entries stand in the log; None while one is pending."""
    with runtime.reading() as work:
        return [work.log.position_of(entry_id) for entry_id in entry_ids]


def survey_project(
    runtime: Runtime, *, by: Actor, project_id: ProjectId
) -> ProjectSurvey:
    """Return one project with all that was agreed about it.

    Raises:
        NotFound: no such project.
        NotAllowed: neither operations nor administrator there.
    """
    if not by.may_at(project_id, *AGREEMENT_ROLES):
        raise NotAllowed
    with runtime.reading() as work:
        project = work.agreements.project(project_id)
        programmes = work.agreements.programmes_at(project_id, ANY_TIME)
        return ProjectSurvey(
            project=project,
            rules=tuple(work.agreements.versions(PROJECT_RULES, project_id)),
            agreements=tuple(_agreement(work, one) for one in programmes),
            units=work.agreements.units(project_id),
        )


def survey_programme(
    runtime: Runtime, *, by: Actor, programme_id: ProgrammeId
) -> Agreement:
    """Return one programme with every version of its rulebook and plan.

    Raises:
        NotFound: no such programme.
        NotAllowed: neither operations nor administrator of its project.
    """
    with runtime.reading() as work:
        programme = work.agreements.programme(programme_id, ANY_TIME)
        if not by.may_at(programme.project_id, *AGREEMENT_ROLES):
            raise NotAllowed
        return _agreement(work, programme)


def survey_log(runtime: Runtime) -> LogSurvey:
    """Return what the log shows to an administrator: kinds and times, no contents."""
    with runtime.reading() as work:
        return LogSurvey(
            head=work.log.head(), entries=tuple(work.log.latest(_SHOWN_ENTRIES))
        )


def _agreement(work: UnitOfWork, programme: Programme) -> Agreement:
    plans = work.agreements.versions(PROGRAMME_PLANS, programme.id)
    return Agreement(
        programme=programme,
        project=work.agreements.project(programme.project_id).name,
        channel=work.agreements.channel(programme.channel_id).name,
        rules=tuple(work.agreements.versions(PROGRAMME_RULES, programme.id)),
        plans=tuple((one, plan_of(one.version, one.body)) for one in plans),
    )
