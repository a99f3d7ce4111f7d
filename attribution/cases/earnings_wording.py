"""A plan and what it makes of deals, as text in Chinese or English."""

from collections.abc import Iterable, Iterator, Mapping
from typing import cast
from zoneinfo import ZoneInfo

from attribution.cases.wording import Answer, compared, local_time, rows_in
from attribution.commissions import Base, CommissionPlan
from attribution.entitlements import WorkedPeriod, worked_period
from attribution.ladders import Counted, Ladder, Price, Rate, Step
from attribution.money import BasisPoints, Fen, yuan_text


def render_earnings(answer: Answer, plan: CommissionPlan, language: str = "zh") -> str:
    """Return what `answer_earnings` found, line by line, the plan in words first.

    Args:
        language: `zh` or `en`.
    """
    words = WORDS[language]
    zone = ZoneInfo(str(answer["time_zone"]))
    lines = [str(answer["title"])]
    lines += ["", words["plan"], *(f"  {one}" for one in plan_lines(plan, language))]
    lines += ["", words["as_of"].format(local_time(answer["as_of"], zone))]
    for deal in rows_in(answer, "deals"):
        lines += _deal_lines(deal, words, zone)
    total, payable = answer["total_fen"], answer["payable_fen"]
    lines += ["", words["total"].format(_yuan(total), _yuan(payable))]
    lines += [
        words["tax"].format(
            month["month"],
            *(_yuan(month[key]) for key in ("gross_fen", "tax_fen", "net_fen")),
        )
        for month in rows_in(answer, "tax")
    ]
    if "unmet" in answer:
        lines += ["", compared(answer, language)]
    return "\n".join(lines) + "\n"


def plan_lines(plan: CommissionPlan, language: str) -> Iterator[str]:
    """Yield a plan in words, a sentence a line."""
    words = WORDS[language]
    if plan.steps is None:
        yield _formula(plan, words)
    else:
        yield from _step_lines(plan.steps, words)
    if plan.base is Base.PRICE_NET:
        yield words["net"]
    if plan.excluded:
        yield words["excluded"].format(words["and"].join(plan.excluded))
    if plan.floor is not None:
        yield words["floor"].format(_yuan(plan.floor))
    if plan.cap is not None:
        yield words["cap"].format(_yuan(plan.cap))
    parts = (
        words["part"].format(words[f"on:{one.on}"], _percent(one.part))
        for one in plan.milestones
    )
    yield words["parts"].format(words["and"].join(parts))
    if plan.split:
        roles = (f"{one.role} {_percent(one.part)}" for one in plan.split)
        yield words["split"].format(words["and"].join(roles))
    yield _example(worked_period(plan), words)


def _example(example: WorkedPeriod, words: Mapping[str, str]) -> str:
    sum_of = " + ".join(
        f"{count} x {_yuan(each)}" if count > 1 else _yuan(each)
        for count, each in example.groups
    )
    units = sum(count for count, _ in example.groups)
    total = _yuan(example.total)
    shown = total if sum_of == total else f"{sum_of} = {total}"
    return words["example"].format(units, _yuan(example.price), shown)


def _formula(plan: CommissionPlan, words: Mapping[str, str]) -> str:
    if plan.base is Base.FIXED:
        return words["fixed"].format(_yuan(plan.fixed))
    return words["rate"].format(_percent(plan.rate))


def _step_lines(steps: Ladder, words: Mapping[str, str]) -> Iterator[str]:
    yield words["steps"].format(
        words[f"period:{steps.period}"],
        words[f"by:{steps.by}"],
        words[f"mode:{steps.mode}"],
    )
    for step in steps.steps:
        yield "  " + _step(step, steps.by, words)


def _step(step: Step, by: Counted, words: Mapping[str, str]) -> str:
    since = step.since if by is Counted.COUNT else _yuan(step.since)
    return words[f"from:{by}"].format(since, _price(step.price, words))


def _price(price: Price, words: Mapping[str, str]) -> str:
    if isinstance(price, Rate):
        return words["at_rate"].format(_percent(price.rate))
    return words["at_fixed"].format(_yuan(price.fixed))


def _deal_lines(
    deal: Answer, words: Mapping[str, str], zone: ZoneInfo
) -> Iterable[str]:
    yield words["deal"].format(
        deal["id"], _yuan(deal["commission_fen"]), _yuan(deal["payable_fen"])
    )
    if deal["finding"] != "EARNS":
        yield words[str(deal["finding"])]
    if "period" in deal:
        period = cast("Answer", deal["period"])
        yield words["standing"].format(
            "" if period["name"] == "-" else f"{period['name']} ",
            period["place"],
            period["count"],
            _yuan(period["total_fen"]),
        )
    if deal["limited_by"] is not None:
        before = _yuan(deal["before_limits_fen"])
        yield words[f"limited:{deal['limited_by']}"].format(before)
    for part in rows_in(deal, "instalments"):
        yield words["instalment"].format(
            local_time(part["at"], zone), words[f"on:{part['on']}"], _yuan(part["fen"])
        )
    roles = cast("Mapping[str, int]", deal["by_role"])
    if roles:
        parts = (f"{role} {_yuan(fen)}" for role, fen in roles.items())
        yield words["by_role"].format(words["and"].join(parts))


