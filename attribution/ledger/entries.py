"""Entries that add up to zero, and the accounts they move.

Source: docs/specs/ledger.md §3. A debit is positive, a credit negative.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from attribution.commissions import MilestoneKind
from attribution.ids import SigningId
from attribution.ledger.facts import Component
from attribution.money import Fen


class AccountKind(StrEnum):
    """What an account is for (money §5.2)."""

    EXPENSE = "commission_expense"
    REWARD = "walk_in_reward"
    HOLDBACK = "holdback"  # owed, and not payable yet
    PAYABLE = "payable"
    RECEIVABLE = "receivable"  # paid, and not owed any more 扣回
    TAX = "tax_payable"
    BANK = "bank_clearing"


EXPENSE_OF = {
    Component.COMMISSION: AccountKind.EXPENSE,
    Component.WALK_IN_REWARD: AccountKind.REWARD,
}
OF_PAYEES = (AccountKind.HOLDBACK, AccountKind.PAYABLE, AccountKind.RECEIVABLE)


@dataclass(frozen=True, slots=True, order=True)
class Account:
    """One account; those of `OF_PAYEES` are kept for each payee."""

    kind: AccountKind
    payee: str = ""


BANK, TAX = Account(AccountKind.BANK), Account(AccountKind.TAX)


class EntryKind(StrEnum):
    """Why an entry was booked."""

    ACCRUED = "ACCRUED"
    REVERSED = "REVERSED"
    CANCELLED = "CANCELLED"
    REACHED = "REACHED"
    HELD = "HELD"
    RELEASED = "RELEASED"
    PAID = "PAID"
    NETTED = "NETTED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Posting:
    """What one entry does to one account."""

    account: Account
    amount: Fen


@dataclass(frozen=True, slots=True)
class EntryKey:
    """The natural key of an entry: the same facts book the same key once."""

    deal: SigningId
    payee: str
    component: Component
    milestone: MilestoneKind | None
    sequence: int

    def __str__(self) -> str:
        milestone = "" if self.milestone is None else self.milestone.value
        parts = (self.deal, self.payee, self.component, milestone, str(self.sequence))
        return "/".join(parts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One entry 分录 of the journal.

    `cause` is the id of the fact that made it; `month` is where it was booked, and
    `concerns` the closed month that it belongs to, if there is one. `undoes` are the
    entries that it takes back.
    """

    key: EntryKey
    kind: EntryKind
    accrual_id: str
    cause: str
    at: datetime
    month: str
    concerns: str | None
    undoes: tuple[EntryKey, ...]
    postings: tuple[Posting, ...]

    def __post_init__(self) -> None:
        if not self.postings or sum(one.amount for one in self.postings) != 0:
            message = f"{self.key} does not add up to zero"
            raise ValueError(message)


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialLine:
    """One account of a trial balance 试算平衡表: its sums of both sides."""

    account: Account
    debit: Fen
    credit: Fen

    @property
    def balance(self) -> Fen:
        """Debits less credits."""
        return Fen(self.debit - self.credit)


def balances_of(journal: Iterable[Entry]) -> Counter[Account]:
    """Return the balance of every account."""
    found: Counter[Account] = Counter()
    for entry in journal:
        for posting in entry.postings:
            found[posting.account] += posting.amount
    return found


def trial_balance(
    journal: Iterable[Entry], *, until: str | None = None
) -> list[TrialLine]:
    """Return the sums of every account, by account.

    Args:
        until: the last month that counts; every month, if it is None.
    """
    debits: Counter[Account] = Counter()
    credits_: Counter[Account] = Counter()
    for entry in journal:
        if until is not None and entry.month > until:
            continue
        for posting in entry.postings:
            side = debits if posting.amount > 0 else credits_
            side[posting.account] += abs(posting.amount)
    return [
        TrialLine(account=one, debit=Fen(debits[one]), credit=Fen(credits_[one]))
        for one in sorted({*debits, *credits_})
    ]
