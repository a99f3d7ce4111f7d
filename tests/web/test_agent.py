"""The agent's pages: a code in one form, its progress, and every refusal in words."""

import re
from collections.abc import Mapping

import pytest
import segno
import zxingcpp
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from attribution.ids import ProjectId
from attribution.people import Role
from attribution.services.administering import create_project
from attribution.services.enlisting import suspend_agent
from attribution.services.issuing import Client
from attribution.storage.tables import programmes
from tests.office import PHONE, mobile
from tests.web.conftest import Front
from tests.web.people import browser_of, in_english, request_id_in, text_of
from tokens.scans import ScannedToken, read_scan
from web.pictures import digits_qr

CODE = re.compile(r'id="code">([0-9A-Z]{5}-[0-9A-Z]{5}-[0-9A-Z])<')
LINK = re.compile(r'id="link">http://localhost(/t/[\w-]+)<')
LABEL = "张**"


@pytest.fixture
def wang(front: Front) -> FlaskClient:
    return browser_of(front, "wang", Role.AGENT)


def issue(
    front: Front, browser: FlaskClient, form: Mapping[str, str] | None = None
) -> TestResponse:
    """Fill in the form of the agent's page and send it."""
    filled = {
        "request_id": request_id_in(browser.get("/agent")),
        "project": front.office.project,
        "client": PHONE,
        "label": LABEL,
        **(form or {}),
    }
    return browser.post("/agent", data=filled)


def open_project(front: Front, **rules: object) -> None:
    """Let Li's channel refer under a programme of its own in a second project."""
    made = front.office.do(create_project, by=front.office.admin, name="山麓", rules={})
    front.office.project = ProjectId(str(made["project_id"]))
    front.office.programme(front.office.channel_b, rules=rules)


def test_a_code_is_issued_and_shown_with_its_qr_code(
    front: Front, wang: FlaskClient
) -> None:
    page = issue(front, wang)

    assert page.status_code == 201
    assert CODE.search(page.text)
    assert "这串码只显示这一次" in page.text
    assert LABEL in page.text
    assert PHONE not in page.text


def test_the_same_form_sent_twice_issues_one_token(
    front: Front, wang: FlaskClient
) -> None:
    request_id = request_id_in(wang.get("/agent"))

    first = issue(front, wang, {"request_id": request_id})
    second = issue(front, wang, {"request_id": request_id})

    assert CODE.findall(first.text) == CODE.findall(second.text)
    assert wang.get("/agent").text.count("token-row") == 1


def test_the_list_and_the_page_of_a_token_show_the_qr_code_but_not_the_code(
    front: Front, wang: FlaskClient
) -> None:
    token = front.office.issue(client=Client(identifier=mobile(), label=LABEL))

    overview = wang.get("/agent")
    page = wang.get(f"/agent/tokens/{token['token_id']}")

    assert "等待生效" in overview.text
    assert LABEL in overview.text
    assert "<svg" in page.text
    assert str(token["code"]) not in overview.text + page.text


def test_the_qr_code_is_read_back_from_120_pixels(front: Front) -> None:
    digits = str(front.office.issue()["qr"])
    qr = segno.make_qr(digits, error="m", mode="numeric", boost_error=False)
    rows = [bytes(255 * (1 - dark) for dark in row) for row in qr.matrix_iter(border=4)]
    size = len(rows)
    places = [pixel * size // 120 for pixel in range(120)]
    pixels = bytes(rows[y][x] for y in places for x in places)

    found = zxingcpp.read_barcodes(memoryview(pixels).cast("B", shape=[120, 120]))

    assert f'viewBox="0 0 {size} {size}"' in digits_qr(digits)
    assert [one.text for one in found] == [digits]
    assert isinstance(read_scan(found[0].text), ScannedToken)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "等待生效"), (29, "等待生效"), (30, "可以到访"), (72 * 60, "已过期")],
)
def test_a_token_says_how_it_stands_as_time_goes_by(
    front: Front, wang: FlaskClient, minutes: int, words: str
) -> None:
    token = front.office.issue()["token_id"]
    front.office.wait(minutes=minutes)
    wang = browser_of(front, "wang", Role.AGENT)

    page = wang.get(f"/agent/tokens/{token}")

    assert words in text_of(page)


@pytest.mark.parametrize(
    ("minutes", "chinese", "english"),
    [
        (5, "没有达到约定的提前时间", "before the agreed lead time"),
        (60, "客户在保护期内签约", "signs inside the protection period"),
    ],
)
def test_a_visited_token_tells_its_finding_in_both_languages(
    front: Front, wang: FlaskClient, minutes: int, chinese: str, english: str
) -> None:
    token = front.office.issue()
    front.office.wait(minutes=minutes)
    front.office.redeem(token["code"])
    address = f"/agent/tokens/{token['token_id']}"

    assert chinese in text_of(wang.get(address))
    assert english in text_of(in_english(wang).get(address))


def test_a_visited_token_tells_of_a_conflict(front: Front, wang: FlaskClient) -> None:
    front.office.walk_in()
    front.office.wait(hours=1)
    token = front.office.issue()
    front.office.wait(hours=1)
    front.office.redeem(token["code"])

    page = wang.get(f"/agent/tokens/{token['token_id']}")

    assert "项目老客户" in text_of(page)


