"""Overhearing what is sent to a database, for tests that count or explain it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from attribution.storage.engine import Database

Said = tuple[str, Any]
"""A statement and its values; none of a prepared one, whose text alone is told."""


@contextmanager
def heard(database: Database) -> Iterator[list[Said]]:
    """Yield the statements that are sent until the block ends, by whichever thread."""
    said: list[Said] = []

    def listen(*arguments: Any) -> None:
        said.append((arguments[2], arguments[3]))

    with database.reading() as connection:
        engines = (database.engine, connection.engine)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", listen)
    try:
        yield said
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", listen)


@contextmanager
def meanwhile(
    database: Database, part: str, act: Callable[[], object]
) -> Iterator[None]:
    """Do something once, before the first statement that has this part is sent."""
    left = [act]

    def listen(*arguments: Any) -> None:
        if left and part in arguments[2]:
            left.pop()()

    with database.reading() as connection:
        reader = connection.engine
    event.listen(reader, "before_cursor_execute", listen)
    try:
        yield
    finally:
        event.remove(reader, "before_cursor_execute", listen)
    assert not left, f"nobody has said {part!r}"
