"""The same request twice gets the same answer, once done (protocol §8)."""

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from attribution.errors import AttributionError, RequestIdReused
from attribution.services.runtime import Runtime
from attribution.storage.request_repository import StoredRequest
from attribution.storage.work import UnitOfWork
from tokens.canonical import canonical

Answer = dict[str, object]
Action = Callable[[UnitOfWork], Answer]
Prepared = tuple[datetime, Action]
"""The instant of a use case, and what it does then."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One intention of one caller. The body may hold identifiers; it is not kept."""

    caller: str
    id: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """An answer, and whether it had been given before."""

    answer: Answer = field(repr=False)
    replayed: bool = False


def once(
    runtime: Runtime,
    request: Request,
    now: datetime,
    action: Action,
) -> Reply:
    """Do `action` in one transaction, or repeat what it answered the first time.

    A refusal is an answer too: it is stored, committed with whatever the action
    recorded about it, and raised. So an action raises a refusal before its first
    write, or after recording it. Any other error leaves nothing behind.

    Only digests under a key are stored of the request, and the answer (which may hold
    a code) is sealed under a key that cannot be had without the request id.

    Raises:
        RequestIdReused: the id was used with another body.
        AttributionError: what the action refuses, now or the first time.
    """
    names = _Names(runtime.keys.request_key, request)
    refusal: AttributionError | None = None
    with runtime.transaction() as work:
        if not work.requests.claim(request.caller, names.request, names.body, now):
            return _repeated(work.requests.find(request.caller, names.request), names)
        try:
            answer = action(work)
        except AttributionError as error:
            if error.code not in _repeatable():
                raise
            refusal, answer = error, {"refused": error.code}
        work.requests.answer(request.caller, names.request, names.seal(answer))
    if refusal is not None:
        raise refusal
    return Reply(answer=answer)


def once_ready(
    runtime: Runtime, request: Request, prepare: Callable[[], Prepared]
) -> Reply:
    """Do once what must be looked at before the transaction.

    What `prepare` refuses is not stored, for nothing was begun. But a request that was
    answered before is answered so again, whatever has changed since: a role taken
    back, a programme ended, a budget spent. A first request costs no statement more.

    Raises:
        AttributionError: what `prepare` or the action refuses.
        RequestIdReused: as `once`.
    """
    try:
        now, action = prepare()
    except AttributionError:
        known = answered_before(runtime, request)
        if known is None:
            raise
        return known
    return once(runtime, request, now, action)


def answered_before(runtime: Runtime, request: Request) -> Reply | None:
    """Return what a request was answered, for a service that computes long before it.

    None is no promise: `once` decides, and may still find an answer.

    Raises:
        RequestIdReused, AttributionError: as `once`.
    """
    names = _Names(runtime.keys.request_key, request)
    with runtime.reading() as work:
        stored = work.requests.answered(request.caller, names.request)
    return None if stored is None else _repeated(stored, names)


def once_if_asked(
    runtime: Runtime,
    request: Request | None,
    now: datetime,
    action: Action,
) -> Answer:
    """Do `action` once for a request; without one (a command), do it now."""
    if request is not None:
        return once(runtime, request, now, action).answer
    with runtime.transaction() as work:
        return action(work)


def _repeated(stored: StoredRequest, names: "_Names") -> Reply:
    if not hmac.compare_digest(stored.body_digest, names.body):
        raise RequestIdReused
    answer = names.open(stored.answer or b"")
    if set(answer) == {"refused"}:
        refusal = _repeatable()[str(answer["refused"])]()
        refusal.add_note("replayed")
        raise refusal
    return Reply(answer=answer, replayed=True)


def _repeatable() -> dict[str, type[AttributionError]]:
    """Return the refusals that are told whole by their code."""
    return {
        kind.code: kind
        for kind in AttributionError.__subclasses__()
        if kind.__init__ is AttributionError.__init__
    }


class _Names:
    """The stored names of one request, and the seal of its answer."""

    # The sealing key serves one answer only, so one fixed nonce is never reused.
    _NONCE = bytes(12)

    def __init__(self, key: bytes, request: Request) -> None:
        name = f"{request.caller}\x00{request.id}\x00".encode()
        self.request = hmac.digest(key, b"request-id/v1\x00" + name, "sha256")
        self.body = hmac.digest(
            key, b"request-body/v1\x00" + name + request.body, "sha256"
        )
        self._seal = AESGCM(hmac.digest(key, b"answer/v1\x00" + name, "sha256"))

    def seal(self, answer: Answer) -> bytes:
        return self._seal.encrypt(self._NONCE, canonical(answer), None)

    def open(self, sealed: bytes) -> Answer:
        answer: Answer = json.loads(self._seal.decrypt(self._NONCE, sealed, None))
        return answer
