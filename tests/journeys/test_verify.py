"""The checker in a browser: the same answers as Python, and nothing leaves the page."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from attribution.ids import VisitId
from attribution.services.proving import receipt_for
from attribution.services.receipting import receipt_to_print
from attribution.services.sequencing import sequence
from attribution.services.statements import StatementKind
from attribution.services.witnessing import accept_cosignatures, admit_witness
from tests.journeys.premises import PHONE as HANDSET
from tests.journeys.premises import Premises
from tests.journeys.steps import at_desk, read_qr, word
from tests.services.test_receipting import WORST, worst
from tests.tokens.mutants import (
    AGENCY_KEY,
    LOG_KEY,
    TRUST,
    WITNESSES,
    mutants,
    receipt_at,
)
from tests.tokens.vector_files import own
from tokens import cbor
from tokens.cosignatures import cosign
from tokens.errors import TokenError
from tokens.links import receipt_link, text_in_link
from tokens.notes import parse_note
from tokens.promises import (
    Promise,
    parse_promise,
    promise_text,
    sign_promise,
    verify_promise,
)
from tokens.receipts import (
    Opening,
    opening_of,
    parse_receipt,
    receipt_text,
    verify_receipt,
)
from tokens.trust import LogKey, Trust
from web.pictures import dense_qr

MUTANTS = 2500
FORMATS = own("formats.json")
TLOG = own("tlog_examples.json")
STOLEN = "KEY_COMPROMISED"
ED25519 = own("primitives.json")["ed25519"]

_ANSWERS = """async ({ texts, trust }) => {
  const { verifyReceipt } = await import("/static/receipt.js");
  return texts.map((text) => {
    try {
      verifyReceipt(text, trust);
      return "OK";
    } catch (error) {
      return error.code ?? String(error);
    }
  });
}"""
_PROMISES = """async ({ texts, trust }) => {
  const { verifyPromise } = await import("/static/receipt.js");
  return texts.map((text) => {
    try {
      return String(verifyPromise(text, trust).due);
    } catch (error) {
      return error.code ?? String(error);
    }
  });
}"""
_FORMATS = """async ({ receipt, link, cases }) => {
  const own = await import("/static/receipt.js");
  const two = (one) => one.toString(16).padStart(2, "0");
  const hex = (bytes) => [...bytes].map(two).join("");
  const pairs = (text) => text.match(/../g) ?? [];
  const bytes = (text) => Uint8Array.from(pairs(text), (one) => parseInt(one, 16));
  const parsed = own.parseReceipt(receipt);
  const opening = own.openingOf(parsed);
  return {
    extra: hex(parsed.extra),
    event: new TextDecoder().decode(opening.event),
    entry: hex(own.entryOf(opening)),
    again: hex(own.encode(own.decode(parsed.extra))),
    text: await own.textInLink(link),
    signatures: cases.map(([key, signature, message]) =>
      own.isSigned(bytes(key), bytes(signature), bytes(message))),
  };
}"""


def answer(text: str, trust: Trust = TRUST) -> str:
    """Say what Python says of a receipt."""
    try:
        verify_receipt(parse_receipt(text), trust)
    except TokenError as refused:
        return refused.code
    return "OK"


def told(trust: Trust) -> dict[str, Any]:
    """Return whom to trust as the page has it."""
    return {
        "keys": [
            {"vkey": one.verifier.vkey(), "compromised_at": one.compromised_at}
            for one in trust.log_keys
        ],
        "witnesses": [{"vkey": one.vkey()} for one in trust.witnesses],
        "quorum": trust.quorum,
    }


def answers(page: Page, texts: list[str], trust: Trust = TRUST) -> list[str]:
    found: list[str] = page.evaluate(_ANSWERS, {"texts": texts, "trust": told(trust)})
    return found


@pytest.fixture
def checker(premises: Premises) -> Page:
    """A page on which our scripts may be called, with nothing signed yet."""
    page = premises.come()
    page.goto("/verify")
    return page


# -- the same answers as Python --


def test_not_one_of_thousands_of_tampered_receipts_is_accepted(checker: Page) -> None:
    good = [receipt_text(receipt_at(*where)) for where in ((5, 7), (0, 1), (11, 64))]
    texts = list(mutants(MUTANTS))

    found = answers(checker, texts)

    assert len(texts) > MUTANTS - 300
    assert "OK" not in found
    assert found == [answer(text) for text in texts]
    assert answers(checker, good) == ["OK"] * 3


def test_a_promise_is_answered_as_python_answers_it(checker: Page) -> None:
    pinned = FORMATS["promise"]
    kept = TRUST.log_keys[0]
    stolen = LogKey(verifier=kept.verifier, compromised_at=1)
    promise = Promise(
        entry_hash=bytes(32),
        at_microseconds=1,
        due_microseconds=2,
        key_id=kept.verifier.key_id(),
    )
    good = sign_promise(promise, LOG_KEY)
    bytes_of = [
        good,
        *(
            good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]
            for at in range(len(good))
        ),
        good[:-1],
        good + b"\0",
        bytes.fromhex(pinned["first_version"]),
        bytes.fromhex(pinned["promise"]),
        cbor.encode([b"x"]),
        b"\x01",
    ]
    texts = [promise_text(one) for one in bytes_of]

    for key in (kept, stolen):
        trust = Trust(log_keys=(key,))
        found = checker.evaluate(_PROMISES, {"texts": texts, "trust": told(trust)})
        assert found == [answer_to_promise(one, trust) for one in bytes_of]
    pinned_trust = {
        "keys": [{"vkey": FORMATS["checkpoint"]["vkey"], "compromised_at": None}],
        "witnesses": [],
        "quorum": 0,
    }
    both = [
        promise_text(bytes.fromhex(pinned[name]))
        for name in ("promise", "first_version")
    ]
    found = checker.evaluate(_PROMISES, {"texts": both, "trust": pinned_trust})
    assert found == [str(pinned["due_microseconds"])] * 2


def answer_to_promise(data: bytes, trust: Trust) -> str:
    """Say what Python says of a promise: until when it is due, or why it is none."""
    try:
        found = parse_promise(data)
        keys = [k for k in trust.log_keys if k.verifier.key_id() == found.key_id]
        if not keys:
            return "CHECKPOINT_MALFORMED"
        verify_promise(data, keys[0].verifier.key)
    except TokenError as refused:
        return refused.code
    return str(found.due_microseconds) if keys[0].compromised_at is None else STOLEN


def trusts() -> Iterator[Trust]:
    log_key = TRUST.log_keys[0]
    seen = 1_790_000_000 * 1_000_000
    for compromised_at in (None, seen, seen + 1):
        key = LogKey(verifier=log_key.verifier, compromised_at=compromised_at)
        for witnesses in ((), WITNESSES[:1], WITNESSES, WITNESSES * 2):
            for quorum in (0, 1, 2, 3):
                yield Trust(log_keys=(key,), witnesses=witnesses, quorum=quorum)
    yield Trust(log_keys=())


def test_it_trusts_whom_python_trusts(checker: Page) -> None:
    text = receipt_text(receipt_at(5, 7))

    found = [answers(checker, [text], trust)[0] for trust in trusts()]

    assert found == [answer(text, trust) for trust in trusts()]
    assert {"OK", "KEY_COMPROMISED", "QUORUM_MISSING", "CHECKPOINT_MALFORMED"} == set(
        found
    )


def test_it_reads_the_vectors_as_python_does(checker: Page) -> None:
    pinned = FORMATS["receipt"]
    groups = [
        (group["publicKey"]["pk"], case["sig"], case["msg"], case["result"] == "valid")
        for group in ED25519["testGroups"]
        for case in group["tests"]
    ]

    found = checker.evaluate(
        _FORMATS,
        {
            "receipt": pinned["text"],
            "link": pinned["link"],
            "cases": [group[:3] for group in groups],
        },
    )

    assert found["extra"] == found["again"] == pinned["extra"]
    assert (found["event"], found["entry"]) == (pinned["event"], pinned["entry"])
    assert found["text"] == pinned["text"] == text_in_link(pinned["link"])
    assert found["signatures"] == [group[3] for group in groups]
    assert answers(checker, TLOG["tlog_proof_bad"]) == ["RECEIPT_MALFORMED"] * 6


# -- the page --


class Checking:
    """A browser of a stranger that notes every request after the page has loaded."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.page = context.new_page()
        self.sent: list[str] = []
        self._address = address

    def open(self, fragment: str = "") -> Page:
        # From another page, or only the fragment of the same page would change.
        self.page.goto("about:blank")
        self.page.goto(f"{self._address}/verify{fragment}")
        self.page.wait_for_load_state("networkidle")
        self.page.on("request", lambda request: self.sent.append(request.url))
        return self.page


