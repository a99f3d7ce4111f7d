from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.tokens.vector_files import own, public
from tokens import oprf
from tokens.errors import TagProofInvalid
from tokens.oprf import Evaluation, Mode
from tokens.p256 import ORDER, Point, encode_point, multiply_base

OWN: list[Any] = own("oprf_p256.json")["suites"]
PUBLIC: list[Any] = [
    suite
    for suite in public("rfc9497/allVectors.json") or ()
    if suite["identifier"] == "P256-SHA256" and suite["mode"] in (0, 1)
]
VECTORS = [(suite, vector) for suite in [*OWN, *PUBLIC] for vector in suite["vectors"]]
PROVEN = [(suite, vector) for suite, vector in VECTORS if suite["mode"] == 1]
KEY = oprf.derive_key(bytes(32), b"")
PUBLIC_KEY = multiply_base(KEY)
BLINDED = [oprf.blind(data, 7 + len(data)) for data in (b"a", b"bb", b"ccc")]
ELEMENTS = [one.element for one in BLINDED]
HONEST = oprf.blind_evaluate(KEY, PUBLIC_KEY, ELEMENTS, 12345)


def split(text: str) -> list[bytes]:
    return [bytes.fromhex(part) for part in text.split(",")]


def encoded(points: Sequence[Point]) -> list[bytes]:
    return [encode_point(point) for point in points]


@pytest.mark.parametrize(("suite", "vector"), VECTORS)
def test_inputs_become_the_outputs_of_rfc_9497(suite: Any, vector: Any) -> None:
    mode = Mode(suite["mode"])
    seed, info = bytes.fromhex(suite["seed"]), bytes.fromhex(suite["keyInfo"])
    key = oprf.derive_key(seed, info, mode)
    scalars = [int.from_bytes(blind) for blind in split(vector["Blind"])]

    blinded = [
        oprf.blind(data, scalar, mode)
        for data, scalar in zip(split(vector["Input"]), scalars, strict=True)
    ]
    answers = [oprf.evaluate(key, one.element) for one in blinded]

    assert key == int(suite["skSm"], 16)
    assert encoded([one.element for one in blinded]) == split(vector["BlindedElement"])
    assert encoded(answers) == split(vector["EvaluationElement"])
    outputs = list(map(oprf.finalize, blinded, answers))
    assert outputs == split(vector["Output"])


@pytest.mark.parametrize(("suite", "vector"), PROVEN)
def test_batches_are_proven_as_in_rfc_9497(suite: Any, vector: Any) -> None:
    key, public_key = int(suite["skSm"], 16), multiply_base(int(suite["skSm"], 16))
    elements = [
        oprf.blind(data, int.from_bytes(scalar)).element
        for data, scalar in zip(
            split(vector["Input"]), split(vector["Blind"]), strict=True
        )
    ]

    evaluation = oprf.blind_evaluate(
        key, public_key, elements, int(vector["Proof"]["r"], 16)
    )

    assert encode_point(public_key).hex() == suite["pkSm"]
    assert evaluation.proof.hex() == vector["Proof"]["proof"]
    oprf.verify(public_key, elements, evaluation)


def test_another_key_cannot_be_passed_off() -> None:
    other = oprf.derive_key(bytes(32), b"other")
    forged = oprf.blind_evaluate(other, PUBLIC_KEY, ELEMENTS, 12345)

    with pytest.raises(TagProofInvalid):
        oprf.verify(PUBLIC_KEY, ELEMENTS, forged)


def test_one_wrong_answer_in_a_batch_is_noticed() -> None:
    wrong = (*HONEST.elements[:2], multiply_base(5))

    with pytest.raises(TagProofInvalid):
        oprf.verify(PUBLIC_KEY, ELEMENTS, replace(HONEST, elements=wrong))


def test_answers_in_another_order_are_noticed() -> None:
    swapped = (HONEST.elements[1], HONEST.elements[0], HONEST.elements[2])

    with pytest.raises(TagProofInvalid):
        oprf.verify(PUBLIC_KEY, ELEMENTS, replace(HONEST, elements=swapped))


def test_a_missing_answer_is_noticed() -> None:
    with pytest.raises(TagProofInvalid):
        oprf.verify(PUBLIC_KEY, ELEMENTS, replace(HONEST, elements=HONEST.elements[:2]))


def test_an_empty_batch_proves_nothing() -> None:
    with pytest.raises(TagProofInvalid):
        oprf.verify(PUBLIC_KEY, [], Evaluation(elements=(), proof=HONEST.proof))


@pytest.mark.parametrize(
    "proof",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(HONEST.proof[:-1], id="cut short"),
        pytest.param(HONEST.proof + b"\x00", id="too long"),
        pytest.param(bytes(32) + HONEST.proof[32:], id="challenge 0"),
        pytest.param(HONEST.proof[:32] + bytes(32), id="response 0"),
        pytest.param(ORDER.to_bytes(32) + HONEST.proof[32:], id="challenge = order"),
        pytest.param(HONEST.proof[:32] + ORDER.to_bytes(32), id="response = order"),
        pytest.param(b"\x01" + HONEST.proof[1:], id="another challenge"),
    ],
)
def test_what_is_not_the_proof_is_refused(proof: bytes) -> None:
    with pytest.raises(TagProofInvalid):
        oprf.verify(PUBLIC_KEY, ELEMENTS, replace(HONEST, proof=proof))


def test_a_proof_that_cancels_itself_out_is_refused() -> None:
    # The key holder can make response × G + challenge × public infinity.
    response = -2 * KEY % ORDER
    proof = (2).to_bytes(32) + response.to_bytes(32)

    with pytest.raises(TagProofInvalid):
        oprf.verify(PUBLIC_KEY, ELEMENTS, replace(HONEST, proof=proof))


@pytest.mark.parametrize("size", [0, 48])
def test_random_scalars_are_in_range(size: int) -> None:
    assert oprf.scalar_from_random(bytes(size)) == 1
    assert 0 < oprf.scalar_from_random(b"\xff" * 48) < ORDER - 1


def test_secrets_are_not_shown() -> None:
    assert "bb" not in repr(BLINDED[1])
    assert "scalar" not in repr(BLINDED[1])
