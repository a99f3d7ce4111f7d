"""The front desk's calls: peek, redeem, walk in, find and confirm a report."""

import pytest

from attribution.people import Role
from tests.office import OTHER_PHONE, PHONE
from tests.web.api_office import CLIENT, ApiOffice
from tokens.codes import code_from_random

OTHER = {"kind": "cn-mobile", "value": OTHER_PHONE}


def issue(api: ApiOffice, **others: object) -> dict[str, str]:
    answer = api.post("wang", "/tokens", {"client": CLIENT, **others})
    assert answer.status_code == 201
    told: dict[str, str] = answer.json
    api.office.wait(hours=1)
    return told


def test_a_token_is_peeked_at_and_redeemed_by_code(api: ApiOffice) -> None:
    token = issue(api, label="张先生")

    peeked = api.post("desk", "/visits/peek", {"code": token["code"]})
    redeemed = api.post(
        "desk",
        "/visits/redeem",
        {
            "code": token["code"],
            "identifiers": [CLIENT],
            "party": [[OTHER]],
            "party_size": 3,
            "consent": {"notice": "2026-01", "purposes": ["visit"]},
        },
    )

    assert (peeked.status_code, redeemed.status_code) == (200, 201)
    assert peeked.json["label"] == "张先生"
    assert peeked.json["needs_identifier"] is True
    assert redeemed.json["standing"] == "VALID_REFERRAL"
    assert redeemed.json["finding"] == "OK"
    receipt = redeemed.json["visitor_receipt"]
    assert redeemed.json["receipt_url"] == f"/v/{receipt}"


def test_a_token_is_redeemed_by_the_digits_of_its_qr_code(api: ApiOffice) -> None:
    token = issue(api)

    redeemed = api.post(
        "desk", "/visits/redeem", {"qr": token["qr"], "identifiers": [CLIENT]}
    )

    assert redeemed.status_code == 201


def test_visits_are_listed_and_shown(api: ApiOffice) -> None:
    made = api.post("desk", "/visits/walk-in", {"party_size": 2}).json
    api.office.wait(hours=2)
    api.post("desk", "/visits/walk-in", {"identifiers": [CLIENT]})

    today = api.get("desk", "/visits").json["visits"]
    one = api.get("desk", f"/visits/{made['visit_id']}").json

    assert len(today) == 2
    assert one["party_size"] == 2
    assert one["standing"] == "WALK_IN"


def test_a_desk_is_told_of_no_visit_of_an_earlier_day(api: ApiOffice) -> None:
    made = api.post("desk", "/visits/walk-in", {"party_size": 2}).json
    api.office.wait(days=1)

    listed = api.get("desk", "/visits")
    longer = api.get("desk", "/visits?hours=168")
    one = api.get("desk", f"/visits/{made['visit_id']}")

    assert listed.json["visits"] == []
    assert longer.status_code == 422
    assert one.status_code == 404


def test_who_referred_is_told_to_a_supervisor_alone(api: ApiOffice) -> None:
    token = issue(api)
    body = {"code": token["code"], "identifiers": [CLIENT]}
    visit = api.post("desk", "/visits/redeem", body).json["visit_id"]
    supervisor = api.hire(Role.DESK_SUPERVISOR)

    told = {who: api.get(who, "/visits").json["visits"] for who in ("desk", supervisor)}
    shown = {who: api.get(who, f"/visits/{visit}").json for who in told}

    assert [told["desk"][0]["channel"], shown["desk"]["agent"]] == [None, None]
    assert told[supervisor][0]["channel"] == "甲渠道"
    assert shown[supervisor]["agent"] == "wang"


def test_a_forgotten_code_is_found_and_confirmed(api: ApiOffice) -> None:
    token = issue(api)

    found = api.post("desk", "/visits/find-reports", {"identifiers": [CLIENT]}).json
    confirmed = api.post(
        "desk",
        "/visits/confirm-report",
        {"token_id": found["reports"][0]["token_id"], "identifiers": [CLIENT]},
    )

    assert [one["token_id"] for one in found["reports"]] == [token["token_id"]]
    assert confirmed.status_code == 201


