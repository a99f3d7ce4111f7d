from datetime import timedelta
from typing import Any

import pytest

from attribution.errors import (
    InputInvalid,
    InvitationInvalid,
    LoginTaken,
    NotAllowed,
    NotFound,
    PairingInvalid,
    PasswordTooWeak,
    RateLimited,
    SecondFactorInvalid,
    SignInRefused,
)
from attribution.ids import ChannelId, DeviceId, PersonId, ProjectId
from attribution.people import Grant, Role
from attribution.services.admitting import (
    API_TOKEN_LIFETIME,
    SESSION_LIFETIME,
    Attempt,
    actor_of_integration,
    actor_of_session,
    confirm_second_factor,
    draw_second_factor,
    has_second_factor,
    integrations,
    issue_integration,
    remove_second_factor,
    revoke_credential,
    sign_in,
    sign_out,
)
from attribution.services.enrolling import (
    INVITATION_LIFETIME,
    accept_invitation,
    account_of,
    account_of_person,
    add_person,
    give_role,
    invite,
    is_anybody_there,
    people_and_grants,
    readmit_person,
    set_password,
    suspend_person,
    take_role,
)
from attribution.services.pairing import (
    PAIRING_LIFETIME,
    begin_pairing,
    device_of,
    devices,
    pair_device,
    revoke_device,
)
from attribution.storage.tables import grants, metadata
from attribution.totp import code_at, step_at
from tests.office import Office

PASSWORD = "four unrelated words"
INSTANT = timedelta(microseconds=1)
HOME = Attempt(address="192.0.2.1")
ELSEWHERE = Attempt(address="198.51.100.9")


@pytest.fixture
def mei(office: Office) -> PersonId:
    person_id = add_person(office.runtime, login="mei", name="梅")
    set_password(office.runtime, person_id, PASSWORD)
    give_role(office.runtime, person_id, Grant(role=Role.DESK))
    return person_id


def enter(
    office: Office,
    password: str = PASSWORD,
    *,
    login: str = "mei",
    digits: str = "",
    attempt: Attempt = HOME,
) -> str:
    return sign_in(
        office.runtime, login=login, password=password, digits=digits, attempt=attempt
    )


def everything(office: Office) -> bytes:
    """Return all that the database holds, one value after the other."""
    found = b""
    with office.database.reading() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(table.select()):
                for value in row:
                    is_raw = isinstance(value, bytes)
                    found += b"\n" + (value if is_raw else str(value).encode())
    return found


def fail(office: Office, times: int, attempt: Attempt = HOME) -> None:
    for _ in range(times):
        with pytest.raises(SignInRefused):
            enter(office, "wrong", attempt=attempt)


def test_the_right_password_opens_a_session(office: Office, mei: PersonId) -> None:
    actor = actor_of_session(office.runtime, enter(office))

    assert actor is not None
    assert actor.person_id == mei
    assert actor.holds(Role.DESK)


@pytest.mark.usefixtures("mei")
def test_case_and_space_around_a_login_do_not_matter(office: Office) -> None:
    assert enter(office, login=" MEI ")


@pytest.mark.parametrize(
    ("login", "password"),
    [
        pytest.param("mei", "wrong", id="wrong password"),
        pytest.param("nobody", PASSWORD, id="unknown login"),
        pytest.param("desk", PASSWORD, id="a login without a password"),
        pytest.param("mei", "", id="nothing"),
    ],
)
@pytest.mark.usefixtures("mei")
def test_every_wrong_pair_is_refused_alike(
    office: Office, login: str, password: str
) -> None:
    with pytest.raises(SignInRefused):
        enter(office, password, login=login)


def test_an_agent_acts_for_their_channel(office: Office) -> None:
    person_id = office.people["wang"]
    set_password(office.runtime, person_id, PASSWORD)

    actor = actor_of_session(office.runtime, enter(office, login="wang"))

    assert actor is not None
    assert (actor.agent_id, actor.channel_id) == (
        office.wang.agent_id,
        office.wang.channel_id,
    )


