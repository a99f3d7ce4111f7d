"""Signings, what they reach, their rulings, what is owed, and statements of it."""

import sys
from collections.abc import Callable, Iterator, Sized
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from types import FrameType
from typing import Any, NoReturn

import pytest
from sqlalchemy import update

from attribution.deals import DealEvent
from attribution.errors import (
    AlreadyRuled,
    AttributionError,
    HeaderNotFound,
    InputInvalid,
    NotAllowed,
    NotFound,
    StatementEmpty,
    UnitSold,
)
from attribution.ids import ChannelId, RulingId, SigningId, StatementId
from attribution.money import Fen
from attribution.owners import OwnerMark
from attribution.people import Grant, Role
from attribution.rulebook import Stage
from attribution.services.accounting import deal_account, deal_accounts
from attribution.services.administering import create_channel
from attribution.services.enlisting import (
    NewAgent,
    create_agent,
    enlist_owners,
    list_units,
)
from attribution.services.greeting import Arrival
from attribution.services.matching import earlier_visits
from attribution.services.reconciling import (
    reconciliation_of,
    reconciliations_at,
    statements_at,
    upload_statement,
)
from attribution.services.ruling import (
    dossier_of,
    rule_signing,
    rule_what_is_left,
    ruling_by_id,
    ruling_of_signing,
)
from attribution.services.sequencing import sequence
from attribution.services.signing import Contract, Kin, record_milestone, record_signing
from attribution.services.visiting import record_walk_in
from attribution.storage.tables import (
    accruals,
    milestones,
    owner_tags,
    rulings,
    signing_tags,
    signings,
    statements,
)
from attribution.storage.work import UnitOfWork, unit_of_work
from tests.office import OTHER_PHONE, PHONE, Office, mobile
from tests.overhearing import heard
from tests.racing import outcome_of
from tokens.errors import IdentifierInvalid
from tokens.identifiers import identifier

ID_NUMBER = identifier("cn-id", "11010519491231002X")
HEADER = "房号,佣金\n"


def contract(**others: Any) -> Contract:
    values: dict[str, Any] = {
        "unit": "3-1-1201",
        "price": Fen(245_000_000),
        "stage": Stage.SUBSCRIPTION,
        "buyers": ((mobile(),),),
        **others,
    }
    return Contract(**values)


def sign(office: Office, **others: Any) -> SigningId:
    made = office.do(
        record_signing,
        by=office.signing,
        project_id=office.project,
        contract=contract(**others),
    )
    return SigningId(str(made["signing_id"]))


def bring(office: Office, **others: Any) -> None:
    """Let Wang's client come an hour after the report."""
    code = office.issue(**others)["code"]
    office.wait(hours=1)
    office.redeem(code)


def reach(
    office: Office, signing: SigningId, kind: DealEvent, **others: Any
) -> dict[str, object]:
    others.setdefault("by", office.finance)
    return office.do(record_milestone, signing_id=signing, kind=kind, **others)


# -- signings --


def test_a_signing_keeps_tags_and_relatives_and_no_identifier(office: Office) -> None:
    kin = Kin(relation="spouse", identifiers=(mobile(OTHER_PHONE),))

    signing = sign(office, buyers=((mobile(), ID_NUMBER),), relatives=(kin,))

    with office.runtime.reading() as work:
        stored = work.signings.signing(signing)
        with pytest.raises(NotFound):
            work.signings.signing(SigningId("none"))
        with pytest.raises(NotFound):
            work.signings.deal(SigningId("none"))
    assert [len(tags) for tags in stored.buyers] == [2]
    assert [(one.relation, len(one.tags)) for one in stored.relatives] == [
        ("spouse", 1)
    ]
    assert office.count(signing_tags) == 3


@pytest.mark.parametrize(
    ("path", "others"),
    [
        ("buyers", {"buyers": ()}),
        ("buyers", {"buyers": ((),)}),
        ("unit", {"unit": "甲乙丙"}),
        ("receipts[0]", {"receipts": ("NO-SUCH-RECEIPT",)}),
    ],
)
def test_a_contract_with_a_mistake_is_refused_and_leaves_nothing(
    path: str, others: dict[str, Any], office: Office
) -> None:
    with pytest.raises(InputInvalid) as refusal:
        sign(office, **others)

    assert refusal.value.path == path
    assert office.count(signings) == 0


