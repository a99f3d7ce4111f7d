"""A statement (结算单) from an upload: read whole or refused whole, never in part.

Source: docs/specs/reconciliation.md §1 and §6.
"""

import codecs
import csv
import io
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attribution.errors import (
    EncodingUnknown,
    HeaderNotFound,
    InputInvalid,
    StatementNotSpreadsheet,
    StatementTooLarge,
    StatementUnreadable,
)
from attribution.reconciliation.cells import covered
from attribution.reconciliation.columns import Header, header_of, proposal_of
from attribution.reconciliation.lines import lines_of
from attribution.reconciliation.statement import (
    Cell,
    CellKind,
    ChosenColumns,
    Column,
    Line,
    Merge,
    SheetCells,
    SheetProposal,
    SheetReading,
    Statement,
)
from attribution.sheets import guard

WALL_SECONDS = 20
LONGEST_FILENAME = 120
SEPARATORS = ",;\t"
NOT_A_TABLE = "NOT_A_TABLE"  # a quotation mark that never closes, an endless cell
_ROOT = Path(__file__).parents[2]
_COMMAND = (sys.executable, "-m", "attribution.sheets.child")
_SAMPLE = 64 * 1024
# First bytes of GB18030's punctuation and full-width forms, and of its common Hanzi.
_COMMON_LEADS = {0xA1, 0xA3, *range(0xB0, 0xD8)}
_COMMON_SHARE = 0.7


def propose_columns(
    data: bytes, filename: str, header_rows: Mapping[str, int] | None = None
) -> tuple[SheetProposal, ...]:
    """Return how the sheets of an upload would be read, for a person to confirm.

    Where no sheet has a header that we know, all that could be a table (unit and amount
    in two columns) are proposed with their first rows.

    Args:
        header_rows: by the sheet, the row that a person takes for its header.

    Raises:
        HeaderNotFound: no sheet could be a statement.
        InputInvalid: a header row that is not there.
        StatementNotSpreadsheet, StatementTooLarge, EncodingUnknown,
        StatementUnreadable: as `read_statement`.
    """
    _, _, sheets = _opened(data, filename)
    rows = header_rows or {}
    seen = [sheet for sheet in sheets if not sheet.is_hidden and _is_table(sheet)]
    for sheet in seen:
        _check_header_row(sheet, rows.get(sheet.name))
    found = [proposal_of(sheet, rows.get(sheet.name)) for sheet in seen]
    if not found:
        raise HeaderNotFound(tuple(sheet.name for sheet in sheets))
    known = tuple(one for one in found if one.header_row is not None)
    return known or tuple(found)


def read_statement(
    data: bytes, filename: str, chosen: ChosenColumns | None = None
) -> Statement:
    """Return the statement in an upload, by its bytes and never by its name.

    Args:
        chosen: the columns that a person has confirmed. A sheet that is not named
            there is not read.

    Raises:
        InputInvalid: what was chosen is not in the file, or is no choice.
        StatementNotSpreadsheet: no .xlsx and no text table, or not safe to open.
        StatementTooLarge: reading it would take too much.
        EncodingUnknown: text that is neither UTF-8 nor GB18030.
        HeaderNotFound: no sheet names a unit column and an amount column.
        StatementUnreadable: what it says cannot be followed at a named cell.
    """
    name, encoding, sheets = _opened(data, filename)
    if chosen is not None:
        _check_choice(chosen, sheets)
    readings: list[SheetReading] = []
    lines: list[Line] = []
    for sheet in sheets:
        header = _header(sheet, chosen)
        if header is not None:
            reading, found = lines_of(sheet, header)
            readings.append(reading)
            lines += found
    names = {reading.name for reading in readings}
    ignored = tuple(sheet.name for sheet in sheets if sheet.name not in names)
    if not readings:
        raise HeaderNotFound(ignored)
    return Statement(
        filename=name,
        encoding=encoding,
        sheets=tuple(readings),
        ignored_sheets=ignored,
        lines=tuple(lines),
    )


def name_of(filename: str) -> str:
    """Return a file's name as it may be shown and kept: no folder, no numbers."""
    return covered(Path(filename.replace("\\", "/")).name[:LONGEST_FILENAME])


def _opened(data: bytes, filename: str) -> tuple[str, str, list[SheetCells]]:
    """Return the name, the encoding and the sheets of an upload."""
    kind, name = guard.kind_of(data), name_of(filename)
    if kind is guard.Kind.WORKBOOK:
        return name, kind.value, workbook_cells(data)
    encoding, sheets = text_cells(data, name)
    return name, encoding, sheets


def _header(sheet: SheetCells, chosen: ChosenColumns | None) -> Header | None:
    if sheet.is_hidden:
        return None
    if chosen is None:
        return header_of(sheet)
    return header_of(sheet, chosen[sheet.name]) if sheet.name in chosen else None


