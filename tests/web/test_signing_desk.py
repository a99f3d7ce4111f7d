import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from attribution.people import Role
from attribution.services.enlisting import list_units
from attribution.services.greeting import Arrival
from attribution.services.versioning import change_project_rules
from attribution.services.visiting import record_walk_in
from attribution.storage.engine import open_database
from attribution.storage.tables import milestones, signings
from tests.office import OTHER_PHONE, PHONE, Office
from tests.web.conftest import Front

ID = "11010519491231002X"
OF_NO_REGION = "470000194912310024"
LANGUAGES = ("zh", "en")


@pytest.fixture(scope="module")
def quiet_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """A desk that many tests may share: every request of theirs is refused."""
    path = tmp_path_factory.mktemp("quiet") / "hefu.db"
    database = open_database(f"sqlite:///{path}")
    yield Front(Office(database)).signed_in(Role.SIGNING)
    database.close()


@pytest.fixture
def desk(front: Front) -> FlaskClient:
    return front.signed_in(Role.SIGNING)


def form_of(desk: FlaskClient, **fields: str) -> dict[str, str]:
    page = desk.get("/signing").text
    return {
        "request_id": _hidden(page, "request_id"),
        "project": _hidden(page, "project"),
        "buyers": "1",
        "relatives": "0",
        "unit": "3栋1单元1201",
        "price": "245万",
        "stage": "subscription",
        "buyer-0-phone": PHONE,
        **fields,
    }


def _hidden(page: str, name: str) -> str:
    match = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert match
    return match[1]


def signed(desk: FlaskClient, **fields: str) -> str:
    answer = desk.post("/signing", data=form_of(desk, **fields))
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def referred(front: Front) -> None:
    code = front.office.issue()["code"]
    front.office.wait(hours=1)
    front.office.redeem(code)
    front.office.wait(hours=2)