@pytest.mark.usefixtures("mei")
def test_a_session_ends_at_its_instant(office: Office) -> None:
    secret = enter(office)

    office.time += SESSION_LIFETIME - INSTANT
    assert actor_of_session(office.runtime, secret)
    office.time += INSTANT
    assert actor_of_session(office.runtime, secret) is None


@pytest.mark.usefixtures("mei")
def test_signing_out_ends_the_session(office: Office) -> None:
    secret, other = enter(office), enter(office)

    sign_out(office.runtime, secret)

    assert actor_of_session(office.runtime, secret) is None
    assert actor_of_session(office.runtime, other)


@pytest.mark.usefixtures("mei")
def test_only_a_digest_of_the_secret_is_stored(office: Office) -> None:
    secret = enter(office)

    stored = everything(office)

    assert stored
    assert secret.encode() not in stored
    assert bytes.fromhex(secret) not in stored


# -- budgets ---------------------------------------------------------------------


@pytest.mark.usefixtures("mei")
def test_five_failures_are_free_and_the_next_waits(office: Office) -> None:
    fail(office, 5)

    with pytest.raises(RateLimited) as refusal:
        enter(office)

    assert refusal.value.retry_after == 2


@pytest.mark.usefixtures("mei")
def test_after_the_wait_the_right_password_is_heard(office: Office) -> None:
    fail(office, 5)

    office.time += timedelta(seconds=2)

    assert enter(office)


@pytest.mark.usefixtures("mei")
def test_an_attempt_that_is_not_heard_costs_nothing_more(office: Office) -> None:
    fail(office, 5)
    for _ in range(3):
        with pytest.raises(RateLimited) as refusal:
            enter(office)
        assert refusal.value.retry_after == 2

    office.time += timedelta(seconds=2)
    fail(office, 1)
    with pytest.raises(RateLimited) as refusal:
        enter(office)

    assert refusal.value.retry_after == 4


@pytest.mark.usefixtures("mei")
def test_success_forgets_the_failures_of_the_account(office: Office) -> None:
    fail(office, 4)
    enter(office)

    fail(office, 4)

    assert enter(office)


@pytest.mark.usefixtures("mei")
def test_an_hour_forgets_failures(office: Office) -> None:
    fail(office, 4)

    office.time += timedelta(hours=1)
    fail(office, 4)

    assert enter(office)


@pytest.mark.usefixtures("mei")
def test_success_does_not_forget_what_others_failed_at_the_address(
    office: Office,
) -> None:
    for number in range(19):
        with pytest.raises(SignInRefused):
            enter(office, login=f"stranger-{number}")
    enter(office)
    with pytest.raises(SignInRefused):
        enter(office, login="stranger-20")

    with pytest.raises(RateLimited):
        enter(office)


def test_unknown_logins_are_counted_like_known_ones(office: Office) -> None:
    for _ in range(5):
        with pytest.raises(SignInRefused):
            enter(office, login="nobody")

    with pytest.raises(RateLimited):
        enter(office, login="nobody")


@pytest.mark.usefixtures("mei")
def test_a_stranger_cannot_lock_a_paired_desk_out(office: Office) -> None:
    fail(office, 5, ELSEWHERE)
    desk = Attempt(address="192.0.2.1", device_id=paired(office))

    assert enter(office, attempt=desk)
    with pytest.raises(RateLimited):
        enter(office)


@pytest.mark.usefixtures("mei")
def test_no_login_or_address_is_stored_with_the_failures(office: Office) -> None:
    fail(office, 1, Attempt(address="203.0.113.77"))

    stored = everything(office)

    assert stored
    assert b"203.0.113.77" not in stored


# -- the second factor -----------------------------------------------------------


def set_up(office: Office, person_id: PersonId) -> bytes:
    secret = draw_second_factor(office.runtime)
    digits = code_at(secret, step_at(office.time))
    confirm_second_factor(office.runtime, person_id, secret=secret, digits=digits)
    office.wait(minutes=1)
    return secret


