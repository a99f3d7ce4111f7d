"""The transparency log 存证: entries and the Merkle tree of RFC 6962 (log.md §1–§3)."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tokens import cbor
from tokens.errors import LogProofInvalid

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
HASH_SIZE: Final = 32
_ENTRY_VERSION: Final = 1


def entry_bytes(kind: str, at_microseconds: int, nonce: bytes, event: bytes) -> bytes:
    """Return the log entry of one fact: what the tree holds of it, for ever.

    The entry commits to the event without showing it. Deleting event and nonce
    erases the fact's content, and every proof still holds.

    Args:
        kind: the type of the fact, such as `visit`.
        at_microseconds: its instant, microseconds since 1970-01-01 UTC.
        nonce: 32 random bytes, kept beside the event.
        event: the canonical bytes of the fact.
    """
    commitment = hmac.digest(nonce, event, "sha256")
    return cbor.encode([_ENTRY_VERSION, kind, at_microseconds, commitment])


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of one entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, kw_only=True, slots=True)
class Frontier:
    """What must be remembered of a tree to append to it and to know its root.

    `hashes` are the roots of the full subtrees, largest first: one for each bit
    that is set in `size`.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.hashes) != self.size.bit_count():
            message = "a frontier has one hash for each set bit of its size"
            raise ValueError(message)

    def append(self, leaf: bytes) -> "Frontier":
        """Return the frontier after one more leaf hash."""
        hashes, size = self.hashes, self.size
        while size & 1:
            hashes, leaf = hashes[:-1], node_hash(hashes[-1], leaf)
            size >>= 1
        return Frontier(size=self.size + 1, hashes=(*hashes, leaf))

    def root(self) -> bytes:
        """Return the root of the tree so far."""
        return _folded(self.hashes) if self.hashes else EMPTY_ROOT


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier = frontier.append(leaf)
    return frontier.root()


def inclusion_proof(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return the hashes that lead from leaf `index` to the root over `leaves`."""
    if not 0 <= index < len(leaves):
        message = "the index is outside the tree"
        raise ValueError(message)
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    left, right = leaves[:split], leaves[split:]
    if index < split:
        return [*inclusion_proof(index, left), root(right)]
    return [*inclusion_proof(index - split, right), root(left)]


def consistency_proof(size: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return the hashes that prove the first `size` leaves are a prefix of `leaves`."""
    if not 0 < size <= len(leaves):
        message = "the earlier size must be inside the later tree"
        raise ValueError(message)
    return _consistency(size, leaves, is_whole=True)


def verify_inclusion(
    *, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Check that a leaf hash stands at `index`, or raise LogProofInvalid."""
    if not 0 <= index < size or len(leaf) != HASH_SIZE:
        raise LogProofInvalid
    inner = (index ^ (size - 1)).bit_length()
    border = (index >> inner).bit_count()
    if len(proof) != inner + border:
        raise LogProofInvalid
    computed = leaf
    for level, sibling in enumerate(proof):
        if level >= inner or index >> level & 1:
            computed = node_hash(sibling, computed)
        else:
            computed = node_hash(computed, sibling)
    if not hmac.compare_digest(computed, root):
        raise LogProofInvalid


def verify_consistency(
    *, size1: int, size2: int, proof: Sequence[bytes], root1: bytes, root2: bytes
) -> None:
    """Check that the earlier tree is a prefix of the later, or raise LogProofInvalid.

    An earlier size of 0 proves nothing and is refused.
    """
    if not 0 < size1 <= size2:
        raise LogProofInvalid
    if size1 == size2:
        if proof or not hmac.compare_digest(root1, root2):
            raise LogProofInvalid
        return
    earlier, later = _consistency_roots(size1, size2, proof, root1)
    if not hmac.compare_digest(earlier + later, root1 + root2):
        raise LogProofInvalid


def _consistency_roots(
    size1: int, size2: int, proof: Sequence[bytes], root1: bytes
) -> tuple[bytes, bytes]:
    """Return both roots as the proof has them (RFC 9162 §2.1.4.2)."""
    # Where the earlier tree is one full subtree of the later, its root is the start.
    path = list(proof) if size1 & (size1 - 1) else [root1, *proof]
    if not path:
        raise LogProofInvalid
    low = (size1 & -size1).bit_length() - 1
    index, last = (size1 - 1) >> low, (size2 - 1) >> low
    earlier = later = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise LogProofInvalid
        if index & 1 or index == last:
            earlier, later = node_hash(sibling, earlier), node_hash(sibling, later)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            later = node_hash(later, sibling)
        index, last = index >> 1, last >> 1
    if last:
        raise LogProofInvalid
    return earlier, later


def _consistency(size: int, leaves: Sequence[bytes], *, is_whole: bool) -> list[bytes]:
    if size == len(leaves):
        return [] if is_whole else [root(leaves)]
    split = _split(len(leaves))
    left, right = leaves[:split], leaves[split:]
    if size <= split:
        return [*_consistency(size, left, is_whole=is_whole), root(right)]
    return [*_consistency(size - split, right, is_whole=False), root(left)]


def _split(size: int) -> int:
    """Return the largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _folded(hashes: Sequence[bytes]) -> bytes:
    folded = hashes[-1]
    for left in reversed(hashes[:-1]):
        folded = node_hash(left, folded)
    return folded
