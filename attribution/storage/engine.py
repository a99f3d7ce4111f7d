"""Opening the database: SQLite with one writer that commits together, or PostgreSQL."""

import importlib
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from queue import Empty, LifoQueue
from typing import Any, Protocol

import sqlalchemy as sa
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, event
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from attribution.errors import DatabaseUnsuitable

# Older SQLite can lose committed rows when a write-ahead log is reset.
OLDEST_SQLITE = (3, 51, 3)
_LARGEST_BATCH = 64
_BUSY_MS = 10_000
_MOST_CONNECTIONS = 32
_PATIENCE = 30.0


class Database(Protocol):
    """Where transactions come from."""

    engine: Engine

    def writing(self) -> AbstractContextManager[Connection]:
        """Open a transaction that commits when the block ends, or leaves nothing."""

    def reading(self) -> AbstractContextManager[Connection]:
        """Open a transaction that only looks."""

    def close(self) -> None:
        """Give back every connection."""


def open_database(url: str) -> Database:
    """Return the database of a URL (`sqlite:///…` or `postgresql://…`).

    Raises:
        DatabaseUnsuitable: neither kind, or a SQLite that can lose data.
    """
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return SqliteDatabase(parsed)
    if parsed.get_backend_name() == "postgresql":
        return PostgresDatabase(parsed.set(drivername="postgresql+psycopg"))
    raise DatabaseUnsuitable(parsed.get_backend_name())


class _Spares:
    """Places for connections, at most so many; an open one is taken first.

    Taking one from SQLAlchemy's pool costs 30 µs each time, and a redemption takes
    three. When one has lost its server, none of the others is kept either.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._places: LifoQueue[Connection | None] = LifoQueue()
        for _ in range(_MOST_CONNECTIONS):
            self._places.put(None)

    @contextmanager
    def one(self) -> Iterator[Connection]:
        """Lend a connection; who finds no place waits for one."""
        kept = self._places.get(timeout=_PATIENCE)
        try:
            connection = kept or self._engine.connect()
            kept = None
            try:
                yield connection
            finally:
                if _is_lost(connection):
                    connection.close()
                    self.close()
                else:
                    kept = connection
        finally:
            self._places.put(kept)

    def close(self) -> None:
        """Keep none."""
        taken = []
        with suppress(Empty):
            while True:
                taken.append(self._places.get_nowait())
        for kept in taken:
            if kept is not None:
                kept.invalidate()
                kept.close()
            self._places.put(None)


def _is_lost(connection: Connection) -> bool:
    """Say whether a connection is of no use any more: its driver knows it first.

    One that was interrupted in the middle of a transaction is of no use either.
    """
    if connection.invalidated:
        return True
    raw: Any = connection.connection.driver_connection
    if (
        hasattr(raw, "pgconn")
        and raw.pgconn.transaction_status != TransactionStatus.IDLE
    ):
        connection.invalidate()
        return True
    return False


class PostgresDatabase:
    """PostgreSQL: many writers; the database itself decides who is first."""

    def __init__(self, url: sa.URL) -> None:
        self.engine = sa.create_engine(url, poolclass=NullPool, hide_parameters=True)
        # A look needs no BEGIN and no ROLLBACK: two round trips saved a request.
        self._reader = sa.create_engine(
            url,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            pool_reset_on_return=None,
            hide_parameters=True,
        )
        self._writers, self._readers = _Spares(self.engine), _Spares(self._reader)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction that commits when the block ends, or leaves nothing."""
        with self._writers.one() as connection, connection.begin():
            yield connection

    def reading(self) -> AbstractContextManager[Connection]:
        """Open a transaction that only looks."""
        return self._readers.one()

    def close(self) -> None:
        """Give back every connection."""
        for spares, engine in (
            (self._readers, self._reader),
            (self._writers, self.engine),
        ):
            spares.close()
            engine.dispose()


@dataclass(slots=True)
class _Batch:
    """Transactions that will be committed by one write to the disk."""

    turns: int = 0
    error: BaseException | None = None
    done: threading.Event = field(default_factory=threading.Event)


