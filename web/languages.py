"""Chinese and English: which one a reader gets, and how figures are shown."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask import Flask, current_app, request
from flask_babel import Babel
from flask_babel import get_locale as babel_locale

from web.settings import LANGUAGES

LANGUAGE_COOKIE = "hefu_lang"
_DEFAULT = "hefu.language"
_SHANGHAI = ZoneInfo("Asia/Shanghai")
_FEN_PER_YUAN = 100


def set_up_languages(app: Flask, default: str) -> None:
    """Translate pages; their source language is Chinese."""
    app.extensions[_DEFAULT] = default
    Babel(app, default_locale="zh", locale_selector=_choose)  # type: ignore[no-untyped-call]
    app.jinja_env.filters.update(
        yuan=yuan, instant=instant, day=day, rfc3339=rfc3339, percent=percent
    )


def _choose() -> str:
    """Return the reader's choice, else what the program asked for, else the default."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    default: str = current_app.extensions[_DEFAULT]
    if request.path.startswith(("/api/", "/problems/")):
        return request.accept_languages.best_match(LANGUAGES) or default
    return default


def current_language() -> str:
    """Return `zh` or `en`."""
    locale = babel_locale()
    return locale.language if locale else "zh"


def yuan(fen: int) -> str:
    """Return an amount in yuan with two decimals: 123456789 is ¥1,234,567.89."""
    sign = "-" if fen < 0 else ""
    whole, rest = divmod(abs(fen), _FEN_PER_YUAN)
    return f"{sign}¥{whole:,}.{rest:02}"


def percent(basis_points: int) -> str:
    """Return a rate or share: 150 basis points are 1.5%."""
    whole, rest = divmod(basis_points, 100)
    return f"{whole}.{rest:02}".rstrip("0").rstrip(".") + "%"


def instant(at: datetime) -> str:
    """Return an instant as the clocks in Shanghai show it, to the minute."""
    return at.astimezone(_SHANGHAI).strftime("%Y-%m-%d %H:%M")


def day(at: datetime) -> str:
    """Return the day of an instant in Shanghai."""
    return at.astimezone(_SHANGHAI).strftime("%Y-%m-%d")


def rfc3339(at: datetime) -> str:
    """Return an instant as programs read it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
