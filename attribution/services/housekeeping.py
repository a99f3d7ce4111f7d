"""What is due at a time: interrupted rulings are made, old answers are forgotten."""

from datetime import timedelta

from attribution.services.ruling import rule_what_is_left
from attribution.services.runtime import Runtime

ANSWERS_KEPT = timedelta(hours=48)


def keep_house(runtime: Runtime) -> dict[str, int]:
    """Do what is due, and return how much of each there was.

    Both may be done at any time and by several processes at once: a ruling is stored
    once, and an answer older than 48 hours is nobody's any more (privacy.md).
    """
    # What is due to be forgotten waits for nothing.
    with runtime.transaction() as work:
        forgotten = work.requests.forget_before(runtime.now() - ANSWERS_KEPT)
    return {"ruled": rule_what_is_left(runtime), "forgotten": forgotten}
