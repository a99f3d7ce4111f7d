"""The stored texts of agreements, read once: versions are never edited."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import lru_cache

from attribution.commissions import CommissionPlan, plan_from_json
from attribution.ids import ChannelId, ProgrammeId, ProjectId
from attribution.programmes import Programme
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
def _deal_rules_of(version: str, body: str) -> DealRules:
    """Return the deal-level rules of a stored version."""
    return deal_rules_from_json(json.loads(body), version=version)


@lru_cache(maxsize=256)
def plan_of(version: str, body: str) -> CommissionPlan:
    """Return the commission plan of a stored version."""
    return plan_from_json(json.loads(body), version=version)


def deal_rules_at(work: UnitOfWork, project_id: ProjectId, at: datetime) -> DealRules:
    """Return the deal-level rules of a project in force at an instant, or NotFound."""
    version = work.agreements.version_at(PROJECT_RULES, project_id, at)
    return _deal_rules_of(version.version, version.body)


def deal_rules_named(
    work: UnitOfWork, project_id: ProjectId, version: str
) -> DealRules:
    """Return the version of a project's deal-level rules that a ruling names."""
    found = work.agreements.version(PROJECT_RULES, project_id, version)
    return _deal_rules_of(found.version, found.body)


def deal_rules_by_version(
    work: UnitOfWork, project_id: ProjectId
) -> Mapping[str, DealRules]:
    """Return every version of a project's deal-level rules."""
    return {
        one.version: _deal_rules_of(one.version, one.body)
        for one in work.agreements.versions_among(PROJECT_RULES, [project_id])
    }


def programmes_to_refer_under(
    work: UnitOfWork, channel_id: ChannelId, now: datetime
) -> list[Programme]:
    """Return the programmes under which a channel's agents may issue tokens now.

    Of several for one project the first counts.
    """
    return [
        one
        for one in work.agreements.programmes_of(channel_id, now)
        if one.takes_referrals(now)
    ]


def token_rules_at(
    work: UnitOfWork, programme_id: ProgrammeId, at: datetime
) -> TokenRules:
    """Return the token-level rules of a programme in force at an instant."""
    version = work.agreements.version_at(PROGRAMME_RULES, programme_id, at)
    return token_rules_of(version.version, version.body)


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
