"""The ledger 台账: docs/specs/ledger.md §2 to §4, paragraph by paragraph."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from attribution.ids import SigningId
from attribution.ledger.entries import (
    BANK,
    Account,
    AccountKind,
    Entry,
    EntryKey,
    EntryKind,
    Posting,
    trial_balance,
)
from attribution.ledger.facts import (
    Accrued,
    Component,
    Fact,
    Failed,
    MonthClosed,
    PaidLine,
    Released,
    Reversed,
)
from attribution.money import WHOLE, Fen
from tests.ledger_facts import (
    FIXED,
    HALVES,
    HANDOVER,
    accrued,
    book,
    cancelled,
    checked,
    day,
    held,
    paid,
    reached,
    standing,
)

EXPENSE, REWARD, HOLDBACK, PAYABLE, RECEIVABLE, TAX, BANKED = AccountKind
SIGNED: list[Fact] = [accrued(at=day(1)), reached(at=day(2))]
PAID_OUT = [*SIGNED, paid(at=day(3), amounts={"a": 70})]


def kinds(facts: list[Fact]) -> list[EntryKind]:
    return [entry.kind for entry in book(facts)]


@pytest.mark.parametrize(
    ("facts", "balances"),
    [
        pytest.param(
            [accrued()], {EXPENSE: 100, HOLDBACK: -100}, id="accrued, nothing reached"
        ),
        pytest.param(
            [accrued(plan=FIXED, payee="buyers:d")],
            {REWARD: 300, HOLDBACK: -300},
            id="a reward is an expense of its own",
        ),
        pytest.param(
            SIGNED, {EXPENSE: 100, HOLDBACK: -30, PAYABLE: -70}, id="at the contract"
        ),
        pytest.param(
            [*SIGNED, reached(HANDOVER, at=day(9))],
            {EXPENSE: 100, PAYABLE: -100},
            id="at the last milestone",
        ),
        pytest.param(
            [*SIGNED, paid(at=day(3), amounts={"a": 70}, tax=10)],
            {EXPENSE: 100, HOLDBACK: -30, BANKED: -60, TAX: -10},
            id="paid, less tax",
        ),
        pytest.param(
            [*SIGNED, paid(at=day(3), amounts={"a": 20}, tax=20)],
            {EXPENSE: 100, HOLDBACK: -30, PAYABLE: -50, TAX: -20},
            id="all of a payment is tax",
        ),
        pytest.param([*SIGNED, cancelled(at=day(4))], {}, id="cancelled before paid"),
        pytest.param(
            [*SIGNED, Reversed(id="r", accrual_id="a", at=day(4))], {}, id="reversed"
        ),
        pytest.param(
            [*PAID_OUT, cancelled(at=day(4))],
            {RECEIVABLE: 70, BANKED: -70},
            id="cancelled after paid: the payee owes it",
        ),
        pytest.param(
            [*SIGNED, held(at=day(3))], {EXPENSE: 100, HOLDBACK: -100}, id="held"
        ),
        pytest.param(
            [accrued(), held(at=day(1), on="a"), reached(at=day(2))],
            {EXPENSE: 100, HOLDBACK: -100},
            id="one accrual held: a milestone makes nothing payable",
        ),
        pytest.param(
            [*PAID_OUT, held(at=day(4)), reached(HANDOVER, at=day(5))],
            {EXPENSE: 100, HOLDBACK: -30, BANKED: -70},
            id="held after paid: no more is payable than was paid",
        ),
        pytest.param(
            [
                *SIGNED,
                held(at=day(3)),
                reached(HANDOVER, at=day(4)),
                Released(id="x", hold_id="h", at=day(5)),
            ],
            {EXPENSE: 100, PAYABLE: -100},
            id="released: what was reached meanwhile is payable too",
        ),
        pytest.param(
            [
                *SIGNED,
                held(at=day(3)),
                held("h2", at=day(3)),
                Released(id="x", hold_id="h", at=day(5)),
            ],
            {EXPENSE: 100, HOLDBACK: -100},
            id="two hold, one is released",
        ),
        pytest.param(
            [*PAID_OUT, Failed(id="f", payment_id="p", at=day(4))],
            {EXPENSE: 100, HOLDBACK: -30, PAYABLE: -70},
            id="failed: payable again",
        ),
        pytest.param(
            [
                *PAID_OUT,
                cancelled(at=day(4)),
                Failed(id="f", payment_id="p", at=day(5)),
            ],
            {},
            id="cancelled, then the payment fails: nobody owes anything",
        ),
        pytest.param(
            [
                *SIGNED,
                Reversed(id="r", accrual_id="a", at=day(4)),
                cancelled(at=day(5)),
            ],
            {},
            id="reversed, then cancelled: undone once",
        ),
        pytest.param([accrued(price=0), reached(at=day(2))], {}, id="nothing owed"),
    ],
)
def test_what_stands_on_the_accounts(
    facts: list[Fact], balances: dict[AccountKind, int]
) -> None:
    payee = next(one.payee for one in facts if isinstance(one, Accrued))
    assert standing(book(facts), payee) == balances
    assert checked(facts) is None


def test_what_a_payee_owes_is_kept_back_of_the_next_payments_oldest_first() -> None:
    facts: list[Fact] = [
        *(accrued(one, deal=one) for one in ("d0", "d1", "d2", "d3")),
        *(reached(at=day(2), deal=one) for one in ("d0", "d1", "d2", "d3")),
        paid(at=day(3), amounts={"d0": 70, "d1": 70, "d2": 70}),
        cancelled(at=day(4), deal="d2"),
        cancelled(at=day(5), deal="d1"),
        cancelled(at=day(5.5), deal="d0"),
        reached(HANDOVER, at=day(6), deal="d3"),
        paid("q", at=day(7), amounts={"d3": 100}, tax=5),
    ]

    journal = book(facts)

    netted = [
        (one.accrual_id, one.postings)
        for one in journal
        if one.kind is EntryKind.NETTED
    ]
    owes = Account(RECEIVABLE, "channel:A")
    assert netted == [
        ("d2", (Posting(owes, Fen(-70)), Posting(BANK, Fen(70)))),
        ("d1", (Posting(owes, Fen(-25)), Posting(BANK, Fen(25)))),
    ]
    assert standing(journal)[RECEIVABLE] == 115
    assert checked(facts) is None


def test_a_payment_that_fails_gives_back_what_was_kept_of_it_too() -> None:
    facts: list[Fact] = [
        *PAID_OUT,
        cancelled(at=day(4)),
        accrued("b", deal="e", at=day(5)),
        reached(at=day(6), deal="e"),
        paid("q", at=day(7), amounts={"b": 70}),
        Failed(id="f", payment_id="q", at=day(8)),
        Failed(id="again", payment_id="q", at=day(9)),
    ]

    journal = book(facts)

    undone = [one for one in journal if one.kind is EntryKind.FAILED]
    assert [one.cause for one in undone] == ["f", "f"]
    assert [one.undoes for one in undone] == [
        (one.key,) for one in journal[-3:-5:-1] if one.cause == "q"
    ]
    assert standing(journal) == {
        EXPENSE: 100,
        HOLDBACK: -30,
        PAYABLE: -70,
        RECEIVABLE: 70,
        BANKED: -70,
    }
    assert checked(facts) is None


def test_a_first_payment_that_fails_after_it_was_recovered_is_owed_again() -> None:
    facts: list[Fact] = [
        *PAID_OUT,
        cancelled(at=day(4)),
        accrued("b", deal="e", at=day(5)),
        reached(at=day(6), deal="e"),
        paid("q", at=day(7), amounts={"b": 70}),
        Failed(id="f", payment_id="p", at=day(8)),
    ]

    held_then = [*facts, held(at=day(9))]

    assert standing(book(facts))[PAYABLE] == -70
    assert checked(facts) is None
    assert PAYABLE not in standing(book(held_then))
    assert checked(held_then) is None


def test_a_changed_ruling_moves_money_by_reversal_and_a_new_accrual() -> None:
    facts: list[Fact] = [
        *PAID_OUT,
        Reversed(id="r", accrual_id="a", at=day(4)),
        accrued("b", payee="channel:B", place=(0, HALVES), at=day(4)),
        accrued("c", payee="channel:A", place=(1, HALVES), at=day(4)),
    ]

    journal = book(facts)

    assert standing(journal)[EXPENSE] == 100
    assert standing(journal)[RECEIVABLE] == 70
    assert standing(journal, "channel:B")[PAYABLE] == -35
    assert checked(facts) is None


def test_every_entry_names_what_made_it_and_what_it_undoes() -> None:
    facts: list[Fact] = [
        *SIGNED,
        held(at=day(3)),
        Released(id="x", hold_id="h", at=day(4)),
        cancelled(at=day(5)),
    ]

    accrual, contract, hold, release, cancellation = book(facts)

    assert [accrual.cause, contract.cause, hold.cause, release.cause] == [
        "a",
        "d contract",
        "h",
        "x",
    ]
    assert release.undoes == (hold.key,)
    assert cancellation.undoes == (accrual.key,)
    assert str(contract.key) == "d/channel:A/commission/contract/1"
    assert str(cancellation.key) == "d/channel:A/commission//4"


@pytest.mark.parametrize(
    ("arose_at", "closed_on", "month", "concerns"),
    [
        pytest.param(day(31), None, "2026-03", None, id="March is open"),
        pytest.param(day(31), 1.5, "2026-04", "2026-03", id="March was closed"),
        pytest.param(day(31), 2, "2026-03", None, id="closed at that very instant"),
        pytest.param(day(40), None, "2026-04", None, id="dated after it was recorded"),
        pytest.param(day(32), 1.5, "2026-04", None, id="April, on Shanghai's calendar"),
    ],
)
def test_a_closed_month_is_never_opened_again(
    arose_at: datetime, closed_on: float | None, month: str, concerns: str | None
) -> None:
    facts: list[Fact] = [accrued(), reached(at=day(2, 4), arose_at=arose_at)]
    if closed_on is not None:
        facts.append(MonthClosed(id="m", month="2026-03", at=day(closed_on, 4)))

    last = book(facts)[-1]

    assert (last.month, last.concerns) == (month, concerns)
    assert checked(facts) is None


@pytest.mark.parametrize(
    ("closed", "at", "month"),
    [
        ("2026-12", day(1, 12), "2027-01"),
        ("2026-03", day(1), "2026-04"),
        ("2026-02", day(1), "2026-03"),
    ],
)
def test_what_comes_into_a_month_that_is_closed_already_goes_to_the_next(
    closed: str, at: datetime, month: str
) -> None:
    before = at - timedelta(days=1)
    facts: list[Fact] = [
        MonthClosed(id="m", month=closed, at=before),
        MonthClosed(id="earlier", month="2026-01", at=before),
        accrued(at=at),
    ]

    (entry,) = book(facts)

    assert entry.month == month
    assert checked(facts) is None


def test_the_journal_of_a_later_instant_begins_with_that_of_an_earlier() -> None:
    facts = [*PAID_OUT, cancelled(at=day(4), arose_at=day(1.5))]
    whole = book(facts)

    for number in range(6):
        earlier = book(facts, as_of=day(number))
        assert whole[: len(earlier)] == earlier
    assert len(book(facts, as_of=day(2))) == 2


def test_order_and_repetition_of_facts_make_no_difference() -> None:
    facts = [*PAID_OUT, held(at=day(4)), Released(id="x", hold_id="h", at=day(4))]

    assert book([*facts[::-1], *facts]) == book(facts)


def test_a_hold_of_the_instant_of_a_payment_comes_before_it() -> None:
    facts = [*PAID_OUT, held(at=day(3))]

    found = checked(facts)

    assert found is not None
    assert found.rule == "PAID_NOT_PAYABLE"


@pytest.mark.parametrize(
    "fact",
    [
        Reversed(id="x", accrual_id="nobody's", at=day(1)),
        Released(id="x", hold_id="none", at=day(1)),
        Failed(id="x", payment_id="none", at=day(1)),
        paid("x", at=day(1), amounts={"nobody's": 1}),
    ],
)
def test_a_fact_that_names_none_is_a_mistake_of_ours(fact: Fact) -> None:
    with pytest.raises(ValueError, match="not recorded"):
        book([fact])


def test_two_facts_of_one_name_are_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="called a"):
        book([accrued(), accrued(price=1)])


def test_an_entry_that_does_not_add_up_cannot_be_made() -> None:
    (entry,) = book([accrued()])

    for postings in ((), (Posting(BANK, Fen(1)),)):
        with pytest.raises(ValueError, match="add up"):
            replace(entry, postings=postings)


@pytest.mark.parametrize(("amount", "tax"), [(0, 0), (5, 6), (5, -1), (-5, 0)])
def test_a_line_pays_something_and_keeps_back_at_most_that(
    amount: int, tax: int
) -> None:
    with pytest.raises(ValueError, match="more than nothing"):
        PaidLine(accrual_id="a", amount=Fen(amount), tax=Fen(tax))


def test_a_payment_has_one_line_for_an_accrual() -> None:
    payment = paid(at=day(1), amounts={"a": 1})

    with pytest.raises(ValueError, match="one line"):
        replace(payment, lines=payment.lines * 2)


def test_the_trial_balance_adds_both_sides_by_account() -> None:
    facts = [*SIGNED, cancelled(at=day(2, 4))]

    told = {
        one.account.kind: (one.debit, one.credit, one.balance)
        for one in trial_balance(book(facts), until="2026-03")
    }
    whole = trial_balance(book(facts))

    assert told == {
        EXPENSE: (100, 0, 100),
        HOLDBACK: (70, 100, -30),
        PAYABLE: (0, 70, -70),
    }
    assert [one.balance for one in whole] == [0, 0, 0]
    assert sum(one.debit for one in whole) == sum(one.credit for one in whole)


def test_keys_without_a_milestone_name_none() -> None:
    key = EntryKey(SigningId("d"), "channel:A", Component.COMMISSION, None, 1)

    assert isinstance(book([accrued()])[0], Entry)
    assert book([accrued()])[0].key == key
    assert accrued(place=(0, (WHOLE,))).by_plan() == 100