def test_a_signing_in_the_future_is_refused(office: Office) -> None:
    with pytest.raises(InputInvalid):
        sign(office, signed_at=office.time + timedelta(microseconds=1))

    assert sign(office, signed_at=office.time)


def test_a_receipt_of_another_project_is_refused(office: Office) -> None:
    receipt = str(office.walk_in()["visitor_receipt"])
    with office.runtime.transaction() as work:
        project = work.agreements.project(office.project)
        work.agreements.add_project(replace(project, id="other", name="湖畔"))  # type: ignore[arg-type]
    office.keys.create_for("other", 1)  # type: ignore[arg-type]

    with pytest.raises(InputInvalid) as refusal:
        office.do(
            record_signing,
            by=office.signing,
            project_id="other",
            contract=contract(receipts=(receipt,)),
        )

    assert refusal.value.reason == "is of another project"


def test_only_the_signing_desk_signs(office: Office) -> None:
    with pytest.raises(NotAllowed):
        office.do(
            record_signing,
            by=office.desk,
            project_id=office.project,
            contract=contract(),
        )


def test_a_home_is_sold_again_only_after_its_deal_was_cancelled(
    office: Office,
) -> None:
    signing = office.sign()
    with pytest.raises(UnitSold):
        office.sign(phone=OTHER_PHONE)
    assert office.count(signings) == 1

    reach(office, signing, DealEvent.CANCELLED)
    office.sign(phone=OTHER_PHONE)

    assert office.count(signings) == 2


@pytest.mark.parametrize(
    ("shift", "is_refused"),
    [(-1, True), (0, False), (3_600_000_000, False), (3_600_000_001, True)],
)
def test_a_milestone_lies_between_the_signing_and_now(
    shift: int, office: Office, *, is_refused: bool
) -> None:
    signing = office.sign()
    signed_at = office.time
    office.wait(hours=1)
    at = signed_at + timedelta(microseconds=shift)

    outcome = outcome_of(
        lambda: reach(office, signing, DealEvent.PAYMENT, reached_at=at, amount=Fen(1))
    )

    assert outcome == ("INPUT_INVALID" if is_refused else "WON")
    assert office.count(milestones) == (not is_refused)


def test_milestones_are_for_signing_and_finance_and_end_with_a_cancellation(
    office: Office,
) -> None:
    signing = office.sign()

    with pytest.raises(NotAllowed):
        reach(office, signing, DealEvent.CONTRACT, by=office.desk)
    with pytest.raises(NotFound):
        reach(office, SigningId("none"), DealEvent.CONTRACT)
    reach(office, signing, DealEvent.CANCELLED, by=office.signing)
    with pytest.raises(AttributionError) as refusal:
        reach(office, signing, DealEvent.CONTRACT)

    assert refusal.value.code == "DEAL_CANCELLED"


# -- rulings --


def test_the_channel_that_brought_the_buyer_is_owed_its_commission(
    office: Office,
) -> None:
    bring(office)
    office.wait(days=2)
    signing = office.sign()

    ruling = office.rule(signing)

    (account,) = deal_accounts(
        office.runtime, by=office.finance, project_id=office.project
    )
    (line,) = account.lines
    assert (ruling["outcome"], ruling["evidence_grade"]) == ("channel", "B")
    assert (line.channel, line.accrual.amount_fen) == ("甲渠道", 3_675_000)
    assert (line.payable, line.waits_for) == (0, ("contract", "handover"))


