"""Visits 到访 and refused redemptions, with the tags of who came."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from attribution.errors import AlreadyStated, NotFound
from attribution.ids import (
    DeviceId,
    PersonId,
    ProjectId,
    TokenId,
    VisitId,
    VisitorTag,
)
from attribution.storage.prepared import Prepared
from attribution.storage.rows import tag_of, tag_row, tags_among
from attribution.storage.tables import (
    agents,
    channels,
    log_entries,
    projects,
    refusal_tags,
    refusals,
    tokens,
    visit_tags,
    visitor_statements,
    visits,
)
from attribution.visitor_statements import BroughtBy, RiskKind, Said, VisitorStatement
from attribution.visits import RedeemedBy, Standing, Visit


@dataclass(frozen=True, kw_only=True, slots=True)
class VisitRecord:
    """What is stored with a visit beside what the rules look at."""

    party_size: int
    notice_version: str | None
    purposes: tuple[str, ...]
    receipt_digest: bytes = field(repr=False)
    recorded_by: PersonId
    device_id: DeviceId | None


@dataclass(frozen=True, kw_only=True, slots=True)
class VisitDetail:
    """A visit as the desk, its receipt's holder and the printout see it.

    `flags` say where the visitor's own word contradicts the desk; a service adds them.
    """

    id: VisitId
    project_id: ProjectId
    project: str
    token_id: TokenId | None
    arrived_at: datetime
    standing: Standing
    basis: RedeemedBy
    is_marginal: bool
    party_size: int
    notice_version: str | None
    purposes: str
    entry_id: str
    consent_entry_id: str | None
    position: int | None
    issued_at: datetime | None
    rulebook_version: str | None
    bound_kind: str | None
    channel: str | None
    agent: str | None
    flags: tuple[RiskKind, ...] = ()


_ADD = Prepared(insert(visits), *visits.c.keys())
_ADD_TAGS = Prepared(insert(visit_tags), *visit_tags.c.keys())
_VISIT = select(
    visits.c.id,
    visits.c.project_id,
    visits.c.arrived_at,
    visits.c.token_id,
    visits.c.standing,
    visits.c.basis,
    visits.c.is_marginal,
    log_entries.c.position,
).join_from(visits, log_entries, visits.c.entry_id == log_entries.c.id)
_DETAIL = (
    select(
        visits.c.id,
        visits.c.project_id,
        projects.c.name.label("project"),
        visits.c.token_id,
        visits.c.arrived_at,
        visits.c.standing,
        visits.c.basis,
        visits.c.is_marginal,
        visits.c.party_size,
        visits.c.notice_version,
        visits.c.purposes,
        visits.c.entry_id,
        visits.c.consent_entry_id,
        log_entries.c.position,
        tokens.c.issued_at,
        tokens.c.rulebook_version,
        tokens.c.bound_kind,
        channels.c.name.label("channel"),
        agents.c.name.label("agent"),
    )
    .join_from(visits, log_entries, visits.c.entry_id == log_entries.c.id)
    .join(projects, visits.c.project_id == projects.c.id)
    .outerjoin(tokens, visits.c.token_id == tokens.c.id)
    .outerjoin(agents, tokens.c.agent_id == agents.c.id)
    .outerjoin(channels, tokens.c.channel_id == channels.c.id)
)
_PENDING = -1
# Of an INSERT, SQLAlchemy keeps the row count only when asked to.
_STATE = {
    dialect: build(visitor_statements)
    .on_conflict_do_nothing()
    .execution_options(preserve_rowcount=True)
    for dialect, build in (("sqlite", sqlite_insert), ("postgresql", postgres_insert))
}


class VisitRepository:
    """Visits are only ever added."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self,
        visit: Visit,
        record: VisitRecord,
        entry_id: str,
        consent_entry_id: str | None = None,
    ) -> None:
        """Store a visit and the tags of everybody who arrived together."""
        _ADD.run(
            self._connection,
            {
                "id": visit.id,
                "project_id": visit.project_id,
                "arrived_at": visit.arrived_at,
                "token_id": visit.token_id,
                "standing": visit.standing,
                "basis": visit.basis,
                "is_marginal": visit.is_marginal,
                "party_size": record.party_size,
                "notice_version": record.notice_version,
                "purposes": " ".join(record.purposes),
                "receipt_digest": record.receipt_digest,
                "recorded_by": record.recorded_by,
                "device_id": record.device_id,
                "entry_id": entry_id,
                "consent_entry_id": consent_entry_id,
            },
        )
        owner = {"visit_id": visit.id, "project_id": visit.project_id}
        rows = [
            {**owner, "member": member, **tag_row(tag)}
            for member, tags in enumerate((visit.tags, *visit.party))
            for tag in tags
        ]
        if rows:
            _ADD_TAGS.run_all(self._connection, rows)

    def add_refusal(self, refused: Visit, by: PersonId, entry_id: str) -> None:
        """Store a refused redemption; it is no visit and burns no token."""
        row = {
            "id": refused.id,
            "project_id": refused.project_id,
            "token_id": refused.token_id,
            "finding": refused.standing,
            "refused_at": refused.arrived_at,
            "recorded_by": by,
            "entry_id": entry_id,
        }
        self._connection.execute(insert(refusals), row)
        owner = {"refusal_id": refused.id, "project_id": refused.project_id}
        rows = [{**owner, **tag_row(tag)} for tag in refused.tags]
        if rows:
            self._connection.execute(insert(refusal_tags), rows)

    # -- for the rules --

    def matching(
        self,
        project_id: ProjectId,
        tags: Iterable[VisitorTag],
        receipts: Iterable[VisitId] = (),
    ) -> list[Visit]:
        """Return the visits and refusals with one of the tags, or a receipt."""
        wanted = frozenset(tags)
        rows = tags_among(self._connection, visit_tags, project_id, wanted)
        ids = {row.visit_id for row in rows} | set(receipts)
        query = _VISIT.where(visits.c.id.in_(sorted(ids)))
        found = self._connection.execute(query).all()
        members = self._members(ids)
        return [
            Visit(
                id=row.id,
                project_id=row.project_id,
                arrived_at=row.arrived_at,
                log_index=_PENDING if row.position is None else row.position,
                tags=members[row.id].get(0, frozenset()),
                party=tuple(
                    tags for member, tags in sorted(members[row.id].items()) if member
                ),
                token_id=row.token_id,
                standing=Standing(row.standing),
                basis=RedeemedBy(row.basis),
                is_marginal=row.is_marginal,
            )
            for row in found
        ] + self._refused(project_id, wanted)

    def _members(
        self, visit_ids: Iterable[str]
    ) -> dict[str, dict[int, frozenset[VisitorTag]]]:
        query = select(visit_tags).where(
            visit_tags.c.visit_id.in_(sorted(set(visit_ids)))
        )
        members: dict[str, dict[int, frozenset[VisitorTag]]] = defaultdict(dict)
        for row in self._connection.execute(query):
            own = members[row.visit_id]
            own[row.member] = own.get(row.member, frozenset()) | {tag_of(row)}
        return members

    def _refused(
        self, project_id: ProjectId, wanted: frozenset[VisitorTag]
    ) -> list[Visit]:
        rows = tags_among(self._connection, refusal_tags, project_id, wanted)
        tags: dict[str, set[VisitorTag]] = defaultdict(set)
        for row in rows:
            tags[row.refusal_id].add(tag_of(row))
        query = (
            select(refusals, log_entries.c.position)
            .join_from(refusals, log_entries, refusals.c.entry_id == log_entries.c.id)
            .where(refusals.c.id.in_(sorted(tags)))
        )
        return [
            Visit(
                id=row.id,
                project_id=row.project_id,
                arrived_at=row.refused_at,
                log_index=_PENDING if row.position is None else row.position,
                tags=frozenset(tags[row.id]),
                token_id=row.token_id,
                standing=Standing(row.finding),
            )
            for row in self._connection.execute(query)
        ]

    # -- the visitor's own word --

    def add_statement(
        self, statement: VisitorStatement, statement_id: str, entry_id: str
    ) -> None:
        """Store what a visitor said, or raise AlreadyStated: the key decides."""
        said = statement.said
        row = {
            "id": statement_id,
            "visit_id": statement.visit_id,
            "been_before": said.been_before,
            "brought_by": said.brought_by,
            "channel_id": said.channel_id,
            "had_come_before": statement.had_come_before,
            "stated_at": statement.stated_at,
            "entry_id": entry_id,
        }
        build = _STATE[self._connection.dialect.name]
        if self._connection.execute(build, row).rowcount != 1:
            raise AlreadyStated

    def statements(
        self, visit_ids: Iterable[VisitId]
    ) -> dict[VisitId, VisitorStatement]:
        """Return what visitors said of visits, by the visit."""
        query = (
            select(visitor_statements, tokens.c.channel_id.label("recorded"))
            .join_from(
                visitor_statements, visits, visitor_statements.c.visit_id == visits.c.id
            )
            .outerjoin(tokens, visits.c.token_id == tokens.c.id)
            .where(visitor_statements.c.visit_id.in_(sorted(set(visit_ids))))
        )
        return {
            VisitId(row.visit_id): _statement_of(row)
            for row in self._connection.execute(query)
        }

    def statement_entries(self, visit_ids: Iterable[VisitId]) -> list[str]:
        """Return the log entries of what visitors said of visits."""
        query = select(visitor_statements.c.entry_id).where(
            visitor_statements.c.visit_id.in_(sorted(set(visit_ids)))
        )
        return list(self._connection.execute(query).scalars())

    def has_come_before(self, detail: VisitDetail) -> bool | None:
        """Say whether an earlier visit of a visitor's own number is known.

        None: no number was left, so nothing can be known.
        """
        members = self._members([detail.id])
        tags = members[detail.id].get(0, frozenset())
        if not tags:
            return None
        return any(
            not one.standing.is_refused and one.arrived_at < detail.arrived_at
            for one in self.matching(detail.project_id, tags)
        )

    def tags_of_token(self, token_id: TokenId) -> frozenset[VisitorTag]:
        """Return the visitor's own tags at the visit that a token made."""
        query = (
            select(visit_tags)
            .join(visits, visit_tags.c.visit_id == visits.c.id)
            .where(visits.c.token_id == token_id, visit_tags.c.member == 0)
        )
        return frozenset(tag_of(row) for row in self._connection.execute(query))

    def channels_of_visits(self, project_id: ProjectId) -> dict[str, str]:
        """Return which channel's token each visit or refusal of a project was with."""
        found: dict[str, str] = {}
        for table in (visits, refusals):
            query = (
                select(table.c.id, tokens.c.channel_id)
                .join_from(table, tokens, table.c.token_id == tokens.c.id)
                .where(table.c.project_id == project_id)
            )
            rows = self._connection.execute(query)
            found.update({row.id: row.channel_id for row in rows})
        return found

    # -- for people --

    def by_receipt(self, receipt_digest: bytes) -> VisitDetail | None:
        """Return the visit of a receipt, or None."""
        query = _DETAIL.where(visits.c.receipt_digest == receipt_digest)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _detail_of(row)

    def detail(self, visit_id: VisitId) -> VisitDetail:
        """Return a visit, or raise NotFound."""
        query = _DETAIL.where(visits.c.id == visit_id)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            raise NotFound
        return _detail_of(row)

    def since(self, project_id: ProjectId, since: datetime) -> list[VisitDetail]:
        """Return the visits of a project since an instant, newest first."""
        query = _DETAIL.where(
            visits.c.project_id == project_id, visits.c.arrived_at >= since
        ).order_by(visits.c.arrived_at.desc(), visits.c.id)
        return [_detail_of(row) for row in self._connection.execute(query)]


def _statement_of(row: Any) -> VisitorStatement:
    return VisitorStatement(
        visit_id=row.visit_id,
        said=Said(
            been_before=row.been_before,
            brought_by=None if row.brought_by is None else BroughtBy(row.brought_by),
            channel_id=row.channel_id,
        ),
        recorded_channel_id=row.recorded,
        had_come_before=row.had_come_before,
        stated_at=row.stated_at,
    )


def _detail_of(row: Any) -> VisitDetail:
    values = {
        **row._asdict(),
        "standing": Standing(row.standing),
        "basis": RedeemedBy(row.basis),
    }
    return VisitDetail(**values)
