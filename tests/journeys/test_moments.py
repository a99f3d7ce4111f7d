"""Pages that are no address: what an action answers with, as good as every other."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.demo_house import Demo
from tests.journeys.inspection import inspect

READY, EARLY_CLIENT = "19900000801", "19900000777"


def sent(
    page: Page, path: str, fields: dict[str, str], form: str = "main form"
) -> None:
    """Fill in a form by the names of its fields, and send it."""
    page.goto(path)
    for name, text in fields.items():
        page.locator(f'{form} [name="{name}"]').first.fill(text)
    page.locator(f"{form} button").first.click()
    page.wait_for_load_state()


def refused_sign_in(page: Page, _demo: Demo) -> None:
    sent(page, "/sign-in", {"login": "nobody", "password": "wrong"})


def nothing_there(page: Page, _demo: Demo) -> None:
    page.goto("/nothing-here")


def issued_code(page: Page, _demo: Demo) -> None:
    sent(page, "/agent", {"client": EARLY_CLIENT, "label": "测试"})
    expect(page.locator("#code")).to_be_visible()


def mistaken_number(page: Page, _demo: Demo) -> None:
    sent(page, "/agent", {"client": "1380013"})


def second_factor(page: Page, _demo: Demo) -> None:
    sent(page, "/account", {})
    expect(page.locator("svg").first).to_be_visible()


def at_desk(page: Page, text: str, key: str = "Enter") -> None:
    page.goto("/desk")
    page.get_by_role("link", name="江畔云庭").click()
    page.locator("#scan").fill(text)
    page.wait_for_load_state()
    with page.expect_navigation():
        page.keyboard.press(key)


def ready_code(page: Page, demo: Demo) -> None:
    at_desk(page, demo.codes[READY])
    expect(page.locator("#visitor")).to_be_visible()


def wrong_person(page: Page, demo: Demo) -> None:
    ready_code(page, demo)
    page.locator("#visitor").fill("13900139000")
    page.keyboard.press("Enter")
    expect(page.locator(".status.red")).to_be_visible()


def unknown_code(page: Page, _demo: Demo) -> None:
    at_desk(page, "00000-00001-1")


def number_in_field(page: Page, _demo: Demo) -> None:
    at_desk(page, READY)


def found_report(page: Page, _demo: Demo) -> None:
    at_desk(page, READY, "F4")


def no_report(page: Page, _demo: Demo) -> None:
    at_desk(page, "13900139000", "F4")


def recorded_walk_in(page: Page, _demo: Demo) -> None:
    at_desk(page, "", "F2")
    expect(page.locator(".handover")).to_be_visible()


def mistaken_signing(page: Page, _demo: Demo) -> None:
    page.goto("/signing")
    page.locator("#unit").fill("3-1-101")
    page.locator("#price").fill("many")
    page.locator("#buyer-0-document").fill("110105194912310021")
    page.locator("main form.medium > .actions button").click()
    expect(page.locator("#mistakes")).to_be_visible()


def unreadable_statement(page: Page, _demo: Demo) -> None:
    page.goto("/finance/statements")
    text = {"name": "a.csv", "mimeType": "text/csv", "buffer": "早上好\n".encode()}
    page.locator("#file").set_input_files(text)  # type: ignore[arg-type]
    page.locator("main form.card button").click()
    expect(page.locator(".status")).to_be_visible()


def proposed_columns(page: Page, demo: Demo) -> None:
    page.goto("/finance/statements")
    page.locator("#file").set_input_files(demo.statement)
    page.locator("main form.card button").click()
    expect(page.locator(".samples:visible").first).to_be_visible()


def pairing_code(page: Page, _demo: Demo) -> None:
    sent(page, "/admin/devices", {"name": "北门前台"}, "form.card")


def api_token(page: Page, _demo: Demo) -> None:
    sent(page, "/admin/tokens", {"label": "营销系统"}, "form.card")


def invitation(page: Page, demo: Demo) -> None:
    page.goto(demo.sheets["people.person"].path)
    page.locator('form[action$="/invitation"] button').click()


MOMENTS: list[tuple[str, Callable[[Page, Demo], None]]] = [
    ("", refused_sign_in),
    ("", nothing_there),
    ("li", issued_code),
    ("li", mistaken_number),
    ("li", second_factor),
    ("desk", ready_code),
    ("desk", wrong_person),
    ("desk", unknown_code),
    ("desk", number_in_field),
    ("desk", found_report),
    ("desk", no_report),
    ("desk", recorded_walk_in),
    ("signing", mistaken_signing),
    ("finance", unreadable_statement),
    ("finance", proposed_columns),
    ("admin", pairing_code),
    ("admin", api_token),
    ("admin", invitation),
]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_an_action_answers_is_accessible_narrow_and_quiet(
    demo: Demo, shots: Path, language: str
) -> None:
    logins = {login for login, _moment in MOMENTS}
    pages = {name: demo.premises.come(name, language=language) for name in logins}
    wrong: list[str] = []

    for login, moment in MOMENTS:
        page = pages[login]
        page.set_viewport_size({"width": 1280, "height": 800})
        moment(page, demo)
        name = f"answer.{moment.__name__}-{language}"
        wrong += inspect(page, name, shots)

    assert wrong + demo.premises.faults == []
