"""Amounts, numerals and dates as people type them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.reconciliation.cells import (
    CellDoubt,
    masked,
    read_amount,
    read_date,
    shown,
)
from attribution.reconciliation.numerals import digits_read, numeral_read
from attribution.reconciliation.statement import Cell, CellKind, address_of
from tests.grids import Value, a_cell

NO, LOST = CellDoubt.NOT_AN_AMOUNT, CellDoubt.SHORTENED_BY_SPREADSHEET
ROUNDED, BIG = CellDoubt.ROUNDED_TO_FEN, CellDoubt.AMOUNT_TOO_LARGE
NONE = CellDoubt.EMPTY
WAN = 10_000


@pytest.mark.parametrize(
    ("value", "scale", "fen", "doubt"),
    [
        ("36750", 1, 3_675_000, None),
        ("36,750.00", 1, 3_675_000, None),
        ("３６，７５０．５０", 1, 3_675_050, None),
        ("¥36,750.00", 1, 3_675_000, None),
        ("￥ 36 750", 1, 3_675_000, None),
        ("36750元", 1, 3_675_000, None),
        ("36750.00元整", 1, 3_675_000, None),
        ("人民币36750元", 1, 3_675_000, None),
        ("RMB 36,750", 1, 3_675_000, None),
        ("3.675万", 1, 3_675_000, None),
        ("3.675 万元", 1, 3_675_000, None),
        ("3.675", WAN, 3_675_000, None),
        ("3.675万元", WAN, 3_675_000, None),
        ("36750元", WAN, 3_675_000, None),
        ("1.5亿", 1, 15_000_000_000, None),
        ("12千元", 1, 1_200_000, None),
        ("(36,750.00)", 1, -3_675_000, None),
        ("（¥36,750.00）", 1, -3_675_000, None),
        ("-36750", 1, -3_675_000, None),
        ("−36,750.00", 1, -3_675_000, None),
        ("¥-36,750.00", 1, -3_675_000, None),
        ("-¥36,750.00", 1, -3_675_000, None),
        ("0", 1, 0, None),
        ("叁万陆仟柒佰伍拾元整", 1, 3_675_000, None),
        ("人民币叁万陆仟柒佰伍拾圆整", 1, 3_675_000, None),
        ("三十五万", 1, 35_000_000, None),
        ("三十五万", WAN, 35_000_000, None),
        ("三十五", WAN, 35_000_000, None),
        ("壹万零伍拾元伍角贰分", 1, 1_005_052, None),
        ("壹万元零伍分", 1, 1_000_005, None),
        ("负叁佰元", 1, -30_000, None),
        ("（叁佰元）", 1, -30_000, None),
        ("100.005", 1, 10_001, ROUNDED),
        ("-100.005", 1, -10_001, ROUNDED),
        ("100.004", 1, 10_000, ROUNDED),
        (36750, 1, 3_675_000, None),
        (36750.00000000001, 1, 3_675_000, None),
        (0.1 + 0.2, 1, 30, None),
        (3.675, WAN, 3_675_000, None),
        (100.005, 1, 10_001, ROUNDED),
        (-36750.5, 1, -3_675_050, None),
        (1e15, 1, None, LOST),
        (123456789012345678, 1, None, LOST),
        (1e12, 1, None, BIG),
        ("13000000000", 1, None, BIG),
        (19900000000, 1, None, BIG),
        ("99999999999", WAN, None, BIG),
        ("", 1, None, NONE),
        ("—", 1, None, NONE),
        ("无", 1, None, NONE),
        (None, 1, None, NONE),
        ("#ERROR", 1, None, CellDoubt.FORMULA_WITHOUT_VALUE),
        (date(2026, 3, 1), 1, None, NO),
        ("3,6750", 1, None, NO),
        ("3 6750", 1, None, NO),
        ("36750 1200", 1, None, NO),
        ("36750\n1200", 1, None, NO),
        ("1 234 567.50", 1, 123_456_750, None),
        ("36CNY750", 1, None, NO),
        ("36750CNY", 1, 3_675_000, None),
        ("-RMB 36,750", 1, -3_675_000, None),
        ("RMB(36,750)", 1, -3_675_000, None),
        ("(RMB 36,750)", 1, -3_675_000, None),
        ("(-36750)", 1, None, NO),
        ("（负叁佰元）", 1, None, NO),
        ("五元百角", 1, None, NO),
        ("五元五角万分", 1, None, NO),
        (f"0.004{'9' * 30}", 1, 0, ROUNDED),
        (f"100.{'0' * 30}1", 1, 10_000, ROUNDED),
        (f"0.0000004{'9' * 25}", WAN, 0, ROUNDED),
        ("36.750,00", 1, None, NO),
        ("--36750", 1, None, NO),
        ("-¥-36750", 1, None, NO),
        ("约36750", 1, None, NO),
        ("36750/2", 1, None, NO),
        ("=1+1", 1, None, NO),
        ("1.5%", 1, None, NO),
        ("1e5", 1, None, NO),
        ("三万五", 1, None, NO),
        ("一百二", 1, None, NO),
        ("叁佰伍角", 1, None, NO),
        ("佣金", 1, None, NO),
        ("()", 1, None, NO),
        ("9" * 41, 1, None, NO),
    ],
)
def test_an_amount_is_read_exactly_or_not_at_all(
    value: Value, scale: int, fen: int | None, doubt: CellDoubt | None
) -> None:
    reading = read_amount(None if value is None else a_cell(value), scale)

    assert (reading.amount, reading.doubt) == (fen, doubt)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("零", 0), ("九", 9), ("十", 10), ("十五", 15), ("二十", 20), ("一百零一", 101),
        ("一百一十", 110), ("两千", 2000), ("两千零三", 2003), ("一万", 10_000),
        ("十万零五百", 100_500), ("一亿零三万", 100_030_000), ("贰亿", 200_000_000),
        ("三亿五千万", 350_000_000), ("", None), ("百", None), ("一一", None),
        ("一百零", None), ("十百", None), ("万", None), ("三万五", None),
        ("一千五", None),
        ("三万零五", 30_005), ("一百二万", None), ("abc", None),
    ],
)  # fmt: skip
def test_a_numeral_that_could_be_two_is_none(text: str, value: int | None) -> None:
    assert numeral_read(text) == value


def test_digits_are_read_as_on_a_door() -> None:
    assert [digits_read(text) for text in ("一二〇一", "十二", "")] == [
        1201,
        None,
        None,
    ]


@given(st.integers(-(10**12) + 1, 10**12 - 1))
def test_every_amount_survives_being_written_with_marks(fen: int) -> None:
    sign, (yuan, rest) = "-" if fen < 0 else "", divmod(abs(fen), 100)

    reading = read_amount(a_cell(f"{sign}¥{yuan:,}.{rest:02}元"))

    assert (reading.amount, reading.doubt) == (fen, None)


MARCH = date(2026, 3, 1)
NOT_A_DATE, NO_YEAR = CellDoubt.NOT_A_DATE, CellDoubt.YEAR_MISSING
SERIAL = CellDoubt.DATE_FROM_SERIAL


@pytest.mark.parametrize(
    ("value", "year", "on", "doubt"),
    [
        ("2026-03-01", None, MARCH, None),
        ("2026/3/1", None, MARCH, None),
        ("2026.3.1", None, MARCH, None),
        ("2026年3月1日", None, MARCH, None),
        ("2026年 3月 1日", None, MARCH, None),
        ("２０２６－０３－０１", None, MARCH, None),
        ("2026年3月1", None, MARCH, None),
        ("20260301", None, MARCH, None),
        ("2026-03-01 12:30:00", None, MARCH, None),
        ("3月1日", 2026, MARCH, None),
        ("3月1日", None, None, NO_YEAR),
        (date(2026, 3, 1), None, MARCH, None),
        (20260301, None, MARCH, None),
        (46082, None, MARCH, SERIAL),
        ("46082", None, MARCH, SERIAL),
        (36526, None, date(2000, 1, 1), SERIAL),
        (36525, None, None, NOT_A_DATE),
        (73050, None, date(2099, 12, 31), SERIAL),
        (73051, None, None, NOT_A_DATE),
        (46082.5, None, None, NOT_A_DATE),
        ("2026-02-29", None, None, NOT_A_DATE),
        ("1999-12-31", None, None, NOT_A_DATE),
        ("2100-01-01", None, None, NOT_A_DATE),
        ("2026-13-01", None, None, NOT_A_DATE),
        ("2026/3", None, None, NOT_A_DATE),
        ("26.3.1", None, None, NOT_A_DATE),
        ("2026年3-1", None, None, NOT_A_DATE),
        ("2026-3.1", None, None, NOT_A_DATE),
        ("待定", None, None, NOT_A_DATE),
        (f"2026-03-01{' ' * 40}12:30", None, None, NOT_A_DATE),
        ("#ERROR", None, None, NOT_A_DATE),
        ("", None, None, NONE),
        (None, None, None, NONE),
    ],
)
def test_a_date_is_read_exactly_or_not_at_all(
    value: Value, year: int | None, on: date | None, doubt: CellDoubt | None
) -> None:
    reading = read_date(None if value is None else a_cell(value), year)

    assert (reading.on, reading.doubt) == (on, doubt)


def test_a_logical_cell_is_neither() -> None:
    cell = Cell(1, 1, CellKind.LOGICAL, "TRUE")

    assert (read_amount(cell).doubt, read_date(cell).doubt) == (NO, NOT_A_DATE)


@pytest.mark.parametrize(
    "number",
    [
        "１３８００１３８０００",
        "138.0013.8000",
        "138\u00a00013\u00a08000",
        "138－0013－8000",
        "138_0013_8000",
        "138/0013/8000",
        "+86(138)00138000",
        "110105 19491231 002X",
        "1.1010519491231e+17",
        "H12345678",
        "E12345678",
        "CHN:EA1234567",
        "ABC123456789012",
    ],
)
def test_a_number_of_somebody_is_covered_however_it_is_written(number: str) -> None:
    seen = shown(f"张 {number} 三")

    assert "****" in seen
    assert sum(map(str.isdigit, seen)) <= 6


@pytest.mark.parametrize(
    "text",
    [
        "3栋1单元1201",
        "123456789.005",
        "2026-03-01 10:00",
        "结算20260301-20260331",
        "１２．５万",
    ],
)
def test_what_is_nobodys_number_is_shown_as_it_is(text: str) -> None:
    assert shown(text) == text


def test_what_is_shown_covers_long_numbers_and_is_short() -> None:
    assert shown("电话13812345678") == "电话138****"
    assert shown("36750.00元") == "36750.00元"
    assert len(shown("长" * 100)) == 41


@pytest.mark.parametrize(
    ("name", "kept"),
    [("张小明", "张**"), (" 张 ", "张**"), ("13812345678", ""), ("", "")],
)
def test_of_a_name_only_its_first_character_is_kept(name: str, kept: str) -> None:
    assert masked(name) == kept


@pytest.mark.parametrize(
    ("row", "column", "address"),
    [(7, 3, "C7"), (1, 26, "Z1"), (1, 27, "AA1"), (1048576, 16384, "XFD1048576")],
)
def test_addresses_are_those_of_the_spreadsheet(
    row: int, column: int, address: str
) -> None:
    assert address_of(row, column) == address
    assert Cell(row, column, CellKind.TEXT, "").address == address
