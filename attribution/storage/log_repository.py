"""Log entries 存证: written pending with their fact, placed later by the sequencer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, bindparam, func, insert, select, update

from attribution.storage.prepared import Prepared
from attribution.storage.tables import log_entries, log_heads


@dataclass(frozen=True, kw_only=True, slots=True)
class LogEntry:
    """One line of the log: what is committed to, and beside it what opens it."""

    id: str
    kind: str
    at: datetime
    entry: bytes
    nonce: bytes | None = field(repr=False)
    event: bytes | None = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class LogHead:
    """A signed state of the tree: its size, root and frontier, and the checkpoint."""

    size: int
    root: bytes
    frontier: bytes
    checkpoint: str
    signed_at: datetime


_ADD = Prepared(insert(log_entries), "id", "kind", "at", "entry", "nonce", "event")
_PENDING = (
    select(log_entries.c.arrival, log_entries.c.entry)
    .where(log_entries.c.position.is_(None))
    .order_by(log_entries.c.arrival)
    .limit(bindparam("most"))
)
_PLACE = (
    update(log_entries)
    .where(
        log_entries.c.arrival == bindparam("the_arrival"),
        log_entries.c.position.is_(None),
    )
    .values(position=bindparam("the_position"))
)
_HEAD = select(log_heads).order_by(log_heads.c.size.desc()).limit(1)
_POSITION = select(log_entries.c.position).where(log_entries.c.id == bindparam("entry"))


class LogRepository:
    """The transparency log's rows: entries in order of arrival, and signed heads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, entries: Sequence[LogEntry]) -> None:
        """Store entries without a position, in one statement."""
        rows = [
            {
                "id": entry.id,
                "kind": entry.kind,
                "at": entry.at,
                "entry": entry.entry,
                "nonce": entry.nonce,
                "event": entry.event,
            }
            for entry in entries
        ]
        _ADD.run_all(self._connection, rows)

    def pending(self, most: int) -> list[tuple[int, bytes]]:
        """Return (arrival, entry bytes) of what has no position yet, oldest first."""
        rows = self._connection.execute(_PENDING, {"most": most})
        return [(row.arrival, row.entry) for row in rows]

    def place(self, positions: Sequence[tuple[int, int]]) -> None:
        """Give each (arrival, position) its place; a placed entry never moves."""
        self._connection.execute(
            _PLACE,
            [{"the_arrival": arrival, "the_position": at} for arrival, at in positions],
        )

    def head(self) -> LogHead | None:
        """Return the newest signed head, or None for an empty log."""
        row = self._connection.execute(_HEAD).one_or_none()
        return None if row is None else LogHead(**row._asdict())

    def add_head(self, head: LogHead) -> None:
        """Store a signed head; two heads of one size are refused by the key."""
        values = {name: getattr(head, name) for name in LogHead.__slots__}
        self._connection.execute(insert(log_heads), values)

    def position_of(self, entry_id: str) -> int | None:
        """Return the place of an entry, or None while it is pending."""
        row = self._connection.execute(_POSITION, {"entry": entry_id}).one()
        return None if row.position is None else int(row.position)

    def entries(self, start: int, most: int) -> list[tuple[int, bytes]]:
        """Return (position, entry bytes) from `start` on: what the public may see."""
        query = (
            select(log_entries.c.position, log_entries.c.entry)
            .where(log_entries.c.position >= start)
            .order_by(log_entries.c.position)
            .limit(most)
        )
        return [(row.position, row.entry) for row in self._connection.execute(query)]

    def latest(self, most: int) -> list[tuple[int, str, datetime]]:
        """Return (position, kind, instant) of the newest placed entries."""
        query = (
            select(log_entries.c.position, log_entries.c.kind, log_entries.c.at)
            .where(log_entries.c.position.is_not(None))
            .order_by(log_entries.c.position.desc())
            .limit(most)
        )
        rows = self._connection.execute(query)
        return [(row.position, row.kind, row.at) for row in rows]

    def lock_for_sequencing(self, *, wait: bool) -> bool:
        """Become the only sequencer until the transaction ends, or return False.

        SQLite has one writer, so whoever is here already is the only one.
        """
        if self._connection.dialect.name != "postgresql":
            return True
        if wait:
            self._connection.execute(select(func.pg_advisory_xact_lock(_SEQUENCER)))
            return True
        lock = select(func.pg_try_advisory_xact_lock(_SEQUENCER))
        return bool(self._connection.execute(lock).scalar_one())


# An arbitrary number that no other lock of this database uses.
_SEQUENCER = 0x48454655
