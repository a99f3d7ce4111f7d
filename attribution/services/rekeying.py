"""A new log key: by plan, after a theft, or because the log had to begin anew."""

from base64 import b64encode
from collections.abc import Container, Iterator, Sequence
from datetime import datetime
from functools import partial

from attribution.documents import instant_text
from attribution.errors import (
    InputInvalid,
    LogBehind,
    LogForked,
    LogKeyForeign,
    LogUnbroken,
)
from attribution.services.guarding import trusted_frontier
from attribution.services.runtime import LogSigner, Runtime
from attribution.services.sequencing import key_row, sequence, signed_head
from attribution.services.statements import StatementKind, record
from attribution.storage.log_repository import LogHead
from attribution.storage.witness_repository import StoredKey
from attribution.storage.work import UnitOfWork
from tokens.log import Frontier
from tokens.notes import sign_note

_SUCCESSION = "log-succession/v1"


def rotate_log_key(
    runtime: Runtime, *, why: str, compromised_at: datetime | None = None
) -> str:
    """Sign the log with a new key, under a new origin, from now on; return its text.

    The tree goes on. What the old key has signed keeps its worth; if others held it
    since `compromised_at`, only what a witness saw before that (log.md §7).

    Raises:
        InputInvalid: no reason, or a compromise in the future.
        LogBehind, LogForked, LogKeyForeign: the log is broken; it must be resumed
            instead.
    """
    reason = _reason(runtime, why, compromised_at)
    with runtime.reading() as work:
        is_unfinished = _is_unfinished(runtime, work)
    if not is_unfinished:
        sequence(runtime, wait=True)
        with runtime.reading() as work:
            trusted_frontier(runtime, work)
    return _succeed(runtime, reason, compromised_at=compromised_at)


def resume_log(
    runtime: Runtime, *, why: str, compromised_at: datetime | None = None
) -> str:
    """Begin the log anew from what the database holds, and say why it broke.

    It goes on under a new origin, so nobody takes it for the log that was lost: whoever
    holds a receipt or a checkpoint of that can still show it. What was lost, and the
    reason, is what the new log says. `compromised_at`: since when others may hold the
    key, if that is how somebody could show another log. If the file of the key in use
    is lost, that key has no word for the new one.

    Raises:
        InputInvalid: no reason is given, or a compromise in the future.
        LogUnbroken: there is nothing to resume.
    """
    reason = _reason(runtime, why, compromised_at)
    try:
        with runtime.reading() as work:
            trusted_frontier(runtime, work)
    except (LogBehind, LogForked, LogKeyForeign) as broken:
        return _succeed(
            runtime, reason, compromised_at=compromised_at, broken=broken.code
        )
    raise LogUnbroken


def _reason(runtime: Runtime, why: str, compromised_at: datetime | None) -> str:
    if compromised_at is not None and compromised_at > runtime.now():
        raise InputInvalid("compromised_at", "lies in the future")
    if not why.strip():
        raise InputInvalid("why", "must say why")
    return why.strip()


def _succeed(
    runtime: Runtime,
    why: str,
    *,
    compromised_at: datetime | None = None,
    broken: str | None = None,
) -> str:
    """Put a new key in the place of the old one, and log it.

    The new key signs only once the log has named it. Stopped half-way, the same is
    done again with the same new key.
    """
    old, lost = runtime.keys.log, runtime.last_head.read()
    new, now = runtime.keys.next_log(), runtime.now()
    with runtime.transaction() as work:
        work.log.lock_for_sequencing(wait=True)
        head = _rebuilt(work, new, now) if broken else work.log.head()
        # A key whose file is lost has no word, and an earlier key's counts no more.
        is_foreign = broken == LogKeyForeign.code
        is_lost = is_foreign and not _is_unfinished(runtime, work)
        in_use = _in_use(work, but=new)
        body = {
            "old": in_use[-1].vkey if is_lost and in_use else old.verifier.vkey(),
            "new": new.verifier.vkey(),
            "size": head.size if head else 0,
            "root": head.root.hex() if head else None,
            "why": why,
            "compromised_at": instant_text(compromised_at) if compromised_at else None,
            "broken": broken,
            "lost": lost if broken else None,
        }
        kind = StatementKind.LOG_RESUMED if broken else StatementKind.LOG_KEY
        record(runtime, work, now, (kind, body))
        end = partial(work.witnesses.end_key, at=now, compromised_at=compromised_at)
        for key in in_use:
            end(key.origin, succession=None)
        if head is not None and not is_lost:
            # After a set-back the old key may be one that this database never saw.
            work.witnesses.add_key(key_row(old, size=head.size, at=now))
            end(old.origin, succession=_succession(old, new, head))
        work.witnesses.answer_alarms(now)
    runtime.keys.adopt_next_log()
    if broken:
        runtime.last_head.replace(head.checkpoint if head else None)
    sequence(runtime, wait=True)
    return new.verifier.vkey()


def _in_use(work: UnitOfWork, *, but: LogSigner) -> list[StoredKey]:
    """Return the keys that sign, but for the next, which may have begun to."""
    return [
        key
        for key in work.witnesses.log_keys()
        if key.ended_at is None and key.origin != but.origin
    ]


def _is_unfinished(runtime: Runtime, work: UnitOfWork) -> bool:
    """Say whether our key was ended for the next one, which was not adopted yet."""
    ours = [k for k in work.witnesses.log_keys() if k.origin == runtime.keys.log.origin]
    if not ours or ours[0].ended_at is None:
        return False
    return not _in_use(work, but=runtime.keys.next_log())


def _rebuilt(work: UnitOfWork, signer: LogSigner, at: datetime) -> LogHead | None:
    """Make the tree anew from the stored entries; heads of another tree go.

    Raises:
        LogForked: entries are missing between others, so places would have to change.
    """
    frontier, known = Frontier(), {}
    heads = {head.size: head for head in work.log.heads()}
    work.log.forget_nodes()
    for leaves in work.log.leaves_in_batches():
        for part in _cut(leaves, frontier.size, heads):
            frontier, nodes = frontier.grown(part)
            work.log.add_nodes(nodes)
            known[frontier.size] = frontier.root()
    if work.log.placed() != frontier.size:
        raise LogForked
    work.witnesses.forget_heads(
        size for size, head in heads.items() if known.get(size) != head.root
    )
    if frontier.size == 0:
        return None
    head = work.log.head()
    if head is None or head.size != frontier.size or head.root != frontier.root():
        head = signed_head(signer, frontier, at=at)
        work.log.add_head(head)
        work.witnesses.add_key(key_row(signer, size=head.size, at=at))
    return head


def _cut(
    leaves: Sequence[bytes], start: int, heads: Container[int]
) -> Iterator[Sequence[bytes]]:
    """Cut leaves so that each part ends where a head was signed, or at the end."""
    first = 0
    for end in range(1, len(leaves) + 1):
        if start + end in heads or end == len(leaves):
            yield leaves[first:end]
            first = end


def _succession(old: LogSigner, new: LogSigner, head: LogHead) -> str:
    """Return the old key's signed word for the new one (log.md §7.3)."""
    lines = [
        old.origin,
        _SUCCESSION,
        new.verifier.vkey(),
        str(head.size),
        b64encode(head.root).decode(),
    ]
    text = "".join(f"{line}\n" for line in lines)
    return sign_note(text, old.private, old.origin)
