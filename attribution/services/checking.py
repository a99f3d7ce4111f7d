"""Duplicate checks 查重: what earlier facts say to a report, told when agreed (§5)."""

from collections.abc import Collection
from datetime import datetime

from attribution.budgets import BucketKind
from attribution.errors import NotFound, ReportedByYou
from attribution.ids import AgentId, ProjectId, TokenId, VisitorTag
from attribution.people import Actor
from attribution.referrals import ReferralToken
from attribution.rulebook import DiscloseConflict, TokenRules
from attribution.rules.claims import reported_order
from attribution.rules.duplicates import (
    EarlierFacts,
    NewReport,
    conflicts_of,
    disclosed,
)
from attribution.services.agreements import deal_rules_at, token_rules_by_version
from attribution.services.budgets import bucket_of, check_budgets, spend_failure
from attribution.services.runtime import Runtime
from attribution.storage.work import UnitOfWork
from attribution.visits import Visit


def conflict_at_issue(
    runtime: Runtime,
    work: UnitOfWork,
    report: NewReport,
    rules: TokenRules,
    project_id: ProjectId,
) -> str | None:
    """Return the code of rules §12 to tell with a new token, or None.

    Telling of others' reports at issue is an oracle, so only a rulebook that says
    `at_issue` does it, and each time is counted (§5.1); an agent's own live report is
    always told, and costs nothing.

    Raises:
        RateLimited: the agent was told too often. Nothing is issued then, whoever the
            client is: a refusal of known clients alone would tell as much.
    """
    tells = rules.disclose_conflict is DiscloseConflict.AT_ISSUE
    budget = [bucket_of(runtime, BucketKind.AGENT, report.agent_id)]
    if tells:
        check_budgets(work, budget, report.at)
    earlier = _earlier(work, project_id, report.tags, report.at)
    conflict = disclosed(
        conflicts_of(report, earlier),
        rules.disclose_conflict,
        DiscloseConflict.AT_ISSUE,
    )
    if conflict is not None and conflict.kind is not ReportedByYou:
        spend_failure(work, budget, report.at)
    return None if conflict is None else conflict.kind.code


def conflict_at_visit(runtime: Runtime, *, by: Actor, token_id: TokenId) -> str | None:
    """Return the conflict that an agent is told of once the client has come.

    Raises:
        NotFound: no such token of this agent.
    """
    with runtime.reading() as work:
        found = work.tokens.by_id(token_id)
        if found is None or not by.is_agent(
            found.token.agent_id, at=found.token.project_id
        ):
            raise NotFound
        token = work.tokens.get([token_id])[0]
        if token.redeemed_at is None:
            return None
        tags = work.visits.tags_of_token(token_id) | _bound(token)
        earlier = _earlier(work, token.project_id, tags, token.redeemed_at)
        rules = token_rules_by_version(work, {token.programme_id})
    own = [visit for visit in earlier.visits if _is_visit_of(visit, token_id)]
    if not own:
        # Bound to nobody and come without a number: nothing can be known of the client.
        return None
    report = NewReport(
        agent_id=AgentId(token.agent_id),
        channel_id=token.channel_id,
        kind=found.programme.kind,
        tags=tags,
        order=reported_order(token, own[0]),
        visited=own[0].order,
    )
    conflict = disclosed(
        conflicts_of(report, earlier),
        rules[token.rulebook_version].disclose_conflict,
        DiscloseConflict.AT_VISIT,
    )
    return None if conflict is None else conflict.kind.code


def _bound(token: ReferralToken) -> frozenset[VisitorTag]:
    return frozenset() if token.binding_tag is None else frozenset({token.binding_tag})


def _is_visit_of(visit: Visit, token_id: TokenId) -> bool:
    return visit.token_id == token_id and not visit.standing.is_refused


def _earlier(
    work: UnitOfWork, project_id: ProjectId, tags: Collection[VisitorTag], at: datetime
) -> EarlierFacts:
    """Gather what the project knows of somebody's tags; the rules look at the order.

    Args:
        at: the instant whose deal-level rules hold.
    """
    visits = work.visits.matching(project_id, tags)
    taken = work.tokens.get(one.token_id for one in visits if one.token_id)
    by_id = {token.id: token for token in taken}
    bound = work.tokens.bound_to(project_id, tags)
    return EarlierFacts(
        tokens=tuple(bound),
        visits=tuple(visits),
        referrals={
            visit.id: by_id[visit.token_id]
            for visit in visits
            if visit.token_id in by_id
        },
        owners=tuple(work.agreements.owners_among(project_id, tags)),
        token_rules=token_rules_by_version(
            work, {token.programme_id for token in (*bound, *taken)}
        ),
        deal_rules=deal_rules_at(work, project_id, at),
    )
