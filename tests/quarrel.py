"""A quarrel: two agencies, one buyer, and a visit that was logged after the ruling.

Wang's client comes, and signs; Wang is owed. Only then the desk enters that the same
client had come an hour earlier with Li's code: late evidence, which by the rules is
weighed in a dispute alone (§1.5). Asked again, they say Li.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from attribution.disputes import Ground, Verdict
from attribution.ids import DisputeId, SigningId, TokenId
from attribution.people import Actor, Role
from attribution.services.accounting import deal_account
from attribution.services.adjudicating import approve, decide, propose
from attribution.services.disputing import (
    Complaint,
    dispute_as_channel,
    dispute_as_developer,
)
from attribution.services.pleading import add_evidence, withdraw
from attribution.services.sequencing import sequence
from tests.office import Office

COMPLAINT = Complaint(ground=Ground.EARLIER_VISIT, words="我方客户先到，前台补登。")
NOTE = "前台登记簿：十点到访。".encode()
PRICE_FEN = 3_675_000


@dataclass(slots=True)
class Quarrel:
    """The office, the signing that is quarrelled about, and who judges."""

    office: Office
    signing: SigningId
    wang_token: TokenId
    li_token: TokenId
    receipt: str
    late_receipt: str

    judge: Actor
    second: Actor
    third: Actor

    def open(self, *, by: Actor | None = None, **others: Any) -> DisputeId:
        """Let Li open the dispute, or Wang."""
        agent = by or self.office.li
        mine = self.li_token if agent == self.office.li else self.wang_token
        others.setdefault("token_id", mine)
        others.setdefault("complaint", COMPLAINT)
        made = self.office.do(dispute_as_channel, by=agent, **others)
        return DisputeId(str(made["dispute_id"]))

    def open_for_developer(self, **others: Any) -> DisputeId:
        made = self.office.do(
            dispute_as_developer,
            by=self.office.finance,
            signing_id=self.signing,
            complaint=COMPLAINT,
            **others,
        )
        return DisputeId(str(made["dispute_id"]))

    def add(
        self, dispute: DisputeId, *, by: Actor | None = None, **others: Any
    ) -> dict[str, object]:
        others.setdefault("data", NOTE)
        return self.office.do(
            add_evidence, by=by or self.office.li, dispute_id=dispute, **others
        )

    def withdraw(
        self, dispute: DisputeId, *, by: Actor | None = None
    ) -> dict[str, object]:
        return self.office.do(withdraw, by=by or self.office.li, dispute_id=dispute)

    def propose(
        self, dispute: DisputeId, *, by: Actor | None = None
    ) -> dict[str, object]:
        return self.office.do(propose, by=by or self.judge, dispute_id=dispute)

    def decide(
        self,
        dispute: DisputeId,
        verdict: Verdict = Verdict.CHANGED,
        *,
        by: Actor | None = None,
    ) -> dict[str, object]:
        return self.office.do(
            decide,
            by=by or self.judge,
            dispute_id=dispute,
            verdict=verdict,
            words="补登的到访有前台记录为证。",
        )

    def approve(
        self, dispute: DisputeId, *, by: Actor | None = None, **others: Any
    ) -> dict[str, object]:
        others.setdefault("agrees", True)
        return self.office.do(
            approve, by=by or self.second, dispute_id=dispute, **others
        )

    def settle(self, dispute: DisputeId, verdict: Verdict = Verdict.CHANGED) -> None:
        """Go all the way from the hearing to the end."""
        self.propose(dispute)
        self.decide(dispute, verdict)
        self.approve(dispute)

    def owed(self) -> dict[str, tuple[int, int, str | None]]:
        """Return owed, payable and why not, by channel."""
        account = deal_account(
            self.office.runtime, by=self.office.finance, signing_id=self.signing
        )
        return {
            str(line.channel): (line.accrual.amount_fen, line.payable, line.reason)
            for line in account.lines
        }


def quarrel(office: Office, *, is_late: bool = True, **signing: Any) -> Quarrel:
    """Let it come to the quarrel; it is a day after the visits, just after the ruling.

    Args:
        is_late: whether the earlier visit is entered at all.
    """
    wang = office.issue()
    li = office.issue(by=office.li)
    start = office.time
    office.wait(hours=2)
    visit = office.redeem(wang["code"])
    office.wait(hours=22)
    signed = office.sign(**signing)
    office.rule(signed)
    late: dict[str, object] = {}
    if is_late:
        late = enter_later(office, str(li["code"]), start + timedelta(hours=1))
    sequence(office.runtime)
    return Quarrel(
        office=office,
        signing=signed,
        wang_token=TokenId(str(wang["token_id"])),
        li_token=TokenId(str(li["token_id"])),
        receipt=str(visit["visitor_receipt"]),
        late_receipt=str(late.get("visitor_receipt")),
        judge=office.hire("judge", Role.ADJUDICATOR),
        second=office.hire("second judge", Role.ADJUDICATOR),
        third=office.hire("third judge", Role.ADJUDICATOR),
    )


def enter_later(office: Office, code: str, at: datetime) -> dict[str, object]:
    """Enter now a visit that took place then, as an offline desk's upload does."""
    now, office.time = office.time, at
    try:
        return office.redeem(code, by=office.desk_two)
    finally:
        office.time = now
