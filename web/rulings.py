"""A ruling (判客) as sentences: what was decided, and every step of the argument."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from web.languages import instant

_Claim = Mapping[str, Any]


class StoredText(Protocol):
    """The stored ruling: its canonical text, and when it was made."""

    @property
    def body(self) -> str:
        """The ruling as canonical JSON."""

    @property
    def ruled_at(self) -> datetime:
        """When it was made."""


class KnownNames(Protocol):
    """The names of channels and agents, by id."""

    @property
    def channels(self) -> Mapping[str, str]:
        """Channels."""

    @property
    def agents(self) -> Mapping[str, str]:
        """Agents."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One step of the argument: a finding about a visit or a claim, and its facts."""

    about: str
    at: datetime
    kind: str
    word: str
    sentence: str
    paragraph: str
    finding: str
    facts: tuple[int, ...]
    basis: str = ""
    share: int = 0
    times: tuple[tuple[str, datetime], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class WordedRuling:
    """A ruling ready to be shown."""

    is_natural: bool
    word: str
    lead: str
    shares: tuple[tuple[str, int], ...]
    visits: tuple[Step, ...]
    claims: tuple[Step, ...]
    grade: str | None
    grade_text: str
    rewarded_at: datetime | None
    rulebooks: tuple[tuple[str, str], ...]
    engine: str
    inputs_digest: str
    ruled_at: datetime


def worded(stored: StoredText, names: KnownNames) -> WordedRuling:
    """Return a stored ruling in the reader's language."""
    return worded_text(json.loads(stored.body), stored.ruled_at, names)


def worded_text(
    ruling: Mapping[str, Any], ruled_at: datetime, names: KnownNames
) -> WordedRuling:
    """Return a ruling that is JSON already, such as a proposed one, in words."""
    shares = tuple(
        (names.channels.get(channel, channel), share)
        for channel, share in ruling["shares"]
    )
    grade = ruling["evidence_grade"]
    return WordedRuling(
        is_natural=not shares,
        word=_outcome_word(shares),
        lead=_lead(ruling, shares),
        shares=shares,
        visits=tuple(_visit_step(one) for one in ruling["visits"]),
        claims=tuple(_claim_step(one, names) for one in ruling["claims"]),
        grade=grade,
        grade_text=str(GRADES[grade]) if grade else "",
        rewarded_at=_rewarded_at(ruling),
        rulebooks=(
            (_("成交规则"), ruling["deal_rulebook"]),
            *((_("发码规则"), version) for version in ruling["token_rulebooks"]),
        ),
        engine=ruling["engine"],
        inputs_digest=ruling["inputs_digest"],
        ruled_at=ruled_at,
    )


def finding_word(finding: str) -> str:
    """Return the short word of a finding, for a badge or a row of a table."""
    words = _WORDS.get(finding)
    return str(words[1]) if words else finding


def finding_sentence(finding: str) -> str:
    """Return why a claim came to a finding."""
    return str(_CLAIM_SENTENCES[finding])


def finding_kind(finding: str) -> str:
    """Return the colour of a finding: green, amber, red or info."""
    words = _WORDS.get(finding)
    return words[0] if words else "info"


def _outcome_word(shares: tuple[tuple[str, int], ...]) -> str:
    if not shares:
        return _("自然成交")
    if len(shares) == 1:
        return _("归 %(channel)s", channel=shares[0][0])
    return _("由 %(count)s 个渠道共享", count=len(shares))


def _lead(ruling: Mapping[str, Any], shares: tuple[tuple[str, int], ...]) -> str:
    if shares:
        winner = next(one for one in ruling["claims"] if one["share"])
        return _(
            "首次有效到访在 %(visited)s，保护到 %(until)s（不含），签约在保护期内。",
            visited=instant(_time(winner["visited_at"])),
            until=instant(_time(winner["protected_until"])),
        )
    if ruling["claims"]:
        return _("有渠道提出主张，但没有一个成立。原因逐条写在下面。")
    if ruling["visits"]:
        return _("找到了此前的到访，但没有渠道可以据此主张。")
    return _("没有找到这些买方此前的到访，所以不归任何渠道。")


def _rewarded_at(ruling: Mapping[str, Any]) -> datetime | None:
    """Return when the visit took place for which the buyer's own reward is due."""
    times = (
        _time(one["arrived_at"])
        for one in ruling["visits"]
        if one["visit"] == ruling["walk_in_reward"]
    )
    return next(times, None)


def _visit_step(visit: Mapping[str, Any]) -> Step:
    finding = str(visit["finding"])
    sentence = str(_VISIT_SENTENCES[finding])
    if visit["is_marginal"]:
        note = _("报备只比到访早了一点点，刚够提前时间，请留意。")
        sentence = f"{sentence} {note}"
    return Step(
        about=str(visit["visit"]),
        at=_time(visit["arrived_at"]),
        kind=finding_kind(finding),
        word=finding_word(finding),
        sentence=sentence,
        paragraph=_VISIT_PARAGRAPHS.get(finding, "4.1"),
        finding=finding,
        facts=tuple(visit["facts"]),
        basis=str(BASES[visit["basis"]]),
    )


def _claim_step(claim: _Claim, names: KnownNames) -> Step:
    finding = str(claim["finding"])
    times = {
        key: _time(claim[key])
        for key in ("reported_at", "visited_at", "protected_until")
    }
    channel = names.channels.get(claim["channel"], claim["channel"])
    agent = names.agents.get(claim["agent"], claim["agent"])
    return Step(
        about=f"{channel} · {agent}",
        at=times["reported_at"],
        kind=finding_kind(finding),
        word=finding_word(finding),
        sentence=str(_CLAIM_SENTENCES[finding]),
        paragraph=str(claim["rule"]),
        finding=finding,
        facts=tuple(claim["facts"]),
        share=int(claim["share"]),
        times=(
            (_("报备"), times["reported_at"]),
            (_("首次有效到访"), times["visited_at"]),
            (_("保护至（不含）"), times["protected_until"]),
        ),
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


BASES: Mapping[str, LazyString] = {
    "id": _l("证件号相同"),
    "phone": _l("手机号相同"),
    "receipt": _l("出示了到访回执"),
    "relative": _l("与申报的亲属相同"),
}

GRADES: Mapping[str, LazyString] = {
    "A": _l("最强：发码时绑定了完整号码，签约时证件号对上。"),
    "B": _l("强：发码时绑定了客户，签约时手机号或证件号对上。"),
    "C": _l("中：靠到访回执或亲属关系对上，或者推荐码没有绑定客户。"),
    "D": _l("弱：客户忘了推荐码，由前台确认报备。"),
}

_WORDS: Mapping[str, tuple[str, LazyString]] = {
    "WINS": ("green", _l("成立，归属于它")),
    "OUTRANKED": ("amber", _l("成立，但排在后面")),
    "WALK_IN_FIRST": ("red", _l("报备前客户已自己来过")),
    "SELF_REFERRAL": ("red", _l("推荐人就是买方一方")),
    "EXISTING_OWNER": ("red", _l("买方已是业主")),
    "REFERRER_NOT_OWNER": ("red", _l("推荐人不是业主")),
    "DESK_STAFF": ("red", _l("推荐人在案场工作")),
    "PROTECTED_BY_OTHER": ("red", _l("落在别的渠道保护期内")),
    "PROTECTION_OVER": ("red", _l("签约时保护期已过")),
    "VALID_REFERRAL": ("green", _l("有效带看")),
    "WALK_IN": ("info", _l("自然到访")),
    "REVISIT": ("info", _l("保护期内复访")),
    "LATE_EVIDENCE": ("amber", _l("补登的到访")),
    "LEAD_TIME_TOO_SHORT": ("amber", _l("提前报备时间不够")),
    "PROGRAMME_NOT_IN_FORCE": ("amber", _l("发码时合作未生效")),
    "AGENT_SUSPENDED": ("amber", _l("发码时经纪人已停用")),
    "TOKEN_UNKNOWN": ("red", _l("没有这张推荐码")),
    "TOKEN_REVOKED": ("red", _l("推荐码已撤回")),
    "TOKEN_EXPIRED": ("red", _l("推荐码已过期")),
    "TOKEN_USED": ("red", _l("推荐码已用过")),
    "BINDING_MISMATCH": ("red", _l("推荐码是给别人的")),
    "WRONG_PROJECT": ("red", _l("推荐码属于别的案场")),
    "DEAL_CANCELLED": ("red", _l("已退房")),
    "NOT_RULED_YET": ("info", _l("还没有判客")),
    "NO_CLAIM": ("red", _l("这个渠道没有带看过这组买方")),
}

_CLAIM_SENTENCES: Mapping[str, LazyString] = {
    "WINS": _l("报备、到访都有效，签约时仍在保护期内，并且排在最前。"),
    "OUTRANKED": _l("主张本身成立，签约时也在保护期内；但另一个渠道按规则排在它前面。"),
    "WALK_IN_FIRST": _l(
        "在报备之前，这组买方已经自己来过，而且那次自然到访仍在保护期内；后来的报备不算。"
    ),
    "SELF_REFERRAL": _l("推荐人的号码和买方或亲属的号码相同，自己推荐自己不算。"),
    "EXISTING_OWNER": _l("买方里有人已经是业主，按约定不算新客户。"),
    "REFERRER_NOT_OWNER": _l("老带新要求推荐人是业主，而这位推荐人不是。"),
    "DESK_STAFF": _l("推荐人在本案场的前台或销售岗位，按约定不能推荐。"),
    "PROTECTED_BY_OTHER": _l(
        "报备的时候，另一个渠道的保护期还没有过，所以这次报备不算。"
    ),
    "PROTECTION_OVER": _l("主张曾经成立，但到签约的那一刻，保护期已经过了。"),
}

_VISIT_SENTENCES: Mapping[str, LazyString] = {
    "VALID_REFERRAL": _l("凭推荐码到访，推荐码有效，提前报备时间够。"),
    "WALK_IN": _l("没有推荐码，自己来的。"),
    "REVISIT": _l("在一个成立的保护期内再次来访，不影响任何渠道。"),
    "LATE_EVIDENCE": _l("发生在签约之前，但签约之后才登记；只列出，不采信。"),
    "LEAD_TIME_TOO_SHORT": _l("报备之后太快到访，不满足提前报备时间。"),
    "PROGRAMME_NOT_IN_FORCE": _l("发码的时候渠道的合作没有生效，按自然到访计。"),
    "AGENT_SUSPENDED": _l("发码的时候经纪人或渠道已停用，按自然到访计。"),
    "TOKEN_UNKNOWN": _l("没有这张推荐码，当时没有核销。"),
    "TOKEN_REVOKED": _l("推荐码已经撤回，当时没有核销。"),
    "TOKEN_EXPIRED": _l("推荐码已经过期，当时没有核销。"),
    "TOKEN_USED": _l("推荐码已经用过，当时没有核销。"),
    "BINDING_MISMATCH": _l("推荐码绑定的是另一位客户，当时没有核销，推荐码仍可用。"),
    "WRONG_PROJECT": _l("推荐码属于另一个案场，当时没有核销。"),
}

_VISIT_PARAGRAPHS = {
    "LATE_EVIDENCE": "1.5",
    "REVISIT": "8.1",
    "WALK_IN": "4.5",
    "LEAD_TIME_TOO_SHORT": "4.3",
    "PROGRAMME_NOT_IN_FORCE": "4.4",
    "AGENT_SUSPENDED": "4.4",
    "BINDING_MISMATCH": "4.2",
}


def findings() -> tuple[str, ...]:
    """Return every finding that has a word."""
    return tuple(_WORDS)
