"""Many at once: the same thing done by 64 racers, and what became of each."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from attribution.errors import AttributionError

RACERS = 64


def outcome_of(action: Callable[[], object]) -> str:
    """Return the code of the refusal, the name of any other error, or `WON`."""
    try:
        action()
    except AttributionError as refusal:
        return refusal.code
    except Exception as error:  # noqa: BLE001 (racers must not hide an error)
        return f"{type(error).__name__}: {error}"
    return "WON"


def race(action: Callable[[int], object], racers: int = RACERS) -> Counter[str]:
    """Let racers start together, each with its number; count what became of them."""
    start = threading.Barrier(racers)

    def run(number: int) -> str:
        start.wait()
        return outcome_of(lambda: action(number))

    with ThreadPoolExecutor(racers) as pool:
        return Counter(pool.map(run, range(racers)))
