"""The front desk: one field, a clear answer, every refusal in words of both tongues."""

import re
from collections.abc import Callable, Mapping

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from attribution.budgets import ALLOWANCES, BucketKind
from attribution.ids import ProjectId
from attribution.people import Role
from attribution.services.administering import create_project
from attribution.services.answering import Answer
from attribution.services.issuing import Client, revoke_token
from attribution.services.looking import peek_token
from attribution.services.pairing import begin_pairing
from attribution.services.versioning import change_programme_rules
from attribution.storage.tables import (
    agents,
    log_entries,
    programmes,
    visit_tags,
    visits,
)
from tests.office import OTHER_PHONE, PHONE, mobile
from tests.web.conftest import Front
from tests.web.people import browser_of, in_english, request_id_in, text_of
from tokens.codes import code_from_random, format_code
from tokens.identifiers import identifier
from tokens.scans import read_scan

LABEL = "张**"
CONSENT = {"notice": "2026-11", "purposes": ["visit", "referral"]}


@pytest.fixture
def desk(front: Front) -> FlaskClient:
    return browser_of(front, "desk", Role.DESK)


def issued(front: Front, *, minutes: float = 60, **client: object) -> Answer:
    """Let Wang issue a token for PHONE, and let time pass."""
    client.setdefault("identifier", mobile())
    token = front.office.issue(client=Client(label=LABEL, **client))  # type: ignore[arg-type]
    front.office.wait(minutes=minutes)
    return token


def send(
    front: Front, browser: FlaskClient, step: str, form: Mapping[str, object]
) -> TestResponse:
    """Send one form of the desk, as from a fresh page."""
    address = f"/desk/{front.office.project}"
    fresh = {"request_id": request_id_in(browser.get(address))}
    return browser.post(f"{address}/{step}", data=fresh | dict(form))


def allow(front: Front, **rules: object) -> None:
    """Put a new version of the rules of Wang's programme in force at once."""
    office = front.office
    office.wait(seconds=1)
    office.do(
        change_programme_rules,
        by=office.admin,
        programme_id=office.programmes[office.channel_a],
        rules=rules,
    )


# -- which sales centre --


def test_the_only_project_opens_by_itself(front: Front, desk: FlaskClient) -> None:
    answer = desk.get("/desk")

    assert answer.status_code == 303
    assert answer.location == f"/desk/{front.office.project}"


def test_one_of_several_projects_is_chosen_once(
    front: Front, desk: FlaskClient
) -> None:
    front.office.do(create_project, by=front.office.admin, name="山麓", rules={})

    page = desk.get("/desk")

    assert "您在哪个案场？" in page.text
    assert f"/desk/{front.office.project}" in page.text
    assert "山麓" in page.text


def test_a_paired_computer_opens_its_own_project(
    front: Front, desk: FlaskClient
) -> None:
    office = front.office
    made = office.do(create_project, by=office.admin, name="山麓", rules={})
    own = ProjectId(str(made["project_id"]))
    code = begin_pairing(office.runtime, project_id=own, name="前台一")
    desk.post("/pair", data={"code": code})

    answer = desk.get("/desk")

    assert answer.location == f"/desk/{own}"


def test_a_project_of_others_may_not_be_opened(desk: FlaskClient) -> None:
    assert desk.get("/desk/0000000000000000").status_code == 403


def test_an_agent_may_not_open_the_desk(front: Front) -> None:
    agent = browser_of(front, "wang", Role.AGENT)

    assert agent.get(f"/desk/{front.office.project}").status_code == 403


# -- a code --


@pytest.mark.parametrize("form", ["code", "qr"])
def test_a_code_is_looked_at_and_then_redeemed(
    front: Front, desk: FlaskClient, form: str
) -> None:
    scan = str(issued(front)[form])

    looked = send(front, desk, "peek", {"scan": scan})
    recorded = send(front, desk, "redeem", {"scan": scan, "visitor": PHONE, **CONSENT})

    assert "可以核销" in looked.text
    assert LABEL in looked.text
    assert recorded.status_code == 201
    assert "已登记：有效带看" in recorded.text
    assert PHONE not in recorded.text


