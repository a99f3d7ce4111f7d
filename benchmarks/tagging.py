"""What an identity tag costs: Argon2id, and the VOPRF with its proof."""

import os
import threading
from collections.abc import Callable, Iterator
from statistics import median
from time import perf_counter

from rich.table import Table

from tokens.identifiers import Identifier, identifier
from tokens.tags import TagKey, stretch, tags_for

RUNS = 9
_PHONE = identifier("cn-mobile", "13800138000")


def measure() -> Iterator[Table]:
    """Yield the table."""
    key = TagKey.from_random(os.urandom(32))

    def without_argon2(_one: Identifier, _project: str) -> bytes:
        return bytes(32)

    def tag(stretching: Callable[[Identifier, str], bytes]) -> None:
        tags_for(
            [_PHONE],
            project="bench",
            key=key,
            random_bytes=os.urandom,
            stretch=stretching,
        )

    table = Table(title=f"identity tag (medians of {RUNS} runs)")
    table.add_column("")
    table.add_column("ms", justify="right")
    argon2 = _milliseconds(lambda: stretch(_PHONE, "bench"))
    table.add_row("Argon2id, 19 MiB, t=2", f"{argon2:.1f}")
    rest = _milliseconds(lambda: tag(without_argon2))
    table.add_row("VOPRF P-256, proof made and checked", f"{rest:.2f}")
    table.add_row("whole tag", f"{_milliseconds(lambda: tag(stretch)):.1f}")
    together = _milliseconds(lambda: _in_two_threads(lambda: stretch(_PHONE, "bench")))
    table.add_row("two Argon2id in two threads (twice: serialised)", f"{together:.1f}")
    yield table


def _milliseconds(work: Callable[[], object]) -> float:
    times = []
    for _ in range(RUNS):
        began = perf_counter()
        work()
        times.append(perf_counter() - began)
    return median(times) * 1000


def _in_two_threads(work: Callable[[], object]) -> None:
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
