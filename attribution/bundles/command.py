"""`python -m attribution verify FILE`: the offline checker as a command.

Exit codes: 0 all proven or only stated, 1 something missing or contradicted, 2 the
file cannot be read or the command was called wrongly.
"""

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from attribution.bundles.archive import LARGEST_FILE
from attribution.bundles.bundle import parse_bundle
from attribution.bundles.check import HeldReceipt, check_bundle
from attribution.bundles.findings import EvidenceFinding, is_good
from attribution.bundles.heads import Trusted
from attribution.bundles.wording import render_findings, sentence
from attribution.errors import BundleUnreadable
from tokens.cosignatures import parse_witness
from tokens.errors import CheckpointMalformed, ReceiptMalformed
from tokens.receipts import parse_receipt
from tokens.terminal import printable, write
from tokens.trust import parse_log_key

_GOOD, _BAD, _UNREADABLE = 0, 1, 2

Key = TypeVar("Key")


def main(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code."""
    asked = _parser().parse_args(arguments)
    try:
        findings = _checked(asked)
    except BundleUnreadable as refusal:
        _tell_unreadable(refusal, asked)
        return _UNREADABLE
    good = is_good(findings)
    if asked.json:
        told = {"is_good": good, "findings": [_told(one) for one in findings]}
        write(sys.stdout, json.dumps(told, ensure_ascii=False) + "\n")
    else:
        write(sys.stdout, render_findings(findings, asked.lang))
    return _GOOD if good else _BAD


def _checked(asked: Namespace) -> list[EvidenceFinding]:
    bundle = parse_bundle(_bytes_of(asked.file))
    receipts = [_receipt(file) for file in asked.receipt]
    trusted = Trusted(log_keys=tuple(asked.log_key), witnesses=tuple(asked.witness_key))
    return check_bundle(bundle, trusted, receipts)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="python -m attribution",
        description="Check evidence of a ruling 判客证据, offline and without us.",
    )
    commands = parser.add_subparsers(required=True)
    verify = commands.add_parser(
        "verify",
        help="check an evidence bundle 证据包, line by line",
        description="Check an evidence bundle 证据包. Exit 0: all proven or only "
        "stated; 1: something missing or contradicted; 2: unreadable.",
    )
    verify.add_argument("file", type=Path, metavar="FILE")
    verify.add_argument(
        "--log-key",
        type=_key(parse_log_key),
        action="append",
        default=[],
        metavar="VKEY[@INSTANT]",
        help="the log's key, from the contract or a witness, with the instant from "
        "which others held it; may be given again",
    )
    verify.add_argument(
        "--witness-key",
        type=_key(parse_witness),
        action="append",
        default=[],
        metavar="VKEY",
        help="a witness who must have cosigned; may be given again",
    )
    verify.add_argument(
        "--receipt",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a receipt 回执 whose fact must have been weighed; may be given again",
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


def _bytes_of(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            # One byte more than is allowed shows that there are too many.
            return opened.read(LARGEST_FILE + 1)
    except OSError as failure:
        raise BundleUnreadable(str(file), str(failure.strerror)) from None


def _receipt(file: Path) -> HeldReceipt:
    try:
        receipt = parse_receipt(_bytes_of(file).decode())
    except (UnicodeDecodeError, ReceiptMalformed):
        raise BundleUnreadable(str(file), "is no receipt") from None
    return HeldReceipt(name=file.name, receipt=receipt)


def _tell_unreadable(refusal: BundleUnreadable, asked: Namespace) -> None:
    if asked.json:
        told = {"code": refusal.code, "path": refusal.path, "reason": refusal.reason}
        write(sys.stdout, json.dumps(told, ensure_ascii=False) + "\n")
        return
    words = {"zh": "读不懂", "en": "unreadable"}[asked.lang]
    line = f"{asked.file}: {words} {refusal.code} {refusal}"
    write(sys.stderr, printable(line) + "\n")


def _told(finding: EvidenceFinding) -> dict[str, str]:
    return {
        "code": finding.code,
        "verdict": finding.verdict,
        "about": finding.about,
        "zh": sentence(finding, "zh"),
        "en": sentence(finding, "en"),
    }
