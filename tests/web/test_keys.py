import hashlib
import os
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from attribution.ids import ProjectId
from web.keys import FileKeys, KeyFileUnsafe

PAGE = Path(__file__).parents[2] / "docs" / "operations" / "keys.md"
RIVER, HILL = ProjectId("river"), ProjectId("hill")


def counted(start: int = 1) -> Callable[[int], bytes]:
    numbers = count(start)
    return lambda size: hashlib.shake_256(next(numbers).to_bytes(4)).digest(size)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def test_first_start_makes_keys_that_only_the_owner_reads(folder: Path) -> None:
    FileKeys(folder, counted())

    modes = {file.stat().st_mode & 0o777 for file in folder.iterdir()}
    assert modes == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert sorted(file.name for file in folder.iterdir()) == [
        "code.key",
        "data.key",
        "log.key",
        "request.key",
    ]


def test_later_starts_find_the_same_keys(folder: Path) -> None:
    random = counted()
    first, second = FileKeys(folder, random), FileKeys(folder, random)

    assert first.code_key == second.code_key
    assert first.request_key == second.request_key
    assert first.data_key == second.data_key
    assert first.log.origin == second.log.origin
    assert first.log.id == second.log.id


def test_every_key_is_another(folder: Path) -> None:
    keys = FileKeys(folder, counted())
    keys.create_for(RIVER, 1)

    contents = [file.read_bytes() for file in folder.iterdir()]

    assert len(set(contents)) == len(contents) == 6


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_key_that_others_could_read_is_refused(folder: Path, mode: int) -> None:
    FileKeys(folder, counted())
    (folder / "data.key").chmod(mode)

    with pytest.raises(KeyFileUnsafe, match=r"data\.key"):
        FileKeys(folder, counted())


def test_a_folder_that_others_could_list_is_refused(folder: Path) -> None:
    FileKeys(folder, counted())
    folder.chmod(0o750)

    with pytest.raises(KeyFileUnsafe):
        FileKeys(folder, counted())


def test_a_damaged_key_is_refused_and_not_replaced(folder: Path) -> None:
    FileKeys(folder, counted())
    (folder / "log.key").write_bytes(b"short")

    with pytest.raises(KeyFileUnsafe, match="32 bytes"):
        FileKeys(folder, counted())


def test_projects_have_keys_of_their_own(folder: Path) -> None:
    keys = FileKeys(folder, counted())

    river, hill = keys.create_for(RIVER, 1), keys.create_for(HILL, 1)

    assert river != hill
    assert keys.issuer_of(RIVER).kid != keys.issuer_of(HILL).kid
    assert set(keys.issuer_keys()) == {
        keys.issuer_of(RIVER).kid,
        keys.issuer_of(HILL).kid,
    }
    assert keys.tag_key_of(RIVER).key.public_bytes() == river


def test_making_a_project_twice_changes_nothing(folder: Path) -> None:
    keys = FileKeys(folder, counted())

    assert keys.create_for(RIVER, 1) == keys.create_for(RIVER, 1)


def test_the_newest_epoch_makes_the_tags(folder: Path) -> None:
    keys = FileKeys(folder, counted())
    keys.create_for(RIVER, 9)
    newest = keys.create_for(RIVER, 10)
    keys.create_for(RIVER, 2)

    assert keys.tag_key_of(RIVER).epoch == 10
    assert keys.tag_key_of(RIVER).key.public_bytes() == newest


def test_another_process_may_make_a_project(folder: Path) -> None:
    here, there = FileKeys(folder, counted()), FileKeys(folder, counted(1000))
    made = there.create_for(RIVER, 1)
    os.utime(folder, ns=(0, folder.stat().st_mtime_ns + 1))

    assert here.tag_key_of(RIVER).key.public_bytes() == made
    assert here.issuer_of(RIVER).kid == there.issuer_of(RIVER).kid


def test_of_two_processes_that_make_a_key_at_once_one_wins(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    FileKeys(folder, counted())
    winner = (folder / "code.key").read_bytes()
    exists = Path.exists
    monkeypatch.setattr(
        Path, "exists", lambda path: path.name != "code.key" and exists(path)
    )

    loser = FileKeys(folder, counted(1000))

    assert loser.code_key == winner
    assert not [file for file in folder.iterdir() if file.name.startswith(".")]


@pytest.mark.parametrize("bad", ["", "../river", "a/b", "river.", "x" * 33])
def test_a_project_id_never_leaves_the_folder(folder: Path, bad: str) -> None:
    keys = FileKeys(folder, counted())

    with pytest.raises(ValueError, match="file name"):
        keys.create_for(ProjectId(bad), 1)


@pytest.mark.parametrize(
    "name", ["code.key", "request.key", "data.key", "log.key", "issuer-", "tag-"]
)
def test_every_key_file_is_documented(name: str) -> None:
    assert f"`{name}" in PAGE.read_text("utf-8")


def test_the_next_log_key_is_one_until_it_is_adopted(folder: Path) -> None:
    first, second = FileKeys(folder, counted()), FileKeys(folder, counted())
    old, new = first.log, first.next_log()

    assert second.next_log().id == new.id
    assert first.log.id == old.id
    first.adopt_next_log()

    # Another process notices by the folder's time.
    assert first.log.id == second.log.id == new.id
    assert first.next_log().id != new.id
    assert FileKeys(folder, counted()).log.origin == new.origin
