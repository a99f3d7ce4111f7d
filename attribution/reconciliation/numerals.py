"""Chinese numerals, ordinary and formal (大写): 三十五万, 叁万陆仟柒佰伍拾."""

import re

_DIGITS = {
    character: value
    for value, characters in enumerate(
        (
            "零〇○",
            "一壹",
            "二贰貳两",
            "三叁參",
            "四肆",
            "五伍",
            "六陆陸",
            "七柒",
            "八捌",
            "九玖",
        )
    )
    for character in characters
}
_SAME = str.maketrans(
    {"拾": "十", "佰": "百", "仟": "千", "萬": "万", "億": "亿", "〇": "零", "○": "零"}
)
_DIGIT = "[一壹二贰貳两三叁參四肆五伍六陆陸七柒八捌九玖]"
_SECTION = re.compile(
    f"零?(?:({_DIGIT})千)?零?(?:({_DIGIT})百)?零?(?:({_DIGIT})?(十))?零?({_DIGIT})?"
)
# 一百二 is 102 to the letter and 120 in talk; nobody can say which was meant.
_COLLOQUIAL = re.compile(f"[百千]{_DIGIT}$")
_PARTS = re.compile("(?:(.+)亿)?(?:(.+)万)?(.*)")

CHARACTERS = "".join(_DIGITS) + "十拾百佰千仟万萬亿億"


def digits_read(text: str) -> int | None:
    """Read digit by digit, as on a door: 一二〇一 is 1201."""
    values = [_DIGITS.get(character) for character in text]
    if not values or None in values:
        return None
    return int("".join(map(str, values)))


def numeral_read(text: str) -> int | None:
    """Read a Chinese numeral, or return None where it is none or could be two."""
    text = text.translate(_SAME)
    parts = _PARTS.fullmatch(text)
    if not text or parts is None:
        return None
    total, is_first = 0, True
    for part, weight in zip(parts.groups(), (10**8, 10**4, 1), strict=True):
        if not part:
            continue
        value = _section_read(part)
        # 三万五 is 30 005 to the letter and 35 000 in talk.
        if value is None or (not is_first and len(part) == 1):
            return None
        total, is_first = total + value * weight, False
    return total


def _section_read(text: str) -> int | None:
    if text == "零":
        return 0
    match = _SECTION.fullmatch(text)
    if match is None or _COLLOQUIAL.search(text) or text.endswith("零"):
        return None
    thousands, hundreds, tens, ten, ones = match.groups()
    tens_value = _DIGITS[tens] if tens else int(ten is not None)
    return (
        1000 * _DIGITS.get(thousands, 0)
        + 100 * _DIGITS.get(hundreds, 0)
        + 10 * tens_value
        + _DIGITS.get(ones, 0)
    )
