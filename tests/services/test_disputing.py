"""Disputes: who may open, plead, judge; what is held, and what the money does."""

import hashlib
from collections.abc import Callable, Sized
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from attribution.deals import DealEvent
from attribution.disputes import DisputeState, Ground, Side, Turn, Verdict
from attribution.errors import (
    AttributionError,
    DisputeExists,
    InputInvalid,
    NotAllowed,
    NotFound,
)
from attribution.evidence import MOST_PIECES, EvidenceKind
from attribution.ids import (
    ChannelId,
    DisputeId,
    EvidenceId,
    ProjectId,
    SigningId,
    TokenId,
)
from attribution.people import Actor, Grant, Role
from attribution.services.accounting import HELD, deal_account
from attribution.services.administering import create_project
from attribution.services.attending import (
    own_case,
    own_cases,
    rulings_of_deal,
    rulings_of_token,
    rulings_of_visit,
)
from attribution.services.disputing import (
    Complaint,
    Receipt,
    dispute_as_channel,
    dispute_as_developer,
    dispute_as_visitor,
)
from attribution.services.hearing import (
    evidence_file,
    hearing_of,
    hearings_at,
    waiting_cases,
)
from attribution.services.pleading import (
    add_evidence_as_visitor,
    withdraw_as_visitor,
)
from attribution.services.ruling import ruling_of_signing
from attribution.services.sequencing import sequence
from attribution.services.signing import record_milestone
from attribution.services.statements import StatementKind
from attribution.services.verifying import verify_log
from attribution.storage.tables import (
    accruals,
    dispute_evidence,
    dispute_steps,
    disputes,
    holds,
    log_entries,
    rulings,
)
from tests.office import OTHER_PHONE, Office
from tests.overhearing import heard, meanwhile
from tests.quarrel import COMPLAINT, NOTE, PRICE_FEN, Quarrel, quarrel
from tests.racing import outcome_of

TICK = timedelta(microseconds=1)
WINDOW = timedelta(days=7)


def entries(office: Office, *kinds: StatementKind) -> int:
    query = select(log_entries.c.id).where(log_entries.c.kind.in_(kinds))
    with office.database.reading() as connection:
        return len(connection.execute(query).all())


def by_receipt(case: Quarrel, receipt: str | None = None) -> Receipt:
    return Receipt(text=receipt or case.receipt, address="here")


def open_as_visitor(case: Quarrel, **others: Any) -> DisputeId:
    others.setdefault("receipt", by_receipt(case))
    made = case.office.do(dispute_as_visitor, complaint=COMPLAINT, **others)
    return DisputeId(str(made["dispute_id"]))


def state_of(case: Quarrel, dispute: DisputeId) -> DisputeState:
    hearing = hearing_of(case.office.runtime, by=case.judge, dispute_id=dispute)
    return hearing.case.state


# -- opening --


def test_opening_holds_the_money_and_closing_lets_it_go(office: Office) -> None:
    case = quarrel(office)
    office.do(
        record_milestone,
        by=office.finance,
        signing_id=case.signing,
        kind=DealEvent.CONTRACT,
    )
    before = case.owed()

    dispute = case.open()
    held = case.owed()
    case.settle(dispute, Verdict.UPHELD)

    assert before == case.owed() == {"甲渠道": (PRICE_FEN, 2_572_500, None)}
    assert held == {"甲渠道": (PRICE_FEN, 0, HELD)}
    assert entries(office, StatementKind.HOLD) == 1
    assert entries(office, StatementKind.RELEASE) == 1
    assert entries(office, StatementKind.DISPUTE) == 1
    assert office.count(dispute_steps) == 5


def test_the_answer_says_where_the_case_stands_and_promises_its_entry(
    office: Office,
) -> None:
    case = quarrel(office)

    made = office.do(
        dispute_as_channel, by=office.li, token_id=case.li_token, complaint=COMPLAINT
    )

    assert made["state"] == "open"
    assert made["due_at"] == "2026-03-05T01:00:00.000000Z"
    assert set(made) == {"dispute_id", "state", "due_at", "promise"}


@pytest.mark.parametrize(
    ("after", "outcome"),
    [(WINDOW - TICK, "WON"), (WINDOW, "DISPUTE_WINDOW_OVER")],
)
def test_a_ruling_is_disputed_inside_its_window(
    after: timedelta, outcome: str, office: Office
) -> None:
    case = quarrel(office)
    office.time += after

    assert outcome_of(case.open) == outcome
    assert office.count(disputes) == office.count(holds) == (outcome == "WON")


