"""Killed at any commit: nothing acknowledged is lost, and nothing is invented."""

import multiprocessing
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, get_args

import pytest
from sqlalchemy import Connection, func, select

from attribution.services.ruling import rule_what_is_left
from attribution.services.sequencing import sequence
from attribution.services.statements import StatementKind
from attribution.storage.engine import Database, open_database
from attribution.storage.tables import (
    accruals,
    channels,
    grants,
    invitations,
    log_entries,
    log_heads,
    milestones,
    people,
    refusals,
    requests,
    reservations,
    rulings,
    signings,
    statements,
    tokens,
    visit_tags,
    visits,
)
from tests.journeys.stream import (
    STORIES,
    Answers,
    Death,
    Moment,
    do_step,
    stream,
)
from tests.office import Office
from tests.postgres import PostgresServer
from tokens.checkpoints import verify_checkpoint
from tokens.log import leaf_hash, root

KILLED = -9
# What each whole story leaves.
WHOLE = {
    "journey": {
        tokens: 2,
        visits: 2,
        refusals: 1,
        signings: 1,
        rulings: 1,
        accruals: 1,
        milestones: 1,
        statements: 1,
    },
    "day": {
        tokens: 3,
        visits: 2,
        visit_tags: 3,
        reservations: 1,
        refusals: 0,
        channels: 3,
        people: 8,
        grants: 1,
        invitations: 1,
    },
}
FACTS = {
    StatementKind.ISSUE: tokens,
    StatementKind.VISIT: visits,
    StatementKind.REFUSAL: refusals,
    StatementKind.SIGNING: signings,
    StatementKind.RULING: rulings,
    StatementKind.ACCRUAL: accruals,
    StatementKind.MILESTONE: milestones,
    StatementKind.STATEMENT: statements,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """An office at opening time, and how to get a copy of it."""

    card: Mapping[str, Any]
    copy: Callable[[int], str]


@pytest.fixture
def prepared(database_url: str, request: pytest.FixtureRequest) -> Prepared:
    with opened(database_url) as database:
        office = Office(database)
        office.change_rules(binding_required="opened")
        card = office.card()
    if database_url.startswith("sqlite"):
        return Prepared(card=card, copy=lambda number: copy_file(database_url, number))
    server: PostgresServer = request.getfixturevalue("postgres")
    return Prepared(card=card, copy=lambda _: server.create(like=database_url))


def copy_file(url: str, number: int) -> str:
    original = Path(url.removeprefix("sqlite:///"))
    copy = original.with_name(f"copy-{number}.db")
    shutil.copyfile(original, copy)
    return f"sqlite:///{copy}"


@contextmanager
def opened(url: str) -> Iterator[Database]:
    database = open_database(url)
    try:
        yield database
    finally:
        database.close()


def killed_at(url: str, card: Mapping[str, Any], death: Death) -> Answers:
    """Let a process be killed at its n-th commit; return what it had acknowledged.

    Processes are forked from a server that has everything imported already.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.journeys.stream"])
    listening, telling = context.Pipe(duplex=False)
    process = context.Process(target=stream, args=(url, card, death, telling))
    process.start()
    telling.close()
    acknowledged: Answers = {}
    with listening:
        try:
            while True:
                name, answer = listening.recv()
                acknowledged[name] = answer
        except EOFError:
            process.join()
    assert process.exitcode == (
        0 if len(acknowledged) == len(STORIES[death.story]) else KILLED
    )
    process.close()
    return acknowledged


def check_consistent(connection: Connection) -> None:
    """Every fact has its log entry, every spent token its visit, and so on."""

    def number(query: Any) -> int:
        return int(connection.execute(query).scalar_one())

    for kind, table in FACTS.items():
        logged = select(func.count()).where(log_entries.c.kind == kind)
        assert number(logged) == number(select(func.count()).select_from(table)), kind
    spent = select(tokens.c.id).where(tokens.c.redeemed_at.is_not(None))
    used = select(visits.c.token_id).where(visits.c.token_id.is_not(None))
    assert set(connection.execute(spent)) == set(connection.execute(used))
    assert number(select(func.count()).where(requests.c.answer.is_(None))) == 0


def check_log(connection: Connection, office: Office) -> None:
    """The log is one unbroken line, and its newest head is the root of all of it."""
    query = select(log_entries.c.position, log_entries.c.entry)
    placed = query.where(log_entries.c.position.is_not(None)).order_by("position")
    rows = connection.execute(placed).all()
    assert [row.position for row in rows] == list(range(len(rows)))
    heads = connection.execute(select(log_heads).order_by("size")).all()
    verifier = office.keys.log.verifier
    leaves = [leaf_hash(row.entry) for row in rows]
    for head in heads:
        assert head.root == root(leaves[: head.size])
        checkpoint = verify_checkpoint(head.checkpoint, verifier, origin=verifier.name)
        assert (checkpoint.size, checkpoint.root) == (head.size, head.root)
    assert [head.size for head in heads][-1:] == [len(rows)][: len(heads)]


def check_restart(
    url: str, card: Mapping[str, Any], story: str, acknowledged: Answers
) -> None:
    with opened(url) as database:
        office = Office(database, series="again", card=card)
        with database.reading() as connection:
            check_consistent(connection)
            check_log(connection, office)
        # Whoever got no answer asks again; whoever had one gets the same.
        answers: Answers = {}
        for name in STORIES[story]:
            answers[name] = do_step(office, story, name, answers)
        sequence(office.runtime)
        assert {name: answers[name] for name in acknowledged} == acknowledged
        with database.reading() as connection:
            check_consistent(connection)
            check_log(connection, office)
        whole = WHOLE[story]
        assert {table: office.count(table) for table in whole} == whole


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("moment", get_args(Moment))
def test_a_kill_at_any_commit_loses_nothing_and_invents_nothing(
    moment: Moment, story: str, prepared: Prepared
) -> None:
    for nth in count(1):
        url = prepared.copy(nth)
        death = Death(story=story, nth=nth, moment=moment)
        acknowledged = killed_at(url, prepared.card, death)
        check_restart(url, prepared.card, story, acknowledged)
        if len(acknowledged) == len(STORIES[story]):
            break

    # One commit for each step (and one more for a ruling, which comes after its
    # facts were given their places); and the last copy was not killed at all.
    assert nth >= len(STORIES[story]) + 1


def test_a_ruling_that_was_interrupted_is_made_after_the_restart(
    prepared: Prepared,
) -> None:
    url = prepared.copy(1)
    nth = 1 + list(STORIES["journey"]).index("rule")
    death = Death(story="journey", nth=nth, moment="before")

    acknowledged = killed_at(url, prepared.card, death)

    assert list(acknowledged)[-1] == "sign"
    with opened(url) as database:
        office = Office(database, series="again", card=prepared.card)
        assert office.count(rulings) == 0
        assert rule_what_is_left(office.runtime) == 1
        assert rule_what_is_left(office.runtime) == 0
        assert (office.count(rulings), office.count(accruals)) == (1, 1)
