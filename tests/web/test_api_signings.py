"""The signing desk's and finance's calls: signings, rulings, milestones, accruals."""

from typing import Any

import pytest

from attribution.people import Role
from attribution.programmes import Kind
from attribution.services.disputing import Receipt
from attribution.services.stating import state_as_visitor
from attribution.visitor_statements import BroughtBy, Said
from tests.office import OTHER_PHONE
from tests.web.api_office import CLIENT, ApiOffice

OTHER = {"kind": "cn-mobile", "value": OTHER_PHONE}
CONTRACT: dict[str, Any] = {
    "unit": "3栋1单元1201",
    "price_fen": 245_000_000,
    "stage": "contract",
    "buyers": [{"identifiers": [CLIENT]}],
}


def bring(api: ApiOffice, client: dict[str, str] = CLIENT) -> dict[str, Any]:
    code = api.post("wang", "/tokens", {"client": client}).json["code"]
    api.office.wait(hours=1)
    body = {"code": code, "identifiers": [client]}
    visit: dict[str, Any] = api.post("desk", "/visits/redeem", body).json
    api.office.wait(days=1)
    return visit


def test_a_signing_finds_the_visit_and_rules(api: ApiOffice) -> None:
    visit = bring(api)

    signed = api.post("signing", "/signings", CONTRACT)

    assert signed.status_code == 201
    assert signed.json["unit"] == "3-1-1201"
    found = [(one["visit_id"], one["basis"]) for one in signed.json["matches"]]
    assert found == [(visit["visit_id"], "phone")]
    ruling = signed.json["ruling"]
    assert ruling["outcome"] == "channel"
    assert [one["finding"] for one in ruling["claims"]] == ["WINS"]
    shares = [{"channel_id": api.office.channel_a, "share_bp": 10_000}]
    assert ruling["shares"] == shares


def test_a_ruling_is_found_again_by_signing_and_by_id(api: ApiOffice) -> None:
    bring(api)
    signed = api.post("signing", "/signings", CONTRACT).json
    ruling = signed["ruling"]

    by_signing = api.get("finance", f"/signings/{signed['signing_id']}/ruling")
    by_id = api.get("signing", f"/rulings/{ruling['ruling_id']}")
    foreign = api.get(api.hire(Role.SIGNING, project_id=None), f"/rulings/{'0' * 32}")

    assert by_signing.json == by_id.json == ruling
    assert foreign.status_code == 404


def test_relatives_and_receipts_match_too(api: ApiOffice) -> None:
    visit, second = bring(api), bring(api, OTHER)

    signed = api.post(
        "signing",
        "/signings",
        {
            **CONTRACT,
            "area_cm2": 1_125_000,
            "signed_at": "2026-03-03T10:00:00+08:00",
            "buyers": [
                {"identifiers": [{"kind": "passport", "value": "GBR:123456789"}]}
            ],
            "relatives": [{"relation": "spouse", "identifiers": [OTHER]}],
            "receipts": [visit["visitor_receipt"]],
        },
    ).json

    assert {one["visit_id"]: one["basis"] for one in signed["matches"]} == {
        visit["visit_id"]: "receipt",
        second["visit_id"]: "relative",
    }
    assert signed["signed_at"] == "2026-03-03T02:00:00.000000Z"


def test_a_stage_that_fixes_nothing_has_matches_and_no_ruling(api: ApiOffice) -> None:
    project = api.office.project
    rules = {"rules": {"fixes_at": "contract"}}
    api.post("admin", f"/projects/{project}/rules", rules)
    bring(api)

    signed = api.post(
        "signing", "/signings", {**CONTRACT, "stage": "subscription"}
    ).json
    shown = api.get("signing", f"/signings/{signed['signing_id']}").json
    ruling = api.get("signing", f"/signings/{signed['signing_id']}/ruling")

    assert (len(signed["matches"]), signed["ruling"]) == (1, None)
    assert (shown["ruling_id"], shown["owed"]) == (None, [])
    assert ruling.status_code == 404


def test_what_is_payable_follows_the_milestones(api: ApiOffice) -> None:
    bring(api)
    signing_id = api.post("signing", "/signings", CONTRACT).json["signing_id"]
    before = api.get("finance", "/accruals").json

    reached = api.post(
        "finance",
        f"/signings/{signing_id}/milestones",
        {"kind": "handover", "amount_fen": 1},
    )
    after = api.get("finance", f"/accruals?channel={api.office.channel_a}").json
    others = api.get("finance", f"/accruals?channel={api.office.channel_b}").json

    assert reached.status_code == 201
    assert (before["amount_fen"], before["payable_fen"]) == (3_675_000, 2_572_500)
    assert before["accruals"][0]["waits_for"] == ["handover"]
    assert (after["amount_fen"], after["payable_fen"]) == (3_675_000, 3_675_000)
    assert others == {"accruals": [], "amount_fen": 0, "payable_fen": 0}


