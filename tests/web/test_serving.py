import io
import json
import socket
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
import structlog
from sqlalchemy import func, select

from attribution.ids import ProjectId
from attribution.people import Actor, Grant, Role
from attribution.services.administering import create_project
from attribution.services.answering import Request
from attribution.services.enrolling import add_person
from attribution.storage.tables import log_entries
from tests.office import mobile
from tests.web.conftest import Front
from web import serving
from web.access import open_to_all
from web.logs import set_up_logs
from web.serving import refuse_taken_port, serve, start_background
from web.settings import SettingInvalid, Settings, read_settings
from web.wiring import build_runtime, open_installation


class Recorded:
    """A server that notes how it was set up, and does not serve."""

    calls: list[dict[str, object]] = []  # noqa: RUF012 (reset by each test)

    def __init__(self, target: str, **options: object) -> None:
        Recorded.calls.append({"target": target, **options})

    def serve(self) -> None:
        Recorded.calls[-1]["served"] = True


@pytest.mark.parametrize(
    ("url", "workers"),
    [("sqlite:///hefu.db", 1), ("postgresql://hefu@db/hefu", 2)],
)
def test_sqlite_is_served_by_one_process_and_postgresql_by_two(
    monkeypatch: pytest.MonkeyPatch, url: str, workers: int
) -> None:
    Recorded.calls = []
    monkeypatch.setattr(serving, "Server", Recorded)

    serve(read_settings({"HEFU_DATABASE_URL": url}))

    (call,) = Recorded.calls
    assert call["workers"] == workers
    assert call["target"] == "web.wsgi:app"
    assert call["workers_kill_timeout"]
    assert call["served"]


def pending(front: Front) -> int:
    unplaced = log_entries.c.position.is_(None)
    query = select(func.count()).select_from(log_entries).where(unplaced)
    with front.office.database.reading() as connection:
        return int(connection.execute(query).scalar_one())


def test_the_log_is_sequenced_in_the_background(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "_SEQUENCING_PERIOD", 0.01)
    assert pending(front)

    stopped = start_background(front.office.runtime)
    for _ in range(500):
        if not pending(front):
            break
        stopped.wait(0.01)
    stopped.set()
    joined()

    assert pending(front) == 0


def joined() -> None:
    for thread in threading.enumerate():
        if thread.name in {"sequence", "keep_house", "fail"}:
            thread.join(5)


def test_a_failure_of_the_sequencer_is_logged_and_tried_again(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "_SEQUENCING_PERIOD", 0.01)
    twice = threading.Semaphore(0)

    def fail(_: object) -> int:
        twice.release()
        raise OSError

    monkeypatch.setattr(serving, "sequence", fail)
    stopped = start_background(front.office.runtime)

    assert twice.acquire(timeout=5)
    assert twice.acquire(timeout=5)
    stopped.set()
    joined()