def test_looking_changes_nothing(front: Front, desk: FlaskClient) -> None:
    token = issued(front)

    send(front, desk, "peek", {"scan": token["code"]})

    assert front.office.count(visits) == 0


def test_the_same_form_sent_twice_records_one_visit_and_gives_one_receipt(
    front: Front, desk: FlaskClient
) -> None:
    form = {"scan": issued(front)["code"], "visitor": PHONE, "request_id": "once"}

    first = send(front, desk, "redeem", form)
    second = send(front, desk, "redeem", form)

    assert receipt_in(first) == receipt_in(second)
    assert front.office.count(visits) == 1


def receipt_in(page: TestResponse) -> str:
    found = re.search(r"<code class=\"wrap\">([A-Z2-7]{24})</code>", page.text)
    assert found is not None
    return found[1]


def test_what_was_agreed_to_is_recorded_and_the_receipt_shows_it(
    front: Front, desk: FlaskClient
) -> None:
    form = {"scan": issued(front)["code"], "visitor": PHONE, **CONSENT}
    recorded = send(front, desk, "redeem", form)

    held = text_of(front.browser().get(f"/v/{receipt_in(recorded)}"))

    assert "登记这次到访；核对是谁推荐我来的" in held
    assert "2026-11" in held


def test_companions_are_recorded_with_the_visitor(
    front: Front, desk: FlaskClient
) -> None:
    form = {
        "scan": issued(front)["code"],
        "visitor": PHONE,
        "party_size": "4",
        "party": f"{OTHER_PHONE}\n\n13700137000，110101199003070011",
    }

    recorded = send(front, desk, "redeem", form)

    assert recorded.status_code == 201
    assert "<dd>4</dd>" in recorded.text
    assert front.office.count(visit_tags) == 4


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (29, "报备时间不够"),
        (30, "刚满足提前报备时间"),
        (39, "刚满足提前报备时间"),
        (40, "报备有效"),
    ],
)
def test_the_lead_time_is_told_before_the_code_is_spent(
    front: Front, desk: FlaskClient, minutes: int, words: str
) -> None:
    token = issued(front, minutes=minutes)

    looked = send(front, desk, "peek", {"scan": token["code"]})
    recorded = send(front, desk, "redeem", {"scan": token["code"], "visitor": PHONE})

    assert words in text_of(looked)
    assert words in text_of(recorded)


@pytest.mark.parametrize(
    ("short_lead", "chinese", "english"),
    [
        ("walk_in", "按约定，这次算自然到访", "it counts as a walk-in"),
        ("void", "不算带看，也不算自然到访", "neither as the agent's visit"),
    ],
)
def test_what_a_short_lead_means_is_said_in_both_languages(
    front: Front, desk: FlaskClient, short_lead: str, chinese: str, english: str
) -> None:
    allow(front, short_lead=short_lead)
    scan = issued(front, minutes=5)["code"]

    looked = send(front, desk, "peek", {"scan": scan})
    recorded = send(front, in_english(desk), "redeem", {"scan": scan, "visitor": PHONE})

    assert chinese in text_of(looked)
    assert english in text_of(recorded)


def test_a_code_of_an_agent_suspended_then_counts_as_a_walk_in(
    front: Front, desk: FlaskClient
) -> None:
    token = issued(front)
    with front.office.database.engine.begin() as connection:
        issued_at = front.office.time.replace(hour=0)
        connection.execute(update(agents).values(suspended_from=issued_at))

    looked = send(front, desk, "peek", {"scan": token["code"]})
    recorded = send(front, desk, "redeem", {"scan": token["code"], "visitor": PHONE})

    assert "经纪人已停用" in text_of(looked)
    assert "这次算自然到访" in text_of(recorded)


def test_a_code_issued_outside_the_agreement_counts_as_a_walk_in(
    front: Front, desk: FlaskClient
) -> None:
    token = issued(front)
    with front.office.database.engine.begin() as connection:
        connection.execute(update(programmes).values(in_force_from=front.office.time))

    looked = send(front, desk, "peek", {"scan": token["code"]})

    assert "合作未生效" in text_of(looked)


