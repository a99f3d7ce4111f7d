"""Duplicate checks 查重 through the services: what an agent is told, and when."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from attribution.errors import NotFound, RateLimited
from attribution.ids import AgentId, TokenId
from attribution.owners import OwnerMark
from attribution.services.checking import conflict_at_visit
from attribution.services.enlisting import NewAgent, create_agent, enlist_owners
from attribution.services.issuing import Client
from attribution.storage.tables import tokens
from tests.office import Office, mobile

Before = Callable[[Office], object]


def own(office: Office, mark: OwnerMark) -> None:
    office.do(
        enlist_owners,
        by=office.admin,
        project_id=office.project,
        identifiers=[mobile()],
        mark=mark,
    )


def brought_by_li(office: Office) -> None:
    code = office.issue(by=office.li)["code"]
    office.wait(hours=1)
    office.redeem(code)


def too_early(office: Office) -> None:
    office.redeem(office.issue(by=office.li)["code"])


def first_report(office: Office) -> None:
    office.change_project(regime="first_report")
    office.issue(by=office.li)


EARLIER: dict[str, Before] = {
    "GROUP_OWNER": lambda office: own(office, OwnerMark.GROUP),
    "PROJECT_OWNER": lambda office: own(office, OwnerMark.PROJECT),
    "KNOWN_CLIENT": lambda office: office.walk_in(),
    "REPORTED_BY_YOU": lambda office: office.issue(),
    "REPORTED_BY_OTHER": lambda office: office.issue(by=office.li),
    "VISITED_BY_OTHER": brought_by_li,
    "PROTECTED": first_report,
}


@pytest.mark.parametrize("code", EARLIER)
def test_a_conflict_is_told_at_issue_where_that_was_agreed(
    code: str, office: Office
) -> None:
    office.change_rules(disclose_conflict="at_issue")
    EARLIER[code](office)
    office.wait(minutes=1)

    assert office.issue()["conflict"] == code


def test_a_visit_that_was_too_early_makes_a_known_client(office: Office) -> None:
    office.change_rules(disclose_conflict="at_issue")
    too_early(office)
    office.wait(minutes=1)

    assert office.issue()["conflict"] == "KNOWN_CLIENT"


@pytest.mark.parametrize("code", EARLIER)
def test_by_default_an_agent_is_told_of_own_reports_only(
    code: str, office: Office
) -> None:
    EARLIER[code](office)
    office.wait(minutes=1)

    told = office.issue()["conflict"]

    assert told == ("REPORTED_BY_YOU" if code == "REPORTED_BY_YOU" else None)


def told_at_visit(office: Office, answer: dict[str, Any]) -> str | None:
    token_id = TokenId(answer["token_id"])
    return conflict_at_visit(office.runtime, by=office.wang, token_id=token_id)


@pytest.mark.parametrize(
    "code", [code for code in EARLIER if code != "REPORTED_BY_YOU"]
)
def test_by_default_a_conflict_is_told_once_the_client_has_come(
    code: str, office: Office
) -> None:
    EARLIER[code](office)
    office.wait(minutes=1)
    answer: dict[str, Any] = dict(office.issue())
    office.wait(hours=1)

    before = told_at_visit(office, answer)
    office.redeem(answer["code"])

    assert (before, told_at_visit(office, answer)) == (None, code)


def told_ten_times(office: Office) -> None:
    """Let Wang be told of ten clients of Li's."""
    office.change_rules(disclose_conflict="at_issue")
    for number in range(10):
        client = Client(identifier=mobile(f"1370013700{number}"))
        office.issue(by=office.li, client=client)
        office.wait(seconds=1)
        assert office.issue(client=client)["conflict"] == "REPORTED_BY_OTHER"


