"""Arrivals: redeeming, confirming, walking in, and looking without deciding."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from attribution.errors import (
    AgentSuspended,
    AttributionError,
    BindingMismatch,
    CodeRequired,
    InputInvalid,
    NotAllowed,
    NotFound,
    RateLimited,
    TokenReserved,
    TokenRevoked,
    TokenUnknown,
    TokenUsed,
    VisitOverdue,
    WrongProject,
)
from attribution.ids import DeviceId, ProjectId, TokenId, VisitId, VisitorTag
from attribution.people import Actor, Grant, Role
from attribution.services.administering import create_project
from attribution.services.binding import bind_by_link
from attribution.services.confirming import confirmation_of
from attribution.services.enlisting import suspend_agent
from attribution.services.greeting import Arrival
from attribution.services.issuing import Client, revoke_token
from attribution.services.looking import (
    find_reports,
    peek_token,
    release_token,
    visit_detail,
    visit_of_receipt,
    visits_of_today,
)
from attribution.services.visiting import (
    confirm_report,
    record_walk_in,
    redeem_token,
)
from attribution.storage.tables import (
    refusal_tags,
    refusals,
    tokens,
    visit_tags,
    visits,
)
from tests.office import OTHER_PHONE, PHONE, Office, mobile
from tests.racing import outcome_of
from tokens.errors import IdentifierInvalid
from tokens.identifiers import Identifier, identifier
from tokens.scans import read_scan

MASKED = identifier("cn-mobile-3-4", "138****8000")
ID_NUMBER = identifier("cn-id", "11010519491231002X")


def token_id(answer: dict[str, object]) -> TokenId:
    return TokenId(str(answer["token_id"]))


def confirm(
    office: Office, answer: dict[str, object], phone: str = PHONE, **others: Any
) -> Any:
    others.setdefault("by", office.desk)
    return office.do(
        confirm_report,
        project_id=office.project,
        token_id=token_id(answer),
        arrival=Arrival(identifiers=(mobile(phone),)),
        **others,
    )


def peek(office: Office, code: object, **others: Any) -> Any:
    others.setdefault("by", office.desk)
    others.setdefault("project_id", office.project)
    return peek_token(office.runtime, scan=read_scan(str(code)), **others)


def second_project(office: Office) -> ProjectId:
    made = office.do(create_project, by=office.admin, name="湖畔", rules={})
    return ProjectId(str(made["project_id"]))


def supervisor(office: Office) -> Actor:
    return replace(office.desk, grants=(Grant(role=Role.DESK_SUPERVISOR),))


# -- redeeming --


@pytest.mark.parametrize("what", ["code", "qr"])
def test_a_token_makes_one_visit_by_its_code_or_its_qr(
    what: str, office: Office
) -> None:
    answer = office.issue()
    office.wait(hours=1)

    visit = office.redeem(answer[what])

    assert (visit["standing"], visit["finding"]) == ("VALID_REFERRAL", "OK")
    assert visit["is_marginal"] is False
    assert office.count(visits) == 1
    with pytest.raises(TokenUsed):
        office.redeem(answer[what])


def test_a_code_is_redeemed_though_the_issuer_key_is_lost(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = office.issue()["code"]
    office.wait(hours=1)
    monkeypatch.setattr(office.keys, "issuer_of", lambda project: {}[project])
    monkeypatch.setattr(office.keys, "issuer_keys", dict)

    assert office.redeem(code)["standing"] == "VALID_REFERRAL"


@pytest.mark.parametrize(
    ("minutes", "standing", "is_marginal"),
    [
        (29.9999, "LEAD_TIME_TOO_SHORT", False),
        (30, "VALID_REFERRAL", True),
        (39.9999, "VALID_REFERRAL", True),
        (40, "VALID_REFERRAL", False),
    ],
)
def test_the_lead_time_decides_the_standing(
    minutes: float, standing: str, office: Office, *, is_marginal: bool
) -> None:
    code = office.issue()["code"]
    office.wait(minutes=minutes)

    visit = office.redeem(code)

    assert (visit["standing"], visit["is_marginal"]) == (standing, is_marginal)


Ends = Callable[[Office, dict[str, Any]], object]


def _revoke(office: Office, answer: dict[str, Any]) -> object:
    return office.do(revoke_token, by=office.wang, token_id=token_id(answer))


REFUSED: list[tuple[str, Ends, str]] = [
    ("TOKEN_UNKNOWN", lambda _, answer: answer.update(code="00000-00000-0"), PHONE),
    ("TOKEN_REVOKED", _revoke, PHONE),
    ("TOKEN_EXPIRED", lambda office, _: office.wait(hours=72), PHONE),
    ("TOKEN_USED", lambda office, answer: office.redeem(answer["code"]), PHONE),
    ("BINDING_MISMATCH", lambda *_: None, OTHER_PHONE),
]


@pytest.mark.parametrize(("code", "end", "phone"), REFUSED, ids=[r[0] for r in REFUSED])
def test_a_refusal_is_recorded_and_is_no_visit(
    code: str, end: Ends, phone: str, office: Office
) -> None:
    answer: dict[str, Any] = dict(office.issue())
    office.wait(hours=1)
    end(office, answer)
    before = office.count(visits)

    with pytest.raises(AttributionError) as refusal:
        office.redeem(answer["code"], phone=phone)

    assert refusal.value.code == code
    assert (office.count(visits), office.count(refusals)) == (before, 1)
    assert office.count(refusal_tags) == 1
    with office.database.reading() as connection:
        assert connection.execute(select(refusals.c.finding)).scalar_one() == code


def test_a_mismatch_does_not_burn_the_token(office: Office) -> None:
    code = office.issue()["code"]
    office.wait(hours=1)

    with pytest.raises(BindingMismatch):
        office.redeem(code, phone=OTHER_PHONE)

    assert office.redeem(code)["standing"] == "VALID_REFERRAL"


def test_a_token_of_another_project_is_refused(office: Office) -> None:
    code = office.issue()["code"]
    other = second_project(office)
    office.wait(hours=1)
    office.project = other

    with pytest.raises(WrongProject):
        office.redeem(code)


def test_a_forged_qr_code_is_unknown(office: Office) -> None:
    digits = str(office.issue()["qr"])
    forged = digits[:-1] + str((int(digits[-1]) + 1) % 10)

    with pytest.raises(TokenUnknown):
        office.redeem(forged)


def test_a_masked_binding_is_met_by_the_whole_number(office: Office) -> None:
    code = office.issue(client=Client(identifier=MASKED))["code"]
    office.wait(hours=1)

    assert office.redeem(code)["standing"] == "VALID_REFERRAL"
    with office.database.reading() as connection:
        kinds = set(connection.execute(select(visit_tags.c.kind)).scalars())
    assert kinds == {"cn-mobile"}


def test_an_agent_suspended_before_issuing_brings_a_walk_in(office: Office) -> None:
    answer = office.issue()
    office.do(
        suspend_agent,
        by=office.admin,
        agent_id=office.wang.agent_id,
        is_suspended=True,
    )
    office.wait(hours=1)

    assert office.redeem(answer["code"])["finding"] == "AGENT_SUSPENDED"
    assert AgentSuspended.code == "AGENT_SUSPENDED"


@pytest.mark.parametrize(
    ("change", "outcome"),
    [("revoked", "TOKEN_REVOKED"), ("redeemed", "TOKEN_USED"), ("bound", "WON")],
)
def test_what_happens_between_reading_and_redeeming_is_told_as_it_is(
    change: str, outcome: str, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The agent, another desk or the client is faster by a moment."""
    office.change_rules(binding_required="opened")
    answer = office.issue(client=Client())
    office.wait(hours=1)
    changes: dict[str, Callable[[], object]] = {
        "revoked": lambda: _revoke(office, answer),
        "redeemed": lambda: office.redeem(answer["code"], phone=None),
        "bound": lambda: bind_by_link(
            office.runtime,
            link=str(answer["link"]),
            identifier=mobile(),
            address="home",
        ),
    }
    original = office.runtime.tag
    pending = [changes[change]]

    def tag_slowly(
        project_id: ProjectId, identifiers: Sequence[Identifier]
    ) -> list[VisitorTag]:
        while pending:
            pending.pop()()
        return original(project_id, identifiers)

    slow = replace(office.runtime, tag=tag_slowly)
    monkeypatch.setattr(office, "runtime", slow)

    found = outcome_of(lambda: office.redeem(answer["code"]))

    assert found == outcome
    assert office.count(visits) == (change != "revoked")


