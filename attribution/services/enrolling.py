"""People join: added by an administrator, invited by a link, given roles."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from attribution.documents import instant_text
from attribution.errors import InputInvalid, InvitationInvalid
from attribution.ids import PersonId
from attribution.passwords import SALT_BYTES, hash_password
from attribution.people import Actor, Grant, check_grant
from attribution.services.administering import named
from attribution.services.admitting import draw_secret, secret_digest
from attribution.services.answering import Answer, Request, once_if_asked
from attribution.services.runtime import Runtime
from attribution.services.statements import StatementKind, record, who
from attribution.storage.access_repository import Account, HeldGrant
from attribution.storage.work import UnitOfWork

INVITATION_LIFETIME = timedelta(hours=72)
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class NewPerson:
    """Somebody to add, under a checked login and name."""

    login: str
    name: str


def add_person(
    runtime: Runtime,
    *,
    login: str,
    name: str,
    by: Actor | None = None,
    request: Request | None = None,
) -> PersonId:
    """Add a person who cannot sign in until invited.

    Here and below, without `by` and `request` it is an operator's command.

    Raises:
        LoginTaken: another person has this login.
        InputInvalid: login or name is empty, too long or not printable, or the login
            has other signs than letters, digits, dots, dashes, underscores and @.
    """
    now, person = runtime.now(), new_person(login, name)

    def action(work: UnitOfWork) -> Answer:
        return {"person_id": enrol(runtime, work, person, now, by)}

    answer = once_if_asked(runtime, request, now, action)
    return PersonId(str(answer["person_id"]))


def new_person(login: str, name: str) -> NewPerson:
    """Return somebody to add, or refuse a login that nobody types the same twice."""
    login = named(login, "login").casefold()
    if not _LOGIN.fullmatch(login):
        raise InputInvalid("login", "must be letters, digits, dots, dashes")
    return NewPerson(login=login, name=named(name))


def enrol(
    runtime: Runtime,
    work: UnitOfWork,
    person: NewPerson,
    now: datetime,
    by: Actor | None,
) -> PersonId:
    """Add a person and the log entry, or raise LoginTaken."""
    person_id = PersonId(runtime.new_id())
    work.access.add_person(person_id, login=person.login, name=person.name, at=now)
    body = {"person": person_id, "by": who(by)}
    record(runtime, work, now, (StatementKind.PERSON, body))
    return person_id


def entrust(
    runtime: Runtime, work: UnitOfWork, held: HeldGrant, by: Actor | None
) -> None:
    """Give a person a role, with the log entry."""
    grant = held.grant
    work.access.add_grant(held)
    body = {
        "grant": held.id,
        "person": held.person_id,
        "role": grant.role,
        "project": grant.project_id,
        "channel": grant.channel_id,
        "by": who(by),
    }
    record(runtime, work, held.granted_at, (StatementKind.GRANT, body))


def invite(
    runtime: Runtime,
    person_id: PersonId,
    *,
    by: Actor | None = None,
    request: Request | None = None,
) -> str:
    """Return the secret of a new one-time invitation to choose a password.

    It is shown once and goes into a link; earlier invitations of the person end.
    """
    now = runtime.now()
    secret = draw_secret(runtime)
    invitation_id = runtime.new_id()

    def action(work: UnitOfWork) -> Answer:
        work.access.account(person_id)
        work.access.add_invitation(
            person_id,
            secret_digest(secret),
            invitation_id=invitation_id,
            at=now,
            expires_at=now + INVITATION_LIFETIME,
        )
        body = {"invitation": invitation_id, "person": person_id, "by": who(by)}
        record(runtime, work, now, (StatementKind.INVITATION, body))
        return {"secret": secret}

    return str(once_if_asked(runtime, request, now, action)["secret"])


def accept_invitation(runtime: Runtime, *, secret: str, password: str) -> None:
    """Set the password of the invited person, and end their other sessions.

    Raises:
        PasswordTooWeak: choose another one; the invitation stays good.
        InvitationInvalid: unknown, used or expired; which, is not said.
    """
    now = runtime.now()
    stored = hash_password(password, runtime.random_bytes(SALT_BYTES))
    with runtime.transaction() as work:
        person_id = work.access.use_invitation(secret_digest(secret.strip()), now)
        if person_id is None:
            raise InvitationInvalid
        work.access.set_password(person_id, stored)
        work.access.revoke_all_of(person_id, now)
        body = {"person": person_id, "accepted_at": instant_text(now)}
        record(runtime, work, now, (StatementKind.INVITATION, body))


def set_password(runtime: Runtime, person_id: PersonId, password: str) -> None:
    """Set a person's password directly: for the demo and for the first administrator.

    Raises:
        PasswordTooWeak: choose another one.
    """
    stored = hash_password(password, runtime.random_bytes(SALT_BYTES))
    with runtime.transaction() as work:
        work.access.set_password(person_id, stored)


def give_role(
    runtime: Runtime,
    person_id: PersonId,
    grant: Grant,
    *,
    by: Actor | None = None,
    request: Request | None = None,
) -> str:
    """Give a person a role and return the id of the grant.

    Raises:
        InputInvalid: the role does not hold in such a place (`check_grant`).
        NotFound: no such person, project or channel.
    """
    check_grant(grant)
    held = HeldGrant(
        id=runtime.new_id(),
        person_id=person_id,
        grant=grant,
        granted_at=runtime.now(),
    )

    def action(work: UnitOfWork) -> Answer:
        work.access.account(person_id)
        if grant.project_id is not None:
            work.agreements.project(grant.project_id)
        if grant.channel_id is not None:
            work.agreements.channel(grant.channel_id)
        entrust(runtime, work, held, by)
        return {"grant_id": held.id}

    return str(once_if_asked(runtime, request, held.granted_at, action)["grant_id"])


def take_role(
    runtime: Runtime,
    person_id: PersonId,
    grant_id: str,
    *,
    by: Actor | None = None,
    request: Request | None = None,
) -> None:
    """Take a person's role back; their open pages feel it at once.

    Raises:
        NotFound: the person has no such grant, or not any more.
    """
    now = runtime.now()

    def action(work: UnitOfWork) -> Answer:
        work.access.revoke_grant(person_id, grant_id, now)
        body = {"grant": grant_id, "revoked_at": instant_text(now), "by": who(by)}
        record(runtime, work, now, (StatementKind.GRANT, body))
        return {}

    once_if_asked(runtime, request, now, action)


def suspend_person(
    runtime: Runtime,
    person_id: PersonId,
    *,
    by: Actor | None = None,
    request: Request | None = None,
) -> None:
    """Keep a person out, with every session and API token."""
    now = runtime.now()

    def action(work: UnitOfWork) -> Answer:
        work.access.suspend(person_id, now)
        work.access.revoke_all_of(person_id, now)
        body = {"person": person_id, "is_suspended": True, "by": who(by)}
        record(runtime, work, now, (StatementKind.SUSPENSION, body))
        return {}

    once_if_asked(runtime, request, now, action)


def readmit_person(
    runtime: Runtime,
    person_id: PersonId,
    *,
    by: Actor | None = None,
    request: Request | None = None,
) -> None:
    """Let a suspended person sign in again."""
    now = runtime.now()

    def action(work: UnitOfWork) -> Answer:
        work.access.suspend(person_id, None)
        body = {"person": person_id, "is_suspended": False, "by": who(by)}
        record(runtime, work, now, (StatementKind.SUSPENSION, body))
        return {}

    once_if_asked(runtime, request, now, action)


def people_and_grants(runtime: Runtime) -> tuple[list[Account], list[HeldGrant]]:
    """Return everybody, by login, and every grant in force."""
    with runtime.reading() as work:
        return work.access.accounts(), work.access.grants()


def account_of(runtime: Runtime, login: str) -> Account | None:
    """Return the account of a login, or None."""
    with runtime.reading() as work:
        return work.access.account_of_login(login.strip().casefold())


def is_anybody_there(runtime: Runtime) -> bool:
    """Say whether the installation has people yet."""
    with runtime.reading() as work:
        return not work.access.is_empty()


def account_of_person(runtime: Runtime, person_id: PersonId) -> Account:
    """Return the account of a person, or raise NotFound."""
    with runtime.reading() as work:
        return work.access.account(person_id)
