"""Inner nodes of the log's tree, its keys, its witnesses and what they saw.

Expand only: four new tables, which the version now running does not read. Nodes of
entries that are there already are made again when first asked for.
Going back: restore the backup taken before, or write another migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "log_nodes",
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "number", name=op.f("pk_log_nodes")),
    )
    op.create_table(
        "log_keys",
        sa.Column("origin", sa.String(length=80), nullable=False),
        sa.Column("vkey", sa.String(length=200), nullable=False),
        sa.Column("since_size", sa.BigInteger(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("compromised_at", sa.BigInteger(), nullable=True),
        sa.Column("succession", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("origin", name=op.f("pk_log_keys")),
    )
    op.create_table(
        "witnesses",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("vkey", sa.String(length=200), nullable=False),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("url", sa.String(length=200), nullable=True),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_witnesses")),
        sa.UniqueConstraint("vkey", name=op.f("uq_witnesses_vkey")),
    )
    op.create_table(
        "cosignatures",
        sa.Column("witness_id", sa.String(length=32), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["witness_id"],
            ["witnesses.id"],
            name=op.f("fk_cosignatures_witness_id"),
        ),
        sa.ForeignKeyConstraint(
            ["size"], ["log_heads.size"], name=op.f("fk_cosignatures_size")
        ),
        sa.PrimaryKeyConstraint("witness_id", "size", name=op.f("pk_cosignatures")),
    )
    op.create_index(op.f("ix_cosignatures_size"), "cosignatures", ["size"])
    op.create_table(
        "log_alarms",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("note_digest", sa.LargeBinary(), nullable=False),
        sa.Column("raised_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_alarms")),
        sa.UniqueConstraint("note_digest", name=op.f("uq_log_alarms_note_digest")),
    )
