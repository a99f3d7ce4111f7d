"""What Alembic runs: the migrations, on the connection that `migrate` opened."""

import sqlalchemy as sa
from alembic import context

from attribution.storage.tables import metadata

# An arbitrary number that no other lock of this database uses.
_MIGRATION_LOCK = 0x4D494752

connection = context.config.attributes["connection"]
if connection.dialect.name == "postgresql":
    connection.execute(sa.select(sa.func.pg_advisory_lock(_MIGRATION_LOCK)))
    connection.commit()
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
connection.commit()
if connection.dialect.name == "postgresql":
    connection.execute(sa.select(sa.func.pg_advisory_unlock(_MIGRATION_LOCK)))
    connection.commit()