def test_what_is_payable_follows_what_the_deal_has_reached(office: Office) -> None:
    bring(office)
    office.wait(days=2)
    signing = sign(office, stage=Stage.CONTRACT)
    office.rule(signing)

    def payable() -> list[int]:
        account = deal_account(office.runtime, by=office.finance, signing_id=signing)
        return [line.payable for line in account.lines]

    seen = payable()
    reach(office, signing, DealEvent.HANDOVER)
    seen += payable()
    reach(office, signing, DealEvent.CANCELLED)
    seen += payable()

    assert seen == [2_572_500, 3_675_000, 0]
    assert deal_account(
        office.runtime, by=office.finance, signing_id=signing
    ).is_cancelled


def test_a_buyer_who_came_alone_first_owes_nobody_anything(office: Office) -> None:
    office.walk_in()
    office.wait(hours=1)
    bring(office)
    signing = office.sign()

    ruling = office.rule(signing)

    assert (ruling["outcome"], ruling["shares"]) == ("natural", [])
    assert office.count(accruals) == 0


def mark_owner(office: Office, phone: str = PHONE) -> str:
    """Mark somebody as an owner; return the entry that says so."""
    made: dict[str, Any] = office.do(
        enlist_owners,
        by=office.admin,
        project_id=office.project,
        identifiers=[mobile(phone)],
        mark=OwnerMark.PROJECT,
    )
    entry: str = made["promise"]["entry"]
    return entry


def place_of(office: Office, entry: str) -> int:
    with office.runtime.reading() as work:
        place = work.log.position_of(entry)
    assert place is not None
    return place


def test_an_owner_marked_after_the_signing_changes_no_ruling(office: Office) -> None:
    bring(office)
    office.wait(days=1)
    signed_at = office.time
    office.wait(days=1)
    mark_owner(office)

    ruling = office.rule(office.sign(signed_at=signed_at))

    assert [claim["finding"] for claim in ruling["claims"]] == ["WINS"]


def test_an_owner_marked_at_the_instant_of_the_signing_but_before_it_counts(
    office: Office,
) -> None:
    bring(office)
    entry = mark_owner(office)

    claims = office.rule(office.sign())["claims"]

    assert [claim["finding"] for claim in claims] == ["EXISTING_OWNER"]
    assert claims[0]["facts"][2:] == [place_of(office, entry)]


def test_an_owner_marked_before_marks_named_their_entry_still_counts(
    office: Office,
) -> None:
    bring(office)
    mark_owner(office)
    with office.database.writing() as connection:
        connection.execute(update(owner_tags).values(entry_id=None))
    office.wait(hours=1)

    claims = office.rule(office.sign())["claims"]

    assert [claim["finding"] for claim in claims] == ["EXISTING_OWNER"]
    assert len(claims[0]["facts"]) == 2


def test_a_mark_with_no_place_in_the_log_is_not_seen_by_a_ruling(
    office: Office,
) -> None:
    bring(office)
    mark_owner(office)
    office.wait(hours=1)
    signing = office.sign()
    with office.runtime.reading() as work:
        dossier = dossier_of(work, work.signings.deal(signing))

    assert dossier.owners == ()


@pytest.mark.parametrize(
    ("finding", "agent"),
    [
        ("SELF_REFERRAL", {"own": (mobile(),)}),
        ("DESK_STAFF", {"is_desk_staff": True}),
    ],
)
def test_a_finding_about_the_agent_cites_the_agents_entry(
    finding: str, agent: dict[str, Any], office: Office
) -> None:
    new = NewAgent(channel_id=office.channel_a, name="赵", **agent)
    made: dict[str, Any] = office.do(create_agent, by=office.admin, agent=new)
    bring(office, by=replace(office.wang, agent_id=made["agent_id"]))

    claims = office.rule(office.sign())["claims"]

    entry = made["promise"]["entry"]
    assert [claim["finding"] for claim in claims] == [finding]
    assert claims[0]["facts"][2:] == [place_of(office, entry)]


def test_shares_of_joint_channels_add_up_and_each_is_accrued(office: Office) -> None:
    office.change_project(joint="equal")
    bring(office)
    bring(office, by=office.li)
    signing = office.sign()

    office.rule(signing)

    account = deal_account(office.runtime, by=office.finance, signing_id=signing)
    assert sum(line.accrual.amount_fen for line in account.lines) == 3_675_000
    assert [line.accrual.share_bp for line in account.lines] == [5000, 5000]


