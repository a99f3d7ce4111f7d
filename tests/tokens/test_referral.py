from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tokens.tokens_for_tests import (
    KEY,
    KEYS,
    KID,
    OTHER_KEY,
    a_token,
    some_claims,
)
from tokens import cbor, cose
from tokens.errors import TokenForged, TokenMalformed
from tokens.referral import (
    MAXIMUM_TOKEN_SIZE,
    Claims,
    commit,
    from_digits,
    key_id,
    key_id_of,
    mint,
    read,
    to_digits,
)

NAMES = st.text(min_size=1, max_size=12) | st.binary(min_size=1, max_size=16).map(
    bytes.hex
)
TIMES = st.integers(0, 2**40)


@st.composite
def claims(draw: st.DrawFn) -> Claims:
    issued_at = draw(TIMES)
    return Claims(
        project=draw(NAMES),
        agent_id=draw(NAMES),
        issued_at=issued_at,
        expires_at=issued_at + draw(st.integers(1, 2**20)),
        token_id=draw(st.binary(min_size=10, max_size=10)),
        commitment=draw(st.none() | st.binary(min_size=32, max_size=32)),
    )


@given(claims())
def test_what_is_minted_is_read(says: Claims) -> None:
    token = mint(says, KEY, KID)

    assert read(from_digits(to_digits(token)), KEYS) == says
    assert key_id_of(token) == KID


def test_a_token_of_short_names_has_116_bytes_and_280_digits() -> None:
    token = a_token()

    assert len(token) == 116
    assert len(to_digits(token)) == 280


def test_names_of_hex_take_half_the_room() -> None:
    assert len(a_token(agent_id="ab" * 16)) == len(a_token(agent_id="g" * 16))


def test_a_token_of_an_unknown_key_is_forged() -> None:
    token = mint(some_claims(), OTHER_KEY, key_id(OTHER_KEY.public_key()))

    with pytest.raises(TokenForged):
        read(token, KEYS)


def test_a_token_that_borrows_a_key_id_is_forged() -> None:
    with pytest.raises(TokenForged):
        read(mint(some_claims(), OTHER_KEY, KID), KEYS)


def test_every_changed_bit_is_noticed() -> None:
    token = a_token()
    for bit in range(8 * len(token)):
        changed = bytearray(token)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises((TokenForged, TokenMalformed)):
            read(bytes(changed), KEYS)


def test_names_too_long_for_a_token_are_our_mistake() -> None:
    with pytest.raises(ValueError, match="at most"):
        a_token(agent_id="x" * 250)


def envelope(
    protected: cbor.Cbor, unprotected: cbor.Cbor, *, tag: bool = True
) -> bytes:
    headers, payload = cbor.encode(protected), cbor.encode({2: "wang"})
    signature = KEY.sign(cbor.encode(["Signature1", headers, b"", payload]))
    value: cbor.Cbor = [headers, unprotected, payload, signature]
    return cbor.encode(cbor.Tag(18, value) if tag else value)


OURS: dict[int | str, cbor.Cbor] = {cose.ALGORITHM: cose.ED25519, cose.KEY_ID: KID}


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(a_token() + b"\x00", id="something after it"),
        pytest.param(b"\xd8\x3d" + a_token(), id="a CWT tag before it"),
        pytest.param(bytes(MAXIMUM_TOKEN_SIZE + 1), id="too long"),
        pytest.param(envelope(OURS, {}, tag=False), id="no tag"),
        pytest.param(envelope(OURS, {4: KID}), id="an unprotected header"),
        pytest.param(envelope({1: -8, 4: KID}, {}), id="the older algorithm name"),
        pytest.param(envelope({1: -19}, {}), id="no key id"),
        pytest.param(envelope({1: -19}, {4: KID}), id="only an unprotected key id"),
        pytest.param(envelope({1: -19, 4: "kid"}, {}), id="a key id of text"),
        pytest.param(envelope({**OURS, 3: 0}, {}), id="one more header"),
    ],
)
def test_an_envelope_that_is_not_ours_is_refused(token: bytes) -> None:
    with pytest.raises(TokenMalformed):
        read(token, KEYS)
    with pytest.raises(TokenMalformed):
        key_id_of(token)


