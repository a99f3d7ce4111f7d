"""What is refused before anything is opened, and why."""

import io
import zipfile

import pytest

from attribution.errors import StatementNotSpreadsheet, StatementTooLarge
from attribution.sheets.guard import MOST_BYTES, Kind, check_archive, kind_of
from tests.sheets.hostile import a_workbook

OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(504)
BOMB = bytes(300 * 1024 * 1024 // 8)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (a_workbook(), Kind.WORKBOOK),
        ("房号,佣金".encode(), Kind.TEXT),
        ("房号,佣金".encode("gb18030"), Kind.TEXT),
        ("房号,佣金".encode("utf-16"), Kind.TEXT),
    ],
)
def test_the_kind_is_told_by_the_bytes(data: bytes, kind: Kind) -> None:
    assert kind_of(data) is kind


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "EMPTY"),
        (b" \r\n", "EMPTY"),
        (OLE, "OLD_XLS"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "ENCRYPTED"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "NOT_A_SPREADSHEET"),
        (b"%PDF-1.7", "NOT_A_SPREADSHEET"),
        (b"PK\x05\x06" + bytes(18), "NOT_A_SPREADSHEET"),
        (b"a,b\x00c", "NOT_A_SPREADSHEET"),
        (b"\xef\xbb\xbf\n<html><table>", "WEB_PAGE"),
        (b"<?xml version='1.0'?>", "WEB_PAGE"),
    ],
)
def test_what_is_no_spreadsheet_is_told_what_it_is(data: bytes, reason: str) -> None:
    with pytest.raises(StatementNotSpreadsheet) as caught:
        kind_of(data)

    assert caught.value.reason == reason


def test_the_largest_upload_is_still_looked_at() -> None:
    assert kind_of(b"a" * MOST_BYTES) is Kind.TEXT

    with pytest.raises(StatementTooLarge) as caught:
        kind_of(b"a" * (MOST_BYTES + 1))

    assert (caught.value.reason, caught.value.limit) == ("BYTES", MOST_BYTES)


def an_archive(*names: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in names:
            archive.writestr(name, b"")
    return target.getvalue()


def encrypted(data: bytes) -> bytes:
    """Set the flag of encryption on every member, as in a zip with a password."""
    changed = bytearray(data)
    start = changed.find(b"PK\x01\x02")
    while start >= 0:
        changed[start + 8] |= 1
        start = changed.find(b"PK\x01\x02", start + 4)
    return bytes(changed)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(a_workbook()[:300], "BROKEN", id="cut off"),
        pytest.param(an_archive("a.txt"), "NOT_A_SPREADSHEET", id="another zip"),
        pytest.param(
            an_archive("xl/workbook.xml", "XL/Workbook.xml"),
            "NOT_A_SPREADSHEET",
            id="one name twice",
        ),
        pytest.param(encrypted(a_workbook()), "ENCRYPTED", id="password"),
        pytest.param(
            a_workbook(parts={"xl/vbaProject.bin": b"x"}), "MACROS", id="macros"
        ),
        pytest.param(
            a_workbook(parts={"xl/macrosheets/sheet1.xml": "<a/>"}), "MACROS", id="old"
        ),
        pytest.param(
            a_workbook(parts={"xl/externalLinks/externalLink1.xml": "<a/>"}),
            "EXTERNAL_LINKS",
            id="links to other files",
        ),
        pytest.param(
            a_workbook(parts={"xl/connections.xml": "<a/>"}),
            "EXTERNAL_LINKS",
            id="connections",
        ),
        pytest.param(
            a_workbook(parts={"xl/embeddings/book.xlsx": b"PK"}),
            "NESTED_ARCHIVE",
            id="nested",
        ),
    ],
)
def test_an_archive_that_may_harm_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(StatementNotSpreadsheet) as caught:
        check_archive(data)

    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(
            a_workbook(parts={"xl/worksheets/sheet1.xml": BOMB}), "RATIO", id="bomb"
        ),
        pytest.param(
            b"PK\x03\x04" + b"PK\x01\x02" * 1001, "MEMBERS", id="table of contents"
        ),
    ],
)
def test_a_bomb_is_refused_by_its_measures(data: bytes, reason: str) -> None:
    with pytest.raises(StatementTooLarge) as caught:
        check_archive(data)

    assert caught.value.reason == reason


def test_many_modest_members_may_not_add_up_to_a_bomb(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("attribution.sheets.guard.MOST_UNPACKED_BYTES", 1000)

    with pytest.raises(StatementTooLarge) as caught:
        check_archive(a_workbook())

    assert caught.value.reason == "UNPACKED_BYTES"


def test_an_ordinary_workbook_passes() -> None:
    check_archive(a_workbook(parts={"xl/media/logo.png": b"\x89PNG"}))
