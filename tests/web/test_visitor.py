"""The visitor's pages: what is held, one's own number to a link, and the notice."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from attribution.budgets import ALLOWANCES, BucketKind
from attribution.disputes import Ground
from attribution.people import Role
from attribution.services.answering import Answer
from attribution.services.disputing import Complaint, dispute_as_developer
from attribution.services.issuing import Client, revoke_token
from attribution.services.sequencing import sequence
from attribution.services.versioning import change_programme_rules
from attribution.storage.tables import visitor_statements
from tests.office import OTHER_PHONE, PHONE, Office
from tests.web.conftest import Front
from tests.web.people import in_english, text_of

NOTHING = "不说明是哪一种"


@pytest.fixture
def visitor(front: Front) -> FlaskClient:
    return front.browser()


def link_of(front: Front) -> object:
    return open_token(front)["link"]


def open_token(front: Front) -> Answer:
    office = front.office
    office.wait(seconds=1)
    office.do(
        change_programme_rules,
        by=office.admin,
        programme_id=office.programmes[office.channel_a],
        rules={"binding_required": "opened"},
    )
    return office.issue(client=Client())


def test_the_holder_of_a_receipt_sees_what_was_recorded_and_what_was_not(
    front: Front, visitor: FlaskClient
) -> None:
    token = front.office.issue()
    front.office.wait(hours=1)
    receipt = front.office.redeem(token["code"])["visitor_receipt"]

    page = text_of(visitor.get(f"/v/{receipt}"))
    page_in_english = text_of(in_english(visitor).get(f"/v/{str(receipt).lower()}"))

    assert "江畔" in page
    assert "甲渠道" in page
    assert "记在推荐您的渠道名下" in page
    assert "没有您的姓名、手机号和证件号" in page
    assert "credited to the channel that referred you" in page_in_english
    assert PHONE not in page


def test_the_log_entry_of_a_visit_has_a_position_once_it_is_sequenced(
    front: Front, visitor: FlaskClient
) -> None:
    receipt = front.office.walk_in()["visitor_receipt"]
    before = text_of(visitor.get(f"/v/{receipt}"))
    sequence(front.office.runtime)

    after = text_of(visitor.get(f"/v/{receipt}"))

    assert "一分钟内写入日志" in before
    assert "一分钟内写入日志" not in after


def test_a_receipt_that_nobody_was_given_shows_nothing(visitor: FlaskClient) -> None:
    page = visitor.get("/v/AAAAAAAAAAAAAAAAAAAAAAAA")

    assert page.status_code == 404
    assert NOTHING in page.text


def test_guessing_receipts_has_to_wait(front: Front, visitor: FlaskClient) -> None:
    receipt = front.office.walk_in()["visitor_receipt"]
    for number in range(ALLOWANCES[BucketKind.ADDRESS]):
        visitor.get(f"/v/{number}")

    page = visitor.get(f"/v/{receipt}")

    assert page.status_code == 429
    assert int(page.headers["Retry-After"]) > 0


def test_a_client_binds_a_token_by_its_link_and_comes_with_it(
    front: Front, visitor: FlaskClient
) -> None:
    token = open_token(front)
    address = f"/t/{token['link']}"

    form = visitor.get(address)
    bound = visitor.post(address, data={"number": PHONE})
    again = visitor.post(address, data={"number": PHONE})
    front.office.wait(minutes=30)
    visit = front.office.redeem(token["code"])

    assert "江畔" in text_of(form)
    assert "已确认" in text_of(bound)
    assert "已确认" in text_of(again)
    assert PHONE not in bound.text
    assert visit["standing"] == "VALID_REFERRAL"


def test_a_link_is_bound_by_the_first_number_only(
    front: Front, visitor: FlaskClient
) -> None:
    address = f"/t/{link_of(front)}"
    visitor.post(address, data={"number": PHONE})

    page = visitor.post(address, data={"number": OTHER_PHONE})

    assert page.status_code == 404
    assert NOTHING in page.text


def use(office: Office, token: Answer) -> None:
    office.redeem(token["code"])


def let_expire(office: Office, _: Answer) -> None:
    office.wait(hours=72)


def revoke(office: Office, token: Answer) -> None:
    office.do(revoke_token, by=office.wang, token_id=token["token_id"])


@pytest.mark.parametrize("end", [use, let_expire, revoke])
def test_a_link_that_leads_nowhere_answers_like_one_that_never_was(
    front: Front, visitor: FlaskClient, end: Callable[[Office, Answer], None]
) -> None:
    token = open_token(front)
    end(front.office, token)
    unknown = visitor.get("/t/never-issued")

    shown = visitor.get(f"/t/{token['link']}")
    bound = visitor.post(f"/t/{token['link']}", data={"number": PHONE})

    assert unknown.status_code == shown.status_code == bound.status_code == 404
    assert text_of(unknown) == text_of(shown) == text_of(bound)


@pytest.mark.parametrize(
    ("number", "words"), [("", "没有内容"), ("1380013800", "位数不对")]
)
def test_a_number_that_is_none_is_said_to_be(
    front: Front, visitor: FlaskClient, number: str, words: str
) -> None:
    page = visitor.post(f"/t/{link_of(front)}", data={"number": number})

    assert page.status_code == 422
    assert words in text_of(page)


def test_a_program_is_told_as_json_that_there_is_nothing(visitor: FlaskClient) -> None:
    answer = visitor.get("/v/AAAA", headers={"Accept": "application/json"})

    assert answer.get_json()["code"] == "NOT_FOUND"


def test_the_notice_in_force_is_found_and_keeps_its_version(
    visitor: FlaskClient,
) -> None:
    address = visitor.get("/notice").location
    page = text_of(visitor.get(address))
    page_in_english = text_of(in_english(visitor).get(address))

    assert address == "/notice/2026-11"
    assert "不同意，也照常接待" in page
    assert "以后签约时，找出这次到访" in page
    assert "If you decline you are served all the same" in page_in_english


def test_a_notice_that_never_was_is_not_shown(visitor: FlaskClient) -> None:
    assert visitor.get("/notice/1999-01").status_code == 404


# -- what a stranger stumbled over --


@pytest.mark.parametrize(
    ("number", "words"),
    [("138****8000", "要完整的号码"), ("1380013", "位数不对"), ("", "没有内容")],
)
def test_a_wrong_number_on_the_link_led_to_the_staffs_sign_in(
    front: Front, visitor: FlaskClient, number: str, words: str
) -> None:
    page = visitor.post(f"/t/{link_of(front)}", data={"number": number})

    assert page.status_code == 422
    assert words in text_of(page)
    assert "IDENTIFIER_INVALID" in page.text
    assert "回到首页" not in text_of(page)
    assert not number or number not in page.text


def test_a_confirmed_link_showed_the_empty_form_again(
    front: Front, visitor: FlaskClient
) -> None:
    address = f"/t/{link_of(front)}"
    visitor.post(address, data={"number": PHONE})

    page = visitor.get(address)

    assert "已确认" in text_of(page)
    assert 'name="number"' not in page.text


def test_nothing_here_has_a_stable_code(visitor: FlaskClient) -> None:
    assert "NOT_FOUND" in visitor.get("/v/AAAAAAAAAAAAAAAAAAAAAAAA").text


# -- the visitor's own word -------------------------------------------------------


def brought(front: Front) -> tuple[str, str]:
    """Let Wang's client come; return the receipt and the visit."""
    token = front.office.issue()
    front.office.wait(hours=1)
    made = front.office.redeem(token["code"])
    return str(made["visitor_receipt"]), str(made["visit_id"])


