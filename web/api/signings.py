"""The API of the signing desk 签约台: signings, what they reach, their rulings."""

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated

from flask import Blueprint, Response
from pydantic import Field, StrictInt, StrictStr

from attribution.deals import DealEvent
from attribution.errors import (
    DealCancelled,
    NotAllowed,
    NotFound,
    UnitSold,
)
from attribution.ids import SigningId
from attribution.money import Fen as Amount
from attribution.people import Role
from attribution.rulebook import Relation, Stage
from attribution.services.accounting import (
    ACCOUNT_ROLES,
    DealAccount,
    deal_account,
    deal_accounts,
)
from attribution.services.answering import Reply, Request
from attribution.services.contracting import conclude_signing
from attribution.services.evidencing import (
    EVIDENCE_ROLES,
    PARTY_ROLES,
    export_evidence,
)
from attribution.services.receipting import facts_of_signing, receipts_of
from attribution.services.ruling import RULING_ROLES, ruling_of_signing
from attribution.services.signing import (
    Contract,
    Kin,
    record_milestone,
)
from attribution.services.stating import statements_of_signing
from attribution.signings import MatchBasis
from attribution.visitor_statements import BroughtBy, RiskKind
from tokens.errors import IdentifierInvalid
from web.access import current_actor, current_runtime, requires
from web.api.fields import (
    Asked,
    Fen,
    Id,
    Identifications,
    Instant,
    Line,
    Told,
    Written,
    read_all,
)
from web.api.operations import ZIP, Operation, operation, project_or_only
from web.api.receipts import ReceiptList, receipts_view
from web.api.rulings import RulingView, ruling_view

bp = Blueprint("api_signings", __name__, url_prefix="/api/v1/signings")

_MOST_AREA = 10**10


class Buyer(Asked):
    """One buyer, by document and phone numbers."""

    identifiers: Annotated[Identifications, Field(min_length=1)]


class RelativeOf(Asked):
    """A declared relative of the buyers."""

    relation: Relation
    identifiers: Annotated[Identifications, Field(min_length=1)]


class NewSigning(Asked):
    """A purchase contract; the numbers become tags and are forgotten."""

    project: Id | None = None
    unit: Line = Field(examples=["3-1-1201", "3栋1单元1201"])
    price_fen: Annotated[Fen, Field(ge=1)]
    area_cm2: Annotated[StrictInt, Field(ge=1, le=_MOST_AREA)] | None = None
    signed_at: Instant | None = Field(default=None, description="now, if left out")
    stage: Stage
    buyers: Annotated[tuple[Buyer, ...], Field(min_length=1, max_length=10)]
    relatives: Annotated[tuple[RelativeOf, ...], Field(max_length=20)] = ()
    receipts: Annotated[
        tuple[Annotated[StrictStr, Field(min_length=1, max_length=64)], ...],
        Field(max_length=20),
    ] = Field(default=(), description="visit receipts that the buyers present")


class NewMilestone(Asked):
    """What a deal has reached."""

    kind: DealEvent
    amount_fen: Fen | None = None
    at: Instant | None = Field(default=None, description="now, if left out")


class VisitorStatementView(Told):
    """What a visitor says of a visit; no ruling rests on it."""

    visit_id: str
    been_before: bool | None = Field(description="null: not answered")
    brought_by: BroughtBy | None
    channel_id: str | None
    stated_at: Instant
    flags: tuple[RiskKind, ...] = Field(
        description="where it differs from what was recorded"
    )


class VisitorStatementList(Told):
    """What visitors say of the visits that match a signing."""

    visitor_statements: tuple[VisitorStatementView, ...]


class AtProject(Asked):
    """Of which project."""

    project: Id | None = None


class MatchView(Told):
    """An earlier visit of the buyers, and by what it is theirs."""

    visit_id: str
    arrived_at: Instant
    basis: MatchBasis


class RuledSigning(Written):
    """A recorded signing, its earlier visits and its ruling."""

    signing_id: str
    unit: str = Field(description="in normal form", examples=["3-1-1201"])
    is_unlisted: bool = Field(
        description="the project lists its units, and this one is not among them"
    )
    signed_at: Instant
    matches: tuple[MatchView, ...]
    ruling: RulingView | None = Field(
        description="null while the signing is of a stage that fixes nothing"
    )


