"""Witnesses 见证人: admit them, show them the log, and keep what they sign."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from attribution.errors import InputInvalid, NotAllowed, NotFound, WitnessUnknown
from attribution.people import Actor, Role
from attribution.services.answering import Answer, Reply, Request, once
from attribution.services.guarding import nodes_under, root_of
from attribution.services.runtime import Runtime
from attribution.services.statements import StatementKind, promise_of, record
from attribution.storage.instants import instant_of
from attribution.storage.log_repository import LogHead
from attribution.storage.witness_repository import (
    Alarm,
    StoredCosignature,
    StoredKey,
    StoredWitness,
)
from attribution.storage.work import UnitOfWork
from tokens.checkpoints import Checkpoint, verify_checkpoint
from tokens.cosignatures import Cosignature, cosignatures_on, parse_witness
from tokens.errors import CheckpointMalformed
from tokens.log import consistency_proof
from tokens.notes import parse_note
from tokens.witnessing import Offer, offer_text

SILENCE = timedelta(hours=24)
"""A witness that has not seen an older head for so long is called silent."""
_MICROSECONDS = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Sighting:
    """A witness, and the newest head it has cosigned."""

    witness: StoredWitness
    size: int | None
    seen_at: datetime | None
    is_silent: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class LogState:
    """What anybody may know of the log: its head, keys, witnesses and alarms.

    `witnessed_size`: how many entries as many witnesses as the quorum have seen;
    None where no quorum is asked for. `owed_since`: when the oldest promise was due
    that is not kept; None if every promise is kept, or not due yet.
    """

    head: LogHead | None
    checkpoint: str | None
    keys: tuple[StoredKey, ...]
    sightings: tuple[Sighting, ...]
    alarms: tuple[Alarm, ...]
    quorum: int
    witnessed_size: int | None
    owed_since: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What a witness with an address is asked: to cosign the newest head."""

    witness: StoredWitness
    body: str


def admit_witness(
    runtime: Runtime,
    *,
    by: Actor,
    request: Request,
    vkey: str,
    label: str,
    url: str | None = None,
) -> Reply:
    """Admit a witness by its key text (`name+key id+key`, type 0x04).

    Raises:
        NotAllowed: not an administrator.
        InputInvalid: the key is none of a witness, or was admitted before; the address
            is none of the web.
    """
    if not by.holds(Role.ADMIN):
        raise NotAllowed
    if url is not None and not url.startswith(("http://", "https://")):
        raise InputInvalid("url", "must begin with http:// or https://")
    try:
        witness = parse_witness(vkey.strip())
    except CheckpointMalformed:
        raise InputInvalid("vkey", "is no key text of a witness") from None
    now = runtime.now()

    def action(work: UnitOfWork) -> Answer:
        stored = StoredWitness(
            id=runtime.new_id(),
            vkey=witness.vkey(),
            label=label,
            url=url,
            added_at=now,
        )
        if not work.witnesses.add_witness(stored):
            raise InputInvalid("vkey", "was admitted before")
        body = {"witness": stored.id, "vkey": stored.vkey, "by": by.person_id}
        recorded = record(runtime, work, now, (StatementKind.WITNESS, body))[0]
        return {"witness_id": stored.id, "promise": promise_of(runtime, recorded)}

    return once(runtime, request, now, action)


def retire_witness(
    runtime: Runtime, *, by: Actor, request: Request, witness_id: str
) -> Reply:
    """Count a witness no more. What it cosigned stays.

    Raises:
        NotAllowed: not an administrator.
        NotFound: no such witness, or retired before.
    """
    if not by.holds(Role.ADMIN):
        raise NotAllowed
    now = runtime.now()

    def action(work: UnitOfWork) -> Answer:
        work.witnesses.retire_witness(witness_id, now)
        body = {"witness": witness_id, "retired": True, "by": by.person_id}
        recorded = record(runtime, work, now, (StatementKind.WITNESS, body))[0]
        return {"witness_id": witness_id, "promise": promise_of(runtime, recorded)}

    return once(runtime, request, now, action)


def accept_cosignatures(runtime: Runtime, note: str) -> int:
    """Keep the cosignatures on a checkpoint of ours; return how many witnesses'.

    A checkpoint that our key has signed and this database has not is proof that the
    database was set back, or that somebody else holds the key: it becomes an alarm,
    and nothing more is signed until an operator has answered it.

    Raises:
        CheckpointMalformed, SignatureInvalid: not signed by our present key, or the
            line of a witness is wrong.
        WitnessUnknown: no witness that was admitted has cosigned it.
    """
    signer = runtime.keys.log
    checkpoint = verify_checkpoint(note, signer.verifier, origin=signer.origin)
    with runtime.transaction() as work:
        if _alarming(runtime, work, note, checkpoint):
            return 0
        known = {one.vkey: one for one in work.witnesses.witnesses()}
        found = cosignatures_on(note, map(parse_witness, known))
        if not found:
            raise WitnessUnknown
        if work.log.head_at(checkpoint.size) is None:
            raise NotFound
        for cosignature in found:
            witness = known[cosignature.witness.vkey()]
            line = _line_of(note, cosignature)
            work.witnesses.add_cosignature(
                StoredCosignature(
                    witness_id=witness.id,
                    size=checkpoint.size,
                    line=line,
                    seen_at=instant_of(cosignature.at_seconds * _MICROSECONDS),
                )
            )
    return len(found)


