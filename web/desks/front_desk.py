"""The front desk 前台: scan, see, confirm; walk-ins; forgotten codes; the printout."""

from datetime import datetime, timedelta
from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from attribution import errors as refused
from attribution.errors import AttributionError, InputInvalid, NotAllowed
from attribution.ids import ProjectId, TokenId, VisitId
from attribution.projects import Project
from attribution.services.answering import Reply
from attribution.services.confirming import confirmation_of
from attribution.services.greeting import DESK_ROLES, Arrival
from attribution.services.looking import (
    find_reports,
    peek_token,
    release_token,
    visits_of_today,
)
from attribution.services.surveying import projects_of
from attribution.services.visiting import confirm_report, record_walk_in, redeem_token
from tokens import errors as malformed
from tokens.errors import Reason, TokenError
from tokens.identifiers import Identifier, guess_kind
from tokens.scans import read_scan
from web.access import current_actor, current_device, current_runtime, requires
from web.forms import Form, page_request
from web.notice import NOTICE_VERSION, PURPOSES, parse_notice
from web.parsing import parse_identifiers, parse_party
from web.pictures import text_qr
from web.problems import answer_refusal, explain, wants_json
from web.receipts import printed_receipt
from web.standings import SHORT_LEADS, STANDINGS
from web.visitor_words import FLAGS

bp = Blueprint("front_desk", __name__, url_prefix="/desk")

_LARGEST_PARTY = 99
_HASTE = timedelta(seconds=10)
# A number that is not the client's is mended where it was typed.
_AT_THE_NUMBER = {"visitor": refused.BindingMismatch}


@bp.get("")
@requires(*DESK_ROLES)
def choose() -> ResponseReturnValue:
    """Lead to the sales centre of this device, or the only one, or ask which."""
    projects = _projects()
    device = current_device()
    own = [one for one in projects if device and one.id == device.project_id]
    if len(own or projects) == 1:
        chosen = (own or projects)[0]
        address = url_for(".arrivals", project_id=chosen.id)
        return redirect(address, HTTPStatus.SEE_OTHER)
    return render_template("front_desk/choose.html", projects=projects)


@bp.get("/<project_id>")
@requires(*DESK_ROLES)
def arrivals(project_id: str) -> str:
    """Show the one field, and who came today."""
    return render_template(
        "front_desk/arrivals.html",
        project=_project(project_id),
        visits=visits_of_today(
            current_runtime(), by=current_actor(), project_id=ProjectId(project_id)
        ),
        standings=STANDINGS,
        flag_words=FLAGS,
    )


@bp.post("/<project_id>/peek")
@requires(*DESK_ROLES)
def peek(project_id: str) -> str:
    """Say what a scanned or typed code would do, and ask to confirm it."""
    return _looked_at(project_id, Form(request.form))


@bp.post("/<project_id>/redeem")
@requires(*DESK_ROLES)
def redeem(project_id: str) -> ResponseReturnValue:
    """Redeem a token, once; what has to be mended is asked for on the same page."""
    form, scan = Form(request.form), read_scan(request.form["scan"])
    arrival = _arrival(form)
    if form.mistakes:
        return _looked_at(project_id, form), HTTPStatus.UNPROCESSABLE_ENTITY
    with form.catching(**_AT_THE_NUMBER):
        reply = redeem_token(
            current_runtime(),
            by=current_actor(),
            request=page_request(),
            project_id=ProjectId(project_id),
            scan=scan,
            arrival=arrival,
        )
    if form.mistakes:
        return _looked_at(project_id, form), HTTPStatus.CONFLICT
    return _recorded(project_id, reply)


@bp.post("/<project_id>/release")
@requires(*DESK_ROLES)
def release(project_id: str) -> ResponseReturnValue:
    """Give back a token that was looked at and rejected; it stays good."""
    token_id = TokenId(request.form["token_id"])
    release_token(current_runtime(), by=current_actor(), token_id=token_id)
    address = url_for(".arrivals", project_id=project_id)
    return redirect(address, HTTPStatus.SEE_OTHER)


@bp.get("/<project_id>/walk-in")
@requires(*DESK_ROLES)
def walk_in_form(project_id: str) -> str:
    """Show the form of a walk-in."""
    return _walk_in_page(project_id, Form())


