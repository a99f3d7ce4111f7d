"""A commission plan as form fields, and in words with its worked example."""

from collections.abc import Mapping

from flask_babel import gettext as _

from attribution.commissions import Base, CommissionPlan, worked_example
from attribution.money import Fen
from web.forms import Form, parse_amount, parse_percent
from web.languages import percent, yuan
from web.rule_fields import MILESTONES

DEFAULTS: Mapping[str, str] = {
    "base": "price",
    "rate_bp": "1.5",
    "milestone-contract": "70",
    "milestone-loan_disbursed": "20",
    "milestone-handover": "10",
}


def plan_from(form: Form) -> dict[str, object]:
    """Return the plan document that a form describes; the plan itself judges it."""
    base = form.choice("base", Base, Base.PRICE)
    counted: dict[str, object] = (
        {"rate_bp": form.read("rate_bp", parse_percent, None)}
        if base is Base.PRICE
        else {"fixed_fen": form.read("fixed_fen", parse_amount, None)}
    )
    parts = {
        kind: form.read_if_given(f"milestone-{kind}", parse_percent)
        for kind in MILESTONES
    }
    return {
        "base": base.value,
        **counted,
        "floor_fen": form.read_if_given("floor_fen", parse_amount),
        "cap_fen": form.read_if_given("cap_fen", parse_amount),
        "milestones": [
            {"on": kind.value, "bp": part} for kind, part in parts.items() if part
        ],
    }


def plan_form(plan: CommissionPlan | None = None) -> Form:
    """Return a form filled with a plan, or with an example to start from."""
    if plan is None:
        return Form(DEFAULTS)
    values = {"base": plan.base.value}
    if plan.base is Base.PRICE:
        values["rate_bp"] = percent(plan.rate)
    else:
        values["fixed_fen"] = _typed(plan.fixed)
    values |= {
        name: _typed(amount)
        for name, amount in (("floor_fen", plan.floor), ("cap_fen", plan.cap))
        if amount is not None
    }
    for one in plan.milestones:
        values[f"milestone-{one.on}"] = percent(one.part)
    return Form(values)


def plan_sentences(plan: CommissionPlan) -> list[str]:
    """Return the plan in words, ending with its example of 2 450 000.00 yuan."""
    sentences = [_formula(plan)]
    if plan.floor is not None:
        sentences.append(_("每套不少于 %(floor)s。", floor=yuan(plan.floor)))
    if plan.cap is not None:
        sentences.append(_("每套不超过 %(cap)s。", cap=yuan(plan.cap)))
    parts = _("、").join(
        _("%(event)s后付 %(part)s", event=MILESTONES[one.on], part=percent(one.part))
        for one in plan.milestones
    )
    return [*sentences, _("%(parts)s。", parts=parts)]


def example_sentence(plan: CommissionPlan) -> str:
    """Return what the plan makes of 2 450 000.00 yuan, instalment by instalment."""
    example = worked_example(plan)
    steps = _("，").join(
        _("%(event)s %(amount)s", event=MILESTONES[kind], amount=yuan(amount))
        for kind, amount in example.instalments
    )
    return _(
        "例：总价 %(price)s 的一套，佣金 %(commission)s：%(steps)s。",
        price=yuan(example.price),
        commission=yuan(example.commission),
        steps=steps,
    )


def _formula(plan: CommissionPlan) -> str:
    if plan.base is Base.FIXED:
        return _("每套 %(fixed)s。", fixed=yuan(plan.fixed))
    return _("成交总价（含税）的 %(rate)s，四舍五入到分。", rate=percent(plan.rate))


def _typed(amount: Fen) -> str:
    """Return an amount as a person would type it."""
    return yuan(amount).removeprefix("¥")