def test_with_a_second_factor_the_password_is_not_enough(
    office: Office, mei: PersonId
) -> None:
    set_up(office, mei)

    with pytest.raises(SignInRefused):
        enter(office)


def test_the_digits_open_the_session_once(office: Office, mei: PersonId) -> None:
    secret = set_up(office, mei)
    digits = code_at(secret, step_at(office.time))

    assert enter(office, digits=f"{digits[:3]} {digits[3:]}")
    with pytest.raises(SignInRefused):
        enter(office, digits=digits)


def test_the_digits_that_confirmed_are_used_up(office: Office, mei: PersonId) -> None:
    secret = draw_second_factor(office.runtime)
    digits = code_at(secret, step_at(office.time))
    confirm_second_factor(office.runtime, mei, secret=secret, digits=digits)

    with pytest.raises(SignInRefused):
        enter(office, digits=digits)


@pytest.mark.parametrize("size", [16, 19, 21])
def test_a_secret_of_another_length_confirms_nothing(
    office: Office, mei: PersonId, size: int
) -> None:
    secret = bytes(size)
    digits = code_at(secret, step_at(office.time))

    with pytest.raises(SecondFactorInvalid):
        confirm_second_factor(office.runtime, mei, secret=secret, digits=digits)

    assert not has_second_factor(office.runtime, mei)


def test_wrong_digits_confirm_nothing(office: Office, mei: PersonId) -> None:
    secret = draw_second_factor(office.runtime)

    with pytest.raises(SecondFactorInvalid):
        confirm_second_factor(office.runtime, mei, secret=secret, digits="")

    assert not has_second_factor(office.runtime, mei)


def test_a_second_factor_is_not_replaced_by_whoever_is_signed_in(
    office: Office, mei: PersonId
) -> None:
    secret = set_up(office, mei)
    digits = code_at(secret, step_at(office.time))

    with pytest.raises(NotAllowed):
        confirm_second_factor(office.runtime, mei, secret=secret, digits=digits)


def test_an_administrator_removes_a_lost_second_factor(
    office: Office, mei: PersonId
) -> None:
    set_up(office, mei)

    remove_second_factor(office.runtime, mei)

    assert not has_second_factor(office.runtime, mei)
    assert enter(office)


# -- API tokens ------------------------------------------------------------------


def test_an_api_token_acts_for_its_person(office: Office, mei: PersonId) -> None:
    secret = issue_integration(office.runtime, mei, label="明源")

    actor = actor_of_integration(office.runtime, secret)

    assert actor is not None
    assert actor.person_id == mei
    assert actor_of_session(office.runtime, secret) is None


def test_a_revoked_api_token_is_nobody(office: Office, mei: PersonId) -> None:
    secret = issue_integration(office.runtime, mei, label="明源")
    (listed,) = integrations(office.runtime)

    revoke_credential(office.runtime, listed.id)

    assert actor_of_integration(office.runtime, secret) is None
    assert integrations(office.runtime) == []
    with pytest.raises(NotFound):
        revoke_credential(office.runtime, listed.id)


def test_an_api_token_lasts_a_year(office: Office, mei: PersonId) -> None:
    secret = issue_integration(office.runtime, mei, label="明源")

    office.time += API_TOKEN_LIFETIME

    assert actor_of_integration(office.runtime, secret) is None


def test_nobody_has_no_api_token(office: Office) -> None:
    with pytest.raises(NotFound):
        issue_integration(office.runtime, PersonId("nobody"), label="x")


# -- people and invitations ------------------------------------------------------


def test_an_invitation_sets_a_password_once(office: Office) -> None:
    person_id = add_person(office.runtime, login="New", name="新")
    secret = invite(office.runtime, person_id)

    accept_invitation(office.runtime, secret=secret, password=PASSWORD)

    assert enter(office, login="new")
    with pytest.raises(InvitationInvalid):
        accept_invitation(office.runtime, secret=secret, password=PASSWORD)


