"""Unit numbers (房号): one normal form for the many ways to write a unit.

Source: docs/specs/reconciliation.md §4. The reader abstains rather than guess.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Self

from attribution.reconciliation import numerals

_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−─_"), "-")
_NUMERAL = re.compile(f"[{numerals.CHARACTERS}]+")
_BARE_NUMBER = re.compile(f"[0-9{numerals.CHARACTERS}]+")
_BUILDING = "(?P<building>[0-9]{1,3})(?:号楼|#楼|号栋|#栋|号幢|#幢|栋楼?|幢楼?|座|号|#)"
_BARE = "(?P<building>[0-9]{1,2})"
_SECTION = "(?P<section>[0-9]{1,2})(?:单元|单|门)"
_BARE_SECTION = "(?P<bare>[0-9]{1,2})"
_ROOM = (
    "(?:(?P<floor>[0-9]{1,2})(?:层|楼|F)-?)?"
    "(?P<room>[0-9]{1,5})(?P<door>号房|号室|房间|室|号|房|户)?"
)
# Each form says what each of its numbers is; a text that fits none is left alone.
_FORMS = tuple(
    re.compile(form)
    for form in (
        f"{_BUILDING}-?{_SECTION}-?{_ROOM}",
        f"{_BUILDING}-?{_BARE_SECTION}-{_ROOM}",
        f"{_BUILDING}-?{_ROOM}",
        f"{_BARE}[-楼]{_SECTION}-?{_ROOM}",
        f"{_BARE}-{_BARE_SECTION}-{_ROOM}",
        f"{_BARE}/{_BARE_SECTION}/{_ROOM}",
        f"{_BARE}-{_ROOM}",
        f"{_SECTION}-?{_ROOM}",
        _ROOM,
    )
)
_WORDS = re.compile("[0-9]+|号楼|号房|单元|房间|[-/#栋幢座楼号单门层F室房户]")
_SEVERAL = re.compile("[、,;&+~和至及]|[0-9]{3,5}[-/][0-9]{3,5}$")
_MOST_NUMBERS = 3

# A section numbered higher is rare, and 3-12-1201 then means floor 12 as often.
LAST_USUAL_SECTION = 6
SHORTEST_ROOM = 3  # digits of a room number written without a word: 101, 1201
LONGEST_TEXT = 40


class UnitDoubt(StrEnum):
    """Why a text was not taken for one certain unit."""

    EMPTY = "EMPTY"
    LEFT_OVER = "LEFT_OVER"  # something in it was not understood
    SEVERAL_UNITS = "SEVERAL_UNITS"
    BUILDING_MISSING = "BUILDING_MISSING"
    ROOM_UNCLEAR = "ROOM_UNCLEAR"
    TOO_MANY_NUMBERS = "TOO_MANY_NUMBERS"
    SECTION_OR_FLOOR = "SECTION_OR_FLOOR"
    COLUMNS_DISAGREE = "COLUMNS_DISAGREE"
    NOT_TEXT = "NOT_TEXT"  # a date, an error value, a fraction, a shortened number
    UNIT_NOT_IN_LIST = "UNIT_NOT_IN_LIST"
    SEVERAL_IN_LIST = "SEVERAL_IN_LIST"


class UnitName(NamedTuple):
    """Building, section (单元) and room, as far as the text says them."""

    building: int | None
    section: int | None
    room: int

    @property
    def normal(self) -> str:
        """The normal form: `3-1-1201`, without a section `3-1201`."""
        return "-".join(str(part) for part in self if part is not None)

    def fits(self, other: "UnitName") -> bool:
        """Say whether all that this name says is true of the other."""
        pairs = zip(self, other, strict=True)
        return all(mine is None or mine == theirs for mine, theirs in pairs)


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitReading:
    """A unit as written, and its normal form or the reason why there is none."""

    text: str
    normal: str | None = None
    name: UnitName | None = None
    doubt: UnitDoubt | None = None
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitList:
    """A project's own units (楼盘表), found by name or by their exact text."""

    by_room: Mapping[int, tuple[UnitName, ...]]
    by_text: Mapping[str, str]

    @classmethod
    def of(cls, units: Iterable[str]) -> Self:
        """Index units as the project writes them; odd names stay as they are."""
        by_room: defaultdict[int, list[UnitName]] = defaultdict(list)
        by_text: dict[str, str] = {}
        for text in units:
            reading = read_unit(text)
            by_text[folded(text)] = reading.normal or folded(text)
            if (
                reading.name is not None
                and reading.name not in by_room[reading.name.room]
            ):
                by_room[reading.name.room].append(reading.name)
        return cls(
            by_room={room: tuple(names) for room, names in by_room.items()},
            by_text=by_text,
        )

    def candidates(self, name: UnitName) -> list[UnitName]:
        """Return the units of the list of which everything the name says is true."""
        return [unit for unit in self.by_room.get(name.room, ()) if name.fits(unit)]


