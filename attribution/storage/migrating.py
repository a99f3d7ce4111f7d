"""Bringing a database to the newest schema; forward only."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

_FOLDER = Path(__file__).parent
_MIGRATIONS = _FOLDER.parent / "migrations"


def migrate(engine: Engine) -> None:
    """Apply every migration that the database does not have yet.

    Two processes that start at once take turns on PostgreSQL, by an advisory lock in
    `env.py`; SQLite has one process.
    """
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.set_main_option("version_locations", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
