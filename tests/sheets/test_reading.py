"""Uploads read whole, or refused whole with a reason."""

import io
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
import xlsxwriter

from attribution.errors import (
    EncodingUnknown,
    HeaderNotFound,
    InputInvalid,
    StatementNotSpreadsheet,
    StatementTooLarge,
    StatementUnreadable,
)
from attribution.money import Fen
from attribution.reconciliation.matching import reconcile
from attribution.reconciliation.report import RowKind
from attribution.reconciliation.statement import (
    ChosenSheet,
    Column,
    letters_of,
    number_of,
)
from attribution.sheets import guard, reading
from attribution.sheets.reading import propose_columns, read_statement
from attribution.sheets.sample import SampleLine, untidy_csv, untidy_workbook
from tests.grids import a_debt
from tests.sheets.hostile import HEAD, a_workbook, text_cell

UNITS = ["3-1-1201", "3-2-1202", "12-1-301", "3-1-1101", "5-2-801", "6-6-606", "商铺S1"]
LINES = [
    SampleLine(
        unit=unit,
        client="张小明",
        agent="王五" if number < 4 else f"李{number}",
        signed_on=date(2026, 3, number + 1),
        price=Fen(245_000_000 + number),
        commission=Fen(3_675_000 + number),
    )
    for number, unit in enumerate(UNITS)
]
TITLE = "恒信房产2026年3月佣金结算表"
TABLE = "房号,佣金\n3-1-1201,36750\n"


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        pytest.param(untidy_workbook(LINES, title=TITLE), "xlsx", id="workbook"),
        pytest.param(untidy_csv(LINES, title=TITLE), "gb18030", id="csv"),
    ],
)
def test_an_untidy_statement_is_read_to_the_fen(data: bytes, encoding: str) -> None:
    statement = read_statement(data, "C:\\桌面\\结算.xlsx")

    assert (statement.filename, statement.encoding) == ("结算.xlsx", encoding)
    assert [line.amount for line in statement.lines] == [x.commission for x in LINES]
    assert [line.price for line in statement.lines] == [x.price for x in LINES]
    assert [line.signed_on for line in statement.lines] == [x.signed_on for x in LINES]
    assert [line.agent for line in statement.lines] == [x.agent for x in LINES]
    assert [line.unit.normal for line in statement.lines] == [*UNITS[:-1], None]


def test_an_untidy_statement_matches_what_is_owed() -> None:
    debts = [
        a_debt(x.unit, x.unit, yuan=x.commission / 100, on=x.signed_on) for x in LINES
    ]

    result = reconcile(read_statement(untidy_csv(LINES, title=TITLE), "a.csv"), debts)

    assert {row.kind for row in result.rows} == {RowKind.MATCHED}


@pytest.mark.parametrize(
    ("text", "encoding", "told"),
    [
        (TABLE, "utf-8", "utf-8"),
        (TABLE, "utf-8-sig", "utf-8-sig"),
        (TABLE, "gb18030", "gb18030"),
        (TABLE, "utf-16", "utf-16"),
        (TABLE.replace(",", ";"), "utf-8", "utf-8"),
        (TABLE.replace(",", "\t"), "gb18030", "gb18030"),
        (TABLE.replace("36750", '"36,750.00"'), "utf-8", "utf-8"),
        (TABLE.replace("\n", "\r\n"), "utf-8", "utf-8"),
        ("UNIT NO,FEE\n3-1-1201,36750", "ascii", "utf-8"),
    ],
)
def test_text_is_decoded_strictly_and_split_by_its_separator(
    text: str, encoding: str, told: str
) -> None:
    statement = read_statement(text.encode(encoding), "a.csv")

    assert statement.encoding == told
    assert [(x.unit.normal, x.amount) for x in statement.lines] == [
        ("3-1-1201", 3_675_000)
    ]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param("房號,傭金,客戶,簽約日期,總價".encode("big5"), id="Big5"),
        pytest.param("Café;Übergröße;Ärger".encode("latin-1"), id="Latin-1"),
        pytest.param("房号,佣金".encode() + b"\xff\xff", id="bytes of nothing"),
        pytest.param(b"\xff\xfe\x00", id="half a character"),
    ],
)
def test_text_in_another_encoding_is_not_guessed(data: bytes) -> None:
    with pytest.raises(EncodingUnknown):
        read_statement(data, "a.csv")


def test_a_file_without_a_header_names_the_sheets_looked_at() -> None:
    with pytest.raises(HeaderNotFound) as caught:
        read_statement(a_workbook(text_cell("A1", "你好")), "a.xlsx")

    assert caught.value.sheets == ("明细",)


def test_an_open_quote_is_refused_with_its_place() -> None:
    with pytest.raises(StatementUnreadable) as caught:
        read_statement((TABLE + '"3-1-1202,1\n').encode(), "a.csv")

    assert (caught.value.reason, caught.value.cell) == ("NOT_A_TABLE", "A3")


