"""What must hold of a journal, walked through from its first entry.

Source: docs/specs/ledger.md §5. The journal is believed in nothing: what it must stand
at is reckoned from the facts, by another way than the one that wrote it.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from attribution.commissions import MilestoneKind, payable_at
from attribution.ids import SigningId
from attribution.ledger.entries import (
    BANK,
    EXPENSE_OF,
    OF_PAYEES,
    TAX,
    Account,
    AccountKind,
    Entry,
    EntryKey,
    EntryKind,
)
from attribution.ledger.facts import (
    Accrued,
    Cancelled,
    Fact,
    Failed,
    Held,
    MonthClosed,
    Paid,
    Reached,
    Released,
    Reversed,
    facts_until,
)
from attribution.money import Fen

_DEBTS = frozenset({AccountKind.HOLDBACK, AccountKind.PAYABLE})
_PAID_FROM = frozenset({AccountKind.PAYABLE, AccountKind.TAX, AccountKind.BANK})
_UNDONE = frozenset({*EXPENSE_OF.values(), *OF_PAYEES})
# Which fact an entry is booked for, and which accounts it may move.
_MAY_MOVE: Mapping[EntryKind, tuple[type[Fact], frozenset[AccountKind]]] = {
    EntryKind.ACCRUED: (Accrued, frozenset({*EXPENSE_OF.values(), *_DEBTS})),
    EntryKind.REVERSED: (Reversed, _UNDONE),
    EntryKind.CANCELLED: (Cancelled, _UNDONE),
    EntryKind.REACHED: (Reached, _DEBTS),
    EntryKind.HELD: (Held, _DEBTS),
    EntryKind.RELEASED: (Released, _DEBTS),
    EntryKind.PAID: (Paid, frozenset(AccountKind)),  # more is asked of it below
    EntryKind.NETTED: (Paid, frozenset({AccountKind.RECEIVABLE, AccountKind.BANK})),
    EntryKind.FAILED: (Failed, frozenset({*_PAID_FROM, *OF_PAYEES})),
}


class Rule(StrEnum):
    """What may not be violated, in the order in which it is looked at."""

    UNBALANCED = "UNBALANCED"
    KEY_TWICE = "KEY_TWICE"
    OUT_OF_ORDER = "OUT_OF_ORDER"
    NO_CAUSE = "NO_CAUSE"
    WRONG_ACCOUNT = "WRONG_ACCOUNT"
    UNDOES_NOTHING = "UNDOES_NOTHING"
    MONTH_CLOSED = "MONTH_CLOSED"
    PAID_TWICE = "PAID_TWICE"
    PAID_NOT_PAYABLE = "PAID_NOT_PAYABLE"
    NETTED_TOO_MUCH = "NETTED_TOO_MUCH"
    NOT_OLDEST = "NOT_OLDEST"
    NOT_NETTED = "NOT_NETTED"
    PLAN_DIFFERS = "PLAN_DIFFERS"
    EXPENSE_DIFFERS = "EXPENSE_DIFFERS"
    PAYMENT_DIFFERS = "PAYMENT_DIFFERS"
    STANDS_WRONG = "STANDS_WRONG"


@dataclass(frozen=True, kw_only=True, slots=True)
class Violation:
    """The first thing that does not hold, and of what: an entry, a deal, a payment."""

    rule: Rule
    of: str


def check_ledger(
    journal: Sequence[Entry], facts: Iterable[Fact], *, as_of: datetime
) -> Violation | None:
    """Return the first invariant that does not hold as of an instant, or None."""
    known = _Known(facts_until(facts, as_of))
    walk = _Walk(known)
    for entry in journal:
        found = walk.step(entry)
        if found is not None:
            return found
    return walk.end_of_payment() or next(_wrong_at_the_end(known, journal), None)


class _Known:
    """The facts, by what is asked of them."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        self.by_id = {fact.id: fact for fact in facts}
        self.accruals = {one.id: one for one in facts if isinstance(one, Accrued)}
        self.payments = {one.id: one for one in facts if isinstance(one, Paid)}
        self.closings = [one for one in facts if isinstance(one, MonthClosed)]
        self.undone: set[str] = set()
        self.failures = {
            one.id: one.payment_id for one in facts if isinstance(one, Failed)
        }
        self.failed = set(self.failures.values())
        self.reached: dict[SigningId, set[MilestoneKind]] = defaultdict(set)
        self._holds: dict[str, set[str]] = defaultdict(set)
        self._released: set[str] = set()
        for fact in facts:
            match fact:
                case Reversed():
                    self.undone.add(fact.accrual_id)
                case Cancelled():
                    self.undone.add(fact.deal)
                case Reached():
                    self.reached[fact.deal].add(fact.on)
                case Held():
                    self._holds[fact.on].add(fact.id)
                case Released():
                    self._released.add(fact.hold_id)
                case _:
                    pass

    def entitled(self, one: Accrued) -> Fen:
        """Return what of an accrual still stands."""
        is_undone = one.id in self.undone or one.deal in self.undone
        return Fen(0) if is_undone else one.amount

    def payable(self, one: Accrued) -> Fen:
        """Return what milestones have made payable of an accrual."""
        return payable_at(self.entitled(one), one.plan, self.reached[one.deal])

    def is_held(self, one: Accrued) -> bool:
        """Say whether a gate is closed for an accrual."""
        return bool((self._holds[one.id] | self._holds[one.deal]) - self._released)