def test_only_a_desk_of_the_project_receives_visitors(office: Office) -> None:
    elsewhere = replace(
        office.desk,
        grants=(Grant(role=Role.DESK, project_id=ProjectId("elsewhere")),),
    )

    with pytest.raises(NotAllowed):
        office.redeem("00000-00000-0", by=office.wang)
    with pytest.raises(NotAllowed):
        office.walk_in(by=elsewhere)


def test_guessing_at_codes_is_slowed_down_at_the_desk(office: Office) -> None:
    desk = replace(office.desk, device_id=None)
    for _ in range(5):
        with pytest.raises(TokenUnknown):
            office.redeem("00000-00000-0", by=desk)

    with pytest.raises(RateLimited):
        office.redeem("00000-00000-0", by=desk)
    with pytest.raises(RateLimited):
        peek(office, "00000-00000-0")


def test_at_a_paired_desk_the_device_counts_its_guesses_too(office: Office) -> None:
    desk = replace(office.desk, device_id=DeviceId("tablet"))
    another = replace(office.desk_two, device_id=DeviceId("tablet"))
    for number in range(10):
        by = (desk, another)[number % 2]
        with pytest.raises(TokenUnknown):
            peek(office, "00000-00000-0", by=by)

    with pytest.raises(RateLimited):
        peek(office, "00000-00000-0", by=desk)


