"""The log's keys, its witnesses 见证人, what they cosigned, and alarms."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, update

from attribution.errors import NotFound
from attribution.storage.prepared import PreparedQuery
from attribution.storage.rows import add_new
from attribution.storage.tables import (
    cosignatures,
    log_alarms,
    log_heads,
    log_keys,
    witnesses,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredKey:
    """A key of the log: from which size on it signs, and how it ended.

    `succession` is its signed word for the key that came after it.
    """

    origin: str
    vkey: str
    since_size: int
    began_at: datetime
    ended_at: datetime | None = None
    compromised_at: datetime | None = None
    succession: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredWitness:
    """A witness that was admitted. `url`: where it is asked; None: it comes itself."""

    id: str
    vkey: str
    label: str
    url: str | None
    added_at: datetime
    retired_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredCosignature:
    """The line with which a witness cosigned the head of a size."""

    witness_id: str
    size: int
    line: str
    seen_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Alarm:
    """A checkpoint of our own key that this database did not sign, and why it alarms.

    `kind` is `behind` (of a larger tree) or `forked` (of another tree).
    """

    id: str
    kind: str
    note: str
    raised_at: datetime
    answered_at: datetime | None = None


_COSIGNATURES = select(cosignatures)
_IN_TIME = (cosignatures.c.seen_at, cosignatures.c.witness_id)
_OF_ONE_HEAD = PreparedQuery(
    _COSIGNATURES.where(cosignatures.c.size == bindparam("size")).order_by(*_IN_TIME)
)
_NEWEST_COSIGNED = PreparedQuery(
    select(func.max(cosignatures.c.size).label("size"))
    .join(witnesses, witnesses.c.id == cosignatures.c.witness_id)
    .where(witnesses.c.retired_at.is_(None))
)


class WitnessRepository:
    """Who else looks at the log, and the keys it was ever signed with."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def log_keys(self) -> list[StoredKey]:
        """Return every key of the log, in order of use."""
        query = select(log_keys).order_by(log_keys.c.since_size, log_keys.c.began_at)
        return [StoredKey(**row._asdict()) for row in self._connection.execute(query)]

    def add_key(self, key: StoredKey) -> None:
        """Store a key when it first signs; one that is there stays as it is."""
        query = select(log_keys.c.origin).where(log_keys.c.origin == key.origin)
        if self._connection.execute(query).one_or_none() is None:
            values = {name: getattr(key, name) for name in StoredKey.__slots__}
            self._connection.execute(insert(log_keys), values)

    def end_key(
        self,
        origin: str,
        *,
        at: datetime,
        compromised_at: datetime | None,
        succession: str | None,
    ) -> None:
        """Say that a key signs no more; saying it again takes the place of before.

        What was once in other hands stays so.
        """
        known = log_keys.c.compromised_at
        first = known if compromised_at is None else compromised_at
        ended = (
            update(log_keys)
            .where(log_keys.c.origin == origin)
            .values(ended_at=at, compromised_at=first, succession=succession)
        )
        self._connection.execute(ended)

    def witnesses(self) -> list[StoredWitness]:
        """Return the witnesses that were not retired, in order of admission."""
        query = (
            select(witnesses)
            .where(witnesses.c.retired_at.is_(None))
            .order_by(witnesses.c.added_at, witnesses.c.id)
        )
        rows = self._connection.execute(query)
        return [StoredWitness(**row._asdict()) for row in rows]

    def add_witness(self, witness: StoredWitness) -> bool:
        """Admit a witness; return False if its key was admitted before."""
        values = {name: getattr(witness, name) for name in StoredWitness.__slots__}
        return add_new(self._connection, witnesses, [values]) == 1

    def retire_witness(self, witness_id: str, at: datetime) -> None:
        """Count a witness no more, or raise NotFound."""
        retired = (
            update(witnesses)
            .where(witnesses.c.id == witness_id, witnesses.c.retired_at.is_(None))
            .values(retired_at=at)
        )
        if self._connection.execute(retired).rowcount != 1:
            raise NotFound

    def add_cosignature(self, cosignature: StoredCosignature) -> None:
        """Store a cosignature; the first of a witness for a head stays."""
        values = {name: getattr(cosignature, name) for name in cosignature.__slots__}
        add_new(self._connection, cosignatures, [values])

    def cosignatures(self) -> list[StoredCosignature]:
        """Return every cosignature, those of the smallest head first."""
        query = _COSIGNATURES.order_by(cosignatures.c.size, *_IN_TIME)
        return [_cosignature(row) for row in self._connection.execute(query)]

    def cosignatures_of(self, size: int) -> list[StoredCosignature]:
        """Return the cosignatures of one head, in order of time."""
        rows = _OF_ONE_HEAD.rows(self._connection, {"size": size})
        return [_cosignature(row) for row in rows]

    def newest_cosigned(self) -> int | None:
        """Return the size of the largest head that a witness in office cosigned."""
        newest: int | None = _NEWEST_COSIGNED.rows(self._connection, {})[0].size
        return newest

    def last_of_each(self) -> dict[str, StoredCosignature]:
        """Return the cosignature of the largest head, by witness."""
        largest = (
            select(cosignatures.c.witness_id, func.max(cosignatures.c.size).label("s"))
            .group_by(cosignatures.c.witness_id)
            .subquery()
        )
        query = _COSIGNATURES.join(
            largest,
            (largest.c.witness_id == cosignatures.c.witness_id)
            & (largest.c.s == cosignatures.c.size),
        )
        found = [_cosignature(row) for row in self._connection.execute(query)]
        return {one.witness_id: one for one in found}

    def forget_heads(self, sizes: Iterable[int]) -> None:
        """Delete signed heads, and what witnesses said of them."""
        gone = sorted(sizes)
        self._connection.execute(
            delete(cosignatures).where(cosignatures.c.size.in_(gone))
        )
        self._connection.execute(delete(log_heads).where(log_heads.c.size.in_(gone)))

    def raise_alarm(self, alarm: Alarm) -> None:
        """Store an alarm; of a checkpoint that was reported before the first stays."""
        values = {name: getattr(alarm, name) for name in Alarm.__slots__}
        values["note_digest"] = hashlib.sha256(alarm.note.encode()).digest()
        add_new(self._connection, log_alarms, [values])

    def open_alarms(self) -> list[Alarm]:
        """Return the alarms that nobody has answered, oldest first."""
        query = (
            select(*(log_alarms.c[name] for name in Alarm.__slots__))
            .where(log_alarms.c.answered_at.is_(None))
            .order_by(log_alarms.c.raised_at, log_alarms.c.id)
        )
        return [Alarm(**row._asdict()) for row in self._connection.execute(query)]

    def answer_alarms(self, at: datetime) -> None:
        """Say that an operator has answered every open alarm."""
        answered = (
            update(log_alarms)
            .where(log_alarms.c.answered_at.is_(None))
            .values(answered_at=at)
        )
        self._connection.execute(answered)


def _cosignature(row: Row[tuple[object, ...]]) -> StoredCosignature:
    return StoredCosignature(**row._asdict())
