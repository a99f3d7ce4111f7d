"""Statements of the hot path, compiled once and run by the driver itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Row, Select, Update
from sqlalchemy.engine import result_tuple

from attribution.storage.instants import microseconds_of

# How a column is read; None: as it is.
_Reader = Callable[[Any], Any] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Text:
    """A statement as a driver takes it: its values by position, or else by name."""

    text: str
    order: Sequence[str] | None

    def run(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """Return the driver's cursor."""
        _announce(connection, self.text)
        driver: Any = connection.connection.driver_connection
        return driver.execute(self.text, _ordered(values, self.order))


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
        self._compiled: dict[str, _Text] = {}

    def run(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Run it once; return how many rows it changed."""
        changed: int = self._for(connection.dialect).run(connection, values).rowcount
        return changed

    def run_all(
        self, connection: Connection, rows: Sequence[Mapping[str, Any]]
    ) -> None:
        """Run it once for each row."""
        found = self._for(connection.dialect)
        if len(rows) == 1:
            found.run(connection, rows[0])
            return
        _announce(connection, found.text)
        driver: Any = connection.connection.driver_connection
        ordered = [_ordered(row, found.order) for row in rows]
        driver.cursor().executemany(found.text, ordered)

    def _for(self, dialect: Dialect) -> _Text:
        found = self._compiled.get(dialect.name)
        if found is None:
            compiled = self._statement.compile(
                dialect=dialect, column_keys=list(self._names)
            )
            found = _Text(text=str(compiled), order=compiled.positiontup)
            self._compiled[dialect.name] = found
        return found


class PreparedQuery:
    """A read that SQLAlchemy compiles once for each database.

    Its own execution costs about 100 µs, and a redemption has two. Columns are read
    through their types, as SQLAlchemy does it.
    """

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement
        self._make = result_tuple(statement.selected_columns.keys())
        self._compiled: dict[str, tuple[_Text, Sequence[_Reader]]] = {}

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[Row[Any]]:
        """Return every row."""
        text, readers = self._for(connection.dialect)
        return [
            self._make(
                [
                    value if read is None else read(value)
                    for value, read in zip(row, readers, strict=True)
                ]
            )
            for row in text.run(connection, values).fetchall()
        ]

    def _for(self, dialect: Dialect) -> tuple[_Text, Sequence[_Reader]]:
        found = self._compiled.get(dialect.name)
        if found is None:
            compiled = self._statement.compile(dialect=dialect)
            found = (
                _Text(text=str(compiled), order=compiled.positiontup),
                [
                    column.type.dialect_impl(dialect).result_processor(dialect, None)
                    for column in self._statement.selected_columns
                ],
            )
            self._compiled[dialect.name] = found
        return found


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