def test_the_window_is_that_of_the_rules_the_ruling_names(office: Office) -> None:
    office.change_project(dispute_window_days=1)
    case = quarrel(office)
    office.change_project(dispute_window_days=30)
    office.wait(days=1)

    assert outcome_of(case.open) == "DISPUTE_WINDOW_OVER"


def test_each_side_disputes_a_ruling_once(office: Office) -> None:
    case = quarrel(office)
    first = case.open()

    assert outcome_of(case.open) == "DISPUTE_EXISTS"
    case.withdraw(first)
    assert outcome_of(case.open) == "DISPUTE_EXISTS"
    case.open(by=office.wang)
    case.open_for_developer()
    open_as_visitor(case)
    assert outcome_of(case.open_for_developer) == "DISPUTE_EXISTS"
    assert outcome_of(lambda: open_as_visitor(case)) == "DISPUTE_EXISTS"
    assert office.count(disputes) == office.count(holds) == 4
    assert entries(office, StatementKind.DISPUTE) == 4


def test_a_hold_stands_while_any_case_is_open(office: Office) -> None:
    case = quarrel(office)
    first, second = case.open(), case.open(by=office.wang)

    case.withdraw(first)
    still = case.owed()
    case.withdraw(second, by=office.wang)

    assert [reason for *_, reason in still.values()] == [HELD]
    assert [reason for *_, reason in case.owed().values()] == [None]


def test_an_agent_disputes_with_own_tokens_only(office: Office) -> None:
    case = quarrel(office)
    never_redeemed = TokenId(str(office.issue(by=office.li)["token_id"]))

    def opened(**others: Any) -> str:
        return outcome_of(lambda: case.open(**others))

    assert opened(token_id=case.wang_token) == "NOT_FOUND"
    assert opened(token_id=TokenId("none")) == "NOT_FOUND"
    assert opened(token_id=never_redeemed) == "NOT_FOUND"
    assert opened(signing_id=SigningId("none")) == "NOT_FOUND"
    assert opened(signing_id=case.signing) == "WON"


def test_a_client_who_bought_twice_has_a_choice(office: Office) -> None:
    case = quarrel(office)
    office.wait(hours=1)
    second = office.sign(unit="3-1-1202")
    office.rule(second)

    latest = case.open()
    first = case.open(signing_id=case.signing)

    with office.runtime.reading() as work:
        found = [work.disputes.get(one).signing_id for one in (latest, first)]
    assert found == [second, case.signing]


def test_the_manager_of_a_channel_disputes_for_it(office: Office) -> None:
    case = quarrel(office)

    def manager(channel: ChannelId, **others: Any) -> Actor:
        grant = Grant(role=Role.CHANNEL_MANAGER, channel_id=channel, **others)
        return office.hire(f"manager {channel} {others}", grant)

    elsewhere = manager(office.channel_b, project_id=ProjectId("elsewhere"))
    for stranger in (manager(office.channel_a), elsewhere):
        with pytest.raises(NotFound):
            case.open(by=stranger, token_id=case.li_token)
    own = manager(office.channel_b)
    dispute = case.open(by=own, token_id=case.li_token)

    assert own_case(office.runtime, by=own, dispute_id=dispute).is_opener
    other = own_case(office.runtime, by=manager(office.channel_a), dispute_id=dispute)
    assert (other.own_side, other.is_opener) == (Side.CHANNEL, False)
    with pytest.raises(NotFound):
        own_case(office.runtime, by=office.li, dispute_id=dispute)
    case.propose(dispute)
    seen_by_agent = own_case(office.runtime, by=office.li, dispute_id=dispute)
    assert (seen_by_agent.is_opener, seen_by_agent.words) == (False, COMPLAINT.words)


def test_the_developer_is_finance_or_operations(office: Office) -> None:
    case = quarrel(office)
    operations = office.hire("operations", Role.OPERATIONS)

    with pytest.raises(NotAllowed):
        office.do(
            dispute_as_developer,
            by=office.signing,
            signing_id=case.signing,
            complaint=COMPLAINT,
        )
    office.do(
        dispute_as_developer,
        by=operations,
        signing_id=case.signing,
        complaint=COMPLAINT,
    )

    (told,) = own_cases(office.runtime, by=office.finance)
    assert (told.unit, told.own_side, told.is_opener) == (
        "3-1-1201",
        Side.DEVELOPER,
        False,
    )


