"""Signings 签约, milestones, rulings 判客 and accruals 计提."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import IntegrityError

from attribution.errors import AlreadyRuled, NotFound, UnitSold
from attribution.ids import (
    ChannelId,
    PersonId,
    ProgrammeId,
    ProjectId,
    RulingId,
    SigningId,
    TokenId,
    VisitId,
    VisitorTag,
)
from attribution.money import BasisPoints, Fen
from attribution.rulebook import Stage
from attribution.signings import Relative, Signing
from attribution.storage.rows import tag_of, tag_row
from attribution.storage.tables import (
    accruals,
    channels,
    log_entries,
    milestones,
    reversals,
    rulings,
    signing_receipts,
    signing_tags,
    signings,
    sold_units,
    visit_tags,
)

_BUYER = "buyer"
# Of an INSERT, SQLAlchemy keeps the row count only when asked to.
_SELL = {
    dialect: build(sold_units)
    .on_conflict_do_nothing()
    .execution_options(preserve_rowcount=True)
    for dialect, build in (("sqlite", sqlite_insert), ("postgresql", postgres_insert))
}
_PENDING = -1


@dataclass(frozen=True, kw_only=True, slots=True)
class Deal:
    """A signing as the offices see it: which home, for how much, when."""

    id: SigningId
    project_id: ProjectId
    unit: str
    stage: Stage
    price_fen: Fen
    area_cm2: int | None
    signed_at: datetime
    recorded_at: datetime
    recorded_by: PersonId
    entry_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Milestone:
    """Something reached after the signing: a payment, a handover, a cancellation."""

    id: str
    signing_id: SigningId
    kind: str
    amount_fen: Fen | None
    reached_at: datetime
    recorded_at: datetime
    recorded_by: PersonId
    entry_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredRuling:
    """A ruling as it was stored: its canonical text, and what is asked of it often.

    `inputs` are its canonical inputs; None for a ruling older than that column.
    """

    id: RulingId
    signing_id: SigningId
    supersedes_id: RulingId | None
    outcome: str
    evidence_grade: str | None
    inputs_digest: bytes
    body: str
    ruled_at: datetime
    entry_id: str
    inputs: str | None = None

    def told(self) -> dict[str, Any]:
        """Return what the ruling says, as `ruling_to_json` gave it."""
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Accrual:
    """What is now owed 计提, by a ruling and a plan: a channel's commission.

    With a `visit_id` it is the buyers' own reward for that walk-in (rules §9.5), and no
    identifier of theirs is kept with it. `channel_id` then only says under which
    channel the programme is kept; ask `payee_id` who is owed.
    """

    id: str
    ruling_id: RulingId
    signing_id: SigningId
    channel_id: ChannelId
    programme_id: ProgrammeId
    plan_version: str
    share_bp: BasisPoints
    amount_fen: Fen
    accrued_at: datetime
    entry_id: str
    visit_id: VisitId | None = None

    @property
    def payee_id(self) -> ChannelId | None:
        """The channel that is owed; None: the buyers of the signing themselves."""
        return self.channel_id if self.visit_id is None else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reversal:
    """The negative of one accrual, booked when another ruling took its ruling's place.

    `ruling_id` is that other ruling.
    """

    id: str
    accrual_id: str
    ruling_id: RulingId
    signing_id: SigningId
    channel_id: ChannelId
    amount_fen: Fen
    reversed_at: datetime
    entry_id: str


class SigningRepository:
    """Signings and what follows from them; all of it only ever added."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # -- signings --

    def add(
        self, signing: Signing, deal: Deal, *, follows: SigningId | None = None
    ) -> None:
        """Store a signing with the tags of its buyers and relatives; it has some."""
        self._insert(signings, deal)
        if follows is None:
            self._sell(deal)
        else:
            self._hand_over(deal, follows)
        people = [(_BUYER, tags) for tags in signing.buyers]
        people += [(one.relation, one.tags) for one in signing.relatives]
        rows = [
            {
                "signing_id": signing.id,
                "member": member,
                "relation": relation,
                **tag_row(tag),
            }
            for member, (relation, tags) in enumerate(people)
            for tag in tags
        ]
        self._connection.execute(insert(signing_tags), rows)
        receipts = [
            {"signing_id": signing.id, "visit_id": visit} for visit in signing.receipts
        ]
        if receipts:
            self._connection.execute(insert(signing_receipts), receipts)

    def _sell(self, deal: Deal) -> None:
        """Mark a home as sold, or raise UnitSold. The table's key decides."""
        build = _SELL[self._connection.dialect.name]
        row = {
            "project_id": deal.project_id,
            "unit": deal.unit,
            "signing_id": deal.id,
        }
        if self._connection.execute(build, row).rowcount != 1:
            raise UnitSold

    def _hand_over(self, deal: Deal, follows: SigningId) -> None:
        """Let a contract take a home over from its own subscription, or UnitSold."""
        held = (
            (sold_units.c.project_id == deal.project_id)
            & (sold_units.c.unit == deal.unit)
            & (sold_units.c.signing_id == follows)
        )
        taken = update(sold_units).where(held).values(signing_id=deal.id)
        if self._connection.execute(taken).rowcount != 1:
            raise UnitSold

    def holder_of(self, project_id: ProjectId, unit: str) -> Deal | None:
        """Return the deal by which a home is sold now, or None."""
        query = (
            select(signings)
            .join(sold_units, sold_units.c.signing_id == signings.c.id)
            .where(sold_units.c.project_id == project_id, sold_units.c.unit == unit)
        )
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _deal_of(row)

    def free_unit(self, signing_id: SigningId) -> None:
        """Let a home be sold again, after its signing was cancelled."""
        self._connection.execute(
            delete(sold_units).where(sold_units.c.signing_id == signing_id)
        )

    def deal(self, signing_id: SigningId, *, for_update: bool = False) -> Deal:
        """Return a deal, or raise NotFound.

        Args:
            for_update: let one transaction at a time decide what it reaches next.
        """
        query = select(signings).where(signings.c.id == signing_id)
        if for_update:
            query = query.with_for_update()
        row = self._connection.execute(query).one_or_none()
        if row is None:
            raise NotFound
        return _deal_of(row)

    def deals(self, project_id: ProjectId) -> list[Deal]:
        """Return the deals of a project, newest first."""
        query = (
            select(signings)
            .where(signings.c.project_id == project_id)
            .order_by(signings.c.signed_at.desc(), signings.c.id)
        )
        return [_deal_of(row) for row in self._connection.execute(query)]

    def deals_among(self, signing_ids: Iterable[SigningId]) -> dict[SigningId, Deal]:
        """Return deals by id; some may not be there."""
        query = select(signings).where(signings.c.id.in_(sorted(set(signing_ids))))
        return {row.id: _deal_of(row) for row in self._connection.execute(query)}

    def signing(self, signing_id: SigningId) -> Signing:
        """Return a signing as the rules see it, or raise NotFound."""
        query = (
            select(signings, log_entries.c.position)
            .join_from(signings, log_entries, signings.c.entry_id == log_entries.c.id)
            .where(signings.c.id == signing_id)
        )
        row = self._connection.execute(query).one_or_none()
        if row is None:
            raise NotFound
        buyers, relatives = self._people(signing_id)
        receipts = select(signing_receipts.c.visit_id).where(
            signing_receipts.c.signing_id == signing_id
        )
        found = self._connection.execute(receipts).scalars()
        return Signing(
            id=row.id,
            project_id=row.project_id,
            signed_at=row.signed_at,
            log_index=_PENDING if row.position is None else row.position,
            buyers=buyers,
            relatives=relatives,
            receipts=frozenset(VisitId(visit) for visit in found),
            stage=Stage(row.stage),
        )

    def _people(
        self, signing_id: SigningId
    ) -> tuple[tuple[frozenset[VisitorTag], ...], tuple[Relative, ...]]:
        query = (
            select(signing_tags)
            .where(signing_tags.c.signing_id == signing_id)
            .order_by(signing_tags.c.member)
        )
        people: dict[tuple[int, str], set[VisitorTag]] = defaultdict(set)
        for row in self._connection.execute(query):
            people[row.member, row.relation].add(tag_of(row))
        buyers = tuple(
            frozenset(tags)
            for (_, relation), tags in people.items()
            if relation == _BUYER
        )
        relatives = tuple(
            Relative(relation=relation, tags=frozenset(tags))
            for (_, relation), tags in people.items()
            if relation != _BUYER
        )
        return buyers, relatives

    # -- milestones --

    def add_milestone(self, milestone: Milestone) -> None:
        """Store a milestone."""
        self._insert(milestones, milestone)

    def milestones(self, signing_ids: Iterable[SigningId]) -> list[Milestone]:
        """Return the milestones of signings, in order of time."""
        query = (
            select(milestones)
            .where(milestones.c.signing_id.in_(sorted(set(signing_ids))))
            .order_by(milestones.c.reached_at, milestones.c.id)
        )
        return [Milestone(**row._asdict()) for row in self._connection.execute(query)]

    # -- rulings --

    def add_ruling(self, ruling: StoredRuling) -> None:
        """Store a ruling; a signing's first is stored once, or AlreadyRuled."""
        try:
            self._insert(rulings, ruling)
        except IntegrityError as error:
            raise AlreadyRuled from error

    def ruling(self, ruling_id: RulingId) -> StoredRuling:
        """Return a ruling, or raise NotFound."""
        found = self._rulings(rulings.c.id == ruling_id)
        if not found:
            raise NotFound
        return found[0]

    def rulings_among(
        self, ruling_ids: Iterable[RulingId]
    ) -> dict[RulingId, StoredRuling]:
        """Return rulings by id, standing or superseded; some may not be there."""
        found = self._rulings(rulings.c.id.in_(sorted(set(ruling_ids))))
        return {one.id: one for one in found}

    def ruling_of(self, signing_id: SigningId) -> StoredRuling | None:
        """Return the ruling that stands for a signing, or None before the first."""
        return self.standing_among([signing_id]).get(signing_id)

    def standing(self, signing_id: SigningId) -> StoredRuling:
        """Return the ruling that stands for a signing, or raise NotFound."""
        found = self.ruling_of(signing_id)
        if found is None:
            raise NotFound
        return found

    def rulings_of_visit(self, visit_id: VisitId) -> list[StoredRuling]:
        """Return the standing rulings of whoever shares a tag with a visit, or has it.

        Oldest first. Whether the visit was the group's, each ruling says itself.
        """
        same = (
            (visit_tags.c.kind == signing_tags.c.kind)
            & (visit_tags.c.epoch == signing_tags.c.epoch)
            & (visit_tags.c.value == signing_tags.c.value)
        )
        by_tag = (
            select(signing_tags.c.signing_id)
            .join(visit_tags, same)
            .where(visit_tags.c.visit_id == visit_id)
        )
        by_receipt = select(signing_receipts.c.signing_id).where(
            signing_receipts.c.visit_id == visit_id
        )
        found = self._rulings(rulings.c.signing_id.in_(by_tag.union(by_receipt)))
        replaced = {ruling.supersedes_id for ruling in found}
        return [ruling for ruling in found if ruling.id not in replaced]

    def standing_among(
        self, signing_ids: Iterable[SigningId]
    ) -> dict[SigningId, StoredRuling]:
        """Return the rulings that stand for signings; for some there may be none."""
        found = self._rulings(rulings.c.signing_id.in_(sorted(set(signing_ids))))
        replaced = {ruling.supersedes_id for ruling in found}
        return {one.signing_id: one for one in found if one.id not in replaced}

    def rulings_of(self, signing_id: SigningId) -> list[StoredRuling]:
        """Return every ruling of a signing, the superseded ones too, oldest first."""
        return self._rulings(rulings.c.signing_id == signing_id)

    def rulings_naming(
        self, project_id: ProjectId, fact_id: TokenId | VisitId
    ) -> list[StoredRuling]:
        """Return the rulings of a project that name a token or a visit."""
        own = select(signings.c.id).where(signings.c.project_id == project_id)
        return self._rulings(
            rulings.c.signing_id.in_(own)
            & rulings.c.body.contains(fact_id, autoescape=True)
        )

    def without_ruling(self) -> list[SigningId]:
        """Return signings that no ruling exists for yet, oldest first."""
        query = (
            select(signings.c.id)
            .outerjoin(rulings, rulings.c.signing_id == signings.c.id)
            .where(rulings.c.id.is_(None))
            .order_by(signings.c.recorded_at)
        )
        return [SigningId(one) for one in self._connection.execute(query).scalars()]

    def _rulings(self, condition: ColumnElement[bool]) -> list[StoredRuling]:
        query = select(rulings).where(condition).order_by(rulings.c.ruled_at)
        return [
            StoredRuling(**row._asdict()) for row in self._connection.execute(query)
        ]

    # -- accruals --

    def add_accruals(self, entries: Iterable[Accrual]) -> None:
        """Store accruals: one for each channel of a ruling."""
        for entry in entries:
            self._insert(accruals, entry)

    def accruals_of(self, signing_id: SigningId) -> list[Accrual]:
        """Return the accruals of a signing, oldest first, reversed ones among them."""
        return self.accruals_among([signing_id])

    def accruals_among(self, signing_ids: Iterable[SigningId]) -> list[Accrual]:
        """Return the accruals of signings, oldest first, reversed ones among them."""
        query = (
            select(accruals)
            .where(accruals.c.signing_id.in_(sorted(set(signing_ids))))
            .order_by(accruals.c.accrued_at, accruals.c.id)
        )
        return [Accrual(**row._asdict()) for row in self._connection.execute(query)]

    def add_reversal(self, reversal: Reversal) -> None:
        """Store the reversal of an accrual; the table's key refuses a second one."""
        self._insert(reversals, reversal)

    def reversals_of(self, signing_id: SigningId) -> list[Reversal]:
        """Return what was taken back of a signing, oldest first."""
        return self.reversals_among([signing_id])

    def reversals_among(self, signing_ids: Iterable[SigningId]) -> list[Reversal]:
        """Return what was taken back of signings, oldest first."""
        query = (
            select(reversals)
            .where(reversals.c.signing_id.in_(sorted(set(signing_ids))))
            .order_by(reversals.c.reversed_at, reversals.c.id)
        )
        return [Reversal(**row._asdict()) for row in self._connection.execute(query)]

    def channel_names(self) -> dict[ChannelId, str]:
        """Return the name of every channel."""
        rows = self._connection.execute(select(channels.c.id, channels.c.name))
        return {ChannelId(row.id): row.name for row in rows}

    def _insert(self, table: Any, value: Any) -> None:
        values = {name: getattr(value, name) for name in type(value).__slots__}
        self._connection.execute(insert(table), values)


def _deal_of(row: Any) -> Deal:
    return Deal(**{**row._asdict(), "stage": Stage(row.stage)})
