"""Before the log is signed: does the database still hold what was signed before?

A checkpoint is a promise to everybody. A database that was set back, or in which the
past was changed, must not make another one (protocol §5.5).
"""

from attribution.errors import LogBehind, LogForked, LogKeyForeign
from attribution.services.runtime import Runtime
from attribution.storage.log_repository import LogHead
from attribution.storage.work import UnitOfWork
from tokens.checkpoints import Checkpoint, parse_checkpoint
from tokens.log import EMPTY_ROOT, HASH_SIZE, Frontier, NodeReader, root_at
from tokens.notes import parse_note


def trusted_frontier(runtime: Runtime, work: UnitOfWork) -> Frontier:
    """Return the frontier to go on from, once it is what was signed before.

    Raises:
        LogBehind: the head that is kept outside, or that somebody has shown us, is of
            a larger tree than the database's.
        LogForked: it is of another tree, or the stored head is not of its entries.
        LogKeyForeign: our key was ended, or another is in use.
    """
    head = work.log.head()
    frontier = Frontier() if head is None else frontier_of(head)
    if head is not None and frontier.root() != head.root:
        raise LogForked
    if work.log.placed() != frontier.size:
        raise LogForked
    kept = runtime.last_head.read()
    if kept is not None:
        refuse_if_broken(work, checkpoint_in(kept), head)
    for alarm in work.witnesses.open_alarms():
        raise LogBehind if alarm.kind == "behind" else LogForked
    _refuse_foreign_key(runtime, work)
    return frontier


def _refuse_foreign_key(runtime: Runtime, work: UnitOfWork) -> None:
    """Raise LogKeyForeign unless the key at hand is in use, or none is and it is new.

    If the newest file is lost, the one before it lies in its place, though it was
    ended and may have been stolen; or a start has made one that nobody named.
    """
    ours, keys = runtime.keys.log.origin, work.witnesses.log_keys()
    in_use = [key.origin for key in keys if key.ended_at is None]
    if ours not in in_use and (in_use or ours in [key.origin for key in keys]):
        raise LogKeyForeign


def refuse_if_broken(
    work: UnitOfWork, signed: Checkpoint, head: LogHead | None
) -> None:
    """Raise LogBehind or LogForked unless a signed tree is a prefix of ours."""
    size = 0 if head is None else head.size
    if signed.size > size:
        raise LogBehind
    ours = root_of(work, signed.size, head)
    if ours != signed.root:
        raise LogForked


def root_of(work: UnitOfWork, size: int, head: LogHead | None) -> bytes:
    """Return the root over the first entries, made from what is stored."""
    if size == 0:
        return EMPTY_ROOT
    if head is not None and head.size == size:
        return head.root
    return root_at(size, work.log.reader())


def nodes_under(work: UnitOfWork, head: LogHead) -> NodeReader:
    """Return a reader of the tree's nodes; those on its edge are in the head."""
    return work.log.reader(frontier_of(head).peaks())


def checkpoint_in(note: str) -> Checkpoint:
    """Return the checkpoint in a signed note, its signature not checked."""
    body, _ = parse_note(note)
    return parse_checkpoint(body)


def frontier_of(head: LogHead) -> Frontier:
    """Return the frontier that a stored head remembers, or raise LogForked."""
    hashes = tuple(
        head.frontier[start : start + HASH_SIZE]
        for start in range(0, len(head.frontier), HASH_SIZE)
    )
    try:
        return Frontier(size=head.size, hashes=hashes)
    except ValueError:
        raise LogForked from None
