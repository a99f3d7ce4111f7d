"""A ruling keeps its canonical inputs; agreements are found in the log by their kind.

Expand only: the new column may be empty, and the version now running neither reads it
nor the index.
Going back: restore the backup taken before, or write another migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_AGREED = (
    "kind IN ('agent/v1', 'bind/v1', 'plan/v1', 'programme/v1', 'rulebook/v1', "
    "'suspension/v1')"
)


def upgrade() -> None:
    with op.batch_alter_table("rulings") as table:
        table.add_column(sa.Column("inputs", sa.Text(), nullable=True))
    op.create_index(
        "ix_log_entries_agreed",
        "log_entries",
        ["kind", "at"],
        sqlite_where=sa.text(_AGREED),
        postgresql_where=sa.text(_AGREED),
    )
