"""Disputes 争议: their steps, their evidence, and the holds they place. Only added."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, union
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from attribution.disputes import DisputeState, Ground, Move, Side
from attribution.errors import DisputeExists, DisputeStepRefused, NotFound
from attribution.evidence import EvidenceKind
from attribution.ids import (
    DisputeId,
    EvidenceId,
    PersonId,
    ProjectId,
    RulingId,
    SigningId,
    TokenId,
    VisitId,
)
from attribution.storage.tables import (
    dispute_evidence,
    dispute_steps,
    disputes,
    hold_releases,
    holds,
    refusal_tags,
    refusals,
    signing_receipts,
    signing_tags,
    visit_tags,
    visits,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Dispute:
    """Who disputes which ruling, and on what ground. What follows are its steps.

    `party` is `channel:ID`, `visit:ID` or `developer`: each disputes a ruling once.
    """

    id: DisputeId
    project_id: ProjectId
    signing_id: SigningId
    ruling_id: RulingId
    ground: Ground
    side: Side
    party: str
    visit_id: VisitId | None
    opened_by: PersonId | None
    opened_at: datetime
    entry_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DisputeStep:
    """One step of a case: by whom, into which state, with what was said and proposed.

    `body` is JSON: a proposal, a decision, or which evidence came. Nobody's words are
    in it.
    """

    id: str
    dispute_id: DisputeId
    number: int
    state: DisputeState
    side: Side
    taken_by: PersonId | None
    taken_at: datetime
    words_sealed: bytes | None = field(repr=False)
    body: str | None
    entry_id: str

    @property
    def move(self) -> Move:
        """Return the step as the domain sees it."""
        return Move(state=self.state, at=self.taken_at)


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """A piece of evidence, without its content. `number` is that of its step."""

    id: EvidenceId
    dispute_id: DisputeId
    number: int
    side: Side
    party: str
    kind: EvidenceKind
    size: int
    digest: bytes
    given_at: datetime
    given_by: PersonId | None
    entry_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Hold:
    """A hold on the commissions of a signing; it stands until it is released."""

    id: str
    signing_id: SigningId
    dispute_id: DisputeId
    placed_at: datetime
    entry_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """The end of a hold."""

    id: str
    hold_id: str
    released_at: datetime
    entry_id: str


# Of an INSERT, SQLAlchemy keeps the row count only when asked to.
_OPEN, _STEP = (
    {
        dialect: build(table)
        .on_conflict_do_nothing()
        .execution_options(preserve_rowcount=True)
        for dialect, build in (
            ("sqlite", sqlite_insert),
            ("postgresql", postgres_insert),
        )
    }
    for table in (disputes, dispute_steps)
)
_EVIDENCE = select(*(dispute_evidence.c[name] for name in Evidence.__slots__))


class DisputeRepository:
    """Cases and what happened in them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # -- cases --

    def add(self, dispute: Dispute) -> None:
        """Store a dispute, or raise DisputeExists. The table's key decides."""
        build = _OPEN[self._connection.dialect.name]
        if self._connection.execute(build, _values(dispute)).rowcount != 1:
            raise DisputeExists

    def get(self, dispute_id: DisputeId) -> Dispute:
        """Return a dispute, or raise NotFound."""
        query = select(disputes).where(disputes.c.id == dispute_id)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            raise NotFound
        return _dispute_of(row)

    def at(self, project_id: ProjectId) -> list[Dispute]:
        """Return the disputes of a project, newest first."""
        query = (
            select(disputes)
            .where(disputes.c.project_id == project_id)
            .order_by(disputes.c.opened_at.desc(), disputes.c.id)
        )
        return [_dispute_of(row) for row in self._connection.execute(query)]

    def everywhere(self) -> list[Dispute]:
        """Return the disputes of every project, newest first."""
        query = select(disputes).order_by(disputes.c.opened_at.desc(), disputes.c.id)
        return [_dispute_of(row) for row in self._connection.execute(query)]

    def of_signings(self, signing_ids: Iterable[SigningId]) -> list[Dispute]:
        """Return the disputes of signings, newest first."""
        query = (
            select(disputes)
            .where(disputes.c.signing_id.in_(sorted(set(signing_ids))))
            .order_by(disputes.c.opened_at.desc(), disputes.c.id)
        )
        return [_dispute_of(row) for row in self._connection.execute(query)]

    # -- steps --

    def add_step(self, step: DisputeStep) -> None:
        """Take a step, or raise DisputeStepRefused: its number decides that."""
        build = _STEP[self._connection.dialect.name]
        if self._connection.execute(build, _values(step)).rowcount != 1:
            raise DisputeStepRefused

    def steps(
        self, dispute_ids: Iterable[DisputeId]
    ) -> Mapping[DisputeId, list[DisputeStep]]:
        """Return the steps of cases, in order; each has at least its opening."""
        query = (
            select(dispute_steps)
            .where(dispute_steps.c.dispute_id.in_(sorted(set(dispute_ids))))
            .order_by(dispute_steps.c.number)
        )
        found: dict[DisputeId, list[DisputeStep]] = defaultdict(list)
        for row in self._connection.execute(query):
            found[row.dispute_id].append(_step_of(row))
        return found

    # -- evidence --

    def add_evidence(self, evidence: Evidence, content_sealed: bytes) -> None:
        """Store a piece of evidence with its sealed content."""
        row = {**_values(evidence), "content_sealed": content_sealed}
        self._connection.execute(insert(dispute_evidence), row)

    def evidence(
        self, dispute_ids: Iterable[DisputeId]
    ) -> Mapping[DisputeId, list[Evidence]]:
        """Return the evidence of cases in order of time, without its content."""
        query = _EVIDENCE.where(
            dispute_evidence.c.dispute_id.in_(sorted(set(dispute_ids)))
        ).order_by(dispute_evidence.c.number)
        found: dict[DisputeId, list[Evidence]] = defaultdict(list)
        for row in self._connection.execute(query):
            found[row.dispute_id].append(_evidence_of(row))
        return found

    def content(self, evidence_id: EvidenceId) -> tuple[Evidence, bytes]:
        """Return a piece of evidence and its sealed content, or raise NotFound."""
        one = dispute_evidence.c.id == evidence_id
        row = self._connection.execute(_EVIDENCE.where(one)).one_or_none()
        if row is None:
            raise NotFound
        query = select(dispute_evidence.c.content_sealed).where(one)
        sealed: bytes = self._connection.execute(query).scalar_one()
        return _evidence_of(row), sealed

    def count_evidence(self, dispute_id: DisputeId, party: str) -> int:
        """Return how many pieces one party has brought to a case."""
        query = (
            select(func.count())
            .select_from(dispute_evidence)
            .where(
                dispute_evidence.c.dispute_id == dispute_id,
                dispute_evidence.c.party == party,
            )
        )
        return self._connection.execute(query).scalar_one()

    # -- holds --

    def place_hold(self, hold: Hold) -> None:
        """Hold the commissions of a signing; a case holds once."""
        self._connection.execute(insert(holds), _values(hold))

    def release(self, release: Release) -> None:
        """End a hold; the table's key refuses to end it twice."""
        self._connection.execute(insert(hold_releases), _values(release))

    def holds(self, signing_ids: Iterable[SigningId]) -> list[Hold]:
        """Return the holds that stand on signings."""
        query = (
            select(holds)
            .outerjoin(hold_releases, hold_releases.c.hold_id == holds.c.id)
            .where(
                holds.c.signing_id.in_(sorted(set(signing_ids))),
                hold_releases.c.id.is_(None),
            )
        )
        return [Hold(**row._asdict()) for row in self._connection.execute(query)]

    def holds_ever(
        self, signing_ids: Iterable[SigningId]
    ) -> list[tuple[Hold, Release | None]]:
        """Return every hold there was on signings, with its end if it has one."""
        query = select(holds).where(holds.c.signing_id.in_(sorted(set(signing_ids))))
        placed = [Hold(**row._asdict()) for row in self._connection.execute(query)]
        ended = select(hold_releases).where(
            hold_releases.c.hold_id.in_(sorted(one.id for one in placed))
        )
        releases = {
            row.hold_id: Release(**row._asdict())
            for row in self._connection.execute(ended)
        }
        return [(one, releases.get(one.id)) for one in placed]

    # -- whose case it is --

    def appearances_of(self, token_id: TokenId) -> set[str]:
        """Return the visit and the refused redemptions of a token, by id."""
        query = union(
            select(visits.c.id).where(visits.c.token_id == token_id),
            select(refusals.c.id).where(refusals.c.token_id == token_id),
        )
        return set(self._connection.execute(query).scalars())

    def signings_met(self, appearances: Iterable[str]) -> list[SigningId]:
        """Return the signings whose group shares a tag or a receipt with these visits.

        The rules say afterwards whether a visit is the group's; this only finds.
        """
        ids = sorted(set(appearances))
        met = [
            select(signing_tags.c.signing_id)
            .join(
                tags,
                (tags.c.kind == signing_tags.c.kind)
                & (tags.c.epoch == signing_tags.c.epoch)
                & (tags.c.value == signing_tags.c.value),
            )
            .where(owner.in_(ids))
            for tags, owner in (
                (visit_tags, visit_tags.c.visit_id),
                (refusal_tags, refusal_tags.c.refusal_id),
            )
        ]
        receipts = select(signing_receipts.c.signing_id).where(
            signing_receipts.c.visit_id.in_(ids)
        )
        found = self._connection.execute(union(*met, receipts)).scalars()
        return sorted(SigningId(one) for one in found)

    def recorders_of(self, appearances: Iterable[str]) -> set[PersonId]:
        """Return who was at the desk at these visits and refused redemptions."""
        ids = sorted(set(appearances))
        query = union(
            select(visits.c.recorded_by).where(visits.c.id.in_(ids)),
            select(refusals.c.recorded_by).where(refusals.c.id.in_(ids)),
        )
        return {PersonId(one) for one in self._connection.execute(query).scalars()}


def _values(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in type(value).__slots__}


def _dispute_of(row: Any) -> Dispute:
    words = {"ground": Ground(row.ground), "side": Side(row.side)}
    return Dispute(**{**row._asdict(), **words})


def _step_of(row: Any) -> DisputeStep:
    words = {"state": DisputeState(row.state), "side": Side(row.side)}
    return DisputeStep(**{**row._asdict(), **words})


def _evidence_of(row: Any) -> Evidence:
    words = {"side": Side(row.side), "kind": EvidenceKind(row.kind)}
    return Evidence(**{**row._asdict(), **words})
