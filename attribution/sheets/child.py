"""The process that opens a workbook, alone, under limits of memory and time.

A workbook on standard input, JSON on standard output. It trusts nothing, and its
parent trusts only the JSON. Formulas are never evaluated: what a cell shows is the
value that was saved with it.
"""

import io
import json
import math
import resource
import sys
from datetime import date, datetime
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
    load_workbook,
)

from attribution.errors import StatementNotSpreadsheet, StatementTooLarge
from attribution.reconciliation.statement import CellKind
from attribution.sheets.extent import Extent, extents_of
from attribution.sheets.guard import Excess, Refusal

MEMORY_BYTES = 512 * 1024 * 1024
CPU_SECONDS = 8
MOST_TEXT = 64 * 1024 * 1024  # characters in all cells; shared strings repeat for free
ERROR_TEXT = "#ERROR"


def main() -> None:
    """Read standard input, write one JSON object."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.write(answer_to(sys.stdin.buffer.read()))


def answer_to(data: bytes) -> str:
    """Return the sheets of a workbook as JSON, or the reason why it is refused."""
    try:
        return _written({"sheets": sheets_of(data)})
    except StatementTooLarge as excess:
        return _written({"excess": excess.reason, "limit": excess.limit})
    except StatementNotSpreadsheet as refusal:
        return _written({"refusal": refusal.reason})
    except MemoryError:
        return _written({"excess": Excess.RESOURCES, "limit": MEMORY_BYTES})


def _written(answer: dict[str, Any]) -> str:
    # Plain ASCII: whatever the locale of the process, the parent reads the same.
    return json.dumps(answer, separators=(",", ":"))


def sheets_of(data: bytes) -> list[dict[str, Any]]:
    """Return every worksheet: its name, its cells by row, its merged ranges."""
    extents = extents_of(data)
    try:
        workbook = load_workbook(io.BytesIO(data))
        return _sheets(workbook, extents)
    except PasswordError:
        raise StatementNotSpreadsheet(Refusal.ENCRYPTED) from None
    except CalamineError:
        raise StatementNotSpreadsheet(Refusal.BROKEN) from None


def _sheets(
    workbook: CalamineWorkbook, extents: dict[str, Extent]
) -> list[dict[str, Any]]:
    sheets, budget = [], MOST_TEXT
    for number, metadata in enumerate(workbook.sheets_metadata):
        if metadata.typ is not SheetTypeEnum.WorkSheet:
            continue
        sheet = workbook.get_sheet_by_index(number)
        rows = _rows(sheet, extents.get(metadata.name, Extent()), budget)
        budget -= sum(len(text) for _, cells in rows for _, _, text in cells)
        sheets.append(
            {
                "name": metadata.name,
                "hidden": metadata.visible is not SheetVisibleEnum.Visible,
                "rows": rows,
                "merges": [
                    [top + 1, left + 1, bottom + 1, right + 1]
                    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
                ],
            }
        )
    return sheets


def _rows(
    sheet: CalamineSheet, extent: Extent, budget: int
) -> list[tuple[int, list[tuple[int, CellKind, str]]]]:
    """Return the rows that hold anything, cells as (column, kind, text)."""
    errors: dict[int, set[int]] = {}
    for row, column in extent.without_value:
        errors.setdefault(row, set()).add(column)
    rows = []
    # The reader's rows begin at row 1 of the sheet, but at the first column in use.
    left = sheet.start[1] if sheet.start else 0
    height = sheet.end[0] + 1 if sheet.end else 0
    values = sheet.iter_rows()
    for row in range(1, max([height, *errors]) + 1):
        lost = errors.get(row, set())
        cells = dict.fromkeys(lost, (CellKind.ERROR, ERROR_TEXT))
        for column, value in enumerate(next(values, ()), start=left + 1):
            if value != "" and column not in lost:
                cells[column] = cell_of(value)
        budget -= sum(len(text) for _, text in cells.values())
        if budget < 0:
            raise StatementTooLarge(Excess.BYTES, MOST_TEXT)
        if cells:
            rows.append((row, [(c, *cells[c]) for c in sorted(cells)]))
    return rows


def cell_of(value: object) -> tuple[CellKind, str]:
    """Return the kind and the text of a value, numbers without a needless .0."""
    if isinstance(value, str):
        return CellKind.TEXT, value
    if isinstance(value, bool):
        return CellKind.LOGICAL, str(value).upper()
    if isinstance(value, int | float) and math.isfinite(value):
        return CellKind.NUMBER, repr(value).removesuffix(".0")
    if isinstance(value, datetime):
        return CellKind.DATE, value.date().isoformat()
    if isinstance(value, date):
        return CellKind.DATE, value.isoformat()
    return CellKind.ERROR, str(value)


if __name__ == "__main__":
    main()
