"""The notice 告知书 that visitors are shown, by version, and what they may agree to."""

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

from attribution.errors import InputInvalid, NotFound

NOTICE_VERSION = "2026-11"
# A version is never edited after use: a changed notice is a new template beside it.
NOTICES: Mapping[str, str] = {NOTICE_VERSION: "visitor/notice_2026_11.html"}

# Each is agreed to, or not, on its own.
PURPOSES: Mapping[str, LazyString] = {
    "visit": _l("登记这次到访"),
    "referral": _l("核对是谁推荐我来的"),
    "signing_match": _l("以后签约时，找出这次到访"),
}


def notice_template(version: str) -> str:
    """Return the template of a notice, or raise NotFound."""
    if version not in NOTICES:
        raise NotFound
    return NOTICES[version]


def parse_notice(text: str) -> str | None:
    """Return the version that was shown; None when none was.

    Raises:
        InputInvalid: no such version.
    """
    if not text:
        return None
    if text not in NOTICES:
        raise InputInvalid("notice", "KIND")
    return text