@bp.post("/<project_id>/walk-in")
@requires(*DESK_ROLES)
def walk_in(project_id: str) -> ResponseReturnValue:
    """Record a walk-in; what stands in the desk's one field is asked about first."""
    form = Form(request.form)
    if text := form.text("scan"):
        number = text if guess_kind(text) else ""
        return _walk_in_page(project_id, Form(), number=number)
    if _follows_another(form):
        # Asked by a page of its own, which may be loaded again and records nothing.
        address = url_for(".walk_in_form", project_id=project_id, again=1)
        return redirect(address, HTTPStatus.SEE_OTHER)
    arrival = _arrival(form)
    if form.mistakes:
        return _walk_in_page(project_id, form), HTTPStatus.UNPROCESSABLE_ENTITY
    reply = record_walk_in(
        current_runtime(),
        by=current_actor(),
        request=page_request(),
        project_id=ProjectId(project_id),
        arrival=arrival,
    )
    return _recorded(project_id, reply)


@bp.get("/<project_id>/forgotten")
@requires(*DESK_ROLES)
def forgotten_form(project_id: str) -> str:
    """Show the form for a client who forgot the code."""
    return _forgotten_page(project_id, Form())


@bp.post("/<project_id>/forgotten")
@requires(*DESK_ROLES)
def forgotten(project_id: str) -> ResponseReturnValue:
    """Look for the live reports of a number. The look-up is logged, found or not."""
    form = Form(request.form)
    nobody: tuple[Identifier, ...] = ()
    identifiers = form.read("scan", parse_identifiers, nobody)
    if form.mistakes:
        return _forgotten_page(project_id, form), HTTPStatus.UNPROCESSABLE_ENTITY
    if not identifiers:
        return forgotten_form(project_id)
    reports = find_reports(
        current_runtime(),
        by=current_actor(),
        project_id=ProjectId(project_id),
        identifiers=identifiers,
    )
    return _forgotten_page(
        project_id, Form(), number=form.text("scan"), reports=reports
    )


@bp.post("/<project_id>/confirm-report")
@requires(*DESK_ROLES)
def confirm(project_id: str) -> ResponseReturnValue:
    """Redeem a live report without its code."""
    form, token_id = Form(request.form), TokenId(request.form["token_id"])
    arrival = _arrival(form)
    if form.mistakes:
        page = _forgotten_page(project_id, form, token_id=token_id)
        return page, HTTPStatus.UNPROCESSABLE_ENTITY
    with form.catching(**_AT_THE_NUMBER):
        reply = confirm_report(
            current_runtime(),
            by=current_actor(),
            request=page_request(),
            project_id=ProjectId(project_id),
            token_id=token_id,
            arrival=arrival,
        )
    if form.mistakes:
        page = _forgotten_page(project_id, form, token_id=token_id)
        return page, HTTPStatus.CONFLICT
    return _recorded(project_id, reply)


@bp.get("/visits/<visit_id>/print")
@requires(*DESK_ROLES)
def confirmation(visit_id: str) -> str:
    """Show the visit confirmation 带看确认单 again, without the visitor's link."""
    shown = confirmation_of(
        current_runtime(), by=current_actor(), visit_id=VisitId(visit_id)
    )
    return render_template(
        "front_desk/print.html",
        confirmation=shown,
        words=STANDINGS[shown.visit.standing],
        short_leads=SHORT_LEADS,
        proof=printed_receipt(shown.visit.id),
    )


def show_refusal(error: AttributionError | TokenError) -> ResponseReturnValue:
    """Answer a refusal at the desk itself, with the field ready for the next scan."""
    project_id = str((request.view_args or {})["project_id"])
    if project_id not in {one.id for one in _projects()}:
        return answer_refusal(NotAllowed())
    if wants_json():
        return answer_refusal(error)
    scan = request.form.get("scan", "")
    looks_like_one = bool(guess_kind(scan))
    is_number = request.endpoint == "front_desk.peek" and looks_like_one
    # Whoever was looked up without success is recorded as a walk-in by one key.
    is_looked_up = request.endpoint == "front_desk.forgotten" and looks_like_one
    told = _told(error)
    problem = explain(told)
    page = _page(
        "front_desk/refused.html",
        project_id,
        problem=problem,
        kind="red" if isinstance(error, _FINAL) else "amber",
        scan=scan,
        number=scan if is_number else "",
        kept=scan if is_number or is_looked_up or told is not error else "",
        is_used=isinstance(error, refused.TokenUsed),
    )
    headers = {"Retry-After": str(problem.facts.get("retry_after", 0))}
    return page, problem.status, headers if "retry_after" in problem.facts else {}


