import hashlib
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tokens.tokens_for_tests import KEY, OTHER_KEY
from tests.tokens.vector_files import own
from tokens import cbor, log
from tokens.checkpoints import checkpoint_body, parse_checkpoint, sign_checkpoint
from tokens.cosignatures import cosign, witness_of
from tokens.errors import (
    CheckpointMalformed,
    KeyCompromised,
    LogProofInvalid,
    QuorumMissing,
    ReceiptMalformed,
    SignatureInvalid,
    TokenError,
)
from tokens.log import inclusion_proof, leaf_hash, nodes_of
from tokens.notes import parse_note, sign_note, verifier_of
from tokens.receipts import (
    Opening,
    Receipt,
    opening_of,
    parse_receipt,
    receipt_of,
    receipt_text,
    verify_receipt,
)
from tokens.trust import LogKey, Trust, open_checkpoint

SPEC = own("tlog_examples.json")
ORIGIN = "hefu.example/log"
SECOND = 1_790_000_000
LOG = LogKey(verifier=verifier_of(ORIGIN, KEY.public_key()))
AGENCY = witness_of("agency.example/w", OTHER_KEY.public_key())
TRUST = Trust(log_keys=(LOG,))
OPENING = Opening(kind="visit/v1", at=SECOND, nonce=bytes(32), event=b'{"visit":"v"}')
LEAVES = [*(leaf_hash(bytes([n])) for n in range(5)), leaf_hash(OPENING.entry())]
NOTE = sign_checkpoint(
    origin=ORIGIN, size=6, root=log.root(LEAVES), key=KEY, name=ORIGIN
)
COSIGNED = NOTE + cosign(parse_note(NOTE)[0], OTHER_KEY, AGENCY.name, SECOND)
RECEIPT = receipt_of(
    OPENING,
    index=5,
    proof=tuple(inclusion_proof(5, 6, nodes_of(LEAVES))),
    checkpoint=NOTE,
)


def utf8_hashes(texts: list[str]) -> tuple[bytes, ...]:
    return tuple(hashlib.sha256(text.encode()).digest() for text in texts)


def test_a_receipt_proves_its_fact_to_who_has_the_key() -> None:
    text = receipt_text(RECEIPT)

    head = verify_receipt(parse_receipt(text), TRUST)

    assert parse_receipt(text) == RECEIPT
    assert (head.checkpoint.size, head.log_key) == (6, LOG)
    assert opening_of(RECEIPT) == OPENING


@pytest.mark.parametrize("case", SPEC["tlog_proof_marshal"], ids=str)
def test_the_proofs_of_the_standard_are_written_and_read(case: dict[str, str]) -> None:
    extra = case.get("extra_utf8")
    receipt = Receipt(
        index=int(case["index"]),
        proof=utf8_hashes(list(case["hashes_of_utf8_sha256"])),
        checkpoint=case["checkpoint"],
        extra=None if extra is None else extra.encode(),
    )

    assert parse_receipt(receipt_text(receipt)) == receipt


def test_the_text_of_a_receipt_is_the_one_of_the_standard() -> None:
    receipt = Receipt(index=10, proof=(bytes(32),), checkpoint="c\n", extra=b"x")

    assert receipt_text(receipt) == (
        f"c2sp.org/tlog-proof@v1\nextra eA==\nindex 10\n{'A' * 43}=\n\nc\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        *SPEC["tlog_proof_bad"],
        "",
        "c2sp.org/tlog-proof@v1\n\n",
        "c2sp.org/tlog-proof@v1\nindex 0\n\n",
        "c2sp.org/tlog-proof@v1\nextra eA==\n\nc\n",
        "c2sp.org/tlog-proof@v1\nindex 00\n\nc\n",
        "c2sp.org/tlog-proof@v1\nindex 0\neA==\n\nc\n",
        "c2sp.org/tlog-proof@v1\nindex 0\n" + f"{'A' * 43}=\n" * 64 + "\nc\n",
        "c2sp.org/tlog-proof@v1\nindex 0\n\n" + "c" * 65536,
    ],
)
def test_what_is_no_receipt_is_refused(text: str) -> None:
    with pytest.raises(ReceiptMalformed):
        parse_receipt(text)


@pytest.mark.parametrize(
    "extra",
    [
        None,
        b"",
        b"extra",
        cbor.encode([2, "visit/v1", 1, bytes(32), b"{}"]),
        cbor.encode([1, "visit/v1", True, bytes(32), b"{}"]),
        cbor.encode([1, "visit/v1", -1, bytes(32), b"{}"]),
        cbor.encode([1, "visit/v1", 1, bytes(31), b"{}"]),
        cbor.encode([1, "visit/v1", 1, bytes(32)]),
    ],
)
def test_a_proof_that_carries_no_fact_is_refused(extra: bytes | None) -> None:
    with pytest.raises(ReceiptMalformed):
        verify_receipt(replace(RECEIPT, extra=extra), TRUST)