def test_a_receipt_or_a_relative_leads_to_the_visit(office: Office) -> None:
    receipt = str(office.walk_in(phone=None)["visitor_receipt"])
    office.walk_in(phone=OTHER_PHONE)
    kin = Kin(relation="spouse", identifiers=(mobile(OTHER_PHONE),))
    office.wait(hours=1)
    signing = sign(office, relatives=(kin,), receipts=(receipt.lower(),))
    sequence(office.runtime)

    matches = earlier_visits(office.runtime, by=office.signing, signing_id=signing)

    assert sorted(match.basis for match in matches) == ["receipt", "relative"]
    with pytest.raises(NotAllowed):
        earlier_visits(office.runtime, by=office.desk, signing_id=signing)


def test_a_visit_with_no_place_in_the_log_is_not_seen_by_a_ruling(
    office: Office,
) -> None:
    """It was stored while the ruling was under way (rules §1.5)."""
    bring(office)
    office.wait(hours=1)
    signing = office.sign()
    sequence(office.runtime)
    before = earlier_visits(office.runtime, by=office.signing, signing_id=signing)
    office.wait(hours=-1)
    office.do(
        record_walk_in,
        by=office.desk,
        project_id=office.project,
        arrival=Arrival(identifiers=(mobile(),)),
    )
    office.wait(hours=1)

    now = earlier_visits(office.runtime, by=office.signing, signing_id=signing)

    assert now == before


def test_asking_again_returns_the_ruling_that_stands(office: Office) -> None:
    bring(office)
    signing = office.sign()

    first = rule_signing(office.runtime, signing)
    again = rule_signing(office.runtime, signing)

    assert first == again
    assert office.count(rulings) == 1
    with pytest.raises(NotFound):
        rule_signing(office.runtime, SigningId("none"))


def test_a_ruling_cannot_be_stored_twice(office: Office) -> None:
    ruling = rule_signing(office.runtime, office.sign())
    assert ruling is not None

    with pytest.raises(AlreadyRuled), office.runtime.transaction() as work:
        work.signings.add_ruling(replace(ruling, id=RulingId("another")))


def test_a_subscription_waits_where_the_contract_fixes_attribution(
    office: Office,
) -> None:
    office.change_project(fixes_at="contract")
    subscription = office.sign()
    contracted = sign(office, unit="3-1-1202", stage=Stage.CONTRACT)

    assert rule_signing(office.runtime, subscription) is None
    assert rule_what_is_left(office.runtime) == 1
    with pytest.raises(NotFound):
        ruling_of_signing(office.runtime, by=office.signing, signing_id=subscription)
    found = ruling_of_signing(office.runtime, by=office.signing, signing_id=contracted)
    assert ruling_by_id(office.runtime, by=office.signing, ruling_id=found.id) == found


def test_a_subscription_that_fixes_nothing_costs_no_transaction(
    office: Office,
) -> None:
    office.change_project(fixes_at="contract")
    office.sign()

    def transaction() -> NoReturn:
        pytest.fail("there was nothing to write")

    office.runtime = replace(office.runtime, transaction=transaction)

    assert rule_what_is_left(office.runtime) == 0


def test_the_rules_that_hold_when_the_ruling_is_made_say_what_fixes_attribution(
    office: Office,
) -> None:
    subscription = office.sign()
    runtime, turns = office.runtime, iter([True])

    @contextmanager
    def transaction() -> Iterator[UnitOfWork]:
        if next(turns, False):
            office.change_project(fixes_at="contract")
        with runtime.transaction() as work:
            yield work

    watched = replace(runtime, transaction=transaction)

    assert rule_signing(watched, subscription) is None
    assert office.count(rulings) == 0


