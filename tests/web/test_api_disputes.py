"""Disputes by API: from opening to a changed ruling, and what each side is told."""

from typing import Any

import pytest

from attribution.bundles.bundle import parse_bundle
from attribution.ids import ProjectId
from attribution.people import Grant, Role
from attribution.services.administering import create_project
from attribution.services.enrolling import give_role
from tests.quarrel import Quarrel, quarrel
from tests.web.api_office import Answered, ApiOffice

SAID = {"ground": "earlier_visit", "words": "我方客户先到，前台补登。"}


def case_at(api: ApiOffice) -> Quarrel:
    """Let it come to a quarrel; nobody of the API's own judges has a part in it."""
    return quarrel(api.office)


def open_case(api: ApiOffice, case: Quarrel, who: str = "li") -> str:
    token = case.li_token if who == "li" else case.wang_token
    made = api.post(who, "/disputes", {**SAID, "token_id": token})
    assert made.status_code == 201
    return str(made.json["dispute_id"])


def bring(api: ApiOffice, who: str, dispute: str, data: bytes) -> Answered:
    """Send a file in a body made by hand: nothing of it lies in a file meanwhile."""
    disposition = b'Content-Disposition: form-data; name="file"; filename="a.pdf"'
    body = b"\r\n".join((b"--x", disposition, b"", data, b"--x--", b""))
    return api.send(
        who,
        f"/disputes/{dispute}/evidence",
        {},
        data=body,
        content_type="multipart/form-data; boundary=x",
    )


def test_a_dispute_goes_from_opening_to_a_changed_ruling(api: ApiOffice) -> None:
    case = case_at(api)
    dispute = open_case(api, case)
    held = api.get("finance", "/accruals").json
    piece = bring(api, "li", dispute, b"%PDF-1.7 scan")
    address = f"/disputes/{dispute}"

    proposed = api.post("judge", f"{address}/propose", None)
    decided = api.post(
        "judge", f"{address}/decide", {"verdict": "changed", "words": "有记录为证。"}
    )
    alone = api.post("judge", f"{address}/approve", {"agrees": True})
    ended = api.post("second judge", f"{address}/approve", {"agrees": True})

    after = api.get("finance", "/accruals").json
    assert [one["reason"] for one in held["accruals"]] == ["HELD"]
    assert (piece.status_code, piece.json["kind"]) == (201, "application/pdf")
    assert [one["kind"] for one in proposed.json["changes"]][:2] == ["share", "share"]
    assert decided.json["state"] == "decided"
    assert (alone.status_code, alone.json["code"]) == (403, "SECOND_PERSON_NEEDED")
    assert ended.json["state"] == "closed"
    assert [one["channel"] for one in after["accruals"]] == ["乙渠道"]
    assert after["accruals"][0]["ruling_id"] == ended.json["ruling_id"]
    assert after["accruals"][0]["reason"] is None


def test_each_side_is_told_its_own_side(api: ApiOffice) -> None:
    case = case_at(api)
    dispute = open_case(api, case)
    bring(api, "li", dispute, b"note")

    def told(who: str) -> Any:
        return api.get(who, f"/disputes/{dispute}").json

    own, other, office, bench = map(told, ("li", "wang", "finance", "judge"))

    assert (own["words"], len(own["evidence"])) == (SAID["words"], 1)
    for side in (other, office):
        assert (side["words"], side["evidence"], side["changes"]) == (None, [], [])
    assert other["share_bp"] == 10_000
    assert (bench["words"], len(bench["evidence"])) == (SAID["words"], 1)
    assert [one["state"] for one in bench["steps"]] == ["open", "evidence"]
    assert bench["turn"] == "parties"
    for who in ("li", "wang", "finance", "judge"):
        (listed,) = api.get(who, "/disputes").json["disputes"]
        assert listed == told(who)


def test_who_has_no_part_in_it_does_not_learn_of_it(api: ApiOffice) -> None:
    case = case_at(api)
    dispute = open_case(api, case)
    channel = api.post("admin", "/channels", {"name": "丙渠道"}).json["channel_id"]
    stranger = api.hire(Role.CHANNEL_MANAGER, channel_id=channel)

    answers = [
        api.get(stranger, f"/disputes/{dispute}"),
        api.post(stranger, f"/disputes/{dispute}/withdraw", None),
        bring(api, stranger, dispute, b"note"),
        api.post("wang", f"/disputes/{dispute}/withdraw", None),
    ]

    assert [one.status_code for one in answers] == [404] * 4
    assert api.get(stranger, "/disputes").json == {"disputes": []}


