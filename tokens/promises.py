"""Promises: the log's signed word that a write will be in the tree (log.md §5)."""

from base64 import b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from tokens import cbor
from tokens.errors import CborMalformed, PromiseMalformed
from tokens.log import HASH_SIZE
from tokens.signatures import verify_ed25519

_FIRST_LABEL: Final = b"log-promise/v1\x00"
_LABEL: Final = b"log-promise/v2\x00"
_VERSION: Final = 2
_FIRST_DELAY: Final = 60_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Promise:
    """That the entry with this leaf hash was accepted, and is proven before it is due.

    `due_microseconds`: until then the log owes a proof; from then on a promise without
    one is evidence against it. Of version 1, which names none, a minute after.
    """

    entry_hash: bytes
    at_microseconds: int
    due_microseconds: int
    key_id: bytes


def sign_promise(promise: Promise, key: Ed25519PrivateKey) -> bytes:
    """Return the promise with its signature by the log key, as CBOR."""
    fields: list[cbor.Cbor] = [
        _VERSION,
        promise.entry_hash,
        promise.at_microseconds,
        promise.due_microseconds,
        promise.key_id,
    ]
    return cbor.encode([*fields, key.sign(_LABEL + cbor.encode(fields))])


def parse_promise(data: bytes) -> Promise:
    """Return what a promise says, its signature not checked, or raise PromiseMalformed.

    The key it names is the one to check it with.
    """
    return _read(data)[0]


def verify_promise(data: bytes, key: Ed25519PublicKey) -> Promise:
    """Return the promise once its signature is checked.

    Raises:
        PromiseMalformed: the bytes are not a promise.
        SignatureInvalid: the log key did not sign it.
    """
    promise, signed, signature = _read(data)
    verify_ed25519(key, signature, signed)
    return promise


def promise_text(data: bytes) -> str:
    """Return a promise as answers carry it: base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def promise_bytes(text: str) -> bytes:
    """Return the bytes of a promise's text, or raise PromiseMalformed."""
    try:
        data = b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (Base64Error, ValueError):
        raise PromiseMalformed from None
    if promise_text(data) != text:
        raise PromiseMalformed
    return data


def _read(data: bytes) -> tuple[Promise, bytes, bytes]:
    """Return a promise, the bytes that are signed, and the signature."""
    try:
        value = cbor.decode(data)
    except CborMalformed:
        raise PromiseMalformed from None
    match value:
        case [1, bytes(entry_hash), int(at), bytes(key_id), bytes(signature)]:
            due, label = at + _FIRST_DELAY, _FIRST_LABEL
            fields: list[cbor.Cbor] = [1, entry_hash, at, key_id]
        case [
            2,
            bytes(entry_hash),
            int(at),
            int(due),
            bytes(key_id),
            bytes(signature),
        ]:
            label, fields = _LABEL, [2, entry_hash, at, due, key_id]
        case _:
            raise PromiseMalformed
    is_ours = cbor.encode([*fields, signature]) == data
    if not is_ours or len(entry_hash) != HASH_SIZE:
        raise PromiseMalformed
    promise = Promise(
        entry_hash=entry_hash, at_microseconds=at, due_microseconds=due, key_id=key_id
    )
    return promise, label + cbor.encode(fields), signature
