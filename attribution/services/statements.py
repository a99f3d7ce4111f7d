"""What is written to the log, and in which form (log.md §1).

A statement is a kind and a body: random identifiers, times, findings and amounts.
Never a name, a phone number, a code or a tag. The entry in the log is a commitment to
it; the statement itself lies beside, and can be erased.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from attribution.ids import PersonId
from attribution.people import Actor
from attribution.services.runtime import Runtime
from attribution.storage.instants import microseconds_of
from attribution.storage.log_repository import LogEntry
from attribution.storage.work import UnitOfWork
from tokens.canonical import canonical
from tokens.log import entry_bytes, leaf_hash
from tokens.promises import Promise, promise_text, sign_promise


class StatementKind(StrEnum):
    """The facts that are logged (protocol §5.2)."""

    KEY_EPOCH = "key-epoch/v1"
    ISSUER_KEY = "issuer-key/v1"
    LOG_KEY = "log-key/v1"
    LOG_RESUMED = "log-resumed/v1"
    WITNESS = "witness/v1"
    PROJECT = "project/v1"
    CHANNEL = "channel/v1"
    PROGRAMME = "programme/v1"
    RULEBOOK = "rulebook/v1"
    PLAN = "plan/v1"
    AGENT = "agent/v1"
    SUSPENSION = "suspension/v1"
    OWNER = "owner/v1"
    PERSON = "person/v1"
    GRANT = "grant/v1"
    INVITATION = "invitation/v1"
    SECOND_FACTOR = "second-factor/v1"
    CREDENTIAL = "credential/v1"
    ENROLMENT = "enrolment/v1"
    UNITS = "units/v1"
    ISSUE = "issue/v1"
    BIND = "bind/v1"
    REVOKE = "revoke/v1"
    VISIT = "visit/v1"
    CONSENT = "consent/v1"
    VISITOR_STATEMENT = "visitor-statement/v1"
    REFUSAL = "refusal/v1"
    LOOK_UP = "look-up/v1"
    SIGNING = "signing/v1"
    MILESTONE = "milestone/v1"
    RULING = "ruling/v1"
    ACCRUAL = "accrual/v1"
    STATEMENT = "statement/v1"
    EXPORT = "export/v1"
    DISPUTE = "dispute/v1"
    DISPUTE_STEP = "dispute-step/v1"
    EVIDENCE = "evidence/v1"
    HOLD = "hold/v1"
    RELEASE = "release/v1"
    REVERSAL = "reversal/v1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """A logged statement, and the signed promise that it will be in the log."""

    entry_id: str
    entry: bytes
    at: datetime


def who(by: Actor | None) -> PersonId | None:
    """Return who did it, as statements say it; None is an operator at the machine."""
    return None if by is None else by.person_id


def record(
    runtime: Runtime,
    work: UnitOfWork,
    at: datetime,
    *statements: tuple[StatementKind, Mapping[str, object]],
) -> list[Recorded]:
    """Write statements to the log, in the transaction of their facts."""
    # Two draws, not two for each entry: randomness costs a system call.
    nonces = runtime.random_bytes(32 * len(statements))
    names = runtime.random_bytes(16 * len(statements)).hex()
    entries = []
    for index, (kind, body) in enumerate(statements):
        event = canonical(body)
        nonce = nonces[32 * index : 32 * index + 32]
        entries.append(
            LogEntry(
                id=names[32 * index : 32 * index + 32],
                kind=kind,
                at=at,
                entry=entry_bytes(kind, microseconds_of(at), nonce, event),
                nonce=nonce,
                event=event,
            )
        )
    work.log.add(entries)
    return [Recorded(entry_id=entry.id, entry=entry.entry, at=at) for entry in entries]


def promise_of(runtime: Runtime, recorded: Recorded) -> dict[str, object]:
    """Return the signed promise (protocol §5.4) in the form answers carry it."""
    text = signed_promise(runtime, recorded.entry, recorded.at)
    return {"entry": recorded.entry_id, "promise": text}


def signed_promise(runtime: Runtime, entry: bytes, at: datetime) -> str:
    """Return the log's promise that an entry of an instant will be proven in time."""
    signer = runtime.keys.log
    promise = Promise(
        entry_hash=leaf_hash(entry),
        at_microseconds=microseconds_of(at),
        due_microseconds=microseconds_of(at + runtime.merge_delay),
        key_id=signer.id,
    )
    return promise_text(sign_promise(promise, signer.private))
