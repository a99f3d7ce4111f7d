"""The migrations make what `tables.py` says, once, whoever else is migrating."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import insert, inspect

from attribution.ids import AgentId, ProjectId, VisitorTag
from attribution.storage.engine import Database, open_database
from attribution.storage.migrating import migrate
from attribution.storage.tables import (
    agent_tags,
    agents,
    channels,
    metadata,
    owner_tags,
    projects,
)
from attribution.storage.work import unit_of_work
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


def migrate_to(database: Database, revision: str) -> None:
    """Bring a database to an earlier schema."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "attribution" / "storage"))
    folder = ROOT / "attribution" / "migrations"
    config.set_main_option("version_locations", str(folder))
    config.set_main_option("path_separator", "os")
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def test_0005_owners_and_agents_from_before_stay_and_name_no_entry(
    empty: Database,
) -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    migrate_to(empty, "0002")
    tag = {"kind": "cn-mobile", "epoch": 1, "value": b"tag"}
    agent = {"id": "a", "channel_id": "c", "name": "王", "created_at": at}
    with empty.writing() as connection:
        for table, row in (
            (projects, {"id": "p", "name": "江畔", "tag_epoch": 1, "created_at": at}),
            (channels, {"id": "c", "name": "甲", "created_at": at}),
            (agents, {**agent, "is_owner": False, "is_desk_staff": False}),
            (agent_tags, {"agent_id": "a", "project_id": "p", **tag}),
            (
                owner_tags,
                {"project_id": "p", "scope": "group", "recorded_at": at, **tag},
            ),
        ):
            connection.execute(insert(table), row)

    migrate(empty.engine)

    with unit_of_work(empty.reading()) as work:
        (owner,) = work.agreements.owners_among(
            ProjectId("p"),
            [VisitorTag(**tag)],  # type: ignore[arg-type]
        )
        found = work.agreements.agents([AgentId("a")], ProjectId("p"))
    assert (owner.mark, owner.marked_at, owner.log_index) == ("group", at, None)
    assert found[AgentId("a")].log_index is None
    assert len(found[AgentId("a")].own_tags) == 1


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
