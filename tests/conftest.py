"""Shared fixtures: a fresh database of either kind, and an office on it."""

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from attribution.storage.engine import Database, open_database
from attribution.storage.migrating import migrate
from tests.office import Office
from tests.postgres import PostgresServer, postgres_server

settings.register_profile("default", deadline=None, derandomize=True)
settings.register_profile(
    "nightly",
    deadline=None,
    max_examples=2_000,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.getenv("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The PostgreSQL server of this test run (one for each worker)."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    database = open_database(f"sqlite:///{path}")
    migrate(database.engine)
    database.close()
    return path


@pytest.fixture
def sqlite_url(tmp_path: Path, migrated_sqlite: Path) -> str:
    """A migrated SQLite database of this test alone."""
    shutil.copyfile(migrated_sqlite, tmp_path / "hefu.db")
    return f"sqlite:///{tmp_path}/hefu.db"


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """A migrated PostgreSQL database of this test alone."""
    url = postgres.create()
    yield url
    postgres.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated database: every test that asks for one runs on both kinds."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    url: str = request.getfixturevalue(name)
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An open database."""
    opened = open_database(database_url)
    yield opened
    opened.close()


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenedOffice:
    """A database with an office in it, to be copied, and the card of the office."""

    url: str
    card: Mapping[str, Any]


def open_office(url: str) -> OpenedOffice:
    """Open an office in a database, and leave."""
    database = open_database(url)
    card = Office(database).card()
    database.close()
    return OpenedOffice(url=url, card=card)


@pytest.fixture(scope="session")
def office_in_sqlite(
    migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> OpenedOffice:
    """An office in a database file."""
    path = tmp_path_factory.mktemp("office") / "office.db"
    shutil.copyfile(migrated_sqlite, path)
    return open_office(f"sqlite:///{path}")


@pytest.fixture(scope="session")
def office_in_postgres(postgres: PostgresServer) -> OpenedOffice:
    """An office on the PostgreSQL server."""
    return open_office(postgres.create())


@pytest.fixture
def sqlite_office(office_in_sqlite: OpenedOffice, tmp_path: Path) -> Iterator[Office]:
    """An office of this test alone on SQLite, at 9:00 on its first day."""
    shutil.copyfile(office_in_sqlite.url.removeprefix("sqlite:///"), tmp_path / "o.db")
    database = open_database(f"sqlite:///{tmp_path}/o.db")
    yield Office(database, series="test", card=office_in_sqlite.card)
    database.close()


@pytest.fixture
def postgres_office(
    office_in_postgres: OpenedOffice, postgres: PostgresServer
) -> Iterator[Office]:
    """An office of this test alone on PostgreSQL, at 9:00 on its first day."""
    url = postgres.create(like=office_in_postgres.url)
    database = open_database(url)
    yield Office(database, series="test", card=office_in_postgres.card)
    database.close()
    postgres.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest) -> Office:
    """An office of this test alone: every test that asks for one runs on both kinds."""
    name = "sqlite_office" if request.param == "sqlite" else "postgres_office"
    found: Office = request.getfixturevalue(name)
    return found
