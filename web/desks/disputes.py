"""The bench 判客员: cases by deadline, each on one page from the facts to the end."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
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
from flask_babel import lazy_gettext as _l

from attribution.disputes import DisputeState, Verdict
from attribution.ids import DisputeId
from attribution.outcomes import Tally, tally, tally_by_ground
from attribution.people import Role
from attribution.services.adjudicating import approve, decide, propose
from attribution.services.docketing import Case
from attribution.services.evidencing import export_case
from attribution.services.hearing import (
    BENCH_ROLES,
    Hearing,
    hearing_of,
    hearings_at,
)
from attribution.services.pleading import add_evidence
from attribution.services.surveying import Names, names_in, positions_of
from web.access import current_actor, current_runtime, requires
from web.charts import count_bars
from web.choosing import chosen_project, projects_here
from web.dispute_words import (
    GROUNDS,
    KINDS,
    SIDES,
    STATES,
    STEPS,
    TURNS,
    VERDICTS,
    days_text,
    worded_changes,
)
from web.forms import Form, evidence_in, page_request
from web.rulings import WordedRuling, worded, worded_text
from web.visitor_words import own_words_of

bp = Blueprint("disputes", __name__, url_prefix="/disputes")

WORDS = {
    "grounds": GROUNDS,
    "kinds": KINDS,
    "sides": SIDES,
    "states": STATES,
    "steps": STEPS,
    "turns": TURNS,
    "verdicts": VERDICTS,
}
_UNPROCESSABLE = 422


class _Answer(StrEnum):
    """What the second adjudicator says to a decision."""

    YES = "yes"
    NO = "no"


_ANSWERED = {_Answer.YES: _l("已复核，案件了结。"), _Answer.NO: _l("已退回听证。")}


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """One line of the case's story: a visit, the signing, the ruling, or a step."""

    at: datetime
    kind: str
    about: object


@bp.get("")
@requires(*BENCH_ROLES)
def overview() -> str:
    """List the cases of a project: what waits for whom, the nearest deadline first."""
    project = chosen_project(*BENCH_ROLES)
    found = hearings_at(current_runtime(), by=current_actor(), project_id=project.id)
    waiting = [one for one in found if not one.progress.state.is_over]
    return render_template(
        "disputes/overview.html",
        project=project,
        projects=projects_here(*BENCH_ROLES),
        waiting=sorted(waiting, key=lambda one: str(one.progress.due_at)),
        ended=[one for one in found if one.progress.state.is_over],
        **WORDS,
    )


@bp.get("/figures")
@requires(*BENCH_ROLES)
def figures() -> str:
    """Show how many cases there were, how long they took, and who was right."""
    project = chosen_project(*BENCH_ROLES)
    found = hearings_at(current_runtime(), by=current_actor(), project_id=project.id)
    ended = [one.ended for one in found]
    by_ground = tally_by_ground(ended)
    return render_template(
        "disputes/figures.html",
        project=project,
        projects=projects_here(*BENCH_ROLES),
        whole=tally(ended),
        by_ground=by_ground,
        bars=count_bars(
            (str(GROUNDS[ground]), _counts(one)) for ground, one in by_ground.items()
        ),
        days=days_text,
        **WORDS,
    )


@bp.get("/<dispute_id>/evidence.zip")
@requires(*BENCH_ROLES)
def bundle(dispute_id: DisputeId) -> Response:
    """Give the evidence bundle of the case, its steps included."""
    file = export_case(current_runtime(), by=current_actor(), dispute_id=dispute_id)
    return send_file(
        BytesIO(file.data),
        mimetype="application/zip",
        as_attachment=True,
        download_name=file.name,
    )


@bp.get("/<dispute_id>")
@requires(*BENCH_ROLES)
def case(dispute_id: DisputeId) -> str:
    """Show a case whole: facts, rulings, evidence, proposal, decision, approval."""
    return _case(dispute_id, Form())


@bp.post("/<dispute_id>/evidence")
@requires(Role.ADJUDICATOR)
def note(dispute_id: DisputeId) -> ResponseReturnValue:
    """Add what the adjudicators found out themselves, as text or PDF."""
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
            return _done(dispute_id, _("证据已收存。"))
    return _case(dispute_id, form), _UNPROCESSABLE


