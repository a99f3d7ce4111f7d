import json
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import structlog
from click.testing import CliRunner, Result

from attribution.services.pairing import device_of, pair_device
from attribution.services.runtime import Runtime
from tests.office import Office
from tests.quarrel import quarrel
from web import cli
from web.app import create_app
from web.cli import main
from web.demo import SIGN_INS
from web.new_files import write_new
from web.settings import Settings, read_settings
from web.wiring import open_installation

CASES = Path(__file__).parents[1] / "cases"
COMMISSIONS = CASES.with_name("commissions")


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "data"
    monkeypatch.setenv("HEFU_DATA_DIR", str(folder))
    monkeypatch.setenv("HEFU_DEMO", "0")
    yield folder
    structlog.reset_defaults()


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_init_prints_an_invitation_that_works() -> None:
    link = call("init").output.strip()

    secret = link.rpartition("#")[2]
    installation = open_installation(read_settings())
    browser = create_app(installation.runtime).test_client()
    form = {"invitation": secret, "password": "four unrelated words"}
    answer = browser.post("/invitation", data=form)
    installation.database.close()
    assert answer.status_code == 303


def test_init_happens_once() -> None:
    call("init")

    again = call("init")

    assert again.exit_code == 1
    assert "已经初始化过" in again.stderr
    assert "user invite" in again.stderr


def test_people_are_added_listed_and_invited_again() -> None:
    added = call("user", "add", "Wang", "王小明", "--role", "risk", "--role", "desk")
    listed = call("user", "list", "--json")
    shown = call("user", "list")
    invited = call("user", "invite", "wang")

    assert "/invitation#" in added.output
    assert json.loads(listed.output)["roles"] == ["desk", "risk"]
    assert shown.output == "wang\t王小明\tdesk, risk\n"
    assert invited.exit_code == 0


def test_a_login_is_taken_once() -> None:
    call("user", "add", "wang", "王小明")

    again = call("user", "add", "wang", "王大明")

    assert again.exit_code == 1
    assert "LOGIN_TAKEN" in again.stderr


def test_roles_may_hold_in_one_place() -> None:
    project = a_project()

    here = call("user", "add", "mei", "梅", "--role", "desk", "--project", project)
    for_one = call("user", "add", "he", "何", "--role", "agent", "--channel", "甲渠道")

    assert here.exit_code == 0
    assert for_one.exit_code == 0


@pytest.mark.parametrize("place", ["--project", "--channel"])
def test_a_role_in_no_place_adds_nobody(place: str) -> None:
    refused = call("user", "add", "mei", "梅", "--role", "desk", place, "nowhere")

    assert refused.exit_code == 1
    assert "NOT_FOUND" in refused.stderr
    assert call("user", "list").output == ""


def test_who_is_not_there_cannot_be_invited() -> None:
    assert call("user", "invite", "nobody").exit_code == 1


def test_an_unknown_role_is_a_mistake_of_usage() -> None:
    assert call("user", "add", "wang", "王", "--role", "boss").exit_code == 2


def test_a_desk_is_paired_with_six_digits() -> None:
    project = a_project()

    digits = call("device", "pair", project, "一号台").output.strip()
    waiting = call("device", "list").output
    installation = open_installation(read_settings())
    secret = pair_device(installation.runtime, code=digits, address="192.0.2.1")
    device = device_of(installation.runtime, secret)
    installation.database.close()

    assert re.fullmatch(r"\d{6}", digits)
    assert waiting.endswith("waiting\n")
    assert device is not None
    assert call("device", "list").output.endswith("paired\n")


def test_a_desk_of_no_project_is_refused() -> None:
    assert call("device", "pair", "nowhere", "一号台").exit_code == 1


def a_project() -> str:
    """Make a project the way an administrator does, and return its name."""
    installation = open_installation(read_settings())
    Office(installation.database)
    installation.database.close()
    return "江畔"


@pytest.mark.parametrize("file", sorted(CASES.glob("*.json")), ids=lambda f: f.stem)
def test_cases_are_ruled_on_in_order(file: Path) -> None:
    readable = call("rule", str(file))
    twice = call("rule", "--json", str(file), str(file))

    assert readable.exit_code == 0
    first, second = twice.output.splitlines()
    assert json.loads(first) == json.loads(second)
    assert "rulings" in json.loads(first)


