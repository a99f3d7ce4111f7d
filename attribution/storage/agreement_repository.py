"""Agreements: projects, channels, programmes, their versions, agents and owners."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    bindparam,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from attribution.errors import InputInvalid, NotFound
from attribution.ids import (
    AgentId,
    ChannelId,
    PersonId,
    ProgrammeId,
    ProjectId,
    VisitorTag,
)
from attribution.owners import Owner, OwnerMark
from attribution.programmes import Agent, Kind, Programme
from attribution.projects import Channel, Project, Version
from attribution.storage.rows import add_new, tag_of, tag_row, tags_among
from attribution.storage.tables import (
    agent_tags,
    agents,
    channels,
    log_entries,
    owner_tags,
    programme_plans,
    programme_rules,
    programmes,
    project_rules,
    projects,
    units,
)

PENDING = -1

VersionTable = Table
"""One of PROJECT_RULES, PROGRAMME_RULES and PROGRAMME_PLANS."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentProfile:
    """An agent as people see one: name, channel, and whether the person may work."""

    id: AgentId
    channel_id: ChannelId
    person_id: PersonId | None
    name: str
    is_owner: bool
    is_desk_staff: bool
    suspended_from: datetime | None


_PROFILE = select(*(agents.c[name] for name in AgentProfile.__slots__))
_AGENT = (
    select(
        agents.c.id,
        agents.c.channel_id,
        agents.c.is_owner,
        agents.c.is_desk_staff,
        agents.c.suspended_from,
        channels.c.suspended_from.label("channel_suspended_from"),
        log_entries.c.position.label("log_index"),
    )
    .join_from(agents, channels)
    .outerjoin(log_entries, agents.c.entry_id == log_entries.c.id)
    .where(agents.c.id.in_(bindparam("ids", expanding=True)))
)


