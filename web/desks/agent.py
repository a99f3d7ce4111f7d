"""The agent's desk 经纪人: issue a code, show it, follow it, take it back."""

from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from attribution.errors import BindingRequired
from attribution.ids import ProjectId, TokenId
from attribution.people import Role
from attribution.referrals import note_of
from attribution.services.answering import Answer
from attribution.services.attending import rulings_of_token
from attribution.services.checking import conflict_at_visit
from attribution.services.concluding import conclusion_of
from attribution.services.following import (
    FollowedToken,
    Progress,
    offers_to,
    own_token,
    own_tokens,
)
from attribution.services.issuing import Client, issue_token, revoke_token
from attribution.services.receipting import facts_of_token
from web.access import current_actor, current_runtime, requires
from web.dispute_words import STATES
from web.forms import Form, page_request
from web.log_words import ENTRY_WORDS
from web.outcomes import worded_outcome
from web.parsing import parse_identifier
from web.pictures import digits_qr
from web.problems import explain_code
from web.receipts import handed_out
from web.rulings import finding_kind, finding_word
from web.standings import STANDINGS

bp = Blueprint("agent", __name__, url_prefix="/agent")

_LIVE = (Progress.UNOPENED, Progress.WAITING, Progress.READY)


@bp.get("")
@requires(Role.AGENT)
def overview() -> str:
    """Show the form, and the agent's own tokens."""
    return _overview(Form())


@bp.post("")
@requires(Role.AGENT)
def issue() -> ResponseReturnValue:
    """Issue a token. The answer is the page itself: its code is shown only there.

    Loading it again sends the same request id, and so repeats the same answer.
    """
    form = Form(request.form)
    client = _client(form)
    if not form.mistakes:
        with form.catching(client=BindingRequired):
            answer = issue_token(
                current_runtime(),
                by=current_actor(),
                request=page_request(),
                project_id=ProjectId(form.text("project")),
                client=client,
            ).answer
            return _issued(answer), HTTPStatus.CREATED
    return _overview(form), HTTPStatus.UNPROCESSABLE_ENTITY


@bp.get("/tokens/<token_id>")
@requires(Role.AGENT)
def token(token_id: str) -> str:
    """Show one token: its QR code while it is live, and what came of it."""
    runtime, actor = current_runtime(), current_actor()
    followed = own_token(runtime, by=actor, token_id=TokenId(token_id))
    conflict = conflict_at_visit(runtime, by=actor, token_id=TokenId(token_id))
    conclusion = conclusion_of(runtime, by=actor, token_id=TokenId(token_id))
    return render_template(
        "agent/token.html",
        token=followed,
        picture=_picture(followed),
        standings=STANDINGS,
        conflict=explain_code(str(conflict)),
        rulings=rulings_of_token(runtime, by=actor, token_id=TokenId(token_id)),
        states=STATES,
        finding_kind=finding_kind,
        finding_word=finding_word,
        problem=explain_code(conclusion.code),
        outcomes=[worded_outcome(one) for one in conclusion.outcomes],
        own_facts=facts_of_token(runtime, by=actor, token_id=TokenId(token_id)),
        entry_words=ENTRY_WORDS,
    )


@bp.get("/tokens/<token_id>/receipts/<entry_id>.tlog-proof")
@requires(Role.AGENT)
def receipt(token_id: str, entry_id: str) -> ResponseReturnValue:
    """Give the receipt 回执 of one fact of an own token."""
    runtime = current_runtime()
    own = facts_of_token(runtime, by=current_actor(), token_id=TokenId(token_id))
    return handed_out(own, entry_id)


@bp.get("/tokens/<token_id>/revoke")
@requires(Role.AGENT)
def revocation_form(token_id: str) -> str:
    """Ask before taking a token back."""
    followed = own_token(
        current_runtime(), by=current_actor(), token_id=TokenId(token_id)
    )
    return render_template("agent/revoke.html", token=followed)


@bp.post("/tokens/<token_id>/revoke")
@requires(Role.AGENT)
def revoke(token_id: str) -> ResponseReturnValue:
    """Take a token back; a refusal is answered by web/problems.py."""
    revoke_token(
        current_runtime(),
        by=current_actor(),
        request=page_request(),
        token_id=TokenId(token_id),
    )
    flash(_("推荐码已撤回。"), "good")
    return redirect(url_for(".overview"), HTTPStatus.SEE_OTHER)


def _overview(form: Form) -> str:
    runtime, actor = current_runtime(), current_actor()
    tokens = own_tokens(runtime, by=actor)
    return render_template(
        "agent/overview.html",
        form=form,
        offers=offers_to(runtime, by=actor),
        live=[one for one in tokens if one.progress in _LIVE],
        ended=[one for one in tokens if one.progress not in _LIVE],
        standings=STANDINGS,
    )


def _issued(answer: Answer) -> str:
    token_id = TokenId(str(answer["token_id"]))
    return render_template(
        "agent/issued.html",
        token=own_token(current_runtime(), by=current_actor(), token_id=token_id),
        code=answer["code"],
        picture=digits_qr(str(answer["qr"])),
        link=_address_of(answer["link"]),
        conflict=explain_code(str(answer["conflict"])),
    )


def _client(form: Form) -> Client:
    return Client(
        identifier=form.read("client", parse_identifier, None),
        label=form.read("label", note_of, None),
    )


def _address_of(link: object) -> str | None:
    if link is None:
        return None
    return url_for("visitor.link_form", link=link, _external=True)


def _picture(followed: FollowedToken) -> str | None:
    qr = followed.shown.qr
    return None if qr is None else digits_qr(qr)
