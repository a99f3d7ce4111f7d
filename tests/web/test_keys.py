import hashlib
import json
import os
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import select, update

from attribution.ids import PersonId, ProjectId
from attribution.people import Actor, Grant, Role
from attribution.services.administering import create_project
from attribution.services.answering import Request
from attribution.storage.engine import open_database
from attribution.storage.tables import log_entries
from tokens.canonical import canonical
from tokens.identifiers import identifier
from tokens.tags import TagKey
from web.keys import FileKeys, KeyFileForeign, KeyFileMissing, KeyFileUnsafe
from web.settings import read_settings
from web.wiring import Installation, open_installation

PAGE = Path(__file__).parents[2] / "docs" / "operations" / "keys.md"
PHONE = identifier("cn-mobile", "13800138000")
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


class Place:
    """An installation with one project, whose tag key the log names."""

    def __init__(self, folder: Path) -> None:
        self.settings = read_settings({"HEFU_DATA_DIR": str(folder)})
        self.project = self.make_project("江畔")
        self.file = folder / "keys" / f"tag-{self.project}-1.key"

    def open(self) -> Installation:
        return open_installation(self.settings)

    def make_project(self, name: str) -> ProjectId:
        installed = self.open()
        admin = Actor(
            person_id=PersonId("a"), name="a", grants=(Grant(role=Role.ADMIN),)
        )
        made = create_project(
            installed.runtime,
            by=admin,
            request=Request(caller="test", id=f"request-{name}", body=b""),
            name=name,
            rules={},
        ).answer
        installed.database.close()
        return ProjectId(str(made["project_id"]))

    def swap(self) -> None:
        """Put another key in the place of the project's."""
        draft = self.file.with_name("draft")
        draft.write_bytes(b"x" * 32)
        draft.chmod(0o600)
        draft.replace(self.file)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "var")


def test_a_tag_key_that_was_swapped_is_refused_at_start_by_name(place: Place) -> None:
    place.swap()

    with pytest.raises(KeyFileForeign, match=place.file.name):
        place.open()


def test_a_tag_key_that_is_swapped_meanwhile_tags_nobody(place: Place) -> None:
    installed = place.open()
    first = installed.runtime.tag(place.project, [PHONE])
    place.swap()
    os.utime(place.file.parent, ns=(0, place.file.stat().st_mtime_ns + 1))

    with pytest.raises(KeyFileForeign, match=place.file.name):
        installed.runtime.tag(place.project, [PHONE])

    installed.database.close()
    assert len(first) == 1


def test_an_epoch_that_nobody_logged_is_refused(place: Place) -> None:
    newer = place.file.with_name(place.file.name.replace("-1.key", "-2.key"))
    newer.write_bytes(b"x" * 32)
    newer.chmod(0o600)

    with pytest.raises(KeyFileForeign, match=newer.name):
        place.open()


def test_a_statement_that_does_not_open_its_entry_names_no_key(place: Place) -> None:
    place.swap()
    seed = TagKey.from_random(b"x" * 32)
    url = place.settings.database_url
    database = open_database(url)
    with database.writing() as connection:
        query = select(log_entries.c.event).where(log_entries.c.kind == "key-epoch/v1")
        event = json.loads(connection.execute(query).scalar_one())
        forged = canonical({**event, "tag_public_key": seed.public_bytes().hex()})
        named = update(log_entries).where(log_entries.c.kind == "key-epoch/v1")
        connection.execute(named.values(event=forged))
    database.close()

    with pytest.raises(KeyFileForeign):
        place.open()


def test_a_project_whose_key_is_lost_does_not_keep_the_others_out(
    place: Place,
) -> None:
    other = place.make_project("山间")
    place.file.unlink()
    installed = place.open()

    tags = installed.runtime.tag(other, [PHONE])
    with pytest.raises(KeyFileMissing, match=f"tag-{place.project}-"):
        installed.runtime.tag(place.project, [PHONE])

    installed.database.close()
    assert len(tags) == 1


def test_a_project_whose_issuer_key_is_lost_is_still_known(folder: Path) -> None:
    keys = FileKeys(folder, counted())
    keys.create_for(RIVER, 1)
    (folder / "issuer-river.key").unlink()

    assert keys.has_project(RIVER)
    assert not keys.has_project(HILL)
    with pytest.raises(KeyFileMissing, match=r"issuer-river\.key"):
        keys.issuer_of(RIVER)


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
