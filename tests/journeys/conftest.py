"""One real browser for each worker; an office behind a real server for each test."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from attribution.storage.engine import open_database
from tests.journeys.demo_house import Demo, open_demo
from tests.journeys.premises import Premises, served
from tests.office import Office
from tests.prepare import find_chromium
from web.app import create_app

_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return the browser; without one the journeys are skipped, except in CI."""
    path = find_chromium()
    if path is None:
        reason = "there is no chromium here; `make test` says how to get it"
        pytest.fail(reason) if os.getenv("CI") == "true" else pytest.skip(reason)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=_QUIET)
        yield opened
        opened.close()


@pytest.fixture
def premises(browser: Browser, sqlite_url: str) -> Iterator[Premises]:
    """Return an office on its first day; what its pages do wrong fails the test."""
    database = open_database(sqlite_url)
    office = Office(database)
    with served(create_app(office.runtime)) as address:
        opened = Premises(browser=browser, address=address, office=office)
        yield opened
        opened.close()
    database.close()
    assert opened.faults == []


@pytest.fixture(scope="session")
def demo(
    browser: Browser, migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Demo]:
    """Return the demo after its fortnight, to be looked at and little changed."""
    folder = tmp_path_factory.mktemp("demo")
    shutil.copyfile(migrated_sqlite, folder / "hefu.db")
    with open_demo(browser, folder) as opened:
        yield opened


@pytest.fixture(scope="session")
def shots() -> Path:
    """Return the folder where pictures of the pages are put, to be looked at."""
    folder = Path(__file__).parents[2] / "var" / "shots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
