"""Failure budgets: who guesses wrong waits, and longer each time (protocol §9)."""

import hmac
from collections.abc import Sequence
from datetime import datetime

from attribution.budgets import (
    ALLOWANCES,
    BucketKind,
    forgotten_before,
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
    found = work.access.failures(buckets, forgotten_before(now))
    waits = [
        seconds_to_wait(failures, allowance=_allowance(bucket), now=now)
        for bucket, failures in found.items()
    ]
    wait = max(waits, default=0)
    if wait:
        raise RateLimited(wait)


def spend_failure(work: UnitOfWork, buckets: Sequence[str], now: datetime) -> None:
    """Count one failure in each bucket. The transaction must then commit."""
    for bucket in buckets:
        work.access.fail(bucket, now, forgotten_before=forgotten_before(now))


def _allowance(bucket: str) -> int:
    return ALLOWANCES[BucketKind(bucket.partition(":")[0])]
