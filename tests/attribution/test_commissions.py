import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.commissions import (
    MilestoneKind,
    commission_for,
    joint_commissions,
    payable_at,
    plan_from_json,
    plan_to_json,
    unit_plan_from_json,
    worked_example,
)
from attribution.errors import PlanInvalid
from attribution.ids import ChannelId
from attribution.money import BasisPoints, Fen

RATE = {"base": "price", "rate_bp": 150}
FIXED = {"base": "fixed", "fixed_fen": 500_000}
STEPS = [
    {"on": "contract", "bp": 7000},
    {"on": "loan_disbursed", "bp": 2000},
    {"on": "handover", "bp": 1000},
]
CONTRACT, LOAN, HANDOVER = (MilestoneKind(str(step["on"])) for step in STEPS)


@pytest.mark.parametrize(
    ("plan", "price", "commission"),
    [
        (RATE, 245_000_000, 3_675_000),
        (RATE, 33, 0),
        (RATE, 34, 1),
        ({**RATE, "floor_fen": 100}, 34, 100),
        ({**RATE, "cap_fen": 3_000_000}, 245_000_000, 3_000_000),
        ({**RATE, "floor_fen": 5, "cap_fen": 5}, 245_000_000, 5),
        (FIXED, 245_000_000, 500_000),
        ({**FIXED, "cap_fen": 400_000}, 1, 400_000),
    ],
)
def test_a_commission_is_a_rate_or_an_amount_within_its_limits(
    plan: object, price: int, commission: int
) -> None:
    assert commission_for(plan_from_json(plan, version="1"), Fen(price)) == commission


@pytest.mark.parametrize(
    ("reached", "payable"),
    [
        ([], 0),
        ([CONTRACT], 71),
        ([LOAN], 20),
        ([CONTRACT, LOAN, CONTRACT], 92),
        ([HANDOVER, LOAN, CONTRACT], 102),
        ([MilestoneKind.SUBSCRIPTION], 0),
    ],
)
def test_what_is_payable_is_rounded_once_on_the_sum(
    reached: list[MilestoneKind], payable: int
) -> None:
    # 0.7 and 0.2 of 102 fen are 71 and 20 fen by themselves, 92 fen together.
    plan = plan_from_json({**RATE, "milestones": STEPS}, version="1")

    assert payable_at(Fen(102), plan, reached) == payable


@given(st.integers(0, 10**12), st.permutations([CONTRACT, LOAN, HANDOVER]))
def test_instalments_add_up_in_any_order(
    commission: int, order: list[MilestoneKind]
) -> None:
    plan = plan_from_json({**RATE, "milestones": STEPS}, version="1")

    totals = [payable_at(Fen(commission), plan, order[:n]) for n in range(4)]

    assert totals == sorted(totals)
    assert totals[-1] == commission


def test_without_milestones_all_is_payable_at_the_contract() -> None:
    plan = plan_from_json(RATE, version="1")

    assert payable_at(Fen(100), plan, [CONTRACT]) == 100


def test_a_plan_prints_its_own_worked_example() -> None:
    plan = plan_from_json(
        {**RATE, "milestones": STEPS, "cap_fen": 3_000_000}, version="1"
    )

    example = worked_example(plan)

    assert example.price == 245_000_000
    assert example.before_limits == 3_675_000
    assert example.commission == 3_000_000
    assert example.instalments == (
        (CONTRACT, 2_100_000),
        (LOAN, 600_000),
        (HANDOVER, 300_000),
    )


def test_joint_shares_split_one_commission_without_loss() -> None:
    shares = [
        (ChannelId("C"), BasisPoints(3334)),
        (ChannelId("A"), BasisPoints(3333)),
        (ChannelId("B"), BasisPoints(3333)),
    ]

    parts = joint_commissions(Fen(100), shares)

    assert parts == {"C": 34, "A": 33, "B": 33}


def test_a_natural_deal_has_no_commission_to_split() -> None:
    assert joint_commissions(Fen(100), []) == {}


@pytest.mark.parametrize(
    "values", [RATE, {**FIXED, "milestones": STEPS, "floor_fen": 1, "cap_fen": 2}]
)
def test_a_plan_is_written_in_full_and_read_back(values: object) -> None:
    plan = plan_from_json(values, version="1")

    assert plan_from_json(plan_to_json(plan), version="1") == plan


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ([], "$"),
        ({}, "base"),
        ({"base": "net"}, "base"),
        ({"base": "price"}, "rate_bp"),
        ({"base": "price", "rate_bp": "1.5%"}, "rate_bp"),
        ({"base": "price", "rate_bp": 10_001}, "rate_bp"),
        ({**RATE, "fixed_fen": 1}, "fixed_fen"),
        ({**FIXED, "rate_bp": 1}, "rate_bp"),
        ({**RATE, "floor_fen": -1}, "floor_fen"),
        ({**RATE, "floor_fen": 2, "cap_fen": 1}, "cap_fen"),
        ({**RATE, "bonus": 1}, "bonus"),
        ({**RATE, "milestones": []}, "milestones"),
        ({**RATE, "milestones": STEPS[:2]}, "milestones"),
        ({**RATE, "milestones": [STEPS[0], STEPS[0]]}, "milestones[1].on"),
        ({**RATE, "milestones": [{"on": "party", "bp": 1}]}, "milestones[0].on"),
        ({**RATE, "milestones": [{"on": "contract"}]}, "milestones[0].bp"),
    ],
)
def test_a_mistake_in_a_plan_is_named(values: object, path: str) -> None:
    with pytest.raises(PlanInvalid) as refused:
        plan_from_json(values, version="1")

    assert refused.value.path == path


@pytest.mark.parametrize(
    ("plan", "path"),
    [
        ({**RATE, "base": "price_net"}, "base"),
        ({**RATE, "exclude_kinds": ["parking"]}, "exclude_kinds"),
        ({**RATE, "split": [{"role": "agent", "bp": 10_000}]}, "split"),
        (
            {
                "base": "price",
                "steps": {
                    "by": "count",
                    "mode": "marginal",
                    "period": "month",
                    "ladder": [{"from": 1, "rate_bp": 150}],
                },
            },
            "steps",
        ),
    ],
)
def test_what_cannot_be_booked_deal_by_deal_is_not_agreed(
    plan: object, path: str
) -> None:
    assert unit_plan_from_json(RATE, version="1") == plan_from_json(RATE, version="1")
    plan_from_json(plan, version="1")

    with pytest.raises(PlanInvalid) as refusal:
        unit_plan_from_json(plan, version="1")

    assert refusal.value.path == path
