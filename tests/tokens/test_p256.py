import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tokens.vector_files import own, public
from tokens.errors import TagElementInvalid
from tokens.p256 import (
    ORDER,
    PRIME,
    Point,
    add,
    decode_point,
    encode_point,
    expand_message,
    hash_to_curve,
    hash_to_field,
    map_to_curve,
    multiply,
    multiply_base,
)

OWN = own("hash_to_curve_p256.json")
SUITES = [
    OWN,
    *filter(None, [public("rfc9380/P256_XMD_SHA-256_SSWU_RO_.json")]),
]
EXPANDERS = [
    OWN["expand"],
    *filter(None, [public("rfc9380/expand_message_xmd_SHA256_38.json")]),
    *filter(None, [public("rfc9380/expand_message_xmd_SHA256_256.json")]),
]
GENERATOR = multiply_base(1)
SCALARS = st.integers(1, ORDER - 2)


def the_point(pair: dict[str, str]) -> Point:
    return Point(int(pair["x"], 16), int(pair["y"], 16))


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: len(suite["vectors"]))
def test_messages_hash_to_the_points_of_rfc_9380(suite: dict[str, object]) -> None:
    domain = str(suite["dst"]).encode()
    vectors = suite["vectors"]
    assert isinstance(vectors, list)
    for vector in vectors:
        message = vector["msg"].encode()
        field = hash_to_field(message, domain, count=2, order=PRIME)
        assert field == [int(u, 16) for u in vector["u"]]
        assert map_to_curve(field[0]) == the_point(vector["Q0"])
        assert map_to_curve(field[1]) == the_point(vector["Q1"])
        assert hash_to_curve(message, domain) == the_point(vector["P"])


@pytest.mark.parametrize("expander", EXPANDERS, ids=lambda one: len(one["tests"]))
def test_messages_expand_to_the_bytes_of_rfc_9380(expander: dict[str, object]) -> None:
    domain = str(expander["DST"]).encode()
    tests = expander["tests"]
    assert isinstance(tests, list)
    for test in tests:
        size = int(test["len_in_bytes"], 16)
        expanded = expand_message(test["msg"].encode(), domain, size)
        assert expanded.hex() == test["uniform_bytes"]


@pytest.mark.parametrize("u", [0, 1, PRIME - 1])
def test_the_map_has_no_hole(u: int) -> None:
    point = map_to_curve(u)

    assert decode_point(encode_point(point)) == point


@settings(max_examples=25)
@given(SCALARS, SCALARS)
def test_multiplication_agrees_with_openssl(a: int, b: int) -> None:
    point = multiply(a, multiply_base(b))

    assert point == multiply(b, multiply_base(a))
    assert point == multiply_base(a * b % ORDER)


@settings(max_examples=25)
@given(SCALARS, SCALARS.filter(lambda b: b < ORDER // 2))
def test_addition_agrees_with_openssl(a: int, b: int) -> None:
    half = a // 2 + 1

    assert add(multiply_base(half), multiply_base(b)) == multiply_base(half + b)


def test_a_point_is_doubled() -> None:
    assert add(GENERATOR, GENERATOR) == multiply_base(2)


def test_one_times_a_point_is_the_point() -> None:
    assert multiply(1, GENERATOR) == GENERATOR
    assert multiply(ORDER - 2, GENERATOR) == multiply_base(ORDER - 2)


@pytest.mark.parametrize("scalar", [0, ORDER - 1, ORDER])
def test_a_scalar_out_of_range_is_our_mistake(scalar: int) -> None:
    with pytest.raises(ValueError, match=r"private_value|Invalid EC key"):
        multiply(scalar, GENERATOR)


def test_infinity_is_no_sum() -> None:
    with pytest.raises(TagElementInvalid):
        add(GENERATOR, multiply_base(ORDER - 1))


@settings(max_examples=25)
@given(SCALARS)
def test_a_point_is_read_back(scalar: int) -> None:
    point = multiply_base(scalar)

    assert decode_point(encode_point(point)) == point


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x00", id="infinity"),
        pytest.param(b"\x04" + GENERATOR.x.to_bytes(32), id="another form"),
        pytest.param(b"\x02" + GENERATOR.x.to_bytes(32) + b"\x00", id="too long"),
        pytest.param(b"\x02" + (1).to_bytes(32), id="not on the curve"),
        pytest.param(b"\x02" + (PRIME + 5).to_bytes(32), id="x beyond the field"),
    ],
)
def test_what_is_no_point_is_refused(data: bytes) -> None:
    with pytest.raises(TagElementInvalid):
        decode_point(data)
