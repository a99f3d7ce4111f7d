"""Proofs from the log: that a fact is in it, and that it only ever grew (log.md §3)."""

from dataclasses import dataclass

from attribution.errors import NotFound, ProofPending
from attribution.services.guarding import nodes_under
from attribution.services.runtime import Runtime
from attribution.storage.instants import microseconds_of
from attribution.storage.log_repository import LogHead, PlacedEntry
from attribution.storage.work import UnitOfWork
from tokens.log import consistency_proof, inclusion_proof
from tokens.receipts import Opening, Receipt, receipt_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Inclusion:
    """That an entry stands at a position of the tree of a signed head.

    `checkpoint` carries the cosignatures of the witnesses that saw this head.
    """

    position: int
    size: int
    proof: tuple[bytes, ...]
    checkpoint: str


def inclusion_of(runtime: Runtime, entry_id: str) -> Inclusion:
    """Return the proof of an entry, which tells nothing of what it commits to.

    Raises:
        NotFound: no such entry.
        ProofPending: it has no place yet; ask again in a moment.
    """
    with runtime.reading() as work:
        return _inclusion(work, placed_in(work, entry_id))


def receipt_for(runtime: Runtime, entry_id: str) -> Receipt:
    """Return the receipt 回执 of a fact: the fact itself, and its proof.

    For those whose fact it is; whoever calls this has asked that.

    Raises:
        NotFound: no such fact, or it was erased.
        ProofPending: it has no place yet; ask again in a moment.
    """
    with runtime.reading() as work:
        return receipt_in(work, entry_id)


def receipt_in(work: UnitOfWork, entry_id: str) -> Receipt:
    """Return the receipt of a fact, within a transaction (see `receipt_for`)."""
    entry = placed_in(work, entry_id)
    if entry.nonce is None or entry.event is None:
        raise NotFound
    found = _inclusion(work, entry)
    opening = Opening(
        kind=entry.kind,
        at=microseconds_of(entry.at),
        nonce=entry.nonce,
        event=entry.event,
    )
    return receipt_of(
        opening, index=found.position, proof=found.proof, checkpoint=found.checkpoint
    )


def consistency_of(runtime: Runtime, first: int, second: int) -> list[bytes]:
    """Return the proof that the tree of the first size is a prefix of the second.

    Raises:
        NotFound: no such trees were signed, or the first is empty or the larger.
    """
    with runtime.reading() as work:
        head = work.log.head()
        if head is None or not 0 < first <= second <= head.size:
            raise NotFound
        return consistency_proof(first, second, nodes_under(work, head))


def cosigned_checkpoint(work: UnitOfWork, head: LogHead) -> str:
    """Return a head's checkpoint with the lines of the witnesses that cosigned it."""
    lines = [one.line for one in work.witnesses.cosignatures_of(head.size)]
    return head.checkpoint + "".join(lines)


def placed_in(work: UnitOfWork, entry_id: str) -> PlacedEntry:
    """Return an entry that has its place, or raise NotFound or ProofPending."""
    entry = work.log.placed_entry(entry_id)
    if entry is not None:
        return entry
    raise ProofPending if work.log.is_pending(entry_id) else NotFound


def _inclusion(work: UnitOfWork, entry: PlacedEntry) -> Inclusion:
    head = head_over(work, entry.position)
    proof = inclusion_proof(entry.position, head.size, nodes_under(work, head))
    return Inclusion(
        position=entry.position,
        size=head.size,
        proof=tuple(proof),
        checkpoint=cosigned_checkpoint(work, head),
    )


def head_over(work: UnitOfWork, position: int) -> LogHead:
    """Return the newest head over an entry that a witness saw, or the newest at all.

    A proof that ends in a witnessed head is worth more than one that ends in a newer.
    """
    size = work.witnesses.newest_cosigned()
    witnessed = None if size is None or size <= position else work.log.head_at(size)
    head = witnessed or work.log.head()
    if head is None or head.size <= position:
        raise ProofPending
    return head
