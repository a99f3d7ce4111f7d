"""What `python -m tokens verify` says, in Chinese and English, by refusal code."""

from collections.abc import Mapping
from typing import Final

LOG_KEY_MISSING: Final = "LOG_KEY_MISSING"
LOG_KEY_UNKNOWN: Final = "LOG_KEY_UNKNOWN"
FILE_UNREADABLE: Final = "FILE_UNREADABLE"
WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "zh": {
        "proven": "已证明",
        "promised": "承诺",
        "accepted": "日志在 {at} 收下这条记录，并签了字。",
        "kept": "已经兑现：{file} 就是它的证明。",
        "owed": "日志欠一份证明，最迟 {due} 给出。过了这个时间仍取不到回执，"
        "这份承诺就是日志失信的证据：请留好它，出示给见证人和对方。",
        "not": "未证明",
        "unreadable": "读不出",
        "fact": "事实",
        "entry": "位置：日志 {origin} 第 #{index} 位，共 {size} 条",
        "root": "根：{root}",
        "key": "签名密钥：{vkey}",
        "stolen": "（这把密钥后来泄露；见证人在那之前已见过）",
        "witness": "见证人：{name} 于 {at} 见过",
        "nobody": "见证人：给出的见证人都没有见过这个检查点",
        "fork": "分叉！日志 {origin} 在 {size} 条时有两个不同的根：{files}。"
        "日志给不同的人看了不同的历史，两张回执合在一起就是证据。",
        LOG_KEY_MISSING: "没有给出日志的密钥（--log-key）：内容与回执里的根一致，"
        "但谁都能造出这样的根。请向您信任的一方取得密钥。",
        LOG_KEY_UNKNOWN: "检查点不是由给出的密钥签名的：另一个日志，或者是仿造的。",
        FILE_UNREADABLE: "读不出这个文件。",
        "PROMISE_MALFORMED": "内容不是一份完整的承诺，也不是回执。",
        "RECEIPT_MALFORMED": "内容不是一张完整的存证回执。",
        "LOG_PROOF_INVALID": "事实不在回执所说的位置：内容、时间或位置被改过。",
        "CHECKPOINT_MALFORMED": "回执里的检查点不完整。",
        "SIGNATURE_INVALID": "日志或见证人的签名是错的。",
        "KEY_COMPROMISED": "签名的密钥后来泄露，而在那之前没有足够的见证人见过。",
        "QUORUM_MISSING": "见过这个检查点的见证人少于要求的数目。",
    },
    "en": {
        "proven": "PROVEN",
        "promised": "PROMISED",
        "accepted": "the log accepted this entry at {at}, and signed for it.",
        "kept": "kept: {file} is its proof.",
        "owed": "the log owes a proof, before {due}. If there is still no receipt after"
        " that, this promise is evidence against the log: keep it, and show it to the"
        " witnesses and to the other side.",
        "not": "NOT PROVEN",
        "unreadable": "UNREADABLE",
        "fact": "fact",
        "entry": "place: entry #{index} of log {origin}, of {size} entries",
        "root": "root: {root}",
        "key": "signed by: {vkey}",
        "stolen": " (later in other hands; witnesses saw this before)",
        "witness": "witness: {name} saw it at {at}",
        "nobody": "witness: none of those given has seen this checkpoint",
        "fork": "FORK! Log {origin} has two different roots at {size} entries: {files}."
        " It has shown two histories to two people; these receipts together prove it.",
        LOG_KEY_MISSING: "no key of the log was given (--log-key): the fact leads to"
        " the root in the receipt, but anybody can make such a root. Get the key from"
        " somebody you trust.",
        LOG_KEY_UNKNOWN: "the checkpoint is not signed by a given key: another log, or"
        " a forgery.",
        FILE_UNREADABLE: "the file cannot be read.",
        "PROMISE_MALFORMED": "this is neither a whole promise nor a receipt.",
        "RECEIPT_MALFORMED": "this is not a whole receipt.",
        "LOG_PROOF_INVALID": "the fact is not where the receipt says: content, time or"
        " place were changed.",
        "CHECKPOINT_MALFORMED": "the checkpoint in the receipt is not whole.",
        "SIGNATURE_INVALID": "a signature of the log or of a witness is wrong.",
        "KEY_COMPROMISED": "the signing key was later in other hands, and too few"
        " witnesses saw this before.",
        "QUORUM_MISSING": "fewer witnesses have seen the checkpoint than were asked"
        " for.",
    },
}
