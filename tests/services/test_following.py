"""What agents are told of their own tokens, and what a desk prints of a visit."""

from dataclasses import replace
from datetime import timedelta

import pytest

from attribution.errors import InputInvalid, NotAllowed, NotFound, RateLimited
from attribution.ids import AgentId, ChannelId, TokenId, VisitId
from attribution.people import Actor
from attribution.programmes import Kind
from attribution.rulebook import Binding
from attribution.services.administering import create_channel
from attribution.services.binding import bind_by_link, open_link
from attribution.services.confirming import confirmation_of
from attribution.services.enlisting import NewAgent, create_agent
from attribution.services.following import (
    Progress,
    offers_to,
    own_token,
    own_tokens,
)
from attribution.services.issuing import Client, revoke_token
from attribution.services.looking import find_reports, peek_token, visit_of_receipt
from attribution.services.versioning import change_programme_rules
from attribution.visits import Standing
from tests.office import OTHER_PHONE, Office, mobile
from tokens.scans import read_scan

ADDRESS = "192.0.2.1"


def open_rules(office: Office) -> None:
    """Let Wang's channel issue tokens that the client binds."""
    office.wait(seconds=1)
    office.do(
        change_programme_rules,
        by=office.admin,
        programme_id=office.programmes[office.channel_a],
        rules={"binding_required": "opened"},
    )


def progress(office: Office, token_id: object) -> Progress:
    token = own_token(office.runtime, by=office.wang, token_id=TokenId(str(token_id)))
    return token.progress


def test_an_agent_is_offered_the_projects_of_the_channel(office: Office) -> None:
    offers = offers_to(office.runtime, by=office.wang)

    assert [one.project for one in offers] == ["江畔"]
    assert offers[0].binding_required is Binding.MASKED
    assert offers[0].lead_time == timedelta(minutes=30)


def test_a_reward_for_walk_ins_is_nothing_to_refer_under(office: Office) -> None:
    office.programme(office.channel_a, kind=Kind.WALK_IN_REWARD)

    assert len(offers_to(office.runtime, by=office.wang)) == 1


def test_whoever_is_no_agent_is_offered_nothing(office: Office) -> None:
    with pytest.raises(NotAllowed):
        offers_to(office.runtime, by=office.desk)


@pytest.mark.parametrize(
    ("minutes", "before", "at"),
    [
        (30, Progress.WAITING, Progress.READY),
        (72 * 60, Progress.READY, Progress.EXPIRED),
    ],
)
def test_a_bound_token_waits_is_ready_and_expires_to_the_instant(
    office: Office, minutes: int, before: Progress, at: Progress
) -> None:
    token_id = office.issue()["token_id"]
    office.wait(minutes=minutes, microseconds=-1)
    last = progress(office, token_id)

    office.wait(microseconds=1)

    assert (last, progress(office, token_id)) == (before, at)


def test_a_token_that_was_used_or_taken_back_says_so(office: Office) -> None:
    used, revoked = (
        office.issue(),
        office.issue(client=Client(identifier=mobile(OTHER_PHONE))),
    )
    office.wait(hours=1)
    office.redeem(used["code"])
    office.do(revoke_token, by=office.wang, token_id=revoked["token_id"])

    found = {one.token.id: one for one in own_tokens(office.runtime, by=office.wang)}

    assert found[TokenId(str(used["token_id"]))].progress is Progress.VISITED
    assert found[TokenId(str(revoked["token_id"]))].progress is Progress.REVOKED


def test_a_token_to_be_opened_waits_for_its_client(office: Office) -> None:
    open_rules(office)
    token = office.issue(client=Client())
    link = str(token["link"])
    before = progress(office, token["token_id"])
    unbound = open_link(office.runtime, link=link, address=ADDRESS)

    bound = bind_by_link(
        office.runtime, link=link, identifier=mobile(), address=ADDRESS
    )

    assert before is Progress.UNOPENED
    assert unbound.earliest_at is None
    assert bound.earliest_at == office.time + timedelta(minutes=30)
    assert progress(office, token["token_id"]) is Progress.WAITING