GOOD: dict[int, Any] = {2: "wang", 3: "p1", 4: 2, 6: 1, 7: b"0123456789"}


def without(key: int) -> dict[int, Any]:
    return {k: v for k, v in GOOD.items() if k != key}


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff", id="not CBOR"),
        *[pytest.param(cbor.encode(without(key)), id=f"no {key}") for key in GOOD],
        pytest.param(cbor.encode({**GOOD, 2: 1}), id="an agent of number"),
        pytest.param(cbor.encode({**GOOD, 2: ""}), id="an empty agent"),
        pytest.param(cbor.encode({**GOOD, 2: b""}), id="an agent of no bytes"),
        pytest.param(cbor.encode({**GOOD, 2: "abcd"}), id="hex as text"),
        pytest.param(cbor.encode({**GOOD, 3: ""}), id="an empty project"),
        pytest.param(cbor.encode({**GOOD, 4: True}), id="expires at true"),
        pytest.param(cbor.encode({**GOOD, 6: False}), id="issued at false"),
        pytest.param(cbor.encode({**GOOD, 6: -1}), id="issued before 1970"),
        pytest.param(cbor.encode({**GOOD, 6: 2}), id="expires when issued"),
        pytest.param(cbor.encode({**GOOD, 7: b"012345678"}), id="a short id"),
        pytest.param(cbor.encode({**GOOD, 7: "0123456789"}), id="an id of text"),
        pytest.param(cbor.encode({**GOOD, 8: 1}), id="one more claim"),
        pytest.param(cbor.encode({**GOOD, -65537: b"x"}), id="a short commitment"),
        pytest.param(cbor.encode({**GOOD, -65537: 1}), id="a commitment of number"),
        pytest.param(cbor.encode({**GOOD, -65537: None}), id="a commitment of nothing"),
    ],
)
def test_claims_that_are_not_ours_are_refused_though_signed(payload: bytes) -> None:
    with pytest.raises(TokenMalformed):
        read(cose.sign(payload, KEY, KID), KEYS)


def test_the_claims_of_these_refusals_are_read_without_their_fault() -> None:
    assert read(cose.sign(cbor.encode(GOOD), KEY, KID), KEYS).agent_id == "wang"


@pytest.mark.parametrize(
    "digits",
    [
        pytest.param("", id="nothing"),
        pytest.param("0", id="zero"),
        pytest.param("1", id="only the first byte"),
        pytest.param("767", id="another first byte"),
        pytest.param("0" + to_digits(a_token()), id="a leading zero"),
        pytest.param("+" + to_digits(a_token()), id="a sign"),
        pytest.param(to_digits(a_token()) + "\n", id="a line end"),
        pytest.param("１２３", id="full width"),
        pytest.param("1" * 772, id="too many"),
    ],
)
def test_digits_that_are_no_token_are_refused(digits: str) -> None:
    with pytest.raises(TokenMalformed):
        from_digits(digits)


@given(st.binary(min_size=1, max_size=320))
def test_digits_keep_every_byte(token: bytes) -> None:
    assert from_digits(to_digits(token)) == token


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("project", ""),
        ("agent_id", ""),
        ("expires_at", 1_790_000_000),
        ("issued_at", -1),
        ("token_id", b"012345678"),
        ("commitment", bytes(31)),
    ],
)
def test_claims_that_make_no_sense_are_our_mistake(field: str, value: Any) -> None:
    good = some_claims()
    fields = {name: getattr(good, name) for name in Claims.__slots__}

    with pytest.raises(ValueError, match=r"a token|a commitment"):
        Claims(**{**fields, field: value})


def test_a_commitment_can_be_opened_by_who_keeps_the_nonce() -> None:
    commitment = commit(bytes(32), b"tag")

    assert commitment == commit(bytes(32), b"tag")
    assert commitment != commit(bytes(31) + b"\x01", b"tag")
    assert commitment != commit(bytes(32), b"other tag")
