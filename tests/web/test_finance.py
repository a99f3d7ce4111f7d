import io
import re
import zipfile
from base64 import b64encode

import pytest
from flask.testing import FlaskClient

from attribution.deals import DealEvent
from attribution.disputes import Ground
from attribution.ids import SigningId
from attribution.people import Role
from attribution.programmes import Kind
from attribution.services.disputing import Complaint, dispute_as_developer
from attribution.services.signing import record_milestone
from attribution.storage.tables import statements
from tests.office import OTHER_PHONE, PHONE
from tests.web.confirming import confirm, multipart, proposed
from tests.web.conftest import Front

HEAD = "房号,客户,成交总价,佣金金额"


@pytest.fixture
def deal(front: Front) -> SigningId:
    """A deal that channel A brought."""
    office = front.office
    code = office.issue()["code"]
    office.wait(hours=1)
    office.redeem(code)
    office.wait(hours=1)
    signing_id = office.sign()
    office.rule(signing_id)
    return signing_id


@pytest.fixture
def finance(front: Front) -> FlaskClient:
    return front.signed_in(Role.FINANCE)


def reached(front: Front, deal: SigningId, kind: DealEvent) -> None:
    office = front.office
    office.do(record_milestone, by=office.signing, signing_id=deal, kind=kind)


def _hidden(page: str, name: str) -> str:
    match = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert match
    return match[1]


def upload_form(
    front: Front, finance: FlaskClient, data: bytes, name: str
) -> dict[str, object]:
    page = finance.get("/finance/statements").text
    return {
        "request_id": _hidden(page, "request_id"),
        "project": front.office.project,
        "channel": front.office.channel_a,
        "file": (io.BytesIO(data), name),
    }


def uploaded(front: Front, finance: FlaskClient, *lines: str) -> str:
    data = "\n".join([HEAD, *lines]).encode()
    page = finance.post(
        "/finance/statements", data=upload_form(front, finance, data, "三月.csv")
    )
    answer = confirm(finance, page)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def test_an_office_without_deals_says_what_comes(finance: FlaskClient) -> None:
    page = finance.get("/finance").text

    assert "还没有成交" in page
    assert "<svg" not in page


def test_what_is_owed_waits_for_milestones(
    front: Front, finance: FlaskClient, deal: SigningId
) -> None:
    before = finance.get("/finance").text
    reached(front, deal, DealEvent.CONTRACT)
    after = finance.get("/finance").text

    assert "¥36,750.00" in before
    assert "网签、交房" in before
    assert "¥25,725.00" in after
    assert "归 甲渠道" in after


def test_what_is_held_is_not_called_payable(
    front: Front, finance: FlaskClient, deal: SigningId
) -> None:
    for event in (DealEvent.CONTRACT, DealEvent.HANDOVER):
        reached(front, deal, event)
    before = finance.get("/finance").text

    front.office.do(
        dispute_as_developer,
        by=front.office.finance,
        signing_id=deal,
        complaint=Complaint(ground=Ground.OTHER, words="请再判一次。"),
    )

    assert "可以全付" in before
    for page in ("/finance", f"/finance/deals/{deal}"):
        held = finance.get(page).text
        assert "争议中，暂缓支付" in held
        assert "可以全付" not in held


def test_a_cancelled_deal_owes_nothing(
    front: Front, finance: FlaskClient, deal: SigningId
) -> None:
    reached(front, deal, DealEvent.CANCELLED)

    assert "¥36,750.00" not in finance.get("/finance").text
    assert "已退房，不再应付" in finance.get(f"/finance/deals/{deal}").text


@pytest.mark.parametrize(
    ("language", "words"), [("zh", "现在可付"), ("en", "Payable now")]
)
def test_the_chart_has_its_figures_beside_it(
    finance: FlaskClient, deal: SigningId, language: str, words: str
) -> None:
    finance.set_cookie("hefu_lang", language)

    page = finance.get("/finance").text

    assert deal in page
    assert '<rect class="owed" x="0" y="0" width="100.00%"' in page
    assert '<rect class="payable" x="0" y="18" width="0.00%"' in page
    assert words in page


def test_a_deal_shows_its_ruling_and_its_accrual(
    finance: FlaskClient, deal: SigningId
) -> None:
    page = finance.get(f"/finance/deals/{deal}").text

    assert "¥36,750.00" in page
    assert "规则 §9.1" in page
    assert "100%" in page


