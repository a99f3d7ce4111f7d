"""The stored texts of agreements, read once: versions are never edited."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import lru_cache

from attribution.commissions import CommissionPlan, plan_from_json
from attribution.ids import ProgrammeId, ProjectId
from attribution.rulebook import (
    DealRules,
    TokenRules,
    deal_rules_from_json,
    token_rules_from_json,
)
from attribution.storage.agreement_repository import (
    PROGRAMME_PLANS,
    PROGRAMME_RULES,
    PROJECT_RULES,
)
from attribution.storage.work import UnitOfWork


@lru_cache(maxsize=1024)
def token_rules_of(version: str, body: str) -> TokenRules:
    """Return the token-level rules of a stored version."""
    return token_rules_from_json(json.loads(body), version=version)


@lru_cache(maxsize=256)
def deal_rules_of(version: str, body: str) -> DealRules:
    """Return the deal-level rules of a stored version."""
    return deal_rules_from_json(json.loads(body), version=version)


@lru_cache(maxsize=256)
def plan_of(version: str, body: str) -> CommissionPlan:
    """Return the commission plan of a stored version."""
    return plan_from_json(json.loads(body), version=version)


def deal_rules_at(work: UnitOfWork, project_id: ProjectId, at: datetime) -> DealRules:
    """Return the deal-level rules that hold at an instant, or raise NotFound."""
    version = work.agreements.version_at(PROJECT_RULES, project_id, at)
    return deal_rules_of(version.version, version.body)


def token_rules_by_version(
    work: UnitOfWork, programme_ids: Collection[ProgrammeId]
) -> Mapping[str, TokenRules]:
    """Return every version of the token-level rules of some programmes."""
    return {
        one.version: token_rules_of(one.version, one.body)
        for one in work.agreements.versions_among(PROGRAMME_RULES, programme_ids)
    }


def plans_by_version(
    work: UnitOfWork, programme_ids: Collection[ProgrammeId]
) -> Mapping[str, CommissionPlan]:
    """Return every version of the commission plans of some programmes."""
    return {
        one.version: plan_of(one.version, one.body)
        for one in work.agreements.versions_among(PROGRAMME_PLANS, programme_ids)
    }
