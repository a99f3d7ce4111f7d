"""Issuing, revoking and listing tokens, and the client's link."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import update

from attribution.errors import (
    AgentSuspended,
    BindingRequired,
    InputInvalid,
    NotAllowed,
    NotFound,
    ProgrammeNotInForce,
    QuotaExceeded,
    RateLimited,
    RequestIdReused,
    TokenRevoked,
    TokenUsed,
)
from attribution.ids import ChannelId, ProjectId, TokenId
from attribution.people import Grant, Role
from attribution.programmes import Kind
from attribution.rulebook import Binding
from attribution.services.administering import create_channel, create_project
from attribution.services.answering import Reply
from attribution.services.binding import bind_by_link, open_link
from attribution.services.checking import conflict_at_visit
from attribution.services.concluding import conclusion_of
from attribution.services.enlisting import suspend_agent, suspend_channel
from attribution.services.following import (
    Progress,
    offers_to,
    own_token,
    own_tokens,
)
from attribution.services.issuing import Client, revoke_token, token_of, tokens_of
from attribution.storage.tables import programmes, tokens
from tests.office import OTHER_PHONE, Office, mobile
from tokens.identifiers import identifier
from tokens.referral import commit, from_digits, read

MASKED = identifier("cn-mobile-3-4", "138****8000")


def token_id(answer: dict[str, object]) -> TokenId:
    return TokenId(str(answer["token_id"]))


def revoke(office: Office, answer: dict[str, object]) -> dict[str, object]:
    return office.do(revoke_token, by=office.wang, token_id=token_id(answer))


@pytest.mark.parametrize(
    ("client", "binding"),
    [
        (Client(identifier=mobile()), "full"),
        (Client(identifier=MASKED), "masked"),
        (Client(identifier=mobile(), binding=Binding.MASKED), "masked"),
        (Client(), "opened"),
    ],
)
def test_the_binding_follows_from_what_the_agent_gives(
    client: Client, binding: str, office: Office
) -> None:
    office.change_rules(binding_required="opened")

    answer = office.issue(client=client)

    assert answer["binding"] == binding
    assert (answer["link"] is not None) == (binding == "opened")
    assert (answer["commitment_nonce"] is None) == (binding == "opened")


@pytest.mark.parametrize(
    "client",
    [
        pytest.param(Client(), id="weaker than agreed"),
        pytest.param(Client(binding=Binding.FULL), id="nothing to bind to"),
        pytest.param(Client(identifier=MASKED, binding=Binding.FULL), id="only masked"),
        pytest.param(Client(binding=Binding.NONE), id="none, for an agency"),
    ],
)
def test_a_binding_that_is_not_enough_is_refused(
    client: Client, office: Office
) -> None:
    with pytest.raises(BindingRequired):
        office.issue(client=client)

    assert office.count(tokens) == 0


def test_the_qr_code_is_the_signed_token_and_the_commitment_opens(
    office: Office,
) -> None:
    answer = office.issue()

    claims = read(from_digits(str(answer["qr"])), office.keys.issuer_keys())

    tag = office.runtime.tag(office.project, [mobile()])[0]
    with office.runtime.reading() as work:
        stored = work.tokens.issued_by(office.wang.agent_id or "")[0].secrets  # type: ignore[arg-type]
    assert claims.token_id == stored.cti
    assert claims.agent_id == office.wang.agent_id
    nonce = bytes.fromhex(str(answer["commitment_nonce"]))
    assert commit(nonce, tag.value) == stored.commitment


def test_who_is_no_agent_issues_nothing(office: Office) -> None:
    with pytest.raises(NotAllowed):
        office.issue(by=office.desk)


def test_an_agent_without_a_channel_issues_nothing(office: Office) -> None:
    lost = office._actor("wang", office.wang.grants[0].role, agent_id="a")  # noqa: SLF001

    with pytest.raises(NotAllowed):
        office.issue(by=lost)
    with pytest.raises(NotAllowed):
        offers_to(office.runtime, by=lost)


def test_a_channel_without_a_programme_issues_nothing(office: Office) -> None:
    made = office.do(create_channel, by=office.admin, name="丙渠道")
    channel = ChannelId(str(made["channel_id"]))
    visitor = office._actor(  # noqa: SLF001
        "wang", office.wang.grants[0].role, agent_id="a", channel_id=channel
    )

    with pytest.raises(ProgrammeNotInForce):
        office.issue(by=visitor)


def test_a_walk_in_reward_is_no_programme_to_refer_under(office: Office) -> None:
    made = office.do(create_channel, by=office.admin, name="礼遇")
    channel = ChannelId(str(made["channel_id"]))
    office.programme(channel, kind=Kind.WALK_IN_REWARD)
    visitor = office._actor(  # noqa: SLF001
        "wang", office.wang.grants[0].role, agent_id="a", channel_id=channel
    )

    with pytest.raises(ProgrammeNotInForce):
        office.issue(by=visitor)
    assert offers_to(office.runtime, by=visitor) == []


@pytest.mark.parametrize("whose", ["agent", "channel"])
def test_a_suspended_agent_or_channel_issues_nothing_until_readmitted(
    whose: str, office: Office
) -> None:
    def suspend(*, is_suspended: bool) -> None:
        services: dict[str, tuple[Callable[..., Reply], dict[str, Any]]] = {
            "agent": (suspend_agent, {"agent_id": office.wang.agent_id}),
            "channel": (suspend_channel, {"channel_id": office.channel_a}),
        }
        service, what = services[whose]
        office.do(service, by=office.admin, is_suspended=is_suspended, **what)

    suspend(is_suspended=True)
    with pytest.raises(AgentSuspended):
        office.issue()
    suspend(is_suspended=False)

    assert office.issue()["code"]


@pytest.mark.parametrize(
    "quota", ["agent_quota_day", "agent_quota_open", "quota_day", "quota_open"]
)
def test_each_quota_stops_the_token_after_it(quota: str, office: Office) -> None:
    rules: dict[str, Any] = {quota: 1}
    office.change_rules(**rules)
    office.issue()

    with pytest.raises(QuotaExceeded):
        office.issue()

    assert office.count(tokens) == 1


def test_the_day_of_a_quota_is_the_latest_24_hours(office: Office) -> None:
    office.change_rules(agent_quota_day=1, token_lifetime_hours=1)
    office.issue()
    office.wait(hours=24, microseconds=1)

    assert office.issue()["code"]


def test_a_revoked_token_is_revoked_once_and_by_its_own_agent(office: Office) -> None:
    answer = office.issue()

    with pytest.raises(NotFound):
        office.do(revoke_token, by=office.li, token_id=token_id(answer))
    with pytest.raises(NotFound):
        office.do(revoke_token, by=office.wang, token_id=TokenId("none"))
    revoke(office, answer)
    with pytest.raises(TokenRevoked):
        revoke(office, answer)


def test_a_redeemed_token_is_not_revoked(office: Office) -> None:
    answer = office.issue()
    office.wait(hours=1)
    office.redeem(answer["code"])

    with pytest.raises(TokenUsed):
        revoke(office, answer)


@pytest.mark.parametrize(
    ("note", "kept"),
    [
        ("张**", "张**"),
        ("  张** 尾号8000 ", "张** 尾号8000"),
        ("", None),
        (" ", None),
        ("长" * 12, "长" * 12),
        ("张三丰", "张三丰"),
    ],
)
def test_a_note_of_the_agents_own_choosing_is_kept(
    note: str, kept: str | None, office: Office
) -> None:
    answer = office.issue(client=Client(identifier=mobile(), label=note))

    own = token_of(office.runtime, by=office.wang, token_id=token_id(answer))
    assert own.label == kept


@pytest.mark.parametrize(
    ("note", "reason"),
    [
        ("13800138000 张三丰", "a note is too long"),
        ("长" * 13, "a note is too long"),
        ("13800138000", "a note holds a number"),
        ("张1-3-8-0-0", "a note holds a number"),
        ("１３８００", "a note holds a number"),
        ("一三八零零一三八", "a note holds a number"),
        ("张\u200b三", "a note is unprintable"),
    ],
)
def test_a_number_in_a_note_is_refused_and_nothing_is_kept(
    note: str, reason: str, office: Office
) -> None:
    with pytest.raises(InputInvalid) as refused:
        office.issue(client=Client(identifier=mobile(), label=note))

    assert (refused.value.path, refused.value.reason) == ("label", reason)
    assert office.count(tokens) == 0


def test_the_list_shows_label_and_qr_again_but_never_the_code(office: Office) -> None:
    answer = office.issue(client=Client(identifier=mobile(), label="张**"))
    revoked = office.issue(client=Client(identifier=mobile(OTHER_PHONE)))
    revoke(office, revoked)

    shown = {
        one.issued.token.id: one for one in tokens_of(office.runtime, by=office.wang)
    }

    own = shown[token_id(answer)]
    assert (own.label, own.qr) == ("张**", answer["qr"])
    assert (shown[token_id(revoked)].label, shown[token_id(revoked)].qr) == (None, None)
    assert str(answer["code"]) not in repr(shown)
    assert "张" not in repr(shown)


def test_an_agent_sees_own_tokens_only(office: Office) -> None:
    answer = office.issue()

    assert tokens_of(office.runtime, by=office.li) == []
    with pytest.raises(NotFound):
        token_of(office.runtime, by=office.li, token_id=token_id(answer))


def end_programmes(office: Office) -> None:
    with office.database.engine.begin() as connection:
        connection.execute(update(programmes).values(in_force_until=office.time))


def leave(office: Office) -> None:
    office.wang = replace(office.wang, grants=())


@pytest.mark.parametrize("change", [end_programmes, leave])
def test_an_answer_that_was_lost_is_given_again_whatever_has_changed(
    change: Callable[[Office], None], office: Office
) -> None:
    request = office.request(b"body")
    first = office.issue(request=request)
    change(office)

    again = office.issue(request=request)

    assert again == first
    assert office.count(tokens) == 1
    with pytest.raises((NotAllowed, ProgrammeNotInForce)):
        office.issue()
    with pytest.raises(RequestIdReused):
        office.issue(request=replace(request, body=b"another"))


@pytest.mark.parametrize("project", [None, "elsewhere"])
def test_who_is_no_agent_here_any_more_has_no_tokens_here(
    project: str | None, office: Office
) -> None:
    one = token_id(office.issue())
    grants = [Grant(role=Role.AGENT, project_id=ProjectId(project))] if project else []
    left = replace(office.wang, grants=tuple(grants))
    nothing = partial(pytest.raises, (NotAllowed, NotFound))

    with pytest.raises(NotAllowed):
        office.issue(by=left)
    with nothing():
        token_of(office.runtime, by=left, token_id=one)
    with nothing():
        office.do(revoke_token, by=left, token_id=one)
    with nothing():
        conclusion_of(office.runtime, by=left, token_id=one)
    with nothing():
        conflict_at_visit(office.runtime, by=left, token_id=one)


def test_an_agent_at_another_project_is_offered_nothing_here(office: Office) -> None:
    office.issue()
    grants = (Grant(role=Role.AGENT, project_id=ProjectId("elsewhere")),)
    elsewhere = replace(office.wang, grants=grants)

    assert offers_to(office.runtime, by=elsewhere) == []
    assert tokens_of(office.runtime, by=elsewhere) == []


def test_an_agent_follows_a_token_through_its_life(office: Office) -> None:
    office.change_rules(binding_required="opened")
    opened = office.issue(client=Client())
    answer, lost = office.issue(), office.issue()

    def progress(one: dict[str, object]) -> Progress:
        found = own_token(office.runtime, by=office.wang, token_id=token_id(one))
        return found.progress

    seen = [progress(opened), progress(answer)]
    office.wait(minutes=30)
    seen.append(progress(answer))
    office.redeem(answer["code"])
    revoke(office, lost)
    seen += [progress(answer), progress(lost)]
    office.wait(hours=72)
    seen.append(progress(opened))

    assert seen == ["unopened", "waiting", "ready", "visited", "revoked", "expired"]
    listed = own_tokens(office.runtime, by=office.wang)
    assert {one.token.id for one in listed} == {
        token_id(one) for one in (opened, answer, lost)
    }
    assert {one.project for one in listed} == {"江畔"}


def test_an_agent_is_offered_each_project_of_the_channel_once(office: Office) -> None:
    made = office.do(create_project, by=office.admin, name="湖畔", rules={})
    first, office.project = office.project, ProjectId(str(made["project_id"]))
    office.programme(office.channel_a, rules={"lead_minutes": 5})
    office.wait(hours=1)
    office.programme(office.channel_a)

    offers = offers_to(office.runtime, by=office.wang)

    assert [(one.project, one.lead_time) for one in offers] == [
        ("江畔", timedelta(minutes=30)),
        ("湖畔", timedelta(minutes=5)),
    ]
    assert offers[0].project_id == first


# -- the client's link --


def bind(office: Office, link: object, phone: str, address: str = "home") -> None:
    bind_by_link(
        office.runtime, link=str(link), identifier=mobile(phone), address=address
    )


def test_a_link_binds_to_who_opens_it_first_and_to_nobody_else(office: Office) -> None:
    office.change_rules(binding_required="opened")
    link = office.issue(client=Client())["link"]
    unbound = open_link(office.runtime, link=str(link), address="home")
    office.wait(minutes=5)

    bind(office, link, "13800138000")
    bind(office, link, "13800138000")
    with pytest.raises(NotFound):
        bind(office, link, OTHER_PHONE)

    opened = open_link(office.runtime, link=str(link), address="home")
    assert (unbound.project, unbound.earliest_at) == ("江畔", None)
    assert opened.earliest_at == office.time + timedelta(minutes=30)


@pytest.mark.parametrize("what", ["unknown", "used", "revoked", "expired"])
def test_a_link_that_is_over_is_like_one_that_never_was(
    what: str, office: Office
) -> None:
    office.change_rules(binding_required="opened")
    answer = office.issue(client=Client())
    ends: dict[str, Any] = {
        "unknown": lambda: answer.update(link="no-such-link"),
        "used": lambda: office.redeem(answer["code"], phone=None),
        "revoked": lambda: revoke(office, answer),
        "expired": lambda: office.wait(hours=72),
    }
    ends[what]()

    with pytest.raises(NotFound):
        open_link(office.runtime, link=str(answer["link"]), address="home")
    with pytest.raises(NotFound):
        bind(office, answer["link"], OTHER_PHONE)


def test_guessing_at_links_is_slowed_down(office: Office) -> None:
    for number in range(20):
        with pytest.raises(NotFound):
            open_link(office.runtime, link=f"guess {number}", address="home")

    with pytest.raises(RateLimited) as refusal:
        open_link(office.runtime, link="guess", address="home")

    assert refusal.value.retry_after == 2


def test_a_bound_link_is_redeemed_by_its_client_alone(office: Office) -> None:
    office.change_rules(binding_required="opened")
    answer = office.issue(client=Client())
    bind(office, answer["link"], OTHER_PHONE)
    office.wait(minutes=30)

    visit = office.redeem(answer["code"], phone=OTHER_PHONE)

    assert visit["standing"] == "VALID_REFERRAL"
