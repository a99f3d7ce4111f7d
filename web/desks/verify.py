"""The checker `/verify`: a receipt 回执 is checked in the browser, and sent nowhere."""

import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, make_response, render_template
from flask_babel import lazy_gettext as _l

from attribution.rulebook import Binding
from attribution.rules.findings import Outcome
from attribution.services.witnessing import LogState, log_state
from attribution.visits import RedeemedBy
from web.access import current_runtime, open_to_all
from web.desks.signing_desk import RELATIONS
from web.log_words import ENTRY_WORDS, FIELD_WORDS
from web.milestones import EVENTS, STAGES
from web.notice import PURPOSES
from web.standings import STANDINGS

bp = Blueprint("verify", __name__)

# Nothing may leave this page by a script, whatever a script on it would want.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'"
)
_VALUE_WORDS: Mapping[str, Mapping[Any, object]] = {
    "standing": {kind: words.word for kind, words in STANDINGS.items()},
    "stage": STAGES,
    "kind": EVENTS,
    "purposes": PURPOSES,
    "relatives": dict(RELATIONS),
    "outcome": {Outcome.CHANNEL: _l("渠道成交"), Outcome.NATURAL: _l("自然成交")},
    "redeemed_by": {
        RedeemedBy.CODE: _l("出示推荐码"),
        RedeemedBy.CONFIRMED: _l("凭报备确认"),
    },
    "binding": {
        Binding.NONE: _l("不绑定"),
        Binding.OPENED: _l("客户自己打开链接"),
        Binding.MASKED: _l("部分号码"),
        Binding.FULL: _l("完整号码"),
    },
}
_PAGE_WORDS = {
    "proven": _l("回执有效"),
    "refused": _l("核对不通过"),
    "none": _l("没有"),
    "yes": _l("是"),
    "no": _l("否"),
    "entry": _l("在日志 {origin} 的第 #{index} 位；那时日志共有 {size} 条。"),
    "root": _l("由内容算出的根，与签过名的根一致："),
    "key_now": _l("由日志现用的密钥签名："),
    "key_ended": _l("由日志当时的密钥签名，这把密钥后来已按计划更换："),
    "key_stolen": _l(
        "由一把后来泄露的密钥签名；见证人在泄露（{at}）之前已见过，仍然有效："
    ),
    "witness": _l("见证人“{label}”于 {at} 见过这份日志。"),
    "nobody": _l("还没有见证人见过这一版日志；过一天重新下载回执，会带上见证。"),
    "promised": _l("这是承诺，还不是证明"),
    "accepted": _l("日志在 {at} 收下这条记录，并签了字。"),
    "owed": _l("日志欠一份证明，最迟 {due} 给出：到时请下载回执。"),
    "overdue": _l(
        "日志欠一份证明，期限 {due} 已过。如果仍取不到这件事的回执，"
        "这份承诺就是日志失信的证据：请留好它，出示给见证人和对方。"
    ),
    "PROMISE_MALFORMED": _l(
        "内容不是一份完整的承诺：多了、少了或改了字符。请用原来的文件再试。"
    ),
    "claim": _l("这张回执声称（未获证明）："),
    "RECEIPT_MALFORMED": _l(
        "内容不是一张完整的存证回执：多了、少了或改了字符。请用原来的文件再试。"
    ),
    "LOG_PROOF_INVALID": _l(
        "内容与日志对不上：事实、时间或位置被改过，算不出签过名的根。"
        "请用原来的文件再试；还是这样，请留好它，拿给案场管理员和见证人看。"
    ),
    "CHECKPOINT_MALFORMED": _l(
        "签名不是本系统任何一把日志密钥的：别处的回执，或者是仿造的。"
        "别处的回执，请到发出它的那个网址核对。"
    ),
    "SIGNATURE_INVALID": _l(
        "日志或见证人的签名是错的：签过名的内容被改过。"
        "请用原来的文件再试；还是这样，请留好它，拿给案场管理员和见证人看。"
    ),
    "KEY_COMPROMISED": _l(
        "签名的密钥后来泄露了，而在那之前没有见证人见过：不能证明什么。"
        "请重新下载回执，它会由新密钥签名。"
    ),
    "UNREADABLE": _l("读不出这个文件。回执是几千字节以内的文本文件。"),
    "OLD_BROWSER": _l("这个浏览器太旧，不能核对。请换一个新的浏览器，或用下面的命令。"),
}


@bp.get("/verify")
@open_to_all
def page() -> Response:
    """Show the checker, with the keys and witnesses of the log in it."""
    state = log_state(current_runtime())
    answer = make_response(
        render_template(
            "verify.html",
            state=state,
            trust=json.dumps(_trust_in(state)),
            words=json.dumps(_words(), ensure_ascii=False),
        )
    )
    answer.headers["Content-Security-Policy"] = _POLICY
    return answer


def _trust_in(state: LogState) -> dict[str, object]:
    """Return whom the page trusts: every key of the log, by the rule of log.md §7."""
    return {
        "keys": [
            {
                "vkey": key.vkey,
                "ended": key.ended_at is not None,
                "compromised_at": key.compromised_at
                and round(key.compromised_at.timestamp() * 1_000_000),
            }
            for key in state.keys
        ],
        "witnesses": [
            {"vkey": one.witness.vkey, "label": one.witness.label}
            for one in state.sightings
        ],
        # Payment waits for the quorum; a receipt is good before.
        "quorum": 0,
    }


def _words() -> dict[str, object]:
    """Return every text of the page's script, in the language of the page."""

    def said(words: Mapping[Any, object]) -> dict[str, str]:
        return {str(key): str(word) for key, word in words.items()}

    return {
        **said(_PAGE_WORDS),
        "kinds": said(ENTRY_WORDS),
        "fields": said(FIELD_WORDS),
        "values": {name: said(words) for name, words in _VALUE_WORDS.items()},
    }