class Waits(threading.Event):
    """An event that is never awaited: it notes how long somebody would have waited."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.left, self.periods = number, list[float]()

    def wait(self, timeout: float | None = None) -> bool:
        self.periods.append(timeout or 0)
        self.left -= 1
        return self.left < 0


def kept_doing(
    front: Front, errors: Sequence[Exception | None]
) -> tuple[list[float], list[object]]:
    """Let a work fail by turns, 20 s apart; return the waits and what was told."""
    coming = iter(errors)

    def work(_: object) -> None:
        front.office.wait(seconds=20)
        error = next(coming)
        if error is not None:
            raise error

    waits = Waits(len(errors))
    with structlog.testing.capture_logs() as lines:
        serving.keep_doing(work, front.office.runtime, waits, 0.2)
    return waits.periods, [type(line["error"]) for line in lines]


def test_a_work_that_keeps_failing_is_tried_ever_more_rarely(
    front: Front,
) -> None:
    waited, told = kept_doing(front, [OSError()] * 9)

    assert waited == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30]
    assert told == [OSError] * 3


def test_another_failure_is_told_at_once_and_success_ends_the_waiting(
    front: Front,
) -> None:
    failed = [OSError(), KeyError(), None, KeyError(), KeyError()]

    waited, told = kept_doing(front, failed)

    assert waited == [0.2, 0.4, 0.8, 0.2, 0.4, 0.8]
    assert told == [OSError, KeyError, KeyError]


def installed(tmp_path: Path) -> Settings:
    return read_settings({"HEFU_DATA_DIR": str(tmp_path / "data")})


def test_an_installation_tags_people_under_the_key_of_the_project(
    tmp_path: Path,
) -> None:
    installation = open_installation(installed(tmp_path))
    runtime = installation.runtime
    person = add_person(runtime, login="admin", name="管理员")
    admin = Actor(person_id=person, name="", grants=(Grant(role=Role.ADMIN),))
    river, hill = (
        ProjectId(
            str(
                create_project(
                    runtime,
                    by=admin,
                    request=Request(caller="test", id=name, body=b""),
                    name=name,
                    rules={},
                ).answer["project_id"]
            )
        )
        for name in ("江畔", "山前")
    )

    (first,) = runtime.tag(river, [mobile()])
    (again,) = runtime.tag(river, [mobile()])
    (elsewhere,) = runtime.tag(hill, [mobile()])
    installation.database.close()

    assert first == again
    assert (first.kind, first.epoch) == ("cn-mobile", 1)
    assert first.value != elsewhere.value


def test_an_installation_has_a_clock_and_randomness(tmp_path: Path) -> None:
    runtime = build_runtime(installed(tmp_path))

    assert runtime.now().utcoffset() is not None
    assert runtime.new_id() != runtime.new_id()
    with runtime.transaction() as work:
        assert work.access.is_empty()


def test_the_data_directory_is_private(tmp_path: Path) -> None:
    open_installation(installed(tmp_path)).database.close()

    assert (tmp_path / "data").stat().st_mode & 0o077 == 0


def logged(front: Front, path: str) -> list[dict[str, object]]:
    stream = io.StringIO()
    set_up_logs(stream)
    front.browser().get(path)
    structlog.reset_defaults()
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_request_is_logged_by_its_route_not_by_its_values(front: Front) -> None:
    lines = logged(front, "/problems/SECRET?phone=13800138000")

    assert lines[-1]["rule"] == "/problems/<code>"
    assert "SECRET" not in json.dumps(lines)
    assert "13800138000" not in json.dumps(lines)


def test_a_mistake_of_ours_is_logged_with_places_but_without_values(
    front: Front,
) -> None:
    def broken() -> str:
        phone = "13800138000"
        try:
            return str(int(phone + "x"))
        except ValueError as cause:
            raise RuntimeError(phone) from cause

    front.app.add_url_rule("/broken", "broken", open_to_all(broken))

    failed, request = logged(front, "/broken")

    assert failed["event"] == "failed"
    assert request["status"] == 500
    text = json.dumps(failed)
    assert "builtins.ValueError" in text
    assert "builtins.RuntimeError" in text
    assert "test_serving.py" in text
    assert "13800138000" not in text


def test_a_refusal_is_logged_by_its_code(front: Front) -> None:
    lines = logged(front, "/problems/NONSENSE")

    assert lines[0] == lines[0] | {"event": "refused", "code": "NOT_FOUND"}


def test_a_port_that_is_taken_is_refused_though_it_could_be_shared() -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = read_settings({"HEFU_PORT": str(port)})

        with pytest.raises(SettingInvalid, match=f"HEFU_PORT: .*:{port}"):
            refuse_taken_port(settings)

    refuse_taken_port(settings)


def test_a_host_that_does_not_exist_is_refused() -> None:
    with pytest.raises(SettingInvalid, match="HEFU_HOST"):
        refuse_taken_port(read_settings({"HEFU_HOST": "no such host"}))
