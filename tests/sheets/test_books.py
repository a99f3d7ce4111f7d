"""The books as .csv and .xlsx: every posting, and no cell that is a formula."""

import csv
import io

from openpyxl import load_workbook

from attribution.ids import SigningId
from attribution.ledger.entries import trial_balance
from attribution.sheets.books import (
    COLUMNS,
    TRIAL_COLUMNS,
    Books,
    book_label_keys,
    write_books,
    write_journal_csv,
)
from tests.attribution.test_ledger_check import JOURNAL
from tests.ledger_facts import SHANGHAI

HOSTILE = '=HYPERLINK("http://evil")'
BOOKS = Books(
    journal=JOURNAL,
    units={SigningId("d"): "3-1-1201", SigningId("e"): "+3-1-1202"},
    names={"channel:A": HOSTILE, "channel:B": "＝乙"},
    zone=SHANGHAI,
)
LABELS = {key: f"«{key}»" for key in book_label_keys()}
POSTINGS = [one for entry in JOURNAL for one in entry.postings]


def fen(text: str) -> int:
    return int(text.replace(".", "") or 0)


def test_the_csv_has_a_line_for_each_posting() -> None:
    text = write_journal_csv(BOOKS).decode("utf-8-sig")

    rows = list(csv.DictReader(io.StringIO(text)))

    assert tuple(rows[0]) == COLUMNS
    amounts = [fen(row["debit"]) - fen(row["credit"]) for row in rows]
    assert amounts == [one.amount for one in POSTINGS]
    assert rows[0]["recorded"] == "2026-03-01T00:00:00+08:00"
    assert rows[0]["unit"] == "3-1-1201"
    assert {row["concerns"] for row in rows} == {"", "2026-03"}
    assert {row["milestone"] for row in rows} == {"", "contract", "handover"}


def test_no_cell_of_the_csv_begins_as_a_formula() -> None:
    text = write_journal_csv(BOOKS).decode("utf-8-sig")

    cells = {cell for row in csv.reader(io.StringIO(text)) for cell in row}

    assert "'" + HOSTILE in cells
    assert not [cell for cell in cells if cell.startswith(tuple("=+-@＝\t"))]


def test_the_workbook_has_the_journal_and_the_trial_balance() -> None:
    book = load_workbook(io.BytesIO(write_books(BOOKS, LABELS)))

    trial, journal = (list(sheet.values) for sheet in book.worksheets)

    assert book.sheetnames == ["«sheet_trial»", "«sheet_journal»"]
    assert journal[0] == tuple(f"«column.{key}»" for key in COLUMNS)
    assert len(journal) == 1 + len(POSTINGS)
    lines = trial_balance(JOURNAL)
    found = [
        tuple(round(100 * float(str(cell))) for cell in row[2:]) for row in trial[1:]
    ]
    assert trial[0] == tuple(f"«column.{key}»" for key in TRIAL_COLUMNS)
    assert found == [(one.debit, one.credit, one.balance) for one in lines]


def test_every_cell_of_the_workbook_is_a_text_or_an_amount() -> None:
    book = load_workbook(io.BytesIO(write_books(BOOKS, {})))

    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]

    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert not [cell for cell in cells if cell.hyperlink]
    values = {cell.value for cell in cells}
    assert {"'" + HOSTILE, "'＝乙", "buyers +3-1-1202", "'+3-1-1202"} <= values
    assert "channel:C" in values


def test_books_of_nothing_are_written_too() -> None:
    nothing = Books(journal=(), units={}, names={}, zone=SHANGHAI)

    book = load_workbook(io.BytesIO(write_books(nothing, LABELS)))

    assert [sheet.max_row for sheet in book] == [1, 1]
    assert write_journal_csv(nothing).decode("utf-8-sig").count("\r\n") == 1
