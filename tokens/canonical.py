"""One byte form for one statement: the part of RFC 8785 that our statements use."""

import json
from typing import Final

# Above this a reader in another language may see another number (RFC 8785 §3.2.2.3).
_LARGEST: Final = 2**53 - 1


def canonical(value: object) -> bytes:
    """Return the canonical bytes: sorted keys, no spaces, UTF-8.

    Raises:
        ValueError: a float, an integer beyond 2⁵³ − 1, a key that is not ASCII or a
            lone surrogate. These have no single form that every reader agrees on.
    """
    _check(value)
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def _check(value: object) -> None:
    match value:
        case dict():
            for key, inner in value.items():
                if not (isinstance(key, str) and key.isascii()):
                    message = "keys are ASCII text"
                    raise ValueError(message)
                _check(inner)
        case list() | tuple():
            for inner in value:
                _check(inner)
        case bool() | str() | None:
            return
        case int() if abs(value) <= _LARGEST:
            return
        case _:
            message = f"no canonical form for {type(value).__name__}"
            raise ValueError(message)
