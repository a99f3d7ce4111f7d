"""Channels 渠道 and their agents 经纪人: added, suspended, let back."""

from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, url_for
from flask import request as sent
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from attribution.errors import LoginTaken
from attribution.ids import AgentId, ChannelId
from attribution.people import Role
from attribution.services.administering import create_channel
from attribution.services.enlisting import (
    NewAgent,
    create_agent,
    suspend_agent,
    suspend_channel,
)
from attribution.services.surveying import agents_of, channels_of
from web.access import current_actor, current_runtime, requires
from web.forms import Form, identifiers_in, page_request
from web.parsing import MOST_NUMBERS

bp = Blueprint("partners", __name__, url_prefix="/admin")

ROLES = (Role.ADMIN, Role.OPERATIONS)
_REFUSED = HTTPStatus.UNPROCESSABLE_ENTITY


@bp.get("/channels")
@requires(*ROLES)
def channels() -> str:
    """List the channels, with the form that adds one."""
    return _channels(Form())


@bp.post("/channels")
@requires(*ROLES)
def add_channel() -> ResponseReturnValue:
    """Add a channel."""
    form = Form(sent.form)
    with form.catching():
        create_channel(
            current_runtime(),
            by=current_actor(),
            request=page_request(),
            name=form.text("name"),
        )
        flash(_("渠道已加上；要开始合作，请再签一个合作方案。"), "good")
    if form.mistakes:
        return _channels(form), _REFUSED
    return redirect(url_for(".channels"), 303)


@bp.post("/channels/<channel_id>/suspension")
@requires(*ROLES)
def set_channel_suspension(channel_id: ChannelId) -> ResponseReturnValue:
    """Suspend a channel, or let it work again."""
    is_suspended = sent.form.get("suspend") == "yes"
    suspend_channel(
        current_runtime(),
        by=current_actor(),
        request=page_request(),
        channel_id=channel_id,
        is_suspended=is_suspended,
    )
    flash(_("渠道已停用。") if is_suspended else _("渠道已恢复。"), "good")
    return redirect(url_for(".channels"), 303)


@bp.get("/agents")
@requires(*ROLES)
def agents() -> str:
    """List the agents, with the form that adds one."""
    return _agents(Form())


@bp.post("/agents")
@requires(*ROLES)
def add_agent() -> ResponseReturnValue:
    """Add an agent; own numbers become tags and are forgotten."""
    form = Form(sent.form)
    agent = NewAgent(
        channel_id=ChannelId(form.text("channel")),
        name=form.text("name"),
        login=form.text("login"),
        is_owner=bool(form.text("is_owner")),
        is_desk_staff=bool(form.text("is_desk_staff")),
        own=tuple(identifiers_in(form, "own", most=MOST_NUMBERS)),
    )
    if not form.mistakes:
        with form.catching(login=LoginTaken):
            create_agent(
                current_runtime(),
                by=current_actor(),
                request=page_request(),
                agent=agent,
            )
            flash(
                _("经纪人已加上，号码已忘掉。有登录名的，请到“人员”里发邀请。"), "good"
            )
            return redirect(url_for(".agents"), 303)
    return _agents(form), _REFUSED


@bp.post("/agents/<agent_id>/suspension")
@requires(*ROLES)
def set_agent_suspension(agent_id: AgentId) -> ResponseReturnValue:
    """Suspend an agent, or let one work again."""
    is_suspended = sent.form.get("suspend") == "yes"
    suspend_agent(
        current_runtime(),
        by=current_actor(),
        request=page_request(),
        agent_id=agent_id,
        is_suspended=is_suspended,
    )
    flash(_("经纪人已停用。") if is_suspended else _("经纪人已恢复。"), "good")
    return redirect(url_for(".agents"), 303)


def _channels(form: Form) -> str:
    return render_template(
        "admin/channels.html",
        form=form,
        channels=channels_of(current_runtime()),
        may_suspend=current_actor().may_everywhere(*ROLES),
    )


def _agents(form: Form) -> str:
    runtime, actor = current_runtime(), current_actor()
    found = channels_of(runtime)
    return render_template(
        "admin/agents.html",
        form=form,
        agents=agents_of(runtime, by=actor),
        channels=[(one.id, one.name) for one in found if actor.may_for(one.id, *ROLES)],
        names={one.id: one.name for one in found},
    )
