"""Sign and verify. Verification raises; it never returns False."""

from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from tokens.errors import SignatureInvalid

_P256_HALF: Final = 32


def verify_ed25519(key: Ed25519PublicKey, signature: bytes, message: bytes) -> None:
    """Check an Ed25519 signature, or raise SignatureInvalid."""
    try:
        key.verify(signature, message)
    except InvalidSignature:
        raise SignatureInvalid from None


def verify_es256(key: EllipticCurvePublicKey, signature: bytes, message: bytes) -> None:
    """Check an ECDSA P-256 signature as r ‖ s, 64 bytes, or raise SignatureInvalid.

    This is the form of WebCrypto and COSE; DER does not occur here.
    """
    if len(signature) != 2 * _P256_HALF:
        raise SignatureInvalid
    r, s = (
        int.from_bytes(half)
        for half in (signature[:_P256_HALF], signature[_P256_HALF:])
    )
    try:
        key.verify(encode_dss_signature(r, s), message, ECDSA(SHA256()))
    except InvalidSignature:
        raise SignatureInvalid from None
