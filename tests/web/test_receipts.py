"""Receipts 回执 on the pages, in the API and on paper; and what the checker loads."""

import hashlib
import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from attribution.people import Role
from attribution.services import rekeying
from attribution.services.issuing import Client
from attribution.services.sequencing import sequence
from attribution.services.statements import StatementKind
from attribution.services.witnessing import admit_witness
from attribution.storage.instants import microseconds_of
from tests.office import PHONE, mobile
from tests.services.test_receipting import WORST
from tests.tokens.mutants import WITNESSES
from tests.web.api_office import ApiOffice
from tests.web.conftest import Front
from tests.web.people import browser_of, in_english, request_id_in, text_of
from tokens.links import text_in_link
from tokens.promises import promise_bytes, verify_promise
from tokens.receipts import opening_of, parse_receipt, verify_receipt
from tokens.trust import LogKey, Trust
from web.log_words import FIELD_WORDS

VENDOR = Path(__file__).parents[2] / "web" / "static" / "vendor"
_DOWNLOAD = re.compile(r'href="([^"]+\.tlog-proof)"')
_CHECK = re.compile(r'href="([^"]+\.tlog-proof\?check=now)"')


class Told:
    """A buyer's way, told to everybody."""

    def __init__(self, front: Front) -> None:
        office = self.office = front.office
        self.front = front
        issued = office.issue(client=Client(identifier=mobile(), label="张**"))
        office.wait(hours=1)
        self.visit = office.redeem(issued["code"])
        self.signing = office.sign()
        office.rule(self.signing)
        sequence(office.runtime)
        receipt = str(self.visit["visitor_receipt"])
        self.secrets = [PHONE, "张**", str(issued["code"]), receipt]
        self.token = str(issued["token_id"])

    def page(self, who: str) -> tuple[FlaskClient, TestResponse]:
        """Return somebody's browser and the page with their receipts."""
        deal = f"deals/{self.signing}"
        name, role, path = {
            "agent": ("wang", Role.AGENT, f"/agent/tokens/{self.token}"),
            "visitor": ("", None, f"/v/{self.visit['visitor_receipt']}"),
            "signing": ("signing", Role.SIGNING, f"/signing/{deal}"),
            "finance": ("finance", Role.FINANCE, f"/finance/{deal}"),
        }[who]
        browser = browser_of(self.front, name, role) if role else self.front.browser()
        return browser, browser.get(path)

    def trust(self) -> Trust:
        return Trust(log_keys=(LogKey(verifier=self.office.keys.log.verifier),))


@pytest.fixture
def told(front: Front) -> Told:
    return Told(front)


SHOWN = {
    "agent": ["issue", "visit", "ruling", "accrual"],
    "visitor": ["visit", "ruling"],
    "signing": ["signing", "ruling"],
    "finance": ["signing", "ruling", "accrual"],
}


@pytest.mark.parametrize(("who", "kinds"), SHOWN.items())
def test_each_party_downloads_what_is_its_own(
    told: Told, who: str, kinds: list[str]
) -> None:
    browser, page = told.page(who)

    answers = [browser.get(path) for path in _DOWNLOAD.findall(page.text)]

    assert "存证回执" in page.text
    for answer, kind in zip(answers, kinds, strict=True):
        receipt = parse_receipt(answer.text)
        verify_receipt(receipt, told.trust())
        name = f"hefu-{kind}-{receipt.index}.tlog-proof"
        assert answer.mimetype == "text/plain"
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        held = answer.text + opening_of(receipt).event.decode()
        assert [one for one in told.secrets if one in held] == []


@pytest.mark.parametrize("who", SHOWN)
def test_each_receipt_opens_at_the_checker_in_the_fragment(
    told: Told, who: str
) -> None:
    browser, page = told.page(who)

    for path in _CHECK.findall(page.text):
        answer = browser.get(unescape(path))
        page_address, _, fragment = answer.headers["Location"].partition("#")
        assert (answer.status_code, page_address) == (303, "/verify")
        text = text_in_link(f"#{fragment}")
        assert text == browser.get(path.partition("?")[0]).text


