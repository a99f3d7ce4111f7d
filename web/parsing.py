"""Numbers of people as they are typed into a field, read once at the edge."""

import re

from attribution.errors import InputInvalid
from tokens.errors import IdentifierInvalid
from tokens.identifiers import Identifier, guess_kind, identifier, refuse_masked

_BETWEEN = re.compile(r"[,，、;；/\n]+")
_MOST_COMPANIONS = 20
MOST_NUMBERS = 8
"""Of one person in one request."""
MOST_OWNERS = 100
"""Of one list of owners in one request: about three seconds of Argon2id."""


def too_many(most: int) -> str:
    """Return the reason of a list of more numbers than one request may turn into tags.

    Each takes its time (Argon2id): a list without a limit would stop the office.
    """
    return f"lists more than {most} numbers"


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


def parse_whole(text: str) -> Identifier | None:
    """Return the number of somebody who knows it whole; None when left empty.

    Raises:
        IdentifierInvalid: with the reason; a masked number is not enough.
    """
    found = parse_identifier(text)
    refuse_masked([found] if found else [])
    return found


def parse_identifiers(text: str) -> tuple[Identifier, ...]:
    """Return the whole numbers of one person, separated by commas or lines.

    Raises:
        IdentifierInvalid: one of them is none.
        InputInvalid: they are too many.
    """
    found = tuple(one for piece in _BETWEEN.split(text) if (one := parse_whole(piece)))
    if len(found) > MOST_NUMBERS:
        raise InputInvalid("identifiers", too_many(MOST_NUMBERS))
    return found


def parse_party(text: str) -> tuple[tuple[Identifier, ...], ...]:
    """Return the numbers of companions: one line for each person.

    Raises:
        InputInvalid: which line holds none, or they are too many: each number takes
            its time to become a tag.
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > _MOST_COMPANIONS:
        raise InputInvalid("party", too_many(_MOST_COMPANIONS))
    found = []
    for index, line in enumerate(lines):
        try:
            found.append(parse_identifiers(line))
        except IdentifierInvalid as error:
            raise InputInvalid(f"party[{index}]", str(error.reason)) from None
    return tuple(line for line in found if line)
