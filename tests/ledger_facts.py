"""Facts of the ledger, made in one call; instants are days of 2026 in Shanghai."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from attribution.commissions import (
    Base,
    CommissionPlan,
    Milestone,
    MilestoneKind,
    commission_for,
)
from attribution.ids import SigningId
from attribution.ledger.check import Violation, check_ledger
from attribution.ledger.entries import AccountKind, Entry, balances_of
from attribution.ledger.facts import (
    Accrued,
    Cancelled,
    Component,
    Fact,
    Gate,
    Held,
    Paid,
    PaidLine,
    Reached,
)
from attribution.ledger.journal import journal_of
from attribution.money import WHOLE, BasisPoints, Fen, split

SHANGHAI = ZoneInfo("Asia/Shanghai")
CONTRACT, HANDOVER = MilestoneKind.CONTRACT, MilestoneKind.HANDOVER
LATEST = datetime(2027, 12, 31, tzinfo=UTC)
PLAN = CommissionPlan(
    version="plan",
    base=Base.PRICE,
    rate=BasisPoints(100),
    fixed=Fen(0),
    milestones=(
        Milestone(on=CONTRACT, part=BasisPoints(7_000)),
        Milestone(on=HANDOVER, part=BasisPoints(3_000)),
    ),
)
FIXED = replace(PLAN, base=Base.FIXED, rate=BasisPoints(0), fixed=Fen(300))
HALVES = (BasisPoints(5_000), BasisPoints(5_000))


def day(number: float, month: int = 3) -> datetime:
    """Return an instant: `day(1)` is the midnight with which March begins."""
    first = datetime(2026, month, 1, tzinfo=SHANGHAI)
    return (first + timedelta(days=number - 1)).astimezone(UTC)


FIRST = day(1)


def accrued(
    id_: str = "a",
    *,
    at: datetime = FIRST,
    deal: str = "d",
    payee: str = "channel:A",
    price: int = 10_000,
    plan: CommissionPlan = PLAN,
    place: tuple[int, tuple[BasisPoints, ...]] = (0, (WHOLE,)),
) -> Accrued:
    """Return an accrual of 100 fen, of which 70 are payable at the contract."""
    number, shares = place
    is_reward = payee.startswith("buyers:")
    return Accrued(
        id=id_,
        deal=SigningId(deal),
        payee=payee,
        component=Component.WALK_IN_REWARD if is_reward else Component.COMMISSION,
        amount=Fen(split(commission_for(plan, Fen(price)), shares)[number]),
        plan=plan,
        price=Fen(price),
        shares=shares,
        place=number,
        at=at,
    )


def reached(
    on: MilestoneKind = CONTRACT,
    *,
    at: datetime,
    deal: str = "d",
    arose_at: datetime | None = None,
) -> Reached:
    return Reached(
        id=f"{deal} {on.value}",
        deal=SigningId(deal),
        on=on,
        arose_at=arose_at or at,
        at=at,
    )


def cancelled(
    *, at: datetime, deal: str = "d", arose_at: datetime | None = None
) -> Cancelled:
    return Cancelled(
        id=f"{deal} cancelled", deal=SigningId(deal), arose_at=arose_at or at, at=at
    )


def held(id_: str = "h", *, at: datetime, on: str = "d") -> Held:
    return Held(id=id_, on=on, gate=Gate.HELD, at=at)


def paid(
    id_: str = "p",
    *,
    at: datetime,
    amounts: dict[str, int],
    tax: int = 0,
    payee: str = "channel:A",
) -> Paid:
    """Return a payment; the tax is kept back of each line."""
    lines = tuple(
        PaidLine(accrual_id=accrual, amount=Fen(amount), tax=Fen(tax))
        for accrual, amount in amounts.items()
    )
    return Paid(id=id_, payee=payee, lines=lines, at=at)


def book(facts: Iterable[Fact], *, as_of: datetime = LATEST) -> tuple[Entry, ...]:
    return journal_of(facts, as_of=as_of, zone=SHANGHAI)


def checked(facts: Iterable[Fact]) -> Violation | None:
    known = list(facts)
    return check_ledger(book(known), known, as_of=LATEST)


def standing(
    journal: Iterable[Entry], payee: str = "channel:A"
) -> dict[AccountKind, int]:
    """Return the balances that are not zero: of nobody, or of one payee."""
    return {
        account.kind: amount
        for account, amount in balances_of(journal).items()
        if amount and account.payee in ("", payee)
    }
