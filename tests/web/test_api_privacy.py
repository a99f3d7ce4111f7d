"""What was typed is neither repeated nor logged, whatever goes wrong."""

import io
from typing import Any

import pytest
import structlog

from tests.web.api_office import ApiOffice
from tests.web.test_api_signings import CONTRACT
from web.logs import set_up_logs

PHONE = "13712345678"
PAPER = "11010519491231002X"
PERSON = {"kind": "cn-mobile", "value": PHONE}
SENT: list[tuple[str, str, Any]] = [
    ("wang", "/tokens", {"client": {"kind": PHONE, "value": PHONE}}),
    ("wang", "/tokens", {"client": {"kind": "cn-id", "value": PHONE}}),
    ("wang", "/tokens", {"client": PERSON, PHONE: PHONE}),
    ("wang", "/tokens", {"client": {**PERSON, PHONE: 1}}),
    ("wang", "/tokens", {"client": {"kind": "cn-mobile", "value": int(PHONE)}}),
    ("wang", "/tokens", {"client": PERSON, "binding": PHONE}),
    ("wang", "/tokens", {"client": PERSON, "project": PHONE}),
    ("wang", "/tokens", {"client": PERSON, "label": f"{PHONE}\n"}),
    ("wang", "/tokens", PHONE),
    ("desk", "/visits/redeem", {"code": PHONE}),
    ("desk", "/visits/redeem", {"code": PHONE * 200}),
    ("desk", "/visits/redeem", {"qr": PHONE, "identifiers": [PERSON]}),
    ("desk", "/visits/redeem", {"code": [PHONE], "identifiers": PHONE}),
    ("desk", "/visits/peek", {"code": PHONE, "identifiers": [PHONE]}),
    ("desk", "/visits/find-reports", {"identifiers": [{"kind": "x", "value": PHONE}]}),
    ("desk", "/visits/walk-in", {"party_size": PHONE}),
    ("desk", "/visits/walk-in", {"consent": {"notice": PHONE * 5}}),
    ("desk", "/visits/confirm-report", {"token_id": PHONE}),
    ("signing", "/signings", {**CONTRACT, "unit": PHONE}),
    ("signing", "/signings", {**CONTRACT, "price_fen": PHONE}),
    ("signing", "/signings", {**CONTRACT, "signed_at": PHONE}),
    ("signing", "/signings", {**CONTRACT, "receipts": [PHONE]}),
    (
        "signing",
        "/signings",
        {**CONTRACT, "buyers": [{"identifiers": [{"kind": "cn-id", "value": PHONE}]}]},
    ),
    ("admin", "/agents", {"channel": PHONE, "name": PHONE}),
    ("admin", "/projects", {"name": "江畔", "rules": {PHONE: PHONE}}),
    ("admin", "/projects", {"name": "江畔", "rules": {"time_zone": PHONE}}),
    ("admin", "/projects", {"name": "江畔", "rules": {"joint": PHONE}}),
]


@pytest.mark.parametrize(("who", "path", "body"), SENT)
def test_a_refusal_repeats_nothing_and_the_log_neither(
    shared_api: ApiOffice, who: str, path: str, body: Any
) -> None:
    log = io.StringIO()
    set_up_logs(log)
    try:
        refused = shared_api.post(who, path, body)
    finally:
        structlog.reset_defaults()

    assert 400 <= refused.status_code < 500
    assert PHONE not in refused.text
    assert PHONE not in log.getvalue()
    assert "request" in log.getvalue()


@pytest.mark.parametrize("data", [b"{", b",", b'{"x": ' + PHONE.encode()])
def test_a_broken_body_is_not_repeated(shared_api: ApiOffice, data: bytes) -> None:
    sent = PHONE.encode() + data

    refused = shared_api.send(
        "wang", "/tokens", {}, data=sent, content_type="application/json"
    )

    assert refused.status_code == 400
    assert PHONE not in refused.text


def test_a_number_in_the_address_is_not_repeated(shared_api: ApiOffice) -> None:
    log = io.StringIO()
    set_up_logs(log)
    try:
        answers = [
            shared_api.get("desk", f"/visits/{PHONE}"),
            shared_api.get("desk", f"/visits?project={PHONE}"),
            shared_api.get("desk", f"/visits?{PHONE}={PAPER}"),
        ]
    finally:
        structlog.reset_defaults()

    seen = log.getvalue() + "".join(answer.text for answer in answers)
    assert PHONE not in seen
    assert PAPER not in seen
