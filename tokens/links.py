"""Links to a receipt: the whole text in the part that no browser sends (receipt.md §5).

`<address>#<base64url of the raw deflated text>`, short enough for a QR code on paper.
"""

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

from tokens.errors import ReceiptMalformed
from tokens.notes import MAXIMUM_NOTE_SIZE

_RAW: Final = -15
_BEST: Final = 9


def receipt_link(address: str, text: str) -> str:
    """Return the link that opens a receipt at the page of an address."""
    squeezed = zlib.compressobj(_BEST, zlib.DEFLATED, _RAW)
    data = squeezed.compress(text.encode()) + squeezed.flush()
    return f"{address}#{_fragment_of(data)}"


def text_in_link(link: str) -> str:
    """Return the text of a receipt from its link, or raise ReceiptMalformed."""
    fragment = link.strip().rpartition("#")[2]
    reader = zlib.decompressobj(_RAW)
    try:
        text = reader.decompress(_bytes_of(fragment), MAXIMUM_NOTE_SIZE).decode()
    except (ValueError, zlib.error):
        raise ReceiptMalformed from None
    if not reader.eof or reader.unused_data:
        raise ReceiptMalformed
    return text


def _bytes_of(fragment: str) -> bytes:
    """Return the bytes of base64url without padding in its one form."""
    data = urlsafe_b64decode(fragment + "=" * (-len(fragment) % 4))
    if _fragment_of(data) != fragment:
        raise ReceiptMalformed
    return data


def _fragment_of(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
