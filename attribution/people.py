"""The people who work with Hefu: what each may do, and where."""

from dataclasses import dataclass
from enum import StrEnum

from attribution.errors import InputInvalid
from attribution.ids import AgentId, ChannelId, DeviceId, PersonId, ProjectId


class Role(StrEnum):
    """What a person may do (journeys §2)."""

    AGENT = "agent"
    CHANNEL_MANAGER = "channel_manager"
    DESK = "desk"
    DESK_SUPERVISOR = "desk_supervisor"
    SIGNING = "signing"
    FINANCE = "finance"
    FINANCE_APPROVER = "finance_approver"
    OPERATIONS = "operations"
    ADJUDICATOR = "adjudicator"
    RISK = "risk"
    AUDITOR = "auditor"
    ADMIN = "admin"


CHANNEL_ROLES = frozenset({Role.AGENT, Role.CHANNEL_MANAGER})
"""Whoever holds one works for a channel, not at a project."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Grant:
    """One role in one place: a project, a channel, or (neither) everywhere."""

    role: Role
    project_id: ProjectId | None = None
    channel_id: ChannelId | None = None


def check_grant(grant: Grant) -> None:
    """Let a role hold where it was put, or raise InputInvalid.

    An administrator gives every role, so one limited to a place would be no limit; an
    agent or manager of no channel in particular would be one of all.
    """
    if grant.role is Role.ADMIN and (grant.project_id or grant.channel_id):
        raise InputInvalid("role", "an administrator is not limited to a place")
    if grant.role in CHANNEL_ROLES and grant.channel_id is None:
        raise InputInvalid("channel", "this role belongs to a channel")


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who is asking: a signed-in person, perhaps at a paired device."""

    person_id: PersonId
    name: str
    grants: tuple[Grant, ...]
    agent_id: AgentId | None = None
    channel_id: ChannelId | None = None
    device_id: DeviceId | None = None

    def holds(self, *roles: Role) -> bool:
        """Say whether the person has one of the roles anywhere."""
        return any(grant.role in roles for grant in self.grants)

    def may_at(self, project_id: ProjectId, *roles: Role) -> bool:
        """Say whether the person has one of the roles at a whole project.

        A role for one channel only does not reach what others do there.
        """
        return any(
            grant.role in roles
            and grant.project_id in (None, project_id)
            and grant.channel_id is None
            for grant in self.grants
        )

    def may_for(
        self, channel_id: ChannelId, *roles: Role, at: ProjectId | None = None
    ) -> bool:
        """Say whether the person has one of the roles for a channel.

        Args:
            at: the project it is about. Without one it is about the channel wherever
                it works, and a role for one project does not reach so far.
        """
        return any(
            grant.role in roles
            and grant.channel_id in (None, channel_id)
            and grant.project_id in (None, at)
            for grant in self.grants
        )

    def may_everywhere(self, *roles: Role) -> bool:
        """Say whether the person has one of the roles without any limit."""
        return any(
            grant.role in roles
            and grant.project_id is None
            and grant.channel_id is None
            for grant in self.grants
        )

    def is_agent(self, agent_id: AgentId, *, at: ProjectId) -> bool:
        """Say whether the person is a certain agent, and works as one at a project."""
        return (
            agent_id == self.agent_id
            and self.channel_id is not None
            and self.may_for(self.channel_id, Role.AGENT, at=at)
        )

    def speaks_for(
        self, agent_id: AgentId, channel_id: ChannelId, *, at: ProjectId
    ) -> bool:
        """Say whether what an agent did is the person's own, or that of the channel."""
        return self.is_agent(agent_id, at=at) or self.may_for(
            channel_id, Role.CHANNEL_MANAGER, at=at
        )
