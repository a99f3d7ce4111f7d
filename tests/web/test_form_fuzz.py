"""Every address is sent what no browser sends: a refusal in words, never a 5xx.

The forms come from the pages themselves, so a new page is tried without being named
here; what is sent is fixed, so every run tries the same.
"""

from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete

from attribution.storage.tables import failure_budgets
from tests.web.conftest import Front
from tests.web.filling import FilledForm, Pages

HOSTILE = (
    "",
    " ",
    "\0",
    "a\0b\r\nSet-Cookie: x=y",
    "9" * 5000,
    "-1",
    "1e309",
    "NaN",
    "٣٤٥",
    "<script>alert(1)</script>{{7*7}}",
    "'; DROP TABLE tokens; --",
    "../../../../etc/passwd",
    "////evil.example",
    "http://[",
    "0001-01-01T00:00",
    "9999-12-31T23:59",
    "\N{PILE OF POO}\u202e\ufeff\u0301" * 50,
    "三" * 3000,
    "13800138000," * 30,
    "\ufffe\uffff",
)
# What a field says through bytes that are no text: half a surrogate pair, no UTF-8.
BYTES = (b"%ED%A0%80", b"%FF%FE", b"%", b"%zz", b"\xff", b"%00")
_PARTS = (
    b"--x",
    b'Content-Disposition: form-data; name="file"; filename="\xff\x00.csv"',
    b"Content-Type: \xff",
    b"",
    b"\x00\xff",
    b"--x--",
    b"",
)
BODIES: tuple[tuple[str, bytes], ...] = (
    ("application/json", b'{"login": "\\ud800"}'),
    ("text/plain", b"\xff\xfe"),
    ("", b"login=1"),
    ("multipart/form-data", b"--x"),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; na"),
    ("multipart/form-data; boundary=x", b"\r\n".join(_PARTS)),
    ("application/x-www-form-urlencoded", b"a=1&" * 2000),
    ("application/x-www-form-urlencoded", b"scan=" + b"1" * 600_000),
    ("application/x-www-form-urlencoded; charset=utf-7", b"login=+AAA-"),
)
PLACES = ("%00", "%FF%FE", "%ED%A0%80", "..%2f..%2fetc%2fpasswd", "9" * 3000, "%0d%0a")
# Fields of forms that only an earlier step shows, to be tried one at a time as well.
STEPS = ("scan", "token_id", "visitor", "party", "party_size", "notice", "purposes")
_TURNS = 2


def test_no_form_is_answered_with_an_error_of_ours(any_front: Front) -> None:
    pages = Pages(any_front)
    seen: Counter[int] = Counter()
    failed = []
    for form in list(pages.forms()):
        _forget_failures(any_front)
        for sent in _attempts(form):
            answer = _browser(pages, form).post(form.path, **sent)
            seen[answer.status_code // 100] += 1
            if answer.status_code >= 500 or "<script>alert" in answer.text:
                failed.append((form.rule, answer.status_code, str(sent)[:200]))

    assert failed == []
    # The forms were understood: some were followed, many were refused.
    assert seen[2] + seen[3] > 50
    assert seen[4] > 500


def test_no_address_is_answered_with_an_error_of_ours(any_front: Front) -> None:
    pages = Pages(any_front)
    failed = []
    for rule in pages.rules("GET"):
        queries = [
            f"?{name}=" for name in ("project", "page", "kind", "buyers", "next")
        ]
        ends = [f"{query}{place}" for query in queries for place in PLACES[:5]]
        paths = [pages.path_of(rule) + end for end in ends]
        paths += [
            pages.path_of(rule).replace(known, place)
            for known in pages.names.values()
            for place in PLACES
            if known in pages.path_of(rule)
        ]
        for path in paths:
            answer = pages.browser.get(path)
            if answer.status_code >= 500:
                failed.append((path[:200], answer.status_code))

    assert failed == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://["},
        {"Origin": "\xff"},
        {"Host": "["},
        {"Host": "evil.example:99999"},
        {"Cookie": "hefu_session=\xff\xed\xa0\x80; hefu_device=%00; hefu_lang=\xff"},
        {"Authorization": "Bearer \xff\x00"},
        {"Authorization": "Basic \xff"},
        {"Accept": ";;;q=x,\xff"},
        {"Accept-Language": "\xff;q=9,*"},
        {"Content-Length": "-1"},
        {"Idempotency-Key": "\xff"},
        {"Range": "bytes=-1-"},
        {"If-Modified-Since": "9999"},
    ],
)
def test_no_header_is_answered_with_an_error_of_ours(
    front: Front, headers: dict[str, str]
) -> None:
    browser = front.browser()
    answers = [
        browser.open(path, method=method, headers=headers, buffered=True)
        for path in ("/sign-in", "/api/v1/log/entries", "/static/style.css", "/agent")
        for method in ("GET", "POST", "OPTIONS", "PUT")
    ]

    assert [one.status_code for one in answers if one.status_code >= 500] == []


def _attempts(form: FilledForm) -> Iterator[dict[str, Any]]:
    """Yield what is sent to one form: whole fields, then single ones, then bytes."""
    for text in HOSTILE:
        yield {"data": dict.fromkeys(form.fields, text)}
    single = [name for name in form.fields if len(form.fields) < 40 or name in STEPS]
    for turn, name in enumerate(single):
        yield {"data": {k: v for k, v in form.fields.items() if k != name}}
        yield {"data": {**form.fields, name: [form.fields[name], "x"]}}
        for step in range(_TURNS):
            text = HOSTILE[(turn * _TURNS + step) % len(HOSTILE)]
            request_id = (
                {"request_id": f"{turn}.{step}"} if name != "request_id" else {}
            )
            yield {"data": {**form.fields, **request_id, name: text}}
        odd = BYTES[turn % len(BYTES)]
        pairs = [*(f"{k}=1".encode() for k in form.fields), name.encode() + b"=" + odd]
        yield {
            "data": b"&".join(pairs),
            "content_type": "application/x-www-form-urlencoded",
        }
    for kind, body in BODIES:
        yield {"data": body, "content_type": kind}
    yield {"data": {**form.fields, "file": (BytesIO(b"PK\x03\x04\xff"), "\0.xlsx")}}


def _browser(pages: Pages, form: FilledForm) -> FlaskClient:
    """Return who sends it: signing out is left to somebody who has not signed in."""
    return pages.front.browser() if form.rule == "/sign-out" else pages.browser


def _forget_failures(front: Front) -> None:
    """Let the next form be read, and not be told to wait."""
    with front.office.database.writing() as connection:
        connection.execute(delete(failure_budgets))
