"""Owners 业主: whose tags were marked as an owner's, and since when that is known."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from attribution.ids import VisitorTag

ALWAYS = datetime.min.replace(tzinfo=UTC)
"""Since when somebody is an owner whose mark has no instant, as in a case file."""


class OwnerMark(StrEnum):
    """Where a person owns already."""

    PROJECT = "project"
    GROUP = "group"


@dataclass(frozen=True, kw_only=True, slots=True)
class Owner:
    """A tag that was marked as an owner's, and the log entry that says so.

    `log_index` is None where no entry is known: in a case file, and for marks that
    were stored before their entry was.
    """

    tag: VisitorTag
    mark: OwnerMark = OwnerMark.PROJECT
    marked_at: datetime = ALWAYS
    log_index: int | None = None

    def is_before(self, order: tuple[datetime, int]) -> bool:
        """Say whether the mark comes before a fact in the one order (rules §1.4)."""
        if self.log_index is None:
            return self.marked_at < order[0]
        return (self.marked_at, self.log_index) < order

    def is_logged_before(self, limit: int) -> bool:
        """Say whether the mark's entry, where one is known, has an earlier place."""
        return self.log_index is None or self.log_index < limit

    @property
    def facts(self) -> tuple[int, ...]:
        """The log index of the mark, if it has one."""
        return () if self.log_index is None else (self.log_index,)