@pytest.mark.parametrize(
    ("name", "reason"), [("MOST_ROWS", "ROWS"), ("MOST_CELLS", "CELLS")]
)
def test_a_text_table_has_limits_too(
    monkeypatch: pytest.MonkeyPatch, name: str, reason: str
) -> None:
    monkeypatch.setattr(guard, name, 1)

    with pytest.raises(StatementTooLarge) as caught:
        read_statement(TABLE.encode(), "a.csv")

    assert caught.value.reason == reason


FAR = f'{HEAD}<row r="1048576">{text_cell("XFD1048576", "x")}</row>'


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(a_workbook(FAR), "ROWS", id="A1 and XFD1048576"),
        pytest.param(
            a_workbook(parts={"xl/worksheets/sheet1.xml": bytes(20_000_000)}),
            "RATIO",
            id="bomb",
        ),
    ],
)
def test_a_hostile_workbook_is_refused_by_its_measure(data: bytes, reason: str) -> None:
    with pytest.raises(StatementTooLarge) as caught:
        read_statement(data, "a.xlsx")

    assert caught.value.reason == reason


def test_a_refusal_of_the_child_is_raised_here() -> None:
    data = a_workbook(parts={"xl/worksheets/sheet1.xml": "<a>"})

    with pytest.raises(StatementNotSpreadsheet) as caught:
        read_statement(data, "a.xlsx")

    assert caught.value.reason == "BROKEN"


def test_a_child_that_outlives_its_time_is_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "WALL_SECONDS", 0.001)

    with pytest.raises(StatementTooLarge) as caught:
        read_statement(a_workbook(), "a.xlsx")

    assert caught.value.reason == "RESOURCES"


@pytest.mark.parametrize(
    ("code", "error"), [(-6, StatementTooLarge), (1, StatementNotSpreadsheet)]
)
def test_a_child_that_dies_is_a_refusal(
    monkeypatch: pytest.MonkeyPatch, code: int, error: type[Exception]
) -> None:
    dead = subprocess.CompletedProcess[bytes]((), code, b"", b"")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: dead)

    with pytest.raises(error):
        read_statement(a_workbook(), "a.xlsx")


def test_formulas_show_what_was_saved_with_them_and_nothing_is_evaluated() -> None:
    line = (
        f'<row r="2">{text_cell("A2", "3-1-1201")}'
        '<c r="B2"><f>WEBSERVICE("http://a.test")</f><v>36750</v></c></row>'
        f'<row r="3">{text_cell("A3", "3-1-1202")}<c r="B3"><f>1+1</f></c></row>'
    )

    lines = read_statement(a_workbook(HEAD + line), "a.xlsx").lines

    assert [x.amount for x in lines] == [3_675_000, None]
    assert lines[1].doubts[0].reason == "FORMULA_WITHOUT_VALUE"


def test_hidden_sheets_and_sheets_without_a_header_are_ignored_and_named() -> None:
    target = io.BytesIO()
    workbook = xlsxwriter.Workbook(target)
    for name in ("明细", "旧", "封面"):
        workbook.add_worksheet(name).write_row(0, 0, ["房号", "佣金"])
    workbook.get_worksheet_by_name("旧").hide()
    workbook.get_worksheet_by_name("封面").write(0, 0, "目录")
    workbook.close()

    statement = read_statement(target.getvalue(), "a.xlsx")

    assert [sheet.name for sheet in statement.sheets] == ["明细"]
    assert statement.ignored_sheets == ("旧", "封面")


def test_many_threads_may_read_at_once() -> None:
    data = untidy_workbook(LINES, title=TITLE)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda name: read_statement(data, name), ["a.xlsx"] * 4))

    assert [len(statement.lines) for statement in found] == [7, 7, 7, 7]


def test_numbers_in_the_names_of_file_and_sheets_are_covered() -> None:
    phone = "13812345678"
    target = io.BytesIO()
    workbook = xlsxwriter.Workbook(target)
    for name in (phone, f"备注{phone}"):
        sheet = workbook.add_worksheet(name)
        if name == phone:
            sheet.write_row(0, 0, ["房号", "佣金"])
            sheet.write_row(1, 0, ["3-1-1201", 36750])
    workbook.close()

    statement = read_statement(target.getvalue(), f"结算单 {phone}.xlsx")

    assert statement.filename == "结算单 138****.xlsx"
    assert [sheet.name for sheet in statement.sheets] == ["138****"]
    assert statement.ignored_sheets == ("备注138****",)
    assert phone not in repr(statement)


TWO = [
    ["房号", "佣金", "应得", "客户", "备注"],
    ["3-1-1201", "1", "36750", "张小明", "三号楼一单元 李大有"],
]


def csv_of(rows: list[list[str]]) -> bytes:
    return "\n".join(",".join(row) for row in rows).encode()


def test_columns_are_proposed_with_their_first_values() -> None:
    (sheet,) = propose_columns(csv_of(TWO), "a.csv")

    assert (sheet.name, sheet.header_row) == ("a.csv", 1)
    assert [(one.letters, one.column, one.first) for one in sheet.columns] == [
        ("A", Column.UNIT, ("3-1-1201",)),
        ("B", Column.AMOUNT, ("1",)),
        ("C", None, ("36750",)),
        ("D", Column.CLIENT, ("张**",)),
        ("E", None, ("三号楼一单元 李**",)),
    ]


