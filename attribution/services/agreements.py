"""The stored texts of agreements, read once: versions are never edited."""

import json
from collections.abc import Mapping
from functools import lru_cache

from attribution.commissions import CommissionPlan, plan_from_json
from attribution.ids import ProgrammeId
from attribution.rulebook import (
    DealRules,
    TokenRules,
    deal_rules_from_json,
    token_rules_from_json,
)
from attribution.storage.agreement_repository import PROGRAMME_RULES
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


def token_rules_by_version(
    work: UnitOfWork, programme_ids: set[ProgrammeId]
) -> Mapping[str, TokenRules]:
    """Return every version of the token-level rules of some programmes."""
    return {
        version.version: token_rules_of(version.version, version.body)
        for programme_id in programme_ids
        for version in work.agreements.versions(PROGRAMME_RULES, programme_id)
    }
