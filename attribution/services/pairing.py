"""Desks are paired: a six-digit code, typed once at the desk's browser."""

import hmac
from datetime import timedelta

from attribution.budgets import BucketKind
from attribution.documents import instant_text
from attribution.errors import PairingInvalid
from attribution.ids import DeviceId, ProjectId
from attribution.people import Actor
from attribution.services.administering import named
from attribution.services.admitting import draw_secret, secret_digest
from attribution.services.answering import Answer, Request, once_if_asked
from attribution.services.budgets import bucket_of, spend_attempt
from attribution.services.runtime import Runtime
from attribution.services.statements import StatementKind, record, who
from attribution.storage.access_repository import Device
from attribution.storage.work import UnitOfWork

PAIRING_LIFETIME = timedelta(minutes=10)
_CODES = 10**6
_LABEL = b"pairing-code/v1\x00"


def begin_pairing(
    runtime: Runtime,
    *,
    project_id: ProjectId,
    name: str,
    by: Actor | None = None,
    request: Request | None = None,
) -> str:
    """Return the six digits that make the next browser a desk of the project.

    Raises:
        NotFound: no such project.
        InputInvalid: the name is empty, too long or not printable.
    """
    now, name = runtime.now(), named(name)
    # 64 random bits over a million codes: no code is likelier than another by 10⁻¹³.
    code = f"{int.from_bytes(runtime.random_bytes(8)) % _CODES:06d}"
    digest = _digest(runtime, code)
    device = Device(
        id=DeviceId(runtime.new_id()),
        project_id=project_id,
        name=name,
        pairing_expires_at=now + PAIRING_LIFETIME,
        paired_at=None,
        revoked_at=None,
    )

    def action(work: UnitOfWork) -> Answer:
        work.agreements.project(project_id)
        work.access.forget_pairing(digest)
        work.access.add_device(device, digest)
        body = {
            "device": device.id,
            "project": project_id,
            "offered_at": instant_text(now),
            "by": who(by),
        }
        record(runtime, work, now, (StatementKind.ENROLMENT, body))
        return {"code": code}

    return str(once_if_asked(runtime, request, now, action)["code"])


def pair_device(runtime: Runtime, *, code: str, address: str) -> str:
    """Turn a pairing code into a device and return its secret, for the cookie.

    Raises:
        RateLimited: too many wrong codes from this address, or in all.
        PairingInvalid: the code is unknown, used or expired; which, is not said.
    """
    now = runtime.now()
    secret = draw_secret(runtime)
    # A million codes are few: what all strangers together guess is counted as well.
    buckets = (
        bucket_of(runtime, BucketKind.ADDRESS, address),
        bucket_of(runtime, BucketKind.SITE, "pairing"),
    )
    with runtime.transaction() as work:
        spend_attempt(work, buckets, now)
        paired = work.access.pair(
            _digest(runtime, code.replace(" ", "")), secret_digest(secret), now
        )
        if paired is not None:
            for bucket in buckets:
                work.access.take_back_failure(bucket)
            body = {"device": paired, "paired_at": instant_text(now)}
            record(runtime, work, now, (StatementKind.ENROLMENT, body))
    if paired is None:
        raise PairingInvalid
    return secret


def device_of(runtime: Runtime, secret: str) -> Device | None:
    """Return the paired device of a browser, or None."""
    with runtime.reading() as work:
        return work.access.device_of_secret(secret_digest(secret))


def devices(runtime: Runtime) -> list[Device]:
    """Return every device that was not revoked."""
    with runtime.reading() as work:
        return work.access.devices()


def revoke_device(
    runtime: Runtime,
    device_id: DeviceId,
    *,
    by: Actor | None = None,
    request: Request | None = None,
) -> None:
    """Shut a device out; the sessions on it end with it."""
    now = runtime.now()

    def action(work: UnitOfWork) -> Answer:
        work.access.revoke_device(device_id, now)
        body = {"device": device_id, "revoked_at": instant_text(now), "by": who(by)}
        record(runtime, work, now, (StatementKind.ENROLMENT, body))
        return {}

    once_if_asked(runtime, request, now, action)


def _digest(runtime: Runtime, code: str) -> bytes:
    # Six digits are no secret to whoever can try them all, so the digest has a key.
    return hmac.digest(runtime.keys.code_key, _LABEL + code.encode(), "sha256")
