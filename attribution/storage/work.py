"""The unit of work: the repositories of one transaction."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from attribution.storage.access_repository import AccessRepository
from attribution.storage.agreement_repository import AgreementRepository
from attribution.storage.dispute_repository import DisputeRepository
from attribution.storage.fact_repository import FactRepository
from attribution.storage.log_repository import LogRepository
from attribution.storage.request_repository import RequestRepository
from attribution.storage.signing_repository import SigningRepository
from attribution.storage.statement_repository import StatementRepository
from attribution.storage.token_repository import TokenRepository
from attribution.storage.visit_repository import VisitRepository
from attribution.storage.witness_repository import WitnessRepository

_SNAPSHOTS = {
    "sqlite": "BEGIN",
    "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
}


class UnitOfWork:
    """The repositories of one transaction, made when first asked for."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def savepoint(self) -> AbstractContextManager[object]:
        """Open a part of the transaction that leaves nothing when it raises."""
        return self._connection.begin_nested()

    @cached_property
    def access(self) -> AccessRepository:
        """People, rights, sessions, devices, failure budgets."""
        return AccessRepository(self._connection)

    @cached_property
    def agreements(self) -> AgreementRepository:
        """Projects, channels, programmes and their versions, agents, owners."""
        return AgreementRepository(self._connection)

    @cached_property
    def tokens(self) -> TokenRepository:
        """Referral tokens."""
        return TokenRepository(self._connection)

    @cached_property
    def visits(self) -> VisitRepository:
        """Visits and refused redemptions."""
        return VisitRepository(self._connection)

    @cached_property
    def signings(self) -> SigningRepository:
        """Signings, milestones, rulings and accruals."""
        return SigningRepository(self._connection)

    @cached_property
    def disputes(self) -> DisputeRepository:
        """Disputes with their steps and evidence, and holds."""
        return DisputeRepository(self._connection)

    @cached_property
    def statements(self) -> StatementRepository:
        """Reconciled statements of channels."""
        return StatementRepository(self._connection)

    @cached_property
    def log(self) -> LogRepository:
        """The transparency log."""
        return LogRepository(self._connection)

    @cached_property
    def facts(self) -> FactRepository:
        """Facts beside what the log says of them."""
        return FactRepository(self._connection)

    @cached_property
    def witnesses(self) -> WitnessRepository:
        """The log's keys and witnesses."""
        return WitnessRepository(self._connection)

    @cached_property
    def requests(self) -> RequestRepository:
        """Answers already given."""
        return RequestRepository(self._connection)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """See one state of the database in several looks, whatever others commit.

        Only for a unit of work that reads: each of its statements else sees the newest.
        """
        name = self._connection.dialect.name
        self._connection.exec_driver_sql(_SNAPSHOTS[name])
        try:
            yield
        finally:
            self._connection.exec_driver_sql("ROLLBACK")

    @contextmanager
    def together(self) -> Iterator[None]:
        """Send the writes of a block at once, where the driver can (PostgreSQL).

        One journey to the server instead of one for each; an error is raised at the
        end of the block. Only for prepared writes, whose row counts nobody asks for.
        """
        driver: Any = self._connection.connection.driver_connection
        if not hasattr(driver, "pipeline"):
            yield
            return
        with driver.pipeline():
            yield


@contextmanager
def unit_of_work(opened: AbstractContextManager[Connection]) -> Iterator[UnitOfWork]:
    """Turn a transaction of the database into a unit of work."""
    with opened as connection:
        yield UnitOfWork(connection)
