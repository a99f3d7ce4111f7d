"""Cosignatures: a witness's word that it saw a checkpoint (C2SP tlog-cosignature/v1).

A witness cosigns only what extends all it cosigned before, so two cosigned checkpoints
of one log are never of two histories (log.md §6).
"""

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from tokens.errors import SignatureInvalid
from tokens.notes import (
    NoteSignature,
    key_id_of,
    parse_key_text,
    parse_note,
    verifier_of,
    vkey_of,
)
from tokens.signatures import verify_ed25519

_COSIGNATURE_V1: Final = b"\x04"
_TIME_SIZE: Final = 8
_SIGNATURE_SIZE: Final = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Witness:
    """A witness 见证人: a name, and the key that cosigns under it."""

    name: str
    key: Ed25519PublicKey

    def key_id(self) -> bytes:
        """Return the four bytes that stand before each cosignature of this key."""
        return key_id_of(self.name, _COSIGNATURE_V1, self.key)

    def vkey(self) -> str:
        """Return the key as text to hand out: `name+key id+key`."""
        return vkey_of(self.name, _COSIGNATURE_V1, self.key)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cosignature:
    """That a witness saw a checkpoint at this second (since 1970-01-01 UTC)."""

    witness: Witness
    at_seconds: int


def witness_of(name: str, key: Ed25519PublicKey) -> Witness:
    """Return a witness, or raise CheckpointMalformed if the name cannot be one."""
    return Witness(name=verifier_of(name, key).name, key=key)


def parse_witness(text: str) -> Witness:
    """Return the witness of a key text (type 0x04), or raise CheckpointMalformed."""
    name, key = parse_key_text(text, _COSIGNATURE_V1)
    return Witness(name=name, key=key)


def cosign(body: str, key: Ed25519PrivateKey, name: str, at_seconds: int) -> str:
    """Return the signature line, with its newline, for the text of a checkpoint."""
    signature = key.sign(_message(body, at_seconds))
    blob = at_seconds.to_bytes(_TIME_SIZE) + signature
    key_id = key_id_of(name, _COSIGNATURE_V1, key.public_key())
    return f"— {name} {b64encode(key_id + blob).decode()}\n"


def cosignatures_on(note: str, witnesses: Iterable[Witness]) -> list[Cosignature]:
    """Return who of the given witnesses has cosigned a note, and when.

    Lines of others are passed over.

    Raises:
        CheckpointMalformed: not a signed note.
        SignatureInvalid: the line of a given witness is wrong.
    """
    body, lines = parse_note(note)
    known = {(one.name, one.key_id()): one for one in witnesses}
    found: dict[tuple[str, bytes], Cosignature] = {}
    for line in lines:
        who = line.name, line.key_id
        if who in known and who not in found:
            found[who] = _opened(body, line, known[who])
    return list(found.values())


def _opened(body: str, line: NoteSignature, witness: Witness) -> Cosignature:
    if len(line.signature) != _TIME_SIZE + _SIGNATURE_SIZE:
        raise SignatureInvalid
    at = int.from_bytes(line.signature[:_TIME_SIZE])
    verify_ed25519(witness.key, line.signature[_TIME_SIZE:], _message(body, at))
    return Cosignature(witness=witness, at_seconds=at)


def _message(body: str, at_seconds: int) -> bytes:
    return f"cosignature/v1\ntime {at_seconds}\n{body}".encode()
