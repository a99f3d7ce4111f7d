import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tokens.vector_files import public, public_files
from tokens.canonical import canonical

LEAVES = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text()
KEYS = st.text(alphabet=st.characters(max_codepoint=127))
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner),
    max_leaves=8,
)


def nested(levels: int, inner: object = None) -> object:
    return [nested(levels - 1, inner)] if levels else inner


@pytest.mark.parametrize(
    ("value", "form"),
    [
        pytest.param(nested(32), "[" * 32 + "null" + "]" * 32, id="as deep as may be"),
        ({"b": 1, "a": [True, None]}, '{"a":[true,null],"b":1}'),
        ({"10": {}, "1": "", "B": 0, "a": 0}, '{"1":"","10":{},"B":0,"a":0}'),
        ((1, "水"), '[1,"水"]'),
        ('\x00\x1f\x7f"\\/\n', '"\\u0000\\u001f\x7f\\"\\\\/\\n"'),
        (2**53 - 1, "9007199254740991"),
        (1 - 2**53, "-9007199254740991"),
    ],
)
def test_a_value_has_one_form(value: object, form: str) -> None:
    assert canonical(value) == form.encode()


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(1.0, id="a float"),
        pytest.param([{"a": 0.5}], id="a float inside"),
        pytest.param(2**53, id="a large number"),
        pytest.param(-(2**53), id="a large negative number"),
        pytest.param({"é": 1}, id="a key that is not ASCII"),
        pytest.param({1: 1}, id="a key that is no text"),
        pytest.param("\ud800", id="a lone surrogate"),
        pytest.param(b"", id="bytes"),
        pytest.param(nested(33), id="lists in lists"),
        pytest.param(nested(31, {"a": {}}), id="tables in lists"),
    ],
)
def test_what_has_no_single_form_is_our_mistake(value: object) -> None:
    with pytest.raises(ValueError, match=r"canonical form|ASCII|surrogates"):
        canonical(value)


def test_the_public_cases_without_floats_and_foreign_keys_agree() -> None:
    for name in ("arrays", "unicode"):
        value = public(f"jcs/testdata/input/{name}.json")
        for file in public_files(f"jcs/testdata/output/{name}.json"):
            assert canonical(value) == file.read_bytes().rstrip(b"\n")


@given(VALUES)
def test_the_form_says_the_same_value(value: object) -> None:
    form = canonical(value)

    assert json.loads(form) == value
    assert canonical(json.loads(form)) == form
