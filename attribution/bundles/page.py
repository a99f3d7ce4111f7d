"""The human page of a bundle: the case in plain words, Chinese and English, one file.

It is made from the other parts alone, so a checker makes it again and compares.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo

from attribution.bundles.bundle import EvidenceBundle, Statement
from attribution.bundles.record import shown
from attribution.bundles.testimony import testimony
from attribution.cases.wording import WORDS as FINDINGS
from attribution.ids import ChannelId
from attribution.money import Fen, yuan_text
from attribution.rules.ruling import Ruling, ruling_of

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.6 system-ui,sans-serif;max-width:60rem;margin:2rem auto;"
    "padding:0 1rem}h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}"
    "table{border-collapse:collapse;width:100%}td,th{border:1px solid #8888;"
    "padding:.3rem .5rem;text-align:left;vertical-align:top;"
    "overflow-wrap:anywhere}code{word-break:break-all}"
    "section+section{margin-top:4rem;border-top:2px solid}.lead{font-size:1.15rem}"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reader:
    """The case, the words of one language, and the calendar of the project."""

    bundle: EvidenceBundle
    ruling: Ruling
    words: Mapping[str, str]
    findings: Mapping[str, str]
    zone: ZoneInfo

    def time(self, at: datetime) -> str:
        """Return an instant on the project's clock."""
        local = at.astimezone(self.zone).replace(tzinfo=None)
        return local.isoformat(sep=" ")

    def channel(self, channel_id: object) -> str:
        """Return a channel by its number in the case: no file tells its name."""
        known = list(dict.fromkeys(one.channel_id for one in self.ruling.claims))
        if channel_id not in known:
            return shown(channel_id)
        text = ChannelId(str(channel_id))
        return self.words["channel"].format(1 + known.index(text), text[:8])


def page_of(bundle: EvidenceBundle) -> bytes:
    """Return the page of a bundle; the same bundle gives the same bytes."""
    ruling = ruling_of(bundle.matter)
    zone = ZoneInfo(bundle.matter.deal_rules.time_zone)
    sections = [
        _section(
            _Reader(
                bundle=bundle,
                ruling=ruling,
                words=words,
                findings=FINDINGS[lang],
                zone=zone,
            ),
            code,
        )
        for lang, code, words in (("zh", "zh-CN", _CHINESE), ("en", "en", _ENGLISH))
    ]
    head = (
        '<!DOCTYPE html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src '
        "'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_CHINESE['title']} · {_ENGLISH['title']}</title>\n"
        f"<style>{_STYLE}</style>\n</head>\n<body>\n"
    )
    return (head + "".join(sections) + "</body>\n</html>\n").encode()


def _section(reader: _Reader, code: str) -> str:
    words, bundle = reader.words, reader.bundle
    parts = [
        f"<h1>{words['title']}</h1>",
        f'<p class="lead">{escape(_outcome(reader))}</p>',
        f"<p>{words['what']}</p>",
        f"<h2>{words['case']}</h2>",
        _table((), _case(reader)),
        f"<h2>{words['visits']}</h2>",
        _table(words["visit_columns"].split("|"), _visits(reader)),
        *_testimony(reader),
        f"<h2>{words['claims']}</h2>",
        _table(words["claim_columns"].split("|"), _claims(reader)),
        f"<h2>{words['money']}</h2>",
        _table(words["money_columns"].split("|"), _money(reader)),
        f"<h2>{words['stated']}</h2>",
        f"<p>{words['stated_text']}</p>",
        f"<h2>{words['log']}</h2>",
        f"<p>{words['log_text']}</p>",
        _table((), _head(bundle, words)),
        _table(words["log_columns"].split("|"), _statements(reader)),
        f"<h2>{words['check']}</h2>",
        f"<p>{words['check_text']}</p>",
        "<p><code>python -m attribution verify FILE --log-key KEY</code></p>",
    ]
    return f'<section lang="{code}">\n' + "\n".join(parts) + "\n</section>\n"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; without columns its first cells are the headings."""
    lines = []
    if columns:
        cells = "".join(f'<th scope="col">{escape(one)}</th>' for one in columns)
        lines.append(f"<tr>{cells}</tr>")
    for row in rows:
        first, *others = (escape(cell) for cell in row)
        start = f"<td>{first}</td>" if columns else f'<th scope="row">{first}</th>'
        rest = "".join(f"<td>{cell}</td>" for cell in others)
        lines.append(f"<tr>{start}{rest}</tr>")
    return "<table>\n" + "\n".join(lines) + "\n</table>"


def _outcome(reader: _Reader) -> str:
    ruling, words = reader.ruling, reader.words
    if not ruling.shares:
        return words["natural"]
    shares = (
        words["share"].format(reader.channel(channel), f"{share / 100:.2f}")
        for channel, share in ruling.shares
    )
    return words["brought"].format(words["and"].join(shares))


def _case(reader: _Reader) -> Iterator[tuple[str, str]]:
    bundle, ruling, words = reader.bundle, reader.ruling, reader.words
    yield words["signing"], bundle.signing_id
    yield words["signed_at"], reader.time(bundle.matter.signed_at)
    yield words["ruling"], bundle.ruling_id
    if ruling.evidence_grade:
        yield words["grade"], ruling.evidence_grade
    yield words["rules"], ", ".join([ruling.deal_rulebook, *ruling.token_rulebooks])
    yield words["engine"], ruling.engine
    yield words["digest"], ruling.inputs_digest
    yield words["zone"], bundle.matter.deal_rules.time_zone


def _visits(reader: _Reader) -> Iterator[tuple[str, ...]]:
    for one in reader.ruling.visits:
        yield (
            reader.time(one.arrived_at),
            reader.findings[one.finding],
            reader.findings[f"basis:{one.basis}"],
            _facts(one.facts),
        )


def _testimony(reader: _Reader) -> Iterator[str]:
    """Yield the visitors' own words, if there are any."""
    rows = list(_said(reader))
    if rows:
        yield f"<h2>{reader.words['said']}</h2>"
        yield f"<p>{reader.words['said_text']}</p>"
        yield _table(reader.words["said_columns"].split("|"), rows)