def test_who_asks_for_anothers_receipt_is_told_that_there_is_none(told: Told) -> None:
    _, page = told.page("agent")
    addresses = _DOWNLOAD.findall(page.text)
    li = browser_of(told.front, "li", Role.AGENT)
    visitor, held = told.page("visitor")
    entry = addresses[0].rpartition("/")[2]

    assert [li.get(one).status_code for one in addresses] == [404] * 4
    visitors = _DOWNLOAD.findall(held.text)[0].rpartition("/")[0]
    assert visitor.get(f"{visitors}/{entry}").status_code == 404


def test_who_waits_for_a_receipt_holds_a_promise_and_is_told_when_it_is_broken(
    told: Told,
) -> None:
    office = told.office
    issued = office.issue(client=Client(identifier=mobile("13900139000")))
    browser, _ = told.page("agent")
    address = f"/agent/tokens/{issued['token_id']}"
    given: Any = issued["promise"]
    link = f"{address}/receipts/{given['entry']}.tlog-proof?promise=now"

    office.wait(seconds=59)
    assert "欠着证明" not in text_of(browser.get(address))
    assert link in browser.get(address).text
    held = browser.get(link)
    office.wait(seconds=1)

    assert held.text == f"{given['promise']}\n"
    assert held.headers["Content-Disposition"].endswith('.promise"')
    promise = verify_promise(
        promise_bytes(held.text.strip()), office.keys.log.verifier.key
    )
    assert promise.due_microseconds == microseconds_of(office.time)
    assert "欠着证明" in text_of(browser.get(address))
    assert "download the promise and keep it" in text_of(
        in_english(browser).get(address)
    )
    sequence(office.runtime)
    assert link not in browser.get(address).text
    li = browser_of(told.front, "li", Role.AGENT)
    assert li.get(link).status_code == 404
    assert browser.get(link.replace(given["entry"], "0" * 32)).status_code == 404


def test_a_receipt_that_is_pending_says_so_in_words(told: Told) -> None:
    office = told.office
    issued = office.issue(client=Client(identifier=mobile("13900139000")))
    browser, _ = told.page("agent")
    address = f"/agent/tokens/{issued['token_id']}"
    entry = issued["promise"]["entry"]  # type: ignore[index]

    page = text_of(browser.get(address))
    answer = browser.get(f"{address}/receipts/{entry}.tlog-proof")

    assert "已登记，正在写进日志；最迟" in page
    assert answer.status_code == 409
    assert "回执还在生成" in text_of(answer)
    assert "The receipt is being made" in text_of(
        in_english(browser).get(f"{address}/receipts/{entry}.tlog-proof")
    )


# -- the API --


def test_a_program_gets_the_receipts_of_its_own(api: ApiOffice) -> None:
    office = api.office
    issued = office.issue()
    office.wait(hours=1)
    visit = office.redeem(issued["code"])
    signing = office.sign()
    office.rule(signing)
    token_path = f"/tokens/{issued['token_id']}/receipts"
    visit_path = f"/visits/{visit['visit_id']}/receipts"
    late = office.issue(client=Client(identifier=mobile("13900139000")))

    found = [
        api.get(who, path).json["receipts"]
        for who, path in (
            ("wang", token_path),
            ("desk", visit_path),
            ("signing", f"/signings/{signing}/receipts"),
            ("finance", f"/signings/{signing}/receipts"),
        )
    ]

    kinds = [[one["kind"].partition("/")[0] for one in each] for each in found]
    assert kinds == [SHOWN["agent"], ["visit"], SHOWN["signing"], SHOWN["finance"]]
    trust = Trust(log_keys=(LogKey(verifier=office.keys.log.verifier),))
    for one in (one for each in found for one in each if one["position"] is not None):
        receipt = parse_receipt(one["receipt"])
        verify_receipt(receipt, trust)
        assert receipt.index == one["position"]
    assert api.get("li", token_path).status_code == 404
    pending = api.get("wang", f"/tokens/{late['token_id']}/receipts").json
    assert [one["receipt"] for one in pending["receipts"]] == [None]


