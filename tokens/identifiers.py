"""Identifiers of people and companies: one normal form for each kind, checked.

The kinds are listed in KINDS; what each accepts is identity-tag.md §2 and §3.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from types import MappingProxyType
from typing import Final

from tokens.errors import IdentifierInvalid, Reason
from tokens.invisible import DASHES, INVISIBLE


@dataclass(frozen=True, kw_only=True, slots=True)
class Identifier:
    """A phone number or document number in normal form. Made by `identifier`."""

    kind: str
    value: str = field(repr=False)


def identifier(kind: str, value: str) -> Identifier:
    """Return the normal form of what was typed, or raise IdentifierInvalid.

    An 18-character number given as `cn-id` becomes a residence permit or permanent
    residence card when it begins like one, so that one person has one tag whichever
    name the desk gave to the card.
    """
    try:
        read = KINDS[kind]
    except KeyError:
        raise IdentifierInvalid(Reason.KIND) from None
    return read(value)


def normal_form(identifier: Identifier) -> str:
    """Return `kind:value`, the text from which a tag is made."""
    return f"{identifier.kind}:{identifier.value}"


def mask_of(identifier: Identifier, kind: str) -> Identifier:
    """Return the masked form `kind` of a whole mobile number.

    Example: `cn-mobile-3-4` of +8613800138000 is 138****8000.
    """
    if identifier.kind != "cn-mobile" or kind not in _MASKS:
        raise IdentifierInvalid(Reason.KIND)
    head, tail = _MASKS[kind]
    digits = identifier.value.removeprefix("+86")
    return _masked(kind, digits[:head], digits[-tail:])


def refuse_masked(identifiers: Iterable[Identifier]) -> None:
    """Raise IdentifierInvalid where one is masked: it may be many people's.

    A whole number is needed of whoever stands here; only an agent may know less.
    """
    if any(one.kind in _MASKS for one in identifiers):
        raise IdentifierInvalid(Reason.MASKED)


def warnings_of(identifier: Identifier) -> tuple[str, ...]:
    """Return what is odd about a valid identifier: `REGION_UNKNOWN`, or nothing."""
    if identifier.kind == "cn-id" and int(identifier.value[:2]) not in _PROVINCES:
        return ("REGION_UNKNOWN",)
    return ()


def guess_kind(text: str) -> str | None:
    """Return the kind a text looks like, for a field that takes any; None if unclear.

    Only the shape is looked at, so that a wrong check digit is reported as such.
    """
    folded = _folded(text)
    return next((kind for kind, shape in _SHAPES if shape.fullmatch(folded)), None)


def convert_legacy_id(text: str) -> Identifier:
    """Return the 18-character number of a 15-digit one, for import of old lists only.

    The century is 19, or 18 where the sequence number is one of 996 to 999, which
    were given to people then over a hundred.
    """
    folded = _folded(text)
    if not re.fullmatch(r"[0-9]{15}", folded):
        raise IdentifierInvalid(Reason.LENGTH)
    century = "18" if folded[12:] >= "996" else "19"
    body = folded[:6] + century + folded[6:]
    return identifier("cn-id", body + _check_digit(body))


_IGNORED: Final = re.compile(rf"[\s(){DASHES}{INVISIBLE}]+")


def _folded(text: str) -> str:
    """Fold width and case; drop spaces, dashes, brackets and invisible characters."""
    return _IGNORED.sub("", unicodedata.normalize("NFKC", text)).upper()


def _national(text: str) -> str:
    """Return a mainland mobile number without its country prefix."""
    return re.sub(r"^(?:\+86|0086|86(?=1.{10}$))", "", _folded(text))


def _mobile(text: str) -> Identifier:
    digits = _national(text)
    if re.fullmatch(r"(?:\+|00)[0-9]+", digits):  # another country's
        raise IdentifierInvalid(Reason.PREFIX)
    if not re.fullmatch(r"[0-9]*", digits):
        raise IdentifierInvalid(Reason.CHARACTERS)
    if len(digits) != 11:  # noqa: PLR2004  mainland numbers have eleven digits
        raise IdentifierInvalid(Reason.LENGTH)
    if not re.match(r"1[3-9]", digits):
        raise IdentifierInvalid(Reason.PREFIX)
    return Identifier(kind="cn-mobile", value="+86" + digits)


# How many digits each mask shows before and after what it hides.
_MASKS: Final = MappingProxyType(
    {"cn-mobile-3-4": (3, 4), "cn-mobile-4-3": (4, 3), "cn-mobile-3-6": (3, 6)}
)
MASKED_KINDS: Final = tuple(_MASKS)
# The characters with which agencies hide digits; `X` because the text is folded.
_HIDDEN: Final = r"[*X×•·●#?._]+"


def _masked(kind: str, head: str, tail: str) -> Identifier:
    stars = "*" * (11 - len(head) - len(tail))
    return Identifier(kind=kind, value=head + stars + tail)


def _masked_mobile(kind: str) -> Callable[[str], Identifier]:
    head, tail = _MASKS[kind]
    shape = re.compile(rf"(1[3-9][0-9]{{{head - 2}}}){_HIDDEN}([0-9]{{{tail}}})")

    def read(text: str) -> Identifier:
        match = shape.fullmatch(_national(text))
        if match is None:
            raise IdentifierInvalid(Reason.MASK)
        return _masked(kind, match[1], match[2])

    return read


_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def _check_digit(body: str) -> str:
    """Return the check character of 17 digits: ISO 7064 MOD 11-2, as in GB 11643."""
    total = sum(int(d) * w for d, w in zip(body, _WEIGHTS, strict=True))
    return "10X98765432"[total % 11]


def _has_birthday(digits: str) -> bool:
    """Say whether eight digits name a day of the calendar."""
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True


def _personal_kind(number: str) -> str:
    """Return which of the three 18-character cards a number belongs to."""
    if number[0] == "9":
        return "cn-permanent-residence"
    return "cn-residence-permit" if number[:2] in {"81", "82", "83"} else "cn-id"


def _personal_number(text: str) -> Identifier:
    """Read any 18-character personal number; its beginning says which card it is."""
    number = _folded(text)
    if not re.fullmatch(r"[0-9]*X?", number):
        raise IdentifierInvalid(Reason.CHARACTERS)
    if len(number) != 18:  # noqa: PLR2004  GB 11643: 18 characters
        raise IdentifierInvalid(Reason.LENGTH)
    if number[0] == "0":
        raise IdentifierInvalid(Reason.PREFIX)
    if not _has_birthday(number[6:14]):
        raise IdentifierInvalid(Reason.BIRTHDAY)
    if _check_digit(number[:17]) != number[17]:
        raise IdentifierInvalid(Reason.CHECK_DIGIT)
    return Identifier(kind=_personal_kind(number), value=number)


def _residence_permit(text: str) -> Identifier:
    """Read a residence permit of Hong Kong (81), Macau (82) or Taiwan (83) people."""
    return _of_kind("cn-residence-permit", _personal_number(text))


def _permanent_residence(text: str) -> Identifier:
    """Read a permanent residence card: 18 digits from 9, or 3 letters + 12 digits."""
    number = _folded(text)
    if re.fullmatch(r"[A-Z]{3}[0-9]{12}", number):
        return Identifier(kind="cn-permanent-residence", value=number)
    return _of_kind("cn-permanent-residence", _personal_number(number))


def _of_kind(kind: str, found: Identifier) -> Identifier:
    if found.kind != kind:
        raise IdentifierInvalid(Reason.PREFIX)
    return found


def _passport(text: str) -> Identifier:
    """Read `CHN:E12345678`: issuing country (ISO 3166, three letters) and number."""
    folded = _folded(text)
    if not re.match(r"[A-Z]{3}:", folded):
        raise IdentifierInvalid(Reason.PREFIX)
    number = folded[4:]
    if not re.fullmatch(r"[A-Z0-9]*", number):
        raise IdentifierInvalid(Reason.CHARACTERS)
    shape = r"[A-Z0-9]{2}[0-9]{7}" if folded.startswith("CHN") else r"[A-Z0-9]{5,9}"
    if not re.fullmatch(shape, number):
        raise IdentifierInvalid(Reason.LENGTH)
    return Identifier(kind="passport", value=folded)


def _home_return(text: str) -> Identifier:
    """Read a home-return permit 回乡证: H or M and eight digits, kept for life.

    Older cards add two digits that count the renewals; they are left off.
    """
    return _of_shape("cn-home-return", r"([HM][0-9]{8})(?:[0-9]{2})?", text)


def _taiwan_permit(text: str) -> Identifier:
    """Read a Taiwan compatriot permit 台胞证: eight digits, kept for life.

    Older cards add two digits and a letter for the renewals; they are left off.
    """
    return _of_shape("cn-taiwan-permit", r"([0-9]{8})(?:[0-9]{2}[A-Z]?)?", text)


def _of_shape(kind: str, shape: str, text: str) -> Identifier:
    match = re.fullmatch(shape, _folded(text))
    if match is None:
        raise IdentifierInvalid(Reason.LENGTH)
    return Identifier(kind=kind, value=match[1])


_USCC_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def _uscc(text: str) -> Identifier:
    """Read a company's unified social credit code 统一社会信用代码 (GB 32100)."""
    code = _folded(text)
    if not set(code) <= set(_USCC_ALPHABET):
        raise IdentifierInvalid(Reason.CHARACTERS)
    if len(code) != 18:  # noqa: PLR2004  GB 32100: 18 characters
        raise IdentifierInvalid(Reason.LENGTH)
    # Weights are powers of 3; with the check character itself the sum is 0 modulo 31.
    total = sum(
        _USCC_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(code[:17])
    )
    if (total + _USCC_ALPHABET.index(code[17])) % 31:
        raise IdentifierInvalid(Reason.CHECK_DIGIT)
    return Identifier(kind="uscc", value=code)


