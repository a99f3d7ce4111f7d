"""`python -m tokens verify`: what it says, its exit status, and what it needs."""

import json
import runpy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tests.tokens.mutants import (
    LOG,
    LOG_KEY,
    OPENING,
    SEEN_AT,
    WITNESSES,
    cosigned,
    key,
    receipt_at,
)
from tokens.__main__ import main
from tokens.checker_words import WORDS
from tokens.links import receipt_link
from tokens.log import leaf_hash, root
from tokens.notes import verifier_of
from tokens.promises import Promise, promise_text, sign_promise
from tokens.receipts import Opening, Receipt, receipt_text

Case: TypeAlias = tuple[Receipt | str, tuple[str, ...], int, str]
ROOT = Path(__file__).parents[2]
KEY = ("--log-key", LOG.verifier.vkey())
OTHER_LOG = verifier_of("hefu.example/other", key("other").public_key()).vkey()
BOTH = tuple(part for one in WITNESSES for part in ("--witness-key", one.vkey()))
# Refuses whatever the checker must do without, then runs it.
ALONE = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"flask", "sqlalchemy", "attribution", "web"}:
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
from tokens.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def stored(folder: Path, receipt: Receipt | str, name: str = "one") -> str:
    path = folder / f"{name}.tlog-proof"
    text = receipt if isinstance(receipt, str) else receipt_text(receipt)
    path.write_text(text, "utf-8")
    return str(path)


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    status = main(["verify", *arguments])
    return status, capsys.readouterr().out


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    status, text = told(capsys, *arguments, "--json")
    return status, json.loads(text)


def test_a_good_receipt_is_proven(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = stored(tmp_path, receipt_at(5, 7))

    status, text = told(capsys, file, *KEY, *BOTH, "--quorum", "2", "--lang", "en")

    assert status == 0
    assert f"PROVEN  {file}" in text
    assert "visit/v1  2026-09-21 22:13:20 UTC+8" in text
    assert OPENING.event.decode() in text
    assert "entry #5 of log hefu.example/log, of 7 entries" in text
    assert LOG.verifier.vkey() in text
    assert "agency.example/w saw it at 2026-09-21 22:13:20" in text


def test_it_says_the_same_to_programs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = stored(tmp_path, receipt_at(5, 7))

    status, answer = as_json(capsys, file, *KEY, *BOTH)

    found = answer["files"][0]
    assert (status, answer["forks"]) == (0, [])
    assert found["proven"] is True
    assert (found["kind"], found["at"]) == ("visit/v1", OPENING.at)
    assert json.loads(found["event"]) == json.loads(OPENING.event)
    assert (found["origin"], found["index"], found["size"]) == (LOG.verifier.name, 5, 7)
    assert found["log_key"] == LOG.verifier.vkey()
    assert found["cosignatures"] == [
        {"witness": one.name, "at": SEEN_AT} for one in WITNESSES
    ]


def test_the_link_of_a_receipt_is_read_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    link = receipt_link("https://x.example/verify", receipt_text(receipt_at(5, 7)))

    status, text = told(capsys, stored(tmp_path, f"{link}\n"), *KEY)

    assert status == 0
    assert "已证明" in text
    assert WORDS["zh"]["nobody"] in text


@pytest.mark.parametrize(
    "case",
    [
        (receipt_at(5, 7), (), 1, "LOG_KEY_MISSING"),
        (replace(receipt_at(5, 7), index=4), (), 1, "LOG_PROOF_INVALID"),
        (replace(receipt_at(5, 7), index=4), KEY, 1, "LOG_PROOF_INVALID"),
        (receipt_at(5, 7), (*KEY, "--quorum", "1"), 1, "QUORUM_MISSING"),
        (
            receipt_at(5, 7),
            ("--log-key", f"{LOG.verifier.vkey()}@2026-01-01T00:00:00Z", *BOTH),
            1,
            "KEY_COMPROMISED",
        ),
        (
            receipt_at(0, 1, checkpoint=cosigned(1, bytes(32), key("stranger"))),
            KEY,
            1,
            "LOG_KEY_UNKNOWN",
        ),
        (receipt_at(5, 7, extra=b"x"), KEY, 2, "RECEIPT_MALFORMED"),
        (receipt_at(5, 7, checkpoint="none\n"), KEY, 2, "CHECKPOINT_MALFORMED"),
        ("no receipt", KEY, 2, "RECEIPT_MALFORMED"),
        ("https://x.example/verify#AAAA", KEY, 2, "RECEIPT_MALFORMED"),
    ],
)
def test_what_is_not_proven_is_told_apart_from_what_cannot_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], case: Case
) -> None:
    receipt, options, status, refusal = case
    file = stored(tmp_path, receipt)

    assert as_json(capsys, file, *options)[0] == status
    assert as_json(capsys, file, *options)[1]["files"][0]["refusal"] == refusal
    for language in ("zh", "en"):
        text = told(capsys, file, *options, "--lang", language)[1]
        assert WORDS[language][refusal] in text


