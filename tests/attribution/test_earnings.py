"""Commission case files: each example is answered as it expects, each mistake named."""

import json
from pathlib import Path
from typing import Any

import pytest

from attribution.cases.earnings import answer_earnings, parse_earnings
from attribution.cases.earnings_wording import WORDS, plan_lines, render_earnings
from attribution.cases.reading import case_from_text
from attribution.commissions import MilestoneKind
from attribution.entitlements import Finding, Limit
from attribution.errors import CaseMalformed
from attribution.ladders import Counted, Mode, Period
from attribution.withholding import current_tax_tables

FILES = sorted((Path(__file__).parents[1] / "commissions").glob("*.json"))
AT = "2026-03-02T10:00:00+08:00"
DEAL = {"id": "d1", "price_fen": 245_000_000, "signed_at": AT}
PLAN = {"base": "price", "rate_bp": 150}
CASE: dict[str, Any] = {"as_of": AT, "plan": PLAN, "deals": [DEAL]}


def answered(document: object) -> dict[str, Any]:
    return answer_earnings(parse_earnings(document), current_tax_tables())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_example_is_answered_as_it_expects(file: Path, language: str) -> None:
    case = parse_earnings(case_from_text(file.read_text("utf-8")))

    answer = answer_earnings(case, current_tax_tables())
    text = render_earnings(answer, case.plan, language)

    assert answer["unmet"] == []
    assert text.startswith(case.title)


def test_an_answer_that_differs_names_the_deal() -> None:
    deals = [{"id": "d1", "commission_fen": 1}, {"id": "d2", "commission_fen": 1}]
    case = CASE | {"expect": {"deals": deals, "total_fen": 3_675_000}}

    answer = answered(case)

    assert answer["unmet"] == ["deals.d1.commission_fen", "deals.d2"]
    assert "deals.d1.commission_fen" in render_earnings(
        answer, parse_earnings(case).plan, "en"
    )


@pytest.mark.parametrize(
    ("expected", "places"),
    [
        ([], ["$"]),
        ({"deals": 3}, ["deals"]),
        ({"deals": [3]}, ["deals"]),
        ({"deals": [{}]}, ["deals"]),
        ({"deals": [{"id": "d1"}, {"id": "d1"}]}, ["deals"]),
        ({"total_fen": 3_675_000}, []),
    ],
)
def test_whatever_a_file_expects_is_compared(
    expected: object, places: list[str]
) -> None:
    assert answered(CASE | {"expect": expected})["unmet"] == places


def test_without_an_expectation_nothing_is_compared() -> None:
    answer = answered(CASE)

    assert "unmet" not in answer
    assert "expects" not in render_earnings(answer, parse_earnings(CASE).plan, "en")
    assert answer["title"] == "-"
    assert answer["time_zone"] == "Asia/Shanghai"
    assert answer["tax"] == []
    assert (answer["total_fen"], answer["payable_fen"]) == (3_675_000, 0)


def with_deal(**changed: object) -> dict[str, Any]:
    return CASE | {"deals": [{**DEAL, **changed}]}


def with_event(*events: object) -> dict[str, Any]:
    return with_deal(events=list(events))


