"""Answers already given, so that a repeated request is answered alike (protocol §8)."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from attribution.storage.prepared import Prepared
from attribution.storage.tables import requests


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredRequest:
    """What is kept of a request: digests under a key, and its sealed answer."""

    body_digest: bytes = field(repr=False)
    answer: bytes | None = field(repr=False)


_THE_ONE = (requests.c.caller == bindparam("the_caller")) & (
    requests.c.request_digest == bindparam("the_request")
)
_CLAIMS = {
    dialect: Prepared(
        build(requests).on_conflict_do_nothing(),
        "caller",
        "request_digest",
        "body_digest",
        "at",
    )
    for dialect, build in (("sqlite", sqlite_insert), ("postgresql", postgres_insert))
}
_FIND = select(requests.c.body_digest, requests.c.answer).where(_THE_ONE)
_ANSWER = Prepared(
    update(requests).where(_THE_ONE).values(answer=bindparam("the_answer")),
    "the_answer",
    "the_caller",
    "the_request",
)


class RequestRepository:
    """Request ids of each caller, with what was answered."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def claim(
        self, caller: str, request_digest: bytes, body_digest: bytes, at: datetime
    ) -> bool:
        """Take a request id, or return False if it was taken.

        On PostgreSQL a second claim waits here until the first one has committed,
        so what it then finds is the final answer.
        """
        claim = _CLAIMS[self._connection.dialect.name]
        row = {
            "caller": caller,
            "request_digest": request_digest,
            "body_digest": body_digest,
            "at": at,
        }
        return claim.run(self._connection, row) == 1

    def find(self, caller: str, request_digest: bytes) -> StoredRequest:
        """Return what was stored for a request id that is taken."""
        key = {"the_caller": caller, "the_request": request_digest}
        row = self._connection.execute(_FIND, key).one()
        return StoredRequest(**row._asdict())

    def answered(self, caller: str, request_digest: bytes) -> StoredRequest | None:
        """Return what was stored for a request id, or None where none was taken."""
        key = {"the_caller": caller, "the_request": request_digest}
        row = self._connection.execute(_FIND, key).one_or_none()
        return None if row is None else StoredRequest(**row._asdict())

    def answer(self, caller: str, request_digest: bytes, answer: bytes) -> None:
        """Store the sealed answer of a claimed request id."""
        values = {
            "the_caller": caller,
            "the_request": request_digest,
            "the_answer": answer,
        }
        _ANSWER.run(self._connection, values)

    def forget_before(self, instant: datetime) -> int:
        """Delete answers older than an instant; return how many."""
        old = delete(requests).where(requests.c.at < instant)
        return self._connection.execute(old).rowcount
