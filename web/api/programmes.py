"""The API of programmes 方案: who may refer, under which rules, for how much."""

from collections.abc import Mapping
from http import HTTPStatus

from flask import Blueprint
from pydantic import Field

from attribution.errors import NotFound, PlanInvalid, RulebookInvalid
from attribution.ids import ChannelId, ProgrammeId
from attribution.programmes import Kind
from attribution.services.administering import ProgrammeTerms, create_programme
from attribution.services.answering import Reply, Request
from attribution.services.surveying import (
    Agreement,
    survey_programme,
    survey_project,
)
from attribution.services.versioning import (
    AGREEMENT_ROLES,
    change_plan,
    change_programme_rules,
)
from web.access import current_actor, current_runtime, requires
from web.api.fields import Asked, Id, Instant, Told, Written
from web.api.operations import Operation, operation, project_or_only
from web.api.projects import versions_view
from web.api.rulebooks import NewVersion, PlanBody, TokenRulesBody, VersionView

bp = Blueprint("api_programmes", __name__, url_prefix="/api/v1/programmes")

_PLAN: Mapping[str, object] = {"base": "price", "rate_bp": 150}


class NewProgramme(Asked):
    """A channel may refer to a project, under a rulebook and a plan."""

    project: Id | None = None
    channel: Id
    kind: Kind
    in_force_from: Instant | None = Field(default=None, description="now, if left out")
    in_force_until: Instant | None = Field(
        default=None, description="too late itself; without an end, if left out"
    )
    rules: TokenRulesBody = TokenRulesBody()
    plan: PlanBody


class NewRules(Asked):
    """A new version of the token-level rules."""

    rules: TokenRulesBody
    in_force_from: Instant | None = Field(default=None, description="now, if left out")


class NewPlan(Asked):
    """A new version of the commission plan."""

    plan: PlanBody
    in_force_from: Instant | None = Field(default=None, description="now, if left out")


class AtProject(Asked):
    """Of which project."""

    project: Id | None = None


class CreatedProgramme(Written):
    """A programme that was agreed."""

    programme_id: str


class ProgrammeView(Told):
    """A programme with every version of its rulebook and plan."""

    programme_id: str
    project_id: str
    project: str
    channel_id: str
    channel: str
    kind: Kind
    in_force_from: Instant
    in_force_until: Instant | None
    rules: tuple[VersionView, ...]
    plans: tuple[VersionView, ...]


class ProgrammeList(Told):
    """The programmes of a project."""

    programmes: tuple[ProgrammeView, ...]


@bp.get("")
@requires(*AGREEMENT_ROLES)
@operation(Operation(query=AtProject, answer=ProgrammeList))
def programmes(query: AtProject) -> ProgrammeList:
    """List the programmes of a project."""
    found = survey_project(
        current_runtime(),
        by=current_actor(),
        project_id=project_or_only(query.project, *AGREEMENT_ROLES),
    )
    return ProgrammeList(programmes=tuple(_view(one) for one in found.agreements))


@bp.post("")
@requires(*AGREEMENT_ROLES)
@operation(
    Operation(
        body=NewProgramme,
        answer=CreatedProgramme,
        status=HTTPStatus.CREATED,
        is_write=True,
        refuses=(NotFound, RulebookInvalid, PlanInvalid),
        examples={
            "channel": "9b1c5ad2fe3b4c6d8e0f112233445566",
            "kind": "agency",
            "plan": _PLAN,
        },
    )
)
def create(body: NewProgramme, intention: Request) -> Reply:
    """Let a channel refer to a project (签合作)."""
    terms = ProgrammeTerms(
        project_id=project_or_only(body.project, *AGREEMENT_ROLES),
        channel_id=ChannelId(body.channel),
        kind=body.kind,
        in_force_from=body.in_force_from,
        in_force_until=body.in_force_until,
        rules=body.rules.given(),
        plan=body.plan.given(),
    )
    return create_programme(
        current_runtime(), by=current_actor(), request=intention, terms=terms
    )


@bp.get("/<programme_id>")
@requires(*AGREEMENT_ROLES)
@operation(Operation(answer=ProgrammeView, refuses=(NotFound,)))
def one_programme(programme_id: ProgrammeId) -> ProgrammeView:
    """Show one programme with every version of its texts."""
    return _view(
        survey_programme(
            current_runtime(), by=current_actor(), programme_id=programme_id
        )
    )


@bp.post("/<programme_id>/rules")
@requires(*AGREEMENT_ROLES)
@operation(
    Operation(
        body=NewRules,
        answer=NewVersion,
        status=HTTPStatus.CREATED,
        is_write=True,
        refuses=(NotFound, RulebookInvalid),
        examples={"rules": {"visit_protection_days": 45}},
    )
)
def change_rules(
    programme_id: ProgrammeId, body: NewRules, intention: Request
) -> Reply:
    """Add a version of the token-level rules; tokens keep their own."""
    return change_programme_rules(
        current_runtime(),
        by=current_actor(),
        request=intention,
        programme_id=programme_id,
        rules=body.rules.given(),
        in_force_from=body.in_force_from,
    )


@bp.post("/<programme_id>/plans")
@requires(*AGREEMENT_ROLES)
@operation(
    Operation(
        body=NewPlan,
        answer=NewVersion,
        status=HTTPStatus.CREATED,
        is_write=True,
        refuses=(NotFound, PlanInvalid),
        examples={"plan": _PLAN},
    )
)
def add_plan(programme_id: ProgrammeId, body: NewPlan, intention: Request) -> Reply:
    """Add a version of the commission plan; deals keep their own."""
    return change_plan(
        current_runtime(),
        by=current_actor(),
        request=intention,
        programme_id=programme_id,
        plan=body.plan.given(),
        in_force_from=body.in_force_from,
    )


def _view(agreement: Agreement) -> ProgrammeView:
    programme = agreement.programme
    return ProgrammeView(
        programme_id=programme.id,
        project_id=programme.project_id,
        project=agreement.project,
        channel_id=programme.channel_id,
        channel=agreement.channel,
        kind=programme.kind,
        in_force_from=programme.in_force_from,
        in_force_until=programme.in_force_until,
        rules=versions_view(agreement.rules),
        plans=versions_view(version for version, _ in agreement.plans),
    )
