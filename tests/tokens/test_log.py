import base64
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tokens.vector_files import own, public_files
from tokens import log
from tokens.errors import LogProofInvalid
from tokens.log import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    entry_bytes,
    inclusion_proof,
    leaf_hash,
    node_hash,
    nodes_of,
    root_at,
    verify_consistency,
    verify_inclusion,
)

TREE = own("merkle_tree.json")
LEAVES = [leaf_hash(bytes.fromhex(data)) for data in TREE["leaves"]]
PROOFS = own("merkle_proofs.json")
SIZES = st.integers(1, 40)


def leaves(count: int) -> list[bytes]:
    return [leaf_hash(str(index).encode()) for index in range(count)]


def decoded(case: dict[str, Any]) -> dict[str, Any]:
    names = {"leafIdx": "index", "treeSize": "size", "leafHash": "leaf"}
    renamed = {names.get(key, key): value for key, value in case.items()}
    for key in {"root", "root1", "root2", "leaf"} & set(renamed):
        renamed[key] = base64.b64decode(renamed[key] or "")
    renamed["proof"] = [base64.b64decode(item) for item in renamed["proof"] or []]
    told = {"desc", "wantErr", "file"}
    return {key: renamed[key] for key in renamed if key not in told}


def judged(kind: str) -> list[dict[str, Any]]:
    """Return our own cases of a kind, and all public ones where they are present."""
    files = public_files(f"merkle/testdata/{kind}/**/*.json")
    assert len(files) in {0, 98}
    return [*PROOFS[kind], *(json.loads(one.read_text("utf-8")) for one in files)]


@pytest.mark.parametrize("case", TREE["inclusion"], ids=str)
def test_our_own_inclusion_cases(case: dict[str, Any]) -> None:
    verify_inclusion(**decoded(case))


def accepts(check: Any, case: dict[str, Any]) -> bool:
    try:
        check(**decoded(case))
    except LogProofInvalid:
        return False
    return True


@pytest.mark.parametrize(
    ("kind", "check"),
    [("inclusion", verify_inclusion), ("consistency", verify_consistency)],
)
def test_every_published_proof_is_judged_as_expected(kind: str, check: Any) -> None:
    cases = judged(kind)

    wrong = [case["desc"] for case in cases if accepts(check, case) is case["wantErr"]]

    assert wrong == []
    assert {case["wantErr"] for case in cases} == {True, False}


@pytest.mark.parametrize(
    ("size", "root"), [(int(k), v) for k, v in TREE["roots"].items()]
)
def test_the_root_of_a_known_tree(size: int, root: str) -> None:
    assert log.root(LEAVES[:size]).hex() == root


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert Frontier().root() == EMPTY_ROOT == log.root([]) == hashlib.sha256().digest()


def test_a_leaf_is_never_a_node() -> None:
    left, right = LEAVES[:2]

    assert node_hash(left, right) != leaf_hash(left + right)


