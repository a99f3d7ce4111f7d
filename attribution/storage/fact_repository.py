"""Facts beside what the log says of them: for checking, never for deciding."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

from attribution.storage.tables import log_entries, metadata

_BATCH = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class LoggedFact:
    """A row of a table of facts, and the entry that it names.

    `kind` and `event` are None where there is no such entry; `event` alone where it
    was erased.
    """

    row: Mapping[str, object] = field(repr=False)
    kind: str | None
    event: bytes | None = field(repr=False)


class FactRepository:
    """Every table whose rows name their entry in the log."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def facts(self, table_name: str) -> Iterator[LoggedFact]:
        """Give every row of a table with its entry, many at a time."""
        table = metadata.tables[table_name]
        entry = log_entries.c
        query = select(
            table, entry.kind.label("entry_kind"), entry.event.label("entry_event")
        ).select_from(
            table.outerjoin(log_entries, log_entries.c.id == table.c.entry_id)
        )
        streamed = self._connection.execute(
            query, execution_options={"yield_per": _BATCH}
        )
        for row in streamed:
            values = dict(row._mapping)  # noqa: SLF001 (public; named so for no clash)
            kind, event = values.pop("entry_kind"), values.pop("entry_event")
            yield LoggedFact(row=values, kind=kind, event=event)

    def unclaimed(self, table_name: str, kind: str) -> list[str]:
        """Return the entries of a kind that no row of a table names, unless erased."""
        table = metadata.tables[table_name]
        query = (
            select(log_entries.c.id)
            .outerjoin(table, table.c.entry_id == log_entries.c.id)
            .where(
                log_entries.c.kind == kind,
                log_entries.c.event.is_not(None),
                table.c.entry_id.is_(None),
            )
        )
        return list(self._connection.execute(query).scalars())

    def count(self, table_name: str) -> int:
        """Return how many rows a table has."""
        query = select(func.count()).select_from(metadata.tables[table_name])
        return int(self._connection.execute(query).scalar_one())