def test_a_rejected_code_stays_good_and_is_free_for_another_desk(
    front: Front, desk: FlaskClient
) -> None:
    token = issued(front)
    send(front, desk, "peek", {"scan": token["code"]})

    answer = send(front, desk, "release", {"token_id": token["token_id"]})

    assert answer.status_code == 303
    office = front.office
    peek_token(
        office.runtime,
        by=office.desk_two,
        project_id=office.project,
        scan=read_scan(str(token["code"])),
    )


def test_a_code_bound_to_nobody_asks_for_a_number_without_needing_one(
    front: Front, desk: FlaskClient
) -> None:
    allow(front, binding_required="opened")
    token = issued(front, identifier=None)

    looked = send(front, desk, "peek", {"scan": token["code"]})
    recorded = send(front, desk, "redeem", {"scan": token["code"], "visitor": ""})

    assert "还没有绑定" in text_of(looked)
    assert recorded.status_code == 201


def test_a_code_bound_to_a_document_asks_for_the_document(
    front: Front, desk: FlaskClient
) -> None:
    token = issued(front, identifier=identifier("cn-id", "110101199003070011"))

    looked = send(front, desk, "peek", {"scan": token["code"]})

    assert "客户的证件号" in text_of(looked)


# -- refusals --


def unknown(_: Front) -> object:
    return format_code(code_from_random(lambda size: b"\x01" * size))


def revoked(front: Front) -> object:
    token = issued(front)
    office = front.office
    office.do(revoke_token, by=office.wang, token_id=token["token_id"])
    return token["code"]


def expired(front: Front) -> object:
    code = issued(front, minutes=0)["code"]
    front.office.wait(hours=72)
    return code


def used(front: Front) -> object:
    code = issued(front)["code"]
    front.office.redeem(code)
    return code


def foreign(front: Front) -> object:
    office = front.office
    here = office.project
    made = office.do(create_project, by=office.admin, name="山麓", rules={})
    office.project = ProjectId(str(made["project_id"]))
    office.programme(office.channel_a)
    code = issued(front)["code"]
    office.project = here
    return code


def reserved(front: Front) -> object:
    office, code = front.office, str(issued(front)["code"])
    peek_token(
        office.runtime,
        by=office.desk_two,
        project_id=office.project,
        scan=read_scan(code),
    )
    return code


def typed(text: str) -> Callable[[Front], object]:
    return lambda _: text


REFUSALS: list[tuple[Callable[[Front], object], tuple[int, str, str, str]]] = [
    (unknown, (404, "red", "推荐码不能使用", "cannot be used")),
    (revoked, (410, "red", "推荐码已撤回", "taken back")),
    (expired, (410, "red", "推荐码已过期", "expired")),
    (used, (409, "red", "推荐码已使用", "used")),
    (foreign, (409, "red", "报备项目和案场项目不一致", "another sales centre")),
    (reserved, (409, "amber", "另一台电脑正在核对", "Another desk")),
    (typed("hello"), (422, "amber", "扫到的内容看不懂", "scan")),
    (typed("7K2MQ-X4V9T-4"), (422, "amber", "多半输错了一位", "mistyped")),
    (typed(""), (422, "amber", "没有内容", "nothing")),
]


@pytest.mark.parametrize(("make", "answer"), REFUSALS)
def test_a_refusal_is_said_in_big_words_and_the_field_is_ready_again(
    front: Front,
    make: Callable[[Front], object],
    answer: tuple[int, str, str, str],
) -> None:
    status, kind, chinese, english = answer
    scan = {"scan": make(front)}
    desk = browser_of(front, "desk", Role.DESK)

    refused = send(front, desk, "peek", scan)
    in_other_tongue = send(front, in_english(desk), "peek", scan)

    assert refused.status_code == status
    assert f'<section class="status {kind}"' in refused.text
    assert chinese in text_of(refused)
    assert english in text_of(in_other_tongue)
    assert re.search(r'id="scan"[^>]* autofocus', refused.text)


