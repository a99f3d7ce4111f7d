"""The visitor's own word 访客自述, and what in it contradicts the desk (rules §4.6).

It decides nothing by itself: a flag is a question for a person, never a ruling.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, auto

from attribution.ids import ChannelId, VisitId


class BroughtBy(StrEnum):
    """Who brought the visitor, by the visitor's own word; nobody is named in words."""

    NOBODY = "nobody"
    CHANNEL = "channel"  # one that has a programme here
    OTHER = "other"


class RiskKind(StrEnum):
    """What a person should ask about 风险提示: the visitor says otherwise."""

    @staticmethod
    def _generate_next_value_(name: str, *_: object) -> str:
        return name

    SAYS_CAME_ALONE = auto()  # the desk recorded a channel
    SAYS_OTHER_CHANNEL = auto()  # the desk recorded another one
    SAYS_BROUGHT = auto()  # the desk recorded no channel
    SAYS_CAME_BEFORE = auto()  # no earlier visit of this number is known
    SAYS_FIRST_VISIT = auto()  # an earlier visit of this number is known


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What the visitor answers; None is what is not answered.

    `channel_id` names the channel, where it is one of those with a programme here.
    """

    been_before: bool | None = None
    brought_by: BroughtBy | None = None
    channel_id: ChannelId | None = None

    def __post_init__(self) -> None:
        if (self.channel_id is not None) is not (self.brought_by is BroughtBy.CHANNEL):
            message = "a channel is named where, and only where, it brought the visitor"
            raise ValueError(message)

    @property
    def is_silent(self) -> bool:
        """Say whether nothing was answered."""
        return self.been_before is None and self.brought_by is None


@dataclass(frozen=True, kw_only=True, slots=True)
class VisitorStatement:
    """What a visitor said of one visit, beside what the desk had recorded of it.

    `recorded_channel_id` is the channel of the code that was redeemed, if any.
    `had_come_before`: whether an earlier visit of the visitor's number was known when
    it was said; None where no number was left.
    """

    visit_id: VisitId
    said: Said
    recorded_channel_id: ChannelId | None
    had_come_before: bool | None
    stated_at: datetime

    @property
    def flags(self) -> tuple[RiskKind, ...]:
        """What contradicts the desk, in a fixed order."""
        found = (self._about_channel(), self._about_earlier())
        return tuple(one for one in found if one is not None)

    def _about_channel(self) -> RiskKind | None:
        said, recorded = self.said, self.recorded_channel_id
        if said.brought_by is None or said.channel_id == recorded is not None:
            return None
        if recorded is None:
            is_same = said.brought_by is BroughtBy.NOBODY
            return None if is_same else RiskKind.SAYS_BROUGHT
        if said.brought_by is BroughtBy.NOBODY:
            return RiskKind.SAYS_CAME_ALONE
        return RiskKind.SAYS_OTHER_CHANNEL

    def _about_earlier(self) -> RiskKind | None:
        said, known = self.said.been_before, self.had_come_before
        if said is None or known is None or said is known:
            return None
        return RiskKind.SAYS_CAME_BEFORE if said else RiskKind.SAYS_FIRST_VISIT