def say(visitor: FlaskClient, receipt: str, **said: str) -> TestResponse:
    page = visitor.get(f"/v/{receipt}").text
    found = re.search(r'name="request_id" value="([^"]+)"', page)
    form = {"request_id": found[1] if found else "again", **said}
    return visitor.post(f"/v/{receipt}/statement", data=form)


def test_a_visitor_says_once_who_brought_them(
    front: Front, visitor: FlaskClient
) -> None:
    receipt, _visit = brought(front)
    asked = visitor.get(f"/v/{receipt}").text

    answer = say(
        visitor, receipt, been_before="no", brought_by=str(front.office.channel_b)
    )
    again = say(visitor, receipt, brought_by="nobody")

    told = text_of(visitor.get(f"/v/{receipt}"))
    assert f'value="{front.office.channel_b}"' in asked
    assert answer.location == f"/v/{receipt}"
    assert "没有，第一次来" in told
    assert "乙渠道" in told
    assert "访客自述" in told  # its receipt
    assert again.status_code == 409
    assert "已经回答过了" in again.text
    assert front.office.count(visitor_statements) == 1


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({}, "至少回答一个"),
        ({"been_before": "perhaps"}, "请从列表里选"),
        ({"brought_by": "13800138000"}, "请选一项"),
    ],
)
def test_what_cannot_be_chosen_is_not_said(
    front: Front, visitor: FlaskClient, said: dict[str, str], sentence: str
) -> None:
    receipt, _visit = brought(front)

    answer = say(visitor, receipt, **said)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert PHONE not in answer.text
    assert front.office.count(visitor_statements) == 0


def test_two_flags_of_one_visit_are_two_sentences(
    front: Front, visitor: FlaskClient
) -> None:
    receipt, _visit = brought(front)

    say(visitor, receipt, brought_by="nobody", been_before="yes")

    page = front.signed_in(Role.DESK).get(f"/desk/{front.office.project}").text
    assert "访客说是自己来的；没有更早的到访记录" in page


@pytest.mark.parametrize(
    ("language", "flag", "word"),
    [
        ("zh", "登记为渠道带看，访客说是自己来的", "谁带来的："),
        ("en", "the visitor says: came alone", "s own word"),
    ],
)
def test_who_says_otherwise_is_flagged_at_desk_signing_finance_and_the_bench(
    front: Front, visitor: FlaskClient, language: str, flag: str, word: str
) -> None:
    office = front.office
    receipt, _visit = brought(front)
    say(visitor, receipt, brought_by="nobody")
    signing = office.sign()
    office.rule(signing)
    complaint = Complaint(ground=Ground.OTHER, words="请再判一次。")
    disputed = office.do(
        dispute_as_developer,
        by=office.finance,
        signing_id=signing,
        complaint=complaint,
    )

    pages = {
        Role.DESK: f"/desk/{office.project}",
        Role.SIGNING: f"/signing/deals/{signing}",
        Role.FINANCE: f"/finance/deals/{signing}",
        Role.ADJUDICATOR: f"/disputes/{disputed['dispute_id']}",
    }

    for role, path in pages.items():
        browser = front.signed_in(role)
        browser.set_cookie("hefu_lang", language)
        page = browser.get(path).text
        assert flag in page, role
        assert (word in page) is (role is not Role.DESK)
