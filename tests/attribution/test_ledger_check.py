"""What `check_ledger` names: docs/specs/ledger.md §5. Mutants, and damaged journals."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from attribution.commissions import payable_at
from attribution.ledger import journal as model
from attribution.ledger.check import Rule, check_ledger
from attribution.ledger.entries import (
    BANK,
    OF_PAYEES,
    Account,
    AccountKind,
    Entry,
    EntryKind,
    Posting,
)
from attribution.ledger.facts import (
    Cancelled,
    Fact,
    Failed,
    MonthClosed,
    Paid,
    Reached,
    Released,
    Reversed,
)
from attribution.ledger.journal import Claim
from attribution.money import Fen
from tests.ledger_facts import (
    FIXED,
    HALVES,
    HANDOVER,
    LATEST,
    accrued,
    book,
    cancelled,
    day,
    held,
    paid,
    reached,
)

# All that can happen: shared, reversed and accrued anew, held and released, paid with
# tax, failed and paid again, cancelled after payment and netted, in two months.
STORY: tuple[Fact, ...] = (
    accrued("a1", place=(0, HALVES)),
    accrued("a2", place=(1, HALVES), payee="channel:B"),
    accrued("w", deal="e", payee="buyers:e", plan=FIXED),
    accrued("b", deal="f"),
    accrued("c", deal="g"),
    *(reached(at=day(2), deal=one) for one in "defg"),
    held("h1", at=day(3), on="d"),
    held("h2", at=day(3), on="b"),
    Released(id="x1", hold_id="h1", at=day(4)),
    Released(id="x2", hold_id="h2", at=day(5)),
    paid("p1", at=day(6), amounts={"a1": 35, "b": 70}, tax=7),
    paid("p2", at=day(6), amounts={"w": 200}, payee="buyers:e"),
    Failed(id="f2", payment_id="p2", at=day(7)),
    cancelled(at=day(8), deal="f"),
    Reversed(id="r2", accrual_id="a2", at=day(9)),
    accrued("a3", payee="channel:C", place=(1, HALVES), at=day(9)),
    MonthClosed(id="m", month="2026-03", at=day(1, 4)),
    reached(HANDOVER, at=day(2, 4), arose_at=day(20)),
    paid("p3", at=day(3, 4), amounts={"c": 60}),
    paid("p4", at=day(3, 4), amounts={"w": 210}, payee="buyers:e"),
    paid("p5", at=day(4, 4), amounts={"c": 10}),
    Failed(id="f5", payment_id="p5", at=day(5, 4)),
    held("h3", at=day(6, 4), on="g"),
)  # fmt: skip
JOURNAL = book(STORY)


def rule_of(journal: Iterable[Entry], facts: Iterable[Fact] = STORY) -> Rule | None:
    found = check_ledger(tuple(journal), facts, as_of=LATEST)
    return None if found is None else found.rule


def put(place: int, entry: Entry) -> list[Entry]:
    return [*JOURNAL[:place], entry, *JOURNAL[place + 1 :]]


def test_the_story_has_every_kind_of_entry_and_holds() -> None:
    assert {entry.kind for entry in JOURNAL} == set(EntryKind)
    assert rule_of(JOURNAL) is None


@pytest.mark.parametrize("place", range(len(JOURNAL)))
def test_an_entry_that_is_left_out_is_found(place: int) -> None:
    assert rule_of([*JOURNAL[:place], *JOURNAL[place + 1 :]]) is not None


@pytest.mark.parametrize("place", range(len(JOURNAL)))
def test_an_entry_that_is_booked_again_under_another_key_is_found(place: int) -> None:
    again = replace(JOURNAL[place], key=replace(JOURNAL[place].key, sequence=99))

    assert rule_of([*JOURNAL[: place + 1], again, *JOURNAL[place + 1 :]]) is not None
    assert rule_of([*JOURNAL[: place + 1], *JOURNAL[place:]]) is Rule.KEY_TWICE


@pytest.mark.parametrize("place", range(len(JOURNAL)))
def test_one_fen_on_another_account_is_found(place: int) -> None:
    entry = JOURNAL[place]
    for kind in AccountKind:
        other = Account(kind, "channel:Z" if kind in OF_PAYEES else "")
        first, *rest = entry.postings
        moved = (
            Posting(first.account, Fen(first.amount - 1)),
            *rest,
            Posting(other, Fen(1)),
        )
        if other != first.account:
            assert rule_of(put(place, replace(entry, postings=moved))) is not None


@pytest.mark.parametrize("place", range(len(JOURNAL)))
def test_an_entry_without_a_cause_or_before_it_or_for_another_is_found(
    place: int,
) -> None:
    entry = JOURNAL[place]
    others = [
        replace(entry, cause="nothing"),
        replace(entry, accrual_id="nobody's"),
        replace(entry, key=replace(entry.key, payee="channel:Z")),
    ]

    found = {rule_of(put(place, one)) for one in others}

    # Without what was kept back of it, the payment before is the first that is wrong.
    assert Rule.NO_CAUSE in found
    assert found <= {Rule.NO_CAUSE, Rule.NOT_NETTED}


def unbalanced(entry: Entry) -> Entry:
    """Return an entry as only somebody who goes around the constructor can make it."""
    broken = replace(entry)
    object.__setattr__(broken, "postings", (Posting(BANK, Fen(1)),))
    return broken


@pytest.mark.parametrize(
    ("journal", "rule"),
    [
        pytest.param(put(3, unbalanced(JOURNAL[3])), Rule.UNBALANCED, id="unbalanced"),
        pytest.param(JOURNAL[::-1], Rule.OUT_OF_ORDER, id="backwards"),
        pytest.param(
            put(0, replace(JOURNAL[0], at=day(0))), Rule.NO_CAUSE, id="before its cause"
        ),
        pytest.param(
            put(0, replace(JOURNAL[0], undoes=(JOURNAL[5].key,))),
            Rule.UNDOES_NOTHING,
            id="undoes what comes later",
        ),
        pytest.param(
            put(len(JOURNAL) - 1, replace(JOURNAL[-1], month="2026-03")),
            Rule.MONTH_CLOSED,
            id="into a closed month",
        ),
    ],
)
def test_a_damaged_journal_is_named_by_what_is_wrong(
    journal: list[Entry], rule: Rule
) -> None:
    assert rule_of(journal) is rule


SIGNED: list[Fact] = [accrued(), reached(at=day(2))]


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        pytest.param(
            [
                *SIGNED,
                paid("p", at=day(3), amounts={"a": 70}),
                paid("q", at=day(4), amounts={"a": 70}),
            ],
            Rule.PAID_NOT_PAYABLE,
            id="paid a second time",
        ),
        pytest.param(
            [*SIGNED, paid(at=day(3), amounts={"a": 71})],
            Rule.PAID_NOT_PAYABLE,
            id="one fen too much",
        ),
        pytest.param(
            [*SIGNED, held(at=day(3)), paid(at=day(4), amounts={"a": 10})],
            Rule.PAID_NOT_PAYABLE,
            id="paid while it is held",
        ),
        pytest.param(
            [replace(accrued(), amount=Fen(101))], Rule.PLAN_DIFFERS, id="not by plan"
        ),
    ],
)
def test_facts_that_should_not_be_are_named(facts: list[Fact], rule: Rule) -> None:
    assert rule_of(book(facts), facts) is rule


def without(kind: type[Fact]) -> Callable[[Iterable[Fact]], list[Fact]]:
    return lambda facts: [one for one in facts if not isinstance(one, kind)]


@pytest.mark.parametrize(
    ("told", "rule"),
    [
        pytest.param(without(Reversed), Rule.EXPENSE_DIFFERS, id="reversals"),
        pytest.param(without(Cancelled), Rule.EXPENSE_DIFFERS, id="cancellations"),
        pytest.param(without(Reached), Rule.PAID_NOT_PAYABLE, id="milestones"),
        pytest.param(without(Released), Rule.PAID_NOT_PAYABLE, id="releases"),
        pytest.param(without(MonthClosed), Rule.MONTH_CLOSED, id="closed months"),
    ],
)
def test_a_model_that_overlooks_facts_is_found(
    told: Callable[[Iterable[Fact]], list[Fact]], rule: Rule
) -> None:
    assert rule_of(book(told(STORY))) is rule


def test_a_model_that_overlooks_payments_is_found() -> None:
    told = [one for one in STORY if not isinstance(one, Paid | Failed)]
    # p4 pays again what p2 did not: unless p2 failed it would be too much.
    facts = [one for one in STORY if one.id != "p4"]

    assert rule_of(book(told)) is Rule.PAYMENT_DIFFERS
    assert rule_of(book(without(Failed)(facts)), facts) is Rule.PAYMENT_DIFFERS


def standing_unheld(claim: Claim) -> dict[Account, int]:
    """A mutant: holds are forgotten."""
    claim.is_open = True
    return STANDING(claim)


def standing_rounded(claim: Claim) -> dict[Account, int]:
    """A mutant: each milestone is rounded by itself."""
    parts = [
        payable_at(claim.entitled, claim.accrued.plan, [on]) for on in claim.posted
    ]
    found, whole = (
        STANDING(claim),
        payable_at(claim.entitled, claim.accrued.plan, claim.posted),
    )
    off = sum(parts) - whole
    found[claim.account(AccountKind.PAYABLE)] -= off
    found[claim.account(AccountKind.HOLDBACK)] += off
    return found


STANDING = Claim.standing


@pytest.mark.parametrize(
    ("name", "mutant", "rule"),
    [
        ("_owing", lambda _self, _payee: [], Rule.NOT_NETTED),
        ("_fail", lambda _self, _failure: None, Rule.PAID_NOT_PAYABLE),
        ("_book_reached", lambda _self, _claim, _at: None, Rule.PAID_NOT_PAYABLE),
        ("_book_gates", lambda _self, _claim, _at: None, Rule.STANDS_WRONG),
        ("_month", lambda _self, _why: ("2026-03", None), Rule.MONTH_CLOSED),
        ("_key", lambda _self, _claim, _why: JOURNAL[0].key, Rule.KEY_TWICE),
    ],
)
def test_a_mutant_of_the_model_is_found(
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    mutant: Callable[..., object],
    rule: Rule,
) -> None:
    monkeypatch.setattr(model._Books, name, mutant)  # noqa: SLF001 (a mutant of it)

    assert rule_of(book(STORY)) is rule


def test_a_model_that_forgets_holds_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Claim, "standing", standing_unheld)

    assert rule_of(book(STORY)) is Rule.STANDS_WRONG


def test_a_model_that_rounds_each_milestone_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Claim, "standing", standing_rounded)
    # Of 5 fen 3.5 and 1.5 are payable: rounded by themselves they are 4 and 2.
    facts: list[Fact] = [
        accrued(price=500),
        reached(at=day(2)),
        reached(HANDOVER, at=day(3)),
    ]

    assert rule_of(book(facts), facts) is Rule.STANDS_WRONG


def test_a_model_that_pays_twice_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    pay = model._Books._pay  # noqa: SLF001 (a mutant of it)

    def pay_twice(books: model._Books, payment: Paid) -> None:
        pay(books, payment)
        pay(books, payment)

    monkeypatch.setattr(model._Books, "_pay", pay_twice)  # noqa: SLF001
    facts = [*SIGNED, paid(at=day(3), amounts={"a": 35})]

    assert rule_of(book(facts), facts) is Rule.PAID_TWICE


def test_more_is_kept_back_than_was_paid_or_owed() -> None:
    """Both ways a netting can be too much are named, at the entry that nets."""
    place = next(
        place for place, one in enumerate(JOURNAL) if one.kind is EntryKind.NETTED
    )
    netted = JOURNAL[place]
    for factor in (2, 3):
        more = tuple(
            Posting(one.account, Fen(one.amount * factor)) for one in netted.postings
        )
        assert (
            rule_of(put(place, replace(netted, postings=more))) is Rule.NETTED_TOO_MUCH
        )


def test_a_model_that_keeps_back_the_newest_debt_first_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owing = model._Books._owing  # noqa: SLF001 (a mutant of it)
    monkeypatch.setattr(
        model._Books,  # noqa: SLF001
        "_owing",
        lambda self, payee: owing(self, payee)[::-1],
    )
    facts: list[Fact] = [
        *(accrued(one, deal=one) for one in ("d1", "d2", "d3")),
        *(reached(at=day(2), deal=one) for one in ("d1", "d2", "d3")),
        paid(at=day(3), amounts={"d1": 70, "d2": 70}),
        cancelled(at=day(4), deal="d2"),
        cancelled(at=day(5), deal="d1"),
        paid("q", at=day(7), amounts={"d3": 70}),
    ]

    assert rule_of(book(facts), facts) is Rule.NOT_OLDEST


def test_a_journal_as_of_an_instant_is_checked_as_of_it() -> None:
    for before, after in pairwise(sorted({one.at for one in STORY})):
        for at in (before, after - timedelta(microseconds=1)):
            assert check_ledger(book(STORY, as_of=at), STORY, as_of=at) is None
