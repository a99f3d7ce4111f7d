"""The report as a workbook: right numbers, and nothing that runs."""

import io
import zipfile
from datetime import date

import openpyxl
import pytest

from attribution.reconciliation.matching import reconcile
from attribution.reconciliation.report import Reconciliation
from attribution.sheets.writing import COLUMNS, label_keys, safe_text, write_report
from tests.grids import Value, a_debt, a_statement

ON = date(2026, 3, 1)
HOSTILE = '=HYPERLINK("http://a.test","x")'


def a_result() -> Reconciliation:
    claims: list[tuple[Value, ...]] = [
        ("3-1-1201", 36750, 2450000, ON),
        ("3-1-1202", 37500, 2500000, ON),
        ("3-1-1202", 37500, 2500000, ON),
        (HOSTILE, "@SUM(1)", "http://a.test", ON),
        ("9-9-909", "1.23", None, None),
    ]
    debts = [a_debt(), a_debt("s2", "3-1-1202"), a_debt("s3", "5-1-101")]
    return reconcile(a_statement(*claims), debts)


def test_the_report_has_every_row_with_filters_and_a_frozen_header() -> None:
    data = write_report(a_result(), {"sheet_rows": "明细", "kind.MATCHED": "相符"})

    sheet = openpyxl.load_workbook(io.BytesIO(data))["明细"]

    assert [cell.value for cell in sheet[1]] == list(COLUMNS)
    assert sheet.freeze_panes == "C2"
    assert sheet.auto_filter.ref == "A1:P7"
    assert [cell.value for cell in sheet[2]][:5] == [
        "相符",
        "3-1-1201",
        36750,
        36750,
        0,
    ]
    assert sheet["F3"].value == "PRICE 250000000; PRICE_DIFFERS"
    assert sheet["O4"].value == "明细!A3"


def test_the_summary_counts_and_adds() -> None:
    data = write_report(a_result(), {"sheet_summary": "汇总", "total": "合计"})

    sheet = openpyxl.load_workbook(io.BytesIO(data))["汇总"]

    rows = {row[0]: row[1:] for row in sheet.values}
    assert rows["MATCHED"] == (1, 36750, 36750)
    assert rows["合计"] == (6, 111751.23, 110250)


def test_no_cell_of_the_report_is_a_formula_or_a_link() -> None:
    data = write_report(a_result(), {"column.unit": HOSTILE})

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}

    assert not [n for n, p in parts.items() if b"<f>" in p or b"<hyperlink" in p]
    assert not [
        n for n in parts if "externalLink" in n or n.endswith("sheet2.xml.rels")
    ]


@pytest.mark.parametrize("mark", "=+-@＝＋－＠﹢﹣﹦﹫\t\r\n")
def test_a_text_that_begins_like_a_formula_is_marked(mark: str) -> None:
    assert safe_text(f"{mark}1").startswith("'")
    assert safe_text(f" \u3000{mark}1").startswith("'")


def test_other_texts_stay_and_very_long_ones_are_cut() -> None:
    assert safe_text("3-1-1201") == "3-1-1201"
    assert len(safe_text("长" * 40_000)) == 32_000


def test_an_empty_reconciliation_makes_a_report_too() -> None:
    data = write_report(reconcile(a_statement(), []), {})

    assert openpyxl.load_workbook(io.BytesIO(data)).sheetnames == [
        "sheet_summary",
        "sheet_rows",
    ]


def test_every_word_of_a_report_can_be_translated() -> None:
    labels = {key: f"译{number}" for number, key in enumerate(label_keys())}

    book = openpyxl.load_workbook(io.BytesIO(write_report(a_result(), labels)))

    texts = [str(cell.value) for sheet in book for row in sheet.rows for cell in row]
    plain = {key.rpartition(".")[2] for key in labels}
    assert len(set(labels)) == len(label_keys())
    assert not plain.intersection(texts)
    assert [text for text in texts if text.startswith("译")]
