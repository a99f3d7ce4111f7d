"""Numbers of people as they are typed into a field, read once at the edge."""

import re

from tokens.errors import IdentifierInvalid
from tokens.identifiers import Identifier, guess_kind, identifier

_BETWEEN = re.compile(r"[,，、;；/\n]+")
_MOST_IDENTIFIERS = 20
_MOST_COMPANIONS = 20


def parse_identifier(text: str) -> Identifier | None:
    """Return the phone or document number of a field; None when it was left empty.

    What looks like nothing we know is read as a phone number, so that a digit too
    few is said to be one.

    Raises:
        IdentifierInvalid: with the reason.
    """
    if not text.strip():
        return None
    return identifier(guess_kind(text) or "cn-mobile", text)


def parse_identifiers(text: str) -> tuple[Identifier, ...]:
    """Return the numbers of one person, separated by commas or lines.

    Raises:
        IdentifierInvalid: one of them is none, or they are too many.
    """
    found = tuple(
        one for piece in _BETWEEN.split(text) if (one := parse_identifier(piece))
    )
    if len(found) > _MOST_IDENTIFIERS:
        raise IdentifierInvalid
    return found


def parse_party(text: str) -> tuple[tuple[Identifier, ...], ...]:
    """Return the numbers of companions: one line for each person.

    Raises:
        IdentifierInvalid: one of them is none, or they are too many: each number takes
            its time to become a tag.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > _MOST_COMPANIONS:
        raise IdentifierInvalid
    found = (parse_identifiers(line) for line in lines)
    return tuple(line for line in found if line)