@pytest.fixture
def stranger(browser: Browser, premises: Premises) -> Iterator[Checking]:
    context = browser.new_context(accept_downloads=True)
    context.add_cookies([{"name": "hefu_lang", "value": "en", "url": premises.address}])
    yield Checking(context, premises.address)
    context.close()


def receipt_here(premises: Premises) -> str:
    """Return the receipt of a walk-in of today, and show the page the keys."""
    office = premises.office
    visit_id = VisitId(str(office.walk_in()["visit_id"]))
    return receipt_text(
        receipt_to_print(office.runtime, by=office.desk, visit_id=visit_id)
    )


def test_a_link_is_checked_and_leaves_the_address_bar(
    premises: Premises, stranger: Checking
) -> None:
    text = receipt_here(premises)

    page = stranger.open(receipt_link("", text))

    expect(word(page)).to_contain_text("The receipt holds")
    assert page.url == f"{premises.address}/verify"
    body = page.locator("#result").inner_text()
    assert "Visit" in body
    assert "2026-03-01 09:00:00 (UTC+8)" in body
    assert f"#{parse_receipt(text).index}" in body
    assert premises.office.keys.log.verifier.vkey() in body
    assert "No witness has seen this head" in body


def test_nothing_leaves_the_page_once_it_has_loaded(
    premises: Premises, stranger: Checking, tmp_path: Path
) -> None:
    text = receipt_here(premises)
    file = tmp_path / "receipt.tlog-proof"
    file.write_text(text, "utf-8")
    page = stranger.open()

    page.locator("#receipt").fill(text.replace("\n", "\r\n").strip())
    page.get_by_role("button", name="Check").click()
    expect(word(page)).to_contain_text("The receipt holds")
    page.locator("#receipt-file").set_input_files(str(file))
    expect(word(page)).to_contain_text("The receipt holds")
    page.locator("#receipt").fill(receipt_link("https://x.example/verify", text))
    page.get_by_role("button", name="Check").click()
    expect(page.locator("#receipt")).to_have_value(text)
    page.locator("#receipt").fill(text.replace("index ", "index 1"))
    page.get_by_role("button", name="Check").click()
    expect(word(page)).to_contain_text("The check failed")
    expect(page.locator("#result")).to_contain_text("What the receipt claims, unproven")

    assert stranger.sent == []


