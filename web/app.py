"""The application: desks, API, and what stands around every request."""

import hmac
import importlib
import pkgutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import structlog
from apiflask import APIFlask
from flask import Flask, Request, Response, g, request
from flask.sessions import (
    NullSession,
    SecureCookieSession,
    SecureCookieSessionInterface,
)
from jinja2 import StrictUndefined

import web.api
import web.desks
from attribution.services.runtime import Runtime
from web import access, navigation, problems, security
from web.access import bind_runtime, refuse_cross_site
from web.api.document import completed
from web.field_names import field_name
from web.languages import current_language, set_up_languages

_LOG = structlog.get_logger()
_FLASH_LABEL = b"flash-cookie/v1\x00"


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What a reader of the pages is shown by default."""

    language: str = "zh"
    is_demo: bool = False


def every_desk() -> list[str]:
    """Return the names of all modules of desks and API."""
    return [
        f"{package.__name__}.{module.name}"
        for package in (web.desks, web.api)
        for module in pkgutil.iter_modules(package.__path__)
    ]


def create_app(
    runtime: Runtime, *, look: Look | None = None, desks: Iterable[str] | None = None
) -> APIFlask:
    """Return the application, serving the given desks (default: all of them).

    A module of `web.desks` or `web.api` that holds a blueprint named `bp` is a desk.
    """
    look = look or Look()
    app = APIFlask(
        "web",
        title="Hefu 合符",
        version="1",
        spec_path="/api/v1/openapi.json",
        docs_path=None,
        docs_oauth2_redirect_path=None,
        json_errors=False,
    )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    bind_runtime(app, runtime)
    # Flask's own session carries one-line messages to the next page, and nothing else.
    app.secret_key = hmac.digest(runtime.keys.request_key, _FLASH_LABEL, "sha256")
    app.session_interface = _MessagesOfPages()
    app.config.update(SESSION_COOKIE_NAME="hefu_message", SESSION_COOKIE_SAMESITE="Lax")
    set_up_languages(app, look.language)
    security.protect(app)
    app.before_request(_begin)
    app.before_request(refuse_cross_site)
    app.before_request(access.refuse_undeclared)
    app.before_request(security.refuse_nul)
    app.after_request(_log_request)
    problems.register(app)
    for name in every_desk() if desks is None else desks:
        module = importlib.import_module(name)
        if hasattr(module, "bp"):
            app.register_blueprint(module.bp)
    _declare_openapi(app)
    _offer_to_templates(app, look)
    return app


class _MessagesOfPages(SecureCookieSessionInterface):
    """The API has no messages to carry: no cookie is read or signed for its calls."""

    def open_session(
        self, app: Flask, request: Request
    ) -> SecureCookieSession | NullSession | None:
        """Return what carries messages to the next page; nothing for the API."""
        if request.path.startswith("/api/"):
            return self.make_null_session(app)
        return super().open_session(app, request)


def _begin() -> None:
    g.began = time.perf_counter()


def _log_request(response: Response) -> Response:
    """Log what was asked and how it went: the rule, never the values in it."""
    rule = request.url_rule.rule if request.url_rule else None
    if request.endpoint != "static":
        _LOG.info(
            "request",
            method=request.method,
            rule=rule,
            status=response.status_code,
            ms=round((time.perf_counter() - g.began) * 1000, 1),
        )
    return response


def _declare_openapi(app: APIFlask) -> None:
    """The document that describes the API is for everybody who may write a client."""
    access.open_to_all(app.view_functions["openapi.spec"])
    app.spec_processor(partial(completed, app))


def _offer_to_templates(app: Flask, look: Look) -> None:
    app.jinja_env.globals.update(
        asking=access.asking,
        desks_of=navigation.desks_of,
        is_here=navigation.is_here,
        current_language=current_language,
        is_admin=navigation.is_admin,
        is_demo=look.is_demo,
        field_name=field_name,
        role_name=navigation.ROLE_NAMES.__getitem__,
        new_request_id=lambda: access.current_runtime().new_id(),
        now=lambda: access.current_runtime().now(),
        proof_due=lambda at: at + access.current_runtime().merge_delay,
    )
