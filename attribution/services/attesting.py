"""Which tag keys the log names, by project and epoch (protocol §4.3)."""

import json
from collections.abc import Mapping

from attribution.ids import ProjectId
from attribution.services.statements import StatementKind
from attribution.storage.instants import microseconds_of
from attribution.storage.log_repository import OpenedEntry
from attribution.storage.work import UnitOfWork
from tokens.log import entry_bytes


def logged_tag_keys(work: UnitOfWork) -> Mapping[tuple[ProjectId, int], bytes]:
    """Return the public tag keys that the log names, by project and epoch.

    The first statement counts: a later one cannot put another key in its place. A
    statement that does not open its entry is none.
    """
    keys: dict[tuple[ProjectId, int], bytes] = {}
    for entry in work.log.opened(StatementKind.KEY_EPOCH):
        if _opens(entry):
            named = json.loads(entry.event)
            place = ProjectId(named["project"]), int(named["epoch"])
            keys.setdefault(place, bytes.fromhex(named["tag_public_key"]))
    return keys


def _opens(entry: OpenedEntry) -> bool:
    made = entry_bytes(
        StatementKind.KEY_EPOCH, microseconds_of(entry.at), entry.nonce, entry.event
    )
    return made == entry.entry
