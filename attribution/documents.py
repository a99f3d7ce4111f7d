"""Reading a document (TOML or JSON) strictly: every mistake is named by its path."""

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import NoReturn, Self, TypeVar
from zoneinfo import ZoneInfo

from attribution.errors import AttributionError

E = TypeVar("E", bound=StrEnum)

_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)", re.ASCII
)
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""Far enough from the ends of the calendar that adding a period cannot overflow."""

_CONTROL = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Control characters, ends of lines, and halves that no output can hold."""
_MOST = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """One value of a document, its path, and the error that refuses it.

    Reasons never repeat the value: it may be somebody's number.
    """

    value: object
    path: str
    refuse: Callable[[str, str], AttributionError]

    def fail(self, reason: str) -> NoReturn:
        """Raise the error that names this place; `$` is the whole document."""
        raise self.refuse(self.path or "$", reason) from None

    def table(self, *keys: str) -> "Table":
        """Return the value as a table that has no other keys than `keys`."""
        if not isinstance(self.value, Mapping):
            self.fail("must be a table of keys and values")
        for key in self.value:
            if key not in keys:
                self._at(step_to(key), None).fail("unknown key")
        return Table(node=self, values=self.value)

    def entries(self) -> "list[tuple[str, Node]]":
        """Return the entries of a table whose keys are free names."""
        if not isinstance(self.value, Mapping):
            self.fail("must be a table of keys and values")
        pairs = [
            (str(key), self._at(step_to(key), of)) for key, of in self.value.items()
        ]
        for name, node in pairs:
            Node(value=name, path=node.path, refuse=self.refuse).text()
        return pairs

    def items(self) -> "list[Node]":
        """Return the items of a list."""
        if not isinstance(self.value, list | tuple):
            self.fail("must be a list")
        return [self._at(f"[{i}]", item) for i, item in enumerate(self.value)]

    def text(self, most: int = _MOST) -> str:
        """Return a text of 1 to `most` characters on one line."""
        if not isinstance(self.value, str):
            self.fail("must be a text")
        if not _is_plain(self.value, most):
            self.fail(f"must have 1 to {most} characters, none of them a control")
        return self.value

    def flag(self) -> bool:
        """Return true or false."""
        if not isinstance(self.value, bool):
            self.fail("must be true or false")
        return self.value

    def whole(self, least: int, most: int) -> int:
        """Return a whole number, `least` and `most` included."""
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            self.fail("must be a whole number")
        if not least <= self.value <= most:
            self.fail(f"must be from {least} to {most}")
        return self.value

    def choice(self, kind: type[E]) -> E:
        """Return the member of an enumeration that the text names."""
        for member in kind:
            if self.value == member.value:
                return member
        return self.fail(f"must be one of: {', '.join(kind)}")

    def instant(self) -> datetime:
        """Return an instant in UTC, from RFC 3339 text with an offset (or TOML's)."""
        at = self.value
        if isinstance(at, str) and _INSTANT.fullmatch(at):
            try:
                at = datetime.fromisoformat(at)
            except ValueError:
                self.fail("is no such day or time")
        if not isinstance(at, datetime) or at.tzinfo is None:
            self.fail("must be an instant like 2026-03-01T09:00:00+08:00")
        if not _EARLIEST < at < _LATEST:
            self.fail("must be between 1970 and 2200")
        return at.astimezone(UTC)

    def zone(self) -> ZoneInfo:
        """Return the time zone of a name like `Asia/Shanghai`."""
        try:
            return ZoneInfo(self.text())
        except (KeyError, ValueError, OSError):
            self.fail("is no time zone")

    def _at(self, step: str, value: object) -> Self:
        path = f"{self.path}{step}".removeprefix(".")
        return type(self)(value=value, path=path, refuse=self.refuse)


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table with known keys."""

    node: Node
    values: Mapping[str, object]

    def need(self, key: str) -> Node:
        """Return the value of a key that must be there."""
        node = self.get(key, None)
        if key not in self.values:
            node.fail("is missing")
        return node

    def get(self, key: str, default: object) -> Node:
        """Return the value of a key, or a node that holds `default`."""
        path = f"{self.node.path}.{key}".removeprefix(".")
        value = self.values.get(key, default)
        return Node(value=value, path=path, refuse=self.node.refuse)

    def has(self, key: str) -> bool:
        """Say whether a key is there and not null."""
        return self.values.get(key) is not None


def _is_plain(text: str, most: int) -> bool:
    is_short = 1 <= len(text) <= most
    return is_short and not any(unicodedata.category(one) in _CONTROL for one in text)


def step_to(key: object) -> str:
    """Return the step of a path to a key; one that no line could show is quoted."""
    name = str(key)
    return f".{name}" if _is_plain(name, _MOST) else f"[{json.dumps(name[:_MOST])}]"


def instant_text(at: datetime) -> str:
    """Return an instant as RFC 3339 UTC text, to the microsecond."""
    text = at.astimezone(UTC).isoformat(timespec="microseconds")
    return text.replace("+00:00", "Z")
