"""100 000 changed notes, receipts, cosignatures, offers and promises: none is accepted.

A change is one of five kinds at a place that a hash chooses, so every run is alike.
"""

import hashlib
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from tests.tokens.test_receipts import COSIGNED, LEAVES, NOTE, RECEIPT, TRUST
from tests.tokens.tokens_for_tests import KEY, OTHER_KEY
from tokens import log
from tokens.checkpoints import parse_checkpoint, sign_checkpoint, verify_checkpoint
from tokens.cosignatures import cosignatures_on, witness_of
from tokens.errors import TokenError
from tokens.log import consistency_proof, nodes_of
from tokens.notes import parse_note, verifier_of
from tokens.promises import Promise, sign_promise, verify_promise
from tokens.receipts import parse_receipt, receipt_text, verify_receipt
from tokens.witnessing import Offer, check_offer, offer_text, parse_offer

EACH = 20_000
ORIGIN = "hefu.example/log"
VERIFIER = verifier_of(ORIGIN, KEY.public_key())
AGENCY = witness_of("agency.example/w", OTHER_KEY.public_key())
EARLIER = sign_checkpoint(
    origin=ORIGIN, size=3, root=log.root(LEAVES[:3]), key=KEY, name=ORIGIN
)
OFFER = Offer(
    old_size=3,
    proof=tuple(consistency_proof(3, 6, nodes_of(LEAVES))),
    checkpoint=NOTE,
)
PROMISE = sign_promise(
    Promise(
        entry_hash=LEAVES[0],
        at_microseconds=1,
        due_microseconds=2,
        key_id=VERIFIER.key_id(),
    ),
    KEY,
)


def mutations(data: bytes) -> Iterator[bytes]:
    """Yield changed copies of bytes, each another one than the original."""
    for number in count():
        draw = hashlib.sha256(number.to_bytes(4) + data[:8]).digest()
        at = int.from_bytes(draw[:4]) % len(data)
        length = 1 + draw[5] % 16
        match draw[4] % 5:
            case 0:
                changed = (
                    data[:at] + bytes([data[at] ^ 1 << draw[6] % 8]) + data[at + 1 :]
                )
            case 1:
                changed = data[:at] + data[at + length :]
            case 2:
                changed = data[:at] + data[at : at + length] * 2 + data[at + length :]
            case 3:
                changed = data[:at] + draw[8 : 8 + length] + data[at + length :]
            case _:
                start = int.from_bytes(draw[6:8]) % len(data)
                piece = data[start : start + length]
                changed = data[:at] + piece + data[at + length :]
        if changed != data:
            yield changed


def open_note_of_the_log(data: bytes) -> None:
    verify_checkpoint(data.decode(), VERIFIER, origin=ORIGIN)


def find_the_cosignature(data: bytes) -> None:
    """Accept only a note whose log line and witness line both still hold."""
    note = data.decode()
    verify_checkpoint(note, VERIFIER, origin=ORIGIN)
    if not cosignatures_on(note, [AGENCY]) or note.count("\n— ") != 2:
        raise TokenError


def check_receipt(data: bytes) -> None:
    verify_receipt(parse_receipt(data.decode()), TRUST)


def cosign_offer(data: bytes) -> None:
    offer = parse_offer(data.decode())
    offered = verify_checkpoint(offer.checkpoint, VERIFIER, origin=ORIGIN)
    check_offer(offer, offered, parse_checkpoint(parse_note(EARLIER)[0]))


def check_promise(data: bytes) -> None:
    verify_promise(data, KEY.public_key())


CHECKS: dict[str, tuple[bytes, Callable[[bytes], None]]] = {
    "note": (NOTE.encode(), open_note_of_the_log),
    "cosigned note": (COSIGNED.encode(), find_the_cosignature),
    "receipt": (receipt_text(RECEIPT).encode(), check_receipt),
    "offer": (offer_text(OFFER).encode(), cosign_offer),
    "promise": (PROMISE, check_promise),
}


@pytest.mark.parametrize("name", CHECKS)
def test_the_original_is_accepted(name: str) -> None:
    data, check = CHECKS[name]

    check(data)


@pytest.mark.parametrize("name", CHECKS)
def test_no_mutation_is_accepted(name: str) -> None:
    data, check = CHECKS[name]
    changed = mutations(data)

    accepted = [
        one for one in (next(changed) for _ in range(EACH)) if _passes(check, one)
    ]

    assert accepted == []


def _passes(check: Callable[[bytes], None], data: bytes) -> bool:
    try:
        check(data)
    except (TokenError, UnicodeDecodeError):
        return False
    return True
