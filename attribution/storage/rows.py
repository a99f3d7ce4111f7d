"""How identity tags stand in rows."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from attribution.ids import ProjectId, VisitorTag


def tag_row(tag: VisitorTag) -> dict[str, Any]:
    """Return the columns of a tag."""
    return {"kind": tag.kind, "epoch": tag.epoch, "value": tag.value}


def tag_of(row: Any) -> VisitorTag:
    """Return the tag in a row."""
    return VisitorTag(kind=row.kind, epoch=row.epoch, value=row.value)


def tags_among(
    connection: Connection,
    table: Table,
    project_id: ProjectId,
    tags: Iterable[VisitorTag],
) -> list[Row[Any]]:
    """Return the rows of a table of tags that hold one of `tags` at a project.

    The database finds by value, which is 32 random-looking bytes; kind and epoch are
    compared here.
    """
    wanted = set(tags)
    query = select(table).where(
        table.c.project_id == project_id,
        table.c.value.in_([tag.value for tag in wanted]),
    )
    return [row for row in connection.execute(query) if tag_of(row) in wanted]
