"""A role for one channel or one project reaches no further, by page or by call."""

import io

import pytest

from attribution.ids import ProjectId
from attribution.people import Role
from attribution.services.administering import create_project
from tests.office import OTHER_PHONE, PHONE
from tests.web.api_office import Answered, ApiOffice
from tests.web.conftest import Front
from tests.web.people import browser_of
from tests.web.test_api_signings import CONTRACT, bring

EVERY_HOME = (
    "房号,佣金金额,成交总价,签约日期\n"
    "3-1-1201,1,1,2026-01-01\n3-1-1202,1,1,2026-01-01\n"
).encode()


def another_project(api: ApiOffice) -> ProjectId:
    office = api.office
    made = office.do(create_project, by=office.admin, name="云庭", rules={})
    return ProjectId(str(made["project_id"]))


def upload(api: ApiOffice, who: str, **fields: str) -> Answered:
    form = {"channel": api.office.channel_b, **fields}
    file = (io.BytesIO(EVERY_HOME), "all.csv")
    return api.send(who, "/statements", {}, data={**form, "file": file})


@pytest.mark.parametrize("path", ["/signings", "/accruals", "/reconciliations"])
def test_finance_of_one_channel_is_not_told_of_the_whole_project(
    api: ApiOffice, path: str
) -> None:
    bring(api)
    api.post("signing", "/signings", CONTRACT)
    one_channel = api.hire(Role.FINANCE, channel_id=api.office.channel_b)

    told = api.get(one_channel, f"{path}?project={api.office.project}")

    assert told.status_code == 403 or told.json == {"reconciliations": []}


def test_a_channel_learns_nothing_of_homes_that_others_brought(api: ApiOffice) -> None:
    bring(api)
    api.post("signing", "/signings", CONTRACT)
    manager = api.hire(Role.CHANNEL_MANAGER, channel_id=api.office.channel_b)
    sent = upload(api, manager).json["reconciliation_id"]
    winner = api.hire(Role.CHANNEL_MANAGER, channel_id=api.office.channel_a)
    won = upload(api, winner, channel=api.office.channel_a).json["reconciliation_id"]

    own = api.get(winner, f"/reconciliations/{won}").json["rows"]
    told = api.get(manager, f"/reconciliations/{sent}").json["rows"]
    known = api.get("finance", f"/reconciliations/{sent}").json["rows"]

    assert [row["kind"] for row in told] == ["CLAIMED_NOT_OWED"] * 2
    for row in told:
        compared = (row["signing_id"], row["our_price"], row["signed_on"])
        assert compared == (None, None, None)
        assert row["remarks"] == []
    assert known[0]["our_price"] == CONTRACT["price_fen"]
    assert own[0]["our_price"] == CONTRACT["price_fen"]


def test_a_channel_sends_no_statement_to_a_project_it_has_no_programme_for(
    api: ApiOffice,
) -> None:
    manager = api.hire(Role.CHANNEL_MANAGER, channel_id=api.office.channel_b)

    assert upload(api, manager, project=another_project(api)).status_code == 403
    assert upload(api, manager, project=api.office.project).status_code == 201


def test_a_manager_of_a_channel_at_one_project_is_no_manager_at_another(
    api: ApiOffice,
) -> None:
    here = api.office.project
    manager = api.hire(
        Role.CHANNEL_MANAGER,
        channel_id=api.office.channel_b,
        project_id=another_project(api),
    )

    assert upload(api, manager, project=here).status_code == 403


def test_the_signing_desk_is_told_no_commission(api: ApiOffice) -> None:
    bring(api)
    made = api.post("signing", "/signings", CONTRACT).json["signing_id"]

    told = api.get("signing", f"/signings/{made}").json
    listed = api.get("signing", "/signings").json["signings"]

    assert told["price_fen"] == CONTRACT["price_fen"]
    assert told["owed"] == []
    assert [one["owed"] for one in listed] == [[]]
    assert api.get("finance", f"/signings/{made}").json["owed"] != []


def test_who_works_for_a_channel_sees_the_projects_it_refers_to(api: ApiOffice) -> None:
    other = another_project(api)
    agent = api.hire(Role.AGENT, channel_id=api.office.channel_a)

    found = api.get(agent, "/projects").json["projects"]

    assert [one["project_id"] for one in found] == [api.office.project]
    assert other not in str(found)


def test_a_change_sent_again_when_it_is_in_force_is_answered_as_before(
    api: ApiOffice,
) -> None:
    soon = {"rules": {}, "in_force_from": "2026-03-01T01:00:05Z"}
    until = {
        "channel": api.office.channel_a,
        "kind": "resident",
        "plan": {"base": "fixed", "fixed_fen": 1},
        "in_force_until": "2026-03-01T01:00:05Z",
    }
    path = f"/projects/{api.office.project}/rules"
    sent = ((path, soon, "same-key-1"), ("/programmes", until, "same-key-2"))

    first = [api.post("admin", to, body, Idempotency_Key=key) for to, body, key in sent]
    api.office.wait(minutes=1)
    again = [api.post("admin", to, body, Idempotency_Key=key) for to, body, key in sent]
    late = api.post("admin", path, soon)

    assert [one.status_code for one in (*first, *again)] == [201] * 4
    assert [one.json["replayed"] for one in (*first, *again)] == [False] * 2 + [
        True
    ] * 2
    assert late.status_code == 422


def test_nobody_takes_the_own_role_back_under_anothers_name(front: Front) -> None:
    admin = browser_of(front, "admin", Role.ADMIN)
    people = front.office.people
    with front.office.runtime.reading() as work:
        own = next(
            one.id for one in work.access.grants() if one.person_id == people["admin"]
        )

    path = f"/admin/people/{people['desk']}/roles/{own}/take"
    answer = admin.post(path, data={"request_id": "take"})

    assert answer.status_code == 404
    assert admin.get("/admin/people").status_code == 200


def test_a_project_that_is_refused_has_no_keys(api: ApiOffice) -> None:
    before = set(api.office.keys.tag_keys)

    refused = api.post("admin", "/projects", {"name": "江畔"})

    assert refused.status_code == 422
    assert set(api.office.keys.tag_keys) == before


def test_more_companions_than_a_desk_receives_are_refused(front: Front) -> None:
    desk = browser_of(front, "desk", Role.DESK)
    form = {"request_id": "many", "party": f"{PHONE}\n{OTHER_PHONE}\n" * 11}

    answer = desk.post(f"/desk/{front.office.project}/walk-in", data=form)

    assert answer.status_code == 422
