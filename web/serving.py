"""Serving: the production server, and what goes on beside it."""

import socket
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import structlog
from flask import Flask
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from attribution.services.housekeeping import keep_house
from attribution.services.runtime import Runtime
from attribution.services.sequencing import sequence
from web.asking import ask_witnesses
from web.settings import SettingInvalid, Settings
from web.wiring import open_witness, utc_now
from web.witness_app import create_witness_app
from web.witnessing import ask_over_http

_LOG = structlog.get_logger()
_SEQUENCING_PERIOD = 0.2
_HOUSE_PERIOD = 60.0
_WITNESS_PERIOD = 15.0
_KILL_TIMEOUT = 10
# Workers and threads of each. SQLite has one process, and enough threads that some
# wait to write and are committed together, and that a statement being read holds up
# nobody; more than that only contend for the interpreter.
# PostgreSQL has two processes, because Python computes in one thread at a time.
EMBEDDED = (1, 3)
SEPARATE = (2, 3)


def refuse_taken_port(settings: Settings) -> None:
    """Raise SettingInvalid if nobody could listen there.

    The server shares its port with its own processes, and so would silently share it
    with another installation too.
    """
    place = (settings.host, settings.port)
    try:
        family = socket.getaddrinfo(*place, type=socket.SOCK_STREAM)[0][0]
        socket.create_server(place, family=family).close()
    except OSError as error:
        name = "HEFU_HOST" if isinstance(error, socket.gaierror) else "HEFU_PORT"
        why = str(error.strerror).partition(" (")[0]
        reason = f"cannot listen on {settings.host}:{settings.port}: {why}"
        raise SettingInvalid(name, reason) from None


def serve(settings: Settings) -> None:
    """Serve until stopped."""
    workers, threads = EMBEDDED if settings.is_embedded else SEPARATE
    Server(
        "web.wsgi:app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        workers_kill_timeout=_KILL_TIMEOUT,
        respawn_failed_workers=True,
        websockets=False,
        # Its advice on threads does not know who waits for whom; failures still show.
        log_level=LogLevels.error,
    ).serve()


def start_background(runtime: Runtime) -> threading.Event:
    """Keep the log in order and the house kept; set the event to stop."""
    stopped = threading.Event()
    for work, period in (
        (sequence, _SEQUENCING_PERIOD),
        (keep_house, _HOUSE_PERIOD),
        (partial(ask_witnesses, ask=ask_over_http), _WITNESS_PERIOD),
    ):
        thread = threading.Thread(
            target=keep_doing,
            args=(work, runtime, stopped, period),
            name=_name_of(work),
            daemon=True,
        )
        thread.start()
    return stopped


def keep_doing(
    work: Callable[[Runtime], object],
    runtime: Runtime,
    stopped: threading.Event,
    period: float,
) -> None:
    """Do a work every `period` seconds; a failure is tried again, and logged once.

    A log that must not be signed stays so for hours, and is tried five times a second.
    """
    told: type[Exception] | None = None
    while not stopped.wait(period):
        try:
            work(runtime)
            told = None
        except Exception as error:  # noqa: BLE001 (nobody stands above this thread)
            if type(error) is not told:
                _LOG.error("background_failed", work=_name_of(work), error=error)
            told = type(error)


def serve_witness(folder: Path, host: str, port: int) -> None:
    """Serve a witness until stopped (C2SP tlog-witness)."""
    Server(
        "witness",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=2,
        workers_kill_timeout=_KILL_TIMEOUT,
        websockets=False,
        log_level=LogLevels.error,
    ).serve(target_loader=partial(_load_witness, folder))


def _load_witness(folder: Path, target: str) -> Flask:
    """Return the application of a witness, in the process that serves it."""
    opened = open_witness(folder, target)
    return create_witness_app(opened, lambda: int(utc_now().timestamp()))


def _name_of(work: Callable[..., object]) -> str:
    return str(getattr(work, "func", work).__name__)
