"""Pending entries → tree → signed checkpoint (log.md §4): the sequencer."""

from attribution.services.runtime import Runtime
from attribution.storage.log_repository import LogHead
from attribution.storage.work import UnitOfWork
from tokens.checkpoints import sign_checkpoint
from tokens.log import Frontier, leaf_hash

_LARGEST_BATCH = 4096
_HASH_SIZE = 32


def sequence(runtime: Runtime, *, wait: bool = False) -> int:
    """Give pending entries their places and sign the new head; return how many.

    Who comes while another sequencer is at work leaves it to that one, or waits for
    it where the places are needed at once (`wait`). A crash before the commit leaves
    the entries pending; nothing is lost.
    """
    total = 0
    while True:
        with runtime.transaction() as work:
            placed = _place_batch(runtime, work, wait=wait)
        total += placed
        if placed < _LARGEST_BATCH:
            return total


def _place_batch(runtime: Runtime, work: UnitOfWork, *, wait: bool) -> int:
    if not work.log.lock_for_sequencing(wait=wait):
        return 0
    pending = work.log.pending(_LARGEST_BATCH)
    if not pending:
        return 0
    head = work.log.head()
    frontier = Frontier() if head is None else frontier_of(head)
    positions = []
    for arrival, entry in pending:
        positions.append((arrival, frontier.size))
        frontier = frontier.append(leaf_hash(entry))
    work.log.place(positions)
    root = frontier.root()
    work.log.add_head(
        LogHead(
            size=frontier.size,
            root=root,
            frontier=b"".join(frontier.hashes),
            checkpoint=sign_checkpoint(
                origin=runtime.keys.log_origin,
                size=frontier.size,
                root=root,
                key=runtime.keys.log_key,
                name=runtime.keys.log_origin,
            ),
            signed_at=runtime.now(),
        )
    )
    return len(pending)


def frontier_of(head: LogHead) -> Frontier:
    """Return the frontier that a stored head remembers."""
    hashes = tuple(
        head.frontier[start : start + _HASH_SIZE]
        for start in range(0, len(head.frontier), _HASH_SIZE)
    )
    return Frontier(size=head.size, hashes=hashes)
