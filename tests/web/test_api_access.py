"""Who may call what: every role at every endpoint, and nobody at all."""

import pytest

from attribution.people import Role
from tests.web.api_office import Answered, ApiOffice, answered
from web.access import declaration_of

AGREED = {Role.OPERATIONS, Role.ADMIN}
DESK = {Role.DESK, Role.DESK_SUPERVISOR}
DEALS = {
    Role.FINANCE,
    Role.FINANCE_APPROVER,
    Role.OPERATIONS,
    Role.AUDITOR,
    Role.SIGNING,
}
MONEY = DEALS - {Role.SIGNING}
RULINGS = DEALS | {Role.ADJUDICATOR}
EVIDENCE = (RULINGS - {Role.SIGNING}) | {Role.AGENT, Role.CHANNEL_MANAGER}
UPLOADS = {Role.FINANCE, Role.FINANCE_APPROVER, Role.CHANNEL_MANAGER}
# An auditor looks at what was found, and brings nothing.
RECONCILED = UPLOADS | {Role.AUDITOR}
AGENTS = AGREED | {Role.CHANNEL_MANAGER}
CHANNELS = AGREED | {Role.FINANCE, Role.FINANCE_APPROVER, Role.AUDITOR}
PARTIES = {Role.AGENT, Role.CHANNEL_MANAGER, Role.FINANCE, Role.OPERATIONS}
BENCH = {Role.ADJUDICATOR, Role.AUDITOR}
# Written out by hand on purpose: a role that a view gains must be gained here as well.
ALLOWED: dict[str, set[Role] | None] = {
    "get /tokens": {Role.AGENT},
    "post /tokens": {Role.AGENT},
    "get /tokens/{token_id}": {Role.AGENT},
    "post /tokens/{token_id}/revoke": {Role.AGENT},
    "get /tokens/{token_id}/receipts": {Role.AGENT},
    "get /visits": DESK,
    "get /visits/{visit_id}": DESK,
    "get /visits/{visit_id}/receipts": DESK,
    "post /visits/peek": DESK,
    "post /visits/redeem": DESK,
    "post /visits/walk-in": DESK,
    "post /visits/find-reports": DESK,
    "post /visits/confirm-report": DESK,
    "get /signings": DEALS,
    "post /signings": {Role.SIGNING},
    "get /signings/{signing_id}": DEALS,
    "post /signings/{signing_id}/milestones": {Role.SIGNING, Role.FINANCE},
    "get /signings/{signing_id}/ruling": RULINGS,
    "get /signings/{signing_id}/bundle": EVIDENCE,
    "get /signings/{signing_id}/receipts": RULINGS,
    "get /signings/{signing_id}/visitor-statements": RULINGS,
    "get /rulings/{ruling_id}": RULINGS,
    "get /accruals": MONEY,
    "get /disputes": PARTIES | BENCH,
    "post /disputes": PARTIES,
    "get /disputes/{dispute_id}": PARTIES | BENCH,
    "get /disputes/{dispute_id}/bundle": EVIDENCE,
    "post /disputes/{dispute_id}/evidence": PARTIES | {Role.ADJUDICATOR},
    "post /disputes/{dispute_id}/propose": {Role.ADJUDICATOR},
    "post /disputes/{dispute_id}/decide": {Role.ADJUDICATOR},
    "post /disputes/{dispute_id}/approve": {Role.ADJUDICATOR},
    "post /disputes/{dispute_id}/withdraw": PARTIES,
    "post /statements": UPLOADS,
    "get /reconciliations": RECONCILED,
    "get /reconciliations/{statement_id}": RECONCILED,
    "get /reconciliations/{statement_id}.xlsx": RECONCILED,
    "get /projects": set(Role),
    "post /projects": {Role.ADMIN},
    "get /projects/{project_id}": AGREED,
    "post /projects/{project_id}/rules": AGREED,
    "post /projects/{project_id}/owners": AGREED,
    "post /projects/{project_id}/units": AGREED,
    "get /channels": CHANNELS,
    "post /channels": AGREED,
    "post /channels/{channel_id}/suspension": AGREED,
    "get /programmes": AGREED,
    "post /programmes": AGREED,
    "get /programmes/{programme_id}": AGREED,
    "post /programmes/{programme_id}/rules": AGREED,
    "post /programmes/{programme_id}/plans": AGREED,
    "get /agents": AGENTS,
    "post /agents": AGENTS,
    "post /agents/{agent_id}/suspension": AGENTS,
    "get /log/checkpoint": None,
    "get /log/entries": None,
    "get /log/proof/{entry_id}": None,
    "get /log/consistency": None,
    "get /log/watch": None,
    "post /log/cosignatures": None,
}


