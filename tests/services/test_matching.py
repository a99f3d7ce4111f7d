"""The earlier visits of a buyer, whether or not there is a ruling."""

import pytest

from attribution.errors import NotAllowed
from attribution.people import Actor, Grant, Role
from attribution.services.matching import earlier_visits
from attribution.services.sequencing import sequence
from tests.office import OTHER_PHONE, Office


def test_the_earlier_visits_of_the_buyer_match(office: Office) -> None:
    first = office.walk_in()
    office.walk_in(phone=OTHER_PHONE)
    office.wait(days=1)
    signing_id = office.sign()
    sequence(office.runtime)

    found = earlier_visits(office.runtime, by=office.signing, signing_id=signing_id)

    assert [match.visit.id for match in found] == [first["visit_id"]]


def test_another_office_is_told_nothing(office: Office) -> None:
    signing_id = office.sign()
    stranger = Actor(
        person_id=office.people["desk"], name="", grants=(Grant(role=Role.DESK),)
    )

    with pytest.raises(NotAllowed):
        earlier_visits(office.runtime, by=stranger, signing_id=signing_id)