def _check_choice(chosen: ChosenColumns, sheets: list[SheetCells]) -> None:
    if chosen.keys() - {sheet.name for sheet in sheets}:
        raise InputInvalid("columns", "names a sheet that is not there")
    for sheet in sheets:
        if sheet.name in chosen:
            _check_header_row(sheet, chosen[sheet.name].header_row)
    for one in chosen.values():
        columns = one.columns
        if not {Column.UNIT, Column.AMOUNT} <= columns.keys():
            raise InputInvalid("columns", "must name unit and amount")
        if len(set(columns.values())) < len(columns):
            raise InputInvalid("columns", "names one column twice")


def _is_table(sheet: SheetCells) -> bool:
    return any(len(row) > 1 for row in sheet.rows.values())


def _check_header_row(sheet: SheetCells, row: int | None) -> None:
    if row and row not in sheet.rows:
        raise InputInvalid("columns", "names a header row that is not there")


def workbook_cells(data: bytes) -> list[SheetCells]:
    """Return the sheets of a workbook, parsed by a process with limits of its own."""
    guard.check_archive(data)
    try:
        done = subprocess.run(  # noqa: S603  # a fixed command, no shell
            _COMMAND,
            input=data,
            capture_output=True,
            timeout=WALL_SECONDS,
            check=False,
            cwd=_ROOT,
            env={"PYTHONPATH": str(_ROOT), "LC_ALL": "C.UTF-8"},
        )
    except subprocess.TimeoutExpired:
        raise StatementTooLarge(guard.Excess.RESOURCES, WALL_SECONDS) from None
    if done.returncode < 0:
        # Killed by a limit: the reader asked for more memory or time than it may have.
        raise StatementTooLarge(guard.Excess.RESOURCES, WALL_SECONDS)
    if done.returncode > 0:
        raise StatementNotSpreadsheet(guard.Refusal.BROKEN)
    return _sheets(json.loads(done.stdout))


def text_cells(data: bytes, name: str) -> tuple[str, list[SheetCells]]:
    """Return the encoding of a text table and its one sheet.

    The separator is the one that the first rows use most; a quote that never closes
    is an error, not the rest of the file.
    """
    encoding, text = decoded(data)
    sample = text[:_SAMPLE]
    separator = max(SEPARATORS, key=sample.count)
    if text.count(separator) + text.count("\n") > guard.MOST_CELLS:
        raise StatementTooLarge(guard.Excess.CELLS, guard.MOST_CELLS)
    table = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: dict[int, dict[int, Cell]] = {}
    try:
        for number, fields in enumerate(table, start=1):
            if number > guard.MOST_ROWS:
                raise StatementTooLarge(guard.Excess.ROWS, guard.MOST_ROWS)
            if row := _text_row(number, fields):
                rows[number] = row
    except csv.Error:
        place = f"A{table.line_num}"
        raise StatementUnreadable(NOT_A_TABLE, sheet=name, cell=place) from None
    return encoding, [SheetCells(name=name, rows=rows)]


def _text_row(number: int, fields: list[str]) -> dict[int, Cell]:
    return {
        column: Cell(number, column, CellKind.TEXT, value)
        for column, value in enumerate(fields, start=1)
        if value.strip()
    }


def decoded(data: bytes) -> tuple[str, str]:
    """Decode strictly: a byte order mark, else UTF-8, else GB18030, else not at all."""
    for encoding in _encodings(data):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding != "gb18030" or _is_chinese(text):
            return encoding, text
    raise EncodingUnknown


def _encodings(data: bytes) -> tuple[str, ...]:
    if data.startswith(guard.UTF_16_MARKS):
        return ("utf-16",)
    if data.startswith(codecs.BOM_UTF8):
        return ("utf-8-sig",)
    return ("utf-8", "gb18030")


def _is_chinese(text: str) -> bool:
    """Say whether text read as GB18030 is Chinese, and not another code by accident.

    Almost any bytes are valid GB18030. Big5 or Latin-1 read so are characters that
    nobody writes, so most must be punctuation or of the 3 755 common ones.
    """
    wide = [character for character in text[:_SAMPLE] if character > "\x7f"]
    leads = [character.encode("gb18030")[0] for character in wide]
    common = [lead for lead in leads if lead in _COMMON_LEADS]
    return len(common) >= len(wide) * _COMMON_SHARE


def _sheets(answer: Mapping[str, Any]) -> list[SheetCells]:
    if "refusal" in answer:
        raise StatementNotSpreadsheet(answer["refusal"])
    if "excess" in answer:
        raise StatementTooLarge(answer["excess"], answer["limit"])
    return [
        SheetCells(
            name=covered(sheet["name"]),
            rows={
                row: {c: Cell(row, c, CellKind(kind), text) for c, kind, text in cells}
                for row, cells in sheet["rows"]
            },
            merges=tuple(Merge(*corners) for corners in sheet["merges"]),
            is_hidden=sheet["hidden"],
        )
        for sheet in answer["sheets"]
    ]
