"""The API of the front desk 前台: look at a code, redeem it, record who came."""

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Literal, Self

from flask import Blueprint
from pydantic import Field, StrictInt, StrictStr, model_validator

from attribution.errors import (
    BindingMismatch,
    CodeRequired,
    NotFound,
    RateLimited,
    TokenExpired,
    TokenReserved,
    TokenRevoked,
    TokenUnknown,
    TokenUsed,
    VisitOverdue,
    WrongProject,
)
from attribution.ids import ProjectId, TokenId, VisitId
from attribution.services.answering import Reply, Request
from attribution.services.greeting import DESK_ROLES, Arrival
from attribution.services.looking import (
    find_reports,
    peek_token,
    visit_detail,
    visits_of_today,
)
from attribution.services.receipting import facts_of_visit, receipts_of
from attribution.services.visiting import (
    confirm_report,
    record_walk_in,
    redeem_token,
)
from attribution.visitor_statements import RiskKind
from attribution.visits import RedeemedBy, Standing
from tokens.errors import IdentifierInvalid, ScanMalformed
from tokens.scans import Scan, read_scan
from web.access import current_actor, current_runtime, requires
from web.api.fields import (
    Asked,
    Id,
    Identifications,
    Instant,
    Told,
    Written,
    read_all,
)
from web.api.operations import Operation, operation, project_or_only
from web.api.receipts import ReceiptList, receipts_view

bp = Blueprint("api_visits", __name__, url_prefix="/api/v1/visits")

_REFUSED_TOKENS = (
    TokenUnknown,
    WrongProject,
    TokenRevoked,
    TokenExpired,
    TokenUsed,
    TokenReserved,
    BindingMismatch,
    RateLimited,
)
_PHONE = {"kind": "cn-mobile", "value": "13800138000"}


# What the notice offers (web/notice.py); nobody can agree to anything else.
Purpose = Literal["visit", "referral", "signing_match"]


class Consent(Asked):
    """What the visitor agreed to, and which notice 告知书 was shown."""

    notice: Annotated[StrictStr, Field(pattern=r"^[0-9A-Za-z.\-]{1,16}$")]
    purposes: Annotated[tuple[Purpose, ...], Field(max_length=3)] = ()


class NewVisit(Asked):
    """Who arrived. Numbers may be left out: who declines is received all the same."""

    project: Id | None = None
    identifiers: Identifications = ()
    party: Annotated[tuple[Identifications, ...], Field(max_length=20)] = Field(
        default=(), description="the numbers of each companion"
    )
    party_size: StrictInt = Field(default=1, ge=1, le=99)
    consent: Consent | None = None

    def arrival(self) -> Arrival:
        """Return the arrival, its numbers in normal form."""
        return Arrival(
            identifiers=read_all(self.identifiers),
            party=tuple(read_all(one) for one in self.party),
            party_size=self.party_size,
            notice_version=self.consent.notice if self.consent else None,
            purposes=self.consent.purposes if self.consent else (),
        )


class _Scanned(Asked):
    """Something with a code: typed, or the digits that a scanner read."""

    code: StrictStr | None = Field(default=None, max_length=2048, repr=False)
    qr: StrictStr | None = Field(default=None, max_length=2048, repr=False)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.code is None) is (self.qr is None):
            raise ValueError("needs either code or qr")
        return self

    def scan(self) -> Scan:
        """Return what was typed or scanned; a field takes either."""
        return read_scan(self.code if self.code is not None else self.qr or "")


class Redemption(NewVisit, _Scanned):
    """A token and who came with it."""


class Glance(_Scanned):
    """A token, and perhaps who came with it."""

    project: Id | None = None
    identifiers: Identifications = ()


class LookUp(Asked):
    """Somebody who forgot the code, by their own number."""

    project: Id | None = None
    identifiers: Annotated[Identifications, Field(min_length=1)]


class Confirmation(NewVisit):
    """A report that was found by the client's number, and who came."""

    token_id: Id


class AtDesk(Asked):
    """Of which project."""

    project: Id | None = None


class NewlyVisited(Written):
    """A visit that was recorded."""

    visit_id: str
    arrived_at: Instant
    standing: Standing
    finding: str = Field(description="OK, or the code of rules §12", examples=["OK"])
    is_marginal: bool = Field(description="the lead time was met only just")
    visitor_receipt: str = Field(description="for the visitor; shown this once")
    receipt_url: str = Field(examples=["/v/ABCDEFGHIJKLMNOPQRSTUVWX"])


class Peeked(Told):
    """What redeeming would do; nobody else can redeem it for two minutes."""

    token_id: str
    standing: Standing
    is_marginal: bool
    needs_identifier: bool = Field(description="ask the visitor for a number first")
    binding_kind: str | None
    label: str | None
    issued_at: Instant
    bound_at: Instant | None
    expires_at: Instant
    reserved_until: Instant


class FoundReportView(Told):
    """A live report of the client."""

    token_id: str
    label: str | None
    issued_at: Instant
    expires_at: Instant


class FoundReports(Told):
    """The live reports of a client who forgot the code."""

    reports: tuple[FoundReportView, ...]


class VisitView(Told):
    """A visit as its desk sees it."""

    visit_id: str = Field(validation_alias="id")
    project_id: str
    arrived_at: Instant
    standing: Standing
    basis: RedeemedBy
    is_marginal: bool
    party_size: int
    notice_version: str | None
    entry_id: str
    position: int | None = Field(description="in the log; null while pending")
    issued_at: Instant | None
    rulebook_version: str | None
    bound_kind: str | None
    channel: str | None
    agent: str | None
    flags: tuple[RiskKind, ...] = Field(
        description="where the visitor's own word differs from what was recorded"
    )


