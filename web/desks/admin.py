"""Administration 管理: the first page, devices, API tokens, who may what, the log."""

from http import HTTPStatus

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask import request as sent
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from attribution.ids import DeviceId, PersonId, ProjectId
from attribution.people import Role
from attribution.services.admitting import (
    integrations,
    issue_integration,
    revoke_credential,
)
from attribution.services.enrolling import people_and_grants
from attribution.services.pairing import begin_pairing, devices, revoke_device
from attribution.services.surveying import survey_log
from web.access import current_actor, current_runtime, endpoints, requires
from web.choosing import projects_here
from web.forms import Form, needed, page_request
from web.log_words import ENTRY_WORDS

bp = Blueprint("admin", __name__, url_prefix="/admin")

EVERY_ADMIN = (Role.ADMIN, Role.OPERATIONS)


@bp.get("")
@requires(*EVERY_ADMIN)
def overview() -> str:
    """Show what there is to look after."""
    return render_template("admin/overview.html")


@bp.get("/devices")
@requires(Role.ADMIN)
def list_devices() -> str:
    """Show the paired desks, and the form that pairs another."""
    return _devices(Form())


@bp.post("/devices")
@requires(Role.ADMIN)
def pair() -> ResponseReturnValue:
    """Show, once, the six digits that make the next browser a desk."""
    form = Form(sent.form)
    name = form.read("name", needed, "")
    if form.mistakes:
        return _devices(form), HTTPStatus.UNPROCESSABLE_ENTITY
    code = begin_pairing(
        current_runtime(),
        project_id=ProjectId(form.text("project")),
        name=name,
        by=current_actor(),
        request=page_request(),
    )
    return _devices(Form(), code)


@bp.post("/devices/<device_id>/revoke")
@requires(Role.ADMIN)
def revoke(device_id: DeviceId) -> ResponseReturnValue:
    """Shut a device out."""
    revoke_device(
        current_runtime(), device_id, by=current_actor(), request=page_request()
    )
    flash(_("这台电脑已停用，上面的登录也都结束了。"), "good")
    return redirect(url_for(".list_devices"), 303)


@bp.get("/tokens")
@requires(Role.ADMIN)
def list_tokens() -> str:
    """Show the API tokens in force, and the form that issues another."""
    return _tokens(Form())


@bp.post("/tokens")
@requires(Role.ADMIN)
def issue() -> ResponseReturnValue:
    """Show, once, a new API token."""
    form = Form(sent.form)
    label = form.read("label", needed, "")
    if form.mistakes:
        return _tokens(form), HTTPStatus.UNPROCESSABLE_ENTITY
    secret = issue_integration(
        current_runtime(),
        PersonId(form.text("person")),
        label=label,
        by=current_actor(),
        request=page_request(),
    )
    return _tokens(Form(), secret)


@bp.post("/tokens/<credential_id>/revoke")
@requires(Role.ADMIN)
def revoke_token(credential_id: str) -> ResponseReturnValue:
    """End an API token at once."""
    revoke_credential(
        current_runtime(), credential_id, by=current_actor(), request=page_request()
    )
    flash(_("令牌已停用。"), "good")
    return redirect(url_for(".list_tokens"), 303)


@bp.get("/access")
@requires(*EVERY_ADMIN)
def access() -> str:
    """Show which role may open which endpoint."""
    rules = {
        rule.endpoint: rule.rule
        for rule in sorted(current_app.url_map.iter_rules(), key=lambda one: one.rule)
    }
    writes = {
        rule.endpoint
        for rule in current_app.url_map.iter_rules()
        if "GET" not in (rule.methods or ())
    }
    table = endpoints(current_app)
    rows = sorted((rules[name], name, roles) for name, roles in table.items())
    return render_template(
        "admin/access.html", rows=rows, writes=writes, roles=list(Role)
    )


@bp.get("/log")
@requires(*EVERY_ADMIN)
def log() -> str:
    """Show the newest checkpoint and the latest entries, without their contents."""
    return render_template(
        "admin/log.html", survey=survey_log(current_runtime()), words=ENTRY_WORDS
    )


def _devices(form: Form, code: str = "") -> str:
    projects = projects_here(Role.ADMIN)
    return render_template(
        "admin/devices.html",
        form=form,
        code=code,
        devices=devices(current_runtime()),
        projects=[(one.id, one.name) for one in projects],
        names={one.id: one.name for one in projects},
    )


def _tokens(form: Form, secret: str = "") -> str:
    accounts, _grants = people_and_grants(current_runtime())
    return render_template(
        "admin/tokens.html",
        form=form,
        secret=secret,
        tokens=integrations(current_runtime()),
        people=[(one.id, one.name) for one in accounts if one.suspended_at is None],
        names={one.id: one.name for one in accounts},
    )
