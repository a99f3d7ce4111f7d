"""Versions of rulebooks 判客规则 and commission plans 佣金方案: added, never edited."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from attribution.commissions import plan_to_json, unit_plan_from_json
from attribution.documents import instant_text
from attribution.errors import InputInvalid, NotAllowed
from attribution.ids import ProgrammeId, ProjectId
from attribution.people import Actor, Role
from attribution.projects import Version
from attribution.rulebook import (
    check_kind,
    deal_rules_from_json,
    deal_rules_to_json,
    token_rules_from_json,
    token_rules_to_json,
)
from attribution.services.answering import Answer, Reply, Request, once
from attribution.services.runtime import Runtime
from attribution.services.statements import (
    StatementKind,
    promise_of,
    record,
)
from attribution.storage.agreement_repository import (
    PROGRAMME_PLANS,
    PROGRAMME_RULES,
    PROJECT_RULES,
    VersionTable,
)
from attribution.storage.work import UnitOfWork
from tokens.canonical import canonical

AGREEMENT_ROLES = (Role.OPERATIONS, Role.ADMIN)
ANY_TIME = datetime(2200, 1, 1, tzinfo=UTC)
"""Finds a programme that is agreed but not in force yet."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Change:
    """A new version of one text."""

    table: VersionTable
    owner: str
    body: str
    kind: StatementKind
    since: datetime | None
    by: Actor


def change_project_rules(
    runtime: Runtime,
    *,
    by: Actor,
    request: Request,
    project_id: ProjectId,
    rules: Mapping[str, object],
    in_force_from: datetime | None = None,
) -> Reply:
    """Add a version of a project's deal-level rules; the earlier ones stay."""
    if not by.may_at(project_id, *AGREEMENT_ROLES):
        raise NotAllowed
    body = canonical_text(
        deal_rules_to_json(deal_rules_from_json(rules, version="new"))
    )

    def check(work: UnitOfWork) -> None:
        work.agreements.project(project_id)

    return _new_version(
        runtime,
        request,
        _Change(
            table=PROJECT_RULES,
            owner=project_id,
            body=body,
            kind=StatementKind.RULEBOOK,
            since=in_force_from,
            by=by,
        ),
        check,
    )


def change_programme_rules(
    runtime: Runtime,
    *,
    by: Actor,
    request: Request,
    programme_id: ProgrammeId,
    rules: Mapping[str, object],
    in_force_from: datetime | None = None,
) -> Reply:
    """Add a version of a programme's token-level rules; tokens keep their own."""
    token_rules = token_rules_from_json(rules, version="new")

    def check(work: UnitOfWork) -> None:
        programme = work.agreements.programme(programme_id, ANY_TIME)
        if not by.may_at(programme.project_id, *AGREEMENT_ROLES):
            raise NotAllowed
        check_kind(token_rules, programme.kind)

    return _new_version(
        runtime,
        request,
        _Change(
            table=PROGRAMME_RULES,
            owner=programme_id,
            body=canonical_text(token_rules_to_json(token_rules)),
            kind=StatementKind.RULEBOOK,
            since=in_force_from,
            by=by,
        ),
        check,
    )


def change_plan(
    runtime: Runtime,
    *,
    by: Actor,
    request: Request,
    programme_id: ProgrammeId,
    plan: Mapping[str, object],
    in_force_from: datetime | None = None,
) -> Reply:
    """Add a version of a programme's commission plan; deals keep their own."""
    read = unit_plan_from_json(plan, version="new")

    def check(work: UnitOfWork) -> None:
        programme = work.agreements.programme(programme_id, ANY_TIME)
        if not by.may_at(programme.project_id, *AGREEMENT_ROLES):
            raise NotAllowed

    return _new_version(
        runtime,
        request,
        _Change(
            table=PROGRAMME_PLANS,
            owner=programme_id,
            body=canonical_text(plan_to_json(read)),
            kind=StatementKind.PLAN,
            since=in_force_from,
            by=by,
        ),
        check,
    )


def canonical_text(values: Mapping[str, object]) -> str:
    """Return the one text form of a rulebook or plan."""
    return canonical(values).decode()


def next_version(
    work: UnitOfWork, table: VersionTable, owner: str, since: datetime, body: str
) -> Version:
    """Return the version that comes next; its name is like no other's anywhere."""
    number = 1 + len(work.agreements.versions(table, owner))
    return Version(version=f"{owner[:16]}.{number}", in_force_from=since, body=body)


def version_body(owner: str, version: Version, by: Actor) -> dict[str, object]:
    """Return what the log says of a version: its whole text, since when, by whom."""
    return {
        "of": owner,
        "version": version.version,
        "in_force_from": instant_text(version.in_force_from),
        "text": version.body,
        "by": by.person_id,
    }


def _new_version(
    runtime: Runtime,
    request: Request,
    change: _Change,
    check: Callable[[UnitOfWork], None],
) -> Reply:
    now = runtime.now()
    since = change.since or now

    def action(work: UnitOfWork) -> Answer:
        # Asked only here: sent again a little later, it is answered as it was.
        if since < now:
            raise InputInvalid("in_force_from", "must not lie in the past")
        check(work)
        work.agreements.lock_versions(change.owner)
        version = next_version(work, change.table, change.owner, since, change.body)
        work.agreements.add_version(change.table, change.owner, version)
        body = version_body(change.owner, version, change.by)
        recorded = record(runtime, work, now, (change.kind, body))[0]
        return {
            "version": version.version,
            "in_force_from": instant_text(since),
            "promise": promise_of(runtime, recorded),
        }

    return once(runtime, request, now, action)
