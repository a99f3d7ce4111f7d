"""What is looked up by its signing, token or visit is found by an index.

Expand only: four indexes, of which the version now running need not know.
Going back: restore the backup taken before, or write another migration.
"""

from alembic import op

revision = "0007"
down_revision = "0006"

_INDEXES = (
    ("rulings", "signing_id"),
    ("refusals", "token_id"),
    ("signing_receipts", "visit_id"),
    ("sold_units", "signing_id"),
)


def upgrade() -> None:
    for table, column in _INDEXES:
        op.create_index(f"ix_{table}_{column}", table, [column])
