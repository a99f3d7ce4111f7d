"""Disputes 争议 in words: grounds, states, sides, whose turn it is, and differences."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from attribution.disputes import DisputeState, Ground, Side, Turn, Verdict
from attribution.outcomes import Change, ChangeKind, change_from_json
from web.languages import instant, percent
from web.rulings import KnownNames, finding_kind, finding_word

GROUNDS: Mapping[str, LazyString] = {
    Ground.EARLIER_REPORT: _l("报备在先"),
    Ground.EARLIER_VISIT: _l("到访在先"),
    Ground.WALK_IN_FIRST: _l("客户自己先来过"),
    Ground.WRONG_PERSON: _l("不是同一位客户"),
    Ground.LATE_EVIDENCE: _l("有补登的到访"),
    Ground.FAMILY: _l("客户组、亲属认定有误"),
    Ground.AMOUNT: _l("佣金金额有误"),
    Ground.OTHER: _l("其他"),
}

STATES: Mapping[str, tuple[str, LazyString]] = {
    DisputeState.OPEN: ("amber", _l("已提出")),
    DisputeState.EVIDENCE: ("amber", _l("听证中")),
    DisputeState.PROPOSED: ("info", _l("已有建议")),
    DisputeState.DECIDED: ("info", _l("已决定，待复核")),
    DisputeState.CLOSED: ("green", _l("已了结")),
    DisputeState.WITHDRAWN: ("info", _l("争议撤回")),
}

SIDES: Mapping[str, LazyString] = {
    Side.CHANNEL: _l("渠道"),
    Side.DEVELOPER: _l("开发商"),
    Side.VISITOR: _l("访客"),
    Side.ADJUDICATOR: _l("判客员"),
}

TURNS: Mapping[str, LazyString] = {
    Turn.PARTIES: _l("双方可以补充证据"),
    Turn.ADJUDICATOR: _l("轮到判客员"),
    Turn.SECOND_ADJUDICATOR: _l("轮到另一位判客员复核"),
    Turn.NOBODY: _l("不用再办"),
}

VERDICTS: Mapping[str, tuple[str, LazyString]] = {
    Verdict.UPHELD: ("info", _l("维持原判")),
    Verdict.CHANGED: ("green", _l("改判")),
}

STEPS: Mapping[str, LazyString] = {
    DisputeState.OPEN: _l("争议提出"),
    DisputeState.EVIDENCE: _l("补充证据"),
    DisputeState.PROPOSED: _l("按规则重新判，提出建议"),
    DisputeState.DECIDED: _l("作出决定"),
    DisputeState.CLOSED: _l("复核通过，了结"),
    DisputeState.WITHDRAWN: _l("争议撤回"),
}

KINDS: Mapping[str, LazyString] = {
    "text/plain": _l("文字"),
    "application/pdf": _l("PDF"),
}

_ABOUT: Mapping[str, LazyString] = {
    ChangeKind.SHARE: _l("份额"),
    ChangeKind.CLAIM: _l("主张"),
    ChangeKind.VISIT: _l("到访"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class WordedChange:
    """One difference of a proposal, ready to be shown."""

    kind: str
    about: str
    before: str
    after: str
    before_kind: str
    after_kind: str


def worded_changes(
    proposal: Mapping[str, Any], before: Mapping[str, Any], names: KnownNames
) -> list[WordedChange]:
    """Return how a proposal differs from the ruling it would replace, in words."""
    after = proposal["proposed"]
    changes = [change_from_json(one) for one in proposal["changes"]]
    return [_worded(one, (before, after), names) for one in changes]


def _worded(
    change: Change, rulings: tuple[Mapping[str, Any], ...], names: KnownNames
) -> WordedChange:
    if change.kind is ChangeKind.SHARE:
        return WordedChange(
            kind=str(_ABOUT[change.kind]),
            about=names.channels[change.about],
            before=_share(change.before),
            after=_share(change.after),
            before_kind="green" if change.before else "info",
            after_kind="green" if change.after else "info",
        )
    about = _claim_about if change.kind is ChangeKind.CLAIM else _visit_about
    return WordedChange(
        kind=str(_ABOUT[change.kind]),
        about=about(change.about, rulings, names),
        before=finding_word(change.before) if change.before else _("没有"),
        after=finding_word(change.after) if change.after else _("没有"),
        before_kind=finding_kind(change.before),
        after_kind=finding_kind(change.after),
    )


def _share(basis_points: str) -> str:
    return percent(int(basis_points)) if basis_points else _("没有")


def _claim_about(
    token: str, rulings: tuple[Mapping[str, Any], ...], names: KnownNames
) -> str:
    claim = next(
        one for ruling in rulings for one in ruling["claims"] if one["token"] == token
    )
    return f"{names.channels[claim['channel']]} · {names.agents[claim['agent']]}"


def _visit_about(
    visit: str, rulings: tuple[Mapping[str, Any], ...], names: KnownNames
) -> str:
    del names
    found = next(
        one for ruling in rulings for one in ruling["visits"] if one["visit"] == visit
    )
    return instant(datetime.fromisoformat(found["arrived_at"]))


def days_text(period: timedelta | None) -> str:
    """Return a length of time in days, to one decimal; a dash for none."""
    if period is None:
        return "–"
    tenths = round(period / timedelta(days=1) * 10)
    return _("%(days)s 天", days=f"{tenths // 10}.{tenths % 10}")


def grounds() -> list[tuple[str, str]]:
    """Return the grounds to choose from."""
    return [(str(ground.value), str(GROUNDS[ground])) for ground in Ground]
