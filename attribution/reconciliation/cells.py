"""Amounts and dates as people type them, read exactly or not at all.

Source: docs/specs/reconciliation.md §2–3. No float is ever computed with: numbers
come as text and are read as decimals.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import StrEnum

from attribution.money import Fen
from attribution.reconciliation.numerals import CHARACTERS, numeral_read
from attribution.reconciliation.statement import Cell, CellKind

# Ten billion yuan: no home costs more, and a phone number in the wrong column is more.
LARGEST_FEN = 10**12
# Holds every digit of a text as long as we read, so that nothing is rounded twice.
_EXACT = Context(prec=100)
SHOWN_LENGTH = 40
EXCEL_DIGITS = (
    15  # a spreadsheet keeps no more; later digits of longer numbers are lost
)
_FIRST_SERIAL, _LAST_SERIAL = 36526, 73050  # 2000-01-01 to 2099-12-31
_SERIAL_ZERO = date(1899, 12, 30)
_FIRST_YEAR, _LAST_YEAR = 2000, 2099

SCALES = {"": 1, "千": 1000, "万": 10_000, "萬": 10_000, "亿": 100_000_000}
_NOTHING = {"", "-", "--", "/", "无", "暂无"}
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−─"), "-")
_NUMBER = "[0-9]{1,3}(?:,[0-9]{3})+(?:[.][0-9]+)?|[0-9]+(?:[.][0-9]+)?"
_ARABIC = re.compile(
    f"(?P<sign>-?)¥?(?P<inner>-?)(?P<number>{_NUMBER})"
    "(?P<scale>[千万萬亿]?)(?P<yuan>[元圆块]?)[整正]?"
)
_CURRENCY = re.compile("^(-?)(?:RMB|CNY|人民币)|(?:RMB|CNY|人民币)$")
_CHINESE = re.compile(
    f"(?P<yuan>[{CHARACTERS}]+)(?P<word>[元圆]?)"
    f"(?:(?P<jiao>[{CHARACTERS}])角)?零?(?:(?P<fen>[{CHARACTERS}])分)?[整正]?"
)
_CLOCK = "(?:[T ]?[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)?"
_DATES = (
    re.compile("([0-9]{4})([-/.])([0-9]{1,2})\\2([0-9]{1,2})" + _CLOCK),
    re.compile("([0-9]{4})(年)([0-9]{1,2})月([0-9]{1,2})日?" + _CLOCK),
    re.compile("([0-9]{4})()([0-9]{2})([0-9]{2})"),
)
_SHORT_DATE = re.compile("(?P<month>[0-9]{1,2})月(?P<day>[0-9]{1,2})日")
# A phone, an ID or an account, however it is divided; a travel document.
_LONG_NUMBER = re.compile(
    r"[0-9](?:[\s()+\-./_·]{0,2}[0-9]){10,}X?|[A-Z]{1,3}:?[A-Z]?[0-9]{7,12}",
    re.IGNORECASE,
)
_HARMLESS = re.compile(r"[0-9]{1,10}[.][0-9]{1,6}|(?:20[0-9]{6}[ \-_]{0,2}){1,2}")


class CellDoubt(StrEnum):
    """Why a cell was not read, or is read with a reservation."""

    EMPTY = "EMPTY"
    NOT_AN_AMOUNT = "NOT_AN_AMOUNT"
    AMOUNT_TOO_LARGE = "AMOUNT_TOO_LARGE"
    SHORTENED_BY_SPREADSHEET = "SHORTENED_BY_SPREADSHEET"
    FORMULA_WITHOUT_VALUE = "FORMULA_WITHOUT_VALUE"
    MERGED_OVER_ROWS = "MERGED_OVER_ROWS"
    ROUNDED_TO_FEN = "ROUNDED_TO_FEN"  # a reservation: read, and rounded half up
    NOT_A_DATE = "NOT_A_DATE"
    YEAR_MISSING = "YEAR_MISSING"
    DATE_FROM_SERIAL = "DATE_FROM_SERIAL"  # a reservation: a bare number was a date


@dataclass(frozen=True, kw_only=True, slots=True)
class AmountReading:
    """An amount in fen, or why there is none; with a reservation where both are set."""

    amount: Fen | None = None
    doubt: CellDoubt | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DateReading:
    """A date, or why there is none; with a reservation where both are set."""

    on: date | None = None
    doubt: CellDoubt | None = None


def read_amount(cell: Cell | None, scale: int = 1) -> AmountReading:
    """Return the fen of one cell, rounded half up and flagged where that was needed.

    Args:
        scale: yuan in one unit of the column (10 000 under 万元). A cell that names
            its own unit is read by that instead.
    """
    if cell is None or plain_text(cell.text) in _NOTHING:
        return AmountReading(doubt=CellDoubt.EMPTY)
    if cell.kind is CellKind.ERROR:
        return AmountReading(doubt=CellDoubt.FORMULA_WITHOUT_VALUE)
    if cell.kind is CellKind.NUMBER:
        return _in_fen(_as_displayed(cell.text), scale)
    yuan = _yuan_in(cell.text, scale) if cell.kind is CellKind.TEXT else None
    if yuan is None:
        return AmountReading(doubt=CellDoubt.NOT_AN_AMOUNT)
    return _in_fen(yuan, 1)


def read_date(cell: Cell | None, year: int | None = None) -> DateReading:
    """Return the date of one cell.

    Args:
        year: the year the statement is about, for `3月1日`.
    """
    if cell is None or plain_text(cell.text) in _NOTHING:
        return DateReading(doubt=CellDoubt.EMPTY)
    if cell.kind in {CellKind.ERROR, CellKind.LOGICAL}:
        return DateReading(doubt=CellDoubt.NOT_A_DATE)
    text = unicodedata.normalize("NFKC", cell.text).strip().translate(_DASHES)
    if len(text) > SHOWN_LENGTH:
        return DateReading(doubt=CellDoubt.NOT_A_DATE)
    if _is_serial(text):
        on = _SERIAL_ZERO + timedelta(days=int(text))
        return DateReading(on=on, doubt=CellDoubt.DATE_FROM_SERIAL)
    return _written_date(re.sub(r"\s*([-/.年月日])\s*", r"\1", text), year)


def plain_text(text: str) -> str:
    """Return a text in half-width characters, without spaces, with one kind of dash."""
    text = unicodedata.normalize("NFKC", text).translate(_DASHES)
    return re.sub(r"\s+", "", text)


def shown(text: str) -> str:
    """Return a text fit for a report: short, and covered."""
    safe = covered(text)
    return safe if len(safe) <= SHOWN_LENGTH else safe[:SHOWN_LENGTH] + "…"


def covered(text: str) -> str:
    """Return a text in which numbers that may be somebody's are covered: 138****.

    Amounts and days stay; so does a text in which there is nothing to cover.
    """
    plain = unicodedata.normalize("NFKC", text).translate(_DASHES)
    safe = _LONG_NUMBER.sub(_cover, plain)
    return text if safe == plain else safe


def _cover(match: re.Match[str]) -> str:
    found = match.group()
    return found if _HARMLESS.fullmatch(found) else found[:3] + "****"


def masked(name: str) -> str:
    """Return what may be kept of a person's name: 张小明 becomes 张**."""
    name = unicodedata.normalize("NFKC", name).strip()
    return name[:1] + "**" if name and not name[0].isdigit() else ""


