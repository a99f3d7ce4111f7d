"""`python -m tokens verify FILE`: check one receipt 回执, offline and without us.

Exit codes: 0 the fact is in the log, 1 it is not proven, 2 the file cannot be read or
the command was called wrongly.
"""

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO, TypeVar

from tokens.cosignatures import parse_witness
from tokens.errors import CheckpointMalformed, ReceiptMalformed, TokenError
from tokens.notes import MAXIMUM_NOTE_SIZE, parse_vkey
from tokens.receipts import Receipt, opening_of, parse_receipt, verify_receipt
from tokens.trust import LogKey, Trust, TrustedHead

_PROVEN, _NOT_PROVEN, _UNREADABLE = 0, 1, 2
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 7_258_118_400_000_000
"""1 January 2200: what a clock says beyond it, no calendar can show."""
_BYTES_IN_A_CHARACTER = 4
_WORDS = {
    "zh": ("已证明：在日志里", "未证明", "读不懂"),
    "en": ("proven: it is in the log", "not proven", "unreadable"),
}

Key = TypeVar("Key")


def main(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code."""
    asked = _parser().parse_args(arguments)
    proven, not_proven, unreadable = _WORDS[asked.lang]
    try:
        receipt = parse_receipt(_text_of(asked.file))
        opening_of(receipt)
    except (OSError, UnicodeDecodeError, ReceiptMalformed):
        _write(sys.stderr, f"{asked.file}: {unreadable} {ReceiptMalformed.code}\n")
        return _UNREADABLE
    trust = Trust(
        log_keys=tuple(LogKey(verifier=key) for key in asked.log_key),
        witnesses=tuple(asked.witness_key),
        quorum=asked.quorum,
    )
    try:
        head = verify_receipt(receipt, trust)
    except TokenError as refusal:
        _write(sys.stderr, f"{asked.file}: {not_proven} {refusal.code}\n")
        return _NOT_PROVEN
    told = _told(receipt, head)
    if asked.json:
        _write(sys.stdout, json.dumps(told, ensure_ascii=False) + "\n")
    else:
        lines = [f"{name}: {value}" for name, value in told.items()]
        _write(sys.stdout, "\n".join([proven, *lines]) + "\n")
    return _PROVEN


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="python -m tokens",
        description="Check one receipt 回执, offline and without us.",
    )
    commands = parser.add_subparsers(required=True)
    verify = commands.add_parser(
        "verify",
        help="check that the fact of a receipt is in the log",
        description="Check a receipt 回执. Exit 0: its fact is in the log; 1: that is "
        "not proven; 2: unreadable.",
    )
    verify.add_argument("file", type=Path, metavar="FILE")
    verify.add_argument(
        "--log-key",
        type=_key(parse_vkey),
        action="append",
        required=True,
        metavar="VKEY",
        help="the log's key, from the contract or a witness; may be given again",
    )
    verify.add_argument(
        "--witness-key",
        type=_key(parse_witness),
        action="append",
        default=[],
        metavar="VKEY",
        help="a witness whose cosignature counts; may be given again",
    )
    verify.add_argument(
        "--quorum",
        type=int,
        default=0,
        metavar="N",
        help="how many of these witnesses must have cosigned",
    )
    verify.add_argument("--lang", choices=("zh", "en"), default="zh")
    verify.add_argument("--json", action="store_true", help="one JSON document")
    return parser


def _key(parse: Callable[[str], Key]) -> Callable[[str], Key]:
    """Return a parser of keys that refuses in the words of the command line."""

    def read(text: str) -> Key:
        try:
            return parse(text)
        except CheckpointMalformed:
            raise ArgumentTypeError("must be a key: name+key id+base64") from None

    return read


def _text_of(file: Path) -> str:
    with file.open("rb") as opened:
        return opened.read(MAXIMUM_NOTE_SIZE * _BYTES_IN_A_CHARACTER + 1).decode()


def _told(receipt: Receipt, head: TrustedHead) -> dict[str, object]:
    """Return what a receipt proves; its fact as text that any line can show."""
    opening = opening_of(receipt)
    at = _EPOCH + timedelta(microseconds=min(opening.at, _LATEST))
    return {
        "log": head.checkpoint.origin,
        "size": head.checkpoint.size,
        "index": receipt.index,
        "kind": ascii(opening.kind).strip("'"),
        "at": at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "event": ascii(opening.event.decode("utf-8", "backslashreplace")).strip("'"),
        "witnesses": [one.witness.name for one in head.cosignatures],
    }


def _write(stream: TextIO, text: str) -> None:
    """Write a text; what a terminal cannot show is escaped, and stops nothing."""
    encoding = stream.encoding or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
