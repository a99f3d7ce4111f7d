from typing import Any

import pytest

from tests.tokens.tokens_for_tests import KEY, OTHER_KEY
from tokens import cbor
from tokens.errors import PromiseMalformed, SignatureInvalid
from tokens.promises import Promise, sign_promise, verify_promise

PROMISE = Promise(entry_hash=bytes(32), at_microseconds=1, key_id=b"abcd")
SIGNED = sign_promise(PROMISE, KEY)
FIELDS: Any = cbor.decode(SIGNED)


def test_a_promise_is_verified() -> None:
    assert verify_promise(SIGNED, KEY.public_key()) == PROMISE


def test_every_field_is_signed() -> None:
    for at, other in ((1, bytes(31) + b"\x01"), (2, 2), (3, b"abce")):
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
        pytest.param(cbor.encode(FIELDS[:4]), id="no signature"),
        pytest.param(cbor.encode([2, *FIELDS[1:]]), id="another version"),
        pytest.param(cbor.encode([True, *FIELDS[1:]]), id="a version of true"),
        pytest.param(cbor.encode([1, b"", *FIELDS[2:]]), id="a short hash"),
        pytest.param(
            cbor.encode([1, bytes(32), "1", *FIELDS[3:]]), id="a time of text"
        ),
    ],
)
def test_what_is_not_a_promise_is_refused(data: bytes) -> None:
    with pytest.raises(PromiseMalformed):
        verify_promise(data, KEY.public_key())
