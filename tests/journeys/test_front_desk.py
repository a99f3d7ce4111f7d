"""The front desk by keyboard alone: every key, every refusal, both languages."""

import re

import pytest
from playwright.sync_api import Page, expect

from attribution.programmes import Kind
from attribution.rulebook import Binding
from attribution.services.issuing import Client, revoke_token
from attribution.storage.tables import visits
from tests.journeys.premises import Premises
from tests.journeys.steps import at_desk, confirm, press, scan, word
from tests.office import OTHER_PHONE, PHONE, Office

UNKNOWN = "00000-00001-1"
# What is scanned, and with which words it is refused: Chinese, English, what to do.
REFUSALS = {
    "unknown": ("推荐码不能使用", "This code cannot be used", "type it again"),
    "expired": ("推荐码已过期", "The code has expired", "a new code"),
    "used": ("推荐码已使用", "The code has been used", "today's visits"),
    "taken back": ("推荐码已撤回", "The code was taken back", "agent"),
    "garbled": ("扫到的内容看不懂", "The scan cannot be read", "Clear the field"),
}


def prepare(office: Office) -> dict[str, str]:
    """Return what to scan for each refusal."""
    expired = office.issue()
    office.wait(hours=73)
    used, taken_back = office.issue(), office.issue()
    office.wait(hours=1)
    office.redeem(used["code"])
    office.do(revoke_token, by=office.wang, token_id=taken_back["token_id"])
    return {
        "unknown": UNKNOWN,
        "expired": str(expired["code"]),
        "used": str(used["qr"]),
        "taken back": str(taken_back["qr"]),
        "garbled": "hello",
    }


@pytest.fixture
def ready(premises: Premises) -> str:
    """The digits of a token of Wang's for PHONE that can be redeemed now."""
    token = premises.office.issue()
    premises.office.wait(hours=2)
    return str(token["qr"])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_refusal_says_what_happened_and_what_to_do_next(
    premises: Premises, language: str
) -> None:
    to_scan = prepare(premises.office)
    desk = at_desk(premises.come("desk", language=language))
    words, advice = {}, {}

    for name, text in to_scan.items():
        scan(desk, text)
        expect(desk.locator("main")).to_contain_text(REFUSALS[name][language == "en"])
        words[name] = word(desk).inner_text()
        advice[name] = desk.locator(".status .todo").inner_text()
        expect(desk.locator("#scan")).to_be_focused()

    assert set(words) == set(REFUSALS)
    assert all(len(one) > 5 for one in advice.values())
    is_in_english = {REFUSALS[name][2] in advice[name] for name in advice}
    assert is_in_english == {language == "en"}
    assert premises.office.count(visits) == 1


@pytest.mark.parametrize(
    ("language", "says"),
    [("zh", "客户与推荐码不符"), ("en", "The code is for somebody else")],
)
def test_the_wrong_person_is_refused_and_the_code_stays_good(
    premises: Premises, ready: str, language: str, says: str
) -> None:
    desk = at_desk(premises.come("desk", language=language))
    scan(desk, ready)
    expect(desk.locator("#visitor")).to_be_focused()

    desk.keyboard.type(OTHER_PHONE)
    press(desk, "Enter")

    expect(word(desk).last).to_contain_text(says)
    assert premises.office.count(visits) == 0
    expect(desk.locator("#visitor")).to_be_focused()
    desk.keyboard.type(PHONE)
    press(desk, "Enter")
    expect(desk.locator(".handover")).to_be_visible()


def test_a_walk_in_is_one_key(premises: Premises) -> None:
    desk = at_desk(premises.come("desk"))

    press(desk, "F2")

    expect(word(desk)).to_contain_text("已登记：自然到访")
    expect(desk.locator("#scan")).to_be_focused()
    assert premises.office.count(visits) == 1


def test_a_walk_in_may_leave_a_number(premises: Premises) -> None:
    desk = at_desk(premises.come("desk"))
    scan(desk, PHONE, enter=False)

    press(desk, "F2")
    expect(desk.locator("#visitor")).to_have_value(PHONE)
    expect(desk.locator("#visitor")).to_be_focused()
    press(desk, "Enter")

    expect(word(desk)).to_contain_text("已登记：自然到访")


