"""Choosing for people what they need not say: the project they work for."""

from collections.abc import Collection
from datetime import datetime

from attribution.errors import InputInvalid, NotFound
from attribution.ids import ProjectId
from attribution.people import CHANNEL_ROLES, Actor, Grant, Role
from attribution.services.runtime import Runtime
from attribution.storage.work import UnitOfWork


def chosen_project(
    runtime: Runtime, *, by: Actor, roles: Collection[Role], named: ProjectId | None
) -> ProjectId:
    """Return the named project, or else the only one that these roles reach.

    Whoever works for a channel reaches those for which it has a programme in force.

    Raises:
        NotFound: no such project.
        InputInvalid: none was named, and the roles do not tell which it is.
    """
    grants = [grant for grant in by.grants if grant.role in roles]
    if named is not None:
        if not runtime.keys.has_project(named):
            raise NotFound
        return named
    now = runtime.now()
    with runtime.reading() as work:
        found = {one for grant in grants for one in _reached(work, by, grant, now)}
    if len(found) != 1:
        raise InputInvalid("project", "must be named: your roles do not tell which")
    return found.pop()


def _reached(
    work: UnitOfWork, by: Actor, grant: Grant, now: datetime
) -> list[ProjectId]:
    if grant.project_id is not None:
        return [grant.project_id]
    if grant.role not in CHANNEL_ROLES:
        return [one.id for one in work.agreements.projects()]
    channel_id = grant.channel_id or by.channel_id
    if channel_id is None:
        return []
    programmes = work.agreements.programmes_of(channel_id, now)
    return [one.project_id for one in programmes if one.is_in_force(now)]
