"""What came of an agent's token 推荐码: by itself, and by the rulings after it."""

import json
from dataclasses import dataclass
from datetime import datetime

from attribution.errors import NotFound
from attribution.ids import TokenId, VisitId
from attribution.people import Actor
from attribution.referrals import ReferralToken
from attribution.rules.reports import code_for_token, code_in_ruling
from attribution.services.agreements import deal_rules_named
from attribution.services.runtime import Runtime
from attribution.storage.work import UnitOfWork
from attribution.visits import Standing


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenOutcome:
    """What a claim that rests on a token came to: a code of rules §12, and when."""

    code: str
    ruled_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Conclusion:
    """How a token stands by itself, and what each ruling made of it, oldest first."""

    code: str
    outcomes: tuple[TokenOutcome, ...]


def conclusion_of(runtime: Runtime, *, by: Actor, token_id: TokenId) -> Conclusion:
    """Return what came of one of the caller's own tokens.

    Nothing of the deal itself is told: neither home, price nor who came first.

    Raises:
        NotFound: no such token of this agent.
    """
    now = runtime.now()
    with runtime.reading() as work:
        found = (
            []
            if by.agent_id is None
            else work.tokens.issued_by(by.agent_id, token_id=token_id)
        )
        if not found:
            raise NotFound
        token, visit_id = found[0].token, found[0].visit_id
        if not by.is_agent(token.agent_id, at=token.project_id):
            raise NotFound
        outcomes = () if visit_id is None else _outcomes(work, token, VisitId(visit_id))
    standing = found[0].standing
    return Conclusion(
        code=code_for_token(
            token, standing=None if standing is None else Standing(standing), at=now
        ),
        outcomes=outcomes,
    )


def _outcomes(
    work: UnitOfWork, token: ReferralToken, visit_id: VisitId
) -> tuple[TokenOutcome, ...]:
    outcomes = []
    for ruling in work.signings.rulings_of_visit(visit_id):
        body = json.loads(ruling.body)
        rules = deal_rules_named(work, token.project_id, body["deal_rulebook"])
        code = code_in_ruling(
            body, visit_id=visit_id, channel_id=token.channel_id, regime=rules.regime
        )
        if code is not None:
            outcomes.append(TokenOutcome(code=code, ruled_at=ruling.ruled_at))
    return tuple(outcomes)
