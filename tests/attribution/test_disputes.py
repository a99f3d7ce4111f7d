"""A dispute: its states, its window, its deadlines, both sides of each boundary."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from attribution.disputes import (
    APPROVING,
    DECIDING,
    HEARING,
    PROPOSING,
    DisputeState,
    Move,
    Turn,
    check_window,
    plead,
    progress_of,
    step,
    window_end,
    words_of,
)
from attribution.errors import DisputeStepRefused, InputInvalid
from attribution.rulebook import DayCount, Days, DealRules
from tests.racing import outcome_of

RULED = datetime(2026, 3, 1, 1, 0, tzinfo=UTC)  # 9:00 in Shanghai
TICK = timedelta(microseconds=1)
OPEN, EVIDENCE, PROPOSED, DECIDED, CLOSED, WITHDRAWN = DisputeState
WAY = (OPEN, EVIDENCE, PROPOSED, DECIDED, CLOSED)
ALLOWED = {
    *pairwise(WAY),
    (OPEN, WITHDRAWN),
    (EVIDENCE, WITHDRAWN),
    (PROPOSED, WITHDRAWN),
    (EVIDENCE, EVIDENCE),
    (PROPOSED, PROPOSED),
    (PROPOSED, EVIDENCE),
    (DECIDED, EVIDENCE),
}


def moves(*states: DisputeState, every: timedelta = timedelta(hours=1)) -> list[Move]:
    """Return a case that went through these states, one step after another."""
    return [Move(state=one, at=RULED + n * every) for n, one in enumerate(states)]


@pytest.mark.parametrize("to", DisputeState)
@pytest.mark.parametrize("state", DisputeState)
def test_only_the_agreed_steps_lead_on(state: DisputeState, to: DisputeState) -> None:
    if (state, to) in ALLOWED:
        assert step(state, to) is to
        return
    with pytest.raises(DisputeStepRefused) as refusal:
        step(state, to)
    assert refusal.value.code == "DISPUTE_STEP_REFUSED"


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        (OPEN, "WON"),
        (EVIDENCE, "WON"),
        (PROPOSED, "WON"),
        (DECIDED, "DISPUTE_STEP_REFUSED"),
        (CLOSED, "DISPUTE_STEP_REFUSED"),
        (WITHDRAWN, "DISPUTE_STEP_REFUSED"),
    ],
)
def test_evidence_leads_to_the_hearing_until_there_is_a_decision(
    state: DisputeState, outcome: str
) -> None:
    assert outcome_of(lambda: plead(state)) == outcome


def test_nothing_follows_the_end() -> None:
    assert [one for one in DisputeState if one.is_over] == [CLOSED, WITHDRAWN]
    assert not {to for state, to in ALLOWED if state.is_over}


@pytest.mark.parametrize(
    ("rules", "end"),
    [
        pytest.param({}, "2026-03-08T01:00", id="7 days are 7 x 24 h"),
        pytest.param({"dispute_window": Days(3)}, "2026-03-04T01:00", id="3 days"),
        pytest.param(
            {"day_count": DayCount.CALENDAR},
            "2026-03-08T16:00",
            id="24:00 in Shanghai of day 7",
        ),
        pytest.param({"dispute_window": Days(0)}, "2026-03-01T01:00", id="never"),
    ],
)
def test_the_window_ends_as_the_rulebook_says(
    rules: dict[str, Days | DayCount], end: str
) -> None:
    found = window_end(RULED, DealRules(version="v", **rules))  # type: ignore[arg-type]

    assert found == datetime.fromisoformat(f"{end}+00:00")


@pytest.mark.parametrize(
    ("now", "outcome"),
    [
        pytest.param(RULED - TICK, "DISPUTE_WINDOW_OVER", id="before the ruling"),
        pytest.param(RULED, "WON", id="with the ruling"),
        pytest.param(RULED + timedelta(days=7) - TICK, "WON", id="just before the end"),
        pytest.param(RULED + timedelta(days=7), "DISPUTE_WINDOW_OVER", id="the end"),
    ],
)
def test_the_window_is_half_open(now: datetime, outcome: str) -> None:
    rules = DealRules(version="v")

    assert outcome_of(lambda: check_window(now, RULED, rules)) == outcome


HEARD = RULED + HEARING


@pytest.mark.parametrize(
    ("states", "now", "turn", "due_at", "is_overdue"),
    [
        pytest.param(
            [OPEN], RULED, Turn.PARTIES, RULED + HEARING, False, id="just opened"
        ),
        pytest.param(
            [OPEN],
            RULED + HEARING - TICK,
            Turn.PARTIES,
            RULED + HEARING,
            False,
            id="the hearing is not over",
        ),
        pytest.param(
            [OPEN],
            RULED + HEARING,
            Turn.ADJUDICATOR,
            RULED + HEARING + PROPOSING,
            False,
            id="the end of the hearing is too late",
        ),
        pytest.param(
            [OPEN, EVIDENCE],
            HEARD + PROPOSING - TICK,
            Turn.ADJUDICATOR,
            HEARD + PROPOSING,
            False,
            id="still time to propose",
        ),
        pytest.param(
            [OPEN, EVIDENCE],
            HEARD + PROPOSING,
            Turn.ADJUDICATOR,
            HEARD + PROPOSING,
            True,
            id="too late to propose",
        ),
        pytest.param(
            [OPEN, EVIDENCE, EVIDENCE, EVIDENCE],
            RULED,
            Turn.PARTIES,
            HEARD,
            False,
            id="evidence prolongs nothing, not even the first",
        ),
        pytest.param(
            [OPEN, EVIDENCE, PROPOSED, DECIDED, EVIDENCE, EVIDENCE],
            RULED,
            Turn.PARTIES,
            RULED + timedelta(hours=4) + HEARING,
            False,
            id="nor in a hearing that begins again",
        ),
        pytest.param(
            [OPEN, EVIDENCE, PROPOSED],
            RULED + timedelta(hours=2) + DECIDING - TICK,
            Turn.ADJUDICATOR,
            RULED + timedelta(hours=2) + DECIDING,
            False,
            id="still time to decide",
        ),
        pytest.param(
            [OPEN, EVIDENCE, PROPOSED, DECIDED],
            RULED + timedelta(hours=3) + APPROVING,
            Turn.SECOND_ADJUDICATOR,
            RULED + timedelta(hours=3) + APPROVING,
            True,
            id="too late to approve",
        ),
        pytest.param(
            [OPEN, EVIDENCE, PROPOSED, EVIDENCE],
            RULED,
            Turn.PARTIES,
            RULED + timedelta(hours=3) + HEARING,
            False,
            id="a hearing that begins again has its whole time",
        ),
        pytest.param(WAY, RULED, Turn.NOBODY, None, False, id="closed"),
        pytest.param(
            [OPEN, WITHDRAWN],
            RULED + timedelta(days=99),
            Turn.NOBODY,
            None,
            False,
            id="withdrawn",
        ),
    ],
)
def test_who_must_act_and_until_when(
    states: list[DisputeState],
    now: datetime,
    turn: Turn,
    due_at: datetime | None,
    *,
    is_overdue: bool,
) -> None:
    progress = progress_of(moves(*states), now)

    assert progress.state is states[-1]
    assert (progress.turn, progress.due_at) == (turn, due_at)
    assert progress.is_overdue is is_overdue


@pytest.mark.parametrize(
    "text",
    [
        "我方 2026-03-01 10:00 先报备，房号 3-1-1201，总价 2450000 元。",
        "total 12,450,000.00 yuan; invoice 12345678",
        "两\r\n行",
        "2026-3-1 2026/03/01 2026.3.31 都来过，3月1日 10:00 也来过",
        "订单 12345 2026-01-01 6789",
        "字" * 1000,
        "138****8000",
    ],
)
def test_what_is_said_is_kept_as_it_is(text: str) -> None:
    assert words_of(f" {text} ") == text.replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "must have 1 to 1000 characters"),
        (" \n ", "must have 1 to 1000 characters"),
        ("字" * 1001, "must have 1 to 1000 characters"),
        ("a\0b", "holds a control character"),
        ("\u202eabc", "holds a control character"),
        ("电话 13800138000", "holds a long number"),
        ("电话 1380-01-38000", "holds a long number"),
        ("电话 138.0013.8000", "holds a long number"),
        ("电话 1990-01-12345", "holds a long number"),
        ("电话 199-01-01-12345", "holds a long number"),
        ("电话 2001-38-01380", "holds a long number"),
        ("电话 138-0013-8000", "holds a long number"),
        ("电话 138 0013 8000", "holds a long number"),
        ("电话 １３８００１３８０００", "holds a long number"),
        ("11010519491231002X", "holds a long number"),
        ("回乡证 H12345678", "holds a long number"),
        ("123456789", "holds a long number"),
    ],
)
def test_what_cannot_be_kept_is_refused_without_repeating_it(
    text: str, reason: str
) -> None:
    with pytest.raises(InputInvalid) as refusal:
        words_of(text)

    assert (refusal.value.path, refusal.value.reason) == ("words", reason)
