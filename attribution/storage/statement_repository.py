"""Reconciled statements of channels 对账: what was found, never the file itself."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select

from attribution.errors import NotFound
from attribution.ids import ChannelId, PersonId, ProjectId, StatementId
from attribution.storage.tables import statements


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredStatement:
    """One upload, without its result: that has a row for each claim and each debt."""

    id: StatementId
    project_id: ProjectId
    channel_id: ChannelId
    file_digest: bytes
    uploaded_at: datetime
    uploaded_by: PersonId
    entry_id: str


_STATEMENT = tuple(statements.c[name] for name in StoredStatement.__slots__)


class StatementRepository:
    """Statements are only ever added; a corrected file is a new one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, statement: StoredStatement, result: str) -> None:
        """Store a reconciled statement and its result, as JSON."""
        names = StoredStatement.__slots__
        values = {name: getattr(statement, name) for name in names}
        self._connection.execute(insert(statements), {**values, "result": result})

    def get(self, statement_id: StatementId) -> tuple[StoredStatement, str]:
        """Return a statement and its result, or raise NotFound."""
        found = self._with_results(statements.c.id == statement_id)
        if not found:
            raise NotFound
        return found[0]

    def at(self, project_id: ProjectId) -> list[StoredStatement]:
        """Return the statements of a project, newest first."""
        query = (
            select(*_STATEMENT)
            .where(statements.c.project_id == project_id)
            .order_by(statements.c.uploaded_at.desc())
        )
        return [
            StoredStatement(**row._asdict()) for row in self._connection.execute(query)
        ]

    def with_results_at(
        self, project_id: ProjectId
    ) -> list[tuple[StoredStatement, str]]:
        """Return the statements of a project and their results, newest first."""
        return self._with_results(statements.c.project_id == project_id)

    def _with_results(
        self, condition: ColumnElement[bool]
    ) -> list[tuple[StoredStatement, str]]:
        query = (
            select(*_STATEMENT, statements.c.result)
            .where(condition)
            .order_by(statements.c.uploaded_at.desc())
        )
        return [_with_result(row) for row in self._connection.execute(query)]


def _with_result(row: Any) -> tuple[StoredStatement, str]:
    values = row._asdict()
    result: str = values.pop("result")
    return StoredStatement(**values), result