_LEAKS = """async () => {
  const socket = () => new Promise((opened, failed) => {
    const made = new WebSocket(location.origin.replace("http", "ws"));
    made.onopen = opened;
    made.onerror = failed;
  });
  const asked = () => new Promise((loaded, failed) => {
    const made = new XMLHttpRequest();
    made.onload = loaded;
    made.onerror = failed;
    made.open("GET", "/healthz");
    made.send();
  });
  const leaks = [() => fetch("/healthz"), asked, socket];
  const ends = await Promise.allSettled(leaks.map((leak) => leak()));
  return ends.map((end) => end.status);
}"""


def test_the_policy_stops_a_script_that_would_send(stranger: Checking) -> None:
    assert stranger.open().evaluate(_LEAKS) == ["rejected"] * 3


def test_a_file_can_be_dropped_anywhere(premises: Premises, stranger: Checking) -> None:
    text = receipt_here(premises)
    page = stranger.open()

    page.evaluate(
        """(text) => {
          const data = new DataTransfer();
          data.items.add(new File([text], "receipt.tlog-proof"));
          const drop = new DragEvent("drop", { dataTransfer: data, bubbles: true });
          document.body.dispatchEvent(drop);
        }""",
        text,
    )

    expect(word(page)).to_contain_text("The receipt holds")


def test_a_receipt_of_another_log_and_nonsense_are_told_apart(
    stranger: Checking, premises: Premises
) -> None:
    receipt_here(premises)
    page = stranger.open()

    for text, said in (
        (receipt_text(receipt_at(5, 7)), "not signed by any key of this log"),
        ("nonsense", "not a whole receipt"),
        ("https://x.example/verify#AAAA", "not a whole receipt"),
    ):
        page.locator("#receipt").fill(text)
        page.get_by_role("button", name="Check").click()
        expect(word(page)).to_contain_text("The check failed")
        expect(page.locator("#result")).to_contain_text(said)


def test_it_works_where_webcrypto_is_missing(
    premises: Premises, stranger: Checking
) -> None:
    text = receipt_here(premises)
    stranger.page.add_init_script(
        "Object.defineProperty(globalThis, 'crypto', { value: undefined })"
    )

    page = stranger.open(receipt_link("", text))

    assert page.evaluate("globalThis.crypto === undefined") is True
    expect(word(page)).to_contain_text("The receipt holds")


def test_the_receipt_stays_when_the_language_changes(
    premises: Premises, stranger: Checking
) -> None:
    page = stranger.open(receipt_link("", receipt_here(premises)))
    expect(word(page)).to_contain_text("The receipt holds")

    page.get_by_role("button", name="中文").click()

    expect(word(page)).to_contain_text("回执有效")
    assert page.evaluate("sessionStorage.length") == 0
    assert not any("#" in address for address in stranger.sent)


