"""`python -m tokens verify FILE…`: check receipts 回执 and promises, without us.

Needs nothing but this folder and the crypto library. Exit status: 0 every receipt is
proven and every promise kept by one of them, 1 one is not, 2 a file cannot be read.
"""

import argparse
import json
import re
import sys
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Final

from tokens.checker_words import (
    FILE_UNREADABLE,
    LOG_KEY_MISSING,
    LOG_KEY_UNKNOWN,
    WORDS,
)
from tokens.checkpoints import Checkpoint, parse_checkpoint
from tokens.cosignatures import Witness, parse_witness
from tokens.errors import (
    CheckpointMalformed,
    KeyCompromised,
    PromiseMalformed,
    ReceiptMalformed,
    TokenError,
)
from tokens.links import text_in_link
from tokens.log import leaf_hash, verify_inclusion
from tokens.notes import MAXIMUM_NOTE_SIZE, parse_note
from tokens.promises import Promise, parse_promise, promise_bytes, verify_promise
from tokens.receipts import (
    Opening,
    Receipt,
    opening_of,
    parse_receipt,
    verify_receipt,
)
from tokens.terminal import printable, write
from tokens.trust import LogKey, Trust, TrustedHead, parse_log_key

_PROVEN, _NOT_PROVEN, _UNREADABLE = 0, 1, 2
_PROMISE: Final = re.compile(r"[A-Za-z0-9_-]+")
_BYTES_IN_A_CHARACTER: Final = 4
_SHANGHAI: Final = timezone(timedelta(hours=8))
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What one file comes to. Nothing but `file` is known of an unreadable one."""

    file: str
    refusal: str | None = None
    opening: Opening | None = None
    receipt: Receipt | None = None
    claimed: Checkpoint | None = None
    head: TrustedHead | None = None
    promise: Promise | None = None

    @property
    def is_readable(self) -> bool:
        """Say whether it is a receipt or a promise at all."""
        return self.opening is not None or self.promise is not None

    @property
    def is_promised(self) -> bool:
        """Say whether it is a promise, signed by a trusted key."""
        return self.promise is not None and self.refusal is None

    @property
    def is_proven(self) -> bool:
        """Say whether the fact is in the log, by trusted keys."""
        return self.head is not None


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the receipts, tell what was found, and return the exit status."""
    asked = _parser().parse_args(arguments)
    trust = Trust(
        log_keys=tuple(asked.log_key),
        witnesses=tuple(asked.witness_key),
        quorum=asked.quorum,
    )
    findings = [examine(file, trust) for file in asked.files]
    forks, kept = forks_among(findings), kept_among(findings)
    if asked.json:
        told = {
            "files": [_as_json(one, kept) for one in findings],
            "forks": [[one.file for one in fork] for fork in forks],
        }
        write(sys.stdout, json.dumps(told, ensure_ascii=False, indent=2) + "\n")
    else:
        words = WORDS[asked.lang]
        for line in [*_told(findings, kept, words), *_forks(forks, words)]:
            write(sys.stdout, line + "\n")
    return _status(findings, forks, kept)


def examine(file: str, trust: Trust) -> Finding:
    """Return what one file comes to: a receipt, a link to one, or a promise."""
    try:
        text = _text_of(file)
        if (promise := _promise_in(text)) is not None:
            return _promised(file, promise, trust)
        if text.lstrip().startswith(("https://", "http://")):
            text = text_in_link(text)
        receipt = parse_receipt(text)
        opening = opening_of(receipt)
        claimed = parse_checkpoint(parse_note(receipt.checkpoint)[0])
    except (OSError, UnicodeDecodeError):
        return Finding(file=file, refusal=FILE_UNREADABLE)
    except (ReceiptMalformed, CheckpointMalformed, PromiseMalformed) as malformed:
        return Finding(file=file, refusal=malformed.code)
    head, refusal = _proven(receipt, opening, claimed, trust)
    return Finding(
        file=file,
        refusal=refusal,
        opening=opening,
        receipt=receipt,
        claimed=claimed,
        head=head,
    )


def _text_of(file: str) -> str:
    """Read a file, but no more of it than a receipt can have."""
    with Path(file).open("rb") as opened:
        return opened.read(_BYTES_IN_A_CHARACTER * MAXIMUM_NOTE_SIZE + 1).decode()


