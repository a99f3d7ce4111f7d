"""The process that opens workbooks: extents first, then cells, under limits."""

import io
import json
import resource
import runpy
import sys
import zipfile
import zlib
from datetime import date

import pytest
import xlsxwriter
from python_calamine import CalamineError, PasswordError

from attribution.errors import StatementNotSpreadsheet, StatementTooLarge
from attribution.sheets import child, extent, guard
from attribution.sheets.extent import extents_of
from tests.sheets.hostile import HEAD, LINKS, WORKBOOK, a_workbook, text_cell


def cell(reference: str, inner: str = "<v>1</v>") -> str:
    return f'<c r="{reference}">{inner}</c>'


FAR = f'<row r="1">{cell("A1")}</row><row r="1048576">{cell("XFD1048576")}</row>'
ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet>&a;</worksheet>'


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(a_workbook(FAR), "ROWS", id="A1 and XFD1048576"),
        pytest.param(
            a_workbook(f"{cell('A1')}{cell('XFD300')}"), "EXTENT", id="wide and long"
        ),
        pytest.param(
            a_workbook(after='<mergeCell ref="A1:A300000"/>' * 2),
            "MERGED_ROWS",
            id="merged",
        ),
        pytest.param(
            a_workbook(after='<mergeCell ref="$A$1:$XFD$1"/>' * 245),
            "EXTENT",
            id="merged over one another",
        ),
    ],
)
def test_cells_that_reach_too_far_are_refused(data: bytes, reason: str) -> None:
    with pytest.raises(StatementTooLarge) as caught:
        extents_of(data)

    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("name", "reason"), [("MOST_CELLS", "CELLS"), ("MOST_ELEMENTS", "ELEMENTS")]
)
def test_too_many_of_anything_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, reason: str
) -> None:
    monkeypatch.setattr(extent, name, 1)

    with pytest.raises(StatementTooLarge) as caught:
        extents_of(a_workbook())

    assert (caught.value.reason, caught.value.limit) == (reason, 1)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(
            a_workbook(parts={"xl/worksheets/sheet1.xml": ENTITIES}),
            "STRANGE_XML",
            id="entities",
        ),
        pytest.param(
            a_workbook(parts={"xl/worksheets/sheet1.xml": "<a><b></a>"}),
            "BROKEN",
            id="not well formed",
        ),
        pytest.param(
            a_workbook(parts={"xl/worksheets/sheet1.xml": "<a>"}),
            "BROKEN",
            id="not closed",
        ),
        pytest.param(
            a_workbook(parts={"xl/_rels/workbook.xml.rels": "<Relationships/>"}),
            "BROKEN",
            id="sheet without a part",
        ),
    ],
)
def test_xml_that_no_spreadsheet_needs_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(StatementNotSpreadsheet) as caught:
        extents_of(data)

    assert caught.value.reason == reason


def test_a_member_that_unpacks_to_more_than_it_promised_is_refused() -> None:
    data = bytearray(a_workbook(HEAD * 50))
    name = data.rfind(b"xl/worksheets/sheet1.xml")
    data[name - 22 : name - 18] = (100).to_bytes(4, "little")

    with pytest.raises(StatementNotSpreadsheet) as caught:
        extents_of(bytes(data))

    assert caught.value.reason == "BROKEN"


def test_a_member_of_broken_bytes_is_refused() -> None:
    data = bytearray(a_workbook(HEAD * 50))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        member = archive.getinfo("xl/worksheets/sheet1.xml")
    start = member.header_offset + 30 + len(member.filename)
    data[start : start + member.compress_size] = b"\xff" * member.compress_size
    with pytest.raises(zlib.error):
        zlib.decompress(b"\xff" * 9, -15)

    with pytest.raises(StatementNotSpreadsheet):
        extents_of(bytes(data))


