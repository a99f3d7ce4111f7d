"""The visitor's own word: once, logged, and without any weight in a ruling."""

import json
from typing import Any

import pytest

from attribution.errors import (
    AlreadyStated,
    InputInvalid,
    NotAllowed,
    NotFound,
)
from attribution.ids import ChannelId, VisitId
from attribution.people import Role
from attribution.programmes import Kind
from attribution.rules.ruling import rule_on, ruling_bytes
from attribution.services.disputing import Receipt
from attribution.services.looking import visit_detail, visits_of_today
from attribution.services.receipting import facts_of_holder
from attribution.services.ruling import dossier_of
from attribution.services.sequencing import sequence
from attribution.services.statements import StatementKind
from attribution.services.stating import (
    own_visit,
    state_as_visitor,
    statements_of_signing,
)
from attribution.services.verifying import verify_log
from attribution.storage.tables import log_entries, visitor_statements
from attribution.visitor_statements import BroughtBy, RiskKind, Said
from tests.office import OTHER_PHONE, Office
from tests.racing import race
from tests.services.test_evidencing import bundle_of, kinds
from tests.services.test_log import rows

ALONE = Said(brought_by=BroughtBy.NOBODY)


def held(answer: Any) -> Receipt:
    return Receipt(text=str(answer["visitor_receipt"]), address="10.0.0.1")


def brought(office: Office) -> Any:
    code = office.issue()["code"]
    office.wait(hours=1)
    return office.redeem(code)


def state(office: Office, visit: Any, said: Said = ALONE, **others: Any) -> Any:
    return office.do(state_as_visitor, receipt=held(visit), said=said, **others)


def by_channel(channel: ChannelId) -> Said:
    return Said(brought_by=BroughtBy.CHANNEL, channel_id=channel)


def test_what_a_visitor_says_is_kept_once_and_logged_with_its_basis(
    office: Office,
) -> None:
    visit = brought(office)

    made = state(office, visit)

    with pytest.raises(AlreadyStated):
        state(office, visit, by_channel(office.channel_a))
    (logged,) = [
        one for one in rows(office) if one.kind == StatementKind.VISITOR_STATEMENT
    ]
    body = json.loads(logged.event)
    assert body["basis"] == "visitor_statement"
    assert (body["brought_by"], body["statement"]) == ("nobody", made["statement_id"])
    assert office.count(visitor_statements) == 1
    kept = own_visit(office.runtime, receipt=held(visit)).statement
    assert kept is not None
    assert kept.said == ALONE
    sequence(office.runtime)
    assert verify_log(office.runtime, lambda _done, _of: None).faults == ()


def test_the_same_request_is_answered_as_it_was(office: Office) -> None:
    visit, request = brought(office), office.request(caller="visit:v")

    first = state(office, visit, request=request)
    again = state_as_visitor(
        office.runtime, receipt=held(visit), request=request, said=ALONE
    )

    assert (again.replayed, again.answer) == (True, first)
    assert office.count(visitor_statements) == 1


def test_of_many_answers_at_once_one_is_kept(office: Office) -> None:
    visit = brought(office)
    entries = office.count(log_entries)

    outcomes = race(lambda _: state(office, visit), 4)

    assert outcomes == {"WON": 1, "ALREADY_STATED": 3}
    assert office.count(visitor_statements) == 1
    assert office.count(log_entries) == entries + 1


def test_only_the_channels_that_work_here_are_to_choose_from(office: Office) -> None:
    made = office.programme(office.channel_b, kind=Kind.WALK_IN_REWARD)
    visit = brought(office)

    found = own_visit(office.runtime, receipt=held(visit))
    with pytest.raises(InputInvalid) as refusal:
        state(office, visit, by_channel(ChannelId("another")))

    assert made
    assert [one.name for one in found.channels] == ["乙渠道", "甲渠道"]
    assert found.statement is None
    assert refusal.value.path == "brought_by"
    assert office.count(visitor_statements) == 0


