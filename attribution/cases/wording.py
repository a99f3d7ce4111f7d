"""An answer as an argument that a person can read, in Chinese or English."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo

Answer = Mapping[str, object]


def render_text(answer: Answer, lang: str = "zh") -> str:
    """Return the argument of every ruling of `answer_case`, line by line.

    Args:
        lang: `zh` or `en`.
    """
    words = WORDS[lang]
    zone = ZoneInfo(str(answer["time_zone"]))
    lines = [str(answer["title"])]
    for ruling in rows_in(answer, "rulings"):
        lines += ["", *_ruling_lines(ruling, words, zone)]
    if "unmet" in answer:
        lines += ["", compared(answer, lang)]
    return "\n".join(lines) + "\n"


def _ruling_lines(
    ruling: Answer, words: Mapping[str, str], zone: ZoneInfo
) -> Iterable[str]:
    yield words["signing"].format(
        ruling["signing"], words[f"outcome:{ruling['outcome']}"]
    )
    for channel, share in cast("Mapping[str, int]", ruling["shares"]).items():
        yield words["share"].format(channel, f"{share / 100:.2f}")
    yield words["visits"] if ruling["visits"] else words["no_visits"]
    for visit in rows_in(ruling, "visits"):
        yield words["visit"].format(
            local_time(visit["arrived_at"], zone),
            visit["visit"],
            words[str(visit["finding"])],
            words[f"basis:{visit['basis']}"],
            _facts(visit),
        )
    yield words["claims"] if ruling["claims"] else words["no_claims"]
    for claim in rows_in(ruling, "claims"):
        yield words["claim"].format(
            claim["channel"],
            claim["token"],
            claim["agent"],
            *(
                local_time(claim[key], zone)
                for key in ("reported_at", "visited_at", "protected_until")
            ),
        )
        finding = str(claim["finding"])
        yield words["because"].format(words[finding], claim["rule"], _facts(claim))
    if ruling["evidence_grade"]:
        yield words["grade"].format(ruling["evidence_grade"])
    if ruling["walk_in_reward"]:
        yield words["reward"].format(ruling["walk_in_reward"])
    yield words["basis"].format(ruling["engine"], ruling["inputs_digest"])


def compared(answer: Answer, lang: str) -> str:
    """Say whether an answer is the one that its file expects."""
    words, places = WORDS[lang], cast("Sequence[str]", answer["unmet"])
    return words["unmet"].format(", ".join(places)) if places else words["met"]


def rows_in(table: Answer, key: str) -> Sequence[Answer]:
    """Return the rows of a table in an answer."""
    return cast("Sequence[Answer]", table[key])


def local_time(instant: object, zone: ZoneInfo) -> str:
    """Return an instant in the project's time zone, to the second or finer."""
    local = datetime.fromisoformat(str(instant)).astimezone(zone)
    return local.replace(tzinfo=None).isoformat(sep=" ")


def _facts(finding: Answer) -> str:
    return ", ".join(f"#{index}" for index in cast("list[int]", finding["facts"]))


