"""The log: what an append, a proof and a whole check cost; how long a leaf waits."""

import hashlib
import os
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles

from rich.table import Table
from sqlalchemy import insert, select

from attribution.services.proving import inclusion_of, receipt_for
from attribution.services.runtime import Runtime
from attribution.services.sequencing import sequence
from attribution.services.statements import StatementKind, record
from attribution.services.verifying import verify_log
from attribution.storage.instants import microseconds_of
from attribution.storage.tables import log_entries
from benchmarks.redeeming import DURABLE
from tests.postgres import running_postgres
from tokens.canonical import canonical
from tokens.log import Frontier, entry_bytes, leaf_hash
from tokens.receipts import receipt_text
from web.settings import read_settings
from web.wiring import Installation, open_installation

RUNS = 5
APPENDED = 100_000
LEAVES = 1_000_000
PROOFS = 1_000
RATE, SECONDS = 1_000, 10
_BATCH = 20_000
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def measure() -> Iterator[Table]:
    """Yield the tables."""
    yield _appending()
    with tempfile.TemporaryDirectory(prefix="hefu-bench-") as text:
        folder = Path(text)
        with _opened(folder / "large", "") as large:
            yield _large("SQLite", large)
        home = folder / "postgres"
        home.mkdir()
        folder.chmod(0o755)  # the server runs as somebody else
        with running_postgres(home, DURABLE) as url:
            address = url.render_as_string(hide_password=False)
            with _opened(folder / "data", address) as installation:
                yield _lag(installation.runtime)
                yield _large("PostgreSQL", installation)


@contextmanager
def _opened(data: Path, url: str) -> Iterator[Installation]:
    environment = {"HEFU_DATA_DIR": str(data), "HEFU_DATABASE_URL": url}
    opened = open_installation(read_settings(environment))
    try:
        yield opened
    finally:
        opened.database.close()


def _appending() -> Table:
    """Compare an append with the two hashes that no append can do without."""
    entries = [os.urandom(80) for _ in range(APPENDED)]

    def hashes_alone() -> None:
        sha256 = hashlib.sha256
        for entry in entries:
            sha256(b"\x01" + sha256(b"\x00" + entry).digest()).digest()

    def append() -> None:
        Frontier().grown(map(leaf_hash, entries))[0].root()

    table = Table(
        title=f"append to the tree ({APPENDED:,} leaves, {RUNS} runs in turn)"
    )
    for heading in ("", "µs a leaf", "× two SHA-256"):
        table.add_column(heading, justify="right" if heading else "left")
    floor, ours = _in_turn(hashes_alone, append)
    table.add_row("two SHA-256", f"{floor / APPENDED * 1e6:.2f}", "1")
    table.add_row("append", f"{ours / APPENDED * 1e6:.2f}", f"{ours / floor:.2f}")
    return table


def _in_turn(*works: Callable[[], object]) -> list[float]:
    times: list[list[float]] = [[] for _ in works]
    for _ in range(RUNS):
        for work, taken in zip(works, times, strict=True):
            began = time.perf_counter()
            work()
            taken.append(time.perf_counter() - began)
    return [median(taken) for taken in times]


def _large(name: str, installation: Installation) -> Table:
    """Measure proofs and the whole check of a log of a million entries."""
    runtime = installation.runtime
    _fill(installation)
    began = time.perf_counter()
    while sequence(runtime):
        pass
    placed = time.perf_counter() - began
    engine = installation.database.engine
    wanted = random.Random(1).sample(range(LEAVES), PROOFS)  # noqa: S311 (a sample)
    with engine.connect() as connection:
        query = select(log_entries.c.id).where(log_entries.c.position.in_(wanted))
        ids = list(connection.execute(query).scalars())
    proofs = [_milliseconds(lambda: inclusion_of(runtime, one)) for one in ids]  # noqa: B023
    receipt = receipt_text(receipt_for(runtime, ids[0]))
    began = time.perf_counter()
    report = verify_log(runtime, lambda _done, _of: None)
    checked = time.perf_counter() - began
    table = Table(title=f"a log of {report.entries:,} entries, {name}")
    for heading in ("", "figure", "aim"):
        table.add_column(heading, justify="right" if heading else "left")
    table.add_row("placing, leaves a second", f"{LEAVES / placed:,.0f}", "≥ 1 000")
    table.add_row("inclusion proof, p50 ms", f"{median(proofs):.2f}", "")
    table.add_row("inclusion proof, p99 ms", f"{_p99(proofs):.2f}", "< 5")
    table.add_row("a receipt, bytes", f"{len(receipt.encode()):,}", "≤ 2 048")
    table.add_row("hefu log verify, s", f"{checked:.1f}", "< 60")
    table.add_row("faults", str(len(report.faults)), "0")
    return table


def _fill(installation: Installation) -> None:
    """Store a million pending entries, made as services make them."""
    for start in range(0, LEAVES, _BATCH):
        rows = []
        for number in range(start, start + _BATCH):
            nonce, at = os.urandom(32), _BEGAN + timedelta(seconds=number)
            event = canonical(
                {"look_up": number, "purpose": "benchmark", "by": "x" * 32}
            )
            kind = StatementKind.LOOK_UP
            entry = entry_bytes(kind, microseconds_of(at), nonce, event)
            rows.append(
                {
                    "id": os.urandom(16).hex(),
                    "kind": kind,
                    "at": at,
                    "entry": entry,
                    "nonce": nonce,
                    "event": event,
                }
            )
        with installation.database.writing() as connection:
            connection.execute(insert(log_entries), rows)


def _lag(runtime: Runtime) -> Table:
    """Measure how long a leaf waits for its signed head, at a steady rate."""
    stop = threading.Event()
    signed: list[tuple[int, float]] = []

    def keep_sequencing() -> None:
        while not stop.wait(0.2):
            placed = sequence(runtime)
            signed.append((placed, time.perf_counter()))

    thread = threading.Thread(target=keep_sequencing)
    thread.start()
    written = list(_steady(runtime))
    time.sleep(1)
    stop.set()
    thread.join()
    lags, done = [], 0
    for placed, moment in signed:
        lags += [moment - at for at in written[done : done + placed]]
        done += placed
    table = Table(title=f"waiting for a signed head, PostgreSQL, {SECONDS} s")
    for heading in ("", "figure", "aim"):
        table.add_column(heading, justify="right" if heading else "left")
    rate = len(written) / (written[-1] - written[0])
    table.add_row("leaves a second", f"{rate:,.0f}", f"{RATE:,}")
    table.add_row("lag p50, ms", f"{median(lags) * 1e3:.0f}", "")
    table.add_row("lag p99, ms", f"{_p99(lags) * 1e3:.0f}", "< 500")
    return table


def _steady(runtime: Runtime) -> Iterator[float]:
    """Write leaves, ten to a transaction, at the rate; yield when each was stored."""
    began, each = time.perf_counter(), 10
    for number in range(RATE * SECONDS // each):
        wait = began + number * each / RATE - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        with runtime.transaction() as work:
            body = {"number": number}
            facts = [(StatementKind.LOOK_UP, body)] * each
            record(runtime, work, runtime.now(), *facts)
        yield from [time.perf_counter()] * each


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _p99(values: list[float]) -> float:
    return quantiles(values, n=100)[98]