def speak(desk: FlaskClient, language: str) -> None:
    desk.set_cookie("hefu_lang", language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("person", ["buyer-0", "relative-0"])
def test_a_document_of_an_unknown_region_is_signed_with_a_warning(
    desk: FlaskClient, person: str, language: str
) -> None:
    speak(desk, language)
    others = {"relatives": "1", "relative-0-relation": "spouse"}

    document = {f"{person}-document": OF_NO_REGION}
    page = desk.get(signed(desk, **others, **document)).text
    again = desk.get("/signing/deals").text

    warning = {"zh": "不是已知的地区代码", "en": "are no region we know"}[language]
    assert warning in page
    assert OF_NO_REGION not in page
    assert warning not in again


def test_a_document_of_a_known_region_gives_no_warning(desk: FlaskClient) -> None:
    page = desk.get(signed(desk, **{"buyer-0-document": ID})).text

    assert "地区代码" not in page


def test_a_signing_leads_to_its_ruling_with_every_reason(
    front: Front, desk: FlaskClient
) -> None:
    referred(front)

    page = desk.get(signed(desk)).text

    assert "归 甲渠道" in page
    assert "有效带看" in page
    assert "手机号相同" in page
    assert "规则 §9.1" in page
    assert "证据等级" in page
    assert re.search(r"<code>#\d+</code>", page)
    assert "2,450,000.00" in page


def test_the_ruling_speaks_english_too(front: Front, desk: FlaskClient) -> None:
    referred(front)
    address = signed(desk)

    speak(desk, "en")
    page = desk.get(address).text

    assert "Brought by 甲渠道" in page
    assert "Same phone number" in page


def test_a_walk_in_first_is_explained(front: Front, desk: FlaskClient) -> None:
    front.office.walk_in()
    front.office.wait(hours=2)
    referred(front)

    page = desk.get(signed(desk)).text

    assert "自然成交" in page
    assert "规则 §8.1" in page
    assert "但没有一个成立" in page


def test_buyers_without_visits_are_natural(desk: FlaskClient) -> None:
    page = desk.get(signed(desk)).text

    assert "没有找到这些买方此前的到访" in page


def test_walk_ins_alone_leave_no_claim(front: Front, desk: FlaskClient) -> None:
    front.office.walk_in()
    front.office.wait(hours=2)

    assert "没有渠道可以据此主张" in desk.get(signed(desk)).text


def test_two_channels_may_share(front: Front, desk: FlaskClient) -> None:
    office = front.office
    office.do(
        change_project_rules,
        by=office.admin,
        project_id=office.project,
        rules={"joint": "equal"},
    )
    for agent in (office.wang, office.li):
        code = office.issue(by=agent)["code"]
        office.wait(hours=1)
        office.redeem(code)
    office.wait(hours=2)

    page = desk.get(signed(desk)).text

    assert "由 2 个渠道共享" in page
    assert page.count("50%") >= 2


def test_a_relative_and_a_receipt_find_visits(front: Front, desk: FlaskClient) -> None:
    office = front.office
    receipt = office.do(
        record_walk_in,
        by=office.desk,
        project_id=office.project,
        arrival=Arrival(identifiers=()),
    )["visitor_receipt"]
    office.walk_in(phone=OTHER_PHONE)
    office.wait(hours=2)

    page = desk.get(
        signed(
            desk,
            **{
                "relatives": "1",
                "relative-0-relation": "spouse",
                "relative-0-phone": OTHER_PHONE,
                "receipts": f"https://hefu.test/v/{receipt}",
            },
        )
    ).text

    assert "与申报的亲属相同" in page
    assert "出示了到访回执" in page


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("fields", "place", "words"),
    [
        ({"unit": ""}, "unit", ("没有内容", "nothing")),
        ({"unit": "天上"}, "unit", ("看不懂的部分", "cannot be read")),
        ({"price": "很多"}, "price", ("金额看不懂", "cannot be read")),
        ({"price": "245"}, "price", ("是不是漏写了", "left out")),
        ({"stage": "none"}, "stage", ("从列表里选", "from the list")),
        (
            {"signed_at": "2026-13-01T00:00"},
            "signed_at",
            ("没有这个日期", "no such date"),
        ),
        ({"signed_at": "2030-01-01T00:00"}, "signed_at", ("在将来", "future")),
        ({"buyer-0-phone": ""}, "buyer-0-phone", ("至少填一位", "at least one")),
        ({"buyer-0-phone": "1380013800"}, "buyer-0-phone", ("位数不对", "length")),
        ({"buyer-0-phone": "23800138000"}, "buyer-0-phone", ("开头", "begin")),
        (
            {"buyer-0-document": ID[:-1] + "1"},
            "buyer-0-document",
            ("校验位不对", "check digit"),
        ),
        (
            {"buyer-0-document": "110105194913310028"},
            "buyer-0-document",
            ("出生日期不存在", "birth"),
        ),
        (
            {"buyer-0-document": ID, "buyer-0-kind": "soul"},
            "buyer-0-document",
            ("请选一项", "Choose one"),
        ),
        (
            {
                "relatives": "1",
                "relative-0-phone": OTHER_PHONE,
                "relative-0-relation": "x",
            },
            "relative-0-relation",
            ("请选一项", "Choose one"),
        ),
        ({"receipts": "AAAA"}, "receipts", ("第 1 项", "Item 1")),
    ],
)
def test_every_mistake_stands_beside_its_field(
    quiet_desk: FlaskClient,
    fields: dict[str, str],
    place: str,
    words: tuple[str, str],
    language: str,
) -> None:
    speak(quiet_desk, language)

    answer = quiet_desk.post("/signing", data=form_of(quiet_desk, **fields))

    assert answer.status_code == 422
    assert f'href="#{place}"' in answer.text
    assert words[LANGUAGES.index(language)] in answer.text
    speak(quiet_desk, "zh")
    assert "还没有签约" in quiet_desk.get("/signing/deals").text


def test_identifiers_are_never_sent_back(desk: FlaskClient) -> None:
    fields = {"unit": "天上", "buyer-0-document": ID, "price": "245万"}

    page = desk.post("/signing", data=form_of(desk, **fields)).text

    assert PHONE not in page
    assert ID not in page
    assert 'value="245万"' in page
    assert "请重新填写" in page


def test_a_home_is_sold_once(front: Front, desk: FlaskClient) -> None:
    signed(desk)

    answer = desk.post("/signing", data=form_of(desk, **{"buyer-0-phone": OTHER_PHONE}))

    assert answer.status_code == 422
    assert 'href="#unit"' in answer.text
    assert front.office.count(signings) == 1


def test_sending_the_form_twice_signs_once(front: Front, desk: FlaskClient) -> None:
    form = form_of(desk)

    first, second = (desk.post("/signing", data=form) for _ in range(2))

    assert first.location == second.location
    assert front.office.count(signings) == 1