@pytest.mark.parametrize("at", range(len(receipt_text(RECEIPT).encode())))
def test_no_changed_byte_is_accepted(at: int) -> None:
    data = bytearray(receipt_text(RECEIPT).encode())
    data[at] ^= 1

    with pytest.raises((TokenError, UnicodeDecodeError)):
        verify_receipt(parse_receipt(data.decode()), TRUST)


@given(st.data())
def test_no_mutated_receipt_is_accepted(data: st.DataObject) -> None:
    text = receipt_text(RECEIPT)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    put = data.draw(st.text("\n =+/Aa0—index", max_size=12))
    mutated = text[:start] + put + text[end:]
    if mutated == text:
        return

    with pytest.raises(TokenError):
        verify_receipt(parse_receipt(mutated), TRUST)


def other_fact() -> Receipt:
    opening = replace(OPENING, event=b'{"visit":"w"}')
    return receipt_of(opening, index=5, proof=RECEIPT.proof, checkpoint=NOTE)


def short_root() -> Receipt:
    body = checkpoint_body(
        replace(parse_checkpoint(parse_note(NOTE)[0]), root=b"short")
    )
    return replace(RECEIPT, checkpoint=sign_note(body, KEY, ORIGIN))


@pytest.mark.parametrize(
    ("forged", "error"),
    [
        pytest.param(other_fact, LogProofInvalid, id="another fact"),
        pytest.param(lambda: replace(RECEIPT, index=4), LogProofInvalid, id="place"),
        pytest.param(
            lambda: replace(RECEIPT, proof=()), LogProofInvalid, id="no proof"
        ),
        pytest.param(short_root, CheckpointMalformed, id="a root of another size"),
        pytest.param(
            lambda: replace(RECEIPT, checkpoint="no note\n"),
            CheckpointMalformed,
            id="no checkpoint",
        ),
    ],
)
def test_a_forged_receipt_is_refused(
    forged: Callable[[], Receipt], error: type[TokenError]
) -> None:
    with pytest.raises(error):
        verify_receipt(forged(), TRUST)


# -- trust --


def test_a_checkpoint_of_an_unknown_log_is_refused() -> None:
    stranger = LogKey(verifier=verifier_of(ORIGIN, OTHER_KEY.public_key()))

    with pytest.raises(CheckpointMalformed):
        open_checkpoint(NOTE, Trust(log_keys=(stranger,)))


def test_a_forged_line_of_a_known_key_is_refused() -> None:
    line = parse_note(NOTE)[1][0]
    blob = b64encode(line.key_id + bytes(64)).decode()
    forged = f"{parse_note(NOTE)[0]}\n— {ORIGIN} {blob}\n"

    with pytest.raises(SignatureInvalid):
        open_checkpoint(forged, TRUST)


def test_a_retired_key_still_proves_what_it_signed() -> None:
    newer = LogKey(verifier=verifier_of(f"{ORIGIN}/2", OTHER_KEY.public_key()))

    head = open_checkpoint(NOTE, Trust(log_keys=(newer, LOG)))

    assert head.log_key == LOG


def test_a_key_that_others_held_counts_for_what_was_witnessed_before() -> None:
    key = replace(LOG, compromised_at=SECOND * 1_000_000 + 1)

    head = open_checkpoint(COSIGNED, Trust(log_keys=(key,), witnesses=(AGENCY,)))

    assert head.log_key == key


@pytest.mark.parametrize(
    ("note", "microseconds"),
    [
        pytest.param(COSIGNED, SECOND * 1_000_000, id="witnessed at the instant"),
        pytest.param(NOTE, SECOND * 1_000_000 + 1, id="never witnessed"),
    ],
)
def test_a_key_that_others_held_counts_for_nothing_else(
    note: str, microseconds: int
) -> None:
    key = replace(LOG, compromised_at=microseconds)

    with pytest.raises(KeyCompromised):
        open_checkpoint(note, Trust(log_keys=(key,), witnesses=(AGENCY,)))


def test_of_a_key_that_is_given_twice_the_earlier_theft_counts() -> None:
    stolen = replace(LOG, compromised_at=SECOND * 1_000_000)
    later = replace(LOG, compromised_at=(SECOND + 9) * 1_000_000)

    for keys in permutations((LOG, later, stolen)):
        with pytest.raises(KeyCompromised):
            open_checkpoint(COSIGNED, Trust(log_keys=keys, witnesses=(AGENCY,)))


def test_a_quorum_of_witnesses_is_asked_for() -> None:
    trust = Trust(log_keys=(LOG,), witnesses=(AGENCY,), quorum=1)

    assert len(open_checkpoint(COSIGNED, trust).cosignatures) == 1
    with pytest.raises(QuorumMissing):
        open_checkpoint(NOTE, trust)


def test_two_witnesses_are_asked_for_before_a_compromise_too() -> None:
    key = replace(LOG, compromised_at=(SECOND + 1) * 1_000_000)
    trust = Trust(log_keys=(key,), witnesses=(AGENCY,), quorum=2)

    with pytest.raises(KeyCompromised):
        open_checkpoint(COSIGNED, trust)
