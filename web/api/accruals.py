"""The API of accruals 计提: what each channel is owed, and what of it is payable."""

from flask import Blueprint
from pydantic import Field

from attribution.deals import DealEvent
from attribution.people import Role
from attribution.services.accounting import AccruedLine, DealAccount, deal_accounts
from web.access import current_actor, current_runtime, requires
from web.api.fields import Asked, Id, Instant, Told
from web.api.operations import Operation, operation, project_or_only

bp = Blueprint("api_accruals", __name__, url_prefix="/api/v1/accruals")

ACCRUAL_ROLES = (
    Role.FINANCE,
    Role.FINANCE_APPROVER,
    Role.OPERATIONS,
    Role.AUDITOR,
)


class Wanted(Asked):
    """Of which project, and perhaps of which channel only."""

    project: Id | None = None
    channel: Id | None = None


class AccrualView(Told):
    """What is owed for one deal: a channel's commission, or the buyer's own reward."""

    accrual_id: str
    signing_id: str
    ruling_id: str
    unit: str
    channel_id: str | None = Field(description="null: owed to the buyer")
    channel: str | None
    visit_id: str | None = Field(description="the walk-in that a reward is for")
    programme_id: str
    plan_version: str
    share_bp: int
    amount_fen: int = Field(description="owed in all, before tax")
    payable_fen: int = Field(description="of it, by the milestones reached so far")
    waits_for: tuple[DealEvent, ...]
    reason: str | None = Field(
        description=(
            "why nothing is payable whatever was reached: HELD by a dispute, or "
            "UNWITNESSED by as many witnesses as are asked for"
        )
    )
    is_cancelled: bool
    accrued_at: Instant


class AccrualList(Told):
    """Accruals of a project, the newest deal first."""

    accruals: tuple[AccrualView, ...]
    amount_fen: int
    payable_fen: int


@bp.get("")
@requires(*ACCRUAL_ROLES)
@operation(Operation(query=Wanted, answer=AccrualList))
def accruals(query: Wanted) -> AccrualList:
    """List what is owed, and how much of it is payable."""
    accounts = deal_accounts(
        current_runtime(),
        by=current_actor(),
        project_id=project_or_only(query.project, *ACCRUAL_ROLES),
    )
    found = tuple(
        _view(account, line)
        for account in accounts
        for line in account.lines
        if query.channel in (None, line.accrual.payee_id)
    )
    return AccrualList(
        accruals=found,
        amount_fen=sum(one.amount_fen for one in found if not one.is_cancelled),
        payable_fen=sum(one.payable_fen for one in found),
    )


def _view(account: DealAccount, line: AccruedLine) -> AccrualView:
    accrual = line.accrual
    return AccrualView(
        accrual_id=accrual.id,
        signing_id=accrual.signing_id,
        ruling_id=accrual.ruling_id,
        unit=account.deal.unit,
        channel_id=accrual.payee_id,
        channel=line.channel,
        visit_id=accrual.visit_id,
        programme_id=accrual.programme_id,
        plan_version=accrual.plan_version,
        share_bp=accrual.share_bp,
        amount_fen=accrual.amount_fen,
        payable_fen=line.payable,
        waits_for=tuple(DealEvent(kind.value) for kind in line.waits_for),
        reason=line.reason,
        is_cancelled=account.is_cancelled,
        accrued_at=accrual.accrued_at,
    )
