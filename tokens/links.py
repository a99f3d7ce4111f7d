"""Links to a receipt: the whole text in the part that no browser sends (receipt.md §5).

`<address>#<base64url of the raw deflated text>`, short enough for a QR code on paper.
"""

import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from typing import Final

from tokens.errors import ReceiptMalformed
from tokens.notes import MAXIMUM_NOTE_SIZE

_RAW: Final = -15
_BEST: Final = 9


def receipt_link(address: str, text: str) -> str:
    """Return the link that opens a receipt at the page of an address."""
    squeezed = zlib.compressobj(_BEST, zlib.DEFLATED, _RAW)
    data = squeezed.compress(text.encode()) + squeezed.flush()
    return f"{address}#{urlsafe_b64encode(data).rstrip(b'=').decode()}"


def text_in_link(link: str) -> str:
    """Return the text of a receipt from its link, or raise ReceiptMalformed."""
    fragment = link.strip().rpartition("#")[2]
    try:
        padded = fragment.encode("ascii") + b"=" * (-len(fragment) % 4)
        squeezed = urlsafe_b64decode(padded)
        data = zlib.decompressobj(_RAW).decompress(squeezed, MAXIMUM_NOTE_SIZE)
        return data.decode()
    except (Base64Error, ValueError, zlib.error):
        raise ReceiptMalformed from None