@pytest.mark.parametrize("known", [True, False])
def test_5_1_who_was_told_of_ten_conflicts_waits_whoever_the_next_client_is(
    known: bool,  # noqa: FBT001 (a column of the table)
    office: Office,
) -> None:
    told_ten_times(office)
    if known:
        office.issue(by=office.li)
    issued = office.count(tokens)

    with pytest.raises(RateLimited) as refused:
        office.issue()

    assert refused.value.retry_after == 2
    assert office.count(tokens) == issued
    office.wait(seconds=2)
    assert office.issue()["conflict"] == ("REPORTED_BY_OTHER" if known else None)


def test_5_1_another_agent_of_the_channel_does_not_wait(office: Office) -> None:
    told_ten_times(office)
    new = NewAgent(channel_id=office.channel_a, name="吴")
    agent = office.do(create_agent, by=office.admin, agent=new)["agent_id"]

    wu = replace(office.wang, agent_id=AgentId(str(agent)))

    assert office.issue(by=wu)["conflict"] is None


def test_5_1_ones_own_live_report_costs_nothing(office: Office) -> None:
    office.change_rules(disclose_conflict="at_issue")
    office.issue()
    office.wait(seconds=1)

    told = [office.issue()["conflict"] for _ in range(12)]

    assert told == ["REPORTED_BY_YOU"] * 12


def test_5_1_where_conflicts_are_told_later_nobody_waits_at_issue(
    office: Office,
) -> None:
    told_ten_times(office)
    office.change_rules()
    office.wait(seconds=1)

    assert office.issue()["conflict"] is None


LATER: dict[str, Before] = {
    "a walk-in": lambda office: office.walk_in(),
    "a report": lambda office: office.issue(by=office.li),
    "a report of one's own": lambda office: office.issue(),
    "a mark as an owner": lambda office: own(office, OwnerMark.PROJECT),
}


@pytest.mark.parametrize("regime", ["first_visit", "last_visit", "first_report"])
@pytest.mark.parametrize("what", LATER)
def test_what_comes_between_the_report_and_the_visit_is_no_conflict(
    what: str, regime: str, office: Office
) -> None:
    office.change_project(regime=regime)
    office.wait(minutes=1)
    answer: dict[str, Any] = dict(office.issue())
    LATER[what](office)
    office.wait(hours=1)
    office.redeem(answer["code"])

    assert told_at_visit(office, answer) is None


def test_an_owner_marked_after_the_deal_is_no_conflict_of_it(office: Office) -> None:
    answer: dict[str, Any] = dict(office.issue())
    office.wait(hours=1)
    office.redeem(answer["code"])
    office.wait(hours=1)
    own(office, OwnerMark.PROJECT)

    assert told_at_visit(office, answer) is None


@pytest.mark.parametrize(
    ("regime", "told"), [("first_visit", "VISITED_BY_OTHER"), ("first_report", None)]
)
def test_another_visit_between_report_and_visit_conflicts_where_visits_decide(
    regime: str, told: str | None, office: Office
) -> None:
    office.change_project(regime=regime)
    office.wait(minutes=1)
    answer: dict[str, Any] = dict(office.issue())
    brought_by_li(office)
    office.wait(hours=1)
    office.redeem(answer["code"])

    assert told_at_visit(office, answer) == told


def test_without_a_conflict_nothing_is_told_and_only_to_the_own_agent(
    office: Office,
) -> None:
    office.change_rules(binding_required="opened")
    answer: dict[str, Any] = dict(office.issue(client=Client()))
    office.wait(hours=1)
    office.redeem(answer["code"])

    assert told_at_visit(office, answer) is None
    for token, by in ((answer["token_id"], office.li), ("none", office.wang)):
        with pytest.raises(NotFound):
            conflict_at_visit(office.runtime, by=by, token_id=TokenId(token))


def test_of_a_client_who_left_no_number_nothing_can_be_known(office: Office) -> None:
    office.change_rules(binding_required="opened")
    token = office.issue(client=Client())
    office.wait(hours=1)
    office.redeem(token["code"], phone=None)

    told = conflict_at_visit(
        office.runtime, by=office.wang, token_id=TokenId(str(token["token_id"]))
    )

    assert told is None
