"""What a witness 见证人 is asked, and when it may cosign (C2SP tlog-witness).

Pure: which checkpoint it cosigned last, and where it keeps that, is its host's part.
"""

import re
from dataclasses import dataclass
from typing import Final

from tokens.checkpoints import Checkpoint, parse_proof, proof_lines
from tokens.errors import (
    CheckpointMalformed,
    LogProofInvalid,
    OfferMalformed,
    WitnessConflict,
)
from tokens.log import verify_consistency
from tokens.notes import MAXIMUM_NOTE_SIZE

_OLD: Final = re.compile(r"old (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """A checkpoint offered to a witness, with the proof that it extends an older one.

    `old_size` is the size that the log believes the witness has cosigned last.
    """

    old_size: int
    proof: tuple[bytes, ...]
    checkpoint: str


def offer_text(offer: Offer) -> str:
    """Return the body of an add-checkpoint call."""
    return "\n".join(
        [f"old {offer.old_size}", *proof_lines(offer.proof), "", offer.checkpoint]
    )


def parse_offer(text: str) -> Offer:
    """Return what a body says, or raise OfferMalformed."""
    head, gap, checkpoint = text.partition("\n\n")
    first, *lines = head.split("\n")
    old = _OLD.fullmatch(first)
    if len(text) > 2 * MAXIMUM_NOTE_SIZE or not gap or old is None:
        raise OfferMalformed
    try:
        proof = parse_proof(lines)
    except CheckpointMalformed:
        raise OfferMalformed from None
    return Offer(old_size=int(old[1]), proof=proof, checkpoint=checkpoint)


def check_offer(offer: Offer, offered: Checkpoint, seen: Checkpoint | None) -> None:
    """Check that an offered checkpoint extends the one cosigned last, or raise.

    Args:
        offered: the checkpoint of the offer, its signature checked.
        seen: what the witness has cosigned last of this log; None before the first.

    Raises:
        OfferMalformed: it is smaller than what it says it extends.
        WitnessConflict: the witness has seen another size, or of the same size
            another tree.
        LogProofInvalid: the proof does not lead from the one to the other.
    """
    if offer.old_size > offered.size:
        raise OfferMalformed
    if offer.old_size != (0 if seen is None else seen.size):
        raise WitnessConflict
    if seen is None or seen.size == 0:
        if offer.proof:
            raise LogProofInvalid
        return
    if seen.size == offered.size and seen.root != offered.root:
        raise WitnessConflict
    verify_consistency(
        size1=seen.size,
        size2=offered.size,
        proof=offer.proof,
        root1=seen.root,
        root2=offered.root,
    )
