"""Log entries 存证: written pending with their fact, placed later by the sequencer."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from attribution.storage.prepared import Prepared, PreparedQuery
from attribution.storage.tables import AGREED, log_entries, log_heads, log_nodes
from tokens.log import TILE_HEIGHT, Node, leaf_hash, root


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
class PlacedEntry(LogEntry):
    """An entry that has its place in the tree."""

    position: int


class WalkedEntry(NamedTuple):
    """A placed entry, as it is checked."""

    position: int
    kind: str
    at: datetime
    entry: bytes
    nonce: bytes | None
    event: bytes | None


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenedEntry:
    """An entry of the log with what opens it, placed or not."""

    at: datetime
    entry: bytes
    nonce: bytes = field(repr=False)
    event: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class LoggedFact:
    """A fact by its entry: what kind, when, and where; None while it is pending."""

    entry_id: str
    kind: str
    at: datetime
    position: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class LogHead:
    """A signed state of the tree: its size, root and frontier, and the checkpoint."""

    size: int
    root: bytes
    frontier: bytes
    checkpoint: str
    signed_at: datetime


_BATCH = 10_000
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
_OPENED = (
    select(
        log_entries.c.at, log_entries.c.entry, log_entries.c.nonce, log_entries.c.event
    )
    .where(log_entries.c.kind == bindparam("wanted"), log_entries.c.event.is_not(None))
    .order_by(log_entries.c.arrival)
)
# The reads of a proof; compiled once, they cost what the database needs.
_LARGEST = select(func.max(log_heads.c.size)).scalar_subquery()
_HEAD = PreparedQuery(select(log_heads).where(log_heads.c.size == _LARGEST))
_HEAD_AT = PreparedQuery(select(log_heads).where(log_heads.c.size == bindparam("size")))
_POSITION = select(log_entries.c.position).where(log_entries.c.id == bindparam("entry"))


_ENTRY = select(*(log_entries.c[name] for name in LogEntry.__slots__))
_LAST_POSITION = select(func.max(log_entries.c.position))
_WITH_PLACE = select(
    log_entries.c.id,
    log_entries.c.position,
    log_entries.c.kind,
    log_entries.c.at,
    log_entries.c.entry,
    log_entries.c.nonce,
    log_entries.c.event,
).where(log_entries.c.position.is_not(None))
_PLACED = PreparedQuery(_WITH_PLACE.where(log_entries.c.id == bindparam("entry")))
_LEAVES = PreparedQuery(
    select(log_entries.c.position, log_entries.c.entry)
    .where(
        log_entries.c.position >= bindparam("first"),
        log_entries.c.position < bindparam("end"),
    )
    .order_by(log_entries.c.position)
)
_NODES = PreparedQuery(
    select(log_nodes.c.number, log_nodes.c.hash)
    .where(
        log_nodes.c.level == bindparam("at_level"),
        log_nodes.c.number >= bindparam("first"),
        log_nodes.c.number < bindparam("end"),
    )
    .order_by(log_nodes.c.number)
)


class Tiles:
    """Reads the nodes of the tree (tokens/log.py), a tile of them at a time.

    A node is made from the tile that it belongs to: 16 entries, or the roots of 16
    tiles below. A root that nobody remembered is made from its own tile.
    """

    def __init__(
        self, connection: Connection, known: Mapping[tuple[int, int], bytes]
    ) -> None:
        self._connection = connection
        self._known = known
        self._tiles: dict[tuple[int, int], dict[int, bytes]] = {}

    def __call__(self, level: int, number: int) -> bytes:
        """Return the root of a full subtree of placed entries."""
        if (level, number) in self._known:
            return self._known[level, number]
        above = level % TILE_HEIGHT
        return self._over(level - above, number << above, 1 << above)

    def _over(self, level: int, first: int, count: int) -> bytes:
        """Return the root over nodes of one tile."""
        tile = self._tile(level, first >> TILE_HEIGHT)
        return root([self._in(tile, level, first + n) for n in range(count)])

    def _in(self, tile: dict[int, bytes], level: int, number: int) -> bytes:
        if number not in tile and level:
            below, whole = level - TILE_HEIGHT, 1 << TILE_HEIGHT
            tile[number] = self._over(below, number << TILE_HEIGHT, whole)
        return tile.get(number, b"")

    def _tile(self, level: int, number: int) -> dict[int, bytes]:
        if (level, number) not in self._tiles:
            first = number << TILE_HEIGHT
            span = {"first": first, "end": first + (1 << TILE_HEIGHT)}
            self._tiles[level, number] = self._read(level, span)
        return self._tiles[level, number]

    def _read(self, level: int, span: dict[str, int]) -> dict[int, bytes]:
        if level == 0:
            rows = _LEAVES.rows(self._connection, span)
            return {row.position: leaf_hash(row.entry) for row in rows}
        rows = _NODES.rows(self._connection, {"at_level": level, **span})
        return {row.number: bytes(row.hash) for row in rows}


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

    def oldest_pending(self) -> LogEntry | None:
        """Return the entry that has waited longest for its place, or None."""
        query = _ENTRY.where(log_entries.c.position.is_(None))
        query = query.order_by(log_entries.c.arrival).limit(1)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else LogEntry(**row._asdict())

    def entry(self, entry_id: str) -> LogEntry:
        """Return an entry that is known to be there, with a place or without."""
        query = _ENTRY.where(log_entries.c.id == entry_id)
        return LogEntry(**self._connection.execute(query).one()._asdict())

    def place(self, positions: Sequence[tuple[int, int]]) -> None:
        """Give each (arrival, position) its place; a placed entry never moves."""
        self._connection.execute(
            _PLACE,
            [{"the_arrival": arrival, "the_position": at} for arrival, at in positions],
        )

    def head(self) -> LogHead | None:
        """Return the newest signed head, or None for an empty log."""
        return _head(_HEAD.rows(self._connection, {}))

    def add_head(self, head: LogHead) -> None:
        """Store a signed head; two heads of one size are refused by the key."""
        values = {name: getattr(head, name) for name in LogHead.__slots__}
        self._connection.execute(insert(log_heads), values)

    def opened(self, kind: str) -> list[OpenedEntry]:
        """Return the entries of a kind that can be opened, in order of arrival."""
        rows = self._connection.execute(_OPENED, {"wanted": kind})
        return [OpenedEntry(**row._asdict()) for row in rows]

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

    def head_at(self, size: int) -> LogHead | None:
        """Return the signed head of one size, or None."""
        return _head(_HEAD_AT.rows(self._connection, {"size": size}))

    def heads(self) -> list[LogHead]:
        """Return every signed head, smallest first."""
        rows = self._connection.execute(select(log_heads).order_by(log_heads.c.size))
        return [LogHead(**row._asdict()) for row in rows]

    def leaves_in_batches(self) -> Iterator[list[bytes]]:
        """Give the leaf hashes of all placed entries in order, many at a time."""
        query = (
            select(log_entries.c.entry)
            .where(log_entries.c.position.is_not(None))
            .order_by(log_entries.c.position)
        )
        options = {"yield_per": _BATCH}
        streamed = self._connection.execute(query, execution_options=options)
        for rows in streamed.scalars().partitions():
            yield [leaf_hash(entry) for entry in rows]

    def walk(self) -> Iterator[list[WalkedEntry]]:
        """Give every placed entry in order, many at a time."""
        query = (
            select(
                log_entries.c.position,
                log_entries.c.kind,
                log_entries.c.at,
                log_entries.c.entry,
                log_entries.c.nonce,
                log_entries.c.event,
            )
            .where(log_entries.c.position.is_not(None))
            .order_by(log_entries.c.position)
        )
        options = {"yield_per": _BATCH}
        streamed = self._connection.execute(query, execution_options=options)
        for rows in streamed.partitions():
            yield [WalkedEntry(*row) for row in rows]

    def remembered_nodes(self) -> dict[tuple[int, int], bytes]:
        """Return every remembered node, by level and number."""
        rows = self._connection.execute(select(log_nodes))
        return {(row.level, row.number): row.hash for row in rows}

    def forget_nodes(self) -> None:
        """Forget the roots of tiles; they are made again from the entries."""
        self._connection.execute(delete(log_nodes))

    def oldest_head_above(self, size: int) -> LogHead | None:
        """Return the smallest signed head that is larger than a size, or None."""
        query = select(log_heads).where(log_heads.c.size > size)
        query = query.order_by(log_heads.c.size).limit(1)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else LogHead(**row._asdict())

    def places_of(self, entry_ids: Sequence[str]) -> dict[str, int]:
        """Return the places of those of the entries that have one."""
        query = select(log_entries.c.id, log_entries.c.position).where(
            log_entries.c.id.in_(entry_ids), log_entries.c.position.is_not(None)
        )
        return {row.id: row.position for row in self._connection.execute(query)}

    def placed(self) -> int:
        """Return how many entries have a place: one more than the last."""
        last = self._connection.execute(_LAST_POSITION).scalar_one()
        return 0 if last is None else int(last) + 1

    def placed_entry(self, entry_id: str) -> PlacedEntry | None:
        """Return an entry that has its place, or None: unknown, or pending."""
        rows = _PLACED.rows(self._connection, {"entry": entry_id})
        return PlacedEntry(**rows[0]._asdict()) if rows else None

    def placed_at(self, positions: Iterable[int]) -> list[PlacedEntry]:
        """Return the entries at some positions; one that is not there is left out."""
        query = _WITH_PLACE.where(log_entries.c.position.in_(sorted(set(positions))))
        return [PlacedEntry(**row._asdict()) for row in self._connection.execute(query)]

    def agreed(self, kind: str, at: datetime | None = None) -> list[PlacedEntry]:
        """Return the placed entries of a kind of agreement, of one instant if given.

        Kinds of agreements are those of AGREED: few, and found by an index.
        """
        query = _WITH_PLACE.where(sa.text(AGREED), log_entries.c.kind == kind)
        if at is not None:
            query = query.where(log_entries.c.at == at)
        rows = self._connection.execute(query.order_by(log_entries.c.position))
        return [PlacedEntry(**row._asdict()) for row in rows]

    def is_pending(self, entry_id: str) -> bool:
        """Say whether an entry is stored and has no place yet."""
        query = select(log_entries.c.position).where(log_entries.c.id == entry_id)
        row = self._connection.execute(query).one_or_none()
        return row is not None and row.position is None

    def facts(self, entry_ids: Iterable[str]) -> list[LoggedFact]:
        """Return of these entries what was not erased, in order of arrival."""
        query = (
            select(
                log_entries.c.id.label("entry_id"),
                log_entries.c.kind,
                log_entries.c.at,
                log_entries.c.position,
            )
            .where(
                log_entries.c.id.in_(sorted(set(entry_ids))),
                log_entries.c.event.is_not(None),
                log_entries.c.nonce.is_not(None),
            )
            .order_by(log_entries.c.arrival)
        )
        rows = self._connection.execute(query)
        return [LoggedFact(**row._asdict()) for row in rows]

    def add_nodes(self, nodes: Sequence[Node]) -> None:
        """Remember the roots of tiles."""
        if nodes:
            self._connection.execute(insert(log_nodes), [n._asdict() for n in nodes])

    def reader(self, known: Mapping[tuple[int, int], bytes] | None = None) -> Tiles:
        """Return a reader of the tree's nodes, which need not look up what is known."""
        return Tiles(self._connection, known or {})

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


def _head(rows: Sequence[Row[tuple[object, ...]]]) -> LogHead | None:
    return LogHead(**rows[0]._asdict()) if rows else None


# An arbitrary number that no other lock of this database uses.
_SEQUENCER = 0x48454655
