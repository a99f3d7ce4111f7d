"""The books of a project, made from what the offices have stored."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from attribution.commissions import MilestoneKind
from attribution.deals import DealEvent
from attribution.disputes import Verdict
from attribution.errors import NotAllowed, NotFound
from attribution.ids import ProjectId, SigningId
from attribution.ledger.check import Rule
from attribution.ledger.entries import AccountKind, EntryKind
from attribution.people import Role
from attribution.services.accounting import deal_account
from attribution.services.bookkeeping import Ledger, check_ledgers, ledger_of
from attribution.services.sequencing import sequence
from attribution.services.signing import record_milestone
from attribution.services.witnessing import admit_witness
from attribution.storage.tables import accruals
from tests.ledger_facts import standing
from tests.office import Office
from tests.overhearing import heard, meanwhile
from tests.quarrel import PRICE_FEN, quarrel
from tests.services.test_rewards import rewarded
from tests.services.test_witnessed_money import WITNESS, cosigned, sold

EXPENSE, REWARD, HOLDBACK, PAYABLE, *_ = AccountKind
WINDOW = timedelta(days=7)


def books(office: Office) -> Ledger:
    """Return the books, in which everything holds."""
    assert [one.violation for one in check_ledgers(office.runtime)] == [None]
    return ledger_of(office.runtime, by=office.finance, project_id=office.project)


def kinds(ledger: Ledger) -> list[EntryKind]:
    return [entry.kind for entry in ledger.books.journal]


def reach(office: Office, signing: SigningId, kind: DealEvent) -> None:
    office.do(record_milestone, by=office.finance, signing_id=signing, kind=kind)


def test_a_commission_becomes_payable_when_its_ruling_is_final(office: Office) -> None:
    sold(office)
    ruled_at = office.time
    before = books(office)
    office.time = ruled_at + WINDOW - timedelta(microseconds=1)
    still_open = books(office)
    office.time = ruled_at + WINDOW
    final = books(office)

    payee = f"channel:{office.channel_a}"
    assert kinds(before) == kinds(still_open) == [EntryKind.ACCRUED]
    assert kinds(final) == [EntryKind.ACCRUED, EntryKind.REACHED]
    assert final.books.journal[1].key.milestone is MilestoneKind.CONTRACT
    [account] = [
        deal_account(office.runtime, by=office.finance, signing_id=one)
        for one in final.books.units
    ]
    assert standing(final.books.journal, payee) == {
        EXPENSE: 3_675_000,
        HOLDBACK: account.lines[0].payable - 3_675_000,
        PAYABLE: -account.lines[0].payable,
    }
    assert final.books.names[payee] == "甲渠道"
    assert list(final.books.units.values()) == ["3-1-1201"]


def test_a_dispute_holds_what_was_payable_and_its_end_gives_it_back(
    office: Office,
) -> None:
    case = quarrel(office)
    reach(office, case.signing, DealEvent.CONTRACT)
    dispute = case.open()
    office.wait(days=8)
    held = books(office)
    case.settle(dispute, Verdict.UPHELD)
    given_back = books(office)

    assert kinds(held) == [EntryKind.ACCRUED]
    assert kinds(given_back) == [EntryKind.ACCRUED, EntryKind.REACHED]


def test_a_changed_ruling_moves_the_money_to_the_other_channel(office: Office) -> None:
    case = quarrel(office)
    office.wait(days=1)
    case.settle(case.open())

    ledger = books(office)

    assert sorted(kinds(ledger)) == ["ACCRUED", "ACCRUED", "REVERSED"]
    old, new = f"channel:{office.channel_a}", f"channel:{office.channel_b}"
    assert standing(ledger.books.journal, old) == {EXPENSE: PRICE_FEN}
    assert standing(ledger.books.journal, new) == {
        EXPENSE: PRICE_FEN,
        HOLDBACK: -PRICE_FEN,
    }


def test_a_cancelled_deal_leaves_nothing_owed(office: Office) -> None:
    case = quarrel(office)
    reach(office, case.signing, DealEvent.CONTRACT)
    reach(office, case.signing, DealEvent.PAYMENT)
    office.wait(days=8)
    reach(office, case.signing, DealEvent.HANDOVER)
    reach(office, case.signing, DealEvent.CANCELLED)

    ledger = books(office)

    assert kinds(ledger) == ["ACCRUED", "REACHED", "CANCELLED"]
    assert standing(ledger.books.journal) == {}


def test_a_reward_is_owed_to_the_buyers_of_the_signing(office: Office) -> None:
    signing = rewarded(office)

    ledger = books(office)

    assert standing(ledger.books.journal, f"buyers:{signing}") == {
        REWARD: 300_000,
        HOLDBACK: -300_000,
    }


def test_nothing_is_payable_that_no_quorum_has_seen(office: Office) -> None:
    office.runtime = replace(office.runtime, witness_quorum=1)
    office.do(admit_witness, by=office.admin, vkey=WITNESS.vkey(), label="安居")
    sold(office)
    office.wait(days=8)
    unseen = books(office)
    cosigned(office)
    seen = books(office)
    office.runtime = replace(office.runtime, witness_quorum=2)
    by_two = books(office)

    assert kinds(unseen) == kinds(by_two) == [EntryKind.ACCRUED]
    assert kinds(seen) == [EntryKind.ACCRUED, EntryKind.REACHED]


def test_a_head_without_the_accrual_says_nothing_of_it(office: Office) -> None:
    office.runtime = replace(office.runtime, witness_quorum=1)
    office.do(admit_witness, by=office.admin, vkey=WITNESS.vkey(), label="安居")
    sold(office)
    cosigned(office)
    office.rule(office.sign(unit="3-1-1202"))
    sequence(office.runtime)
    office.wait(days=8)

    ledger = books(office)

    assert kinds(ledger) == ["ACCRUED", "ACCRUED", "REACHED"]


@pytest.mark.parametrize("role", [Role.FINANCE, Role.FINANCE_APPROVER, Role.AUDITOR])
def test_finance_and_auditors_see_the_books(office: Office, role: Role) -> None:
    somebody = office.hire("somebody", role)

    found = ledger_of(office.runtime, by=somebody, project_id=office.project)

    assert found.books.journal == ()


def test_no_channel_and_no_desk_sees_the_books(office: Office) -> None:
    for by in (office.wang, office.desk, office.signing, office.admin):
        with pytest.raises(NotAllowed):
            ledger_of(office.runtime, by=by, project_id=office.project)
    with pytest.raises(NotFound):
        ledger_of(office.runtime, by=office.finance, project_id=ProjectId("none"))


def test_an_accrual_that_is_not_what_the_plan_says_is_named(office: Office) -> None:
    sold(office)
    with office.runtime.transaction() as work:
        work.signings._connection.execute(  # noqa: SLF001 (nobody may do this)
            update(accruals).values(amount_fen=1)
        )

    [found] = check_ledgers(office.runtime)

    assert found.project.id == office.project
    assert found.entries == 1
    assert found.violation is not None
    assert found.violation.rule is Rule.PLAN_DIFFERS


def test_the_books_are_of_the_moment_at_which_they_were_asked_for(
    office: Office,
) -> None:
    case = quarrel(office)
    office.wait(days=6)

    with meanwhile(office.database, "FROM holds", lambda: case.settle(case.open())):
        ledger = ledger_of(office.runtime, by=office.finance, project_id=office.project)

    assert kinds(ledger) == [EntryKind.ACCRUED]


def test_more_deals_ask_no_more_of_the_database(office: Office) -> None:
    sold(office)
    with heard(office.database) as one:
        books(office)
    office.rule(office.sign(unit="3-1-1202"))
    office.rule(office.sign(unit="3-1-1203"))
    with heard(office.database) as three:
        books(office)

    assert len(three) == len(one)
