"""Submitted forms: what each field says, and what is wrong with it, in words."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from flask import request
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from attribution.errors import (
    AttributionError,
    InputInvalid,
    NotAllowed,
    NotFound,
    PlanInvalid,
    RequestIdReused,
    RulebookInvalid,
)
from attribution.evidence import is_plain_text
from attribution.money import WHOLE, BasisPoints, Fen
from attribution.reconciliation.cells import read_amount
from attribution.reconciliation.statement import Cell, CellKind
from attribution.services.administering import named
from attribution.services.answering import Request
from tokens.errors import TokenError
from tokens.identifiers import Identifier, guess_kind, identifier
from web.access import current_actor
from web.parsing import too_many
from web.problems import explain
from web.reasons import reason_text

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

_SHANGHAI = ZoneInfo("Asia/Shanghai")
# As far as the domain reads instants: attribution/documents.py.
_FIRST_YEAR, _LAST_YEAR = 1971, 2200
_PERCENT = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))?[%％]?")
_PLACED = (InputInvalid, RulebookInvalid, PlanInvalid)
# What no field can mend is answered by a page of its own.
_WHOLE_PAGE = (NotAllowed, NotFound, RequestIdReused)


class Form:
    """The fields of a form as they were sent, and the mistakes found in them.

    `mistakes` holds one sentence for each field, in the reader's language.
    """

    def __init__(self, fields: Mapping[str, Any] | None = None) -> None:
        self._fields: MultiDict[str, str] = MultiDict(fields or {})
        self.mistakes: dict[str, str] = {}
        self._codes: dict[str, str] = {}

    def filled_from(self, other: "Form") -> "Form":
        """Return a form that has the fields of both."""
        return Form(MultiDict([*self.pairs(), *other.pairs()]))

    def pairs(self) -> list[tuple[str, str]]:
        """Return every field and what it says."""
        return list(self._fields.items(multi=True))

    def text(self, name: str, default: str = "") -> str:
        """Return what a field says, without the spaces around it."""
        return self._fields.get(name, default).strip()

    def texts(self, name: str) -> list[str]:
        """Return what was chosen in a field that takes several."""
        return self._fields.getlist(name)

    def lines(self, name: str) -> list[str]:
        """Return the lines of a field, without the empty ones."""
        return [line for one in self.text(name).splitlines() if (line := one.strip())]

    def mistake(self, name: str) -> str:
        """Return what is wrong with a field, or an empty text."""
        return self.mistakes.get(name, "")

    def mistakes_in(self, beginning: str) -> bool:
        """Say whether a field whose name begins so has a mistake."""
        return any(name.startswith(beginning) for name in self.mistakes)

    def refuse(self, name: str, sentence: str, code: str = InputInvalid.code) -> None:
        """Say what is wrong with a field; the first mistake stands."""
        self.mistakes.setdefault(name, sentence)
        self._codes.setdefault(name, code)

    def refuse_unsure(self) -> None:
        """Refuse what cannot be undone until its box is ticked."""
        if not self.text("sure"):
            self.refuse("sure", _("请先勾选确认。"))

    @property
    def codes(self) -> list[str]:
        """Return the stable codes of the mistakes, each once."""
        return sorted(set(self._codes.values()))

    def read(self, name: str, parse: Callable[[str], T], default: T) -> T:
        """Return what `parse` makes of a field; `default` where it refuses."""
        try:
            return parse(self.text(name))
        except (AttributionError, TokenError) as error:
            path = getattr(error, "path", "")
            self.refuse(name, _numbered(path, mistake_of(error)), error.code)
            return default

    def read_if_given(self, name: str, parse: Callable[[str], T]) -> T | None:
        """Return what `parse` makes of a field, None when it is empty or refused."""
        return self.read(name, parse, None) if self.text(name) else None

    def choice(self, name: str, kind: type[E], default: E) -> E:
        """Return the chosen member of an enumeration."""
        try:
            return kind(self.text(name, default))
        except ValueError:
            self.refuse(name, _("请从列表里选一项。"))
            return default

    @contextmanager
    def catching(self, **fields: type[AttributionError]) -> Iterator[None]:
        """Turn a refusal of the service into the mistake of the field it names.

        Args:
            fields: the field at which a refusal without a path is shown.
        """
        by_error = {kind: name for name, kind in fields.items()}
        try:
            yield
        except _WHOLE_PAGE:
            raise
        except _PLACED as error:
            sentence = _numbered(error.path, mistake_of(error))
            self.refuse(field_of(error.path), sentence, error.code)
        except AttributionError as error:
            if type(error) not in by_error:
                raise
            self.refuse(by_error[type(error)], mistake_of(error), error.code)


def field_of(path: str) -> str:
    """Return the field of a path in a document: `family[0]` is in `family`."""
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def _numbered(path: str, sentence: str) -> str:
    """Say in which line of a field the mistake is, if its path says so."""
    match = re.search(r"\[(\d+)\]", path)
    if match is None:
        return sentence
    return _(
        "第 %(number)s 项：%(sentence)s", number=int(match[1]) + 1, sentence=sentence
    )


def mistake_of(error: AttributionError | TokenError) -> str:
    """Return one sentence for a field: the detail where there is one."""
    problem = explain(error)
    detail = problem.facts.get("reason")
    if detail:
        return reason_text(str(detail))
    return _("%(title)s。%(todo)s", title=problem.title, todo=problem.todo)


def page_request(*extra: bytes, caller: str = "") -> Request:
    """Return the intention that the form just sent is: its hidden id and its fields.

    Where it was sent belongs to it: the same fields at another address are another
    intention, and must not be answered as this one was.

    Args:
        extra: what else the form carried, such as the bytes of a file.
        caller: who sends it, where nobody has signed in.
    """
    fields = sorted(request.form.items(multi=True))
    digests = [hashlib.sha256(one).hexdigest() for one in extra]
    return Request(
        caller=caller or f"person:{current_actor().person_id}",
        id=request.form["request_id"],
        body=json.dumps([request.path, fields, digests]).encode(),
    )


def parse_amount(text: str) -> Fen:
    """Return an amount as people write it: `2450000`, `2,450,000.00`, `245万`.

    Raises:
        InputInvalid: no amount, or none above nothing.
    """
    reading = read_amount(Cell(1, 1, CellKind.TEXT, text))
    if reading.amount is None or reading.doubt is not None:
        raise InputInvalid("amount", "NOT_AN_AMOUNT")
    if reading.amount <= 0:
        raise InputInvalid("amount", "NOT_ABOVE_NOTHING")
    return reading.amount


_LEAST_PRICE = Fen(1_000_000)  # ten thousand yuan: below it somebody left out 万


def parse_price(text: str) -> Fen:
    """Return the price of a home, or refuse what cannot be one."""
    amount = parse_amount(text)
    if amount < _LEAST_PRICE:
        raise InputInvalid("price", "PRICE_TOO_SMALL")
    return amount


def parse_percent(text: str) -> BasisPoints:
    """Return basis points of a percentage: `1.5` or `1.5%` is 150.

    Raises:
        InputInvalid: no number from 0 to 100 with at most two decimals.
    """
    match = _PERCENT.fullmatch(text.replace(" ", ""))
    if match is None:
        raise InputInvalid("percent", "NOT_A_PERCENTAGE")
    points = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))
    if points > WHOLE:
        raise InputInvalid("percent", "NOT_A_PERCENTAGE")
    return BasisPoints(points)


def parse_local(text: str) -> datetime:
    """Return the instant of a date and time as a form sends it, on Shanghai's clocks.

    Raises:
        InputInvalid: no such day or time.
    """
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        raise InputInvalid("at", "NOT_A_TIME") from None
    # With an offset of its own it is not what the field sends; which clock it means
    # is not for us to guess.
    if local.tzinfo is not None or not _FIRST_YEAR <= local.year < _LAST_YEAR:
        raise InputInvalid("at", "NOT_A_TIME")
    return local.replace(tzinfo=_SHANGHAI).astimezone(UTC)


def identifiers_in(form: Form, name: str, *, most: int) -> list[Identifier]:
    """Return the numbers pasted into a field, one a line; each tells its own kind.

    More than `most` are refused before one of them is read.
    """
    if len(form.lines(name)) > most:
        form.refuse(name, reason_text(too_many(most)))
        return []
    found = []
    for number, line in enumerate(form.lines(name), start=1):
        try:
            found.append(identifier(guess_kind(line) or "", line))
        except TokenError as error:
            form.refuse(
                name,
                _(
                    "第 %(number)s 项：%(sentence)s",
                    number=number,
                    sentence=mistake_of(error),
                ),
                error.code,
            )
    return found


def needed(text: str) -> str:
    """Return a text of 1 to 40 characters, or refuse it."""
    if not text:
        raise InputInvalid("text", "EMPTY")
    return named(text)


def evidence_in(form: Form) -> bytes | None:
    """Return the one piece of evidence of a form: a file, or what was typed.

    The name of the file is not kept: it may be somebody's.
    """
    file, text = request.files.get("file"), form.text("text")
    data = file.read() if file is not None and file.filename else b""
    if bool(data) == bool(text):
        form.refuse("text", _("请写一段文字，或选一个文件；一次交一份。"))
        return None
    if not is_plain_text(text):
        form.refuse("text", _("文字里有看不见的字符，请重新输入。"))
        return None
    return data or text.encode()
