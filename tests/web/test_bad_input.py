"""What nobody types by accident: pages answer it in words, and nothing is written."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient

from attribution.people import Role
from attribution.storage.engine import open_database
from attribution.storage.tables import log_entries, projects, requests
from tests.office import PHONE, Office
from tests.web.confirming import confirm
from tests.web.conftest import PASSWORD, Front
from tests.web.people import browser_of
from web.rule_fields import DEAL_FIELDS

NUL, LONG, MANY_DIGITS = "a\0b", "名" * 300, "9" * 5000
RULES = {
    one.key: one.default.split() if one.is_set else one.default for one in DEAL_FIELDS
}
ELSEWHERE = ("////evil.example/", "///\\evil.example", "http://[", "//[", "\\\\evil")
STRANGERS: list[tuple[str, dict[str, str]]] = [
    ("/sign-in", {"login": NUL, "password": PASSWORD}),
    ("/sign-in", {"login": PHONE, "password": NUL}),
    ("/invitation", {"invitation": NUL, "password": PASSWORD}),
    ("/pair", {"code": NUL}),
    ("/t/link", {"number": NUL}),
]
STAFF: list[tuple[Role, str, dict[str, Any]]] = [
    (Role.ADMIN, "/admin/people", {"login": NUL, "name": "王芳"}),
    (Role.ADMIN, "/admin/people", {"login": LONG, "name": "王芳"}),
    (Role.ADMIN, "/admin/people", {"login": "fang", "name": LONG}),
    (Role.ADMIN, "/admin/devices", {"project": "{project}", "name": LONG}),
    (Role.ADMIN, "/admin/devices", {"project": NUL, "name": "前台"}),
    (Role.ADMIN, "/admin/tokens", {"person": "{desk}", "label": LONG}),
    (Role.ADMIN, "/admin/tokens", {"person": NUL, "label": "接口"}),
    (
        Role.ADMIN,
        "/admin/agents",
        {"channel": "{channel}", "name": "王芳", "login": LONG},
    ),
    (Role.ADMIN, "/admin/agents", {"channel": "{channel}", "name": LONG}),
    (
        Role.ADMIN,
        "/admin/projects/new",
        {**RULES, "name": "云庭", "dispute_window_days": MANY_DIGITS},
    ),
    (Role.ADMIN, "/admin/projects/new", {**RULES, "name": LONG}),
    (
        Role.ADMIN,
        "/admin/projects/{project}/rules",
        {**RULES, "in_force_from": "9999-12-31T23:59"},
    ),
    (
        Role.ADMIN,
        "/admin/projects/{project}/rules",
        {**RULES, "in_force_from": "2026-04-01T09:00+23:00"},
    ),
    (Role.DESK, "/desk/{project}/walk-in", {"party_size": MANY_DIGITS}),
    (Role.DESK, "/desk/{project}/walk-in", {"visitor": NUL}),
    (
        Role.SIGNING,
        "/signing",
        {
            "unit": "3-1-1",
            "price": "200万",
            "buyer-0-phone": PHONE,
            "signed_at": "0001-01-01T00:00",
        },
    ),
    (Role.ADMIN, "/account/second-factor/confirm", {"secret": "00", "digits": "1"}),
]


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest) -> Iterator[Front]:
    """The application of an office, on either database."""
    kind = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    database = open_database(request.getfixturevalue(kind))
    yield Front(Office(database))
    database.close()


def named(front: Front, text: Any) -> Any:
    """Put the office's own ids where a form or an address names them."""
    if not isinstance(text, str):
        return text
    office = front.office
    for name, value in (
        ("{project}", office.project),
        ("{desk}", office.people["desk"]),
        ("{channel}", office.channel_a),
    ):
        text = text.replace(name, value)
    return text


def browser_with(front: Front, role: Role) -> FlaskClient:
    who = {Role.ADMIN: "admin", Role.DESK: "desk", Role.SIGNING: "signing"}[role]
    return browser_of(front, who, role)