@pytest.mark.parametrize("data", [None, b"\xff"])
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes | None
) -> None:
    path = tmp_path / "file"
    if data is not None:
        path.write_bytes(data)

    status, text = told(capsys, str(path), *KEY)

    assert status == 2
    assert f"读不出  {path}" in text


def test_a_key_that_was_stolen_counts_before_that(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stolen = ("--log-key", f"{LOG.verifier.vkey()}@2026-12-01T08:00:00+08:00")

    status, text = told(capsys, stored(tmp_path, receipt_at(5, 7)), *stolen, *BOTH)

    assert status == 0
    assert WORDS["zh"]["stolen"] in text


def test_two_histories_of_one_log_are_called_a_fork(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = replace(OPENING, event=b'{"visit":"another"}')
    files = (
        stored(tmp_path, receipt_at(5, 7), "one"),
        stored(tmp_path, receipt_at(5, 7, other), "two"),
        stored(tmp_path, receipt_at(0, 1), "three"),
    )

    status, text = told(capsys, *files, *KEY, "--lang", "en")

    assert status == 1
    assert text.count("\nFORK!") == 1
    assert f"7 entries: {files[0]}, {files[1]}." in text
    assert as_json(capsys, *files, *KEY)[1]["forks"] == [list(files[:2])]
    assert told(capsys, files[0], files[2], *KEY)[0] == 0


def test_an_instant_beyond_all_calendars_is_shown_as_a_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    opening = Opening(kind="visit/v1", at=2**63, nonce=bytes(32), event=b"\xff")
    note = cosigned(1, root([leaf_hash(opening.entry())]))
    receipt = receipt_at(0, 1, opening, checkpoint=note)

    assert f"visit/v1  {2**63}" in told(capsys, stored(tmp_path, receipt), *KEY)[1]


def test_a_forger_cannot_steer_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    event = b'{"a":"\xe2\x80\xae"}\x1b[2J'
    opening = Opening(kind="visit\r\x1b[1A", at=1, nonce=bytes(32), event=event)

    receipt = receipt_at(5, 7, opening)
    forged = receipt.checkpoint.replace("hefu.example", "\x9b2J\u202e", 1)

    text = told(capsys, stored(tmp_path, replace(receipt, checkpoint=forged)), *KEY)[1]

    assert r"visit\r\x1b[1A" in text
    assert r'{"a":"\u202e"}\x1b[2J' in text
    assert r"\x9b2J\u202e" in text
    assert text.replace("\n", "").isprintable()


# -- promises --

ENTRY_AT, DUE = OPENING.at, OPENING.at + 60_000_000
PROMISED = Promise(
    entry_hash=leaf_hash(OPENING.entry()),
    at_microseconds=ENTRY_AT,
    due_microseconds=DUE,
    key_id=LOG.verifier.key_id(),
)
PROMISE = promise_text(sign_promise(PROMISED, LOG_KEY))


@pytest.mark.parametrize(
    "text",
    [
        f"{PROMISE}\n",
        json.dumps({"entry": "e", "promise": PROMISE}),
        json.dumps({"visit_id": "v", "promise": {"entry": "e", "promise": PROMISE}}),
    ],
    ids=["the text alone", "with its entry", "the answer to a write"],
)
def test_a_promise_says_until_when_the_log_owes_a_proof(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = stored(tmp_path, text)

    status, shown = told(capsys, file, *KEY, "--lang", "en")

    assert status == 1
    assert f"PROMISED  {file}" in shown
    assert "accepted this entry at 2026-09-21 22:13:20" in shown
    assert "owes a proof, before 2026-09-21 22:14:20" in shown
    assert "evidence against the log" in shown
    assert "日志欠一份证明，最迟 2026-09-21 22:14:20" in told(capsys, file, *KEY)[1]


def test_a_promise_is_kept_by_the_receipt_of_its_entry_and_no_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    promise = stored(tmp_path, PROMISE, "promise")
    own = stored(tmp_path, receipt_at(5, 7), "own")
    another = replace(OPENING, at=OPENING.at + 1)
    foreign = stored(tmp_path, receipt_at(5, 7, another), "foreign")

    kept, shown = told(capsys, promise, own, *KEY, "--lang", "en")
    owed, answer = as_json(capsys, promise, foreign, *KEY)
    unproven, _ = told(capsys, promise, own)

    assert (kept, f"kept: {own} is its proof" in shown) == (0, True)
    assert "owes" not in shown
    found = answer["files"][0]
    assert (owed, found["promised"], found["kept"]) == (1, True, False)
    assert (found["at"], found["due"]) == (ENTRY_AT, DUE)
    assert found["entry_hash"] == PROMISED.entry_hash.hex()
    assert unproven == 1


@pytest.mark.parametrize(
    "case",
    [
        (PROMISE, (), 1, "LOG_KEY_MISSING"),
        (PROMISE, ("--log-key", OTHER_LOG), 1, "LOG_KEY_UNKNOWN"),
        (
            promise_text(sign_promise(PROMISED, key("thief"))),
            KEY,
            1,
            "SIGNATURE_INVALID",
        ),
        (
            PROMISE,
            ("--log-key", f"{LOG.verifier.vkey()}@2030-01-01T00:00:00Z"),
            1,
            "KEY_COMPROMISED",
        ),
        ("abc", KEY, 2, "PROMISE_MALFORMED"),
        ("{", KEY, 2, "PROMISE_MALFORMED"),
        ('{"promise": 1}', KEY, 2, "PROMISE_MALFORMED"),
        ('{"promise": "no promise"}', KEY, 2, "RECEIPT_MALFORMED"),
    ],
)
def test_what_is_not_promised_is_named(
    case: tuple[str, tuple[str, ...], int, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    text, keys, status, refusal = case
    file = stored(tmp_path, text)

    found, answer = as_json(capsys, file, *keys)
    _, shown = told(capsys, file, *keys)

    assert (found, answer["files"][0]["refusal"]) == (status, refusal)
    assert WORDS["zh"][refusal] in shown
    assert "欠一份证明" not in shown


def test_a_terminal_without_chinese_is_written_to(tmp_path: Path) -> None:
    file = stored(tmp_path, receipt_at(5, 7))
    command = [sys.executable, "-m", "tokens", "verify", file, *KEY]

    finished = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        check=False,
        env={"PYTHONIOENCODING": "ascii"},
    )

    assert (finished.returncode, finished.stderr) == (0, b"")
    assert rb"\u5df2\u8bc1\u660e" in finished.stdout


@pytest.mark.parametrize(
    "options",
    [
        ("--log-key", "nonsense"),
        ("--log-key", f"{LOG.verifier.vkey()}@yesterday"),
        ("--log-key", f"{LOG.verifier.vkey()}@2026-01-01T00:00:00"),
        ("--witness-key", LOG.verifier.vkey()),
        ("--quorum", "-1"),
    ],
)
def test_a_wrong_option_is_a_mistake_of_use(options: tuple[str, str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(["verify", "file", *options])

    assert refused.value.code == 2


def test_it_needs_this_folder_and_the_crypto_library_alone(tmp_path: Path) -> None:
    file = stored(tmp_path, receipt_at(5, 7))
    command = [sys.executable, "-c", ALONE, "verify", file, *KEY]

    finished = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert finished.stderr == ""
    assert finished.returncode == 0
    assert "已证明" in finished.stdout


def test_it_runs_as_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["tokens", "verify", str(tmp_path / "none")])
    monkeypatch.delitem(sys.modules, "tokens.__main__")

    with pytest.raises(SystemExit) as ended:
        runpy.run_module("tokens", run_name="__main__")

    assert ended.value.code == 2


def test_every_refusal_is_worded_in_both_languages() -> None:
    assert set(WORDS["zh"]) == set(WORDS["en"])
