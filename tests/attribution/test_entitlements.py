"""What a plan owes as of an instant: order, periods, cancellations, differences."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.commissions import CommissionPlan, MilestoneKind, plan_from_json
from attribution.entitlements import (
    Entitlement,
    Finding,
    SoldUnit,
    entitle,
    worked_period,
)
from attribution.money import Fen

SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 3, 1, 2, tzinfo=UTC)
MILESTONES = [{"on": "contract", "bp": 7000}, {"on": "handover", "bp": 3000}]
LADDER = [{"from": 1, "fixed_fen": 500}, {"from": 3, "fixed_fen": 700}]


def stepped(mode: str = "retroactive", period: str = "month") -> CommissionPlan:
    return plan_from_json(
        {
            "base": "price",
            "exclude_kinds": ["parking"],
            "milestones": MILESTONES,
            "split": [{"role": "a", "bp": 3333}, {"role": "b", "bp": 6667}],
            "steps": {
                "by": "count",
                "mode": mode,
                "period": period,
                "ladder": LADDER,
            },
        },
        version="1",
    )


def unit(
    name: str,
    hours: float = 0,
    *,
    cancelled: float | None = None,
    contract: float | None = None,
    kind: str = "residential",
) -> SoldUnit:
    reached = (
        {}
        if contract is None
        else {MilestoneKind.CONTRACT: START + timedelta(hours=contract)}
    )
    return SoldUnit(
        id=name,
        kind=kind,
        price=Fen(100_000_000),
        signed_at=START + timedelta(hours=hours),
        reached=reached,
        cancelled_at=None if cancelled is None else START + timedelta(hours=cancelled),
    )


def at(
    plan: CommissionPlan, units: list[SoldUnit], hours: float
) -> dict[str, Entitlement]:
    as_of = START + timedelta(hours=hours)
    found = entitle(plan, units, as_of=as_of, zone=SHANGHAI)
    return {one.unit.id: one for one in found}


def test_a_period_ends_where_the_calendar_of_the_place_says() -> None:
    last = datetime(2026, 3, 31, 15, 59, 59, tzinfo=UTC)
    units = [
        SoldUnit(id=name, kind="", price=Fen(1), signed_at=when, reached={})
        for name, when in (("a", last), ("b", last + timedelta(seconds=1)))
    ]

    found = entitle(stepped(), units, as_of=last + timedelta(days=1), zone=SHANGHAI)

    standings = [one.standing for one in found]
    assert [one and one.period for one in standings] == ["2026-03", "2026-04"]


def test_a_signing_counts_from_its_very_instant() -> None:
    units = [unit("a", 5)]

    assert at(stepped(), units, 4.99)["a"].finding is Finding.NOT_SIGNED_YET
    assert at(stepped(), units, 5)["a"].finding is Finding.EARNS


def test_a_cancellation_takes_a_step_away_from_all() -> None:
    units = [unit("a"), unit("b", 1), unit("c", 2, cancelled=9)]

    before, after = (at(stepped(), units, hours) for hours in (8.99, 9))

    assert [before[name].commission for name in "abc"] == [700, 700, 700]
    assert [after[name].commission for name in "abc"] == [500, 500, 0]
    assert after["c"].finding is Finding.CANCELLED
    assert after["c"].instalments == ()


def test_an_excluded_kind_neither_earns_nor_counts() -> None:
    units = [unit("a"), unit("b", 1), unit("p", 2, kind="parking")]

    found = at(stepped(), units, 9)

    assert [found[name].commission for name in "abp"] == [500, 500, 0]
    assert found["p"].finding is Finding.EXCLUDED_KIND


def test_of_one_instant_the_id_decides_who_is_before() -> None:
    units = [unit("b"), unit("c"), unit("a")]

    found = at(stepped("marginal"), units, 9)

    assert [found[name].commission for name in "abc"] == [500, 500, 700]
    assert list(found) == ["a", "b", "c"]


def test_a_contract_before_the_signing_counts_from_the_signing() -> None:
    early = at(stepped(), [unit("a", 5, contract=1)], 9)["a"]

    assert [part.at for part in early.instalments] == [START + timedelta(hours=5)]
    assert early.payable == 350
    assert early.by_role == {"a": 167, "b": 333}


def test_a_net_plan_needs_net_prices() -> None:
    plan = plan_from_json({"base": "price_net", "rate_bp": 150}, version="1")

    with pytest.raises(ValueError, match="net price"):
        at(plan, [unit("a")], 9)


UNITS = st.lists(
    st.builds(
        unit,
        st.uuids().map(str),
        st.integers(0, 2000),
        cancelled=st.none() | st.integers(0, 2000),
        contract=st.none() | st.integers(0, 2000),
        kind=st.sampled_from(["residential", "parking"]),
    ),
    max_size=12,
)
PLANS = st.builds(
    stepped,
    st.sampled_from(["marginal", "retroactive"]),
    st.sampled_from(["month", "quarter", "programme"]),
)


@given(PLANS, UNITS, st.randoms(), st.integers(0, 2500))
def test_the_order_of_the_input_does_not_matter(
    plan: CommissionPlan, units: list[SoldUnit], random: object, hours: int
) -> None:
    mixed = list(units)
    random.shuffle(mixed)  # type: ignore[attr-defined]

    assert at(plan, mixed, hours) == at(plan, units, hours)


@given(PLANS, UNITS, st.integers(0, 2500))
def test_what_has_not_happened_yet_does_not_matter(
    plan: CommissionPlan, units: list[SoldUnit], hours: int
) -> None:
    as_of = START + timedelta(hours=hours)
    known = [
        SoldUnit(
            id=one.id,
            kind=one.kind,
            price=one.price,
            signed_at=one.signed_at,
            reached={on: when for on, when in one.reached.items() if when <= as_of},
            cancelled_at=(
                one.cancelled_at
                if one.cancelled_at is not None and one.cancelled_at <= as_of
                else None
            ),
        )
        for one in units
        if one.signed_at <= as_of
    ]

    by_all, by_known = at(plan, units, hours), at(plan, known, hours)

    assert sum(one.commission for one in by_all.values()) == sum(
        one.commission for one in by_known.values()
    )
    for name, one in by_known.items():
        assert by_all[name].commission == one.commission
        assert by_all[name].instalments == one.instalments


@given(PLANS, UNITS, st.integers(0, 2500))
def test_parts_add_up_and_nothing_is_payable_that_is_not_earned(
    plan: CommissionPlan, units: list[SoldUnit], hours: int
) -> None:
    for one in at(plan, units, hours).values():
        assert sum(one.by_role.values()) == one.commission
        assert 0 <= one.payable <= one.commission


@pytest.mark.parametrize(
    ("plan", "groups"),
    [
        ({"base": "price", "rate_bp": 150}, ((1, 3_675_000),)),
        (
            {
                "base": "price",
                "steps": {
                    "by": "amount",
                    "mode": "marginal",
                    "period": "month",
                    "ladder": [
                        {"from": 0, "rate_bp": 100},
                        {"from": 300_000_000, "rate_bp": 200},
                    ],
                },
            },
            ((1, 2_450_000), (1, 4_350_000)),
        ),
        (
            {
                "base": "price",
                "steps": {
                    "by": "amount",
                    "mode": "retroactive",
                    "period": "month",
                    "ladder": [
                        {"from": 0, "rate_bp": 100},
                        {"from": 10**12, "rate_bp": 200},
                    ],
                },
            },
            ((1001, 20_000_000),),
        ),
    ],
)
def test_a_plan_works_an_example_past_its_last_step(
    plan: object, groups: tuple[tuple[int, int], ...]
) -> None:
    example = worked_period(plan_from_json(plan, version="1"))

    assert example.groups == groups
    assert example.total == sum(count * each for count, each in groups)
