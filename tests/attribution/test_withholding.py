"""Tax of natural persons (money §4.1): the worked figures, and tables that join on."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.money import Fen
from attribution.withholding import (
    Method,
    Month,
    current_tax_tables,
    tax_tables_from_toml,
    withhold,
)

TABLES = current_tax_tables()


@pytest.mark.parametrize(
    ("gross", "tax"),
    [
        (0, 0),
        (800, 0),
        (801, 0.2),
        (3_500, 540),
        (4_000, 640),
        (4_001, 640.16),
        (7_000, 1_120),
        (8_000, 1_280),
        (20_000, 3_200),
        (25_000, 4_000),
        (25_001, 4_000.24),
        (30_000, 5_200),
        (62_500, 13_000),
        (62_501, 13_000.32),
    ],
)
def test_a_month_is_taxed_as_the_table_says(gross: float, tax: float) -> None:
    (table,) = TABLES.monthly

    assert table.tax(Fen(round(gross * 100))) == round(tax * 100)


def test_a_platform_withholds_on_the_sum_of_the_year() -> None:
    month = Fen(3_000_000)
    months = {Month(f"2026-{number:02}"): month for number in (1, 2, 3)}

    found = withhold(TABLES, Method.CUMULATIVE, months)

    # 19 000 and 38 000 and 57 000 yuan are taxable by then: 3 % up to 36 000 yuan.
    assert [one.tax for one in found] == [57_000, 71_000, 190_000]
    assert found[0].net == 2_943_000


def test_what_was_withheld_is_not_paid_back_during_the_year() -> None:
    months = {Month("2026-01"): Fen(3_000_000), Month("2026-12"): Fen(1)}

    first, last = withhold(TABLES, Method.CUMULATIVE, months)

    assert (first.tax, last.tax) == (57_000, 0)


def test_a_new_year_begins_anew_and_an_empty_month_is_left_out() -> None:
    months = {
        Month("2026-12"): Fen(3_000_000),
        Month("2027-01"): Fen(3_000_000),
        Month("2027-02"): Fen(0),
    }

    assert [one.tax for one in withhold(TABLES, Method.CUMULATIVE, months)] == [
        57_000,
        57_000,
    ]


def test_each_method_says_when_it_begins() -> None:
    assert TABLES.begins(Method.PER_MONTH) == "2019-01"
    assert TABLES.begins(Method.CUMULATIVE) == "2025-10"


@given(st.integers(0, 10**10), st.integers(0, 10**6))
def test_who_earns_more_keeps_more(gross: int, more: int) -> None:
    (table,) = TABLES.monthly
    low, high = Fen(gross), Fen(gross + more)

    assert low - table.tax(low) <= high - table.tax(high)


@pytest.mark.parametrize("tables", [TABLES.monthly, TABLES.yearly])
def test_brackets_join_on(tables: tuple[object, ...]) -> None:
    for table in tables:
        for low, high in pairwise(table.brackets):  # type: ignore[attr-defined]
            end = low.up_to
            assert end * low.rate - low.quick * 10_000 == (
                end * high.rate - high.quick * 10_000
            )


YEAR = """
[[per_month]]
in_force_from = "2019-01"
free_up_to_fen = 1
deduct_fen = 1
deduct_bp = 1
brackets = [{brackets}]
[[cumulative]]
in_force_from = "2019-01"
deduct_bp = 1
monthly_deduction_fen = 1
brackets = [{{ rate_bp = 1, quick_fen = 0 }}]
"""
LOW = "{ up_to_fen = 10000, rate_bp = 1000, quick_fen = 0 }"


@pytest.mark.parametrize(
    "brackets",
    [
        LOW,
        LOW + ", { rate_bp = 2000, quick_fen = 999 }",
        LOW + ", { rate_bp = 1000, quick_fen = 0 }",
        LOW + ", { up_to_fen = 9000, rate_bp = 2000, quick_fen = 1000 }",
        "{ rate_bp = 1000, quick_fen = 0 }, { rate_bp = 2000, quick_fen = 1000 }",
    ],
)
def test_a_table_that_jumps_is_refused(brackets: str) -> None:
    whole = LOW + ", { rate_bp = 2000, quick_fen = 1000 }"
    assert tax_tables_from_toml(YEAR.format(brackets=whole)).monthly

    with pytest.raises(ValueError, match="bracket"):
        tax_tables_from_toml(YEAR.format(brackets=brackets))
