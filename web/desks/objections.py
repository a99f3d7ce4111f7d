"""The visitor 访客 disputes a ruling without an account, by the receipt of a visit."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from attribution.ids import DisputeId, SigningId
from attribution.services.answering import Reply, Request
from attribution.services.attending import rulings_of_visit
from attribution.services.disputing import Receipt, dispute_as_visitor
from attribution.services.pleading import (
    add_evidence_as_visitor,
    withdraw_as_visitor,
)
from web.access import caller_address, current_runtime, open_to_all
from web.desks.cases import complaint_in
from web.desks.disputes import WORDS
from web.dispute_words import grounds
from web.forms import Form, evidence_in, page_request

bp = Blueprint("objections", __name__, url_prefix="/v/<receipt>/disputes")

_UNPROCESSABLE = 422


@bp.get("")
@open_to_all
def overview(receipt: str) -> str:
    """Show the rulings that weighed this visit, and their disputes."""
    return _page(receipt, Form())


@bp.post("")
@open_to_all
def open_dispute(receipt: str) -> ResponseReturnValue:
    """Open a dispute for who holds the receipt."""
    form = Form(request.form)
    complaint = complaint_in(form)

    def opened() -> Reply:
        return dispute_as_visitor(
            current_runtime(),
            receipt=_receipt(receipt),
            request=_request(receipt),
            complaint=complaint,
            signing_id=SigningId(form.text("signing")),
        )

    return _do(receipt, form, opened, _("争议已提出，我们会请判客员裁决。"))


@bp.post("/<dispute_id>/evidence")
@open_to_all
def evidence(receipt: str, dispute_id: DisputeId) -> ResponseReturnValue:
    """Bring a piece of evidence."""
    form = Form(request.form)
    data = evidence_in(form)

    def brought() -> Reply:
        return add_evidence_as_visitor(
            current_runtime(),
            receipt=_receipt(receipt),
            request=_request(receipt, data or b""),
            dispute_id=dispute_id,
            data=data or b"",
        )

    return _do(receipt, form, brought, _("证据已收存，加密保管。"))


@bp.post("/<dispute_id>/withdraw")
@open_to_all
def take_back(receipt: str, dispute_id: DisputeId) -> ResponseReturnValue:
    """Withdraw the dispute that was opened with this receipt, once it is sure."""
    form = Form(request.form)
    form.refuse_unsure()

    def withdrawn() -> Reply:
        return withdraw_as_visitor(
            current_runtime(),
            receipt=_receipt(receipt),
            request=_request(receipt),
            dispute_id=dispute_id,
        )

    return _do(receipt, form, withdrawn, _("争议已撤回。"))


def _do(
    receipt: str, form: Form, action: Callable[[], Reply], sentence: str
) -> ResponseReturnValue:
    if not form.mistakes:
        with form.catching():
            action()
            flash(sentence, "good")
            return redirect(url_for(".overview", receipt=receipt), 303)
    return _page(receipt, form), _UNPROCESSABLE


def _receipt(receipt: str) -> Receipt:
    return Receipt(text=receipt, address=caller_address())


def _request(receipt: str, *extra: bytes) -> Request:
    """Return the intention of a form: the visitor's, named by the visit."""
    visit, _rulings = rulings_of_visit(current_runtime(), receipt=_receipt(receipt))
    return page_request(*extra, caller=f"visit:{visit.id}")


def _page(receipt: str, form: Form) -> str:
    visit, rulings = rulings_of_visit(current_runtime(), receipt=_receipt(receipt))
    return render_template(
        "visitor/disputes.html",
        visit=visit,
        receipt=receipt,
        rulings=rulings,
        choices=grounds(),
        form=form,
        **WORDS,
    )