def test_a_natural_deal_has_no_commission(front: Front, finance: FlaskClient) -> None:
    natural = front.office.sign(phone=OTHER_PHONE)
    assert "还没有判客" in finance.get("/finance").text
    assert "归属在签约" in finance.get(f"/finance/deals/{natural}").text
    front.office.rule(natural)

    assert "没有渠道佣金" in finance.get(f"/finance/deals/{natural}").text
    assert "自然成交" in finance.get("/finance").text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh", ("买方本人（自然到访礼遇）", "应付礼遇（买方本人）", "没有渠道佣金")),
        (
            "en",
            ("The buyer (walk-in reward)", "Rewards owed to buyers", "natural deal"),
        ),
    ],
)
def test_a_buyers_own_reward_stands_beside_the_commissions(
    front: Front,
    finance: FlaskClient,
    deal: SigningId,
    language: str,
    words: tuple[str, str, str],
) -> None:
    office = front.office
    plan = {"base": "fixed", "fixed_fen": 300_000}
    office.programme(office.channel_b, kind=Kind.WALK_IN_REWARD, plan=plan)
    office.walk_in(phone=OTHER_PHONE)
    office.wait(hours=1)
    alone = office.sign(phone=OTHER_PHONE, unit="3-1-1202")
    office.rule(alone)
    finance.set_cookie("hefu_lang", language)

    listed = finance.get("/finance").text
    shown = finance.get(f"/finance/deals/{alone}").text

    assert words[1] in listed
    assert listed.count("¥3,000.00") == 2  # its sum, its row, and no channel's bar
    assert "乙渠道" not in listed
    assert words[0] in shown
    assert words[2] in shown
    assert words[0] not in finance.get(f"/finance/deals/{deal}").text


def test_finance_records_milestones_too(finance: FlaskClient, deal: SigningId) -> None:
    address = f"/finance/deals/{deal}"
    form = {
        "request_id": _hidden(finance.get(address).text, "request_id"),
        "kind": "handover",
    }

    answer = finance.post(f"{address}/milestones", data=form)
    refused = finance.post(f"{address}/milestones", data={**form, "kind": "x"})

    assert answer.location == address
    assert refused.status_code == 422
    assert "交房" in finance.get(address).text


def test_a_statement_is_answered_row_by_row(
    front: Front, finance: FlaskClient, deal: SigningId
) -> None:
    address = uploaded(
        front,
        finance,
        "3栋1单元1201,张三,245万,36750",
        "3-1-1201,张三,245万,36750",
        "3-1-9999,李四,245万,36750",
        "天上,王五,,100",
    )

    page = finance.get(address).text

    for words in ("一致", "重复申报", "不应付", "读不懂", "这套房没有签约记录"):
        assert words in page
    assert "D2" in page
    assert "张**" in page
    assert "张三" not in page
    assert f"/finance/deals/{deal}" in page
    assert "当作" in page


def test_a_difference_is_explained(
    front: Front, finance: FlaskClient, deal: SigningId
) -> None:
    half = finance.get(uploaded(front, finance, "3-1-1201,张三,245万,18375")).text
    odd = finance.get(uploaded(front, finance, "3-1-1201,张三,245万,18376.01")).text
    priced = finance.get(uploaded(front, finance, "3-1-1201,张三,250万,37500")).text

    assert deal in half
    assert "对方按 50%" in half
    assert "没有哪一项单独" in odd
    assert "对方按 ¥2,500,000.00" in priced


def test_a_claim_is_answered_with_the_reason_of_the_ruling(
    front: Front, finance: FlaskClient
) -> None:
    office = front.office
    office.walk_in()
    office.wait(hours=1)
    code = office.issue()["code"]
    office.wait(hours=1)
    office.redeem(code)
    office.wait(hours=1)
    office.rule(office.sign())

    page = finance.get(uploaded(front, finance, "3-1-1201,张三,245万,36750")).text

    assert "报备前客户已自己来过" in page
    assert "看判客结果" in page


