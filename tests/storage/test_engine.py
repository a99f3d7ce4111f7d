"""Opening the database, how a connection is set, and one commit for all who wait."""

import importlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from attribution.errors import DatabaseUnsuitable
from attribution.storage import engine as engine_module
from attribution.storage.engine import (
    Database,
    PostgresDatabase,
    SqliteDatabase,
    open_database,
)
from attribution.storage.tables import channels
from tests.office import OPENING

INSERT = sa.insert(channels)
CHANNEL = {"id": "a", "name": "a", "created_at": OPENING}
NAMES = sa.select(channels.c.name).order_by(channels.c.name)


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[SqliteDatabase]:
    database = open_database(sqlite_url)
    assert isinstance(database, SqliteDatabase)
    with database.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE lines (line TEXT NOT NULL)")
    yield database
    database.close()


class Statements:
    """What the writing connection of SQLite is told, with a place to make it fail."""

    def __init__(self, database: SqliteDatabase) -> None:
        self.heard: list[str] = []
        self.failing: str | None = None
        self._execute = database._execute  # noqa: SLF001 (the outside world: the disk)
        database._execute = self  # noqa: SLF001

    def __call__(self, statement: str) -> object:
        self.heard.append(statement)
        if statement == self.failing:
            raise OSError(statement)
        return self._execute(statement)

    def count(self, statement: str) -> int:
        return self.heard.count(statement)


def write(database: Database, line: str) -> None:
    with database.writing() as connection:
        connection.exec_driver_sql("INSERT INTO lines VALUES (?)", (line,))


def lines(database: Database) -> list[str]:
    with database.reading() as connection:
        found = connection.exec_driver_sql("SELECT line FROM lines ORDER BY line")
        return [line for (line,) in found]


def together(database: SqliteDatabase, actions: list[Callable[[], None]]) -> list[str]:
    """Let actions arrive while a first writer is still at work; return their errors."""

    def attempt(action: Callable[[], None]) -> str:
        try:
            action()
        except Exception as error:  # noqa: BLE001 (the outcome is what is looked at)
            return type(error).__name__
        return "stored"

    with ThreadPoolExecutor(len(actions)) as pool:
        with database.writing():
            futures = [pool.submit(attempt, action) for action in actions]
            while database._waiting < len(actions):  # noqa: SLF001
                threading.Event().wait(0.001)
        return [future.result() for future in futures]


# -- which database --


def test_a_database_is_opened_by_its_url(sqlite_url: str, postgres_url: str) -> None:
    opened = [open_database(sqlite_url), open_database(postgres_url)]

    kinds = [type(database) for database in opened]
    for database in opened:
        database.close()

    assert kinds == [SqliteDatabase, PostgresDatabase]


def test_another_kind_of_database_is_refused() -> None:
    with pytest.raises(DatabaseUnsuitable):
        open_database("mysql://localhost/hefu")


@pytest.mark.parametrize(
    ("version", "is_refused"),
    [((3, 51, 2), True), ((3, 51, 3), False), ((3, 7, 0), True), ((4, 0, 0), False)],
)
def test_a_sqlite_that_can_lose_data_is_refused(
    version: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch, *, is_refused: bool
) -> None:
    text = ".".join(map(str, version))
    driver = SimpleNamespace(sqlite_version_info=version, sqlite_version=text)
    monkeypatch.setattr(importlib, "import_module", lambda _: driver)

    try:
        found = engine_module._driver()  # noqa: SLF001
    except DatabaseUnsuitable as refusal:
        found = str(refusal)

    assert found == (f"SQLite {text}, {text}" if is_refused else driver)


def test_the_own_sqlite_is_not_needed_where_pythons_is_new_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    driver = SimpleNamespace(sqlite_version_info=(3, 53, 0))

    def import_module(name: str) -> object:
        if name != "sqlite3":
            raise ModuleNotFoundError
        return driver

    monkeypatch.setattr(importlib, "import_module", import_module)

    assert engine_module._driver() is driver  # noqa: SLF001


# -- how each connection is set --


@pytest.mark.parametrize(
    ("pragma", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("secure_delete", 1),
        ("busy_timeout", 10_000),
    ],
)
def test_every_connection_is_durable_and_strict(
    pragma: str, value: object, sqlite: SqliteDatabase
) -> None:
    query = f"PRAGMA {pragma}"

    with sqlite.writing() as writer, sqlite.reading() as one, sqlite.reading() as two:
        found = [
            connection.exec_driver_sql(query).scalar_one()
            for connection in (writer, one, two)
        ]

    assert found == [value] * 3