def test_a_contract_takes_the_home_over_from_its_subscription_once(
    office: Office,
) -> None:
    office.change_project(fixes_at="contract")
    subscription = office.sign()
    contracted = sign(office, stage=Stage.CONTRACT)

    ruled = rule_what_is_left(office.runtime)

    assert ruled == office.count(rulings) == 1
    with pytest.raises(NotFound):
        ruling_of_signing(office.runtime, by=office.signing, signing_id=subscription)
    assert ruling_of_signing(
        office.runtime, by=office.signing, signing_id=contracted
    ).outcome
    with pytest.raises(UnitSold):
        sign(office, stage=Stage.CONTRACT)
    accounts = deal_accounts(
        office.runtime, by=office.finance, project_id=office.project
    )
    assert [one.deal.id for one in accounts] == [contracted]
    own = deal_account(office.runtime, by=office.finance, signing_id=subscription)
    assert own.ruling is None


@pytest.mark.parametrize(
    ("listed", "is_unlisted"),
    [((), False), (("3栋1单元1201", "1-1-101"), False), (("1-1-101",), True)],
)
def test_a_home_that_is_not_in_the_projects_list_is_signed_and_said_to_be_so(
    office: Office, listed: tuple[str, ...], *, is_unlisted: bool
) -> None:
    if listed:
        office.do(list_units, by=office.admin, project_id=office.project, texts=listed)

    made = office.do(
        record_signing,
        by=office.signing,
        project_id=office.project,
        contract=contract(unit="3-1-1201"),
    )

    (account,) = deal_accounts(
        office.runtime, by=office.finance, project_id=office.project
    )
    assert made["is_unlisted"] is account.is_unlisted is is_unlisted


def test_a_contract_for_a_subscribed_home_is_a_milestone_where_that_decides(
    office: Office,
) -> None:
    office.sign()

    with pytest.raises(UnitSold):
        sign(office, stage=Stage.CONTRACT)


def test_a_contract_finds_the_home_taken_by_another_one_meanwhile(
    office: Office,
) -> None:
    office.change_project(fixes_at="contract")
    first = office.sign()
    with office.runtime.reading() as work:
        deal, signing = work.signings.deal(first), work.signings.signing(first)
    late = SigningId("late")
    signing, deal = replace(signing, id=late), replace(deal, id=late)

    with pytest.raises(UnitSold), office.runtime.transaction() as work:
        work.signings.add(signing, deal, follows=SigningId("gone"))


def test_a_signing_before_the_first_rules_is_refused(office: Office) -> None:
    early = office.time - timedelta(days=400)

    with pytest.raises(InputInvalid, match="first rules"):
        sign(office, signed_at=early)


def test_what_a_superseded_ruling_accrued_is_owed_no_longer(office: Office) -> None:
    bring(office)
    office.wait(days=1)
    signing = office.sign()
    first = rule_signing(office.runtime, signing)
    assert first is not None

    with office.runtime.transaction() as work:
        second = replace(first, id=RulingId("second"), supersedes_id=first.id)
        work.signings.add_ruling(second)

    account = deal_account(office.runtime, by=office.finance, signing_id=signing)
    assert account.ruling == second
    assert (account.lines, office.count(accruals)) == ((), 1)
    assert rule_signing(office.runtime, signing) == second


def test_rulings_and_accounts_are_shown_to_those_they_concern(office: Office) -> None:
    ruling = rule_signing(office.runtime, office.sign())
    assert ruling is not None
    signing = ruling.signing_id
    refused: list[Callable[[], object]] = [
        lambda: ruling_of_signing(office.runtime, by=office.desk, signing_id=signing),
        lambda: ruling_by_id(office.runtime, by=office.wang, ruling_id=ruling.id),
        lambda: deal_accounts(
            office.runtime, by=office.desk, project_id=office.project
        ),
        lambda: deal_account(office.runtime, by=office.wang, signing_id=signing),
    ]

    for look in refused:
        with pytest.raises(NotAllowed):
            look()
    with pytest.raises(NotFound):
        ruling_by_id(office.runtime, by=office.signing, ruling_id=RulingId("none"))


# -- statements --


def upload(office: Office, text: str, **others: Any) -> StatementId:
    others.setdefault("by", office.finance)
    others.setdefault("channel_id", office.channel_a)
    made = office.do(
        upload_statement,
        project_id=office.project,
        file=("七月.csv", text.encode()),
        **others,
    )
    return StatementId(str(made["reconciliation_id"]))


