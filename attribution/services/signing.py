"""Signings 签约: the buyer's ID is matched to earlier visits, and forgotten."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from attribution.deals import DealEvent
from attribution.documents import instant_text
from attribution.errors import DealCancelled, InputInvalid, NotAllowed, NotFound
from attribution.ids import ProjectId, SigningId, VisitId, VisitorTag
from attribution.money import Fen
from attribution.people import Actor, Role
from attribution.reconciliation.units import read_unit
from attribution.rulebook import Stage
from attribution.services.agreements import deal_rules_at
from attribution.services.answering import Answer, Reply, Request, once
from attribution.services.runtime import Runtime
from attribution.services.statements import (
    StatementKind,
    promise_of,
    record,
)
from attribution.services.visiting import receipt_digest
from attribution.signings import Relative, Signing
from attribution.storage.signing_repository import Deal, Milestone
from attribution.storage.work import UnitOfWork
from tokens.identifiers import Identifier, refuse_masked

_UNPLACED = -1
# Money comes in parts, and names and homes may change again; these happen once.
_ONCE = frozenset({DealEvent.CONTRACT, DealEvent.FULL_PRICE, DealEvent.HANDOVER})


@dataclass(frozen=True, kw_only=True, slots=True)
class Kin:
    """A declared relative of the buyers, as typed at the signing desk."""

    relation: str
    identifiers: tuple[Identifier, ...] = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Contract:
    """What is signed, by whom. The identifiers live for one request.

    Args:
        buyers: the identifiers of each buyer, at least one buyer with one.
        receipts: visit receipts that the buyers present.
        signed_at: None for now.
    """

    unit: str
    price: Fen
    stage: Stage
    area_cm2: int | None = None
    signed_at: datetime | None = None
    buyers: tuple[tuple[Identifier, ...], ...] = field(repr=False)
    relatives: tuple[Kin, ...] = ()
    receipts: tuple[str, ...] = field(default=(), repr=False)


def record_signing(
    runtime: Runtime,
    *,
    by: Actor,
    request: Request,
    project_id: ProjectId,
    contract: Contract,
) -> Reply:
    """Store a signing with the tags of its group; `rule_signing` comes next.

    Raises:
        NotAllowed: not a signing desk of this project.
        InputInvalid: no buyer, a unit that cannot be read, an unknown receipt, a
            signing in the future.
        IdentifierInvalid: a number is masked; whoever signs shows a document.
        UnitSold: the home has a signing that was not cancelled.
    """
    if not by.may_at(project_id, Role.SIGNING):
        raise NotAllowed
    now = runtime.now()
    signed_at = contract.signed_at or now
    if signed_at > now:
        raise InputInvalid("signed_at", "lies in the future")
    unit = _unit(contract.unit)
    buyers, relatives = _group_tags(runtime, project_id, contract)

    def action(work: UnitOfWork) -> Answer:
        signing = Signing(
            id=SigningId(runtime.new_id()),
            project_id=project_id,
            signed_at=signed_at,
            log_index=_UNPLACED,
            buyers=buyers,
            relatives=relatives,
            receipts=_visits_of(work, project_id, contract.receipts),
            stage=contract.stage,
        )
        deal = Deal(
            id=signing.id,
            project_id=project_id,
            unit=unit,
            stage=contract.stage,
            price_fen=contract.price,
            area_cm2=contract.area_cm2,
            signed_at=signed_at,
            recorded_at=now,
            recorded_by=by.person_id,
            entry_id="",
        )
        follows = _subscription_of(work, deal)
        # Of a refused signing nothing but the refusal may remain.
        with work.savepoint():
            return _stored(runtime, work, signing, deal, follows)

    return once(runtime, request, now, action)


def _unit(text: str) -> str:
    reading = read_unit(text)
    if reading.normal is None:
        raise InputInvalid("unit", str(reading.doubt))
    return reading.normal


def _group_tags(
    runtime: Runtime, project_id: ProjectId, contract: Contract
) -> tuple[tuple[frozenset[VisitorTag], ...], tuple[Relative, ...]]:
    """Turn everybody's identifiers into tags, in one batch."""
    if not any(contract.buyers):
        raise InputInvalid("buyers", "must name at least one buyer with an identifier")
    people = [*contract.buyers, *(kin.identifiers for kin in contract.relatives)]
    everyone = [one for identifiers in people for one in identifiers]
    refuse_masked(everyone)
    tags = iter(runtime.tag(project_id, everyone))
    sets = [frozenset(next(tags) for _ in identifiers) for identifiers in people]
    count = len(contract.buyers)
    relatives = tuple(
        Relative(relation=kin.relation, tags=found)
        for kin, found in zip(contract.relatives, sets[count:], strict=True)
    )
    return tuple(sets[:count]), relatives


