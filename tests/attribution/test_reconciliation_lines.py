"""Header rows found among titles, and rows sorted into lines, totals and notes."""

import time
from collections.abc import Sequence

import pytest

from attribution.errors import StatementUnreadable
from attribution.money import Fen
from attribution.reconciliation.columns import header_of
from attribution.reconciliation.statement import Column, Merge
from attribution.reconciliation.units import UnitDoubt
from tests.grids import Value, a_sheet, lines_in

TITLE = "2026年3月佣金结算表"
HEAD = ("序号", "房号", "客户姓名", "经纪人", "签约日期", "总价(万元)", "佣金(元)")
LINE = (1, "3-1-1201", "张小明", "王五", "3月1日", 245, 36750)


@pytest.mark.parametrize(
    ("rows", "row", "columns"),
    [
        pytest.param([HEAD, LINE], 1, "BCDEFG", id="5.1 first row"),
        pytest.param([[TITLE], [None], ["编号：7"], HEAD, LINE], 4, "BCDEFG", id="5.1"),
        pytest.param(
            [["房 号", "应结\n佣金"], ["3-1-1201", 1]], 1, "AB", id="5.2 spaces"
        ),
        pytest.param([["UNIT NO.", "Commission"]], 1, "AB", id="5.2 English"),
        pytest.param(
            [["房源", "本次实际结算金额"]], 1, "AB", id="5.2 the word at the end"
        ),
        pytest.param([["房源", "佣金比例", "佣金"]], 1, "AC", id="5.3 not the rate"),
        pytest.param(
            [["房号", "已付佣金", "应结佣金"]], 1, "AC", id="5.3 not the paid"
        ),
        pytest.param([["房号", "应结佣金", "佣金"]], 1, "AB", id="5.3 the surest word"),
        pytest.param(
            [["房号", "应结佣金", "本次结算"]], 1, "AC", id="5.3 asked for now"
        ),
        pytest.param([["单元", "佣金"]], 1, "AB", id="5.4 单元 alone is the unit"),
        pytest.param([["楼栋", "单元", "房号", "佣金"]], 1, "ABCD", id="5.4 apart"),
    ],
)
def test_the_header_is_found_among_titles(
    rows: list[Sequence[Value]], row: int, columns: str
) -> None:
    header = header_of(a_sheet(*rows))

    assert header is not None
    assert header.last_row == row
    assert [choice.cell for choice in header.choices] == [f"{c}{row}" for c in columns]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([[TITLE], LINE], id="no header"),
        pytest.param([["房号", "客户"], ["3-1-1201", "张"]], id="no amount"),
        pytest.param([["客户", "佣金"]], id="no unit"),
        pytest.param([["房号佣金"]], id="one cell is not two columns"),
        pytest.param([], id="empty"),
    ],
)
def test_a_sheet_without_unit_and_amount_has_no_header(
    rows: list[Sequence[Value]],
) -> None:
    assert header_of(a_sheet(*rows)) is None


def test_a_header_of_two_rows_takes_groups_from_merged_cells() -> None:
    sheet = a_sheet(
        [TITLE],
        ["房号", "成交信息", None, "佣金(元)", None, "备注"],
        [None, "日期", "总价", "本期", "已付", None],
        ["3-1-1201", "2026-03-01", "245万", 36750, 1000, "佣金"],
        merges=[Merge(1, 1, 1, 6), Merge(2, 2, 2, 3), Merge(2, 4, 2, 5)],
    )

    header = header_of(sheet)

    assert header is not None
    assert (header.first_row, header.last_row) == (2, 3)
    assert {c.column: c.cell for c in header.choices} == {
        Column.UNIT: "A3",
        Column.SIGNED_ON: "B3",
        Column.PRICE: "C3",
        Column.AMOUNT: "D3",
    }


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(["房号", "佣金" + "(" * 131_000], id="brackets that never close"),
        pytest.param([f"{n}应结佣金" for n in range(10_000)], id="many columns"),
    ],
)
def test_a_header_that_is_made_to_cost_time_is_none(row: Sequence[Value]) -> None:
    sheet = a_sheet(*[row] * 50)

    started = time.process_time()
    assert header_of(sheet) is None
    assert time.process_time() - started < 10


