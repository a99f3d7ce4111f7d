"""Promises: the log's signed word that a write will be in the tree (log.md §5)."""

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

_LABEL: Final = b"log-promise/v1\x00"
_VERSION: Final = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Promise:
    """That the entry with this leaf hash was accepted at this instant."""

    entry_hash: bytes
    at_microseconds: int
    key_id: bytes


def sign_promise(promise: Promise, key: Ed25519PrivateKey) -> bytes:
    """Return the promise with its signature by the log key, as CBOR."""
    signature = key.sign(_LABEL + cbor.encode(_fields(promise)))
    return cbor.encode([*_fields(promise), signature])


def verify_promise(data: bytes, key: Ed25519PublicKey) -> Promise:
    """Return the promise once its signature is checked.

    Raises:
        PromiseMalformed: the bytes are not a promise.
        SignatureInvalid: the log key did not sign it.
    """
    try:
        value = cbor.decode(data)
    except CborMalformed:
        raise PromiseMalformed from None
    match value:
        case [_, bytes(entry_hash), int(at), bytes(key_id), bytes(signature)]:
            promise = Promise(entry_hash=entry_hash, at_microseconds=at, key_id=key_id)
        case _:
            raise PromiseMalformed
    is_ours = cbor.encode([*_fields(promise), signature]) == data
    if not is_ours or len(entry_hash) != HASH_SIZE:
        raise PromiseMalformed
    verify_ed25519(key, signature, _LABEL + cbor.encode(_fields(promise)))
    return promise


def _fields(promise: Promise) -> list[cbor.Cbor]:
    return [_VERSION, promise.entry_hash, promise.at_microseconds, promise.key_id]
