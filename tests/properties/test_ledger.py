"""Whatever happens to deals and payments, in any order: the ledger holds.

A run takes fifty steps; the nightly profile runs two thousand, 100 000 steps in all.
"""

from collections import Counter
from datetime import timedelta
from itertools import count

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from attribution.commissions import MilestoneKind
from attribution.ids import SigningId
from attribution.ledger.check import check_ledger
from attribution.ledger.entries import (
    AccountKind,
    Entry,
    EntryKind,
    balances_of,
    trial_balance,
)
from attribution.ledger.facts import (
    Accrued,
    Cancelled,
    Fact,
    Failed,
    Gate,
    Held,
    MonthClosed,
    Paid,
    PaidLine,
    Reached,
    Released,
    Reversed,
)
from attribution.money import WHOLE, BasisPoints, Fen
from tests.ledger_facts import FIRST, FIXED, PLAN, SHANGHAI, accrued, book

CHANNELS = ("channel:A", "channel:B", "channel:C")
SHARES = st.sampled_from([(10_000,), (5_000, 5_000), (3_334, 3_333, 3_333), (1, 9_999)])
PRICES = st.sampled_from([0, 50, 150, 10_000, 245_000_000, 999_999_999])
# Steps that stay in the month as well as such that leave it.
WAITS = st.sampled_from([timedelta(microseconds=1), timedelta(hours=9), timedelta(9)])
NOT_LATE, LATE = timedelta(0), timedelta(40)
GATES = [(Gate.NOT_FINAL,), (Gate.NOT_FINAL, Gate.UNWITNESSED)]
PICKS = st.integers(min_value=0, max_value=1_000)


