"""Whatever is changed in a stored log is named."""

import json
from collections.abc import Callable
from datetime import timedelta, timezone
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, delete, insert, select, update

from attribution.services import verifying
from attribution.services.publishing import newest_head
from attribution.services.sequencing import sequence
from attribution.services.verifying import Damage, Fault, LogReport, verify_log
from attribution.services.witnessing import (
    accept_cosignatures,
    admit_witness,
    retire_witness,
)
from attribution.storage.tables import (
    accruals,
    cosignatures,
    log_entries,
    log_heads,
    log_nodes,
    rulings,
    visits,
)
from tests.office import OPENING, Office
from tests.overhearing import heard
from tests.services.test_proving import fill
from tests.tokens.tokens_for_tests import OTHER_KEY
from tokens.checkpoints import sign_checkpoint
from tokens.cosignatures import cosign, witness_of
from tokens.log import entry_bytes
from tokens.notes import parse_note

ENTRY = log_entries.c
WITNESS = witness_of("agency.example/w", OTHER_KEY.public_key())


def busy(office: Office, visitors: int = 3) -> Office:
    """Let a few people come and one buy; place everything."""
    code = office.issue()["code"]
    sequence(office.runtime)
    office.wait(hours=1)
    office.redeem(code)
    for number in range(visitors):
        office.walk_in(phone=f"1390013{number:04}")
    office.wait(hours=1)
    office.rule(office.sign())
    sequence(office.runtime)
    return office


def report(office: Office) -> LogReport:
    return verify_log(office.runtime, lambda _done, _of: None)


def damages(office: Office) -> set[Damage]:
    return {fault.damage for fault in report(office).faults}


def change(office: Office, *statements: Any) -> None:
    with office.database.writing() as connection:
        for statement in statements:
            connection.execute(statement)


def test_an_honest_log_has_no_fault(office: Office) -> None:
    found = report(busy(office))

    assert found.faults == ()
    assert found.entries == office.count(log_entries)
    assert found.heads == office.count(log_heads)
    assert found.facts > 5
    assert found.erased == 0


def test_the_walk_says_how_far_it_is(office: Office) -> None:
    told: list[tuple[int, int]] = []

    verify_log(busy(office).runtime, lambda done, of: told.append((done, of)))

    assert told[-1][0] == told[-1][1]
    assert told == sorted(told)


def test_an_empty_log_has_no_fault(office: Office) -> None:
    assert report(office).faults == ()


def test_an_erased_fact_leaves_a_log_that_holds(office: Office) -> None:
    erased = update(log_entries).where(ENTRY.kind == "visit/v1")

    change(busy(office), erased.values(nonce=None, event=None))

    found = report(office)
    assert found.faults == ()
    assert found.erased == 4


def test_a_clock_that_shows_the_time_of_another_zone_makes_no_fault(
    office: Office,
) -> None:
    office.time = office.time.astimezone(timezone(timedelta(hours=8)))

    assert report(busy(office)).faults == ()


@pytest.mark.parametrize(
    ("said", "faults"),
    [
        ("2026-03-01T10:00:00+08:00", 0),
        ("2026-03-01T10:00:01+08:00", 1),
        ("in the morning", 1),
        (None, 1),
    ],
)
def test_an_instant_is_compared_however_it_was_written(
    office: Office, said: str | None, faults: int
) -> None:
    office.time = OPENING + timedelta(hours=1)
    visit = office.walk_in()["visit_id"]
    sequence(office.runtime)
    event = {"visit": visit, "arrived_at": said}

    is_visit = ENTRY.kind == "visit/v1"
    change(
        office,
        update(log_entries).where(is_visit).values(event=json.dumps(event).encode()),
    )

    places = [fault.where for fault in report(office).faults]
    assert places.count(f"visits {visit}: arrived_at") == faults


def test_a_head_that_is_kept_outside_and_shown_by_others_is_one_fault(
    office: Office,
) -> None:
    busy(office)
    signer = office.keys.log
    note = sign_checkpoint(
        origin=signer.origin,
        size=900,
        root=b"l" * 32,
        key=signer.private,
        name=signer.origin,
    )
    office.last_head.replace(note)
    accept_cosignatures(office.runtime, note)

    assert report(office).faults == (Fault(damage=Damage.SET_BACK, where="900"),)


def test_a_gap_is_one_fault_however_much_follows(office: Office) -> None:
    busy(office)

    change(office, delete(log_entries).where(ENTRY.position == 3))

    gaps = [f for f in report(office).faults if f.damage is Damage.PLACE_MISSING]
    assert gaps == [Fault(damage=Damage.PLACE_MISSING, where="#3")]