def _said(reader: _Reader) -> Iterator[tuple[str, ...]]:
    words = reader.words
    for statement, one in testimony(reader.bundle.statements, reader.bundle.matter):
        if one is None:
            continue
        said = one.said
        named = said.channel_id
        yield (
            reader.time(one.stated_at),
            words[f"before:{said.been_before}"],
            words[f"brought:{said.brought_by}"]
            if named is None
            else reader.channel(named),
            "; ".join(words[flag] for flag in one.flags) or words["no_flag"],
            f"#{statement.index}",
        )


def _claims(reader: _Reader) -> Iterator[tuple[str, ...]]:
    for one in reader.ruling.claims:
        yield (
            reader.channel(one.channel_id),
            reader.time(one.reported_at),
            reader.time(one.visited_at),
            reader.time(one.protected_until),
            f"{reader.findings[one.finding]} (§{one.finding.paragraph})",
            _facts(one.facts),
        )


def _money(reader: _Reader) -> Iterator[tuple[str, ...]]:
    """Yield what was accrued by this ruling, as the log says it."""
    for one in reader.bundle.statements:
        body = one.body
        if one.kind != "accrual/v1" or body.get("ruling") != reader.bundle.ruling_id:
            continue
        amount = body.get("amount_fen")
        whole = amount if isinstance(amount, int) else 0
        is_reward = body.get("visit") is not None
        yield (
            reader.words["buyer"] if is_reward else reader.channel(body.get("channel")),
            yuan_text(Fen(whole), marks=","),
            f"#{one.index}",
        )


def _head(bundle: EvidenceBundle, words: Mapping[str, str]) -> Iterator[Sequence[str]]:
    yield words["origin"], bundle.head.origin
    yield words["size"], str(bundle.head.size)
    yield words["root"], bundle.head.root.hex()


def _statements(reader: _Reader) -> Iterator[tuple[str, ...]]:
    for one in reader.bundle.statements:
        yield f"#{one.index}", _kind(one, reader.words)


def _kind(statement: Statement, words: Mapping[str, str]) -> str:
    word = words.get(f"kind:{statement.kind}")
    return statement.kind if word is None else f"{word} ({statement.kind})"


def _facts(facts: Iterable[int]) -> str:
    return ", ".join(f"#{index}" for index in facts)


