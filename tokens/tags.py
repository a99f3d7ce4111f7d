"""Identity tags 身份标签: same person, same project, same tag; never the number.

tag = VOPRF(tag key, Argon2id(identifier)), identity-tag.md §4–§6.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from argon2.low_level import Type, hash_secret_raw

from tokens import oprf, p256
from tokens.errors import TagElementInvalid
from tokens.identifiers import Identifier, normal_form
from tokens.oprf import Evaluation
from tokens.p256 import Point

TAG_SIZE: Final = 32
KEY_SEED_SIZE: Final = 32
_KEY_INFO: Final = b"identity-tag-key/v1"
_SALT_LABEL: Final = b"identity-tag-salt/v1\x00"
_RANDOM_SCALAR: Final = 48

_MEMORY_KIB: Final = 19 * 1024
_PASSES: Final = 2
_LANES: Final = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class TagKey:
    """The tag key of one project and epoch. Destroying its seed unlinks its tags."""

    scalar: int = field(repr=False)
    public: Point

    @staticmethod
    def from_random(seed: bytes) -> "TagKey":
        """Return the key of 32 random bytes; the same bytes give the same key."""
        if len(seed) != KEY_SEED_SIZE:
            message = f"a tag key is made of {KEY_SEED_SIZE} random bytes"
            raise ValueError(message)
        scalar = oprf.derive_key(seed, _KEY_INFO)
        return TagKey(scalar=scalar, public=p256.multiply_base(scalar))

    def public_bytes(self) -> bytes:
        """Return the public key as it stands in the log, 33 bytes."""
        return p256.encode_point(self.public)


def stretch(identifier: Identifier, project: str) -> bytes:
    """Return 32 bytes that are slow to make (Argon2id, about 20 ms and 19 MiB).

    Whoever steals tags and tag key must still spend this on every number they try.
    Argon2 runs outside the interpreter lock, so it holds up no other thread.
    """
    return hash_secret_raw(
        secret=normal_form(identifier).encode(),
        salt=hashlib.sha256(_SALT_LABEL + project.encode()).digest()[:16],
        time_cost=_PASSES,
        memory_cost=_MEMORY_KIB,
        parallelism=_LANES,
        hash_len=32,
        type=Type.ID,
    )


def blind(stretched: bytes, random_bytes: Callable[[int], bytes]) -> oprf.Blinded:
    """Hide a stretched identifier before it is sent to the tag service."""
    return oprf.blind(stretched, _random_scalar(random_bytes))


def element_bytes(blinded: oprf.Blinded) -> bytes:
    """Return what is sent to the tag service, 33 bytes."""
    return p256.encode_point(blinded.element)


def blind_evaluate(
    elements: Sequence[bytes], *, key: TagKey, random_bytes: Callable[[int], bytes]
) -> tuple[list[bytes], bytes]:
    """Answer a batch of blinded elements: evaluated elements, and one proof.

    Raises:
        TagElementInvalid: an element is not a point of the curve, or there is none.
    """
    if not elements:
        raise TagElementInvalid
    points = [p256.decode_point(element) for element in elements]
    scalar = _random_scalar(random_bytes)
    evaluation = oprf.blind_evaluate(key.scalar, key.public, points, scalar)
    return [p256.encode_point(e) for e in evaluation.elements], evaluation.proof


def finalize(
    blinded: Sequence[oprf.Blinded],
    answers: Sequence[bytes],
    proof: bytes,
    *,
    public_key: bytes,
) -> list[bytes]:
    """Return the tags of a batch, once the proof is checked.

    Args:
        public_key: the tag key that the log names for this project and epoch.

    Raises:
        TagProofInvalid: the answers were not made with that key.
        TagElementInvalid: an answer is not a point of the curve.
    """
    points = tuple(p256.decode_point(answer) for answer in answers)
    return _finalized(
        blinded,
        Evaluation(elements=points, proof=proof),
        p256.decode_point(public_key),
    )


def tags_for(
    identifiers: Sequence[Identifier],
    *,
    project: str,
    key: TagKey,
    random_bytes: Callable[[int], bytes],
    stretch: Callable[[Identifier, str], bytes] = stretch,
) -> list[bytes]:
    """Return the tags of identifiers, in order (embedded mode).

    One batch and one proof, which is verified as if the key were elsewhere: a fault
    in the computation cannot quietly store a tag that will never match again.
    """
    if not identifiers:
        return []
    blinded = [blind(stretch(one, project), random_bytes) for one in identifiers]
    elements = [one.element for one in blinded]
    evaluation = oprf.blind_evaluate(
        key.scalar, key.public, elements, _random_scalar(random_bytes)
    )
    return _finalized(blinded, evaluation, key.public)


def _finalized(
    blinded: Sequence[oprf.Blinded], evaluation: Evaluation, public: Point
) -> list[bytes]:
    oprf.verify(public, [one.element for one in blinded], evaluation)
    return list(map(oprf.finalize, blinded, evaluation.elements))


def _random_scalar(random_bytes: Callable[[int], bytes]) -> int:
    return oprf.scalar_from_random(random_bytes(_RANDOM_SCALAR))