def test_a_form_that_cannot_be_followed_is_refused_and_nothing_is_written(
    either: Front,
) -> None:
    browsers = {role: browser_with(either, role) for role in {one[0] for one in STAFF}}
    tables = (log_entries, projects, requests)
    before = [either.office.count(table) for table in tables]

    answers = {}
    for number, (role, path, form) in enumerate(STAFF):
        data = {name: named(either, value) for name, value in form.items()}
        answer = browsers[role].post(
            named(either, path), data={"request_id": f"bad-{number}", **data}
        )
        answers[number, path] = answer.status_code

    assert {key: code for key, code in answers.items() if not 400 <= code < 500} == {}
    assert [either.office.count(table) for table in tables] == before


def test_a_strangers_form_that_cannot_be_followed_is_refused(either: Front) -> None:
    answers = [either.browser().post(path, data=form) for path, form in STRANGERS]

    assert {one.status_code // 100 for one in answers} == {4}


def test_an_address_with_a_nul_is_refused(either: Front) -> None:
    answer = browser_with(either, Role.ADMIN).get("/admin/people/a%00b")

    assert answer.status_code == 400


@pytest.mark.parametrize("asked", ELSEWHERE)
def test_no_page_leads_to_another_site(front: Front, asked: str) -> None:
    form = {"language": "en", "next": asked}

    answers = [
        front.browser().post("/language", data=form),
        front.browser().get("/sign-in", query_string={"next": asked}),
    ]

    assert answers[0].location == "/"
    assert answers[1].status_code == 200
    assert "evil" not in answers[1].text


def test_an_origin_that_is_no_address_is_another_site(front: Front) -> None:
    answer = front.browser().post(
        "/language", data={"language": "en"}, headers={"Origin": "http://["}
    )

    assert answer.status_code == 403


def test_more_people_than_can_be_counted_are_no_more_than_the_form_has_room_for(
    front: Front,
) -> None:
    browser = browser_with(front, Role.SIGNING)

    assert browser.get(f"/signing?buyers={MANY_DIGITS}").status_code == 200


@pytest.mark.parametrize("step", ["redeem", "peek", "forgotten", "confirm-report"])
def test_a_desk_refuses_at_another_sales_centre_before_it_reads(
    front: Front, step: str
) -> None:
    desk = browser_with(front, Role.DESK)
    form = {"request_id": "x", "scan": "123", "token_id": "1", "visitor": "123"}

    answer = desk.post(f"/desk/nowhere/{step}", data=form)

    assert answer.status_code == 403


def test_a_request_id_of_one_form_is_no_answer_to_another(front: Front) -> None:
    admin = browser_of(front, "admin", Role.ADMIN)
    browser_of(front, "admin", Role.DESK)
    form = {"request_id": "same", "name": "丙渠道"}

    first = admin.post("/admin/channels", data=form)
    again = admin.post("/admin/channels", data=form)
    elsewhere = admin.post(f"/desk/{front.office.project}/walk-in", data=form)

    assert (first.status_code, again.status_code) == (303, 303)
    assert elsewhere.status_code == 409


def test_a_request_id_takes_back_one_token_only(front: Front) -> None:
    tokens = [str(front.office.issue()["token_id"]) for _ in range(2)]
    agent = browser_of(front, "wang", Role.AGENT)
    form = {"request_id": "same"}

    answers = [
        agent.post(f"/agent/tokens/{one}/revoke", data=form).status_code
        for one in tokens
    ]

    assert answers == [303, 409]


def test_a_workbook_stays_in_no_cache(front: Front) -> None:
    browser = browser_of(front, "finance", Role.FINANCE)
    file = BytesIO("房号,佣金\n3-1-1201,100\n".encode())
    form = {
        "request_id": "one",
        "channel": front.office.channel_a,
        "file": (file, "a.csv"),
    }
    made = confirm(browser, browser.post("/finance/statements", data=form))

    workbook = browser.get(f"{made.location}.xlsx")

    assert workbook.status_code == 200
    assert workbook.headers["Cache-Control"] == "no-store"