def test_a_signing_without_a_ruling_cannot_be_disputed(office: Office) -> None:
    office.change_project(fixes_at="contract")
    signing = office.sign()

    with pytest.raises(NotFound):
        office.do(
            dispute_as_developer,
            by=office.finance,
            signing_id=signing,
            complaint=COMPLAINT,
        )
    told = rulings_of_deal(office.runtime, by=office.finance, signing_id=signing)
    assert told == []


def test_a_visitor_disputes_by_receipt_and_nothing_else(office: Office) -> None:
    case = quarrel(office)
    other = str(office.walk_in(phone=OTHER_PHONE)["visitor_receipt"])
    wrong = "A" * 24

    for receipt in (wrong, other):
        with pytest.raises(NotFound):
            open_as_visitor(case, receipt=by_receipt(case, receipt))
    dispute = open_as_visitor(case, receipt=by_receipt(case, case.receipt.lower()))

    visit, (ruling,) = rulings_of_visit(office.runtime, receipt=by_receipt(case))
    (told,) = ruling.cases
    assert (told.dispute_id, told.is_opener) == (dispute, True)
    assert (told.own_side, told.unit, told.tokens) == (Side.VISITOR, None, ())
    assert visit.project_id == office.project


def test_a_receipt_that_the_buyers_presented_is_part_of_the_case(
    office: Office,
) -> None:
    receipt = str(office.walk_in(phone=None)["visitor_receipt"])
    office.wait(hours=1)
    case = quarrel(office, receipts=(receipt,))

    open_as_visitor(case, receipt=by_receipt(case, receipt))

    assert office.count(disputes) == 1


def test_a_client_refused_at_the_desk_makes_a_case_for_the_agent(
    office: Office,
) -> None:
    """Wrong person: the code was bound to somebody else, and was refused."""
    case = quarrel(office, is_late=False)
    office.time -= timedelta(hours=3)
    code = office.issue(by=office.li)["code"]
    refused = outcome_of(lambda: office.redeem(code, phone=OTHER_PHONE))
    office.time += timedelta(hours=3)
    signing = office.sign(phone=OTHER_PHONE, unit="3-1-1202")
    office.rule(signing)
    with office.runtime.reading() as work:
        (token,) = work.tokens.issued_by(office.li.agent_id, most=1)  # type: ignore[arg-type]

    dispute = case.open(token_id=token.token.id)

    assert refused == "BINDING_MISMATCH"
    with office.runtime.reading() as work:
        assert work.disputes.get(dispute).signing_id == signing


@pytest.mark.parametrize("words", ["", "打 13800138000 问", "字" * 1001])
def test_words_that_cannot_be_kept_are_refused_and_nothing_is_held(
    words: str, office: Office
) -> None:
    case = quarrel(office)
    complaint = Complaint(ground=Ground.OTHER, words=words)

    with pytest.raises(InputInvalid):
        case.open(complaint=complaint)

    assert office.count(disputes) == office.count(holds) == 0


def test_the_same_request_opens_one_dispute(office: Office) -> None:
    case = quarrel(office)
    request = office.request(b"body")

    first, again = case.open(request=request), case.open(request=request)

    assert first == again
    assert office.count(disputes) == 1


# -- evidence --


def test_evidence_is_kept_sealed_and_read_by_judges_and_its_own_side(
    office: Office,
) -> None:
    case = quarrel(office)
    dispute = case.open()

    answer = case.add(dispute)

    evidence_id = EvidenceId(str(answer["evidence_id"]))
    digest = hashlib.sha256(NOTE)
    assert answer["digest"] == digest.hexdigest()
    assert answer["kind"] == "text/plain"
    for reader in (office.li, case.judge):
        piece, data = evidence_file(office.runtime, by=reader, evidence_id=evidence_id)
        assert (data, piece.kind) == (NOTE, EvidenceKind.TEXT)
    auditor = office.hire("auditor", Role.AUDITOR)
    for stranger in (office.wang, office.finance, office.desk, auditor):
        with pytest.raises(NotFound):
            evidence_file(office.runtime, by=stranger, evidence_id=evidence_id)
    with pytest.raises(NotFound):
        evidence_file(office.runtime, by=case.judge, evidence_id=EvidenceId("none"))
    with office.database.reading() as connection:
        (sealed,) = connection.execute(
            select(dispute_evidence.c.content_sealed)
        ).scalars()
    assert NOTE not in sealed


