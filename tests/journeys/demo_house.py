"""The demo's office behind a real server: a fortnight of data to look at."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser

from attribution.people import Actor, Grant, Role
from attribution.services.administering import create_project
from attribution.services.enrolling import add_person, give_role, set_password
from attribution.storage.engine import open_database
from tests.journeys.atlas import Sheet, explore
from tests.journeys.premises import Premises, served
from tests.office import Office
from tests.web.confirming import confirm
from web.access import SESSION_COOKIE
from web.app import Look, create_app
from web.demo import PASSWORD, seed

STAFF = ("li", "desk", "signing", "finance", "admin", "judge")
LOGINS = ("", *STAFF, "chief")
_CHIEF = "案场经理"


class DemoOffice(Office):
    """An office that opens empty; the demo hires everybody."""

    def _hire(self) -> None:
        """Hire nobody."""

    def _agree(self) -> None:
        """Agree on nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Demo:
    """The demo's office, served: its pages, and what can be tried there."""

    app: Flask
    premises: Premises
    sheets: Mapping[str, Sheet]
    codes: Mapping[str, str]  # by the client's number
    statement: Path


@contextmanager
def open_demo(browser: Browser, folder: Path) -> Iterator[Demo]:
    """Open the demo after its fortnight, on the migrated database of a folder."""
    database = open_database(f"sqlite:///{folder}/hefu.db")
    office = DemoOffice(database)
    told = "\n".join(seed(office.runtime, folder))
    app = create_app(office.runtime, look=Look(is_demo=True))
    with served(app) as address:
        premises = Premises(
            browser=browser, address=address, office=office, password=PASSWORD
        )
        staff = {login: premises.session_of(login) for login in STAFF}
        statement = folder / "anju-statement.xlsx"
        start = _shown_once(app, staff, statement)
        _add_chief(office)
        sessions = {"": "", **staff, "chief": premises.session_of("chief")}
        yield Demo(
            app=app,
            premises=premises,
            sheets=explore(app, sessions, start),
            codes={
                number: code
                for code, number in re.findall(r"(\w{5}-\w{5}-\w) +(\d{11})", told)
            },
            statement=statement,
        )
        premises.close()
    database.close()


def _add_chief(office: Office) -> None:
    """Add somebody with two desks, and a second project, so that there is a choice."""
    runtime = office.runtime
    chief = add_person(runtime, login="chief", name=_CHIEF)
    for role in (Role.DESK_SUPERVISOR, Role.OPERATIONS):
        give_role(runtime, chief, Grant(role=role))
    set_password(runtime, chief, PASSWORD)
    actor = Actor(person_id=chief, name=_CHIEF, grants=(Grant(role=Role.ADMIN),))
    office.do(create_project, by=actor, name="湖畔新村", rules={})


def _shown_once(app: Flask, staff: Mapping[str, str], statement: Path) -> list[str]:
    """Return the addresses that are told once, to those whom they are for."""

    def client(login: str) -> FlaskClient:
        opened = app.test_client()
        opened.set_cookie(SESSION_COOKIE, staff[login])
        return opened

    form = client("li").get("/agent").text
    sent = {"request_id": "once-1", "project": _only(_PROJECT, form)}
    link = _only(r"(/t/[\w-]+)", client("li").post("/agent", data=sent).text)
    walk_in = f"{client('desk').get('/desk').location}/walk-in"
    visit = client("desk").post(walk_in, data={"request_id": "once-2"}).text
    form = client("finance").get("/finance/statements").text
    sent = {
        "request_id": "once-3",
        "project": _only(_PROJECT, form),
        "channel": _only(r'value="(\w+)"[^>]*>安居中介', form),
    }
    with statement.open("rb") as file:
        upload = {**sent, "file": (file, statement.name)}
        page = client("finance").post("/finance/statements", data=upload)
    confirm(client("finance"), page, request_id="once-4")
    receipt = _only(r'class="wrap">([^<]+)<', visit)
    return [link, f"/v/{receipt}", "/problems/TOKEN_EXPIRED"]


_PROJECT = r'name="project" value="(\w+)"'


def _only(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found is not None, pattern
    return found[1]