def verdicts(office: Office, statement: StatementId) -> list[tuple[str, str]]:
    _, result = reconciliation_of(
        office.runtime, by=office.finance, statement_id=statement
    )
    return [(row.kind.value, row.reason) for row in result.rows]


def test_a_statement_is_matched_row_by_row(office: Office) -> None:
    bring(office)
    office.wait(days=1)
    office.rule(office.sign())
    office.rule(office.sign(phone=OTHER_PHONE, unit="3-1-1202"))
    office.sign(phone="13700137000", unit="3-1-1203")
    cancelled = sign(office, unit="3-1-1204", buyers=((mobile("13700137001"),),))
    reach(office, cancelled, DealEvent.CANCELLED)

    found = verdicts(
        office,
        upload(
            office,
            HEADER
            + "3-1-1201,36750\n3栋1单元1202,36750\n3-1-1203,36750\n3-1-1204,36750\n",
        ),
    )

    assert found == [
        ("MATCHED", ""),
        ("CLAIMED_NOT_OWED", "NO_CLAIM"),
        ("CLAIMED_NOT_OWED", "NOT_RULED_YET"),
        ("CLAIMED_NOT_OWED", "DEAL_CANCELLED"),
    ]


def test_a_claim_that_lost_is_answered_with_its_finding(office: Office) -> None:
    bring(office)
    bring(office, by=office.li)
    office.wait(days=1)
    office.rule(office.sign())

    found = verdicts(
        office, upload(office, HEADER + "3-1-1201,1\n", channel_id=office.channel_b)
    )

    assert found == [("CLAIMED_NOT_OWED", "OUTRANKED")]


def test_a_file_that_is_no_statement_leaves_nothing(office: Office) -> None:
    with pytest.raises(HeaderNotFound):
        upload(office, "one,two\n1,2\n")
    with pytest.raises(NotFound):
        upload(office, HEADER + "3-1-1201,1\n", channel_id=ChannelId("none"))

    assert office.count(statements) == 0


