"""The parameters of a rulebook as form fields: labels, hints, and what was chosen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from attribution.commissions import MilestoneKind
from attribution.money import BasisPoints
from attribution.programmes import Kind
from web.forms import Form, parse_percent
from web.languages import percent

Options = tuple[tuple[str, LazyString], ...]

KINDS: dict[Kind, LazyString] = {
    Kind.AGENCY: _l("中介分销"),
    Kind.RESIDENT: _l("老带新"),
    Kind.PUBLIC: _l("全民经纪人"),
    Kind.STAFF: _l("员工推荐"),
    Kind.OWN: _l("自渠"),
    Kind.WALK_IN_REWARD: _l("自然到访礼遇"),
}
_MOST_DIGITS = 9
_YES_NO: Options = (("false", _l("否")), ("true", _l("是")))


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleField:
    """One parameter. `options` make it a choice, `is_set` a choice of several.

    `empty` says what an empty field means; without it the field must be filled.
    """

    key: str
    label: LazyString
    hint: LazyString
    default: str
    unit: LazyString | str = ""
    options: Options = ()
    is_set: bool = False
    empty: LazyString | str = ""


TOKEN_FIELDS = (
    RuleField(
        key="lead_minutes",
        label=_l("提前报备时间"),
        hint=_l("报备（绑定客户）到到访至少隔多久"),
        default="30",
        unit=_l("分钟"),
    ),
    RuleField(
        key="lead_margin_minutes",
        label=_l("刚够提前的提示"),
        hint=_l("只比提前时间多这么久的到访有效，但会标出来"),
        default="10",
        unit=_l("分钟"),
    ),
    RuleField(
        key="token_lifetime_hours",
        label=_l("推荐码有效期"),
        hint=_l("从发码起多久内要到访"),
        default="72",
        unit=_l("小时"),
    ),
    RuleField(
        key="report_protection_hours",
        label=_l("报备保护期"),
        hint=_l("只在“报备保护”规则下用"),
        default="",
        unit=_l("小时"),
        empty=_l("与推荐码有效期相同"),
    ),
    RuleField(
        key="visit_protection_days",
        label=_l("到访保护期"),
        hint=_l("有效到访之后，客户在多少天内签约归这个渠道"),
        default="30",
        unit=_l("日"),
    ),
    RuleField(
        key="revisit_renews",
        label=_l("复访延长保护"),
        hint=_l("保护期内再次有效到访，保护期重新起算"),
        default="false",
        options=_YES_NO,
    ),
    RuleField(
        key="binding_required",
        label=_l("推荐码至少绑定到"),
        hint=_l("不绑定的码可能先存着，再塞给自己走进来的客户"),
        default="masked",
        options=(
            ("full", _l("完整的手机号或证件号")),
            ("masked", _l("打码的手机号，例如前三后四")),
            ("opened", _l("客户第一次打开链接的手机")),
            ("none", _l("不绑定")),
        ),
    ),
    RuleField(
        key="short_lead",
        label=_l("提前时间不够的到访"),
        hint=_l("算作自然到访，或者什么都不算"),
        default="walk_in",
        options=(("walk_in", _l("算自然到访")), ("void", _l("什么都不算"))),
    ),
    RuleField(
        key="redeem_without_code",
        label=_l("客户忘了推荐码"),
        hint=_l("是否允许前台确认报备；证据等级会降低"),
        default="allow",
        options=(("allow", _l("允许前台确认")), ("refuse", _l("不允许"))),
    ),
    RuleField(
        key="disclose_conflict",
        label=_l("什么时候告诉经纪人有冲突"),
        hint=_l("发码时就告诉，等于可以用来打听客户"),
        default="at_visit",
        options=(
            ("at_visit", _l("客户到访之后")),
            ("at_issue", _l("发码时")),
            ("never", _l("不告诉")),
        ),
    ),
    RuleField(
        key="quota_day",
        label=_l("渠道每天最多发码"),
        hint=_l("整个渠道一天内"),
        default="200",
        unit=_l("张"),
    ),
    RuleField(
        key="quota_open",
        label=_l("渠道同时有效最多"),
        hint=_l("整个渠道还没用、没过期的"),
        default="500",
        unit=_l("张"),
    ),
    RuleField(
        key="agent_quota_day",
        label=_l("每人每天最多发码"),
        hint=_l("一位经纪人一天内"),
        default="30",
        unit=_l("张"),
    ),
    RuleField(
        key="agent_quota_open",
        label=_l("每人同时有效最多"),
        hint=_l("一位经纪人还没用、没过期的"),
        default="60",
        unit=_l("张"),
    ),
)
DEAL_FIELDS = (
    RuleField(
        key="regime",
        label=_l("凭什么排先后"),
        hint=_l("一个案场同一时间只能用一种"),
        default="first_visit",
        options=(
            ("first_visit", _l("到访为王：先有效到访的")),
            ("first_report", _l("报备保护：先报备的")),
            ("last_visit", _l("最后带看：最后一次有效到访的")),
        ),
    ),
    RuleField(
        key="joint",
        label=_l("几个渠道都成立时"),
        hint=_l("按比例分要在下面写比例"),
        default="winner_takes_all",
        options=(
            ("winner_takes_all", _l("全归排在最前的")),
            ("equal", _l("平分")),
            ("weights", _l("按名次的比例分")),
        ),
    ),
    RuleField(
        key="joint_weights",
        label=_l("各名次的比例"),
        hint=_l("百分比，用逗号隔开，例如 70, 30；只在“按名次的比例分”时填"),
        default="",
        empty=_l("不按比例分"),
    ),
    RuleField(
        key="family",
        label=_l("算作一家的亲属"),
        hint=_l("他们的到访也算买方的到访"),
        default="spouse parent child",
        is_set=True,
        options=(
            ("spouse", _l("配偶")),
            ("parent", _l("父母")),
            ("child", _l("子女")),
            ("sibling", _l("兄弟姐妹")),
            ("grandparent", _l("祖父母、外祖父母")),
            ("grandchild", _l("孙子女、外孙子女")),
        ),
    ),
    RuleField(
        key="walk_in_protection_days",
        label=_l("自然到访保护期"),
        hint=_l("客户自己来过之后多少天内，再报备不算"),
        default="45",
        unit=_l("日"),
        empty=_l("永远"),
    ),
    RuleField(
        key="owners_excluded",
        label=_l("老业主不算新客户的合作"),
        hint=_l("勾选的合作类型，买方已是业主就不计佣"),
        default="agency public",
        is_set=True,
        options=tuple(KINDS.items()),
    ),
    RuleField(
        key="self_referral",
        label=_l("自己推荐自己"),
        hint=_l("推荐人就是买方或其家人时"),
        default="void",
        options=(("void", _l("不算")), ("allow", _l("算"))),
    ),
    RuleField(
        key="day_count",
        label=_l("“天”怎样数"),
        hint=_l("整 24 小时，或到最后一天的 24:00"),
        default="exact",
        options=(
            ("exact", _l("整 24 小时")),
            ("calendar", _l("日历天，当天是第 0 天")),
        ),
    ),
    RuleField(
        key="time_zone",
        label=_l("时区"),
        hint=_l("按日历天数的时候用"),
        default="Asia/Shanghai",
    ),
    RuleField(
        key="fixes_at",
        label=_l("哪一步定归属"),
        hint=_l("认购时判客，还是网签时判客"),
        default="subscription",
        options=(("subscription", _l("认购")), ("contract", _l("签约（网签）"))),
    ),
    RuleField(
        key="dispute_window_days",
        label=_l("申诉期"),
        hint=_l("判客之后多少天内可以申诉"),
        default="7",
        unit=_l("日"),
    ),
)


def rules_from(form: Form, fields: Iterable[RuleField]) -> dict[str, object]:
    """Return the document that a form describes; the rulebook itself judges it."""
    document: dict[str, object] = {}
    for field in fields:
        document[field.key] = _value(form, field)
    if "joint_weights" in document:
        weights = document.pop("joint_weights")
        if document["joint"] == "weights":
            document["joint"] = weights
    return document


def defaults_form(
    fields: Iterable[RuleField], document: Mapping[str, Any] | None = None
) -> Form:
    """Return a form filled with a stored document, or with the defaults."""
    values: dict[str, str | list[str]] = {}
    for field in fields:
        said = field.default if document is None else _said(document, field)
        values[field.key] = said.split() if field.is_set else said
    return Form(values)


def lines_of(
    document: Mapping[str, Any], fields: Iterable[RuleField]
) -> list[tuple[str, str]]:
    """Return each parameter of a stored document in words, in order."""
    return [
        (str(field.label), _shown(_said(document, field), field)) for field in fields
    ]


def _value(form: Form, field: RuleField) -> object:
    if field.is_set:
        return form.texts(field.key)
    text = form.text(field.key)
    if field.key == "joint_weights":
        return _weights(form, text)
    if field.options == _YES_NO:
        return text == "true"
    if not text and field.empty:
        return "ever" if field.key == "walk_in_protection_days" else None
    # A text where a number belongs is refused by the rulebook, with its path.
    is_number = text.isdecimal() and len(text) <= _MOST_DIGITS
    return int(text) if is_number else text


def _weights(form: Form, text: str) -> list[BasisPoints]:
    parts = [one for one in text.replace("，", ",").split(",") if one.strip()]
    found: list[BasisPoints] = []
    for part in parts:
        weight = Form({"joint_weights": part})
        found.append(weight.read("joint_weights", parse_percent, BasisPoints(0)))
        for name, sentence in weight.mistakes.items():
            form.refuse(name, sentence)
    return found


def _said(document: Mapping[str, Any], field: RuleField) -> str:
    """Return what a form field says about a stored parameter."""
    if field.key == "joint_weights":
        weights = document["joint"]
        is_mode = isinstance(weights, str)
        return "" if is_mode else ", ".join(percent(one) for one in weights)
    value = document[field.key]
    if field.is_set:
        return " ".join(value)
    if field.key == "joint":
        return value if isinstance(value, str) else "weights"
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value in (None, "ever") else str(value)


def _shown(said: str, field: RuleField) -> str:
    names = {key: str(words) for key, words in field.options}
    if field.is_set:
        chosen = [names[one] for one in said.split()]
        return _("、").join(chosen) if chosen else _("没有")
    if names:
        return names[said]
    if not said:
        return str(field.empty)
    return f"{said} {field.unit}".strip()


MILESTONES: dict[MilestoneKind, LazyString] = {
    MilestoneKind.SUBSCRIPTION: _l("认购"),
    MilestoneKind.CONTRACT: _l("网签"),
    MilestoneKind.FIRST_PAYMENT: _l("首付到账"),
    MilestoneKind.LOAN_DISBURSED: _l("银行放款"),
    MilestoneKind.FULL_PRICE: _l("全款到账"),
    MilestoneKind.HANDOVER: _l("交房"),
}
