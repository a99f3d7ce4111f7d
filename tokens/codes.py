"""Typed one-time codes 推荐码: draw, show, read back, digest (token.md §1)."""

import hmac
import re
import unicodedata
from collections.abc import Callable
from typing import Final

from tokens.errors import CodeMalformed, Reason
from tokens.invisible import DASHES, INVISIBLE

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHECK_ALPHABET: Final = ALPHABET + "*~$=U"
_DATA_LENGTH: Final = 10
CODE_LENGTH: Final = _DATA_LENGTH + 1
_DATA_BITS: Final = 5 * _DATA_LENGTH
# One draw in seven is refused; a hundred in a row never are.
_MAXIMUM_DRAWS: Final = 100
_DIGEST_LABEL: Final = b"referral-code/v1\x00"

_LOOK_ALIKES: Final = str.maketrans("OIL", "011")
_SEPARATORS: Final = re.compile(rf"[\s_.·{DASHES}{INVISIBLE}]+")


def code_from_random(random_bytes: Callable[[int], bytes]) -> str:
    """Draw a code: ten symbols (50 random bits) and a check symbol, without dashes.

    Draws again while the check symbol would be one of `* ~ $ = U`, which no keyboard
    of a phone shows at once and which no one can spell aloud.

    Raises:
        ValueError: the source keeps giving the same bytes.
    """
    for _ in range(_MAXIMUM_DRAWS):
        value = int.from_bytes(random_bytes(7)) & ((1 << _DATA_BITS) - 1)
        data = "".join(
            ALPHABET[value >> shift & 31] for shift in range(_DATA_BITS - 5, -1, -5)
        )
        check = _check_symbol(data)
        if check in ALPHABET:
            return data + check
    message = "the random source repeats itself"
    raise ValueError(message)


def format_code(code: str) -> str:
    """Return a normalised code as it is shown: `XXXXX-XXXXX-C`."""
    return f"{code[:5]}-{code[5:10]}-{code[10:]}"


def normalise_code(text: str) -> str:
    """Return the eleven symbols of a code as a person typed it.

    Folds case, width, spaces, dashes and look-alikes (O→0, I L→1).

    Raises:
        CodeMalformed: LENGTH, SYMBOL or CHECK_SYMBOL.
    """
    folded = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text))
    symbols = folded.upper().translate(_LOOK_ALIKES)
    if len(symbols) != CODE_LENGTH:
        raise CodeMalformed(Reason.LENGTH)
    if not set(symbols) <= set(ALPHABET):
        raise CodeMalformed(Reason.SYMBOL)
    if _check_symbol(symbols[:_DATA_LENGTH]) != symbols[_DATA_LENGTH:]:
        raise CodeMalformed(Reason.CHECK_SYMBOL)
    return symbols


def code_digest(code: str, key: bytes) -> bytes:
    """Return the keyed digest under which a normalised code is stored, 32 bytes."""
    return hmac.digest(key, _DIGEST_LABEL + code.encode("ascii"), "sha256")


def _check_symbol(data: str) -> str:
    """Return the check symbol: the value modulo 37.

    32 has order 36 modulo 37, so no substitution of one symbol and no swap of two,
    the check symbol included, can keep the remainder.
    """
    value = 0
    for symbol in data:
        value = (value * 32 + ALPHABET.index(symbol)) % 37
    return _CHECK_ALPHABET[value]