def _promise_in(text: str) -> bytes | None:
    """Return the promise in a text: alone, or in the answer to a write; else None."""
    told: object = text.strip()
    if text.lstrip().startswith("{"):
        try:
            told = json.loads(text)
        except (ValueError, RecursionError):
            raise PromiseMalformed from None
        while isinstance(told, dict):
            told = told.get("promise")
        if not isinstance(told, str):
            raise PromiseMalformed
    return promise_bytes(str(told)) if _PROMISE.fullmatch(str(told)) else None


def _promised(file: str, data: bytes, trust: Trust) -> Finding:
    """Check a promise with the key that it names."""
    promise = parse_promise(data)
    keys = [k for k in trust.log_keys if k.verifier.key_id() == promise.key_id]
    refusal = None if keys else LOG_KEY_UNKNOWN if trust.log_keys else LOG_KEY_MISSING
    try:
        if keys:
            verify_promise(data, keys[0].verifier.key)
            # Whoever held the key may have written any date.
            refusal = None if keys[0].compromised_at is None else KeyCompromised.code
    except TokenError as refused:
        refusal = refused.code
    return Finding(file=file, refusal=refusal, promise=promise)


def kept_among(findings: Sequence[Finding]) -> dict[bytes, str]:
    """Return the files of proven receipts, by the leaf hash of what they prove."""
    return {
        leaf_hash(one.opening.entry()): one.file
        for one in findings
        if one.is_proven and one.opening
    }