def test_commissions_are_reckoned_in_order_and_a_mistake_has_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = sorted(COMMISSIONS.glob("*.json"))[:2]
    bad = tmp_path / "bad.json"
    bad.write_text('{"plan": {"base": "price"}}', "utf-8")

    as_json = call("commission", "--json", str(second), str(bad), str(first))
    chinese = call("commission", str(first))
    monkeypatch.setenv("HEFU_LANG", "en")
    english = call("commission", str(first))

    titles = [json.loads(line)["title"] for line in as_json.stdout.splitlines()]
    assert titles == [json.loads(one.read_text())["title"] for one in (second, first)]
    assert as_json.exit_code == 2
    assert f"{bad}: plan.rate_bp" in as_json.stderr
    assert "commission.md" in as_json.stderr
    assert (chinese.exit_code, english.exit_code) == (0, 0)
    assert "与文件的预期一致" in chinese.output
    assert "as the file expects" in english.output


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param(b'{"facts": 3}', "facts", id="wrong type"),
        pytest.param(b"{", "$", id="no JSON"),
        pytest.param(b"\xff\xfe", "$", id="no text"),
    ],
)
def test_a_malformed_case_is_refused_with_its_place(
    tmp_path: Path, text: bytes, place: str
) -> None:
    bad = tmp_path / "bad.json"
    bad.write_bytes(text)
    good = min(CASES.glob("*.json"))

    result = call("rule", "--json", str(bad), str(good))

    assert result.exit_code == 2
    assert f"{bad}: {place}" in result.stderr
    assert len(result.stdout.splitlines()) == 1


def test_a_place_that_takes_no_file_is_said_before_anything_is_made(
    tmp_path: Path,
) -> None:
    there = tmp_path / "there.csv"
    there.write_text("kept", "utf-8")

    taken, astray = (
        call("ledger", "export", "-", "--format", "csv", "--to", str(path))
        for path in (there, tmp_path / "nowhere" / "x.csv")
    )

    assert (taken.exit_code, astray.exit_code) == (2, 2)
    assert "is there already" in taken.stderr
    assert "there is no folder" in astray.stderr
    assert there.read_text("utf-8") == "kept"


def test_a_file_that_cannot_be_written_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(click.BadParameter, match="cannot be written"):
        write_new(tmp_path / ("x" * 300), b"")


@pytest.mark.parametrize("hours", ["-1", "99999999999999"])
def test_a_term_beyond_a_year_is_a_mistake_of_usage(hours: str) -> None:
    result = call("cases", "due", "--within", hours)

    assert result.exit_code == 2
    assert "--within" in result.stderr


def test_a_file_that_is_not_there_is_a_mistake_of_usage() -> None:
    assert call("rule", "/nowhere.json").exit_code == 2


def test_a_wrong_setting_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEFU_PORT", "no")

    result = call("user", "list")

    assert result.exit_code == 1
    assert "HEFU_PORT" in result.stderr


def test_an_open_key_folder_is_refused_by_name(empty: Path) -> None:
    call("init")
    (empty / "keys").chmod(0o755)

    result = call("user", "list")

    assert result.exit_code == 1
    assert "chmod" in result.stderr


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """Keep `run` from serving for ever; return what it would have served."""
    found: list[Settings] = []
    monkeypatch.setattr(cli, "refuse_taken_port", lambda _: None)
    monkeypatch.setattr(cli, "serve", found.append)
    return found


def test_run_serves_an_initialised_installation(served: list[Settings]) -> None:
    call("init")

    result = call("run")

    assert "http://127.0.0.1:8000" in result.output
    assert len(served) == 1


def test_run_without_demo_says_what_to_do(served: list[Settings]) -> None:
    result = call("run")

    assert "init" in result.stderr
    assert len(served) == 1


def test_run_on_a_demo_says_where_its_codes_are(
    served: list[Settings], empty: Path
) -> None:
    call("init")
    assert "演示的账号" not in call("run").output
    (empty / "demo").mkdir()
    (empty / "demo" / SIGN_INS).touch()

    assert f"{empty / 'demo' / SIGN_INS}" in call("run").output
    assert len(served) == 2


def test_a_database_that_does_not_answer_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HEFU_DATABASE_URL", "postgresql://a:secret@127.0.0.1:1/none")

    result = call("user", "list")

    assert result.exit_code == 1
    assert result.stderr.startswith("HEFU_DATABASE_URL: 数据库没有应答")
    assert result.stderr.count("\n") == 1
    assert "secret" not in result.stderr


def test_run_on_an_empty_directory_makes_a_demo(
    served: list[Settings], monkeypatch: pytest.MonkeyPatch, empty: Path
) -> None:
    monkeypatch.setenv("HEFU_DEMO", "1")
    seeded: list[tuple[Runtime, Path]] = []

    def seed(runtime: Runtime, folder: Path) -> list[str]:
        seeded.append((runtime, folder))
        return ["agent  wang  …"]

    monkeypatch.setattr(cli, "seed", seed)

    result = call("run")

    assert [folder for _, folder in seeded] == [empty / "demo"]
    assert len(served) == 1
    assert "wang" in result.output


