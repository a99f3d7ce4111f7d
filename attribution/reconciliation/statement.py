"""A statement (结算单) as it was read: cells with their address, lines, doubts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from attribution.money import Fen
from attribution.reconciliation.units import UnitReading


class CellKind(StrEnum):
    """What the spreadsheet itself says a cell is."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    LOGICAL = "logical"
    ERROR = "error"  # #REF!, or a formula whose value was never computed


class Cell(NamedTuple):
    """One cell that is not empty; row and column count from 1."""

    row: int
    column: int
    kind: CellKind
    text: str

    @property
    def address(self) -> str:
        """The cell's name in the spreadsheet, as `C7`."""
        return address_of(self.row, self.column)


class Merge(NamedTuple):
    """A range of merged cells, both corners inside, counting from 1."""

    top: int
    left: int
    bottom: int
    right: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SheetCells:
    """The cells of one sheet: row → column → cell."""

    name: str
    rows: Mapping[int, Mapping[int, Cell]] = field(repr=False)
    merges: tuple[Merge, ...] = ()
    is_hidden: bool = False

    def merges_by_row(self, rows: Iterable[int]) -> dict[int, list[Merge]]:
        """Return the merged ranges that each of some rows is in."""
        found: dict[int, list[Merge]] = {row: [] for row in rows}
        for merge in self.merges:
            for row in range(merge.top, merge.bottom + 1):
                if row in found:
                    found[row].append(merge)
        return found


class Column(StrEnum):
    """What a column of a statement means."""

    UNIT = "unit"
    AMOUNT = "amount"
    PRICE = "price"
    BUILDING = "building"
    SECTION = "section"
    CLIENT = "client"
    AGENT = "agent"
    SIGNED_ON = "signed_on"


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnChoice:
    """Which column of the sheet was taken for what, and the header that says so."""

    column: Column
    cell: str
    header: str
    scale: int = 1  # yuan in one of the column's units: 10 000 under （万元）


@dataclass(frozen=True, kw_only=True, slots=True)
class ChosenSheet:
    """How a person wants a sheet read: meaning → number of the column.

    `header_row` is the row of the header, 0 where there is none; None leaves it to us.
    """

    columns: Mapping[Column, int]
    header_row: int | None = None


ChosenColumns = Mapping[str, ChosenSheet]
"""By the name of the sheet. One that is not named is not read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProposedColumn:
    """A column as a person is asked about it: its header, what we take it for.

    `first` are the values below the header, as text; a client's name is masked, and
    numbers that may be somebody's are covered.
    """

    number: int
    header: str
    column: Column | None
    first: tuple[str, ...] = field(repr=False)

    @property
    def letters(self) -> str:
        """The column's name in the spreadsheet."""
        return letters_of(self.number)


@dataclass(frozen=True, kw_only=True, slots=True)
class SheetProposal:
    """How we would read a sheet, to be confirmed before anything is stored.

    `header_row` is None where no header was recognised: the person says which row it
    is, 0 for none. `first_rows` are the sheet's first rows, by their number, to find
    it among; names and numbers that may be somebody's are covered there.
    """

    name: str
    header_row: int | None
    columns: tuple[ProposedColumn, ...]
    first_rows: tuple[tuple[int, tuple[str, ...]], ...] = field(default=(), repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Doubt:
    """One cell that could not be read, or only with a reservation."""

    cell: str
    column: Column
    reason: str
    read: str
    expected: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One claim of the statement: a unit and what is asked for it.

    The client's name is masked when it is read (张**) and never kept.
    """

    sheet: str
    row: int
    unit: UnitReading
    unit_cell: str
    amount_cell: str
    amount: Fen | None
    price: Fen | None = None
    signed_on: date | None = None
    client: str = field(default="", repr=False)
    agent: str = field(default="", repr=False)
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class StatedTotal:
    """A subtotal or total that the statement states about itself (小计, 合计)."""

    cell: str
    label: str
    amount: Fen | None


@dataclass(frozen=True, kw_only=True, slots=True)
class SheetReading:
    """How one sheet was understood; shown to the person who uploaded it."""

    name: str
    header_row: int
    choices: tuple[ColumnChoice, ...]
    blank_rows: int
    repeated_headers: int
    note_rows: tuple[int, ...]
    totals: tuple[StatedTotal, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """A channel's statement, read whole."""

    filename: str
    encoding: str  # "xlsx", "utf-8-sig", "utf-8" or "gb18030"
    sheets: tuple[SheetReading, ...]
    ignored_sheets: tuple[str, ...]
    lines: tuple[Line, ...] = field(repr=False)


def address_of(row: int, column: int) -> str:
    """Name a cell as spreadsheets do: row 7, column 3 is `C7`."""
    return f"{letters_of(column)}{row}"


def number_of(letters: str) -> int:
    """Return the number of a column by its name: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number


def letters_of(column: int) -> str:
    """Name a column: 1 is A, 27 is AA, 16 384 is XFD."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