class _Walk:
    """Entry after entry, with the balances so far."""

    def __init__(self, known: _Known) -> None:
        self._known = known
        self._keys: set[EntryKey] = set()
        self._last: datetime | None = None
        self._paid: set[tuple[str, str]] = set()
        self._payment: Paid | None = None
        self._bank = 0
        self._of_accrual: Counter[tuple[str, AccountKind]] = Counter()
        # Which accruals a payee owes something of, oldest debt first.
        self._owing: dict[str, dict[str, None]] = defaultdict(dict)

    def step(self, entry: Entry) -> Violation | None:
        """Take one more entry; return what it violates, or what one before it did."""
        payment = None
        if entry.kind in (EntryKind.PAID, EntryKind.NETTED):
            payment = self._known.payments.get(entry.cause)
        if payment != self._payment:
            found = self.end_of_payment()
            if found is not None:
                return found
            self._payment, self._bank = payment, 0
        rule = self._of_the_entry(entry) or self._of_the_balances(entry)
        self._keys.add(entry.key)
        self._last = entry.at
        return None if rule is None else Violation(rule=rule, of=str(entry.key))

    def end_of_payment(self) -> Violation | None:
        """Return whether a payment left the bank to somebody who owes us."""
        payment = self._payment
        if payment is None or self._bank == 0 or not self._owing[payment.payee]:
            return None
        return Violation(rule=Rule.NOT_NETTED, of=payment.id)

    def _of_the_entry(self, entry: Entry) -> Rule | None:
        broken = {
            Rule.UNBALANCED: sum(one.amount for one in entry.postings) != 0,
            Rule.KEY_TWICE: entry.key in self._keys,
            Rule.OUT_OF_ORDER: self._last is not None and entry.at < self._last,
            Rule.NO_CAUSE: self._is_invented(entry),
            Rule.WRONG_ACCOUNT: not _MAY_MOVE[entry.kind][1].issuperset(
                one.account.kind for one in entry.postings
            ),
            Rule.UNDOES_NOTHING: not self._keys.issuperset(entry.undoes),
            Rule.MONTH_CLOSED: any(
                entry.month <= one.month and entry.at > one.at
                for one in self._known.closings
            ),
        }
        return next((rule for rule, is_broken in broken.items() if is_broken), None)

    def _is_invented(self, entry: Entry) -> bool:
        """Say whether no fact known by then has led to an entry."""
        accrued = self._known.accruals.get(entry.accrual_id)
        cause = self._known.by_id.get(entry.cause)
        if accrued is None or not isinstance(cause, _MAY_MOVE[entry.kind][0]):
            return True
        key = entry.key
        named = (accrued.deal, accrued.payee, accrued.component)
        return (key.deal, key.payee, key.component) != named or cause.at > entry.at

    def _of_the_balances(self, entry: Entry) -> Rule | None:
        for one in entry.postings:
            self._of_accrual[entry.accrual_id, one.account.kind] += one.amount
            if one.account == BANK:
                self._bank += one.amount
        owing, id_ = self._owing[entry.key.payee], entry.accrual_id
        oldest = next(iter(owing), None)
        owed = self._of_accrual[id_, AccountKind.RECEIVABLE]
        if owed > 0:
            owing.setdefault(id_)
        else:
            owing.pop(id_, None)
        if entry.kind is EntryKind.PAID:
            return self._of_a_payment(entry)
        if entry.kind is not EntryKind.NETTED:
            return None
        if self._bank > 0 or owed < 0:
            return Rule.NETTED_TOO_MUCH
        return None if id_ == oldest else Rule.NOT_OLDEST

    def _of_a_payment(self, entry: Entry) -> Rule | None:
        line = (entry.cause, entry.accrual_id)
        if line in self._paid:
            return Rule.PAID_TWICE
        self._paid.add(line)
        kinds = (one.account.kind for one in entry.postings)
        left = self._of_accrual[entry.accrual_id, AccountKind.PAYABLE]
        if left > 0 or not _PAID_FROM.issuperset(kinds):
            return Rule.PAID_NOT_PAYABLE
        return None