def test_rows_can_be_limited_to_one_kind(
    front: Front, finance: FlaskClient, deal: SigningId
) -> None:
    address = uploaded(front, finance, "3-1-9999,李四,245万,36750")

    only = finance.get(f"{address}?kind=OWED_NOT_CLAIMED").text
    none = finance.get(f"{address}?kind=MATCHED").text
    all_rows = finance.get(f"{address}?kind=NONSENSE").text

    assert f"/finance/deals/{deal}" in only
    assert "3-1-9999" not in only
    assert "没有这一类的行" in none
    assert "3-1-9999" in all_rows


def test_many_rows_come_in_pages(front: Front, finance: FlaskClient) -> None:
    lines = [f"3-1-{number},李四,245万,1000" for number in range(101, 351)]
    address = uploaded(front, finance, *lines)

    first, second = finance.get(address).text, finance.get(f"{address}?page=2").text

    assert "第 1 页，共 2 页" in first
    assert "下一页" in first
    assert "上一页" in second
    assert "3-1-350" in second


@pytest.mark.parametrize(("language", "word"), [("zh", "不应付"), ("en", "Not owed")])
def test_the_workbook_speaks_the_language_of_the_page(
    front: Front, finance: FlaskClient, language: str, word: str
) -> None:
    address = uploaded(front, finance, "3-1-9999,李四,245万,36750")
    finance.set_cookie("hefu_lang", language)

    answer = finance.get(f"{address}.xlsx")

    book = zipfile.ZipFile(io.BytesIO(answer.data))
    text = b"".join(book.read(name) for name in book.namelist()).decode()
    assert word in text
    assert "attachment" in answer.headers["Content-Disposition"]


def test_earlier_statements_are_listed(front: Front, finance: FlaskClient) -> None:
    assert "还没有对过账" in finance.get("/finance/statements").text
    uploaded(front, finance, "3-1-9999,李四,245万,36750")

    assert "三月.csv" in finance.get("/finance/statements").text


def test_the_same_upload_twice_is_one(front: Front, finance: FlaskClient) -> None:
    data = f"{HEAD}\n3-1-9999,李四,245万,36750".encode()
    page = finance.post(
        "/finance/statements", data=upload_form(front, finance, data, "a.csv")
    )
    assert front.office.count(statements) == 0

    first, second = confirm(finance, page), confirm(finance, page)

    assert first.location == second.location
    assert front.office.count(statements) == 1


REFUSED = [
    (b"\x89PNG\r\n", 415, "内容不是表格", "no spreadsheet"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 415, ".xls", ".xls"),
    ("没有表格\n只有几句话".encode(), 422, "找不到表头", "header"),
    ("棟號,傭金金額,簽約日期\n甲棟,乙,丙".encode("big5"), 422, "编码", "ncoding"),
    (f'{HEAD}\n"3-1-1201,张三'.encode(), 422, "引号没有配对", "quotation mark"),
]


@pytest.mark.parametrize(("data", "status", "zh", "en"), REFUSED)
def test_a_file_that_cannot_be_read_is_explained(
    front: Front,
    data: bytes,
    status: int,
    zh: str,
    en: str,
) -> None:
    finance = front.signed_in(Role.FINANCE)

    chinese = finance.post(
        "/finance/statements", data=upload_form(front, finance, data, "x.csv")
    )
    finance.set_cookie("hefu_lang", "en")
    english = finance.post(
        "/finance/statements", data=upload_form(front, finance, data, "x.csv")
    )

    assert (chinese.status_code, english.status_code) == (status, status)
    assert zh in chinese.text
    assert en in english.text
    assert front.office.count(statements) == 0


def test_what_was_found_is_shown_before_anything_is_stored(
    front: Front, finance: FlaskClient
) -> None:
    rows = [HEAD, "3-1-1201,李四,245万,=1+1", f"3-1-1202,{PHONE},1,<b>2</b>"]
    form = upload_form(front, finance, "\n".join(rows).encode(), "三月.csv")

    page = finance.post("/finance/statements", data=form)

    fields = proposed(page.text)
    assert page.status_code == 200
    assert [fields[f"column-0-{n}"] for n in range(1, 5)] == [
        "unit",
        "client",
        "price",
        "amount",
    ]
    assert "<span>=1+1</span><span>&lt;b&gt;2&lt;/b&gt;</span>" in page.text
    assert PHONE not in page.text
    assert front.office.count(statements) == 0


