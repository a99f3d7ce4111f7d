"""Premises: an office behind a real server, and browsers of those who come to it."""

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
)
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wsgi import ClosingIterator

from attribution.people import Role
from attribution.services.admitting import Attempt, sign_in
from attribution.services.enrolling import give_role, set_password
from tests.office import Office
from web.access import SESSION_COOKIE
from web.languages import LANGUAGE_COOKIE

if TYPE_CHECKING:  # these names exist for the type checker alone
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PASSWORD = "four unrelated words"
ROLES: Mapping[str, Role] = {
    "wang": Role.AGENT,
    "li": Role.AGENT,
    "desk": Role.DESK,
    "desk two": Role.DESK,
    "signing": Role.SIGNING,
    "finance": Role.FINANCE,
    "admin": Role.ADMIN,
    "judge": Role.ADJUDICATOR,
    "second judge": Role.ADJUDICATOR,
}
PHONE: Mapping[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
_LOCALES = {"zh": "zh-CN", "en": "en-GB"}
DESK: Mapping[str, Any] = {"viewport": {"width": 1280, "height": 800}}


class _Quiet(WSGIRequestHandler):
    """Answers without writing a line for each request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def _at_once(app: "WSGIApplication") -> "WSGIApplication":
    """Answer in one piece: a file is closed before the first byte is sent.

    Werkzeug's server forgets to close what it was sending when a browser that has
    moved on resets the connection, and an open file fails whatever test runs then.
    """

    def answer(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        with closing(ClosingIterator(app(environ, start))) as parts:
            return [b"".join(parts)]

    return answer


@contextmanager
def served(app: Flask) -> Iterator[str]:
    """Serve an application on a free port of this machine; give its address."""
    whole = _at_once(app.wsgi_app)
    server = make_server("127.0.0.1", 0, whole, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.05}
    )
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Watch:
    """Notes what no page may ever do: fail in a script, or ask another host."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.faults: list[str] = []
        self._host = urlsplit(address).netloc
        context.on("console", self._note_console)
        context.on("weberror", lambda error: self.faults.append(str(error.error)))
        context.on("request", self._note_request)
        context.on("response", self._note_response)

    def _note_console(self, message: ConsoleMessage) -> None:
        """Note errors; a refusal answered by a whole page is none (see below)."""
        is_status = message.text.startswith("Failed to load resource")
        if message.type in {"error", "warning"} and not is_status:
            self.faults.append(f"{message.page and message.page.url}: {message.text}")

    def _note_request(self, request: Request) -> None:
        if urlsplit(request.url).netloc != self._host:
            self.faults.append(f"asked another host: {request.url}")

    def _note_response(self, response: Response) -> None:
        is_part = response.request.resource_type != "document"
        if response.status >= 500 or (is_part and response.status >= 400):
            self.faults.append(f"{response.status} for {response.url}")


class Premises:
    """A served office; `come` gives a page of the browser of one of its people."""

    def __init__(
        self,
        *,
        browser: Browser,
        address: str,
        office: Office,
        password: str = PASSWORD,
    ) -> None:
        self.address = address
        self.office = office
        self._password = password
        self._with_password: set[str] = set()
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self._watches: list[Watch] = []

    @property
    def faults(self) -> list[str]:
        """Return whatever any page did wrong so far."""
        return [fault for watch in self._watches for fault in watch.faults]

    def come(
        self,
        name: str = "",
        device: Mapping[str, Any] = DESK,
        *,
        language: str = "zh",
        **options: Any,
    ) -> Page:
        """Return a page of a fresh browser in which somebody has signed in."""
        context = self._browser.new_context(
            base_url=self.address,
            locale=_LOCALES[language],
            reduced_motion="reduce",
            **device,
            **options,
        )
        context.set_default_timeout(10_000)
        self._contexts.append(context)
        self._watches.append(Watch(context, self.address))
        cookies = {LANGUAGE_COOKIE: language}
        if name:
            cookies[SESSION_COOKIE] = self.session_of(name)
        for key, value in cookies.items():
            context.add_cookies([{"name": key, "value": value, "url": self.address}])
        return context.new_page()

    def session_of(self, name: str) -> str:
        """Return the cookie of somebody of the office who signs in now."""
        runtime = self.office.runtime
        if name in self.office.people and name not in self._with_password:
            self._with_password.add(name)
            person = self.office.people[name]
            give_role(runtime, person, self.office.grant(ROLES[name], name))
            set_password(runtime, person, self._password)
        return sign_in(
            runtime,
            login=name,
            password=self._password,
            digits="",
            attempt=Attempt(address="127.0.0.1"),
        )

    def close(self) -> None:
        """Close every browser."""
        for context in self._contexts:
            context.close()
