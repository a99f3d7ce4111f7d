"""Whatever the parties and the bench do: the money is what the standing ruling says."""

import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from attribution.disputes import HEARING, DisputeState, Verdict, plead, step
from attribution.evidence import MOST_PIECES
from attribution.ids import DisputeId
from attribution.people import Role
from attribution.services.accounting import HELD
from attribution.services.bookkeeping import check_ledgers
from attribution.services.sequencing import sequence
from attribution.services.verifying import verify_log
from attribution.storage.engine import open_database
from tests.office import Office
from tests.quarrel import PRICE_FEN, Quarrel, quarrel
from tests.racing import outcome_of

OPEN, EVIDENCE, PROPOSED, DECIDED, CLOSED, WITHDRAWN = DisputeState
WINDOW = timedelta(days=7)
# Steps that land on the boundaries as well as beside them.
WAITS = st.sampled_from(
    [timedelta(0), timedelta(microseconds=1), HEARING, WINDOW - HEARING, WINDOW]
)
SIDES = st.sampled_from(["li", "wang", "finance"])
JUDGES = st.sampled_from(["judge", "second", "third"])


@cache
def quarrelling_office() -> tuple[bytes, dict[str, Any], dict[str, Any]]:
    """Return the database of an office in a quarrel, its card, and the quarrel's."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hefu.db"
        database = open_database(f"sqlite:///{path}")
        office = Office(database)
        case = quarrel(office)
        database.close()
        told = {
            name: getattr(case, name)
            for name in ("signing", "wang_token", "li_token", "receipt", "late_receipt")
        }
        return path.read_bytes(), office.card(), told


class Model:
    """What is known of one case: where it stands, who decided what, about what."""

    def __init__(self, dispute: DisputeId, side: str, ruling: int) -> None:
        self.dispute, self.side, self.ruling = dispute, side, ruling
        self.state = OPEN
        self.proposed_for = ruling
        self.decided_by = ""
        self.verdict = Verdict.UPHELD
        self.was_proposed = False
        self.pieces: Counter[str] = Counter()


class Disputes(RuleBasedStateMachine):
    """The model is a few fields and comparisons; the system is the real one."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "hefu.db"
        content, card, told = quarrelling_office()
        path.write_bytes(content)
        office = Office(open_database(f"sqlite:///{path}"), series="machine", card=card)
        self.office = office
        self.case = Quarrel(
            office=office,
            judge=office.hire("judge", Role.ADJUDICATOR),
            second=office.hire("second judge", Role.ADJUDICATOR),
            third=office.hire("third judge", Role.ADJUDICATOR),
            **told,
        )
        self.cases: list[Model] = []
        self.ruled_at, self.rulings, self.winner = office.time, 1, "甲渠道"

    def teardown(self) -> None:
        sequence(self.office.runtime)
        report = verify_log(self.office.runtime, lambda _done, _of: None)
        self.office.database.close()
        self.folder.cleanup()
        assert report.faults == ()

    def actor(self, side: str) -> Any:
        return getattr(self.office, side)

    def expect(self, expected: str, act: Callable[[], object]) -> bool:
        """Do something, and hold what becomes of it against what is expected."""
        assert outcome_of(act) == expected.replace("OK", "WON")
        return expected == "OK"

    def refused(self, case: Model, to: DisputeState) -> str:
        return outcome_of(lambda: step(case.state, to)).replace("WON", "OK")

    @rule(period=WAITS)
    def wait(self, period: timedelta) -> None:
        self.office.time += period

    @rule(side=SIDES)
    def open(self, side: str) -> None:
        is_old = self.office.time >= self.ruled_at + WINDOW
        known = {(one.side, one.ruling) for one in self.cases}
        expected = "OK"
        if is_old:
            expected = "DISPUTE_WINDOW_OVER"
        elif (side, self.rulings) in known:
            expected = "DISPUTE_EXISTS"
        opened: list[DisputeId] = []

        def act() -> None:
            if side == "finance":
                opened.append(self.case.open_for_developer())
            else:
                opened.append(self.case.open(by=self.actor(side)))

        if self.expect(expected, act):
            self.cases.append(Model(opened[0], side, self.rulings))

    @rule(number=st.integers(0, 3), side=SIDES)
    def bring(self, number: int, side: str) -> None:
        if not self.cases:
            return
        case = self.cases[number % len(self.cases)]
        expected = "NOT_FOUND"
        # Li's claim is late: a case knows it from Li, or from what the rules say.
        if side != "li" or case.side == "li" or case.was_proposed or self.rulings > 1:
            is_full = case.pieces[side] == MOST_PIECES
            pleading = outcome_of(lambda: plead(case.state)).replace("WON", "OK")
            expected = "EVIDENCE_FULL" if is_full and pleading == "OK" else pleading
        by = self.actor(side)
        if self.expect(expected, lambda: self.case.add(case.dispute, by=by)):
            case.state = EVIDENCE
            case.pieces[side] += 1

    @rule(number=st.integers(0, 3), who=JUDGES)
    def propose(self, number: int, who: str) -> None:
        if not self.cases:
            return
        case = self.cases[number % len(self.cases)]
        heard = EVIDENCE if case.state is OPEN else case.state
        expected = "OK" if heard in {EVIDENCE, PROPOSED} else "DISPUTE_STEP_REFUSED"
        by = getattr(self.case, who)
        if self.expect(expected, lambda: self.case.propose(case.dispute, by=by)):
            case.state, case.proposed_for = PROPOSED, self.rulings
            case.was_proposed = True

    @rule(number=st.integers(0, 3), who=JUDGES, verdict=st.sampled_from(Verdict))
    def decide(self, number: int, who: str, verdict: Verdict) -> None:
        if not self.cases:
            return
        case = self.cases[number % len(self.cases)]
        expected = self.refused(case, DECIDED)
        if expected == "OK" and case.proposed_for != self.rulings:
            expected = "DISPUTE_STALE"
        elif expected == "OK" and verdict is Verdict.CHANGED and self.rulings > 1:
            expected = "INPUT_INVALID"
        by = getattr(self.case, who)
        if self.expect(
            expected, lambda: self.case.decide(case.dispute, verdict, by=by)
        ):
            case.state, case.decided_by, case.verdict = DECIDED, who, verdict

    @rule(number=st.integers(0, 3), who=JUDGES, agrees=st.booleans())
    def approve(self, number: int, who: str, *, agrees: bool) -> None:
        if not self.cases:
            return
        case = self.cases[number % len(self.cases)]
        expected = self.refused(case, CLOSED)
        if expected == "OK" and who == case.decided_by:
            expected = "SECOND_PERSON_NEEDED"
        elif expected == "OK" and agrees and case.proposed_for != self.rulings:
            expected = "DISPUTE_STALE"
        by = getattr(self.case, who)
        if not self.expect(
            expected, lambda: self.case.approve(case.dispute, by=by, agrees=agrees)
        ):
            return
        case.state = CLOSED if agrees else EVIDENCE
        if agrees and case.verdict is Verdict.CHANGED:
            self.rulings += 1
            self.ruled_at, self.winner = self.office.time, "乙渠道"

    @rule(number=st.integers(0, 3))
    def withdraw(self, number: int) -> None:
        if not self.cases:
            return
        case = self.cases[number % len(self.cases)]
        by = self.actor(case.side)
        expected = self.refused(case, WITHDRAWN)
        if self.expect(expected, lambda: self.case.withdraw(case.dispute, by=by)):
            case.state = WITHDRAWN

    @invariant()
    def the_money_is_what_the_standing_ruling_says(self) -> None:
        with self.office.runtime.reading() as work:
            booked = work.signings.accruals_of(self.case.signing)
            taken_back = work.signings.reversals_of(self.case.signing)
            names = work.signings.channel_names()
            standing = work.signings.ruling_of(self.case.signing)
        left: dict[str, int] = defaultdict(int)
        amounts = [(one.channel_id, one.amount_fen) for one in booked]
        amounts += [(one.channel_id, one.amount_fen) for one in taken_back]
        for channel_id, amount in amounts:
            left[names[channel_id]] += amount
        assert standing is not None
        assert {name: fen for name, fen in left.items() if fen} == {
            self.winner: PRICE_FEN
        }
        assert {names[one] for one, _ in standing.told()["shares"]} == {self.winner}
        assert len(taken_back) == self.rulings - 1

    @invariant()
    def the_money_is_held_while_any_case_runs(self) -> None:
        is_held = any(not one.state.is_over for one in self.cases)
        reasons = {reason for *_, reason in self.case.owed().values()}
        assert reasons == {HELD if is_held else None}

    @invariant()
    def the_ledger_holds(self) -> None:
        found = check_ledgers(self.office.runtime)
        assert [one.violation for one in found] == [None]


TestDisputes = Disputes.TestCase
TestDisputes.settings = settings(max_examples=25, stateful_step_count=25)
