from typing import NoReturn

import pytest
from werkzeug import formparser

from attribution.people import Role
from tests.web.conftest import Front


@pytest.mark.parametrize("path", ["/sign-in", "/nowhere", "/healthz", "/account"])
def test_every_answer_carries_the_protecting_headers(front: Front, path: str) -> None:
    headers = front.browser().get(path).headers

    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/sign-in", "/static/style.css", "/nowhere"])
@pytest.mark.parametrize("sense", ["camera", "microphone", "geolocation"])
def test_no_page_may_see_hear_or_locate(front: Front, path: str, sense: str) -> None:
    with front.browser().get(path) as answer:
        policy = answer.headers["Permissions-Policy"]

    assert f"{sense}=()" in policy


def test_only_https_is_told_to_stay_https(front: Front) -> None:
    plain = front.browser().get("/sign-in")
    secure = front.browser().get("/sign-in", base_url="https://hefu.example")

    assert "Strict-Transport-Security" not in plain.headers
    assert "max-age" in secure.headers["Strict-Transport-Security"]


def test_pages_of_signed_in_people_are_not_kept(front: Front) -> None:
    answer = front.signed_in(Role.ADMIN).get("/account")

    assert answer.headers["Cache-Control"] == "no-store"


def test_the_style_sheet_may_be_kept(front: Front) -> None:
    with front.browser().get("/static/style.css") as answer:
        kept = answer.headers.get("Cache-Control", "")

    assert "no-store" not in kept


def test_the_description_of_the_api_is_open(front: Front) -> None:
    answer = front.browser().get("/api/v1/openapi.json")

    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["openapi"].startswith("3.")


def test_an_upload_is_never_written_to_the_disk(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    def to_the_disk(**_: object) -> NoReturn:
        raise AssertionError

    monkeypatch.setattr(formparser, "SpooledTemporaryFile", to_the_disk)
    browser = front.signed_in(Role.FINANCE)
    file = b'Content-Disposition: form-data; name="file"; filename="large.csv"'
    body = b"--x\r\n" + file + b"\r\n\r\n" + b"x" * 2_000_000 + b"\r\n--x--\r\n"

    answer = browser.post(
        "/finance/statements",
        data=body,
        content_type="multipart/form-data; boundary=x",
    )

    assert answer.status_code == 404  # the form names no channel
