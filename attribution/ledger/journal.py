"""The journal 分录账 of some facts: every entry is a difference.

Source: docs/specs/ledger.md §4: book(now) = entitled(now) − booked (money §1.8). The
journal as of a later instant begins with the journal as of an earlier one.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import TypeVar
from zoneinfo import ZoneInfo

from attribution.commissions import MilestoneKind, payable_at
from attribution.ids import SigningId
from attribution.ledger.entries import (
    BANK,
    EXPENSE_OF,
    TAX,
    Account,
    AccountKind,
    Entry,
    EntryKey,
    EntryKind,
    Posting,
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

_DECEMBER = 12
_NOTHING = Fen(0)
_Value = TypeVar("_Value")


def journal_of(
    facts: Iterable[Fact], *, as_of: datetime, zone: ZoneInfo
) -> tuple[Entry, ...]:
    """Return every entry that was booked by an instant, in order.

    What is recorded at one instant counts together: a hold, and what it holds, before
    a payment of that very instant.

    Args:
        zone: on whose calendar a month begins.

    Raises:
        ValueError: a fact names another that was not recorded by then.
    """
    books = _Books(zone)
    by_instant = groupby(facts_until(facts, as_of), key=lambda fact: fact.at)
    for at, recorded in by_instant:
        books.turn(at, list(recorded))
    return tuple(books.entries)


@dataclass(slots=True)
class Claim:
    """What is booked of one accrual.

    `paid` is what the payee has had of it: paid, less what was netted and what failed.
    `posted` are the milestones that have made a part payable, in that order.
    """

    accrued: Accrued
    entitled: Fen = _NOTHING
    posted: list[MilestoneKind] = field(default_factory=list)
    is_open: bool = True
    paid: Fen = _NOTHING
    booked: Counter[Account] = field(default_factory=Counter)
    accrual_key: EntryKey | None = None
    held_key: EntryKey | None = None
    owing_since: int = 0

    def account(self, kind: AccountKind) -> Account:
        """Return an account of the payee."""
        return Account(kind, self.accrued.payee)

    def standing(self) -> dict[Account, int]:
        """Return what the accounts of this accrual must stand at.

        What is payable and not paid is a debt; what is paid and not payable any more
        is a receivable. While a gate is closed, no more is payable than was paid.
        """
        payable = payable_at(self.entitled, self.accrued.plan, self.posted)
        if not self.is_open:
            payable = min(payable, self.paid)
        return {
            Account(EXPENSE_OF[self.accrued.component]): self.entitled,
            self.account(AccountKind.HOLDBACK): payable - self.entitled,
            self.account(AccountKind.PAYABLE): min(self.paid - payable, 0),
            self.account(AccountKind.RECEIVABLE): max(self.paid - payable, 0),
        }

    def changes(self) -> list[Posting]:
        """Return what the accounts must stand at, less what is booked."""
        return [
            Posting(account, Fen(amount - self.booked[account]))
            for account, amount in self.standing().items()
            if amount != self.booked[account]
        ]

    @property
    def owes(self) -> Fen:
        """What the payee must give back of this accrual."""
        return Fen(self.booked[self.account(AccountKind.RECEIVABLE)])


@dataclass(frozen=True, slots=True)
class _Move:
    """Money that a payment moved for one claim; `amount` is before tax."""

    claim: Claim
    amount: Fen
    tax: Fen
    key: EntryKey


@dataclass(frozen=True, slots=True)
class _Why:
    """What an entry is booked for; `arose_at` says to which month it belongs."""

    kind: EntryKind
    cause: str
    at: datetime
    arose_at: datetime
    milestone: MilestoneKind | None = None
    undoes: tuple[EntryKey, ...] = ()


class _Books:
    """The books while they are written."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.entries: list[Entry] = []
        self._zone = zone
        self._closed = ""
        self._claims: dict[str, Claim] = {}
        self._of_deal: dict[SigningId, list[Claim]] = defaultdict(list)
        self._of_payee: dict[str, list[Claim]] = defaultdict(list)
        self._reversals: dict[str, Reversed] = {}
        self._cancelled: dict[SigningId, Cancelled] = {}
        self._reached: dict[SigningId, dict[MilestoneKind, Reached]] = defaultdict(dict)
        self._holds: dict[str, list[Held]] = defaultdict(list)
        self._held_on: dict[str, str] = {}
        self._releases: dict[str, Released] = {}
        self._moves: dict[str, list[_Move]] = {}
        self._sequences: Counter[tuple[object, ...]] = Counter()

    def turn(self, at: datetime, recorded: Sequence[Fact]) -> None:
        """Book what one instant has brought."""
        for fact in recorded:
            self._note(fact)
        touched = {id_ for fact in recorded for id_ in self._touched_by(fact)}
        for claim in sorted(
            (self._claims[id_] for id_ in touched),
            key=lambda one: (one.accrued.deal, one.accrued.payee, one.accrued.id),
        ):
            self._book_entitled(claim, at)
            self._book_gates(claim, at)
            self._book_reached(claim, at)
        for payment in (one for one in recorded if isinstance(one, Paid)):
            self._pay(payment)
        for failure in (one for one in recorded if isinstance(one, Failed)):
            self._fail(failure)
        closed = (one.month for one in recorded if isinstance(one, MonthClosed))
        self._closed = max(self._closed, *closed, "")

    # -- what is known --

    def _note(self, fact: Fact) -> None:
        match fact:
            case Accrued():
                claim = self._claims[fact.id] = Claim(fact)
                self._of_deal[fact.deal].append(claim)
                self._of_payee[fact.payee].append(claim)
            case Reversed():
                self._reversals.setdefault(fact.accrual_id, fact)
            case Cancelled():
                self._cancelled.setdefault(fact.deal, fact)
            case Reached():
                self._reached[fact.deal].setdefault(fact.on, fact)
            case Held():
                self._holds[fact.on].append(fact)
                self._held_on[fact.id] = fact.on
            case Released():
                self._releases.setdefault(fact.hold_id, fact)
            case _:
                pass

    def _touched_by(self, fact: Fact) -> Iterator[str]:
        """Yield the accruals about which a fact says something."""
        match fact:
            case Accrued():
                yield fact.id
            case Reversed():
                yield _named(self._claims, fact.accrual_id).accrued.id
            case Cancelled() | Reached():
                yield from self._ids_of(fact.deal)
            case Held():
                yield from self._ids_of(fact.on)
            case Released():
                yield from self._ids_of(_named(self._held_on, fact.hold_id))
            case _:
                pass

    def _ids_of(self, on: str) -> Iterator[str]:
        if on in self._claims:
            yield on
        for claim in self._of_deal.get(SigningId(on), ()):
            yield claim.accrued.id

    # -- entitled, payable --

    def _book_entitled(self, claim: Claim, at: datetime) -> None:
        accrued = claim.accrued
        undoing: Reversed | Cancelled | None = self._reversals.get(accrued.id)
        if undoing is None:
            undoing = self._cancelled.get(accrued.deal)
        entitled = accrued.amount if undoing is None else Fen(0)
        if entitled == claim.entitled:
            return
        claim.entitled = entitled
        if undoing is None:
            why = _Why(EntryKind.ACCRUED, accrued.id, at, at)
            claim.accrual_key = self._book(claim, why)
            return
        is_cancelled = isinstance(undoing, Cancelled)
        kind = EntryKind.CANCELLED if is_cancelled else EntryKind.REVERSED
        arose_at = undoing.arose_at if isinstance(undoing, Cancelled) else at
        undone = () if claim.accrual_key is None else (claim.accrual_key,)
        self._book(claim, _Why(kind, undoing.id, at, arose_at, undoes=undone))

    def _book_gates(self, claim: Claim, at: datetime) -> None:
        """Take back what is payable when a gate closes; give it when all are open."""
        accrued = claim.accrued
        holds = [*self._holds.get(accrued.id, ()), *self._holds.get(accrued.deal, ())]
        standing = [one for one in holds if one.id not in self._releases]
        is_open = not standing
        if is_open == claim.is_open:
            return
        claim.is_open = is_open
        if not is_open:
            why = _Why(EntryKind.HELD, standing[-1].id, at, at)
            claim.held_key = self._book(claim, why)
            return
        last = max(
            (self._releases[one.id] for one in holds), key=lambda one: (one.at, one.id)
        )
        undone = () if claim.held_key is None else (claim.held_key,)
        self._book(claim, _Why(EntryKind.RELEASED, last.id, at, at, undoes=undone))

    def _book_reached(self, claim: Claim, at: datetime) -> None:
        """Make payable what milestones have reached, while every gate is open."""
        if not claim.is_open:
            return
        reached = self._reached.get(claim.accrued.deal, {})
        for milestone in claim.accrued.plan.milestones:
            fact = reached.get(milestone.on)
            if fact is None or milestone.on in claim.posted:
                continue
            claim.posted.append(milestone.on)
            # One that was reached before the gates opened belongs to the opening.
            arose_at = fact.arose_at if fact.at == at else at
            why = _Why(EntryKind.REACHED, fact.id, at, arose_at, milestone.on)
            self._book(claim, why)

    # -- paid --

    def _pay(self, payment: Paid) -> None:
        """Pay, and keep back of it what the payee owes, oldest first (money §3.1)."""
        moves = self._moves[payment.id] = []
        why = _Why(EntryKind.PAID, payment.id, payment.at, payment.at)
        for line in payment.lines:
            claim = _named(self._claims, line.accrual_id)
            moves.append(self._move(claim, line.amount, line.tax, why))
        left = Fen(sum(line.amount - line.tax for line in payment.lines))
        why = _Why(EntryKind.NETTED, payment.id, payment.at, payment.at)
        for claim in self._owing(payment.payee):
            netted = min(left, claim.owes)
            if netted:
                moves.append(self._move(claim, Fen(-netted), Fen(0), why))
            left = Fen(left - netted)

    def _owing(self, payee: str) -> list[Claim]:
        owing = (one for one in self._of_payee.get(payee, ()) if one.owes > 0)
        return sorted(owing, key=lambda one: one.owing_since)

    def _fail(self, failure: Failed) -> None:
        """Undo a payment, and what was kept back of it; a payment fails once."""
        moves = _named(self._moves, failure.payment_id)
        while moves:
            move = moves.pop()
            why = _Why(
                EntryKind.FAILED,
                failure.id,
                failure.at,
                failure.at,
                undoes=(move.key,),
            )
            self._move(move.claim, Fen(-move.amount), Fen(-move.tax), why)

    def _move(self, claim: Claim, amount: Fen, tax: Fen, why: _Why) -> _Move:
        claim.paid = Fen(claim.paid + amount)
        out = [Posting(BANK, Fen(tax - amount)), Posting(TAX, Fen(-tax))]
        postings = [*claim.changes(), *(one for one in out if one.amount)]
        return _Move(claim, amount, tax, self._enter(claim, why, postings))

    # -- entries --

    def _book(self, claim: Claim, why: _Why) -> EntryKey | None:
        """Book what an accrual must stand at, less what is booked; nothing if equal."""
        changes = claim.changes()
        return self._enter(claim, why, changes) if changes else None

    def _enter(self, claim: Claim, why: _Why, postings: Sequence[Posting]) -> EntryKey:
        if claim.owes == 0:
            claim.owing_since = len(self.entries)
        for posting in postings:
            claim.booked[posting.account] += posting.amount
        month, concerns = self._month(why)
        entry = Entry(
            key=self._key(claim, why),
            kind=why.kind,
            accrual_id=claim.accrued.id,
            cause=why.cause,
            at=why.at,
            month=month,
            concerns=concerns,
            undoes=why.undoes,
            postings=tuple(postings),
        )
        self.entries.append(entry)
        return entry.key

    def _key(self, claim: Claim, why: _Why) -> EntryKey:
        accrued = claim.accrued
        slot = (accrued.deal, accrued.payee, accrued.component, why.milestone)
        self._sequences[slot] += 1
        return EntryKey(*slot, self._sequences[slot])

    def _month(self, why: _Why) -> tuple[str, str | None]:
        """Return where to book, and which closed month that is for (money §3.3)."""
        now = _month_of(why.at, self._zone)
        own = min(_month_of(why.arose_at, self._zone), now)
        if own > self._closed:
            return own, None
        return max(now, _month_after(self._closed)), own


def _named(known: Mapping[str, _Value], id_: str) -> _Value:
    """Return what a fact names, or raise ValueError."""
    if id_ not in known:
        message = f"a fact names {id_}, which is not recorded"
        raise ValueError(message)
    return known[id_]


def _month_of(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%Y-%m}"


def _month_after(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    if number == _DECEMBER:
        return f"{year + 1:04}-01"
    return f"{year:04}-{number + 1:02}"
