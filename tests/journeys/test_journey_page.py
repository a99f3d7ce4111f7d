"""docs/journey.md tells what happens, and no row knows who the buyer is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from attribution.storage.engine import open_database
from tests.journeys.journey_page import IDENTIFIERS, PAGE, UNIT, Story, blocks_of


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Return the story, played."""
    path: Path = tmp_path_factory.mktemp("journey") / "journey.db"
    database = open_database(f"sqlite:///{path}")
    story = Story(database)
    story.play()
    yield story
    database.close()


def test_every_block_of_the_page_is_what_happens(story: Story) -> None:
    told = blocks_of(PAGE.read_text("utf-8"))

    happened = {label: story.blocks[label] for label in told}
    assert told == happened, "see the first paragraph of docs/journey.md"


def test_the_page_has_the_blocks_of_every_step(story: Story) -> None:
    told = blocks_of(PAGE.read_text("utf-8"))

    assert story.blocks.keys() - told.keys() == {"again", "again-rows"}


def test_the_same_request_again_is_replayed_and_writes_nothing(story: Story) -> None:
    assert '"replayed": true' in story.blocks["again"]
    assert not story.blocks["again-rows"].strip()


@pytest.mark.parametrize("identifier", IDENTIFIERS)
def test_no_row_of_any_table_holds_an_identifier(story: Story, identifier: str) -> None:
    assert not places_of(story, identifier)


def test_the_search_finds_what_is_stored(story: Story) -> None:
    assert ("signings", "unit") in places_of(story, UNIT)
    assert ("log_entries", "event") in places_of(story, UNIT)


def places_of(story: Story, text: str) -> set[tuple[str, str]]:
    """Return (table, column) wherever a text is stored, in any of the usual forms."""
    forms = [text.encode(), text.encode("utf-16-le"), text.encode().hex().encode()]
    return {
        (table, column)
        for (table, _), row in story.rows().items()
        for column, value in row.items()
        for stored in [value if isinstance(value, bytes) else str(value).encode()]
        if any(form in stored for form in forms)
    }
