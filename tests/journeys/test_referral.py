"""From the agent's phone to finance: the main story, through every desk."""

from datetime import date
from pathlib import Path

import openpyxl
from playwright.sync_api import Page, expect

from attribution.money import Fen
from attribution.services.issuing import Client
from attribution.sheets.sample import SampleLine, untidy_workbook
from tests.journeys.premises import PHONE as HANDSET
from tests.journeys.premises import Premises
from tests.journeys.steps import at_desk, confirm, issue, receipt_on, scan, word
from tests.office import OTHER_PHONE, PHONE, Office, mobile

BUYERS_ID = "11010519491231002X"
STRANGER = "13700137000"
PRICE = 245_000_000
COMMISSION = Fen(PRICE * 150 // 10_000)


def bring(premises: Premises) -> str:
    """Let Wang bring a client through phone and desk; return the receipt."""
    _code, digits = issue(premises.come("wang", HANDSET))
    premises.office.wait(hours=2)
    desk = at_desk(premises.come("desk"))
    scan(desk, digits)
    confirm(desk)
    return receipt_on(desk)


def sign(page: Page, unit: str, *, phone: str = "", receipt: str = "") -> str:
    """Sign at the desk as 认购 of 2 450 000 yuan; return the page that answers."""
    page.goto("/signing")
    page.get_by_label("房号").fill(unit)
    page.get_by_label("成交总价").fill("245万")
    page.locator("#buyer-0-phone").fill(phone)
    page.locator("#buyer-0-document").fill(BUYERS_ID)
    page.get_by_label("回执编号").fill(receipt)
    page.get_by_role("button", name="登记并判客").click()
    expect(page.locator("h1")).to_have_text(unit)
    return " ".join(page.locator("main").inner_text().split())


def bring_another(office: Office, unit: str) -> None:
    """Let Wang bring somebody else, who signs too."""
    token = office.issue(client=Client(identifier=mobile(OTHER_PHONE)))
    office.wait(hours=2)
    office.redeem(token["code"], phone=OTHER_PHONE)
    office.rule(office.sign(phone=OTHER_PHONE, unit=unit))


def statement(folder: Path, claims: dict[str, Fen]) -> Path:
    """Write what Wang's agency sends."""
    lines = [
        SampleLine(
            unit=unit,
            client="张*",
            agent="王磊",
            signed_on=date(2026, 3, 4),
            price=Fen(PRICE),
            commission=commission,
        )
        for unit, commission in claims.items()
    ]
    path = folder / "结算单.xlsx"
    path.write_bytes(untidy_workbook(lines, title="甲渠道 3月结算单"))
    return path


def upload(page: Page, file: Path) -> list[list[str]]:
    """Upload a statement as finance; return verdict and unit of every row."""
    page.goto("/finance/statements")
    page.get_by_label("渠道", exact=True).select_option(label="甲渠道")
    page.locator("#file").set_input_files(file)
    page.get_by_role("button", name="上传，看列的含义").click()
    expect(page.get_by_role("heading", name="核对列的含义")).to_be_visible()
    page.get_by_role("button", name="确认并核对").click()
    rows = page.get_by_role("region", name="逐行结果").locator("tbody tr")
    expect(rows.first).to_be_visible()
    return [row.split()[1:3] for row in rows.all_inner_texts()]


def test_a_code_is_issued_by_touch_and_its_qr_is_read_from_the_screen(
    premises: Premises,
) -> None:
    page = premises.come("wang", HANDSET)
    page.goto("/agent")

    page.get_by_label("客户手机号").tap()
    page.keyboard.type(PHONE)
    page.get_by_role("button", name="生成推荐码").tap()

    code = page.locator("#code").inner_text()
    assert len(code.replace("-", "")) == 11
    assert page.locator(".qr").bounding_box()["width"] >= 250  # type: ignore[index]
    assert PHONE not in page.content()


def test_a_buyer_is_followed_from_the_agents_phone_to_the_ruling(
    premises: Premises,
) -> None:
    bring(premises)
    premises.office.wait(days=3)

    page = sign(premises.come("signing"), "3-1-1201", phone=PHONE)

    assert "归 甲渠道" in page
    assert "有效带看 2026-03-01 11:00 · 手机号相同" in page
    assert "VALID_REFERRAL" in page
    assert "成立，归属于它" in page
    assert "首次有效到访在 2026-03-01 11:00，保护到 2026-03-31 11:00" in page


def test_a_receipt_alone_finds_the_visit(premises: Premises) -> None:
    receipt = bring(premises)
    premises.office.wait(days=3)

    page = sign(premises.come("signing"), "3-1-1201", receipt=receipt)

    assert "归 甲渠道" in page
    assert "有效带看 2026-03-01 11:00 · 出示了到访回执" in page


def test_nobody_is_found_who_was_not_there(premises: Premises) -> None:
    bring(premises)

    page = premises.come("signing")
    sign(page, "3-1-1201", phone=STRANGER)

    expect(word(page)).to_contain_text("自然成交")


def test_a_statement_is_matched_row_by_row_and_given_back_as_a_workbook(
    premises: Premises, tmp_path: Path
) -> None:
    office = premises.office
    bring(premises)
    sign(premises.come("signing"), "3-1-1201", phone=PHONE)
    bring_another(office, "3-1-1202")
    office.rule(office.sign(phone=STRANGER, unit="3-1-1203"))
    more = Fen(COMMISSION + 20_000)
    claims = {"3-1-1201": COMMISSION, "3-1-1202": more, "3-1-1203": COMMISSION}

    page = premises.come("finance")
    rows = upload(page, statement(tmp_path, claims))
    with page.expect_download() as download:
        page.get_by_role("link", name="下载 Excel 结果").click()
    copy = tmp_path / "result.xlsx"
    download.value.save_as(copy)
    book = openpyxl.load_workbook(copy)

    assert rows == [
        ["一致", "3-1-1201"],
        ["金额不同", "3-1-1202"],
        ["不应付", "3-1-1203"],
    ]
    totals = {row[0]: row[1] for row in book.worksheets[0].values}
    assert (totals["一致"], totals["金额不同"], totals["不应付"]) == (1, 1, 1)