CONTRACT = {"kind": "contract", "at": AT}
NET = {"base": "price_net", "rate_bp": 150}


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ([], "$"),
        (CASE | {"rulebook": {}}, "rulebook"),
        ({key: CASE[key] for key in ("as_of", "deals")}, "plan"),
        ({key: CASE[key] for key in ("plan", "deals")}, "as_of"),
        ({key: CASE[key] for key in ("plan", "as_of")}, "deals"),
        (CASE | {"as_of": "2026-03-02"}, "as_of"),
        (CASE | {"time_zone": "Mars/Base"}, "time_zone"),
        (CASE | {"time_zone": "../etc"}, "time_zone"),
        (CASE | {"title": ""}, "title"),
        (CASE | {"plan": {**PLAN, "rate_bp": None}}, "plan.rate_bp"),
        (CASE | {"plan": {**PLAN, "split": []}}, "plan.split"),
        (CASE | {"plan": {**PLAN, "split": [{"role": "a", "bp": 1}]}}, "plan.split"),
        (
            CASE | {"plan": {**PLAN, "split": [{"role": "a", "bp": 5000}] * 2}},
            "plan.split[1].role",
        ),
        (CASE | {"plan": {**PLAN, "exclude_kinds": "x"}}, "plan.exclude_kinds"),
        (CASE | {"plan": {**PLAN, "exclude_kinds": ["a"] * 21}}, "plan.exclude_kinds"),
        (
            CASE | {"plan": {**PLAN, "exclude_kinds": ["a", "a"]}},
            "plan.exclude_kinds[1]",
        ),
        (CASE | {"plan": NET}, "deals[0].price_net_fen"),
        (CASE | {"payee": {"kind": "robot"}}, "payee.kind"),
        (CASE | {"payee": {}}, "payee.kind"),
        (
            CASE | {"payee": {"kind": "person", "withholding": "x"}},
            "payee.withholding",
        ),
        (CASE | {"deals": [DEAL, DEAL]}, "deals[1].id"),
        (with_deal(id=""), "deals[0].id"),
        (with_deal(price_fen=-1), "deals[0].price_fen"),
        (with_deal(price_fen=1.5), "deals[0].price_fen"),
        (with_deal(kind=3), "deals[0].kind"),
        (with_deal(signed_at=None), "deals[0].signed_at"),
        (with_deal(buyer="x"), "deals[0].buyer"),
        (with_event({"kind": "swapped", "at": AT}), "deals[0].events[0].kind"),
        (with_event({"kind": "party", "at": AT}), "deals[0].events[0].kind"),
        (with_event({"kind": "contract"}), "deals[0].events[0].at"),
        (with_event(CONTRACT, CONTRACT), "deals[0].events[1].kind"),
    ],
)
def test_a_mistake_is_named_by_its_path(document: object, path: str) -> None:
    with pytest.raises(CaseMalformed) as refusal:
        parse_earnings(document)

    assert refusal.value.path == path


def test_more_deals_than_a_file_may_hold_are_refused() -> None:
    with pytest.raises(CaseMalformed) as refusal:
        parse_earnings(CASE | {"deals": [DEAL] * 100_001})

    assert refusal.value.path == "deals"


def test_tax_before_its_first_table_is_refused() -> None:
    case = with_event({"kind": "contract", "at": AT}) | {
        "payee": {"kind": "person", "withholding": "cumulative"}
    }
    early = json.loads(json.dumps(case).replace("2026", "2025"))

    assert answered(case)["tax"][0]["gross_fen"] == 3_675_000
    with pytest.raises(CaseMalformed) as refusal:
        answered(early)
    assert refusal.value.path == "payee.withholding"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_everything_that_a_plan_can_say_has_words(language: str) -> None:
    words = WORDS[language]

    assert set(WORDS["zh"]) == set(WORDS["en"])
    for name, kind in (("period", Period), ("by", Counted), ("mode", Mode)):
        assert {f"{name}:{one}" for one in kind} <= set(words)
    assert {f"limited:{one}" for one in Limit} <= set(words)
    assert {f"on:{one}" for one in MilestoneKind} <= set(words)
    assert set(Finding) - {Finding.EARNS} <= set(words)


def test_a_plan_is_told_in_words_with_its_example() -> None:
    plan = parse_earnings(
        CASE
        | {
            "plan": {
                "base": "price",
                "cap_fen": 60_000_00,
                "floor_fen": 100_00,
                "exclude_kinds": ["parking"],
                "split": [
                    {"role": "channel", "bp": 8050},
                    {"role": "agent", "bp": 1950},
                ],
                "steps": {
                    "by": "amount",
                    "mode": "marginal",
                    "period": "quarter",
                    "ladder": [
                        {"from": 0, "rate_bp": 100},
                        {"from": 490_000_000, "rate_bp": 225},
                    ],
                },
            }
        }
    ).plan

    assert list(plan_lines(plan, "en")) == [
        (
            "Steps: each quarter, by the sum of prices, "
            "for what lies above a step (marginal)"
        ),
        "  from 0.00 on: 1% of the price",
        "  from 4,900,000.00 on: 2.25% of the price",
        "Neither paid nor counted: parking",
        "At least 100.00 a unit",
        "At most 60,000.00 a unit",
        "Payable: contract 100%",
        "Split: channel 80.5%, agent 19.5%",
        "Example, 3 sold at 2,450,000.00 each: 2 x 24,500.00 + 55,125.00 = 104,125.00",
    ]
    assert list(plan_lines(parse_earnings(CASE).plan, "zh")) == [
        "成交总价的 1.5%，四舍五入到分",
        "结佣：签约 100%",
        "例：卖出 1 套、每套 2,450,000.00，佣金 36,750.00",
    ]