def forks_among(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Return the proven receipts of one log, one size and different roots."""
    groups: dict[tuple[str, int], list[Finding]] = {}
    for one in findings:
        if one.head is not None:
            checkpoint = one.head.checkpoint
            groups.setdefault((checkpoint.origin, checkpoint.size), []).append(one)
    return [
        group
        for group in groups.values()
        if len({one.head.checkpoint.root for one in group if one.head}) > 1
    ]


def _proven(
    receipt: Receipt, opening: Opening, claimed: Checkpoint, trust: Trust
) -> tuple[TrustedHead | None, str | None]:
    try:
        if trust.log_keys:
            return verify_receipt(receipt, trust), None
        verify_inclusion(
            leaf=leaf_hash(opening.entry()),
            index=receipt.index,
            size=claimed.size,
            proof=receipt.proof,
            root=claimed.root,
        )
    except CheckpointMalformed:
        # The note is whole, so what is malformed about it is whose it is.
        return None, LOG_KEY_UNKNOWN
    except TokenError as refused:
        return None, refused.code
    return None, LOG_KEY_MISSING


def _status(
    findings: Sequence[Finding], forks: Sequence[object], kept: Mapping[bytes, str]
) -> int:
    if not all(one.is_readable for one in findings):
        return _UNREADABLE
    is_good = not forks and all(
        one.is_proven or _is_kept(one, kept) for one in findings
    )
    return _PROVEN if is_good else _NOT_PROVEN


def _is_kept(one: Finding, kept: Mapping[bytes, str]) -> bool:
    """Say whether it is a promise, and one of the receipts proves what it promised."""
    promise = one.promise if one.is_promised else None
    return promise is not None and promise.entry_hash in kept


def _word(one: Finding) -> str:
    if one.is_proven:
        return "proven"
    if one.is_promised:
        return "promised"
    return "not" if one.is_readable else "unreadable"


def _told(
    findings: Sequence[Finding], kept: Mapping[bytes, str], words: Mapping[str, str]
) -> list[str]:
    lines: list[str] = []
    for one in findings:
        lines.append(f"{words[_word(one)]}  {printable(one.file)}")
        if one.refusal is not None:
            lines.append(f"  {words[one.refusal]}")
        lines += [f"  {line}" for line in _details(one, words)]
        lines += [f"  {line}" for line in _owed(one, kept, words)]
    return lines


def _owed(
    one: Finding, kept: Mapping[bytes, str], words: Mapping[str, str]
) -> list[str]:
    """Say what a promise comes to: kept, or a proof that is owed."""
    promise = one.promise
    if promise is None:
        return []
    lines = [words["accepted"].format(at=_instant(promise.at_microseconds))]
    if not one.is_promised:
        return lines
    if promise.entry_hash in kept:
        file = printable(kept[promise.entry_hash])
        return [*lines, words["kept"].format(file=file)]
    return [*lines, words["owed"].format(due=_instant(promise.due_microseconds))]


def _forks(forks: Sequence[Sequence[Finding]], words: Mapping[str, str]) -> list[str]:
    lines: list[str] = []
    for fork in forks:
        files = ", ".join(printable(one.file) for one in fork)
        lines += [
            words["fork"].format(
                origin=printable(head.origin), size=head.size, files=files
            )
            for head in (one.head.checkpoint for one in fork[:1] if one.head)
        ]
    return lines


def _details(one: Finding, words: Mapping[str, str]) -> list[str]:
    if one.opening is None or one.receipt is None or one.claimed is None:
        return []
    opening, head = one.opening, one.claimed
    event = printable(opening.event.decode(errors="backslashreplace"))
    where = {
        "origin": printable(head.origin),
        "index": one.receipt.index,
        "size": head.size,
    }
    lines = [
        f"{words['fact']}: {printable(opening.kind)}  {_instant(opening.at)}",
        f"  {event}",
        words["entry"].format(**where),
        words["root"].format(root=b64encode(head.root).decode()),
    ]
    if one.head is not None:
        key = one.head.log_key
        stolen = "" if key.compromised_at is None else words["stolen"]
        lines.append(words["key"].format(vkey=key.verifier.vkey()) + stolen)
        lines += [
            words["witness"].format(
                name=seen.witness.name, at=_instant(seen.at_seconds * 1_000_000)
            )
            for seen in one.head.cosignatures
        ] or [words["nobody"]]
    return lines


def _as_json(one: Finding, kept: Mapping[bytes, str]) -> dict[str, object]:
    told: dict[str, object] = {
        "file": one.file,
        "proven": one.is_proven,
        "refusal": one.refusal,
    }
    if one.opening and one.receipt and one.claimed:
        told |= {
            "kind": one.opening.kind,
            "at": one.opening.at,
            "event": one.opening.event.decode(errors="backslashreplace"),
            "origin": one.claimed.origin,
            "index": one.receipt.index,
            "size": one.claimed.size,
            "root": one.claimed.root.hex(),
        }
    if one.promise is not None:
        told |= {
            "promised": one.is_promised,
            "kept": _is_kept(one, kept),
            "entry_hash": one.promise.entry_hash.hex(),
            "at": one.promise.at_microseconds,
            "due": one.promise.due_microseconds,
        }
    if one.head is not None:
        told |= {
            "log_key": one.head.log_key.verifier.vkey(),
            "cosignatures": [
                {"witness": seen.witness.name, "at": seen.at_seconds}
                for seen in one.head.cosignatures
            ],
        }
    return told


def _instant(microseconds: int) -> str:
    """Return an instant as the clocks in Shanghai show it; the number if it is none."""
    try:
        at = (_EPOCH + timedelta(microseconds=microseconds)).astimezone(_SHANGHAI)
    except OverflowError:
        return str(microseconds)
    return f"{at:%Y-%m-%d %H:%M:%S} UTC+8"


def _log_key(text: str) -> LogKey:
    try:
        return parse_log_key(text)
    except CheckpointMalformed:
        raise argparse.ArgumentTypeError("no key of a log") from None


def _witness_key(text: str) -> Witness:
    try:
        return parse_witness(text)
    except CheckpointMalformed:
        raise argparse.ArgumentTypeError("no key of a witness") from None


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError("no number of witnesses")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tokens", description=__doc__)
    verify = parser.add_subparsers(required=True).add_parser(
        "verify", help="check receipts 核对回执 and promises"
    )
    verify.add_argument("files", nargs="+", metavar="FILE")
    verify.add_argument(
        "--log-key",
        action="append",
        default=[],
        type=_log_key,
        metavar="VKEY[@INSTANT]",
        help="a key of the log; with the instant from which others held it",
    )
    verify.add_argument(
        "--witness-key",
        action="append",
        default=[],
        type=_witness_key,
        metavar="VKEY",
        help="a witness you trust",
    )
    verify.add_argument(
        "--quorum",
        type=_count,
        default=0,
        metavar="N",
        help="how many of the witnesses must have seen it",
    )
    verify.add_argument("--json", action="store_true", help="for programs")
    verify.add_argument("--lang", choices=sorted(WORDS), default="zh")
    return parser


if __name__ == "__main__":
    sys.exit(main())
