"""Referral tokens 推荐码, found by the digest of their code or by their own id."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from attribution.errors import TokenReserved, TokenRevoked, TokenUsed
from attribution.ids import (
    AgentId,
    ChannelId,
    PersonId,
    ProjectId,
    TokenId,
    VisitorTag,
)
from attribution.programmes import Agent, Kind, Programme
from attribution.referrals import ReferralToken
from attribution.rulebook import Binding
from attribution.storage.prepared import Prepared, PreparedQuery
from attribution.storage.rows import is_among
from attribution.storage.tables import (
    agents,
    channels,
    log_entries,
    programme_rules,
    programmes,
    reservations,
    tokens,
    visits,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenSecrets:
    """What is kept of a token's secrets: digests, a commitment, a sealed label."""

    code_digest: bytes = field(repr=False)
    cti: bytes = field(repr=False)
    commitment: bytes | None = field(repr=False)
    link_digest: bytes | None = field(repr=False)
    label_sealed: bytes | None = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Redeemable:
    """A token with all that its standing depends on, read in one statement."""

    token: ReferralToken
    agent: Agent
    programme: Programme
    rules: str
    reserved_by: PersonId | None
    reserved_until: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class IssuedToken:
    """A token as its agent sees it in a list."""

    token: ReferralToken
    secrets: TokenSecrets
    standing: str | None
    visit_id: str | None


_TOKEN_COLUMNS = (
    tokens.c.id,
    tokens.c.agent_id,
    tokens.c.channel_id,
    tokens.c.project_id,
    tokens.c.programme_id,
    tokens.c.rulebook_version,
    tokens.c.binding,
    tokens.c.bound_kind,
    tokens.c.bound_epoch,
    tokens.c.bound_value,
    tokens.c.issued_at,
    tokens.c.bound_at,
    tokens.c.expires_at,
    tokens.c.revoked_at,
    tokens.c.redeemed_at,
)
_TOKEN = select(*_TOKEN_COLUMNS, log_entries.c.position).join_from(
    tokens, log_entries, tokens.c.entry_id == log_entries.c.id
)
_REDEEMABLE = (
    select(
        *_TOKEN_COLUMNS,
        agents.c.is_owner,
        agents.c.is_desk_staff,
        agents.c.suspended_from,
        channels.c.suspended_from.label("channel_suspended_from"),
        programmes.c.kind,
        programmes.c.in_force_from,
        programmes.c.in_force_until,
        programme_rules.c.body.label("rules"),
        reservations.c.person_id.label("reserved_by"),
        reservations.c.until.label("reserved_until"),
    )
    .join_from(tokens, agents, tokens.c.agent_id == agents.c.id)
    .join(channels, tokens.c.channel_id == channels.c.id)
    .join(programmes, tokens.c.programme_id == programmes.c.id)
    .join(
        programme_rules,
        (programme_rules.c.programme_id == tokens.c.programme_id)
        & (programme_rules.c.version == tokens.c.rulebook_version),
    )
    .outerjoin(reservations, reservations.c.token_id == tokens.c.id)
)
_BY_CODE = PreparedQuery(_REDEEMABLE.where(tokens.c.code_digest == bindparam("digest")))
_BY_CTI = PreparedQuery(_REDEEMABLE.where(tokens.c.cti == bindparam("cti")))
_BY_ID = PreparedQuery(_REDEEMABLE.where(tokens.c.id == bindparam("token")))
_REDEEM = Prepared(
    update(tokens)
    .where(
        tokens.c.id == bindparam("token"),
        tokens.c.redeemed_at.is_(None),
        tokens.c.revoked_at.is_(None),
        tokens.c.bound_at.is_not_distinct_from(bindparam("read_bound_at")),
    )
    .values(redeemed_at=bindparam("at")),
    "at",
    "token",
    "read_bound_at",
)
_RESERVE = {
    dialect: build(reservations).execution_options(preserve_rowcount=True)
    for dialect, build in (("sqlite", sqlite_insert), ("postgresql", postgres_insert))
}
_BOUND_TO = (tokens.c.bound_kind, tokens.c.bound_epoch, tokens.c.bound_value)
_NO_INDEX = -1


