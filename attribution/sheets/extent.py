"""Walking through the XML of a workbook to see how far it reaches, before it is read.

Runs in the process with the limits (child.py). Source: docs/specs/reconciliation.md §1.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

from attribution.errors import StatementNotSpreadsheet, StatementTooLarge
from attribution.reconciliation.statement import number_of
from attribution.sheets.guard import (
    MOST_CELLS,
    MOST_ELEMENTS,
    MOST_EXTENT,
    MOST_MERGED_CELLS,
    MOST_MERGED_ROWS,
    MOST_ROWS,
    Excess,
    Refusal,
    opened,
    unpacked,
)

_LONGEST_NUMBER = 8
_REFERENCE = re.compile("([A-Za-z]{1,4})([0-9]{1,8})")


@dataclass(slots=True)
class Extent:
    """How far the cells of one part reach, and which have no computed value."""

    rows: int = 0
    columns: int = 0
    merged_rows: int = 0
    merged_cells: int = 0
    without_value: set[tuple[int, int]] = field(default_factory=set)


def extents_of(data: bytes) -> dict[str, Extent]:
    """Unpack a workbook once, piece by piece, and measure each sheet by its name.

    The sizes promised in the table of contents are checked against what comes out,
    and every cell with a value is looked at.

    Raises:
        StatementTooLarge: the cells reach further than a reader should follow.
        StatementNotSpreadsheet: broken, or XML that a spreadsheet does not need.
    """
    with opened(data) as archive:
        parts = [n for n in archive.namelist() if n.lower().endswith((".xml", ".rels"))]
        walk = _Walk()
        for part in parts:
            walk.start(part)
            for chunk in unpacked(archive, part):
                walk.feed(chunk)
            walk.end()
    return walk.by_sheet()


class _Walk:
    """One pass over the elements of all parts; only starts of elements matter."""

    def __init__(self) -> None:
        self._elements = self._cells = 0
        self._links: dict[str, str] = {}
        self._sheets: dict[str, str] = {}
        self._extents: dict[str, Extent] = {}

    def start(self, part: str) -> None:
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._element
        self._parser.StartDoctypeDeclHandler = _refuse_doctype
        self._extent = self._extents[part.lower()] = Extent()
        self._is_link_part = part.lower() == "xl/_rels/workbook.xml.rels"
        self._row = self._column = 0
        self._is_error = self._is_waiting = False

    def feed(self, chunk: bytes) -> None:
        try:
            self._parser.Parse(chunk, False)  # noqa: FBT003  # positional only
        except expat.ExpatError:
            raise StatementNotSpreadsheet(Refusal.BROKEN) from None

    def end(self) -> None:
        try:
            self._parser.Parse(b"", True)  # noqa: FBT003  # positional only
        except expat.ExpatError:
            raise StatementNotSpreadsheet(Refusal.BROKEN) from None
        self._note_missing_value()

    def by_sheet(self) -> dict[str, Extent]:
        """Return the extents by sheet, following the workbook's links."""
        found = {}
        for name, link in self._sheets.items():
            extent = self._extents.get(_path_of(self._links.get(link, "")))
            if extent is None:
                raise StatementNotSpreadsheet(Refusal.BROKEN)
            found[name] = extent
        return found

    def _element(self, name: str, attributes: Mapping[str, str]) -> None:
        self._elements += 1
        if self._elements > MOST_ELEMENTS:
            raise StatementTooLarge(Excess.ELEMENTS, MOST_ELEMENTS)
        local = name.rpartition(":")[2]
        if local in {"v", "is"}:
            self._value()
        elif local == "c":
            self._cell(attributes)
        elif local == "f":
            self._is_waiting = True
        elif local == "row":
            self._row = _number(attributes.get("r"), self._row + 1)
            self._column = 0
        else:
            self._other(local, attributes)

    def _other(self, local: str, attributes: Mapping[str, str]) -> None:
        if local == "mergeCell":
            self._merge(attributes.get("ref", ""))
        elif local == "sheet":
            link = next((v for k, v in attributes.items() if k.endswith(":id")), "")
            self._sheets[attributes.get("name", "")] = link
        elif local == "Relationship" and self._is_link_part:
            self._links[attributes.get("Id", "")] = attributes.get("Target", "")

    def _cell(self, attributes: Mapping[str, str]) -> None:
        self._note_missing_value()
        self._column += 1
        if reference := _REFERENCE.fullmatch(attributes.get("r", "")):
            self._column = number_of(reference[1].upper())
            self._row = int(reference[2])
        self._is_error = attributes.get("t") == "e"

    def _value(self) -> None:
        """Count a cell that holds something; merely formatted ones cost nothing."""
        self._is_waiting = False
        self._cells += 1
        if self._cells > MOST_CELLS:
            raise StatementTooLarge(Excess.CELLS, MOST_CELLS)
        extent = self._extent
        if self._is_error:
            extent.without_value.add((self._row, self._column))
        extent.rows = max(extent.rows, self._row)
        extent.columns = max(extent.columns, self._column)
        if extent.rows > MOST_ROWS:
            raise StatementTooLarge(Excess.ROWS, MOST_ROWS)
        if extent.rows * extent.columns > MOST_EXTENT:
            raise StatementTooLarge(Excess.EXTENT, MOST_EXTENT)

    def _note_missing_value(self) -> None:
        if self._is_waiting:
            self._extent.without_value.add((self._row, self._column))
        self._is_waiting = False

    def _merge(self, reference: str) -> None:
        corners = [_corner(part) for part in reference.split(":")]
        height, width = (max(of) - min(of) + 1 for of in zip(*corners, strict=True))
        extent = self._extent
        extent.merged_rows += height
        extent.merged_cells += height * width
        if extent.merged_rows > MOST_MERGED_ROWS:
            raise StatementTooLarge(Excess.MERGED_ROWS, MOST_MERGED_ROWS)
        if extent.merged_cells > MOST_MERGED_CELLS:
            raise StatementTooLarge(Excess.EXTENT, MOST_MERGED_CELLS)


def _corner(reference: str) -> tuple[int, int]:
    """Return row and column of a corner; of one that is none, the first cell."""
    place = _REFERENCE.fullmatch(reference.replace("$", ""))
    return (int(place[2]), number_of(place[1].upper())) if place else (1, 1)


def _refuse_doctype(*_: object) -> None:
    raise StatementNotSpreadsheet(Refusal.STRANGE_XML)


def _number(text: str | None, default: int) -> int:
    is_number = (
        text is not None
        and text.isascii()
        and text.isdigit()
        and len(text) <= _LONGEST_NUMBER
    )
    return int(text) if is_number and text else default


def _path_of(target: str) -> str:
    target = target.lower().replace("\\", "/")
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
