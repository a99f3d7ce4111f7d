"""Sheets for tests: rows of plain values as the cells of a statement."""

from collections.abc import Sequence
from datetime import date

from attribution.ids import SigningId
from attribution.money import WHOLE, BasisPoints, Fen
from attribution.reconciliation.columns import header_of
from attribution.reconciliation.lines import lines_of
from attribution.reconciliation.owed import OwedLine
from attribution.reconciliation.statement import (
    Cell,
    CellKind,
    Line,
    Merge,
    SheetCells,
    SheetReading,
    Statement,
)

Value = str | int | float | date | None


def a_cell(value: Value, row: int = 1, column: int = 1) -> Cell:
    if isinstance(value, str):
        kind = CellKind.ERROR if value == "#ERROR" else CellKind.TEXT
        return Cell(row, column, kind, value)
    if isinstance(value, date):
        return Cell(row, column, CellKind.DATE, value.isoformat())
    return Cell(row, column, CellKind.NUMBER, repr(value).removesuffix(".0"))


def a_sheet(
    *rows: Sequence[Value], merges: Sequence[Merge] = (), name: str = "明细"
) -> SheetCells:
    cells = {
        number: {
            column: a_cell(value, number, column)
            for column, value in enumerate(row, start=1)
            if value is not None
        }
        for number, row in enumerate(rows, start=1)
    }
    filled = {number: row for number, row in cells.items() if row}
    return SheetCells(name=name, rows=filled, merges=tuple(merges))


def lines_in(sheet: SheetCells) -> tuple[SheetReading, list[Line]]:
    header = header_of(sheet)
    assert header is not None
    return lines_of(sheet, header)


def a_statement(*rows: Sequence[Value]) -> Statement:
    """A statement with the columns unit, amount, price and date."""
    head = ("房号", "佣金", "总价", "签约日期")
    reading, lines = lines_in(a_sheet(head, *rows))
    return Statement(
        filename="a.xlsx",
        encoding="xlsx",
        sheets=(reading,),
        ignored_sheets=(),
        lines=tuple(lines),
    )


def a_debt(  # one value for each field of the line
    signing_id: str = "s1",
    unit: str = "3-1-1201",
    *,
    yuan: float = 36750,
    price: int = 2_450_000,
    on: date | None = date(2026, 3, 1),
    reason: str = "",
    share: BasisPoints = WHOLE,
) -> OwedLine:
    return OwedLine(
        signing_id=SigningId(signing_id),
        unit=unit,
        signed_on=on,
        price=Fen(price * 100),
        amount=Fen(round(yuan * 100)),
        reason=reason,
        share=share,
    )
