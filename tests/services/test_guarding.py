"""A database that is not what was signed before signs nothing more; and what then."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from attribution.errors import (
    InputInvalid,
    LogBehind,
    LogForked,
    LogKeyForeign,
    LogUnbroken,
)
from attribution.services.publishing import newest_head
from attribution.services.rekeying import resume_log, rotate_log_key
from attribution.services.sequencing import sequence
from attribution.services.verifying import verify_log
from attribution.services.witnessing import accept_cosignatures, log_state
from attribution.storage.tables import (
    log_entries,
    log_heads,
    log_nodes,
    requests,
    visit_tags,
    visits,
)
from tests.office import Office
from tests.services.test_proving import fill
from tokens.checkpoints import sign_checkpoint, verify_checkpoint
from tokens.log import EMPTY_ROOT
from tokens.notes import parse_vkey
from web.witness import succession_of

WHY = "restored the backup of the night before"
ENTRY = log_entries.c


def write(office: Office, *statements: Any) -> None:
    with office.database.writing() as connection:
        for statement in statements:
            connection.execute(statement)


def set_back(office: Office, entries: int = 2) -> None:
    """Do what restoring an older backup does: the newest facts are gone."""
    office.walk_in()
    sequence(office.runtime)
    kept = newest_head(office.runtime)[0].size
    for _ in range(entries):
        office.walk_in()
        sequence(office.runtime)
    gone = select(ENTRY.id).where(ENTRY.position >= kept)
    lost = select(visits.c.id).where(visits.c.entry_id.in_(gone))
    write(
        office,
        delete(visit_tags).where(visit_tags.c.visit_id.in_(lost)),
        delete(visits).where(visits.c.entry_id.in_(gone)),
        delete(log_heads).where(log_heads.c.size > kept),
        delete(log_entries).where(ENTRY.position >= kept),
        delete(log_nodes),  # those of the night before are made again
        delete(requests),
    )


def with_wrong_root(office: Office) -> None:
    fill(office, 3)
    write(office, update(log_heads).values(root=b"r" * 32))


def with_short_frontier(office: Office) -> None:
    fill(office, 3)
    write(office, update(log_heads).values(frontier=b""))


def with_the_last_place_taken(office: Office) -> None:
    fill(office, 3)
    last = newest_head(office.runtime)[0].size - 1
    write(
        office, update(log_entries).where(ENTRY.position == last).values(position=None)
    )


def with_another_history(office: Office) -> None:
    fill(office, 3)
    head = newest_head(office.runtime)[0]
    signer = office.keys.log
    office.last_head.checkpoint = sign_checkpoint(
        origin=signer.origin,
        size=head.size,
        root=b"o" * 32,
        key=signer.private,
        name=signer.origin,
    )


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (set_back, LogBehind),
        (with_wrong_root, LogForked),
        (with_short_frontier, LogForked),
        (with_the_last_place_taken, LogForked),
        (with_another_history, LogForked),
    ],
)
def test_nothing_is_signed_on_a_spoiled_log_and_nothing_is_lost(
    office: Office, spoil: Callable[[Office], None], error: type[Exception]
) -> None:
    spoil(office)
    heads = office.count(log_heads)

    office.walk_in()

    with pytest.raises(error):
        sequence(office.runtime)
    assert office.count(log_heads) == heads
    with office.database.reading() as connection:
        waiting = select(ENTRY.id).where(ENTRY.position.is_(None))
        assert len(connection.execute(waiting).all()) > 0


def test_without_the_head_outside_a_set_back_goes_unnoticed(office: Office) -> None:
    """The guard is what refuses: taken away, the same restore is signed over."""
    set_back(office)
    office.last_head.replace(None)
    office.walk_in()

    assert sequence(office.runtime) > 0


def test_an_older_head_outside_is_no_harm(office: Office) -> None:
    office.walk_in()
    sequence(office.runtime)
    old = office.last_head.read()
    office.walk_in()
    sequence(office.runtime)
    office.last_head.replace(old)
    office.walk_in()

    assert sequence(office.runtime) > 0


def test_a_rewritten_entry_under_an_older_head_is_found_before_signing(
    office: Office,
) -> None:
    """In the tile that is being filled; under remembered roots `verify` finds it."""
    fill(office, 3)
    while (size := newest_head(office.runtime)[0].size) % 16 != 2:
        fill(office, 1)
    old = office.last_head.read()
    fill(office, 3)
    office.last_head.replace(old)
    rewritten = update(log_entries).where(ENTRY.position == size - 1)
    write(office, rewritten.values(entry=b"x"))
    office.walk_in()

    with pytest.raises(LogForked):
        sequence(office.runtime)


# -- resuming --


def test_a_set_back_log_goes_on_under_a_new_origin_and_says_why(office: Office) -> None:
    old = office.keys.log
    set_back(office)
    lost = office.last_head.read()
    office.walk_in()

    vkey = resume_log(office.runtime, why=WHY)

    head, note = newest_head(office.runtime)
    key = parse_vkey(vkey)
    assert key.name != old.origin
    assert verify_checkpoint(note, key, origin=key.name).size == head.size
    with office.database.reading() as connection:
        said = select(ENTRY.event).where(ENTRY.kind == "log-resumed/v1")
        body = connection.execute(said).scalar_one().decode()
    assert WHY in body
    assert '"broken":"LOG_BEHIND"' in body
    assert str(lost).split("\n")[2] in body
    office.walk_in()
    assert sequence(office.runtime) > 0
    assert verify_log(office.runtime, lambda _done, _of: None).faults == ()


def test_a_changed_log_is_resumed_from_what_is_there(office: Office) -> None:
    fill(office, 300)
    fill(office, 2)
    write(office, update(log_entries).where(ENTRY.position == 5).values(entry=b"x"))
    old = newest_head(office.runtime)[1]
    with_another_history(office)
    office.walk_in()
    with pytest.raises(LogForked):
        sequence(office.runtime)

    resume_log(office.runtime, why="the disk had a fault")

    assert newest_head(office.runtime)[1] != old
    office.walk_in()
    assert sequence(office.runtime) > 0
    faults = verify_log(office.runtime, lambda _done, _of: None).faults
    assert [one.where for one in faults] == ["#5"]


def test_an_emptied_log_begins_again(office: Office) -> None:
    fill(office, 3)
    write(office, delete(log_heads))
    write(office, update(log_entries).values(position=None))

    resume_log(office.runtime, why=WHY)

    assert office.last_head.read() is not None
    assert verify_log(office.runtime, lambda _done, _of: None).faults == ()


def test_a_log_with_a_hole_between_others_is_not_resumed(office: Office) -> None:
    fill(office, 5)
    write(office, update(log_entries).where(ENTRY.position == 2).values(position=900))

    with pytest.raises(LogForked):
        resume_log(office.runtime, why=WHY)


def test_what_is_whole_is_not_resumed(office: Office) -> None:
    fill(office, 1)

    with pytest.raises(LogUnbroken):
        resume_log(office.runtime, why=WHY)


@pytest.mark.parametrize("change", [resume_log, rotate_log_key])
def test_a_new_key_needs_a_reason(office: Office, change: Any) -> None:
    with pytest.raises(InputInvalid):
        change(office.runtime, why=" ")


# -- rotating --


def test_a_rotated_key_names_its_successor_and_the_tree_goes_on(office: Office) -> None:
    fill(office, 3)
    old, before = office.keys.log, newest_head(office.runtime)[0]

    vkey = rotate_log_key(office.runtime, why="every year")

    first, second = log_state(office.runtime).keys
    assert (first.vkey, second.vkey) == (old.verifier.vkey(), vkey)
    assert first.ended_at == office.time
    assert first.compromised_at is None
    told = succession_of(str(first.succession), old.verifier)
    assert (told.new.vkey(), told.size, told.root) == (vkey, before.size, before.root)
    assert newest_head(office.runtime)[0].size == before.size + 1
    assert verify_log(office.runtime, lambda _done, _of: None).faults == ()


def test_a_key_is_rotated_before_anything_was_signed(office: Office) -> None:
    office.keys.adopt_next_log()
    fill(office, 1)

    [key] = log_state(office.runtime).keys

    assert key.vkey == office.keys.log.verifier.vkey()


def test_a_rotation_that_was_stopped_half_way_is_done_again(office: Office) -> None:
    fill(office, 1)
    adopt, office.keys.adopt_next_log = office.keys.adopt_next_log, stop  # type: ignore[method-assign]
    with pytest.raises(Stopped):
        rotate_log_key(office.runtime, why="every year")
    office.keys.adopt_next_log = adopt  # type: ignore[method-assign]
    office.walk_in()
    with pytest.raises(LogKeyForeign):
        sequence(office.runtime)

    vkey = rotate_log_key(office.runtime, why="every year")

    first, second = log_state(office.runtime).keys
    assert (
        succession_of(str(first.succession), parse_vkey(first.vkey)).new.vkey() == vkey
    )
    assert second.vkey == vkey
    assert verify_log(office.runtime, lambda _done, _of: None).faults == ()


def test_a_resumption_that_was_stopped_half_way_is_done_again(office: Office) -> None:
    fill(office, 20)
    write(office, update(log_entries).where(ENTRY.position == 5).values(entry=b"x"))
    with_another_history(office)
    adopt, office.keys.adopt_next_log = office.keys.adopt_next_log, stop  # type: ignore[method-assign]
    with pytest.raises(Stopped):
        resume_log(office.runtime, why=WHY)
    office.keys.adopt_next_log = adopt  # type: ignore[method-assign]

    vkey = resume_log(office.runtime, why=WHY)

    first, second = log_state(office.runtime).keys
    told = succession_of(str(first.succession), parse_vkey(first.vkey))
    assert (told.new.vkey(), second.vkey) == (vkey, vkey)
    office.walk_in()
    assert sequence(office.runtime) > 0


class Stopped(Exception):
    """The power fails here."""


def stop() -> None:
    raise Stopped


def test_a_theft_is_dated_and_not_in_the_future(office: Office) -> None:
    fill(office, 1)
    since = office.time - timedelta(hours=1)

    with pytest.raises(InputInvalid):
        rotate_log_key(
            office.runtime, why="stolen", compromised_at=office.time + timedelta(1)
        )
    rotate_log_key(office.runtime, why="stolen", compromised_at=since)

    assert log_state(office.runtime).keys[0].compromised_at == since


def test_a_theft_is_not_forgotten_when_the_newest_key_is_lost(office: Office) -> None:
    fill(office, 1)
    since = office.time - timedelta(hours=1)
    rotate_log_key(office.runtime, why="stolen", compromised_at=since)
    office.keys.lose_newest_log()

    resume_log(office.runtime, why="the newest file is gone")

    assert log_state(office.runtime).keys[0].compromised_at == since


@pytest.mark.parametrize("rotations", [0, 1])
def test_an_earlier_or_a_new_key_does_not_sign_in_the_place_of_a_lost_one(
    office: Office, rotations: int
) -> None:
    """The file of the key in use is gone; the one before it was ended (keys.md)."""
    fill(office, 3)
    for _ in range(rotations):
        rotate_log_key(office.runtime, why="every year")
    heads = office.count(log_heads)
    before = log_state(office.runtime).keys
    office.keys.lose_newest_log()
    office.walk_in()

    for change in (
        sequence,
        partial(rotate_log_key, why="the file is gone"),
    ):
        with pytest.raises(LogKeyForeign):
            change(office.runtime)
    assert (office.count(log_heads), log_state(office.runtime).keys) == (heads, before)

    vkey = resume_log(office.runtime, why="the file is gone, without a copy")

    *earlier, newest = log_state(office.runtime).keys
    assert newest.vkey == vkey
    assert earlier[:-1] == list(before[:-1])
    assert (earlier[-1].ended_at, earlier[-1].succession) == (office.time, None)
    with office.database.reading() as connection:
        said = select(ENTRY.event).where(ENTRY.kind == "log-resumed/v1")
        body = connection.execute(said).scalar_one().decode()
    assert before[-1].vkey in body
    office.walk_in()
    assert sequence(office.runtime) > 0
    assert verify_log(office.runtime, lambda _done, _of: None).faults == ()


def test_a_lost_key_that_is_put_back_signs_on(office: Office) -> None:
    fill(office, 3)
    kept = [*office.keys.log_numbers]
    office.keys.lose_newest_log()
    office.walk_in()
    with pytest.raises(LogKeyForeign):
        sequence(office.runtime)

    office.keys.log_numbers = kept

    assert sequence(office.runtime) > 0


def test_a_broken_log_is_resumed_not_rotated(office: Office) -> None:
    set_back(office)

    with pytest.raises(LogBehind):
        rotate_log_key(office.runtime, why="every year")


# -- shown from outside --


def foreign(office: Office, size: int) -> str:
    """Return a checkpoint of our key that this database never signed."""
    signer = office.keys.log
    return sign_checkpoint(
        origin=signer.origin,
        size=size,
        root=b"f" * 32,
        key=signer.private,
        name=signer.origin,
    )


@pytest.mark.parametrize(
    ("size", "kind", "error"), [(2, "forked", LogForked), (900, "behind", LogBehind)]
)
def test_a_checkpoint_that_does_not_fit_stops_the_log_until_it_is_answered(
    office: Office, size: int, kind: str, error: type[Exception]
) -> None:
    fill(office, 3)

    for _ in range(2):
        assert accept_cosignatures(office.runtime, foreign(office, size)) == 0

    [alarm] = log_state(office.runtime).alarms
    assert alarm.kind == kind
    office.walk_in()
    with pytest.raises(error):
        sequence(office.runtime)
    assert verify_log(office.runtime, lambda _done, _of: None).faults
    resume_log(office.runtime, why="a stolen key")
    assert log_state(office.runtime).alarms == ()


def test_a_theft_that_an_alarm_brings_to_light_is_dated_when_the_log_is_resumed(
    office: Office,
) -> None:
    fill(office, 3)
    since = office.time - timedelta(minutes=5)
    accept_cosignatures(office.runtime, foreign(office, 900))

    with pytest.raises(InputInvalid):
        resume_log(
            office.runtime, why="stolen", compromised_at=office.time + timedelta(1)
        )
    resume_log(office.runtime, why="stolen", compromised_at=since)

    assert log_state(office.runtime).keys[0].compromised_at == since


def test_heads_of_another_tree_do_not_survive_resuming(office: Office) -> None:
    fill(office, 3)
    head = newest_head(office.runtime)[0]
    row = {
        "size": head.size - 1,
        "root": b"w" * 32,
        "frontier": b"",
        "checkpoint": "x",
        "signed_at": office.time,
    }
    write(office, insert(log_heads).values(**row))
    write(office, update(log_heads).values(root=b"r" * 32))

    resume_log(office.runtime, why=WHY)

    assert verify_log(office.runtime, lambda _done, _of: None).faults == ()


def test_a_head_of_nothing_fits_every_log(office: Office) -> None:
    signer = office.keys.log
    office.last_head.checkpoint = sign_checkpoint(
        origin=signer.origin,
        size=0,
        root=EMPTY_ROOT,
        key=signer.private,
        name=signer.origin,
    )
    office.walk_in()

    assert sequence(office.runtime) > 0