_SLIPS = (Reason.CHECK_SYMBOL, Reason.SYMBOL)
_NEARLY_A_CODE = range(9, 14)  # symbols; a code has eleven
_FINAL = (
    refused.TokenUnknown,
    refused.WrongProject,
    refused.TokenRevoked,
    refused.TokenExpired,
    refused.TokenUsed,
    refused.BindingMismatch,
    malformed.TokenForged,
)
_SHOWN_HERE = (
    *_FINAL,
    refused.TokenReserved,
    refused.CodeRequired,
    refused.VisitOverdue,
    refused.RateLimited,
    refused.InputInvalid,
    malformed.ScanMalformed,
    malformed.IdentifierInvalid,
)
for _kind in _SHOWN_HERE:
    bp.register_error_handler(_kind, show_refusal)


def _told(error: AttributionError | TokenError) -> AttributionError | TokenError:
    """Tell whoever mistyped a code what a code looks like, not what a scan is."""
    if not isinstance(error, malformed.ScanMalformed):
        return error
    symbols = sum(map(str.isalnum, request.form.get("scan", "")))
    is_nearly_a_code = error.reason is Reason.LENGTH and symbols in _NEARLY_A_CODE
    if error.reason in _SLIPS or is_nearly_a_code:
        return malformed.CodeMalformed(error.reason)
    return error


def _recorded(project_id: str, reply: Reply) -> ResponseReturnValue:
    """Answer with the page itself: the receipt is in this answer and nowhere else.

    Loading it again sends the same request id, and so repeats the same answer.
    """
    receipt = str(reply.answer["visitor_receipt"])
    shown = confirmation_of(
        current_runtime(),
        by=current_actor(),
        visit_id=VisitId(str(reply.answer["visit_id"])),
    )
    address = url_for("visitor.held", receipt=receipt, _external=True)
    page = _page(
        "front_desk/recorded.html",
        project_id,
        confirmation=shown,
        words=STANDINGS[shown.visit.standing],
        is_anonymous="visitor" not in request.form and not shown.visit.token_id,
        receipt=receipt,
        address=address,
        picture=text_qr(address),
        proof=printed_receipt(shown.visit.id),
    )
    return page, HTTPStatus.CREATED


def _page(template: str, project_id: str, **values: object) -> str:
    return render_template(
        template,
        project=_project(project_id),
        standings=STANDINGS,
        short_leads=SHORT_LEADS,
        notice_version=NOTICE_VERSION,
        purposes=PURPOSES,
        **values,
    )


def _projects() -> list[Project]:
    return projects_of(current_runtime(), by=current_actor(), roles=DESK_ROLES)


def _project(project_id: str) -> Project:
    found = [one for one in _projects() if one.id == project_id]
    if not found:
        raise NotAllowed
    return found[0]


def _arrival(form: Form) -> Arrival:
    """Read who came; each mistake is kept at its field, and no number anywhere."""
    return Arrival(
        identifiers=form.read("visitor", parse_identifiers, ()),
        party=form.read("party", parse_party, ()),
        party_size=form.read("party_size", _parse_party_size, 1),
        notice_version=parse_notice(form.text("notice")),
        purposes=tuple(one for one in PURPOSES if one in form.texts("purposes")),
    )


def _parse_party_size(text: str) -> int:
    is_count = text.isdecimal() and len(text) <= len(str(_LARGEST_PARTY))
    if text and (not is_count or not 1 <= int(text) <= _LARGEST_PARTY):
        raise InputInvalid("party_size", f"must be from 1 to {_LARGEST_PARTY}")
    return int(text or 1)


def _follows_another(form: Form) -> bool:
    """Say whether one key was pressed on the page that a walk-in just answered.

    Keys bounce and people press twice; a second party within seconds is asked about.
    """
    text = form.text("after")
    try:
        after = datetime.fromisoformat(text)
        return current_runtime().now() - after < _HASTE
    except (TypeError, ValueError):
        return False


def _looked_at(project_id: str, form: Form) -> str:
    """Show what a code would do; what was ticked stays ticked."""
    scan = form.text("scan")
    found = peek_token(
        current_runtime(),
        by=current_actor(),
        project_id=ProjectId(project_id),
        scan=read_scan(scan),
    )
    return _page("front_desk/peek.html", project_id, peek=found, scan=scan, form=form)


def _walk_in_page(project_id: str, form: Form, *, number: str = "") -> str:
    return _page(
        "front_desk/walk_in.html",
        project_id,
        form=form,
        number=number,
        is_again="again" in request.args,
    )


def _forgotten_page(project_id: str, form: Form, **values: object) -> str:
    values = {"number": "", "reports": None, "token_id": "", **values}
    return _page("front_desk/forgotten.html", project_id, form=form, **values)