def test_every_side_brings_evidence_and_sees_its_own(office: Office) -> None:
    case = quarrel(office)
    dispute = case.open()
    sides = (office.li, office.wang, office.finance, case.judge)

    for who in sides:
        case.add(dispute, by=who)
    office.do(
        add_evidence_as_visitor,
        receipt=by_receipt(case),
        dispute_id=dispute,
        data=NOTE,
    )

    hearing = hearing_of(office.runtime, by=case.judge, dispute_id=dispute)
    assert [one.side for one in hearing.evidence] == [
        Side.CHANNEL,
        Side.CHANNEL,
        Side.DEVELOPER,
        Side.ADJUDICATOR,
        Side.VISITOR,
    ]
    for who in sides[:3]:
        told = own_case(office.runtime, by=who, dispute_id=dispute)
        assert [one.given_by for one in told.evidence] == [who.person_id]
    _, (ruling,) = rulings_of_visit(office.runtime, receipt=by_receipt(case))
    assert len(ruling.cases[0].evidence) == 1


def test_who_has_no_part_in_a_case_brings_nothing(office: Office) -> None:
    case = quarrel(office)
    dispute = case.open()
    other = str(office.walk_in(phone=OTHER_PHONE)["visitor_receipt"])

    for stranger in (office.desk, office.admin, replace(office.li, agent_id=None)):
        with pytest.raises(NotFound):
            case.add(dispute, by=replace(stranger, person_id="x"))  # type: ignore[arg-type]
    with pytest.raises(NotFound):
        office.do(
            add_evidence_as_visitor,
            receipt=by_receipt(case, other),
            dispute_id=dispute,
            data=NOTE,
        )
    with pytest.raises(NotFound):
        case.add(DisputeId("none"))
    assert office.count(dispute_evidence) == 0


def test_a_side_brings_so_many_pieces_and_no_more(office: Office) -> None:
    case = quarrel(office)
    dispute = case.open()
    for _ in range(MOST_PIECES):
        case.add(dispute)

    assert outcome_of(lambda: case.add(dispute)) == "EVIDENCE_FULL"
    case.add(dispute, by=office.wang)
    assert office.count(dispute_evidence) == MOST_PIECES + 1
    assert office.count(dispute_steps) == MOST_PIECES + 2


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"\x89PNG\r\n", "EVIDENCE_NOT_ACCEPTED"), (b"", "INPUT_INVALID")],
)
def test_what_is_neither_text_nor_pdf_leaves_nothing(
    data: bytes, code: str, office: Office
) -> None:
    case = quarrel(office)
    dispute = case.open()

    assert outcome_of(lambda: case.add(dispute, data=data)) == code
    assert office.count(dispute_evidence) == 0


def test_evidence_after_a_proposal_leads_back_to_the_hearing(office: Office) -> None:
    case = quarrel(office)
    dispute = case.open()
    case.propose(dispute)

    case.add(dispute, by=office.wang)

    assert state_of(case, dispute) is DisputeState.EVIDENCE
    assert outcome_of(lambda: case.decide(dispute)) == "DISPUTE_STEP_REFUSED"
    case.propose(dispute)
    case.decide(dispute)
    assert outcome_of(lambda: case.add(dispute)) == "DISPUTE_STEP_REFUSED"
    case.approve(dispute)
    assert outcome_of(lambda: case.add(dispute)) == "DISPUTE_STEP_REFUSED"


# -- withdrawing --


def test_only_who_opened_withdraws_and_only_before_the_decision(
    office: Office,
) -> None:
    case = quarrel(office)
    dispute = case.open()
    visitors = open_as_visitor(case)

    for stranger in (office.wang, office.finance, case.judge):
        with pytest.raises(NotFound):
            case.withdraw(dispute, by=stranger)
    with pytest.raises(NotFound):
        office.do(withdraw_as_visitor, receipt=by_receipt(case), dispute_id=dispute)
    office.do(withdraw_as_visitor, receipt=by_receipt(case), dispute_id=visitors)
    case.propose(dispute)
    case.decide(dispute)

    assert outcome_of(lambda: case.withdraw(dispute)) == "DISPUTE_STEP_REFUSED"
    assert state_of(case, visitors) is DisputeState.WITHDRAWN


# -- judging --


def test_the_rules_are_asked_again_over_late_facts_too(office: Office) -> None:
    case = quarrel(office)
    dispute = case.open()

    answer = case.propose(dispute)

    hearing = hearing_of(office.runtime, by=case.judge, dispute_id=dispute)
    proposal = hearing.case.proposal
    assert answer["changes"] == proposal["changes"]
    told = [(one["kind"], one["before"], one["after"]) for one in proposal["changes"]]
    assert told == [
        ("share", "10000", ""),
        ("share", "", "10000"),
        ("claim", "WINS", "OUTRANKED"),
        ("claim", "", "WINS"),
        ("visit", "", "VALID_REFERRAL"),
    ]
    with office.runtime.reading() as work:
        head = work.log.head()
    assert head is not None
    assert proposal["seen_until"] == head.size
    states = [one.state.value for one in hearing.case.steps]
    assert states == ["open", "evidence", "proposed"]


