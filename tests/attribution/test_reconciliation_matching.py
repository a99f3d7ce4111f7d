"""Every claim and every debt in exactly one row, with its reason."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.money import BasisPoints, Fen
from attribution.reconciliation.differences import explanations_of
from attribution.reconciliation.matching import reconcile
from attribution.reconciliation.owed import OwedLine
from attribution.reconciliation.report import (
    Component,
    ResultRow,
    RowKind,
    reconciliation_from_json,
    reconciliation_to_json,
)
from tests.grids import Value, a_debt, a_statement

ON = date(2026, 3, 1)
MATCHED, DIFFERS, NOT_OWED, NOT_CLAIMED, TWICE, UNREADABLE = RowKind


def rows_of(
    claims: Sequence[Sequence[Value]],
    debts: Sequence[OwedLine],
    units: Sequence[str] | None = None,
) -> list[tuple[RowKind, str, str, str]]:
    rows = reconcile(a_statement(*claims), debts, units).rows
    return [(row.kind, row.signing_id or "", row.unit, row.reason) for row in rows]


OPEN = (NOT_CLAIMED, "s1", "3-1-1201", "")
OPEN_NEW = (NOT_CLAIMED, "new", "3-1-1201", "")
CLAIM = ("3栋1单元1201", 36750, 2450000, ON)
RESOLD = [
    a_debt("old", yuan=0, on=date(2026, 1, 5), price=2_400_000, reason="CANCELLED"),
    a_debt("new"),
]


@pytest.mark.parametrize(
    ("claims", "debts", "rows"),
    [
        pytest.param([CLAIM], [a_debt()], [(MATCHED, "s1", "3-1-1201", "")], id="7.3"),
        pytest.param(
            [("3-1-1201", 36000)],
            [a_debt()],
            [(DIFFERS, "s1", "3-1-1201", "")],
            id="7.4 amount",
        ),
        pytest.param(
            [CLAIM],
            [a_debt(yuan=0, reason="WALK_IN_FIRST")],
            [(NOT_OWED, "s1", "3-1-1201", "WALK_IN_FIRST")],
            id="7.5 the ruling's reason",
        ),
        pytest.param(
            [CLAIM], [], [(NOT_OWED, "", "3-1-1201", "NO_SIGNING")], id="7.5 no deal"
        ),
        pytest.param([], [a_debt()], [OPEN], id="7.6 not claimed"),
        pytest.param([], [a_debt(yuan=0)], [], id="7.6 nothing owed, nothing said"),
        pytest.param(
            [("3-1-1201", 1), CLAIM, ("3#-1-1201", 36750)],
            [a_debt()],
            [
                (TWICE, "s1", "3-1-1201", ""),
                (MATCHED, "s1", "3-1-1201", ""),
                (TWICE, "s1", "3-1-1201", ""),
            ],
            id="7.7 the one that agrees is the claim",
        ),
        pytest.param(
            [CLAIM, CLAIM],
            [],
            [(NOT_OWED, "", "3-1-1201", "NO_SIGNING"), (TWICE, "", "3-1-1201", "")],
            id="7.7 twice for nothing",
        ),
        pytest.param(
            [("A3-1-1201", 1), ("3-1-1202", "约1")],
            [],
            [
                (UNREADABLE, "", "A3-1-1201", "LEFT_OVER"),
                (UNREADABLE, "", "3-1-1202", "NOT_AN_AMOUNT"),
            ],
            id="7.8 unreadable",
        ),
        pytest.param(
            [("3-1-1201", "约1")],
            [a_debt()],
            [
                (UNREADABLE, "", "3-1-1201", "NOT_AN_AMOUNT"),
                (NOT_CLAIMED, "s1", "3-1-1201", ""),
            ],
            id="7.8 the debt stays open",
        ),
        pytest.param(
            [("商铺Ｓ1-102", 36750)],
            [a_debt(unit="商铺s1-102")],
            [(MATCHED, "s1", "商铺S1-102", "")],
            id="7.2 odd names match literally",
        ),
        pytest.param(
            [("3幢1201", 36750, None, ON)],
            [a_debt()],
            [(MATCHED, "s1", "3-1-1201", "")],
            id="7.2 section completed by the date",
        ),
        pytest.param(
            [("3-1-1201", 36750, 2450000)],
            [a_debt(unit="3-1201")],
            [(MATCHED, "s1", "3-1201", "")],
            id="7.2 we lack the section",
        ),
        pytest.param(
            [("3幢1201", 36750)],
            [a_debt()],
            [
                (UNREADABLE, "", "3幢1201", "SECTION_MISSING"),
                (NOT_CLAIMED, "s1", "3-1-1201", ""),
            ],
            id="7.2 section not guessed",
        ),
        pytest.param(
            [("3幢1201", 36750, None, ON)],
            [a_debt(), a_debt("s2", "3-2-1201", yuan=0)],
            [
                (UNREADABLE, "", "3幢1201", "SECTION_MISSING"),
                (NOT_CLAIMED, "s1", "3-1-1201", ""),
            ],
            id="7.2 two sections",
        ),
        pytest.param(
            [CLAIM], RESOLD, [(MATCHED, "new", "3-1-1201", "")], id="7.9 by both"
        ),
        pytest.param(
            [("3-1-1201", 36750, 2400000)],
            RESOLD,
            [
                (NOT_OWED, "old", "3-1-1201", "CANCELLED"),
                (NOT_CLAIMED, "new", "3-1-1201", ""),
            ],
            id="7.9 by price",
        ),
        pytest.param(
            [("3-1-1201", 36750, 9900000, ON)],
            RESOLD,
            [(MATCHED, "new", "3-1-1201", "")],
            id="7.9 by date though the price differs",
        ),
        pytest.param(
            [("3-1-1201", 36750)],
            RESOLD,
            [
                (UNREADABLE, "", "3-1-1201", "SEVERAL_DEALS"),
                (NOT_CLAIMED, "new", "3-1-1201", ""),
            ],
            id="7.9 never by amount",
        ),
        pytest.param(
            [("3-1-1201", 36750, 2400000, ON)],
            RESOLD,
            [
                (UNREADABLE, "", "3-1-1201", "SEVERAL_DEALS"),
                (NOT_CLAIMED, "new", "3-1-1201", ""),
            ],
            id="7.9 date and price disagree",
        ),
    ],
)
def test_reconcile(
    claims: Sequence[Sequence[Value]],
    debts: Sequence[OwedLine],
    rows: list[tuple[RowKind, str, str, str]],
) -> None:
    assert rows_of(claims, debts) == rows


@pytest.mark.parametrize(
    ("unit", "row"),
    [
        pytest.param("3栋1201", (MATCHED, "s1", "3-1-1201", ""), id="completed"),
        pytest.param("1201室", (MATCHED, "s1", "3-1-1201", ""), id="only room"),
        pytest.param(
            "3-1-9901", (UNREADABLE, "", "3-1-9901", "UNIT_NOT_IN_LIST"), id="absent"
        ),
        pytest.param(
            "A3-1-1201", (UNREADABLE, "", "A3-1-1201", "LEFT_OVER"), id="not understood"
        ),
        pytest.param(
            "5-1-101", (NOT_OWED, "", "5-1-101", "NO_SIGNING"), id="listed, not sold"
        ),
        pytest.param(
            date(2003, 1, 12), (UNREADABLE, "", "2003-01-12", "NOT_TEXT"), id="a date"
        ),
    ],
)
def test_a_project_list_decides_what_is_a_unit(
    unit: Value, row: tuple[RowKind, str, str, str]
) -> None:
    rows = rows_of([(unit, 36750)], [a_debt()], ["5-1-101", "3-1-1202"])

    assert rows[0] == row


def test_remarks_say_what_was_completed_and_what_else_differs() -> None:
    claims = [("3幢1201", 36750, 2450000, date(2026, 3, 2))]

    row = reconcile(a_statement(*claims), [a_debt()]).rows[0]
    other = reconcile(a_statement(("3-1-1201", 36750, 1)), [a_debt()]).rows[0]
    open_row = reconcile(a_statement(("3-1-1201", "?")), [a_debt()]).rows[1]

    assert row.remarks == ("UNIT_COMPLETED", "DATE_DIFFERS")
    assert other.remarks == ("PRICE_DIFFERS",)
    assert open_row.remarks == ("CLAIM_UNREADABLE",)


def test_an_unreadable_row_names_the_deciding_cell_first() -> None:
    row = reconcile(a_statement(("A3-1-1201", "?", "?")), []).rows[0]

    assert (row.cell, row.reason) == ("A2", "LEFT_OVER")
    assert [doubt.cell for doubt in row.doubts] == ["A2", "B2", "C2"]


def test_a_duplicate_names_the_claim_it_repeats() -> None:
    rows = reconcile(a_statement(CLAIM, CLAIM), [a_debt()]).rows

    assert (rows[1].duplicate_of, rows[1].owed) == ("明细!A2", None)


def test_a_signing_may_be_owed_for_only_once() -> None:
    with pytest.raises(ValueError, match="each signing"):
        reconcile(a_statement(), [a_debt(), a_debt()])


P, R, S, F, T, X = (
    Component.PRICE,
    Component.RATE,
    Component.SHARE,
    Component.FRACTION,
    Component.TAX,
    Component.SCALE,
)


@pytest.mark.parametrize(
    ("claimed", "price", "share", "found"),
    [
        pytest.param(37_500, 2_500_000, 10_000, [(P, "250000000")], id="8.2 price"),
        pytest.param(
            36_750.02, 2_450_001, 10_000, [(P, "245000100")], id="8.1 half up"
        ),
        pytest.param(49_000, 2_450_000, 10_000, [(R, "200")], id="8.3 rate"),
        pytest.param(49_000, None, 10_000, [(R, "200")], id="8.3 rate, no price"),
        pytest.param(
            25_725, None, 10_000, [(R, "105"), (F, "7000")], id="8.5 fraction"
        ),
        pytest.param(73_500, None, 5_000, [(R, "300"), (S, "10000")], id="8.4 share"),
        pytest.param(38_955, None, 10_000, [(R, "159"), (T, "600")], id="8.6 plus VAT"),
        pytest.param(34_669.81, None, 10_000, [(T, "-600")], id="8.6 without VAT"),
        pytest.param(3.675, None, 10_000, [], id="no fen would fit"),
        pytest.param(367_500_000, None, 10_000, [(X, "")], id="8.7 scale"),
        pytest.param(12_345.67, 2_460_000, 10_000, [], id="nothing explains it"),
        pytest.param(-100, None, 10_000, [], id="negative"),
    ],
)
def test_a_difference_names_every_component_that_would_explain_it(
    claimed: float,
    price: int | None,
    share: int,
    found: list[tuple[Component, str]],
) -> None:
    explanations = explanations_of(
        claimed=Fen(round(claimed * 100)),
        owed=Fen(3_675_000),
        claimed_price=None if price is None else Fen(price * 100),
        our_price=Fen(245_000_000),
        share=BasisPoints(share),
    )

    assert [(e.component, e.theirs) for e in explanations] == found


def test_a_deal_without_a_price_has_no_rate_to_compare() -> None:
    explanations = explanations_of(
        claimed=Fen(-50),
        owed=Fen(-100),
        claimed_price=Fen(7),
        our_price=Fen(0),
        share=BasisPoints(10_000),
    )

    assert [e.component for e in explanations] == [F]


UNITS = st.sampled_from(["3-1-1201", "3栋1201", "5-2-301", "A1-101", "1201", ""])
YUAN = st.sampled_from([0, 1000, 36750, "约", None])
DATES = st.sampled_from([ON, date(2026, 4, 1), None])
CLAIMS = st.lists(st.tuples(UNITS, YUAN, st.sampled_from([1, 2, None]), DATES))
DEBTS = st.lists(
    st.tuples(UNITS, st.sampled_from([0, 1000, 36750]), st.integers(1, 2), DATES),
    max_size=6,
)


@given(CLAIMS, DEBTS, st.sampled_from([None, ["3-1-1201", "3-2-1201", "5-2-301"]]))
def test_every_claim_and_every_debt_ends_in_exactly_one_row(
    claims: list[tuple[str, Value, int | None, date | None]],
    debts: list[tuple[str, int, int, date | None]],
    units: list[str] | None,
) -> None:
    statement = a_statement(*claims)
    ours = [
        a_debt(f"s{index}", unit, yuan=yuan, price=price, on=on)
        for index, (unit, yuan, price, on) in enumerate(debts)
    ]

    result = reconcile(statement, ours, units)

    answered = [(row.row, row.claimed) for row in result.rows if row.row is not None]
    assert answered == [(line.row, line.amount) for line in statement.lines]
    assert result.total.claimed == sum(line.amount or 0 for line in statement.lines)
    assert result.total.owed == sum(debt.amount for debt in ours)
    assert sum(total.count for total in result.totals.values()) == len(result.rows)
    assert max(owed_rows(result.rows).values(), default=1) == 1


def owed_rows(rows: Sequence[ResultRow]) -> Counter[str]:
    return Counter(row.signing_id or "" for row in rows if row.owed is not None)


def test_a_reconciliation_survives_json_and_shows_its_totals() -> None:
    claims = [CLAIM, ("3-1-1202", 37500, 2500000, ON), ("A1", "?"), CLAIM]
    result = reconcile(a_statement(*claims), [a_debt(), a_debt("s2", "3-1-1202")])

    plain = reconciliation_to_json(result)

    assert reconciliation_from_json(json.loads(json.dumps(plain))) == result
    assert plain["totals"]["MATCHED"] == {
        "count": 1,
        "claimed": 3_675_000,
        "owed": 3_675_000,
    }
    assert result.rows[1].difference == 75_000


def test_json_of_another_format_is_refused() -> None:
    plain = reconciliation_to_json(reconcile(a_statement(), []))

    with pytest.raises(ValueError, match="hefu-reconciliation/v1"):
        reconciliation_from_json({**plain, "format": "hefu-reconciliation/v2"})


def test_a_row_without_amounts_differs_by_nothing() -> None:
    row = reconcile(a_statement(("A1", "?")), []).rows[0]

    assert replace(row, owed=None).difference == 0


def test_a_number_in_the_wrong_column_is_not_carried_into_the_report() -> None:
    result = reconcile(a_statement(("张三13812345678", 100)), [])

    assert "13812345678" not in json.dumps(reconciliation_to_json(result))
    assert result.rows[0].unit == "张三138****"
