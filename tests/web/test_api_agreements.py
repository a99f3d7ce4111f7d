"""An administrator's calls: projects, channels, programmes, agents, owners, units."""

from typing import Any

import pytest

from attribution.people import Role
from tests.web.api_office import CLIENT, ApiOffice

PLAN = {"base": "price", "rate_bp": 150}
LATER = "2026-06-01T00:00:00+08:00"


def test_an_office_is_set_up_by_the_api_alone(api: ApiOffice) -> None:
    project = api.post("admin", "/projects", {"name": "云庭"}).json["project_id"]
    channel = api.post("admin", "/channels", {"name": "丙渠道"}).json["channel_id"]
    programme = api.post(
        "admin",
        "/programmes",
        {"project": project, "channel": channel, "kind": "agency", "plan": PLAN},
    )
    agent = api.post(
        "admin",
        "/agents",
        {"channel": channel, "name": "赵六", "identifiers": [CLIENT]},
    )

    assert [programme.status_code, agent.status_code] == [201, 201]
    shown = api.get("admin", f"/projects/{project}").json
    assert shown["programme_ids"] == [programme.json["programme_id"]]
    assert shown["rules"][0]["body"]["regime"] == "first_visit"
    agents = api.get("admin", "/agents").json["agents"]
    assert agent.json["agent_id"] in [one["agent_id"] for one in agents]
    channels = api.get("finance", "/channels").json["channels"]
    assert channel in [one["channel_id"] for one in channels]


def test_versions_are_added_and_the_earlier_ones_stay(api: ApiOffice) -> None:
    project = api.office.project
    programme = api.office.programmes[api.office.channel_a]

    made = [
        api.post(
            "admin",
            f"/projects/{project}/rules",
            {"rules": {"regime": "last_visit"}, "in_force_from": LATER},
        ),
        api.post(
            "admin",
            f"/programmes/{programme}/rules",
            {"rules": {"visit_protection_days": 45}, "in_force_from": LATER},
        ),
        api.post("admin", f"/programmes/{programme}/plans", {"plan": PLAN}),
    ]

    assert [one.status_code for one in made] == [201, 201, 201]
    assert made[0].json["in_force_from"] == "2026-05-31T16:00:00.000000Z"
    rules = api.get("admin", f"/projects/{project}").json["rules"]
    assert [one["body"]["regime"] for one in rules] == ["first_visit", "last_visit"]
    shown = api.get("admin", f"/programmes/{programme}").json
    assert [len(shown["rules"]), len(shown["plans"])] == [2, 2]
    assert (
        shown in api.get("admin", f"/programmes?project={project}").json["programmes"]
    )


def test_owners_and_units_are_enlisted_once(api: ApiOffice) -> None:
    address = f"/projects/{api.office.project}"
    owners = {"identifiers": [CLIENT], "mark": "project"}
    units = {"units": ["3栋1单元1201", "3-1-1202", "3-1-1201"]}

    added = [api.post("admin", f"{address}/owners", owners).json for _ in range(2)]
    listed = [api.post("admin", f"{address}/units", units).json for _ in range(2)]

    assert [one["added"] for one in added] == [1, 0]
    assert [one["listed"] for one in listed] == [2, 2]
    assert api.get("admin", address).json["units"] == ["3-1-1201", "3-1-1202"]


def test_a_suspended_channel_issues_nothing(api: ApiOffice) -> None:
    channel = api.office.channel_a
    api.post("admin", f"/channels/{channel}/suspension", {"is_suspended": True})

    refused = api.post("wang", "/tokens", {"client": CLIENT})
    shown = api.get("admin", "/channels").json["channels"]

    assert refused.json["code"] == "AGENT_SUSPENDED"
    assert [one["name"] for one in shown if one["suspended_from"]] == ["甲渠道"]


def test_each_sees_the_projects_of_their_own(api: ApiOffice) -> None:
    other = api.post("admin", "/projects", {"name": "云庭"}).json["project_id"]
    stranger = api.hire(Role.DESK, project_id=other)

    names = {
        who: [one["name"] for one in api.get(who, "/projects").json["projects"]]
        for who in ("admin", stranger)
    }

    assert sorted(names["admin"]) == ["云庭", "江畔"]
    assert names[stranger] == ["云庭"]