def test_another_client_is_refused_the_code_and_can_be_asked_again(
    front: Front, desk: FlaskClient
) -> None:
    scan = issued(front)["code"]

    refused = send(front, desk, "redeem", {"scan": scan, "visitor": OTHER_PHONE})
    accepted = send(front, desk, "redeem", {"scan": scan, "visitor": PHONE})

    assert refused.status_code == 409
    assert "客户与推荐码不符" in text_of(refused)
    assert re.search(r'id="visitor"[^>]* autofocus', refused.text)
    assert accepted.status_code == 201


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"visitor": "1380013800"}, "位数不对"),
        ({"visitor": ",".join([PHONE] * 21)}, "号码太多"),
        ({"party": "110101199003070012"}, "校验位不对"),
        ({"party_size": "0"}, "请填 1 到 99 之间的整数"),
        ({"party_size": "many"}, "请填 1 到 99 之间的整数"),
        ({"notice": "1999"}, "有一处填写不对"),
    ],
)
def test_a_mistake_in_the_form_spends_nothing(
    front: Front, desk: FlaskClient, form: dict[str, str], words: str
) -> None:
    scan = issued(front)["code"]

    refused = send(front, desk, "redeem", {"scan": scan, "visitor": PHONE, **form})

    assert refused.status_code == 422
    assert words in text_of(refused)
    assert front.office.count(visits) == 0


def test_a_phone_number_in_the_field_is_recognised_as_one(
    front: Front, desk: FlaskClient
) -> None:
    page = send(front, desk, "peek", {"scan": PHONE})

    assert "这是一个号码，不是推荐码" in page.text
    assert f'value="{PHONE}"' in page.text


def test_guessing_codes_has_to_wait(front: Front, desk: FlaskClient) -> None:
    for _ in range(ALLOWANCES[BucketKind.ACCOUNT]):
        send(front, desk, "peek", {"scan": unknown(front)})

    refused = send(front, desk, "peek", {"scan": unknown(front)})

    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert "秒后再试" in text_of(refused)


def test_a_mistyped_code_stays_in_the_field_to_be_mended(
    front: Front, desk: FlaskClient
) -> None:
    mistyped = send(front, desk, "peek", {"scan": "7K2MQ-X4V9T-4"})
    garbled = send(front, desk, "peek", {"scan": "hello"})

    assert "这不是一个推荐码" in text_of(mistyped)
    assert 'value="7K2MQ-X4V9T-4" data-scan' in mistyped.text
    assert "hello" not in garbled.text


def test_a_program_gets_a_refusal_as_json(front: Front, desk: FlaskClient) -> None:
    answer = desk.post(
        f"/desk/{front.office.project}/peek",
        data={"scan": "hello"},
        headers={"Accept": "application/json"},
    )

    assert answer.get_json()["code"] == "SCAN_MALFORMED"


# -- without a code --


def test_an_empty_field_and_one_key_record_an_anonymous_walk_in(
    front: Front, desk: FlaskClient
) -> None:
    recorded = send(front, desk, "walk-in", {"scan": ""})

    assert recorded.status_code == 201
    assert "已登记：自然到访" in recorded.text
    assert front.office.count(visits) == 1


def test_a_number_in_the_field_goes_along_into_the_form_of_a_walk_in(
    front: Front, desk: FlaskClient
) -> None:
    form = send(front, desk, "walk-in", {"scan": PHONE})
    blank = send(front, desk, "walk-in", {"scan": "7K2MQ"})
    recorded = send(front, desk, "walk-in", {"visitor": PHONE, **CONSENT})

    assert f'value="{PHONE}"' in form.text
    assert "7K2MQ" not in blank.text
    assert "登记自然到访" in desk.get(f"/desk/{front.office.project}/walk-in").text
    assert recorded.status_code == 201
    assert front.office.count(visits) == 1


def test_a_forgotten_code_is_found_by_the_number_and_confirmed(
    front: Front, desk: FlaskClient
) -> None:
    token = issued(front)

    found = send(front, desk, "forgotten", {"scan": PHONE})
    recorded = send(
        front,
        desk,
        "confirm-report",
        {"token_id": token["token_id"], "visitor": PHONE, **CONSENT},
    )

    assert LABEL in found.text
    assert f'value="{token["token_id"]}"' in found.text
    assert recorded.status_code == 201
    assert "凭报备确认" in text_of(recorded)


