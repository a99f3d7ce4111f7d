"""What happened to money, as the ledger sees it: facts that are only ever added.

Source: docs/specs/ledger.md §2. Each says in `at` when it was recorded, for that is
when the books can know it; `arose_at` says when it was so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from attribution.commissions import CommissionPlan, MilestoneKind, commission_for
from attribution.ids import SigningId
from attribution.money import BasisPoints, Fen, split


class Component(StrEnum):
    """Which part of a plan owes."""

    COMMISSION = "commission"
    WALK_IN_REWARD = "walk_in_reward"


class Gate(StrEnum):
    """Why nothing becomes payable, whatever was reached (money §2.2)."""

    NOT_FINAL = "NOT_FINAL"  # the ruling may still be disputed
    HELD = "HELD"  # a dispute holds the signing
    UNWITNESSED = "UNWITNESSED"  # no quorum of witnesses has seen the accrual


@dataclass(frozen=True, kw_only=True, slots=True)
class Accrued:
    """A ruling owes a payee its share of what a plan makes of a price.

    `payee` is `channel:ID` or `buyers:SIGNING`; `place` is whose of the `shares`.
    """

    id: str
    deal: SigningId
    payee: str
    component: Component
    amount: Fen
    plan: CommissionPlan
    price: Fen
    shares: tuple[BasisPoints, ...]
    place: int
    at: datetime

    def by_plan(self) -> Fen:
        """Return what the plan says today that is owed."""
        whole = commission_for(self.plan, self.price)
        return Fen(split(whole, self.shares)[self.place])


@dataclass(frozen=True, kw_only=True, slots=True)
class Reversed:
    """Another ruling has taken the place of the one that owed."""

    id: str
    accrual_id: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Reached:
    """A deal has reached a milestone."""

    id: str
    deal: SigningId
    on: MilestoneKind
    arose_at: datetime
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Cancelled:
    """A deal was cancelled 退房: nothing is owed for it any more."""

    id: str
    deal: SigningId
    arose_at: datetime
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """A gate is closed for a deal, or for one accrual: `on` is the id of either."""

    id: str
    on: str
    gate: Gate
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Released:
    """A gate that was closed is open again."""

    id: str
    hold_id: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class PaidLine:
    """What a payment pays of one accrual: before tax, and the tax kept back of it."""

    accrual_id: str
    amount: Fen
    tax: Fen

    def __post_init__(self) -> None:
        if not 0 <= self.tax <= self.amount or not self.amount:
            message = "a line pays more than nothing, and keeps back at most that"
            raise ValueError(message)


@dataclass(frozen=True, kw_only=True, slots=True)
class Paid:
    """A payment to one payee 结佣."""

    id: str
    payee: str
    lines: tuple[PaidLine, ...]
    at: datetime

    def __post_init__(self) -> None:
        if len({line.accrual_id for line in self.lines}) != len(self.lines):
            message = "a payment has one line for each accrual"
            raise ValueError(message)


@dataclass(frozen=True, kw_only=True, slots=True)
class Failed:
    """The bank did not carry a payment out."""

    id: str
    payment_id: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class MonthClosed:
    """A month (`2026-03`), and every one before it, is closed."""

    id: str
    month: str
    at: datetime


Fact = (
    Accrued
    | Reversed
    | Reached
    | Cancelled
    | Held
    | Released
    | Paid
    | Failed
    | MonthClosed
)


def facts_until(facts: Iterable[Fact], as_of: datetime) -> Sequence[Fact]:
    """Return what was recorded by an instant, each once, in order of time.

    In which order facts come, and how often, makes no difference.

    Raises:
        ValueError: two facts that differ have one id.
    """
    known: dict[str, Fact] = {}
    for fact in facts:
        if known.setdefault(fact.id, fact) != fact:
            message = f"two different facts are called {fact.id}"
            raise ValueError(message)
    return sorted(
        (fact for fact in known.values() if fact.at <= as_of),
        key=lambda fact: (fact.at, fact.id),
    )