def test_an_invitation_ends_at_its_instant(office: Office, mei: PersonId) -> None:
    secret = invite(office.runtime, mei)

    office.time += INVITATION_LIFETIME

    with pytest.raises(InvitationInvalid):
        accept_invitation(office.runtime, secret=secret, password=PASSWORD)


def test_just_before_its_end_an_invitation_is_good(
    office: Office, mei: PersonId
) -> None:
    secret = invite(office.runtime, mei)

    office.time += INVITATION_LIFETIME - INSTANT

    accept_invitation(office.runtime, secret=secret, password="another good one")

    assert enter(office, password="another good one")


def test_a_new_invitation_ends_the_one_before(office: Office, mei: PersonId) -> None:
    first = invite(office.runtime, mei)
    invite(office.runtime, mei)

    with pytest.raises(InvitationInvalid):
        accept_invitation(office.runtime, secret=first, password=PASSWORD)


def test_a_weak_password_leaves_the_invitation_good(
    office: Office, mei: PersonId
) -> None:
    secret = invite(office.runtime, mei)

    with pytest.raises(PasswordTooWeak):
        accept_invitation(office.runtime, secret=secret, password="short")

    accept_invitation(office.runtime, secret=secret, password=PASSWORD)


def test_a_new_password_ends_the_sessions_under_the_old_one(
    office: Office, mei: PersonId
) -> None:
    session = enter(office)

    accept_invitation(
        office.runtime, secret=invite(office.runtime, mei), password=PASSWORD
    )

    assert actor_of_session(office.runtime, session) is None


@pytest.mark.usefixtures("mei")
def test_two_people_cannot_have_one_login(office: Office) -> None:
    with pytest.raises(LoginTaken):
        add_person(office.runtime, login="MEI", name="另一个")


def test_a_suspended_person_is_out_until_readmitted(
    office: Office, mei: PersonId
) -> None:
    session = enter(office)

    suspend_person(office.runtime, mei)
    assert actor_of_session(office.runtime, session) is None
    with pytest.raises(SignInRefused):
        enter(office)

    readmit_person(office.runtime, mei)
    assert enter(office)


def test_a_role_taken_back_is_felt_at_once(office: Office, mei: PersonId) -> None:
    session = enter(office)
    grant_id = give_role(office.runtime, mei, Grant(role=Role.FINANCE))

    take_role(office.runtime, mei, grant_id)

    actor = actor_of_session(office.runtime, session)
    assert actor is not None
    assert not actor.holds(Role.FINANCE)
    with pytest.raises(NotFound):
        take_role(office.runtime, mei, grant_id)


def test_a_role_may_hold_in_one_place_only(office: Office, mei: PersonId) -> None:
    give_role(office.runtime, mei, Grant(role=Role.SIGNING, project_id=office.project))
    give_role(
        office.runtime,
        mei,
        Grant(role=Role.CHANNEL_MANAGER, channel_id=office.channel_a),
    )

    actor = actor_of_session(office.runtime, enter(office))

    assert actor is not None
    assert actor.may_at(office.project, Role.SIGNING)
    assert actor.may_for(office.channel_a, Role.CHANNEL_MANAGER)
    assert not actor.may_for(office.channel_b, Role.CHANNEL_MANAGER)


@pytest.mark.parametrize(
    ("role", "place"),
    [
        (Role.ADMIN, {"project_id": ProjectId("here")}),
        (Role.ADMIN, {"channel_id": ChannelId("own")}),
        (Role.AGENT, {}),
        (Role.CHANNEL_MANAGER, {"project_id": ProjectId("here")}),
    ],
)
def test_a_role_that_does_not_hold_in_its_place_is_not_given(
    office: Office, role: Role, place: dict[str, Any]
) -> None:
    before = office.count(grants)

    with pytest.raises(InputInvalid):
        give_role(office.runtime, office.people["desk"], Grant(role=role, **place))

    assert office.count(grants) == before


