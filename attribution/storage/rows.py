"""Rows that are added once, and how identity tags stand in rows."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Row, Table, and_, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from attribution.ids import ProjectId, VisitorTag

_INSERTS: dict[str, Any] = {"sqlite": sqlite_insert, "postgresql": postgres_insert}


def add_new(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]
) -> int:
    """Add the rows that are not there yet; return how many.

    The database decides which are new, so of many at once one adds each.
    """
    add = _INSERTS[connection.dialect.name](table).on_conflict_do_nothing()
    counted = add.execution_options(preserve_rowcount=True)
    return connection.execute(counted, rows).rowcount


def tag_row(tag: VisitorTag) -> dict[str, Any]:
    """Return the columns of a tag."""
    return {"kind": tag.kind, "epoch": tag.epoch, "value": tag.value}


def tag_of(row: Any) -> VisitorTag:
    """Return the tag in a row."""
    return VisitorTag(kind=row.kind, epoch=row.epoch, value=row.value)


def is_among(
    columns: tuple[Column[Any], Column[Any], Column[Any]], tags: Collection[VisitorTag]
) -> ColumnElement[bool]:
    """Return the condition by which a database finds tags, by kind, epoch and value.

    All three are named, for each is a part of an index. The value of one tag with the
    kind of another passes too: who asks compares once more.
    """
    kind, epoch, value = columns
    return and_(
        kind.in_(sorted({tag.kind for tag in tags})),
        epoch.in_(sorted({tag.epoch for tag in tags})),
        value.in_(sorted({tag.value for tag in tags})),
    )


def tags_among(
    connection: Connection,
    table: Table,
    project_id: ProjectId,
    tags: Iterable[VisitorTag],
) -> list[Row[Any]]:
    """Return the rows of a table of tags that hold one of `tags` at a project."""
    wanted = set(tags)
    columns = (table.c.kind, table.c.epoch, table.c.value)
    query = select(table).where(
        table.c.project_id == project_id, is_among(columns, wanted)
    )
    return [row for row in connection.execute(query) if tag_of(row) in wanted]
