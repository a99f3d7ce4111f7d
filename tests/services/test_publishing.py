"""What everybody may read of the log."""

import pytest

from attribution.errors import NotFound
from attribution.services.publishing import newest_head, published_entries
from attribution.services.sequencing import sequence
from tests.office import Office


def test_an_empty_log_has_no_head(office: Office) -> None:
    with pytest.raises(NotFound):
        newest_head(office.runtime)


def test_what_has_its_place_is_published(office: Office) -> None:
    placed = sequence(office.runtime)
    office.walk_in()

    entries = published_entries(office.runtime, start=0, most=10**9)

    assert newest_head(office.runtime)[0].size == placed == len(entries)
    assert [position for position, _ in entries] == list(range(placed))
