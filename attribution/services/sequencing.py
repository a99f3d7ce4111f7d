"""Pending entries → tree → signed checkpoint (log.md §4): the sequencer."""

from datetime import datetime

from attribution.services.guarding import trusted_frontier
from attribution.services.runtime import LogSigner, Runtime
from attribution.storage.log_repository import LogHead
from attribution.storage.witness_repository import StoredKey
from attribution.storage.work import UnitOfWork
from tokens.checkpoints import sign_checkpoint
from tokens.log import Frontier, leaf_hash

_LARGEST_BATCH = 4096


def sequence(runtime: Runtime, *, wait: bool = False) -> int:
    """Give pending entries their places and sign the new head; return how many.

    Who comes while another sequencer is at work leaves it to that one, or waits for
    it where the places are needed at once (`wait`). A crash before the commit leaves
    the entries pending; a crash after it leaves the head that is kept outside the
    database a batch older, and nothing is lost.

    Raises:
        LogBehind, LogForked: the database is not what was signed before.
        LogKeyForeign: the key at hand is not the log's. Facts go on being stored in
            all three cases, and wait.
    """
    total = 0
    while True:
        with runtime.transaction() as work:
            signed = _place_batch(runtime, work, wait=wait)
        if signed is None:
            return total
        placed, head = signed
        runtime.last_head.keep(head.checkpoint)
        total += placed
        if placed < _LARGEST_BATCH:
            return total


def _place_batch(
    runtime: Runtime, work: UnitOfWork, *, wait: bool
) -> tuple[int, LogHead] | None:
    if not work.log.lock_for_sequencing(wait=wait):
        return None
    pending = work.log.pending(_LARGEST_BATCH)
    if not pending:
        return None
    frontier = trusted_frontier(runtime, work)
    start = frontier.size
    work.log.place(
        [(arrival, start + offset) for offset, (arrival, _) in enumerate(pending)]
    )
    frontier, nodes = frontier.grown(leaf_hash(entry) for _, entry in pending)
    work.log.add_nodes(nodes)
    signer = runtime.keys.log
    head = signed_head(signer, frontier, at=runtime.now())
    work.log.add_head(head)
    # A key is listed with the first head it signs, so that no head lacks its key.
    work.witnesses.add_key(key_row(signer, size=head.size, at=head.signed_at))
    return len(pending), head


def signed_head(signer: LogSigner, frontier: Frontier, *, at: datetime) -> LogHead:
    """Return the signed head of a tree."""
    root = frontier.root()
    return LogHead(
        size=frontier.size,
        root=root,
        frontier=b"".join(frontier.hashes),
        checkpoint=sign_checkpoint(
            origin=signer.origin,
            size=frontier.size,
            root=root,
            key=signer.private,
            name=signer.origin,
        ),
        signed_at=at,
    )


def key_row(signer: LogSigner, *, size: int, at: datetime) -> StoredKey:
    """Return the row of a key that signs from a size on."""
    return StoredKey(
        origin=signer.origin,
        vkey=signer.verifier.vkey(),
        since_size=size,
        began_at=at,
    )
