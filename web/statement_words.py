"""The words of a reconciliation, for its page and for its workbook."""

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from attribution.reconciliation.report import Component, Remark, RowKind
from attribution.reconciliation.statement import Column
from attribution.sheets.writing import label_keys
from web.reasons import has_words, reason_text
from web.rulings import finding_word, findings

KINDS: dict[RowKind, tuple[str, LazyString, LazyString]] = {
    RowKind.MATCHED: ("green", _l("一致"), _l("对账单和我们算的一样")),
    RowKind.AMOUNT_DIFFERS: ("amber", _l("金额不同"), _l("都认这一笔，金额不一样")),
    RowKind.CLAIMED_NOT_OWED: ("red", _l("不应付"), _l("渠道报了，我方不应付")),
    RowKind.OWED_NOT_CLAIMED: ("info", _l("漏报"), _l("我方应付，渠道没有报")),
    RowKind.DUPLICATE_CLAIM: ("red", _l("重复申报"), _l("同一套房报了不止一次")),
    RowKind.UNREADABLE: ("amber", _l("读不懂"), _l("有一格看不懂，没有猜")),
}
COLUMNS: dict[Column, LazyString] = {
    Column.UNIT: _l("房号"),
    Column.AMOUNT: _l("佣金金额"),
    Column.PRICE: _l("成交总价"),
    Column.BUILDING: _l("楼栋"),
    Column.SECTION: _l("单元"),
    Column.CLIENT: _l("客户（只留打码的姓）"),
    Column.AGENT: _l("经纪人"),
    Column.SIGNED_ON: _l("签约日期"),
}
COMPONENTS: dict[Component, LazyString] = {
    Component.PRICE: _l("总价不同"),
    Component.SHARE: _l("按整套算，没有按共享比例"),
    Component.FRACTION: _l("只报了一部分"),
    Component.TAX: _l("含税与不含税的差别"),
    Component.RATE: _l("费率不同"),
    Component.SCALE: _l("元和万元弄混"),
}
REMARKS: dict[Remark, LazyString] = {
    Remark.UNIT_COMPLETED: _l("房号没写单元，已按楼盘表补全"),
    Remark.PRICE_DIFFERS: _l("总价和我们的记录不同"),
    Remark.DATE_DIFFERS: _l("签约日期和我们的记录不同"),
    Remark.CLAIM_UNREADABLE: _l("对账单里有这套房，但金额看不懂"),
}
_HEADS: dict[str, LazyString] = {
    "kind": _l("结果"),
    "unit": _l("房号"),
    "claimed": _l("渠道申报（元）"),
    "owed": _l("我方应付（元）"),
    "difference": _l("差额（元）"),
    "reason": _l("原因"),
    "claimed_price": _l("对方总价（元）"),
    "our_price": _l("我们总价（元）"),
    "claimed_on": _l("对方签约日期"),
    "signed_on": _l("我们签约日期"),
    "client": _l("客户"),
    "agent": _l("经纪人"),
    "place": _l("出处"),
    "doubts": _l("看不懂的单元格"),
    "duplicate_of": _l("与哪一格重复"),
    "signing_id": _l("签约编号"),
    "count": _l("行数"),
}
_SHEETS: dict[str, LazyString] = {
    "sheet_summary": _l("汇总"),
    "sheet_rows": _l("明细"),
    "total": _l("合计"),
}


def row_reason(reason: str) -> str:
    """Return why a row is as it is: a finding of the ruling, or a reading's doubt."""
    return reason_text(reason) if has_words(reason) else finding_word(reason)


def labels() -> dict[str, str]:
    """Return the words of the workbook, in the reader's language."""
    reasons = [
        key.partition(".")[2] for key in label_keys() if key.startswith("reason.")
    ]
    words = {key: str(one) for key, one in _SHEETS.items()}
    words |= {f"column.{key}": str(one) for key, one in _HEADS.items()}
    words |= {f"kind.{kind}": str(one[1]) for kind, one in KINDS.items()}
    words |= {f"component.{key}": str(one) for key, one in COMPONENTS.items()}
    words |= {f"remark.{key}": str(one) for key, one in REMARKS.items()}
    words |= {f"reason.{key}": row_reason(key) for key in (*reasons, *findings())}
    return words