def test_who_judges_elsewhere_sees_their_own_cases_here(api: ApiOffice) -> None:
    case = case_at(api)
    dispute = open_case(api, case)
    office = api.office
    made = office.do(create_project, by=office.admin, name="别处", rules={})
    give_role(
        office.runtime,
        office.people["li"],
        Grant(role=Role.AUDITOR, project_id=ProjectId(str(made["project_id"]))),
    )

    shown = api.get("li", f"/disputes/{dispute}")
    listed = api.get("li", "/disputes")

    assert (shown.status_code, shown.json["words"]) == (200, SAID["words"])
    assert [one["dispute_id"] for one in listed.json["disputes"]] == [dispute]


def test_the_developer_names_the_signing(api: ApiOffice) -> None:
    case = case_at(api)
    body = {**SAID, "signing_id": case.signing}

    opened = api.post("finance", "/disputes", body)
    again = api.post("finance", "/disputes", body)
    agents = api.post("li", "/disputes", body)

    assert opened.status_code == 201
    assert (again.status_code, again.json["code"]) == (409, "DISPUTE_EXISTS")
    assert (agents.status_code, agents.json["code"]) == (403, "NOT_ALLOWED")
    shown = api.get("finance", f"/signings/{case.signing}").json
    assert shown["is_held"] is True
    assert [one["reason"] for one in shown["owed"]] == ["HELD"]


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0", 415, "EVIDENCE_NOT_ACCEPTED"),
        (b"x" * (5 * 1024 * 1024 + 1), 413, "EVIDENCE_TOO_LARGE"),
        (b"", 422, "INPUT_INVALID"),
    ],
)
def test_what_is_no_evidence_is_refused(
    api: ApiOffice, data: bytes, status: int, code: str
) -> None:
    dispute = open_case(api, case_at(api))

    refused = bring(api, "li", dispute, data)

    assert (refused.status_code, refused.json["code"]) == (status, code)


def test_too_late_is_too_late(api: ApiOffice) -> None:
    case = case_at(api)
    api.office.wait(days=7)

    refused = api.post("li", "/disputes", {**SAID, "token_id": case.li_token})

    assert (refused.status_code, refused.json["code"]) == (409, "DISPUTE_WINDOW_OVER")


def test_a_dispute_is_withdrawn_and_lets_the_money_go(api: ApiOffice) -> None:
    dispute = open_case(api, case_at(api))

    withdrawn = api.post("li", f"/disputes/{dispute}/withdraw", None)
    again = api.post("li", f"/disputes/{dispute}/withdraw", None)

    owed = api.get("finance", "/accruals").json["accruals"]
    assert withdrawn.json["state"] == "withdrawn"
    assert again.json["code"] == "DISPUTE_STEP_REFUSED"
    assert [one["reason"] for one in owed] == [None]


def test_a_decision_is_sent_back(api: ApiOffice) -> None:
    dispute = open_case(api, case_at(api))
    address = f"/disputes/{dispute}"
    api.post("judge", f"{address}/propose", None)
    body = {"verdict": "upheld", "words": "没有证据。"}
    api.post("judge", f"{address}/decide", body)

    back = api.post(
        "second judge", f"{address}/approve", {"agrees": False, "words": "再听一次。"}
    )

    assert back.json["state"] == "evidence"
    assert api.get("judge", address).json["verdict"] is None
    assert api.get("judge", address).json["reason"] == "没有证据。"


def test_a_write_is_done_once_and_answered_twice(api: ApiOffice) -> None:
    case = case_at(api)
    body = {**SAID, "token_id": case.li_token}
    key = {"Idempotency_Key": "the same key"}

    first = api.post("li", "/disputes", body, **key)
    again = api.post("li", "/disputes", body, **key)
    other = api.post("li", "/disputes", {**body, "ground": "other"}, **key)

    assert again.json == {**first.json, "replayed": True}
    assert (other.status_code, other.json["code"]) == (409, "REQUEST_ID_REUSED")


def test_a_case_is_taken_along_by_the_bench_whole_and_by_a_party_without_its_steps(
    api: ApiOffice,
) -> None:
    dispute = open_case(api, case_at(api))
    address = f"/disputes/{dispute}/bundle"

    own, whole = api.get("finance", address), api.get("judge", address)
    stranger = api.get("judge", f"/disputes/{'0' * 32}/bundle")

    kinds = [
        {one.kind for one in parse_bundle(answer.data).statements}
        for answer in (own, whole)
    ]
    assert "dispute/v1" not in kinds[0]
    assert "dispute/v1" in kinds[1]
    assert "attachment" in whole.headers["Content-Disposition"]
    assert (stranger.status_code, stranger.json["code"]) == (404, "NOT_FOUND")