# -- walking in --


def test_a_walk_in_may_be_wholly_anonymous(office: Office) -> None:
    answer = office.walk_in(phone=None)

    assert (answer["standing"], answer["finding"]) == ("WALK_IN", "OK")
    assert (office.count(visits), office.count(visit_tags)) == (1, 0)


def test_everybody_of_a_party_is_remembered(office: Office) -> None:
    arrival = Arrival(
        identifiers=(mobile(), ID_NUMBER),
        party=((mobile(OTHER_PHONE),), ()),
        party_size=2,
    )

    answer = office.do(
        record_walk_in, by=office.desk, project_id=office.project, arrival=arrival
    )

    detail = visit_detail(
        office.runtime, by=office.desk, visit_id=VisitId(str(answer["visit_id"]))
    )
    assert detail.party_size == 3
    with office.runtime.reading() as work:
        tag = office.runtime.tag(office.project, [mobile(OTHER_PHONE)])
        (found,) = work.visits.matching(office.project, tag)
    assert (len(found.tags), [len(one) for one in found.party]) == (2, [1])


# -- a forgotten code --


def look_up(office: Office, phone: str = PHONE) -> list[TokenId]:
    found = find_reports(
        office.runtime,
        by=office.desk,
        project_id=office.project,
        identifiers=(mobile(phone),),
    )
    return [one.token_id for one in found]


def test_a_forgotten_code_is_found_by_the_clients_number_and_confirmed(
    office: Office,
) -> None:
    first = office.issue(client=Client(identifier=MASKED, label="张**"))
    office.wait(minutes=1)
    second = office.issue(by=office.li)
    office.wait(hours=1)

    found = look_up(office)
    visit = confirm(office, first)

    assert found == [token_id(first), token_id(second)]
    assert visit["standing"] == "VALID_REFERRAL"
    assert look_up(office) == [token_id(second)]
    assert look_up(office, OTHER_PHONE) == []


def test_a_look_up_needs_something_to_look_for(office: Office) -> None:
    with pytest.raises(InputInvalid):
        find_reports(
            office.runtime, by=office.desk, project_id=office.project, identifiers=()
        )


def test_a_report_that_has_expired_is_overdue(office: Office) -> None:
    office.issue()
    office.wait(hours=72)

    with pytest.raises(VisitOverdue):
        look_up(office)


def test_what_is_not_the_clients_report_is_not_confirmed(office: Office) -> None:
    office.change_rules(binding_required="opened")
    unbound = office.issue(client=Client())

    with pytest.raises(NotFound):
        confirm(office, unbound)
    with pytest.raises(NotFound):
        confirm(office, {"token_id": "none"})
    with pytest.raises(BindingMismatch):
        confirm(office, office.issue(), OTHER_PHONE)


def test_a_programme_may_ask_for_the_code(office: Office) -> None:
    office.change_rules(redeem_without_code="refuse")
    answer = office.issue()

    with pytest.raises(CodeRequired):
        confirm(office, answer)
    with pytest.raises(CodeRequired):
        look_up(office)


# -- looking --


