"""The plain floor: the same conditional update and insert, in raw driver code.

Two WSGI routes that read JSON, spend a row once and store a visit durably. The bare
one does nothing else; the guarded one keeps the whole service's promises as plainly as
it can be written: request ids with stored answers, a tag, two log entries with their
commitments, a signed promise. What the service costs is told as a multiple of either.
The environment says which database: FLOOR_DSN (PostgreSQL) or FLOOR_FILE (SQLite).
"""

import hmac
import json
import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

import psycopg
import pysqlite3.dbapi2 as sqlite
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_SCHEMA = """
CREATE TABLE floor_tokens (code TEXT PRIMARY KEY, redeemed_at BIGINT);
CREATE TABLE floor_visits (code TEXT PRIMARY KEY, at BIGINT NOT NULL);
CREATE TABLE floor_tags (code TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE floor_requests (id TEXT PRIMARY KEY, answer TEXT);
CREATE TABLE floor_log (id TEXT PRIMARY KEY, entry TEXT NOT NULL, event TEXT NOT NULL)
"""
_READ = "SELECT redeemed_at FROM floor_tokens WHERE code = {0}"
_CLAIM = "INSERT INTO floor_requests (id) VALUES ({0}) ON CONFLICT DO NOTHING"
_ANSWER = "UPDATE floor_requests SET answer = {0} WHERE id = {0}"
_TAG = "INSERT INTO floor_tags (code, value) VALUES ({0}, {0})"
_LOG = "INSERT INTO floor_log (id, entry, event) VALUES ({0}, {0}, {0})"
_SPEND = (
    "UPDATE floor_tokens SET redeemed_at = {0} WHERE code = {0} AND redeemed_at IS NULL"
)
_VISIT = "INSERT INTO floor_visits (code, at) VALUES ({0}, {0})"
_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))


def prepare(connect: Callable[[], Any], mark: str, codes: Iterable[str]) -> None:
    """Make the tables and fill them with unspent codes."""
    connection = connect()
    cursor = connection.cursor()
    for statement in _SCHEMA.split(";"):
        cursor.execute(statement)
    cursor.executemany(
        f"INSERT INTO floor_tokens (code) VALUES ({mark})",  # noqa: S608 (a mark)
        [(code,) for code in codes],
    )
    connection.commit()
    connection.close()


def postgres(dsn: str) -> Callable[[], Any]:
    """Return what opens a PostgreSQL connection."""
    return lambda: psycopg.connect(dsn)


def embedded(path: str) -> Callable[[], Any]:
    """Return what opens a SQLite connection as durable as ours."""

    def connect() -> Any:  # noqa: ANN401 (a driver's connection)
        connection = sqlite.connect(path, check_same_thread=False)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    return connect


class Floor:
    """The bare route."""

    def __init__(self, connect: Callable[[], Any], mark: str, *, shared: bool) -> None:
        self._mark = mark
        self._local = threading.local()
        self._connect = connect
        # SQLite has one writer at a time: one connection, taken in turns.
        self._one = connect() if shared else None
        self._turn = threading.Lock()

    def redeem(self, code: str) -> bool:
        """Spend a code once, and store the visit with it."""
        if self._one is not None:
            with self._turn:
                return self._in(self._one, code)
        if not hasattr(self._local, "connection"):
            self._local.connection = self._connect()
        return self._in(self._local.connection, code)

    def _in(self, connection: Any, code: str) -> bool:  # noqa: ANN401
        cursor = connection.cursor()
        is_won = self._write(cursor, code)
        if is_won:
            connection.commit()
        else:
            connection.rollback()
        return is_won

    def _write(self, cursor: Any, code: str) -> bool:  # noqa: ANN401
        cursor.execute(_SPEND.format(self._mark), (1, code))
        if cursor.rowcount != 1:
            return False
        cursor.execute(_VISIT.format(self._mark), (code, 1))
        return True

    def __call__(
        self, environ: dict[str, Any], start: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer one request."""
        body = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        status = "201 Created" if self.redeem(body["code"]) else "409 Conflict"
        answer = json.dumps({"code": body["code"]}).encode()
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(answer))),
        ]
        start(status, headers)
        return [answer]


class GuardedFloor(Floor):
    """The route with every promise of the service, written straight down."""

    def _write(self, cursor: Any, code: str) -> bool:  # noqa: ANN401
        mark = self._mark
        cursor.execute(_READ.format(mark), (code,))
        cursor.fetchone()
        cursor.execute(_CLAIM.format(mark), (code,))
        if cursor.rowcount != 1 or not super()._write(cursor, code):
            return False
        cursor.execute(_TAG.format(mark), (code, os.urandom(32).hex()))
        for kind in ("visit", "consent"):
            event = json.dumps({"kind": kind, "code": code, "at": 1})
            entry = hmac.digest(os.urandom(32), event.encode(), "sha256").hex()
            cursor.execute(_LOG.format(mark), (os.urandom(16).hex(), entry, event))
        promise = _KEY.sign(entry.encode()).hex()
        cursor.execute(_ANSWER.format(mark), (promise, code))
        return True


_Route = GuardedFloor if os.environ.get("FLOOR_GUARDED") else Floor
if "FLOOR_DSN" in os.environ:
    app = _Route(postgres(os.environ["FLOOR_DSN"]), "%s", shared=False)
elif "FLOOR_FILE" in os.environ:
    app = _Route(embedded(os.environ["FLOOR_FILE"]), "?", shared=True)