def test_a_column_that_was_taken_wrongly_is_corrected(
    front: Front, finance: FlaskClient, deal: SigningId
) -> None:
    data = "房号,佣金金额,应得\n3-1-1201,1,36750".encode()
    page = finance.post(
        "/finance/statements", data=upload_form(front, finance, data, "a.csv")
    )

    as_found = confirm(finance, page)
    changes = {"column-0-2": "", "column-0-3": "amount", "request_id": "corrected"}
    corrected = confirm(finance, page, **changes)

    assert "金额不同" in finance.get(as_found.location, query_string=DIFFERS).text
    assert deal not in finance.get(corrected.location, query_string=DIFFERS).text


DIFFERS = {"kind": "AMOUNT_DIFFERS"}


@pytest.mark.parametrize(
    ("language", "words"), [("zh", "没有认出表头"), ("en", "no header was recognised")]
)
def test_a_header_that_is_not_recognised_is_asked_about(
    front: Front, finance: FlaskClient, language: str, words: str
) -> None:
    finance.set_cookie("hefu_lang", language)
    rows = ["三月", "标的,对方,款项", f"3-1-1201,张三,36750,{PHONE}"]
    data = "\n".join(rows).encode()

    asked = finance.post(
        "/finance/statements", data=upload_form(front, finance, data, "甲.csv")
    )
    fields = proposed(asked.text)
    seen = finance.post("/finance/statements/columns", data={**fields, "header-0": "2"})
    chosen = {"column-0-1": "unit", "column-0-3": "amount", "header-0": "2"}
    answer = confirm(finance, seen, **chosen)

    assert asked.status_code == seen.status_code == 200
    assert words in asked.text
    assert "<span>标的</span><span>对方</span>" in asked.text
    assert '<strong id="column-0-1-header">标的</strong>' in seen.text
    confirms = '<button class="button primary">'  # only once there are columns
    assert (confirms in asked.text, confirms in seen.text) == (False, True)
    assert re.search(r'name="header-0"[^>]* required', asked.text)
    for page in (asked, seen):
        assert "张三" not in page.text
        assert PHONE not in page.text
    assert "¥36,750.00" in finance.get(answer.location).text


@pytest.mark.parametrize(
    ("row", "status", "words"),
    [
        ("0", 200, "没有表头"),
        ("7", 422, "表里没有这一行"),
        ("x", 422, "行号请填整数"),
        ("", 422, "请填表头在第几行"),
    ],
)
def test_the_row_of_a_header_is_one_of_the_sheet_or_none(
    front: Front, finance: FlaskClient, row: str, status: int, words: str
) -> None:
    data = "3-1-1201,张三丰,36750\n3-1-1202,李四光,1".encode()
    page = finance.post(
        "/finance/statements", data=upload_form(front, finance, data, "甲.csv")
    )

    seen = finance.post(
        "/finance/statements/columns",
        data={**proposed(page.text), "header-0": row, "column-0-1": "amount"},
    )
    refused = confirm(finance, seen, **{"header-0": row})

    assert seen.status_code == status
    assert words in seen.text
    assert "张三丰" not in seen.text
    assert refused.status_code == 422
    assert front.office.count(statements) == 0


@pytest.mark.parametrize(
    ("language", "words", "button"),
    [
        ("zh", "这份对账单上传过", "还是再核对一次"),
        ("en", "This statement was uploaded before", "Reconcile it again"),
    ],
)
def test_a_statement_that_was_uploaded_before_is_asked_about(
    front: Front, finance: FlaskClient, language: str, words: str, button: str
) -> None:
    first = uploaded(front, finance, "3-1-1201,张三,245万,36750")
    finance.set_cookie("hefu_lang", language)
    data = f"{HEAD}\n3-1-1201,张三,245万,36750".encode()

    page = finance.post(
        "/finance/statements", data=upload_form(front, finance, data, "again.csv")
    )
    again = confirm(finance, page, request_id="again")

    for told in (words, button, first, "finance"):
        assert told in page.text
    assert again.status_code == 303
    assert again.location != first
    assert front.office.count(statements) == 2


def test_the_same_claims_in_another_file_are_asked_about_once_they_are_read(
    front: Front, finance: FlaskClient
) -> None:
    first = uploaded(front, finance, "3-1-1201,张三,245万,36750")
    data = f"三月结算\n{HEAD}\n3栋1单元1201,张三,2450000,3.675万".encode()
    page = finance.post(
        "/finance/statements", data=upload_form(front, finance, data, "other.csv")
    )

    asked = confirm(finance, page, request_id="first")
    again = confirm(finance, asked, request_id="second")

    assert "上传过" not in page.text
    assert asked.status_code == 409
    assert first in asked.text
    assert again.status_code == 303


