"""Tokens and visits know the log entries of what happened to them: for receipts 回执.

Expand only: three columns that may be empty. What was bound, revoked or agreed to
before is found again by what the entries say.
Going back: restore the backup taken before, or write another migration.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_COLUMNS = (
    ("tokens", "bind_entry_id", "bind/v1", "token"),
    ("tokens", "revoke_entry_id", "revoke/v1", "token"),
    ("visits", "consent_entry_id", "consent/v1", "visit"),
)


def upgrade() -> None:
    connection = op.get_bind()
    for table, column, kind, owner in _COLUMNS:
        # Not as a batch: that copies the whole table on SQLite, and this does not.
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN {column} VARCHAR(32) "
            f"CONSTRAINT fk_{table}_{column} REFERENCES log_entries (id)"
        )
        entries = connection.execute(
            sa.text(
                "SELECT id, event FROM log_entries "
                "WHERE kind = :kind AND event IS NOT NULL"
            ),
            {"kind": kind},
        )
        found = [
            {"entry": row.id, "owner": json.loads(bytes(row.event))[owner]}
            for row in entries
        ]
        if found:
            connection.execute(
                sa.text(
                    f"UPDATE {table} SET {column} = :entry WHERE id = :owner"  # noqa: S608
                ),
                found,
            )
