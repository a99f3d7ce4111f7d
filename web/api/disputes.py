"""The API of disputes 争议: open, bring evidence, propose, decide, approve."""

from contextlib import suppress
from http import HTTPStatus
from operator import attrgetter
from typing import Annotated, Literal

from flask import Blueprint, Response
from pydantic import Field, StrictBool, StrictStr

from attribution.disputes import DisputeState, Ground, Side, Turn, Verdict
from attribution.errors import (
    AdjudicatorAtDesk,
    AdjudicatorOnSide,
    AttributionError,
    DisputeExists,
    DisputeStale,
    DisputeStepRefused,
    DisputeWindowOver,
    EvidenceFull,
    EvidenceNotAccepted,
    EvidenceTooLarge,
    InputInvalid,
    NotAllowed,
    NotFound,
    SecondPersonNeeded,
)
from attribution.ids import DisputeId, SigningId, TokenId
from attribution.outcomes import ChangeKind
from attribution.people import CHANNEL_ROLES, Role
from attribution.services.adjudicating import approve, decide, propose
from attribution.services.answering import Reply, Request
from attribution.services.attending import OwnCase, own_case, own_cases
from attribution.services.disputing import (
    Complaint,
    dispute_as_channel,
    dispute_as_developer,
)
from attribution.services.docketing import DEVELOPER_ROLES
from attribution.services.evidencing import (
    EVIDENCE_ROLES,
    PARTY_ROLES,
    export_case,
)
from attribution.services.hearing import (
    BENCH_ROLES,
    Hearing,
    hearing_of,
    hearings_at,
)
from attribution.services.pleading import add_evidence, withdraw
from web.access import current_actor, current_runtime, requires
from web.api.fields import Asked, Id, Instant, Told, Written
from web.api.operations import ZIP, Operation, operation, project_or_only

bp = Blueprint("api_disputes", __name__, url_prefix="/api/v1/disputes")

PARTIES = (*sorted(CHANNEL_ROLES), *DEVELOPER_ROLES)
READERS = (*PARTIES, *BENCH_ROLES)
_JUDGING: tuple[type[AttributionError], ...] = (
    NotFound,
    AdjudicatorAtDesk,
    AdjudicatorOnSide,
    DisputeStepRefused,
)
Words = Annotated[
    StrictStr,
    Field(min_length=1, max_length=1000, description="no long numbers"),
]


class NewDispute(Asked):
    """What is disputed, and why: a channel names a token, the developer a signing."""

    token_id: Id | None = Field(default=None, description="for a channel: its own")
    signing_id: Id | None = Field(
        default=None, description="for a channel that brought a buyer of two homes"
    )
    ground: Ground
    words: Words = Field(repr=False)


class AtProject(Asked):
    """Of which project; for the adjudicators."""

    project: Id | None = None


class Piece(Asked):
    """Beside the file, which is text or PDF; there is nothing else to say."""


class Decision(Asked):
    """What the case ends in, and why: every side reads it."""

    verdict: Verdict
    words: Words = Field(repr=False)


class Approval(Asked):
    """Whether the second person agrees; if not, the case is heard again."""

    agrees: StrictBool
    words: Words | None = Field(default=None, repr=False)


class Opened(Written):
    """A dispute that was opened; the commissions of its signing are held."""

    dispute_id: str
    state: Literal[DisputeState.OPEN]
    due_at: Instant


class Brought(Written):
    """A piece of evidence that was kept."""

    evidence_id: str
    kind: str = Field(examples=["application/pdf"])
    digest: str = Field(description="SHA-256 of the file")
    state: DisputeState


class ChangeView(Told):
    """One difference that the proposal would make."""

    kind: ChangeKind
    about: str = Field(description="a channel, a token or a visit")
    before: str
    after: str


class Proposed(Written):
    """What the rules say over all facts, late ones included."""

    state: DisputeState
    changes: tuple[ChangeView, ...]


class Decided(Written):
    """A decision, which a second person must approve."""

    state: DisputeState
    verdict: Verdict


class Ended(Written):
    """Where the case stands after the second person's answer."""

    state: DisputeState
    ruling_id: str = Field(description="the ruling that stands now")


class Withdrawn(Written):
    """A dispute that was taken back."""

    state: DisputeState


class EvidenceView(Told):
    """A piece of evidence: never its content."""

    evidence_id: str
    side: Side
    kind: str
    size: int
    digest: str
    given_at: Instant


class StepView(Told):
    """One step of a case."""

    state: DisputeState
    side: Side
    taken_at: Instant