class TokenRepository:
    """Referral tokens. Only digests of codes are kept."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, token: ReferralToken, secrets: TokenSecrets, entry_id: str) -> None:
        """Store a new token."""
        tag = token.binding_tag
        self._connection.execute(
            insert(tokens),
            {
                "id": token.id,
                "agent_id": token.agent_id,
                "channel_id": token.channel_id,
                "project_id": token.project_id,
                "programme_id": token.programme_id,
                "rulebook_version": token.rulebook_version,
                "binding": token.binding,
                "bound_kind": tag and tag.kind,
                "bound_epoch": tag and tag.epoch,
                "bound_value": tag and tag.value,
                "issued_at": token.issued_at,
                "bound_at": token.bound_at,
                "expires_at": token.expires_at,
                "code_digest": secrets.code_digest,
                "cti": secrets.cti,
                "commitment": secrets.commitment,
                "link_digest": secrets.link_digest,
                "label_sealed": secrets.label_sealed,
                "entry_id": entry_id,
            },
        )

    # -- reading one --

    def by_code(self, code_digest: bytes) -> Redeemable | None:
        """Return what a typed code opens, or None."""
        return self._redeemable(_BY_CODE, {"digest": code_digest})

    def by_cti(self, cti: bytes) -> Redeemable | None:
        """Return what a scanned token names, or None."""
        return self._redeemable(_BY_CTI, {"cti": cti})

    def by_id(self, token_id: TokenId) -> Redeemable | None:
        """Return a token found by other means (a forgotten code), or None."""
        return self._redeemable(_BY_ID, {"token": token_id})

    def by_link(self, link_digest: bytes) -> ReferralToken | None:
        """Return the token whose link a client opened, or None."""
        found = self._tokens(tokens.c.link_digest == link_digest)
        return found[0] if found else None

    def _redeemable(
        self, query: PreparedQuery, key: dict[str, Any]
    ) -> Redeemable | None:
        rows = query.rows(self._connection, key)
        if not rows:
            return None
        row = rows[0]
        token = _token_of(row, _NO_INDEX)
        return Redeemable(
            token=token,
            agent=Agent(
                id=token.agent_id,
                channel_id=token.channel_id,
                is_owner=row.is_owner,
                is_desk_staff=row.is_desk_staff,
                suspended_from=row.suspended_from,
                channel_suspended_from=row.channel_suspended_from,
            ),
            programme=Programme(
                id=token.programme_id,
                project_id=token.project_id,
                channel_id=token.channel_id,
                kind=Kind(row.kind),
                rulebook_version=token.rulebook_version,
                in_force_from=row.in_force_from,
                in_force_until=row.in_force_until,
            ),
            rules=row.rules,
            reserved_by=row.reserved_by,
            reserved_until=row.reserved_until,
        )

    # -- what happens to one, each at most once --

    def mark_redeemed(self, token: ReferralToken, at: datetime) -> None:
        """Use up a token that is still as it was read, or raise TokenUsed.

        The database decides who was first: of two desks at once, one update finds
        the row still unredeemed and the other finds nothing to change.
        """
        key = {"token": token.id, "at": at, "read_bound_at": token.bound_at}
        if _REDEEM.run(self._connection, key) != 1:
            raise TokenUsed

    def mark_revoked(self, token_id: TokenId, at: datetime) -> None:
        """Take a token back, or raise TokenUsed or TokenRevoked."""
        live = (
            (tokens.c.id == token_id)
            & tokens.c.redeemed_at.is_(None)
            & tokens.c.revoked_at.is_(None)
        )
        statement = update(tokens).where(live).values(revoked_at=at)
        if self._connection.execute(statement).rowcount == 1:
            return
        query = select(tokens.c.redeemed_at).where(tokens.c.id == token_id)
        used = self._connection.execute(query).scalar_one() is not None
        raise TokenUsed if used else TokenRevoked

    def bind(self, token_id: TokenId, tag: VisitorTag, at: datetime) -> bool:
        """Bind a live `opened` token to who opens it first; say whether it was."""
        unbound = (
            (tokens.c.id == token_id)
            & tokens.c.bound_at.is_(None)
            & tokens.c.redeemed_at.is_(None)
            & tokens.c.revoked_at.is_(None)
        )
        values = {
            "bound_at": at,
            "bound_kind": tag.kind,
            "bound_epoch": tag.epoch,
            "bound_value": tag.value,
        }
        statement = update(tokens).where(unbound).values(values)
        return self._connection.execute(statement).rowcount == 1

    def note_entries(
        self, token_id: TokenId, *, bind: str | None = None, revoke: str | None = None
    ) -> None:
        """Remember under which log entry a token was bound or revoked, just now."""
        named = {"bind_entry_id": bind, "revoke_entry_id": revoke}
        values = {name: entry for name, entry in named.items() if entry is not None}
        self._connection.execute(
            update(tokens).where(tokens.c.id == token_id).values(values)
        )

    def reserve(
        self, token_id: TokenId, person_id: PersonId, *, now: datetime, until: datetime
    ) -> None:
        """Keep a token for one desk for a moment, or raise TokenReserved.

        One statement decides: it takes the place of a reservation that has ended or
        is the same person's, and of no other.
        """
        build = _RESERVE[self._connection.dialect.name]
        row = {"token_id": token_id, "person_id": person_id, "until": until}
        statement = build.values(row).on_conflict_do_update(
            index_elements=["token_id"],
            set_={"person_id": person_id, "until": until},
            where=(reservations.c.until <= now)
            | (reservations.c.person_id == person_id),
        )
        if self._connection.execute(statement).rowcount != 1:
            raise TokenReserved

    def release(self, token_id: TokenId, person_id: PersonId) -> None:
        """Give back a reservation of one's own."""
        own = (reservations.c.token_id == token_id) & (
            reservations.c.person_id == person_id
        )
        self._connection.execute(delete(reservations).where(own))

    def sealed_label(self, token_id: TokenId) -> bytes | None:
        """Return the sealed label that the agent gave a token, if one was given."""
        query = select(tokens.c.label_sealed).where(tokens.c.id == token_id)
        sealed: bytes | None = self._connection.execute(query).scalar_one()
        return sealed

    def entries_of(self, token_id: TokenId) -> list[str]:
        """Return the log entries of a token: its issue, binding and revocation."""
        own = (tokens.c.entry_id, tokens.c.bind_entry_id, tokens.c.revoke_entry_id)
        row = self._connection.execute(select(*own).where(tokens.c.id == token_id))
        return [entry for entry in row.one() if entry is not None]

    # -- reading many --

    def get(self, token_ids: Iterable[TokenId]) -> list[ReferralToken]:
        """Return tokens by id, with their log index."""
        return self._tokens(tokens.c.id.in_(sorted(set(token_ids))))

    def bound_to(
        self, project_id: ProjectId, tags: Iterable[VisitorTag]
    ) -> list[ReferralToken]:
        """Return the tokens of a project that are bound to one of the tags."""
        wanted = set(tags)
        found = self._tokens(
            tokens.c.project_id == project_id,
            is_among(_BOUND_TO, wanted),
        )
        return [token for token in found if token.binding_tag in wanted]

    def issued_by(
        self, agent_id: AgentId, *, token_id: TokenId | None = None, most: int = 200
    ) -> list[IssuedToken]:
        """Return an agent's tokens, or one of them, each with what came of it."""
        query = (
            select(
                *_TOKEN_COLUMNS,
                tokens.c.code_digest,
                tokens.c.cti,
                tokens.c.commitment,
                tokens.c.link_digest,
                tokens.c.label_sealed,
                log_entries.c.position,
                visits.c.standing,
                visits.c.id.label("visit_id"),
            )
            .join_from(tokens, log_entries, tokens.c.entry_id == log_entries.c.id)
            .outerjoin(visits, visits.c.token_id == tokens.c.id)
            .where(tokens.c.agent_id == agent_id)
            .order_by(tokens.c.issued_at.desc(), tokens.c.id)
            .limit(most)
        )
        if token_id is not None:
            query = query.where(tokens.c.id == token_id)
        names = TokenSecrets.__slots__
        return [
            IssuedToken(
                token=_token_of(row, row.position),
                secrets=TokenSecrets(**{name: getattr(row, name) for name in names}),
                standing=row.standing,
                visit_id=row.visit_id,
            )
            for row in self._connection.execute(query)
        ]

    def count_since(
        self, since: datetime, *, agent: AgentId | None = None, channel: str = ""
    ) -> int:
        """Return how many tokens an agent, or a channel, issued since an instant."""
        return self._count(_issuer(agent, channel), tokens.c.issued_at >= since)

    def count_live(
        self, now: datetime, *, agent: AgentId | None = None, channel: str = ""
    ) -> int:
        """Return how many tokens of an agent, or a channel, could be redeemed now."""
        return self._count(
            _issuer(agent, channel),
            tokens.c.expires_at > now,
            tokens.c.redeemed_at.is_(None),
            tokens.c.revoked_at.is_(None),
        )

    def lock_channel(self, channel_id: ChannelId) -> None:
        """Let one issue of a channel at a time count against its quota."""
        if self._connection.dialect.name == "postgresql":
            key = func.hashtextextended(channel_id, 1)
            self._connection.execute(select(func.pg_advisory_xact_lock(key)))

    def _count(self, *conditions: ColumnElement[bool]) -> int:
        query = select(func.count()).select_from(tokens).where(*conditions)
        return self._connection.execute(query).scalar_one()

    def _tokens(self, *conditions: ColumnElement[bool]) -> list[ReferralToken]:
        query = _TOKEN.where(*conditions).order_by(tokens.c.issued_at, tokens.c.id)
        rows = self._connection.execute(query)
        return [_token_of(row, row.position) for row in rows]


def _issuer(agent: AgentId | None, channel: str) -> ColumnElement[bool]:
    if agent is not None:
        return tokens.c.agent_id == agent
    return tokens.c.channel_id == channel


def _token_of(row: Any, position: int | None) -> ReferralToken:
    return ReferralToken(
        id=row.id,
        agent_id=row.agent_id,
        channel_id=row.channel_id,
        project_id=row.project_id,
        programme_id=row.programme_id,
        rulebook_version=row.rulebook_version,
        binding=Binding(row.binding),
        binding_tag=None
        if row.bound_value is None
        else VisitorTag(
            kind=row.bound_kind, epoch=row.bound_epoch, value=row.bound_value
        ),
        issued_at=row.issued_at,
        bound_at=row.bound_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        redeemed_at=row.redeemed_at,
        log_index=_NO_INDEX if position is None else position,
    )
