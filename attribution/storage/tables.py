"""All tables, in one place. Rows are facts: they are added, and hardly ever changed.

What does change is little, each by one conditional statement: `redeemed_at`,
`revoked_at`, `bound_at` with its tag, `log_entries.position`, `requests.answer`, the
ends of people's rights, keys, witnesses and alarms, `reservations`, `sold_units` and
`failure_budgets`. No column holds a phone number, an ID number or a visitor's name.
"""

import sqlalchemy as sa

from attribution.storage.instants import Instant

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only in a column that is exactly INTEGER.
_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_LABEL = sa.String(80)
_KEY_TEXT = sa.String(200)

# What evidence looks up by its kind, for no row of another table names its entry. A
# query must say this in the same words, or SQLite does not use the index.
AGREED = (
    "kind IN ('agent/v1', 'bind/v1', 'plan/v1', 'programme/v1', 'rulebook/v1', "
    "'suspension/v1')"
)


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.String(32), primary_key=True)


def _ref(name: str, target: str, *, optional: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(32), sa.ForeignKey(target), nullable=optional)


def _at(name: str, *, optional: bool = False) -> sa.Column[object]:
    return sa.Column(name, Instant(), nullable=optional)


def _text(name: str, *, optional: bool = False) -> sa.Column[str]:
    return sa.Column(name, _LABEL, nullable=optional)


def _entry_later() -> sa.Column[str]:
    """Return the column of a fact's log entry; rows from before 0004 have none."""
    return _ref("entry_id", "log_entries.id", optional=True)


def _tag() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
    )


# -- people and their rights ---------------------------------------------------

people = sa.Table(
    "people",
    metadata,
    _id(),
    sa.Column("login", _LABEL, nullable=False, unique=True),
    _text("name"),
    sa.Column("password_hash", sa.String(160)),
    sa.Column("totp_sealed", sa.LargeBinary),
    sa.Column("totp_step", sa.BigInteger, nullable=False, server_default="0"),
    _at("created_at"),
    _at("suspended_at", optional=True),
)

grants = sa.Table(
    "grants",
    metadata,
    _id(),
    _ref("person_id", "people.id"),
    sa.Column("role", sa.String(24), nullable=False),
    _ref("project_id", "projects.id", optional=True),
    _ref("channel_id", "channels.id", optional=True),
    _at("granted_at"),
    _at("revoked_at", optional=True),
    sa.Index(None, "person_id"),
)

invitations = sa.Table(
    "invitations",
    metadata,
    _id(),
    _ref("person_id", "people.id"),
    sa.Column("secret_digest", sa.LargeBinary, nullable=False, unique=True),
    _at("created_at"),
    _at("expires_at"),
    _at("used_at", optional=True),
)

