"""Failure budgets: who guesses wrong waits, and longer each time (protocol §9)."""

import hmac
from collections.abc import Sequence
from datetime import datetime

from attribution.budgets import (
    ALLOWANCES,
    BucketKind,
    forgotten_before,
    heard_since,
    seconds_to_wait,
)
from attribution.errors import RateLimited
from attribution.services.runtime import Runtime
from attribution.storage.work import UnitOfWork

_LABEL = b"failure-bucket/v1\x00"


def bucket_of(runtime: Runtime, kind: BucketKind, whose: str) -> str:
    """Return the name under which the failures of somebody are counted.

    An address or a login is somebody's, so only a keyed digest of it is stored.
    """
    digest = hmac.digest(runtime.keys.request_key, _LABEL + whose.encode(), "sha256")
    return f"{kind}:{digest.hex()[:32]}"


def check_budgets(work: UnitOfWork, buckets: Sequence[str], now: datetime) -> None:
    """Let an attempt pass, or raise RateLimited with its longest wait."""
    wait = _longest_wait(work, buckets, now)
    if wait:
        raise RateLimited(wait)


def spend_attempt(work: UnitOfWork, buckets: Sequence[str], now: datetime) -> None:
    """Count an attempt as a failure before it is looked at, or raise RateLimited.

    One statement asks and counts, so many attempts at once have no more tries than
    one after another. What turns out right is taken back; a refusal counts nothing.
    """
    for bucket in buckets:
        heard = heard_since(now, _allowance(bucket))
        since = forgotten_before(now)
        if not work.access.fail(bucket, now, forgotten_before=since, heard=heard):
            raise RateLimited(_longest_wait(work, buckets, now) or 1)


def spend_failure(work: UnitOfWork, buckets: Sequence[str], now: datetime) -> None:
    """Count one failure in each bucket. The transaction must then commit."""
    for bucket in buckets:
        work.access.fail(bucket, now, forgotten_before=forgotten_before(now))


def _longest_wait(work: UnitOfWork, buckets: Sequence[str], now: datetime) -> int:
    found = work.access.failures(buckets, forgotten_before(now))
    waits = [
        seconds_to_wait(failures, allowance=_allowance(bucket), now=now)
        for bucket, failures in found.items()
    ]
    return max(waits, default=0)


def _allowance(bucket: str) -> int:
    return ALLOWANCES[BucketKind(bucket.partition(":")[0])]
