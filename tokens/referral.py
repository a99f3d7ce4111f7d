"""Signed referral tokens and their decimal digits for the QR code (token.md §3–§4)."""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from tokens import cbor, cose
from tokens.errors import CborMalformed, SignatureInvalid, TokenForged, TokenMalformed

MAXIMUM_TOKEN_SIZE: Final = 320
MAXIMUM_DIGITS: Final = 771  # of 0x01 and 320 bytes
TOKEN_ID_SIZE: Final = 10
COMMITMENT_SIZE: Final = 32

# Claim keys of RFC 8392; the commitment has a key of the private range.
_SUBJECT, _AUDIENCE, _EXPIRES, _ISSUED, _TOKEN_ID = 2, 3, 4, 6, 7
_COMMITMENT: Final = -65537

_COMMITMENT_LABEL: Final = b"referral-commitment/v1\x00"
_KEY_ID_LABEL: Final = b"issuer-key-id/v1\x00"
_FIRST_BYTE: Final = b"\x01"  # keeps leading zero bytes, and names the format


@dataclass(frozen=True, kw_only=True, slots=True)
class Claims:
    """What a referral token says. Times are seconds since 1970-01-01 UTC."""

    project: str
    agent_id: str
    issued_at: int
    expires_at: int
    token_id: bytes
    commitment: bytes | None = None

    def __post_init__(self) -> None:
        if not self.project or not self.agent_id:
            message = "a token names its project and its agent"
            raise ValueError(message)
        if not 0 <= self.issued_at < self.expires_at:
            message = "a token must expire after it is issued"
            raise ValueError(message)
        if len(self.token_id) != TOKEN_ID_SIZE:
            message = f"a token id has {TOKEN_ID_SIZE} bytes"
            raise ValueError(message)
        if self.commitment is not None and len(self.commitment) != COMMITMENT_SIZE:
            message = f"a commitment has {COMMITMENT_SIZE} bytes"
            raise ValueError(message)


def key_id(key: Ed25519PublicKey) -> bytes:
    """Return the four bytes by which tokens name an issuer key."""
    return hashlib.sha256(_KEY_ID_LABEL + key.public_bytes_raw()).digest()[:4]


def mint(claims: Claims, key: Ed25519PrivateKey, kid: bytes) -> bytes:
    """Return the signed token.

    Raises:
        ValueError: the identifiers are too long for a token.
    """
    token = cose.sign(_payload(claims), key, kid)
    if len(token) > MAXIMUM_TOKEN_SIZE:
        message = f"a token has at most {MAXIMUM_TOKEN_SIZE} bytes"
        raise ValueError(message)
    return token


def read(token: bytes, keys: Mapping[bytes, Ed25519PublicKey]) -> Claims:
    """Return what a token says, once its signature is checked.

    Whether it is expired, used or revoked is not decided here.

    Args:
        keys: the issuer keys of the project by key id.

    Raises:
        TokenMalformed: not a token of our profile, or not in its one canonical form.
        TokenForged: no known key signed it.
    """
    message, kid = _message(token)
    key = keys.get(kid)
    if key is None:
        raise TokenForged
    try:
        cose.verify(message, key)
    except SignatureInvalid:
        raise TokenForged from None
    claims = _claims(message.payload)
    if _payload(claims) != message.payload:
        raise TokenMalformed
    return claims


def key_id_of(token: bytes) -> bytes:
    """Return the key id of a token, not yet checked, or raise TokenMalformed."""
    return _message(token)[1]


def to_digits(token: bytes) -> str:
    """Return the decimal digits that stand in the QR code."""
    return str(int.from_bytes(_FIRST_BYTE + token))


def from_digits(digits: str) -> bytes:
    """Return the token of its decimal digits, or raise TokenMalformed."""
    if len(digits) > MAXIMUM_DIGITS or not re.fullmatch(r"[1-9][0-9]*", digits):
        raise TokenMalformed
    number = int(digits)
    data = number.to_bytes((number.bit_length() + 7) // 8)
    if data[:1] != _FIRST_BYTE or len(data) == 1:
        raise TokenMalformed
    return data[1:]


def commit(nonce: bytes, binding_tag: bytes) -> bytes:
    """Return the commitment to whom a token was issued for.

    The agent who keeps the nonce (32 random bytes) can later open it.
    """
    return hmac.digest(nonce, _COMMITMENT_LABEL + binding_tag, "sha256")


def _message(token: bytes) -> tuple[cose.Sign1, bytes]:
    """Take a token apart; its headers must be exactly those of our profile."""
    if len(token) > MAXIMUM_TOKEN_SIZE:
        raise TokenMalformed
    try:
        message = cose.parse(token)
    except CborMalformed:
        raise TokenMalformed from None
    kid = message.key_id()
    headers = {cose.ALGORITHM: cose.ED25519, cose.KEY_ID: kid}
    is_tagged = token[:1] == b"\xd2"  # tag 18 and nothing before it
    is_bare = message.protected == headers and not message.unprotected
    if kid is None or not (is_tagged and is_bare):
        raise TokenMalformed
    return message, kid


def _payload(claims: Claims) -> bytes:
    payload: dict[int, cbor.Cbor] = {
        _SUBJECT: _packed(claims.agent_id),
        _AUDIENCE: _packed(claims.project),
        _EXPIRES: claims.expires_at,
        _ISSUED: claims.issued_at,
        _TOKEN_ID: claims.token_id,
    }
    if claims.commitment is not None:
        payload[_COMMITMENT] = claims.commitment
    return cbor.encode(payload)


def _claims(payload: bytes) -> Claims:
    try:
        value = cbor.decode(payload)
    except CborMalformed:
        raise TokenMalformed from None
    match value:
        case {
            2: str() | bytes() as agent_id,
            3: str() | bytes() as project,
            4: int(expires_at),
            6: int(issued_at),
            7: bytes(token_id),
            **rest,
        } if not isinstance(expires_at, bool) and not isinstance(issued_at, bool):
            commitment = rest.get(_COMMITMENT)  # any other claim fails the comparison
        case _:
            raise TokenMalformed
    if not isinstance(commitment, bytes | None):
        raise TokenMalformed
    try:
        return Claims(
            project=_unpacked(project),
            agent_id=_unpacked(agent_id),
            issued_at=issued_at,
            expires_at=expires_at,
            token_id=token_id,
            commitment=commitment,
        )
    except ValueError:
        raise TokenMalformed from None


def _packed(name: str) -> str | bytes:
    """Carry an identifier of lower-case hex as bytes: half the size in the QR code."""
    return bytes.fromhex(name) if re.fullmatch(r"(?:[0-9a-f]{2})+", name) else name


def _unpacked(name: str | bytes) -> str:
    return name.hex() if isinstance(name, bytes) else name
