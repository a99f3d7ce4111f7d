"""The first schema: people, agreements, tokens, visits, signings, rulings, the log.

Forward only. Going back: restore the backup taken before, or write another migration.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "channels",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("suspended_from", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channels")),
        sa.UniqueConstraint("name", name=op.f("uq_channels_name")),
    )
    op.create_table(
        "failure_budgets",
        sa.Column("bucket", sa.String(length=96), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name=op.f("pk_failure_budgets")),
    )
    op.create_table(
        "log_entries",
        sa.Column(
            "arrival",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=True),
        sa.Column("event", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("arrival", name=op.f("pk_log_entries")),
        sa.UniqueConstraint("id", name=op.f("uq_log_entries_id")),
        sa.UniqueConstraint("position", name=op.f("uq_log_entries_position")),
    )
    op.create_index(
        "ix_log_entries_pending",
        "log_entries",
        ["arrival"],
        unique=False,
        sqlite_where=sa.text("position IS NULL"),
        postgresql_where=sa.text("position IS NULL"),
    )
    op.create_table(
        "log_heads",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("checkpoint", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_log_heads")),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("login", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("password_hash", sa.String(length=160), nullable=True),
        sa.Column("totp_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("totp_step", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("suspended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("login", name=op.f("uq_people_login")),
    )
    op.create_table(
        "projects",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("tag_epoch", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
        sa.UniqueConstraint("name", name=op.f("uq_projects_name")),
    )
    op.create_table(
        "requests",
        sa.Column("caller", sa.String(length=80), nullable=False),
        sa.Column("request_digest", sa.LargeBinary(), nullable=False),
        sa.Column("body_digest", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("caller", "request_digest", name=op.f("pk_requests")),
    )
    op.create_index(op.f("ix_requests_at"), "requests", ["at"], unique=False)
    op.create_table(
        "agents",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("channel_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("is_owner", sa.Boolean(), nullable=False),
        sa.Column("is_desk_staff", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("suspended_from", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name=op.f("fk_agents_channel_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_agents_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agents")),
        sa.UniqueConstraint("person_id", name=op.f("uq_agents_person_id")),
    )
    op.create_table(
        "devices",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("pairing_digest", sa.LargeBinary(), nullable=True),
        sa.Column("pairing_expires_at", sa.BigInteger(), nullable=False),
        sa.Column("paired_at", sa.BigInteger(), nullable=True),
        sa.Column("secret_digest", sa.LargeBinary(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_devices_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
        sa.UniqueConstraint("pairing_digest", name=op.f("uq_devices_pairing_digest")),
        sa.UniqueConstraint("secret_digest", name=op.f("uq_devices_secret_digest")),
    )
    op.create_table(
        "grants",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("role", sa.String(length=24), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=True),
        sa.Column("channel_id", sa.String(length=32), nullable=True),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name=op.f("fk_grants_channel_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_grants_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_grants_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
    )
    op.create_index(op.f("ix_grants_person_id"), "grants", ["person_id"], unique=False)
    op.create_table(
        "invitations",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("secret_digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_invitations_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("secret_digest", name=op.f("uq_invitations_secret_digest")),
    )
    op.create_table(
        "owner_tags",
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.Column("scope", sa.String(length=8), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_owner_tags_project_id")
        ),
        sa.PrimaryKeyConstraint(
            "project_id", "kind", "epoch", "value", name=op.f("pk_owner_tags")
        ),
    )
    op.create_table(
        "programmes",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("channel_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("in_force_from", sa.BigInteger(), nullable=False),
        sa.Column("in_force_until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name=op.f("fk_programmes_channel_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_programmes_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programmes")),
        sa.UniqueConstraint(
            "project_id",
            "channel_id",
            "kind",
            "in_force_from",
            name=op.f("uq_programmes_project_id_channel_id_kind_in_force_from"),
        ),
    )
    op.create_table(
        "project_rules",
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("in_force_from", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_project_rules_project_id")
        ),
        sa.PrimaryKeyConstraint("project_id", "version", name=op.f("pk_project_rules")),
    )
    op.create_table(
        "signings",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("unit", sa.String(length=32), nullable=False),
        sa.Column("stage", sa.String(length=16), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column("area_cm2", sa.BigInteger(), nullable=True),
        sa.Column("signed_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.String(length=32), nullable=False),
        sa.Column("entry_id", sa.String(length=32), nullable=False),
        sa.CheckConstraint(
            "price_fen >= 0", name=op.f("ck_signings_price_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["log_entries.id"], name=op.f("fk_signings_entry_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_signings_project_id")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["people.id"], name=op.f("fk_signings_recorded_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signings")),
    )
    op.create_index(
        op.f("ix_signings_project_id_signed_at"),
        "signings",
        ["project_id", "signed_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_signings_project_id_unit"),
        "signings",
        ["project_id", "unit"],
        unique=False,
    )
    op.create_table(
        "statements",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("channel_id", sa.String(length=32), nullable=False),
        sa.Column("file_digest", sa.LargeBinary(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("uploaded_at", sa.BigInteger(), nullable=False),
        sa.Column("uploaded_by", sa.String(length=32), nullable=False),
        sa.Column("entry_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name=op.f("fk_statements_channel_id")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["log_entries.id"], name=op.f("fk_statements_entry_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_statements_project_id")
        ),
        sa.ForeignKeyConstraint(
            ["uploaded_by"], ["people.id"], name=op.f("fk_statements_uploaded_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statements")),
    )
    op.create_index(
        op.f("ix_statements_project_id_uploaded_at"),
        "statements",
        ["project_id", "uploaded_at"],
        unique=False,
    )
    op.create_table(
        "units",
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("unit", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_units_project_id")
        ),
        sa.PrimaryKeyConstraint("project_id", "unit", name=op.f("pk_units")),
    )
    op.create_table(
        "agent_tags",
        sa.Column("agent_id", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.id"], name=op.f("fk_agent_tags_agent_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_agent_tags_project_id")
        ),
        sa.PrimaryKeyConstraint(
            "agent_id",
            "project_id",
            "kind",
            "epoch",
            "value",
            name=op.f("pk_agent_tags"),
        ),
    )
    op.create_table(
        "credentials",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("secret_digest", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("device_id", sa.String(length=32), nullable=True),
        sa.Column("label", sa.String(length=80), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("fk_credentials_device_id")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_credentials_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credentials")),
        sa.UniqueConstraint("secret_digest", name=op.f("uq_credentials_secret_digest")),
    )
    op.create_index(
        op.f("ix_credentials_person_id"), "credentials", ["person_id"], unique=False
    )
    op.create_table(
        "milestones",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("signing_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("reached_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.String(length=32), nullable=False),
        sa.Column("entry_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["log_entries.id"], name=op.f("fk_milestones_entry_id")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["people.id"], name=op.f("fk_milestones_recorded_by")
        ),
        sa.ForeignKeyConstraint(
            ["signing_id"], ["signings.id"], name=op.f("fk_milestones_signing_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_milestones")),
    )
    op.create_index(
        op.f("ix_milestones_signing_id"), "milestones", ["signing_id"], unique=False
    )
    op.create_table(
        "programme_plans",
        sa.Column("programme_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("in_force_from", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id"],
            ["programmes.id"],
            name=op.f("fk_programme_plans_programme_id"),
        ),
        sa.PrimaryKeyConstraint(
            "programme_id", "version", name=op.f("pk_programme_plans")
        ),
    )
    op.create_table(
        "programme_rules",
        sa.Column("programme_id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("in_force_from", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_id"],
            ["programmes.id"],
            name=op.f("fk_programme_rules_programme_id"),
        ),
        sa.PrimaryKeyConstraint(
            "programme_id", "version", name=op.f("pk_programme_rules")
        ),
    )
    op.create_table(
        "rulings",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("signing_id", sa.String(length=32), nullable=False),
        sa.Column("supersedes_id", sa.String(length=32), nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("evidence_grade", sa.String(length=1), nullable=True),
        sa.Column("inputs_digest", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("ruled_at", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["log_entries.id"], name=op.f("fk_rulings_entry_id")
        ),
        sa.ForeignKeyConstraint(
            ["signing_id"], ["signings.id"], name=op.f("fk_rulings_signing_id")
        ),
        sa.ForeignKeyConstraint(
            ["supersedes_id"], ["rulings.id"], name=op.f("fk_rulings_supersedes_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rulings")),
        sa.UniqueConstraint("supersedes_id", name=op.f("uq_rulings_supersedes_id")),
    )
    op.create_index(
        "uq_rulings_first",
        "rulings",
        ["signing_id"],
        unique=True,
        sqlite_where=sa.text("supersedes_id IS NULL"),
        postgresql_where=sa.text("supersedes_id IS NULL"),
    )
    op.create_table(
        "signing_tags",
        sa.Column("signing_id", sa.String(length=32), nullable=False),
        sa.Column("member", sa.Integer(), nullable=False),
        sa.Column("relation", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["signing_id"], ["signings.id"], name=op.f("fk_signing_tags_signing_id")
        ),
        sa.PrimaryKeyConstraint(
            "signing_id",
            "member",
            "kind",
            "epoch",
            "value",
            name=op.f("pk_signing_tags"),
        ),
    )
    op.create_table(
        "sold_units",
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("unit", sa.String(length=32), nullable=False),
        sa.Column("signing_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_sold_units_project_id")
        ),
        sa.ForeignKeyConstraint(
            ["signing_id"], ["signings.id"], name=op.f("fk_sold_units_signing_id")
        ),
        sa.PrimaryKeyConstraint("project_id", "unit", name=op.f("pk_sold_units")),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("programme_id", sa.String(length=32), nullable=False),
        sa.Column("channel_id", sa.String(length=32), nullable=False),
        sa.Column("agent_id", sa.String(length=32), nullable=False),
        sa.Column("rulebook_version", sa.String(length=32), nullable=False),
        sa.Column("binding", sa.String(length=8), nullable=False),
        sa.Column("bound_kind", sa.String(length=24), nullable=True),
        sa.Column("bound_epoch", sa.Integer(), nullable=True),
        sa.Column("bound_value", sa.LargeBinary(), nullable=True),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("bound_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("code_digest", sa.LargeBinary(), nullable=False),
        sa.Column("cti", sa.LargeBinary(), nullable=False),
        sa.Column("commitment", sa.LargeBinary(), nullable=True),
        sa.Column("link_digest", sa.LargeBinary(), nullable=True),
        sa.Column("label_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("redeemed_at", sa.BigInteger(), nullable=True),
        sa.Column("entry_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.id"], name=op.f("fk_tokens_agent_id")
        ),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name=op.f("fk_tokens_channel_id")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["log_entries.id"], name=op.f("fk_tokens_entry_id")
        ),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programmes.id"], name=op.f("fk_tokens_programme_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_tokens_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("code_digest", name=op.f("uq_tokens_code_digest")),
        sa.UniqueConstraint("cti", name=op.f("uq_tokens_cti")),
        sa.UniqueConstraint("link_digest", name=op.f("uq_tokens_link_digest")),
    )
    op.create_index(
        op.f("ix_tokens_agent_id_issued_at"),
        "tokens",
        ["agent_id", "issued_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_tokens_channel_id_issued_at"),
        "tokens",
        ["channel_id", "issued_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_tokens_project_id_bound_kind_bound_epoch_bound_value"),
        "tokens",
        ["project_id", "bound_kind", "bound_epoch", "bound_value"],
        unique=False,
    )
    op.create_table(
        "accruals",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("ruling_id", sa.String(length=32), nullable=False),
        sa.Column("signing_id", sa.String(length=32), nullable=False),
        sa.Column("channel_id", sa.String(length=32), nullable=False),
        sa.Column("programme_id", sa.String(length=32), nullable=False),
        sa.Column("plan_version", sa.String(length=32), nullable=False),
        sa.Column("share_bp", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("accrued_at", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name=op.f("fk_accruals_channel_id")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["log_entries.id"], name=op.f("fk_accruals_entry_id")
        ),
        sa.ForeignKeyConstraint(
            ["programme_id"], ["programmes.id"], name=op.f("fk_accruals_programme_id")
        ),
        sa.ForeignKeyConstraint(
            ["ruling_id"], ["rulings.id"], name=op.f("fk_accruals_ruling_id")
        ),
        sa.ForeignKeyConstraint(
            ["signing_id"], ["signings.id"], name=op.f("fk_accruals_signing_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accruals")),
        sa.UniqueConstraint(
            "ruling_id", "channel_id", name=op.f("uq_accruals_ruling_id_channel_id")
        ),
    )
    op.create_index(
        op.f("ix_accruals_channel_id"), "accruals", ["channel_id"], unique=False
    )
    op.create_index(
        op.f("ix_accruals_signing_id"), "accruals", ["signing_id"], unique=False
    )
    op.create_table(
        "refusals",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("token_id", sa.String(length=32), nullable=True),
        sa.Column("finding", sa.String(length=24), nullable=False),
        sa.Column("refused_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.String(length=32), nullable=False),
        sa.Column("entry_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["log_entries.id"], name=op.f("fk_refusals_entry_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_refusals_project_id")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["people.id"], name=op.f("fk_refusals_recorded_by")
        ),
        sa.ForeignKeyConstraint(
            ["token_id"], ["tokens.id"], name=op.f("fk_refusals_token_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refusals")),
    )
    op.create_index(
        op.f("ix_refusals_project_id_refused_at"),
        "refusals",
        ["project_id", "refused_at"],
        unique=False,
    )
    op.create_table(
        "reservations",
        sa.Column("token_id", sa.String(length=32), nullable=False),
        sa.Column("person_id", sa.String(length=32), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_reservations_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["token_id"], ["tokens.id"], name=op.f("fk_reservations_token_id")
        ),
        sa.PrimaryKeyConstraint("token_id", name=op.f("pk_reservations")),
    )
    op.create_table(
        "visits",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("arrived_at", sa.BigInteger(), nullable=False),
        sa.Column("token_id", sa.String(length=32), nullable=True),
        sa.Column("standing", sa.String(length=24), nullable=False),
        sa.Column("basis", sa.String(length=12), nullable=False),
        sa.Column("is_marginal", sa.Boolean(), nullable=False),
        sa.Column("party_size", sa.Integer(), nullable=False),
        sa.Column("notice_version", sa.String(length=16), nullable=True),
        sa.Column("purposes", sa.String(length=80), nullable=False),
        sa.Column("receipt_digest", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_by", sa.String(length=32), nullable=False),
        sa.Column("device_id", sa.String(length=32), nullable=True),
        sa.Column("entry_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("fk_visits_device_id")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["log_entries.id"], name=op.f("fk_visits_entry_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_visits_project_id")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["people.id"], name=op.f("fk_visits_recorded_by")
        ),
        sa.ForeignKeyConstraint(
            ["token_id"], ["tokens.id"], name=op.f("fk_visits_token_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits")),
        sa.UniqueConstraint("receipt_digest", name=op.f("uq_visits_receipt_digest")),
        sa.UniqueConstraint("token_id", name=op.f("uq_visits_token_id")),
    )
    op.create_index(
        op.f("ix_visits_project_id_arrived_at"),
        "visits",
        ["project_id", "arrived_at"],
        unique=False,
    )
    op.create_table(
        "refusal_tags",
        sa.Column("refusal_id", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_refusal_tags_project_id")
        ),
        sa.ForeignKeyConstraint(
            ["refusal_id"], ["refusals.id"], name=op.f("fk_refusal_tags_refusal_id")
        ),
        sa.PrimaryKeyConstraint(
            "refusal_id", "kind", "epoch", "value", name=op.f("pk_refusal_tags")
        ),
    )
    op.create_index(
        op.f("ix_refusal_tags_project_id_value"),
        "refusal_tags",
        ["project_id", "value"],
        unique=False,
    )
    op.create_table(
        "signing_receipts",
        sa.Column("signing_id", sa.String(length=32), nullable=False),
        sa.Column("visit_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["signing_id"], ["signings.id"], name=op.f("fk_signing_receipts_signing_id")
        ),
        sa.ForeignKeyConstraint(
            ["visit_id"], ["visits.id"], name=op.f("fk_signing_receipts_visit_id")
        ),
        sa.PrimaryKeyConstraint(
            "signing_id", "visit_id", name=op.f("pk_signing_receipts")
        ),
    )
    op.create_table(
        "visit_tags",
        sa.Column("visit_id", sa.String(length=32), nullable=False),
        sa.Column("project_id", sa.String(length=32), nullable=False),
        sa.Column("member", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_visit_tags_project_id")
        ),
        sa.ForeignKeyConstraint(
            ["visit_id"], ["visits.id"], name=op.f("fk_visit_tags_visit_id")
        ),
        sa.PrimaryKeyConstraint(
            "visit_id", "member", "kind", "epoch", "value", name=op.f("pk_visit_tags")
        ),
    )
    op.create_index(
        op.f("ix_visit_tags_project_id_value"),
        "visit_tags",
        ["project_id", "value"],
        unique=False,
    )