def test_a_person_without_roles_can_still_sign_in(office: Office) -> None:
    person_id = add_person(office.runtime, login="idle", name="闲")
    set_password(office.runtime, person_id, PASSWORD)

    actor = actor_of_session(office.runtime, enter(office, login="idle"))

    assert actor is not None
    assert actor.grants == ()


def test_people_are_listed_with_their_grants(office: Office, mei: PersonId) -> None:
    accounts, held = people_and_grants(office.runtime)

    assert "mei" in [account.login for account in accounts]
    assert [one.grant.role for one in held if one.person_id == mei] == [Role.DESK]


def test_accounts_are_found_by_login_and_by_person(
    office: Office, mei: PersonId
) -> None:
    account = account_of(office.runtime, "Mei")

    assert account == account_of_person(office.runtime, mei)
    assert account_of(office.runtime, "nobody") is None


def test_nobody_can_be_given_anything(office: Office) -> None:
    with pytest.raises(NotFound):
        set_password(office.runtime, PersonId("nobody"), PASSWORD)


def test_an_office_has_people(office: Office) -> None:
    assert is_anybody_there(office.runtime)


# -- desks -----------------------------------------------------------------------


def paired(office: Office) -> DeviceId:
    code = begin_pairing(office.runtime, project_id=office.project, name="一号台")
    secret = pair_device(office.runtime, code=code, address="192.0.2.1")
    device = device_of(office.runtime, secret)
    assert device is not None
    return device.id


def test_a_pairing_code_pairs_once(office: Office) -> None:
    code = begin_pairing(office.runtime, project_id=office.project, name="一号台")

    secret = pair_device(office.runtime, code=code, address="192.0.2.1")

    device = device_of(office.runtime, secret)
    assert device is not None
    assert (device.name, device.project_id) == ("一号台", office.project)
    with pytest.raises(PairingInvalid):
        pair_device(office.runtime, code=code, address="192.0.2.1")


def test_a_pairing_code_has_six_digits(office: Office) -> None:
    code = begin_pairing(office.runtime, project_id=office.project, name="一号台")

    assert len(code) == 6
    assert code.isdigit()


def test_a_pairing_code_ends_at_its_instant(office: Office) -> None:
    code = begin_pairing(office.runtime, project_id=office.project, name="一号台")

    office.time += PAIRING_LIFETIME

    with pytest.raises(PairingInvalid):
        pair_device(office.runtime, code=code, address="192.0.2.1")


def test_who_guesses_pairing_codes_waits(office: Office) -> None:
    for number in range(20):
        with pytest.raises(PairingInvalid):
            pair_device(office.runtime, code=f"x{number}", address="192.0.2.1")

    with pytest.raises(RateLimited):
        pair_device(office.runtime, code="000000", address="192.0.2.1")


@pytest.mark.usefixtures("mei")
def test_a_session_at_a_desk_knows_the_desk(office: Office) -> None:
    device_id = paired(office)

    session = enter(office, attempt=Attempt(address="192.0.2.1", device_id=device_id))

    actor = actor_of_session(office.runtime, session)
    assert actor is not None
    assert actor.device_id == device_id


@pytest.mark.usefixtures("mei")
def test_a_revoked_desk_ends_its_sessions(office: Office) -> None:
    device_id = paired(office)
    session = enter(office, attempt=Attempt(address="192.0.2.1", device_id=device_id))

    revoke_device(office.runtime, device_id)

    assert actor_of_session(office.runtime, session) is None
    assert devices(office.runtime) == []
    with pytest.raises(NotFound):
        revoke_device(office.runtime, device_id)


def test_an_unknown_browser_is_no_desk(office: Office) -> None:
    assert device_of(office.runtime, "0" * 64) is None


@pytest.mark.parametrize("login", ["a b!", "中文", ".wang", "a/b"])
def test_a_login_that_nobody_types_the_same_twice_was_accepted(
    office: Office, login: str
) -> None:
    with pytest.raises(InputInvalid, match="letters, digits"):
        add_person(office.runtime, login=login, name="王")
