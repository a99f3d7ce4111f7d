"""The visitor's own word 访客自述 in words: what was answered, and what differs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from attribution.ids import SigningId
from attribution.services.stating import statements_of_signing
from attribution.services.surveying import names_in
from attribution.visitor_statements import BroughtBy, RiskKind, VisitorStatement
from web.access import current_actor, current_runtime

FLAGS: Mapping[RiskKind, LazyString] = {
    RiskKind.SAYS_CAME_ALONE: _l("登记为渠道带看，访客说是自己来的"),
    RiskKind.SAYS_OTHER_CHANNEL: _l("登记为一个渠道，访客说是别人带来的"),
    RiskKind.SAYS_BROUGHT: _l("登记为自己来的，访客说有人带来"),
    RiskKind.SAYS_CAME_BEFORE: _l("没有更早的到访记录，访客说以前来过"),
    RiskKind.SAYS_FIRST_VISIT: _l("有更早的到访记录，访客说是第一次来"),
}
_BEFORE = {None: _l("没有回答"), True: _l("来过"), False: _l("没有，第一次来")}
_BROUGHT: Mapping[BroughtBy | None, LazyString] = {
    None: _l("没有回答"),
    BroughtBy.NOBODY: _l("没有人，自己来的"),
    BroughtBy.OTHER: _l("名单以外的人"),
}


class _Channel(Protocol):
    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class WordedStatement:
    """What a visitor said, ready to be shown; `flags` say what differs."""

    been_before: str
    brought_by: str
    flags: tuple[str, ...]
    stated_at: datetime


def worded_statement(
    statement: VisitorStatement, channels: Mapping[str, str]
) -> WordedStatement:
    """Return the visitor's own word in the reader's language.

    Args:
        channels: their names, by id.
    """
    said = statement.said
    named = said.channel_id
    return WordedStatement(
        been_before=str(_BEFORE[said.been_before]),
        brought_by=channels[named] if named else str(_BROUGHT[said.brought_by]),
        flags=tuple(str(FLAGS[one]) for one in statement.flags),
        stated_at=statement.stated_at,
    )


def own_words_of(signing_id: SigningId) -> dict[str, WordedStatement]:
    """Return what was said of the visits of a signing, by the visit."""
    runtime = current_runtime()
    found = statements_of_signing(runtime, by=current_actor(), signing_id=signing_id)
    channels = names_in(runtime).channels
    return {
        visit_id: worded_statement(one, channels) for visit_id, one in found.items()
    }


def before_choices() -> list[tuple[str, str]]:
    """Return what may be answered to: have you been here before?"""
    return [
        ("", _("不回答")),
        ("no", str(_BEFORE[False])),
        ("yes", str(_BEFORE[True])),
    ]


def brought_choices(channels: Iterable[_Channel]) -> list[tuple[str, str]]:
    """Return what may be answered to: who brought you? Channels by their id."""
    return [
        ("", _("不回答")),
        (BroughtBy.NOBODY.value, str(_BROUGHT[BroughtBy.NOBODY])),
        *((one.id, one.name) for one in channels),
        (BroughtBy.OTHER.value, str(_BROUGHT[BroughtBy.OTHER])),
    ]
