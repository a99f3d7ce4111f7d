import zlib
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tokens.mutants import receipt_at
from tokens.errors import ReceiptMalformed
from tokens.links import receipt_link, text_in_link
from tokens.receipts import receipt_text

PAGE = "https://hefu.example/verify"


def link_of(data: bytes, *, end: bytes = b"") -> str:
    squeezed = zlib.compressobj(9, zlib.DEFLATED, -15)
    raw = squeezed.compress(data) + squeezed.flush() + end
    return f"{PAGE}#{urlsafe_b64encode(raw).rstrip(b'=').decode()}"


def test_a_link_carries_the_whole_receipt() -> None:
    text = receipt_text(receipt_at(5, 7))

    link = receipt_link(PAGE, text)

    assert link.startswith(f"{PAGE}#")
    assert len(link) < 1.1 * len(text)
    assert text_in_link(f" {link}\n") == text


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_any_text_comes_back(text: str) -> None:
    assert text_in_link(receipt_link(PAGE, text)) == text


@pytest.mark.parametrize(
    "link",
    [
        pytest.param(PAGE, id="no fragment"),
        pytest.param(f"{PAGE}#", id="an empty one"),
        pytest.param(f"{PAGE}#é", id="no base64"),
        pytest.param(f"{PAGE}#A", id="half a byte"),
        pytest.param(f"{PAGE}#AB", id="another spelling"),
        pytest.param(f"{PAGE}#AAAA", id="not deflated"),
        pytest.param(link_of(b"receipt")[:-4], id="cut off"),
        pytest.param(link_of(b"receipt", end=b"more"), id="more behind"),
        pytest.param(link_of(b"\xff\xfe"), id="no text"),
        pytest.param(link_of(b"0" * 65537), id="a bomb"),
    ],
)
def test_what_is_no_link_of_a_receipt_is_refused(link: str) -> None:
    with pytest.raises(ReceiptMalformed):
        text_in_link(link)