def test_merged_ranges_that_lie_on_one_another_cost_no_more_than_others() -> None:
    sheet = a_sheet(
        ["房号", "佣金"], ["3-1-1201", 1000], merges=[Merge(2, 1, 2, 2)] * 200_000
    )

    started = time.process_time()
    _, lines = lines_in(sheet)

    assert lines[0].amount == Fen(100_000)
    assert time.process_time() - started < 10


def test_two_columns_that_could_be_the_amount_are_refused_by_name() -> None:
    sheet = a_sheet(["房号", "佣金", "佣金"])

    with pytest.raises(StatementUnreadable) as caught:
        header_of(sheet)

    error = caught.value
    assert (error.reason, error.sheet, error.cell) == (
        "COLUMN_AMBIGUOUS",
        "明细",
        "B1, C1",
    )


@pytest.mark.parametrize(
    ("rows", "price", "amount"),
    [
        pytest.param([["房号", "总价（万元）", "佣金（元）"]], 10_000, 1, id="header"),
        pytest.param([["房号", "总价/万元", "佣金"]], 10_000, 1, id="slash"),
        pytest.param(
            [["单位：万元"], ["房号", "总价", "佣金"]], 10_000, 10_000, id="title"
        ),
        pytest.param(
            [["单位:万元"], ["房号", "总价", "佣金(元)"]], 10_000, 1, id="both"
        ),
        pytest.param([["房号", "总价", "佣金(千元)"]], 1, 1000, id="thousands"),
    ],
)
def test_the_unit_of_measure_comes_from_header_or_title(
    rows: list[Sequence[Value]], price: int, amount: int
) -> None:
    header = header_of(a_sheet(*rows))

    assert header is not None
    assert header.scale_of(Column.PRICE) == price
    assert header.scale_of(Column.AMOUNT) == amount


def test_every_row_below_the_header_is_counted_once() -> None:
    sheet = a_sheet(
        [TITLE],
        HEAD,
        LINE,
        [],
        ["小计", None, None, None, None, 245, 36750],
        HEAD,
        (2, "商铺S1-102", "李四", "王五", "2026-03-02", 100, "约一万"),
        ["合  计", None, None, None, None, 345, "¥36,750.00"],
        ["说明：以上金额含税"],
        [],
        ["制表人：赵", None, None, "审核：钱"],
    )

    reading, lines = lines_in(sheet)

    assert [line.row for line in lines] == [3, 7]
    assert [total.cell for total in reading.totals] == ["G5", "G8"]
    assert reading.totals[1].amount == Fen(3_675_000)
    assert reading.note_rows == (9, 11)
    assert (reading.blank_rows, reading.repeated_headers) == (2, 1)


def test_a_line_carries_what_was_read_and_no_name() -> None:
    _, lines = lines_in(a_sheet([TITLE], HEAD, LINE))

    line = lines[0]

    assert (line.unit.normal, line.amount, line.price) == (
        "3-1-1201",
        3675000,
        245000000,
    )
    assert line.signed_on is not None
    assert line.signed_on.isoformat() == "2026-03-01"
    assert (line.client, line.agent, line.doubts) == ("张**", "王五", ())
    assert "小明" not in repr(line)


@pytest.mark.parametrize(
    ("row", "doubts"),
    [
        pytest.param(
            (1, "A3-1-1201", "张", "王", "2026-03-01", 245, 36750),
            [("B2", "LEFT_OVER", "A3-1-1201")],
            id="unit",
        ),
        pytest.param(
            (1, None, "张", "王", "2026-03-01", 245, 36750),
            [("B2", "EMPTY", "")],
            id="no unit",
        ),
        pytest.param(
            (1, "3-1-1201", "张", "王", "2026-03-01", 245, None),
            [("G2", "EMPTY", "")],
            id="no amount",
        ),
        pytest.param(
            (1, "3-1-1201", "张", "王", None, None, 36750), [], id="no price, no date"
        ),
        pytest.param(
            (1, "3-1-1201", "张", "王", "3月1日", "面议", "三万五"),
            [
                ("G2", "NOT_AN_AMOUNT", "三万五"),
                ("F2", "NOT_AN_AMOUNT", "面议"),
                ("E2", "YEAR_MISSING", "3月1日"),
            ],
            id="several",
        ),
        pytest.param(
            (1, "3-1-1201", "张", "王", 46082, 245, "36750.005"),
            [
                ("G2", "ROUNDED_TO_FEN", "36750.005"),
                ("E2", "DATE_FROM_SERIAL", "46082"),
            ],
            id="reservations",
        ),
        pytest.param(
            (1, "3-1-1201", "张", "王", "2026-03-01", 245, "#ERROR"),
            [("G2", "FORMULA_WITHOUT_VALUE", "#ERROR")],
            id="formula",
        ),
    ],
)
def test_every_doubt_names_its_cell_and_what_was_read(
    row: Sequence[Value], doubts: list[tuple[str, str, str]]
) -> None:
    _, lines = lines_in(a_sheet(HEAD, row))

    assert [(d.cell, d.reason, d.read) for d in lines[0].doubts] == doubts