def test_revoking_is_asked_for_and_done_once(front: Front, wang: FlaskClient) -> None:
    token = front.office.issue()["token_id"]
    question = wang.get(f"/agent/tokens/{token}/revoke")
    form = {"request_id": request_id_in(question)}

    answer = wang.post(f"/agent/tokens/{token}/revoke", data=form)

    assert "撤回这张推荐码？" in question.text
    assert answer.status_code == 303
    assert "推荐码已撤回。" in wang.get("/agent").text
    assert "已撤回" in text_of(wang.get(f"/agent/tokens/{token}"))


def test_a_used_token_cannot_be_revoked(front: Front, wang: FlaskClient) -> None:
    token = front.office.issue()
    front.office.wait(hours=1)
    front.office.redeem(token["code"])
    form = {"request_id": request_id_in(wang.get("/agent"))}

    answer = wang.post(f"/agent/tokens/{token['token_id']}/revoke", data=form)

    assert answer.status_code == 409
    assert "推荐码已使用" in answer.text


def test_another_agents_token_does_not_exist(front: Front, wang: FlaskClient) -> None:
    token = front.office.issue(
        by=front.office.li, client=Client(identifier=mobile("13900139000"))
    )

    page = wang.get(f"/agent/tokens/{token['token_id']}")

    assert page.status_code == 404


@pytest.mark.parametrize(
    ("form", "chinese", "english"),
    [
        ({"client": "1380013800"}, "位数不对", "The number of digits is wrong"),
        ({"client": "1380013800x"}, "有不该出现的字符", "do not belong"),
        ({"client": ""}, "需要填写客户号码", "number is needed"),
        (
            {"label": "张三 13800138000 朝阳区"},
            "备注最多 12 个字",
            "at most 12 characters",
        ),
        ({"label": "13800138000"}, "数字最多 4 个", "at most 4 digits"),
    ],
)
def test_a_mistake_is_said_beside_its_field_and_nothing_is_issued(
    front: Front, wang: FlaskClient, form: dict[str, str], chinese: str, english: str
) -> None:
    refused = issue(front, wang, form)
    refused_in_english = issue(front, in_english(wang), form)

    assert refused.status_code == 422
    assert chinese in text_of(refused)
    assert english in text_of(refused_in_english)
    assert "token-row" not in wang.get("/agent").text


def test_a_masked_number_binds_a_token(front: Front, wang: FlaskClient) -> None:
    page = issue(front, wang, {"client": "138****8000", "label": ""})

    assert page.status_code == 201
    token = re.search(r"/agent/tokens/([0-9a-f]+)", page.text)
    assert token is not None
    assert "部分号码" in text_of(wang.get(f"/agent/tokens/{token[1]}"))


def test_a_second_report_of_the_same_client_is_issued_and_told(
    front: Front, wang: FlaskClient
) -> None:
    issue(front, wang)

    again = issue(front, wang)

    assert again.status_code == 201
    assert "已被您报备" in text_of(again)
    assert "我的推荐码" in text_of(again)


def test_the_quota_is_refused_in_words(front: Front, wang: FlaskClient) -> None:
    for number in range(30):
        phone = f"138001380{number:02}"
        front.office.issue(client=Client(identifier=mobile(phone)))

    refused = issue(front, wang)

    assert refused.status_code == 429
    assert "请撤回不用的推荐码" in text_of(refused)


def test_a_suspended_agent_is_told_whom_to_ask(front: Front, wang: FlaskClient) -> None:
    office = front.office
    office.do(
        suspend_agent, by=office.admin, agent_id=office.wang.agent_id, is_suspended=True
    )

    refused = issue(front, wang)

    assert refused.status_code == 403
    assert "请联系渠道负责人" in text_of(refused)


def test_a_project_without_a_programme_is_refused(
    front: Front, wang: FlaskClient
) -> None:
    refused = issue(front, wang, {"project": "0" * 16})

    assert refused.status_code == 409
    assert "没有有效的合作" in text_of(refused)


def test_a_project_that_asks_for_no_number_hands_out_a_link(front: Front) -> None:
    open_project(front, binding_required="opened")
    li = browser_of(front, "li", Role.AGENT)

    overview = li.get("/agent")
    page = issue(front, li, {"client": ""})

    assert overview.text.count("<option") == 2
    assert LINK.search(page.text)
    assert "客户打开链接后起算" in page.text
    assert "等客户打开链接" in li.get("/agent").text


def test_an_agent_who_was_told_too_often_is_asked_to_wait(front: Front) -> None:
    office = front.office
    office.wait(seconds=1)
    office.change_rules(disclose_conflict="at_issue")
    for number in range(10):
        client = Client(identifier=mobile(f"1370013700{number}"))
        office.issue(by=office.li, client=client)
        office.issue(client=client)
    wang = browser_of(front, "wang", Role.AGENT)

    page, in_other = issue(front, wang), issue(front, in_english(wang))

    assert (page.status_code, page.headers["Retry-After"]) == (429, "2")
    assert "请在 2 秒后再试" in text_of(page)
    assert "try again in 2 s" in text_of(in_other).lower()


def test_a_person_who_is_no_agent_may_not_open_the_page(front: Front) -> None:
    assert front.signed_in(Role.DESK).get("/agent").status_code == 403
    assert front.signed_in(Role.AGENT).get("/agent").status_code == 403


def test_without_any_agreement_the_page_says_whom_to_ask(front: Front) -> None:
    office = front.office
    with office.database.engine.begin() as connection:
        ended = update(programmes).values(in_force_until=office.time)
        connection.execute(ended)
    wang = browser_of(front, "wang", Role.AGENT)

    page = wang.get("/agent")

    assert "现在不能发码" in text_of(page)
