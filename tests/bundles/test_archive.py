"""A bundle is a ZIP file in one form; every other file is refused with its reason."""

import io
import zipfile
import zlib
from collections.abc import Callable

import pytest

from attribution.bundles import archive
from attribution.bundles.archive import archive_bytes, read_archive
from attribution.errors import BundleUnreadable

FILES = {"a.txt": b"one", "b.txt": b"", "c.txt": b"three"}
NAMES = tuple(FILES)
DATA = archive_bytes(FILES)


def reason(data: bytes) -> str:
    with pytest.raises(BundleUnreadable) as refused:
        read_archive(data, NAMES)
    return str(refused.value)


def zipped(
    *entries: tuple[str, bytes], method: int = zipfile.ZIP_STORED, **more: str
) -> bytes:
    """Return what another program would make of the files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as made:
        for name, content in entries:
            made.writestr(name, content)
        made.comment = more.get("comment", "").encode()
    return file.getvalue()


def test_what_is_written_is_read_again_and_is_a_zip_file_for_everybody() -> None:
    assert read_archive(DATA, NAMES) == FILES
    with zipfile.ZipFile(io.BytesIO(DATA)) as known:
        assert known.testzip() is None
        assert {one: known.read(one) for one in known.namelist()} == FILES


def test_the_form_is_pinned() -> None:
    assert archive_bytes({"a": b"b"}).hex() == (
        "504b03040a000000000000002100f9efbe710100000001000000010000006162"
        "504b01020a030a000000000000002100f9efbe71010000000100000001000000"
        "0000000000000000a48100000000"
        "61504b050600000000010001002f000000200000000000"
    )


@pytest.mark.parametrize("at", range(len(DATA)))
def test_no_byte_can_be_flipped(at: int) -> None:
    for bit in range(8):
        flipped = bytearray(DATA)
        flipped[at] ^= 1 << bit

        with pytest.raises(BundleUnreadable):
            read_archive(bytes(flipped), NAMES)


@pytest.mark.parametrize("size", range(len(DATA)))
def test_no_tail_can_be_cut_off(size: int) -> None:
    assert reason(DATA[:size])


REFUSED: list[tuple[str, Callable[[], bytes], str]] = [
    ("nothing", lambda: b"", "$: is no ZIP file"),
    ("text", lambda: b"hello", "$: is no ZIP file"),
    ("before", lambda: b"x" + DATA, "$: is no ZIP file"),
    ("behind", lambda: DATA + b"x", "$: has bytes behind its end"),
    ("twice", lambda: DATA + DATA, "$: has bytes behind its end"),
    (
        "order",
        lambda: archive_bytes(dict(reversed(FILES.items()))),
        "$: has its files in another order",
    ),
    (
        "missing",
        lambda: archive_bytes({"a.txt": b"one", "b.txt": b""}),
        "c.txt: is not there",
    ),
    (
        "unknown",
        lambda: archive_bytes({**FILES, "d.txt": b""}),
        "d.txt: is no part of a bundle",
    ),
    (
        "duplicate",
        lambda: _renamed(archive_bytes({**FILES, "d.txt": b""}), b"d.txt", b"a.txt"),
        "a.txt: is there twice",
    ),
    (
        "path",
        lambda: archive_bytes({"../a.txt": b""}),
        "'../a.txt': is a path, or no name",
    ),
    (
        "absolute path",
        lambda: archive_bytes({"/etc/x": b""}),
        "'/etc/x': is a path, or no name",
    ),
    (
        "drive",
        lambda: archive_bytes({"C:x": b""}),
        "'C:x': is a path, or no name",
    ),
    (
        "escape",
        lambda: archive_bytes({"\x1b[2J": b""}),
        r"'\x1b[2J': is a path, or no name",
    ),
    (
        "other letters",
        lambda: zipped(("甲.txt", b"")),
        "'\\xe7\\x94\\xb2.txt': is a path, or no name",
    ),
    (
        "packed",
        lambda: zipped(*FILES.items(), method=zipfile.ZIP_DEFLATED),
        "a.txt: is packed; a bundle stores its files as they are",
    ),
    (
        "bomb",
        lambda: zipped(("a.txt", bytes(10**8)), method=zipfile.ZIP_DEFLATED),
        "a.txt: is packed; a bundle stores its files as they are",
    ),
    ("encrypted", lambda: _with_flags(DATA, 1), "a.txt: is encrypted"),
    (
        "sizes that follow",
        lambda: _with_flags(DATA, 8),
        "a.txt: is packed; a bundle stores its files as they are",
    ),
    (
        "declared too large",
        lambda: DATA[:18] + b"\xff\xff\xff\x7f" * 2 + DATA[26:],
        "a.txt: has another size than it says",
    ),
    (
        "two sizes",
        lambda: DATA[:18] + b"\x02\x00\x00\x00" + DATA[22:],
        "a.txt: has another size than it says",
    ),
    ("damaged", lambda: DATA.replace(b"one", b"0ne"), "a.txt: is damaged"),
    (
        "another program's form",
        lambda: zipped(*FILES.items()),
        "$: is not in the one form of a bundle; ask for the file as it was made",
    ),
    (
        "comment",
        lambda: zipped(*FILES.items(), comment="hello"),
        "$: is not in the one form of a bundle; ask for the file as it was made",
    ),
    ("cut off", lambda: DATA[:20], "$: ends in the middle"),
    (
        "too many",
        lambda: archive_bytes({f"{i}": b"" for i in range(100)}),
        "0: is no part of a bundle",
    ),
]


def _renamed(data: bytes, old: bytes, new: bytes) -> bytes:
    return data.replace(old, new)


def _with_flags(data: bytes, flags: int) -> bytes:
    return data[:6] + flags.to_bytes(2, "little") + data[8:]


@pytest.mark.parametrize(
    ("make", "expected"), [pytest.param(*row[1:], id=row[0]) for row in REFUSED]
)
def test_another_file_is_refused_with_its_reason(
    make: Callable[[], bytes], expected: str
) -> None:
    assert reason(make()) == expected


def test_a_file_with_too_many_files_is_refused() -> None:
    names = [f"{number}" for number in range(archive.LARGEST_COUNT + 1)]
    data = archive_bytes(dict.fromkeys(names, b""))

    with pytest.raises(BundleUnreadable, match="has more than 16 files"):
        read_archive(data, names)


def test_a_file_that_is_too_large_is_not_looked_into() -> None:
    assert reason(bytes(archive.LARGEST_FILE + 1)) == (
        f"$: is larger than {archive.LARGEST_FILE} bytes"
    )


def test_a_wrong_check_sum_in_the_directory_is_found() -> None:
    crc = zlib.crc32(b"one").to_bytes(4, "little")
    last = DATA.rindex(crc)

    assert "one form" in reason(DATA[:last] + bytes(4) + DATA[last + 4 :])
