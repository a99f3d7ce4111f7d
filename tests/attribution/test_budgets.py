from datetime import UTC, datetime, timedelta

import pytest

from attribution.budgets import (
    ALLOWANCES,
    BucketKind,
    Failures,
    delay_after,
    forgotten_before,
    heard_since,
    seconds_to_wait,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_every_kind_of_bucket_has_an_allowance() -> None:
    assert set(ALLOWANCES) == set(BucketKind)


@pytest.mark.parametrize(
    ("count", "seconds"),
    [
        pytest.param(0, 0, id="none"),
        pytest.param(4, 0, id="the last free one"),
        pytest.param(5, 2, id="the allowance is used up"),
        pytest.param(6, 4, id="doubled"),
        pytest.param(13, 512, id="doubled again and again"),
        pytest.param(14, 900, id="never above a quarter of an hour"),
        pytest.param(10_000, 900, id="however often"),
    ],
)
def test_delay_grows_with_the_failures(count: int, seconds: int) -> None:
    assert delay_after(count, 5) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("after", "seconds"),
    [
        pytest.param(0, 4, id="at once"),
        pytest.param(0.5, 4, id="rounded up"),
        pytest.param(3.999999, 1, id="just before the end"),
        pytest.param(4, 0, id="at the end"),
        pytest.param(5, 0, id="after it"),
    ],
)
def test_waiting_ends_with_the_delay(after: float, seconds: int) -> None:
    failures = Failures(count=6, last_at=NOON)
    now = NOON + timedelta(seconds=after)

    assert seconds_to_wait(failures, allowance=5, now=now) == seconds


def test_failures_are_forgotten_after_an_hour() -> None:
    assert forgotten_before(NOON) == NOON - timedelta(hours=1)


def test_who_is_heard_has_waited_as_long_as_the_failures_ask() -> None:
    heard = heard_since(NOON, 5)

    assert list(heard) == list(range(5, 15))
    assert heard == {count: NOON - delay_after(count, 5) for count in heard}
    assert delay_after(max(heard), 5) == delay_after(10_000, 5)
    for count, since in heard.items():
        failures = Failures(count=count, last_at=since)
        assert seconds_to_wait(failures, allowance=5, now=NOON) == 0
