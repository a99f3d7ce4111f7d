"""Which project a page is about: the one asked for, or the person's first."""

from flask import request

from attribution.errors import NotAllowed
from attribution.people import Role
from attribution.projects import Project
from attribution.services.surveying import projects_of
from web.access import current_actor, current_runtime


def projects_here(*roles: Role) -> list[Project]:
    """Return the projects at which the person holds one of the roles."""
    return projects_of(current_runtime(), by=current_actor(), roles=roles)


def chosen_project(*roles: Role) -> Project:
    """Return the project named in the form or the address, else the person's first.

    Raises:
        NotAllowed: the person holds none of the roles there, or anywhere.
    """
    found = projects_here(*roles)
    asked = request.form.get("project") or request.args.get("project")
    chosen = [one for one in found if asked in (None, one.id)]
    if not chosen:
        raise NotAllowed
    return chosen[0]
