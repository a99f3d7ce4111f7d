from dataclasses import replace
from typing import Any

import pytest

from tests.tokens.tokens_for_tests import KEY, OTHER_KEY
from tokens import cbor
from tokens.errors import PromiseMalformed, SignatureInvalid
from tokens.promises import (
    Promise,
    parse_promise,
    promise_bytes,
    promise_text,
    sign_promise,
    verify_promise,
)

PROMISE = Promise(
    entry_hash=bytes(32), at_microseconds=1, due_microseconds=61, key_id=b"abcd"
)
SIGNED = sign_promise(PROMISE, KEY)
FIELDS: Any = cbor.decode(SIGNED)
_UNSIGNED: Any = [1, bytes(32), 1, b"abcd"]
FIRST: Any = [
    *_UNSIGNED,
    KEY.sign(b"log-promise/v1\x00" + cbor.encode(_UNSIGNED)),
]


def test_a_promise_is_verified() -> None:
    assert verify_promise(SIGNED, KEY.public_key()) == PROMISE


def test_every_field_is_signed() -> None:
    for at, other in ((1, bytes(31) + b"\x01"), (2, 2), (3, 62), (4, b"abce")):
        changed = [*FIELDS[:at], other, *FIELDS[at + 1 :]]
        with pytest.raises(SignatureInvalid):
            verify_promise(cbor.encode(changed), KEY.public_key())


def test_a_promise_by_another_key_is_refused() -> None:
    with pytest.raises(SignatureInvalid):
        verify_promise(SIGNED, OTHER_KEY.public_key())


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(SIGNED + b"\x00", id="something after it"),
        pytest.param(cbor.encode(FIELDS[:5]), id="no signature"),
        pytest.param(cbor.encode([3, *FIELDS[1:]]), id="another version"),
        pytest.param(cbor.encode([1, *FIELDS[1:]]), id="the first with a due date"),
        pytest.param(cbor.encode([True, *FIRST[1:]]), id="a version of true"),
        pytest.param(cbor.encode([2, b"", *FIELDS[2:]]), id="a short hash"),
        pytest.param(
            cbor.encode([2, bytes(32), "1", *FIELDS[3:]]), id="a time of text"
        ),
    ],
)
def test_what_is_not_a_promise_is_refused(data: bytes) -> None:
    with pytest.raises(PromiseMalformed):
        verify_promise(data, KEY.public_key())


def test_a_promise_of_the_first_version_is_due_a_minute_after() -> None:
    found = verify_promise(cbor.encode(FIRST), KEY.public_key())

    assert found == replace(PROMISE, due_microseconds=60_000_001)
    with pytest.raises(SignatureInvalid):
        verify_promise(cbor.encode(FIRST), OTHER_KEY.public_key())


def test_what_a_promise_says_is_read_before_its_key_is_known() -> None:
    assert parse_promise(SIGNED) == PROMISE


def test_the_text_of_a_promise_has_one_form() -> None:
    text = promise_text(SIGNED)

    assert promise_bytes(text) == SIGNED
    for spoilt in (text + "=", text + "\n", text[:-1], text.replace(text[0], "+", 1)):
        with pytest.raises(PromiseMalformed):
            parse_promise(promise_bytes(spoilt))
