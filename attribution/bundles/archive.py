"""A ZIP file with one form: the same files give the same bytes, and no others do.

Files are stored, never packed, in a fixed order and under a fixed date. So a reader
needs no more memory than the file has, and whatever is hidden between the entries,
before, behind or in their fields makes another file and is refused.
"""

import re
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Final, NoReturn

from attribution.errors import BundleUnreadable

LARGEST_FILE: Final = 16 * 2**20
LARGEST_COUNT: Final = 16

_LOCAL: Final = struct.Struct("<4s5H3L2H")
_CENTRAL: Final = struct.Struct("<4s6H3L5H2L")
_END: Final = struct.Struct("<4s4H2LH")
_LOCAL_SIGN, _CENTRAL_SIGN, _END_SIGN = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"

_NEEDED: Final = 10
_MADE_BY: Final = 3 << 8 | _NEEDED  # Unix
_DATE: Final = 1 << 5 | 1  # 1 January 1980, the first day of ZIP
_MODE: Final = 0o100644 << 16
_ENCRYPTED: Final = 1
_PLAIN: Final = re.compile(rb"[A-Za-z0-9_][A-Za-z0-9._-]{0,79}")


def archive_bytes(files: Mapping[str, bytes]) -> bytes:
    """Return the files, in the order given, as one ZIP file."""
    body, directory = [], []
    offset = 0
    for name, data in files.items():
        known = (0, 0, 0, _DATE, zlib.crc32(data), len(data), len(data), len(name), 0)
        local = _LOCAL.pack(_LOCAL_SIGN, _NEEDED, *known)
        central = (_CENTRAL_SIGN, _MADE_BY, _NEEDED, *known, 0, 0, 0, _MODE, offset)
        directory.append(_CENTRAL.pack(*central) + name.encode("ascii"))
        body.append(local + name.encode("ascii") + data)
        offset += len(body[-1])
    count, size = len(files), sum(map(len, directory))
    end = _END.pack(_END_SIGN, 0, 0, count, count, size, offset, 0)
    return b"".join([*body, *directory, end])


def read_archive(data: bytes, names: Sequence[str]) -> dict[str, bytes]:
    """Return the files of a ZIP file that has exactly these, in this order.

    Raises:
        BundleUnreadable: with the file and what is wrong with it.
    """
    if len(data) > LARGEST_FILE:
        _refuse(f"is larger than {LARGEST_FILE} bytes")
    files = _entries(data, names)
    for name in names:
        if name not in files:
            _refuse("is not there", name)
    _check_form(files, data, names)
    return files


def _entries(data: bytes, names: Sequence[str]) -> dict[str, bytes]:
    if not data.startswith(_LOCAL_SIGN):
        _refuse("is no ZIP file")
    files: dict[str, bytes] = {}
    offset = 0
    while data.startswith(_LOCAL_SIGN, offset):
        if len(files) == LARGEST_COUNT:
            _refuse(f"has more than {LARGEST_COUNT} files")
        name, content, offset = _entry(data, offset)
        if name in files:
            _refuse("is there twice", name)
        if name not in names:
            _refuse("is no part of a bundle", name)
        files[name] = content
    return files


def _entry(data: bytes, offset: int) -> tuple[str, bytes, int]:
    """Return name and content of the entry at an offset, and where it ends."""
    start = offset + _LOCAL.size
    if start > len(data):
        _refuse("ends in the middle")
    _, _, flags, method, _, _, crc, packed, size, name_size, extra = _LOCAL.unpack(
        data[offset:start]
    )
    begin = start + name_size + extra
    name = _name(data[start : start + name_size])
    if flags & _ENCRYPTED:
        _refuse("is encrypted", name)
    if flags or method:
        _refuse("is packed; a bundle stores its files as they are", name)
    if packed != size or begin + size > len(data):
        _refuse("has another size than it says", name)
    content = data[begin : begin + size]
    if zlib.crc32(content) != crc:
        _refuse("is damaged", name)
    return name, content, begin + size


def _name(data: bytes) -> str:
    """Return a plain name, or refuse what leads elsewhere or no line could show."""
    if not _PLAIN.fullmatch(data):
        _refuse("is a path, or no name", ascii(data[:80].decode("latin-1")))
    return data.decode("ascii")


def _check_form(files: Mapping[str, bytes], data: bytes, names: Sequence[str]) -> None:
    """Refuse whatever differs from the one form of these files."""
    expected = archive_bytes({name: files[name] for name in names})
    if data == expected:
        return
    if data.startswith(expected):
        _refuse("has bytes behind its end")
    if list(files) != list(names):
        _refuse("has its files in another order")
    _refuse("is not in the one form of a bundle; ask for the file as it was made")


def _refuse(reason: str, path: str = "$") -> NoReturn:
    raise BundleUnreadable(path, reason)
