"""Whatever a parser is given, it refuses by name, or reads a thing's one spelling."""

from base64 import b64encode
from collections.abc import Callable
from typing import Any, AnyStr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tokens.test_mutations import AGENCY, OFFER, PROMISE, VERIFIER
from tests.tokens.test_receipts import COSIGNED, NOTE, RECEIPT
from tests.tokens.tokens_for_tests import KEY
from tokens import cbor, notes, receipts, witnessing
from tokens.checkpoints import checkpoint_body, parse_checkpoint
from tokens.cosignatures import Witness, parse_witness
from tokens.errors import TokenError
from tokens.promises import sign_promise, verify_promise


def note_of(parsed: tuple[str, list[notes.NoteSignature]]) -> str:
    text, signatures = parsed
    blobs = ((one.name, b64encode(one.key_id + one.signature)) for one in signatures)
    return f"{text}\n" + "".join(f"— {name} {blob.decode()}\n" for name, blob in blobs)


def opening_of_extra(data: bytes) -> receipts.Opening:
    return receipts.opening_of(
        receipts.Receipt(index=0, proof=(), checkpoint="", extra=data)
    )


def extra_of_opening(opening: receipts.Opening) -> bytes:
    written = receipts.receipt_of(opening, index=0, proof=(), checkpoint="")
    assert written.extra is not None
    return written.extra


# Each way to read, the way to write that undoes it, and something to start from.
TEXTS: dict[str, tuple[Callable[[str], Any], Callable[[Any], str], str]] = {
    "note": (notes.parse_note, note_of, COSIGNED),
    "key text": (notes.parse_vkey, notes.Verifier.vkey, VERIFIER.vkey()),
    "witness key text": (parse_witness, Witness.vkey, AGENCY.vkey()),
    "checkpoint": (parse_checkpoint, checkpoint_body, notes.parse_note(NOTE)[0]),
    "receipt": (
        receipts.parse_receipt,
        receipts.receipt_text,
        receipts.receipt_text(RECEIPT),
    ),
    "offer": (
        witnessing.parse_offer,
        witnessing.offer_text,
        witnessing.offer_text(OFFER),
    ),
}
BYTES: dict[str, tuple[Callable[[bytes], Any], Callable[[Any], bytes], bytes]] = {
    "cbor": (cbor.decode, cbor.encode, PROMISE),
    "promise": (
        lambda data: verify_promise(data, KEY.public_key()),
        lambda promise: sign_promise(promise, KEY),
        PROMISE,
    ),
    "opening": (opening_of_extra, extra_of_opening, RECEIPT.extra or b""),
}
# Pieces of the grammars, so that inputs get further than the first line.
PIECES = st.sampled_from(
    [
        "\n",
        "\n\n",
        "— ",
        "c2sp.org/tlog-proof@v1\n",
        "extra ",
        "index ",
        "old ",
        "0",
        "12",
        "A" * 43 + "=\n",
        "hefu.example/log",
        "+c8061f7f+",
        " yAYff9Fau+riBhq7",
        "eA==",
        "\x00",
        "\ud800",
        "é",
    ]
)
TEXT = st.lists(PIECES | st.text(max_size=8), max_size=12).map("".join)


@pytest.mark.parametrize("name", TEXTS)
def test_what_was_written_as_text_is_read(name: str) -> None:
    read, write, original = TEXTS[name]

    assert write(read(original)) == original


@pytest.mark.parametrize("name", BYTES)
def test_what_was_written_as_bytes_is_read(name: str) -> None:
    read, write, original = BYTES[name]

    assert write(read(original)) == original


@settings(max_examples=400)
@pytest.mark.parametrize("name", TEXTS)
@given(data=st.data())
def test_a_text_is_read_in_its_one_spelling_or_refused(
    name: str, data: st.DataObject
) -> None:
    read, write, original = TEXTS[name]
    text = data.draw(TEXT | spoilt(original, PIECES))

    assert _read_and_written(text, read, write) in (None, text)


@settings(max_examples=400)
@pytest.mark.parametrize("name", BYTES)
@given(data=st.data())
def test_bytes_are_read_in_their_one_spelling_or_refused(
    name: str, data: st.DataObject
) -> None:
    read, write, original = BYTES[name]
    drawn = data.draw(
        st.binary(max_size=200) | spoilt(original, st.binary(min_size=1, max_size=4))
    )

    assert _read_and_written(drawn, read, write) in (None, drawn)


def _read_and_written(
    data: AnyStr, read: Callable[[AnyStr], Any], write: Callable[[Any], AnyStr]
) -> AnyStr | None:
    """Return what was read as it is written, or None when it was refused by name."""
    try:
        return write(read(data))
    except TokenError:
        return None


def spoilt(
    original: AnyStr, pieces: st.SearchStrategy[AnyStr]
) -> st.SearchStrategy[AnyStr]:
    """Draw an original with a piece put in place of a few of its characters."""
    return st.builds(
        lambda at, gone, piece: original[:at] + piece + original[at + gone :],
        st.integers(0, len(original)),
        st.integers(0, 4),
        pieces,
    )
