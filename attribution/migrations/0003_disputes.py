"""Disputes with their steps, evidence and holds; reversals of accruals.

Expand only: new tables and one index, so the version now running keeps working.
Going back: restore the backup taken before, or write another migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_index("ix_signing_tags_value", "signing_tags", ["value"])
    op.create_table(
        "disputes",
        _id(),
        _ref("project_id"),
        _ref("signing_id"),
        _ref("ruling_id"),
        sa.Column("ground", sa.String(16), nullable=False),
        sa.Column("side", sa.String(12), nullable=False),
        sa.Column("party", sa.String(48), nullable=False),
        _ref("visit_id", optional=True),
        _ref("opened_by", optional=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        _ref("entry_id"),
        *_keys(
            "disputes",
            project_id="projects",
            signing_id="signings",
            ruling_id="rulings",
            visit_id="visits",
            opened_by="people",
        ),
        sa.UniqueConstraint("ruling_id", "party", name="uq_disputes_ruling_id_party"),
    )
    op.create_index(
        "ix_disputes_project_id_opened_at", "disputes", ["project_id", "opened_at"]
    )
    op.create_index("ix_disputes_signing_id", "disputes", ["signing_id"])
    op.create_table(
        "dispute_steps",
        _id(),
        _ref("dispute_id"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("side", sa.String(12), nullable=False),
        _ref("taken_by", optional=True),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.Column("words_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        _ref("entry_id"),
        *_keys("dispute_steps", dispute_id="disputes", taken_by="people"),
        sa.UniqueConstraint(
            "dispute_id", "number", name="uq_dispute_steps_dispute_id_number"
        ),
    )
    op.create_table(
        "dispute_evidence",
        _id(),
        _ref("dispute_id"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(12), nullable=False),
        sa.Column("party", sa.String(48), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        _ref("given_by", optional=True),
        _ref("entry_id"),
        *_keys("dispute_evidence", dispute_id="disputes", given_by="people"),
        sa.UniqueConstraint(
            "dispute_id", "number", name="uq_dispute_evidence_dispute_id_number"
        ),
    )
    op.create_table(
        "holds",
        _id(),
        _ref("signing_id"),
        _ref("dispute_id"),
        sa.Column("placed_at", sa.BigInteger(), nullable=False),
        _ref("entry_id"),
        *_keys("holds", signing_id="signings", dispute_id="disputes"),
        sa.UniqueConstraint("dispute_id", name="uq_holds_dispute_id"),
    )
    op.create_index("ix_holds_signing_id", "holds", ["signing_id"])
    op.create_table(
        "hold_releases",
        _id(),
        _ref("hold_id"),
        sa.Column("released_at", sa.BigInteger(), nullable=False),
        _ref("entry_id"),
        *_keys("hold_releases", hold_id="holds"),
        sa.UniqueConstraint("hold_id", name="uq_hold_releases_hold_id"),
    )
    op.create_table(
        "reversals",
        _id(),
        _ref("accrual_id"),
        _ref("ruling_id"),
        _ref("signing_id"),
        _ref("channel_id"),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("reversed_at", sa.BigInteger(), nullable=False),
        _ref("entry_id"),
        *_keys(
            "reversals",
            accrual_id="accruals",
            ruling_id="rulings",
            signing_id="signings",
            channel_id="channels",
        ),
        sa.UniqueConstraint("accrual_id", name="uq_reversals_accrual_id"),
    )
    op.create_index("ix_reversals_signing_id", "reversals", ["signing_id"])


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.String(32), nullable=False)


def _ref(name: str, *, optional: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(32), nullable=optional)


def _keys(table: str, **targets: str) -> list[sa.Constraint]:
    """Return the primary key, and a foreign key for each column that names a row."""
    foreign = {**targets, "entry_id": "log_entries"}
    return [
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        *(
            sa.ForeignKeyConstraint([name], [f"{target}.id"], name=f"fk_{table}_{name}")
            for name, target in foreign.items()
        ),
    ]
