"""Which project a person works for, when it was not said."""

import pytest

from attribution.errors import InputInvalid, NotFound
from attribution.ids import ChannelId, ProjectId
from attribution.people import Actor, Grant, Role
from attribution.services.administering import create_project
from attribution.services.choosing import chosen_project
from tests.office import Office

NOWHERE = ProjectId("0" * 16)


def actor(office: Office, *grants: Grant, channel: ChannelId | None = None) -> Actor:
    return Actor(
        person_id=office.people["desk"], name="", grants=grants, channel_id=channel
    )


def test_what_is_named_is_chosen_if_it_is_there(office: Office) -> None:
    everywhere = actor(office, Grant(role=Role.DESK))
    posted = actor(office, Grant(role=Role.DESK, project_id=office.project))

    chosen = [
        chosen_project(office.runtime, by=one, roles=[Role.DESK], named=office.project)
        for one in (everywhere, posted)
    ]

    assert chosen == [office.project] * 2
    with pytest.raises(NotFound):
        chosen_project(office.runtime, by=posted, roles=[Role.DESK], named=NOWHERE)


def test_the_only_project_of_a_role_need_not_be_named(office: Office) -> None:
    a = office.channel_a
    reaching = [
        actor(office, Grant(role=Role.DESK)),
        actor(office, Grant(role=Role.DESK, project_id=office.project)),
        actor(office, Grant(role=Role.AGENT), channel=a),
        actor(office, Grant(role=Role.AGENT, channel_id=a)),
    ]

    chosen = [
        chosen_project(
            office.runtime, by=one, roles=[Role.DESK, Role.AGENT], named=None
        )
        for one in reaching
    ]

    assert chosen == [office.project] * 4


def test_none_and_several_must_be_named(office: Office) -> None:
    office.do(create_project, by=office.admin, name="云庭", rules={})
    reaching = [
        actor(office, Grant(role=Role.SIGNING)),
        actor(office, Grant(role=Role.AGENT)),
        actor(office, Grant(role=Role.DESK)),
    ]

    for one in reaching:
        with pytest.raises(InputInvalid) as refused:
            chosen_project(
                office.runtime, by=one, roles=[Role.DESK, Role.AGENT], named=None
            )
        assert refused.value.path == "project"