def test_a_fact_logged_after_a_proposal_is_weighed_by_the_next(office: Office) -> None:
    case = quarrel(office, is_late=False)
    dispute = case.open_for_developer()
    nothing = case.propose(dispute)["changes"]
    office.time -= timedelta(hours=23)
    office.walk_in(by=office.desk_two)
    office.time += timedelta(hours=23)

    again = case.propose(dispute)["changes"]

    assert nothing == []
    assert again != []


def test_a_proposal_that_changes_nothing_cannot_change_the_ruling(
    office: Office,
) -> None:
    case = quarrel(office, is_late=False)
    dispute = case.open_for_developer()
    case.propose(dispute)

    with pytest.raises(InputInvalid) as refusal:
        case.decide(dispute)
    case.decide(dispute, Verdict.UPHELD)

    assert refusal.value.path == "verdict"


def test_a_changed_ruling_stands_beside_the_old_one_and_moves_the_money(
    office: Office,
) -> None:
    case = quarrel(office)
    old = ruling_of_signing(office.runtime, by=office.finance, signing_id=case.signing)
    dispute = case.open()

    case.settle(dispute)

    new = ruling_of_signing(office.runtime, by=office.finance, signing_id=case.signing)
    assert new.supersedes_id == old.id
    assert office.count(rulings) == 2
    assert case.owed() == {"乙渠道": (PRICE_FEN, 0, None)}
    with office.runtime.reading() as work:
        booked = work.signings.accruals_of(case.signing)
        (reversal,) = work.signings.reversals_of(case.signing)
        assert work.signings.ruling(old.id) == old
    first = next(one for one in booked if one.ruling_id == old.id)
    assert (reversal.accrual_id, reversal.amount_fen) == (first.id, -PRICE_FEN)
    assert reversal.ruling_id == new.id
    accrued = sum(one.amount_fen for one in booked)
    assert accrued + reversal.amount_fen == PRICE_FEN
    assert entries(office, StatementKind.REVERSAL) == 1
    assert entries(office, StatementKind.ACCRUAL) == 2
    assert entries(office, StatementKind.RULING) == 2


def test_a_ruling_that_changes_twice_reverses_each_accrual_once(
    office: Office,
) -> None:
    case = quarrel(office)
    case.settle(case.open())
    # Two hours before anybody reported: by the rules nobody brought this buyer.
    now, office.time = office.time, office.time - timedelta(hours=26)
    office.walk_in(by=office.desk_two)
    office.time = now

    case.settle(case.open(by=office.wang))

    with office.runtime.reading() as work:
        booked = work.signings.accruals_of(case.signing)
        taken_back = work.signings.reversals_of(case.signing)
    assert case.owed() == {}
    assert {one.id for one in booked} == {one.accrual_id for one in taken_back}
    assert len(booked) == len(taken_back) == 2
    assert office.count(rulings) == 3


def test_the_superseding_ruling_is_what_the_rules_proposed_to_the_byte(
    office: Office,
) -> None:
    case = quarrel(office)
    dispute = case.open()
    case.settle(dispute)
    sequence(office.runtime)

    hearing = hearing_of(office.runtime, by=case.judge, dispute_id=dispute)

    standing = hearing.case.standing
    assert standing.told() == hearing.case.proposal["proposed"]
    assert standing.inputs_digest.hex() == standing.told()["inputs_digest"]
    assert hearing.case.verdict is Verdict.CHANGED


def test_an_upheld_ruling_stays_and_no_money_moves(office: Office) -> None:
    case = quarrel(office)
    dispute = case.open()

    case.settle(dispute, Verdict.UPHELD)

    assert office.count(rulings) == office.count(accruals) == 1
    told = own_case(office.runtime, by=office.li, dispute_id=dispute)
    assert (told.verdict, told.share) == (Verdict.UPHELD, 0)
    assert told.reason == "补登的到访有前台记录为证。"


def test_a_second_person_may_send_a_decision_back(office: Office) -> None:
    case = quarrel(office)
    dispute = case.open()
    case.propose(dispute)
    case.decide(dispute)

    case.approve(dispute, agrees=False, words="请先听前台。")

    assert state_of(case, dispute) is DisputeState.EVIDENCE
    assert case.owed()["甲渠道"][2] == HELD
    hearing = hearing_of(office.runtime, by=case.judge, dispute_id=dispute)
    assert "请先听前台。" in hearing.words.values()
    case.settle(dispute)
    assert office.count(rulings) == 2


