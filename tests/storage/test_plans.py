"""What is looked up by a key is found by an index, however many rows there are."""

from collections.abc import Callable, Iterator

import pytest

from attribution.ids import SigningId, TokenId, VisitId
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