def test_nothing_is_read_or_matched_while_the_one_writer_is_kept_busy(
    office: Office,
) -> None:
    busy: set[str] = set()

    def watch(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            busy.add(str(frame.f_globals.get("__name__")))

    @contextmanager
    def watched() -> Iterator[UnitOfWork]:
        with unit_of_work(office.database.writing()) as work:
            sys.setprofile(watch)
            try:
                yield work
            finally:
                sys.setprofile(None)

    office.runtime = replace(office.runtime, transaction=watched)

    upload(office, HEADER + "3-1-1201,1\n")

    assert "attribution.storage.statement_repository" in busy
    packages = ("attribution.reconciliation", "attribution.sheets")
    assert [one for one in busy if one.startswith(packages)] == []


def test_a_statement_sent_twice_is_answered_as_it_was(office: Office) -> None:
    request = office.request(b"statement")
    first = upload(office, HEADER + "3-1-1201,1\n", request=request)

    again = upload(office, HEADER + "3-1-1201,1\n", request=request)

    assert (again, office.count(statements)) == (first, 1)


def test_a_snapshot_does_not_see_what_is_committed_meanwhile(office: Office) -> None:
    with office.runtime.reading() as work, work.snapshot():
        before = work.signings.deals(office.project)
        office.sign()
        during = work.signings.deals(office.project)
    with office.runtime.reading() as work:
        after = work.signings.deals(office.project)

    assert (len(before), len(during), len(after)) == (0, 0, 1)


def test_an_auditor_sees_statements_and_brings_none(office: Office) -> None:
    auditor = replace(office.finance, grants=(Grant(role=Role.AUDITOR),))
    statement = upload(office, HEADER + "3-1-1201,1\n")

    seen = statements_at(office.runtime, by=auditor, project_id=office.project)

    assert [one.id for one in seen] == [statement]
    with pytest.raises(NotAllowed):
        upload(office, HEADER + "3-1-1201,1\n", by=auditor)


def test_a_manager_without_a_programme_here_brings_no_statement(
    office: Office,
) -> None:
    made = office.do(create_channel, by=office.admin, name="丙渠道")
    channel = ChannelId(str(made["channel_id"]))
    grant = Grant(role=Role.CHANNEL_MANAGER, channel_id=channel)
    manager = replace(office.wang, grants=(grant,))

    with pytest.raises(NotAllowed):
        upload(office, HEADER, by=manager, channel_id=channel)


def test_statements_are_for_finance_and_the_channels_own_manager(
    office: Office,
) -> None:
    manager = replace(
        office.wang,
        grants=(Grant(role=Role.CHANNEL_MANAGER, channel_id=office.channel_a),),
    )
    own = upload(office, HEADER + "3-1-1201,1\n", by=manager)
    other = upload(office, HEADER + "3-1-1201,2\n", channel_id=office.channel_b)

    seen = statements_at(office.runtime, by=manager, project_id=office.project)
    results = reconciliations_at(office.runtime, by=manager, project_id=office.project)

    assert [one.id for one in seen] == [own]
    assert results == [reconciliation_of(office.runtime, by=manager, statement_id=own)]
    with pytest.raises(NotAllowed):
        reconciliation_of(office.runtime, by=manager, statement_id=other)
    with pytest.raises(NotAllowed):
        upload(office, HEADER, by=manager, channel_id=office.channel_b)
    with pytest.raises(NotFound):
        reconciliation_of(office.runtime, by=manager, statement_id=StatementId("none"))


def test_the_list_of_uploads_is_read_at_once_and_without_their_results(
    office: Office,
) -> None:
    def asked(look: Callable[..., Sized]) -> list[str]:
        with heard(office.database) as said:
            look(office.runtime, by=office.finance, project_id=office.project)
        return [text for text, _values in said]

    upload(office, HEADER + "3-1-1201,1\n")
    upload(office, HEADER + "3-1-1202,1\n")

    (listed,) = asked(statements_at)
    (with_results,) = asked(reconciliations_at)
    assert "statements.result" not in listed
    assert "statements.result" in with_results


def test_a_phone_number_may_stand_in_a_buyers_other_name(office: Office) -> None:
    signing = sign(office, buyers=((mobile(PHONE),), (mobile(OTHER_PHONE),)))

    with office.runtime.reading() as work:
        assert len(work.signings.signing(signing).buyers) == 2


def test_a_masked_number_signed_for_a_home(office: Office) -> None:
    masked = identifier("cn-mobile-3-4", "138****8000")
    contract = Contract(
        unit="3-1-1201",
        price=Fen(245_000_000),
        stage=Stage.SUBSCRIPTION,
        buyers=((masked,),),
    )

    with pytest.raises(IdentifierInvalid, match="MASKED"):
        office.do(
            record_signing,
            by=office.signing,
            project_id=office.project,
            contract=contract,
        )


@pytest.mark.parametrize("kind", [DealEvent.CONTRACT, DealEvent.HANDOVER])
def test_what_a_deal_reaches_once_was_recorded_twice(
    office: Office, kind: DealEvent
) -> None:
    signing_id = office.sign()
    reach = {"by": office.signing, "signing_id": signing_id, "kind": kind}
    office.do(record_milestone, **reach)

    with pytest.raises(InputInvalid, match="was reached before"):
        office.do(record_milestone, **reach)

    assert office.count(milestones) == 1


def test_payments_come_in_parts(office: Office) -> None:
    signing_id = office.sign()
    for _ in range(2):
        office.do(
            record_milestone,
            by=office.signing,
            signing_id=signing_id,
            kind=DealEvent.PAYMENT,
        )

    assert office.count(milestones) == 2


def test_a_header_alone_was_kept_as_a_reconciliation(office: Office) -> None:
    with pytest.raises(StatementEmpty):
        office.do(
            upload_statement,
            by=office.finance,
            project_id=office.project,
            channel_id=office.channel_a,
            file=("a.csv", HEADER.encode()),
        )

    assert office.count(statements) == 0