class Ledger(RuleBasedStateMachine):
    """Deals, gates, payments and closings; what was paid was payable when it was."""

    def __init__(self) -> None:
        super().__init__()
        self.time, self.numbers = FIRST, count(1)
        self.facts: list[Fact] = []
        self.journal: tuple[Entry, ...] = ()
        self.closed: set[str] = set()

    def name(self, kind: str) -> str:
        return f"{kind}{next(self.numbers):04}"

    def deals(self) -> list[SigningId]:
        return list(dict.fromkeys(one.deal for one in self.accruals()))

    def accruals(self) -> list[Accrued]:
        return [one for one in self.facts if isinstance(one, Accrued)]

    def deal(self, pick: int) -> SigningId:
        return self.deals()[pick % len(self.deals())]

    def has_deals(self) -> bool:
        return bool(self.deals())

    def accrue(self, deal: str, shares: tuple[int, ...], price: int) -> None:
        parts = tuple(BasisPoints(one) for one in shares)
        for place, payee in enumerate(CHANNELS[: len(parts)]):
            own = accrued(
                self.name("a"),
                at=self.time,
                deal=deal,
                payee=payee,
                price=price,
                place=(place, parts),
            )
            self.facts.append(own)

    @rule(wait=WAITS)
    def wait(self, wait: timedelta) -> None:
        self.time += wait

    @rule(shares=SHARES, price=PRICES, gates=st.sampled_from([(), (), *GATES]))
    def sign(
        self, shares: tuple[int, ...], price: int, gates: tuple[Gate, ...]
    ) -> None:
        """Sign the contract; most rulings are final and seen at once."""
        deal = SigningId(self.name("d"))
        self.accrue(deal, shares, price)
        self.reach_now(deal, MilestoneKind.CONTRACT)
        for gate in gates:
            hold = Held(id=self.name("h"), on=deal, gate=gate, at=self.time)
            self.facts.append(hold)

    def reach_now(
        self, deal: SigningId, on: MilestoneKind, late: timedelta = NOT_LATE
    ) -> None:
        fact = Reached(
            id=self.name("r"),
            deal=deal,
            on=on,
            arose_at=self.time - late,
            at=self.time,
        )
        self.facts.append(fact)

    @rule()
    def reward(self) -> None:
        deal, name = self.name("d"), self.name("a")
        self.facts.append(
            accrued(
                name,
                at=self.time,
                deal=deal,
                payee=f"buyers:{deal}",
                plan=FIXED,
                place=(0, (WHOLE,)),
            )
        )

    @precondition(has_deals)
    @rule(
        pick=PICKS,
        on=st.sampled_from([one.on for one in PLAN.milestones] + [*MilestoneKind][:1]),
        late=st.sampled_from([NOT_LATE, timedelta(9), LATE]),
    )
    def reach(self, pick: int, on: MilestoneKind, late: timedelta) -> None:
        self.reach_now(self.deal(pick), on, late)

    @precondition(has_deals)
    @rule(pick=PICKS, late=st.sampled_from([NOT_LATE, LATE]))
    def cancel(self, pick: int, late: timedelta) -> None:
        self.cancel_now(self.deal(pick), late)

    def cancel_now(self, deal: SigningId, late: timedelta = NOT_LATE) -> None:
        fact = Cancelled(
            id=self.name("c"), deal=deal, arose_at=self.time - late, at=self.time
        )
        self.facts.append(fact)

    @precondition(has_deals)
    @rule(pick=PICKS, shares=SHARES, price=PRICES)
    def rule_again(self, pick: int, shares: tuple[int, ...], price: int) -> None:
        deal = self.deal(pick)
        undone = {one.accrual_id for one in self.facts if isinstance(one, Reversed)}
        for one in self.accruals():
            if one.deal == deal and one.id not in undone:
                fact = Reversed(id=self.name("v"), accrual_id=one.id, at=self.time)
                self.facts.append(fact)
        self.accrue(deal, shares, price)

    @precondition(has_deals)
    @rule(pick=PICKS, gate=st.sampled_from(Gate))
    def hold(self, pick: int, gate: Gate) -> None:
        ids = [*(one.id for one in self.accruals()), *self.deals()]
        on = ids[pick % len(ids)]
        self.facts.append(Held(id=self.name("h"), on=on, gate=gate, at=self.time))

    def standing_holds(self) -> list[str]:
        released = {one.hold_id for one in self.facts if isinstance(one, Released)}
        holds = (one.id for one in self.facts if isinstance(one, Held))
        return [one for one in holds if one not in released]

    @precondition(lambda self: self.standing_holds())
    @rule(pick=PICKS)
    def release(self, pick: int) -> None:
        holds = self.standing_holds()
        hold_id = holds[pick % len(holds)]
        self.facts.append(Released(id=self.name("x"), hold_id=hold_id, at=self.time))

    def payable(self) -> dict[str, dict[str, int]]:
        """Return what is payable by now, by payee and accrual."""
        found: dict[str, Counter[str]] = {}
        for entry in self.journal:
            for one in entry.postings:
                if one.account.kind is AccountKind.PAYABLE:
                    own = found.setdefault(one.account.payee, Counter())
                    own[entry.accrual_id] -= one.amount
        positive = {payee: dict(+own) for payee, own in found.items()}
        return {payee: own for payee, own in positive.items() if own}

    @precondition(lambda self: self.payable())
    @rule(
        pick=PICKS,
        part=st.sampled_from([1, 1, 2, 3]),
        tax=st.sampled_from([0, 20, 100]),
        fails=st.sampled_from([False, False, True]),
    )
    def pay(self, pick: int, part: int, tax: int, fails: bool) -> None:  # noqa: FBT001 (drawn)
        payable = self.payable()
        payee = sorted(payable)[pick % len(payable)]
        amounts = {one: -(-amount // part) for one, amount in payable[payee].items()}
        lines = tuple(
            PaidLine(accrual_id=one, amount=Fen(amount), tax=Fen(amount * tax // 100))
            for one, amount in amounts.items()
        )
        payment = Paid(id=self.name("p"), payee=payee, lines=lines, at=self.time)
        self.facts.append(payment)
        if fails:
            self.fail_now(payment.id)

    def fail_now(self, payment_id: str) -> None:
        failed = Failed(id=self.name("f"), payment_id=payment_id, at=self.time)
        self.facts.append(failed)

    @precondition(lambda self: any(isinstance(one, Paid) for one in self.facts))
    @rule(pick=PICKS)
    def fail(self, pick: int) -> None:
        """Let any payment fail, whatever came after it; perhaps a second time."""
        payments = [one.id for one in self.facts if isinstance(one, Paid)]
        self.fail_now(payments[pick % len(payments)])

    @precondition(lambda self: any(isinstance(one, Paid) for one in self.facts))
    @rule(pick=PICKS)
    def cancel_what_was_paid(self, pick: int) -> None:
        payments = [one for one in self.facts if isinstance(one, Paid)]
        paid = {line.accrual_id for one in payments for line in one.lines}
        deals = [one.deal for one in self.accruals() if one.id in paid]
        self.cancel_now(deals[pick % len(deals)])

    def may_close(self) -> bool:
        return self.last_month() not in self.closed

    def last_month(self) -> str:
        first = self.time.astimezone(SHANGHAI).replace(day=1)
        return f"{first - timedelta(days=1):%Y-%m}"

    @precondition(may_close)
    @rule()
    def close_month(self) -> None:
        month = self.last_month()
        self.closed.add(month)
        self.facts.append(MonthClosed(id=self.name("m"), month=month, at=self.time))

    @invariant()
    def the_ledger_holds(self) -> None:
        half = len(self.facts) // 2
        told = [*self.facts[half:], *self.facts[half // 2 :], *self.facts[:half]]
        # What is yet to come does not count.
        told.append(accrued("to come", at=self.time + timedelta(microseconds=1)))

        journal = book(told, as_of=self.time)

        assert check_ledger(journal, told, as_of=self.time) is None
        assert journal[: len(self.journal)] == self.journal
        assert sum(balances_of(journal).values()) == 0
        self.journal = journal
        self.closed_months_stay_as_they_were()
        self.no_payment_is_lost()
        # What is recorded from now on has an instant of its own.
        self.time += timedelta(microseconds=1)

    def closed_months_stay_as_they_were(self) -> None:
        for closing in (one for one in self.facts if isinstance(one, MonthClosed)):
            then = [one for one in self.journal if one.at <= closing.at]
            now = trial_balance(self.journal, until=closing.month)
            assert trial_balance(then, until=closing.month) == now

    def no_payment_is_lost(self) -> None:
        paid = sum(
            line.amount
            for one in self.facts
            if isinstance(one, Paid)
            for line in one.lines
        )
        booked = [
            posting.amount
            for entry in self.journal
            if entry.kind is EntryKind.PAID
            for posting in entry.postings
            if posting.account.kind is AccountKind.PAYABLE
        ]
        assert sum(booked) == paid


TestLedger = Ledger.TestCase
