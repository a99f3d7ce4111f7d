import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokens.cbor import MAXIMUM_DEPTH, MAXIMUM_SIZE, Cbor, Tag, decode, encode
from tokens.errors import CborMalformed

WHOLE = st.integers(-(2**64), 2**64 - 1)
LEAVES = st.one_of(st.none(), st.booleans(), WHOLE, st.binary(), st.text())
KEYS = st.one_of(WHOLE, st.text())
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(KEYS, inner, max_size=4),
        st.builds(Tag, st.sampled_from([18, 61]), inner),
    ),
    max_leaves=4,
)


def depth(value: Cbor) -> int:
    match value:
        case list():
            return 1 + max(map(depth, value), default=0)
        case dict():
            return 1 + max(map(depth, value.values()), default=1)
        case Tag(value=inner):
            return 1 + depth(inner)
    return 1


@pytest.mark.parametrize(
    ("value", "hexadecimal"),
    [
        (0, "00"),
        (23, "17"),
        (24, "1818"),
        (255, "18ff"),
        (256, "190100"),
        (65536, "1a00010000"),
        (2**32, "1b0000000100000000"),
        (-1, "20"),
        (-19, "32"),
        (-(2**64), "3bffffffffffffffff"),
        (b"\x01\x02", "420102"),
        ("水", "63e6b0b4"),
        ([1, [2]], "82018102"),
        ({"a": 1, 10: 2, -1: 3}, "a30a022003616101"),
        (Tag(18, None), "d2f6"),
        ([True, False], "82f5f4"),
    ],
)
def test_a_value_has_one_spelling(value: Cbor, hexadecimal: str) -> None:
    assert encode(value).hex() == hexadecimal
    assert decode(bytes.fromhex(hexadecimal)) == value


@pytest.mark.parametrize(
    "hexadecimal",
    [
        pytest.param("", id="nothing"),
        pytest.param("0000", id="something after it"),
        pytest.param("1817", id="a long head"),
        pytest.param("190017", id="a longer head"),
        pytest.param("18", id="a head cut short"),
        pytest.param("1c", id="a reserved head"),
        pytest.param("4201", id="bytes cut short"),
        pytest.param("62c328", id="text that is not UTF-8"),
        pytest.param("5f4101ff", id="indefinite bytes"),
        pytest.param("9f01ff", id="an indefinite array"),
        pytest.param("bf01ff", id="an indefinite map"),
        pytest.param("8201", id="an array cut short"),
        pytest.param("9bffffffffffffffff", id="an array of no end"),
        pytest.param("a201010102", id="a key twice"),
        pytest.param("a202010101", id="keys out of order"),
        pytest.param("a1410101", id="a key of bytes"),
        pytest.param("a1f501", id="a key of truth"),
        pytest.param("a1820101f6", id="a key of an array"),
        pytest.param("f93c00", id="a half float"),
        pytest.param("fb3ff0000000000000", id="a float"),
        pytest.param("f7", id="undefined"),
        pytest.param("c101", id="an unknown tag"),
        pytest.param("d81200", id="a known tag with a long head"),
    ],
)
def test_any_other_spelling_is_refused(hexadecimal: str) -> None:
    with pytest.raises(CborMalformed):
        decode(bytes.fromhex(hexadecimal))


def test_what_is_too_large_is_refused() -> None:
    fits = encode(bytes(MAXIMUM_SIZE - 3))

    assert len(decode(fits)) == MAXIMUM_SIZE - 3  # type: ignore[arg-type]
    with pytest.raises(CborMalformed):
        decode(encode(bytes(MAXIMUM_SIZE - 2)))


def test_what_is_too_deep_is_refused() -> None:
    decode(b"\x81" * (MAXIMUM_DEPTH - 1) + b"\x00")

    with pytest.raises(CborMalformed):
        decode(b"\x81" * MAXIMUM_DEPTH + b"\x00")


@pytest.mark.parametrize("value", [1.5, {1, 2}, 2**64, -(2**64) - 1, object()])
def test_what_has_no_deterministic_form_is_our_mistake(value: object) -> None:
    with pytest.raises(TypeError, match="no deterministic form"):
        encode(value)


@given(VALUES.filter(lambda value: depth(value) <= MAXIMUM_DEPTH))
def test_what_is_encoded_is_decoded(value: Cbor) -> None:
    assert decode(encode(value)) == value


@given(st.binary(max_size=40))
def test_any_bytes_are_refused_or_are_the_one_spelling(data: bytes) -> None:
    try:
        value = decode(data)
    except CborMalformed:
        return

    assert encode(value) == data