@bp.post("/<dispute_id>/propose")
@requires(Role.ADJUDICATOR)
def ask_again(dispute_id: DisputeId) -> ResponseReturnValue:
    """Ask the rules again over all facts; a refusal is answered by web/problems.py."""
    propose(
        current_runtime(),
        by=current_actor(),
        request=page_request(),
        dispute_id=dispute_id,
    )
    return _done(dispute_id, _("已按全部事实重新判了一遍。"))


@bp.post("/<dispute_id>/decide")
@requires(Role.ADJUDICATOR)
def decision(dispute_id: DisputeId) -> ResponseReturnValue:
    """Decide, with the reason that every side reads."""
    form = Form(request.form)
    verdict = form.choice("verdict", Verdict, Verdict.UPHELD)
    if not form.mistakes:
        with form.catching():
            decide(
                current_runtime(),
                by=current_actor(),
                request=page_request(),
                dispute_id=dispute_id,
                verdict=verdict,
                words=form.text("words"),
            )
            return _done(dispute_id, _("已作出决定，等另一位判客员复核。"))
    return _case(dispute_id, form), _UNPROCESSABLE


@bp.post("/<dispute_id>/approve")
@requires(Role.ADJUDICATOR)
def approval(dispute_id: DisputeId) -> ResponseReturnValue:
    """Approve the decision of another, or send it back."""
    form = Form(request.form)
    answer = form.choice("agrees", _Answer, _Answer.NO)
    if not form.mistakes:
        with form.catching():
            approve(
                current_runtime(),
                by=current_actor(),
                request=page_request(),
                dispute_id=dispute_id,
                agrees=answer is _Answer.YES,
                words=form.text("words") or None,
            )
            return _done(dispute_id, str(_ANSWERED[answer]))
    return _case(dispute_id, form), _UNPROCESSABLE


def _done(dispute_id: DisputeId, sentence: str) -> ResponseReturnValue:
    flash(sentence, "good")
    return redirect(url_for(".case", dispute_id=dispute_id), 303)


def _counts(one: Tally) -> list[tuple[str, int]]:
    return [
        ("upheld", one.upheld),
        ("changed", one.changed),
        ("withdrawn", one.withdrawn),
        ("running", one.running),
    ]


def _case(dispute_id: DisputeId, form: Form) -> str:
    runtime, actor = current_runtime(), current_actor()
    hearing = hearing_of(runtime, by=actor, dispute_id=dispute_id)
    names, found = names_in(runtime), hearing.case
    disputed = worded(found.disputed, names)
    proposal = found.proposal
    entries = [one.entry_id for one in found.steps]
    return render_template(
        "disputes/case.html",
        hearing=hearing,
        found=found,
        disputed=disputed,
        position=positions_of(runtime, [found.disputed.entry_id])[0],
        standing=None
        if found.standing.id == found.disputed.id
        else worded(found.standing, names),
        moments=_moments(hearing, disputed, names),
        own_words=own_words_of(found.deal.id),
        places=dict(zip(entries, positions_of(runtime, entries), strict=True)),
        evidence={one.number: one for one in hearing.evidence},
        changes=worded_changes(proposal, found.disputed.told(), names)
        if proposal
        else [],
        proposed=_latest(found, DisputeState.PROPOSED),
        decided=_latest(found, DisputeState.DECIDED),
        opener=names.channels.get(found.dispute.party.removeprefix("channel:"), ""),
        form=form,
        me=actor.person_id,
        judges=actor.may_at(found.deal.project_id, Role.ADJUDICATOR),
        **WORDS,
    )


def _latest(found: Case, state: DisputeState) -> str | None:
    """Return the id of the latest step into a state."""
    return next((one.id for one in reversed(found.steps) if one.state is state), None)


def _moments(hearing: Hearing, disputed: WordedRuling, names: Names) -> list[Moment]:
    """Return the story of a case in order of time, late visits among the others."""
    found, visits = hearing.case, list(disputed.visits)
    if found.proposal:
        known = {one.about for one in visits}
        proposed = worded_text(found.proposal["proposed"], found.deal.signed_at, names)
        visits += [one for one in proposed.visits if one.about not in known]
    return sorted(
        [
            *(Moment(at=one.at, kind="visit", about=one) for one in visits),
            Moment(at=found.deal.signed_at, kind="signing", about=found.deal),
            Moment(at=found.disputed.ruled_at, kind="ruling", about=disputed),
            *(Moment(at=one.taken_at, kind="step", about=one) for one in found.steps),
        ],
        key=lambda moment: moment.at,
    )
