"""The journal and the trial balance as .csv and .xlsx: cells that are never formulas.

Source: docs/specs/ledger.md §6. What the words are is decided by `labels`.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from xlsxwriter.worksheet import Worksheet

from attribution.commissions import MilestoneKind
from attribution.ids import SigningId
from attribution.ledger.entries import AccountKind, Entry, EntryKind, trial_balance
from attribution.ledger.facts import Component
from attribution.money import Fen, yuan_text
from attribution.sheets.writing import label, new_workbook, safe_text, yuan

COLUMNS = (
    "recorded", "month", "concerns", "kind", "unit", "payee", "component",
    "milestone", "account", "debit", "credit", "key", "cause", "undoes",
)  # fmt: skip
TRIAL_COLUMNS = ("account", "payee", "debit", "credit", "balance")
MONEY = ("debit", "credit", "balance")
TRIAL, JOURNAL = "sheet_trial", "sheet_journal"
_WIDTH = 18
_Row = Mapping[str, str | Fen]


@dataclass(frozen=True, kw_only=True, slots=True)
class Books:
    """A journal, and what its ids are called: homes by the deal, channels as payees.

    `zone` is whose calendar gives the time of an entry.
    """

    journal: Sequence[Entry]
    units: Mapping[SigningId, str]
    names: Mapping[str, str]
    zone: ZoneInfo


def write_journal_csv(books: Books) -> bytes:
    """Return a line for each posting, UTF-8 with a mark, named as in the code."""
    target = io.StringIO()
    writer = csv.DictWriter(target, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for row in _postings(books, {}):
        writer.writerow({key: _csv_cell(value) for key, value in row.items()})
    return target.getvalue().encode("utf-8-sig")


def write_books(books: Books, labels: Mapping[str, str]) -> bytes:
    """Return a workbook: the trial balance, and a line for each posting.

    Args:
        labels: words by the keys of `book_label_keys`. A missing key shows itself.
    """
    target = io.BytesIO()
    workbook = new_workbook(target)
    bold = workbook.add_format({"bold": True})
    money = workbook.add_format({"num_format": "#,##0.00"})
    for name, columns, rows in (
        (TRIAL, TRIAL_COLUMNS, list(_accounts(books, labels))),
        (JOURNAL, COLUMNS, list(_postings(books, labels))),
    ):
        sheet: Worksheet = workbook.add_worksheet(labels.get(name, name))
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, len(columns) - 1, _WIDTH)
        sheet.autofilter(0, 0, max(len(rows), 1), len(columns) - 1)
        for column, key in enumerate(columns):
            sheet.write_string(0, column, label(labels, f"column.{key}"), bold)
        for number, row in enumerate(rows, start=1):
            for column, key in enumerate(columns):
                value = row[key]
                if isinstance(value, str):
                    sheet.write_string(number, column, safe_text(value))
                else:
                    sheet.write_number(number, column, yuan(value), money)
    workbook.close()
    return target.getvalue()


def book_label_keys() -> tuple[str, ...]:
    """Return every key of `labels` that the workbook can ask for."""
    return (
        TRIAL,
        JOURNAL,
        "buyers",
        *(f"column.{key}" for key in dict.fromkeys((*COLUMNS, *TRIAL_COLUMNS))),
        *(f"kind.{kind}" for kind in EntryKind),
        *(f"account.{kind}" for kind in AccountKind),
        *(f"component.{component}" for component in Component),
        *(f"milestone.{milestone}" for milestone in MilestoneKind),
    )


def payee_name(books: Books, payee: str, labels: Mapping[str, str]) -> str:
    """Return what a payee is called: a channel by its name, buyers by their home."""
    kind, _, signing_id = payee.partition(":")
    if kind == "buyers" and SigningId(signing_id) in books.units:
        return f"{label(labels, 'buyers')} {books.units[SigningId(signing_id)]}"
    return books.names.get(payee, payee)


def _accounts(books: Books, labels: Mapping[str, str]) -> Iterator[_Row]:
    for line in trial_balance(books.journal):
        yield {
            "account": label(labels, f"account.{line.account.kind}"),
            "payee": payee_name(books, line.account.payee, labels),
            "debit": line.debit,
            "credit": line.credit,
            "balance": line.balance,
        }


def _postings(books: Books, labels: Mapping[str, str]) -> Iterator[_Row]:
    for entry in books.journal:
        key = entry.key
        for one in entry.postings:
            yield {
                "recorded": entry.at.astimezone(books.zone).isoformat(),
                "month": entry.month,
                "concerns": entry.concerns or "",
                "kind": label(labels, f"kind.{entry.kind}"),
                "unit": books.units.get(key.deal, key.deal),
                "payee": payee_name(books, key.payee, labels),
                "component": label(labels, f"component.{key.component}"),
                "milestone": label(labels, f"milestone.{key.milestone}")
                if key.milestone
                else "",
                "account": label(labels, f"account.{one.account.kind}"),
                "debit": Fen(one.amount) if one.amount > 0 else "",
                "credit": Fen(-one.amount) if one.amount < 0 else "",
                "key": str(key),
                "cause": entry.cause,
                "undoes": " ".join(str(undone) for undone in entry.undoes),
            }


def _csv_cell(value: str | Fen) -> str:
    return safe_text(value) if isinstance(value, str) else yuan_text(value)
