"""Letting people in: sign-in, sessions, API tokens, and the second factor."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from attribution.budgets import BucketKind
from attribution.documents import instant_text
from attribution.errors import NotAllowed, SecondFactorInvalid, SignInRefused
from attribution.ids import DeviceId, PersonId
from attribution.passwords import is_password
from attribution.people import Actor
from attribution.services.administering import named
from attribution.services.answering import Answer, Request, once_if_asked
from attribution.services.budgets import bucket_of, spend_attempt
from attribution.services.runtime import Runtime
from attribution.services.statements import StatementKind, record, who
from attribution.storage.access_repository import Account, Credential
from attribution.storage.work import UnitOfWork
from attribution.totp import SECRET_BYTES, matching_step

SESSION_LIFETIME = timedelta(hours=12)
API_TOKEN_LIFETIME = timedelta(days=365)
_SECRET_BYTES = 32
_NONCE_BYTES = 12
_TOTP_LABEL = b"totp-secret/v1\x00"


class CredentialKind(StrEnum):
    """What a secret opens: pages, or the API."""

    SESSION = "session"
    INTEGRATION = "integration"


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """Where an attempt comes from: a network address, perhaps a paired desk."""

    address: str
    device_id: DeviceId | None = None


def secret_digest(secret: str) -> bytes:
    """Return what is stored of a random secret. 256 random bits need no salt."""
    return hashlib.sha256(secret.encode()).digest()


def draw_secret(runtime: Runtime) -> str:
    """Return a fresh secret of 256 bits in hexadecimal."""
    return runtime.random_bytes(_SECRET_BYTES).hex()


def sign_in(
    runtime: Runtime, *, login: str, password: str, digits: str, attempt: Attempt
) -> str:
    """Open a session and return its secret, for the browser's cookie.

    The failure is counted before the password is looked at and taken back when it was
    right, so many guesses at once are no cheaper than one after another.

    Raises:
        RateLimited: too many failures of this account, address or desk.
        SignInRefused: login, password or digits are wrong; which, is not said.
    """
    now = runtime.now()
    login = login.strip().casefold()
    own, shared = _buckets(runtime, login, attempt)
    with runtime.transaction() as work:
        spend_attempt(work, (own, shared), now)
        account = work.access.account_of_login(login)
    # Outside the transaction: it costs 20 ms on purpose, and nobody should queue.
    stored = account.password_hash if account else None
    if not is_password(password, stored) or account is None or account.suspended_at:
        raise SignInRefused
    step = _step_of(runtime, account, digits, now)
    secret = draw_secret(runtime)
    with runtime.transaction() as work:
        if step is not None and not work.access.use_step(account.id, step):
            raise SignInRefused
        work.access.clear_failures(own)
        work.access.take_back_failure(shared)
        work.access.add_credential(
            Credential(
                id=runtime.new_id(),
                kind=CredentialKind.SESSION,
                person_id=account.id,
                device_id=attempt.device_id,
                label="",
                created_at=now,
                expires_at=now + SESSION_LIFETIME,
            ),
            secret_digest(secret),
        )
    return secret


def _buckets(runtime: Runtime, login: str, attempt: Attempt) -> tuple[str, str]:
    """Return the bucket a success empties, and the one it only takes itself out of.

    At a paired desk the desk is counted instead of the account: a stranger elsewhere
    who guesses at a clerk's password cannot keep the clerk from the desk.
    """
    own = (
        bucket_of(runtime, BucketKind.DEVICE, attempt.device_id)
        if attempt.device_id
        else bucket_of(runtime, BucketKind.ACCOUNT, login)
    )
    return own, bucket_of(runtime, BucketKind.ADDRESS, attempt.address)


def _step_of(
    runtime: Runtime, account: Account, digits: str, now: datetime
) -> int | None:
    """Return the step the digits belong to; None when no second factor is set up."""
    if account.totp_sealed is None:
        return None
    secret = _unseal(runtime, account.id, account.totp_sealed)
    step = matching_step(secret, digits.replace(" ", ""), now)
    if step is None:
        raise SignInRefused
    return step


def actor_of_session(runtime: Runtime, secret: str) -> Actor | None:
    """Return who holds a session, or None when it is unknown or over."""
    return _actor_of(runtime, secret, CredentialKind.SESSION)


def actor_of_integration(runtime: Runtime, secret: str) -> Actor | None:
    """Return whom an API token acts for, or None when it is unknown or over."""
    return _actor_of(runtime, secret, CredentialKind.INTEGRATION)


def _actor_of(runtime: Runtime, secret: str, kind: CredentialKind) -> Actor | None:
    now = runtime.now()
    with runtime.reading() as work:
        return work.access.who(secret_digest(secret), kind, now)


def sign_out(runtime: Runtime, secret: str) -> None:
    """End a session; the cookie is worth nothing afterwards."""
    now = runtime.now()
    with runtime.transaction() as work:
        work.access.revoke_secret(secret_digest(secret), now)


def issue_integration(
    runtime: Runtime,
    person_id: PersonId,
    *,
    label: str,
    by: Actor | None = None,
    request: Request | None = None,
) -> str:
    """Return a new API token that acts for a person; it is shown this once.

    Raises:
        NotFound: no such person.
        InputInvalid: the label is empty, too long or not printable.
    """
    now = runtime.now()
    secret = draw_secret(runtime)
    credential = Credential(
        id=runtime.new_id(),
        kind=CredentialKind.INTEGRATION,
        person_id=person_id,
        device_id=None,
        label=named(label, "label"),
        created_at=now,
        expires_at=now + API_TOKEN_LIFETIME,
    )

    def action(work: UnitOfWork) -> Answer:
        work.access.account(person_id)
        work.access.add_credential(credential, secret_digest(secret))
        body = {"credential": credential.id, "person": person_id, "by": who(by)}
        record(runtime, work, now, (StatementKind.CREDENTIAL, body))
        return {"secret": secret}

    return str(once_if_asked(runtime, request, now, action)["secret"])


def integrations(runtime: Runtime) -> list[Credential]:
    """Return the API tokens in force, newest first."""
    now = runtime.now()
    with runtime.reading() as work:
        return work.access.credentials(CredentialKind.INTEGRATION, now)


def revoke_credential(
    runtime: Runtime,
    credential_id: str,
    *,
    by: Actor | None = None,
    request: Request | None = None,
) -> None:
    """End an API token or a session at once."""
    now = runtime.now()

    def action(work: UnitOfWork) -> Answer:
        work.access.revoke_credential(credential_id, now)
        body = {
            "credential": credential_id,
            "revoked_at": instant_text(now),
            "by": who(by),
        }
        record(runtime, work, now, (StatementKind.CREDENTIAL, body))
        return {}

    once_if_asked(runtime, request, now, action)


def draw_second_factor(runtime: Runtime) -> bytes:
    """Return a fresh TOTP secret, to be shown once and confirmed."""
    return runtime.random_bytes(SECRET_BYTES)


def has_second_factor(runtime: Runtime, person_id: PersonId) -> bool:
    """Say whether a person signs in with a second factor."""
    with runtime.reading() as work:
        return work.access.account(person_id).totp_sealed is not None


def confirm_second_factor(
    runtime: Runtime,
    person_id: PersonId,
    *,
    secret: bytes,
    digits: str,
    request: Request | None = None,
) -> None:
    """Ask for the second factor from now on, once its digits prove it was set up.

    Raises:
        SecondFactorInvalid: the digits are not those of the secret, or were used.
        NotAllowed: there is one already; an administrator removes it first, so that
            nobody replaces it at a desk that was left open.
    """
    now = runtime.now()
    if len(secret) != SECRET_BYTES:
        raise SecondFactorInvalid
    step = matching_step(secret, digits.replace(" ", ""), now)
    sealed = _seal(runtime, person_id, secret)

    def action(work: UnitOfWork) -> Answer:
        if work.access.account(person_id).totp_sealed is not None:
            raise NotAllowed
        if step is None or not work.access.use_step(person_id, step):
            raise SecondFactorInvalid
        work.access.set_second_factor(person_id, sealed)
        body = {"person": person_id, "is_asked_for": True, "by": person_id}
        record(runtime, work, now, (StatementKind.SECOND_FACTOR, body))
        return {}

    once_if_asked(runtime, request, now, action)


def remove_second_factor(
    runtime: Runtime,
    person_id: PersonId,
    *,
    by: Actor | None = None,
    request: Request | None = None,
) -> None:
    """Stop asking for a second factor: the person lost the phone."""
    now = runtime.now()

    def action(work: UnitOfWork) -> Answer:
        work.access.set_second_factor(person_id, None)
        body = {"person": person_id, "is_asked_for": False, "by": who(by)}
        record(runtime, work, now, (StatementKind.SECOND_FACTOR, body))
        return {}

    once_if_asked(runtime, request, now, action)


def _seal(runtime: Runtime, person_id: PersonId, secret: bytes) -> bytes:
    """Encrypt a TOTP secret so that it opens for this person only."""
    nonce = runtime.random_bytes(_NONCE_BYTES)
    owner = _TOTP_LABEL + person_id.encode()
    return nonce + AESGCM(runtime.keys.data_key).encrypt(nonce, secret, owner)


def _unseal(runtime: Runtime, person_id: PersonId, sealed: bytes) -> bytes:
    nonce, ciphertext = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    owner = _TOTP_LABEL + person_id.encode()
    return AESGCM(runtime.keys.data_key).decrypt(nonce, ciphertext, owner)
