"""`python -m tokens verify`: one receipt, checked with nothing but the log's key."""

import json
import runpy
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tokens.checkpoints import sign_checkpoint
from tokens.command import main
from tokens.cosignatures import cosign, witness_of
from tokens.log import inclusion_proof, leaf_hash, nodes_of, root
from tokens.notes import verifier_of
from tokens.receipts import Opening, Receipt, receipt_of, receipt_text

NAME = "hefu.test/log"
KEY = Ed25519PrivateKey.from_private_bytes(b"l" * 32)
VKEY = verifier_of(NAME, KEY.public_key()).vkey()
OTHER = verifier_of(NAME, Ed25519PrivateKey.from_private_bytes(b"o" * 32).public_key())
WITNESS_KEY = Ed25519PrivateKey.from_private_bytes(b"w" * 32)
WITNESS = witness_of("witness.test/a", WITNESS_KEY.public_key())
FACT = Opening(
    kind="visit/v1",
    at=1_790_000_000_000_000,
    nonce=bytes(32),
    event='{"visit":"甲"}'.encode(),
)


def a_receipt(fact: Opening = FACT) -> Receipt:
    leaves = [leaf_hash(b"one"), leaf_hash(fact.entry()), leaf_hash(b"three")]
    note = sign_checkpoint(origin=NAME, size=3, root=root(leaves), key=KEY, name=NAME)
    line = cosign(note.partition("\n\n")[0] + "\n", WITNESS_KEY, WITNESS.name, 1)
    return receipt_of(
        fact,
        index=1,
        proof=tuple(inclusion_proof(1, 3, nodes_of(leaves))),
        checkpoint=note + line,
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "receipt.txt"
    path.write_text(receipt_text(a_receipt()), "utf-8")
    return path


def test_a_fact_of_the_log_is_proven_and_told(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["verify", str(file), "--log-key", VKEY])

    assert code == 0
    assert capsys.readouterr().out.splitlines() == [
        "已证明：在日志里",
        "log: hefu.test/log",
        "size: 3",
        "index: 1",
        "kind: visit/v1",
        "at: 2026-09-21T14:13:20.000000Z",
        'event: {"visit":"\\u7532"}',
        "witnesses: []",
    ]


def test_witnesses_are_named_and_counted(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["verify", str(file), "--log-key", VKEY, "--json", "--quorum", "1"]

    without = main(arguments)
    told = capsys.readouterr()
    with_witness = main([*arguments, "--witness-key", WITNESS.vkey()])

    assert (without, with_witness) == (1, 0)
    assert "QUORUM_MISSING" in told.err
    assert json.loads(capsys.readouterr().out)["witnesses"] == ["witness.test/a"]


def test_another_key_proves_nothing(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["verify", str(file), "--log-key", OTHER.vkey(), "--lang", "en"])

    assert code == 1
    assert capsys.readouterr().err == f"{file}: not proven CHECKPOINT_MALFORMED\n"


def test_another_place_proves_nothing(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(receipt_text(replace(a_receipt(), index=0)), "utf-8")

    assert main(["verify", str(file), "--log-key", VKEY]) == 1
    assert "LOG_PROOF_INVALID" in capsys.readouterr().err


@pytest.mark.parametrize("data", [b"", b"\xff", b"hello", None])
def test_what_is_no_receipt_exits_2(
    file: Path, capsys: pytest.CaptureFixture[str], data: bytes | None
) -> None:
    if data is None:
        file.write_text(receipt_text(replace(a_receipt(), extra=None)), "utf-8")
    else:
        file.write_bytes(data)

    assert main(["verify", str(file), "--log-key", VKEY]) == 2
    assert capsys.readouterr().err == f"{file}: 读不懂 RECEIPT_MALFORMED\n"


def test_a_file_that_is_not_there_exits_2(tmp_path: Path) -> None:
    assert main(["verify", str(tmp_path / "none"), "--log-key", VKEY]) == 2


@pytest.mark.parametrize("arguments", [[], ["--log-key", "x"]])
def test_a_call_without_a_key_is_wrong(file: Path, arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["verify", str(file), *arguments])

    assert ended.value.code == 2


def test_python_m_tokens_is_the_command(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["tokens", "verify", str(file), "--log-key", VKEY]
    monkeypatch.setattr(sys, "argv", arguments)

    with pytest.raises(SystemExit) as ended:
        runpy.run_module("tokens", run_name="__main__")

    assert ended.value.code == 0