def test_who_says_nothing_and_who_holds_no_receipt_states_nothing(
    office: Office,
) -> None:
    visit = brought(office)

    with pytest.raises(InputInvalid):
        state(office, visit, Said())
    with pytest.raises(NotFound):
        state(office, {"visitor_receipt": "A" * 24})

    assert office.count(visitor_statements) == 0


def test_a_desk_sees_on_its_day_who_says_otherwise(office: Office) -> None:
    visit = brought(office)
    state(office, visit, Said(been_before=True, brought_by=BroughtBy.NOBODY))
    quiet = office.walk_in(phone=OTHER_PHONE)
    state(office, quiet)

    found = visits_of_today(office.runtime, by=office.desk, project_id=office.project)
    shown = visit_detail(
        office.runtime, by=office.desk, visit_id=VisitId(str(visit["visit_id"]))
    )

    flags = (RiskKind.SAYS_CAME_ALONE, RiskKind.SAYS_CAME_BEFORE)
    assert {one.id: one.flags for one in found} == {
        visit["visit_id"]: flags,
        quiet["visit_id"]: (),
    }
    assert shown.flags == flags


@pytest.mark.parametrize(
    ("phone", "come_before", "said", "flags"),
    [
        (OTHER_PHONE, True, False, (RiskKind.SAYS_FIRST_VISIT,)),
        (OTHER_PHONE, True, True, ()),
        (OTHER_PHONE, False, True, (RiskKind.SAYS_CAME_BEFORE,)),
        (None, False, True, ()),
    ],
)
def test_an_earlier_visit_is_known_by_the_visitors_own_number(
    office: Office,
    phone: str | None,
    flags: tuple[RiskKind, ...],
    *,
    come_before: bool,
    said: bool,
) -> None:
    office.walk_in()
    if come_before:
        office.walk_in(phone=OTHER_PHONE)
    office.wait(days=1)
    visit = office.walk_in(phone=phone)
    state(office, visit, Said(been_before=said))

    kept = own_visit(office.runtime, receipt=held(visit)).statement

    assert kept is not None
    assert kept.flags == flags


@pytest.mark.parametrize("said", [ALONE, Said(been_before=True)])
def test_no_ruling_changes_by_what_a_visitor_says(office: Office, said: Said) -> None:
    visit = brought(office)
    office.wait(days=1)
    signing = office.sign()
    sequence(office.runtime)

    def ruled() -> bytes:
        with office.runtime.reading() as work:
            return ruling_bytes(rule_on(dossier_of(work, work.signings.deal(signing))))

    before = ruled()
    state(office, visit, said)
    sequence(office.runtime)

    assert ruled() == before
    assert office.rule(signing)["outcome"] == "channel"


def test_the_offices_of_a_ruling_see_what_was_said_and_others_do_not(
    office: Office,
) -> None:
    visit = brought(office)
    state(office, visit, by_channel(office.channel_b))
    signing = office.sign()
    office.rule(signing)
    judge = office.hire("judge", Role.ADJUDICATOR)

    for by in (office.signing, office.finance, judge):
        found = statements_of_signing(office.runtime, by=by, signing_id=signing)
        assert [one.flags for one in found.values()] == [(RiskKind.SAYS_OTHER_CHANNEL,)]
    for by in (office.desk, office.wang):
        with pytest.raises(NotAllowed):
            statements_of_signing(office.runtime, by=by, signing_id=signing)


def test_the_visitor_has_the_receipt_of_the_own_word(office: Office) -> None:
    visit = brought(office)
    state(office, visit)

    found = facts_of_holder(
        office.runtime, receipt=str(visit["visitor_receipt"]), address="a"
    )

    assert [one.kind for one in found] == ["visit/v1", "visitor-statement/v1"]


def test_an_office_has_it_in_the_bundle_and_a_party_does_not(office: Office) -> None:
    visit = brought(office)
    state(office, visit)
    signing = office.sign()
    office.rule(signing)

    own, partys = bundle_of(office, signing), bundle_of(office, signing, office.wang)

    assert kinds(own).count("visitor-statement/v1") == 1
    assert "visitor-statement/v1" not in kinds(partys)
    assert "SAYS_CAME_ALONE" not in partys.page.decode()
