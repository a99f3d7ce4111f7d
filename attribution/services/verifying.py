"""Checking the whole log against everything that is stored (log.md §8).

Everything is made again from the rows: entries from their events, the tree from the
entries, heads and signatures from the tree, and facts from what the log says of them.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from attribution.documents import instant_text
from attribution.errors import LogBehind, LogForked
from attribution.services.guarding import checkpoint_in, frontier_of, refuse_if_broken
from attribution.services.runtime import Runtime
from attribution.services.statements import StatementKind
from attribution.services.witnessing import owed_in
from attribution.storage.fact_repository import LoggedFact
from attribution.storage.instants import microseconds_of
from attribution.storage.log_repository import LogHead, WalkedEntry
from attribution.storage.work import UnitOfWork
from tokens.checkpoints import verify_checkpoint
from tokens.cosignatures import cosignatures_on, parse_witness
from tokens.errors import TokenError
from tokens.log import Frontier, entry_bytes, leaf_hash
from tokens.notes import Verifier, parse_vkey


class Damage(StrEnum):
    """What can be wrong with a stored log."""

    PLACE_MISSING = "PLACE_MISSING"
    ENTRY_CHANGED = "ENTRY_CHANGED"
    NODE_CHANGED = "NODE_CHANGED"
    HEAD_CHANGED = "HEAD_CHANGED"
    HEAD_UNSIGNED = "HEAD_UNSIGNED"
    HEAD_MISSING = "HEAD_MISSING"
    COSIGNATURE_WRONG = "COSIGNATURE_WRONG"
    PROOF_OVERDUE = "PROOF_OVERDUE"
    SET_BACK = "SET_BACK"
    FORKED = "FORKED"
    FACT_CHANGED = "FACT_CHANGED"
    FACT_UNLOGGED = "FACT_UNLOGGED"
    FACT_MISSING = "FACT_MISSING"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One thing that is wrong, and where: `#position`, a size, or `table id: key`."""

    damage: Damage
    where: str


@dataclass(frozen=True, kw_only=True, slots=True)
class LogReport:
    """What a walk over the log has found."""

    entries: int
    erased: int
    heads: int
    facts: int
    faults: tuple[Fault, ...]


_TOLD_EACH = 10_000
Progress = Callable[[int, int], None]
"""Told how much of how much is done."""

# What the log says of each row: key in the statement, column in the table. Tables of
# which nothing is named here are none of facts.
FACTS: Mapping[str, tuple[StatementKind, Mapping[str, str]]] = {
    "tokens": (
        StatementKind.ISSUE,
        {
            "token": "id",
            "project": "project_id",
            "programme": "programme_id",
            "rulebook": "rulebook_version",
            "agent": "agent_id",
            "channel": "channel_id",
            "binding": "binding",
            "issued_at": "issued_at",
            "expires_at": "expires_at",
            "cti": "cti",
            "commitment": "commitment",
        },
    ),
    "visits": (
        StatementKind.VISIT,
        {
            "visit": "id",
            "project": "project_id",
            "arrived_at": "arrived_at",
            "token": "token_id",
            "standing": "standing",
            "redeemed_by": "basis",
            "is_marginal": "is_marginal",
            "by": "recorded_by",
            "device": "device_id",
        },
    ),
    "visitor_statements": (
        StatementKind.VISITOR_STATEMENT,
        {
            "statement": "id",
            "visit": "visit_id",
            "been_before": "been_before",
            "brought_by": "brought_by",
            "channel": "channel_id",
            "had_come_before": "had_come_before",
            "stated_at": "stated_at",
        },
    ),
    "refusals": (
        StatementKind.REFUSAL,
        {
            "refusal": "id",
            "project": "project_id",
            "token": "token_id",
            "finding": "finding",
            "refused_at": "refused_at",
            "by": "recorded_by",
        },
    ),
    "signings": (
        StatementKind.SIGNING,
        {
            "signing": "id",
            "project": "project_id",
            "unit": "unit",
            "stage": "stage",
            "price_fen": "price_fen",
            "signed_at": "signed_at",
            "by": "recorded_by",
        },
    ),
    "milestones": (
        StatementKind.MILESTONE,
        {
            "milestone": "id",
            "signing": "signing_id",
            "kind": "kind",
            "amount_fen": "amount_fen",
            "reached_at": "reached_at",
            "by": "recorded_by",
        },
    ),
    "rulings": (
        StatementKind.RULING,
        {
            "ruling": "id",
            "signing": "signing_id",
            "supersedes": "supersedes_id",
            "outcome": "outcome",
            "evidence_grade": "evidence_grade",
            "inputs": "inputs_digest",
        },
    ),
    "accruals": (
        StatementKind.ACCRUAL,
        {
            "accrual": "id",
            "ruling": "ruling_id",
            "signing": "signing_id",
            "channel": "channel_id",
            "plan": "plan_version",
            "share_bp": "share_bp",
            "amount_fen": "amount_fen",
            "visit": "visit_id",
        },
    ),
    "statements": (
        StatementKind.STATEMENT,
        {
            "statement": "id",
            "project": "project_id",
            "channel": "channel_id",
            "file": "file_digest",
            "by": "uploaded_by",
        },
    ),
    "reversals": (
        StatementKind.REVERSAL,
        {
            "reversal": "id",
            "accrual": "accrual_id",
            "ruling": "ruling_id",
            "signing": "signing_id",
            "channel": "channel_id",
            "amount_fen": "amount_fen",
        },
    ),
    "disputes": (
        StatementKind.DISPUTE,
        {
            "dispute": "id",
            "project": "project_id",
            "signing": "signing_id",
            "ruling": "ruling_id",
            "ground": "ground",
            "side": "side",
            "party": "party",
            "visit": "visit_id",
            "opened_at": "opened_at",
            "by": "opened_by",
        },
    ),
    "dispute_steps": (
        StatementKind.DISPUTE_STEP,
        {
            "step": "id",
            "dispute": "dispute_id",
            "number": "number",
            "state": "state",
            "side": "side",
            "taken_at": "taken_at",
            "by": "taken_by",
        },
    ),
    "dispute_evidence": (
        StatementKind.EVIDENCE,
        {
            "evidence": "id",
            "dispute": "dispute_id",
            "number": "number",
            "side": "side",
            "party": "party",
            "kind": "kind",
            "size": "size",
            "digest": "digest",
            "given_at": "given_at",
            "by": "given_by",
        },
    ),
    "holds": (
        StatementKind.HOLD,
        {
            "hold": "id",
            "signing": "signing_id",
            "dispute": "dispute_id",
            "placed_at": "placed_at",
        },
    ),
    "hold_releases": (
        StatementKind.RELEASE,
        {"release": "id", "hold": "hold_id", "released_at": "released_at"},
    ),
}


