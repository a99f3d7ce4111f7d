"""Redemption through HTTP and the full service, beside the plain floor."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import psycopg
import sqlalchemy as sa
from rich.table import Table
from sqlalchemy import Engine, event

from benchmarks import floor, load
from benchmarks.office import BusyOffice, open_office, quick_tag
from tests.postgres import running_postgres
from web.app import create_app
from web.serving import EMBEDDED, SEPARATE
from web.settings import read_settings
from web.wiring import Installation, open_installation

RUNS = 5
DURABLE = ("synchronous_commit=on", "max_connections=100", "log_min_messages=fatal")
_HOST = "127.0.0.1"
_FLOORS = {"floor: bare route": "", "floor: same guarantees, raw code": "1"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Amounts:
    """How many requests are sent: to warm up, and in each run by how many clients."""

    warm: int
    sizes: Mapping[int, int]

    @property
    def needed(self) -> int:
        """How many codes that takes."""
        return self.warm + RUNS * sum(self.sizes.values())


_MANY = Amounts(warm=300, sizes={4: 400, 16: 1000})
# With its Argon2id each number costs some 20 ms of a processor.
_SLOW = Amounts(warm=40, sizes={4: 60, 16: 120})


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """Medians over the runs of one row of the table."""

    name: str
    clients: int
    rate: float
    p50: float
    p95: float
    cpu: float
    failures: int


def measure() -> Iterator[Table]:
    """Yield the tables."""
    with tempfile.TemporaryDirectory(prefix="hefu-bench-") as text:
        folder = Path(text)
        yield _table("SQLite", _on_sqlite(folder))
        home = folder / "postgres"
        home.mkdir()
        folder.chmod(0o755)  # the server runs as somebody else
        with running_postgres(home, DURABLE) as url:
            yield _table("PostgreSQL", _on_postgres(folder, url))


def _on_sqlite(folder: Path) -> list[Figures]:
    rows = []
    for name, guarded in _FLOORS.items():
        file = str(folder / f"floor{guarded}.db")
        environment = {"FLOOR_FILE": file, "FLOOR_GUARDED": guarded}
        floor.prepare(floor.embedded(file), "?", _codes())
        rows += _measure_floor(name, environment, EMBEDDED)
    for name, is_real in (("quick", False), ("real", True)):
        rows += _measure_service(folder / name, "", EMBEDDED, is_real=is_real)
    return rows


def _on_postgres(folder: Path, url: sa.URL) -> list[Figures]:
    rows = []
    for name, guarded in _FLOORS.items():
        with psycopg.connect(_dsn(url), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE floor{guarded}")
        dsn = _dsn(url.set(database=f"floor{guarded}"))
        environment = {"FLOOR_DSN": dsn, "FLOOR_GUARDED": guarded}
        floor.prepare(floor.postgres(dsn), "%s", _codes())
        rows += _measure_floor(name, environment, SEPARATE)
    for name, is_real in (("data", False), ("reals", True)):
        with psycopg.connect(_dsn(url), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        place = _dsn(url.set(database=name))
        rows += _measure_service(folder / name, place, SEPARATE, is_real=is_real)
    return rows


def _dsn(url: sa.URL) -> str:
    return url.render_as_string(hide_password=False)


def _codes() -> list[str]:
    return [f"code{number}" for number in range(_MANY.needed)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Side:
    """One server to measure."""

    name: str
    target: str
    environment: dict[str, str]
    shape: tuple[int, int]
    amounts: Amounts = _MANY


def _measure_floor(
    name: str, environment: dict[str, str], shape: tuple[int, int]
) -> list[Figures]:
    side = Side(
        name=name,
        target="benchmarks.floor:app",
        environment=environment,
        shape=shape,
    )
    bodies = [json.dumps({"code": code}).encode() for code in _codes()]
    return _runs(side, [load.post("/", body, {}) for body in bodies])


def _measure_service(
    data: Path, url: str, shape: tuple[int, int], *, is_real: bool
) -> list[Figures]:
    """Measure the service; tags are made as they are, or quickly to be left out."""
    amounts = _SLOW if is_real else _MANY
    environment = {"HEFU_DATA_DIR": str(data), "HEFU_DEMO": "0"}
    if is_real:
        environment["BENCH_REAL_TAGS"] = "1"
    if url:
        environment["HEFU_DATABASE_URL"] = url
    os.environ.update(environment)
    installation = open_installation(read_settings())
    try:
        office = open_office(installation.runtime, quick=not is_real)
        answers = office.tokens(amounts.needed + 1)
        statements = statements_of_a_redemption(
            installation, office, answers.pop(), is_real=is_real
        )
    finally:
        installation.database.close()
        for name in environment:
            del os.environ[name]
    also = ", Argon2id and tag included" if is_real else ""
    side = Side(
        name=f"whole service ({statements} statements){also}",
        target="benchmarks.service:app",
        environment=environment,
        shape=shape,
        amounts=amounts,
    )
    return _runs(side, [request_for(office, answer) for answer in answers])


def request_for(office: BusyOffice, token: dict[str, object]) -> bytes:
    """Return the request of a desk that redeems a scanned token."""
    body = {
        "project": office.project,
        "qr": token["qr"],
        "identifiers": [{"kind": "cn-mobile", "value": token["phone"]}],
        "consent": {"notice": "1", "purposes": ["visit", "referral"]},
    }
    headers = {
        "Authorization": f"Bearer {office.bearer}",
        "Idempotency-Key": str(token["token_id"]),
    }
    return load.post("/api/v1/visits/redeem", json.dumps(body).encode(), headers)


def statements_of_a_redemption(
    installation: Installation,
    office: BusyOffice,
    token: dict[str, object],
    *,
    is_real: bool,
) -> int:
    """Return how many SQL statements one redemption through HTTP takes."""
    runtime = installation.runtime
    app = create_app(runtime if is_real else replace(runtime, tag=quick_tag))
    seen: list[str] = []
    with _counting(installation, seen):
        head, _, body = request_for(office, token).partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        answer = app.test_client().post(
            "/api/v1/visits/redeem", data=body, headers=headers
        )
    if answer.status_code != 201:
        raise SystemExit(f"the redemption to be measured failed: {answer.text}")
    return len(seen)


@contextmanager
def _counting(installation: Installation, seen: list[str]) -> Iterator[None]:
    def count(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    engines: set[Engine] = {installation.database.engine}
    engines |= {
        value
        for value in vars(installation.database).values()
        if isinstance(value, Engine)
    }
    for engine in engines:
        event.listen(engine, "before_cursor_execute", count)
    yield
    for engine in engines:
        event.remove(engine, "before_cursor_execute", count)


def _runs(side: Side, requests: list[bytes]) -> list[Figures]:
    with _serving(side) as (address, process):
        warm = side.amounts.warm
        load.run(address, requests[:warm], clients=8, server=process)
        rest = iter(requests[warm:])
        rows = []
        for clients, size in side.amounts.sizes.items():
            runs = [
                load.run(
                    address,
                    [next(rest) for _ in range(size)],
                    clients=clients,
                    server=process,
                )
                for _ in range(RUNS)
            ]
            rows.append(_figures(side.name, clients, runs))
        return rows


def _figures(name: str, clients: int, runs: list[load.Load]) -> Figures:
    def middle(of: Callable[[load.Load], float]) -> float:
        return median(of(run) for run in runs)

    return Figures(
        name=name,
        clients=clients,
        rate=middle(lambda run: run.rate),
        p50=middle(lambda run: run.p50),
        p95=middle(lambda run: run.p95),
        cpu=middle(lambda run: run.cpu),
        failures=sum(run.failures for run in runs),
    )


@contextmanager
def _serving(side: Side) -> Iterator[tuple[tuple[str, int], int]]:
    """Serve with the product's own server and shape; wait until it answers."""
    workers, threads = side.shape
    address = (_HOST, _free_port())
    command = [sys.executable, "-m", "granian", "--interface", "wsgi"]
    command += ["--host", _HOST, "--port", str(address[1]), "--log-level", "error"]
    command += ["--workers", str(workers), "--blocking-threads", str(threads)]
    command += ["--workers-kill-timeout", "5", side.target]
    process = subprocess.Popen(
        command,
        env={**os.environ, **side.environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(address, process)
        yield address, process.pid
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_for(
    address: tuple[str, int], process: subprocess.Popen[bytes], patience: float = 30
) -> None:
    until = time.monotonic() + patience
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(address, timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            time.sleep(1.0)  # the other workers
            return
    raise SystemExit("the server to be measured did not start")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _table(database: str, rows: list[Figures]) -> Table:
    table = Table(title=f"redemption through HTTP, {database} (medians of {RUNS} runs)")
    for heading in ("", "clients", "req/s", "p50 ms", "p95 ms", "CPU µs"):
        table.add_column(heading, justify="right")
    for name in ("× bare", "× raw"):
        table.add_column(name, justify="right")
    floors = [
        {row.clients: row.cpu for row in rows if row.name == name} for name in _FLOORS
    ]
    for row in rows:
        table.add_row(
            row.name,
            str(row.clients),
            f"{row.rate:,.0f}",
            f"{row.p50:.1f}",
            f"{row.p95:.1f}",
            f"{row.cpu:,.0f}",
            *(f"{row.cpu / costs[row.clients]:.1f}" for costs in floors),
        )
        if row.failures:
            raise SystemExit(f"{row.failures} requests failed: {row.name}")
    return table
