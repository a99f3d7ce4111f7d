"""The last signed head, kept in a file of its own."""

import threading
from pathlib import Path

import pytest

from tests.tokens.tokens_for_tests import KEY
from tokens.checkpoints import sign_checkpoint
from web.heads import HeadFile


def head(size: int, root: bytes = b"r" * 32) -> str:
    name = "hefu.example/log"
    return sign_checkpoint(origin=name, size=size, root=root, key=KEY, name=name)


@pytest.fixture
def file(tmp_path: Path) -> HeadFile:
    return HeadFile(tmp_path / "log-head.txt")


def test_a_larger_head_takes_the_place_of_a_smaller(file: HeadFile) -> None:
    assert file.read() is None
    for size in (1, 5, 3):
        file.keep(head(size))

    assert file.read() == head(5)


def test_an_operator_may_put_any_head_or_none_in_its_place(file: HeadFile) -> None:
    file.keep(head(5))

    file.replace(head(2))
    assert file.read() == head(2)
    file.replace(None)
    assert file.read() is None


def test_of_many_who_keep_at_once_the_largest_stays(file: HeadFile) -> None:
    threads = [
        threading.Thread(target=file.keep, args=(head(size),)) for size in range(1, 33)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert file.read() == head(32)


def test_no_draft_is_left_beside_it(file: HeadFile, tmp_path: Path) -> None:
    file.keep(head(1))

    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "log-head.lock",
        "log-head.txt",
    ]
