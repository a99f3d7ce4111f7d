"""One fact of a case, held against what the log is proven to hold."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from attribution.bundles.bundle import Statement
from attribution.bundles.findings import Code, EvidenceFinding, Verdict
from tokens.canonical import canonical

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ABSENT = object()


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """What the case says of one thing, to be found in one statement of the log.

    `identity` is the key of the statement's body that names the thing.
    """

    code: Code
    about: str
    kind: str
    identity: str
    says: Mapping[str, object]
    index: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """The proven statements of a bundle, and which of them the case rests on."""

    statements: tuple[Statement, ...]
    weighed: set[int] = field(default_factory=set)
    _found: dict[tuple[str, str], dict[bytes, list[Statement]]] = field(
        default_factory=dict, repr=False
    )

    def said(self, kind: str, key: str, value: object) -> list[Statement]:
        """Return the statements of a kind that say `value` under `key`."""
        if (kind, key) not in self._found:
            self._found[kind, key] = self._by(kind, key)
        return self._found[kind, key].get(canonical(value), [])

    def _by(self, kind: str, key: str) -> dict[bytes, list[Statement]]:
        """Return the statements of a kind by what they say under a key."""
        by_value: dict[bytes, list[Statement]] = defaultdict(list)
        for one in self.statements:
            if one.kind == kind and key in one.body:
                by_value[canonical(one.body[key])].append(one)
        return dict(by_value)

    def held(self, fact: Fact) -> Iterator[EvidenceFinding]:
        """Yield whether the log says what the case says of one thing."""
        found = self.said(fact.kind, fact.identity, fact.says[fact.identity])
        if not found:
            yield EvidenceFinding(
                code=fact.code, verdict=Verdict.MISSING, about=fact.about
            )
            return
        self.weighed.update(one.index for one in found)
        if len(found) > 1:
            yield EvidenceFinding(
                code=Code.SAID_TWICE, verdict=Verdict.CONTRADICTED, about=fact.about
            )
        for one in found:
            yield from _compared(fact, one)


def says(statement: Statement, key: str, value: object) -> bool:
    """Say whether a statement has this very JSON value under a key; true is not 1."""
    own = statement.body.get(key, _ABSENT)
    return own == value and canonical(own) == canonical(value)


def stated(code: Code, about: str) -> EvidenceFinding:
    """Return the finding that something is said and could not be proven."""
    return EvidenceFinding(code=code, verdict=Verdict.STATED, about=about)


def contradicted(code: Code, about: str) -> EvidenceFinding:
    """Return the finding that the bundle says otherwise elsewhere."""
    return EvidenceFinding(code=code, verdict=Verdict.CONTRADICTED, about=about)


def microseconds(at: datetime) -> int:
    """Return an instant as the log counts: microseconds since 1970-01-01 UTC."""
    return (at - EPOCH) // _MICROSECOND


def shown(value: object) -> str:
    """Return a value of the log as any line can show it."""
    return json.dumps(value)[:80].strip('"')


def _compared(fact: Fact, statement: Statement) -> Iterator[EvidenceFinding]:
    wrong = [key for key, value in fact.says.items() if not says(statement, key, value)]
    if fact.index is not None and fact.index != statement.index:
        wrong.append("log_index")
    for key in wrong:
        yield contradicted(fact.code, f"{fact.about} {key} #{statement.index}")
    if not wrong:
        yield EvidenceFinding(
            code=fact.code,
            verdict=Verdict.PROVEN,
            about=f"{fact.about} #{statement.index}",
        )
