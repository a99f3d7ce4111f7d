"""A statement goes in by two steps: what was found in it, and the person's yes."""

import html
import re

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

_FORM = re.compile(
    r'<form[^>]*action="([^"]*/statements/confirm)".*?</form>', re.DOTALL
)
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_SELECT = re.compile(r'<select name="([^"]+)".*?</select>', re.DOTALL)
_CHOSEN = re.compile(r'<option value="([^"]*)" selected>')


def proposed(page: str) -> dict[str, str]:
    """Return the fields of a page that proposes columns, as a browser sends them."""
    form = _FORM.search(page)
    assert form is not None, page
    fields = {name: html.unescape(value) for name, value in _HIDDEN.findall(form[0])}
    for select in _SELECT.finditer(form[0]):
        chosen = _CHOSEN.search(select[0])
        fields[select[1]] = chosen[1] if chosen else ""
    return fields


def multipart(fields: dict[str, str], file: tuple[str, bytes]) -> dict[str, object]:
    """Return a large body whole; the client of the tests would write it to the disk."""
    begin = "--x\r\nContent-Disposition: form-data; name="
    parts = [
        f'{begin}"{name}"\r\n\r\n{said}\r\n'.encode() for name, said in fields.items()
    ]
    head = f'{begin}"file"; filename="{file[0]}"'
    parts += [head.encode(), b"\r\n\r\n", file[1], b"\r\n--x--\r\n"]
    kind = "multipart/form-data; boundary=x"
    return {"data": b"".join(parts), "content_type": kind}


def confirm(browser: FlaskClient, page: TestResponse, **changed: str) -> TestResponse:
    """Send the page that proposes columns, with or without changes."""
    fields = {**proposed(page.text), **changed}
    return browser.post(
        "/finance/statements/confirm", data=fields, content_type="multipart/form-data"
    )
