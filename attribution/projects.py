"""Sales centres 案场 and the companies that bring buyers to them 渠道."""

from dataclasses import dataclass
from datetime import datetime

from attribution.ids import ChannelId, ProjectId


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """One sales centre; its identity tags are unlike those of any other."""

    id: ProjectId
    name: str
    tag_epoch: int
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Channel:
    """A company (agency, or the developer's own people) that brings buyers."""

    id: ChannelId
    name: str
    created_at: datetime
    suspended_from: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """One agreed text (rulebook or plan), in force from an instant, never edited."""

    version: str
    in_force_from: datetime
    body: str
