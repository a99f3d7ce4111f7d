"""Programmes (方案), the agreements that let a channel refer, and their agents."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from attribution.ids import (
    AgentId,
    ChannelId,
    ProgrammeId,
    ProjectId,
    VisitorTag,
)


class Kind(StrEnum):
    """Who refers under a programme (rules §2)."""

    AGENCY = "agency"  # 中介分销
    RESIDENT = "resident"  # 老带新
    PUBLIC = "public"  # 全民经纪人
    STAFF = "staff"  # 员工推荐
    OWN = "own"  # 自渠
    WALK_IN_REWARD = "walk_in_reward"  # 自然到访礼遇


@dataclass(frozen=True, kw_only=True, slots=True)
class Programme:
    """One developer-channel agreement for one project.

    In force on the half-open period [in_force_from, in_force_until).
    `rulebook_version` names the token-level parameters for what is issued now.
    """

    id: ProgrammeId
    project_id: ProjectId
    channel_id: ChannelId
    kind: Kind
    rulebook_version: str
    in_force_from: datetime
    in_force_until: datetime | None = None

    def is_in_force(self, at: datetime) -> bool:
        """Say whether the programme holds at `at`; `in_force_until` is too late."""
        return self.in_force_from <= at and (
            self.in_force_until is None or at < self.in_force_until
        )

    def takes_referrals(self, at: datetime) -> bool:
        """Say whether tokens may be issued under it: a reward for walk-ins has none."""
        return self.kind is not Kind.WALK_IN_REWARD and self.is_in_force(at)


@dataclass(frozen=True, kw_only=True, slots=True)
class Agent:
    """A person who refers clients (经纪人), with what the rules ask about them.

    `own_tags` are the agent's own identifiers as tags, for self-referral (rules §8.2).
    `log_index` is the entry that says all this of the agent; None where none is known.
    """

    id: AgentId
    channel_id: ChannelId
    own_tags: frozenset[VisitorTag] = frozenset()
    is_owner: bool = False
    is_desk_staff: bool = False
    suspended_from: datetime | None = None
    channel_suspended_from: datetime | None = None
    log_index: int | None = None

    def is_suspended(self, at: datetime) -> bool:
        """Say whether the agent or the channel is suspended at `at`."""
        return any(
            since is not None and since <= at
            for since in (self.suspended_from, self.channel_suspended_from)
        )
