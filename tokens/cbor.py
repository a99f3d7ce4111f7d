"""Deterministic CBOR (RFC 8949 §4.2): the small part we use, and nothing else.

One value has one spelling; anything else is refused (token.md §2).
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

from tokens.errors import CborMalformed

MAXIMUM_SIZE: Final = 4096
MAXIMUM_DEPTH: Final = 6
TAGS: Final = frozenset({18, 61})  # COSE_Sign1, CWT

_SIMPLE: Final = {0xF4: False, 0xF5: True, 0xF6: None}


@dataclass(frozen=True, slots=True)
class Tag:
    """A tagged value."""

    number: int
    value: "Cbor"


Cbor: TypeAlias = (
    "int | bytes | str | bool | list[Cbor] | dict[int | str, Cbor] | Tag | None"
)


def encode(value: object) -> bytes:
    """Return the deterministic encoding.

    Raises:
        TypeError: the type is outside the subset.
    """
    match value:
        case bool() | None:
            return bytes([next(b for b, v in _SIMPLE.items() if v is value)])
        case int():
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case bytes():
            return _head(2, len(value)) + value
        case str():
            text = value.encode()
            return _head(3, len(text)) + text
        case _:
            return _encode_nested(value)


def decode(data: bytes) -> Cbor:
    """Return the value of an encoding, or raise CborMalformed.

    Refuses trailing bytes, indefinite lengths, floats, unknown tags, duplicate keys,
    and every spelling but the one `encode` gives.
    """
    if len(data) > MAXIMUM_SIZE:
        raise CborMalformed
    reader = _Reader(data)
    value = reader.item(MAXIMUM_DEPTH)
    # Comparing the whole catches long heads, unordered keys and trailing bytes at once.
    if encode(value) != data:
        raise CborMalformed
    return value


def _encode_nested(value: object) -> bytes:
    match value:
        case list() | tuple():
            return _head(4, len(value)) + b"".join(map(encode, value))
        case dict():
            pairs = sorted((encode(key), encode(item)) for key, item in value.items())
            return _head(5, len(pairs)) + b"".join(key + item for key, item in pairs)
        case Tag():
            return _head(6, value.number) + encode(value.value)
    message = f"no deterministic form for {type(value).__name__}"
    raise TypeError(message)


def _head(major: int, number: int) -> bytes:
    if number < 24:  # noqa: PLR2004  RFC 8949 §3: 0..23 stand in the first byte
        return bytes([major << 5 | number])
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << 8 * size:
            return bytes([major << 5 | info]) + number.to_bytes(size)
    message = "no deterministic form for integers beyond 64 bits"
    raise TypeError(message)


class _Reader:
    """A position in the bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        taken = self._data[self._at : self._at + size]
        if len(taken) != size:
            raise CborMalformed
        self._at += size
        return taken

    def item(self, depth: int) -> Cbor:
        if depth == 0:
            raise CborMalformed
        first = self.take(1)[0]
        if first in _SIMPLE:
            return _SIMPLE[first]
        major, number = first >> 5, self._number(first & 31)
        match major:
            case 0:
                return number
            case 1:
                return -1 - number
            case 2:
                return self.take(number)
            case 3:
                return self._text(number)
            case _:
                return self._nested(major, number, depth - 1)

    def _number(self, info: int) -> int:
        if info < 24:  # noqa: PLR2004  RFC 8949 §3: 0..23 stand in the first byte
            return info
        if info > 27:  # noqa: PLR2004  28..30 are reserved, 31 is indefinite length
            raise CborMalformed
        return int.from_bytes(self.take(1 << info - 24))

    def _text(self, size: int) -> str:
        try:
            return self.take(size).decode()
        except UnicodeDecodeError:
            raise CborMalformed from None

    def _nested(self, major: int, number: int, depth: int) -> Cbor:
        # Each element takes a byte at least, so a length beyond the data ends in
        # `take` before anything large is built.
        match major:
            case 4:
                return [self.item(depth) for _ in range(number)]
            case 5:
                return self._map(number, depth)
            case 6 if number in TAGS:
                return Tag(number, self.item(depth))
        raise CborMalformed

    def _map(self, size: int, depth: int) -> dict[int | str, Cbor]:
        pairs: dict[int | str, Cbor] = {}
        for _ in range(size):
            key = self.item(depth)
            if not isinstance(key, int | str) or isinstance(key, bool) or key in pairs:
                raise CborMalformed
            pairs[key] = self.item(depth)
        return pairs
