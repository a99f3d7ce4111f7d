from base64 import b64encode

import pytest

from tests.tokens.tokens_for_tests import KEY, OTHER_KEY
from tests.tokens.vector_files import own
from tokens.checkpoints import parse_checkpoint, sign_checkpoint
from tokens.cosignatures import cosign, cosignatures_on, parse_witness, witness_of
from tokens.errors import CheckpointMalformed, SignatureInvalid
from tokens.notes import parse_note, parse_vkey, verifier_of

SPEC = own("tlog_examples.json")
ORIGIN = "hefu.example/log"
NOTE = sign_checkpoint(origin=ORIGIN, size=7, root=bytes(32), key=KEY, name=ORIGIN)
BODY, _ = parse_note(NOTE)
AGENCY = witness_of("agency.example/w", OTHER_KEY.public_key())
LINE = cosign(BODY, OTHER_KEY, AGENCY.name, 1_790_000_000)


def test_a_witness_is_known_by_name_key_and_second() -> None:
    [found] = cosignatures_on(NOTE + LINE, [AGENCY])

    assert (found.witness, found.at_seconds) == (AGENCY, 1_790_000_000)


def test_lines_of_strangers_and_second_lines_are_passed_over() -> None:
    stranger = witness_of("agency.example/w", KEY.public_key())
    later = cosign(BODY, OTHER_KEY, AGENCY.name, 1_790_000_009)

    assert cosignatures_on(NOTE + LINE, [stranger]) == []
    assert len(cosignatures_on(NOTE + LINE + later, [AGENCY])) == 1


def test_the_log_key_of_a_name_is_no_witness_of_that_name() -> None:
    same = witness_of(ORIGIN, KEY.public_key())

    assert same.key_id() != verifier_of(ORIGIN, KEY.public_key()).key_id()
    assert cosignatures_on(NOTE, [same]) == []


@pytest.mark.parametrize("at", range(4, 76))
def test_any_changed_byte_of_a_cosignature_is_refused(at: int) -> None:
    _, lines = parse_note(NOTE + LINE)
    blob = bytearray(lines[1].key_id + lines[1].signature)
    blob[at] ^= 1
    bent = _line(AGENCY.name, bytes(blob))

    with pytest.raises(SignatureInvalid):
        cosignatures_on(NOTE + bent, [AGENCY])


def test_a_cosignature_without_its_time_is_refused() -> None:
    bare = _line(AGENCY.name, AGENCY.key_id() + OTHER_KEY.sign(BODY.encode()))

    with pytest.raises(SignatureInvalid):
        cosignatures_on(NOTE + bare, [AGENCY])


def test_a_cosignature_of_another_checkpoint_is_refused() -> None:
    other = sign_checkpoint(origin=ORIGIN, size=8, root=bytes(32), key=KEY, name=ORIGIN)

    with pytest.raises(SignatureInvalid):
        cosignatures_on(other + LINE, [AGENCY])


def test_the_key_texts_of_the_standard_are_read_each_for_its_use() -> None:
    native, plain = SPEC["cosigner_vkey"], SPEC["signer_vkey"]

    assert parse_witness(native).vkey() == native
    assert parse_witness(AGENCY.vkey()) == AGENCY
    assert parse_vkey(plain).vkey() == plain
    for text in (plain, native[:-4], native.replace("+da", "+db"), ""):
        with pytest.raises(CheckpointMalformed):
            parse_witness(text)
    with pytest.raises(CheckpointMalformed):
        parse_vkey(native)


def test_a_name_that_a_line_cannot_hold_is_refused() -> None:
    with pytest.raises(CheckpointMalformed):
        witness_of("an agency", KEY.public_key())


def test_the_cosigned_checkpoint_of_the_standard_is_read() -> None:
    lines = SPEC["checkpoint_log_sig"], SPEC["checkpoint_cosig"]
    note = (
        SPEC["checkpoint_body"] + "\n" + "".join(f"{line.strip()}\n" for line in lines)
    )

    body, (signed, cosigned) = parse_note(note)

    assert parse_checkpoint(body).size == 20852163
    assert len(signed.signature) == 64
    assert len(cosigned.signature) == 72
    assert int.from_bytes(cosigned.signature[:8]) == SPEC["cosig_timestamp"]


def _line(name: str, blob: bytes) -> str:
    return f"— {name} {b64encode(blob).decode()}\n"
