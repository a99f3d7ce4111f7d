"""Numbers and names that occur nowhere else, and the search for them in bytes.

All of a kind begin alike, so that one look for the beginning spares a thousand.
"""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path
from urllib.parse import quote

STEMS = ("137900", "110101", "H79", "轩辕")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


class Needles:
    """Makes what people type: no two alike, and none like anything else."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self._numbers = count(1)

    def _keep(self, text: str) -> str:
        self.made.append(text)
        return text

    def phone(self) -> str:
        """Return a mobile number."""
        return self._keep(f"137900{next(self._numbers) * 7919 % 10**5:05}")

    def paper(self) -> str:
        """Return an ID number with a right check digit."""
        number = next(self._numbers)
        body = (
            f"110101{1950 + number % 50}{1 + number % 12:02}17{number * 37 % 1000:03}"
        )
        total = sum(int(d) * w for d, w in zip(body, _WEIGHTS, strict=True))
        return self._keep(body + "10X98765432"[total % 11])

    def permit(self) -> str:
        """Return a home-return permit."""
        return self._keep(f"H79{next(self._numbers) * 7919 % 10**6:06}")

    def name(self) -> str:
        """Return the name of somebody."""
        number = next(self._numbers)
        return self._keep(f"轩辕{chr(0x5B66 + number * 7)}{chr(0x6A61 + number * 3)}")


def spellings(text: str) -> Iterator[tuple[str, bytes]]:
    """Yield every way in which bytes may hold a text."""
    plain = text.encode()
    for code in ("utf-8", "utf-16-le", "utf-16-be", "gb18030"):
        yield code, text.encode(code)
        yield f"{code} reversed", text[::-1].encode(code)
        yield f"{code} hex", text.encode(code).hex().encode()
        yield f"{code} HEX", text.encode(code).hex().upper().encode()
    for shift in range(3):
        # Those characters that what stands before and behind cannot change.
        first, last = -(-8 * shift // 6), 8 * (shift + len(plain)) // 6
        yield f"base64+{shift}", b64encode(bytes(shift) + plain)[first:last]
    yield "url", quote(text).encode()
    yield "json", text.encode("ascii", "backslashreplace")


def files_in(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder, by name."""
    return {str(one): one.read_bytes() for one in folder.rglob("*") if one.is_file()}


def found_in(
    places: Mapping[str, bytes], needles: Iterable[str]
) -> list[tuple[str, str, str]]:
    """Return (needle, spelling, place) of everything that should lie nowhere."""
    by_stem: dict[str, list[str]] = {}
    for needle in dict.fromkeys(needles):
        stem = next((one for one in STEMS if needle.startswith(one)), needle)
        by_stem.setdefault(stem, []).append(needle)
    return [
        (needle, how, place)
        for stem, alike in by_stem.items()
        for place, data in places.items()
        for how, beginning in spellings(stem)
        if beginning in data
        for needle in alike
        if dict(spellings(needle))[how] in data
    ]
