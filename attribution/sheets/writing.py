"""The report of a reconciliation as .xlsx: typed cells, never a formula or a link.

Source: docs/specs/reconciliation.md §10. What the words are is decided by `labels`.
"""

import io
from collections.abc import Mapping

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from attribution.money import Fen
from attribution.reconciliation.cells import CellDoubt
from attribution.reconciliation.matching import (
    NO_SIGNING,
    SECTION_MISSING,
    SEVERAL_DEALS,
)
from attribution.reconciliation.report import (
    Component,
    Reconciliation,
    Remark,
    ResultRow,
    RowKind,
    Total,
)
from attribution.reconciliation.units import UnitDoubt

COLUMNS = (
    "kind", "unit", "claimed", "owed", "difference", "reason", "claimed_price",
    "our_price", "claimed_on", "signed_on", "client", "agent", "place", "doubts",
    "duplicate_of", "signing_id",
)  # fmt: skip
UNEXPLAINED = "UNEXPLAINED"  # a difference that no single component explains
MONEY = {"claimed", "owed", "difference", "claimed_price", "our_price"}
SUMMARY, ROWS = "sheet_summary", "sheet_rows"
_WIDTH = 16
_LONGEST = 32_000  # a cell holds no more than 32 767 characters
# A cell is text whatever it begins with; the mark keeps it text when a person saves
# the sheet as CSV and opens that. Full-width forms are folded by some readers.
_ACTIVE = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "＝",
    "＋",
    "－",
    "＠",
    "﹢",
    "﹣",
    "﹦",
    "﹫",
)
_MARK = "'"


def write_report(
    reconciliation: Reconciliation, labels: Mapping[str, str], about: str = ""
) -> bytes:
    """Return the report as a workbook: a summary, and every row with filters.

    Args:
        about: whose statement it is, where and when: a line under the file's name.
        labels: words by the keys of `label_keys`. A missing key shows itself.
    """
    target = io.BytesIO()
    workbook = new_workbook(target)
    bold = workbook.add_format({"bold": True})
    money = workbook.add_format({"num_format": "#,##0.00"})
    summary = workbook.add_worksheet(labels.get(SUMMARY, SUMMARY))
    _write_summary(summary, reconciliation, labels, (bold, money))
    summary.write_string(1, 0, safe_text(about))
    rows = workbook.add_worksheet(labels.get(ROWS, ROWS))
    _write_rows(rows, reconciliation, labels, (bold, money))
    workbook.close()
    return target.getvalue()


def new_workbook(target: io.BytesIO) -> xlsxwriter.Workbook:
    """Return an empty workbook in which no text becomes anything else."""
    return xlsxwriter.Workbook(
        target,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )


def label_keys() -> tuple[str, ...]:
    """Return every key of `labels` that this package itself can ask for.

    The reasons of rulings come on top: `reason.<FINDING>`.
    """
    reasons = (
        *UnitDoubt, *CellDoubt, NO_SIGNING, SECTION_MISSING, SEVERAL_DEALS, UNEXPLAINED
    )  # fmt: skip
    keys = [SUMMARY, ROWS, "total"]
    keys += [f"column.{name}" for name in (*COLUMNS, "count")]
    keys += [f"kind.{kind}" for kind in RowKind]
    keys += [f"reason.{reason}" for reason in dict.fromkeys(map(str, reasons))]
    keys += [f"component.{component}" for component in Component]
    keys += [f"remark.{remark}" for remark in Remark]
    return tuple(keys)


def safe_text(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, not even saved as CSV."""
    text = text[:_LONGEST]
    return _MARK + text if text.lstrip(" \u3000").startswith(_ACTIVE) else text


def _write_summary(
    sheet: Worksheet,
    reconciliation: Reconciliation,
    labels: Mapping[str, str],
    formats: tuple[Format, Format],
) -> None:
    bold, money = formats
    sheet.set_column(0, 3, 2 * _WIDTH)
    sheet.write_string(0, 0, safe_text(reconciliation.filename), bold)
    heads = ("kind", "count", "claimed", "owed")
    for column, key in enumerate(heads):
        sheet.write_string(2, column, label(labels, f"column.{key}"), bold)
    totals = {
        f"kind.{kind.value}": total for kind, total in reconciliation.totals.items()
    } | {"total": reconciliation.total}
    for row, (key, total) in enumerate(totals.items(), start=3):
        sheet.write_string(row, 0, label(labels, key))
        _write_total(sheet, row, total, money)


def _write_total(sheet: Worksheet, row: int, total: Total, money: Format) -> None:
    sheet.write_number(row, 1, total.count)
    sheet.write_number(row, 2, yuan(total.claimed), money)
    sheet.write_number(row, 3, yuan(total.owed), money)


def _write_rows(
    sheet: Worksheet,
    reconciliation: Reconciliation,
    labels: Mapping[str, str],
    formats: tuple[Format, Format],
) -> None:
    bold, money = formats
    sheet.freeze_panes(1, 2)
    sheet.set_column(0, len(COLUMNS) - 1, _WIDTH)
    sheet.autofilter(0, 0, max(len(reconciliation.rows), 1), len(COLUMNS) - 1)
    for column, key in enumerate(COLUMNS):
        sheet.write_string(0, column, label(labels, f"column.{key}"), bold)
    for number, row in enumerate(reconciliation.rows, start=1):
        texts, amounts = _texts(row, labels), _amounts(row)
        for column, key in enumerate(COLUMNS):
            if (amount := amounts.get(key)) is not None:
                sheet.write_number(number, column, yuan(amount), money)
            elif text := texts.get(key):
                sheet.write_string(number, column, safe_text(text))


def _amounts(row: ResultRow) -> dict[str, Fen | None]:
    return {
        "claimed": row.claimed,
        "owed": row.owed,
        "difference": row.difference,
        "claimed_price": row.claimed_price,
        "our_price": row.our_price,
    }


def _texts(row: ResultRow, labels: Mapping[str, str]) -> dict[str, str]:
    return {
        "kind": label(labels, f"kind.{row.kind.value}"),
        "unit": row.unit,
        "reason": _reasons(row, labels),
        "claimed_on": row.claimed_on.isoformat() if row.claimed_on else "",
        "signed_on": row.signed_on.isoformat() if row.signed_on else "",
        "client": row.client,
        "agent": row.agent,
        "place": f"{row.sheet}!{row.cell}" if row.sheet else "",
        "doubts": "; ".join(
            f"{doubt.cell} {label(labels, f'reason.{doubt.reason}')}: "
            f"{doubt.read} → {doubt.expected}"
            for doubt in row.doubts
        ),
        "duplicate_of": row.duplicate_of,
        "signing_id": row.signing_id or "",
    }


def _reasons(row: ResultRow, labels: Mapping[str, str]) -> str:
    words = [label(labels, f"reason.{row.reason}")] if row.reason else []
    for explanation in row.explanations:
        component = label(labels, f"component.{explanation.component.value}")
        words.append(f"{component} {explanation.theirs}".strip())
    if row.kind is RowKind.AMOUNT_DIFFERS and not row.explanations:
        words.append(label(labels, f"reason.{UNEXPLAINED}"))
    words += [label(labels, f"remark.{remark.value}") for remark in row.remarks]
    return "; ".join(words)


def label(labels: Mapping[str, str], key: str) -> str:
    """Return the word of a key, or the end of the key where it has none."""
    return labels.get(key, key.rpartition(".")[2])


def yuan(amount: Fen) -> float:
    """Return yuan for a cell, only to be shown.

    A spreadsheet knows no other numbers, and 15 digits hold any amount.
    """
    return amount / 100
