"""Statements of the hot path, compiled once and run by the driver itself."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Update

from attribution.storage.instants import microseconds_of


class Prepared:
    """A write that SQLAlchemy compiles once for each database.

    Its own execution costs about 40 µs a statement, several times what the database
    needs; a redemption has six of them. Only for statements whose values are all
    named: instants are turned into microseconds here, everything else is handed to
    the driver as it is.
    """

    def __init__(self, statement: Insert | Update, *names: str) -> None:
        self._statement = statement
        self._names = names
        self._compiled: dict[str, tuple[str, Sequence[str] | None]] = {}

    def run(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Run it once; return how many rows it changed."""
        text, order = self._for(connection.dialect)
        _announce(connection, text)
        driver: Any = connection.connection.driver_connection
        changed: int = driver.execute(text, _ordered(values, order)).rowcount
        return changed

    def run_all(
        self, connection: Connection, rows: Sequence[Mapping[str, Any]]
    ) -> None:
        """Run it once for each row."""
        text, order = self._for(connection.dialect)
        _announce(connection, text)
        driver: Any = connection.connection.driver_connection
        if len(rows) == 1:
            driver.execute(text, _ordered(rows[0], order))
        else:
            driver.cursor().executemany(text, [_ordered(row, order) for row in rows])

    def _for(self, dialect: Dialect) -> tuple[str, Sequence[str] | None]:
        """Return the text for a database, and the order of its values if it has one."""
        if dialect.name not in self._compiled:
            compiled = self._statement.compile(
                dialect=dialect, column_keys=list(self._names)
            )
            self._compiled[dialect.name] = (str(compiled), compiled.positiontup)
        return self._compiled[dialect.name]


def _announce(connection: Connection, text: str) -> None:
    """Tell who listens to statements (tests, benchmarks) of this one too."""
    for listener in connection.dispatch.before_cursor_execute:
        listener(connection, None, text, (), None, False)  # noqa: FBT003 (its form)


def _ordered(values: Mapping[str, Any], order: Sequence[str] | None) -> Any:
    """Return values as the driver takes them: by position, or by name."""
    if order is None:
        return {name: _plain(value) for name, value in values.items()}
    return [_plain(values[name]) for name in order]


def _plain(value: Any) -> Any:
    return microseconds_of(value) if isinstance(value, datetime) else value
