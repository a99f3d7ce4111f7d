from typing import Any

import pytest

from tests.tokens.tokens_for_tests import KEY, OTHER_KEY
from tests.tokens.vector_files import own, public_files
from tokens import log
from tokens.checkpoints import (
    Checkpoint,
    checkpoint_body,
    parse_checkpoint,
    sign_checkpoint,
    verify_checkpoint,
)
from tokens.errors import CheckpointMalformed, SignatureInvalid
from tokens.notes import parse_note, parse_vkey, sign_note, verifier_of

ORIGIN = "hefu.example/log"
VERIFIER = verifier_of(ORIGIN, KEY.public_key())
ROOT = "A" * 43 + "="
EXAMPLES: Any = own("checkpoints.json")


def test_a_signed_checkpoint_is_verified() -> None:
    note = sign_checkpoint(
        origin=ORIGIN, size=7, root=bytes(32), key=KEY, name=VERIFIER.name
    )

    found = verify_checkpoint(note, VERIFIER, origin=ORIGIN)

    assert found == Checkpoint(origin=ORIGIN, size=7, root=bytes(32))


def test_the_example_of_the_standard_is_read_and_written() -> None:
    body = own("signed_note.json")["checkpoint_body"]

    found = parse_checkpoint(body)

    assert (found.origin, found.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint_body(found) == body


def test_the_public_examples_are_read_or_refused_as_expected() -> None:
    for case in EXAMPLES["parse"]["cases"]:
        if case.get("err"):
            with pytest.raises(CheckpointMalformed):
                parse_checkpoint(case["m"])
        else:
            found = parse_checkpoint(case["m"])
            assert found.origin == case["origin"]
            assert found.size == case["size"]
            assert found.root == case["hash_utf8"].encode()


def test_the_cosignature_of_the_standard_stands_beside_the_log_signature() -> None:
    note = "{checkpoint_body}\n{checkpoint_log_sig}{checkpoint_cosig}"

    _, lines = parse_note(note.format(**EXAMPLES["spec"]))

    assert [len(line.signature) for line in lines] == [64, 72]


def test_every_checkpoint_of_a_public_log_has_the_root_of_its_leaves() -> None:
    public = EXAMPLES["log"]
    hashes = [log.leaf_hash(leaf.encode()) for leaf in public["leaves"]]
    files = public_files("c2sp/tessera-log/testdata/log/checkpoint.*")
    notes = [*public["checkpoints"], *(file.read_text("utf-8") for file in files)]
    verifier = parse_vkey(public["vkey"])

    found = [verify_checkpoint(one, verifier, origin=verifier.name) for one in notes]

    assert all(log.root(hashes[: one.size]) == one.root for one in found)
    assert {1, 7, 8, 15} <= {one.size for one in found}
    assert len(files) in {0, 16}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("", id="nothing"),
        pytest.param(f"{ORIGIN}\n7\n", id="no root"),
        pytest.param(f"{ORIGIN}\n7\n{ROOT}", id="no line end"),
        pytest.param(f"\n7\n{ROOT}\n", id="no origin"),
        pytest.param(f"{ORIGIN}\n07\n{ROOT}\n", id="a leading zero"),
        pytest.param(f"{ORIGIN}\n+7\n{ROOT}\n", id="a sign"),
        pytest.param(f"{ORIGIN}\n-7\n{ROOT}\n", id="a negative size"),
        pytest.param(f"{ORIGIN}\n７\n{ROOT}\n", id="another script"),
        pytest.param(f"{ORIGIN}\n9223372036854775808\n{ROOT}\n", id="2^63"),
        pytest.param(f"{ORIGIN}\n7\nnot base64\n", id="no base64"),
        pytest.param(f"{ORIGIN}\n7\n{ROOT}\n\n", id="an empty extension"),
    ],
)
def test_what_is_not_a_checkpoint_is_refused(body: str) -> None:
    with pytest.raises(CheckpointMalformed):
        parse_checkpoint(body)


def test_extension_lines_are_kept() -> None:
    body = f"{ORIGIN}\n9223372036854775807\n{ROOT}\none\ntwo\n"

    found = parse_checkpoint(body)

    assert found.extensions == ("one", "two")
    assert checkpoint_body(found) == body


def test_a_checkpoint_of_another_log_is_refused() -> None:
    note = sign_checkpoint(
        origin="other.example", size=7, root=bytes(32), key=KEY, name=VERIFIER.name
    )

    with pytest.raises(CheckpointMalformed):
        verify_checkpoint(note, VERIFIER, origin=ORIGIN)


def test_a_root_of_another_length_is_refused() -> None:
    note = sign_note(f"{ORIGIN}\n7\nYmFuYW5hcw==\n", KEY, ORIGIN)

    with pytest.raises(CheckpointMalformed):
        verify_checkpoint(note, VERIFIER, origin=ORIGIN)


def test_a_checkpoint_by_another_key_is_refused() -> None:
    note = sign_checkpoint(
        origin=ORIGIN, size=7, root=bytes(32), key=OTHER_KEY, name=ORIGIN
    )

    with pytest.raises(SignatureInvalid):
        verify_checkpoint(note, VERIFIER, origin=ORIGIN)