def _address(path: str) -> str:
    long = ("token", "visit", "signing", "ruling", "statement", "entry", "dispute")
    for name in long:
        path = path.replace(f"{{{name}_id}}", "0" * 32)
    for name in ("project", "channel", "programme", "agent"):
        path = path.replace(f"{{{name}_id}}", "0" * 16)
    return path


def test_the_table_lists_every_documented_call(shared_api: ApiOffice) -> None:
    documented = {
        f"{method} {path.removeprefix('/api/v1')}"
        for method, path, _ in shared_api.operations()
    }

    assert documented == set(ALLOWED)


def test_every_endpoint_of_the_api_is_documented(shared_api: ApiOffice) -> None:
    rules = {
        rule.rule
        for rule in shared_api.app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and rule.endpoint != "openapi.spec"
    }

    assert len(rules) == len(shared_api.document["paths"])


@pytest.mark.parametrize("role", Role)
def test_a_role_opens_what_the_table_says_and_nothing_else(
    shared_api: ApiOffice, role: Role
) -> None:
    who, refused = shared_api.hire(role), set()
    for call in ALLOWED:
        method, path = call.split(" ")
        if _ask(shared_api, who, method, path).status_code == 403:
            refused.add(call)

    # A role without an agent behind it is refused by the service itself.
    own = {
        "get /tokens",
        "post /tokens",
        "get /tokens/{token_id}",
        "get /tokens/{token_id}/receipts",
        "post /tokens/{token_id}/revoke",
    }
    expected = {
        call
        for call, roles in ALLOWED.items()
        if roles is not None and (role not in roles or call in own)
    }
    assert refused == expected


def _ask(api: ApiOffice, who: str | None, method: str, path: str) -> Answered:
    address = _address(path)
    return api.get(who, address) if method == "get" else api.post(who, address, {})


@pytest.mark.parametrize("call", ALLOWED)
def test_nobody_is_let_in_without_a_token(shared_api: ApiOffice, call: str) -> None:
    answer = _ask(shared_api, None, *call.split(" "))

    is_public = ALLOWED[call] is None
    assert answer.status_code in ({200, 404, 422} if is_public else {401})
    assert ("WWW-Authenticate" in answer.headers) is not is_public


@pytest.mark.parametrize("header", ["Bearer", "Bearer x", "Basic eDp5", "Bearer " * 9])
def test_a_wrong_token_is_no_token(shared_api: ApiOffice, header: str) -> None:
    headers = {"Authorization": header}

    answer = answered(
        shared_api.app.test_client().get("/api/v1/visits", headers=headers)
    )

    assert (answer.status_code, answer.json["code"]) == (401, "SIGN_IN_NEEDED")


def test_another_sites_page_cannot_write(shared_api: ApiOffice) -> None:
    answer = shared_api.post(
        "desk", "/visits/walk-in", {}, Origin="https://elsewhere.example"
    )

    assert (answer.status_code, answer.json["code"]) == (403, "CROSS_SITE_REFUSED")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "NOT_FOUND"),
        ("DELETE", "/api/v1/tokens", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/api/v1/visits/redeem", 404, "NOT_FOUND"),
    ],
)
def test_what_is_not_there_is_a_problem_too(
    shared_api: ApiOffice, method: str, path: str, status: int, code: str
) -> None:
    headers, client = shared_api.headers("desk"), shared_api.app.test_client()

    answer = answered(client.open(path, method=method, headers=headers))

    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert answer.mimetype == "application/problem+json"


def test_the_document_says_who_may_call(shared_api: ApiOffice) -> None:
    app = shared_api.app
    operation = shared_api.document["paths"]["/api/v1/tokens"]["post"]

    assert declaration_of(app, "api_tokens.issue") == frozenset({Role.AGENT})
    assert operation["description"].endswith("For: agent.")
    assert operation["security"] == [{"bearer": []}]
