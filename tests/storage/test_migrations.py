"""The migrations make what `tables.py` says, once, whoever else is migrating."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from attribution.storage.engine import Database, open_database
from attribution.storage.migrating import migrate
from attribution.storage.tables import metadata
from tests.postgres import PostgresServer

ROOT = Path(__file__).parents[2]
MIGRATE = """
import sys
from attribution.storage.engine import open_database
from attribution.storage.migrating import migrate
database = open_database(sys.argv[1])
migrate(database.engine)
database.close()
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty.db"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    url = server.create(empty=True)
    yield url
    server.drop(url)


@pytest.fixture
def empty(empty_url: str) -> Iterator[Database]:
    opened = open_database(empty_url)
    yield opened
    opened.close()


def differences(database: Database) -> list[object]:
    with database.engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, metadata))


def test_an_empty_database_becomes_what_the_tables_say(empty: Database) -> None:
    migrate(empty.engine)

    assert differences(empty) == []


def test_a_database_that_lacks_something_is_seen_to_differ(empty: Database) -> None:
    assert len(differences(empty)) >= len(metadata.tables)


def test_migrating_again_changes_nothing(empty: Database) -> None:
    migrate(empty.engine)
    tables = inspect(empty.engine).get_table_names()

    migrate(empty.engine)

    assert inspect(empty.engine).get_table_names() == tables
    assert {*metadata.tables, "alembic_version"} == set(tables)


def test_processes_that_migrate_at_once_take_turns(postgres: PostgresServer) -> None:
    url = postgres.create(empty=True)
    command = [sys.executable, "-c", MIGRATE, url]

    with ThreadPoolExecutor(3) as pool:
        finished = list(
            pool.map(
                lambda _: subprocess.run(
                    command, capture_output=True, check=False, cwd=ROOT
                ),
                range(3),
            )
        )

    database = open_database(url)
    found = differences(database)
    database.close()
    postgres.drop(url)
    assert [(one.returncode, one.stderr) for one in finished] == [(0, b"")] * 3
    assert found == []
