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
from functools import partial
from pathlib import Path
from statistics import median, quantiles

from rich.table import Table
from sqlalchemy import (
    Column,
    Connection,
    LargeBinary,
    MetaData,
    bindparam,
    insert,
    select,
)
from sqlalchemy import Table as Relation

from attribution.services.proving import inclusion_of, receipt_for
from attribution.services.runtime import Runtime
from attribution.services.sequencing import sequence
from attribution.services.statements import StatementKind, record
from attribution.services.verifying import verify_log
from attribution.storage.instants import microseconds_of
from attribution.storage.prepared import Prepared, PreparedQuery
from attribution.storage.tables import log_entries, log_nodes
from attribution.storage.work import UnitOfWork
from benchmarks.redeeming import DURABLE
from tests.postgres import running_postgres
from tokens.canonical import canonical
from tokens.log import (
    Frontier,
    NodeReader,
    entry_bytes,
    inclusion_proof,
    leaf_hash,
    node_hash,
    nodes_of,
)
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
            yield from _large("SQLite", large)
        home = folder / "postgres"
        home.mkdir()
        folder.chmod(0o755)  # the server runs as somebody else
        with running_postgres(home, DURABLE) as url:
            address = url.render_as_string(hide_password=False)
            with _opened(folder / "data", address) as installation:
                yield _lag(installation.runtime)
                yield from _large("PostgreSQL", installation)


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


def _large(name: str, installation: Installation) -> Iterator[Table]:
    """Measure a log of a million entries: placing, proofs, the whole check."""
    runtime = installation.runtime
    _fill(installation)
    began = time.perf_counter()
    while sequence(runtime):
        pass
    placed = time.perf_counter() - began
    ids = _sample(installation)
    receipt = receipt_text(receipt_for(runtime, ids[0]))
    yield _proofs(name, installation, ids)
    began = time.perf_counter()
    report = verify_log(runtime, lambda _done, _of: None)
    checked = time.perf_counter() - began
    table = Table(title=f"a log of {report.entries:,} entries, {name}")
    for heading in ("", "figure", "aim"):
        table.add_column(heading, justify="right" if heading else "left")
    table.add_row("placing, leaves a second", f"{LEAVES / placed:,.0f}", "≥ 1 000")
    table.add_row("a receipt, bytes", f"{len(receipt.encode()):,}", "≤ 2 048")
    table.add_row("hefu log verify, s", f"{checked:.1f}", "< 60")
    table.add_row("faults", str(len(report.faults)), "0")
    yield table


def _sample(installation: Installation) -> list[str]:
    """Return the ids of entries anywhere in the log, in no order."""
    chance = random.Random(1)  # noqa: S311 (a sample)
    query = select(log_entries.c.id).where(
        log_entries.c.position.in_(chance.sample(range(LEAVES), PROOFS))
    )
    with installation.database.engine.connect() as connection:
        ids = list(connection.execute(query).scalars())
    chance.shuffle(ids)
    return ids


def _proofs(name: str, installation: Installation, ids: list[str]) -> Table:
    """Compare an inclusion proof with one that keeps every node, or none.

    Beside the time on the wall stands the processor time of this process: on a busy
    machine the slowest in a hundred waited for others, and did not compute.
    """
    runtime = installation.runtime
    every = _every_node(installation)

    def by_tiles(entry_id: str) -> object:
        return inclusion_of(runtime, entry_id)

    def by_every_node(entry_id: str) -> object:
        with installation.database.reading() as connection:
            return _proof(UnitOfWork(connection), entry_id, partial(every, connection))

    def from_the_leaves(entry_id: str) -> object:
        with runtime.reading() as work, work.snapshot():
            leaves = [one for some in work.log.leaves_in_batches() for one in some]
            return _proof(work, entry_id, nodes_of(leaves))

    table = Table(title=f"inclusion proofs at {LEAVES:,}, {name} (aim: p99 < 5 ms)")
    for heading in ("", "p50 ms", "p99 ms", "CPU p99 ms", "nodes kept"):
        table.add_column(heading, justify="right" if heading else "left")
    with runtime.reading() as work:
        kept = len(work.log.remembered_nodes())
    for way, prove, some, nodes in (
        ("tiles of 16", by_tiles, ids, kept),
        ("a row for each node", by_every_node, ids, 2 * LEAVES),
        ("from the leaves", from_the_leaves, ids[:3], 0),
    ):
        prove(some[0])  # opens a connection, and compiles
        taken = [_milliseconds(partial(prove, one)) for one in some]
        wall, own = ([one[n] for one in taken] for n in (0, 1))
        figures = (median(wall), _p99(wall), _p99(own))
        table.add_row(way, *(f"{one:,.2f}" for one in figures), f"{nodes:,}")
    return table


def _proof(work: UnitOfWork, entry_id: str, node: NodeReader) -> list[bytes]:
    entry, head = work.log.placed_entry(entry_id), work.log.head()
    assert entry is not None  # noqa: S101 (every entry was placed)
    assert head is not None  # noqa: S101
    return inclusion_proof(entry.position, head.size, node)


def _every_node(installation: Installation) -> Callable[[Connection, int, int], bytes]:
    """Store every node of the tree, and return what reads one."""
    columns = (Column(c.name, c.type, primary_key=True) for c in log_nodes.primary_key)
    nodes = Relation("every_node", MetaData(), *columns, Column("hash", LargeBinary))
    nodes.create(installation.database.engine)
    add = Prepared(insert(nodes), "level", "number", "hash")
    with installation.runtime.reading() as work, work.snapshot():
        hashes = [one for some in work.log.leaves_in_batches() for one in some]
    level = 0
    while hashes:
        for first in range(0, len(hashes), _BATCH):
            rows = [
                {"level": level, "number": first + number, "hash": digest}
                for number, digest in enumerate(hashes[first : first + _BATCH])
            ]
            with installation.database.writing() as connection:
                add.run_all(connection, rows)
        hashes = list(map(node_hash, hashes[::2], hashes[1::2]))
        level += 1
    query = PreparedQuery(
        select(nodes.c.hash).where(
            nodes.c.level == bindparam("at_level"), nodes.c.number == bindparam("at")
        )
    )

    def read(connection: Connection, at_level: int, at: int) -> bytes:
        found = query.rows(connection, {"at_level": at_level, "at": at})
        return bytes(found[0].hash)

    return read


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


def _milliseconds(work: Callable[[], object]) -> tuple[float, float]:
    """Return how long a work took, and how long it computed in this process."""
    began, computed = time.perf_counter(), time.process_time()
    work()
    taken = time.perf_counter() - began, time.process_time() - computed
    return taken[0] * 1000, taken[1] * 1000


def _p99(values: list[float]) -> float:
    return quantiles(values, n=100, method="inclusive")[98]