class SqliteDatabase:
    """SQLite: one writing connection, taken in turns; who waits is committed together.

    Each turn is a savepoint inside a shared transaction, so one that fails leaves
    nothing and disturbs nobody. The last of those waiting commits for all, and none
    returns before its rows are on the disk.
    """

    def __init__(self, url: sa.URL) -> None:
        driver = _driver()
        self.engine = sa.create_engine(url, module=driver, hide_parameters=True)
        # A look leaves nothing behind that would have to be rolled back.
        self._reader = sa.create_engine(
            url,
            module=driver,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            pool_reset_on_return=None,
            hide_parameters=True,
        )
        self._readers = _Spares(self._reader)
        for engine in (self.engine, self._reader):
            event.listen(engine, "connect", _prepare_connection)
        # SQLAlchemy stays out of BEGIN and COMMIT: the batch owns them.
        self._connection = self.engine.connect().execution_options(
            isolation_level="AUTOCOMMIT"
        )
        raw: Any = self._connection.connection.driver_connection
        self._raw, self._execute = raw, raw.execute
        self._turn = threading.Lock()
        self._writer: int | None = None
        self._arrivals = threading.Lock()
        self._waiting = 0
        self._batch: _Batch | None = None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction that commits when the block ends, or leaves nothing."""
        if self._writer == threading.get_ident():
            message = "this thread has a transaction open; a second would wait for ever"
            raise RuntimeError(message)
        with self._arrivals:
            self._waiting += 1
        with self._turn:
            with self._arrivals:
                self._waiting -= 1
            batch = self._opened()
            failure: BaseException | None = None
            self._writer = threading.get_ident()
            try:
                self._execute("SAVEPOINT turn")
                yield self._connection
                self._execute("RELEASE turn")
            except BaseException as error:  # noqa: BLE001 (raised below)
                failure = error
                self._undo(batch, error)
            finally:
                self._writer = None
                batch.turns += 1
                if not self._waiting or batch.turns >= _LARGEST_BATCH:
                    self._commit(batch)
        # Who was refused waits as well: it has seen rows of members before it, which
        # nobody else can read, and which may still be lost.
        batch.done.wait()
        if batch.error is not None:
            raise batch.error from failure
        if failure is not None:
            raise failure

    def _opened(self) -> _Batch:
        if self._batch is None:
            self._execute("BEGIN IMMEDIATE")
            self._batch = _Batch()
        return self._batch

    def _undo(self, batch: _Batch, error: BaseException) -> None:
        if self._raw.in_transaction:
            self._execute("ROLLBACK TO turn")
            self._execute("RELEASE turn")
        else:
            # On a full disk SQLite itself gives up the whole transaction, so every
            # member of the batch has lost its rows and must hear of it.
            self._close(batch, error)

    def _commit(self, batch: _Batch) -> None:
        if batch.done.is_set():
            return
        try:
            self._execute("COMMIT")
        except Exception as error:  # noqa: BLE001 (every member must hear of it)
            if self._raw.in_transaction:
                self._execute("ROLLBACK")
            self._close(batch, error)
        else:
            self._close(batch, None)

    def _close(self, batch: _Batch, error: BaseException | None) -> None:
        self._batch = None
        batch.error = error
        batch.done.set()

    def reading(self) -> AbstractContextManager[Connection]:
        """Open a transaction that only looks."""
        return self._readers.one()

    def close(self) -> None:
        """Give back every connection."""
        self._readers.close()
        self._connection.close()
        self._reader.dispose()
        self.engine.dispose()


def _driver() -> Any:
    """Return the first SQLite driver that is new enough."""
    found = []
    for name in ("pysqlite3.dbapi2", "sqlite3"):
        try:
            driver: Any = importlib.import_module(name)
        except ModuleNotFoundError:
            continue
        if driver.sqlite_version_info >= OLDEST_SQLITE:
            return driver
        found.append(driver.sqlite_version)
    raise DatabaseUnsuitable(f"SQLite {', '.join(found)}")


def _prepare_connection(raw: Any, record: ConnectionPoolEntry) -> None:
    """Set what every connection needs: durability, checks, and no traces."""
    del record
    raw.isolation_level = None
    for pragma in (
        f"busy_timeout = {_BUSY_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "secure_delete = ON",
    ):
        raw.execute(f"PRAGMA {pragma}")
