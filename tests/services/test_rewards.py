"""The walk-in reward 自然到访礼遇: the buyer's own, accrued beside the commissions."""

import json
from datetime import timedelta

import pytest

from attribution.bundles.findings import Code, Verdict
from attribution.deals import DealEvent
from attribution.ids import SigningId, StatementId, TokenId
from attribution.people import Role
from attribution.programmes import Kind
from attribution.services.accounting import AccruedLine, deal_account
from attribution.services.evidencing import export_evidence
from attribution.services.receipting import facts_of_signing
from attribution.services.reconciling import reconciliation_of, upload_statement
from attribution.services.sequencing import sequence
from attribution.services.signing import record_milestone
from attribution.services.statements import StatementKind
from attribution.services.verifying import verify_log
from attribution.storage.tables import accruals
from tests.office import Office
from tests.quarrel import Quarrel, enter_later, quarrel
from tests.services.test_evidencing import bundle_of, findings, kinds
from tests.services.test_log import rows

REWARD = {"base": "fixed", "fixed_fen": 300_000}


def rewarded(office: Office) -> SigningId:
    """Let somebody come alone and sign, where that is rewarded."""
    office.programme(office.channel_b, kind=Kind.WALK_IN_REWARD, plan=REWARD)
    office.walk_in()
    office.wait(hours=1)
    signing = office.sign()
    office.rule(signing)
    return signing


def lines(office: Office, signing: SigningId) -> tuple[AccruedLine, ...]:
    return deal_account(office.runtime, by=office.finance, signing_id=signing).lines


def reach(office: Office, signing: SigningId, kind: DealEvent) -> None:
    office.do(record_milestone, by=office.finance, signing_id=signing, kind=kind)


def test_a_buyer_who_came_alone_is_owed_the_reward(office: Office) -> None:
    signing = rewarded(office)

    (line,) = lines(office, signing)

    with office.runtime.reading() as work:
        (ruling,) = work.signings.rulings_of(signing)
    assert line.accrual.visit_id == ruling.told()["walk_in_reward"]
    assert (line.accrual.payee_id, line.channel) == (None, None)
    assert (line.accrual.amount_fen, line.accrual.share_bp) == (300_000, 10_000)
    assert (line.payable, line.waits_for) == (0, ("contract",))


def test_a_reward_is_payable_by_the_milestones_of_its_plan(office: Office) -> None:
    signing = rewarded(office)

    reach(office, signing, DealEvent.CONTRACT)
    payable = [one.payable for one in lines(office, signing)]
    reach(office, signing, DealEvent.CANCELLED)
    payable += [one.payable for one in lines(office, signing)]

    assert payable == [300_000, 0]


@pytest.mark.parametrize("regime", ["first_visit", "last_visit"])
def test_who_was_brought_by_a_channel_or_never_came_has_no_reward(
    office: Office, regime: str
) -> None:
    office.change_project(regime=regime)
    office.programme(office.channel_b, kind=Kind.WALK_IN_REWARD, plan=REWARD)
    never = office.sign(unit="3-1-1202", phone="13700137000")
    office.rule(never)
    code = office.issue()["code"]
    office.wait(hours=1)
    office.redeem(code)
    office.wait(hours=1)
    office.walk_in()
    brought = office.sign()
    office.rule(brought)

    assert lines(office, never) == ()
    assert [one.channel for one in lines(office, brought)] == ["甲渠道"]


def test_of_two_rewards_the_older_programme_pays(office: Office) -> None:
    first = office.programme(office.channel_b, kind=Kind.WALK_IN_REWARD, plan=REWARD)
    office.wait(days=1)
    office.programme(office.channel_a, kind=Kind.WALK_IN_REWARD)
    office.walk_in()
    signing = office.sign()
    office.rule(signing)

    (line,) = lines(office, signing)

    assert (line.accrual.programme_id, line.accrual.amount_fen) == (first, 300_000)


def test_a_channel_cannot_claim_the_buyers_reward(office: Office) -> None:
    rewarded(office)

    made = office.do(
        upload_statement,
        by=office.finance,
        project_id=office.project,
        channel_id=office.channel_b,
        file=("三月.csv", "房号,佣金\n3-1-1201,3000\n".encode()),
    )

    _, result = reconciliation_of(
        office.runtime,
        by=office.finance,
        statement_id=StatementId(str(made["reconciliation_id"])),
    )
    assert [(one.kind, one.owed, one.reason) for one in result.rows] == [
        ("CLAIMED_NOT_OWED", 0, "NO_CLAIM")
    ]