def test_a_decision_is_told_to_the_parties_once_it_is_approved(
    office: Office,
) -> None:
    case = quarrel(office)
    dispute = case.open()
    case.propose(dispute)
    case.decide(dispute)
    before = own_case(office.runtime, by=office.li, dispute_id=dispute)

    case.approve(dispute)

    after = own_case(office.runtime, by=office.li, dispute_id=dispute)
    assert (before.verdict, before.reason, before.share) == (None, None, 0)
    assert (after.verdict, after.share) == (Verdict.CHANGED, 10_000)
    assert after.progress.turn is Turn.NOBODY


def test_a_proposal_about_a_ruling_that_was_changed_since_is_stale(
    office: Office,
) -> None:
    case = quarrel(office)
    first, second, third = (
        case.open(),
        case.open(by=office.wang),
        case.open_for_developer(),
    )
    for one in (first, second, third):
        case.propose(one)
    case.decide(second)
    case.decide(first)
    case.approve(first)

    assert outcome_of(lambda: case.approve(second)) == "DISPUTE_STALE"
    assert outcome_of(lambda: case.decide(third)) == "DISPUTE_STALE"
    case.approve(second, agrees=False)
    case.settle(second, Verdict.UPHELD)
    assert office.count(rulings) == 2


def test_a_changed_ruling_may_be_disputed_again(office: Office) -> None:
    case = quarrel(office)
    case.settle(case.open())
    office.wait(days=6)

    dispute = case.open(by=office.wang)

    assert case.owed()["乙渠道"][2] == HELD
    assert case.propose(dispute)["changes"] == []


# -- who may judge --


Doing = tuple[str, DisputeState]


def judging(case: Quarrel, dispute: DisputeId, by: Actor) -> list[str]:
    """Let somebody propose, decide and approve in turn; say what became of each."""
    found = [outcome_of(lambda: case.propose(dispute, by=by))]
    case.propose(dispute)
    found.append(outcome_of(lambda: case.decide(dispute, by=by)))
    case.decide(dispute)
    found.append(outcome_of(lambda: case.approve(dispute, by=by)))
    return found


@pytest.mark.parametrize("name", ["desk", "desk two", "signing", "milestones"])
def test_who_acted_at_the_desk_or_the_signing_judges_nothing(
    name: str, office: Office
) -> None:
    case = quarrel(office)
    if name == "milestones":
        office.do(
            record_milestone,
            by=office.hire(name, Role.SIGNING),
            signing_id=case.signing,
            kind=DealEvent.CONTRACT,
        )
    # The visit of desk two is late: the case has it from the first proposal on.
    dispute = case.open()
    case.propose(dispute)
    judge = office.hire(name, Role.ADJUDICATOR)

    assert judging(case, dispute, judge) == ["ADJUDICATOR_AT_DESK"] * 3


def test_who_spoke_for_a_side_judges_nothing(office: Office) -> None:
    case = quarrel(office)
    dispute = case.open_for_developer()
    operations = office.hire("operations", Role.OPERATIONS)
    case.add(dispute, by=operations)

    for name in ("finance", "operations"):
        judge = office.hire(name, Role.ADJUDICATOR)
        found = [outcome_of(lambda: case.propose(dispute, by=judge))]  # noqa: B023
        assert found == ["ADJUDICATOR_ON_SIDE"]


@pytest.mark.parametrize("name", ["wang", "li"])
def test_who_works_for_a_claiming_channel_judges_nothing(
    name: str, office: Office
) -> None:
    case = quarrel(office)
    dispute = case.open_for_developer()
    case.propose(dispute)
    channel = office.channel_a if name == "wang" else office.channel_b
    agent = office.hire(f"{name} again", Role.ADJUDICATOR, channel_id=channel)
    manager = office.hire(
        "manager",
        Grant(role=Role.ADJUDICATOR),
        Grant(role=Role.CHANNEL_MANAGER, channel_id=channel),
    )

    assert judging(case, dispute, agent) == ["ADJUDICATOR_ON_SIDE"] * 3
    assert outcome_of(lambda: case.approve(dispute, by=manager)) == (
        "ADJUDICATOR_ON_SIDE"
    )


def test_who_decided_does_not_approve_and_not_send_back(office: Office) -> None:
    case = quarrel(office)
    dispute = case.open()
    case.propose(dispute, by=case.third)
    case.decide(dispute)

    def approved(by: Actor, **others: Any) -> str:
        return outcome_of(lambda: case.approve(dispute, by=by, **others))

    assert approved(case.judge) == "SECOND_PERSON_NEEDED"
    assert approved(case.judge, agrees=False) == "SECOND_PERSON_NEEDED"
    assert approved(case.third) == "WON"