def test_deleted_rows_leave_no_trace_in_the_files(
    sqlite: SqliteDatabase, tmp_path: Path
) -> None:
    secret = "a text that was to be forgotten"
    write(sqlite, secret)
    with sqlite.writing() as connection:
        connection.exec_driver_sql("DELETE FROM lines")

    sqlite.close()

    files = [path for path in tmp_path.iterdir() if path.is_file()]
    assert [path.name for path in files] == ["hefu.db"]
    assert secret.encode() not in files[0].read_bytes()


# -- transactions, on both databases --


def test_a_transaction_that_raises_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.writing() as connection:
            connection.execute(INSERT, CHANNEL)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    with database.reading() as connection:
        assert connection.execute(NAMES).scalars().all() == []


def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(INSERT, CHANNEL)
        with database.reading() as reader:
            before = reader.execute(NAMES).scalars().all()
    with database.reading() as reader:
        after = reader.execute(NAMES).scalars().all()

    assert (before, after) == ([], ["a"])


# -- the shared commit of SQLite --


def test_writers_who_wait_are_committed_by_one_write(sqlite: SqliteDatabase) -> None:
    statements = Statements(sqlite)
    names = [f"line {number:02}" for number in range(20)]

    outcomes = together(sqlite, [partial(write, sqlite, name) for name in names])

    assert outcomes == ["stored"] * 20
    assert lines(sqlite) == names
    assert (statements.count("BEGIN IMMEDIATE"), statements.count("COMMIT")) == (1, 1)


def test_a_batch_is_committed_when_it_is_full_though_more_wait(
    sqlite: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "_LARGEST_BATCH", 4)
    statements = Statements(sqlite)

    together(sqlite, [lambda: write(sqlite, "line")] * 7)

    assert len(lines(sqlite)) == 7
    assert statements.count("COMMIT") == 2


def test_a_member_that_fails_leaves_nothing_and_disturbs_nobody(
    sqlite: SqliteDatabase,
) -> None:
    def fail() -> None:
        with sqlite.writing() as connection:
            connection.exec_driver_sql("INSERT INTO lines VALUES ('half')")
            raise ZeroDivisionError

    statements = Statements(sqlite)

    outcomes = together(
        sqlite, [lambda: write(sqlite, "one"), fail, lambda: write(sqlite, "two")]
    )

    assert sorted(outcomes) == ["ZeroDivisionError", "stored", "stored"]
    assert lines(sqlite) == ["one", "two"]
    assert statements.count("COMMIT") == 1


