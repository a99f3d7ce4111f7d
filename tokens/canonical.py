"""One byte form for one statement: the part of RFC 8785 that our statements use."""

import json
from collections.abc import Iterable
from typing import Final

# Above this a reader in another language may see another number (RFC 8785 §3.2.2.3).
_LARGEST: Final = 2**53 - 1
# What is nested deeper is no statement, and would be read here and not there.
_DEEPEST: Final = 32


def canonical(value: object) -> bytes:
    """Return the canonical bytes: sorted keys, no spaces, UTF-8.

    Raises:
        ValueError: a float, an integer beyond 2⁵³ − 1, a key that is not ASCII, a
            lone surrogate, or more than 32 levels. These have no single form that
            every reader agrees on.
    """
    _check(value, _DEEPEST)
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def _check(value: object, depth: int) -> None:
    match value:
        case dict() if depth:
            if not all(isinstance(key, str) and key.isascii() for key in value):
                message = "keys are ASCII text"
                raise ValueError(message)
            _check_each(value.values(), depth - 1)
        case list() | tuple() if depth:
            _check_each(value, depth - 1)
        case bool() | str() | None:
            return
        case int() if abs(value) <= _LARGEST:
            return
        case _:
            message = f"no canonical form for {type(value).__name__}"
            raise ValueError(message)


def _check_each(values: Iterable[object], depth: int) -> None:
    for value in values:
        _check(value, depth)