class DisputeView(Told):
    """A case as its reader may see it: a party its own side, the bench all of it."""

    dispute_id: str
    signing_id: str
    ground: Ground
    opened_by: Side
    opened_at: Instant
    state: DisputeState
    turn: Turn = Field(description="who must act next")
    due_at: Instant | None
    is_overdue: bool
    words: str | None = Field(description="the opener's; null for the other side")
    evidence: tuple[EvidenceView, ...]
    steps: tuple[StepView, ...]
    verdict: Verdict | None = Field(description="null before it is closed")
    reason: str | None
    share_bp: int | None = Field(description="the reader's own, by what stands now")
    changes: tuple[ChangeView, ...] = Field(description="for the bench")
    ruling_id: str | None = Field(description="for the bench: what stands now")


class DisputeList(Told):
    """Cases, newest first."""

    disputes: tuple[DisputeView, ...]


@bp.post("")
@requires(*PARTIES)
@operation(
    Operation(
        body=NewDispute,
        answer=Opened,
        status=HTTPStatus.CREATED,
        is_write=True,
        refuses=(NotFound, DisputeWindowOver, DisputeExists),
        examples={
            "token_id": "9b1c5ad2fe3b4c6d8e0f112233445566",
            "ground": "earlier_visit",
            "words": "我方客户先到，前台补登。",
        },
    )
)
def open_dispute(body: NewDispute, intention: Request) -> Reply:
    """Dispute a ruling (争议); every commission of its signing is held from now on.

    A visitor disputes on the page of the receipt.
    """
    complaint = Complaint(ground=body.ground, words=body.words)
    signing_id = None if body.signing_id is None else SigningId(body.signing_id)
    if body.token_id is not None:
        return dispute_as_channel(
            current_runtime(),
            by=current_actor(),
            request=intention,
            token_id=TokenId(body.token_id),
            complaint=complaint,
            signing_id=signing_id,
        )
    if signing_id is None:
        raise InputInvalid("token_id", "is missing")
    return dispute_as_developer(
        current_runtime(),
        by=current_actor(),
        request=intention,
        signing_id=signing_id,
        complaint=complaint,
    )


@bp.get("")
@requires(*READERS)
@operation(Operation(query=AtProject, answer=DisputeList))
def disputes(query: AtProject) -> DisputeList:
    """List one's own cases; for the bench, those of a project as well."""
    runtime, by = current_runtime(), current_actor()
    found: dict[str, DisputeView] = {}
    if by.holds(*BENCH_ROLES):
        project_id = project_or_only(query.project, *BENCH_ROLES)
        heard = hearings_at(runtime, by=by, project_id=project_id)
        found = {one.case.dispute.id: _whole(one) for one in heard}
    for case in own_cases(runtime, by=by):
        found.setdefault(case.dispute_id, _own(case))
    newest = sorted(found.values(), key=attrgetter("opened_at"), reverse=True)
    return DisputeList(disputes=tuple(newest))


@bp.get("/<dispute_id>")
@requires(*READERS)
@operation(Operation(answer=DisputeView, refuses=(NotFound,)))
def one_dispute(dispute_id: DisputeId) -> DisputeView:
    """Show a case: to a party its own side of it, to the bench all."""
    runtime, by = current_runtime(), current_actor()
    with suppress(NotAllowed):
        return _whole(hearing_of(runtime, by=by, dispute_id=dispute_id))
    return _own(own_case(runtime, by=by, dispute_id=dispute_id))


@bp.get("/<dispute_id>/bundle")
@requires(*EVIDENCE_ROLES, *PARTY_ROLES)
@operation(Operation(answer=None, media=ZIP, refuses=(NotFound, NotAllowed)))
def bundle(dispute_id: DisputeId) -> Response:
    """Give the evidence bundle (证据包) of a case; the export is logged.

    The bench gets the steps of the case in it as well.
    """
    file = export_case(current_runtime(), by=current_actor(), dispute_id=dispute_id)
    answer = Response(file.data, content_type=ZIP)
    answer.headers["Content-Disposition"] = f"attachment; filename={file.name}"
    return answer


@bp.post("/<dispute_id>/evidence")
@requires(*PARTIES, Role.ADJUDICATOR)
@operation(
    Operation(
        form=Piece,
        file="text or PDF, at most 5 MB",
        answer=Brought,
        status=HTTPStatus.CREATED,
        is_write=True,
        refuses=(
            NotFound,
            DisputeStepRefused,
            EvidenceFull,
            EvidenceNotAccepted,
            EvidenceTooLarge,
        ),
    )
)
def bring_evidence(
    dispute_id: DisputeId, form: Piece, file: tuple[str, bytes], intention: Request
) -> Reply:
    """Bring a piece of evidence; it is kept encrypted, and its name is not kept."""
    del form
    return add_evidence(
        current_runtime(),
        by=current_actor(),
        request=intention,
        dispute_id=dispute_id,
        data=file[1],
    )


