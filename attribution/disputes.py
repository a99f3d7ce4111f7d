"""The dispute (争议): its states, its window, and who must act by when.

Everything here is a function of what is handed in, `now` among it.
Source: docs/specs/rulebook.md §10.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from attribution.errors import DisputeStepRefused, DisputeWindowOver, InputInvalid
from attribution.rulebook import DealRules, period_end

HEARING = timedelta(days=3)
"""How long the parties may bring evidence before the adjudicators go on."""
PROPOSING = DECIDING = APPROVING = timedelta(days=2)
"""How long the adjudicators have for each of their steps."""

_MOST_WORDS = 1000
_DATE = re.compile(
    r"(?<!\d)(?:19|20)\d\d([-/.])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])(?!\d)"
)
_NUMBER = re.compile(r"\d(?:[\s\-·]*\d){8,}|[A-Za-z]\d{8}|\d{3}([./_])\d{4}\1\d{4}")


class DisputeState(StrEnum):
    """Where a dispute stands (rules §10.1)."""

    OPEN = "open"
    EVIDENCE = "evidence"
    PROPOSED = "proposed"
    DECIDED = "decided"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"

    @property
    def is_over(self) -> bool:
        """Say whether nothing follows any more."""
        return self in {DisputeState.CLOSED, DisputeState.WITHDRAWN}


class Ground(StrEnum):
    """Why a ruling is disputed (rules §10.1)."""

    EARLIER_REPORT = "earlier_report"  # 报备在先
    EARLIER_VISIT = "earlier_visit"  # 到访在先
    WALK_IN_FIRST = "walk_in_first"  # 自然到访在先
    WRONG_PERSON = "wrong_person"  # 不是同一人
    LATE_EVIDENCE = "late_evidence"  # 补登的到访
    FAMILY = "family"  # 客户组
    AMOUNT = "amount"  # 金额
    OTHER = "other"


class Side(StrEnum):
    """Whose word it is. The adjudicators are on no side."""

    CHANNEL = "channel"
    DEVELOPER = "developer"
    VISITOR = "visitor"
    ADJUDICATOR = "adjudicator"


class Verdict(StrEnum):
    """What a dispute ends in: the ruling stays, or the proposed one takes its place."""

    UPHELD = "upheld"  # 维持
    CHANGED = "changed"  # 改判


class Turn(StrEnum):
    """Who must act next."""

    PARTIES = "parties"
    ADJUDICATOR = "adjudicator"
    SECOND_ADJUDICATOR = "second_adjudicator"
    NOBODY = "nobody"


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """One step of a case: into which state, and when."""

    state: DisputeState
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """Where a case stands at an instant, who must act, and until when.

    `due_at` itself is too late; None once the case is over.
    """

    state: DisputeState
    entered_at: datetime
    turn: Turn
    due_at: datetime | None
    is_overdue: bool


_OPEN, _EVIDENCE, _PROPOSED, _DECIDED, _CLOSED, _WITHDRAWN = DisputeState
# Evidence after a proposal leads back to the hearing, so that nobody is cut off by a
# quick one; so does a second adjudicator who does not agree. Proposing again takes in
# what was logged meanwhile.
_MOVES = {
    _OPEN: {_EVIDENCE, _WITHDRAWN},
    _EVIDENCE: {_EVIDENCE, _PROPOSED, _WITHDRAWN},
    _PROPOSED: {_EVIDENCE, _PROPOSED, _DECIDED, _WITHDRAWN},
    _DECIDED: {_EVIDENCE, _CLOSED},
    _CLOSED: set[DisputeState](),
    _WITHDRAWN: set[DisputeState](),
}
_HEARD = {_OPEN, _EVIDENCE}
_TURNS = {
    _PROPOSED: (Turn.ADJUDICATOR, DECIDING),
    _DECIDED: (Turn.SECOND_ADJUDICATOR, APPROVING),
}


def step(state: DisputeState, to: DisputeState) -> DisputeState:
    """Return the state that a case goes to.

    Raises:
        DisputeStepRefused: no such step leads on from here.
    """
    if to not in _MOVES[state]:
        raise DisputeStepRefused
    return to


def plead(state: DisputeState) -> DisputeState:
    """Return the state that a piece of evidence leads to: the hearing.

    A decision waits for the second adjudicator, who alone may lead it back; else a
    party could put it off for ever.

    Raises:
        DisputeStepRefused: the case was decided, or is over.
    """
    if state is DisputeState.DECIDED:
        raise DisputeStepRefused
    return step(state, DisputeState.EVIDENCE)


def window_end(ruled_at: datetime, rules: DealRules) -> datetime:
    """Return the first instant at which a ruling can no longer be disputed."""
    return period_end(ruled_at, rules.dispute_window, rules)


def check_window(now: datetime, ruled_at: datetime, rules: DealRules) -> None:
    """Let a dispute be opened, or raise DisputeWindowOver. The end is too late."""
    if not ruled_at <= now < window_end(ruled_at, rules):
        raise DisputeWindowOver


def progress_of(moves: Sequence[Move], now: datetime) -> Progress:
    """Return where a case stands.

    Args:
        moves: every step so far, oldest first; there is at least the opening.
    """
    state = moves[-1].state
    entered_at = _entered(moves)
    turn, due_at = _turn(state, entered_at, now)
    return Progress(
        state=state,
        entered_at=entered_at,
        turn=turn,
        due_at=due_at,
        is_overdue=due_at is not None and now >= due_at,
    )


def _entered(moves: Sequence[Move]) -> datetime:
    """Return since when the state holds.

    The hearing begins with the opening: no evidence, not even the first, prolongs it.
    """
    last = moves[-1]
    same = _HEARD if last.state in _HEARD else {last.state}
    entered_at = last.at
    for move in reversed(moves):
        if move.state not in same:
            break
        entered_at = move.at
    return entered_at


def _turn(
    state: DisputeState, since: datetime, now: datetime
) -> tuple[Turn, datetime | None]:
    if state.is_over:
        return Turn.NOBODY, None
    if state in _TURNS:
        turn, period = _TURNS[state]
        return turn, since + period
    heard_at = since + HEARING
    if now < heard_at:
        return Turn.PARTIES, heard_at
    return Turn.ADJUDICATOR, heard_at + PROPOSING


def words_of(text: str, path: str = "words") -> str:
    """Return what somebody says about a case, fit to be kept.

    A number as long as a phone or a document number has no place in it, however it is
    spaced: it would be somebody's. Dates, prices and homes are shorter.

    Raises:
        InputInvalid: empty, longer than 1 000 characters, a control character, or a
            number of nine digits and more, or of eight after a letter.
    """
    words = text.replace("\r\n", "\n").strip()
    if not 1 <= len(words) <= _MOST_WORDS:
        raise InputInvalid(path, "must have 1 to 1000 characters")
    if not all(one == "\n" or one.isprintable() for one in words):
        raise InputInvalid(path, "holds a control character")
    if _NUMBER.search(_DATE.sub(";", unicodedata.normalize("NFKC", words))):
        raise InputInvalid(path, "holds a long number")
    return words