def verify_log(runtime: Runtime, progress: Progress) -> LogReport:
    """Walk over the whole log and say what is wrong with it; nothing is changed."""
    # Read first: a head that is signed meanwhile is no sign of a set-back.
    kept = runtime.last_head.read()
    with runtime.reading() as work, work.snapshot():
        total = work.log.placed() + sum(map(work.facts.count, FACTS))
        walk = _Walk(work, lambda done: progress(done, total))
        faults = [
            *walk.faults(),
            *_overdue(runtime, work),
            *_outside(work, kept),
            *_cosignatures(work),
            *_facts(work, walk),
        ]
    return LogReport(
        entries=walk.frontier.size,
        erased=walk.erased,
        heads=walk.heads,
        facts=walk.facts,
        faults=tuple(faults),
    )


class _Walk:
    """One pass over the entries, in order, with the tree growing beside."""

    def __init__(self, work: UnitOfWork, progress: Callable[[int], None]) -> None:
        self._work = work
        self._progress = progress
        self._keys = {
            one.origin: parse_vkey(one.vkey) for one in work.witnesses.log_keys()
        }
        self.frontier = Frontier()
        self.erased = self.heads = self.facts = self._missing = 0

    def tell(self) -> None:
        """Say how far the walk is."""
        self._progress(self.frontier.size + self.facts)

    def faults(self) -> Iterator[Fault]:
        """Yield what is wrong with entries, nodes and heads."""
        heads = {head.size: head for head in self._work.log.heads()}
        nodes = self._work.log.remembered_nodes()
        last = max(heads, default=0)
        for entries in self._work.log.walk():
            yield from self._entries(entries, heads, nodes)
            self.tell()
        for size, head in heads.items():
            if size > self.frontier.size:
                yield Fault(damage=Damage.HEAD_CHANGED, where=str(size))
            yield from _signature_of(head, self._keys)
        for level, number in nodes:
            yield Fault(damage=Damage.NODE_CHANGED, where=f"{level}/{number}")
        if self.frontier.size > last:
            yield Fault(damage=Damage.HEAD_MISSING, where=str(self.frontier.size))

    def _entries(
        self,
        entries: Iterable[WalkedEntry],
        heads: Mapping[int, LogHead],
        nodes: dict[tuple[int, int], bytes],
    ) -> Iterator[Fault]:
        waiting: list[bytes] = []
        for one in entries:
            place = self.frontier.size + len(waiting) + self._missing
            if one.position != place:
                yield Fault(damage=Damage.PLACE_MISSING, where=f"#{place}")
                self._missing += one.position - place
            if one.nonce is None and one.event is None:
                self.erased += 1
            elif not _opens(one):
                yield Fault(damage=Damage.ENTRY_CHANGED, where=f"#{one.position}")
            waiting.append(leaf_hash(one.entry))
            if (head := heads.get(self.frontier.size + len(waiting))) is not None:
                yield from self._grow(waiting, nodes)
                waiting = []
                self.heads += 1
                if not _is_head_of(head, self.frontier):
                    yield Fault(damage=Damage.HEAD_CHANGED, where=str(head.size))
        yield from self._grow(waiting, nodes)

    def _grow(
        self, leaves: Iterable[bytes], nodes: dict[tuple[int, int], bytes]
    ) -> Iterator[Fault]:
        self.frontier, made = self.frontier.grown(leaves)
        for level, number, digest in made:
            # A node that nobody remembered is no fault: it is made when asked for.
            if nodes.pop((level, number), digest) != digest:
                yield Fault(damage=Damage.NODE_CHANGED, where=f"{level}/{number}")


