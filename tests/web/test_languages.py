import io
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from tests.web.conftest import Front
from web.languages import day, instant, percent, rfc3339, yuan

WEB = Path(__file__).parents[2] / "web"
ENGLISH = WEB / "translations" / "en" / "LC_MESSAGES"
KEYWORDS = {
    "_": None,
    "_l": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
}
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]


def used() -> set[str]:
    """Return every text that a page or a refusal uses."""
    found: set[str] = set()
    for _, _, message, _, _ in extract_from_dir(
        str(WEB), method_map=METHODS, keywords=KEYWORDS
    ):
        found |= {message} if isinstance(message, str) else set(message)
    return found


def test_every_text_has_its_english() -> None:
    with (ENGLISH / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale="en")

    missing = [text for text in sorted(used()) if not _english(catalogue, text)]

    assert missing == [], "run `make messages`, then fill in messages.po"


def _english(catalogue: object, text: str) -> object:
    message = catalogue.get(text)  # type: ignore[attr-defined]
    if message is None or message.fuzzy:
        return None
    return message.string


def test_the_compiled_texts_are_current() -> None:
    with (ENGLISH / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale="en")
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)

    assert (ENGLISH / "messages.mo").read_bytes() == compiled.getvalue(), (
        "run `make messages`"
    )


def test_placeholders_are_the_same_in_both_languages() -> None:
    with (ENGLISH / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale="en")
    for message in catalogue:
        if isinstance(message.id, str) and message.id:
            english = str(message.string)
            assert _placeholders(message.id) == _placeholders(english), message.id


def _placeholders(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)s", text))


@pytest.mark.parametrize("path", ["/sign-in", "/invitation", "/pair", "/nowhere"])
def test_english_pages_hold_no_chinese_but_names(front: Front, path: str) -> None:
    browser = front.browser()
    browser.set_cookie("hefu_lang", "en")

    text = browser.get(path).text
    rest = re.sub(r'<span class="seal.*?</span></span>|lang="zh-CN">中文', "", text)

    assert not re.search(r"[\u4e00-\u9fff]", rest)


def test_programs_choose_their_language_by_header(front: Front) -> None:
    browser = front.browser()

    english = browser.get("/api/v1/none", headers={"Accept-Language": "en-GB,en"})
    chinese = browser.get("/api/v1/none", headers={"Accept-Language": "zh-CN"})
    other = browser.get("/api/v1/none", headers={"Accept-Language": "fr"})

    assert english.json is not None
    assert chinese.json is not None
    assert english.json["title"] == "There is no such page"
    assert chinese.json["title"] == "没有这个页面"
    assert other.data == chinese.data


@pytest.mark.parametrize(
    ("fen", "text"),
    [
        (0, "¥0.00"),
        (5, "¥0.05"),
        (123456789, "¥1,234,567.89"),
        (-3675000, "-¥36,750.00"),
    ],
)
def test_money_is_shown_in_yuan(fen: int, text: str) -> None:
    assert yuan(fen) == text


@pytest.mark.parametrize(
    ("points", "text"),
    [(0, "0%"), (150, "1.5%"), (10000, "100%"), (33, "0.33%"), (1000, "10%")],
)
def test_rates_are_shown_in_percent(points: int, text: str) -> None:
    assert percent(points) == text


def test_instants_are_shown_as_clocks_in_shanghai_show_them() -> None:
    at = datetime(2026, 2, 28, 16, 30, 59, tzinfo=UTC)

    assert instant(at) == "2026-03-01 00:30"
    assert day(at) == "2026-03-01"
    assert rfc3339(at) == "2026-02-28T16:30:59Z"
