"""Texts and files kept encrypted, each under a data key of its own (protocol §1).

A record's data key is wrapped by the key-encryption key and stored with the record:
deleting the record deletes the only key that opens it, in every backup too.
"""

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from attribution.services.runtime import Runtime

_NONCE = 12
_KEY = 32
_WRAPPED = _NONCE + _KEY + 16
_LABEL = b"record-key/v1\x00"


def seal(runtime: Runtime, record_id: str, text: str) -> bytes:
    """Return a text sealed for one record."""
    return seal_bytes(runtime, record_id, text.encode())


def unseal(runtime: Runtime, record_id: str, sealed: bytes) -> str:
    """Return the text of a record. A seal of another record does not open."""
    return unseal_bytes(runtime, record_id, sealed).decode()


def seal_bytes(runtime: Runtime, record_id: str, data: bytes) -> bytes:
    """Return bytes sealed for one record."""
    context = _LABEL + record_id.encode()
    drawn = runtime.random_bytes(_KEY + 2 * _NONCE)
    key, wrap_nonce, nonce = drawn[:_KEY], drawn[_KEY:-_NONCE], drawn[-_NONCE:]
    wrapped = AESGCM(runtime.keys.data_key).encrypt(wrap_nonce, key, context)
    return wrap_nonce + wrapped + nonce + AESGCM(key).encrypt(nonce, data, context)


def unseal_bytes(runtime: Runtime, record_id: str, sealed: bytes) -> bytes:
    """Return the bytes of a record. A seal of another record does not open."""
    context = _LABEL + record_id.encode()
    wrapped, rest = sealed[:_WRAPPED], sealed[_WRAPPED:]
    wrapper = AESGCM(runtime.keys.data_key)
    key = wrapper.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], context)
    return AESGCM(key).decrypt(rest[:_NONCE], rest[_NONCE:], context)
