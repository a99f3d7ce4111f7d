"""Whom a checker trusts: log keys, witnesses, and how many of them (log.md §6, §7)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Final

from tokens.checkpoints import Checkpoint, verify_checkpoint
from tokens.cosignatures import Cosignature, Witness, cosignatures_on
from tokens.errors import CheckpointMalformed, KeyCompromised, QuorumMissing
from tokens.notes import Verifier, parse_note, parse_vkey

_MICROSECONDS: Final = 1_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DATED: Final = re.compile(r"(.+)@([0-9T:.Z+-]+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class LogKey:
    """A key of the log, in use or retired.

    Args:
        compromised_at: from when on others may have held it, in microseconds since
            1970-01-01 UTC; None while nobody but the log has.
    """

    verifier: Verifier
    compromised_at: int | None = None


def parse_log_key(text: str) -> LogKey:
    """Return the key of `VKEY`, or of `VKEY@INSTANT` where others held it from then on.

    Raises:
        CheckpointMalformed: no key, or an instant that is none or has no offset.
    """
    dated = _DATED.fullmatch(text)
    if dated is None:
        return LogKey(verifier=parse_vkey(text))
    try:
        stolen = datetime.fromisoformat(dated[2]) - _EPOCH
    except (ValueError, TypeError):
        raise CheckpointMalformed from None
    limit = stolen // timedelta(microseconds=1)
    return LogKey(verifier=parse_vkey(dated[1]), compromised_at=limit)


@dataclass(frozen=True, kw_only=True, slots=True)
class Trust:
    """What a checker takes for granted. `quorum`: how many witnesses it asks for."""

    log_keys: tuple[LogKey, ...]
    witnesses: tuple[Witness, ...] = ()
    quorum: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class TrustedHead:
    """A checkpoint whose signatures hold: by which log key, and who cosigned it."""

    checkpoint: Checkpoint
    log_key: LogKey
    cosignatures: tuple[Cosignature, ...]


def open_checkpoint(note: str, trust: Trust) -> TrustedHead:
    """Return the checkpoint of a note, once a trusted key is known to have signed it.

    A checkpoint has no date, so one signed by a key that was ever in other hands
    counts only where a witness saw it before that instant.

    Raises:
        CheckpointMalformed: no checkpoint, or of a log whose key is not given.
        SignatureInvalid: a given key's or witness's signature is wrong or missing.
        KeyCompromised: signed by a key that others held, and not witnessed before.
        QuorumMissing: fewer cosignatures than the quorum.
    """
    log_key = _key_of(note, trust)
    origin = log_key.verifier.name
    checkpoint = verify_checkpoint(note, log_key.verifier, origin=origin)
    cosignatures = tuple(cosignatures_on(note, trust.witnesses))
    limit = log_key.compromised_at
    if limit is not None:
        before = [one for one in cosignatures if one.at_seconds * _MICROSECONDS < limit]
        if len(before) < max(1, trust.quorum):
            raise KeyCompromised
    if len(cosignatures) < trust.quorum:
        raise QuorumMissing
    return TrustedHead(
        checkpoint=checkpoint, log_key=log_key, cosignatures=cosignatures
    )


def _key_of(note: str, trust: Trust) -> LogKey:
    """Return the given key that a note names first; two keys of one name are two.

    Of a key that is given twice the earlier theft counts.
    """
    _, lines = parse_note(note)
    names = {(line.name, line.key_id) for line in lines}
    for key in trust.log_keys:
        if (key.verifier.name, key.verifier.key_id()) in names:
            return min(
                (one for one in trust.log_keys if one.verifier == key.verifier),
                key=_stolen_at,
            )
    raise CheckpointMalformed


def _stolen_at(key: LogKey) -> float:
    return inf if key.compromised_at is None else key.compromised_at