def _visits_of(
    work: UnitOfWork, project_id: ProjectId, receipts: tuple[str, ...]
) -> frozenset[VisitId]:
    visits = set()
    for index, receipt in enumerate(receipts):
        detail = work.visits.by_receipt(receipt_digest(receipt.strip().upper()))
        if detail is None:
            raise InputInvalid(f"receipts[{index}]", "is not known here")
        if detail.project_id != project_id:
            raise InputInvalid(f"receipts[{index}]", "is of another project")
        visits.add(detail.id)
    return frozenset(visits)


def _subscription_of(work: UnitOfWork, deal: Deal) -> SigningId | None:
    """Return the subscription that a contract completes, where contracts decide.

    Where subscriptions fix attribution (`fixes_at`), the home has its signing, and a
    contract is a milestone of it.
    """
    try:
        rules = deal_rules_at(work, deal.project_id, deal.signed_at)
    except NotFound:
        message = "lies before the first rules of the project"
        raise InputInvalid("signed_at", message) from None
    if deal.stage is not Stage.CONTRACT or rules.fixes_at is not Stage.CONTRACT:
        return None
    holder = work.signings.holder_of(deal.project_id, deal.unit)
    if holder is None or holder.stage is not Stage.SUBSCRIPTION:
        return None
    return holder.id


def _stored(
    runtime: Runtime,
    work: UnitOfWork,
    signing: Signing,
    deal: Deal,
    follows: SigningId | None,
) -> Answer:
    body = {
        "signing": deal.id,
        "project": deal.project_id,
        "unit": deal.unit,
        "stage": deal.stage,
        "price_fen": deal.price_fen,
        "signed_at": instant_text(deal.signed_at),
        "buyers": len(signing.buyers),
        "relatives": [one.relation for one in signing.relatives],
        "receipts": sorted(signing.receipts),
        "follows": follows,
        "by": deal.recorded_by,
    }
    recorded = record(runtime, work, deal.recorded_at, (StatementKind.SIGNING, body))[0]
    own = replace(deal, entry_id=recorded.entry_id)
    work.signings.add(signing, own, follows=follows)
    return {
        "signing_id": deal.id,
        "unit": deal.unit,
        "is_unlisted": work.agreements.is_unlisted(deal.project_id, deal.unit),
        "signed_at": instant_text(deal.signed_at),
        "promise": promise_of(runtime, recorded),
    }


def record_milestone(
    runtime: Runtime,
    *,
    by: Actor,
    request: Request,
    signing_id: SigningId,
    kind: DealEvent,
    reached_at: datetime | None = None,
    amount: Fen | None = None,
) -> Reply:
    """Store what a deal has reached: a payment, a handover, a cancellation.

    Raises:
        NotFound: no such signing.
        NotAllowed: neither signing desk nor finance of its project.
        DealCancelled: nothing follows a cancellation.
        InputInvalid: an instant in the future or before the signing, or what a deal
            reaches once, a second time.
    """
    now = runtime.now()
    at = reached_at or now

    def action(work: UnitOfWork) -> Answer:
        deal = work.signings.deal(signing_id, for_update=True)
        if not by.may_at(deal.project_id, Role.SIGNING, Role.FINANCE):
            raise NotAllowed
        if not deal.signed_at <= at <= now:
            raise InputInvalid("at", "must lie between the signing and now")
        reached = work.signings.milestones([signing_id])
        if any(one.kind == DealEvent.CANCELLED for one in reached):
            raise DealCancelled
        if kind in _ONCE and any(one.kind == kind for one in reached):
            raise InputInvalid("kind", "was reached before")
        milestone_id = runtime.new_id()
        body = {
            "milestone": milestone_id,
            "signing": signing_id,
            "kind": kind,
            "amount_fen": amount,
            "reached_at": instant_text(at),
            "by": by.person_id,
        }
        recorded = record(runtime, work, now, (StatementKind.MILESTONE, body))[0]
        work.signings.add_milestone(
            Milestone(
                id=milestone_id,
                signing_id=signing_id,
                kind=kind,
                amount_fen=amount,
                reached_at=at,
                recorded_at=now,
                recorded_by=by.person_id,
                entry_id=recorded.entry_id,
            )
        )
        if kind is DealEvent.CANCELLED:
            work.signings.free_unit(signing_id)
        return {"milestone_id": milestone_id, "promise": promise_of(runtime, recorded)}

    return once(runtime, request, now, action)
