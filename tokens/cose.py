"""COSE_Sign1 (RFC 9052): sign with Ed25519, verify what a known key signed.

The algorithm follows from the key. The header may only agree with it.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from tokens import cbor
from tokens.errors import CborMalformed, SignatureInvalid
from tokens.signatures import verify_ed25519, verify_es256

ALGORITHM: Final = 1
CRITICAL: Final = 2
KEY_ID: Final = 4

ED25519: Final = -19  # RFC 9864; -8 is its older name, EdDSA
_EDDSA: Final = -8
_ES256: Final = -7

_SIGN1_TAG: Final = 18
_CWT_TAG: Final = 61

PublicKey: TypeAlias = Ed25519PublicKey | EllipticCurvePublicKey


@dataclass(frozen=True, kw_only=True, slots=True)
class Sign1:
    """A COSE_Sign1 message, taken apart. Nothing in it is checked yet."""

    protected_bytes: bytes
    protected: dict[int | str, cbor.Cbor]
    unprotected: dict[int | str, cbor.Cbor]
    payload: bytes
    signature: bytes

    def key_id(self) -> bytes | None:
        """Return the key id of the protected header; any other may be forged."""
        value = self.protected.get(KEY_ID)
        return value if isinstance(value, bytes) else None


def sign(payload: bytes, key: Ed25519PrivateKey, key_id: bytes) -> bytes:
    """Return a tagged COSE_Sign1 message: algorithm −19 and key id protected."""
    protected = cbor.encode({ALGORITHM: ED25519, KEY_ID: key_id})
    signature = key.sign(_to_be_signed(protected, b"", payload))
    return cbor.encode(cbor.Tag(_SIGN1_TAG, [protected, {}, payload, signature]))


def parse(message: bytes) -> Sign1:
    """Take a message apart, with or without its tags, or raise CborMalformed."""
    value = cbor.decode(message)
    if isinstance(value, cbor.Tag) and value.number == _CWT_TAG:
        value = value.value
        if not isinstance(value, cbor.Tag):
            raise CborMalformed
    if isinstance(value, cbor.Tag) and value.number == _SIGN1_TAG:
        value = value.value
    match value:
        case [bytes(protected), dict(unprotected), bytes(payload), bytes(signature)]:
            return Sign1(
                protected_bytes=protected,
                protected=_protected_map(protected),
                unprotected=unprotected,
                payload=payload,
                signature=signature,
            )
    raise CborMalformed


def verify(message: Sign1, key: PublicKey, *, external: bytes = b"") -> None:
    """Check the signature, or raise SignatureInvalid.

    Args:
        message: what `parse` returned.
        key: chosen by the caller; its type decides the algorithm.
        external: bytes that were signed along, but are not in the message.
    """
    if CRITICAL in message.protected:
        # We understand no critical header, so whoever set one must be refused.
        raise SignatureInvalid
    # Some senders leave the algorithm unprotected. That is harmless here: it can
    # only agree with the key or be refused.
    algorithm = message.protected.get(ALGORITHM, message.unprotected.get(ALGORITHM))
    protected = b"" if not message.protected else message.protected_bytes
    signed = _to_be_signed(protected, external, message.payload)
    if isinstance(key, Ed25519PublicKey) and algorithm in {ED25519, _EDDSA}:
        verify_ed25519(key, message.signature, signed)
    elif isinstance(key, EllipticCurvePublicKey) and algorithm == _ES256:
        verify_es256(key, message.signature, signed)
    else:
        raise SignatureInvalid


def _protected_map(protected: bytes) -> dict[int | str, cbor.Cbor]:
    value = cbor.decode(protected) if protected else {}
    if not isinstance(value, dict):
        raise CborMalformed
    return value


def _to_be_signed(protected: bytes, external: bytes, payload: bytes) -> bytes:
    return cbor.encode(["Signature1", protected, external, payload])
