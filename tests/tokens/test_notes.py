from base64 import b64decode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.tokens.tokens_for_tests import KEY, OTHER_KEY
from tests.tokens.vector_files import own
from tokens.errors import CheckpointMalformed, SignatureInvalid
from tokens.notes import (
    MAXIMUM_NOTE_SIZE,
    MAXIMUM_SIGNATURES,
    Verifier,
    open_note,
    parse_note,
    parse_vkey,
    sign_note,
    verifier_of,
)

SPEC = own("signed_note.json")
GO: Any = own("signed_note_go.json")
OURS = verifier_of("hefu.example/log", KEY.public_key())
NOTE = sign_note("a line\n", KEY, OURS.name)
LINE = NOTE.split("\n")[2]


def test_the_example_of_the_standard_opens() -> None:
    text, signed = open_note(SPEC["note"], [parse_vkey(SPEC["vkey"])])

    assert text == "This is an example message.\n"
    assert [one.vkey() for one in signed] == [SPEC["vkey"]]


def test_the_notes_of_the_go_implementation_open() -> None:
    keys = [parse_vkey(key["vkey"]) for key in GO["keys"]]
    note = GO["text"] + "\n" + "".join(GO["sig_lines"].values())

    assert open_note(note, keys) == (GO["text"], keys)
    assert open_note(note, keys[1:]) == (GO["text"], keys[1:])


def test_our_signature_is_the_one_of_the_go_implementation() -> None:
    name = "PeterNeumann"
    [secret] = [key["skey"] for key in GO["keys"] if key["name"] == name]
    seed = b64decode(secret.split("+", 4)[4])[1:]

    note = sign_note(GO["text"], Ed25519PrivateKey.from_private_bytes(seed), name)

    assert note == GO["text"] + "\n" + GO["sig_lines"][name]


def test_a_key_text_is_read_back() -> None:
    assert parse_vkey(OURS.vkey()).key_id() == OURS.key_id()


@pytest.mark.parametrize(
    "vkey",
    [
        *GO["bad_vkeys"],
        "a b+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+AR==",
        "PeterNeumann+c74f20a3+AQAA",
        "PeterNeumann+c74f20a3+ARpc2Q=",
        "\ud800+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)
def test_what_is_no_key_text_is_refused(vkey: str) -> None:
    with pytest.raises(CheckpointMalformed):
        parse_vkey(vkey)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n", "a\x00", "a\ud800"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(CheckpointMalformed):
        verifier_of(name, KEY.public_key())


@pytest.mark.parametrize(
    "note",
    [
        pytest.param("", id="nothing"),
        pytest.param("a line\n", id="no signature"),
        pytest.param("a line\n\n", id="an empty block"),
        pytest.param("a line\n" + LINE + "\n", id="no empty line"),
        pytest.param(NOTE[:-1], id="no line end"),
        pytest.param(NOTE + "more\n", id="another line"),
        pytest.param("\x01" + NOTE, id="a control character"),
        pytest.param("\t" + NOTE, id="a tab"),
        pytest.param("\r\n" + NOTE, id="a carriage return"),
        pytest.param("\udcff" + NOTE, id="a byte that was not UTF-8"),
        pytest.param(NOTE.replace("— ", "- "), id="a hyphen for the dash"),
        pytest.param(NOTE.replace("hefu.", "he fu."), id="a name with a space"),
        pytest.param(NOTE.replace("hefu.", "he+fu."), id="a name with a plus"),
        pytest.param("a line\n\n— name AAAA\n", id="no room for a signature"),
        pytest.param("a line\n\n— name AAAAAAB=\n", id="another spelling of base64"),
        pytest.param("a line\n\n— name AAAAA\n", id="not base64"),
        pytest.param(NOTE + (LINE + "\n") * MAXIMUM_SIGNATURES, id="101 signatures"),
        pytest.param("x" * MAXIMUM_NOTE_SIZE + NOTE, id="too long"),
    ],
)
def test_what_is_not_a_signed_note_is_refused(note: str) -> None:
    with pytest.raises(CheckpointMalformed):
        parse_note(note)


def test_a_hundred_signatures_are_read_and_one_signer_counts_once() -> None:
    note = NOTE + (LINE + "\n") * (MAXIMUM_SIGNATURES - 1)

    assert len(parse_note(note)[1]) == MAXIMUM_SIGNATURES
    assert open_note(note, [OURS])[1] == [OURS]


def test_signatures_of_strangers_are_passed_over() -> None:
    stranger = sign_note("a line\n", OTHER_KEY, "stranger").split("\n")[2]

    assert open_note(f"{NOTE}{stranger}\n", [OURS]) == ("a line\n", [OURS])


def test_a_note_signed_by_strangers_alone_is_refused() -> None:
    with pytest.raises(SignatureInvalid):
        open_note(NOTE, [verifier_of("stranger", OTHER_KEY.public_key())])


def test_a_changed_text_is_refused() -> None:
    with pytest.raises(SignatureInvalid):
        open_note(NOTE.replace("a line", "a lime"), [OURS])


def test_a_key_signs_under_one_name_only() -> None:
    renamed = Verifier(name="other.example", key=OURS.key)

    assert renamed.key_id() != OURS.key_id()
    with pytest.raises(SignatureInvalid):
        open_note(NOTE, [renamed])


@pytest.mark.parametrize("text", ["", "no line end", "tab\t\n", "\udcff\n"])
def test_a_text_that_cannot_be_a_note_is_our_mistake(text: str) -> None:
    with pytest.raises(ValueError, match="lines of text"):
        sign_note(text, KEY, OURS.name)
