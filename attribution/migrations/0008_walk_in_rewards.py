"""An accrual may be the buyer's own reward, for a walk-in (rules §9.5).

Expand only: the column may be empty, and is for every commission. Plain SQL that both
databases know, as in 0005.
Going back: restore the backup taken before, or write another migration.
"""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE accruals ADD COLUMN visit_id VARCHAR(32) "
        "CONSTRAINT fk_accruals_visit_id REFERENCES visits (id)"
    )