@given(SIZES, st.data())
def test_every_leaf_of_every_tree_can_be_proven(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    tree = leaves(size)
    proof = inclusion_proof(index, size, nodes_of(tree))
    root = log.root(tree)

    verify_inclusion(leaf=tree[index], index=index, size=size, proof=proof, root=root)
    for at in range(len(proof)):
        bent = [*proof[:at], bytes(32), *proof[at + 1 :]]
        with pytest.raises(LogProofInvalid):
            verify_inclusion(
                leaf=tree[index], index=index, size=size, proof=bent, root=root
            )


@given(SIZES, st.data())
def test_every_tree_is_a_prefix_of_its_later_self(
    size: int, data: st.DataObject
) -> None:
    earlier = data.draw(st.integers(1, size))
    tree = leaves(size)
    roots = {"root1": log.root(tree[:earlier]), "root2": log.root(tree)}
    proof = consistency_proof(earlier, size, nodes_of(tree))

    verify_consistency(size1=earlier, size2=size, proof=proof, **roots)
    for bent in ([*proof, bytes(32)], proof[:-1]):
        if bent != proof:
            with pytest.raises(LogProofInvalid):
                verify_consistency(size1=earlier, size2=size, proof=bent, **roots)


def test_a_rewritten_leaf_breaks_consistency() -> None:
    honest, forged = leaves(7), [*leaves(2), LEAVES[0], *leaves(7)[3:]]

    with pytest.raises(LogProofInvalid):
        verify_consistency(
            size1=5,
            size2=7,
            proof=consistency_proof(5, 7, nodes_of(forged)),
            root1=log.root(honest[:5]),
            root2=log.root(forged),
        )


@pytest.mark.parametrize(
    ("size1", "size2", "proof"),
    [
        pytest.param(0, 3, [], id="from nothing"),
        pytest.param(3, 2, [], id="backwards"),
        pytest.param(3, 4, [], id="no proof where one is needed"),
        pytest.param(3, 3, [bytes(32)], id="a proof where none is needed"),
    ],
)
def test_a_consistency_that_proves_nothing_is_refused(
    size1: int, size2: int, proof: list[bytes]
) -> None:
    with pytest.raises(LogProofInvalid):
        verify_consistency(
            size1=size1, size2=size2, proof=proof, root1=EMPTY_ROOT, root2=EMPTY_ROOT
        )


def test_two_trees_of_one_size_are_the_same_tree() -> None:
    verify_consistency(size1=3, size2=3, proof=[], root1=LEAVES[0], root2=LEAVES[0])

    with pytest.raises(LogProofInvalid):
        verify_consistency(size1=3, size2=3, proof=[], root1=LEAVES[0], root2=LEAVES[1])


def test_a_consistency_proof_longer_than_the_tree_is_refused() -> None:
    tree = leaves(4)
    proof = [*consistency_proof(3, 4, nodes_of(tree)), bytes(32)]

    with pytest.raises(LogProofInvalid):
        verify_consistency(
            size1=3,
            size2=4,
            proof=proof,
            root1=log.root(tree[:3]),
            root2=log.root(tree),
        )


@pytest.mark.parametrize("length", [0, 2])
def test_an_inclusion_proof_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(LogProofInvalid):
        verify_inclusion(
            leaf=LEAVES[0],
            index=0,
            size=2,
            proof=[LEAVES[1]] * length,
            root=log.root(LEAVES[:2]),
        )


@pytest.mark.parametrize(("index", "size"), [(-1, 4), (4, 4), (0, 0)])
def test_a_leaf_outside_the_tree_is_refused(index: int, size: int) -> None:
    with pytest.raises(LogProofInvalid):
        verify_inclusion(
            leaf=LEAVES[0], index=index, size=size, proof=[], root=LEAVES[0]
        )
    with pytest.raises(ValueError, match="outside the tree"):
        inclusion_proof(index, size, nodes_of(LEAVES))


@pytest.mark.parametrize("size", [0, 4])
def test_a_consistency_proof_needs_an_earlier_tree(size: int) -> None:
    with pytest.raises(ValueError, match="inside the later"):
        consistency_proof(size, 3, nodes_of(LEAVES))


@given(st.integers(0, 70))
def test_a_frontier_knows_the_root_of_all_leaves(size: int) -> None:
    frontier, _ = Frontier().grown(leaves(size))

    resumed = Frontier(size=frontier.size, hashes=frontier.hashes)

    assert resumed.root() == log.root(leaves(size))
    assert resumed.grown(LEAVES[:1])[0].root() == log.root([*leaves(size), LEAVES[0]])


def mth(tree: list[bytes]) -> bytes:
    """Return the root as RFC 6962 defines it, leaf by leaf."""
    if len(tree) < 2:
        return tree[0] if tree else EMPTY_ROOT
    k = 1
    while 2 * k < len(tree):
        k *= 2
    return node_hash(mth(tree[:k]), mth(tree[k:]))


@given(st.integers(0, 70))
def test_a_root_is_the_one_of_the_standard(size: int) -> None:
    tree = leaves(70)

    assert log.root(tree[:size]) == root_at(size, nodes_of(tree)) == mth(tree[:size])


def test_only_the_roots_of_whole_tiles_are_remembered_wherever_growing_stopped() -> (
    None
):
    tree = leaves(1000)
    whole = {
        (level, start >> level, log.root(tree[start : start + (1 << level)]))
        for level in (4, 8)
        for start in range(0, 1000 >> level << level, 1 << level)
    }

    first, early = Frontier().grown(tree[:300])
    _, later = first.grown(tree[300:])

    assert {tuple(node) for node in early + later} == whole
    assert len(early + later) == len(whole)


@given(SIZES)
def test_the_peaks_of_a_tree_are_its_full_subtrees(size: int) -> None:
    tree = leaves(size)

    peaks = Frontier().grown(tree)[0].peaks()

    reader = nodes_of(tree)
    assert peaks == {key: reader(*key) for key in peaks}
    assert sum(1 << level for level, _ in peaks) == size


def test_a_tile_of_tiles_is_remembered_too() -> None:
    tree = [bytes(32)] * 256

    frontier, nodes = Frontier().grown(tree)

    assert len(nodes) == 17
    assert nodes[-1] == (8, 0, frontier.root())


@pytest.mark.parametrize(("size", "hashes"), [(3, ()), (0, (b"",)), (-1, (b"",))])
def test_a_frontier_that_fits_no_tree_is_refused(
    size: int, hashes: tuple[bytes, ...]
) -> None:
    with pytest.raises(ValueError, match="one hash for each"):
        Frontier(size=size, hashes=hashes)


def test_an_entry_commits_to_the_event_without_showing_it() -> None:
    entry = entry_bytes("visit", 1, bytes(32), b"event")

    assert b"event" not in entry
    assert entry != entry_bytes("visit", 1, bytes(31) + b"\x01", b"event")
    assert entry != entry_bytes("visit", 1, bytes(32), b"another")
    assert entry != entry_bytes("issue", 1, bytes(32), b"event")
    assert entry != entry_bytes("visit", 2, bytes(32), b"event")