KINDS: Final[Mapping[str, Callable[[str], Identifier]]] = MappingProxyType(
    {
        "cn-mobile": _mobile,
        "cn-mobile-3-4": _masked_mobile("cn-mobile-3-4"),
        "cn-mobile-4-3": _masked_mobile("cn-mobile-4-3"),
        "cn-mobile-3-6": _masked_mobile("cn-mobile-3-6"),
        "cn-id": _personal_number,
        "cn-residence-permit": _residence_permit,
        "cn-permanent-residence": _permanent_residence,
        "cn-home-return": _home_return,
        "cn-taiwan-permit": _taiwan_permit,
        "passport": _passport,
        "uscc": _uscc,
    }
)

_PREFIX: Final = r"(?:\+86|0086|86)?"
# In order: the first shape that fits names the kind.
_SHAPES: Final = (
    ("cn-mobile", re.compile(_PREFIX + r"1[0-9]{10}")),
    *(
        (kind, re.compile(rf"{_PREFIX}1[0-9]{{{head - 1}}}{_HIDDEN}[0-9]{{{tail}}}"))
        for kind, (head, tail) in _MASKS.items()
    ),
    ("cn-id", re.compile(r"[0-9]{17}[0-9X]")),
    ("cn-permanent-residence", re.compile(r"[A-Z]{3}[0-9]{12}")),
    ("cn-home-return", re.compile(r"[HM][0-9]{8}(?:[0-9]{2})?")),
    ("passport", re.compile(r"[A-Z]{3}:[A-Z0-9]{5,9}")),
    ("uscc", re.compile(rf"[{_USCC_ALPHABET}]{{18}}")),
)

# The provinces of GB/T 2260; a number of another region may be real, but is rare.
_MAINLAND = (range(11, 16), range(21, 24), range(31, 38), range(41, 47))
_WEST_AND_TAIWAN = (range(50, 55), range(61, 66), range(71, 72))
_PROVINCES: Final = frozenset(chain(*_MAINLAND, *_WEST_AND_TAIWAN))
