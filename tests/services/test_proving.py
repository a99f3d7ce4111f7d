"""Proofs over real rows: of every fact, of every growth, across tiles."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from attribution.errors import NotFound, ProofPending
from attribution.services.proving import consistency_of, inclusion_of, receipt_for
from attribution.services.publishing import newest_head
from attribution.services.sequencing import sequence
from attribution.services.statements import StatementKind, record
from attribution.storage.tables import log_entries, log_heads, log_nodes
from tests.office import Office
from tokens.log import (
    inclusion_proof,
    leaf_hash,
    nodes_of,
    root,
    verify_consistency,
    verify_inclusion,
)
from tokens.receipts import opening_of, verify_receipt
from tokens.trust import LogKey, Trust


def trust(office: Office) -> Trust:
    return Trust(log_keys=(LogKey(verifier=office.keys.log.verifier),))


def fill(office: Office, entries: int) -> None:
    """Log so many facts of no consequence, and place them."""
    with office.runtime.transaction() as work:
        for number in range(entries):
            body = {"number": number}
            record(office.runtime, work, office.time, (StatementKind.LOOK_UP, body))
    sequence(office.runtime)


def leaves(office: Office) -> list[bytes]:
    placed = log_entries.c.position.is_not(None)
    query = select(log_entries.c.entry).where(placed).order_by("position")
    with office.database.reading() as connection:
        return [leaf_hash(entry) for entry in connection.execute(query).scalars()]


def test_the_promised_entry_is_proven_once_it_has_its_place(office: Office) -> None:
    entry: Any = office.walk_in()["promise"]
    with pytest.raises(ProofPending):
        inclusion_of(office.runtime, entry["entry"])

    sequence(office.runtime)

    found = inclusion_of(office.runtime, entry["entry"])
    verify_inclusion(
        leaf=leaves(office)[found.position],
        index=found.position,
        size=found.size,
        proof=found.proof,
        root=root(leaves(office)[: found.size]),
    )


def test_a_receipt_carries_its_fact_and_is_checked_without_us(office: Office) -> None:
    promise: Any = office.walk_in()["promise"]
    sequence(office.runtime)

    receipt = receipt_for(office.runtime, promise["entry"])

    verify_receipt(receipt, trust(office))
    assert opening_of(receipt).kind == "visit/v1"


def test_nobody_gets_a_receipt_of_nothing(office: Office) -> None:
    with pytest.raises(NotFound):
        receipt_for(office.runtime, "0" * 32)


def test_an_erased_fact_has_a_proof_and_no_receipt(office: Office) -> None:
    promise: Any = office.walk_in()["promise"]
    sequence(office.runtime)
    erased = update(log_entries).where(log_entries.c.id == promise["entry"])
    with office.database.writing() as connection:
        connection.execute(erased.values(nonce=None, event=None))

    assert inclusion_of(office.runtime, promise["entry"]).proof
    with pytest.raises(NotFound):
        receipt_for(office.runtime, promise["entry"])


def test_every_entry_of_a_log_of_several_tiles_is_proven(sqlite_office: Office) -> None:
    office = sqlite_office
    for size in (3, 300, 1, 250, 600):
        fill(office, size)
    tree = leaves(office)
    ids = select(log_entries.c.id).order_by("position")
    with office.database.reading() as connection:
        found = list(connection.execute(ids).scalars())

    for position in (*range(0, len(tree), 37), 15, 16, 255, 256, len(tree) - 1):
        proven = inclusion_of(office.runtime, found[position])
        expected = inclusion_proof(position, len(tree), nodes_of(tree))
        assert (proven.position, list(proven.proof)) == (position, expected)
    assert office.count(log_nodes) == len(tree) // 16 + len(tree) // 256


def test_growth_is_proven_from_every_head_to_every_later(office: Office) -> None:
    sizes = []
    for more in (2, 260, 7, 300):
        fill(office, more)
        sizes.append(newest_head(office.runtime)[0].size)
    tree = leaves(office)

    for first in sizes:
        for second in sizes[sizes.index(first) :]:
            verify_consistency(
                size1=first,
                size2=second,
                proof=consistency_of(office.runtime, first, second),
                root1=root(tree[:first]),
                root2=root(tree[:second]),
            )


def test_nodes_that_were_never_remembered_are_made_again(office: Office) -> None:
    fill(office, 600)
    size = newest_head(office.runtime)[0].size
    proof = consistency_of(office.runtime, 3, size)
    with office.database.writing() as connection:
        connection.execute(delete(log_nodes))

    assert consistency_of(office.runtime, 3, size) == proof


@pytest.mark.parametrize(("first", "second"), [(0, 1), (2, 1), (1, 10_000)])
def test_sizes_that_were_never_signed_are_not_found(
    office: Office, first: int, second: int
) -> None:
    office.walk_in()
    sequence(office.runtime)

    with pytest.raises(NotFound):
        consistency_of(office.runtime, first, second)


def test_an_empty_log_proves_nothing(office: Office) -> None:
    with pytest.raises(NotFound):
        consistency_of(office.runtime, 1, 1)


def test_a_node_above_a_tile_of_tiles_is_made_from_tiles(sqlite_office: Office) -> None:
    """The second level of tiles, without 256 entries: their roots are given."""
    office = sqlite_office
    tiles = [bytes([n]) * 32 for n in range(16)]
    rows = [{"level": 4, "number": n, "hash": tile} for n, tile in enumerate(tiles)]
    with office.database.writing() as connection:
        connection.execute(insert(log_nodes), rows)

    with office.runtime.reading() as work:
        assert work.log.reader()(8, 0) == root(tiles)
        assert work.log.reader()(6, 1) == root(tiles[4:8])


def test_a_receipt_of_another_log_is_not_ours(office: Office) -> None:
    promise: Any = office.walk_in()["promise"]
    sequence(office.runtime)
    receipt = receipt_for(office.runtime, promise["entry"])

    forged = replace(receipt, index=receipt.index + 1)

    with pytest.raises(Exception, match="LOG_PROOF_INVALID"):
        verify_receipt(forged, trust(office))


def test_an_entry_whose_head_is_gone_has_no_proof_yet(office: Office) -> None:
    promise: Any = office.walk_in()["promise"]
    sequence(office.runtime)
    with office.database.writing() as connection:
        connection.execute(delete(log_heads))

    with pytest.raises(ProofPending):
        inclusion_of(office.runtime, promise["entry"])
