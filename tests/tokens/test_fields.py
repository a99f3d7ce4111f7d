import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokens import cbor
from tokens.canonical import canonical
from tokens.errors import ReceiptMalformed
from tokens.fields import event_of, fields_of

ID = "000102030405060708090a0b0c0d0e0f"
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
    | st.binary(max_size=20).map(bytes.hex),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=6,
)
KEYS = st.text(st.characters(max_codepoint=127), max_size=6)


@given(st.dictionaries(KEYS, VALUES, max_size=6))
def test_an_event_is_its_fields_and_back(body: dict[str, object]) -> None:
    event = canonical(body)

    fields = fields_of(event)

    assert isinstance(fields, dict)
    assert event_of(fields) == event


def test_identifiers_are_written_as_bytes() -> None:
    body = {"visit": ID, "others": [ID, "x"], "short": "00ff", "party": 2, "no": None}

    assert fields_of(canonical(body)) == {
        "visit": bytes.fromhex(ID),
        "others": [bytes.fromhex(ID), "x"],
        "short": "00ff",
        "party": 2,
        "no": None,
    }


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(b"event", id="no JSON"),
        pytest.param(b"\xff", id="no text"),
        pytest.param(b"[]", id="no fields"),
        pytest.param(b'{"a": 1}', id="a space"),
        pytest.param(b'{"b":1,"a":1}', id="another order"),
        pytest.param(b'{"a":1.5}', id="a float"),
        pytest.param(b'{"a":9007199254740992}', id="too large"),
    ],
)
def test_what_is_no_canonical_json_has_no_fields(event: bytes) -> None:
    assert fields_of(event) is None


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"visit": ID}, id="an identifier as text"),
        pytest.param({"deep": [[ID]]}, id="deep inside"),
        pytest.param({"visit": bytes(7)}, id="too short for bytes"),
        pytest.param({1: 1}, id="a key that is no text"),
        pytest.param({"号": 1}, id="a key that is not ASCII"),
        pytest.param({"n": 2**53}, id="too large"),
        pytest.param({"t": cbor.Tag(18, 1)}, id="a tag"),
    ],
)
def test_another_spelling_is_refused(fields: object) -> None:
    with pytest.raises(ReceiptMalformed):
        event_of(fields)
