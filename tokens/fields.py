"""The fields of a fact: canonical JSON, spelled short for receipts (receipt.md §3).

Half of a fact is random identifiers in hexadecimal, and a receipt should fit into a
QR code on paper.
"""

import json
import re
from typing import Final

from tokens.canonical import canonical
from tokens.cbor import Cbor
from tokens.errors import ReceiptMalformed

_SHORTEST: Final = 8
_HEXADECIMAL: Final = re.compile(rf"(?:[0-9a-f]{{2}}){{{_SHORTEST},}}")


def fields_of(event: bytes) -> Cbor:
    """Return the fields of an event, spelled short; None if it is no canonical JSON."""
    try:
        value = json.loads(event)
        is_ours = isinstance(value, dict) and canonical(value) == event
    except ValueError:
        return None
    return _shortened(value) if is_ours else None


def event_of(fields: object) -> bytes:
    """Return the event that fields are short for, or raise ReceiptMalformed.

    One event has one short spelling; any other is refused.
    """
    try:
        return canonical(_lengthened(fields))
    except ValueError:
        raise ReceiptMalformed from None


def _shortened(value: Cbor) -> Cbor:
    match value:
        case str() if _HEXADECIMAL.fullmatch(value):
            return bytes.fromhex(value)
        case list():
            return [_shortened(one) for one in value]
        case dict():
            return {key: _shortened(one) for key, one in value.items()}
    return value


def _lengthened(value: object) -> object:
    match value:
        case bytes() if len(value) >= _SHORTEST:
            return value.hex()
        case str() if _HEXADECIMAL.fullmatch(value):
            raise ReceiptMalformed
        case list():
            return [_lengthened(one) for one in value]
        case dict():
            return {key: _lengthened(one) for key, one in value.items()}
    return value
