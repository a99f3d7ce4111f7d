from datetime import timedelta
from pathlib import Path

import pytest

from web.settings import SettingInvalid, read_settings

PAGE = Path(__file__).parents[2] / "docs" / "operations" / "settings.md"
NAMES = [
    "HEFU_DATA_DIR",
    "HEFU_DATABASE_URL",
    "HEFU_HOST",
    "HEFU_PORT",
    "HEFU_DEMO",
    "HEFU_LANG",
    "HEFU_MERGE_DELAY",
]


def test_nothing_needs_to_be_set() -> None:
    settings = read_settings({})

    assert settings.data_dir == Path("var").absolute()
    assert settings.database_url == f"sqlite:///{settings.data_dir}/hefu.db"
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.demo
    assert settings.language == "zh"
    assert settings.is_embedded
    assert settings.merge_delay == timedelta(minutes=1)


def test_every_setting_is_heard(tmp_path: Path) -> None:
    settings = read_settings(
        {
            "HEFU_DATA_DIR": str(tmp_path),
            "HEFU_DATABASE_URL": "postgresql://hefu@db/hefu",
            "HEFU_HOST": "0.0.0.0",  # noqa: S104 (a value, nothing is bound)
            "HEFU_PORT": "65535",
            "HEFU_DEMO": "0",
            "HEFU_LANG": "en",
            "HEFU_MERGE_DELAY": "86400",
        }
    )

    assert settings.data_dir == tmp_path
    assert not settings.is_embedded
    assert settings.port == 65535
    assert not settings.demo
    assert settings.language == "en"
    assert settings.merge_delay == timedelta(days=1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HEFU_MERGE_DELAY", "0"),
        ("HEFU_MERGE_DELAY", "86401"),
        ("HEFU_MERGE_DELAY", "a minute"),
        ("HEFU_DATA_DIR", __file__),
        ("HEFU_DATABASE_URL", "hefu"),
        ("HEFU_DATABASE_URL", "mysql://hefu@db/hefu"),
        ("HEFU_PORT", "0"),
        ("HEFU_PORT", "65536"),
        ("HEFU_PORT", "http"),
        ("HEFU_PORT", "８０００"),
        ("HEFU_DEMO", "yes"),
        ("HEFU_LANG", "fr"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingInvalid, match=name):
        read_settings({name: value})


def test_a_refusal_does_not_repeat_the_value() -> None:
    with pytest.raises(SettingInvalid) as refusal:
        read_settings({"HEFU_DATABASE_URL": "mysql://hefu:secret@db/hefu"})

    assert "secret" not in str(refusal.value)


def test_the_password_of_a_database_is_not_printed() -> None:
    settings = read_settings({"HEFU_DATABASE_URL": "postgresql://hefu:secret@db/hefu"})

    assert "secret" not in repr(settings)


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{name}`" in PAGE.read_text("utf-8")
