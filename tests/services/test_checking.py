"""Duplicate checks 查重 through the services: what an agent is told, and when."""

from collections.abc import Callable
from typing import Any

import pytest

from attribution.errors import NotFound
from attribution.ids import TokenId
from attribution.owners import OwnerMark
from attribution.services.checking import conflict_at_visit
from attribution.services.enlisting import enlist_owners
from attribution.services.issuing import Client
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
