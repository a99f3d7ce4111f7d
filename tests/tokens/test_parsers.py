"""Whatever a parser is given, it answers or refuses by name; nothing else comes out."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tokens.test_mutations import CHECKS
from tests.tokens.tokens_for_tests import KEY
from tokens import cbor, notes, receipts, witnessing
from tokens.checkpoints import parse_checkpoint
from tokens.cosignatures import parse_witness
from tokens.errors import TokenError
from tokens.promises import verify_promise

TEXTS: dict[str, Callable[[str], object]] = {
    "note": notes.parse_note,
    "key text": notes.parse_vkey,
    "witness key text": parse_witness,
    "checkpoint": parse_checkpoint,
    "receipt": receipts.parse_receipt,
    "offer": witnessing.parse_offer,
}
BYTES: dict[str, Callable[[bytes], object]] = {
    "cbor": cbor.decode,
    "promise": lambda data: verify_promise(data, KEY.public_key()),
    "opening": lambda data: receipts.opening_of(
        receipts.Receipt(index=0, proof=(), checkpoint="", extra=data)
    ),
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
ORIGINALS = st.sampled_from([data for data, _ in CHECKS.values()])


@settings(max_examples=400)
@pytest.mark.parametrize("name", TEXTS)
@given(text=TEXT)
def test_a_text_is_read_or_refused(name: str, text: str) -> None:
    try:
        TEXTS[name](text)
    except TokenError:
        return


@settings(max_examples=400)
@pytest.mark.parametrize("name", BYTES)
@given(data=st.binary(max_size=200) | ORIGINALS)
def test_bytes_are_read_or_refused(name: str, data: bytes) -> None:
    try:
        BYTES[name](data)
    except TokenError:
        return
