"""People, their grants, credentials, invitations, devices and failure budgets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    delete,
    exists,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import IntegrityError

from attribution.budgets import Failures
from attribution.errors import LoginTaken, NotFound
from attribution.ids import ChannelId, DeviceId, PersonId, ProjectId
from attribution.people import Actor, Grant, Role
from attribution.storage.prepared import PreparedQuery
from attribution.storage.tables import (
    agents,
    credentials,
    devices,
    failure_budgets,
    grants,
    invitations,
    people,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """A person as sign-in knows them."""

    id: PersonId
    login: str
    name: str
    password_hash: str | None = field(repr=False)
    totp_sealed: bytes | None = field(repr=False)
    created_at: datetime
    suspended_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldGrant:
    """A grant with its own id and holder, as an administrator sees it."""

    id: str
    person_id: PersonId
    grant: Grant
    granted_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Credential:
    """A session of a browser or a token of an integration, without its secret."""

    id: str
    kind: str
    person_id: PersonId
    device_id: DeviceId | None
    label: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Device:
    """A paired desk, or one that waits to be paired."""

    id: DeviceId
    project_id: ProjectId
    name: str
    pairing_expires_at: datetime
    paired_at: datetime | None
    revoked_at: datetime | None


_ACCOUNT = select(
    people.c.id,
    people.c.login,
    people.c.name,
    people.c.password_hash,
    people.c.totp_sealed,
    people.c.created_at,
    people.c.suspended_at,
)
_BY_LOGIN = _ACCOUNT.where(people.c.login == bindparam("the_login"))
_BY_ID = _ACCOUNT.where(people.c.id == bindparam("the_person"))
_STEP_ONCE = (
    update(people)
    .where(
        people.c.id == bindparam("the_person"),
        people.c.totp_step < bindparam("the_step"),
    )
    .values(totp_step=bindparam("the_step"))
)
# One statement answers "who is this?" on every request: person, agent and grants.
_WHO = PreparedQuery(
    select(
        people.c.id.label("person_id"),
        people.c.name,
        credentials.c.device_id,
        agents.c.id.label("agent_id"),
        agents.c.channel_id.label("agent_channel_id"),
        grants.c.role,
        grants.c.project_id,
        grants.c.channel_id,
    )
    .select_from(
        credentials.join(people, people.c.id == credentials.c.person_id)
        .outerjoin(devices, devices.c.id == credentials.c.device_id)
        .outerjoin(agents, agents.c.person_id == people.c.id)
        .outerjoin(
            grants,
            and_(grants.c.person_id == people.c.id, grants.c.revoked_at.is_(None)),
        )
    )
    .where(
        credentials.c.secret_digest == bindparam("the_digest"),
        credentials.c.kind == bindparam("the_kind"),
        credentials.c.revoked_at.is_(None),
        credentials.c.expires_at > bindparam("the_instant"),
        people.c.suspended_at.is_(None),
        or_(credentials.c.device_id.is_(None), devices.c.revoked_at.is_(None)),
    )
)
_REVOKE_SECRET = (
    update(credentials)
    .where(
        credentials.c.secret_digest == bindparam("the_digest"),
        credentials.c.revoked_at.is_(None),
    )
    .values(revoked_at=bindparam("the_instant"))
)
_DEVICE = select(
    devices.c.id,
    devices.c.project_id,
    devices.c.name,
    devices.c.pairing_expires_at,
    devices.c.paired_at,
    devices.c.revoked_at,
)
_FAILURES = select(
    failure_budgets.c.bucket, failure_budgets.c.failures, failure_budgets.c.last_at
).where(failure_budgets.c.bucket.in_(bindparam("the_buckets", expanding=True)))
_FAIL_AGAIN = {
    "failures": case(
        (failure_budgets.c.last_at <= bindparam("forgotten_before"), 1),
        else_=failure_budgets.c.failures + 1,
    ),
    "last_at": bindparam("last_at"),
}
_NEW_FAILURE = {
    "bucket": bindparam("bucket"),
    "failures": 1,
    "last_at": bindparam("last_at"),
}
_INSERTS: dict[str, Any] = {"sqlite": sqlite_insert, "postgresql": postgres_insert}
_TAKE_BACK = (
    update(failure_budgets)
    .where(
        failure_budgets.c.bucket == bindparam("the_bucket"),
        failure_budgets.c.failures > 0,
    )
    .values(failures=failure_budgets.c.failures - 1)
)


class AccessRepository:
    """Who may come in: found by digests of secrets, never by the secrets."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # -- people ----------------------------------------------------------------

    def add_person(
        self, person_id: PersonId, *, login: str, name: str, at: datetime
    ) -> None:
        """Add a person who cannot sign in yet, or raise LoginTaken."""
        row = {"id": person_id, "login": login, "name": name, "created_at": at}
        try:
            # A savepoint, so that a refusal leaves the transaction usable.
            with self._connection.begin_nested():
                self._connection.execute(insert(people), row)
        except IntegrityError:
            raise LoginTaken from None

    def account_of_login(self, login: str) -> Account | None:
        """Return the account of a login, or None."""
        row = self._connection.execute(_BY_LOGIN, {"the_login": login}).one_or_none()
        return None if row is None else Account(**row._asdict())

    def account(self, person_id: PersonId) -> Account:
        """Return the account of a person, or raise NotFound."""
        row = self._connection.execute(_BY_ID, {"the_person": person_id}).one_or_none()
        if row is None:
            raise NotFound
        return Account(**row._asdict())

    def accounts(self) -> list[Account]:
        """Return everybody, by login."""
        rows = self._connection.execute(_ACCOUNT.order_by(people.c.login))
        return [Account(**row._asdict()) for row in rows]

    def names_of(self, person_ids: Iterable[PersonId]) -> dict[PersonId, str]:
        """Return the names of people by id."""
        query = select(people.c.id, people.c.name).where(
            people.c.id.in_(sorted(set(person_ids)))
        )
        return {row.id: row.name for row in self._connection.execute(query)}

    def is_empty(self) -> bool:
        """Say whether nobody is there yet."""
        return not self._connection.execute(
            select(exists(people.select()))
        ).scalar_one()

    def set_password(self, person_id: PersonId, password_hash: str) -> None:
        """Replace a person's password."""
        self._change_person(person_id, {"password_hash": password_hash})

    def set_second_factor(self, person_id: PersonId, sealed: bytes | None) -> None:
        """Replace a person's sealed TOTP secret, or remove it."""
        self._change_person(person_id, {"totp_sealed": sealed})

    def suspend(self, person_id: PersonId, at: datetime | None) -> None:
        """Keep a person out from an instant on, or let them in again (None)."""
        self._change_person(person_id, {"suspended_at": at})

    def use_step(self, person_id: PersonId, step: int) -> bool:
        """Use up a TOTP step, or return False: it, or a later one, was used before."""
        values = {"the_person": person_id, "the_step": step}
        return self._connection.execute(_STEP_ONCE, values).rowcount == 1

    def _change_person(self, person_id: PersonId, values: Mapping[str, Any]) -> None:
        change = update(people).where(people.c.id == person_id).values(**values)
        if self._connection.execute(change).rowcount != 1:
            raise NotFound

    # -- grants ----------------------------------------------------------------

    def add_grant(self, held: HeldGrant) -> None:
        """Give a person a role."""
        grant = held.grant
        row = {
            "id": held.id,
            "person_id": held.person_id,
            "role": grant.role,
            "project_id": grant.project_id,
            "channel_id": grant.channel_id,
            "granted_at": held.granted_at,
        }
        self._connection.execute(insert(grants), row)

    def revoke_grant(self, person_id: PersonId, grant_id: str, at: datetime) -> None:
        """Take a person's role back, or raise NotFound."""
        held = (grants.c.id == grant_id) & (grants.c.person_id == person_id)
        live = held & grants.c.revoked_at.is_(None)
        change = update(grants).where(live).values(revoked_at=at)
        if self._connection.execute(change).rowcount != 1:
            raise NotFound

    def grants(self) -> list[HeldGrant]:
        """Return every grant in force."""
        query = select(
            grants.c.id,
            grants.c.person_id,
            grants.c.role,
            grants.c.project_id,
            grants.c.channel_id,
            grants.c.granted_at,
        ).where(grants.c.revoked_at.is_(None))
        return [
            HeldGrant(
                id=row.id,
                person_id=PersonId(row.person_id),
                grant=_grant(row.role, row.project_id, row.channel_id),
                granted_at=row.granted_at,
            )
            for row in self._connection.execute(query)
        ]

    # -- credentials -----------------------------------------------------------

    def add_credential(self, credential: Credential, secret_digest: bytes) -> None:
        """Store a session or an API token."""
        values = {name: getattr(credential, name) for name in Credential.__slots__}
        values["secret_digest"] = secret_digest
        self._connection.execute(insert(credentials), values)

    def who(self, secret_digest: bytes, kind: str, now: datetime) -> Actor | None:
        """Return who holds a live credential, with their grants, or None."""
        key = {"the_digest": secret_digest, "the_kind": kind, "the_instant": now}
        rows = _WHO.rows(self._connection, key)
        if not rows:
            return None
        first = rows[0]
        return Actor(
            person_id=first.person_id,
            name=first.name,
            grants=tuple(
                _grant(row.role, row.project_id, row.channel_id)
                for row in rows
                if row.role is not None
            ),
            agent_id=first.agent_id,
            channel_id=first.agent_channel_id,
            device_id=first.device_id,
        )

    def revoke_secret(self, secret_digest: bytes, at: datetime) -> None:
        """End the credential of a secret; one that is over stays over."""
        values = {"the_digest": secret_digest, "the_instant": at}
        self._connection.execute(_REVOKE_SECRET, values)

    def revoke_credential(self, credential_id: str, at: datetime) -> None:
        """End a credential, or raise NotFound."""
        live = (credentials.c.id == credential_id) & credentials.c.revoked_at.is_(None)
        change = update(credentials).where(live).values(revoked_at=at)
        if self._connection.execute(change).rowcount != 1:
            raise NotFound

    def revoke_all_of(self, person_id: PersonId, at: datetime) -> None:
        """End every session and token of a person."""
        live = credentials.c.revoked_at.is_(None)
        self._connection.execute(
            update(credentials)
            .where(credentials.c.person_id == person_id, live)
            .values(revoked_at=at)
        )

    def credentials(self, kind: str, now: datetime) -> list[Credential]:
        """Return the live credentials of one kind, newest first."""
        query = (
            select(*(credentials.c[name] for name in Credential.__slots__))
            .where(
                credentials.c.kind == kind,
                credentials.c.revoked_at.is_(None),
                credentials.c.expires_at > now,
            )
            .order_by(credentials.c.created_at.desc())
        )
        rows = self._connection.execute(query)
        return [Credential(**row._asdict()) for row in rows]

    # -- invitations -----------------------------------------------------------

    def add_invitation(
        self,
        person_id: PersonId,
        secret_digest: bytes,
        *,
        invitation_id: str,
        at: datetime,
        expires_at: datetime,
    ) -> None:
        """Store an invitation to choose a password; earlier ones of the person end."""
        self._connection.execute(
            delete(invitations).where(
                invitations.c.person_id == person_id, invitations.c.used_at.is_(None)
            )
        )
        row = {
            "id": invitation_id,
            "person_id": person_id,
            "secret_digest": secret_digest,
            "created_at": at,
            "expires_at": expires_at,
        }
        self._connection.execute(insert(invitations), row)

    def use_invitation(self, secret_digest: bytes, now: datetime) -> PersonId | None:
        """Use up a live invitation; None when it is unknown, used or expired."""
        change = (
            update(invitations)
            .where(
                invitations.c.secret_digest == secret_digest,
                invitations.c.used_at.is_(None),
                invitations.c.expires_at > now,
            )
            .values(used_at=now)
            .returning(invitations.c.person_id)
        )
        found: PersonId | None = self._connection.execute(change).scalar_one_or_none()
        return found

    # -- devices ---------------------------------------------------------------

    def add_device(self, device: Device, pairing_digest: bytes) -> None:
        """Store a device that waits for its pairing code."""
        values = {name: getattr(device, name) for name in Device.__slots__}
        values["pairing_digest"] = pairing_digest
        self._connection.execute(insert(devices), values)

    def pair(
        self, pairing_digest: bytes, secret_digest: bytes, now: datetime
    ) -> DeviceId | None:
        """Turn a live pairing code into a paired device, once; else None."""
        change = (
            update(devices)
            .where(
                devices.c.pairing_digest == pairing_digest,
                devices.c.pairing_expires_at > now,
                devices.c.paired_at.is_(None),
                devices.c.revoked_at.is_(None),
            )
            .values(paired_at=now, secret_digest=secret_digest, pairing_digest=None)
            .returning(devices.c.id)
        )
        found: DeviceId | None = self._connection.execute(change).scalar_one_or_none()
        return found

    def forget_pairing(self, pairing_digest: bytes) -> None:
        """Free a pairing code, so that the same six digits can be drawn again."""
        self._connection.execute(
            update(devices)
            .where(devices.c.pairing_digest == pairing_digest)
            .values(pairing_digest=None)
        )

    def device_of_secret(self, secret_digest: bytes) -> Device | None:
        """Return the paired device of a browser, or None."""
        query = _DEVICE.where(
            devices.c.secret_digest == secret_digest, devices.c.revoked_at.is_(None)
        )
        row = self._connection.execute(query).one_or_none()
        return None if row is None else Device(**row._asdict())

    def devices(self) -> list[Device]:
        """Return every device that was not revoked, by name."""
        query = _DEVICE.where(devices.c.revoked_at.is_(None)).order_by(devices.c.name)
        return [Device(**row._asdict()) for row in self._connection.execute(query)]

    def revoke_device(self, device_id: DeviceId, at: datetime) -> None:
        """Shut a device out, with every session on it, or raise NotFound."""
        live = (devices.c.id == device_id) & devices.c.revoked_at.is_(None)
        change = update(devices).where(live).values(revoked_at=at, pairing_digest=None)
        if self._connection.execute(change).rowcount != 1:
            raise NotFound

    # -- failure budgets -------------------------------------------------------

    def failures(
        self, buckets: Sequence[str], since: datetime
    ) -> Mapping[str, Failures]:
        """Return what each bucket has failed since an instant; none is left out."""
        rows = self._connection.execute(_FAILURES, {"the_buckets": list(buckets)})
        return {
            row.bucket: Failures(count=row.failures, last_at=row.last_at)
            for row in rows
            if row.last_at > since
        }

    def fail(
        self,
        bucket: str,
        now: datetime,
        *,
        forgotten_before: datetime,
        heard: Mapping[int, datetime] | None = None,
    ) -> bool:
        """Count one failure; what is older than `forgotten_before` starts anew.

        The database decides whether an attempt is heard, so that of many at once none
        slips in between the asking and the counting.

        Args:
            heard: when it may have failed last, by its failures (`heard_since`); a
                bucket that has to wait is not counted. None: count in any case.

        Returns:
            Whether it was counted.
        """
        values = {
            "bucket": bucket,
            "last_at": now,
            "forgotten_before": forgotten_before,
        }
        fail = _INSERTS[self._connection.dialect.name](failure_budgets)
        counted = fail.values(_NEW_FAILURE).on_conflict_do_update(
            index_elements=["bucket"],
            set_=_FAIL_AGAIN,
            where=None if heard is None else _is_heard(heard),
        )
        counted = counted.execution_options(preserve_rowcount=True)
        return self._connection.execute(counted, values).rowcount == 1

    def take_back_failure(self, bucket: str) -> None:
        """Uncount one failure of a bucket."""
        self._connection.execute(_TAKE_BACK, {"the_bucket": bucket})

    def clear_failures(self, bucket: str) -> None:
        """Forget every failure of a bucket."""
        self._connection.execute(
            delete(failure_budgets).where(failure_budgets.c.bucket == bucket)
        )


def _is_heard(heard: Mapping[int, datetime]) -> ColumnElement[bool]:
    """Return the condition that a bucket need not wait."""
    failures, last_at = failure_budgets.c.failures, failure_budgets.c.last_at
    since = {count: literal(at, last_at.type) for count, at in heard.items()}
    return or_(
        last_at <= bindparam("forgotten_before"),
        failures < min(heard),
        last_at <= case(since, value=failures, else_=since[max(since)]),
    )


def _grant(role: str, project_id: str | None, channel_id: str | None) -> Grant:
    return Grant(
        role=Role(role),
        project_id=None if project_id is None else ProjectId(project_id),
        channel_id=None if channel_id is None else ChannelId(channel_id),
    )