def log_state(runtime: Runtime) -> LogState:
    """Return what anybody may know of the log and of who watches it."""
    now = runtime.now()
    with runtime.reading() as work:
        head = work.log.head()
        last = work.witnesses.last_of_each()
        checkpoint = None
        if head is not None:
            lines = work.witnesses.cosignatures_of(head.size)
            checkpoint = head.checkpoint + "".join(one.line for one in lines)
        sightings = tuple(
            _sighting(work, witness, last.get(witness.id), head, now)
            for witness in work.witnesses.witnesses()
        )
        quorum = runtime.witness_quorum
        return LogState(
            head=head,
            checkpoint=checkpoint,
            keys=tuple(work.witnesses.log_keys()),
            sightings=sightings,
            alarms=tuple(work.witnesses.open_alarms()),
            quorum=quorum,
            witnessed_size=witnessed_size(work, quorum),
            owed_since=owed_in(runtime, work, now),
        )


def owed_since(runtime: Runtime) -> datetime | None:
    """Return since when the log owes a proof that it promised, or None."""
    with runtime.reading() as work:
        return owed_in(runtime, work, runtime.now())


def owed_in(runtime: Runtime, work: UnitOfWork, now: datetime) -> datetime | None:
    """Return since when a fact waits too long for its place (log.md §5.4)."""
    oldest = work.log.oldest_pending()
    if oldest is None:
        return None
    due_at = oldest.at + runtime.merge_delay
    return due_at if now >= due_at else None


def witnessed_size(work: UnitOfWork, quorum: int) -> int | None:
    """Return how many entries a quorum of witnesses has seen; None: none is asked.

    Who has cosigned a tree has seen every smaller one.
    """
    if quorum == 0:
        return None
    in_office = {one.id for one in work.witnesses.witnesses()}
    last = work.witnesses.last_of_each()
    sizes = sorted((one.size for id_, one in last.items() if id_ in in_office))
    return sizes[-quorum] if len(sizes) >= quorum else 0


def questions(runtime: Runtime) -> list[Question]:
    """Return what to ask the witnesses that have an address and lag behind."""
    with runtime.reading() as work:
        head = work.log.head()
        if head is None:
            return []
        last = work.witnesses.last_of_each()
        return [
            Question(witness=one, body=question(work, head, _size(last.get(one.id))))
            for one in work.witnesses.witnesses()
            if one.url is not None and _size(last.get(one.id)) < head.size
        ]


def question_from(runtime: Runtime, witness: StoredWitness, old_size: int) -> Question:
    """Return the question to a witness that has said how much it has seen.

    Raises:
        NotFound: it says that it has seen more than there is.
    """
    with runtime.reading() as work:
        head = work.log.head()
        if head is None or old_size > head.size:
            raise NotFound
        return Question(witness=witness, body=question(work, head, old_size))


def question(work: UnitOfWork, head: LogHead, old_size: int) -> str:
    """Return the body of an add-checkpoint call (C2SP tlog-witness)."""
    proof: list[bytes] = []
    if 0 < old_size < head.size:
        proof = consistency_proof(old_size, head.size, nodes_under(work, head))
    offer = Offer(old_size=old_size, proof=tuple(proof), checkpoint=head.checkpoint)
    return offer_text(offer)


def _alarming(
    runtime: Runtime, work: UnitOfWork, note: str, checkpoint: Checkpoint
) -> bool:
    """Say whether a checkpoint of ours is none of this database; raise the alarm."""
    head = work.log.head()
    size = 0 if head is None else head.size
    if checkpoint.size <= size and (
        root_of(work, checkpoint.size, head) == checkpoint.root
    ):
        return False
    kind = "behind" if checkpoint.size > size else "forked"
    work.witnesses.raise_alarm(
        Alarm(id=runtime.new_id(), kind=kind, note=note, raised_at=runtime.now())
    )
    return True


def _line_of(note: str, cosignature: Cosignature) -> str:
    """Return the signature line of a witness as it stands in a note."""
    _, lines = parse_note(note)
    witness = cosignature.witness
    return next(
        f"{text}\n"
        for text, line in zip(note.splitlines()[-len(lines) :], lines, strict=True)
        if (line.name, line.key_id) == (witness.name, witness.key_id())
    )


def _sighting(
    work: UnitOfWork,
    witness: StoredWitness,
    last: StoredCosignature | None,
    head: LogHead | None,
    now: datetime,
) -> Sighting:
    """Return what a witness has seen, and whether it is silent.

    Silent is who has left a head unseen for longer than `SILENCE`.
    """
    unseen = work.log.oldest_head_above(_size(last)) if head is not None else None
    since = None if unseen is None else max(unseen.signed_at, witness.added_at)
    return Sighting(
        witness=witness,
        size=None if last is None else last.size,
        seen_at=None if last is None else last.seen_at,
        is_silent=since is not None and now - since > SILENCE,
    )


def _size(cosignature: StoredCosignature | None) -> int:
    return 0 if cosignature is None else cosignature.size
