"""The transparency log 存证: entries and the Merkle tree of RFC 6962 (log.md §1–§3)."""

import hashlib
import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from tokens import cbor
from tokens.errors import LogProofInvalid

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
HASH_SIZE: Final = 32
MAXIMUM_PROOF: Final = 63  # hashes: trees stay below 2**63 leaves
TILE_HEIGHT: Final = 4
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


class Node(NamedTuple):
    """A full subtree: its root, over the 2^level leaves from number × 2^level on."""

    level: int
    number: int
    hash: bytes


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

    def grown(self, leaves: Iterable[bytes]) -> tuple["Frontier", list[Node]]:
        """Return the frontier after more leaf hashes, and the nodes to remember.

        Of the full subtrees that these leaves complete, those of whole tiles
        (TILE_HEIGHT levels each) are returned; the others are quickly made again.
        """
        hashes, size, nodes = list(self.hashes), self.size, []
        for leaf in leaves:
            level, node = 0, leaf
            while size >> level & 1:
                node = node_hash(hashes.pop(), node)
                level += 1
                if level % TILE_HEIGHT == 0:
                    nodes.append(Node(level, size >> level, node))
            hashes.append(node)
            size += 1
        return Frontier(size=size, hashes=tuple(hashes)), nodes

    def peaks(self) -> dict[tuple[int, int], bytes]:
        """Return the full subtrees that the tree is made of, by level and number."""
        levels = (
            n for n in reversed(range(self.size.bit_length())) if self.size >> n & 1
        )
        return {
            (level, (self.size >> level) - 1): digest
            for level, digest in zip(levels, self.hashes, strict=True)
        }

    def root(self) -> bytes:
        """Return the root of the tree so far."""
        return _folded(self.hashes) if self.hashes else EMPTY_ROOT


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes, made level by level.

    A last hash without a partner goes up as it is.
    """
    level = leaves
    while len(level) > 1:
        pairs = map(node_hash, level[::2], level[1::2])
        level = [*pairs, *level[len(level) & ~1 :]]
    return level[0] if level else EMPTY_ROOT


NodeReader = Callable[[int, int], bytes]
"""Gives, for a level and a number, the root of that full subtree (see Node)."""


def nodes_of(leaves: Sequence[bytes]) -> NodeReader:
    """Return a reader of the nodes over leaf hashes that are at hand."""
    return lambda level, number: root(leaves[number << level : (number + 1) << level])


def root_at(size: int, node: NodeReader) -> bytes:
    """Return the root over the first `size` leaves of a tree."""
    return _range_root(0, size, node) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, node: NodeReader) -> list[bytes]:
    """Return the hashes that lead from leaf `index` to the root over `size` leaves."""
    if not 0 <= index < size:
        message = "the index is outside the tree"
        raise ValueError(message)
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range_root(middle, end, node))
            end = middle
        else:
            proof.append(_range_root(start, middle, node))
            start = middle
    return proof[::-1]


def consistency_proof(size1: int, size2: int, node: NodeReader) -> list[bytes]:
    """Return the hashes that prove the first leaves to be a prefix of the later."""
    if not 0 < size1 <= size2:
        message = "the earlier size must be inside the later tree"
        raise ValueError(message)
    proof: list[bytes] = []
    start, end, is_whole = 0, size2, True
    while end != size1:
        middle = start + _split(end - start)
        if size1 <= middle:
            proof.append(_range_root(middle, end, node))
            end = middle
        else:
            proof.append(_range_root(start, middle, node))
            start, is_whole = middle, False
    if not is_whole:
        proof.append(_range_root(start, end, node))
    return proof[::-1]


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


def _range_root(start: int, end: int, node: NodeReader) -> bytes:
    """Return the root over the leaves from `start`, which their count divides well."""
    hashes = []
    while start < end:
        level = (end - start).bit_length() - 1
        hashes.append(node(level, start >> level))
        start += 1 << level
    return _folded(hashes)


def _split(size: int) -> int:
    """Return the largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _folded(hashes: Sequence[bytes]) -> bytes:
    folded = hashes[-1]
    for left in reversed(hashes[:-1]):
        folded = node_hash(left, folded)
    return folded