def folded(text: str) -> str:
    """Return a text without differences of width, case, spaces and kind of dash."""
    text = unicodedata.normalize("NFKC", text).upper().translate(_DASHES).strip()
    text = re.sub(r"(?<=[0-9])\s+(?=[0-9])", "-", text)
    return re.sub("-+", "-", re.sub(r"\s+", "", text))


def worded(number: str, word: str) -> str:
    """Return a building or section of a column of its own with the word it lacks.

    `3` under 楼栋 is 3栋, so that nobody takes a section for a building.
    """
    return f"{number}{word}" if _BARE_NUMBER.fullmatch(folded(number)) else number


def read_unit(text: str, known: UnitList | None = None) -> UnitReading:
    """Return a unit's normal form, or abstain and say why.

    Args:
        known: the project's units; with it a unit must be one of them, and what the
            text leaves out is completed where exactly one unit fits.
    """
    reading = _read_alone(text)
    if known is None:
        return reading
    if reading.name is None:
        exact = known.by_text.get(folded(text))
        return UnitReading(text=text, normal=exact) if exact else reading
    found = known.candidates(reading.name)
    if len(found) == 1:
        return UnitReading(text=text, normal=found[0].normal, name=found[0])
    doubt = UnitDoubt.SEVERAL_IN_LIST if found else UnitDoubt.UNIT_NOT_IN_LIST
    detail = ", ".join(name.normal for name in found[:5]) or reading.name.normal
    return UnitReading(text=text, doubt=doubt, detail=detail)


def _read_alone(text: str) -> UnitReading:
    plain = folded(text)
    if not plain:
        return UnitReading(text=text, doubt=UnitDoubt.EMPTY)
    # A longer text is no unit, and may be written by somebody who wants us to search.
    is_short = len(plain) <= LONGEST_TEXT
    plain = _with_digits(plain) if is_short else plain
    matches = (form.fullmatch(plain) for form in _FORMS) if is_short else ()
    match = next((found for found in matches if found), None)
    if match is None:
        return _abstained(text, plain)
    parts = match.groupdict()
    room = _room_of(parts)
    if room is None or parts.get("building", "1").strip("0") == "":
        return UnitReading(text=text, doubt=UnitDoubt.ROOM_UNCLEAR, detail=plain)
    section = parts.get("section") or parts.get("bare")
    name = UnitName(
        int(parts["building"]) if "building" in parts else None,
        int(section) if section else None,
        room,
    )
    return _judged(text, name, is_bare="bare" in parts)


def _judged(text: str, name: UnitName, *, is_bare: bool) -> UnitReading:
    doubt = None
    if name.building is None:
        doubt = UnitDoubt.BUILDING_MISSING
    elif is_bare and not 1 <= (name.section or 0) <= LAST_USUAL_SECTION:
        doubt = UnitDoubt.SECTION_OR_FLOOR
    normal = None if doubt else name.normal
    detail = name.normal if doubt else ""
    return UnitReading(text=text, normal=normal, name=name, doubt=doubt, detail=detail)


def _room_of(parts: Mapping[str, str | None]) -> int | None:
    room, floor = parts["room"] or "", parts["floor"]
    if floor is None:
        is_clear = bool(parts["door"]) or len(room) >= SHORTEST_ROOM
        return int(room) or None if is_clear else None
    if len(room) < SHORTEST_ROOM:
        return int(floor) * 100 + int(room) if int(room) else None
    return int(room) if int(room) // 100 == int(floor) else None


def _with_digits(plain: str) -> str:
    """Write Chinese numerals as digits, unless digits touch them (3一1201)."""

    def written(match: re.Match[str]) -> str:
        run = match.group()
        around = (
            plain[max(match.start() - 1, 0) : match.start()]
            + plain[match.end() : match.end() + 1]
        )
        value = numerals.numeral_read(run)
        if value is None or (len(run) > 1 and not set(run) & set("十拾百佰千仟")):
            value = numerals.digits_read(run)
        is_apart = not any("0" <= character <= "9" for character in around)
        return str(value) if is_apart and value is not None else run

    return _NUMERAL.sub(written, plain)


def _abstained(text: str, plain: str) -> UnitReading:
    left = _WORDS.sub("", plain)
    if _SEVERAL.search(plain):
        doubt, left = UnitDoubt.SEVERAL_UNITS, plain
    elif left:
        doubt = UnitDoubt.LEFT_OVER
    elif len(re.findall("[0-9]+", plain)) > _MOST_NUMBERS:
        doubt, left = UnitDoubt.TOO_MANY_NUMBERS, plain
    else:
        doubt, left = UnitDoubt.ROOM_UNCLEAR, plain
    return UnitReading(text=text, doubt=doubt, detail=left[:LONGEST_TEXT])