class MilestoneView(Told):
    """Something reached after the signing."""

    milestone_id: str = Field(validation_alias="id")
    kind: DealEvent
    amount_fen: int | None
    reached_at: Instant
    recorded_at: Instant


class OwedView(Told):
    """What one payee is owed for a deal, and how much of it is payable."""

    accrual_id: str
    channel_id: str | None = Field(description="null: owed to the buyer")
    channel: str | None
    share_bp: int
    amount_fen: int
    payable_fen: int
    waits_for: tuple[DealEvent, ...]
    reason: str | None = Field(description="HELD, while a dispute holds the signing")


class SigningView(Told):
    """A deal with what follows from it."""

    signing_id: str
    project_id: str
    unit: str
    stage: Stage
    price_fen: int
    area_cm2: int | None
    signed_at: Instant
    recorded_at: Instant
    is_cancelled: bool
    is_held: bool = Field(description="a dispute holds its commissions")
    is_unlisted: bool = Field(
        description="the project lists its units, and this one is not among them"
    )
    ruling_id: str | None
    outcome: str | None
    milestones: tuple[MilestoneView, ...]
    owed: tuple[OwedView, ...]


class SigningList(Told):
    """Deals of a project, newest first."""

    signings: tuple[SigningView, ...]


class ReachedMilestone(Written):
    """A milestone that was recorded."""

    milestone_id: str


@bp.post("")
@requires(Role.SIGNING)
@operation(
    Operation(
        body=NewSigning,
        answer=RuledSigning,
        status=HTTPStatus.CREATED,
        is_write=True,
        refuses=(IdentifierInvalid, UnitSold),
        examples={
            "unit": "3-1-1201",
            "price_fen": 245_000_000,
            "stage": "subscription",
            "buyers": [
                {"identifiers": [{"kind": "cn-mobile", "value": "13800138000"}]}
            ],
        },
    )
)
def sign(body: NewSigning, intention: Request) -> Reply:
    """Record a signing (签约), find the buyers' earlier visits, and rule (判客)."""
    signed = conclude_signing(
        current_runtime(),
        by=current_actor(),
        request=intention,
        project_id=project_or_only(body.project, Role.SIGNING),
        contract=_contract(body),
    )
    reply, ruling = signed.reply, signed.ruling
    matches = [
        MatchView(
            visit_id=match.visit.id,
            arrived_at=match.visit.arrived_at,
            basis=match.basis,
        ).model_dump(mode="json")
        for match in signed.matches
    ]
    told = None if ruling is None else ruling_view(ruling).model_dump(mode="json")
    return replace(reply, answer={**reply.answer, "matches": matches, "ruling": told})


@bp.get("")
@requires(*ACCOUNT_ROLES)
@operation(Operation(query=AtProject, answer=SigningList))
def signings(query: AtProject) -> SigningList:
    """List the deals of a project with what follows from each."""
    project_id = project_or_only(query.project, *ACCOUNT_ROLES)
    runtime, by = current_runtime(), current_actor()
    found = deal_accounts(runtime, by=by, project_id=project_id)
    return SigningList(signings=tuple(_view(one) for one in found))


@bp.get("/<signing_id>")
@requires(*ACCOUNT_ROLES)
@operation(Operation(answer=SigningView, refuses=(NotFound,)))
def one_signing(signing_id: SigningId) -> SigningView:
    """Show one deal with what follows from it."""
    found = deal_account(current_runtime(), by=current_actor(), signing_id=signing_id)
    return _view(found)


@bp.get("/<signing_id>/receipts")
@requires(*RULING_ROLES)
@operation(Operation(answer=ReceiptList, refuses=(NotFound,)))
def receipts(signing_id: SigningId) -> ReceiptList:
    """List the receipts 回执 of a deal: signing, steps, rulings, accruals."""
    runtime = current_runtime()
    own = facts_of_signing(runtime, by=current_actor(), signing_id=signing_id)
    return receipts_view(receipts_of(runtime, own))


