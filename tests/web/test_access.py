import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from attribution.people import Role
from tests.web.conftest import Front
from web.access import Undeclared, declaration_of, endpoints, open_to_all


def routes(app: Flask) -> list[tuple[str, str, str]]:
    """Return (endpoint, method, address) of everything that is served."""
    return [
        (rule.endpoint, method, re.sub(r"<[^>]*>", "1", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


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
    for endpoint, method, address in routes(front.app):
        answer = browser.open(address, method=method, headers=[("Accept", JSON)])
        is_open = declaration_of(front.app, endpoint) is None
        is_asked_to_sign_in = code_of(answer) == "SIGN_IN_NEEDED"
        assert is_asked_to_sign_in is not is_open, address


@pytest.mark.parametrize("role", list(Role))
def test_each_role_is_refused_what_does_not_name_it(front: Front, role: Role) -> None:
    browser, headers = front.browser(), front.program(role)
    for endpoint, method, address in routes(front.app):
        declaration = declaration_of(front.app, endpoint)
        if declaration and role not in declaration:
            answer = browser.open(address, method=method, headers=headers)
            assert code_of(answer) == "NOT_ALLOWED", address


@pytest.mark.parametrize("role", list(Role))
def test_each_role_is_let_in_where_it_is_named(front: Front, role: Role) -> None:
    gate = front.app.before_request_funcs[None][-1]
    headers = front.program(role)
    for endpoint, method, address in routes(front.app):
        declaration = declaration_of(front.app, endpoint)
        if not declaration or role in declaration:
            with front.app.test_request_context(
                address, method=method, headers=headers
            ):
                assert gate() is None, address


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
