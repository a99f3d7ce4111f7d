"""Unit numbers: many spellings, one normal form, and never a guess."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.reconciliation.units import UnitDoubt, UnitList, folded, read_unit

VECTORS = json.loads(
    (Path(__file__).parents[1] / "vectors" / "unit_spellings.json").read_text("utf-8")
)["spellings"]
LISTED = UnitList.of(["3-1-1201", "3-2-1202", "3-1-1202", "5-7-701", "A3-1-1201"])
SEVERAL, ABSENT = UnitDoubt.SEVERAL_IN_LIST, UnitDoubt.UNIT_NOT_IN_LIST


def test_the_frozen_list_is_long_enough() -> None:
    assert len(VECTORS) >= 300


def test_no_spelling_is_silently_wrong() -> None:
    expected = [(s["text"], s.get("normal"), s.get("doubt")) for s in VECTORS]

    readings = [(s["text"], read_unit(s["text"])) for s in VECTORS]

    assert [(text, r.normal, r.doubt) for text, r in readings] == expected


@pytest.mark.parametrize(
    ("text", "normal", "doubt", "detail"),
    [
        pytest.param("三号楼一单元1201室", "3-1-1201", None, "", id="4.5 listed"),
        pytest.param("3幢1201", "3-1-1201", None, "", id="4.5 one section fits"),
        pytest.param("3幢1202", None, SEVERAL, "3-2-1202, 3-1-1202", id="4.5 two"),
        pytest.param("3-1-1301", None, ABSENT, "3-1-1301", id="4.5 none"),
        pytest.param("1201室", "3-1-1201", None, "", id="4.5 one room fits"),
        pytest.param("5-7-701", "5-7-701", None, "", id="4.5 section 7 is listed"),
        pytest.param("ａ3－1－1201", "A3-1-1201", None, "", id="4.6 literally listed"),
        pytest.param("B3-1-1201", None, UnitDoubt.LEFT_OVER, "B", id="4.6 not listed"),
    ],
)
def test_a_unit_list_completes_and_refuses(
    text: str, normal: str | None, doubt: UnitDoubt | None, detail: str
) -> None:
    reading = read_unit(text, LISTED)

    assert (reading.normal, reading.doubt, reading.detail) == (normal, doubt, detail)


def test_a_list_may_name_a_unit_twice() -> None:
    listed = UnitList.of(["3-1-1201", "3栋1单元1201"])

    assert read_unit("3#1201", listed).normal == "3-1-1201"


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        ("3-1-" + "1" * 1000, UnitDoubt.ROOM_UNCLEAR),
        pytest.param("一" * 5000, UnitDoubt.LEFT_OVER, id="longer than an integer"),
    ],
)
def test_a_very_long_text_is_not_searched(text: str, doubt: UnitDoubt) -> None:
    assert read_unit(text).doubt is doubt


@given(st.integers(1, 99), st.integers(1, 6), st.integers(1, 60), st.integers(1, 19))
def test_every_ordinary_unit_reads_the_same_in_every_spelling(
    building: int, section: int, floor: int, door: int
) -> None:
    room = f"{floor}{door:02}"
    spellings = (
        f"{building}栋{section}单元{room}",
        f"{building:02}#-{section}-{room}",
        f"{building}-{section}-{room}室",
        f"{building}号楼{section}单元{floor}层{door:02}",
    )

    assert {read_unit(text).normal for text in spellings} == {
        f"{building}-{section}-{room}"
    }


@given(st.text(alphabet="0123456789-栋单元号楼室一二十A、/# ", max_size=20))
def test_folding_a_text_first_changes_nothing(text: str) -> None:
    assert read_unit(folded(text)).normal == read_unit(text).normal
