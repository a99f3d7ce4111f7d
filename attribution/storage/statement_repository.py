"""Reconciled statements of channels 对账: what was found, never the file itself."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, insert, select

from attribution.errors import NotFound
from attribution.ids import ChannelId, PersonId, ProjectId, StatementId
from attribution.storage.tables import statements


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredStatement:
    """One upload and its result, row by row, as JSON."""

    id: StatementId
    project_id: ProjectId
    channel_id: ChannelId
    file_digest: bytes
    result: str = field(repr=False)
    uploaded_at: datetime
    uploaded_by: PersonId
    entry_id: str


class StatementRepository:
    """Statements are only ever added; a corrected file is a new one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, statement: StoredStatement) -> None:
        """Store a reconciled statement."""
        names = StoredStatement.__slots__
        values = {name: getattr(statement, name) for name in names}
        self._connection.execute(insert(statements), values)

    def get(self, statement_id: StatementId) -> StoredStatement:
        """Return a statement, or raise NotFound."""
        query = select(statements).where(statements.c.id == statement_id)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            raise NotFound
        return StoredStatement(**row._asdict())

    def at(self, project_id: ProjectId) -> list[StoredStatement]:
        """Return the statements of a project, newest first."""
        query = (
            select(statements)
            .where(statements.c.project_id == project_id)
            .order_by(statements.c.uploaded_at.desc())
        )
        return [
            StoredStatement(**row._asdict()) for row in self._connection.execute(query)
        ]
