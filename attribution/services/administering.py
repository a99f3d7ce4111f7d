"""Agreements 方案: projects, channels, and the programmes between them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from attribution.commissions import plan_to_json, unit_plan_from_json
from attribution.documents import instant_text
from attribution.errors import InputInvalid, NotAllowed
from attribution.ids import ChannelId, ProgrammeId, ProjectId
from attribution.people import Actor, Role
from attribution.programmes import Kind, Programme
from attribution.projects import Channel, Project
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
from attribution.services.versioning import (
    AGREEMENT_ROLES,
    canonical_text,
    next_version,
    version_body,
)
from attribution.storage.agreement_repository import (
    PROGRAMME_PLANS,
    PROGRAMME_RULES,
    PROJECT_RULES,
)
from attribution.storage.work import UnitOfWork

_FIRST_EPOCH = 1
_LONGEST_NAME = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class ProgrammeTerms:
    """What a new programme is made of: who, under which rules, for how much."""

    project_id: ProjectId
    channel_id: ChannelId
    kind: Kind
    in_force_from: datetime | None = None
    in_force_until: datetime | None = None
    rules: Mapping[str, object] = field(default_factory=dict)
    plan: Mapping[str, object]


def create_project(
    runtime: Runtime,
    *,
    by: Actor,
    request: Request,
    name: str,
    rules: Mapping[str, object],
) -> Reply:
    """Open a sales centre: its keys, and the first version of its deal-level rules.

    Raises:
        NotAllowed: the caller is no administrator.
        RulebookInvalid: with the path of the mistake.
    """
    if not by.holds(Role.ADMIN):
        raise NotAllowed
    now = runtime.now()
    text = named(name)
    body = canonical_text(
        deal_rules_to_json(deal_rules_from_json(rules, version="new"))
    )

    def action(work: UnitOfWork) -> Answer:
        project = Project(
            id=ProjectId(runtime.new_id(8)),
            name=text,
            tag_epoch=_FIRST_EPOCH,
            created_at=now,
        )
        version = next_version(work, PROJECT_RULES, project.id, now, body)
        work.agreements.add_project(project)
        work.agreements.add_version(PROJECT_RULES, project.id, version)
        # Files know no transaction: they are made when nothing can be refused any more.
        public = runtime.keys.create_for(project.id, _FIRST_EPOCH)
        issuer = runtime.keys.issuer_of(project.id)
        own: dict[str, object] = {"project": project.id, "by": by.person_id}
        recorded = record(
            runtime,
            work,
            now,
            (StatementKind.PROJECT, own),
            (
                StatementKind.KEY_EPOCH,
                {**own, "epoch": _FIRST_EPOCH, "tag_public_key": public.hex()},
            ),
            (
                StatementKind.ISSUER_KEY,
                {
                    **own,
                    "kid": issuer.kid.hex(),
                    "public_key": issuer.private.public_key().public_bytes_raw().hex(),
                },
            ),
            (StatementKind.RULEBOOK, version_body(project.id, version, by)),
        )[0]
        return {"project_id": project.id, "promise": promise_of(runtime, recorded)}

    return once(runtime, request, now, action)


def create_channel(
    runtime: Runtime, *, by: Actor, request: Request, name: str
) -> Reply:
    """Add a channel (渠道).

    It changes nothing for anybody before it has a programme, so operations of one
    project may do it, who need it there.
    """
    if not by.holds(*AGREEMENT_ROLES):
        raise NotAllowed
    now = runtime.now()
    text = named(name)

    def action(work: UnitOfWork) -> Answer:
        channel = Channel(id=ChannelId(runtime.new_id()), name=text, created_at=now)
        work.agreements.add_channel(channel)
        body: dict[str, object] = {"channel": channel.id, "by": by.person_id}
        recorded = record(runtime, work, now, (StatementKind.CHANNEL, body))[0]
        return {"channel_id": channel.id, "promise": promise_of(runtime, recorded)}

    return once(runtime, request, now, action)


def create_programme(
    runtime: Runtime, *, by: Actor, request: Request, terms: ProgrammeTerms
) -> Reply:
    """Let a channel refer to a project, under a rulebook and a commission plan.

    Raises:
        NotFound: no such project or channel.
        RulebookInvalid, PlanInvalid: with the path of the mistake.
        InputInvalid: it would end before it begins.
    """
    if not by.may_at(terms.project_id, *AGREEMENT_ROLES):
        raise NotAllowed
    now = runtime.now()
    since = terms.in_force_from or now
    token_rules = token_rules_from_json(terms.rules, version="new")
    check_kind(token_rules, terms.kind)
    rules = canonical_text(token_rules_to_json(token_rules))
    plan = canonical_text(plan_to_json(unit_plan_from_json(terms.plan, version="new")))

    def action(work: UnitOfWork) -> Answer:
        # Asked only here: sent again a little later, it is answered as it was.
        if terms.in_force_until is not None and terms.in_force_until <= since:
            raise InputInvalid("in_force_until", "must be after in_force_from")
        work.agreements.project(terms.project_id)
        work.agreements.channel(terms.channel_id)
        programme_id = ProgrammeId(runtime.new_id())
        first_rules = next_version(work, PROGRAMME_RULES, programme_id, since, rules)
        first_plan = next_version(work, PROGRAMME_PLANS, programme_id, since, plan)
        programme = Programme(
            id=programme_id,
            project_id=terms.project_id,
            channel_id=terms.channel_id,
            kind=terms.kind,
            rulebook_version=first_rules.version,
            in_force_from=since,
            in_force_until=terms.in_force_until,
        )
        work.agreements.add_programme(programme)
        work.agreements.add_version(PROGRAMME_RULES, programme_id, first_rules)
        work.agreements.add_version(PROGRAMME_PLANS, programme_id, first_plan)
        recorded = record(
            runtime,
            work,
            now,
            (StatementKind.PROGRAMME, _programme_body(programme, by)),
            (StatementKind.RULEBOOK, version_body(programme_id, first_rules, by)),
            (StatementKind.PLAN, version_body(programme_id, first_plan, by)),
        )[0]
        return {"programme_id": programme_id, "promise": promise_of(runtime, recorded)}

    return once(runtime, request, now, action)


def _programme_body(programme: Programme, by: Actor) -> dict[str, object]:
    until = programme.in_force_until
    return {
        "programme": programme.id,
        "project": programme.project_id,
        "channel": programme.channel_id,
        "kind": programme.kind,
        "in_force_from": instant_text(programme.in_force_from),
        "in_force_until": None if until is None else instant_text(until),
        "by": by.person_id,
    }


def named(text: str, path: str = "name") -> str:
    """Return a name fit to be shown: 1 to 40 printable characters."""
    name = text.strip()
    if not 1 <= len(name) <= _LONGEST_NAME or not name.isprintable():
        raise InputInvalid(path, "must have 1 to 40 printable characters")
    return name