def test_a_peek_says_what_redeeming_would_do_and_spends_nothing(
    office: Office,
) -> None:
    answer = office.issue(client=Client(identifier=mobile(), label="张**"))
    office.wait(hours=1)

    before = peek(office, answer["code"])
    seen = peek(office, answer["code"], identifiers=(mobile(),))

    assert (before.needs_identifier, seen.needs_identifier) == (True, False)
    assert (seen.standing, seen.label) == ("VALID_REFERRAL", "张**")
    assert (seen.binding_kind, "张" in repr(seen)) == ("cn-mobile", False)
    assert seen.reserved_until == office.time + timedelta(minutes=2)
    assert office.count(visits) == 0


def test_a_peek_at_an_unbound_token_asks_for_nothing(office: Office) -> None:
    office.change_rules(binding_required="opened")
    answer = office.issue(client=Client())

    seen = peek(office, answer["code"])

    assert (seen.needs_identifier, seen.binding_kind, seen.label) == (False, None, None)
    assert seen.standing == "LEAD_TIME_TOO_SHORT"
    assert seen.earliest_at == office.time + timedelta(minutes=30)


def test_a_peek_is_refused_as_redeeming_would_be(office: Office) -> None:
    answer = office.issue()
    _revoke(office, answer)

    with pytest.raises(TokenRevoked):
        peek(office, answer["code"])
    with pytest.raises(TokenUnknown):
        peek(office, "00000-00000-0")


def test_a_token_looked_at_is_kept_for_that_desk_for_two_minutes(
    office: Office,
) -> None:
    code = office.issue()["code"]
    office.wait(hours=1)
    peek(office, code)

    with pytest.raises(TokenReserved):
        peek(office, code, by=office.desk_two)
    with pytest.raises(TokenReserved):
        office.redeem(code, by=office.desk_two)
    office.wait(minutes=2)

    assert office.redeem(code, by=office.desk_two)["finding"] == "OK"


def test_a_token_given_back_is_free_for_the_other_desk(office: Office) -> None:
    answer = office.issue()
    office.wait(hours=1)
    peek(office, answer["code"])

    release_token(office.runtime, by=office.desk_two, token_id=token_id(answer))
    with pytest.raises(TokenReserved):
        peek(office, answer["code"], by=office.desk_two)
    release_token(office.runtime, by=office.desk, token_id=token_id(answer))

    assert peek(office, answer["code"], by=office.desk_two).standing


def test_visits_are_listed_newest_first_and_supervisors_learn_who_referred(
    office: Office,
) -> None:
    code = office.issue()["code"]
    office.walk_in()
    office.wait(hours=1)
    office.redeem(code)

    def seen(by: Actor) -> list[tuple[str | None, str | None]]:
        found = visits_of_today(office.runtime, by=by, project_id=office.project)
        return [(one.agent, one.channel) for one in found]

    assert seen(supervisor(office)) == [("wang", "甲渠道"), (None, None)]
    assert seen(office.desk) == [(None, None), (None, None)]


# The office opens at 9:00 in Shanghai: 15 hours later is the next day.
@pytest.mark.parametrize(
    ("walked_in", "then", "is_seen"),
    [
        (timedelta(hours=0), timedelta(hours=15, microseconds=-1), True),
        (timedelta(hours=0), timedelta(hours=15), False),
        (timedelta(hours=14.5), timedelta(hours=1), True),
        (timedelta(hours=14.5), timedelta(hours=1, microseconds=1), False),
        (timedelta(hours=15), timedelta(hours=24, microseconds=-1), True),
    ],
)
def test_a_desk_sees_the_visits_of_that_day_and_no_earlier_ones(
    walked_in: timedelta, then: timedelta, *, is_seen: bool, office: Office
) -> None:
    office.time += walked_in
    visit = VisitId(str(office.walk_in()["visit_id"]))
    office.time += then

    listed = visits_of_today(office.runtime, by=office.desk, project_id=office.project)
    shown = outcome_of(
        lambda: visit_detail(office.runtime, by=office.desk, visit_id=visit)
    )

    assert [one.id for one in listed] == [visit] * is_seen
    assert shown == ("WON" if is_seen else "NOT_FOUND")


def test_a_visit_is_found_by_its_receipt_and_guesses_are_slowed_down(
    office: Office,
) -> None:
    answer = office.walk_in()
    receipt = str(answer["visitor_receipt"])

    found = visit_of_receipt(
        office.runtime, receipt=f" {receipt.lower()} ", address="home"
    )
    for number in range(20):
        with pytest.raises(NotFound):
            visit_of_receipt(office.runtime, receipt=f"{number}", address="home")

    assert found.id == answer["visit_id"]
    with pytest.raises(RateLimited):
        visit_of_receipt(office.runtime, receipt=receipt, address="home")
    with pytest.raises(NotFound):
        visit_detail(office.runtime, by=office.desk, visit_id=VisitId("none"))