class VisitList(Told):
    """Visits, newest first."""

    visits: tuple[VisitView, ...]


@bp.post("/peek")
@requires(*DESK_ROLES)
@operation(
    Operation(
        body=Glance,
        answer=Peeked,
        refuses=(*_REFUSED_TOKENS, IdentifierInvalid, ScanMalformed),
        examples={"code": "7K2MQ-X4V9T-3", "identifiers": [_PHONE]},
    )
)
def peek(body: Glance) -> Peeked:
    """Say what redeeming would do, without doing it (核对).

    The token is kept for this desk for two minutes.
    """
    peeked = peek_token(
        current_runtime(),
        by=current_actor(),
        project_id=_project(body.project),
        scan=body.scan(),
        identifiers=read_all(body.identifiers),
    )
    return Peeked.model_validate(peeked, from_attributes=True)


@bp.post("/redeem")
@requires(*DESK_ROLES)
@operation(
    Operation(
        body=Redemption,
        answer=NewlyVisited,
        status=HTTPStatus.CREATED,
        is_write=True,
        refuses=(*_REFUSED_TOKENS, IdentifierInvalid, ScanMalformed),
        examples={
            "code": "7K2MQ-X4V9T-3",
            "identifiers": [_PHONE],
            "consent": {"notice": "2026-01", "purposes": ["visit", "referral"]},
        },
    )
)
def redeem(body: Redemption, intention: Request) -> Reply:
    """Redeem a token: one visit, once (核销)."""
    return _with_address(
        redeem_token(
            current_runtime(),
            by=current_actor(),
            request=intention,
            project_id=_project(body.project),
            scan=body.scan(),
            arrival=body.arrival(),
        )
    )


@bp.post("/walk-in")
@requires(*DESK_ROLES)
@operation(
    Operation(
        body=NewVisit,
        answer=NewlyVisited,
        status=HTTPStatus.CREATED,
        is_write=True,
        refuses=(IdentifierInvalid,),
        examples={"party_size": 2},
    )
)
def walk_in(body: NewVisit, intention: Request) -> Reply:
    """Record a visit without a token (自然到访); it may be wholly anonymous."""
    return _with_address(
        record_walk_in(
            current_runtime(),
            by=current_actor(),
            request=intention,
            project_id=_project(body.project),
            arrival=body.arrival(),
        )
    )


@bp.post("/find-reports")
@requires(*DESK_ROLES)
@operation(
    Operation(
        body=LookUp,
        answer=FoundReports,
        refuses=(CodeRequired, VisitOverdue, IdentifierInvalid),
        examples={"identifiers": [_PHONE]},
    )
)
def find(body: LookUp) -> FoundReports:
    """Find the live reports of a client who forgot the code.

    Each look-up is itself logged, found or not.
    """
    found = find_reports(
        current_runtime(),
        by=current_actor(),
        project_id=_project(body.project),
        identifiers=read_all(body.identifiers),
    )
    return FoundReports.model_validate({"reports": found}, from_attributes=True)


@bp.post("/confirm-report")
@requires(*DESK_ROLES)
@operation(
    Operation(
        body=Confirmation,
        answer=NewlyVisited,
        status=HTTPStatus.CREATED,
        is_write=True,
        refuses=(*_REFUSED_TOKENS, NotFound, CodeRequired, IdentifierInvalid),
        examples={
            "token_id": "9b1c5ad2fe3b4c6d8e0f112233445566",
            "identifiers": [_PHONE],
        },
    )
)
def confirm(body: Confirmation, intention: Request) -> Reply:
    """Redeem a live report without its code, because the client forgot it."""
    return _with_address(
        confirm_report(
            current_runtime(),
            by=current_actor(),
            request=intention,
            project_id=_project(body.project),
            token_id=TokenId(body.token_id),
            arrival=body.arrival(),
        )
    )


@bp.get("")
@requires(*DESK_ROLES)
@operation(Operation(query=AtDesk, answer=VisitList))
def todays_visits(query: AtDesk) -> VisitList:
    """List the visits of today; a desk sees no earlier ones."""
    found = visits_of_today(
        current_runtime(), by=current_actor(), project_id=_project(query.project)
    )
    return VisitList.model_validate({"visits": found}, from_attributes=True)


@bp.get("/<visit_id>")
@requires(*DESK_ROLES)
@operation(Operation(answer=VisitView, refuses=(NotFound,)))
def one_visit(visit_id: VisitId) -> VisitView:
    """Show one visit of today, of one's own sales centre."""
    found = visit_detail(current_runtime(), by=current_actor(), visit_id=visit_id)
    return VisitView.model_validate(found, from_attributes=True)


@bp.get("/<visit_id>/receipts")
@requires(*DESK_ROLES)
@operation(Operation(answer=ReceiptList, refuses=(NotFound,)))
def receipts(visit_id: VisitId) -> ReceiptList:
    """List the receipts 回执 of a visit of one's own sales centre."""
    runtime = current_runtime()
    own = facts_of_visit(runtime, by=current_actor(), visit_id=visit_id)
    return receipts_view(receipts_of(runtime, own))


def _project(named: str | None) -> ProjectId:
    return project_or_only(named, *DESK_ROLES)


def _with_address(reply: Reply) -> Reply:
    """Add where the visitor's own page is."""
    address = f"/v/{reply.answer['visitor_receipt']}"
    return replace(reply, answer={**reply.answer, "receipt_url": address})
