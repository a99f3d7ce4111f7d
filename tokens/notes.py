"""Signed notes (C2SP signed-note): a text, and lines that sign it (log.md §4)."""

import hashlib
import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from tokens.errors import CheckpointMalformed, SignatureInvalid
from tokens.signatures import verify_ed25519

MAXIMUM_NOTE_SIZE: Final = 65536
MAXIMUM_SIGNATURES: Final = 100
ED25519: Final = b"\x01"
_KEY_ID_SIZE: Final = 4
_NAME: Final = re.compile(r"[^\s+\x00-\x1f\ud800-\udfff]+")
_SIGNATURE_LINE: Final = re.compile(rf"— ({_NAME.pattern}) ([A-Za-z0-9+/=]+)")
_VKEY: Final = re.compile(rf"({_NAME.pattern})\+([0-9a-f]{{8}})\+([A-Za-z0-9+/=]+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Verifier:
    """A name and the key that signs under it."""

    name: str
    key: Ed25519PublicKey

    def key_id(self) -> bytes:
        """Return the four bytes that stand before each signature of this key."""
        return key_id_of(self.name, ED25519, self.key)

    def vkey(self) -> str:
        """Return the key as text to hand out: `name+key id+key`."""
        return vkey_of(self.name, ED25519, self.key)


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteSignature:
    """One signature line, not checked: whose it says it is, and the signature."""

    name: str
    key_id: bytes
    signature: bytes


def key_id_of(name: str, algorithm: bytes, key: Ed25519PublicKey) -> bytes:
    """Return the four bytes that name a key and what it signs (signed-note)."""
    data = name.encode() + b"\n" + algorithm + key.public_bytes_raw()
    return hashlib.sha256(data).digest()[:_KEY_ID_SIZE]


def vkey_of(name: str, algorithm: bytes, key: Ed25519PublicKey) -> str:
    """Return a key as text to hand out: `name+key id+key`."""
    public = b64encode(algorithm + key.public_bytes_raw()).decode()
    return f"{name}+{key_id_of(name, algorithm, key).hex()}+{public}"


def verifier_of(name: str, key: Ed25519PublicKey) -> Verifier:
    """Return a verifier, or raise CheckpointMalformed if the name cannot be one."""
    if not _NAME.fullmatch(name):
        raise CheckpointMalformed
    return Verifier(name=name, key=key)


def parse_vkey(text: str) -> Verifier:
    """Return the verifier of a key text, or raise CheckpointMalformed."""
    name, key = parse_key_text(text, ED25519)
    return Verifier(name=name, key=key)


def parse_key_text(text: str, algorithm: bytes) -> tuple[str, Ed25519PublicKey]:
    """Return the name and the key of a key text for one use of a key.

    Raises:
        CheckpointMalformed: not in the one form, or for another use.
    """
    match = _VKEY.fullmatch(text)
    if match is None:
        raise CheckpointMalformed
    data = decode_base64(match[3])
    if data[:1] != algorithm:
        raise CheckpointMalformed
    try:
        key = Ed25519PublicKey.from_public_bytes(data[1:])
    except ValueError:
        raise CheckpointMalformed from None
    if key_id_of(match[1], algorithm, key).hex() != match[2]:
        raise CheckpointMalformed
    return match[1], key


def sign_note(text: str, key: Ed25519PrivateKey, name: str) -> str:
    """Return the text with one signature line.

    Raises:
        ValueError: the text is none that can be signed.
    """
    if not _is_text(text) or not text.endswith("\n"):
        message = "a note is lines of text without control characters"
        raise ValueError(message)
    verifier = verifier_of(name, key.public_key())
    data = b64encode(verifier.key_id() + key.sign(text.encode())).decode()
    return f"{text}\n— {name} {data}\n"


def parse_note(note: str) -> tuple[str, list[NoteSignature]]:
    """Return the text and the signature lines, or raise CheckpointMalformed."""
    text, gap, block = note.rpartition("\n\n")
    if len(note) > MAXIMUM_NOTE_SIZE or not _is_text(note) or not gap:
        raise CheckpointMalformed
    lines = block.split("\n")
    if lines.pop() or not 0 < len(lines) <= MAXIMUM_SIGNATURES:
        raise CheckpointMalformed
    return text + "\n", [_signature(line) for line in lines]


def open_note(note: str, verifiers: Iterable[Verifier]) -> tuple[str, list[Verifier]]:
    """Return the text and who is proven to have signed it.

    Signatures by unknown keys are passed over.

    Raises:
        CheckpointMalformed: not a signed note.
        SignatureInvalid: a known key's signature is wrong, or none is there.
    """
    text, signatures = parse_note(note)
    known = {(verifier.name, verifier.key_id()): verifier for verifier in verifiers}
    signed: list[Verifier] = []
    for line in signatures:
        verifier = known.get((line.name, line.key_id))
        if verifier is not None and verifier not in signed:
            verify_ed25519(verifier.key, line.signature, text.encode())
            signed.append(verifier)
    if not signed:
        raise SignatureInvalid
    return text, signed


def decode_base64(text: str) -> bytes:
    """Return the bytes of standard base64 in its one form, or raise."""
    try:
        data = b64decode(text, validate=True)
    except (Base64Error, ValueError):
        raise CheckpointMalformed from None
    if b64encode(data).decode() != text:
        raise CheckpointMalformed
    return data


def _signature(line: str) -> NoteSignature:
    match = _SIGNATURE_LINE.fullmatch(line)
    if match is None:
        raise CheckpointMalformed
    data = decode_base64(match[2])
    if len(data) <= _KEY_ID_SIZE:
        raise CheckpointMalformed
    return NoteSignature(
        name=match[1], key_id=data[:_KEY_ID_SIZE], signature=data[_KEY_ID_SIZE:]
    )


def _is_text(text: str) -> bool:
    """Say whether a text has no control character but newlines, and is Unicode."""
    return not re.search(r"[\x00-\x09\x0b-\x1f\ud800-\udfff]", text)
