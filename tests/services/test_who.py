"""Who did it stands in the statement, in the transaction of the fact."""

import json
from collections.abc import Callable, Mapping

import pytest
from sqlalchemy import select

from attribution.ids import ChannelId, DeviceId
from attribution.owners import OwnerMark
from attribution.people import Grant, Role
from attribution.services.administering import create_channel, create_project
from attribution.services.admitting import (
    integrations,
    issue_integration,
    remove_second_factor,
    revoke_credential,
)
from attribution.services.enlisting import (
    NewAgent,
    create_agent,
    enlist_owners,
    list_units,
    suspend_agent,
    suspend_channel,
)
from attribution.services.enrolling import (
    add_person,
    give_role,
    invite,
    readmit_person,
    suspend_person,
    take_role,
)
from attribution.services.pairing import begin_pairing, devices, revoke_device
from attribution.services.versioning import change_plan
from attribution.storage.tables import log_entries
from tests.office import PLAN, Office, mobile

Act = Callable[[Office], object]


def taken_role(office: Office) -> None:
    desk = office.people["desk"]
    grant_id = give_role(office.runtime, desk, Grant(role=Role.RISK), by=office.admin)
    take_role(office.runtime, desk, grant_id, by=office.admin)


def revoked_token(office: Office) -> None:
    desk = office.people["desk"]
    issue_integration(office.runtime, desk, label="同步", by=office.admin)
    (one,) = integrations(office.runtime)
    revoke_credential(office.runtime, one.id, by=office.admin)


def revoked_device(office: Office) -> None:
    begin_pairing(
        office.runtime, project_id=office.project, name="北门", by=office.admin
    )
    device_id = DeviceId(devices(office.runtime)[-1].id)
    revoke_device(office.runtime, device_id, by=office.admin)


def new_channel(office: Office) -> ChannelId:
    made = office.do(create_channel, by=office.admin, name="丁渠道")
    return ChannelId(str(made["channel_id"]))


def new_agent(office: Office) -> object:
    agent = NewAgent(channel_id=office.channel_a, name="赵", login="zhao")
    return office.do(create_agent, by=office.admin, agent=agent)


ACTS: Mapping[str, Act] = {
    "person": lambda it: add_person(it.runtime, login="x", name="x", by=it.admin),
    "role": taken_role,
    "invitation": lambda it: invite(it.runtime, it.people["desk"], by=it.admin),
    "out": lambda it: suspend_person(it.runtime, it.people["desk"], by=it.admin),
    "in": lambda it: readmit_person(it.runtime, it.people["desk"], by=it.admin),
    "digits": lambda it: remove_second_factor(
        it.runtime, it.people["desk"], by=it.admin
    ),
    "token": revoked_token,
    "device": revoked_device,
    "project": lambda it: it.do(create_project, by=it.admin, name="湖畔", rules={}),
    "channel": lambda it: it.do(create_channel, by=it.admin, name="丙渠道"),
    "programme": lambda it: it.programme(new_channel(it)),
    "project rules": lambda it: it.change_project(),
    "programme rules": lambda it: it.change_rules(),
    "plan": lambda it: it.do(
        change_plan, by=it.admin, programme_id=it.programmes[it.channel_a], plan=PLAN
    ),
    "agent": new_agent,
    "suspended agent": lambda it: it.do(
        suspend_agent, by=it.admin, agent_id=it.wang.agent_id, is_suspended=True
    ),
    "suspended channel": lambda it: it.do(
        suspend_channel, by=it.admin, channel_id=it.channel_a, is_suspended=True
    ),
    "owners": lambda it: it.do(
        enlist_owners,
        by=it.admin,
        project_id=it.project,
        identifiers=[mobile()],
        mark=OwnerMark.GROUP,
    ),
    "units": lambda it: it.do(
        list_units, by=it.admin, project_id=it.project, texts=["3-1-1201"]
    ),
}
KEYS = ("key-epoch/v1", "issuer-key/v1")


def events(office: Office) -> list[Mapping[str, object]]:
    query = select(log_entries.c.event, log_entries.c.kind).order_by("arrival")
    with office.database.reading() as connection:
        rows = connection.execute(query).all()
    return [json.loads(row.event) for row in rows if row.kind not in KEYS]


@pytest.mark.parametrize("name", ACTS)
def test_every_statement_of_an_administrator_says_who(
    name: str, sqlite_office: Office
) -> None:
    before = len(events(sqlite_office))

    ACTS[name](sqlite_office)

    said = events(sqlite_office)[before:]
    assert said
    assert {one["by"] for one in said} == {sqlite_office.admin.person_id}


def test_what_an_operator_does_at_the_machine_is_by_nobody(
    sqlite_office: Office,
) -> None:
    add_person(sqlite_office.runtime, login="x", name="x")

    assert events(sqlite_office)[-1]["by"] is None
