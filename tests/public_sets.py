"""The large public test sets beside the checkout: more of what we keep a few of here.

Nothing depends on them: every kind of case has examples of its own in `tests/vectors/`
and `tests/cases/`. Where they are present, all of their cases are checked as well.
"""

from collections.abc import Mapping
from pathlib import Path

PUBLIC = Path(__file__).parents[2] / "shared"
# Folder → what it holds, and the examples of ours that are checked in any case.
SETS: Mapping[str, str] = {
    "vectors/merkle": "196 Merkle proofs; 39 of them are in merkle_proofs.json",
    "vectors/c2sp": "checkpoints of a whole log; 7 of them are in checkpoints.json",
    "vectors/rfc9380": "points of RFC 9380; some are in hash_to_curve_p256.json",
    "vectors/rfc9497": "evaluations of RFC 9497; some are in oprf_p256.json",
    "vectors/wycheproof": "1 400 cases of signatures; some are in primitives.json",
    "cases": "worked examples of rulings; our own are in tests/cases/",
}


def absent_sets() -> list[str]:
    """Return the public sets that this machine does not have."""
    return [name for name in SETS if not (PUBLIC / name).is_dir()]