def test_of_two_columns_that_could_be_it_none_is_proposed() -> None:
    (sheet,) = propose_columns("房号,佣金,佣金\n3-1-1201,1,2\n".encode(), "a.csv")

    assert [one.column for one in sheet.columns] == [Column.UNIT, None, None]


def test_a_file_without_a_header_proposes_nothing() -> None:
    with pytest.raises(HeaderNotFound):
        propose_columns("你好\n".encode(), "a.csv")


def test_chosen_columns_are_read_and_no_others() -> None:
    chosen = {"a.csv": ChosenSheet(columns={Column.UNIT: 1, Column.AMOUNT: 3})}

    statement = read_statement(csv_of(TWO), "a.csv", chosen)

    (line,) = statement.lines
    assert (line.amount, line.client) == (Fen(3_675_000), "")


def test_a_sheet_that_was_not_chosen_is_not_read() -> None:
    with pytest.raises(HeaderNotFound):
        read_statement(csv_of(TWO), "a.csv", {})


@pytest.mark.parametrize(
    ("sheet", "columns", "row"),
    [
        ("b.csv", {Column.UNIT: 1, Column.AMOUNT: 2}, None),
        ("a.csv", {Column.UNIT: 1}, None),
        ("a.csv", {Column.UNIT: 1, Column.AMOUNT: 1}, None),
        ("a.csv", {Column.UNIT: 1, Column.AMOUNT: 2}, 3),
    ],
)
def test_a_choice_that_is_none_is_refused(
    sheet: str, columns: dict[Column, int], row: int | None
) -> None:
    chosen = {sheet: ChosenSheet(columns=columns, header_row=row)}

    with pytest.raises(InputInvalid):
        read_statement(csv_of(TWO), "a.csv", chosen)


STRANGE = [
    ["标的清单"],
    ["标的", "款项", "对方"],
    ["3-1-1201", "36750", "张小明"],
    ["3-1-1202", "1", "李大有"],
]
BY_HAND = {Column.UNIT: 1, Column.AMOUNT: 2}


def test_without_a_header_that_we_know_the_first_rows_are_shown() -> None:
    (sheet,) = propose_columns(csv_of(STRANGE), "a.csv")

    assert (sheet.header_row, sheet.columns) == (None, ())
    assert sheet.first_rows == (
        (1, ("标的清单",)),
        (2, ("标的", "款项", "对方")),
        (3, ("3-1-1201", "36750", "张**")),
        (4, ("3-1-1202", "1", "李**")),
    )


@pytest.mark.parametrize(
    ("row", "headers", "first"),
    [
        (2, ("标的", "款项", "对方"), "3-1-1201"),
        (0, ("", "", ""), "标**"),
        (3, ("3-1-1201", "36750", "张**"), "3-1-1202"),
    ],
)
def test_the_columns_below_the_row_that_a_person_names_are_shown(
    row: int, headers: tuple[str, ...], first: str
) -> None:
    (sheet,) = propose_columns(csv_of(STRANGE), "a.csv", {"a.csv": row})

    assert sheet.header_row == row
    assert tuple(one.header for one in sheet.columns) == headers
    assert sheet.columns[0].first[0] == first


def test_a_header_row_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputInvalid):
        propose_columns(csv_of(STRANGE), "a.csv", {"a.csv": 5})


@pytest.mark.parametrize(("row", "lines"), [(2, 2), (0, 3), (3, 1)])
def test_a_statement_is_read_below_the_row_that_a_person_names(
    row: int, lines: int
) -> None:
    chosen = {"a.csv": ChosenSheet(columns=BY_HAND, header_row=row)}

    statement = read_statement(csv_of(STRANGE), "a.csv", chosen)

    assert len(statement.lines) == lines
    assert statement.sheets[0].header_row == row
    assert "张小明" not in repr(statement.sheets)


def test_the_header_that_we_find_stays_whole_when_a_person_names_its_last_row() -> None:
    rows = [
        ["签约", "佣金（万元）", ""],
        ["房号", "本期", "备注"],
        ["3-1-1201", "2", ""],
    ]
    found = read_statement(csv_of(rows), "a.csv")

    chosen = {"a.csv": ChosenSheet(columns=BY_HAND, header_row=2)}
    read = read_statement(csv_of(rows), "a.csv", chosen)

    assert found.sheets[0].header_row == 2
    assert [one.amount for one in read.lines] == [one.amount for one in found.lines]
    assert read.lines[0].amount == Fen(2_000_000)


@pytest.mark.parametrize(("letters", "number"), [("A", 1), ("AA", 27), ("XFD", 16384)])
def test_the_letters_of_a_column_are_its_number(letters: str, number: int) -> None:
    assert number_of(letters) == number
    assert letters_of(number) == letters
