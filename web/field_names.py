"""What the fields of the forms are called, for a list of what has to be mended."""

import re

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from web.rule_fields import DEAL_FIELDS, MILESTONES, TOKEN_FIELDS

_NAMES: dict[str, LazyString] = {
    "amount": _l("金额"),
    "at": _l("时间"),
    "base": _l("怎样计佣"),
    "cap_fen": _l("每套封顶（元）"),
    "channel": _l("渠道"),
    "client": _l("客户手机号"),
    "file": _l("对账单"),
    "fixed_fen": _l("每套金额（元）"),
    "floor_fen": _l("每套保底（元）"),
    "in_force_from": _l("从什么时候起生效"),
    "in_force_until": _l("结束"),
    "kind": _l("类型"),
    "label": _l("备注"),
    "login": _l("登录名"),
    "mark": _l("哪里的业主"),
    "name": _l("名称"),
    "number": _l("您的手机号"),
    "own": _l("本人的手机号和证件号"),
    "owners": _l("手机号或证件号"),
    "party": _l("同行人的号码"),
    "party_size": _l("一共几位"),
    "person": _l("代表谁"),
    "price": _l("成交总价"),
    "project": _l("案场"),
    "rate_bp": _l("费率（百分比）"),
    "receipts": _l("回执编号"),
    "role": _l("加一个角色"),
    "scan": _l("客户的手机号或证件号"),
    "signed_at": _l("签约时间"),
    "stage": _l("阶段"),
    "unit": _l("房号"),
    "units": _l("房号"),
    "visitor": _l("客户的手机号或证件号"),
    **{one.key: one.label for one in (*TOKEN_FIELDS, *DEAL_FIELDS)},
    **{f"milestone-{kind}": label for kind, label in MILESTONES.items()},
}
_PERSON = re.compile(r"(buyer|relative)-(\d{1,2})-(phone|kind|document|relation)")
_PEOPLE = {"buyer": _l("买方 %(number)s"), "relative": _l("亲属 %(number)s")}
_OF_A_PERSON: dict[str, LazyString] = {
    "phone": _l("手机号"),
    "kind": _l("证件种类"),
    "document": _l("证件号"),
    "relation": _l("是买方的"),
}


def field_name(name: str) -> str:
    """Return what a field is called on its page; empty where nothing needs a name."""
    match = _PERSON.fullmatch(name)
    if match is None:
        return str(_NAMES.get(name, ""))
    person = str(_PEOPLE[match[1]]) % {"number": int(match[2]) + 1}
    return _("%(person)s，%(field)s", person=person, field=_OF_A_PERSON[match[3]])