@pytest.mark.parametrize("name", ["finance", "admin", "desk", "wang"])
def test_judging_is_for_adjudicators_of_the_project(name: str, office: Office) -> None:
    case = quarrel(office)
    dispute = case.open()
    elsewhere = Grant(role=Role.ADJUDICATOR, project_id=ProjectId("elsewhere"))
    somebody = replace(
        getattr(office, name), grants=(*getattr(office, name).grants, elsewhere)
    )

    assert judging(case, dispute, somebody) == ["NOT_ALLOWED"] * 3


@pytest.mark.parametrize(
    "act", [Quarrel.decide, Quarrel.approve, Quarrel.propose, Quarrel.withdraw]
)
def test_a_step_out_of_turn_is_refused(act: Any, office: Office) -> None:
    case = quarrel(office)
    dispute = case.open()
    early = outcome_of(lambda: act(case, dispute))
    if early == "WON":
        case.settle(dispute) if act is Quarrel.propose else None
        early = outcome_of(lambda: act(case, dispute))

    assert early == "DISPUTE_STEP_REFUSED"


# -- who sees what --


def test_the_bench_sees_the_whole_case_and_nobody_else_does(office: Office) -> None:
    case = quarrel(office)
    dispute = case.open()
    auditor = office.hire("auditor", Role.AUDITOR)

    for reader in (case.judge, auditor):
        (hearing,) = hearings_at(office.runtime, by=reader, project_id=office.project)
        assert hearing.case.dispute.id == dispute
        assert list(hearing.words.values()) == [COMPLAINT.words]
    for stranger in (office.finance, office.li, office.desk):
        with pytest.raises(NotAllowed):
            hearings_at(office.runtime, by=stranger, project_id=office.project)
        with pytest.raises(NotAllowed):
            hearing_of(office.runtime, by=stranger, dispute_id=dispute)
    with pytest.raises(NotFound):
        hearing_of(office.runtime, by=case.judge, dispute_id=DisputeId("none"))


def heard_cases(case: Quarrel) -> Sized:
    office = case.office
    return hearings_at(office.runtime, by=case.judge, project_id=office.project)


def developers_cases(case: Quarrel) -> Sized:
    return own_cases(case.office.runtime, by=case.office.finance)


@pytest.mark.parametrize("look", [heard_cases, developers_cases])
def test_more_cases_ask_no_more_of_the_database(
    office: Office, look: Callable[[Quarrel], Sized]
) -> None:
    case = quarrel(office)
    case.open()
    with heard(office.database) as before:
        look(case)

    office.do(create_project, by=office.admin, name="湖畔", rules={})
    case.add(case.open(by=office.wang), by=office.wang)
    case.propose(case.open_for_developer())

    with heard(office.database) as after:
        found = look(case)
    assert (len(found), len(after)) == (3, len(before))


def heard_case(case: Quarrel, dispute: DisputeId) -> object:
    return hearing_of(case.office.runtime, by=case.judge, dispute_id=dispute)


def lis_case(case: Quarrel, dispute: DisputeId) -> object:
    office = case.office
    return own_case(office.runtime, by=office.li, dispute_id=dispute)


def lis_cases(case: Quarrel, _dispute: DisputeId) -> object:
    return own_cases(case.office.runtime, by=case.office.li)


@pytest.mark.parametrize(
    "look",
    [
        pytest.param(lambda case, _dispute: heard_cases(case), id="heard_cases"),
        heard_case,
        lis_cases,
        lis_case,
    ],
)
def test_a_case_is_told_as_it_was_at_one_moment(
    office: Office, look: Callable[[Quarrel, DisputeId], object]
) -> None:
    case = quarrel(office)
    dispute = case.open()
    before = look(case, dispute)

    with meanwhile(office.database, "FROM rulings", lambda: case.settle(dispute)):
        found = look(case, dispute)

    assert found == before
    assert look(case, dispute) != before


