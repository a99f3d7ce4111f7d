"""The first page, signing in and out, invitations, the second factor, pairing."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from unicodedata import normalize
from urllib.parse import urlsplit

import segno
from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from attribution.documents import instant_text
from attribution.errors import (
    InputInvalid,
    NotFound,
    PasswordTooWeak,
    SecondFactorInvalid,
    SignInRefused,
)
from attribution.services.admitting import (
    SESSION_LIFETIME,
    Attempt,
    confirm_second_factor,
    draw_second_factor,
    has_second_factor,
    sign_in,
    sign_out,
)
from attribution.services.enrolling import (
    accept_invitation,
    account_of_person,
)
from attribution.services.pairing import pair_device
from attribution.services.witnessing import owed_since
from attribution.totp import SECRET_BYTES, enrolment_uri, secret_text
from web.access import (
    DEVICE_COOKIE,
    SESSION_COOKIE,
    asking,
    caller_address,
    current_actor,
    current_device,
    current_runtime,
    open_to_all,
    open_to_signed_in,
)
from web.forms import page_request
from web.languages import LANGUAGE_COOKIE
from web.navigation import desks_of
from web.problems import Problem, explain, explain_code, wants_json
from web.settings import LANGUAGES

bp = Blueprint("front_page", __name__)

_DEVICE_LIFETIME = 400 * 24 * 3600
_YEAR = 365 * 24 * 3600
_OWN = re.compile(r"/(?!/)")


@bp.get("/")
@open_to_all
def home() -> ResponseReturnValue:
    """Show the desks of the person, or lead to the only one, or to the sign-in."""
    actor = asking()
    if actor is None:
        return redirect(url_for(".sign_in_form"), HTTPStatus.SEE_OTHER)
    desks = desks_of(actor)
    if len(desks) == 1:
        return redirect(desks[0].path, HTTPStatus.SEE_OTHER)
    return render_template("home.html", actor=actor, desks=desks)


@bp.get("/sign-in")
@open_to_all
def sign_in_form() -> str:
    """Show the form."""
    return _sign_in_page(request.args)


def _sign_in_page(asked: Mapping[str, str], problem: Problem | None = None) -> str:
    return render_template(
        "sign_in.html",
        next=_own_path(asked.get("next")),
        login=asked.get("login", "") if problem else "",
        problem=problem,
        device=current_device(),
    )


@bp.post("/sign-in")
@open_to_all
def begin_session() -> ResponseReturnValue:
    """Open a session; a refusal is told on the form, which keeps the login."""
    device = current_device()
    try:
        secret = sign_in(
            current_runtime(),
            login=request.form["login"],
            password=request.form["password"],
            digits=request.form.get("digits", ""),
            attempt=Attempt(
                address=caller_address(), device_id=device.id if device else None
            ),
        )
    except SignInRefused as refusal:
        if wants_json():
            raise
        problem = explain(refusal)
        return _sign_in_page(request.form, problem), problem.status
    response = make_response(
        redirect(_own_path(request.form.get("next")), HTTPStatus.SEE_OTHER)
    )
    _set_cookie(response, SESSION_COOKIE, secret, int(SESSION_LIFETIME.total_seconds()))
    return response


@bp.post("/sign-out")
@open_to_all
def end_session() -> ResponseReturnValue:
    """End the session of this browser."""
    secret = request.cookies.get(SESSION_COOKIE)
    if secret:
        sign_out(current_runtime(), secret)
    response = make_response(redirect(url_for(".sign_in_form"), HTTPStatus.SEE_OTHER))
    response.delete_cookie(SESSION_COOKIE, samesite="Lax", httponly=True)
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@bp.post("/language")
@open_to_all
def choose_language() -> ResponseReturnValue:
    """Remember the language of this browser, and go back to where it was chosen."""
    language = request.form["language"]
    back = _own_path(request.form.get("next"))
    response = make_response(redirect(back, HTTPStatus.SEE_OTHER))
    if language in LANGUAGES:
        _set_cookie(response, LANGUAGE_COOKIE, language, _YEAR)
    return response


@bp.get("/invitation")
@open_to_all
def invitation_form() -> str:
    """Show the form; the secret stays behind the # of the address, out of every log."""
    return render_template("invitation.html", problem=None, invitation="")


