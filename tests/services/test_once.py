"""Only once, however many try at once: 64 racers on each database."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import bindparam, select, update

from attribution.budgets import ALLOWANCES, BucketKind
from attribution.deals import DealEvent
from attribution.errors import AttributionError
from attribution.owners import OwnerMark
from attribution.services.admitting import Attempt, sign_in
from attribution.services.answering import Reply, Request
from attribution.services.binding import bind_by_link
from attribution.services.enlisting import enlist_owners
from attribution.services.greeting import Arrival
from attribution.services.issuing import Client, revoke_token
from attribution.services.looking import peek_token
from attribution.services.pairing import pair_device
from attribution.services.ruling import rule_signing
from attribution.services.sequencing import sequence
from attribution.services.signing import record_milestone
from attribution.services.statements import StatementKind
from attribution.services.visiting import redeem_token
from attribution.storage import token_repository
from attribution.storage.engine import open_database
from attribution.storage.prepared import Prepared
from attribution.storage.tables import (
    accruals,
    cosignatures,
    log_alarms,
    log_entries,
    log_heads,
    milestones,
    refusals,
    rulings,
    signings,
    sold_units,
    tokens,
    visits,
)
from tests.office import OTHER_PHONE, PHONE, Office, mobile
from tests.racing import RACERS, race
from tests.storage.test_together import keep_cosignature, raise_alarm
from tokens.scans import read_scan

ROOT = Path(__file__).parents[2]
TOKENS = 100
UNGUARDED = Prepared(
    update(tokens)
    .where(tokens.c.id == bindparam("token"))
    .values(redeemed_at=bindparam("at")),
    "at",
    "token",
)


def codes(office: Office, number: int) -> list[str]:
    """Issue tokens bound to nobody, so that racers are not slowed by tags."""
    office.change_rules(
        binding_required="opened", agent_quota_day=1000, agent_quota_open=1000
    )
    issued = [str(office.issue(client=Client())["code"]) for _ in range(number)]
    office.wait(hours=1)
    return issued


def entries(office: Office, kind: StatementKind) -> int:
    query = select(log_entries.c.id).where(log_entries.c.kind == kind)
    with office.database.reading() as connection:
        return len(connection.execute(query).all())


def test_of_64_racers_on_100_tokens_exactly_one_wins_each(office: Office) -> None:
    issued = codes(office, TOKENS)

    # Each racer counts alone: one counter for all would itself be raced for.
    counts = [Counter[str]() for _ in range(RACERS)]

    def redeem_all(number: int) -> None:
        counts[number].update(redeemed(office, code) for code in issued)

    assert race(redeem_all) == {"WON": RACERS}
    found = sum(counts, Counter[str]())
    assert found == {"WON": TOKENS, "TOKEN_USED": (RACERS - 1) * TOKENS}
    assert office.count(visits) == entries(office, StatementKind.VISIT) == TOKENS
    assert office.count(refusals) == (RACERS - 1) * TOKENS


def redeem_again(office: Office, code: str, _: int) -> None:
    office.redeem(code, phone=None)


def do_one_of(acts: Sequence[Callable[[], object]], number: int) -> None:
    acts[number % len(acts)]()


def redeemed(office: Office, code: str) -> str:
    try:
        office.redeem(code, phone=None)
    except AttributionError as refusal:
        return refusal.code
    return "WON"


def test_racers_in_processes_of_their_own_win_once_each(postgres_url: str) -> None:
    database = open_database(postgres_url)
    office = Office(database)
    issued = codes(office, 10)
    order = json.dumps({"url": postgres_url, "card": office.card(), "codes": issued})
    command = [sys.executable, "-m", "tests.services.racers", order]

    processes = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) for _ in range(4)
    ]
    found = Counter[str]()
    for process in processes:
        found.update(json.loads(process.communicate()[0]))

    assert found == {"WON": 10, "TOKEN_USED": (RACERS - 1) * 10}
    assert office.count(visits) == entries(office, StatementKind.VISIT) == 10
    database.close()


def test_without_the_guard_the_same_racers_win_more_than_once(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The race above notices: this is what it would see."""
    issued = codes(office, 3)
    with office.database.engine.begin() as connection:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("visits") as table:
            table.drop_constraint("uq_visits_token_id", type_="unique")
    monkeypatch.setattr(token_repository, "_REDEEM", UNGUARDED)

    found = Counter[str]()
    for code in issued:
        found.update(race(partial(redeem_again, office, code)))

    assert found["WON"] > len(issued)
    assert office.count(visits) == found["WON"]