# -- on paper --


def printed(front: Front, browser: FlaskClient) -> tuple[TestResponse, TestResponse]:
    """Record a walk-in; return its page, and the sheet as printed again."""
    address = f"/desk/{front.office.project}"
    form = {"request_id": request_id_in(browser.get(address)), "scan": ""}
    answer = browser.post(f"{address}/walk-in", data=form)
    with front.office.runtime.reading() as work:
        visit = work.visits.since(front.office.project, front.office.time)[0]
    return answer, browser.get(f"/desk/visits/{visit.id}/print")


def test_a_sheet_always_carries_its_receipt(front: Front) -> None:
    desk = browser_of(front, "desk", Role.DESK)

    for page in printed(front, desk):
        assert page.text.count('aria-label="存证回执的二维码"') == 1
        assert "这个二维码就是证据本身" in page.text


def test_a_sheet_without_a_receipt_says_why(front: Front) -> None:
    desk = browser_of(front, "desk", Role.DESK)
    sequence(front.office.runtime)
    kept = front.office.last_head.checkpoint or ""
    front.office.last_head.checkpoint = re.sub(r"\n\d+\n", "\n99999\n", kept, count=1)

    for page in printed(front, desk):
        assert page.status_code in (200, 201)
        assert '存证回执的二维码"' not in page.text
        assert "这张单子没有存证回执的二维码" in page.text
        assert "日志停止签名：数据库比已签的日志旧" in page.text


# -- the checker --


def trust_of(page: TestResponse) -> dict[str, Any]:
    found = re.search(r'data-trust="([^"]+)"', page.text)
    assert found is not None
    trust: dict[str, Any] = json.loads(unescape(found[1]))
    return trust


def test_the_checker_may_send_nothing(front: Front) -> None:
    policy = front.browser().get("/verify").headers["Content-Security-Policy"]

    assert "connect-src 'none'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_the_checker_says_the_command_before_there_is_a_key(front: Front) -> None:
    page = front.browser().get("/verify")

    assert "日志还没有签过名" in page.text
    assert trust_of(page) == {"keys": [], "witnesses": [], "quorum": 0}


def test_the_checker_knows_every_key_and_witness(front: Front) -> None:
    office = front.office
    sequence(office.runtime)
    first = office.keys.log.verifier.vkey()
    office.wait(days=1)
    rekeying.rotate_log_key(office.runtime, why="plan")
    second = office.keys.log.verifier.vkey()
    stolen_at = office.time
    office.wait(days=1)
    rekeying.rotate_log_key(office.runtime, why="theft", compromised_at=stolen_at)
    witness = WITNESSES[0].vkey()
    office.do(admit_witness, by=office.admin, vkey=witness, label="甲渠道")

    page = front.browser().get("/verify")

    keys = {one["vkey"]: one for one in trust_of(page)["keys"]}
    assert keys[first] == {"vkey": first, "ended": True, "compromised_at": None}
    microseconds = round(stolen_at.timestamp() * 1_000_000)
    assert keys[second]["compromised_at"] == microseconds
    assert trust_of(page)["witnesses"] == [{"vkey": witness, "label": "甲渠道"}]
    command = unescape(page.text)
    assert f"--log-key '{first}'" in command
    assert f"--log-key '{second}@2026-03-02T01:00:00Z'" in command
    assert f"--witness-key '{witness}'" in command


@pytest.mark.parametrize("kind", WORST)
def test_every_field_of_a_receipt_has_words(kind: StatementKind) -> None:
    assert set(WORST[kind]) <= set(FIELD_WORDS)


def test_the_vendored_scripts_are_those_of_the_registry() -> None:
    rows = re.findall(
        r"^\| `([^`]+)` \|.*`([0-9a-f]{64})` \|$", _readme(), re.MULTILINE
    )
    files = {str(path.relative_to(VENDOR)): path for path in VENDOR.glob("*/*")}

    assert dict(rows) == {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in files.items()
    }
    assert len(rows) == 8


def _readme() -> str:
    return (VENDOR / "README.md").read_text("utf-8")
