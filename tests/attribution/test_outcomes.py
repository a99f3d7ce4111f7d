"""How rulings differ, and who was right how often."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from attribution.disputes import Ground, Verdict
from attribution.outcomes import (
    Change,
    ChangeKind,
    Ended,
    Tally,
    change_from_json,
    change_to_json,
    changes_between,
    moves_money,
    tally,
    tally_by_ground,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
NATURAL: dict[str, Any] = {
    "shares": [],
    "claims": [{"token": "t1", "finding": "WALK_IN_FIRST"}],
    "visits": [{"visit": "v1", "finding": "WALK_IN"}],
}
WON: dict[str, Any] = {
    "shares": [["a", 10000]],
    "claims": [{"token": "t1", "finding": "WINS"}],
    "visits": [
        {"visit": "v0", "finding": "VALID_REFERRAL"},
        {"visit": "v1", "finding": "REVISIT"},
    ],
}


def change(kind: ChangeKind, about: str, before: str, after: str) -> Change:
    return Change(kind=kind, about=about, before=before, after=after)


def ended(
    days: float | None, verdict: Verdict | None, ground: Ground = Ground.OTHER
) -> Ended:
    at = None if days is None else START + timedelta(days=days)
    return Ended(ground=ground, opened_at=START, ended_at=at, verdict=verdict)


def test_the_same_ruling_differs_in_nothing() -> None:
    assert changes_between(WON, WON) == ()


def test_what_differs_is_told_with_both_sides_of_it() -> None:
    assert changes_between(NATURAL, WON) == (
        change(ChangeKind.SHARE, "a", "", "10000"),
        change(ChangeKind.CLAIM, "t1", "WALK_IN_FIRST", "WINS"),
        change(ChangeKind.VISIT, "v1", "WALK_IN", "REVISIT"),
        change(ChangeKind.VISIT, "v0", "", "VALID_REFERRAL"),
    )


def test_going_back_is_the_same_the_other_way_round() -> None:
    there, back = changes_between(NATURAL, WON), changes_between(WON, NATURAL)

    turned = {change(one.kind, one.about, one.after, one.before) for one in there}
    assert set(back) == turned


@pytest.mark.parametrize(
    ("after", "expected"),
    [(WON, True), ({**NATURAL, "visits": []}, False), (NATURAL, False)],
)
def test_only_another_share_moves_money(
    after: dict[str, Any], *, expected: bool
) -> None:
    assert moves_money(changes_between(NATURAL, after)) is expected


def test_a_change_survives_being_stored() -> None:
    for one in changes_between(NATURAL, WON):
        assert change_from_json(change_to_json(one)) == one


@pytest.mark.parametrize(
    ("cases", "expected"),
    [
        pytest.param([], (0, 0, 0, 0, None), id="none"),
        pytest.param([ended(None, None)], (1, 0, 0, 0, None), id="one runs"),
        pytest.param([ended(1, None)], (0, 0, 0, 1, None), id="withdrawn"),
        pytest.param([ended(2, Verdict.UPHELD)], (0, 1, 0, 0, 2), id="upheld"),
        pytest.param(
            [
                ended(1, Verdict.UPHELD),
                ended(2, Verdict.CHANGED),
                ended(9, Verdict.CHANGED),
                ended(0.1, None),
                ended(None, None),
            ],
            (1, 1, 2, 1, 2),
            id="the one in the middle",
        ),
        pytest.param(
            [ended(1, Verdict.UPHELD), ended(2, Verdict.CHANGED)],
            (0, 1, 1, 0, 1.5),
            id="between the two in the middle",
        ),
    ],
)
def test_cases_are_counted_by_what_became_of_them(
    cases: list[Ended], expected: tuple[int, int, int, int, float | None]
) -> None:
    running, upheld, changed, withdrawn, days = expected

    assert tally(cases) == Tally(
        running=running,
        upheld=upheld,
        changed=changed,
        withdrawn=withdrawn,
        median_period=None if days is None else timedelta(days=days),
    )
    assert tally(cases).total == len(cases)


def test_grounds_are_counted_apart_and_add_up() -> None:
    cases = [
        ended(1, Verdict.UPHELD, Ground.AMOUNT),
        ended(2, Verdict.CHANGED, Ground.EARLIER_VISIT),
        ended(None, None, Ground.AMOUNT),
    ]

    found = tally_by_ground(cases)

    assert list(found) == [Ground.EARLIER_VISIT, Ground.AMOUNT]
    assert sum(one.total for one in found.values()) == tally(cases).total
    assert found[Ground.AMOUNT].upheld == found[Ground.AMOUNT].running == 1
