"""Housekeeping: what is due at a time, done whenever it is called."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from attribution.errors import NotFound
from attribution.services.greeting import Arrival
from attribution.services.housekeeping import ANSWERS_KEPT, keep_house
from attribution.services.visiting import record_walk_in
from attribution.storage.tables import requests, rulings, signings, visits
from tests.office import Office


def test_an_interrupted_ruling_is_made(office: Office) -> None:
    office.sign()
    assert office.count(rulings) == 0

    done = keep_house(office.runtime)

    assert done["ruled"] == office.count(rulings) == 1
    assert keep_house(office.runtime)["ruled"] == 0


def test_an_answer_is_forgotten_after_48_hours_and_not_before(office: Office) -> None:
    request = office.request()

    def send() -> bool:
        return record_walk_in(
            office.runtime,
            by=office.desk,
            request=request,
            project_id=office.project,
            arrival=Arrival(),
        ).replayed

    office.time += ANSWERS_KEPT + timedelta(days=1)
    keep_house(office.runtime)
    assert (send(), office.count(requests)) == (False, 1)

    office.time += ANSWERS_KEPT
    assert keep_house(office.runtime)["forgotten"] == 0
    assert send()

    office.time += timedelta(microseconds=1)
    assert keep_house(office.runtime)["forgotten"] == 1
    assert (send(), office.count(visits)) == (False, 2)


def test_a_ruling_that_fails_keeps_no_other_waiting(office: Office) -> None:
    broken = office.sign(unit="3-1-1201")
    office.wait(minutes=1)
    office.sign(unit="3-1-1202")
    before_all_rules = update(signings).values(
        signed_at=office.time - timedelta(days=9)
    )
    with office.database.writing() as connection:
        connection.execute(before_all_rules.where(signings.c.id == broken))
    office.time += ANSWERS_KEPT + timedelta(days=1)

    with pytest.raises(NotFound):
        keep_house(office.runtime)

    assert office.count(rulings) == 1
    assert office.count(requests) == 0
