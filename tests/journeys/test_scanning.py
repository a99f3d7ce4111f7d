"""Scanners that type: whatever layout, ending and haste, the one field understands."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from attribution.storage.tables import visits
from tests.journeys.premises import Premises
from tests.journeys.steps import at_desk, confirm, press, scan, word
from tests.office import PHONE

FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
# What reaches the page, and whether the scanner ends it by Enter.
SPELLINGS: dict[str, tuple[Callable[[str, str], str], bool]] = {
    "the digits, then Enter": (lambda _code, digits: digits, True),
    "the digits and nothing after them": (lambda _code, digits: digits, False),
    "after the ECI of UTF-8": (lambda _code, digits: rf"\000026{digits}", True),
    "after symbology and ECI, Caps Lock on": (
        lambda _code, digits: rf"]q1\000026{digits}",
        True,
    ),
    "through a Chinese input method": (
        lambda _code, digits: f"】Q1、000026{digits}",
        True,
    ),
    "in full-width digits": (lambda _code, digits: digits.translate(FULL_WIDTH), True),
    "in full-width digits without Enter": (
        lambda _code, digits: digits.translate(FULL_WIDTH),
        False,
    ),
    "the same scan twice in one field": (lambda _code, digits: digits * 2, False),
    "the code as shown": (lambda code, _digits: code, True),
    "the code without dashes and without Enter": (
        lambda code, _digits: code.replace("-", ""),
        False,
    ),
    "the code with Caps Lock the wrong way round": (
        lambda code, _digits: code.swapcase(),
        True,
    ),
    "the code with spaces": (lambda code, _digits: code.replace("-", " "), True),
    "the code in full width": (
        lambda code, _digits: code.replace("-", "").translate(FULL_WIDTH),
        False,
    ),
}


@pytest.fixture
def token(premises: Premises) -> tuple[str, str]:
    """Code and digits of a token that can be redeemed now."""
    issued = premises.office.issue()
    premises.office.wait(hours=2)
    return str(issued["code"]), str(issued["qr"])


@pytest.fixture
def desk(premises: Premises, token: tuple[str, str]) -> Page:
    """The desk, once the token is good."""
    assert token
    return at_desk(premises.come("desk"))


@pytest.mark.parametrize("half", [0, 1])
def test_a_token_is_known_however_it_was_scanned_or_typed(
    desk: Page, token: tuple[str, str], half: int
) -> None:
    answers = {}

    for name, (spelt, enter) in list(SPELLINGS.items())[half::2]:
        scan(desk, spelt(*token), enter=enter)
        expect(desk.locator("#visitor")).to_be_focused()
        answers[name] = word(desk).inner_text().split()[-1]
        press(desk, "Escape")
        expect(desk.locator("#scan")).to_be_focused()

    assert set(answers.values()) == {"可以核销"}


def hold_the_clock(page: Page) -> None:
    """Let no silence pass between two keys, however busy this machine is."""
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now() + 1000"))


@pytest.mark.parametrize("between", ["", "]Q1"])
def test_two_tokens_in_one_field_are_refused_and_neither_is_spent(
    premises: Premises, desk: Page, token: tuple[str, str], between: str
) -> None:
    other = str(premises.office.issue()["qr"])
    hold_the_clock(desk)

    scan(desk, token[1] + between + other)

    expect(word(desk)).to_contain_text("扫到的内容看不懂")
    expect(desk.locator(".todo")).to_contain_text("只扫一次")
    expect(desk.locator("#scan")).to_be_focused()
    assert premises.office.count(visits) == 0
    scan(desk, token[1])
    confirm(desk)


def test_after_a_tab_the_second_of_two_scans_goes_nowhere(
    premises: Premises, desk: Page, token: tuple[str, str]
) -> None:
    other = str(premises.office.issue()["qr"])
    hold_the_clock(desk)

    scan(desk, token[1], enter=False)
    press(desk, "Tab")
    scan(desk, other, enter=False)
    expect(desk.locator("#scan")).to_have_value(token[1])
    desk.clock.run_for(200)

    confirm(desk)
    assert premises.office.count(visits) == 1


def test_a_hasty_second_scan_redeems_nothing(
    premises: Premises, desk: Page, token: tuple[str, str]
) -> None:
    scan(desk, token[1])
    desk.keyboard.type(token[1])  # at once, whatever is on the screen
    desk.keyboard.press("Enter")

    expect(desk.locator("#visitor, #scan").first).to_be_visible()
    expect(desk.locator(".status")).to_be_visible()
    assert premises.office.count(visits) == 0


def test_a_token_is_redeemed_once(
    premises: Premises, desk: Page, token: tuple[str, str]
) -> None:
    scan(desk, token[1], enter=False)
    confirm(desk)

    scan(desk, token[0])

    expect(word(desk)).to_contain_text("推荐码已使用")
    assert premises.office.count(visits) == 1


def test_a_scan_typed_anywhere_on_the_page_reaches_the_field(
    desk: Page, token: tuple[str, str]
) -> None:
    desk.locator("main").click(position={"x": 2, "y": 2})

    scan(desk, token[1])

    expect(word(desk)).to_contain_text("可以核销")


def test_a_phone_number_in_the_field_is_no_code(desk: Page) -> None:
    scan(desk, PHONE, enter=False)
    expect(desk.locator("#scan")).to_have_value(PHONE)
    press(desk, "Enter")

    expect(word(desk)).to_contain_text("这是一个号码，不是推荐码")
    expect(desk.locator("#scan")).to_have_value(PHONE)