@pytest.mark.parametrize(
    ("changed", "zh", "en"),
    [
        ({}, "还没有选“佣金金额”", "is not chosen yet"),
        ({"column-0-2": "unit"}, "选了两列", "is chosen twice"),
        ({"column-0-2": "wages"}, "请从列表里选", "Choose from the list"),
        ({"column-0-x": "amount"}, "请从列表里选", "Choose from the list"),
        ({"column-0-1": ""}, "请至少在一张表里", "in one sheet at least"),
        ({"sheet-0": ""}, "请至少在一张表里", "in one sheet at least"),
    ],
)
def test_a_choice_that_is_none_is_a_mistake_in_the_form(
    front: Front, finance: FlaskClient, changed: dict[str, str], zh: str, en: str
) -> None:
    data = "房号,佣金金额,佣金金额\n3-1-1201,1,2".encode()
    page = finance.post(
        "/finance/statements", data=upload_form(front, finance, data, "甲.csv")
    )

    chinese = confirm(finance, page, **changed)
    finance.set_cookie("hefu_lang", "en")
    english = confirm(finance, page, **changed)

    assert (chinese.status_code, english.status_code) == (422, 422)
    assert zh in chinese.text
    assert en in english.text
    assert front.office.count(statements) == 0


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"data": "no base64!"}, 422),
        ({"data": "iVBORw0K"}, 415),
        ({"sheet-0": "elsewhere"}, 422),
    ],
)
def test_a_page_that_was_meddled_with_is_refused(
    front: Front, finance: FlaskClient, changed: dict[str, str], status: int
) -> None:
    page = finance.post(
        "/finance/statements",
        data=upload_form(front, finance, f"{HEAD}\n3-1-1201,,,1".encode(), "甲.csv"),
    )

    answer = confirm(finance, page, **changed)

    assert answer.status_code == status
    assert front.office.count(statements) == 0


def test_a_large_file_is_kept_in_the_page(front: Front, finance: FlaskClient) -> None:
    lines = [f"3-1-{number},张三,245万,1" for number in range(60_000)]
    data = "\n".join([HEAD, *lines]).encode()
    assert len(data) > 1_000_000

    form = {"project": front.office.project, "channel": front.office.channel_a}

    page = finance.post("/finance/statements", **multipart(form, ("大.csv", data)))
    fields = proposed(page.text)
    changed = {**fields, "column-0-4": ""}
    answer = finance.post(
        "/finance/statements/confirm", **multipart(changed, ("", b""))
    )

    assert fields["data"] == b64encode(data).decode()
    assert answer.status_code == 422
    assert proposed(answer.text)["data"] == fields["data"]


def test_a_form_without_a_file_asks_for_one(front: Front, finance: FlaskClient) -> None:
    form = upload_form(front, finance, b"", "")
    del form["file"]

    answer = finance.post("/finance/statements", data=form)

    assert answer.status_code == 422
    assert "请选择对账单文件" in answer.text


def test_an_unknown_channel_is_not_found(front: Front, finance: FlaskClient) -> None:
    form = upload_form(front, finance, f"{HEAD}\n3-1-1201,,,1".encode(), "x.csv")

    answer = finance.post("/finance/statements", data={**form, "channel": "none"})

    assert answer.status_code == 404


@pytest.mark.parametrize(
    "address", ["/finance/statements/none", "/finance/statements/none.xlsx"]
)
def test_an_unknown_statement_is_not_found(finance: FlaskClient, address: str) -> None:
    assert finance.get(address).status_code == 404


@pytest.mark.parametrize("role", [Role.SIGNING, Role.DESK, Role.AGENT])
def test_finance_is_for_its_own_roles(front: Front, role: Role) -> None:
    browser = front.signed_in(role)

    for address in ("/finance", "/finance/statements", "/finance/deals/none"):
        assert browser.get(address).status_code == 403


def test_no_page_of_finance_shows_a_number(
    finance: FlaskClient, deal: SigningId
) -> None:
    pages = [finance.get(one).text for one in ("/finance", f"/finance/deals/{deal}")]

    assert not any(PHONE in page for page in pages)