def test_the_constraint_alone_still_lets_one_win(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = codes(office, 1)
    monkeypatch.setattr(token_repository, "_REDEEM", UNGUARDED)

    found = race(lambda _: office.redeem(code, phone=None))

    assert found["WON"] == office.count(visits) == 1


def test_one_intention_sent_64_times_is_one_visit_with_one_answer(
    office: Office,
) -> None:
    (code,) = codes(office, 1)
    replies: list[Reply] = []

    def send(_: int) -> None:
        reply = redeem_token(
            office.runtime,
            by=office.desk,
            request=Request(caller="desk", id="the same", body=b"body"),
            project_id=office.project,
            scan=read_scan(code),
            arrival=Arrival(),
        )
        replies.append(reply)

    found = race(send)

    assert found == {"WON": RACERS}
    assert len({json.dumps(reply.answer, sort_keys=True) for reply in replies}) == 1
    assert sorted(reply.replayed for reply in replies) == [False] + [True] * 63
    assert office.count(visits) == 1


def test_one_refusal_sent_64_times_is_recorded_once(office: Office) -> None:
    (code,) = codes(office, 1)
    office.redeem(code, phone=None)
    request = Request(caller="desk", id="the same", body=b"body")

    found = race(lambda _: office.redeem(code, phone=None, request=request))

    assert found == {"TOKEN_USED": RACERS}
    assert office.count(refusals) == 1


def test_a_signing_is_ruled_once_and_accrues_once(office: Office) -> None:
    token = office.issue()
    office.wait(hours=1)
    office.redeem(token["code"])
    office.wait(days=1)
    signing = office.sign()
    bodies: set[str] = set()

    def rule(_: int) -> None:
        ruling = rule_signing(office.runtime, signing)
        assert ruling is not None
        bodies.add(ruling.body)

    found = race(rule)

    assert found == {"WON": RACERS}
    assert len(bodies) == office.count(rulings) == office.count(accruals) == 1
    assert entries(office, StatementKind.RULING) == 1
    assert entries(office, StatementKind.ACCRUAL) == 1


def test_a_home_is_sold_once_and_the_refused_leave_no_signing(office: Office) -> None:
    found = race(lambda number: office.sign(phone=f"139{number:08}"))

    assert found == {"WON": 1, "UNIT_SOLD": RACERS - 1}
    assert office.count(signings) == office.count(sold_units) == 1
    assert entries(office, StatementKind.SIGNING) == 1


def test_a_deal_is_cancelled_once(office: Office) -> None:
    signing = office.sign()

    found = race(
        lambda _: office.do(
            record_milestone,
            by=office.finance,
            signing_id=signing,
            kind=DealEvent.CANCELLED,
        )
    )

    assert found == {"WON": 1, "DEAL_CANCELLED": RACERS - 1}
    assert office.count(milestones) == 1


def test_a_token_is_kept_for_one_desk_at_a_time(office: Office) -> None:
    (code,) = codes(office, 1)
    desks = (office.desk, office.desk_two)
    holders: set[str] = set()

    def peek(number: int) -> None:
        desk = desks[number % 2]
        peek_token(
            office.runtime, by=desk, project_id=office.project, scan=read_scan(code)
        )
        holders.add(desk.person_id)

    found = race(peek)

    assert found == {"WON": RACERS // 2, "TOKEN_RESERVED": RACERS // 2}
    assert len(holders) == 1


def test_a_link_binds_its_token_to_one_client(office: Office) -> None:
    office.change_rules(binding_required="opened")
    link = str(office.issue(client=Client())["link"])
    phones = (PHONE, OTHER_PHONE)

    def open_link(number: int) -> None:
        client = mobile(phones[number % 2])
        bind_by_link(office.runtime, link=link, identifier=client, address=str(number))

    found = race(open_link)

    assert found == {"WON": RACERS // 2, "NOT_FOUND": RACERS // 2}
    assert entries(office, StatementKind.BIND) == 1


def test_a_token_is_either_revoked_or_redeemed(office: Office) -> None:
    issued = codes(office, 8)
    with office.database.reading() as connection:
        rows = connection.execute(select(tokens.c.id).order_by(tokens.c.issued_at))
        ids = list(rows.scalars())
    found = Counter[str]()

    for code, token_id in zip(issued, ids, strict=True):
        revoke = partial(office.do, revoke_token, by=office.wang, token_id=token_id)
        redeem = partial(office.redeem, code, phone=None)
        found.update(race(partial(do_one_of, (revoke, redeem)), racers=8))

    assert found["WON"] == len(issued)
    assert found.total() == found["WON"] + found["TOKEN_USED"] + found["TOKEN_REVOKED"]
    assert office.count(visits) + entries(office, StatementKind.REVOKE) == len(issued)


def test_sequencers_at_once_make_one_unbroken_log(office: Office) -> None:
    def work(number: int) -> None:
        if number % 2:
            office.walk_in(phone=None)
        sequence(office.runtime, wait=number % 4 == 0)

    found = race(work)
    sequence(office.runtime, wait=True)

    with office.database.reading() as connection:
        query = select(log_entries.c.position).order_by(log_entries.c.position)
        positions = list(connection.execute(query).scalars())
        sizes = list(connection.execute(select(log_heads.c.size)).scalars())
    assert found == {"WON": RACERS}
    assert positions == list(range(office.count(log_entries)))
    assert len(sizes) == len(set(sizes))
    assert max(sizes) == len(positions)


def test_quotas_hold_when_64_tokens_are_asked_for_at_once(office: Office) -> None:
    office.change_rules(agent_quota_open=5, binding_required="opened")

    found = race(lambda _: office.issue(client=Client()))

    assert found == {"WON": 5, "QUOTA_EXCEEDED": RACERS - 5}


def test_versions_made_at_once_have_names_of_their_own(office: Office) -> None:
    found = race(lambda number: office.change_rules(lead_minutes=number), racers=16)

    assert found == {"WON": 16}


def test_an_owner_is_marked_once(office: Office) -> None:
    added: list[object] = []

    def enlist(_: int) -> None:
        answer = office.do(
            enlist_owners,
            by=office.admin,
            project_id=office.project,
            identifiers=[mobile()],
            mark=OwnerMark.PROJECT,
        )
        added.append(answer["added"])

    found = race(enlist, racers=16)

    assert found == {"WON": 16}
    assert sorted(added, key=str) == [0] * 15 + [1]


def test_a_cosignature_and_an_alarm_handed_in_at_once_are_kept_once(
    office: Office,
) -> None:
    hand_in, report = keep_cosignature(office), raise_alarm(office)

    assert race(lambda _: hand_in()) == {"WON": RACERS}
    assert race(lambda _: report()) == {"WON": RACERS}

    assert office.count(cosignatures) == office.count(log_alarms) == 1


def test_of_many_guesses_at_once_the_budget_lets_no_more_through(
    office: Office,
) -> None:
    def guess(_: int) -> None:
        here = Attempt(address="192.0.2.1")
        sign_in(office.runtime, login="wang", password="no", digits="", attempt=here)

    found = race(guess)

    allowed = ALLOWANCES[BucketKind.ACCOUNT]
    assert found == {"SIGN_IN_REFUSED": allowed, "RATE_LIMITED": RACERS - allowed}


def test_of_many_pairing_codes_at_once_the_budget_lets_no_more_through(
    office: Office,
) -> None:
    def guess(_: int) -> None:
        pair_device(office.runtime, code="000000", address="192.0.2.1")

    found = race(guess)

    allowed = ALLOWANCES[BucketKind.ADDRESS]
    assert found == {"PAIRING_INVALID": allowed, "RATE_LIMITED": RACERS - allowed}
