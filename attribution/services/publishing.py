"""What everybody may read of the log 存证: its newest head, and its entries."""

from attribution.errors import NotFound
from attribution.services.proving import cosigned_checkpoint
from attribution.services.runtime import Runtime
from attribution.storage.log_repository import LogHead

LARGEST_PAGE = 1000


def newest_head(runtime: Runtime) -> tuple[LogHead, str]:
    """Return the newest signed head, and its checkpoint with its cosignatures.

    Raises:
        NotFound: the log is empty.
    """
    with runtime.reading() as work:
        head = work.log.head()
        if head is None:
            raise NotFound
        return head, cosigned_checkpoint(work, head)


def published_entries(
    runtime: Runtime, *, start: int, most: int
) -> list[tuple[int, bytes]]:
    """Return (position, entry bytes) from a position on, at most a page of them."""
    with runtime.reading() as work:
        return work.log.entries(start, min(most, LARGEST_PAGE))
