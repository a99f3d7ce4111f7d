"""Atlas: every page of the application, found by following links, with its address.

A page with something in its address (a token, a deal) must be reached from another
page, or be given in `start`; so no page is forgotten here, and none is an orphan.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import unescape
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect, Rule

from web.access import SESSION_COOKIE

_LINK = re.compile(r'(?:href|formaction)="([^"#]+)')
# Answers for programs, files, and what only leads to another page.
_NO_PAGES = (
    "/api/",
    "/static/",
    "/healthz",
    ".xlsx",
    "/ledger/journal.",
    ".zip",
    ".tlog-proof",
    "/cases/evidence/",
)
_ONLY_LEADS_ON = {"/notice"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """One page: its endpoint, who opens it (nobody: empty), and where."""

    endpoint: str
    login: str
    path: str


def pages_of(app: Flask) -> dict[str, Rule]:
    """Return the rule of every page, by its endpoint."""
    return {
        rule.endpoint: rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ())
        and not _is_no_page(rule.rule)
        and rule.rule not in _ONLY_LEADS_ON
    }


def _is_no_page(path: str) -> bool:
    return any(mark in path for mark in _NO_PAGES)


def explore(
    app: Flask, sessions: Mapping[str, str], start: Iterable[str]
) -> dict[str, Sheet]:
    """Return a sheet for each page that somebody reaches, by its endpoint."""
    rules = pages_of(app)
    begin = [rule.rule for rule in rules.values() if not rule.arguments]
    found: dict[str, Sheet] = {}
    for login, session in sessions.items():
        client = app.test_client()
        client.set_cookie(SESSION_COOKIE, session)
        for endpoint, path in _walk(app, client, [*begin, *start]):
            if endpoint in rules and endpoint not in found:
                found[endpoint] = Sheet(endpoint=endpoint, login=login, path=path)
    return found


def _walk(
    app: Flask, client: FlaskClient, queue: list[str]
) -> Iterable[tuple[str, str]]:
    """Yield endpoint and path of every page that opens; one path for each endpoint."""
    seen: set[str] = set()
    while queue:
        path = queue.pop(0)
        endpoint = _endpoint_of(app, path)
        if endpoint is None or endpoint in seen or _is_no_page(path):
            continue
        answer = client.get(path)
        if answer.status_code == 200 and answer.mimetype == "text/html":
            seen.add(endpoint)
            yield endpoint, path
            links = (unescape(one) for one in _LINK.findall(answer.text))
            queue += [one for one in links if one.startswith("/")]
        elif answer.location:
            queue.append(answer.location)


def _endpoint_of(app: Flask, path: str) -> str | None:
    try:
        endpoint, _values = app.url_map.bind("localhost").match(urlsplit(path).path)
    except (HTTPException, RequestRedirect):
        return None
    return str(endpoint)
