"""Receipts that were tampered with, for every checker: none may be accepted."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tokens import cbor, log
from tokens.checkpoints import sign_checkpoint
from tokens.cosignatures import cosign, witness_of
from tokens.log import inclusion_proof, nodes_of
from tokens.notes import parse_note, verifier_of
from tokens.receipts import Opening, Receipt, receipt_of, receipt_text
from tokens.trust import LogKey, Trust

ORIGIN = "hefu.example/log"
SEEN_AT = 1_790_000_000
EVENT = (
    b'{"arrived_at":"2026-09-21T14:13:20.000000Z","is_marginal":false,"party":2,'
    b'"project":"ece26fa39399a76f","standing":"VALID_REFERRAL","token":null,'
    b'"visit":"000102030405060708090a0b0c0d0e0f"}'
)
OPENING = Opening(
    kind="visit/v1", at=SEEN_AT * 1_000_000, nonce=bytes(range(32)), event=EVENT
)


def key(name: str) -> Ed25519PrivateKey:
    """Return the private key of a name, the same in every run."""
    seed = hashlib.sha256(name.encode()).digest()
    return Ed25519PrivateKey.from_private_bytes(seed)


LOG_KEY, AGENCY_KEY, PARTNER_KEY = key("log"), key("agency"), key("partner")
LOG = LogKey(verifier=verifier_of(ORIGIN, LOG_KEY.public_key()))
WITNESSES = (
    witness_of("agency.example/w", AGENCY_KEY.public_key()),
    witness_of("partner.example/w", PARTNER_KEY.public_key()),
)
# Whoever asks for both witnesses is told of a change in any byte of the receipt.
TRUST = Trust(log_keys=(LOG,), witnesses=WITNESSES, quorum=2)


def cosigned(size: int, root: bytes, signer: Ed25519PrivateKey = LOG_KEY) -> str:
    """Return a checkpoint with the lines of both witnesses."""
    note = sign_checkpoint(origin=ORIGIN, size=size, root=root, key=signer, name=ORIGIN)
    body = parse_note(note)[0]
    lines = [
        cosign(body, private, witness.name, SEEN_AT)
        for private, witness in zip((AGENCY_KEY, PARTNER_KEY), WITNESSES, strict=True)
    ]
    return note + "".join(lines)


def receipt_at(
    index: int, size: int, opening: Opening = OPENING, **changed: object
) -> Receipt:
    """Return the receipt of a fact at an index of a tree of other leaves."""
    leaves = [log.leaf_hash(bytes([n % 256])) for n in range(size)]
    leaves[index] = log.leaf_hash(opening.entry())
    proof = tuple(inclusion_proof(index, size, nodes_of(leaves)))
    note = cosigned(size, log.root(leaves))
    receipt = receipt_of(opening, index=index, proof=proof, checkpoint=note)
    return replace(receipt, **changed)  # type: ignore[arg-type]


def mutants(count: int) -> Iterator[str]:
    """Give texts that each differ from a good receipt in one place or one line."""
    good = [receipt_text(receipt_at(*where)) for where in ((5, 7), (0, 1), (11, 64))]
    yield from _crafted()
    for number in range(count):
        text = good[number % len(good)]
        draw = hashlib.sha256(number.to_bytes(4)).digest()
        changed = _changed(text, draw)
        if not any(_says_the_same(changed, one) for one in good):
            yield changed


def _says_the_same(text: str, other: str) -> bool:
    """Say whether two texts differ at most in the order of the signatures."""
    head, _, block = text.rpartition("\n\n")
    other_head, _, other_block = other.rpartition("\n\n")
    is_same = set(block.split("\n")) == set(other_block.split("\n"))
    return head == other_head and is_same and block.endswith("\n")


def _changed(text: str, draw: bytes) -> str:
    """Change one character or one line of a text, as the draw has it."""
    where = int.from_bytes(draw[1:5])
    at, letter = where % len(text), "A9+/=\n —0zé\x00"[draw[5] % 12]
    flipped = chr(ord(text[at]) ^ 1 << draw[7] % 7)
    lines = text.split("\n")
    line, other = where % len(lines), draw[6] % len(lines)
    swapped = list(lines)
    swapped[line], swapped[other] = lines[other], lines[line]
    return (
        text[:at] + letter + text[at + 1 :],
        text[:at] + text[at + 1 :],
        text[:at] + letter + text[at:],
        text[:at],
        text[:at] + flipped + text[at + 1 :],
        "\n".join(swapped),
        "\n".join(lines[:line] + lines[line + 1 :]),
        "\n".join([*lines[:line], lines[other], *lines[line:]]),
    )[draw[0] % 8]


def _crafted() -> Iterator[str]:
    """Give receipts that are well formed, and false."""
    good, size = receipt_at(5, 7), 7
    fields = list(cbor.decode(good.extra or b""))  # type: ignore[arg-type]
    for at, value in (
        (0, 1),
        (0, 3),
        (0, True),
        (1, "visit/v2"),
        (2, OPENING.at + 1),
        (2, -1),
        (3, bytes(32)),
        (3, bytes(31)),
        (4, {}),
        (4, []),
        (4, b""),
        (4, {"visit": "000102030405060708090a0b0c0d0e0f"}),
        (4, {"visit": b"short"}),
        (4, {"é": 1}),
        (4, {1: 1}),
        (4, {"large": 2**53}),
        (4, {"small": -(2**60)}),
        (4, {"tag": cbor.Tag(18, b"12345678")}),
        (4, [1, {"deep": [[[1]]]}]),
    ):
        changed = [value if n == at else one for n, one in enumerate(fields)]
        yield receipt_text(replace(good, extra=cbor.encode(changed)))
    root = log.leaf_hash(OPENING.entry())
    yield receipt_text(replace(good, index=6))
    yield receipt_text(replace(good, index=size))
    yield receipt_text(replace(good, proof=good.proof[::-1]))
    yield receipt_text(replace(good, proof=(*good.proof, bytes(32))))
    yield receipt_text(replace(good, proof=(), index=0))
    yield receipt_text(replace(good, extra=None))
    yield receipt_text(replace(good, checkpoint=cosigned(size, root)))
    yield receipt_text(replace(good, checkpoint=cosigned(size, root[:31])))
    yield receipt_text(replace(good, checkpoint=cosigned(0, root)))
    stranger = cosigned(1, root, key("stranger"))
    yield receipt_text(receipt_at(0, 1, checkpoint=stranger))
    lines = receipt_at(0, 1).checkpoint.splitlines(keepends=True)
    for kept in ((0, 1, 2, 3, 4), (0, 1, 2, 3, 4, 5), (0, 1, 2, 3, 5, 6)):
        checkpoint = "".join(lines[at] for at in kept)
        yield receipt_text(receipt_at(0, 1, checkpoint=checkpoint))
