"""What every command of an operator begins with: the settings, and the runtime."""

from collections.abc import Iterator
from contextlib import contextmanager

from attribution.ids import PersonId
from attribution.people import Actor, Grant, Role
from attribution.services.runtime import Runtime
from web.logs import set_up_logs
from web.settings import Settings, read_settings
from web.wiring import open_installation

OPERATOR = Actor(
    person_id=PersonId("operator"), name="", grants=(Grant(role=Role.AUDITOR),)
)
"""Who works on the machine itself, and may read everything there anyway."""


@contextmanager
def installed() -> Iterator[tuple[Settings, Runtime]]:
    """Open the installation that the environment names, and close it."""
    settings = read_settings()
    set_up_logs()
    installation = open_installation(settings)
    try:
        yield settings, installation.runtime
    finally:
        installation.database.close()