def _yuan(fen: object) -> str:
    """Return fen as yuan with thousand marks: 3675000 is 36,750.00."""
    return yuan_text(cast("Fen", fen), marks=",")


def _percent(part: BasisPoints) -> str:
    whole, rest = divmod(part, 100)
    return f"{whole}.{rest:02}".rstrip("0").rstrip(".") + "%"


_CHINESE = {
    "plan": "方案",
    "as_of": "截至 {}",
    "rate": "成交总价的 {}，四舍五入到分",
    "fixed": "每套 {}",
    "net": "总价按不含税价计",
    "steps": "跳点：{}{}，{}",
    "period:month": "每个自然月",
    "period:quarter": "每个季度",
    "period:programme": "整个合作期",
    "by:count": "按套数",
    "by:amount": "按成交额",
    "mode:marginal": "只对超出部分（超额累进）",
    "mode:retroactive": "达到后整期重算（追溯）",
    "from:count": "第 {} 套起：{}",
    "from:amount": "满 {} 起：{}",
    "at_rate": "成交价的 {}",
    "at_fixed": "每套 {}",
    "excluded": "不计佣也不计数：{}",
    "floor": "每套不少于 {}",
    "cap": "每套不超过 {}",
    "parts": "结佣：{}",
    "part": "{} {}",
    "and": "、",
    "split": "拆分：{}",
    "example": "例：卖出 {} 套、每套 {}，佣金 {}",
    "on:subscription": "认购",
    "on:contract": "签约",
    "on:first_payment": "首付",
    "on:loan_disbursed": "放款",
    "on:full_price": "全款",
    "on:handover": "交房",
    "deal": "{}：佣金 {}，已到结佣条件 {}",
    "NOT_SIGNED_YET": "    此时还没有签约",
    "CANCELLED": "    已退房，不计佣也不计数",
    "EXCLUDED_KIND": "    这类房源不计佣也不计数",
    "standing": "    {}第 {} 套，本期共 {} 套、{}",
    "limited:floor": "    不足保底，原为 {}",
    "limited:cap": "    超过封顶，原为 {}",
    "instalment": "    {}  {} {}",
    "by_role": "    拆分：{}",
    "total": "合计：佣金 {}，已到结佣条件 {}",
    "tax": "  {}：应付 {}，代扣个税 {}，实付 {}",
}
_ENGLISH = {
    "plan": "Plan",
    "as_of": "As of {}",
    "rate": "{} of the price, rounded half up to the fen",
    "fixed": "{} a unit",
    "net": "Prices count without tax",
    "steps": "Steps: {}{}, {}",
    "period:month": "each month, ",
    "period:quarter": "each quarter, ",
    "period:programme": "over the programme, ",
    "by:count": "by units",
    "by:amount": "by the sum of prices",
    "mode:marginal": "for what lies above a step (marginal)",
    "mode:retroactive": "for the whole period once reached (retroactive)",
    "from:count": "from unit {} on: {}",
    "from:amount": "from {} on: {}",
    "at_rate": "{} of the price",
    "at_fixed": "{} a unit",
    "excluded": "Neither paid nor counted: {}",
    "floor": "At least {} a unit",
    "cap": "At most {} a unit",
    "parts": "Payable: {}",
    "part": "{} {}",
    "and": ", ",
    "split": "Split: {}",
    "example": "Example, {} sold at {} each: {}",
    "on:subscription": "subscription",
    "on:contract": "contract",
    "on:first_payment": "first payment",
    "on:loan_disbursed": "loan disbursed",
    "on:full_price": "full price",
    "on:handover": "handover",
    "deal": "{}: commission {}, payable {}",
    "NOT_SIGNED_YET": "    not signed for yet",
    "CANCELLED": "    cancelled: neither paid nor counted",
    "EXCLUDED_KIND": "    of a kind that is neither paid nor counted",
    "standing": "    {}unit {} of {} in the period, {} together",
    "limited:floor": "    raised to the floor from {}",
    "limited:cap": "    cut to the cap from {}",
    "instalment": "    {}  {} {}",
    "by_role": "    split: {}",
    "total": "Total: commission {}, payable {}",
    "tax": "  {}: due {}, tax withheld {}, paid out {}",
}
WORDS: Mapping[str, Mapping[str, str]] = {"zh": _CHINESE, "en": _ENGLISH}