@pytest.mark.parametrize(
    ("identifier", "status", "code"),
    [
        pytest.param(OTHER, 409, "BINDING_MISMATCH", id="somebody else"),
        pytest.param(
            {"kind": "cn-mobile", "value": "1380013800"},
            422,
            "IDENTIFIER_INVALID",
            id="a digit short",
        ),
        pytest.param(
            {"kind": "cn-id", "value": "11010519491231002X"},
            409,
            "BINDING_MISMATCH",
            id="another kind",
        ),
        pytest.param(
            {"kind": "cn-id", "value": "110105194912310021"},
            422,
            "IDENTIFIER_INVALID",
            id="a wrong check digit",
        ),
        pytest.param(
            {"kind": "face", "value": "1"}, 422, "IDENTIFIER_INVALID", id="no kind"
        ),
    ],
)
def test_the_wrong_number_burns_nothing(
    api: ApiOffice, identifier: dict[str, str], status: int, code: str
) -> None:
    token = issue(api)

    refused = api.post(
        "desk", "/visits/redeem", {"code": token["code"], "identifiers": [identifier]}
    )
    redeemed = api.post(
        "desk", "/visits/redeem", {"code": token["code"], "identifiers": [CLIENT]}
    )

    assert (refused.status_code, refused.json["code"]) == (status, code)
    assert redeemed.status_code == 201


def test_a_used_a_revoked_and_an_expired_token_are_refused(api: ApiOffice) -> None:
    used, revoked, expired = issue(api), issue(api), issue(api)
    body = {"code": used["code"], "identifiers": [CLIENT]}
    api.post("desk", "/visits/redeem", body)
    api.post("wang", f"/tokens/{revoked['token_id']}/revoke", None)

    again = api.post("desk", "/visits/redeem", body)
    taken_back = api.post("desk", "/visits/redeem", {**body, "code": revoked["code"]})
    api.office.wait(hours=72)
    late = api.post("desk", "/visits/redeem", {**body, "code": expired["code"]})

    assert [one.json["code"] for one in (again, taken_back, late)] == [
        "TOKEN_USED",
        "TOKEN_REVOKED",
        "TOKEN_EXPIRED",
    ]


def test_a_token_that_another_desk_looks_at_is_reserved(api: ApiOffice) -> None:
    token, second = issue(api), api.hire(Role.DESK)
    api.post("desk", "/visits/peek", {"code": token["code"]})

    refused = api.post(second, "/visits/peek", {"code": token["code"]})

    assert (refused.status_code, refused.json["code"]) == (409, "TOKEN_RESERVED")


def test_who_guesses_codes_waits_and_is_told_how_long(api: ApiOffice) -> None:
    guess = code_from_random(bytes)

    answers = [api.post("desk", "/visits/peek", {"code": guess}) for _ in range(40)]

    assert [answers[0].status_code, answers[-1].status_code] == [404, 429]
    assert answers[-1].json["code"] == "RATE_LIMITED"
    assert answers[-1].headers["Retry-After"] == str(answers[-1].json["retry_after"])


def test_the_phone_number_of_a_client_is_a_report_at_one_project_only(
    api: ApiOffice,
) -> None:
    issue(api)
    other = api.post("admin", "/projects", {"name": "云庭"}).json["project_id"]

    found = api.post(
        "desk", "/visits/find-reports", {"project": other, "identifiers": [CLIENT]}
    )

    assert found.json["reports"] == []


def test_a_project_may_be_left_out_only_where_there_is_one(api: ApiOffice) -> None:
    project = api.office.project
    posted = api.hire(Role.DESK, project_id=project)
    api.post("admin", "/projects", {"name": "云庭"})

    answers = {
        "everywhere": api.post("desk", "/visits/walk-in", {}),
        "everywhere, named": api.post("desk", "/visits/walk-in", {"project": project}),
        "at one": api.post(posted, "/visits/walk-in", {}),
        "nowhere": api.post("desk", "/visits/walk-in", {"project": "0" * 16}),
    }

    assert {name: answer.status_code for name, answer in answers.items()} == {
        "everywhere": 422,
        "everywhere, named": 201,
        "at one": 201,
        "nowhere": 404,
    }


def test_the_number_never_leaves_in_an_answer(api: ApiOffice) -> None:
    issue(api)

    answers = [
        api.post("desk", "/visits/find-reports", {"identifiers": [CLIENT]}),
        api.post("desk", "/visits/walk-in", {"identifiers": [CLIENT]}),
        api.get("desk", "/visits"),
    ]

    assert not any(PHONE in answer.text for answer in answers)
