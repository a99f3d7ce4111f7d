"""An agent's calls: issue a token, look at one's own, take one back."""

import pytest

from attribution.documents import instant_text
from attribution.people import Role
from tests.web.api_office import CLIENT, ApiOffice

NOBODY = "0" * 32


@pytest.mark.parametrize(
    ("body", "binding"),
    [
        pytest.param({"client": CLIENT}, "full", id="a whole number"),
        pytest.param({"client": CLIENT, "binding": "masked"}, "masked", id="weaker"),
        pytest.param(
            {"client": {"kind": "cn-mobile-3-4", "value": "138****8000"}},
            "masked",
            id="a masked number",
        ),
    ],
)
def test_a_token_is_bound_as_the_client_is_named(
    api: ApiOffice, body: dict[str, object], binding: str
) -> None:
    issued = api.post("wang", "/tokens", body)

    assert issued.status_code == 201
    assert issued.json["binding"] == binding
    assert issued.json["replayed"] is False


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param({}, "BINDING_REQUIRED", id="for nobody"),
        pytest.param({"client": None}, "BINDING_REQUIRED", id="for nobody, said"),
        pytest.param(
            {"client": CLIENT, "binding": "none"}, "BINDING_REQUIRED", id="unbound"
        ),
        pytest.param(
            {"client": {"kind": "cn-mobile", "value": "12800138000"}},
            "IDENTIFIER_INVALID",
            id="no such number",
        ),
    ],
)
def test_a_token_that_the_agreement_does_not_allow_is_refused(
    api: ApiOffice, body: dict[str, object], code: str
) -> None:
    refused = api.post("wang", "/tokens", body)

    assert (refused.status_code, refused.json["code"]) == (422, code)


def test_ones_own_tokens_are_listed_without_their_codes(api: ApiOffice) -> None:
    issued = api.post("wang", "/tokens", {"client": CLIENT, "label": "张先生"}).json

    listed = api.get("wang", "/tokens")
    shown = api.get("wang", f"/tokens/{issued['token_id']}").json

    assert [one["token_id"] for one in listed.json["tokens"]] == [issued["token_id"]]
    concluded: dict[str, object] = {"conflict": None, "finding": "OK", "outcomes": []}
    assert shown == {**listed.json["tokens"][0], **concluded}
    assert (shown["label"], shown["qr"]) == ("张先生", issued["qr"])
    assert issued["code"] not in listed.text


def test_ones_own_token_says_what_the_ruling_made_of_it(api: ApiOffice) -> None:
    office = api.office
    issued = api.post("wang", "/tokens", {"client": CLIENT}).json
    office.wait(hours=1)
    office.redeem(issued["code"])
    office.wait(days=30)
    office.rule(office.sign())

    shown = api.get("wang", f"/tokens/{issued['token_id']}").json

    ruled_at = instant_text(office.time)
    assert shown["finding"] == "OK"
    assert shown["outcomes"] == [{"finding": "DEAL_OVERDUE", "ruled_at": ruled_at}]


def test_somebody_elses_token_is_not_there(api: ApiOffice) -> None:
    token_id = api.post("wang", "/tokens", {"client": CLIENT}).json["token_id"]

    answers = [
        api.get("li", f"/tokens/{token_id}"),
        api.post("li", f"/tokens/{token_id}/revoke", None),
        api.get("li", f"/tokens/{NOBODY}"),
        api.get("li", "/tokens/%00"),
    ]

    assert {answer.json["code"] for answer in answers} == {"NOT_FOUND"}


def test_a_token_is_taken_back_once(api: ApiOffice) -> None:
    token_id = api.post("wang", "/tokens", {"client": CLIENT}).json["token_id"]

    first = api.post("wang", f"/tokens/{token_id}/revoke", None)
    second = api.post("wang", f"/tokens/{token_id}/revoke", None)

    assert first.status_code == 200
    assert (second.status_code, second.json["code"]) == (410, "TOKEN_REVOKED")


def test_a_suspended_agent_issues_nothing(api: ApiOffice) -> None:
    agent_id = api.office.wang.agent_id
    api.post("admin", f"/agents/{agent_id}/suspension", {"is_suspended": True})

    refused = api.post("wang", "/tokens", {"client": CLIENT})
    api.post("admin", f"/agents/{agent_id}/suspension", {"is_suspended": False})
    issued = api.post("wang", "/tokens", {"client": CLIENT})

    assert (refused.status_code, refused.json["code"]) == (403, "AGENT_SUSPENDED")
    assert issued.status_code == 201


def test_an_agent_with_two_projects_names_one(api: ApiOffice) -> None:
    office = api.office
    project = api.post("admin", "/projects", {"name": "云庭"}).json["project_id"]
    terms = {
        "project": project,
        "channel": office.channel_a,
        "kind": "agency",
        "plan": {"base": "fixed", "fixed_fen": 1},
    }
    api.post("admin", "/programmes", terms)

    unnamed = api.post("wang", "/tokens", {"client": CLIENT})
    named = api.post("wang", "/tokens", {"client": CLIENT, "project": project})
    foreign = api.post("li", "/tokens", {"client": CLIENT, "project": project})

    assert (unnamed.status_code, unnamed.json["errors"][0]["path"]) == (422, "project")
    assert named.status_code == 201
    assert foreign.json["code"] == "PROGRAMME_NOT_IN_FORCE"


def test_a_person_with_the_role_but_no_agent_has_no_tokens(api: ApiOffice) -> None:
    nobody = api.hire(Role.AGENT)

    answers = [api.get(nobody, "/tokens"), api.post(nobody, "/tokens", {})]

    assert [one.status_code for one in answers] == [403, 403]