def test_only_failing_members_do_not_keep_others_from_their_commit(
    sqlite: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        with sqlite.writing():
            raise ZeroDivisionError

    monkeypatch.setattr(engine_module, "_LARGEST_BATCH", 2)
    statements = Statements(sqlite)

    together(sqlite, [fail] * 5)

    assert statements.count("COMMIT") == 3


def test_every_member_hears_that_the_commit_failed(sqlite: SqliteDatabase) -> None:
    statements = Statements(sqlite)
    statements.failing = "COMMIT"

    with pytest.raises(OSError, match="COMMIT"):
        together(sqlite, [lambda: write(sqlite, "a"), lambda: write(sqlite, "b")])
    statements.failing = None
    write(sqlite, "later")

    assert lines(sqlite) == ["later"]


def test_who_is_refused_hears_too_that_what_it_saw_was_lost(
    sqlite: SqliteDatabase,
) -> None:
    def refuse() -> None:
        with sqlite.writing() as connection:
            connection.exec_driver_sql("SELECT line FROM lines").fetchall()
            raise ZeroDivisionError

    def be_refused() -> None:
        with pytest.raises(OSError, match="COMMIT") as lost:
            refuse()
        heard.append(lost.value.__cause__)

    heard: list[BaseException | None] = []
    Statements(sqlite).failing = "COMMIT"

    with pytest.raises(OSError, match="COMMIT"):
        together(sqlite, [be_refused])

    assert [type(one) for one in heard] == [ZeroDivisionError]


def test_every_member_hears_that_a_full_disk_undid_the_batch(
    sqlite: SqliteDatabase,
) -> None:
    """SQLite itself gives up the whole transaction, earlier members included."""

    def fill() -> None:
        with sqlite.writing() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
            connection.exec_driver_sql("INSERT INTO lines VALUES (?)", ("x" * 99_999,))

    def be_first() -> None:
        with sqlite.writing() as connection:
            connection.exec_driver_sql("INSERT INTO lines VALUES ('first')")
            futures.append(pool.submit(fill))
            while not sqlite._waiting:  # noqa: SLF001
                threading.Event().wait(0.001)

    futures: list[Any] = []
    with ThreadPoolExecutor(1) as pool:
        with pytest.raises(Exception, match="full"):
            be_first()
        with pytest.raises(Exception, match="full"):
            futures[0].result()
    with sqlite.writing() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    write(sqlite, "later")

    assert lines(sqlite) == ["later"]


def test_a_commit_that_fails_after_sqlite_gave_up_is_told(
    sqlite: SqliteDatabase,
) -> None:
    execute = sqlite._execute  # noqa: SLF001 (the outside world: the disk)

    def fail(statement: str) -> None:
        execute("ROLLBACK" if statement == "COMMIT" else statement)
        if statement == "COMMIT":
            raise OSError(statement)

    sqlite._execute = fail  # noqa: SLF001
    with pytest.raises(OSError, match="COMMIT"):
        write(sqlite, "lost")
    sqlite._execute = execute  # noqa: SLF001
    write(sqlite, "later")

    assert lines(sqlite) == ["later"]


def test_a_transaction_inside_another_of_the_same_thread_is_refused(
    sqlite: SqliteDatabase,
) -> None:
    with sqlite.writing() as connection:
        connection.exec_driver_sql("INSERT INTO lines VALUES ('outer')")
        with pytest.raises(RuntimeError), sqlite.writing():
            pass

    write(sqlite, "later")
    assert lines(sqlite) == ["later", "outer"]


def test_a_database_that_another_process_holds_is_told_and_tried_again(
    sqlite: SqliteDatabase, sqlite_url: str
) -> None:
    other = open_database(sqlite_url)
    sqlite._execute("PRAGMA busy_timeout = 10")  # noqa: SLF001

    with other.writing(), pytest.raises(Exception, match="locked"):
        write(sqlite, "too soon")
    write(sqlite, "later")
    other.close()

    assert lines(sqlite) == ["later"]


def test_sqlalchemy_sends_no_begin_or_commit_of_its_own(sqlite: SqliteDatabase) -> None:
    heard: list[str] = []
    event.listen(
        sqlite.engine,
        "before_cursor_execute",
        lambda *arguments: heard.append(arguments[2]),
    )

    write(sqlite, "line")

    assert heard == ["INSERT INTO lines VALUES (?)"]


# -- connections that are used again --

_PID = "SELECT pg_backend_pid()"
_END_THE_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def ask(opened: AbstractContextManager[sa.Connection], *, raw: bool = False) -> object:
    with opened as connection:
        if raw:  # as prepared statements ask: SQLAlchemy does not hear of the error
            driver: Any = connection.connection.driver_connection
            return driver.execute(_PID).fetchone()[0]
        return connection.exec_driver_sql(_PID).scalar_one()


@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("kind", ["reading", "writing"])
def test_a_server_that_restarts_is_noticed_once(
    postgres_url: str, kind: str, *, raw: bool
) -> None:
    database, other = open_database(postgres_url), open_database(postgres_url)
    opened: Callable[[], AbstractContextManager[sa.Connection]]
    opened = getattr(database, kind)
    with opened(), opened():
        pass  # two connections wait from now on
    before = ask(opened())
    assert ask(opened()) == before
    with other.writing() as connection:
        connection.exec_driver_sql(_END_THE_OTHERS).all()

    with pytest.raises((psycopg.Error, DBAPIError)):
        ask(opened(), raw=raw)
    after = ask(opened(), raw=raw)

    for one in (database, other):
        one.close()
    assert after != before


def test_a_connection_left_in_the_middle_is_not_used_again(postgres_url: str) -> None:
    database = open_database(postgres_url)
    before = ask(database.writing())
    with database.reading() as connection:
        left = ask(nullcontext(connection))
        driver: Any = connection.connection.driver_connection
        driver.execute("BEGIN")

    after = ask(database.reading())
    kept = ask(database.writing())

    database.close()
    assert (after != left, kept) == (True, before)


def test_more_readers_than_connections_take_turns(database: Database) -> None:
    readers = 64

    def look(_: int) -> int:
        with database.reading() as connection:
            number: int = connection.exec_driver_sql("SELECT 1").scalar_one()
            threading.Event().wait(0.01)
            return number

    with ThreadPoolExecutor(readers) as pool:
        found = list(pool.map(look, range(4 * readers)))

    assert found == [1] * 4 * readers