@pytest.mark.parametrize("event", [b"no JSON", b"\xff", b"[]"])
def test_an_event_of_any_form_is_named_and_stops_nothing(
    office: Office, event: bytes
) -> None:
    visits_ = update(log_entries).where(ENTRY.kind == "visit/v1")

    change(busy(office), visits_.values(event=event))

    assert {Damage.ENTRY_CHANGED, Damage.FACT_CHANGED} <= damages(office)


def test_a_text_where_bytes_belong_is_named(sqlite_office: Office) -> None:
    office = busy(sqlite_office)
    text = sa.text("UPDATE log_entries SET event = '{}' WHERE position = 3")

    change(office, text)

    assert Damage.ENTRY_CHANGED in damages(office)


# -- whatever is done to the rows --


def at(position: int) -> sa.ColumnElement[bool]:
    return ENTRY.position == position


def rewritten(connection: Connection) -> list[Any]:
    """Rewrite an event so well that its own entry fits it again."""
    row = connection.execute(select(log_entries).where(at(3))).one()
    entry = entry_bytes(row.kind, 1, row.nonce, b"{}")
    return [update(log_entries).where(at(3)).values(event=b"{}", entry=entry)]


def swapped(connection: Connection) -> list[Any]:
    rows = {
        row.position: {
            name: getattr(row, name)
            for name in ("kind", "at", "entry", "nonce", "event")
        }
        for row in connection.execute(select(log_entries).where(ENTRY.position < 2))
    }
    return [update(log_entries).where(at(n)).values(**rows[1 - n]) for n in (0, 1)]


def truncated(connection: Connection) -> list[Any]:
    del connection
    return [
        update(log_entries).where(ENTRY.position >= 20).values(position=None),
        delete(log_heads).where(log_heads.c.size > 20),
    ]


def inserted(connection: Connection) -> list[Any]:
    row = connection.execute(select(log_entries).where(at(4))).one()
    values = row._asdict() | {"position": 10_000, "id": "f" * 32}
    values.pop("arrival")
    return [insert(log_entries).values(**values)]


def dropped(connection: Connection) -> list[Any]:
    """Delete an entry and close the gap."""
    last = connection.execute(select(sa.func.max(ENTRY.position))).scalar_one()
    moved = [
        update(log_entries).where(at(n)).values(position=n - 1)
        for n in range(6, last + 1)
    ]
    return [update(log_entries).where(at(5)).values(position=None), *moved]


def simple(*statements: Any) -> Callable[[Connection], list[Any]]:
    return lambda _: list(statements)


