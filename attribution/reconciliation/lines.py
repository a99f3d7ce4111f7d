"""From the cells of a sheet to the lines of a statement; nothing is left out unsaid.

Source: docs/specs/reconciliation.md §6.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from attribution.money import Fen
from attribution.reconciliation.cells import (
    EXCEL_DIGITS,
    CellDoubt,
    masked,
    plain_text,
    read_amount,
    read_date,
    shown,
)
from attribution.reconciliation.columns import Header
from attribution.reconciliation.statement import (
    Cell,
    CellKind,
    Column,
    Doubt,
    Line,
    Merge,
    SheetCells,
    SheetReading,
    StatedTotal,
    address_of,
)
from attribution.reconciliation.units import (
    UnitDoubt,
    UnitReading,
    read_unit,
    worded,
)

EXPECTED = {
    Column.AMOUNT: "36750.00, 3.675万, 叁万陆仟柒佰伍拾元整",
    Column.PRICE: "2450000.00, 245万, 贰佰肆拾伍万元整",
    Column.SIGNED_ON: "2026-03-01, 2026年3月1日",
    Column.UNIT: "3-1-1201, 3栋1单元1201",
}
_TOTAL = re.compile("(?:小计|合计|总计|共计|累计|总合计|SUBTOTAL|TOTAL)[:：]?$")
_NOTE = re.compile(
    "制表|审核|复核|盖章|签字|签章|备注|说明|注:|开户|账号|日期:|单位:|经办"
)
_YEAR = re.compile("(20[0-9]{2})年")
_FILLED = {
    Column.UNIT, Column.BUILDING, Column.SECTION,
    Column.CLIENT, Column.AGENT, Column.SIGNED_ON,
}  # fmt: skip


@dataclass(slots=True)
class _Body:
    """What has been sorted so far, while the rows are gone through."""

    lines: list[Line] = field(default_factory=list)
    totals: list[StatedTotal] = field(default_factory=list)
    notes: list[int] = field(default_factory=list)
    repeated_headers: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Table:
    """A sheet with its header, its row merges and the year it is about."""

    sheet: SheetCells
    header: Header
    merges: Mapping[int, Sequence[Merge]]
    year: int | None

    def cell(self, cells: Mapping[int, Cell], column: Column) -> Cell | None:
        """Return the cell of a meaning, if the sheet has that column."""
        return cells.get(self.header.columns.get(column, 0))


def lines_of(sheet: SheetCells, header: Header) -> tuple[SheetReading, list[Line]]:
    """Return every line below the header, and count every row that is none."""
    table = _Table(
        sheet=sheet,
        header=header,
        merges=sheet.merges_by_row(sheet.rows),
        year=_year_of(sheet, header),
    )
    body = _Body()
    rows = [row for row in sorted(sheet.rows) if row > header.last_row]
    for row in rows:
        _sort_row(table, row, body)
    last = rows[-1] if rows else header.last_row
    reading = SheetReading(
        name=sheet.name,
        header_row=header.last_row,
        choices=header.choices,
        blank_rows=last - header.last_row - len(rows),
        repeated_headers=body.repeated_headers,
        note_rows=tuple(body.notes),
        totals=tuple(body.totals),
    )
    return reading, body.lines


def _sort_row(table: _Table, row: int, body: _Body) -> None:
    cells = _cells_of(table, row)
    unit = _unit_of(table, cells)
    label = _total_label(cells, unit)
    if label is not None:
        amount = table.cell(cells, Column.AMOUNT)
        scale = table.header.scale_of(Column.AMOUNT)
        body.totals.append(
            StatedTotal(
                cell=_address(table, row, Column.AMOUNT),
                label=shown(label),
                amount=read_amount(amount, scale).amount,
            )
        )
    elif _is_header(table, cells):
        body.repeated_headers += 1
    elif _is_note(table, cells, unit):
        body.notes.append(row)
    else:
        body.lines.append(_line(table, row, cells, unit))


def _cells_of(table: _Table, row: int) -> dict[int, Cell]:
    """Return a row's cells; merged keys reach down, merged amounts do not."""
    cells = dict(table.sheet.rows[row])
    keys = {n for column, n in table.header.columns.items() if column in _FILLED}
    for merge in table.merges.get(row, ()):
        value = table.sheet.rows.get(merge.top, {}).get(merge.left)
        if value is not None:
            span = keys.intersection(range(merge.left, merge.right + 1))
            cells.update(dict.fromkeys(span, value))
    return cells


def _year_of(sheet: SheetCells, header: Header) -> int | None:
    """Return the one year that the title rows and the sheet's name speak of."""
    titles = [sheet.name]
    for row in sorted(sheet.rows):
        if row < header.first_row:
            titles += [plain_text(cell.text) for cell in sheet.rows[row].values()]
    years = {int(year) for title in titles for year in _YEAR.findall(title)}
    return years.pop() if len(years) == 1 else None


