"""What arrives in the desk's one field: a typed code, or what a scanner typed.

A keyboard-wedge scanner types digits like a person, through whatever keyboard layout,
Caps Lock and input method is on (token.md §5).
"""

import re
import unicodedata
from dataclasses import dataclass, field
from itertools import chain, takewhile
from typing import Final, TypeAlias

from tokens.codes import CODE_LENGTH, normalise_code
from tokens.errors import CodeMalformed, Reason, ScanMalformed, TokenMalformed
from tokens.invisible import INVISIBLE
from tokens.referral import MAXIMUM_DIGITS, from_digits

_MAXIMUM_TEXT: Final = 2048
# The smallest token (81 bytes of frame) has more digits than this.
_MINIMUM_DIGITS: Final = 200
# How long one scan can be: a code with none, one or two dashes, or a token.
_LENGTHS: Final = (
    *range(CODE_LENGTH, CODE_LENGTH + 3),
    *range(_MINIMUM_DIGITS, MAXIMUM_DIGITS + 1),
)
_MAXIMUM_GLUED: Final = 4
# What a scanner may put before the data: its symbology (]Q1) and the ECI \000026.
# A Chinese input method turns `]` into 】 and `\` into 、 on the way.
_PREFIX: Final = re.compile(r"(?:[\]】][Qq][0-6])?(?:[\\、]000026)?")
_ENDS: Final = re.compile(r"[\t\r\n\x0b\x0c\x1d\x1e\x04]+")
_GAPS: Final = re.compile(rf"[ {INVISIBLE}]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class TypedCode:
    """A well-formed code 推荐码, normalised."""

    code: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ScannedToken:
    """The bytes of a token, its signature not yet checked."""

    token: bytes = field(repr=False)


Scan: TypeAlias = TypedCode | ScannedToken


def read_scan(text: str) -> Scan:
    """Return the one thing that was scanned or typed.

    The same thing scanned twice into one field is one scan.

    Raises:
        ScanMalformed: EMPTY; GLUED for different scans in one field; LENGTH, SYMBOL
            or CHECK_SYMBOL of what looks like a code; UNREADABLE for the rest.
    """
    if len(text) > _MAXIMUM_TEXT:
        raise ScanMalformed(Reason.LENGTH)
    pieces = _pieces(text)
    if not pieces:
        raise ScanMalformed(Reason.EMPTY)
    found = [_scans(piece, _MAXIMUM_GLUED) for piece in pieces]
    if not all(found):
        raise ScanMalformed(_why(pieces))
    first, *others = chain.from_iterable(found)
    if any(scan != first for scan in others):
        raise ScanMalformed(Reason.GLUED)
    return first


def _pieces(text: str) -> list[str]:
    """Cut at Enter, Tab and scanner prefixes."""
    folded = unicodedata.normalize("NFKC", text)
    lines = _ENDS.split(re.sub(r"(?=[\\、]000026|[\]】][Qq][0-6])", "\n", folded))
    bare = (_GAPS.sub("", _PREFIX.sub("", line, count=1)) for line in lines)
    return [piece for piece in bare if piece]


def _scans(piece: str, limit: int) -> list[Scan]:
    """Read one piece as one scan, or as several without anything between them.

    Returns nothing when any part of it cannot be read.
    """
    whole = _scan(piece)
    if whole is not None:
        return [whole]
    lengths = takewhile(lambda length: length < len(piece), _LENGTHS)
    for length in lengths if limit > 1 else ():
        head = _scan(piece[:length])
        if head is not None and (rest := _scans(piece[length:], limit - 1)):
            return [head, *rest]
    return []


def _scan(piece: str) -> Scan | None:
    try:
        if _MINIMUM_DIGITS <= len(piece) <= MAXIMUM_DIGITS:
            return _token(piece)
        return TypedCode(code=normalise_code(piece))
    except (CodeMalformed, TokenMalformed):
        return None


def _token(digits: str) -> ScannedToken:
    token = from_digits(digits)
    if token[:2] != b"\xd2\x84":  # every token begins so: COSE_Sign1, four parts
        raise TokenMalformed
    return ScannedToken(token=token)


def _why(pieces: list[str]) -> Reason | None:
    """Return what is wrong with a field that could not be read."""
    reason: Reason | None = Reason.UNREADABLE
    if len(pieces) == 1 and len(pieces[0]) < _MINIMUM_DIGITS:
        try:
            normalise_code(pieces[0])
        except CodeMalformed as error:
            reason = error.reason
    return reason