def test_a_channel_manager_looks_after_the_own_channel(api: ApiOffice) -> None:
    own, other = api.office.channel_a, api.office.channel_b
    manager = api.hire(Role.CHANNEL_MANAGER, channel_id=own)

    enlisted = api.post(manager, "/agents", {"channel": own, "name": "赵六"})
    foreign = api.post(manager, "/agents", {"channel": other, "name": "赵六"})
    seen = api.get(manager, "/agents").json["agents"]
    suspended = api.post(
        manager,
        f"/agents/{enlisted.json['agent_id']}/suspension",
        {"is_suspended": True},
    )

    assert [enlisted.status_code, foreign.status_code] == [201, 403]
    assert {one["channel_id"] for one in seen} == {own}
    assert suspended.status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "refusal", "place"),
    [
        pytest.param(
            "/projects",
            {"name": "云庭", "rules": {"dispute_window_days": -1}},
            (422, "RULEBOOK_INVALID"),
            "dispute_window_days",
            id="a bound of the rulebook",
        ),
        pytest.param(
            "/projects",
            {"name": "云庭", "rules": {"dispute_window": 1}},
            (422, "INPUT_INVALID"),
            "rules.dispute_window",
            id="an unknown key",
        ),
        pytest.param(
            "/projects",
            {"name": "云庭", "rules": {"joint": [5000, 4000]}},
            (422, "RULEBOOK_INVALID"),
            "joint",
            id="weights that do not add up",
        ),
        pytest.param(
            "/programmes",
            {"channel": "0" * 32, "kind": "agency", "plan": PLAN},
            (404, "NOT_FOUND"),
            None,
            id="no such channel",
        ),
        pytest.param(
            "/programmes",
            {"channel": "0" * 32, "kind": "agency", "plan": {"base": "fixed"}},
            (422, "PLAN_INVALID"),
            "fixed_fen",
            id="a plan without its amount",
        ),
        pytest.param(
            "/programmes",
            {
                "channel": "0" * 32,
                "kind": "agency",
                "plan": PLAN,
                "rules": {"binding_required": "none"},
            },
            (422, "RULEBOOK_INVALID"),
            "binding_required",
            id="unbound tokens for an agency",
        ),
        pytest.param(
            "/programmes",
            {
                "channel": "0" * 32,
                "kind": "agency",
                "plan": PLAN,
                "in_force_until": "2026-01-01T00:00:00Z",
            },
            (422, "INPUT_INVALID"),
            "in_force_until",
            id="an end before the beginning",
        ),
        pytest.param(
            "/agents",
            {"channel": "0" * 32, "name": "赵"},
            (404, "NOT_FOUND"),
            None,
            id="an agent of no channel",
        ),
        pytest.param(
            "/projects/0000000000000000/rules",
            {"rules": {}},
            (404, "NOT_FOUND"),
            None,
            id="rules of no project",
        ),
        pytest.param(
            "/projects/0000000000000000/owners",
            {"identifiers": [CLIENT], "mark": "group"},
            (404, "NOT_FOUND"),
            None,
            id="owners of no project",
        ),
        pytest.param(
            "/projects/0000000000000000/units",
            {"units": ["3-1-1201"]},
            (404, "NOT_FOUND"),
            None,
            id="units of no project",
        ),
        pytest.param(
            f"/programmes/{'0' * 32}/rules",
            {"rules": {}},
            (404, "NOT_FOUND"),
            None,
            id="rules of no programme",
        ),
        pytest.param(
            f"/programmes/{'0' * 32}/plans",
            {"plan": PLAN},
            (404, "NOT_FOUND"),
            None,
            id="a plan of no programme",
        ),
        pytest.param(
            f"/agents/{'0' * 16}/suspension",
            {"is_suspended": True},
            (404, "NOT_FOUND"),
            None,
            id="no such agent",
        ),
        pytest.param(
            f"/channels/{'0' * 32}/suspension",
            {"is_suspended": True},
            (404, "NOT_FOUND"),
            None,
            id="no such channel to suspend",
        ),
    ],
)
def test_what_cannot_be_agreed_is_refused(
    api: ApiOffice, path: str, body: Any, refusal: tuple[int, str], place: str | None
) -> None:
    refused = api.post("admin", path, body)

    assert (refused.status_code, refused.json["code"]) == refusal
    places = [one["path"] for one in refused.json.get("errors", ())]
    assert places == ([] if place is None else [place])


def test_a_unit_that_cannot_be_read_is_named(api: ApiOffice) -> None:
    address = f"/projects/{api.office.project}/units"

    refused = api.post("admin", address, {"units": ["3-1-1201", "很大"]})

    assert refused.json["errors"][0]["path"] == "units[1]"
    assert api.get("admin", f"/projects/{api.office.project}").json["units"] == []


def test_a_second_agent_for_one_person_is_refused(api: ApiOffice) -> None:
    agent = {
        "channel": api.office.channel_a,
        "name": "王",
        "person": api.office.people["wang"],
    }

    refused = api.post("admin", "/agents", agent)
    nobody = api.post("admin", "/agents", {**agent, "person": "0" * 32})

    assert refused.status_code in {409, 422}
    assert nobody.status_code in {404, 422}