def test_a_buyers_own_reward_is_owed_to_no_channel(api: ApiOffice) -> None:
    office = api.office
    plan = {"base": "fixed", "fixed_fen": 300_000}
    office.programme(office.channel_b, kind=Kind.WALK_IN_REWARD, plan=plan)
    visit = office.walk_in()
    office.wait(hours=1)
    signing_id = api.post("signing", "/signings", CONTRACT).json["signing_id"]

    (owed,) = api.get("finance", "/accruals").json["accruals"]
    of_channel = api.get("finance", f"/accruals?channel={office.channel_b}").json
    shown = api.get("finance", f"/signings/{signing_id}").json["owed"]

    assert (owed["channel_id"], owed["channel"]) == (None, None)
    assert (owed["visit_id"], owed["amount_fen"]) == (visit["visit_id"], 300_000)
    assert of_channel["accruals"] == []
    assert [(one["channel_id"], one["amount_fen"]) for one in shown] == [
        (None, 300_000)
    ]


def test_a_visitors_own_word_is_told_with_what_differs(api: ApiOffice) -> None:
    office = api.office
    visit = office.walk_in()
    said = Said(brought_by=BroughtBy.CHANNEL, channel_id=office.channel_a)
    receipt = Receipt(text=str(visit["visitor_receipt"]), address="a")
    office.do(state_as_visitor, receipt=receipt, said=said)
    signing_id = api.post("signing", "/signings", CONTRACT).json["signing_id"]

    found = api.get("signing", f"/signings/{signing_id}/visitor-statements")
    refused = api.get("desk", f"/signings/{signing_id}/visitor-statements")
    seen = api.get("desk", "/visits").json["visits"]

    (told,) = found.json["visitor_statements"]
    assert told["visit_id"] == visit["visit_id"]
    assert (told["brought_by"], told["channel_id"]) == ("channel", office.channel_a)
    assert (told["been_before"], told["flags"]) == (None, ["SAYS_BROUGHT"])
    assert refused.status_code == 403
    assert [one["flags"] for one in seen] == [["SAYS_BROUGHT"]]


def test_nothing_follows_a_cancellation_and_the_home_is_free_again(
    api: ApiOffice,
) -> None:
    bring(api)
    signing_id = api.post("signing", "/signings", CONTRACT).json["signing_id"]
    address = f"/signings/{signing_id}/milestones"
    sold = api.post("signing", "/signings", CONTRACT)
    api.post("signing", address, {"kind": "cancelled"})

    late = api.post("signing", address, {"kind": "handover"})
    again = api.post("signing", "/signings", CONTRACT)
    listed = api.get("signing", "/signings").json["signings"]
    owed = api.get("finance", "/accruals").json

    assert (sold.status_code, sold.json["code"]) == (409, "UNIT_SOLD")
    assert (late.status_code, late.json["code"]) == (409, "DEAL_CANCELLED")
    assert again.status_code == 201
    assert sorted(one["is_cancelled"] for one in listed) == [False, True]
    assert owed["payable_fen"] == 2_572_500


@pytest.mark.parametrize(
    ("change", "path"),
    [
        pytest.param({"unit": "很大的房子"}, "unit", id="no unit"),
        pytest.param(
            {"signed_at": "2026-12-01T00:00:00Z"}, "signed_at", id="in the future"
        ),
        pytest.param({"receipts": ["ABC"]}, "receipts[0]", id="no such receipt"),
    ],
)
def test_the_place_of_a_mistake_is_named(
    api: ApiOffice, change: dict[str, Any], path: str
) -> None:
    refused = api.post("signing", "/signings", {**CONTRACT, **change})

    assert (refused.status_code, refused.json["code"]) == (422, "INPUT_INVALID")
    assert [one["path"] for one in refused.json["errors"]] == [path]


def test_a_milestone_before_the_signing_is_refused(api: ApiOffice) -> None:
    signing_id = api.post("signing", "/signings", CONTRACT).json["signing_id"]

    refused = api.post(
        "signing",
        f"/signings/{signing_id}/milestones",
        {"kind": "handover", "at": "2026-01-01T00:00:00Z"},
    )

    assert refused.json["errors"][0]["path"] == "at"


def test_another_project_does_not_see_a_deal(api: ApiOffice) -> None:
    other = api.post("admin", "/projects", {"name": "云庭"}).json["project_id"]
    signed = api.post(
        "signing", "/signings", {**CONTRACT, "project": api.office.project}
    ).json
    stranger = api.hire(Role.SIGNING, project_id=other)
    signing_id = signed["signing_id"]

    answers = [
        api.get(stranger, f"/signings/{signing_id}"),
        api.get(stranger, f"/signings/{signing_id}/ruling"),
        api.get(stranger, f"/rulings/{signed['ruling']['ruling_id']}"),
        api.get(stranger, f"/signings?project={api.office.project}"),
        api.post(stranger, f"/signings/{signing_id}/milestones", {"kind": "handover"}),
        api.post(stranger, "/signings", {**CONTRACT, "project": api.office.project}),
    ]

    assert [answer.status_code for answer in answers] == [403] * len(answers)