def test_a_party_sees_its_own_side_and_no_other(office: Office) -> None:
    case = quarrel(office)
    dispute = case.open()
    case.add(dispute)
    case.propose(dispute)

    (wangs,) = own_cases(office.runtime, by=office.wang)
    (lis,) = own_cases(office.runtime, by=office.li)

    assert (lis.words, len(lis.evidence), lis.is_opener) == (COMPLAINT.words, 1, True)
    assert (wangs.words, wangs.evidence, wangs.is_opener) == (None, (), False)
    assert (wangs.tokens, lis.tokens) == ((case.wang_token,), (case.li_token,))
    assert (wangs.unit, lis.unit) == (None, None)
    assert (wangs.share, lis.share) == (10_000, 0)
    assert own_cases(office.runtime, by=office.desk) == []
    assert own_cases(office.runtime, by=case.judge) == []
    with pytest.raises(NotFound):
        own_case(office.runtime, by=case.judge, dispute_id=dispute)


def test_an_agent_learns_of_rulings_that_an_own_token_has_part_in(
    office: Office,
) -> None:
    case = quarrel(office)
    never = TokenId(str(office.issue(by=office.li)["token_id"]))

    def told(by: Actor, token: TokenId) -> list[Any]:
        return rulings_of_token(office.runtime, by=by, token_id=token)

    (wangs,) = told(office.wang, case.wang_token)
    office.wait(days=7)
    (later,) = told(office.wang, case.wang_token)

    assert (wangs.findings, wangs.share) == (("WINS",), 10_000)
    assert (wangs.is_disputable, later.is_disputable) == (True, False)
    assert wangs.until == wangs.ruled_at + WINDOW
    sequence(office.runtime)
    (lis,) = told(office.li, case.li_token)
    assert (lis.findings, lis.share, lis.cases) == ((), 0, ())
    assert told(office.li, never) == []
    with pytest.raises(NotFound):
        told(office.li, case.wang_token)


def test_a_ruling_that_was_disputed_is_not_offered_again(office: Office) -> None:
    case = quarrel(office)
    case.open_for_developer()

    (told,) = rulings_of_deal(
        office.runtime, by=office.finance, signing_id=case.signing
    )
    nothing = rulings_of_deal(
        office.runtime, by=office.signing, signing_id=case.signing
    )

    assert (told.is_disputable, len(told.cases)) == (False, 1)
    assert nothing == []


def test_what_was_said_and_kept_of_a_case_is_what_the_log_says(
    office: Office,
) -> None:
    case = quarrel(office)
    dispute = case.open()
    open_as_visitor(case)
    case.add(dispute)
    case.settle(dispute)
    sequence(office.runtime)

    report = verify_log(office.runtime, lambda _done, _of: None)

    assert report.faults == ()


def test_a_step_whose_number_is_taken_is_refused(office: Office) -> None:
    case = quarrel(office)
    dispute = case.open()
    with office.runtime.reading() as work:
        (opening,) = work.disputes.steps([dispute])[dispute]

    def again() -> None:
        with office.runtime.transaction() as work:
            work.disputes.add_step(replace(opening, id="0" * 32))

    assert outcome_of(again) == "DISPUTE_STEP_REFUSED"


def test_whoever_is_told_of_a_held_deal_is_told_so(office: Office) -> None:
    case = quarrel(office)
    case.open()

    account = deal_account(office.runtime, by=office.signing, signing_id=case.signing)

    assert (account.is_held, account.lines) == (True, ())


def test_every_code_of_a_dispute_is_its_own() -> None:
    codes = [kind.code for kind in AttributionError.__subclasses__()]

    assert len(codes) == len(set(codes))
    assert DisputeExists.code in codes


# -- reminders --


def test_cases_are_due_from_so_long_before_their_term_until_they_are_over(
    office: Office,
) -> None:
    case = quarrel(office)
    dispute = case.open()

    def waiting(hours: int = 24) -> list[tuple[str, bool]]:
        found = waiting_cases(office.runtime, within=timedelta(hours=hours))
        return [(one.dispute.id, one.progress.is_overdue) for one in found]

    office.wait(days=2)
    office.time -= TICK
    assert waiting() == []
    office.time += TICK
    assert waiting() == [(dispute, False)]
    assert waiting(hours=0) == []
    office.wait(days=3)
    assert waiting(hours=0) == [(dispute, True)]
    case.withdraw(dispute)
    assert waiting(hours=10_000) == []


def test_the_most_urgent_case_comes_first(office: Office) -> None:
    case = quarrel(office)
    first = case.open()
    office.wait(hours=1)
    second = case.open_for_developer()
    office.wait(days=4)

    found = waiting_cases(office.runtime, within=timedelta(days=30))

    assert [one.dispute.id for one in found] == [first, second]
    assert found[1].due_at - found[0].due_at == timedelta(hours=1)
    assert {one.progress.turn for one in found} == {Turn.ADJUDICATOR}
    assert {one.project.id for one in found} == {office.project}
