"""Projects 案场: their rules by version, owners, and the unit list 楼盘表."""

import json
from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, url_for
from flask import request as sent
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from attribution.ids import ProjectId
from attribution.owners import OwnerMark
from attribution.people import Role
from attribution.services.administering import create_project
from attribution.services.enlisting import enlist_owners, list_units
from attribution.services.surveying import ProjectSurvey, survey_project
from attribution.services.versioning import change_project_rules
from web.access import current_actor, current_runtime, requires
from web.choosing import projects_here
from web.forms import Form, identifiers_in, page_request, parse_local
from web.parsing import MOST_OWNERS
from web.rule_fields import DEAL_FIELDS, KINDS, defaults_form, rules_from
from web.versions import worded_versions

bp = Blueprint("projects", __name__, url_prefix="/admin/projects")

ROLES = (Role.ADMIN, Role.OPERATIONS)
_REFUSED = HTTPStatus.UNPROCESSABLE_ENTITY
_MARKS = ((OwnerMark.PROJECT, _l("本项目老业主")), (OwnerMark.GROUP, _l("集团老业主")))


@bp.get("")
@requires(*ROLES)
def projects() -> str:
    """List the projects."""
    return render_template("admin/projects.html", projects=projects_here(*ROLES))


@bp.get("/new")
@requires(Role.ADMIN)
def project_form() -> str:
    """Show the form of a new project, filled with the default rules."""
    return _project_form(defaults_form(DEAL_FIELDS))


@bp.post("/new")
@requires(Role.ADMIN)
def open_project() -> ResponseReturnValue:
    """Open a sales centre."""
    form = Form(sent.form)
    rules = rules_from(form, DEAL_FIELDS)
    if not form.mistakes:
        with form.catching():
            answer = create_project(
                current_runtime(),
                by=current_actor(),
                request=page_request(),
                name=form.text("name"),
                rules=rules,
            ).answer
            return redirect(url_for(".project", project_id=answer["project_id"]), 303)
    return _project_form(form), _REFUSED


@bp.get("/<project_id>")
@requires(*ROLES)
def project(project_id: ProjectId) -> str:
    """Show a project: its rules by version, its agreements, owners and units."""
    return _project(project_id, Form())


@bp.get("/<project_id>/rules")
@requires(*ROLES)
def project_rules_form(project_id: ProjectId) -> str:
    """Show the form of the next version of a project's rules."""
    survey = _survey(project_id)
    latest = json.loads(survey.rules[-1].body)
    return _project_rules(survey, defaults_form(DEAL_FIELDS, latest))


@bp.post("/<project_id>/rules")
@requires(*ROLES)
def change_rules(project_id: ProjectId) -> ResponseReturnValue:
    """Add a version of a project's rules."""
    form = Form(sent.form)
    rules = rules_from(form, DEAL_FIELDS)
    since = form.read_if_given("in_force_from", parse_local)
    if not form.mistakes:
        with form.catching():
            change_project_rules(
                current_runtime(),
                by=current_actor(),
                request=page_request(),
                project_id=project_id,
                rules=rules,
                in_force_from=since,
            )
            flash(_("新版本已保存，旧版本都在。"), "good")
            return redirect(url_for(".project", project_id=project_id), 303)
    return _project_rules(_survey(project_id), form), _REFUSED


@bp.post("/<project_id>/owners")
@requires(*ROLES)
def add_owners(project_id: ProjectId) -> ResponseReturnValue:
    """Turn pasted numbers into owners' tags, and forget the numbers."""
    form = Form(sent.form)
    owners = identifiers_in(form, "owners", most=MOST_OWNERS)
    if not form.lines("owners"):
        form.refuse("owners", _("请至少填一行。"))
    mark = form.choice("mark", OwnerMark, OwnerMark.PROJECT)
    if not form.mistakes:
        with form.catching():
            answer = enlist_owners(
                current_runtime(),
                by=current_actor(),
                request=page_request(),
                project_id=project_id,
                identifiers=owners,
                mark=mark,
            ).answer
            flash(
                _("新增业主标签 %(count)s 个，号码已忘掉。", count=answer["added"]),
                "good",
            )
            return redirect(url_for(".project", project_id=project_id), 303)
    return _project(project_id, form), _REFUSED


@bp.post("/<project_id>/units")
@requires(*ROLES)
def add_units(project_id: ProjectId) -> ResponseReturnValue:
    """Add pasted units to the project's list, all or none."""
    form = Form(sent.form)
    if not form.lines("units"):
        form.refuse("units", _("请至少填一行。"))
    if not form.mistakes:
        with form.catching():
            answer = list_units(
                current_runtime(),
                by=current_actor(),
                request=page_request(),
                project_id=project_id,
                texts=form.lines("units"),
            ).answer
            flash(_("楼盘表现在有 %(count)s 套。", count=answer["listed"]), "good")
            return redirect(url_for(".project", project_id=project_id), 303)
    return _project(project_id, form), _REFUSED


def _project_form(form: Form) -> str:
    return render_template("admin/project_form.html", form=form, fields=DEAL_FIELDS)


def _survey(project_id: ProjectId) -> ProjectSurvey:
    return survey_project(current_runtime(), by=current_actor(), project_id=project_id)


def _project(project_id: ProjectId, form: Form) -> str:
    survey = _survey(project_id)
    return render_template(
        "admin/project.html",
        most_owners=MOST_OWNERS,
        form=form,
        survey=survey,
        versions=worded_versions(survey.rules, DEAL_FIELDS, current_runtime().now()),
        kinds=KINDS,
        marks=_MARKS,
    )


def _project_rules(survey: ProjectSurvey, form: Form) -> str:
    return render_template(
        "admin/project_rules.html",
        form=form,
        fields=DEAL_FIELDS,
        project=survey.project,
    )
