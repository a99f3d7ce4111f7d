"""The API of the transparency log 存证: open to everybody, and it names nobody."""

from http import HTTPStatus
from typing import Annotated

from flask import Blueprint
from pydantic import Field, StrictStr

from attribution.errors import NotFound, ProofPending, WitnessUnknown
from attribution.services.proving import consistency_of, inclusion_of
from attribution.services.publishing import (
    LARGEST_PAGE,
    newest_head,
    published_entries,
)
from attribution.services.witnessing import accept_cosignatures, log_state
from tokens.errors import CheckpointMalformed, SignatureInvalid
from tokens.notes import MAXIMUM_NOTE_SIZE
from web.access import current_runtime, open_to_all
from web.api.fields import Asked, Instant, Told
from web.api.operations import Operation, operation

bp = Blueprint("api_log", __name__, url_prefix="/api/v1/log")

_LAST_POSITION = 2**53 - 1


class Page(Asked):
    """Which entries: from a position on."""

    start: int = Field(default=0, ge=0, le=_LAST_POSITION)
    limit: int = Field(default=100, ge=1, le=LARGEST_PAGE)


class Sizes(Asked):
    """Two sizes of the tree, the earlier first."""

    first: int = Field(alias="from", ge=1, le=_LAST_POSITION)
    second: int = Field(alias="to", ge=1, le=_LAST_POSITION)


class Cosigned(Asked):
    """A checkpoint of this log with the lines of witnesses under it."""

    note: Annotated[StrictStr, Field(min_length=1, max_length=MAXIMUM_NOTE_SIZE)]


class CheckpointView(Told):
    """The newest signed head of the tree."""

    size: int
    root: str = Field(description="RFC 6962 root hash, in hexadecimal")
    checkpoint: str = Field(
        description="C2SP tlog-checkpoint, a signed note, with the cosignatures so far"
    )
    signed_at: Instant


class EntryView(Told):
    """One entry: its place and its bytes."""

    position: int
    entry: str = Field(description="the bytes of the leaf, in hexadecimal")


class EntryList(Told):
    """Entries in order of position."""

    entries: tuple[EntryView, ...]
    next: int | None = Field(description="where to go on; null at the end of the log")


class InclusionView(Told):
    """That an entry stands at a position of the tree of a checkpoint."""

    position: int
    size: int
    proof: tuple[str, ...] = Field(
        description="RFC 6962 hashes from the leaf to the root, in hexadecimal"
    )
    checkpoint: str


class ConsistencyView(Told):
    """That the tree of one size is a prefix of a later one."""

    proof: tuple[str, ...] = Field(description="RFC 6962 hashes, in hexadecimal")


class KeyView(Told):
    """A key of the log, from which size on it signs, and how it ended."""

    origin: str
    vkey: str
    since_size: int
    began_at: Instant
    ended_at: Instant | None
    compromised_at: Instant | None
    succession: str | None = Field(description="its signed note about the next key")


class WitnessView(Told):
    """A witness, and the newest head it has cosigned."""

    label: str
    vkey: str
    size: int | None
    seen_at: Instant | None
    is_silent: bool


class WatchView(Told):
    """Who signs the log, who watches it, and what is wrong with it."""

    keys: tuple[KeyView, ...]
    witnesses: tuple[WitnessView, ...]
    quorum: int = Field(description="witnesses that must have seen what is paid for")
    witnessed_size: int | None
    merge_delay_seconds: int = Field(description="until when a promise is to be kept")
    owed_since: Instant | None = Field(
        description="when the oldest promise was due that is not kept"
    )
    alarms: tuple[str, ...] = Field(
        description="checkpoints of our own key that do not fit this log"
    )


class Accepted(Told):
    """How many witnesses' cosignatures were kept."""

    accepted: int


@bp.get("/checkpoint")
@open_to_all
@operation(Operation(answer=CheckpointView, refuses=(NotFound,)))
def checkpoint() -> CheckpointView:
    """Show the newest signed head of the log."""
    head, note = newest_head(current_runtime())
    return CheckpointView(
        size=head.size,
        root=head.root.hex(),
        checkpoint=note,
        signed_at=head.signed_at,
    )


@bp.get("/entries")
@open_to_all
@operation(Operation(query=Page, answer=EntryList))
def entries(query: Page) -> EntryList:
    """List entries of the log; each commits to a fact and tells nothing of it."""
    found = published_entries(current_runtime(), start=query.start, most=query.limit)
    return EntryList(
        entries=tuple(
            EntryView(position=position, entry=data.hex()) for position, data in found
        ),
        next=query.start + query.limit if len(found) == query.limit else None,
    )


@bp.get("/proof/<entry_id>")
@open_to_all
@operation(Operation(answer=InclusionView, refuses=(NotFound, ProofPending)))
def proof(entry_id: str) -> InclusionView:
    """Prove that an entry, named in a promise, is in the log."""
    found = inclusion_of(current_runtime(), entry_id)
    return InclusionView(
        position=found.position,
        size=found.size,
        proof=tuple(one.hex() for one in found.proof),
        checkpoint=found.checkpoint,
    )


@bp.get("/consistency")
@open_to_all
@operation(Operation(query=Sizes, answer=ConsistencyView, refuses=(NotFound,)))
def consistency(query: Sizes) -> ConsistencyView:
    """Prove that the log of one size is the beginning of the log of a later one."""
    found = consistency_of(current_runtime(), query.first, query.second)
    return ConsistencyView(proof=tuple(one.hex() for one in found))


@bp.get("/watch")
@open_to_all
@operation(Operation(answer=WatchView))
def watch() -> WatchView:
    """Show the log's keys, its witnesses and its alarms."""
    state = log_state(current_runtime())
    return WatchView(
        keys=tuple(
            KeyView(
                origin=key.origin,
                vkey=key.vkey,
                since_size=key.since_size,
                began_at=key.began_at,
                ended_at=key.ended_at,
                compromised_at=key.compromised_at,
                succession=key.succession,
            )
            for key in state.keys
        ),
        witnesses=tuple(
            WitnessView(
                label=one.witness.label,
                vkey=one.witness.vkey,
                size=one.size,
                seen_at=one.seen_at,
                is_silent=one.is_silent,
            )
            for one in state.sightings
        ),
        quorum=state.quorum,
        witnessed_size=state.witnessed_size,
        merge_delay_seconds=int(current_runtime().merge_delay.total_seconds()),
        owed_since=state.owed_since,
        alarms=tuple(alarm.note for alarm in state.alarms),
    )


@bp.post("/cosignatures")
@open_to_all
@operation(
    Operation(
        body=Cosigned,
        answer=Accepted,
        status=HTTPStatus.OK,
        refuses=(NotFound, WitnessUnknown, CheckpointMalformed, SignatureInvalid),
    )
)
def cosignatures(body: Cosigned) -> Accepted:
    """Keep the cosignatures of admitted witnesses on one of our checkpoints.

    Who holds a checkpoint of our key that does not fit this log shows it here, too:
    it is kept as an alarm, and nothing more is signed until that is answered.
    """
    return Accepted(accepted=accept_cosignatures(current_runtime(), body.note))
