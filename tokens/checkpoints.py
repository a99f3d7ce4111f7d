"""Checkpoints: signed tree heads of the log (C2SP tlog-checkpoint, log.md §4).

And how the proofs that lead to them are written: a line of base64 for each hash.
"""

import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tokens.errors import CheckpointMalformed
from tokens.log import HASH_SIZE, MAXIMUM_PROOF
from tokens.notes import Verifier, decode_base64, open_note, sign_note

_MAXIMUM_TREE: Final = 2**63
_BODY_LINES: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """The size and the root of one log at one moment."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


def checkpoint_body(checkpoint: Checkpoint) -> str:
    """Return the text that is signed."""
    root = b64encode(checkpoint.root).decode()
    lines = [checkpoint.origin, str(checkpoint.size), root, *checkpoint.extensions]
    return "".join(f"{line}\n" for line in lines)


def parse_checkpoint(body: str) -> Checkpoint:
    """Return what an unsigned checkpoint text says, or raise CheckpointMalformed."""
    lines = body.split("\n")
    if lines.pop() or len(lines) < _BODY_LINES or not all(lines):
        raise CheckpointMalformed
    origin, size, root, *extensions = lines
    if not re.fullmatch(r"0|[1-9][0-9]{0,18}", size) or int(size) >= _MAXIMUM_TREE:
        raise CheckpointMalformed
    return Checkpoint(
        origin=origin,
        size=int(size),
        root=decode_base64(root),
        extensions=tuple(extensions),
    )


def sign_checkpoint(
    *, origin: str, size: int, root: bytes, key: Ed25519PrivateKey, name: str
) -> str:
    """Return the signed checkpoint of a tree.

    Args:
        origin: which log; by custom the same as `name`, the name of its key.
    """
    checkpoint = Checkpoint(origin=origin, size=size, root=root)
    return sign_note(checkpoint_body(checkpoint), key, name)


def verify_checkpoint(note: str, verifier: Verifier, *, origin: str) -> Checkpoint:
    """Return the checkpoint of one log, once its signature is checked.

    Raises:
        CheckpointMalformed: not a checkpoint, or of another log.
        SignatureInvalid: not signed by this key.
    """
    body, _ = open_note(note, [verifier])
    checkpoint = parse_checkpoint(body)
    if checkpoint.origin != origin or len(checkpoint.root) != HASH_SIZE:
        raise CheckpointMalformed
    return checkpoint


def proof_lines(proof: Iterable[bytes]) -> list[str]:
    """Return the lines of a proof: each hash in base64."""
    return [b64encode(one).decode() for one in proof]


def parse_proof(lines: Iterable[str]) -> tuple[bytes, ...]:
    """Return the hashes of a proof's lines, or raise CheckpointMalformed."""
    proof = tuple(map(decode_base64, lines))
    if len(proof) > MAXIMUM_PROOF or any(len(one) != HASH_SIZE for one in proof):
        raise CheckpointMalformed
    return proof