def test_looking_for_a_report_is_logged_found_or_not(
    front: Front, desk: FlaskClient
) -> None:
    before = front.office.count(log_entries)

    page = send(front, desk, "forgotten", {"scan": PHONE})
    asked = send(front, desk, "forgotten", {"scan": ""})

    assert "没有找到有效的报备" in text_of(page)
    assert front.office.count(log_entries) == before + 1
    assert asked.text.count('name="scan"') == 1
    assert "客户忘了码" in desk.get(f"/desk/{front.office.project}/forgotten").text


def test_a_report_that_expired_is_said_at_the_desk_with_the_number_kept(
    front: Front,
) -> None:
    issued(front)
    front.office.wait(days=4)
    desk = front.signed_in(Role.DESK)

    told = send(front, desk, "forgotten", {"scan": PHONE})

    assert told.status_code == 409
    assert "到访逾期" in text_of(told)
    assert "VISIT_OVERDUE" in told.text
    assert f'name="scan" value="{PHONE}"' in told.text
    assert "walk-in" in told.text


def test_a_rulebook_may_ask_for_the_code_itself(
    front: Front, desk: FlaskClient
) -> None:
    allow(front, redeem_without_code="refuse")
    token = issued(front)

    refused = send(
        front,
        desk,
        "confirm-report",
        {"token_id": token["token_id"], "visitor": PHONE},
    )

    assert refused.status_code == 409
    assert "CODE_REQUIRED" in refused.text


# -- today, and on paper --


def test_today_is_listed_by_time_and_standing_without_names(
    front: Front, desk: FlaskClient
) -> None:
    front.office.redeem(issued(front)["code"])
    front.office.walk_in(phone=None)

    page = text_of(desk.get(f"/desk/{front.office.project}"))

    assert "今天到访 2 批" in page
    assert "有效带看" in page
    assert LABEL not in page
    assert "甲渠道" not in page


def test_yesterday_is_not_listed(front: Front) -> None:
    front.office.walk_in()
    front.office.wait(hours=15)  # midnight in Shanghai
    desk = browser_of(front, "desk", Role.DESK)

    page = text_of(desk.get(f"/desk/{front.office.project}"))

    assert "今天还没有人到访" in page


def test_the_confirmation_is_printed_with_the_receipt_only_at_once(
    front: Front, desk: FlaskClient
) -> None:
    form = {"scan": issued(front)["code"], "visitor": PHONE}
    recorded = send(front, desk, "redeem", form)
    visit = re.search(
        r"/desk/visits/\w+/print", desk.get(f"/desk/{front.office.project}").text
    )
    assert visit is not None
    front.office.wait(minutes=10)

    again = desk.get(visit[0])

    assert "带看确认单" in recorded.text
    assert f"http://localhost/v/{receipt_in(recorded)}" not in again.text
    assert LABEL in recorded.text
    assert LABEL not in again.text
    assert "报备满 30 分钟后到访有效；到访后 30 天内签约" in text_of(again)
    assert "甲渠道" not in again.text


def test_the_confirmation_names_channel_and_agent_to_a_supervisor_only(
    front: Front,
) -> None:
    visit = front.office.redeem(issued(front)["code"])["visit_id"]
    supervisor = browser_of(front, "desk two", Role.DESK_SUPERVISOR)

    page = supervisor.get(f"/desk/visits/{visit}/print")

    assert "甲渠道 wang" in text_of(page)


@pytest.mark.parametrize(
    ("days", "words"), [(45, "45 天内别人再报备不算"), ("ever", "之后的报备不算")]
)
def test_the_confirmation_of_a_walk_in_says_what_it_protects_from(
    front: Front, desk: FlaskClient, days: object, words: str
) -> None:
    office = front.office
    made = office.do(
        create_project,
        by=office.admin,
        name="山麓",
        rules={"walk_in_protection_days": days},
    )
    office.project = ProjectId(str(made["project_id"]))

    recorded = send(front, desk, "walk-in", {"visitor": PHONE})

    assert words in text_of(recorded)


def test_a_visit_that_is_not_there_cannot_be_printed(desk: FlaskClient) -> None:
    assert desk.get("/desk/visits/0000/print").status_code == 404
