"""The operator's commands of the log, each by hand."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result
from sqlalchemy import delete, update

from attribution.services.sequencing import sequence
from attribution.services.witnessing import log_state
from attribution.storage.tables import log_entries, log_heads
from tests.office import Office
from tests.services.test_proving import fill
from tests.web.test_witness import over
from web import log_commands, serving
from web.app import create_app
from web.cli import main
from web.settings import read_settings
from web.wiring import Installation, open_installation
from web.witnessing import Answered

LOG = "http://log.example"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("HEFU_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("HEFU_DEMO", "0")
    yield tmp_path
    structlog.reset_defaults()


@pytest.fixture
def installation(folder: Path) -> Iterator[Installation]:
    del folder
    opened = open_installation(read_settings())
    yield opened
    opened.database.close()


@pytest.fixture
def office(installation: Installation) -> Office:
    """Return an office whose facts go into the installation's log."""
    office = Office(installation.database)
    office.runtime = installation.runtime
    fill(office, 3)
    return office


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


# -- verify, checkpoint --


def test_a_log_as_it_was_signed_is_told_in_one_line_and_in_json(
    office: Office,
) -> None:
    told, document = call("log", "verify"), call("log", "verify", "--json")

    assert told.exit_code == document.exit_code == 0
    assert "as it was signed" in told.output
    assert json.loads(document.stdout)["entries"] == office.count(log_entries)


def test_a_changed_row_is_named(office: Office) -> None:
    row = log_entries.c.position == 1
    with office.database.writing() as connection:
        connection.execute(update(log_entries).where(row).values(event=b"{}"))

    told, document = call("log", "verify"), call("log", "verify", "--json")

    assert told.exit_code == document.exit_code == 1
    assert "ENTRY_CHANGED  #1" in told.output
    assert "FAULTY" in told.output
    assert json.loads(document.stdout)["faults"] == [["ENTRY_CHANGED", "#1"]]


def test_the_newest_head_is_printed(office: Office) -> None:
    printed = call("log", "checkpoint")

    assert printed.exit_code == 0
    assert printed.output == office.runtime.last_head.read()


def test_an_empty_log_has_no_head() -> None:
    printed = call("log", "checkpoint")

    assert printed.exit_code == 1
    assert "NOT_FOUND" in printed.stderr


# -- keys --


def test_the_keys_are_listed_and_rotated(office: Office) -> None:
    rotated = call("keys", "rotate", "log", "--why", "every year")
    stolen = call(
        "keys",
        "rotate",
        "log",
        "--why",
        "stolen",
        "--compromised-at",
        "2026-01-01T08:00:00+0800",
    )
    listed, documents = call("keys", "list"), call("keys", "list", "--json")

    assert rotated.exit_code == stolen.exit_code == 0
    lines = listed.output.splitlines()
    assert [line.split("  ")[0] for line in lines[1:]] == [
        rotated.output.strip(),
        stolen.output.strip(),
    ]
    assert "until" in lines[0]
    assert "others held it since 2026-01-01 00:00Z" in lines[1]
    assert "in use" in lines[2]
    rows = [json.loads(line) for line in documents.output.splitlines()]
    assert [row["compromised_at"] for row in rows] == [None, "2026-01-01 00:00Z", None]
    fill(office, 1)
    assert call("log", "verify").exit_code == 0


def test_rotating_asks_for_a_reason() -> None:
    assert call("keys", "rotate", "log").exit_code == 2


# -- resume --


def test_a_set_back_log_is_refused_until_it_is_resumed(office: Office) -> None:
    kept = log_state(office.runtime).head
    assert kept is not None
    fill(office, 2)
    with office.database.writing() as connection:
        late = log_entries.c.position >= kept.size
        connection.execute(delete(log_heads).where(log_heads.c.size > kept.size))
        connection.execute(delete(log_entries).where(late))

    assert "SET_BACK" in call("log", "verify").output
    rotated = call("keys", "rotate", "log", "--why", "every year")
    assert (rotated.exit_code, "LOG_BEHIND" in rotated.stderr) == (1, True)
    assert call("log", "resume", "--why", "restored a backup").exit_code == 0
    assert call("log", "verify").exit_code == 0
    again = call("log", "resume", "--why", "once more")
    assert (again.exit_code, "LOG_UNBROKEN" in again.stderr) == (1, True)