@bp.get("/<signing_id>/visitor-statements")
@requires(*RULING_ROLES)
@operation(Operation(answer=VisitorStatementList, refuses=(NotFound,)))
def visitor_statements(signing_id: SigningId) -> VisitorStatementList:
    """List what visitors say of the matched visits 访客自述, and what differs."""
    found = statements_of_signing(
        current_runtime(), by=current_actor(), signing_id=signing_id
    )
    return VisitorStatementList(
        visitor_statements=tuple(
            VisitorStatementView(
                visit_id=one.visit_id,
                been_before=one.said.been_before,
                brought_by=one.said.brought_by,
                channel_id=one.said.channel_id,
                stated_at=one.stated_at,
                flags=one.flags,
            )
            for one in sorted(found.values(), key=lambda one: one.stated_at)
        )
    )


@bp.post("/<signing_id>/milestones")
@requires(Role.SIGNING, Role.FINANCE)
@operation(
    Operation(
        body=NewMilestone,
        answer=ReachedMilestone,
        status=HTTPStatus.CREATED,
        is_write=True,
        refuses=(NotFound, DealCancelled),
        examples={"kind": "first_payment", "amount_fen": 73_500_000},
    )
)
def reach(signing_id: SigningId, body: NewMilestone, intention: Request) -> Reply:
    """Record what a deal has reached: a payment, a handover, a cancellation."""
    return record_milestone(
        current_runtime(),
        by=current_actor(),
        request=intention,
        signing_id=signing_id,
        kind=body.kind,
        reached_at=body.at,
        amount=None if body.amount_fen is None else Amount(body.amount_fen),
    )


@bp.get("/<signing_id>/bundle")
@requires(*EVIDENCE_ROLES, *PARTY_ROLES)
@operation(Operation(answer=None, media=ZIP, refuses=(NotFound, NotAllowed)))
def bundle(signing_id: SigningId) -> Response:
    """Give the evidence bundle (证据包) of the standing ruling; the export is logged.

    Agents and channel managers get it for cases in which their channel has a claim.
    """
    file = export_evidence(current_runtime(), by=current_actor(), signing_id=signing_id)
    answer = Response(file.data, content_type=ZIP)
    answer.headers["Content-Disposition"] = f"attachment; filename={file.name}"
    return answer


@bp.get("/<signing_id>/ruling")
@requires(*RULING_ROLES)
@operation(Operation(answer=RulingView, refuses=(NotFound,)))
def ruling_that_stands(signing_id: SigningId) -> RulingView:
    """Show the ruling that stands for a signing, with its reasons."""
    return ruling_view(
        ruling_of_signing(current_runtime(), by=current_actor(), signing_id=signing_id)
    )


def _contract(body: NewSigning) -> Contract:
    return Contract(
        unit=body.unit,
        price=Amount(body.price_fen),
        stage=body.stage,
        area_cm2=body.area_cm2,
        signed_at=body.signed_at,
        buyers=tuple(read_all(one.identifiers) for one in body.buyers),
        relatives=tuple(
            Kin(relation=one.relation, identifiers=read_all(one.identifiers))
            for one in body.relatives
        ),
        receipts=body.receipts,
    )


def _view(account: DealAccount) -> SigningView:
    deal, ruling = account.deal, account.ruling
    return SigningView(
        signing_id=deal.id,
        project_id=deal.project_id,
        unit=deal.unit,
        stage=deal.stage,
        price_fen=deal.price_fen,
        area_cm2=deal.area_cm2,
        signed_at=deal.signed_at,
        recorded_at=deal.recorded_at,
        is_cancelled=account.is_cancelled,
        is_held=account.is_held,
        is_unlisted=account.is_unlisted,
        ruling_id=None if ruling is None else ruling.id,
        outcome=None if ruling is None else ruling.outcome,
        milestones=tuple(
            MilestoneView.model_validate(one, from_attributes=True)
            for one in account.milestones
        ),
        owed=tuple(
            OwedView(
                accrual_id=line.accrual.id,
                channel_id=line.accrual.payee_id,
                channel=line.channel,
                share_bp=line.accrual.share_bp,
                amount_fen=line.accrual.amount_fen,
                payable_fen=line.payable,
                waits_for=tuple(DealEvent(kind.value) for kind in line.waits_for),
                reason=line.reason,
            )
            for line in account.lines
        ),
    )
