"""What a clerk mistyped or pressed twice: nothing is lost, nothing is done twice."""

import re

import pytest
from flask.testing import FlaskClient

from attribution.people import Role
from attribution.storage.tables import visits
from tests.office import OTHER_PHONE, PHONE, mobile
from tests.web.conftest import Front
from tests.web.people import browser_of, in_english, request_id_in, text_of
from tests.web.test_front_desk import CONSENT, issued, send

TICKED = (
    'id="purposes-referral" name="purposes" type="checkbox" value="referral" checked'
)


@pytest.fixture
def desk(front: Front) -> FlaskClient:
    return browser_of(front, "desk", Role.DESK)


def test_one_bad_companion_lost_the_form_and_was_not_named(
    front: Front, desk: FlaskClient
) -> None:
    form = {
        "visitor": PHONE,
        "party": f"{OTHER_PHONE}\n1380013",
        "party_size": "3",
        **CONSENT,
    }

    page = send(front, desk, "walk-in", form)
    english = text_of(send(front, in_english(desk), "walk-in", form))

    assert page.status_code == 422
    assert "第 2 项：位数不对" in text_of(page)
    assert "number of digits is wrong" in english
    assert "INPUT_INVALID" in english
    assert TICKED in page.text
    assert 'value="3"' in page.text
    assert not re.search(f"{PHONE}|{OTHER_PHONE}|1380013", page.text)
    assert front.office.count(visits) == 0


def test_consents_were_gone_after_a_wrong_client_number(
    front: Front, desk: FlaskClient
) -> None:
    form = {"scan": issued(front)["code"], "visitor": OTHER_PHONE, **CONSENT}

    page = send(front, desk, "redeem", form)

    assert page.status_code == 409
    assert "BINDING_MISMATCH" in page.text
    assert TICKED in page.text
    assert OTHER_PHONE not in page.text
    assert re.search(r'id="visitor"[^>]* autofocus', page.text)


def test_a_wrong_number_at_a_forgotten_code_was_a_dead_end(
    front: Front, desk: FlaskClient
) -> None:
    page = send(front, desk, "forgotten", {"scan": "1380013"})

    assert page.status_code == 422
    assert "IDENTIFIER_INVALID" in page.text
    assert re.search(r'id="scan"[^>]* autofocus', page.text)
    assert f'action="/desk/{front.office.project}/forgotten"' in page.text
    assert "1380013" not in page.text


@pytest.mark.parametrize(("visitor", "status"), [("1380013", 422), (OTHER_PHONE, 409)])
def test_a_wrong_number_at_a_found_report_keeps_the_report(
    front: Front, desk: FlaskClient, visitor: str, status: int
) -> None:
    token = issued(front)
    form = {"token_id": token["token_id"], "visitor": visitor, **CONSENT}

    page = send(front, desk, "confirm-report", form)

    assert page.status_code == status
    assert f'name="token_id" value="{token["token_id"]}"' in page.text
    assert TICKED in page.text


@pytest.mark.parametrize("size", ["0", "9999", "many"])
def test_a_strange_party_size_was_called_strange_characters(
    front: Front, desk: FlaskClient, size: str
) -> None:
    page = send(front, desk, "walk-in", {"visitor": "", "party_size": size})

    assert "请填 1 到 99 之间的整数" in text_of(page)


def test_a_masked_number_at_the_desk_is_told_so_at_its_field(
    front: Front, desk: FlaskClient
) -> None:
    code = issued(front, identifier=mobile())["code"]

    page = send(front, desk, "redeem", {"scan": code, "visitor": "138****8000"})

    assert page.status_code == 422
    assert "要完整的号码" in text_of(page)
    assert "138****8000" not in page.text


def test_pressing_one_key_twice_recorded_two_walk_ins(
    front: Front, desk: FlaskClient
) -> None:
    recorded = send(front, desk, "walk-in", {"scan": ""})
    after = re.search(r'name="after" value="([^"]+)"', recorded.text)
    assert after is not None
    form = {"scan": "", "after": after[1]}

    again = send(front, desk, "walk-in", form)
    asked = text_of(desk.get(again.location))

    assert "一批匿名到访" in text_of(recorded)
    assert again.status_code == 303
    assert "刚刚登记过一批" in asked
    assert front.office.count(visits) == 1
    front.office.wait(seconds=11)
    assert send(front, desk, "walk-in", form).status_code == 201


@pytest.mark.parametrize("after", ["", "x", "2026-01-01T00:00:00"])
def test_what_is_no_instant_asks_nothing(
    front: Front, desk: FlaskClient, after: str
) -> None:
    form = {"scan": "", "after": after}

    assert send(front, desk, "walk-in", form).status_code == 201


def test_a_report_confirmed_without_the_code_was_not_marked_on_the_page(
    front: Front, desk: FlaskClient
) -> None:
    form = {"token_id": issued(front)["token_id"], "visitor": PHONE}

    page = send(front, desk, "confirm-report", form)

    assert "没有出示推荐码，凭报备确认，已注明" in text_of(page)


def test_the_visitors_own_page_was_only_in_a_picture(
    front: Front, desk: FlaskClient
) -> None:
    page = send(front, desk, "walk-in", {"scan": ""})
    address = re.search(r'href="(http://[^"]+/v/[^"]+)"', page.text)

    assert address is not None
    assert desk.get(address[1]).status_code == 200


def test_a_used_code_leads_to_todays_visits(front: Front, desk: FlaskClient) -> None:
    code = issued(front)["code"]
    front.office.redeem(code)

    page = send(front, desk, "peek", {"scan": code})

    assert f'href="/desk/{front.office.project}">看今天的到访' in page.text


def test_a_code_one_symbol_short_was_told_to_scan_once(
    front: Front, desk: FlaskClient
) -> None:
    page = send(front, desk, "peek", {"scan": "7K2MQ-X4V9T"})

    assert "这不是一个推荐码" in text_of(page)


def test_enter_after_a_code_that_sent_itself_recorded_the_visit(
    front: Front, desk: FlaskClient
) -> None:
    code = issued(front)["code"]

    by_itself = send(front, desk, "peek", {"scan": code, "unasked": "1"})
    by_enter = send(front, desk, "peek", {"scan": code, "unasked": ""})

    assert "disabled data-wakes" in by_itself.text
    assert "data-wakes" not in by_enter.text
    assert request_id_in(by_enter)


def test_a_code_for_somebody_else_was_shown_in_green(
    front: Front, desk: FlaskClient
) -> None:
    form = {"scan": issued(front)["code"], "visitor": OTHER_PHONE}

    page = send(front, desk, "redeem", form)

    assert '<section class="status red"' in page.text
    assert "可以核销" not in text_of(page)
