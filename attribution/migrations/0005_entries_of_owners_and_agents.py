"""A ruling cites the log entry by which somebody is an owner, or an agent is known.

Expand only: rows from before have none, and the version now running writes none.
Plain SQL that both databases know: a batch would build `agents` anew on SQLite, and the
rows that refer to it forbid that.
Going back: restore the backup taken before, or write another migration.
"""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    for table in ("agents", "owner_tags"):
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN entry_id VARCHAR(32) "
            f"CONSTRAINT fk_{table}_entry_id REFERENCES log_entries (id)"
        )
