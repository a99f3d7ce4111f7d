"""A case is opened, decided and approved once, however many try: 64 racers each."""

from collections.abc import Callable
from functools import partial

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import insert, select

from attribution.disputes import DisputeState, Verdict
from attribution.ids import DisputeId, SigningId
from attribution.people import Role
from attribution.services import adjudicating
from attribution.services.statements import StatementKind
from attribution.storage import dispute_repository
from attribution.storage.signing_repository import Deal, SigningRepository
from attribution.storage.tables import (
    accruals,
    dispute_evidence,
    dispute_steps,
    disputes,
    hold_releases,
    holds,
    log_entries,
    reversals,
    rulings,
)
from tests.office import Office
from tests.quarrel import PRICE_FEN, Quarrel, quarrel
from tests.racing import RACERS, race


def decided(case: Quarrel) -> DisputeId:
    dispute = case.open()
    case.propose(dispute)
    case.decide(dispute)
    return dispute


def entries(office: Office, kind: StatementKind) -> int:
    query = select(log_entries.c.id).where(log_entries.c.kind == kind)
    with office.database.reading() as connection:
        return len(connection.execute(query).all())


def test_a_dispute_is_opened_once_and_holds_once(office: Office) -> None:
    case = quarrel(office)

    found = race(lambda _: case.open())

    assert found == {"WON": 1, "DISPUTE_EXISTS": RACERS - 1}
    assert office.count(disputes) == office.count(holds) == 1
    assert office.count(dispute_steps) == 1
    assert entries(office, StatementKind.DISPUTE) == 1


def test_a_case_is_decided_once(office: Office) -> None:
    case = quarrel(office)
    dispute = case.open()
    case.propose(dispute)
    verdicts = list(Verdict)

    found = race(lambda number: case.decide(dispute, verdicts[number % 2]))

    assert found == {"WON": 1, "DISPUTE_STEP_REFUSED": RACERS - 1}
    assert office.count(dispute_steps) == 4


def test_a_decision_is_approved_once_and_the_money_moves_once(office: Office) -> None:
    case = quarrel(office)
    dispute = decided(case)
    approvers = [
        office.hire(f"approver {number}", Role.ADJUDICATOR) for number in range(8)
    ]

    found = race(lambda number: case.approve(dispute, by=approvers[number % 8]))

    assert found == {"WON": 1, "DISPUTE_STEP_REFUSED": RACERS - 1}
    assert_settled_once(office, case)


def assert_settled_once(office: Office, case: Quarrel) -> None:
    assert (office.count(rulings), office.count(accruals)) == (2, 2)
    assert office.count(reversals) == office.count(hold_releases) == 1
    assert entries(office, StatementKind.REVERSAL) == 1
    assert entries(office, StatementKind.RELEASE) == 1
    assert case.owed() == {"乙渠道": (PRICE_FEN, 0, None)}


def test_a_case_is_either_approved_or_sent_back_or_pleaded_on(office: Office) -> None:
    case = quarrel(office)
    dispute = decided(case)
    acts: tuple[Callable[[], object], ...] = (
        partial(case.approve, dispute),
        partial(case.approve, dispute, agrees=False),
    )

    found = race(lambda number: acts[number % 2]())

    assert found["WON"] == 1
    assert found["DISPUTE_STEP_REFUSED"] == RACERS - 1
    closed = entries(office, StatementKind.RULING) == 2
    assert office.count(accruals) == (2 if closed else 1)


def test_two_cases_about_one_ruling_do_not_both_change_it(office: Office) -> None:
    case = quarrel(office)
    first, second = case.open(), case.open_for_developer()
    for one in (first, second):
        case.propose(one)
        case.decide(one)

    found = race(lambda number: case.approve((first, second)[number % 2]))

    assert found["WON"] == 1
    assert found["WON"] + found["DISPUTE_STALE"] + found["DISPUTE_STEP_REFUSED"] == (
        RACERS
    )
    assert (office.count(rulings), office.count(reversals)) == (2, 1)


def test_a_case_is_withdrawn_or_decided_and_never_both(office: Office) -> None:
    case = quarrel(office)
    dispute = case.open()
    case.propose(dispute)
    acts: tuple[Callable[[], object], ...] = (
        partial(case.withdraw, dispute),
        partial(case.decide, dispute),
    )

    found = race(lambda number: acts[number % 2]())

    assert found == {"WON": 1, "DISPUTE_STEP_REFUSED": RACERS - 1}


def test_pieces_brought_at_once_are_all_kept_up_to_the_limit(office: Office) -> None:
    case = quarrel(office)
    dispute = case.open()

    found = race(lambda _: case.add(dispute))

    assert found == {"WON": 10, "EVIDENCE_FULL": RACERS - 10}
    assert office.count(dispute_evidence) == 10
    assert office.count(dispute_steps) == 11


def unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every transaction read the case as if it were alone."""
    really = SigningRepository.deal

    def deal(
        self: SigningRepository, signing_id: SigningId, *, for_update: bool = False
    ) -> Deal:
        del for_update
        return really(self, signing_id)

    monkeypatch.setattr(SigningRepository, "deal", deal)


def unguarded(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what lets one step win: the lock, the order of states, the key."""
    unlocked(monkeypatch)
    monkeypatch.setattr(adjudicating, "step", lambda _state, to: to)
    plain = insert(dispute_steps).execution_options(preserve_rowcount=True)
    everywhere = dict.fromkeys(("sqlite", "postgresql"), plain)
    monkeypatch.setattr(dispute_repository, "_STEP", everywhere)
    with office.database.engine.begin() as connection:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("dispute_steps") as table:
            table.drop_constraint("uq_dispute_steps_dispute_id_number", type_="unique")


def test_without_its_guards_a_decision_is_taken_more_than_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The races above notice: this is what they would see."""
    case = quarrel(office)
    dispute = case.open()
    case.propose(dispute)
    unguarded(office, monkeypatch)

    found = race(lambda _: case.decide(dispute, Verdict.UPHELD))

    assert found["WON"] > 1
    assert office.count(dispute_steps) == 3 + found["WON"]


def test_the_number_of_a_step_alone_lets_one_win(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the lock: all who read the same latest step try to take the same number."""
    case = quarrel(office)
    dispute = decided(case)
    unlocked(monkeypatch)

    found = race(lambda _: case.approve(dispute))

    # The key of superseding rulings may speak up before the step's.
    assert found["WON"] == 1
    assert set(found) <= {"WON", "DISPUTE_STEP_REFUSED", "ALREADY_RULED"}
    assert_settled_once(office, case)


def test_keys_let_an_accrual_be_reversed_and_a_hold_released_once(
    office: Office,
) -> None:
    case = quarrel(office)
    case.settle(case.open())

    def again(number: int) -> None:
        table = (reversals, hold_releases)[number % 2]
        with office.database.writing() as connection:
            row = connection.execute(select(table)).first()
            assert row is not None
            copied = {**row._asdict(), "id": f"{number:032}"}
            connection.execute(insert(table), copied)

    found = race(again, racers=8)

    assert found["WON"] == 0
    assert office.count(reversals) == office.count(hold_releases) == 1


def test_a_closed_case_stays_closed(office: Office) -> None:
    case = quarrel(office)
    dispute = decided(case)
    case.approve(dispute)

    found = race(lambda _: case.approve(dispute), racers=8)

    assert found == {"DISPUTE_STEP_REFUSED": 8}
    with office.runtime.reading() as work:
        states = [one.state for one in work.disputes.steps([dispute])[dispute]]
    assert states[-1] is DisputeState.CLOSED