# -- witness --


@pytest.fixture
def net(office: Office, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    def use(ask: Any) -> None:
        monkeypatch.setattr(log_commands, "ask_over_http", ask)

    use(over(create_app(office.runtime)))
    return use


def witnessed(folder: Path, *more: str) -> Result:
    state = str(folder / "witness")
    return call("log", "witness", "--state", state, "--url", LOG, "--once", *more)


@pytest.mark.usefixtures("net")
def test_a_witness_looks_once_and_trusts_what_it_saw_first(folder: Path) -> None:
    first, second = witnessed(folder), witnessed(folder)

    assert first.exit_code == second.exit_code == 0
    assert "trusting, as first seen" in first.stderr
    assert "trusting" not in second.stderr
    assert "not admitted there yet" in first.stdout
    assert "witness key: witness.invalid/1+" in first.stderr


@pytest.mark.usefixtures("net")
def test_a_given_log_key_is_the_one_that_counts(folder: Path) -> None:
    other = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"

    assert witnessed(folder, "--log-key", "nonsense").exit_code == 2
    alarmed = witnessed(folder, "--log-key", other)

    assert alarmed.exit_code == 1
    assert "ALARM signed by a key nobody named" in alarmed.stderr


def test_a_log_that_does_not_answer_is_told(
    folder: Path, net: Callable[[Any], None]
) -> None:
    net(lambda *_: Answered(status=502, media="", body=""))

    silent = witnessed(folder)

    assert (silent.exit_code, "no answer" in silent.stderr) == (1, True)


@pytest.mark.usefixtures("net")
def test_a_log_that_shows_an_old_head_for_ever_is_an_alarm(
    folder: Path, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing contradicts what was seen before; only nothing comes any more."""
    began = datetime(2026, 3, 1, 1, 0, 30, tzinfo=UTC)

    def after(**waited: float) -> Result:
        monkeypatch.setattr(
            log_commands, "utc_now", lambda: began + timedelta(**waited)
        )
        return witnessed(folder)

    assert [after().exit_code, after(hours=24).exit_code] == [0, 0]
    stale = after(hours=24, seconds=1)
    patient = witnessed(folder, "--stale-after", "25")
    never = witnessed(folder, "--stale-after", "0")

    assert stale.exit_code == 1
    assert "STALE no new head since 2026-03-01 01:00Z" in stale.stderr
    assert "cosigned" in stale.stdout
    assert (patient.exit_code, never.exit_code) == (0, 0)
    fill(office, 1)
    assert after(hours=24, seconds=2).exit_code == 0
    assert after(hours=48, seconds=3).exit_code == 1


@pytest.mark.usefixtures("net")
def test_a_witness_looks_again_and_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", wait)
    state = str(folder / "witness")
    stopped = call("log", "witness", "--state", state, "--url", LOG, "--every", "7")

    assert waits == [7, 7]
    assert stopped.stdout.count("cosigned") == 2


def test_a_witness_needs_something_to_watch_or_somewhere_to_listen(
    folder: Path,
) -> None:
    state = str(folder / "witness")

    assert call("log", "witness", "--state", state).exit_code == 2
    assert call("log", "witness", "--state", state, "--listen", "x").exit_code == 2


def test_a_witness_is_served(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[Any] = []

    class Recorded:
        def __init__(self, target: str, **options: Any) -> None:
            served.append({"target": target, **options})

        def serve(self, *, target_loader: Callable[[str], Any]) -> None:
            served.append(target_loader("witness"))

    monkeypatch.setattr(serving, "Server", Recorded)

    call("log", "witness", "--state", str(folder / "w"), "--listen", "127.0.0.1:8470")

    options, app = served
    assert (options["address"], options["port"]) == ("127.0.0.1", 8470)
    assert app.test_client().post("/add-checkpoint", data=b"").status_code == 400


def test_the_head_is_kept_beside_the_database_not_in_it(
    office: Office, folder: Path
) -> None:
    sequence(office.runtime)

    kept = (folder / "data" / "log-head.txt").read_text("utf-8")

    assert kept == office.runtime.last_head.read()
