"""Witnesses 见证人 of the log: admitted by their key, retired."""

from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, url_for
from flask import request as sent
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from attribution.people import Role
from attribution.services.witnessing import admit_witness, log_state, retire_witness
from web.access import current_actor, current_runtime, requires
from web.forms import Form, needed, page_request

bp = Blueprint("witnesses", __name__, url_prefix="/admin/witnesses")


@bp.get("")
@requires(Role.ADMIN)
def witnesses() -> str:
    """List the witnesses, with the form that admits one."""
    return _page(Form())


@bp.post("")
@requires(Role.ADMIN)
def admit() -> ResponseReturnValue:
    """Admit a witness."""
    form = Form(sent.form)
    label = form.read("label", needed, "")
    with form.catching():
        if not form.mistakes:
            admit_witness(
                current_runtime(),
                by=current_actor(),
                request=page_request(),
                vkey=form.text("vkey"),
                label=label,
                url=form.text("url") or None,
            )
            flash(_("见证人已登记。"), "good")
    if form.mistakes:
        return _page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    return redirect(url_for(".witnesses"), HTTPStatus.SEE_OTHER)


@bp.post("/<witness_id>/retire")
@requires(Role.ADMIN)
def retire(witness_id: str) -> ResponseReturnValue:
    """Count a witness no more."""
    retire_witness(
        current_runtime(),
        by=current_actor(),
        request=page_request(),
        witness_id=witness_id,
    )
    flash(_("见证人已停用；它签过的仍然有效。"), "good")
    return redirect(url_for(".witnesses"), HTTPStatus.SEE_OTHER)


def _page(form: Form) -> str:
    state = log_state(current_runtime())
    return render_template("admin/witnesses.html", form=form, state=state)
