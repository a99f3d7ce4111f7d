"""The parties of a dispute 争议: open it, follow it, bring evidence, withdraw it."""

from collections.abc import Callable
from io import BytesIO

from flask import (
    Blueprint,
    Response,
    flash,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from attribution.disputes import Ground
from attribution.evidence import EvidenceKind
from attribution.ids import DisputeId, EvidenceId, SigningId, TokenId
from attribution.people import CHANNEL_ROLES, Role
from attribution.services.answering import Reply
from attribution.services.attending import (
    OwnRuling,
    own_case,
    own_cases,
    rulings_of_deal,
    rulings_of_token,
)
from attribution.services.disputing import (
    Complaint,
    dispute_as_channel,
    dispute_as_developer,
)
from attribution.services.docketing import DEVELOPER_ROLES
from attribution.services.hearing import evidence_file
from attribution.services.pleading import add_evidence, withdraw
from web.access import current_actor, current_runtime, requires
from web.desks.disputes import WORDS
from web.dispute_words import grounds
from web.forms import Form, evidence_in, page_request
from web.rulings import finding_kind, finding_word

bp = Blueprint("cases", __name__, url_prefix="/cases")

PARTIES = (*CHANNEL_ROLES, *DEVELOPER_ROLES)
_UNPROCESSABLE = 422
_SUFFIXES = {EvidenceKind.TEXT: "txt", EvidenceKind.PDF: "pdf"}


@bp.get("")
@requires(*PARTIES)
def overview() -> str:
    """List one's own cases, and what each waits for."""
    found = own_cases(current_runtime(), by=current_actor())
    return render_template("cases/overview.html", cases=found, **WORDS)


@bp.get("/<dispute_id>")
@requires(*PARTIES)
def case(dispute_id: DisputeId) -> str:
    """Show one's own side of a case."""
    return _case(dispute_id, Form())


@bp.post("/<dispute_id>/evidence")
@requires(*PARTIES)
def evidence(dispute_id: DisputeId) -> ResponseReturnValue:
    """Bring a piece of evidence: text that is typed, or a file."""
    form = Form(request.form)
    data = evidence_in(form)
    if data is not None:
        with form.catching():
            add_evidence(
                current_runtime(),
                by=current_actor(),
                request=page_request(data),
                dispute_id=dispute_id,
                data=data,
            )
            flash(_("证据已收存，加密保管。"), "good")
            return redirect(url_for(".case", dispute_id=dispute_id), 303)
    return _case(dispute_id, form), _UNPROCESSABLE


@bp.post("/<dispute_id>/withdraw")
@requires(*PARTIES)
def take_back(dispute_id: DisputeId) -> ResponseReturnValue:
    """Withdraw one's own dispute, once it is sure."""
    form = Form(request.form)
    form.refuse_unsure()
    if form.mistakes:
        return _case(dispute_id, form), _UNPROCESSABLE
    withdraw(
        current_runtime(),
        by=current_actor(),
        request=page_request(),
        dispute_id=dispute_id,
    )
    flash(_("争议已撤回，佣金不再暂缓。"), "good")
    return redirect(url_for(".case", dispute_id=dispute_id), 303)


@bp.get("/evidence/<evidence_id>")
@requires(*PARTIES, Role.ADJUDICATOR)
def file(evidence_id: EvidenceId) -> Response:
    """Hand out a piece of evidence as a file: it is never shown in a page."""
    piece, data = evidence_file(
        current_runtime(), by=current_actor(), evidence_id=evidence_id
    )
    return send_file(
        BytesIO(data),
        mimetype="application/octet-stream",
        as_attachment=True,
        download_name=f"evidence-{piece.id[:8]}.{_SUFFIXES[piece.kind]}",
    )


@bp.get("/tokens/<token_id>")
@requires(*CHANNEL_ROLES)
def token_form(token_id: TokenId) -> str:
    """Show the rulings that a token has part in, and the form to dispute one."""
    return _opening(_token_rulings(token_id), Form())


@bp.post("/tokens/<token_id>")
@requires(*CHANNEL_ROLES)
def open_for_token(token_id: TokenId) -> ResponseReturnValue:
    """Open a dispute for the channel."""

    def opened(form: Form, complaint: Complaint) -> Reply:
        return dispute_as_channel(
            current_runtime(),
            by=current_actor(),
            request=page_request(),
            token_id=token_id,
            complaint=complaint,
            signing_id=SigningId(form.text("signing")),
        )

    return _open(opened, lambda: _token_rulings(token_id))


@bp.get("/deals/<signing_id>")
@requires(*DEVELOPER_ROLES)
def deal_form(signing_id: SigningId) -> str:
    """Show the ruling of a deal, and the form to dispute it."""
    return _opening(_deal_rulings(signing_id), Form())


@bp.post("/deals/<signing_id>")
@requires(*DEVELOPER_ROLES)
def open_for_deal(signing_id: SigningId) -> ResponseReturnValue:
    """Open a dispute for the developer."""

    def opened(_form: Form, complaint: Complaint) -> Reply:
        return dispute_as_developer(
            current_runtime(),
            by=current_actor(),
            request=page_request(),
            signing_id=signing_id,
            complaint=complaint,
        )

    return _open(opened, lambda: _deal_rulings(signing_id))


def complaint_in(form: Form) -> Complaint:
    """Return what a form complains of; mistakes stay with the form."""
    ground = form.choice("ground", Ground, Ground.OTHER)
    return Complaint(ground=ground, words=form.text("words"))


def _open(
    opened: Callable[[Form, Complaint], Reply], rulings: Callable[[], list[OwnRuling]]
) -> ResponseReturnValue:
    form = Form(request.form)
    complaint = complaint_in(form)
    if not form.mistakes:
        with form.catching():
            answer = opened(form, complaint).answer
            flash(_("争议已提出，这笔签约的佣金暂缓支付。"), "good")
            return redirect(url_for(".case", dispute_id=answer["dispute_id"]), 303)
    return _opening(rulings(), form), _UNPROCESSABLE


def _token_rulings(token_id: TokenId) -> list[OwnRuling]:
    return rulings_of_token(current_runtime(), by=current_actor(), token_id=token_id)


def _deal_rulings(signing_id: SigningId) -> list[OwnRuling]:
    return rulings_of_deal(current_runtime(), by=current_actor(), signing_id=signing_id)


def _opening(rulings: list[OwnRuling], form: Form) -> str:
    return render_template(
        "cases/open.html",
        rulings=rulings,
        form=form,
        choices=grounds(),
        finding_kind=finding_kind,
        finding_word=finding_word,
        **WORDS,
    )


def _case(dispute_id: DisputeId, form: Form) -> str:
    found = own_case(current_runtime(), by=current_actor(), dispute_id=dispute_id)
    return render_template("cases/case.html", case=found, form=form, **WORDS)