def test_a_forgotten_code_is_found_by_the_number(
    premises: Premises, ready: str
) -> None:
    assert ready
    desk = at_desk(premises.come("desk"))
    scan(desk, PHONE, enter=False)

    press(desk, "F4")
    expect(word(desk)).to_contain_text("找到 1 个有效报备")
    press(desk, "Enter")

    expect(word(desk)).to_contain_text("已登记：有效带看")


def test_a_number_without_a_report_is_told_what_to_try(premises: Premises) -> None:
    desk = at_desk(premises.come("desk"))
    press(desk, "F4")
    expect(desk.locator("#scan")).to_be_focused()

    scan(desk, PHONE)

    expect(word(desk)).to_contain_text("没有找到有效的报备")
    expect(desk.locator(".todo")).to_contain_text("登记自然到访")


def test_a_rejected_token_can_be_looked_at_by_the_other_desk_at_once(
    premises: Premises, ready: str
) -> None:
    desk, other = (at_desk(premises.come(name)) for name in ("desk", "desk two"))
    scan(desk, ready)
    expect(word(desk)).to_contain_text("可以核销")
    scan(other, ready)
    expect(word(other)).to_contain_text("另一台电脑正在核对")

    press(desk, "Escape")
    expect(desk.locator("#scan")).to_be_focused()
    scan(other, ready)

    confirm(other)


def test_a_token_that_comes_too_early_says_from_when_it_counts(
    premises: Premises,
) -> None:
    token = premises.office.issue()
    premises.office.wait(minutes=5)
    desk = at_desk(premises.come("desk"))

    scan(desk, str(token["qr"]))

    expect(word(desk)).to_contain_text("报备时间不够")
    expect(desk.locator(".status")).to_contain_text("要 09:30 之后到访才算带看")
    expect(desk.locator("time.countdown")).to_have_text(re.compile(r"^00:2[45]:\d\d$"))


def test_consent_is_asked_and_given_by_one_key(premises: Premises, ready: str) -> None:
    desk = at_desk(premises.come("desk"))
    scan(desk, ready)
    expect(desk.locator("#visitor")).to_be_focused()
    before = desk.locator('[name="purposes"]:checked').count()

    press(desk, "F8")

    boxes = desk.locator('[name="purposes"]')
    assert before == 0
    assert desk.locator('[name="purposes"]:checked').count() == boxes.count() > 0


def test_the_confirmation_is_printed_on_a_sheet_of_its_own(
    premises: Premises, ready: str
) -> None:
    desk = at_desk(premises.come("desk"))
    scan(desk, ready)
    confirm(desk)

    desk.emulate_media(media="print")

    sheet = desk.locator(".sheet")
    expect(sheet).to_contain_text("带看确认单")
    expect(sheet).to_contain_text("报备满 30 分钟后到访有效")
    for name in ("回执的二维码", "存证回执的二维码"):
        expect(sheet.get_by_role("img", name=name, exact=True)).to_be_visible()
    expect(desk.locator("header.top")).to_be_hidden()
    expect(desk.locator("#scan")).to_be_hidden()


def test_the_confirmation_is_printed_again_without_the_receipt(
    premises: Premises, ready: str
) -> None:
    desk = at_desk(premises.come("desk"))
    scan(desk, ready)
    confirm(desk)
    at_desk(desk)

    reach(desk, "确认单")
    press(desk, "Enter")

    expect(desk.locator(".sheet")).to_contain_text("带看确认单")
    # The proof from the log may be printed again; the visitor's own link may not.
    link = desk.locator(".sheet").get_by_role("img", name="回执的二维码", exact=True)
    expect(link).to_have_count(0)


def reach(page: Page, title: str) -> None:
    """Press Tab until the link with a title has the focus."""
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.title") == title:
            break
    expect(page.get_by_title(title).first).to_be_focused()


def test_a_token_bound_to_nobody_needs_no_number(premises: Premises) -> None:
    office = premises.office
    office.programme(
        office.channel_b, kind=Kind.RESIDENT, rules={"binding_required": "none"}
    )
    token = office.issue(by=office.li, client=Client(binding=Binding.NONE))
    office.wait(hours=2)
    desk = at_desk(premises.come("desk"))
    scan(desk, str(token["qr"]))
    expect(desk.locator("#visitor")).to_be_focused()

    press(desk, "Enter")

    expect(word(desk)).to_contain_text("已登记")
