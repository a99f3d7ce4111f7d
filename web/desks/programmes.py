"""Programmes 方案: a channel's agreement with a project, rules and plan by version."""

import json
from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, url_for
from flask import request as sent
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from attribution.ids import ChannelId, ProgrammeId, ProjectId
from attribution.people import Role
from attribution.programmes import Kind
from attribution.services.administering import ProgrammeTerms, create_programme
from attribution.services.surveying import (
    Agreement,
    channels_of,
    survey_programme,
)
from attribution.services.versioning import change_plan, change_programme_rules
from web.access import current_actor, current_runtime, requires
from web.choosing import projects_here
from web.forms import Form, page_request, parse_local
from web.plan_fields import plan_form, plan_from
from web.rule_fields import KINDS, MILESTONES, TOKEN_FIELDS, defaults_form, rules_from
from web.versions import worded_plans, worded_versions

bp = Blueprint("programmes", __name__, url_prefix="/admin/programmes")

ROLES = (Role.ADMIN, Role.OPERATIONS)
_REFUSED = HTTPStatus.UNPROCESSABLE_ENTITY


@bp.get("/new")
@requires(*ROLES)
def new_form() -> str:
    """Show the form of a new agreement, filled with the defaults."""
    return _new(defaults_form(TOKEN_FIELDS).filled_from(plan_form()))


@bp.post("/new")
@requires(*ROLES)
def agree() -> ResponseReturnValue:
    """Let a channel refer to a project."""
    form = Form(sent.form)
    terms = _terms(form)
    if not form.mistakes:
        with form.catching():
            answer = create_programme(
                current_runtime(),
                by=current_actor(),
                request=page_request(),
                terms=terms,
            ).answer
            return redirect(
                url_for(".programme", programme_id=answer["programme_id"]), 303
            )
    return _new(form), _REFUSED


@bp.get("/<programme_id>")
@requires(*ROLES)
def programme(programme_id: ProgrammeId) -> str:
    """Show an agreement: its terms, its rules and its plan by version, in words."""
    agreement, now = _survey(programme_id), current_runtime().now()
    return render_template(
        "admin/programme.html",
        agreement=agreement,
        kinds=KINDS,
        rules=worded_versions(agreement.rules, TOKEN_FIELDS, now),
        plans=worded_plans(agreement.plans, now),
        is_in_force=agreement.programme.is_in_force(now),
    )


@bp.get("/<programme_id>/rules")
@requires(*ROLES)
def rules_form(programme_id: ProgrammeId) -> str:
    """Show the form of the next version of the rules."""
    agreement = _survey(programme_id)
    latest = json.loads(agreement.rules[-1].body)
    return _rules(agreement, defaults_form(TOKEN_FIELDS, latest))


@bp.post("/<programme_id>/rules")
@requires(*ROLES)
def change_rules(programme_id: ProgrammeId) -> ResponseReturnValue:
    """Add a version of the rules."""
    form = Form(sent.form)
    rules = rules_from(form, TOKEN_FIELDS)
    since = form.read_if_given("in_force_from", parse_local)
    if not form.mistakes:
        with form.catching():
            change_programme_rules(
                current_runtime(),
                by=current_actor(),
                request=page_request(),
                programme_id=programme_id,
                rules=rules,
                in_force_from=since,
            )
            flash(_("新版本已保存，旧版本都在。"), "good")
            return redirect(url_for(".programme", programme_id=programme_id), 303)
    return _rules(_survey(programme_id), form), _REFUSED


@bp.get("/<programme_id>/plan")
@requires(*ROLES)
def plan_version_form(programme_id: ProgrammeId) -> str:
    """Show the form of the next version of the commission plan."""
    agreement = _survey(programme_id)
    return _plan(agreement, plan_form(agreement.plans[-1][1]))


@bp.post("/<programme_id>/plan")
@requires(*ROLES)
def change_the_plan(programme_id: ProgrammeId) -> ResponseReturnValue:
    """Add a version of the commission plan."""
    form = Form(sent.form)
    plan, since = plan_from(form), form.read_if_given("in_force_from", parse_local)
    if not form.mistakes:
        with form.catching():
            change_plan(
                current_runtime(),
                by=current_actor(),
                request=page_request(),
                programme_id=programme_id,
                plan=plan,
                in_force_from=since,
            )
            flash(_("新版本已保存，旧版本都在。"), "good")
            return redirect(url_for(".programme", programme_id=programme_id), 303)
    return _plan(_survey(programme_id), form), _REFUSED


def _terms(form: Form) -> ProgrammeTerms:
    return ProgrammeTerms(
        project_id=ProjectId(form.text("project")),
        channel_id=ChannelId(form.text("channel")),
        kind=form.choice("kind", Kind, Kind.AGENCY),
        in_force_from=form.read_if_given("in_force_from", parse_local),
        in_force_until=form.read_if_given("in_force_until", parse_local),
        rules=rules_from(form, TOKEN_FIELDS),
        plan=plan_from(form),
    )


def _new(form: Form) -> str:
    return render_template(
        "admin/programme_form.html",
        form=form,
        projects=[(one.id, one.name) for one in projects_here(*ROLES)],
        channels=[(one.id, one.name) for one in channels_of(current_runtime())],
        kinds=KINDS.items(),
        fields=TOKEN_FIELDS,
        milestones=MILESTONES,
    )


def _survey(programme_id: ProgrammeId) -> Agreement:
    return survey_programme(
        current_runtime(), by=current_actor(), programme_id=programme_id
    )


def _rules(agreement: Agreement, form: Form) -> str:
    return render_template(
        "admin/programme_rules.html",
        form=form,
        fields=TOKEN_FIELDS,
        agreement=agreement,
    )


def _plan(agreement: Agreement, form: Form) -> str:
    return render_template(
        "admin/programme_plan.html",
        form=form,
        milestones=MILESTONES,
        agreement=agreement,
    )
