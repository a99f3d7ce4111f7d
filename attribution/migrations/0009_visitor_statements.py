"""What a visitor says of a visit, beside what the desk recorded (rules §4.6).

Expand only: a table of its own, which the version now running does not know.
Going back: restore the backup taken before, or write another migration.
"""

import sqlalchemy as sa
from alembic import op

from attribution.storage.instants import Instant

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "visitor_statements",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("visit_id", sa.String(32), nullable=False),
        sa.Column("been_before", sa.Boolean(), nullable=True),
        sa.Column("brought_by", sa.String(8), nullable=True),
        sa.Column("channel_id", sa.String(32), nullable=True),
        sa.Column("had_come_before", sa.Boolean(), nullable=True),
        sa.Column("stated_at", Instant(), nullable=False),
        sa.Column("entry_id", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_visitor_statements"),
        sa.ForeignKeyConstraint(
            ["visit_id"], ["visits.id"], name="fk_visitor_statements_visit_id"
        ),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name="fk_visitor_statements_channel_id"
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["log_entries.id"], name="fk_visitor_statements_entry_id"
        ),
        sa.UniqueConstraint("visit_id", name="uq_visitor_statements_visit_id"),
    )
