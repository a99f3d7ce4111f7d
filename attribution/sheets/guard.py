"""Measuring an upload before anything opens it: kind, size, expansion, extent.

Source: docs/specs/reconciliation.md §1. Every limit has its name here.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from enum import StrEnum

from attribution.errors import StatementNotSpreadsheet, StatementTooLarge

MOST_BYTES = 20 * 1024 * 1024
MOST_MEMBERS = 1000
MOST_UNPACKED_BYTES = 200 * 1024 * 1024
MOST_RATIO = 200  # unpacked to packed; sheets of real statements stay under 40
SMALL_MEMBER_BYTES = 1024 * 1024  # below it a high ratio harms nobody
MOST_ROWS = 200_000
MOST_CELLS = 1_500_000  # cells that hold something
MOST_EXTENT = 4_000_000  # rows × columns that a dense reader would hold
MOST_MERGED_ROWS = 400_000  # rows of all merged ranges together
MOST_MERGED_CELLS = MOST_EXTENT  # honest ones lie side by side inside the sheet
MOST_ELEMENTS = 6_000_000  # of XML, in all parts together

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_ZIP = b"PK\x03\x04"
_ENTRY = b"PK\x01\x02"
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_BINARY = (
    b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF", b"Rar!", b"7z\xbc\xaf",
    b"\x1f\x8b", b"BM", b"PK\x05\x06", b"{\\rtf", b"\x7fELF", b"MZ",
)  # fmt: skip
_PACKED = re.compile(r"\.(?:zip|xlsx|xlsm|xlsb|docx|rar|7z|gz)$")
_WORKBOOK = "xl/workbook.xml"
_CHUNK = 1024 * 1024
_UNPACKING_FAILS = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError,
)  # fmt: skip


class Kind(StrEnum):
    """What an upload is, by its bytes and never by its name."""

    WORKBOOK = "xlsx"
    TEXT = "csv"


class Refusal(StrEnum):
    """Why an upload is no spreadsheet that may be opened."""

    EMPTY = "EMPTY"
    NOT_A_SPREADSHEET = "NOT_A_SPREADSHEET"
    OLD_XLS = "OLD_XLS"
    ENCRYPTED = "ENCRYPTED"
    WEB_PAGE = "WEB_PAGE"  # an export named .xls that is HTML or XML inside
    BROKEN = "BROKEN"
    MACROS = "MACROS"
    EXTERNAL_LINKS = "EXTERNAL_LINKS"
    NESTED_ARCHIVE = "NESTED_ARCHIVE"
    STRANGE_XML = "STRANGE_XML"


class Excess(StrEnum):
    """Of what an upload has too much."""

    BYTES = "BYTES"
    MEMBERS = "MEMBERS"
    UNPACKED_BYTES = "UNPACKED_BYTES"
    RATIO = "RATIO"
    ROWS = "ROWS"
    CELLS = "CELLS"
    EXTENT = "EXTENT"
    MERGED_ROWS = "MERGED_ROWS"
    ELEMENTS = "ELEMENTS"
    RESOURCES = "RESOURCES"  # the reader ran into its memory or time limit


def kind_of(data: bytes) -> Kind:
    """Say what an upload is, or refuse it; nothing is unpacked yet.

    Raises:
        StatementTooLarge: more bytes than anyone's statement.
        StatementNotSpreadsheet: an old or encrypted workbook, a picture, nothing …
    """
    if len(data) > MOST_BYTES:
        raise StatementTooLarge(Excess.BYTES, MOST_BYTES)
    if not data.strip(b"\x00 \t\r\n"):
        raise StatementNotSpreadsheet(Refusal.EMPTY)
    if data.startswith(_OLE):
        is_encrypted = "EncryptedPackage".encode("utf-16-le") in data
        raise StatementNotSpreadsheet(
            Refusal.ENCRYPTED if is_encrypted else Refusal.OLD_XLS
        )
    if data.startswith(_ZIP):
        return Kind.WORKBOOK
    if data.startswith(UTF_16_MARKS):
        return Kind.TEXT
    if data.startswith(_BINARY) or b"\x00" in data:
        raise StatementNotSpreadsheet(Refusal.NOT_A_SPREADSHEET)
    if data.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        raise StatementNotSpreadsheet(Refusal.WEB_PAGE)
    return Kind.TEXT


def check_archive(data: bytes) -> None:
    """Refuse a workbook whose table of contents promises harm.

    Raises:
        StatementTooLarge: too many members, or too much once unpacked.
        StatementNotSpreadsheet: broken, encrypted, with macros, links or archives.
    """
    # Counted in the raw bytes first: a table of contents can itself be the bomb.
    if data.count(_ENTRY) > MOST_MEMBERS:
        raise StatementTooLarge(Excess.MEMBERS, MOST_MEMBERS)
    with opened(data) as archive:
        members = archive.infolist()
    names = [member.filename.lower() for member in members]
    if _WORKBOOK not in names or len(set(names)) != len(names):
        raise StatementNotSpreadsheet(Refusal.NOT_A_SPREADSHEET)
    for member in members:
        _check_member(member)
    if sum(member.file_size for member in members) > MOST_UNPACKED_BYTES:
        raise StatementTooLarge(Excess.UNPACKED_BYTES, MOST_UNPACKED_BYTES)


def opened(data: bytes) -> zipfile.ZipFile:
    """Open an archive, or refuse it as broken."""
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise StatementNotSpreadsheet(Refusal.BROKEN) from None


def _check_member(member: zipfile.ZipInfo) -> None:
    name = member.filename.lower()
    if member.flag_bits & 1:
        raise StatementNotSpreadsheet(Refusal.ENCRYPTED)
    if "vbaproject" in name or "/macrosheets/" in name:
        raise StatementNotSpreadsheet(Refusal.MACROS)
    if "/externallinks/" in name or name.endswith("connections.xml"):
        raise StatementNotSpreadsheet(Refusal.EXTERNAL_LINKS)
    if _PACKED.search(name):
        raise StatementNotSpreadsheet(Refusal.NESTED_ARCHIVE)
    is_dense = member.file_size > MOST_RATIO * max(member.compress_size, 1)
    if is_dense and member.file_size > SMALL_MEMBER_BYTES:
        raise StatementTooLarge(Excess.RATIO, MOST_RATIO)


def unpacked(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """Unpack a member in pieces. More than it promised is a broken archive."""
    try:
        with archive.open(name) as member:
            while chunk := member.read(_CHUNK):
                yield chunk
    except _UNPACKING_FAILS:
        raise StatementNotSpreadsheet(Refusal.BROKEN) from None