# -- refusals in words --


def test_a_folder_that_cannot_be_made_gave_a_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HEFU_DATA_DIR", "/proc/x")

    chinese = call("init")
    monkeypatch.setenv("HEFU_LANG", "en")
    english = call("init")

    assert chinese.exit_code == english.exit_code == 1
    assert chinese.stderr.startswith("HEFU_DATA_DIR: 文件夹建不了")
    assert "The folder cannot be made" in english.stderr


def test_a_damaged_database_gave_a_traceback(empty: Path) -> None:
    call("init")
    (empty / "hefu.db").write_bytes(b"no database at all, " * 500)
    for rest in ("hefu.db-wal", "hefu.db-shm"):
        (empty / rest).unlink(missing_ok=True)

    result = call("user", "list")

    assert result.exit_code == 1
    assert "数据库文件损坏" in result.stderr


@pytest.mark.parametrize(
    ("language", "words"), [("zh", "请换一个登录名"), ("en", "Choose another")]
)
def test_a_refusal_was_a_bare_code(
    monkeypatch: pytest.MonkeyPatch, language: str, words: str
) -> None:
    monkeypatch.setenv("HEFU_LANG", language)
    call("user", "add", "wang", "王小明")

    again = call("user", "add", "wang", "王大明")
    nameless = call("user", "add", "mei", "")

    assert words in again.stderr
    assert again.stderr.startswith("LOGIN_TAKEN: ")
    assert "[name: " in nameless.stderr


def test_an_agent_without_a_channel_was_accepted() -> None:
    refused = call("user", "add", "wang", "王", "--role", "agent")

    assert refused.exit_code == 2
    assert "--channel" in refused.stderr
    assert call("user", "list").output == ""


def test_a_limited_administrator_is_not_added() -> None:
    a_project()

    refused = call(
        "user", "add", "zhao", "赵", "--role", "admin", "--channel", "甲渠道"
    )

    assert refused.exit_code == 1
    assert "管理员不分范围" in refused.stderr
    assert "zhao" not in call("user", "list").output


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("HEFU_PORT", "no", "1 到 65535"),
        ("HEFU_LANG", "fr", "zh, en"),
        ("HEFU_DATABASE_URL", "no", "sqlite:///"),
        ("HEFU_DATABASE_URL", "mysql://x/y", "postgresql://"),
    ],
)
def test_a_wrong_setting_says_what_would_be_right(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)

    result = call("user", "list")

    assert result.stderr.startswith(f"{name}: ")
    assert words in result.stderr


def test_a_misspelt_setting_was_ignored_without_a_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HEFU_PROT", "8451")

    result = call("user", "list")

    assert result.exit_code == 0
    assert "HEFU_PROT" in result.stderr


def test_an_interrupted_demo_was_served_as_if_it_were_whole(
    served: list[Settings], monkeypatch: pytest.MonkeyPatch, empty: Path
) -> None:
    monkeypatch.setenv("HEFU_DEMO", "1")

    def interrupted(_runtime: Runtime, folder: Path) -> Iterator[str]:
        yield f"half a day in {folder}"
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "seed", interrupted)
    first = call("run")

    second = call("run")

    assert first.exit_code == second.exit_code == 1
    assert f"请删掉 {empty}" in second.stderr
    assert served == []


# -- cases --


@pytest.fixture
def dispute() -> str:
    """Open a case in the installation's database, months ago by the real clock."""
    installation = open_installation(read_settings())
    opened = quarrel(Office(installation.database)).open()
    installation.database.close()
    return opened


def test_cases_past_their_term_are_listed_for_a_timer(
    dispute: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    [row] = map(json.loads, call("cases", "due", "--json").output.splitlines())
    shown = call("cases", "due", "--within", "0").output
    monkeypatch.setenv("HEFU_LANG", "en")
    english = call("cases", "due").output

    assert row["dispute"] == dispute
    assert (row["state"], row["turn"]) == ("open", "adjudicator")
    assert row["is_overdue"] is True
    assert re.fullmatch(r"2026-03-\d\dT.*Z", row["due_at"])
    assert set(row) == {
        "dispute",
        "project",
        "project_name",
        "state",
        "turn",
        "due_at",
        "is_overdue",
    }
    assert "OVERDUE" in shown
    assert f"{row['project_name']}\t{dispute}\t已提出\t轮到判客员" in shown
    assert "\t" in english
    assert "轮到判客员" not in english


def test_nothing_due_prints_nothing() -> None:
    quiet = call("cases", "due")

    assert (quiet.exit_code, quiet.output) == (0, "")