def _as_displayed(text: str) -> Decimal:
    """Drop the noise of binary fractions: a spreadsheet shows 15 digits, not 17."""
    return Context(prec=EXCEL_DIGITS).create_decimal(text)


def _in_fen(units: Decimal, scale: int) -> AmountReading:
    if abs(units) >= 10**EXCEL_DIGITS:
        return AmountReading(doubt=CellDoubt.SHORTENED_BY_SPREADSHEET)
    exact = _EXACT.multiply(units, scale * 100)
    if abs(exact) > LARGEST_FEN:
        return AmountReading(doubt=CellDoubt.AMOUNT_TOO_LARGE)
    amount = int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    return AmountReading(
        amount=Fen(amount),
        doubt=None if amount == exact else CellDoubt.ROUNDED_TO_FEN,
    )


def _yuan_in(text: str, scale: int) -> Decimal | None:
    """Return the yuan written in a text, negative in parentheses."""
    # A space between digits is a thousand mark, or stands between two amounts.
    marked = re.sub(r"(?<=\d)\s+(?=\d)", ",", text)
    text = _CURRENCY.sub(r"\1", plain_text(marked).upper())
    if len(text) > SHOWN_LENGTH:
        return None
    is_negative = text.startswith("(") and text.endswith(")")
    inner = _CURRENCY.sub(r"\1", text[1:-1]) if is_negative else text
    yuan = _arabic_yuan(inner, scale)
    if yuan is None:
        yuan = _chinese_yuan(inner, scale)
    if yuan is None or not is_negative:
        return yuan
    return None if yuan < 0 else -yuan


def _arabic_yuan(text: str, scale: int) -> Decimal | None:
    match = _ARABIC.fullmatch(text)
    if match is None or (match["sign"] and match["inner"]):
        return None
    has_own_unit = bool(match["scale"] or match["yuan"])
    factor = SCALES[match["scale"]] if has_own_unit else scale
    value = _EXACT.multiply(Decimal(match["number"].replace(",", "")), factor)
    return -value if match["sign"] or match["inner"] else value


def _chinese_yuan(text: str, scale: int) -> Decimal | None:
    sign = -1 if text.startswith("负") else 1
    match = _CHINESE.fullmatch(text.removeprefix("负"))
    value = numeral_read(match["yuan"]) if match else None
    if match is None or value is None:
        return None
    jiao, fen = numeral_read(match["jiao"] or "零"), numeral_read(match["fen"] or "零")
    has_parts = bool(match["jiao"] or match["fen"])
    if jiao is None or fen is None or (has_parts and not match["word"]):
        return None
    has_own_unit = bool(match["word"]) or bool(set("万萬亿億") & set(match["yuan"]))
    yuan = Decimal(value) * (1 if has_own_unit else scale)
    return sign * (yuan + Decimal(10 * jiao + fen) / 100)


def _is_serial(text: str) -> bool:
    return (
        text.isascii()
        and text.isdigit()
        and len(text) == len(str(_FIRST_SERIAL))
        and _FIRST_SERIAL <= int(text) <= _LAST_SERIAL
    )


def _written_date(text: str, year: int | None) -> DateReading:
    for form in _DATES:
        if match := form.fullmatch(text):
            return _dated(match[1], match[3], match[4])
    if match := _SHORT_DATE.fullmatch(text):
        if year is None:
            return DateReading(doubt=CellDoubt.YEAR_MISSING)
        return _dated(str(year), match["month"], match["day"])
    return DateReading(doubt=CellDoubt.NOT_A_DATE)


def _dated(year: str, month: str, day: str) -> DateReading:
    try:
        on = date(int(year), int(month), int(day))
    except ValueError:
        return DateReading(doubt=CellDoubt.NOT_A_DATE)
    if not _FIRST_YEAR <= on.year <= _LAST_YEAR:
        return DateReading(doubt=CellDoubt.NOT_A_DATE)
    return DateReading(on=on)
