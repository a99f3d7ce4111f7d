"""The API of the transparency log 存证: open to everybody, and it names nobody."""

from flask import Blueprint
from pydantic import Field

from attribution.errors import NotFound
from attribution.services.publishing import (
    LARGEST_PAGE,
    newest_head,
    published_entries,
)
from web.access import current_runtime, open_to_all
from web.api.fields import Asked, Instant, Told
from web.api.operations import Operation, operation

bp = Blueprint("api_log", __name__, url_prefix="/api/v1/log")

_LAST_POSITION = 2**53 - 1


class Page(Asked):
    """Which entries: from a position on."""

    start: int = Field(default=0, ge=0, le=_LAST_POSITION)
    limit: int = Field(default=100, ge=1, le=LARGEST_PAGE)


class CheckpointView(Told):
    """The newest signed head of the tree."""

    size: int
    root: str = Field(description="RFC 6962 root hash, in hexadecimal")
    checkpoint: str = Field(description="C2SP tlog-checkpoint, a signed note")
    signed_at: Instant


class EntryView(Told):
    """One entry: its place and its bytes."""

    position: int
    entry: str = Field(description="the bytes of the leaf, in hexadecimal")


class EntryList(Told):
    """Entries in order of position."""

    entries: tuple[EntryView, ...]
    next: int | None = Field(description="where to go on; null at the end of the log")


@bp.get("/checkpoint")
@open_to_all
@operation(Operation(answer=CheckpointView, refuses=(NotFound,)))
def checkpoint() -> CheckpointView:
    """Show the newest signed head of the log."""
    head = newest_head(current_runtime())
    return CheckpointView(
        size=head.size,
        root=head.root.hex(),
        checkpoint=head.checkpoint,
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
