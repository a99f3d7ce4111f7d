"""Steps 跳点 (money §1.3, §1.6, §1.7): both sides of a step, and what is no table."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.commissions import plan_from_json, plan_to_json
from attribution.documents import Node
from attribution.errors import PlanInvalid
from attribution.ladders import (
    Ladder,
    Period,
    amount_of,
    ladder_of,
    parts_of_period,
)
from attribution.money import Fen

COUNTED = [
    {"from": 1, "fixed_fen": 500_000},
    {"from": 15, "fixed_fen": 600_000},
    {"from": 25, "fixed_fen": 700_000},
]
SUMMED = [{"from": 0, "rate_bp": 100}, {"from": 1000, "rate_bp": 200}]


def ladder(by: str, mode: str, steps: object, period: str = "month") -> Ladder:
    document = {"by": by, "mode": mode, "period": period, "ladder": steps}
    return ladder_of(Node(value=document, path="steps", refuse=PlanInvalid))


def amounts(rungs: Ladder, prices: list[int]) -> list[int]:
    return [
        amount_of(parts) for parts in parts_of_period(rungs, list(map(Fen, prices)))
    ]


@pytest.mark.parametrize(
    ("mode", "units", "total"),
    [
        ("marginal", 26, 14_400_000),
        ("retroactive", 26, 18_200_000),
        ("marginal", 14, 7_000_000),
        ("retroactive", 14, 7_000_000),
        ("marginal", 15, 7_600_000),
        ("retroactive", 15, 9_000_000),
        ("marginal", 24, 13_000_000),
        ("retroactive", 24, 14_400_000),
        ("retroactive", 25, 17_500_000),
        ("marginal", 0, 0),
    ],
)
def test_a_ladder_of_units_is_as_agreed(mode: str, units: int, total: int) -> None:
    assert sum(amounts(ladder("count", mode, COUNTED), [1] * units)) == total


@pytest.mark.parametrize(
    ("mode", "prices", "paid"),
    [
        ("marginal", [999], [10]),
        ("marginal", [1000], [10]),
        ("marginal", [1100], [12]),
        ("marginal", [600, 600, 600, 0], [6, 8, 12, 0]),
        ("retroactive", [999], [10]),
        ("retroactive", [1000], [20]),
        ("retroactive", [600, 400], [12, 8]),
    ],
)
def test_a_ladder_of_amounts_prices_bands_or_all(
    mode: str, prices: list[int], paid: list[int]
) -> None:
    assert amounts(ladder("amount", mode, SUMMED), prices) == paid


def test_what_two_bands_pay_is_rounded_once() -> None:
    halves = [{"from": 0, "rate_bp": 5000}, {"from": 1, "rate_bp": 5000}]

    # Half a fen and half a fen are one fen, and not two.
    assert amounts(ladder("amount", "marginal", halves), [2]) == [1]


@given(st.lists(st.integers(0, 10**9), max_size=30), st.integers(1, 10**9))
def test_bands_take_every_fen_once(prices: list[int], since: int) -> None:
    rungs = ladder(
        "amount",
        "marginal",
        [{"from": 0, "rate_bp": 1}, {"from": since, "rate_bp": 2}],
    )

    found = parts_of_period(rungs, list(map(Fen, prices)))

    assert [sum(part.of for part in parts) for parts in found] == prices
    low = sum(part.of for parts in found for part in parts if not part.step.since)
    assert low == min(since, sum(prices))


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=40))
def test_one_more_unit_never_lowers_what_a_rising_ladder_pays(
    prices: list[int],
) -> None:
    for mode in ("marginal", "retroactive"):
        rungs = ladder("count", mode, COUNTED)
        assert sum(amounts(rungs, prices)) > sum(amounts(rungs, prices[:-1]))


@pytest.mark.parametrize(
    ("period", "day", "name"),
    [
        (Period.MONTH, date(2026, 3, 31), "2026-03"),
        (Period.QUARTER, date(2026, 3, 31), "2026-Q1"),
        (Period.QUARTER, date(2026, 4, 1), "2026-Q2"),
        (Period.QUARTER, date(2026, 12, 31), "2026-Q4"),
        (Period.PROGRAMME, date(2026, 12, 31), "-"),
    ],
)
def test_a_day_lies_in_one_period(period: Period, day: date, name: str) -> None:
    assert period.of(day) == name


def stepped(**changed: object) -> dict[str, object]:
    steps = {"by": "count", "mode": "marginal", "period": "month", "ladder": COUNTED}
    return {"base": "price", "steps": {**steps, **changed}}


def steps_of(*steps: object, **others: object) -> dict[str, object]:
    return stepped(ladder=list(steps), **others)


FIRST = COUNTED[0]


@pytest.mark.parametrize(
    ("plan", "path"),
    [
        (stepped(by="height"), "steps.by"),
        (stepped(mode="both"), "steps.mode"),
        (stepped(period="week"), "steps.period"),
        (stepped(ladder=[]), "steps.ladder"),
        (stepped(ladder=[FIRST] * 101), "steps.ladder"),
        (steps_of({"from": 2, "fixed_fen": 1}), "steps.ladder[0].from"),
        (steps_of({"from": 0, "fixed_fen": 1}), "steps.ladder[0].from"),
        (
            steps_of({"from": 1, "rate_bp": 1}, by="amount"),
            "steps.ladder[0].from",
        ),
        (steps_of(FIRST, FIRST), "steps.ladder[1].from"),
        (
            steps_of(FIRST, {"from": 9, "fixed_fen": 1}, {"from": 8, "fixed_fen": 1}),
            "steps.ladder[2].from",
        ),
        (steps_of({"from": 1}), "steps.ladder[0].rate_bp"),
        (
            steps_of({"from": 1, "rate_bp": 1, "fixed_fen": 1}),
            "steps.ladder[0].rate_bp",
        ),
        (steps_of({"from": 1, "rate_bp": 10_001}), "steps.ladder[0].rate_bp"),
        (steps_of({"from": 1, "fixed_fen": -1}), "steps.ladder[0].fixed_fen"),
        (
            steps_of({"from": 0, "fixed_fen": 1}, by="amount"),
            "steps.ladder[0].fixed_fen",
        ),
        ({**stepped(), "rate_bp": 150}, "rate_bp"),
        ({**stepped(), "fixed_fen": 150}, "fixed_fen"),
    ],
)
def test_a_table_with_a_gap_or_an_overlap_is_refused(plan: object, path: str) -> None:
    with pytest.raises(PlanInvalid) as refusal:
        plan_from_json(plan, version="1")

    assert refusal.value.path == path


@pytest.mark.parametrize(
    "plan",
    [
        stepped(),
        {**stepped(), "base": "fixed"},
        steps_of(*SUMMED, by="amount", period="quarter"),
        {"base": "price_net", "rate_bp": 150, "exclude_kinds": ["parking"]},
        {
            "base": "fixed",
            "fixed_fen": 1,
            "split": [{"role": "channel", "bp": 8000}, {"role": "agent", "bp": 2000}],
        },
    ],
)
def test_a_plan_is_read_as_it_was_written(plan: object) -> None:
    read = plan_from_json(plan, version="1")

    assert plan_from_json(plan_to_json(read), version="1") == read