def test_witnesses_are_named_with_the_time_they_saw_it(
    premises: Premises, stranger: Checking
) -> None:
    office, witness = premises.office, WITNESSES[0]
    office.do(admit_witness, by=office.admin, vkey=witness.vkey(), label="Agency")
    text = receipt_here(premises)
    note = parse_receipt(text).checkpoint
    line = cosign(parse_note(note)[0], AGENCY_KEY, witness.name, 1_790_000_000)
    accept_cosignatures(office.runtime, note + line)
    entry = next(
        fact.entry_id for fact in _facts(premises, opening_of(parse_receipt(text)))
    )

    page = stranger.open(
        receipt_link("", receipt_text(receipt_for(office.runtime, entry)))
    )

    expect(page.locator("#result")).to_contain_text(
        "The witness “Agency” saw this log at 2026-09-21 22:13:20 (UTC+8)."
    )


def test_without_scripts_it_says_so_and_shows_the_command(premises: Premises) -> None:
    sequence(premises.office.runtime)
    page = premises.come(java_script_enabled=False)
    page.goto("/verify")

    expect(word(page)).to_contain_text("这一页要用脚本")
    expect(page.locator(".command")).to_contain_text("python -m tokens verify FILE")
    expect(page.locator("#ask")).to_be_hidden()


# -- from a list, and from paper --


def test_an_agent_checks_a_receipt_from_the_list(premises: Premises) -> None:
    issued = premises.office.issue()
    sequence(premises.office.runtime)
    page = premises.come("wang", HANDSET)
    page.goto(f"/agent/tokens/{issued['token_id']}")

    with page.expect_download() as download:
        page.get_by_role("link", name="下载").click()
    page.get_by_role("link", name="现在核对").click()

    expect(word(page)).to_contain_text("回执有效")
    assert page.url == f"{premises.address}/verify"
    text = Path(download.value.path()).read_text("utf-8")
    trust = Trust(log_keys=(LogKey(verifier=premises.office.keys.log.verifier),))
    verify_receipt(parse_receipt(text), trust)


def test_the_printed_sheet_is_scanned_and_checked(
    premises: Premises, stranger: Checking, shots: Path
) -> None:
    desk = at_desk(premises.come("desk", device_scale_factor=2))
    desk.keyboard.press("F2")
    expect(word(desk)).to_contain_text("已登记：自然到访")
    # A4 without its margins, at 96 dots for an inch.
    desk.emulate_media(media="print")
    desk.set_viewport_size({"width": 680, "height": 1009})
    desk.screenshot(path=shots / "printed-receipt.png", full_page=True)
    picture = desk.locator(".sheet .proof .qr svg")

    link = read_qr(picture)
    size = picture.bounding_box()

    assert size is not None
    assert 84 < size["width"] / 96 * 25.4 < 86
    assert link.startswith(f"{premises.address}/verify#")
    page = stranger.open(re.sub("^[^#]+", "", link))
    expect(word(page)).to_contain_text("The receipt holds")


def test_the_largest_receipt_can_be_scanned_at_the_size_of_the_sheet(
    browser: Browser,
) -> None:
    text = worst(StatementKind.ISSUE, WORST[StatementKind.ISSUE])
    link = receipt_link("https://hefu.example.com/verify", text)
    page = browser.new_page(device_scale_factor=2)
    page.set_content(f'<div id="qr" style="width: 85mm">{dense_qr(link)}</div>')

    assert read_qr(page.locator("#qr svg")) == link
    page.close()


def _facts(premises: Premises, opening: Opening) -> Iterator[Any]:
    """Give the facts of the visit that a receipt is of."""
    with premises.office.runtime.reading() as work:
        for visit in work.visits.since(premises.office.project, premises.office.time):
            if visit.id.encode() in opening.event:
                yield visit


def test_a_promise_is_told_to_be_owed_and_then_overdue(premises: Premises) -> None:
    sequence(premises.office.runtime)
    given: Any = premises.office.walk_in()["promise"]
    page = premises.come()
    page.goto("/verify")
    due = premises.office.time + timedelta(seconds=60)

    for wait, words in ((-1, "最迟"), (1, "期限")):
        page.clock.set_fixed_time(due + timedelta(seconds=wait))
        page.get_by_label("回执", exact=True).fill(given["promise"])
        page.get_by_role("button", name="核对").click()
        expect(page.locator("#result")).to_contain_text("这是承诺，还不是证明")
        expect(page.locator("#result")).to_contain_text(words)