class AgreementRepository:
    """What was agreed, by version. A version is never edited."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # -- projects and channels --

    def add_project(self, project: Project) -> None:
        """Store a new project, or raise InputInvalid: its name is taken."""
        with _unique("name"):
            self._insert(projects, project)

    def project(self, project_id: ProjectId) -> Project:
        """Return a project, or raise NotFound."""
        query = select(projects).where(projects.c.id == project_id)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            raise NotFound
        return Project(**row._asdict())

    def projects(self) -> list[Project]:
        """Return every project, by name."""
        query = select(projects).order_by(projects.c.name)
        return [Project(**row._asdict()) for row in self._connection.execute(query)]

    def add_channel(self, channel: Channel) -> None:
        """Store a new channel, or raise InputInvalid: its name is taken."""
        with _unique("name"):
            self._insert(channels, channel)

    def channel(self, channel_id: ChannelId) -> Channel:
        """Return a channel, or raise NotFound."""
        query = select(channels).where(channels.c.id == channel_id)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            raise NotFound
        return Channel(**row._asdict())

    def channels(self) -> list[Channel]:
        """Return every channel, by name."""
        query = select(channels).order_by(channels.c.name)
        return [Channel(**row._asdict()) for row in self._connection.execute(query)]

    def suspend_channel(self, channel_id: ChannelId, since: datetime | None) -> None:
        """Suspend a channel from an instant on, or (None) let it work again."""
        query = update(channels).where(channels.c.id == channel_id)
        self._connection.execute(query.values(suspended_from=since))

    # -- programmes, rulebooks, plans --

    def add_programme(self, programme: Programme) -> None:
        """Store a new programme; its rulebook and plan versions are added apart."""
        values = {name: getattr(programme, name) for name in _PROGRAMME_COLUMNS}
        with _unique("in_force_from"):
            self._connection.execute(insert(programmes).values(values))

    def programme(self, programme_id: ProgrammeId, at: datetime) -> Programme:
        """Return a programme with the rulebook version in force at an instant."""
        found = self._programmes(programmes.c.id == programme_id, at)
        if not found:
            raise NotFound
        return found[0]

    def programmes_at(self, project_id: ProjectId, at: datetime) -> list[Programme]:
        """Return the programmes of a project, as they stand at an instant."""
        return self._programmes(programmes.c.project_id == project_id, at)

    def programmes_of(self, channel_id: ChannelId, at: datetime) -> list[Programme]:
        """Return the programmes of a channel, as they stand at an instant."""
        return self._programmes(programmes.c.channel_id == channel_id, at)

    def _programmes(self, condition: object, at: datetime) -> list[Programme]:
        version = (
            select(programme_rules.c.version)
            .where(
                programme_rules.c.programme_id == programmes.c.id,
                programme_rules.c.in_force_from <= at,
            )
            .order_by(*(column.desc() for column in _in_order(programme_rules)))
            .limit(1)
            .scalar_subquery()
        )
        query = (
            select(programmes, version.label("rulebook_version"))
            .where(condition)  # type: ignore[arg-type]
            .order_by(programmes.c.in_force_from, programmes.c.id)
        )
        return [
            Programme(**{**row._asdict(), "kind": Kind(row.kind)})
            for row in self._connection.execute(query)
            if row.rulebook_version is not None
        ]

    def add_version(self, table: Table, owner: str, version: Version) -> None:
        """Store a version of a text; `owner` is its project or programme."""
        column = next(iter(table.primary_key.columns)).name
        self._connection.execute(
            insert(table).values(
                {
                    column: owner,
                    "version": version.version,
                    "in_force_from": version.in_force_from,
                    "body": version.body,
                }
            )
        )

    def lock_versions(self, owner: str) -> None:
        """Let one transaction at a time add a version to a project or programme."""
        if self._connection.dialect.name == "postgresql":
            key = func.hashtextextended(owner, 2)
            self._connection.execute(select(func.pg_advisory_xact_lock(key)))

    def versions(self, table: Table, owner: str) -> list[Version]:
        """Return every version of a project's or programme's text, oldest first."""
        return self.versions_among(table, [owner])

    def versions_among(self, table: Table, owners: Collection[str]) -> list[Version]:
        """Return every version of the texts of several; no two have the same name."""
        column = next(iter(table.primary_key.columns))
        query = (
            select(table.c.version, table.c.in_force_from, table.c.body)
            .where(column.in_(sorted(owners)))
            .order_by(*_in_order(table))
        )
        return [Version(**row._asdict()) for row in self._connection.execute(query)]

    def version(self, table: Table, owner: str, version: str) -> Version:
        """Return one version by its name, or raise NotFound."""
        for one in self.versions(table, owner):
            if one.version == version:
                return one
        raise NotFound

    def version_at(self, table: Table, owner: str, at: datetime) -> Version:
        """Return the version in force at an instant, or raise NotFound."""
        before = [v for v in self.versions(table, owner) if v.in_force_from <= at]
        if not before:
            raise NotFound
        return before[-1]

    # -- agents --

    def add_agent(
        self, profile: AgentProfile, created_at: datetime, entry_id: str
    ) -> None:
        """Store a new agent, or raise InputInvalid: the person is one already."""
        values = {name: getattr(profile, name) for name in AgentProfile.__slots__}
        with _unique("person_id"):
            self._connection.execute(
                insert(agents).values(
                    {**values, "created_at": created_at, "entry_id": entry_id}
                )
            )

    def agent_profile(self, agent_id: AgentId) -> AgentProfile:
        """Return an agent as people see one, or raise NotFound."""
        query = _PROFILE.where(agents.c.id == agent_id)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            raise NotFound
        return AgentProfile(**row._asdict())

    def agent_profiles(self) -> list[AgentProfile]:
        """Return every agent, by name."""
        rows = self._connection.execute(_PROFILE.order_by(agents.c.name))
        return [AgentProfile(**row._asdict()) for row in rows]

    def suspend_agent(self, agent_id: AgentId, since: datetime | None) -> None:
        """Suspend an agent from an instant on, or (None) let one work again."""
        query = update(agents).where(agents.c.id == agent_id)
        self._connection.execute(query.values(suspended_from=since))

    def agents(
        self, agent_ids: Iterable[AgentId], project_id: ProjectId
    ) -> dict[AgentId, Agent]:
        """Return agents as the rules see them at a project, own tags included."""
        ids = sorted(set(agent_ids))
        rows = self._connection.execute(_AGENT, {"ids": ids}).all()
        own: dict[str, set[VisitorTag]] = {row.id: set() for row in rows}
        query = select(agent_tags).where(
            agent_tags.c.agent_id.in_(ids), agent_tags.c.project_id == project_id
        )
        for row in self._connection.execute(query):
            own[row.agent_id].add(
                VisitorTag(kind=row.kind, epoch=row.epoch, value=row.value)
            )
        return {
            AgentId(row.id): Agent(**row._asdict(), own_tags=frozenset(own[row.id]))
            for row in rows
        }

    def add_agent_tags(
        self, agent_id: AgentId, project_id: ProjectId, tags: Iterable[VisitorTag]
    ) -> None:
        """Store an agent's own tags at a project."""
        rows = [
            {"agent_id": agent_id, "project_id": project_id, **tag_row(tag)}
            for tag in tags
        ]
        if rows:
            self._connection.execute(insert(agent_tags), rows)

    # -- owners and units --

    def owners_among(
        self, project_id: ProjectId, tags: Iterable[VisitorTag]
    ) -> list[Owner]:
        """Return which of the tags were ever marked as an owner's, and when.

        An entry that waits for its place in the log has the index PENDING.
        """
        rows = tags_among(self._connection, owner_tags, project_id, tags)
        return [
            Owner(
                tag=tag_of(row),
                mark=OwnerMark(row.scope),
                marked_at=row.recorded_at,
                log_index=self._index_of(row.entry_id),
            )
            for row in rows
        ]

    def _index_of(self, entry_id: str | None) -> int | None:
        if entry_id is None:
            return None
        query = select(log_entries.c.position).where(log_entries.c.id == entry_id)
        position = self._connection.execute(query).scalar_one()
        return PENDING if position is None else int(position)

    def add_owner(
        self, project_id: ProjectId, tag: VisitorTag, scope: str, at: datetime
    ) -> bool:
        """Mark a tag as an owner's; return False if it was marked already."""
        row = {"project_id": project_id, "scope": scope, "recorded_at": at}
        marked = {**row, **tag_row(tag)}
        return add_new(self._connection, owner_tags, [marked]) == 1

    def cite_owners(
        self, project_id: ProjectId, tags: Iterable[VisitorTag], entry_id: str
    ) -> None:
        """Name the log entry of marks that this transaction made."""
        for tag in tags:
            own = (owner_tags.c[name] == value for name, value in tag_row(tag).items())
            marks = update(owner_tags).where(
                owner_tags.c.project_id == project_id, *own
            )
            self._connection.execute(marks.values(entry_id=entry_id))

    def add_units(self, project_id: ProjectId, names: Iterable[str]) -> None:
        """Store units of a project's unit list 楼盘表 that are not there yet."""
        rows = [{"project_id": project_id, "unit": name} for name in names]
        if rows:
            add_new(self._connection, units, rows)

    def units(self, project_id: ProjectId) -> frozenset[str]:
        """Return the normal forms of a project's units; empty when none are listed."""
        query = select(units.c.unit).where(units.c.project_id == project_id)
        return frozenset(self._connection.execute(query).scalars())

    def is_unlisted(self, project_id: ProjectId, unit: str) -> bool:
        """Say whether a project lists its units, and this one is not among them."""
        listed = self.units(project_id)
        return bool(listed) and unit not in listed

    def _insert(self, table: Table, value: Project | Channel) -> None:
        values = {name: getattr(value, name) for name in type(value).__slots__}
        self._connection.execute(insert(table).values(values))


@contextmanager
def _unique(path: str) -> Iterator[None]:
    """Turn a row that the database has already into a refusal of `path`."""
    try:
        yield
    except IntegrityError:
        raise InputInvalid(path, "is taken already") from None


def _in_order(table: Table) -> tuple[ColumnElement[Any], ...]:
    """Order versions by when they begin; of the same instant the latest made wins.

    Names end in a number that counts up, so a longer name is a later one.
    """
    version = table.c.version
    return table.c.in_force_from, func.length(version), version


_PROGRAMME_COLUMNS = (
    "id",
    "project_id",
    "channel_id",
    "kind",
    "in_force_from",
    "in_force_until",
)
PROJECT_RULES, PROGRAMME_RULES, PROGRAMME_PLANS = (
    project_rules,
    programme_rules,
    programme_plans,
)
