"""The API of sales centres 案场: their rules, owners and units."""

import json
from collections.abc import Iterable
from http import HTTPStatus
from typing import Annotated

from flask import Blueprint
from pydantic import Field, StrictStr

from attribution.errors import NotFound, RulebookInvalid
from attribution.ids import ProjectId
from attribution.owners import OwnerMark
from attribution.people import Role
from attribution.projects import Version
from attribution.services.administering import create_project
from attribution.services.answering import Reply, Request
from attribution.services.enlisting import enlist_owners, list_units
from attribution.services.surveying import projects_of, survey_project
from attribution.services.versioning import AGREEMENT_ROLES, change_project_rules
from tokens.errors import IdentifierInvalid
from web.access import (
    current_actor,
    current_runtime,
    open_to_signed_in,
    requires,
)
from web.api.fields import (
    Asked,
    Identification,
    Instant,
    Line,
    Told,
    Written,
    read_all,
)
from web.api.operations import Operation, operation, project_or_only
from web.api.rulebooks import DealRulesBody, NewVersion, VersionView
from web.parsing import MOST_OWNERS

bp = Blueprint("api_projects", __name__, url_prefix="/api/v1/projects")


class NewProject(Asked):
    """A sales centre, and the first version of its deal-level rules."""

    name: Line
    rules: DealRulesBody = DealRulesBody()


class ProjectRules(Asked):
    """A new version of the deal-level rules."""

    rules: DealRulesBody
    in_force_from: Instant | None = Field(default=None, description="now, if left out")


class Owners(Asked):
    """People who own already; their numbers become tags and are forgotten."""

    identifiers: Annotated[
        tuple[Identification, ...], Field(min_length=1, max_length=MOST_OWNERS)
    ]
    mark: OwnerMark


class Units(Asked):
    """Homes as people write them."""

    units: Annotated[
        tuple[Annotated[StrictStr, Field(min_length=1, max_length=40)], ...],
        Field(min_length=1, max_length=5000),
    ] = Field(examples=[["3-1-1201", "3栋1单元1202"]])


class CreatedProject(Written):
    """A sales centre that was opened."""

    project_id: str


class EnlistedOwners(Written):
    """How many were not owners before."""

    added: int


class ListedUnits(Written):
    """How many units are listed now."""

    listed: int


class ProjectName(Told):
    """A sales centre."""

    project_id: str = Field(validation_alias="id")
    name: str
    created_at: Instant


class ProjectList(Told):
    """The sales centres that one's roles reach, by name."""

    projects: tuple[ProjectName, ...]


class ProjectView(Told):
    """A sales centre with every version of its rules, and its units."""

    project_id: str
    name: str
    created_at: Instant
    rules: tuple[VersionView, ...]
    programme_ids: tuple[str, ...]
    units: tuple[str, ...]


@bp.get("")
@open_to_signed_in
@operation(Operation(answer=ProjectList))
def projects() -> ProjectList:
    """List the sales centres that one's roles reach."""
    found = projects_of(current_runtime(), by=current_actor(), roles=Role)
    return ProjectList.model_validate({"projects": found}, from_attributes=True)


@bp.post("")
@requires(Role.ADMIN)
@operation(
    Operation(
        body=NewProject,
        answer=CreatedProject,
        status=HTTPStatus.CREATED,
        is_write=True,
        refuses=(RulebookInvalid,),
        examples={"name": "云庭", "rules": {"regime": "first_visit"}},
    )
)
def create(body: NewProject, intention: Request) -> Reply:
    """Open a sales centre: its keys, and the first version of its rules."""
    return create_project(
        current_runtime(),
        by=current_actor(),
        request=intention,
        name=body.name,
        rules=body.rules.given(),
    )


@bp.get("/<project_id>")
@requires(*AGREEMENT_ROLES)
@operation(Operation(answer=ProjectView, refuses=(NotFound,)))
def one_project(project_id: ProjectId) -> ProjectView:
    """Show a sales centre with all that was agreed about it."""
    found = survey_project(current_runtime(), by=current_actor(), project_id=project_id)
    return ProjectView(
        project_id=found.project.id,
        name=found.project.name,
        created_at=found.project.created_at,
        rules=versions_view(found.rules),
        programme_ids=tuple(one.programme.id for one in found.agreements),
        units=tuple(sorted(found.units)),
    )


@bp.post("/<project_id>/rules")
@requires(*AGREEMENT_ROLES)
@operation(
    Operation(
        body=ProjectRules,
        answer=NewVersion,
        status=HTTPStatus.CREATED,
        is_write=True,
        refuses=(NotFound, RulebookInvalid),
        examples={"rules": {"regime": "first_report"}},
    )
)
def change(project_id: ProjectId, body: ProjectRules, intention: Request) -> Reply:
    """Add a version of the deal-level rules; rulings keep their own."""
    return change_project_rules(
        current_runtime(),
        by=current_actor(),
        request=intention,
        project_id=project_id,
        rules=body.rules.given(),
        in_force_from=body.in_force_from,
    )


@bp.post("/<project_id>/owners")
@requires(*AGREEMENT_ROLES)
@operation(
    Operation(
        body=Owners,
        answer=EnlistedOwners,
        status=HTTPStatus.CREATED,
        is_write=True,
        refuses=(NotFound, IdentifierInvalid),
        examples={
            "identifiers": [{"kind": "cn-mobile", "value": "13800138000"}],
            "mark": "project",
        },
    )
)
def enlist(project_id: ProjectId, body: Owners, intention: Request) -> Reply:
    """Mark people as owners (老业主); only tags are kept."""
    return enlist_owners(
        current_runtime(),
        by=current_actor(),
        request=intention,
        project_id=project_or_only(project_id, *AGREEMENT_ROLES),
        identifiers=read_all(body.identifiers),
        mark=body.mark,
    )


@bp.post("/<project_id>/units")
@requires(*AGREEMENT_ROLES)
@operation(
    Operation(
        body=Units,
        answer=ListedUnits,
        status=HTTPStatus.CREATED,
        is_write=True,
        refuses=(NotFound,),
    )
)
def add_units(project_id: ProjectId, body: Units, intention: Request) -> Reply:
    """Add homes to the unit list (楼盘表), all or none."""
    return list_units(
        current_runtime(),
        by=current_actor(),
        request=intention,
        project_id=project_id,
        texts=body.units,
    )


def versions_view(versions: Iterable[Version]) -> tuple[VersionView, ...]:
    """Return versions as answers carry them."""
    return tuple(
        VersionView(
            version=one.version,
            in_force_from=one.in_force_from,
            body=json.loads(one.body),
        )
        for one in versions
    )