def _unit_of(table: _Table, cells: Mapping[int, Cell]) -> UnitReading:
    cell = table.cell(cells, Column.UNIT)
    text = _unit_text(cell)
    if text is None:
        read = shown(cell.text) if cell else ""
        return UnitReading(text=read, doubt=UnitDoubt.NOT_TEXT, detail=read)
    parts = [
        worded(_whole_number(part), word)
        for column, word in ((Column.BUILDING, "栋"), (Column.SECTION, "单元"))
        if (part := table.cell(cells, column)) is not None
    ]
    if not parts or not text:
        return read_unit(text)
    together, alone = read_unit("-".join([*parts, text])), read_unit(text)
    if alone.normal is None or together.normal == alone.normal:
        return together
    # The room column names a unit; what the columns beside it say must be true of it.
    said = read_unit("-".join([*parts, str(alone.name.room if alone.name else "")]))
    if said.name and alone.name and said.name.fits(alone.name):
        return alone
    if said.name and alone.name and alone.name.fits(said.name):
        return said
    return UnitReading(
        text=text, doubt=UnitDoubt.COLUMNS_DISAGREE, detail=together.text
    )


def _unit_text(cell: Cell | None) -> str | None:
    """Return the unit as text; None for a date or a number that lost its digits."""
    if cell is None:
        return ""
    is_date = cell.kind in {CellKind.DATE, CellKind.LOGICAL, CellKind.ERROR}
    text = _whole_number(cell)
    is_broken = cell.kind is CellKind.NUMBER and not (
        text.isdigit() and len(text) < EXCEL_DIGITS
    )
    return None if is_date or is_broken else text


def _whole_number(cell: Cell) -> str:
    text = cell.text.strip()
    return text.removesuffix(".0") if cell.kind is CellKind.NUMBER else text


def _total_label(cells: Mapping[int, Cell], unit: UnitReading) -> str | None:
    if unit.normal is not None:
        return None
    for number in sorted(cells):
        text = plain_text(cells[number].text).upper()
        if cells[number].kind is CellKind.TEXT and _TOTAL.search(text):
            return text
    return None


def _is_header(table: _Table, cells: Mapping[int, Cell]) -> bool:
    header = table.sheet.rows.get(table.header.last_row, {})
    numbers = [table.header.columns[c] for c in (Column.UNIT, Column.AMOUNT)]
    return all(
        n in cells and n in header and cells[n].text == header[n].text for n in numbers
    )


def _is_note(table: _Table, cells: Mapping[int, Cell], unit: UnitReading) -> bool:
    """Say whether a row only talks: no money in it, and no unit."""
    money = [table.cell(cells, column) for column in (Column.AMOUNT, Column.PRICE)]
    if unit.normal is not None or any(
        read_amount(cell).amount is not None for cell in money
    ):
        return False
    texts = [plain_text(cell.text) for cell in cells.values()]
    return len(set(texts)) == 1 or any(_NOTE.search(text) for text in texts)


def _line(
    table: _Table, row: int, cells: Mapping[int, Cell], unit: UnitReading
) -> Line:
    doubts: list[Doubt] = []
    if unit.normal is None:
        doubts.append(_doubt(table, row, Column.UNIT, unit.doubt or "", unit.text))
    amount = _money(table, row, cells, Column.AMOUNT, doubts)
    price = _money(table, row, cells, Column.PRICE, doubts)
    return Line(
        sheet=table.sheet.name,
        row=row,
        unit=unit,
        unit_cell=_address(table, row, Column.UNIT),
        amount_cell=_address(table, row, Column.AMOUNT),
        amount=amount,
        price=price,
        signed_on=_day(table, row, cells, doubts),
        client=masked(_text(table, cells, Column.CLIENT)),
        agent=shown(_text(table, cells, Column.AGENT)),
        doubts=tuple(doubts),
    )


def _money(
    table: _Table,
    row: int,
    cells: Mapping[int, Cell],
    column: Column,
    doubts: list[Doubt],
) -> Fen | None:
    if column not in table.header.columns:
        return None
    if _spans_rows(table, row, column):
        doubts.append(_doubt(table, row, column, CellDoubt.MERGED_OVER_ROWS, ""))
        return None
    cell = table.cell(cells, column)
    reading = read_amount(cell, table.header.scale_of(column))
    if reading.doubt and not (
        reading.doubt is CellDoubt.EMPTY and column is Column.PRICE
    ):
        text = cell.text if cell else ""
        doubts.append(_doubt(table, row, column, reading.doubt, text))
    return reading.amount


def _spans_rows(table: _Table, row: int, column: Column) -> bool:
    number = table.header.columns[column]
    return any(
        merge.top < merge.bottom and merge.left <= number <= merge.right
        for merge in table.merges.get(row, ())
    )


def _day(
    table: _Table, row: int, cells: Mapping[int, Cell], doubts: list[Doubt]
) -> date | None:
    cell = table.cell(cells, Column.SIGNED_ON)
    reading = read_date(cell, table.year)
    if cell is not None and reading.doubt not in {None, CellDoubt.EMPTY}:
        doubts.append(
            _doubt(table, row, Column.SIGNED_ON, reading.doubt or "", cell.text)
        )
    return reading.on


def _text(table: _Table, cells: Mapping[int, Cell], column: Column) -> str:
    cell = table.cell(cells, column)
    return cell.text if cell is not None else ""


def _doubt(table: _Table, row: int, column: Column, reason: str, read: str) -> Doubt:
    return Doubt(
        cell=_address(table, row, column),
        column=column,
        reason=str(reason),
        read=shown(read),
        expected=EXPECTED[column],
    )


def _address(table: _Table, row: int, column: Column) -> str:
    return address_of(row, table.header.columns[column])
