"""Overhearing what is sent to a database, for tests that count or explain it."""

from collections.abc import Iterator
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
