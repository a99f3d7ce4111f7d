"""Whatever people and the clock do: one visit for each token, and only in time."""

import tempfile
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule
from sqlalchemy import func, select

from attribution.errors import AttributionError
from attribution.ids import TokenId
from attribution.services.issuing import Client, revoke_token
from attribution.services.sequencing import sequence
from attribution.services.statements import StatementKind
from attribution.storage.engine import open_database
from attribution.storage.tables import log_entries, log_heads, refusals, visits
from tests.office import OTHER_PHONE, PHONE, Office, mobile

LIFETIME = timedelta(hours=72)
LEAD = timedelta(minutes=30)
# Steps that land on the boundaries as well as beside them.
WAITS = st.sampled_from(
    [
        timedelta(0),
        timedelta(microseconds=1),
        LEAD - timedelta(microseconds=1),
        LEAD,
        timedelta(hours=1),
        LIFETIME - LEAD,
        LIFETIME,
    ]
)
PHONES = st.sampled_from([PHONE, OTHER_PHONE])


@dataclass(slots=True)
class Issued:
    """What the model knows of a token."""

    token_id: TokenId
    code: str
    phone: str
    issued_at: datetime
    ended: str | None = None
    visits: int = field(default=0)

    def expected(self, phone: str, now: datetime) -> str:
        """Say what redeeming must answer (rules §4.1-§4.3)."""
        if self.ended == "TOKEN_REVOKED":
            return self.ended
        if now >= self.issued_at + LIFETIME:
            return "TOKEN_EXPIRED"
        if self.ended is not None:
            return self.ended
        if phone != self.phone:
            return "BINDING_MISMATCH"
        is_early = now - self.issued_at < LEAD
        return "LEAD_TIME_TOO_SHORT" if is_early else "OK"


@cache
def opened_office() -> tuple[bytes, dict[str, Any]]:
    """Return the database file of an office at opening time, and its card."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hefu.db"
        database = open_database(f"sqlite:///{path}")
        office = Office(database)
        office.change_rules(agent_quota_day=1000, agent_quota_open=1000)
        database.close()
        return path.read_bytes(), office.card()


class Redemption(RuleBasedStateMachine):
    """The model is a few fields and comparisons; the system is the real one."""

    issued = Bundle("issued")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name) / "hefu.db"
        content, card = opened_office()
        path.write_bytes(content)
        database = open_database(f"sqlite:///{path}")
        self.office = Office(database, series="machine", card=card)
        self.visits = self.refusals = self.revoked = 0

    def teardown(self) -> None:
        self.office.database.close()
        self.folder.cleanup()

    @rule(target=issued, phone=PHONES)
    def issue(self, phone: str) -> Issued:
        made = self.office.issue(client=Client(identifier=mobile(phone)))
        return Issued(
            token_id=TokenId(str(made["token_id"])),
            code=str(made["code"]),
            phone=phone,
            issued_at=self.office.time,
        )

    @rule(period=WAITS)
    def wait(self, period: timedelta) -> None:
        self.office.time += period

    @rule(token=issued, phone=PHONES)
    def redeem(self, token: Issued, phone: str) -> None:
        expected = token.expected(phone, self.office.time)

        try:
            found = str(self.office.redeem(token.code, phone=phone)["finding"])
        except AttributionError as refusal:
            found = refusal.code
            self.refusals += 1
        else:
            token.ended = "TOKEN_USED"
            token.visits += 1
            self.visits += 1

        assert found == expected
        assert token.visits <= 1

    @rule(token=issued)
    def revoke(self, token: Issued) -> None:
        expected = token.ended or "OK"

        try:
            self.office.do(revoke_token, by=self.office.wang, token_id=token.token_id)
        except AttributionError as refusal:
            found = refusal.code
        else:
            found = "OK"
            token.ended = "TOKEN_REVOKED"
            self.revoked += 1

        assert found == expected

    @rule()
    def walk_in(self) -> None:
        self.office.walk_in(phone=None)
        self.visits += 1

    @rule()
    def place(self) -> None:
        sequence(self.office.runtime)

    @invariant()
    def each_visit_and_refusal_has_its_log_entry(self) -> None:
        assert self.office.count(visits) == self.visits == self.logged("visit/v1")
        assert self.office.count(refusals) == self.refusals
        assert self.refusals == self.logged(StatementKind.REFUSAL)
        assert self.revoked == self.logged(StatementKind.REVOKE)

    @invariant()
    def the_log_has_no_gap_and_its_head_ends_where_it_ends(self) -> None:
        with self.office.database.reading() as connection:
            placed, last = connection.execute(
                select(
                    func.count(log_entries.c.position),
                    func.coalesce(func.max(log_entries.c.position), -1),
                )
            ).one()
            head = connection.execute(
                select(func.coalesce(func.max(log_heads.c.size), 0))
            ).scalar_one()
        assert placed == last + 1 == head

    def logged(self, kind: str) -> int:
        query = select(func.count()).where(log_entries.c.kind == kind)
        with self.office.database.reading() as connection:
            return int(connection.execute(query).scalar_one())


TestRedemption = Redemption.TestCase
TestRedemption.settings = settings(
    max_examples=settings().max_examples // 8, stateful_step_count=20, deadline=None
)