def test_a_number_that_does_not_fit_a_link_counts_as_a_guess(office: Office) -> None:
    open_rules(office)
    link = str(office.issue(client=Client())["link"])
    bind_by_link(office.runtime, link=link, identifier=mobile(), address=ADDRESS)
    other = mobile(OTHER_PHONE)

    for _ in range(20):
        with pytest.raises(NotFound):
            bind_by_link(office.runtime, link=link, identifier=other, address=ADDRESS)

    with pytest.raises(RateLimited):
        bind_by_link(office.runtime, link=link, identifier=mobile(), address=ADDRESS)


def test_guessed_receipts_are_counted_by_address(office: Office) -> None:
    receipt = str(office.walk_in()["visitor_receipt"])
    for _ in range(20):
        with pytest.raises(NotFound):
            visit_of_receipt(office.runtime, receipt="A" * 24, address=ADDRESS)

    with pytest.raises(RateLimited):
        visit_of_receipt(office.runtime, receipt=receipt, address=ADDRESS)

    found = visit_of_receipt(office.runtime, receipt=receipt, address="192.0.2.2")
    assert found.project == "江畔"


def test_a_peek_says_from_when_the_visit_would_count(office: Office) -> None:
    token = office.issue()
    issued_at = office.time
    office.wait(minutes=5)

    peek = peek_token(
        office.runtime,
        by=office.desk,
        project_id=office.project,
        scan=read_scan(str(token["code"])),
    )

    assert peek.earliest_at == issued_at + timedelta(minutes=30)
    assert peek.short_lead == "walk_in"


def an_agent_of_the_house(office: Office) -> Actor:
    """Enlist an agent whose channel may issue tokens that are bound to nobody."""
    made = office.do(create_channel, by=office.admin, name="自渠")
    channel = ChannelId(str(made["channel_id"]))
    office.programme(channel, kind=Kind.OWN, rules={"binding_required": "none"})
    new = NewAgent(channel_id=channel, name="吴")
    agent = office.do(create_agent, by=office.admin, agent=new)["agent_id"]
    return replace(office.wang, agent_id=AgentId(str(agent)), channel_id=channel)


@pytest.mark.parametrize("minutes", [0, 29, 31])
def test_a_token_bound_to_nothing_counts_from_its_issue_for_whoever_looks(
    minutes: int, office: Office
) -> None:
    wu = an_agent_of_the_house(office)
    token = office.issue(by=wu, client=Client(binding=Binding.NONE))
    counts_from = office.time + timedelta(minutes=30)
    office.wait(minutes=minutes)

    peek = peek_token(
        office.runtime,
        by=office.desk,
        project_id=office.project,
        scan=read_scan(str(token["code"])),
    )

    token_id = TokenId(str(token["token_id"]))
    followed = own_token(office.runtime, by=wu, token_id=token_id)
    assert peek.earliest_at == followed.earliest_at == counts_from
    is_early = minutes < 30
    assert followed.progress is (Progress.WAITING if is_early else Progress.READY)
    assert (peek.standing is Standing.LEAD_TIME_TOO_SHORT) is is_early


def test_looking_for_a_report_needs_a_number(office: Office) -> None:
    with pytest.raises(InputInvalid):
        find_reports(
            office.runtime, by=office.desk, project_id=office.project, identifiers=()
        )


def test_a_clients_label_is_on_the_confirmation_for_ten_minutes(
    office: Office,
) -> None:
    token = office.issue(client=Client(identifier=mobile(), label="张**"))
    office.wait(hours=1)
    visit = VisitId(str(office.redeem(token["code"])["visit_id"]))
    office.wait(minutes=10, microseconds=-1)
    before = confirmation_of(office.runtime, by=office.desk, visit_id=visit)
    office.wait(microseconds=1)

    after = confirmation_of(office.runtime, by=office.desk, visit_id=visit)

    assert before.label == "张**"
    assert after.label is None
    assert after.token_rules is not None
    assert after.visit.agent is None


def test_the_confirmation_of_a_walk_in_has_no_token_rules(office: Office) -> None:
    visit = VisitId(str(office.walk_in()["visit_id"]))

    confirmation = confirmation_of(office.runtime, by=office.desk, visit_id=visit)

    assert confirmation.token_rules is None
    assert confirmation.label is None
    assert confirmation.deal_rules.walk_in_protection == 45
