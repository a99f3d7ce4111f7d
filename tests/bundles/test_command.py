"""`python -m attribution verify`: what it prints, how it exits, and what it needs."""

import json
import runpy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from attribution.bundles.bundle import bundle_bytes
from attribution.bundles.command import main
from tests.bundles.room import LOG
from tests.bundles.test_bundle import SMALL
from tests.bundles.test_check import BUNDLE, ROOM, WITNESS, cosigned
from tokens.receipts import receipt_text

ROOT = Path(__file__).parents[2]
NOT_NEEDED = (
    "sqlalchemy",
    "flask",
    "flask_babel",
    "alembic",
    "click",
    "pydantic",
    "apiflask",
    "openpyxl",
    "xlsxwriter",
    "sqlite3",
    "socket",
    "ssl",
    "http",
    "urllib.request",
    "argon2",
    "numpy",
    "attribution.storage",
    "attribution.services",
    "web",
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A bundle as somebody was handed it."""
    path = tmp_path / "case.hefu.zip"
    path.write_bytes(bundle_bytes(BUNDLE))
    return path


def test_a_proven_case_exits_0_line_by_line(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["verify", str(file), "--log-key", LOG.vkey()])

    told = capsys.readouterr()
    assert (code, told.err) == (0, "")
    assert told.out.startswith("[已证明] CHECKPOINT hefu.test/log (")
    assert "缺失 0 · 矛盾 0" in told.out


def test_without_a_key_it_says_that_the_key_is_only_stated(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["verify", str(file), "--lang", "en"])

    assert code == 0
    assert capsys.readouterr().out.startswith("[only stated]  CHECKPOINT")


def test_programs_get_json(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["verify", str(file), "--log-key", LOG.vkey(), "--json"])

    told = json.loads(capsys.readouterr().out)
    assert code == 0
    assert told["is_good"] is True
    assert told["findings"][0] == {
        "code": "CHECKPOINT",
        "verdict": "PROVEN",
        "about": f"hefu.test/log ({BUNDLE.head.size})",
        "zh": "存证检查点由您给出的日志公钥签名",
        "en": "the checkpoint is signed by the log key that you gave",
    }


def test_what_is_missing_exits_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "small.hefu.zip"
    file.write_bytes(SMALL)
    index = ROOM.index_of("visit/v1", visit="w1")
    held = tmp_path / "receipt.txt"
    held.write_text(receipt_text(ROOM.receipt(index)), "utf-8")

    code = main(["verify", str(file), "--receipt", str(held)])

    assert code == 1
    assert f"RECEIPT receipt.txt #{index}" in capsys.readouterr().out


def test_a_key_that_was_stolen_is_given_with_its_instant(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(
        ["verify", str(file), "--log-key", f"{LOG.vkey()}@2026-01-01T00:00:00Z"]
    )

    assert code == 1
    assert "KEY_COMPROMISED" in capsys.readouterr().out


def test_receipts_and_witnesses_are_taken_into_account(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "case.hefu.zip"
    file.write_bytes(bundle_bytes(cosigned(BUNDLE, 1_790_000_000)))
    held = tmp_path / "receipt.txt"
    held.write_text(receipt_text(ROOM.receipt(ROOM.index_of("visit/v1"))), "utf-8")

    code = main(
        [
            "verify",
            str(file),
            "--log-key",
            LOG.vkey(),
            "--witness-key",
            WITNESS.vkey(),
            "--receipt",
            str(held),
        ]
    )

    told = capsys.readouterr().out
    assert code == 0
    assert "WITNESS witness.test/a 2026-09-21T14:13:20Z" in told
    assert "这张回执的事实已被采信" in told


@pytest.mark.parametrize(("lang", "words"), [("zh", "读不懂"), ("en", "unreadable")])
def test_what_cannot_be_read_exits_2_with_what_and_why(
    file: Path, capsys: pytest.CaptureFixture[str], lang: str, words: str
) -> None:
    file.write_bytes(file.read_bytes() + b"x")

    code = main(["verify", str(file), "--lang", lang])

    told = capsys.readouterr()
    assert (code, told.out) == (2, "")
    assert told.err == (
        f"{file}: {words} BUNDLE_UNREADABLE $: has bytes behind its end\n"
    )


def test_what_cannot_be_read_is_told_as_json_too(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_bytes(b"")

    code = main(["verify", str(file), "--json"])

    assert code == 2
    assert json.loads(capsys.readouterr().out) == {
        "code": "BUNDLE_UNREADABLE",
        "path": "$",
        "reason": "is no ZIP file",
    }


def test_a_file_that_is_not_there_exits_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", str(tmp_path / "none")]) == 2
    assert "No such file" in capsys.readouterr().err


@pytest.mark.parametrize("data", [b"\xff", b"hello"])
def test_a_receipt_that_is_none_exits_2(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes
) -> None:
    held = tmp_path / "receipt.txt"
    held.write_bytes(data)

    assert main(["verify", str(file), "--receipt", str(held)]) == 2
    assert "is no receipt" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--log-key", "--witness-key"])
def test_a_key_that_is_none_is_a_wrong_call(
    file: Path, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["verify", str(file), option, "x"])

    assert ended.value.code == 2
    assert "must be a key: name+key id+base64" in capsys.readouterr().err


def test_python_m_attribution_is_the_command(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["attribution", "verify", str(file)])

    with pytest.raises(SystemExit) as ended:
        runpy.run_module("attribution", run_name="__main__")

    assert ended.value.code == 0


def test_it_needs_no_database_no_network_and_no_web(file: Path) -> None:
    # Importing a blocked module raises, so the command would fail.
    program = (
        "import runpy, sys\n"
        f"sys.modules.update(dict.fromkeys({NOT_NEEDED!r}))\n"
        f"sys.argv = ['attribution', 'verify', {str(file)!r}]\n"
        "runpy.run_module('attribution', run_name='__main__')\n"
    )

    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
        encoding="utf-8",
        env={"PYTHONIOENCODING": "utf-8"},
    )

    assert (run.returncode, run.stderr) == (0, "")
    assert "RULING" in run.stdout


def test_a_forger_cannot_steer_the_terminal(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forged = BUNDLE.checkpoint.replace("hefu.test", "\x9b2J\u202e", 1)
    file.write_bytes(bundle_bytes(replace(BUNDLE, checkpoint=forged)))

    main(["verify", str(file), "--log-key", LOG.vkey()])

    told = capsys.readouterr().out
    assert r"\x9b2J\u202e" in told
    assert told.replace("\n", "").isprintable()


def test_a_terminal_that_knows_no_chinese_stops_nothing(file: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "attribution", "verify", str(file)],
        cwd=ROOT,
        capture_output=True,
        check=False,
        env={"PYTHONIOENCODING": "ascii"},
    )

    assert run.returncode == 0
    assert b"\\u" in run.stdout