_CHINESE = {
    "signing": "签约 {}：{}",
    "outcome:channel": "渠道成交",
    "outcome:natural": "自然成交，不归任何渠道",
    "share": "  归属 {}：{}%",
    "visits": "  本客户组的到访（按时间）",
    "no_visits": "  没有与本客户组匹配的到访",
    "visit": "    {}  {}：{}（匹配：{}）[{}]",
    "claims": "  各渠道的主张（按报备时间）",
    "no_claims": "  没有渠道主张",
    "claim": "    {} / {}（{}）：报备 {}，首次到访 {}，保护至 {}（不含）",
    "because": "      → {}（规则 §{}）[{}]",
    "grade": "  证据等级 {}",
    "reward": "  自然到访礼遇归买方本人，依据到访 {}",
    "basis": "  引擎 {}，输入 SHA-256 {}（方括号内为存证序号）",
    "met": "与文件的预期一致",
    "unmet": "与文件的预期不同：{}",
    "basis:id": "证件",
    "basis:phone": "手机",
    "basis:receipt": "到访回执",
    "basis:relative": "亲属",
    "VALID_REFERRAL": "有效带看",
    "WALK_IN": "自然到访",
    "REVISIT": "保护期内复访，不影响任何渠道",
    "LATE_EVIDENCE": "签约后才入存证，只列出不采信",
    "LEAD_TIME_TOO_SHORT": "不满足提前报备时间",
    "PROGRAMME_NOT_IN_FORCE": "出码时方案未生效，按自然到访计",
    "AGENT_SUSPENDED": "出码时经纪人或渠道已停用，按自然到访计",
    "TOKEN_UNKNOWN": "没有这个推荐码，未核销",
    "TOKEN_REVOKED": "推荐码已撤回，未核销",
    "TOKEN_EXPIRED": "推荐码已过期，未核销",
    "TOKEN_USED": "推荐码已用过，未核销",
    "BINDING_MISMATCH": "推荐码是给别人的，未核销，码仍可用",
    "WRONG_PROJECT": "推荐码属于另一个案场，未核销",
    "WINS": "成立并得佣",
    "OUTRANKED": "成立，但排在得佣者之后",
    "WALK_IN_FIRST": "不成立：报备之前客户已自然到访",
    "SELF_REFERRAL": "不成立：推荐人属于买方客户组",
    "EXISTING_OWNER": "不成立：买方已是业主，不算新客",
    "REFERRER_NOT_OWNER": "不成立：老带新的推荐人不是业主",
    "DESK_STAFF": "不成立：推荐人在本案场前台或销售岗",
    "PROTECTED_BY_OTHER": "不成立：报备落在他渠道的保护期内",
    "PROTECTION_OVER": "不成立：签约时保护期已过",
}
_ENGLISH = {
    "signing": "Signing {}: {}",
    "outcome:channel": "brought by a channel",
    "outcome:natural": "natural, no channel brought the buyer",
    "share": "  share of {}: {} %",
    "visits": "  Visits of the client group, in order of time",
    "no_visits": "  No visit matches the client group",
    "visit": "    {}  {}: {} (matched by {}) [{}]",
    "claims": "  Claims, in order of report",
    "no_claims": "  No channel has a claim",
    "claim": "    {} / {} ({}): reported {}, first visit {}, protected before {}",
    "because": "      -> {} (rules §{}) [{}]",
    "grade": "  Evidence grade {}",
    "reward": "  The buyer's own walk-in reward is due, for visit {}",
    "basis": "  Engine {}, inputs SHA-256 {} (in brackets: places in the log)",
    "met": "This is as the file expects",
    "unmet": "The file expects otherwise: {}",
    "basis:id": "document",
    "basis:phone": "phone",
    "basis:receipt": "visit receipt",
    "basis:relative": "a relative",
    "VALID_REFERRAL": "valid referral",
    "WALK_IN": "walk-in",
    "REVISIT": "revisit inside a protection, defeats nobody",
    "LATE_EVIDENCE": "logged after the signing, listed and not weighed",
    "LEAD_TIME_TOO_SHORT": "reported too shortly before the visit",
    "PROGRAMME_NOT_IN_FORCE": "no programme in force at issue, counts as a walk-in",
    "AGENT_SUSPENDED": "agent or channel suspended at issue, counts as a walk-in",
    "TOKEN_UNKNOWN": "refused, no such token",
    "TOKEN_REVOKED": "refused, the token was revoked",
    "TOKEN_EXPIRED": "refused, the token had expired",
    "TOKEN_USED": "refused, the token was used before",
    "BINDING_MISMATCH": "refused, the token is for somebody else and stays usable",
    "WRONG_PROJECT": "refused, the token is for another sales centre",
    "WINS": "stands and earns",
    "OUTRANKED": "stands, but ranks behind those that earn",
    "WALK_IN_FIRST": "defeated: the client had walked in before the report",
    "SELF_REFERRAL": "defeated: the referrer belongs to the client group",
    "EXISTING_OWNER": "defeated: a buyer is an owner already",
    "REFERRER_NOT_OWNER": "defeated: a resident's referral needs an owner",
    "DESK_STAFF": "defeated: the referrer works the desk or the sales floor",
    "PROTECTED_BY_OTHER": "defeated: reported inside another channel's protection",
    "PROTECTION_OVER": "defeated: protection was over at the signing",
}
WORDS: Mapping[str, Mapping[str, str]] = {"zh": _CHINESE, "en": _ENGLISH}
