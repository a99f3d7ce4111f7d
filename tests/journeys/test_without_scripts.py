"""With JavaScript off, the agent and the desk still do their work."""

from playwright.sync_api import expect

from tests.journeys.premises import PHONE as HANDSET
from tests.journeys.premises import Premises
from tests.journeys.steps import at_desk, confirm, scan, word
from tests.office import PHONE


def test_an_agent_issues_and_a_desk_redeems_without_scripts(
    premises: Premises,
) -> None:
    agent = premises.come("wang", HANDSET, java_script_enabled=False)
    agent.goto("/agent")
    agent.get_by_label("客户手机号").fill(PHONE)
    agent.get_by_role("button", name="生成推荐码").click()
    code = agent.locator("#code").inner_text()
    expect(agent.locator(".qr svg")).to_be_visible()
    premises.office.wait(hours=2)

    desk = at_desk(premises.come("desk", java_script_enabled=False))
    scan(desk, code)
    confirm(desk)

    scan(desk, code)
    expect(word(desk)).to_contain_text("推荐码已使用")


def test_a_walk_in_and_a_forgotten_code_need_no_script(premises: Premises) -> None:
    premises.office.issue()
    premises.office.wait(hours=2)
    desk = at_desk(premises.come("desk", java_script_enabled=False))

    desk.get_by_role("button", name="自然到访").click()
    expect(word(desk)).to_contain_text("已登记：自然到访")
    desk.locator("#scan").fill(PHONE)
    desk.get_by_role("button", name="客户忘了码").click()
    expect(word(desk)).to_contain_text("找到 1 个有效报备")
    desk.get_by_role("button", name="确认这个报备").click()

    expect(word(desk)).to_contain_text("已登记：有效带看")


def test_the_confirmation_and_the_signing_form_can_be_reached_without_scripts(
    premises: Premises,
) -> None:
    page = premises.come("signing", java_script_enabled=False)
    page.goto("/signing")

    page.get_by_role("link", name="再加一位买方").click()

    expect(page.locator("#buyer-1-phone")).to_be_visible()