def test_extents_follow_the_sheet_names_and_count_only_values() -> None:
    links = LINKS.replace('"worksheets/', '"/xl/worksheets/')
    data = a_workbook(
        f'<row>{cell("B2")}<c><v>1</v></c></row><row r="x">{cell("XFD9", "")}</row>'
        f"<row>{cell('A4', '<f>1+1</f>')}{cell('B4', '<f>1+1</f><v>2</v>')}"
        f'<c r="C4" t="e"><v>#REF!</v></c>{cell("D4", "<f>x</f>")}</row>',
        after='<mergeCell ref="A1:B3"/><mergeCell ref="$A$1"/>',
        parts={"xl/_rels/workbook.xml.rels": links},
    )

    found = extents_of(data)["明细"]

    assert (found.rows, found.columns, found.merged_rows) == (4, 3, 4)
    assert found.without_value == {(4, 1), (4, 3), (4, 4)}


def test_cells_keep_their_place_kind_and_text() -> None:
    target = io.BytesIO()
    workbook = xlsxwriter.Workbook(target)
    sheet = workbook.add_worksheet("明细")
    day = workbook.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write_row(4, 2, ["房号", 1201, 0.1, True])
    sheet.write_datetime(5, 2, date(2026, 3, 1), day)
    sheet.write_number(5, 3, 46082.4, day)
    sheet.write_number(5, 4, 1.5, workbook.add_format({"num_format": "[h]:mm"}))
    sheet.write_formula(6, 3, "=1+1", None, 2)
    sheet.write_formula(7, 2, "=1/0", None, "#DIV/0!")
    sheet.merge_range(9, 2, 10, 3, "")
    workbook.add_worksheet("旧").hide()
    chart = workbook.add_chart({"type": "pie"})
    chart.add_series({"values": "=明细!$D$5"})
    workbook.add_chartsheet("图").set_chart(chart)
    workbook.close()

    sheets = child.sheets_of(target.getvalue())

    assert [(s["name"], s["hidden"]) for s in sheets] == [("明细", False), ("旧", True)]
    assert sheets[0]["merges"] == [[10, 3, 11, 4]]
    assert sheets[0]["rows"] == [
        (
            5,
            [
                (3, "text", "房号"),
                (4, "number", "1201"),
                (5, "number", "0.1"),
                (6, "logical", "TRUE"),
            ],
        ),
        (
            6,
            [
                (3, "date", "2026-03-01"),
                (4, "date", "2026-03-01"),
                (5, "error", "1 day, 12:00:00"),
            ],
        ),
        (7, [(4, "number", "2")]),
        (8, [(3, "error", "#ERROR")]),
    ]


def test_a_number_that_is_none_is_an_error() -> None:
    assert child.cell_of(float("nan")) == ("error", "nan")


def test_an_empty_sheet_has_no_rows() -> None:
    assert child.sheets_of(a_workbook(""))[0]["rows"] == []


def test_text_that_repeats_for_free_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "MOST_TEXT", 3)

    answer = json.loads(child.answer_to(a_workbook()))

    assert answer == {"excess": "BYTES", "limit": 3}


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (MemoryError, {"excess": "RESOURCES", "limit": child.MEMORY_BYTES}),
        (PasswordError, {"refusal": "ENCRYPTED"}),
        (CalamineError, {"refusal": "BROKEN"}),
    ],
)
def test_what_the_reader_refuses_has_an_answer(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception], answer: dict[str, object]
) -> None:
    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr(child, "load_workbook", fail)

    assert json.loads(child.answer_to(a_workbook())) == answer


def test_the_process_limits_itself_before_it_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits: list[tuple[int, tuple[int, int]]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda *a: limits.append(a))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(a_workbook())))
    output = io.StringIO()
    monkeypatch.setattr(sys, "stdout", output)
    monkeypatch.delitem(sys.modules, "attribution.sheets.child")

    runpy.run_module("attribution.sheets.child", run_name="__main__")

    assert [kind for kind, _ in limits] == [
        resource.RLIMIT_AS,
        resource.RLIMIT_CPU,
        resource.RLIMIT_CORE,
    ]
    assert json.loads(output.getvalue())["sheets"][0]["name"] == "明细"


def test_a_workbook_links_its_sheets_by_any_prefix() -> None:
    workbook = WORKBOOK.replace("r:id", "rel:id").replace("xmlns:r=", "xmlns:rel=")

    data = a_workbook(text_cell("A1", "x"), parts={"xl/workbook.xml": workbook})

    assert extents_of(data)["明细"].rows == 1
    assert guard.MOST_ROWS < 1_048_576