# A session of a browser, or a lasting token of an integration: the same question
# ("who is this?") asked of the same table. `device_id` marks a paired desk.
credentials = sa.Table(
    "credentials",
    metadata,
    _id(),
    sa.Column("secret_digest", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("kind", sa.String(12), nullable=False),
    _ref("person_id", "people.id"),
    _ref("device_id", "devices.id", optional=True),
    _text("label"),
    _at("created_at"),
    _at("expires_at"),
    _at("revoked_at", optional=True),
    sa.Index(None, "person_id"),
)

devices = sa.Table(
    "devices",
    metadata,
    _id(),
    _ref("project_id", "projects.id"),
    _text("name"),
    sa.Column("pairing_digest", sa.LargeBinary, unique=True),
    _at("pairing_expires_at"),
    _at("paired_at", optional=True),
    sa.Column("secret_digest", sa.LargeBinary, unique=True),
    _at("revoked_at", optional=True),
)

failure_budgets = sa.Table(
    "failure_budgets",
    metadata,
    sa.Column("bucket", sa.String(96), primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    _at("last_at"),
)

# -- agreements ----------------------------------------------------------------

projects = sa.Table(
    "projects",
    metadata,
    _id(),
    sa.Column("name", _LABEL, nullable=False, unique=True),
    sa.Column("tag_epoch", sa.Integer, nullable=False),
    _at("created_at"),
)

project_rules = sa.Table(
    "project_rules",
    metadata,
    _ref("project_id", "projects.id"),
    sa.Column("version", sa.String(32), nullable=False),
    _at("in_force_from"),
    sa.Column("body", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("project_id", "version"),
)

channels = sa.Table(
    "channels",
    metadata,
    _id(),
    sa.Column("name", _LABEL, nullable=False, unique=True),
    _at("created_at"),
    _at("suspended_from", optional=True),
)

programmes = sa.Table(
    "programmes",
    metadata,
    _id(),
    _ref("project_id", "projects.id"),
    _ref("channel_id", "channels.id"),
    sa.Column("kind", sa.String(24), nullable=False),
    _at("in_force_from"),
    _at("in_force_until", optional=True),
    sa.UniqueConstraint("project_id", "channel_id", "kind", "in_force_from"),
)

programme_rules = sa.Table(
    "programme_rules",
    metadata,
    _ref("programme_id", "programmes.id"),
    sa.Column("version", sa.String(32), nullable=False),
    _at("in_force_from"),
    sa.Column("body", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("programme_id", "version"),
)

programme_plans = sa.Table(
    "programme_plans",
    metadata,
    _ref("programme_id", "programmes.id"),
    sa.Column("version", sa.String(32), nullable=False),
    _at("in_force_from"),
    sa.Column("body", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("programme_id", "version"),
)

agents = sa.Table(
    "agents",
    metadata,
    _id(),
    _ref("channel_id", "channels.id"),
    sa.Column("person_id", sa.ForeignKey("people.id"), unique=True),
    _text("name"),
    sa.Column("is_owner", sa.Boolean, nullable=False),
    sa.Column("is_desk_staff", sa.Boolean, nullable=False),
    _at("created_at"),
    _at("suspended_from", optional=True),
    _entry_later(),
)

# An agent's own tags differ from project to project, like everybody's.
agent_tags = sa.Table(
    "agent_tags",
    metadata,
    _ref("agent_id", "agents.id"),
    _ref("project_id", "projects.id"),
    *_tag(),
    sa.PrimaryKeyConstraint("agent_id", "project_id", "kind", "epoch", "value"),
)

owner_tags = sa.Table(
    "owner_tags",
    metadata,
    _ref("project_id", "projects.id"),
    *_tag(),
    sa.Column("scope", sa.String(8), nullable=False),
    _at("recorded_at"),
    _entry_later(),
    sa.PrimaryKeyConstraint("project_id", "kind", "epoch", "value"),
)

units = sa.Table(
    "units",
    metadata,
    _ref("project_id", "projects.id"),
    sa.Column("unit", sa.String(32), nullable=False),
    sa.PrimaryKeyConstraint("project_id", "unit"),
)

# -- tokens, visits, signings, rulings -----------------------------------------

tokens = sa.Table(
    "tokens",
    metadata,
    _id(),
    _ref("project_id", "projects.id"),
    _ref("programme_id", "programmes.id"),
    _ref("channel_id", "channels.id"),
    _ref("agent_id", "agents.id"),
    sa.Column("rulebook_version", sa.String(32), nullable=False),
    sa.Column("binding", sa.String(8), nullable=False),
    sa.Column("bound_kind", sa.String(24)),
    sa.Column("bound_epoch", sa.Integer),
    sa.Column("bound_value", sa.LargeBinary),
    _at("issued_at"),
    _at("bound_at", optional=True),
    _at("expires_at"),
    sa.Column("code_digest", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("cti", sa.LargeBinary, nullable=False, unique=True),
    sa.Column("commitment", sa.LargeBinary),
    sa.Column("link_digest", sa.LargeBinary, unique=True),
    sa.Column("label_sealed", sa.LargeBinary),
    _at("revoked_at", optional=True),
    _at("redeemed_at", optional=True),
    sa.Column("entry_id", sa.ForeignKey("log_entries.id"), nullable=False),
    sa.Column("bind_entry_id", sa.ForeignKey("log_entries.id")),
    sa.Column("revoke_entry_id", sa.ForeignKey("log_entries.id")),
    sa.Index(None, "agent_id", "issued_at"),
    sa.Index(None, "channel_id", "issued_at"),
    sa.Index(None, "project_id", "bound_kind", "bound_epoch", "bound_value"),
)

reservations = sa.Table(
    "reservations",
    metadata,
    sa.Column("token_id", sa.ForeignKey("tokens.id"), primary_key=True),
    _ref("person_id", "people.id"),
    _at("until"),
)

visits = sa.Table(
    "visits",
    metadata,
    _id(),
    _ref("project_id", "projects.id"),
    _at("arrived_at"),
    sa.Column("token_id", sa.ForeignKey("tokens.id"), unique=True),
    sa.Column("standing", sa.String(24), nullable=False),
    sa.Column("basis", sa.String(12), nullable=False),
    sa.Column("is_marginal", sa.Boolean, nullable=False),
    sa.Column("party_size", sa.Integer, nullable=False),
    sa.Column("notice_version", sa.String(16)),
    sa.Column("purposes", sa.String(80), nullable=False),
    sa.Column("receipt_digest", sa.LargeBinary, nullable=False, unique=True),
    _ref("recorded_by", "people.id"),
    _ref("device_id", "devices.id", optional=True),
    sa.Column("entry_id", sa.ForeignKey("log_entries.id"), nullable=False),
    sa.Column("consent_entry_id", sa.ForeignKey("log_entries.id")),
    sa.Index(None, "project_id", "arrived_at"),
)

visit_tags = sa.Table(
    "visit_tags",
    metadata,
    _ref("visit_id", "visits.id"),
    _ref("project_id", "projects.id"),
    # 0 is the visitor; 1, 2 … are those who came along (rules §6.4).
    sa.Column("member", sa.Integer, nullable=False),
    *_tag(),
    sa.PrimaryKeyConstraint("visit_id", "member", "kind", "epoch", "value"),
    sa.Index(None, "project_id", "value"),
)

# What the visitor says of a visit, alone with their phone, once (rules §4.6).
visitor_statements = sa.Table(
    "visitor_statements",
    metadata,
    _id(),
    sa.Column("visit_id", sa.ForeignKey("visits.id"), nullable=False, unique=True),
    sa.Column("been_before", sa.Boolean),
    sa.Column("brought_by", sa.String(8)),
    _ref("channel_id", "channels.id", optional=True),
    sa.Column("had_come_before", sa.Boolean),
    _at("stated_at"),
    sa.Column("entry_id", sa.ForeignKey("log_entries.id"), nullable=False),
)

# A redemption that was refused is recorded, and is no visit (rules §4.1, §4.2).
refusals = sa.Table(
    "refusals",
    metadata,
    _id(),
    _ref("project_id", "projects.id"),
    sa.Column("token_id", sa.ForeignKey("tokens.id")),
    sa.Column("finding", sa.String(24), nullable=False),
    _at("refused_at"),
    _ref("recorded_by", "people.id"),
    sa.Column("entry_id", sa.ForeignKey("log_entries.id"), nullable=False),
    sa.Index(None, "project_id", "refused_at"),
    sa.Index(None, "token_id"),
)

refusal_tags = sa.Table(
    "refusal_tags",
    metadata,
    _ref("refusal_id", "refusals.id"),
    _ref("project_id", "projects.id"),
    *_tag(),
    sa.PrimaryKeyConstraint("refusal_id", "kind", "epoch", "value"),
    sa.Index(None, "project_id", "value"),
)

signings = sa.Table(
    "signings",
    metadata,
    _id(),
    _ref("project_id", "projects.id"),
    sa.Column("unit", sa.String(32), nullable=False),
    sa.Column("stage", sa.String(16), nullable=False),
    sa.Column("price_fen", sa.BigInteger, nullable=False),
    sa.Column("area_cm2", sa.BigInteger),
    _at("signed_at"),
    _at("recorded_at"),
    _ref("recorded_by", "people.id"),
    sa.Column("entry_id", sa.ForeignKey("log_entries.id"), nullable=False),
    sa.Index(None, "project_id", "signed_at"),
    sa.Index(None, "project_id", "unit"),
    sa.CheckConstraint("price_fen >= 0", name="price_not_negative"),
)

# Which homes are sold now: a row is added by a signing and taken away by a
# cancellation, so its key refuses to sell a home twice.
sold_units = sa.Table(
    "sold_units",
    metadata,
    _ref("project_id", "projects.id"),
    sa.Column("unit", sa.String(32), nullable=False),
    _ref("signing_id", "signings.id"),
    sa.PrimaryKeyConstraint("project_id", "unit"),
    sa.Index(None, "signing_id"),
)

signing_tags = sa.Table(
    "signing_tags",
    metadata,
    _ref("signing_id", "signings.id"),
    sa.Column("member", sa.Integer, nullable=False),
    sa.Column("relation", sa.String(16), nullable=False),
    *_tag(),
    sa.PrimaryKeyConstraint("signing_id", "member", "kind", "epoch", "value"),
    sa.Index(None, "value"),
)

signing_receipts = sa.Table(
    "signing_receipts",
    metadata,
    _ref("signing_id", "signings.id"),
    _ref("visit_id", "visits.id"),
    sa.PrimaryKeyConstraint("signing_id", "visit_id"),
    sa.Index(None, "visit_id"),
)

milestones = sa.Table(
    "milestones",
    metadata,
    _id(),
    _ref("signing_id", "signings.id"),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("amount_fen", sa.BigInteger),
    _at("reached_at"),
    _at("recorded_at"),
    _ref("recorded_by", "people.id"),
    sa.Column("entry_id", sa.ForeignKey("log_entries.id"), nullable=False),
    sa.Index(None, "signing_id"),
)

rulings = sa.Table(
    "rulings",
    metadata,
    _id(),
    _ref("signing_id", "signings.id"),
    sa.Column("supersedes_id", sa.ForeignKey("rulings.id"), unique=True),
    sa.Column("outcome", sa.String(12), nullable=False),
    sa.Column("evidence_grade", sa.String(1)),
    sa.Column("inputs_digest", sa.LargeBinary, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    _at("ruled_at"),
    sa.Column("entry_id", sa.ForeignKey("log_entries.id"), nullable=False),
    sa.Column("inputs", sa.Text),
    sa.Index(None, "signing_id"),
    # Only one ruling of a signing stands on no earlier one.
    sa.Index(
        "uq_rulings_first",
        "signing_id",
        unique=True,
        sqlite_where=sa.text("supersedes_id IS NULL"),
        postgresql_where=sa.text("supersedes_id IS NULL"),
    ),
)

accruals = sa.Table(
    "accruals",
    metadata,
    _id(),
    _ref("ruling_id", "rulings.id"),
    _ref("signing_id", "signings.id"),
    _ref("channel_id", "channels.id"),
    _ref("programme_id", "programmes.id"),
    sa.Column("plan_version", sa.String(32), nullable=False),
    sa.Column("share_bp", sa.Integer, nullable=False),
    sa.Column("amount_fen", sa.BigInteger, nullable=False),
    _at("accrued_at"),
    sa.Column("entry_id", sa.ForeignKey("log_entries.id"), nullable=False),
    # The walk-in whose reward this is: then it is owed to the buyer (rules §9.5).
    _ref("visit_id", "visits.id", optional=True),
    sa.UniqueConstraint("ruling_id", "channel_id"),
    sa.Index(None, "channel_id"),
    sa.Index(None, "signing_id"),
)

# What a superseding ruling takes back of an earlier one: the negative of one accrual,
# which is undone once at most.
reversals = sa.Table(
    "reversals",
    metadata,
    _id(),
    sa.Column("accrual_id", sa.ForeignKey("accruals.id"), nullable=False, unique=True),
    _ref("ruling_id", "rulings.id"),
    _ref("signing_id", "signings.id"),
    _ref("channel_id", "channels.id"),
    sa.Column("amount_fen", sa.BigInteger, nullable=False),
    _at("reversed_at"),
    sa.Column("entry_id", sa.ForeignKey("log_entries.id"), nullable=False),
    sa.Index(None, "signing_id"),
)

# -- disputes ------------------------------------------------------------------

# A dispute is a row that never changes; where it stands, its latest step says. `party`
# names the side, so that each side disputes a ruling once.
disputes = sa.Table(
    "disputes",
    metadata,
    _id(),
    _ref("project_id", "projects.id"),
    _ref("signing_id", "signings.id"),
    _ref("ruling_id", "rulings.id"),
    sa.Column("ground", sa.String(16), nullable=False),
    sa.Column("side", sa.String(12), nullable=False),
    sa.Column("party", sa.String(48), nullable=False),
    _ref("visit_id", "visits.id", optional=True),
    _ref("opened_by", "people.id", optional=True),
    _at("opened_at"),
    sa.Column("entry_id", sa.ForeignKey("log_entries.id"), nullable=False),
    sa.UniqueConstraint("ruling_id", "party"),
    sa.Index(None, "project_id", "opened_at"),
    sa.Index(None, "signing_id"),
)

# The number decides who was first: of two that take the same step, one finds it taken.
dispute_steps = sa.Table(
    "dispute_steps",
    metadata,
    _id(),
    _ref("dispute_id", "disputes.id"),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("side", sa.String(12), nullable=False),
    _ref("taken_by", "people.id", optional=True),
    _at("taken_at"),
    sa.Column("words_sealed", sa.LargeBinary),
    sa.Column("body", sa.Text),
    sa.Column("entry_id", sa.ForeignKey("log_entries.id"), nullable=False),
    sa.UniqueConstraint("dispute_id", "number"),
)

dispute_evidence = sa.Table(
    "dispute_evidence",
    metadata,
    _id(),
    _ref("dispute_id", "disputes.id"),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("side", sa.String(12), nullable=False),
    sa.Column("party", sa.String(48), nullable=False),
    sa.Column("kind", sa.String(24), nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.Column("content_sealed", sa.LargeBinary, nullable=False),
    _at("given_at"),
    _ref("given_by", "people.id", optional=True),
    sa.Column("entry_id", sa.ForeignKey("log_entries.id"), nullable=False),
    sa.UniqueConstraint("dispute_id", "number"),
)

# While a hold stands, nothing of its signing is payable; a release ends it, once.
holds = sa.Table(
    "holds",
    metadata,
    _id(),
    _ref("signing_id", "signings.id"),
    sa.Column("dispute_id", sa.ForeignKey("disputes.id"), nullable=False, unique=True),
    _at("placed_at"),
    sa.Column("entry_id", sa.ForeignKey("log_entries.id"), nullable=False),
    sa.Index(None, "signing_id"),
)

hold_releases = sa.Table(
    "hold_releases",
    metadata,
    _id(),
    sa.Column("hold_id", sa.ForeignKey("holds.id"), nullable=False, unique=True),
    _at("released_at"),
    sa.Column("entry_id", sa.ForeignKey("log_entries.id"), nullable=False),
)

statements = sa.Table(
    "statements",
    metadata,
    _id(),
    _ref("project_id", "projects.id"),
    _ref("channel_id", "channels.id"),
    sa.Column("file_digest", sa.LargeBinary, nullable=False),
    sa.Column("result", sa.Text, nullable=False),
    _at("uploaded_at"),
    _ref("uploaded_by", "people.id"),
    sa.Column("entry_id", sa.ForeignKey("log_entries.id"), nullable=False),
    sa.Index(None, "project_id", "uploaded_at"),
)

# -- the transparency log and the answers already given ------------------------

log_entries = sa.Table(
    "log_entries",
    metadata,
    sa.Column("arrival", _SERIAL, primary_key=True, autoincrement=True),
    sa.Column("id", sa.String(32), nullable=False, unique=True),
    sa.Column("position", sa.BigInteger, unique=True),
    sa.Column("kind", sa.String(24), nullable=False),
    _at("at"),
    sa.Column("entry", sa.LargeBinary, nullable=False),
    sa.Column("nonce", sa.LargeBinary),
    sa.Column("event", sa.LargeBinary),
    sa.Index(
        "ix_log_entries_pending",
        "arrival",
        sqlite_where=sa.text("position IS NULL"),
        postgresql_where=sa.text("position IS NULL"),
    ),
    sa.Index(
        "ix_log_entries_agreed",
        "kind",
        "at",
        sqlite_where=sa.text(AGREED),
        postgresql_where=sa.text(AGREED),
    ),
)

log_heads = sa.Table(
    "log_heads",
    metadata,
    sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("root", sa.LargeBinary, nullable=False),
    sa.Column("frontier", sa.LargeBinary, nullable=False),
    sa.Column("checkpoint", sa.Text, nullable=False),
    _at("signed_at"),
)

# Roots of whole tiles, made from the entries; a missing one is made again from them.
log_nodes = sa.Table(
    "log_nodes",
    metadata,
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sa.PrimaryKeyConstraint("level", "number"),
)

log_keys = sa.Table(
    "log_keys",
    metadata,
    sa.Column("origin", _LABEL, primary_key=True),
    sa.Column("vkey", _KEY_TEXT, nullable=False),
    sa.Column("since_size", sa.BigInteger, nullable=False),
    _at("began_at"),
    _at("ended_at", optional=True),
    _at("compromised_at", optional=True),
    # The old key's signed word for its successor (log.md §7).
    sa.Column("succession", sa.Text),
)

witnesses = sa.Table(
    "witnesses",
    metadata,
    _id(),
    sa.Column("vkey", _KEY_TEXT, nullable=False, unique=True),
    _text("label"),
    sa.Column("url", sa.String(200)),
    _at("added_at"),
    _at("retired_at", optional=True),
)

cosignatures = sa.Table(
    "cosignatures",
    metadata,
    _ref("witness_id", "witnesses.id"),
    sa.Column("size", sa.ForeignKey("log_heads.size"), nullable=False),
    sa.Column("line", sa.Text, nullable=False),
    _at("seen_at"),
    sa.PrimaryKeyConstraint("witness_id", "size"),
    sa.Index(None, "size"),
)

# Checkpoints of our own key that this database cannot have signed: proof that it was
# set back, or that somebody else holds the key.
log_alarms = sa.Table(
    "log_alarms",
    metadata,
    _id(),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("note_digest", sa.LargeBinary, nullable=False, unique=True),
    _at("raised_at"),
    _at("answered_at", optional=True),
)

requests = sa.Table(
    "requests",
    metadata,
    sa.Column("caller", _LABEL, nullable=False),
    sa.Column("request_digest", sa.LargeBinary, nullable=False),
    sa.Column("body_digest", sa.LargeBinary, nullable=False),
    sa.Column("answer", sa.LargeBinary),
    _at("at"),
    sa.PrimaryKeyConstraint("caller", "request_digest"),
    sa.Index(None, "at"),
)
