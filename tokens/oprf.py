"""The oblivious function of RFC 9497, suite P256-SHA256, modes OPRF and VOPRF.

The client blinds, the key holder evaluates and proves, the client finalizes.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from tokens import p256
from tokens.errors import TagElementInvalid, TagProofInvalid
from tokens.p256 import Point, add, encode_point, multiply, multiply_base

PROOF_SIZE: Final = 2 * p256.SCALAR_SIZE


class Mode(IntEnum):
    """Which protocol: the number is part of every hash, so the two never mix."""

    OPRF = 0
    VOPRF = 1

    def domain(self, purpose: bytes) -> bytes:
        """Return the domain separation tag of one purpose (RFC 9497 §3.1)."""
        return purpose + b"OPRFV1-" + bytes([self]) + b"-P256-SHA256"


@dataclass(frozen=True, kw_only=True, slots=True)
class Blinded:
    """One blinded input: `element` goes to the key holder, the rest stays."""

    input: bytes = field(repr=False)
    scalar: int = field(repr=False)
    element: Point


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """What the key holder answers to a batch: one element each, one proof for all."""

    elements: tuple[Point, ...]
    proof: bytes


def derive_key(seed: bytes, info: bytes, mode: Mode = Mode.VOPRF) -> int:
    """Return the secret scalar of a seed (RFC 9497 §3.2.1)."""
    material = seed + len(info).to_bytes(2) + info
    # The standard counts on while the scalar is 0, which never happens.
    return p256.hash_to_scalar(material + b"\x00", mode.domain(b"DeriveKeyPair"))


def scalar_from_random(random: bytes) -> int:
    """Return a scalar 0 < s < order − 1 of 48 random bytes."""
    return 1 + int.from_bytes(random) % (p256.ORDER - 2)


def blind(data: bytes, scalar: int, mode: Mode = Mode.VOPRF) -> Blinded:
    """Hide an input behind a scalar that is used once."""
    element = p256.hash_to_curve(data, mode.domain(b"HashToGroup-"))
    return Blinded(input=data, scalar=scalar, element=multiply(scalar, element))


def evaluate(key: int, element: Point) -> Point:
    """Return the element under the key."""
    return multiply(key, element)


def blind_evaluate(
    key: int, public: Point, elements: Sequence[Point], proof_scalar: int
) -> Evaluation:
    """Evaluate a batch, and prove that one key did all of it (mode VOPRF).

    Args:
        key: the secret scalar; `public` is key × G.
        elements: at least one blinded element.
        proof_scalar: a fresh random scalar; used twice it would give the key away.
    """
    answers = tuple(evaluate(key, element) for element in elements)
    weights = _weights(public, elements, answers)
    combined = _weighted_sum(weights, elements)
    challenge = _challenge(
        public,
        combined,
        evaluate(key, combined),
        multiply_base(proof_scalar),
        multiply(proof_scalar, combined),
    )
    response = (proof_scalar - challenge * key) % p256.ORDER
    return Evaluation(
        elements=answers, proof=challenge.to_bytes(32) + response.to_bytes(32)
    )


def verify(public: Point, elements: Sequence[Point], evaluation: Evaluation) -> None:
    """Check that the public key's holder evaluated each element, or raise.

    Raises:
        TagProofInvalid: another key, another element, or not a proof.
    """
    if len(evaluation.elements) != len(elements) or not elements:
        raise TagProofInvalid
    challenge, response = _proof_scalars(evaluation.proof)
    weights = _weights(public, elements, evaluation.elements)
    combined = _weighted_sum(weights, elements)
    answered = _weighted_sum(weights, evaluation.elements)
    try:
        expected = _challenge(
            public,
            combined,
            answered,
            add(multiply_base(response), multiply(challenge, public)),
            add(multiply(response, combined), multiply(challenge, answered)),
        )
    except TagElementInvalid:
        raise TagProofInvalid from None
    if challenge != expected:
        raise TagProofInvalid


def finalize(blinded: Blinded, answer: Point) -> bytes:
    """Return the output, 32 bytes. Call `verify` before."""
    unblinded = multiply(pow(blinded.scalar, -1, p256.ORDER), answer)
    parts = _prefixed(blinded.input) + _prefixed(encode_point(unblinded))
    return hashlib.sha256(parts + b"Finalize").digest()


def _proof_scalars(proof: bytes) -> tuple[int, int]:
    challenge, response = int.from_bytes(proof[:32]), int.from_bytes(proof[32:])
    # 0 and order − 1 have no business in a proof and no place in `multiply`.
    limit = p256.ORDER - 1
    if len(proof) != PROOF_SIZE or not (0 < challenge < limit and 0 < response < limit):
        raise TagProofInvalid
    return challenge, response


def _weights(
    public: Point, elements: Sequence[Point], answers: Sequence[Point]
) -> list[int]:
    """Return the public weights that fold a batch into one element (§2.2.1)."""
    seed = hashlib.sha256(
        _prefixed(encode_point(public)) + _prefixed(Mode.VOPRF.domain(b"Seed-"))
    ).digest()
    return [
        p256.hash_to_scalar(
            _prefixed(seed)
            + index.to_bytes(2)
            + _prefixed(encode_point(element))
            + _prefixed(encode_point(answer))
            + b"Composite",
            Mode.VOPRF.domain(b"HashToScalar-"),
        )
        for index, (element, answer) in enumerate(zip(elements, answers, strict=True))
    ]


def _weighted_sum(weights: Sequence[int], points: Sequence[Point]) -> Point:
    first, *rest = map(multiply, weights, points)
    for point in rest:
        first = add(first, point)
    return first


def _challenge(*points: Point) -> int:
    transcript = b"".join(_prefixed(encode_point(point)) for point in points)
    return p256.hash_to_scalar(
        transcript + b"Challenge", Mode.VOPRF.domain(b"HashToScalar-")
    )


def _prefixed(data: bytes) -> bytes:
    return len(data).to_bytes(2) + data
