"""The words of the ledger 台账, for its page and for its workbook."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from attribution.ledger.entries import AccountKind, EntryKind
from attribution.ledger.facts import Component
from attribution.sheets.books import JOURNAL, TRIAL
from web.milestones import EVENTS

ACCOUNTS: dict[AccountKind, LazyString] = {
    AccountKind.EXPENSE: _l("佣金费用"),
    AccountKind.REWARD: _l("自然到访礼遇"),
    AccountKind.HOLDBACK: _l("已计提，未到付款"),
    AccountKind.PAYABLE: _l("应付未付"),
    AccountKind.RECEIVABLE: _l("应收回（扣回）"),
    AccountKind.TAX: _l("代扣税款"),
    AccountKind.BANK: _l("银行清算"),
}
ENTRIES: dict[EntryKind, LazyString] = {
    EntryKind.ACCRUED: _l("计提"),
    EntryKind.REVERSED: _l("改判冲回"),
    EntryKind.CANCELLED: _l("退房冲回"),
    EntryKind.REACHED: _l("到付款节点"),
    EntryKind.HELD: _l("暂缓"),
    EntryKind.RELEASED: _l("解除暂缓"),
    EntryKind.PAID: _l("结佣"),
    EntryKind.NETTED: _l("抵扣"),
    EntryKind.FAILED: _l("付款失败"),
}
_COMPONENTS: dict[Component, LazyString] = {
    Component.COMMISSION: _l("佣金"),
    Component.WALK_IN_REWARD: _l("自然到访礼遇"),
}
_HEADS: dict[str, LazyString] = {
    "recorded": _l("记录时间"),
    "month": _l("记账月份"),
    "concerns": _l("所属的已结月份"),
    "kind": _l("分录"),
    "unit": _l("房号"),
    "payee": _l("收款方"),
    "component": _l("款项"),
    "milestone": _l("付款节点"),
    "account": _l("科目"),
    "debit": _l("借方（元）"),
    "credit": _l("贷方（元）"),
    "balance": _l("余额（元）"),
    "key": _l("分录编号"),
    "cause": _l("依据的事实"),
    "undoes": _l("冲回的分录"),
}


def book_labels() -> dict[str, str]:
    """Return every word of the workbook, in the language of the reader."""
    words = {TRIAL: _("试算平衡表"), JOURNAL: _("分录账"), "buyers": _("买方")}
    words |= {f"column.{key}": str(word) for key, word in _HEADS.items()}
    words |= {f"kind.{kind}": str(word) for kind, word in ENTRIES.items()}
    words |= {f"account.{kind}": str(word) for kind, word in ACCOUNTS.items()}
    words |= {f"component.{one}": str(word) for one, word in _COMPONENTS.items()}
    return words | {f"milestone.{one}": str(word) for one, word in EVENTS.items()}
