"""One office behind one application, and a browser for whoever a test needs."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from attribution.people import Role
from attribution.services.admitting import issue_integration
from attribution.services.enrolling import add_person, give_role, set_password
from attribution.storage.engine import open_database
from tests.office import Office
from tests.postgres import PostgresServer
from tests.web.api_office import ApiOffice
from web.app import create_app

PASSWORD = "four unrelated words"


class Front:
    """The application of an office, and the people who come to it."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.app: Flask = create_app(office.runtime)
        self._people = 0

    def browser(self) -> FlaskClient:
        """Return a browser in which nobody has signed in."""
        return self.app.test_client()

    def hire(self, *roles: Role, login: str = "") -> str:
        """Add a person with roles and a password; return the login."""
        self._people += 1
        login = login or f"person-{self._people}"
        runtime = self.office.runtime
        person_id = add_person(runtime, login=login, name=login)
        for role in roles:
            give_role(runtime, person_id, self.office.grant(role))
        set_password(runtime, person_id, PASSWORD)
        return login

    def signed_in(self, *roles: Role) -> FlaskClient:
        """Return the browser of a new person with the given roles."""
        browser = self.browser()
        sign_in(browser, self.hire(*roles))
        return browser

    def program(self, *roles: Role) -> dict[str, str]:
        """Return the headers of an API token of a new person with the given roles."""
        self._people += 1
        login = f"program-{self._people}"
        runtime = self.office.runtime
        person_id = add_person(runtime, login=login, name=login)
        for role in roles:
            give_role(runtime, person_id, self.office.grant(role))
        secret = issue_integration(runtime, person_id, label="test")
        return {"Authorization": f"Bearer {secret}"}


def sign_in(browser: FlaskClient, login: str, password: str = PASSWORD) -> int:
    """Send the sign-in form and return the status."""
    form = {"login": login, "password": password}
    return browser.post("/sign-in", data=form).status_code


@pytest.fixture
def front(sqlite_url: str) -> Iterator[Front]:
    """Return the application of an office at 9:00 on its first day."""
    database = open_database(sqlite_url)
    yield Front(Office(database))
    database.close()


@pytest.fixture
def any_front(database_url: str) -> Iterator[Front]:
    """Return the application of an office, on one database and then the other."""
    database = open_database(database_url)
    yield Front(Office(database))
    database.close()


@pytest.fixture
def api(sqlite_url: str) -> Iterator[ApiOffice]:
    """Return the API of an office, and programs that call it."""
    database = open_database(sqlite_url)
    yield ApiOffice(Office(database))
    database.close()


@pytest.fixture(scope="module")
def shared_sqlite_url(
    migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """A migrated SQLite database of one module."""
    path = tmp_path_factory.mktemp("shared") / "hefu.db"
    shutil.copyfile(migrated_sqlite, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="module")
def shared_postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """A migrated PostgreSQL database of one module."""
    url = postgres.create()
    yield url
    postgres.drop(url)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def shared_api(request: pytest.FixtureRequest) -> Iterator[ApiOffice]:
    """Return one API, on one database and then the other.

    It is for tests that must not mind what others did before them.
    """
    database = open_database(request.getfixturevalue(f"shared_{request.param}_url"))
    yield ApiOffice(Office(database))
    database.close()
