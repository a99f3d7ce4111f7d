"""Accruals 计提: what a ruling owes, and what a superseding one takes back."""

from collections.abc import Mapping
from dataclasses import replace

from attribution.commissions import commission_for, joint_commissions
from attribution.ids import ChannelId, ProgrammeId, VisitId
from attribution.money import WHOLE, BasisPoints, Fen
from attribution.programmes import Kind, Programme
from attribution.services.agreements import plan_of
from attribution.services.runtime import Runtime
from attribution.services.statements import StatementKind, record
from attribution.storage.agreement_repository import PROGRAMME_PLANS
from attribution.storage.signing_repository import (
    Accrual,
    Deal,
    Reversal,
    StoredRuling,
)
from attribution.storage.work import UnitOfWork

Shares = tuple[tuple[ChannelId, BasisPoints], ...]


def accrue(
    runtime: Runtime,
    work: UnitOfWork,
    stored: StoredRuling,
    *,
    deal: Deal,
    shares: Shares,
    programmes: Mapping[ChannelId, ProgrammeId],
) -> None:
    """Book what a ruling owes, under the plan of each programme.

    It is each channel's commission by its share; or, for a buyer who came alone, the
    buyer's own reward (rules §9.5).
    """
    for channel_id, share in shares:
        agreed = (channel_id, programmes[channel_id])
        whole = _whole(runtime, work, stored, deal, agreed)
        part = joint_commissions(whole.amount_fen, shares)[channel_id]
        _book(runtime, work, replace(whole, share_bp=share, amount_fen=part))
    rewarded = stored.told()["walk_in_reward"]
    if rewarded is not None:
        programme = _reward_programme(work, deal)
        agreed = (programme.channel_id, programme.id)
        whole = _whole(runtime, work, stored, deal, agreed)
        _book(runtime, work, replace(whole, visit_id=VisitId(rewarded)))


def _whole(
    runtime: Runtime,
    work: UnitOfWork,
    stored: StoredRuling,
    deal: Deal,
    agreed: tuple[ChannelId, ProgrammeId],
) -> Accrual:
    """Return all that a programme's plan makes of a deal, before it is shared."""
    channel_id, programme_id = agreed
    version = work.agreements.version_at(PROGRAMME_PLANS, programme_id, deal.signed_at)
    plan = plan_of(version.version, version.body)
    return Accrual(
        id=runtime.new_id(),
        ruling_id=stored.id,
        signing_id=deal.id,
        channel_id=channel_id,
        programme_id=programme_id,
        plan_version=plan.version,
        share_bp=WHOLE,
        amount_fen=commission_for(plan, deal.price_fen),
        accrued_at=stored.ruled_at,
        entry_id="",
    )


def _reward_programme(work: UnitOfWork, deal: Deal) -> Programme:
    """Return the oldest programme that rewards walk-ins at a signing."""
    return next(
        one
        for one in work.agreements.programmes_at(deal.project_id, deal.signed_at)
        if one.kind is Kind.WALK_IN_REWARD and one.is_in_force(deal.signed_at)
    )


def reverse(runtime: Runtime, work: UnitOfWork, stored: StoredRuling) -> None:
    """Undo everything that is still booked for a signing: a ruling takes its place.

    Each reversal is the negative of one accrual and names it (money §3.4).
    """
    undone = {one.accrual_id for one in work.signings.reversals_of(stored.signing_id)}
    for accrual in work.signings.accruals_of(stored.signing_id):
        if accrual.id not in undone:
            _take_back(runtime, work, stored, accrual)


def _take_back(
    runtime: Runtime, work: UnitOfWork, stored: StoredRuling, accrual: Accrual
) -> None:
    reversal = Reversal(
        id=runtime.new_id(),
        accrual_id=accrual.id,
        ruling_id=stored.id,
        signing_id=accrual.signing_id,
        channel_id=accrual.channel_id,
        amount_fen=Fen(-accrual.amount_fen),
        reversed_at=stored.ruled_at,
        entry_id="",
    )
    body = {
        "reversal": reversal.id,
        "accrual": reversal.accrual_id,
        "ruling": reversal.ruling_id,
        "signing": reversal.signing_id,
        "channel": reversal.channel_id,
        "amount_fen": reversal.amount_fen,
    }
    at = reversal.reversed_at
    recorded = record(runtime, work, at, (StatementKind.REVERSAL, body))[0]
    work.signings.add_reversal(replace(reversal, entry_id=recorded.entry_id))


def _book(runtime: Runtime, work: UnitOfWork, accrual: Accrual) -> None:
    body = {
        "accrual": accrual.id,
        "ruling": accrual.ruling_id,
        "signing": accrual.signing_id,
        "channel": accrual.channel_id,
        "plan": accrual.plan_version,
        "share_bp": accrual.share_bp,
        "amount_fen": accrual.amount_fen,
    }
    if accrual.visit_id is not None:
        body["visit"] = accrual.visit_id
    at = accrual.accrued_at
    recorded = record(runtime, work, at, (StatementKind.ACCRUAL, body))[0]
    work.signings.add_accruals([replace(accrual, entry_id=recorded.entry_id)])