_CHINESE = {
    "title": "判客证据包",
    "what": (
        "本页由证据包里的事实生成，供人阅读；以事实为准。证据包不含姓名、电话、证件号、"
        "身份标签和推荐码；渠道只用编号表示，名称见各方自己的约定。"
    ),
    "natural": "自然成交：不归任何渠道。",
    "brought": "渠道成交：{}。",
    "share": "{} 得 {}%",
    "and": "；",
    "channel": "渠道 {}（{}…）",
    "case": "这笔签约",
    "signing": "签约",
    "signed_at": "签约时间",
    "ruling": "判客",
    "grade": "证据等级",
    "rules": "规则版本",
    "engine": "引擎",
    "digest": "依据的 SHA-256",
    "zone": "时间按此时区",
    "visits": "这组买方的到访",
    "visit_columns": "时间|结论|与买方相符的依据|存证序号",
    "claims": "各渠道的主张",
    "claim_columns": "渠道|报备|首次有效到访|保护至（不含）|结论（规则）|存证序号",
    "money": "计提的佣金（元）",
    "money_columns": "渠道|金额|存证序号",
    "buyer": "买方本人（自然到访礼遇）",
    "said": "访客自述",
    "said_text": "访客自己在手机上的回答，不决定判客；与登记不符的，供人核对。",
    "said_columns": "时间|以前来过吗|谁带来的|与登记不符|存证序号",
    "before:None": "没有回答",
    "before:True": "来过",
    "before:False": "第一次来",
    "brought:None": "没有回答",
    "brought:nobody": "没有人，自己来的",
    "brought:other": "名单以外的人",
    "no_flag": "没有不符",
    "SAYS_CAME_ALONE": "登记为渠道带看，访客说是自己来的",
    "SAYS_OTHER_CHANNEL": "登记为一个渠道，访客说是别人带来的",
    "SAYS_BROUGHT": "登记为自己来的，访客说有人带来",
    "SAYS_CAME_BEFORE": "没有更早的到访记录，访客说以前来过",
    "SAYS_FIRST_VISIT": "有更早的到访记录，访客说是第一次来",
    "stated": "哪些只是陈述",
    "stated_text": (
        "到访与买方是否相符、经纪人是否属于买方一方、买方是否已是业主、有没有别的到访，"
        "要看身份标签才知道；标签从不离开系统，所以这些只是陈述，不由本文件证明。"
    ),
    "log": "存证",
    "log_text": "下列每一条都在日志里，附有可以离线验证的证明。",
    "origin": "日志",
    "size": "条数",
    "root": "树根",
    "log_columns": "存证序号|内容",
    "check": "怎样自己核对",
    "check_text": (
        "在任何一台装有 Python 的电脑上，用公开的程序运行下面的命令；不需要网络，"
        "也不需要本系统。KEY 是日志公钥，请从协议或见证人处取得，不要从本文件取。"
    ),
    "kind:signing/v1": "签约",
    "kind:visit/v1": "到访",
    "kind:refusal/v1": "拒绝核销",
    "kind:issue/v1": "报备发码",
    "kind:bind/v1": "绑定客户",
    "kind:programme/v1": "合作方案",
    "kind:agent/v1": "经纪人",
    "kind:suspension/v1": "停用或恢复",
    "kind:rulebook/v1": "规则版本",
    "kind:plan/v1": "佣金方案版本",
    "kind:ruling/v1": "判客",
    "kind:accrual/v1": "计提",
}
_ENGLISH = {
    "title": "Evidence of a ruling",
    "what": (
        "This page is made from the facts in the bundle, for people to read; the facts "
        "decide. The bundle holds no name, phone or document number, identity tag or "
        "code; channels go by numbers, and each party knows its own."
    ),
    "natural": "Natural: no channel brought the buyer.",
    "brought": "Brought by a channel: {}.",
    "share": "{} has {} %",
    "and": "; ",
    "channel": "Channel {} ({}…)",
    "case": "The signing",
    "signing": "Signing",
    "signed_at": "Signed at",
    "ruling": "Ruling",
    "grade": "Evidence grade",
    "rules": "Versions of the rules",
    "engine": "Engine",
    "digest": "SHA-256 of the inputs",
    "zone": "Times are of this zone",
    "visits": "Visits of these buyers",
    "visit_columns": "When|Finding|Matched by|Places in the log",
    "claims": "Claims of the channels",
    "claim_columns": (
        "Channel|Reported|First valid visit|Protected before|Finding (rule)|"
        "Places in the log"
    ),
    "money": "Commission accrued (yuan)",
    "money_columns": "Channel|Amount|Place in the log",
    "buyer": "The buyer (walk-in reward)",
    "said": "What visitors say themselves",
    "said_text": (
        "Answered on the visitor's own phone. It decides nothing; what differs from "
        "the record is for people to ask about."
    ),
    "said_columns": "When|Been here before|Brought by|Differs|Place in the log",
    "before:None": "not answered",
    "before:True": "yes",
    "before:False": "no, the first visit",
    "brought:None": "not answered",
    "brought:nobody": "nobody, came alone",
    "brought:other": "somebody who is not listed",
    "no_flag": "nothing",
    "SAYS_CAME_ALONE": "recorded as brought by a channel, says: came alone",
    "SAYS_OTHER_CHANNEL": "recorded as brought by one channel, says: by another",
    "SAYS_BROUGHT": "recorded as coming alone, says: was brought",
    "SAYS_CAME_BEFORE": "no earlier visit on record, says: came before",
    "SAYS_FIRST_VISIT": "an earlier visit on record, says: the first visit",
    "stated": "What is only stated",
    "stated_text": (
        "Whether a visit is the buyers', whether the agent belongs to them, whether a "
        "buyer is an owner already, and that there were no other visits, only identity "
        "tags could show. Tags never leave the system, so this file does not prove it."
    ),
    "log": "The log",
    "log_text": (
        "Each statement below is in the log, with a proof that can be checked offline."
    ),
    "origin": "Log",
    "size": "Entries",
    "root": "Root of the tree",
    "log_columns": "Place in the log|What",
    "check": "How to check it yourself",
    "check_text": (
        "On any computer with Python, run this command of the public program; it needs "
        "no network and none of our systems. KEY is the log's key: take it from the "
        "contract or from a witness, not from this file."
    ),
    "kind:signing/v1": "signing",
    "kind:visit/v1": "visit",
    "kind:refusal/v1": "refused redemption",
    "kind:issue/v1": "report and token",
    "kind:bind/v1": "binding",
    "kind:programme/v1": "programme",
    "kind:agent/v1": "agent",
    "kind:suspension/v1": "suspension",
    "kind:rulebook/v1": "version of the rules",
    "kind:plan/v1": "version of a commission plan",
    "kind:ruling/v1": "ruling",
    "kind:accrual/v1": "accrual",
}