def test_a_changed_ruling_takes_the_reward_back_and_one_that_comes_gives_it(
    office: Office,
) -> None:
    office.programme(office.channel_b, kind=Kind.WALK_IN_REWARD, plan=REWARD)
    case = quarrel(office)
    case.settle(case.open())
    # Two hours before anybody reported: by the rules nobody brought this buyer.
    now = office.time
    office.wait(hours=-26)
    office.walk_in(by=office.desk_two)
    office.time = now

    case.settle(case.open(by=office.wang))

    (line,) = lines(office, case.signing)
    with office.runtime.reading() as work:
        booked = work.signings.accruals_of(case.signing)
        taken_back = work.signings.reversals_of(case.signing)
    assert (line.accrual.payee_id, line.accrual.amount_fen) == (None, 300_000)
    amounts = [one.amount_fen for one in booked] + [
        one.amount_fen for one in taken_back
    ]
    assert sum(amounts) == 300_000


def test_a_reward_is_held_and_then_taken_back_for_a_visit_that_was_entered_late(
    office: Office,
) -> None:
    case = natural_until_li(office)
    dispute = case.open()
    (held,) = lines(office, case.signing)

    case.settle(dispute)

    (line,) = lines(office, case.signing)
    with office.runtime.reading() as work:
        (reversal,) = work.signings.reversals_of(case.signing)
    assert (held.payable, held.reason) == (0, "HELD")
    assert line.channel == "乙渠道"
    assert (reversal.accrual_id, reversal.amount_fen) == (held.accrual.id, -300_000)
    assert verify_log(office.runtime, lambda _done, _of: None).faults == ()


def natural_until_li(office: Office) -> Quarrel:
    """Let a rewarded buyer turn out to have been brought by Li an hour earlier."""
    office.programme(office.channel_a, kind=Kind.WALK_IN_REWARD, plan=REWARD)
    token, start = office.issue(by=office.li), office.time
    office.wait(hours=2)
    alone = office.walk_in()
    office.wait(hours=22)
    signing = office.sign()
    office.rule(signing)
    late = enter_later(office, str(token["code"]), start + timedelta(hours=1))
    sequence(office.runtime)
    return Quarrel(
        office=office,
        signing=signing,
        wang_token=TokenId(""),
        li_token=TokenId(str(token["token_id"])),
        receipt=str(alone["visitor_receipt"]),
        late_receipt=str(late["visitor_receipt"]),
        judge=office.hire("judge", Role.ADJUDICATOR),
        second=office.hire("second judge", Role.ADJUDICATOR),
        third=office.hire("third judge", Role.ADJUDICATOR),
    )


def test_the_log_says_for_which_visit_a_reward_is_and_a_commission_says_none(
    office: Office,
) -> None:
    signing = rewarded(office)

    with office.runtime.reading() as work:
        (accrual,) = work.signings.accruals_of(signing)
    (entry,) = [
        json.loads(one.event)
        for one in rows(office)
        if one.kind == StatementKind.ACCRUAL
    ]
    report = verify_log(office.runtime, lambda _done, _of: None)
    assert (entry["visit"], entry["amount_fen"]) == (accrual.visit_id, 300_000)
    assert report.faults == ()
    assert "accrual/v1" in {
        one.kind
        for one in facts_of_signing(
            office.runtime, by=office.finance, signing_id=signing
        )
    }


def test_a_bundle_proves_the_reward_to_the_developer(office: Office) -> None:
    bundle = bundle_of(office, rewarded(office))

    found = findings(office, bundle)

    assert [one.verdict for one in found if one.code is Code.ACCRUAL] == [
        Verdict.PROVEN
    ]
    assert kinds(bundle).count("plan/v1") == 1
    assert "买方本人（自然到访礼遇）" in bundle.page.decode()
    assert "3,000.00" in bundle.page.decode()


def test_a_party_gets_no_reward_in_its_bundle(office: Office) -> None:
    office.programme(office.channel_a, kind=Kind.WALK_IN_REWARD, plan=REWARD)
    office.walk_in()
    office.wait(hours=1)
    code = office.issue()["code"]
    office.wait(hours=1)
    office.redeem(code)
    signing = office.sign()
    office.rule(signing)

    file = export_evidence(office.runtime, by=office.wang, signing_id=signing)

    assert office.count(accruals) == 1
    assert b"accrual/v1" not in file.data
