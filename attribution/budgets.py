"""How long somebody waits after guessing wrong: a budget of failures, then delay."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import count, takewhile

_FORGOTTEN_AFTER = timedelta(hours=1)
_LONGEST = timedelta(minutes=15)


class BucketKind(StrEnum):
    """Whose failures are counted together (protocol §9).

    An agent's are the conflicts told at issue (rules §5.1): each is a look at others.
    """

    ACCOUNT = "account"
    ADDRESS = "address"
    AGENT = "agent"
    DEVICE = "device"
    SITE = "site"


# An office shares one address and a site has many desks: they may fail more often
# than one pair of hands before anybody has to wait.
ALLOWANCES = {
    BucketKind.ACCOUNT: 5,
    BucketKind.ADDRESS: 20,
    BucketKind.AGENT: 10,
    BucketKind.DEVICE: 10,
    BucketKind.SITE: 60,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Failures:
    """How often one bucket failed, and when last."""

    count: int
    last_at: datetime


def delay_after(count: int, allowance: int) -> timedelta:
    """Return the wait that follows the `count`-th failure.

    Nothing while the allowance lasts; then 2 s, doubled each time, never above 15 min.
    """
    beyond = count - allowance
    if beyond < 0:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(beyond + 1, 10)), _LONGEST)


def seconds_to_wait(failures: Failures, *, allowance: int, now: datetime) -> int:
    """Return whole seconds until the next attempt is heard, rounded up; 0 for now."""
    until = failures.last_at + delay_after(failures.count, allowance)
    return max(0, -((now - until) // timedelta(seconds=1)))


def heard_since(now: datetime, allowance: int) -> dict[int, datetime]:
    """Return when a bucket may have failed last to be heard now, by its failures.

    With fewer failures than the first it is heard at once; more wait like the last.
    """
    waits = ((number, delay_after(number, allowance)) for number in count(allowance))
    growing = takewhile(lambda one: one[1] < _LONGEST, waits)
    found = {number: now - delay for number, delay in growing}
    return found | {allowance + len(found): now - _LONGEST}


def forgotten_before(now: datetime) -> datetime:
    """Return the instant up to which failures no longer count: one hour ago."""
    return now - _FORGOTTEN_AFTER