CHANGES: dict[str, tuple[Callable[[Connection], list[Any]], Damage]] = {
    "a rewritten event": (rewritten, Damage.HEAD_CHANGED),
    "two swapped": (swapped, Damage.HEAD_CHANGED),
    "the end cut off": (truncated, Damage.SET_BACK),
    "one more at the end": (inserted, Damage.PLACE_MISSING),
    "one taken out": (dropped, Damage.HEAD_CHANGED),
    "an event": (
        simple(update(log_entries).where(at(3)).values(event=b"{}")),
        Damage.ENTRY_CHANGED,
    ),
    "only the nonce erased": (
        simple(update(log_entries).where(at(3)).values(nonce=None)),
        Damage.ENTRY_CHANGED,
    ),
    "a kind": (
        simple(update(log_entries).where(at(3)).values(kind="visit/v2")),
        Damage.ENTRY_CHANGED,
    ),
    "a root": (simple(update(log_heads).values(root=b"r" * 32)), Damage.HEAD_CHANGED),
    "a frontier": (
        simple(update(log_heads).values(frontier=b"")),
        Damage.HEAD_CHANGED,
    ),
    "a checkpoint": (
        simple(update(log_heads).values(checkpoint="x")),
        Damage.HEAD_UNSIGNED,
    ),
    "a node nobody made": (
        simple(insert(log_nodes).values(level=8, number=0, hash=b"n" * 32)),
        Damage.NODE_CHANGED,
    ),
    "the newest head": (
        simple(
            delete(log_heads).where(
                log_heads.c.size
                == select(sa.func.max(log_heads.c.size)).scalar_subquery()
            )
        ),
        Damage.HEAD_MISSING,
    ),
    "a ruling": (
        simple(update(rulings).values(outcome="natural")),
        Damage.FACT_CHANGED,
    ),
    "an amount": (simple(update(accruals).values(amount_fen=1)), Damage.FACT_CHANGED),
    "a standing": (
        simple(update(visits).values(standing="AGENT_SUSPENDED")),
        Damage.FACT_CHANGED,
    ),
    "a deleted accrual": (simple(delete(accruals)), Damage.FACT_MISSING),
    "a fact that names another's entry": (
        simple(
            update(accruals).values(
                entry_id=select(visits.c.entry_id).limit(1).scalar_subquery()
            )
        ),
        Damage.FACT_UNLOGGED,
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_the_rows_is_named(office: Office, name: str) -> None:
    make, damage = CHANGES[name]
    busy(office)
    with office.database.writing() as connection:
        for statement in make(connection):
            connection.execute(statement)

    assert damage in damages(office)


# -- any single byte --

FLIPPED = ("entry", "nonce", "event")


def test_any_flipped_byte_of_a_thousand_entries_is_named(
    sqlite_office: Office,
) -> None:
    """One byte of every fifth entry, at a place and in a column that go round."""
    office = sqlite_office
    fill(office, 1_000 - office.count(log_entries))
    with office.database.reading() as connection:
        rows = {
            row.position: row
            for row in connection.execute(select(log_entries).order_by("position"))
        }
    unnamed = []

    for position in range(0, 1_000, 5):
        column = FLIPPED[position // 5 % len(FLIPPED)]
        data = bytearray(getattr(rows[position], column))
        data[position % len(data)] ^= 1 << position % 8
        row = update(log_entries).where(at(position))
        change(office, row.values({column: bytes(data)}))
        if not damages(office) & {Damage.ENTRY_CHANGED, Damage.HEAD_CHANGED}:
            unnamed.append((position, column))
        change(office, row.values({column: getattr(rows[position], column)}))

    assert unnamed == []
    assert damages(office) == set()


# -- cosignatures --


def cosigned(office: Office) -> str:
    """Admit a witness that has cosigned the newest head; return its id."""
    made = office.do(admit_witness, by=office.admin, vkey=WITNESS.vkey(), label="安居")
    sequence(office.runtime)
    see(office)
    return str(made["witness_id"])


def see(office: Office) -> None:
    """Let the witness cosign the newest head."""
    note = newest_head(office.runtime)[0].checkpoint
    line = cosign(parse_note(note)[0], OTHER_KEY, WITNESS.name, 1_772_000_000)
    accept_cosignatures(office.runtime, note + line)


def test_a_true_cosignature_is_no_fault(office: Office) -> None:
    cosigned(busy(office))

    assert report(office).faults == ()


def test_more_cosigned_heads_ask_no_more_of_the_database(office: Office) -> None:
    cosigned(busy(office))
    with heard(office.database) as before:
        report(office)

    for _ in range(3):
        office.walk_in()
        sequence(office.runtime)
        see(office)

    with heard(office.database) as after:
        found = report(office)
    assert (found.faults, len(after)) == ((), len(before))
    assert office.count(cosignatures) == 4


@pytest.mark.parametrize("line", ["nonsense", "of a stranger", "changed"])
def test_a_cosignature_that_does_not_hold_is_named(office: Office, line: str) -> None:
    cosigned(busy(office))
    body = parse_note(newest_head(office.runtime)[0].checkpoint)[0]
    lines = {
        "nonsense": "x\n",
        "of a stranger": cosign(body, OTHER_KEY, "stranger.example/w", 1),
        "changed": cosign(f"{body}more\n", OTHER_KEY, WITNESS.name, 1),
    }
    change(office, update(cosignatures).values(line=lines[line]))

    assert damages(office) == {Damage.COSIGNATURE_WRONG}


def test_what_a_retired_witness_said_is_not_asked(office: Office) -> None:
    witness = cosigned(busy(office))
    office.do(retire_witness, by=office.admin, witness_id=witness)
    sequence(office.runtime)
    change(office, update(cosignatures).values(line="x\n"))

    assert report(office).faults == ()


def test_the_walk_tells_of_facts_too(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy(office)
    monkeypatch.setattr(verifying, "_TOLD_EACH", 2)
    told: list[int] = []

    found = verify_log(office.runtime, lambda done, _of: told.append(done))

    assert len(told) > found.facts // 2


def test_a_fact_that_waits_longer_than_promised_is_named(office: Office) -> None:
    sequence(office.runtime)
    promise: Any = office.walk_in()["promise"]
    office.wait(seconds=59)
    assert verify_log(office.runtime, lambda _done, _of: None).faults == ()

    office.wait(seconds=1)

    [fault] = verify_log(office.runtime, lambda _done, _of: None).faults
    assert fault.damage is Damage.PROOF_OVERDUE
    assert f"entry {promise['entry']}, due " in fault.where
    sequence(office.runtime)
    assert verify_log(office.runtime, lambda _done, _of: None).faults == ()
