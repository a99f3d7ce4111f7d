"""Commands of the log 存证: check it, watch it, rotate its key, resume it."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from attribution.services.publishing import newest_head
from attribution.services.rekeying import resume_log, rotate_log_key
from attribution.services.verifying import LogReport, verify_log
from attribution.services.verifying import Progress as Tell
from attribution.services.witnessing import log_state
from tokens.errors import CheckpointMalformed
from tokens.notes import Verifier, parse_vkey
from web.installed import installed
from web.serving import serve_witness
from web.wiring import open_witness, utc_now
from web.witness import WitnessFolder
from web.witnessing import LogMisbehaved, LogUnreachable, Watcher, ask_over_http

_REFUSED = 1
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON document.")
_COMPROMISED_AT = click.option(
    "--compromised-at",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z"]),
    help="Since when others may hold the old key, such as 2026-11-24T10:00:00+0800.",
)


@click.group()
def log() -> None:
    """The transparency log: check it, watch it, resume it."""


@log.command()
@_JSON
def verify(as_json: bool) -> None:  # noqa: FBT001 (a flag of click)
    """Make the whole log again from what is stored, and name whatever differs.

    Changes nothing. Exit code 0: as it was signed; 1: not.
    """
    with installed() as (_, runtime), _bar() as tell:
        report = verify_log(runtime, tell)
    if as_json:
        click.echo(json.dumps(_report(report), ensure_ascii=False))
    else:
        click.echo(
            f"{report.entries} entries ({report.erased} erased), {report.heads} heads, "
            f"{report.facts} facts"
        )
        for fault in report.faults:
            click.echo(f"{fault.damage}  {fault.where}")
        click.echo("FAULTY" if report.faults else "as it was signed")
    sys.exit(_REFUSED if report.faults else 0)


def _report(report: LogReport) -> dict[str, object]:
    return {
        "entries": report.entries,
        "erased": report.erased,
        "heads": report.heads,
        "facts": report.facts,
        "faults": [[one.damage, one.where] for one in report.faults],
    }


@contextmanager
def _bar() -> Iterator[Tell]:
    """Show a bar on standard error while something long goes on."""
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("")
        yield lambda done, of: progress.update(task, completed=done, total=of)


@log.command()
def checkpoint() -> None:
    """Print the newest signed head, with the cosignatures so far."""
    with installed() as (_, runtime):
        click.echo(newest_head(runtime)[1], nl=False)


@log.command()
@click.option("--why", required=True, help="What happened; it is logged for ever.")
@_COMPROMISED_AT
def resume(why: str, compromised_at: datetime | None) -> None:
    """Begin the log anew, under a new key, after it was set back or changed.

    Look at `hefu log verify` first, and keep a copy of everything.
    """
    with installed() as (_, runtime):
        click.echo(resume_log(runtime, why=why, compromised_at=compromised_at))


@log.command()
@click.option("--url", help="Where the log is: http://host:port")
@click.option(
    "--state", type=click.Path(path_type=Path, file_okay=False), required=True
)
@click.option("--name", default="witness.invalid/1", show_default=True)
@click.option(
    "--log-key", help="The log's key text; without it the first one is taken."
)
@click.option("--once", is_flag=True, help="Look once and stop.")
@click.option("--every", default=60, show_default=True, help="Seconds between looks.")
@click.option(
    "--stale-after",
    type=click.IntRange(min=0),
    default=24,
    show_default=True,
    help="Hours without a new head, after which that is an alarm; 0: never.",
)
@click.option("--listen", help="HOST:PORT to be asked at (C2SP tlog-witness).")
def witness(  # noqa: PLR0913 (its options)
    *,
    url: str | None,
    state: Path,
    name: str,
    log_key: str | None,
    once: bool,
    every: int,
    stale_after: int,
    listen: str | None,
) -> None:
    """Watch a log, and cosign what only adds to what was seen before.

    Needs no database and nothing of the log's house. The folder STATE keeps the key
    and what was seen: back it up, and never run two of one key. Exit code 1: the log
    contradicts itself, gives no answer, or does not grow.
    """
    folder = open_witness(state, name)
    click.echo(f"witness key: {folder.witness.vkey()}", err=True)
    if log_key is not None:
        folder.trust(_key(log_key))
    if listen is not None:
        host, _, port = listen.rpartition(":")
        if not port.isdecimal():
            raise click.BadParameter("HOST:PORT", param_hint="--listen")
        serve_witness(state, host or "127.0.0.1", int(port))
        return
    if url is None:
        raise click.UsageError("--url or --listen")
    watcher = Watcher(folder, url, ask_over_http)
    look = partial(_look, folder, watcher, timedelta(hours=stale_after))
    _watch(look, every=0 if once else every)


def _key(text: str) -> Verifier:
    try:
        return parse_vkey(text.strip())
    except CheckpointMalformed:
        raise click.BadParameter("no key text", param_hint="--log-key") from None


def _watch(look: Callable[[], bool], *, every: int) -> None:
    """Look at the log every so many seconds; once, if 0."""
    while True:
        failed = not look()
        if not every:
            sys.exit(_REFUSED if failed else 0)
        time.sleep(every)


def _look(folder: WitnessFolder, watcher: Watcher, patience: timedelta) -> bool:
    """Look at the log, and say what was seen; return whether all is well."""
    now = utc_now()
    try:
        if not folder.trusted():
            key = watcher.first_key()
            folder.trust(key)
            click.echo(f"trusting, as first seen; compare it: {key.vkey()}", err=True)
        visit = watcher.visit(int(now.timestamp()))
    except LogMisbehaved as alarm:
        click.echo(f"ALARM {alarm}", err=True)
        return False
    except LogUnreachable as silence:
        click.echo(f"no answer: {silence}", err=True)
        return False
    admitted = (
        "" if visit.is_admitted else " (not admitted there yet: give them the key)"
    )
    click.echo(f"cosigned {visit.head.origin} at {visit.head.size}{admitted}")
    grew_at = datetime.fromtimestamp(visit.grew_at, UTC)
    if patience and now - grew_at > patience:
        click.echo(f"STALE no new head since {grew_at:%Y-%m-%d %H:%M}Z", err=True)
        return False
    return True


@click.group()
def keys() -> None:
    """Keys of the log: list, rotate."""


@keys.command("list")
@_JSON
def list_keys(as_json: bool) -> None:  # noqa: FBT001 (a flag of click)
    """List the log's keys, the newest last."""
    with installed() as (_, runtime):
        found = log_state(runtime).keys
    for key in found:
        ended = "" if key.ended_at is None else f"{key.ended_at:%Y-%m-%d %H:%M}Z"
        lost = key.compromised_at
        row = {
            "vkey": key.vkey,
            "since_size": key.since_size,
            "ended_at": ended or None,
            "compromised_at": None if lost is None else f"{lost:%Y-%m-%d %H:%M}Z",
        }
        click.echo(
            json.dumps(row)
            if as_json
            else "  ".join([key.vkey, f"from #{key.since_size}", *_end_of(row)])
        )


def _end_of(row: dict[str, object]) -> list[str]:
    ended, lost = row["ended_at"], row["compromised_at"]
    return [
        f"until {ended}" if ended else "in use",
        *([f"others held it since {lost}"] if lost else []),
    ]


@keys.command("rotate")
@click.argument("which", type=click.Choice(["log"]))
@click.option("--why", required=True, help="The reason; it is logged for ever.")
@_COMPROMISED_AT
def rotate(which: str, why: str, compromised_at: datetime | None) -> None:
    """Sign the log with a new key from now on; print its text for the witnesses."""
    del which
    with installed() as (_, runtime):
        click.echo(rotate_log_key(runtime, why=why, compromised_at=compromised_at))