def _opens(one: WalkedEntry) -> bool:
    if one.nonce is None or one.event is None:
        return False
    # SQLite keeps a text in a column of bytes, if somebody writes one.
    if not all(isinstance(part, bytes) for part in (one.entry, one.nonce, one.event)):
        return False
    made = entry_bytes(one.kind, microseconds_of(one.at), one.nonce, one.event)
    return made == one.entry


def _is_head_of(head: LogHead, frontier: Frontier) -> bool:
    if head.root != frontier.root():
        return False
    try:
        return frontier_of(head) == frontier
    except LogForked:
        return False


def _signature_of(head: LogHead, keys: Mapping[str, Verifier]) -> Iterator[Fault]:
    """Yield a fault unless a listed key has signed this size and root."""
    try:
        origin = checkpoint_in(head.checkpoint).origin
        signed = verify_checkpoint(head.checkpoint, keys[origin], origin=origin)
        is_right = (signed.size, signed.root) == (head.size, head.root)
    except (TokenError, KeyError):
        is_right = False
    if not is_right:
        yield Fault(damage=Damage.HEAD_UNSIGNED, where=str(head.size))


def _overdue(runtime: Runtime, work: UnitOfWork) -> Iterator[Fault]:
    """Yield the oldest fact that waits for its place longer than was promised."""
    oldest = work.log.oldest_pending()
    since = owed_in(runtime, work, runtime.now())
    if oldest is not None and since is not None:
        where = f"entry {oldest.id}, due {instant_text(since)}"
        yield Fault(damage=Damage.PROOF_OVERDUE, where=where)


def _outside(work: UnitOfWork, kept: str | None) -> Iterator[Fault]:
    """Yield what does not fit the head kept outside, or what others have shown us."""
    head = work.log.head()
    if head is not None and head.size > work.log.placed():
        yield Fault(damage=Damage.SET_BACK, where=f"{work.log.placed()} < {head.size}")
        return
    notes = [] if kept is None else [kept]
    notes += [alarm.note for alarm in work.witnesses.open_alarms()]
    # The same tree may be shown several times, with the lines of other witnesses.
    for signed in dict.fromkeys(map(checkpoint_in, notes)):
        try:
            refuse_if_broken(work, signed, head)
        except LogBehind:
            yield Fault(damage=Damage.SET_BACK, where=str(signed.size))
        except LogForked:
            yield Fault(damage=Damage.FORKED, where=str(signed.size))


def _cosignatures(work: UnitOfWork) -> Iterator[Fault]:
    witnesses = {one.id: parse_witness(one.vkey) for one in work.witnesses.witnesses()}
    checkpoints = {head.size: head.checkpoint for head in work.log.heads()}
    for one in work.witnesses.cosignatures():
        if one.witness_id not in witnesses or one.size not in checkpoints:
            continue
        try:
            found = cosignatures_on(
                checkpoints[one.size] + one.line, [witnesses[one.witness_id]]
            )
        except TokenError:
            found = []
        if not found:
            yield Fault(damage=Damage.COSIGNATURE_WRONG, where=str(one.size))


def _facts(work: UnitOfWork, walk: _Walk) -> Iterator[Fault]:
    for table, (kind, columns) in FACTS.items():
        for fact in work.facts.facts(table):
            walk.facts += 1
            if walk.facts % _TOLD_EACH == 0:
                walk.tell()
            yield from _fact(table, kind, columns, fact)
        for entry_id in work.facts.unclaimed(table, kind):
            yield Fault(damage=Damage.FACT_MISSING, where=f"{table}: entry {entry_id}")
    walk.tell()


def _fact(
    table: str, kind: StatementKind, columns: Mapping[str, str], fact: LoggedFact
) -> Iterator[Fault]:
    where = f"{table} {fact.row['id']}"
    if fact.kind != kind:
        yield Fault(damage=Damage.FACT_UNLOGGED, where=where)
        return
    if fact.event is None:
        return
    try:
        said = json.loads(fact.event)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        yield Fault(damage=Damage.FACT_CHANGED, where=where)
        return
    for key, column in columns.items():
        if not _says(said.get(key), fact.row[column]):
            yield Fault(damage=Damage.FACT_CHANGED, where=f"{where}: {key}")


def _says(said: object, value: object) -> bool:
    """Say whether a statement says what a column holds."""
    if isinstance(value, datetime):
        return _is_instant(said, value)
    return said == (value.hex() if isinstance(value, bytes) else value)


def _is_instant(said: object, at: datetime) -> bool:
    """Say whether a text is an instant; older statements name it by another zone."""
    try:
        return datetime.fromisoformat(str(said)) == at
    except ValueError:
        return False