def test_a_form_sent_again_with_another_content_is_refused(desk: FlaskClient) -> None:
    form = form_of(desk)
    desk.post("/signing", data=form)

    assert desk.post("/signing", data={**form, "unit": "3-1-1202"}).status_code == 409


def test_the_form_grows_on_request(desk: FlaskClient) -> None:
    page = desk.get("/signing?buyers=3&relatives=99").text

    assert 'name="buyer-2-phone"' in page
    assert 'name="relative-7-phone"' in page
    assert 'name="relative-8-phone"' not in page


def test_a_subscription_waits_where_the_contract_fixes(
    front: Front, desk: FlaskClient
) -> None:
    office = front.office
    office.do(
        change_project_rules,
        by=office.admin,
        project_id=office.project,
        rules={"fixes_at": "contract"},
    )
    office.wait(hours=1)

    address = signed(desk)

    assert "归属在签约（网签）时才定" in desk.get(address).text
    assert "还没有判客" in desk.get("/signing/deals").text


def test_the_list_shows_every_deal_with_its_outcome(desk: FlaskClient) -> None:
    assert "还没有签约" in desk.get("/signing/deals").text
    signed(desk)

    page = desk.get("/signing/deals").text

    assert "3-1-1201" in page
    assert "自然成交" in page


def milestone(desk: FlaskClient, address: str, **fields: str) -> int:
    page = desk.get(address).text
    form = {"request_id": _hidden(page, "request_id"), **fields}
    answer = desk.post(f"{address}/milestones", data=form)
    speak(desk, "zh")
    return answer.status_code


def test_milestones_are_recorded_and_shown(front: Front, desk: FlaskClient) -> None:
    address = signed(desk)
    front.office.wait(hours=2)

    assert milestone(desk, address, kind="first_payment", amount="73.5万") == 303
    page = desk.get(address).text

    assert "首付到账" in page
    assert "¥735,000.00" in page


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "wedding"},
        {"kind": "contract", "at": "2020-01-01T00:00"},
        {"kind": "contract", "at": "2040-01-01T00:00"},
        {"kind": "payment", "amount": "-5"},
        {"kind": "cancelled"},
    ],
)
def test_a_milestone_that_cannot_be_is_refused(
    front: Front, desk: FlaskClient, fields: dict[str, str]
) -> None:
    address = signed(desk)

    assert milestone(desk, address, **fields) == 422
    assert front.office.count(milestones) == 0


def test_a_cancelled_deal_takes_no_more_milestones(
    front: Front, desk: FlaskClient
) -> None:
    address = signed(desk)
    token = _hidden(desk.get(address).text, "request_id")
    assert milestone(desk, address, kind="cancelled", sure="1") == 303

    late = desk.post(
        f"{address}/milestones",
        data={"request_id": token[:-1] + "x", "kind": "handover"},
    )

    assert late.status_code == 422
    assert "已退房" in desk.get(address).text
    assert front.office.count(milestones) == 1


def test_an_unknown_deal_is_not_found(desk: FlaskClient) -> None:
    assert desk.get("/signing/deals/none").status_code == 404


def test_another_project_is_refused(desk: FlaskClient) -> None:
    assert desk.get("/signing?project=elsewhere").status_code == 403


@pytest.mark.parametrize("role", [Role.DESK, Role.FINANCE, Role.AGENT])
def test_the_desk_is_for_its_own_role(front: Front, role: Role) -> None:
    browser = front.signed_in(role)

    for address in ("/signing", "/signing/deals", "/signing/deals/none"):
        assert browser.get(address).status_code == 403


@pytest.mark.parametrize(
    ("language", "words", "badge"),
    [
        ("zh", "楼盘表里没有“3-1-1201”", "不在楼盘表"),
        ("en", "“3-1-1201” is not in the unit list", "Not in the unit list"),
    ],
)
def test_a_home_that_is_not_in_the_unit_list_is_warned_about(
    front: Front, language: str, words: str, badge: str
) -> None:
    office = front.office
    office.do(list_units, by=office.admin, project_id=office.project, texts=["1-1-101"])
    signing = office.sign(unit="3-1-1201")
    office.sign(unit="1-1-101", phone=OTHER_PHONE)

    for role, place in ((Role.SIGNING, "signing"), (Role.FINANCE, "finance")):
        browser = front.signed_in(role)
        browser.set_cookie("hefu_lang", language)
        listed = browser.get("/finance" if place == "finance" else "/signing/deals")
        assert words in browser.get(f"/{place}/deals/{signing}").text
        assert listed.text.count(badge) == 1