@bp.post("/invitation")
@open_to_all
def accept() -> ResponseReturnValue:
    """Set the password of the invited person; a weak one is asked for again."""
    secret = request.form["invitation"]
    try:
        accept_invitation(
            current_runtime(), secret=secret, password=request.form["password"]
        )
    except PasswordTooWeak as refusal:
        if wants_json():
            raise
        problem = explain(refusal)
        # The page goes to whoever sent it: without it the invitation would be lost.
        page = render_template("invitation.html", problem=problem, invitation=secret)
        return page, problem.status
    flash(_("密码已设好，请登录。"), "good")
    return redirect(url_for(".sign_in_form"), HTTPStatus.SEE_OTHER)


@bp.get("/account")
@open_to_signed_in
def account() -> str:
    """Show who is signed in, with which roles, and whether a second factor is set."""
    actor = current_actor()
    return render_template(
        "account.html",
        actor=actor,
        device=current_device(),
        has_second_factor=has_second_factor(current_runtime(), actor.person_id),
    )


@bp.post("/account/second-factor")
@open_to_signed_in
def offer_second_factor() -> str:
    """Show a fresh secret as QR and text, to be confirmed by its first digits."""
    return _second_factor_page(draw_second_factor(current_runtime()))


def _second_factor_page(secret: bytes, problem: Problem | None = None) -> str:
    runtime = current_runtime()
    login = account_of_person(runtime, current_actor().person_id).login
    picture = segno.make(enrolment_uri(secret, login), micro=False, error="m")
    return render_template(
        "second_factor.html",
        problem=problem,
        secret=secret.hex(),
        text=secret_text(secret),
        # Drawn by segno from our own text: paths and numbers, nothing typed by anybody.
        picture=Markup(picture.svg_inline(omitsize=True, dark="#000", light="#fff")),  # noqa: S704
    )


@bp.post("/account/second-factor/confirm")
@open_to_signed_in
def confirm() -> ResponseReturnValue:
    """Ask for the second factor from now on; wrong digits are asked for again."""
    secret = _secret_in(request.form["secret"])
    try:
        confirm_second_factor(
            current_runtime(),
            current_actor().person_id,
            secret=secret,
            digits=request.form["digits"],
            request=page_request(),
        )
    except SecondFactorInvalid as refusal:
        if wants_json():
            raise
        problem = explain(refusal)
        return _second_factor_page(secret, problem), problem.status
    flash(_("验证码已启用，下次登录时要输入。"), "good")
    return redirect(url_for(".account"), HTTPStatus.SEE_OTHER)


@bp.get("/pair")
@open_to_all
def pairing_form() -> str:
    """Show the form that makes this browser a desk."""
    return render_template("pair.html", device=current_device())


@bp.post("/pair")
@open_to_all
def pair() -> ResponseReturnValue:
    """Make this browser a desk of a project."""
    secret = pair_device(
        current_runtime(),
        code=normalize("NFKC", request.form["code"]),
        address=caller_address(),
    )
    flash(_("这台电脑已配对，请登录。"), "good")
    response = make_response(redirect(url_for(".sign_in_form"), HTTPStatus.SEE_OTHER))
    _set_cookie(response, DEVICE_COOKIE, secret, _DEVICE_LIFETIME)
    return response


@bp.get("/problems/<code>")
@open_to_all
def problem(code: str) -> ResponseReturnValue:
    """Explain a stable code: the `type` of every problem+json leads here."""
    found = explain_code(code)
    if found is None:
        raise NotFound
    return render_template("problem.html", problem=found, back="/")


@bp.get("/healthz")
@open_to_all
def health() -> ResponseReturnValue:
    """Say that the application answers, and since when the log owes a proof.

    A log that is late is no reason to take the desks away: the status stays 200.
    """
    owed = owed_since(current_runtime())
    if owed is None:
        return {"status": "ok", "log": "ok"}
    return {"status": "ok", "log": "PROOF_OVERDUE", "owed_since": instant_text(owed)}


def _secret_in(text: str) -> bytes:
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    # The page sends back what it was given; any other length is not ours.
    if len(secret) != SECRET_BYTES:
        raise InputInvalid("secret", "SECRET_DAMAGED")
    return secret


def _own_path(text: str | None) -> str:
    """Return a path of this site, whatever was asked for: never another site's.

    A path that begins with two slashes names another site to a browser.
    """
    try:
        parts = urlsplit(text or "/")
    except ValueError:
        return "/"
    is_own = not parts.scheme and not parts.netloc and _OWN.match(parts.path)
    return parts.path if is_own and "\\" not in parts.path else "/"


def _set_cookie(response: Response, name: str, value: str, lifetime: int) -> None:
    response.set_cookie(
        name,
        value,
        max_age=lifetime,
        httponly=True,
        secure=request.is_secure,
        samesite="Lax",
    )