def test_a_confirmation_shows_the_label_for_ten_minutes_and_the_rules_for_ever(
    office: Office,
) -> None:
    labelled = office.issue(client=Client(identifier=mobile(), label="张**"))
    plain = office.issue(client=Client(identifier=mobile(OTHER_PHONE)))
    office.wait(hours=1)
    answers = (
        office.redeem(labelled["code"]),
        office.redeem(plain["code"], phone=OTHER_PHONE),
        office.walk_in(),
    )

    def printed() -> list[tuple[str | None, bool]]:
        found = [
            confirmation_of(
                office.runtime, by=office.desk, visit_id=VisitId(str(one["visit_id"]))
            )
            for one in answers
        ]
        return [(one.label, one.token_rules is not None) for one in found]

    assert printed() == [("张**", True), (None, True), (None, False)]
    office.wait(minutes=10)
    assert printed() == [(None, True), (None, True), (None, False)]


def test_a_token_that_nobody_has_used_stays_unspent(office: Office) -> None:
    office.issue()

    with office.database.reading() as connection:
        assert connection.execute(select(tokens.c.redeemed_at)).scalars().all() == [
            None
        ]


# -- a masked number is nobody's own --


def test_a_masked_number_redeemed_the_code_that_was_bound_to_it(office: Office) -> None:
    code = office.issue(client=Client(identifier=MASKED))["code"]
    office.wait(hours=1)

    with pytest.raises(IdentifierInvalid, match="MASKED"):
        office.do(
            redeem_token,
            by=office.desk,
            project_id=office.project,
            scan=read_scan(str(code)),
            arrival=Arrival(identifiers=(MASKED,)),
        )

    assert office.count(visits) == office.count(refusals) == 0


@pytest.mark.parametrize(
    "arrival", [Arrival(identifiers=(MASKED,)), Arrival(party=((mobile(), MASKED),))]
)
def test_a_masked_number_was_recorded_as_a_walk_in(
    office: Office, arrival: Arrival
) -> None:
    with pytest.raises(IdentifierInvalid, match="MASKED"):
        office.do(
            record_walk_in,
            by=office.desk,
            project_id=office.project,
            arrival=arrival,
        )

    assert office.count(visits) == 0


def test_a_masked_number_confirmed_a_link(office: Office) -> None:
    office.change_rules(binding_required="opened")
    link = str(office.issue(client=Client())["link"])

    with pytest.raises(IdentifierInvalid, match="MASKED"):
        bind_by_link(office.runtime, link=link, identifier=MASKED, address="here")


def test_no_number_at_all_was_called_another_client(office: Office) -> None:
    code = office.issue()["code"]
    office.wait(hours=1)

    with pytest.raises(InputInvalid, match="is needed"):
        office.redeem(code, phone=None)

    assert office.count(visits) == office.count(refusals) == 0
    assert office.redeem(code)["standing"] == "VALID_REFERRAL"


# -- an answer that was lost --

ARRIVALS: dict[str, Callable[..., Any]] = {
    "redeemed": lambda office, token, **others: office.redeem(token["code"], **others),
    "confirmed": confirm,
    "walked in": lambda office, _token, **others: office.walk_in(**others),
}


@pytest.mark.parametrize("arrive", ARRIVALS.values(), ids=ARRIVALS)
def test_a_visit_is_answered_again_though_the_desk_has_lost_its_role(
    arrive: Callable[..., Any], office: Office
) -> None:
    office.change_rules(redeem_without_code="allow")
    token = office.issue()
    office.wait(hours=1)
    request = office.request(b"body")
    first = arrive(office, token, request=request)
    left = replace(office.desk, grants=())

    again = arrive(office, token, request=request, by=left)

    assert again == first
    assert office.count(visits) == 1
    with pytest.raises(NotAllowed):
        arrive(office, token, by=left)


def test_a_visit_is_answered_again_though_the_desk_must_wait(office: Office) -> None:
    token = office.issue()
    office.wait(hours=1)
    request = office.request(b"body")
    first = office.redeem(token["code"], request=request)
    for _ in range(5):
        with pytest.raises(TokenUnknown):
            office.redeem("00000-00000-0")

    again = office.redeem(token["code"], request=request)

    assert again == first
    with pytest.raises(RateLimited):
        office.redeem(token["code"])
