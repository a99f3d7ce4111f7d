"""Duplicate checks 查重: what earlier facts say to a report, told when agreed (§5)."""

from collections.abc import Collection
from datetime import datetime

from attribution.errors import NotFound
from attribution.ids import AgentId, ProjectId, TokenId, VisitorTag
from attribution.people import Actor
from attribution.referrals import ReferralToken
from attribution.rulebook import DiscloseConflict, TokenRules
from attribution.rules.duplicates import (
    EarlierFacts,
    NewReport,
    OwnerMark,
    conflicts_of,
    disclosed,
)
from attribution.services.agreements import deal_rules_of, token_rules_by_version
from attribution.services.runtime import Runtime
from attribution.storage.agreement_repository import PROJECT_RULES
from attribution.storage.work import UnitOfWork
from attribution.visits import Visit


def conflict_at_issue(
    work: UnitOfWork, report: NewReport, rules: TokenRules, project_id: ProjectId
) -> str | None:
    """Return the code of rules §12 to tell with a new token, or None.

    Telling of others' reports at issue is an oracle, so only a rulebook that says
    `at_issue` does it; an agent's own live report is always told.
    """
    earlier = _earlier(work, project_id, report.tags, report.at)
    conflict = disclosed(
        conflicts_of(report, earlier),
        rules.disclose_conflict,
        DiscloseConflict.AT_ISSUE,
    )
    return None if conflict is None else conflict.kind.code


def conflict_at_visit(runtime: Runtime, *, by: Actor, token_id: TokenId) -> str | None:
    """Return the conflict that an agent is told of once the client has come.

    Raises:
        NotFound: no such token of this agent.
    """
    with runtime.reading() as work:
        found = work.tokens.by_id(token_id)
        if found is None or found.token.agent_id != by.agent_id:
            raise NotFound
        token, visited_at = found.token, found.token.redeemed_at
        if visited_at is None:
            return None
        tags = work.visits.tags_of_token(token_id) | _bound(token)
        earlier = _earlier(work, token.project_id, tags, visited_at, without=token_id)
        rules = token_rules_by_version(work, {token.programme_id})
    report = NewReport(
        agent_id=AgentId(token.agent_id),
        channel_id=token.channel_id,
        kind=found.programme.kind,
        tags=tags,
        at=token.bound_when(visited_at),
    )
    conflict = disclosed(
        conflicts_of(report, earlier),
        rules[token.rulebook_version].disclose_conflict,
        DiscloseConflict.AT_VISIT,
    )
    return None if conflict is None else conflict.kind.code


def _bound(token: ReferralToken) -> frozenset[VisitorTag]:
    return frozenset() if token.binding_tag is None else frozenset({token.binding_tag})


def _is_of(visit: Visit, token_id: TokenId | None) -> bool:
    return token_id is not None and visit.token_id == token_id


def _earlier(
    work: UnitOfWork,
    project_id: ProjectId,
    tags: Collection[VisitorTag],
    before: datetime,
    *,
    without: TokenId | None = None,
) -> EarlierFacts:
    """Gather what the project knows of somebody's tags before an instant."""
    visits = [
        visit
        for visit in work.visits.matching(project_id, tags)
        if visit.arrived_at < before and not _is_of(visit, without)
    ]
    taken = work.tokens.get(one.token_id for one in visits if one.token_id)
    by_id = {token.id: token for token in taken}
    bound = [
        token
        for token in work.tokens.bound_to(project_id, tags)
        if token.issued_at <= before and token.id != without
    ]
    rules = work.agreements.version_at(PROJECT_RULES, project_id, before)
    owners = work.agreements.owners_among(project_id, tags)
    return EarlierFacts(
        tokens=tuple(bound),
        visits=tuple(visits),
        referrals={
            visit.id: by_id[visit.token_id]
            for visit in visits
            if visit.token_id in by_id
        },
        owners={tag: OwnerMark(scope) for tag, scope in owners.items()},
        token_rules=token_rules_by_version(
            work, {token.programme_id for token in (*bound, *taken)}
        ),
        deal_rules=deal_rules_of(rules.version, rules.body),
    )
