import re
from collections.abc import Collection
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient

from attribution.people import Role
from tests.web.conftest import Front
from tests.web.test_api_access import ALLOWED
from web.access import Undeclared, declaration_of, endpoints, open_to_all

EVERYBODY = frozenset(Role)
AGREED = {Role.ADMIN, Role.OPERATIONS}
ADMIN = {Role.ADMIN}
DESK = {Role.DESK, Role.DESK_SUPERVISOR}
FINANCE = {Role.FINANCE, Role.FINANCE_APPROVER}
BOOKS = FINANCE | {Role.AUDITOR}
AGENT, SIGNING = {Role.AGENT}, {Role.SIGNING}
CHANNEL = {Role.AGENT, Role.CHANNEL_MANAGER}
DEVELOPER = {Role.FINANCE, Role.OPERATIONS}
PARTIES = CHANNEL | DEVELOPER
JUDGES = {Role.ADJUDICATOR}
BENCH = {Role.ADJUDICATOR, Role.AUDITOR}
# Written out by hand on purpose: a role that a page gains must be gained here as well.
# The calls of the API have their table in test_api_access.py. None is open to all.
PAGES: dict[str, Collection[Role] | None] = {
    "GET /": None,
    "GET /account": EVERYBODY,
    "POST /account/second-factor": EVERYBODY,
    "POST /account/second-factor/confirm": EVERYBODY,
    "GET /admin": AGREED,
    "GET /admin/access": AGREED,
    "GET /admin/agents": AGREED,
    "POST /admin/agents": AGREED,
    "POST /admin/agents/<agent_id>/suspension": AGREED,
    "GET /admin/channels": AGREED,
    "POST /admin/channels": AGREED,
    "POST /admin/channels/<channel_id>/suspension": AGREED,
    "GET /admin/devices": ADMIN,
    "POST /admin/devices": ADMIN,
    "POST /admin/devices/<device_id>/revoke": ADMIN,
    "GET /admin/log": AGREED,
    "GET /admin/people": ADMIN,
    "POST /admin/people": ADMIN,
    "GET /admin/people/<person_id>": ADMIN,
    "POST /admin/people/<person_id>/invitation": ADMIN,
    "POST /admin/people/<person_id>/readmit": ADMIN,
    "POST /admin/people/<person_id>/roles": ADMIN,
    "POST /admin/people/<person_id>/roles/<grant_id>/take": ADMIN,
    "POST /admin/people/<person_id>/second-factor/remove": ADMIN,
    "POST /admin/people/<person_id>/suspend": ADMIN,
    "GET /admin/programmes/<programme_id>": AGREED,
    "GET /admin/programmes/<programme_id>/plan": AGREED,
    "POST /admin/programmes/<programme_id>/plan": AGREED,
    "GET /admin/programmes/<programme_id>/rules": AGREED,
    "POST /admin/programmes/<programme_id>/rules": AGREED,
    "GET /admin/programmes/new": AGREED,
    "POST /admin/programmes/new": AGREED,
    "GET /admin/projects": AGREED,
    "GET /admin/projects/<project_id>": AGREED,
    "POST /admin/projects/<project_id>/owners": AGREED,
    "GET /admin/projects/<project_id>/rules": AGREED,
    "POST /admin/projects/<project_id>/rules": AGREED,
    "POST /admin/projects/<project_id>/units": AGREED,
    "GET /admin/projects/new": ADMIN,
    "POST /admin/projects/new": ADMIN,
    "GET /admin/tokens": ADMIN,
    "POST /admin/tokens": ADMIN,
    "POST /admin/tokens/<credential_id>/revoke": ADMIN,
    "GET /admin/witnesses": ADMIN,
    "POST /admin/witnesses": ADMIN,
    "POST /admin/witnesses/<witness_id>/retire": ADMIN,
    "GET /agent": AGENT,
    "POST /agent": AGENT,
    "GET /agent/tokens/<token_id>": AGENT,
    "GET /agent/tokens/<token_id>/revoke": AGENT,
    "POST /agent/tokens/<token_id>/revoke": AGENT,
    "GET /agent/tokens/<token_id>/receipts/<entry_id>.tlog-proof": AGENT,
    "GET /cases": PARTIES,
    "GET /cases/<dispute_id>": PARTIES,
    "POST /cases/<dispute_id>/evidence": PARTIES,
    "POST /cases/<dispute_id>/withdraw": PARTIES,
    "GET /cases/deals/<signing_id>": DEVELOPER,
    "POST /cases/deals/<signing_id>": DEVELOPER,
    "GET /cases/evidence/<evidence_id>": PARTIES | JUDGES,
    "GET /cases/tokens/<token_id>": CHANNEL,
    "POST /cases/tokens/<token_id>": CHANNEL,
    "GET /desk": DESK,
    "GET /desk/<project_id>": DESK,
    "POST /desk/<project_id>/confirm-report": DESK,
    "GET /desk/<project_id>/forgotten": DESK,
    "POST /desk/<project_id>/forgotten": DESK,
    "POST /desk/<project_id>/peek": DESK,
    "POST /desk/<project_id>/redeem": DESK,
    "POST /desk/<project_id>/release": DESK,
    "GET /desk/<project_id>/walk-in": DESK,
    "POST /desk/<project_id>/walk-in": DESK,
    "GET /desk/visits/<visit_id>/print": DESK,
    "GET /disputes": BENCH,
    "GET /disputes/<dispute_id>": BENCH,
    "GET /disputes/<dispute_id>/evidence.zip": BENCH,
    "POST /disputes/<dispute_id>/approve": JUDGES,
    "POST /disputes/<dispute_id>/decide": JUDGES,
    "POST /disputes/<dispute_id>/evidence": JUDGES,
    "POST /disputes/<dispute_id>/propose": JUDGES,
    "GET /disputes/figures": BENCH,
    "GET /finance": FINANCE,
    "GET /finance/deals/<signing_id>": FINANCE,
    "GET /finance/deals/<signing_id>/evidence.zip": FINANCE,
    "GET /finance/deals/<signing_id>/receipts/<entry_id>.tlog-proof": FINANCE,
    "POST /finance/deals/<signing_id>/milestones": FINANCE,
    "GET /finance/ledger": BOOKS,
    "GET /finance/ledger/journal.<kind>": BOOKS,
    "GET /finance/statements": FINANCE,
    "POST /finance/statements": FINANCE,
    "POST /finance/statements/columns": FINANCE,
    "POST /finance/statements/confirm": FINANCE,
    "GET /finance/statements/<statement_id>": FINANCE,
    "GET /finance/statements/<statement_id>.xlsx": FINANCE,
    "GET /healthz": None,
    "GET /invitation": None,
    "POST /invitation": None,
    "POST /language": None,
    "GET /log": None,
    "GET /notice": None,
    "GET /notice/<version>": None,
    "GET /pair": None,
    "POST /pair": None,
    "GET /problems/<code>": None,
    "GET /sign-in": None,
    "POST /sign-in": None,
    "POST /sign-out": None,
    "GET /signing": SIGNING,
    "GET /signing/deals": SIGNING,
    "POST /signing": SIGNING,
    "GET /signing/deals/<signing_id>": SIGNING,
    "GET /signing/deals/<signing_id>/receipts/<entry_id>.tlog-proof": SIGNING,
    "POST /signing/deals/<signing_id>/milestones": SIGNING,
    "GET /static/<path:filename>": None,
    "GET /t/<link>": None,
    "POST /t/<link>": None,
    "GET /v/<receipt>": None,
    "GET /v/<receipt>/disputes": None,
    "POST /v/<receipt>/disputes": None,
    "POST /v/<receipt>/disputes/<dispute_id>/evidence": None,
    "POST /v/<receipt>/disputes/<dispute_id>/withdraw": None,
    "GET /v/<receipt>/receipts/<entry_id>.tlog-proof": None,
    "POST /v/<receipt>/statement": None,
    "GET /verify": None,
    "GET /api/v1/openapi.json": None,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """One thing that is served, and who may open it by the tables."""

    name: str
    method: str
    address: str
    roles: Collection[Role] | None


def routes(app: Flask) -> list[Route]:
    """Return everything that is served."""
    calls = {
        f"{method.upper()} /api/v1{path}": roles
        for method, _, path, roles in (
            (*call.partition(" "), roles) for call, roles in ALLOWED.items()
        )
    }
    tables = {**PAGES, **calls}
    found = []
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            is_call = rule.rule.startswith("/api/")
            path = re.sub(r"<(\w+)>", r"{\1}", rule.rule) if is_call else rule.rule
            address = re.sub(r"<[^>]*>", "1", rule.rule)
            name = f"{method} {path}"
            found.append(
                Route(name=name, method=method, address=address, roles=tables[name])
            )
    return found


def test_the_tables_list_everything_that_is_served_and_nothing_else(
    front: Front,
) -> None:
    served = {route.name for route in routes(front.app)}

    assert {name for name in served if "/api/" not in name} == set(PAGES) - {
        "GET /api/v1/openapi.json"
    }


def test_every_route_declares_who_may_open_it(front: Front) -> None:
    declared = endpoints(front.app)

    assert set(declared) == set(front.app.view_functions)


def test_a_route_without_a_declaration_is_refused() -> None:
    app = Flask("bare")
    app.add_url_rule("/bare", "bare", lambda: "never seen")

    with pytest.raises(Undeclared):
        declaration_of(app, "bare")


def test_nobody_opens_only_what_is_open_to_all(front: Front) -> None:
    browser = front.browser()
    for route in routes(front.app):
        answer = browser.open(
            route.address, method=route.method, headers=[("Accept", JSON)]
        )
        is_asked_to_sign_in = code_of(answer) == "SIGN_IN_NEEDED"
        assert is_asked_to_sign_in is (route.roles is not None), route.name


@pytest.mark.parametrize("role", list(Role))
def test_each_role_is_refused_what_does_not_name_it(front: Front, role: Role) -> None:
    browser, headers = front.browser(), front.program(role)
    for route in routes(front.app):
        if route.roles is not None and role not in route.roles:
            answer = browser.open(route.address, method=route.method, headers=headers)
            assert code_of(answer) == "NOT_ALLOWED", route.name


@pytest.mark.parametrize("role", list(Role))
def test_each_role_is_let_in_where_it_is_named(front: Front, role: Role) -> None:
    gate = front.app.before_request_funcs[None][-1]
    headers = front.program(role)
    for route in routes(front.app):
        if route.roles is None or role in route.roles:
            with front.app.test_request_context(
                route.address, method=route.method, headers=headers
            ):
                assert gate() is None, route.name


JSON = "application/json"


def code_of(answer: object) -> str | None:
    json = getattr(answer, "json", None) if getattr(answer, "is_json", False) else None
    return json.get("code") if isinstance(json, dict) else None


CROSS_SITE = [
    pytest.param({"Sec-Fetch-Site": "cross-site"}, True, id="another site"),
    pytest.param({"Sec-Fetch-Site": "same-site"}, True, id="a neighbour's site"),
    pytest.param({"Sec-Fetch-Site": "same-origin"}, False, id="our own page"),
    pytest.param({"Sec-Fetch-Site": "none"}, False, id="typed by the person"),
    pytest.param({"Origin": "https://evil.example"}, True, id="old browser, elsewhere"),
    pytest.param({"Origin": "null"}, True, id="old browser, hidden origin"),
    pytest.param({"Origin": "http://localhost"}, False, id="old browser, our page"),
    pytest.param(
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
        True,
        id="the newer header decides",
    ),
    pytest.param({}, False, id="a program"),
]


@pytest.mark.parametrize(("headers", "is_refused"), CROSS_SITE)
def test_writes_of_other_sites_are_refused(
    front: Front,
    headers: dict[str, str],
    is_refused: bool,  # noqa: FBT001 (a column of the table)
) -> None:
    answer = front.browser().post(
        "/language", data={"language": "en"}, headers={"Accept": JSON, **headers}
    )

    assert (code_of(answer) == "CROSS_SITE_REFUSED") is is_refused
    assert (answer.status_code == 403) is is_refused


def test_reading_from_another_site_is_harmless(front: Front) -> None:
    answer = front.browser().get("/sign-in", headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 200


def test_an_api_token_stands_for_its_person(front: Front) -> None:
    headers = front.program(Role.AUDITOR)

    assert front.browser().get("/account", headers=headers).status_code == 200


def test_a_wrong_api_token_is_nobody(front: Front) -> None:
    answer = front.browser().get(
        "/account", headers={"Authorization": "Bearer " + "0" * 64}
    )

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_session_cookie_is_no_api_token(front: Front) -> None:
    browser: FlaskClient = front.signed_in(Role.ADMIN)
    cookie = browser.get_cookie("hefu_session")
    assert cookie is not None

    answer = front.browser().get(
        "/account", headers={"Authorization": f"Bearer {cookie.value}"}
    )

    assert answer.status_code == 401


def test_open_to_all_leaves_the_view_as_it_is() -> None:
    def view() -> str:
        return "seen"

    assert open_to_all(view) is view
