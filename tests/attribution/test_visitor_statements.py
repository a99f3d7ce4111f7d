"""What a visitor's own word contradicts (rules §4.6)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from attribution.ids import ChannelId, VisitId
from attribution.visitor_statements import (
    BroughtBy,
    RiskKind,
    Said,
    VisitorStatement,
)

A, B = ChannelId("a"), ChannelId("b")
NOBODY, CHANNEL, OTHER = BroughtBy.NOBODY, BroughtBy.CHANNEL, BroughtBy.OTHER
ALONE, ANOTHER = RiskKind.SAYS_CAME_ALONE, RiskKind.SAYS_OTHER_CHANNEL
BROUGHT, BEFORE = RiskKind.SAYS_BROUGHT, RiskKind.SAYS_CAME_BEFORE
FIRST = RiskKind.SAYS_FIRST_VISIT


def statement(recorded: ChannelId | None, *, known: object, **said: Any) -> Any:
    return VisitorStatement(
        visit_id=VisitId("v"),
        said=Said(**said),
        recorded_channel_id=recorded,
        had_come_before=known,  # type: ignore[arg-type]
        stated_at=datetime(2026, 3, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("recorded", "brought_by", "channel", "flags"),
    [
        pytest.param(A, None, None, (), id="not answered"),
        pytest.param(None, None, None, (), id="not answered of a walk-in"),
        pytest.param(A, CHANNEL, A, (), id="the channel of the desk"),
        pytest.param(A, CHANNEL, B, (ANOTHER,), id="another channel"),
        pytest.param(A, OTHER, None, (ANOTHER,), id="somebody who is not listed"),
        pytest.param(A, NOBODY, None, (ALONE,), id="nobody, and the desk says A"),
        pytest.param(None, NOBODY, None, (), id="nobody, as the desk says"),
        pytest.param(None, CHANNEL, A, (BROUGHT,), id="A, and the desk says nobody"),
        pytest.param(None, OTHER, None, (BROUGHT,), id="somebody, the desk nobody"),
    ],
)
def test_who_brought_the_visitor_beside_what_the_desk_says(
    recorded: ChannelId | None,
    brought_by: BroughtBy | None,
    channel: ChannelId | None,
    flags: tuple[RiskKind, ...],
) -> None:
    found = statement(recorded, known=None, brought_by=brought_by, channel_id=channel)

    assert found.flags == flags


@pytest.mark.parametrize(
    ("known", "said", "flags"),
    [
        (None, True, ()),
        (None, False, ()),
        (True, None, ()),
        (True, True, ()),
        (False, False, ()),
        (False, True, (BEFORE,)),
        (True, False, (FIRST,)),
    ],
)
def test_earlier_visits_beside_what_is_known(
    known: object, said: object, flags: tuple[RiskKind, ...]
) -> None:
    assert statement(None, known=known, been_before=said).flags == flags


def test_both_answers_may_contradict() -> None:
    found = statement(A, known=False, been_before=True, brought_by=NOBODY)

    assert found.flags == (ALONE, BEFORE)


@pytest.mark.parametrize(
    ("brought_by", "channel"), [(CHANNEL, None), (NOBODY, A), (None, A)]
)
def test_a_channel_is_named_where_it_brought_the_visitor_and_only_there(
    brought_by: BroughtBy | None, channel: ChannelId | None
) -> None:
    with pytest.raises(ValueError, match="a channel is named"):
        Said(brought_by=brought_by, channel_id=channel)


@pytest.mark.parametrize(
    ("said", "is_silent"),
    [
        ({}, True),
        ({"been_before": False}, False),
        ({"brought_by": NOBODY}, False),
    ],
)
def test_saying_nothing_is_no_statement(
    said: dict[str, Any], *, is_silent: bool
) -> None:
    assert Said(**said).is_silent is is_silent