def _wrong_at_the_end(known: _Known, journal: Sequence[Entry]) -> Iterator[Violation]:
    """Yield where the sums of a journal are not what the facts say."""
    yield from _wrong_expenses(known, journal)
    moved = _moved_by_payments(known, journal)
    for payment in known.payments.values():
        if moved[payment.id] != _must_move(known, payment):
            yield Violation(rule=Rule.PAYMENT_DIFFERS, of=payment.id)
    booked: dict[str, Counter[Account]] = defaultdict(Counter)
    for entry in journal:
        for one in entry.postings:
            booked[entry.accrual_id][one.account] += one.amount
    for accrued in known.accruals.values():
        if not _stands_right(known, accrued, booked[accrued.id]):
            yield Violation(rule=Rule.STANDS_WRONG, of=accrued.id)


def _wrong_expenses(known: _Known, journal: Sequence[Entry]) -> Iterator[Violation]:
    """Yield what the plan does not say: of an accrual, and of a deal in all."""
    expenses: Counter[SigningId] = Counter()
    for entry in journal:
        for one in entry.postings:
            if one.account.kind in EXPENSE_OF.values():
                expenses[entry.key.deal] += one.amount
    by_plan: Counter[SigningId] = Counter()
    for accrued in known.accruals.values():
        if accrued.amount != accrued.by_plan():
            yield Violation(rule=Rule.PLAN_DIFFERS, of=accrued.id)
        by_plan[accrued.deal] += known.entitled(accrued)
    for deal, amount in by_plan.items():
        if expenses[deal] != amount:
            yield Violation(rule=Rule.EXPENSE_DIFFERS, of=deal)


def _moved_by_payments(
    known: _Known, journal: Sequence[Entry]
) -> dict[str, Counter[tuple[str, Account]]]:
    """Return by payment what left the bank, or came back, for each accrual.

    What was netted counts of a payment that failed only: there all must be undone.
    """
    moved: dict[str, Counter[tuple[str, Account]]] = defaultdict(Counter)
    for entry in journal:
        payment_id = known.failures.get(entry.cause, entry.cause)
        if entry.kind is EntryKind.NETTED and payment_id not in known.failed:
            continue
        for one in entry.postings:
            if one.account in (BANK, TAX):
                moved[payment_id][entry.accrual_id, one.account] += one.amount
    return moved


def _must_move(known: _Known, payment: Paid) -> Counter[tuple[str, Account]]:
    """Return what a payment must have moved; nothing, if it failed."""
    must: Counter[tuple[str, Account]] = Counter()
    if payment.id not in known.failed:
        for line in payment.lines:
            must[line.accrual_id, BANK] = line.tax - line.amount
            must[line.accrual_id, TAX] = -line.tax
    return must


def _stands_right(known: _Known, one: Accrued, booked: Mapping[Account, int]) -> bool:
    """Say whether the accounts of an accrual are what was reached, held and paid.

    What is held back needs no look of its own: every entry adds up to zero.
    """
    own = {Account(kind, one.payee) for kind in OF_PAYEES}
    own |= {BANK, TAX, Account(EXPENSE_OF[one.component])}
    if not own.issuperset(booked):
        return False
    payable = -booked[Account(AccountKind.PAYABLE, one.payee)]
    owed = booked[Account(AccountKind.RECEIVABLE, one.payee)]
    had = -booked[BANK] - booked[TAX]
    if min(payable, owed) < 0 or (payable and owed):
        return False
    if known.is_held(one):
        return payable == 0 and owed == max(had - known.payable(one), 0)
    return had + payable - owed == known.payable(one)