@pytest.mark.parametrize(
    ("cells", "normal", "doubt"),
    [
        pytest.param(("3栋", "1单元", "1201"), "3-1-1201", None, id="words"),
        pytest.param((3, 1, 1201), "3-1-1201", None, id="numbers"),
        pytest.param((3, None, 1201), "3-1201", None, id="no section"),
        pytest.param(("3栋", 1, "3-1-1201"), "3-1-1201", None, id="room says all"),
        pytest.param(
            ("5栋", 1, "3-1-1201"), None, UnitDoubt.COLUMNS_DISAGREE, id="disagree"
        ),
        pytest.param((None, None, "3-1-1201"), "3-1-1201", None, id="room alone"),
        pytest.param(("3栋", None, "3-1-1201"), "3-1-1201", None, id="building agrees"),
        pytest.param((None, 1, "3-1-1201"), "3-1-1201", None, id="section agrees"),
        pytest.param((3, 1, "3-1201"), "3-1-1201", None, id="section is added"),
        pytest.param(("三", "一", "1201"), "3-1-1201", None, id="numerals"),
        pytest.param((3, 7, 1201), "3-7-1201", None, id="the column says section"),
        pytest.param(
            (None, 1, 1201), None, UnitDoubt.BUILDING_MISSING, id="a section is none"
        ),
        pytest.param(
            (None, 2, "3-1-1201"), None, UnitDoubt.COLUMNS_DISAGREE, id="other section"
        ),
        pytest.param(("3栋", 1, None), None, UnitDoubt.EMPTY, id="no room"),
    ],
)
def test_building_section_and_room_may_have_columns_of_their_own(
    cells: Sequence[Value], normal: str | None, doubt: UnitDoubt | None
) -> None:
    _, lines = lines_in(a_sheet(["楼栋", "单元", "房号", "佣金"], [*cells, 100]))

    assert (lines[0].unit.normal, lines[0].unit.doubt) == (normal, doubt)


@pytest.mark.parametrize("value", [36892.5, 123456789012345680, "#ERROR"])
def test_a_unit_that_the_spreadsheet_changed_is_not_read(value: Value) -> None:
    _, lines = lines_in(a_sheet(["房号", "佣金"], [value, 100]))

    assert lines[0].unit.doubt is UnitDoubt.NOT_TEXT


def test_merged_keys_reach_down_and_merged_amounts_are_refused() -> None:
    sheet = a_sheet(
        ["经纪人", "房号", "佣金"],
        ["王五", "3-1-1201", 1000],
        [None, "3-1-1202", None],
        merges=[Merge(2, 1, 3, 1), Merge(2, 3, 3, 3), Merge(9, 1, 10, 1)],
    )

    _, lines = lines_in(sheet)

    assert [line.agent for line in lines] == ["王五", "王五"]
    assert [line.amount for line in lines] == [None, None]
    assert {d.reason for line in lines for d in line.doubts} == {"MERGED_OVER_ROWS"}


def test_an_empty_merged_range_fills_nothing() -> None:
    sheet = a_sheet(
        ["经纪人", "房号", "佣金"],
        [None, "3-1-1201", 1000],
        merges=[Merge(2, 1, 3, 1), Merge(1, 4, 1, 5)],
    )

    _, lines = lines_in(sheet)

    assert lines[0].agent == ""


def test_a_sheet_may_end_with_its_header() -> None:
    reading, lines = lines_in(a_sheet(["房号", "佣金"]))

    assert (lines, reading.blank_rows) == ([], 0)


def test_an_amount_merged_inside_its_row_is_still_one_amount() -> None:
    sheet = a_sheet(
        ["房号", "佣金", None], ["3-1-1201", 1000, None], merges=[Merge(2, 2, 2, 3)]
    )

    _, lines = lines_in(sheet)

    assert (lines[0].amount, lines[0].doubts) == (100_000, ())
