"""Settings: read once from the environment, and refused by name when wrong."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from attribution.services.runtime import MERGE_DELAY

LANGUAGES = ("zh", "en")
_LARGEST_PORT = 65535
_NAMES = frozenset(
    f"HEFU_{name}"
    for name in (
        "DATA_DIR",
        "DATABASE_URL",
        "HOST",
        "PORT",
        "DEMO",
        "LANG",
        "WITNESS_QUORUM",
        "MERGE_DELAY",
    )
)
_MOST_WITNESSES = 99
_LONGEST_DELAY = 86_400


class SettingInvalid(Exception):
    """A setting has a value that cannot be used."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What differs between installations; docs/operations/settings.md explains each."""

    data_dir: Path
    # A database address may hold a password.
    database_url: str = field(repr=False)
    host: str
    port: int
    demo: bool
    language: str
    witness_quorum: int = 0
    merge_delay: timedelta = MERGE_DELAY

    @property
    def is_embedded(self) -> bool:
        """Say whether the database is the embedded SQLite."""
        return self.database_url.startswith("sqlite")


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of the environment, or raise SettingInvalid."""
    values = os.environ if environment is None else environment

    def get(name: str, default: str) -> str:
        """Return a setting; one that is set to nothing is not set."""
        return values.get(name) or default

    data_dir = _data_dir("HEFU_DATA_DIR", get("HEFU_DATA_DIR", "var"))
    return Settings(
        data_dir=data_dir,
        database_url=_database_url(
            "HEFU_DATABASE_URL",
            get("HEFU_DATABASE_URL", f"sqlite:///{data_dir / 'hefu.db'}"),
        ),
        host=get("HEFU_HOST", "127.0.0.1"),
        port=_port("HEFU_PORT", get("HEFU_PORT", "8000")),
        demo=_choice("HEFU_DEMO", get("HEFU_DEMO", "1"), ("0", "1")) == "1",
        language=_choice("HEFU_LANG", get("HEFU_LANG", "zh"), LANGUAGES),
        witness_quorum=_count(
            "HEFU_WITNESS_QUORUM", get("HEFU_WITNESS_QUORUM", "0"), (0, _MOST_WITNESSES)
        ),
        merge_delay=timedelta(
            seconds=_count(
                "HEFU_MERGE_DELAY", get("HEFU_MERGE_DELAY", "60"), (1, _LONGEST_DELAY)
            )
        ),
    )


def language_asked(environment: Mapping[str, str] | None = None) -> str:
    """Return the operator's language, even where other settings are wrong."""
    values = os.environ if environment is None else environment
    language = values.get("HEFU_LANG", "")
    return language if language in LANGUAGES else "zh"


def unknown_settings(environment: Mapping[str, str] | None = None) -> list[str]:
    """Return the names that look like settings and are none: they are misspelt."""
    values = os.environ if environment is None else environment
    return sorted(
        name for name in values if name.startswith("HEFU_") and name not in _NAMES
    )


def _data_dir(name: str, text: str) -> Path:
    path = Path(text).absolute()
    if path.exists() and not path.is_dir():
        raise SettingInvalid(name, "is not a folder")
    return path


def _database_url(name: str, text: str) -> str:
    try:
        backend = sa.make_url(text).get_backend_name()
    except sa.exc.ArgumentError:
        raise SettingInvalid(name, "is not a database URL") from None
    if backend not in {"sqlite", "postgresql"}:
        raise SettingInvalid(name, "begins with neither sqlite:/// nor postgresql://")
    return text


def _port(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= _LARGEST_PORT):
        raise SettingInvalid(name, "is not a number from 1 to 65535")
    return int(text)


def _count(name: str, text: str, limits: tuple[int, int]) -> int:
    least, most = limits
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise SettingInvalid(name, f"is not a number from {least} to {most}")
    return int(text)


def _choice(name: str, text: str, choices: tuple[str, ...]) -> str:
    if text not in choices:
        raise SettingInvalid(name, f"is none of {', '.join(choices)}")
    return text
