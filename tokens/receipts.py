"""Receipts 回执: a fact, its proof and a checkpoint in one text (C2SP tlog-proof).

Whoever holds one and the log's key can check it for ever, without us (receipt.md).
"""

import re
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Final

from tokens import cbor
from tokens.checkpoints import parse_proof, proof_lines
from tokens.errors import CborMalformed, CheckpointMalformed, ReceiptMalformed
from tokens.fields import event_of, fields_of
from tokens.log import HASH_SIZE, entry_bytes, leaf_hash, verify_inclusion
from tokens.notes import MAXIMUM_NOTE_SIZE, decode_base64
from tokens.trust import Trust, TrustedHead, open_checkpoint

_HEADER: Final = "c2sp.org/tlog-proof@v1"
_INDEX: Final = re.compile(r"index (0|[1-9][0-9]{0,18})")
_AS_BYTES: Final = 1
_AS_FIELDS: Final = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """What opens an entry of the log: the fact, and the nonce it was committed with.

    `at` is microseconds since 1970-01-01 UTC; `event` the fact's canonical JSON.
    """

    kind: str
    at: int
    nonce: bytes = field(repr=False)
    event: bytes = field(repr=False)

    def entry(self) -> bytes:
        """Return the entry of the log that this opens (log.md §1)."""
        return entry_bytes(self.kind, self.at, self.nonce, self.event)


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """A proof that a leaf stands at an index of the tree of a checkpoint."""

    index: int
    proof: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = field(default=None, repr=False)


def receipt_of(
    opening: Opening, *, index: int, proof: tuple[bytes, ...], checkpoint: str
) -> Receipt:
    """Return the receipt of one fact, its fields spelled short where they can be."""
    fields = fields_of(opening.event)
    version, event = _AS_FIELDS, fields
    if fields is None:
        version, event = _AS_BYTES, opening.event
    extra = cbor.encode([version, opening.kind, opening.at, opening.nonce, event])
    return Receipt(index=index, proof=proof, checkpoint=checkpoint, extra=extra)


def opening_of(receipt: Receipt) -> Opening:
    """Return the fact that a receipt carries, or raise ReceiptMalformed."""
    try:
        value = cbor.decode(receipt.extra or b"")
    except CborMalformed:
        raise ReceiptMalformed from None
    match value:
        case [int(version), str(kind), int(at), bytes(nonce), event] if (
            type(at) is int and at >= 0 and len(nonce) == HASH_SIZE
        ):
            return Opening(kind=kind, at=at, nonce=nonce, event=_event(version, event))
    raise ReceiptMalformed


def _event(version: int, value: cbor.Cbor) -> bytes:
    match version, value:
        case (1, bytes(event)) if type(version) is int:
            return event
        case (2, dict(fields)):
            return event_of(fields)
    raise ReceiptMalformed


def receipt_text(receipt: Receipt) -> str:
    """Return the text of a receipt."""
    extra = receipt.extra
    lines = [
        _HEADER,
        *([] if extra is None else [f"extra {b64encode(extra).decode()}"]),
        f"index {receipt.index}",
        *proof_lines(receipt.proof),
    ]
    return "\n".join([*lines, "", receipt.checkpoint])


def parse_receipt(text: str) -> Receipt:
    """Return what a text says, not yet checked, or raise ReceiptMalformed."""
    if len(text) > MAXIMUM_NOTE_SIZE:
        raise ReceiptMalformed
    head, gap, checkpoint = text.partition("\n\n")
    header, *lines = head.split("\n")
    if not gap or not checkpoint or header != _HEADER or not lines:
        raise ReceiptMalformed
    try:
        extra = None
        if lines[0].startswith("extra "):
            extra = decode_base64(lines.pop(0).removeprefix("extra "))
        index = _INDEX.fullmatch(lines.pop(0) if lines else "")
        proof = parse_proof(lines)
    except CheckpointMalformed:
        raise ReceiptMalformed from None
    if index is None:
        raise ReceiptMalformed
    return Receipt(index=int(index[1]), proof=proof, checkpoint=checkpoint, extra=extra)


def verify_receipt(receipt: Receipt, trust: Trust) -> TrustedHead:
    """Check that a receipt's fact is in the log, and return the head that proves it.

    Raises:
        ReceiptMalformed: it carries no fact.
        LogProofInvalid: the fact is not where the receipt says.
        CheckpointMalformed, SignatureInvalid, KeyCompromised, QuorumMissing: the
            checkpoint is not one to trust.
    """
    opening = opening_of(receipt)
    head = open_checkpoint(receipt.checkpoint, trust)
    verify_inclusion(
        leaf=leaf_hash(opening.entry()),
        index=receipt.index,
        size=head.checkpoint.size,
        proof=receipt.proof,
        root=head.checkpoint.root,
    )
    return head
