from collections.abc import Callable
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokens.codes import (
    ALPHABET,
    code_digest,
    code_from_random,
    format_code,
    normalise_code,
)
from tokens.errors import CodeMalformed, Reason


def draws(*values: int) -> Callable[[int], bytes]:
    remaining = iter(values)
    return lambda size: next(remaining).to_bytes(size)


def drawn(value: int) -> str:
    """Return the first code at or after a value whose check symbol can be typed."""
    return code_from_random(draws(*range(value, value + 37)))


SAMPLED = [
    drawn(value) for value in (0, 31, 2**49 + 12345, 2**50 - 40, 987654321012345)
]


def test_a_code_is_ten_symbols_of_fifty_bits_and_a_check_symbol() -> None:
    assert code_from_random(draws(0)) == "00000000000"
    assert code_from_random(draws(1)) == "00000000011"
    assert code_from_random(draws(2**50 + 1)) == "00000000011"


def test_a_check_symbol_that_cannot_be_typed_is_drawn_again() -> None:
    # 32..36 are the remainders of * ~ $ = U.
    assert code_from_random(draws(32, 33, 34, 35, 36, 37)) == "00000000150"


def test_a_source_that_repeats_itself_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="repeats itself"):
        code_from_random((32).to_bytes)


def test_a_code_is_shown_in_groups() -> None:
    assert format_code("00000000150") == "00000-00015-0"


@pytest.mark.parametrize(
    "text",
    [
        "00000-00015-0",
        "0000000015O",
        " ooooo ooo15 o ",
        "OOOOO—OOOl5—O",
        "０００００－０００１５－０",
        "00000\u2011000i5\u20110",
        "\ufeff0000000015\u200b0",
        "\u200e00000\u00ad00015\u2060\u20690",
        "00000_00015.0",
    ],
)
def test_every_way_to_type_a_code_reads_the_same(text: str) -> None:
    assert normalise_code(text) == "00000000150"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Reason.LENGTH),
        ("0000000015", Reason.LENGTH),
        ("000000001500", Reason.LENGTH),
        ("0000000015U", Reason.SYMBOL),
        ("000000001*0", Reason.SYMBOL),
        ("零000000015", Reason.LENGTH),
        ("零0000000150", Reason.SYMBOL),
        ("00000000151", Reason.CHECK_SYMBOL),
    ],
)
def test_what_is_not_a_code_is_refused_with_the_reason(
    text: str, reason: Reason
) -> None:
    with pytest.raises(CodeMalformed) as refusal:
        normalise_code(text)

    assert refusal.value.reason is reason


@pytest.mark.parametrize("code", SAMPLED)
def test_every_substitution_of_one_symbol_is_caught(code: str) -> None:
    for at, original in enumerate(code):
        for other in set(ALPHABET) - {original}:
            with pytest.raises(CodeMalformed):
                normalise_code(code[:at] + other + code[at + 1 :])


@pytest.mark.parametrize("code", SAMPLED)
def test_every_swap_of_two_symbols_is_caught(code: str) -> None:
    for i, j in combinations(range(len(code)), 2):
        symbols = list(code)
        symbols[i], symbols[j] = symbols[j], symbols[i]
        if symbols[i] != symbols[j]:
            with pytest.raises(CodeMalformed):
                normalise_code("".join(symbols))


@given(st.integers(0, 2**50 - 1))
def test_what_is_drawn_and_shown_is_read_back(value: int) -> None:
    code = drawn(value)

    assert normalise_code(format_code(code).lower()) == code


def test_the_digest_depends_on_key_and_code() -> None:
    digest = code_digest("00000000150", b"key")

    assert len(digest) == 32
    assert digest != code_digest("00000000150", b"other key")
    assert digest != code_digest("00000000000", b"key")
