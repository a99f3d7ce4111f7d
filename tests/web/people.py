"""Browsers of the office's own people, and how pages are read."""

import html
import re

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from attribution.people import Role
from attribution.services.enrolling import give_role, set_password
from tests.web.conftest import PASSWORD, Front, sign_in

_REQUEST_ID = re.compile(r'name="request_id" value="([0-9a-f]+)"')


def browser_of(front: Front, name: str, role: Role) -> FlaskClient:
    """Return the browser of somebody whom the office knows, signed in."""
    runtime, person = front.office.runtime, front.office.people[name]
    give_role(runtime, person, front.office.grant(role, name))
    set_password(runtime, person, PASSWORD)
    browser = front.browser()
    sign_in(browser, name)
    return browser


def in_english(browser: FlaskClient) -> FlaskClient:
    """Let a browser read English."""
    browser.set_cookie("hefu_lang", "en")
    return browser


def text_of(response: TestResponse) -> str:
    """Return a page as a reader sees it: no tags, one space between words."""
    body = re.sub(r"<(head|svg)\b.*?</\1>", " ", response.text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def request_id_in(response: TestResponse) -> str:
    """Return the hidden request id of the first form on a page."""
    found = _REQUEST_ID.search(response.text)
    assert found is not None
    return found[1]
