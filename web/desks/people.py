"""People 人员: who may sign in, with which roles where; invitations and suspension."""

from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, url_for
from flask import request as sent
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from attribution.errors import LoginTaken, NotFound
from attribution.ids import ChannelId, PersonId, ProjectId
from attribution.people import Grant, Role
from attribution.services.admitting import remove_second_factor
from attribution.services.enrolling import (
    account_of_person,
    add_person,
    give_role,
    invite,
    people_and_grants,
    readmit_person,
    suspend_person,
    take_role,
)
from attribution.services.surveying import channels_of
from web.access import current_actor, current_runtime, requires
from web.choosing import projects_here
from web.forms import Form, needed, page_request
from web.navigation import ROLE_NAMES

bp = Blueprint("people", __name__, url_prefix="/admin/people")


@bp.get("")
@requires(Role.ADMIN)
def everybody() -> str:
    """List everybody with their roles."""
    return _everybody(Form())


@bp.post("")
@requires(Role.ADMIN)
def add() -> ResponseReturnValue:
    """Add a person; the roles and the invitation come on their own page."""
    form = Form(sent.form)
    login, name = form.read("login", needed, ""), form.read("name", needed, "")
    if not form.mistakes:
        with form.catching(login=LoginTaken):
            person_id = add_person(
                current_runtime(),
                login=login,
                name=name,
                by=current_actor(),
                request=page_request(),
            )
            return redirect(url_for(".person", person_id=person_id), 303)
    return _everybody(form), HTTPStatus.UNPROCESSABLE_ENTITY


@bp.get("/<person_id>")
@requires(Role.ADMIN)
def person(person_id: PersonId) -> str:
    """Show one person."""
    return _person(person_id, Form())


@bp.post("/<person_id>/invitation")
@requires(Role.ADMIN)
def send_invitation(person_id: PersonId) -> str:
    """Show, once, the link by which the person chooses a password."""
    secret = invite(
        current_runtime(), person_id, by=current_actor(), request=page_request()
    )
    link = f"{url_for('front_page.invitation_form', _external=True)}#{secret}"
    return _person(person_id, Form(), link)


@bp.post("/<person_id>/roles")
@requires(Role.ADMIN)
def give(person_id: PersonId) -> ResponseReturnValue:
    """Give the person a role, everywhere or in one place."""
    form = Form(sent.form)
    grant = _grant(form)
    if not form.mistakes:
        with form.catching():
            give_role(
                current_runtime(),
                person_id,
                grant,
                by=current_actor(),
                request=page_request(),
            )
    if form.mistakes:
        return _person(person_id, form), HTTPStatus.UNPROCESSABLE_ENTITY
    flash(_("已加上角色：%(role)s", role=ROLE_NAMES[grant.role]), "good")
    return redirect(url_for(".person", person_id=person_id), 303)


@bp.post("/<person_id>/roles/<grant_id>/take")
@requires(Role.ADMIN)
def take(person_id: PersonId, grant_id: str) -> ResponseReturnValue:
    """Take a role back; one's own are taken by somebody else."""
    _refuse_self(person_id)
    take_role(
        current_runtime(),
        person_id,
        grant_id,
        by=current_actor(),
        request=page_request(),
    )
    flash(_("角色已收回，立刻生效。"), "good")
    return redirect(url_for(".person", person_id=person_id), 303)


@bp.post("/<person_id>/suspend")
@requires(Role.ADMIN)
def suspend(person_id: PersonId) -> ResponseReturnValue:
    """Keep the person out."""
    _refuse_self(person_id)
    suspend_person(
        current_runtime(), person_id, by=current_actor(), request=page_request()
    )
    flash(_("已停用，所有登录和令牌都结束了。"), "good")
    return redirect(url_for(".person", person_id=person_id), 303)


@bp.post("/<person_id>/readmit")
@requires(Role.ADMIN)
def readmit(person_id: PersonId) -> ResponseReturnValue:
    """Let the person in again."""
    readmit_person(
        current_runtime(), person_id, by=current_actor(), request=page_request()
    )
    flash(_("已恢复，可以重新登录。"), "good")
    return redirect(url_for(".person", person_id=person_id), 303)


@bp.post("/<person_id>/second-factor/remove")
@requires(Role.ADMIN)
def forget_second_factor(person_id: PersonId) -> ResponseReturnValue:
    """Stop asking for digits: the phone was lost."""
    remove_second_factor(
        current_runtime(), person_id, by=current_actor(), request=page_request()
    )
    flash(_("登录验证码已停用，请本人尽快重新设置。"), "good")
    return redirect(url_for(".person", person_id=person_id), 303)


def _refuse_self(person_id: PersonId) -> None:
    """Nobody locks the last door from outside: one's own account is not found here."""
    if person_id == current_actor().person_id:
        raise NotFound


def _grant(form: Form) -> Grant:
    role = form.choice("role", Role, Role.AUDITOR)
    project, channel = form.text("project"), form.text("channel")
    return Grant(
        role=role,
        project_id=ProjectId(project) if project else None,
        channel_id=ChannelId(channel) if channel else None,
    )


def _everybody(form: Form) -> str:
    accounts, grants = people_and_grants(current_runtime())
    return render_template(
        "admin/people.html", form=form, accounts=accounts, grants=grants, **_places()
    )


def _person(person_id: PersonId, form: Form, link: str = "") -> str:
    _accounts, grants = people_and_grants(current_runtime())
    return render_template(
        "admin/person.html",
        account=account_of_person(current_runtime(), person_id),
        grants=[one for one in grants if one.person_id == person_id],
        is_self=person_id == current_actor().person_id,
        form=form,
        link=link,
        roles=[(role.value, ROLE_NAMES[role]) for role in Role],
        **_places(),
    )


def _places() -> dict[str, dict[str, str]]:
    """Return the names of the projects and channels that a role may be limited to."""
    return {
        "projects": {one.id: one.name for one in projects_here(Role.ADMIN)},
        "channels": {one.id: one.name for one in channels_of(current_runtime())},
    }
