"""Who may open which page: declared beside each view, refused unless declared."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from flask import Flask, current_app, g, request

from attribution.errors import CrossSiteRefused, NotAllowed, SignInNeeded
from attribution.people import Actor, Role
from attribution.services.admitting import actor_of_integration, actor_of_session
from attribution.services.pairing import device_of
from attribution.services.runtime import Runtime
from attribution.storage.access_repository import Device

SESSION_COOKIE = "hefu_session"
DEVICE_COOKIE = "hefu_device"
_RUNTIME = "hefu.runtime"
_DECLARED = "hefu_roles"
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_BEARER = "Bearer "

View = TypeVar("View", bound=Callable[..., Any])


class Undeclared(Exception):
    """A view says nothing about who may open it. A mistake of ours."""


# What a view may declare: a set of roles; the empty set means everybody who has
# signed in; None means everybody.
Declaration = frozenset[Role] | None


def requires(*roles: Role) -> Callable[[View], View]:
    """Declare that a view is for people who hold one of the roles."""
    return _declaring(frozenset(roles))


def open_to_all(view: View) -> View:
    """Declare that a view is for everybody, signed in or not."""
    return _declaring(None)(view)


def open_to_signed_in(view: View) -> View:
    """Declare that a view is for everybody who has signed in, whatever the role."""
    return _declaring(frozenset())(view)


def _declaring(declaration: Declaration) -> Callable[[View], View]:
    def declare(view: View) -> View:
        setattr(view, _DECLARED, declaration)
        return view

    return declare


def declaration_of(app: Flask, endpoint: str) -> Declaration:
    """Return what a view declared, or raise Undeclared."""
    if endpoint == "static":
        return None
    view = app.view_functions[endpoint]
    if not hasattr(view, _DECLARED):
        raise Undeclared(endpoint)
    return cast("Declaration", getattr(view, _DECLARED))


def endpoints(app: Flask) -> Mapping[str, Declaration]:
    """Return the table role × endpoint, as shown to administrators."""
    return {
        endpoint: declaration_of(app, endpoint)
        for endpoint in sorted(app.view_functions)
    }


def bind_runtime(app: Flask, runtime: Runtime) -> None:
    """Give the application its runtime."""
    app.extensions[_RUNTIME] = runtime


def current_runtime() -> Runtime:
    """Return the runtime of the application that is answering."""
    return cast("Runtime", current_app.extensions[_RUNTIME])


def current_actor() -> Actor:
    """Return who is asking, or raise SignInNeeded."""
    actor = asking()
    if actor is None:
        raise SignInNeeded
    return actor


def asking() -> Actor | None:
    """Return who is asking, or None; looked up once for each request."""
    if "actor" not in g:
        g.actor = _find_actor()
    return cast("Actor | None", g.actor)


def _find_actor() -> Actor | None:
    runtime = current_runtime()
    header = request.headers.get("Authorization", "")
    if header.startswith(_BEARER):
        return actor_of_integration(runtime, header.removeprefix(_BEARER).strip())
    secret = request.cookies.get(SESSION_COOKIE)
    return actor_of_session(runtime, secret) if secret else None


def current_device() -> Device | None:
    """Return the paired desk that this browser is, or None."""
    secret = request.cookies.get(DEVICE_COOKIE)
    return device_of(current_runtime(), secret) if secret else None


def caller_address() -> str:
    """Return the network address of the caller."""
    return request.remote_addr or "unknown"


def refuse_cross_site() -> None:
    """Refuse writes that another site's page sent in the person's name.

    Browsers say where a request comes from in `Sec-Fetch-Site`; older ones only in
    `Origin`. A program that sends neither carries no cookies of a browser either.
    """
    if request.method in _READING:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in {"same-origin", "none"}:
            raise CrossSiteRefused
        return
    origin = request.headers.get("Origin")
    if origin is not None and _host_of(origin) != request.host:
        raise CrossSiteRefused


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def refuse_undeclared() -> None:
    """Let only those in whom the view's declaration names."""
    if request.endpoint is None:
        return
    declaration = declaration_of(current_app, request.endpoint)
    if declaration is None:
        return
    actor = current_actor()
    if declaration and not actor.holds(*declaration):
        raise NotAllowed
