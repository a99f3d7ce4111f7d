"""The findings of a check in plain words, in Chinese and English."""

from collections.abc import Iterable, Mapping

from attribution.bundles.findings import Code, EvidenceFinding, Verdict
from tokens.terminal import printable

VERDICTS: Mapping[str, Mapping[Verdict, str]] = {
    "zh": {
        Verdict.PROVEN: "已证明",
        Verdict.STATED: "仅陈述",
        Verdict.MISSING: "缺失",
        Verdict.CONTRADICTED: "矛盾",
    },
    "en": {
        Verdict.PROVEN: "proven",
        Verdict.STATED: "only stated",
        Verdict.MISSING: "missing",
        Verdict.CONTRADICTED: "contradicted",
    },
}

_P, _S, _M, _C = Verdict

# Of each code, what each verdict that it can have means; Chinese, then English.
SENTENCES: Mapping[Code, Mapping[Verdict, tuple[str, str]]] = {
    Code.CHECKPOINT: {
        _P: (
            "存证检查点由您给出的日志公钥签名",
            "the checkpoint is signed by the log key that you gave",
        ),
        _S: (
            "检查点由证据包自带的公钥签名；公钥本身只是陈述（见 --log-key）",
            "signed by the bundle's own key, which is only stated (see --log-key)",
        ),
        _C: (
            "存证检查点不是这个日志公钥签的，或属于另一个日志",
            "the checkpoint is not signed by this log key, or is of another log",
        ),
    },
    Code.KEY_COMPROMISED: {
        _C: (
            "签名的公钥后来泄露，没有见证人在那之前见过这个检查点",
            "signed by a compromised key, and no given witness saw it before that",
        ),
    },
    Code.KEY_HISTORY: {
        _S: (
            "日志用过的公钥，从哪一条起；“!”后是泄露时间",
            "a key of the log and from which entry on; after ! when it was compromised",
        ),
        _C: (
            "检查点不是证据包列出的任何一把公钥签的",
            "no key that the bundle lists has signed the checkpoint",
        ),
    },
    Code.WITNESS: {
        _P: ("见证人见过并副署了这个检查点", "the witness cosigned this checkpoint"),
        _M: ("见证人没有副署这个检查点", "the witness did not cosign this checkpoint"),
        _C: ("见证人的副署是假的", "the cosignature of the witness is false"),
    },
    Code.STATEMENT: {
        _P: (
            "这条存证在日志的这个位置",
            "the statement stands in the log at this place",
        ),
        _C: (
            "日志的这个位置不是这条存证",
            "the log holds something else at this place",
        ),
    },
    Code.RULING: {
        _P: (
            "存证里的判客就是这一份，一字不差",
            "the log names this very ruling, to the byte",
        ),
        _M: ("判客没有存证", "no statement of the log is this ruling"),
        _C: ("存证里的判客与这一份不同", "the log says otherwise of this ruling"),
    },
    Code.INPUTS: {
        _P: (
            "判客所依据的事实就是存证里写明的那一份",
            "the ruling in the log names these very inputs",
        ),
        _M: (
            "没有存证写明判客所依据的事实",
            "no statement names the inputs of the ruling",
        ),
        _C: (
            "判客所依据的事实与存证写明的不同",
            "the inputs are not those that the ruling names",
        ),
    },
    Code.REPEATED: {
        _P: (
            "用同样的规则和事实重算，得到逐字节相同的判客",
            "the rules, run again on these inputs, give the same ruling to the byte",
        ),
        _M: (
            "判客由另一版引擎作出，这个检查程序不能重算",
            "the ruling was made by another engine than this checker's",
        ),
        _C: (
            "用同样的规则和事实重算，得到的判客不同",
            "the rules, run again on these inputs, give another ruling",
        ),
    },
    Code.SUPERSEDED: {
        _P: (
            "被改判的那一份在日志里",
            "the ruling that this one supersedes is in the log",
        ),
        _M: (
            "被改判的那一份不在证据包里",
            "the ruling that this one supersedes is not here",
        ),
        _C: (
            "被改判的那一份属于另一笔签约",
            "the superseded ruling is of another signing",
        ),
    },
    Code.ORDER: {
        _C: (
            "采信与否和存证的先后不符（规则 §1.5）",
            "weighed or left out against the order of the log (rules §1.5)",
        ),
    },
    Code.SIGNING: {
        _P: ("签约及其时间与存证一致", "the signing and its instant are as logged"),
        _M: ("签约没有存证", "no statement of the log is this signing"),
        _C: ("签约与存证不符", "the log says otherwise of the signing"),
    },
    Code.VISIT: {
        _P: (
            "到访的时间、结论和推荐码与存证一致",
            "the visit, its instant, standing and token are as logged",
        ),
        _M: ("到访没有存证", "no statement of the log is this visit"),
        _C: ("到访与存证不符", "the log says otherwise of the visit"),
    },
    Code.TOKEN: {
        _P: (
            "推荐码的经纪人、渠道、方案、规则版本和时间与存证一致",
            "the token's agent, channel, programme, rules and times are as logged",
        ),
        _M: ("推荐码没有存证", "no statement of the log is this token"),
        _C: ("推荐码与存证不符", "the log says otherwise of the token"),
    },
    Code.BINDING: {
        _P: ("推荐码绑定客户的时间有据", "the instant of binding follows from the log"),
        _S: (
            "推荐码没有被客户打开绑定；没有发生的事，日志无法证明",
            "that nobody opened the token's link; no log can show what did not happen",
        ),
        _M: ("绑定没有存证", "no statement of the log is this binding"),
        _C: ("绑定时间与存证不符", "the log says otherwise of the binding"),
    },
    Code.PROGRAMME: {
        _P: ("合作方案的类型与存证一致", "the programme and its kind are as logged"),
        _M: ("合作方案没有存证", "no statement of the log is this programme"),
        _C: ("合作方案与存证不符", "the log says otherwise of the programme"),
    },
    Code.AGENT: {
        _P: (
            "经纪人是否业主、是否案场人员，与存证一致",
            "whether the agent is an owner or desk staff is as logged",
        ),
        _M: ("经纪人没有存证", "no statement of the log is this agent"),
        _C: ("经纪人与存证不符", "the log says otherwise of the agent"),
    },
    Code.STANDING: {
        _P: (
            "前台当时的结论可由推荐码、方案和规则推出（规则 §4）",
            "the desk's finding follows from token, programme and rules (rules §4)",
        ),
        _S: (
            "经纪人或渠道当时已停用，证据包里没有停用的存证",
            "that agent or channel was suspended; no suspension is in the bundle",
        ),
        _M: (
            "缺少合作方案的存证，前台的结论无法推出",
            "without the programme's statement the desk's finding does not follow",
        ),
        _C: (
            "前台当时的结论与推荐码、方案和规则不符（规则 §4）",
            "the desk's finding does not follow from token, programme and rules (§4)",
        ),
    },
    Code.TOKEN_RULES: {
        _P: ("发码规则的全文与存证一致", "the token-level rules are those of the log"),
        _M: (
            "发码规则没有存证",
            "no statement of the log holds these token-level rules",
        ),
        _C: ("发码规则与存证不符", "the log says otherwise of the token-level rules"),
    },
    Code.DEAL_RULES: {
        _P: ("成交规则的全文与存证一致", "the deal-level rules are those of the log"),
        _M: (
            "成交规则没有存证",
            "no statement of the log holds these deal-level rules",
        ),
        _C: ("成交规则与存证不符", "the log says otherwise of the deal-level rules"),
    },
    Code.LATEST_RULES: {
        _S: (
            "签约时没有更新的成交规则",
            "that no later deal-level rules were in force at the signing",
        ),
    },
    Code.MATCH: {
        _S: (
            "这次到访与买方相符，依据在括号内；身份标签不出库",
            "that the visit is the buyers', by what is in brackets; tags are not shown",
        ),
    },
    Code.IN_GROUP: {
        _S: (
            "经纪人本人是否属于买方客户组",
            "whether the agent belongs to the client group",
        ),
    },
    Code.BUYING_OWNER: {
        _S: ("买方里是否有人已是业主", "whether a buyer is an owner already"),
    },
    Code.WALK_IN_REWARD: {
        _P: (
            "签约时有自然到访礼遇，与存证一致",
            "that a walk-in reward was in force is as logged",
        ),
        _S: (
            "签约时是否有自然到访礼遇",
            "whether a walk-in reward was in force at the signing",
        ),
    },
    Code.VISITOR_STATEMENT: {
        _P: (
            "访客本人这样说过；它不决定判客",
            "the visitor has said so; it decides nothing",
        ),
        _C: (
            "访客自述的存证读不懂",
            "the log's entry of the visitor's own word cannot be read",
        ),
    },
    Code.COMPLETE: {
        _S: (
            "这组买方没有别的到访；有回执的人可以核对（--receipt）",
            "that the buyers had no other visits; a receipt can show one (--receipt)",
        ),
    },
    Code.ACCRUAL: {
        _P: (
            "计提的金额可由判客、佣金方案和成交价推出",
            "the accrual follows from ruling, plan and price",
        ),
        _M: ("缺少佣金方案的存证", "the plan of the accrual is not in the bundle"),
        _C: (
            "计提的金额与判客、佣金方案和成交价不符",
            "the accrual does not follow from ruling, plan and price",
        ),
    },
    Code.SAID_TWICE: {
        _C: ("日志里对同一件事有两条存证", "the log says two things of one fact"),
    },
    Code.PAGE: {
        _P: ("给人看的页面与事实一致", "the human page says what the facts say"),
        _S: (
            "给人看的页面由另一版程序生成，没有比对",
            "the human page was made by another version, and is not compared",
        ),
        _C: (
            "给人看的页面与事实不符",
            "the human page does not say what the facts say",
        ),
    },
    Code.RECEIPT: {
        _P: ("这张回执的事实已被采信", "the fact of this receipt was weighed"),
        _M: (
            "这张回执的事实在日志里，但判客没有采信它",
            "the fact of this receipt is in the log, and was not weighed",
        ),
        _C: ("这张回执不成立", "this receipt does not hold"),
    },
    Code.FORK: {
        _C: (
            "回执与证据包出自两部不同的日志（分叉）",
            "receipt and bundle are of two histories of the log (a fork)",
        ),
    },
}


def sentence(finding: EvidenceFinding, lang: str) -> str:
    """Return what a finding means. `lang` is `zh` or `en`."""
    chinese, english = SENTENCES[finding.code][finding.verdict]
    return english if lang == "en" else chinese


def render_findings(findings: Iterable[EvidenceFinding], lang: str) -> str:
    """Return the answer of a check as lines of text, and how many of each verdict."""
    known = list(findings)
    words = VERDICTS[lang]
    width = max(map(len, words.values()))
    lines = [
        f"[{words[one.verdict]}]".ljust(width + 2)
        + f" {one.code} {printable(one.about)}: {sentence(one, lang)}".replace(
            " : ", ": "
        )
        for one in known
    ]
    counts = (
        f"{words[verdict]} {sum(one.verdict is verdict for one in known)}"
        for verdict in Verdict
    )
    return "\n".join([*lines, "", " · ".join(counts)]) + "\n"
