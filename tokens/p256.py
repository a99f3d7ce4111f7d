"""The group P-256: points, multiplication, and hashing to the curve (RFC 9380).

Secret scalars only ever meet OpenSSL, in constant time. What is computed in Python
works on points that are sent to the other side anyway, or on blinded ones.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePublicKey,
    derive_private_key,
)

from tokens.errors import TagElementInvalid

PRIME: Final = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_A: Final = -3
_B: Final = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
_CURVE: Final = SECP256R1()
_ECDH: Final = ECDH()

ELEMENT_SIZE: Final = 33
SCALAR_SIZE: Final = 32
# Field elements and scalars are reduced from 48 bytes, so the bias is below 2^-128.
_WIDE: Final = 48

# Simplified SWU map, RFC 9380 §8.2: Z = -10, and constants of §6.6.2.
_Z: Final = PRIME - 10
_MINUS_B_OVER_A: Final = -_B * pow(_A, -1, PRIME) % PRIME
_B_OVER_ZA: Final = _B * pow(_Z * _A, -1, PRIME) % PRIME


@dataclass(frozen=True, slots=True)
class Point:
    """An affine point other than infinity."""

    x: int
    y: int


def encode_point(point: Point) -> bytes:
    """Return the compressed form, 33 bytes."""
    return bytes([2 + (point.y & 1)]) + point.x.to_bytes(32)


def decode_point(data: bytes) -> Point:
    """Return the point of a compressed form, or raise TagElementInvalid."""
    if len(data) != ELEMENT_SIZE or data[0] not in (2, 3):
        raise TagElementInvalid
    x = int.from_bytes(data[1:])
    y = pow(_curve(x), (PRIME + 1) // 4, PRIME)
    if x >= PRIME or y * y % PRIME != _curve(x):
        raise TagElementInvalid
    return Point(x, PRIME - y if (y ^ data[0]) & 1 else y)


def multiply_base(scalar: int) -> Point:
    """Return scalar × G, 0 < scalar < order."""
    numbers = derive_private_key(scalar, _CURVE).public_key().public_numbers()
    return Point(numbers.x, numbers.y)


def multiply(scalar: int, point: Point) -> Point:
    """Return scalar × point, 0 < scalar < order − 1.

    OpenSSL's ECDH gives only x(kP). From x(kP) and x((k+1)P) the addition law
    P + kP = (k+1)P gives y(kP) without touching k.
    """
    public = EllipticCurvePublicKey.from_encoded_point(_CURVE, _uncompressed(point))
    x1, x2 = (
        int.from_bytes(derive_private_key(k, _CURVE).exchange(_ECDH, public))
        for k in (scalar, scalar + 1)
    )
    slope_part = (x2 + point.x + x1) * (x1 - point.x) ** 2
    double_y = _curve(x1) + point.y * point.y - slope_part
    return Point(x1, double_y * pow(2 * point.y, -1, PRIME) % PRIME)


def add(left: Point, right: Point) -> Point:
    """Return left + right.

    Raises:
        TagElementInvalid: the sum is infinity, which no honest side ever meets.
    """
    if left.x != right.x:
        slope = (right.y - left.y) * pow(right.x - left.x, -1, PRIME)
    elif left.y == right.y:
        slope = (3 * left.x * left.x + _A) * pow(2 * left.y, -1, PRIME)
    else:
        raise TagElementInvalid
    x = (slope * slope - left.x - right.x) % PRIME
    return Point(x, (slope * (left.x - x) - left.y) % PRIME)


def expand_message(message: bytes, domain: bytes, size: int) -> bytes:
    """Return `size` uniform bytes: expand_message_xmd, SHA-256 (RFC 9380 §5.3.1)."""
    if len(domain) > 255:  # noqa: PLR2004  its length must fit one byte
        domain = hashlib.sha256(b"H2C-OVERSIZE-DST-" + domain).digest()
    suffix = domain + bytes([len(domain)])
    first = hashlib.sha256(
        bytes(64) + message + size.to_bytes(2) + b"\x00" + suffix
    ).digest()
    block = hashlib.sha256(first + b"\x01" + suffix).digest()
    blocks = [block]
    for index in range(2, -(-size // 32) + 1):
        mixed = int.from_bytes(first) ^ int.from_bytes(block)
        block = hashlib.sha256(mixed.to_bytes(32) + bytes([index]) + suffix).digest()
        blocks.append(block)
    return b"".join(blocks)[:size]


def hash_to_field(
    message: bytes, domain: bytes, *, count: int, order: int
) -> list[int]:
    """Return `count` numbers below `order`, from one message."""
    wide = expand_message(message, domain, count * _WIDE)
    return [
        int.from_bytes(wide[start : start + _WIDE]) % order
        for start in range(0, len(wide), _WIDE)
    ]


def hash_to_scalar(message: bytes, domain: bytes) -> int:
    """Return a scalar from one message."""
    return hash_to_field(message, domain, count=1, order=ORDER)[0]


def hash_to_curve(message: bytes, domain: bytes) -> Point:
    """Return a point whose logarithm nobody knows: P256_XMD:SHA-256_SSWU_RO_."""
    first, second = hash_to_field(message, domain, count=2, order=PRIME)
    return add(map_to_curve(first), map_to_curve(second))


def map_to_curve(u: int) -> Point:
    """Return the point of one field element (simplified SWU, RFC 9380 §6.6.2)."""
    zu2 = _Z * u * u % PRIME
    denominator = (zu2 * zu2 + zu2) % PRIME
    if denominator:
        x = _MINUS_B_OVER_A * (1 + pow(denominator, -1, PRIME)) % PRIME
    else:
        x = _B_OVER_ZA
    y2 = _curve(x)
    y = pow(y2, (PRIME + 1) // 4, PRIME)
    if y * y % PRIME != y2:
        x = zu2 * x % PRIME
        y = pow(_curve(x), (PRIME + 1) // 4, PRIME)
    return Point(x, y if (u ^ y) & 1 == 0 else PRIME - y)


def _curve(x: int) -> int:
    """Return x³ + ax + b."""
    return (x * x * x + _A * x + _B) % PRIME


def _uncompressed(point: Point) -> bytes:
    return b"\x04" + point.x.to_bytes(32) + point.y.to_bytes(32)
