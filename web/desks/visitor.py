"""The visitor's pages 访客, without an account: what is held, a link, the notice."""

from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from attribution.errors import NotFound
from attribution.ids import ChannelId
from attribution.services.binding import bind_by_link, open_link
from attribution.services.disputing import Receipt
from attribution.services.receipting import facts_of_holder
from attribution.services.stating import own_visit, state_as_visitor
from attribution.visitor_statements import BroughtBy, Said
from tokens.errors import IdentifierInvalid, Reason
from web.access import caller_address, current_runtime, open_to_all
from web.forms import Form, page_request
from web.log_words import ENTRY_WORDS
from web.notice import NOTICE_VERSION, PURPOSES, notice_template
from web.parsing import parse_whole
from web.problems import answer_refusal, wants_json
from web.reasons import reason_text
from web.receipts import handed_out
from web.standings import STANDINGS
from web.visitor_words import before_choices, brought_choices, worded_statement

bp = Blueprint("visitor", __name__)


@bp.get("/v/<receipt>")
@open_to_all
def held(receipt: str) -> str:
    """Show the holder of a receipt what is held about the visit."""
    return _held_page(receipt, Form())


@bp.post("/v/<receipt>/statement")
@open_to_all
def state(receipt: str) -> ResponseReturnValue:
    """Keep what the visitor says: been here before, and brought by whom."""
    form, runtime = Form(request.form), current_runtime()
    said = _said(form)
    if said.is_silent and not form.mistakes:
        form.refuse("been_before", _("两个问题请至少回答一个。"))
    if not form.mistakes:
        presented = Receipt(text=receipt, address=caller_address())
        visit = own_visit(runtime, receipt=presented).visit
        with form.catching():
            state_as_visitor(
                runtime,
                receipt=presented,
                request=page_request(caller=f"visit:{visit.id}"),
                said=said,
            )
            flash(_("记下了，谢谢。"), "good")
            return redirect(url_for(".held", receipt=receipt), HTTPStatus.SEE_OTHER)
    return _held_page(receipt, form), HTTPStatus.UNPROCESSABLE_ENTITY


def _said(form: Form) -> Said:
    """Read what was answered; a channel is chosen by its id."""
    before, brought = form.text("been_before"), form.text("brought_by")
    if before not in _BEFORE:
        form.refuse("been_before", _("请从列表里选。"))
    fixed = {"": None, "nobody": BroughtBy.NOBODY, "other": BroughtBy.OTHER}
    is_channel = brought not in fixed
    return Said(
        been_before=_BEFORE.get(before),
        brought_by=fixed.get(brought, BroughtBy.CHANNEL),
        channel_id=ChannelId(brought) if is_channel else None,
    )


_BEFORE = {"": None, "yes": True, "no": False}


def _held_page(receipt: str, form: Form) -> str:
    runtime, address = current_runtime(), caller_address()
    own = own_visit(runtime, receipt=Receipt(text=receipt, address=address))
    visit = own.visit
    names: dict[str, str] = {one.id: one.name for one in own.channels}
    return render_template(
        "visitor/held.html",
        visit=visit,
        receipt=receipt,
        words=STANDINGS[visit.standing],
        agreed=[PURPOSES[one] for one in visit.purposes.split() if one in PURPOSES],
        own_facts=facts_of_holder(runtime, receipt=receipt, address=address),
        entry_words=ENTRY_WORDS,
        said=own.statement and worded_statement(own.statement, names),
        before_choices=before_choices(),
        brought_choices=brought_choices(own.channels),
        form=form,
    )


@bp.get("/v/<receipt>/receipts/<entry_id>.tlog-proof")
@open_to_all
def proof(receipt: str, entry_id: str) -> ResponseReturnValue:
    """Give the holder of a visit's receipt the proof of one fact of the visit."""
    runtime, address = current_runtime(), caller_address()
    own = facts_of_holder(runtime, receipt=receipt, address=address)
    return handed_out(own, entry_id)


@bp.get("/t/<link>")
@open_to_all
def link_form(link: str) -> str:
    """Show the client of an `opened` token where to enter their own number."""
    return _link_page(link, Form())


@bp.post("/t/<link>")
@open_to_all
def bind(link: str) -> ResponseReturnValue:
    """Bind the token to the number of the client who opened its link."""
    form = Form(request.form)
    identifier = form.read("number", parse_whole, None)
    if identifier is None and not form.mistakes:
        form.refuse("number", reason_text(Reason.EMPTY), IdentifierInvalid.code)
    if identifier is None:
        return _link_page(link, form), HTTPStatus.UNPROCESSABLE_ENTITY
    opened = bind_by_link(
        current_runtime(), link=link, identifier=identifier, address=caller_address()
    )
    return render_template("visitor/bound.html", opened=opened)


def _link_page(link: str, form: Form) -> str:
    """Show the form, or that somebody has confirmed the link already."""
    opened = open_link(current_runtime(), link=link, address=caller_address())
    if opened.earliest_at is not None and not form.mistakes:
        return render_template("visitor/bound.html", opened=opened)
    return render_template("visitor/link.html", opened=opened, link=link, form=form)


@bp.get("/notice")
@open_to_all
def newest_notice() -> ResponseReturnValue:
    """Lead to the notice in force."""
    return redirect(url_for(".notice", version=NOTICE_VERSION), HTTPStatus.SEE_OTHER)


@bp.get("/notice/<version>")
@open_to_all
def notice(version: str) -> str:
    """Show the notice as it stood in one version."""
    return render_template(
        notice_template(version), version=version, purposes=PURPOSES.values()
    )


@bp.errorhandler(NotFound)
def nothing_here(error: NotFound) -> ResponseReturnValue:
    """Answer unknown, used, expired and revoked alike, in a visitor's words."""
    if wants_json():
        return answer_refusal(error)
    return render_template("visitor/nothing.html"), HTTPStatus.NOT_FOUND