@bp.post("/<dispute_id>/propose")
@requires(Role.ADJUDICATOR)
@operation(Operation(answer=Proposed, is_write=True, refuses=_JUDGING))
def propose_ruling(dispute_id: DisputeId, intention: Request) -> Reply:
    """Ask the rules again over all facts logged by now, late ones included."""
    return propose(
        current_runtime(),
        by=current_actor(),
        request=intention,
        dispute_id=dispute_id,
    )


@bp.post("/<dispute_id>/decide")
@requires(Role.ADJUDICATOR)
@operation(
    Operation(
        body=Decision,
        answer=Decided,
        is_write=True,
        refuses=(*_JUDGING, DisputeStale),
        examples={"verdict": "upheld", "words": "补登的到访没有证据。"},
    )
)
def decide_case(dispute_id: DisputeId, body: Decision, intention: Request) -> Reply:
    """Decide: the ruling stays, or the proposed one takes its place."""
    return decide(
        current_runtime(),
        by=current_actor(),
        request=intention,
        dispute_id=dispute_id,
        verdict=body.verdict,
        words=body.words,
    )


@bp.post("/<dispute_id>/approve")
@requires(Role.ADJUDICATOR)
@operation(
    Operation(
        body=Approval,
        answer=Ended,
        is_write=True,
        refuses=(*_JUDGING, DisputeStale, SecondPersonNeeded),
        examples={"agrees": True},
    )
)
def approve_case(dispute_id: DisputeId, body: Approval, intention: Request) -> Reply:
    """Approve a decision as a second person, or send it back.

    A changed ruling takes the place of the old one; its commissions are taken back
    and the new ones accrued, all at once.
    """
    return approve(
        current_runtime(),
        by=current_actor(),
        request=intention,
        dispute_id=dispute_id,
        agrees=body.agrees,
        words=body.words,
    )


@bp.post("/<dispute_id>/withdraw")
@requires(*PARTIES)
@operation(
    Operation(answer=Withdrawn, is_write=True, refuses=(NotFound, DisputeStepRefused))
)
def withdraw_case(dispute_id: DisputeId, intention: Request) -> Reply:
    """Take one's own dispute back; the same ruling is not disputed again."""
    return withdraw(
        current_runtime(),
        by=current_actor(),
        request=intention,
        dispute_id=dispute_id,
    )


def _evidence(found: OwnCase | Hearing) -> tuple[EvidenceView, ...]:
    return tuple(
        EvidenceView(
            evidence_id=one.id,
            side=one.side,
            kind=one.kind,
            size=one.size,
            digest=one.digest.hex(),
            given_at=one.given_at,
        )
        for one in found.evidence
    )


def _own(case: OwnCase) -> DisputeView:
    return DisputeView(
        dispute_id=case.dispute_id,
        signing_id=case.signing_id,
        ground=case.ground,
        opened_by=case.side,
        opened_at=case.opened_at,
        state=case.progress.state,
        turn=case.progress.turn,
        due_at=case.progress.due_at,
        is_overdue=case.progress.is_overdue,
        words=case.words,
        evidence=_evidence(case),
        steps=(),
        verdict=case.verdict,
        reason=case.reason,
        share_bp=case.share,
        changes=(),
        ruling_id=None,
    )


def _whole(hearing: Hearing) -> DisputeView:
    case, progress = hearing.case, hearing.progress
    return DisputeView(
        dispute_id=case.dispute.id,
        signing_id=case.deal.id,
        ground=case.dispute.ground,
        opened_by=case.dispute.side,
        opened_at=case.dispute.opened_at,
        state=progress.state,
        turn=progress.turn,
        due_at=progress.due_at,
        is_overdue=progress.is_overdue,
        words=hearing.words.get(case.steps[0].id),
        evidence=_evidence(hearing),
        steps=tuple(
            StepView(state=one.state, side=one.side, taken_at=one.taken_at)
            for one in case.steps
        ),
        verdict=case.verdict,
        reason=hearing.reason,
        share_bp=None,
        changes=tuple(
            ChangeView.model_validate(one) for one in case.proposal.get("changes", ())
        ),
        ruling_id=case.standing.id,
    )
