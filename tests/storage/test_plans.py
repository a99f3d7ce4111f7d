"""What is looked up by a key is found by an index, however many rows there are."""

from collections.abc import Callable, Iterator

import pytest

from attribution.ids import ProjectId, SigningId, TokenId, VisitId, VisitorTag
from attribution.storage.engine import Database, open_database
from attribution.storage.work import UnitOfWork, unit_of_work
from tests.overhearing import heard

Ask = Callable[[UnitOfWork], object]


@pytest.fixture
def sqlite(sqlite_url: str) -> Iterator[Database]:
    opened = open_database(sqlite_url)
    yield opened
    opened.close()


def plan_of(database: Database, ask: Ask) -> list[str]:
    """Return how SQLite goes about what is asked, step by step."""
    with heard(database) as said, unit_of_work(database.writing()) as work:
        ask(work)
    with database.reading() as connection:
        return [
            row.detail
            for text, values in said
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)
        ]


@pytest.mark.parametrize(
    ("ask", "table", "column"),
    [
        pytest.param(
            lambda work: work.signings.ruling_of(SigningId("s")),
            "rulings",
            "signing_id",
            id="the ruling of a signing",
        ),
        pytest.param(
            lambda work: work.signings.without_ruling(),
            "rulings",
            "signing_id",
            id="signings without a ruling",
        ),
        pytest.param(
            lambda work: work.signings.rulings_of_visit(VisitId("v")),
            "signing_receipts",
            "visit_id",
            id="the rulings of a visit",
        ),
        pytest.param(
            lambda work: work.disputes.signings_met(["v"]),
            "signing_receipts",
            "visit_id",
            id="the signings that a visit has met",
        ),
        pytest.param(
            lambda work: work.disputes.appearances_of(TokenId("t")),
            "refusals",
            "token_id",
            id="the refusals of a token",
        ),
        pytest.param(
            lambda work: work.signings.free_unit(SigningId("s")),
            "sold_units",
            "signing_id",
            id="the home of a cancelled signing",
        ),
    ],
)
def test_a_lookup_uses_its_index(
    sqlite: Database, ask: Ask, table: str, column: str
) -> None:
    steps = [one for one in plan_of(sqlite, ask) if table in one]

    assert [one.split(" ")[0] for one in steps] == ["SEARCH"] * len(steps)
    assert f"INDEX ix_{table}_{column} ({column}=?)" in " ".join(steps)


# Of two kinds and two epochs, as of a whole and a masked number after a rotation.
TAGS = [
    VisitorTag(kind=kind, epoch=epoch, value=bytes([epoch]) * 32)
    for kind in ("cn-mobile", "cn-mobile-masked")
    for epoch in (1, 2)
]
PROJECT = ProjectId("p")


@pytest.mark.parametrize(
    ("ask", "index"),
    [
        pytest.param(
            lambda work: work.tokens.bound_to(PROJECT, TAGS),
            "ix_tokens_project_id_bound_kind_bound_epoch_bound_value "
            "(project_id=? AND bound_kind=? AND bound_epoch=? AND bound_value=?)",
            id="the tokens bound to somebody",
        ),
        pytest.param(
            lambda work: work.agreements.owners_among(PROJECT, TAGS),
            "sqlite_autoindex_owner_tags_1 "
            "(project_id=? AND kind=? AND epoch=? AND value=?)",
            id="the marks of an owner",
        ),
        pytest.param(
            lambda work: work.visits.matching(PROJECT, TAGS),
            "ix_visit_tags_project_id_value (project_id=? AND value=?)",
            id="the visits of somebody",
        ),
        pytest.param(
            lambda work: work.visits.matching(PROJECT, TAGS),
            "ix_refusal_tags_project_id_value (project_id=? AND value=?)",
            id="the refusals of somebody",
        ),
    ],
)
def test_tags_are_found_by_all_of_their_index(
    sqlite: Database, ask: Ask, index: str
) -> None:
    assert f"INDEX {index}" in " ".join(plan_of(sqlite, ask))
