"""A dispute in real browsers: from the agent's phone to a changed ruling."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.journeys.inspection import inspect
from tests.journeys.premises import PHONE as ON_A_PHONE
from tests.journeys.premises import Premises
from tests.journeys.steps import amounts_in
from tests.quarrel import COMPLAINT, NOTE, Quarrel, quarrel

REASON = "前台登记簿写明十点到访，早于对方一小时。"


def held(page: Page, deal: str) -> str:
    """Return what finance is told of the commission of a deal."""
    page.goto(deal)
    return page.locator("table").first.inner_text()


def test_a_dispute_goes_from_a_phone_to_a_changed_ruling(
    premises: Premises, shots: Path, tmp_path: Path
) -> None:
    case = quarrel(premises.office)
    deal = f"/finance/deals/{case.signing}"
    finance, agent = premises.come("finance"), premises.come("li", ON_A_PHONE)
    judge = premises.come("judge")
    second = premises.come("second judge", language="en")
    before = held(finance, deal)

    wrong = [
        *open_on_a_phone(agent, case, shots),
        *bring_a_file(agent, tmp_path / "登记簿.txt", shots),
    ]
    while_open = held(finance, deal)
    wrong += judge_it(judge, shots)
    wrong += approve_it(second, judge.url, shots)

    after = held(finance, deal)
    agent.reload()
    assert ("甲渠道" in before, "暂缓支付" in before) == (True, False)
    assert "暂缓支付" in while_open
    assert amounts_in(while_open)[1] == "¥0.00"
    assert ("乙渠道" in after, "甲渠道" in after) == (True, False)
    expect(agent.get_by_text(REASON)).to_be_visible()
    expect(agent.get_by_text("100%")).to_be_visible()
    assert wrong == []


def open_on_a_phone(agent: Page, case: Quarrel, shots: Path) -> list[str]:
    """Open the dispute from the agent's own token."""
    agent.goto(f"/agent/tokens/{case.li_token}")
    wrong = inspect(agent, "dispute-token", shots)
    agent.get_by_role("link", name="对判客结果有异议").click()
    agent.get_by_label("理由").select_option("earlier_visit")
    agent.get_by_label("说明").fill(COMPLAINT.words)
    wrong += inspect(agent, "dispute-open", shots)
    agent.get_by_role("button", name="提出争议").click()
    expect(agent.get_by_text("争议已提出")).to_be_visible()
    return wrong


def bring_a_file(agent: Page, file: Path, shots: Path) -> list[str]:
    """Bring a text file as evidence."""
    file.write_bytes(NOTE)
    agent.locator('input[type="file"]').set_input_files(file)
    agent.get_by_role("button", name="交证据").click()
    expect(agent.get_by_text("证据已收存")).to_be_visible()
    return inspect(agent, "dispute-own", shots)


def judge_it(judge: Page, shots: Path) -> list[str]:
    """Find the case, read the evidence, ask the rules again, decide."""
    judge.goto("/disputes")
    wrong = inspect(judge, "dispute-list", shots)
    judge.get_by_role("link", name="3-1-1201").click()
    with judge.expect_download() as download:
        judge.get_by_role("link", name="文字").click()
    assert download.value.path().read_bytes() == NOTE
    judge.get_by_role("button", name="重新判一遍").click()
    expect(judge.get_by_text("和原判相比，会变的是").first).to_be_visible()
    wrong += inspect(judge, "dispute-proposed", shots)
    judge.get_by_label("按建议改判").check()
    judge.get_by_label("为什么").fill(REASON)
    judge.get_by_role("button", name="作出决定").click()
    expect(judge.get_by_text("要由另一位判客员复核")).to_be_visible()
    return wrong


def approve_it(second: Page, address: str, shots: Path) -> list[str]:
    """Approve as a second person, in English, and look at the figures."""
    second.goto(address)
    wrong = inspect(second, "dispute-approving-en", shots)
    second.get_by_label("I agree").check()
    second.get_by_role("button", name="Send").click()
    expect(second.get_by_text("Approved; the case is closed.")).to_be_visible()
    wrong += inspect(second, "dispute-closed-en", shots)
    second.goto("/disputes/figures")
    return [*wrong, *inspect(second, "dispute-figures-en", shots)]


def test_a_visitor_disputes_by_the_receipt_without_scripts(
    premises: Premises, shots: Path
) -> None:
    case = quarrel(premises.office)
    visitor = premises.come("", ON_A_PHONE, java_script_enabled=False)

    visitor.goto(f"/v/{case.receipt}")
    visitor.get_by_role("link", name="有异议").click()
    visitor.get_by_label("理由").select_option("walk_in_first")
    visitor.get_by_label("说明").fill("我是自己来的。")
    visitor.get_by_role("button", name="提出争议").click()
    expect(visitor.get_by_text("争议已提出")).to_be_visible()
    visitor.screenshot(path=shots / "dispute-visitor-phone.png", full_page=True)

    looking = premises.come("", language="en")
    looking.goto(f"/v/{case.receipt}/disputes")
    assert inspect(looking, "dispute-visitor-en", shots) == []
