"""A busy sales office to measure: one project, desks with API tokens, many codes."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from attribution.ids import AgentId, ChannelId, ProjectId, VisitorTag
from attribution.people import Actor, Grant, Role
from attribution.programmes import Kind
from attribution.services.administering import (
    ProgrammeTerms,
    create_channel,
    create_programme,
    create_project,
)
from attribution.services.admitting import issue_integration
from attribution.services.answering import Answer, Reply, Request
from attribution.services.enlisting import NewAgent, create_agent
from attribution.services.enrolling import add_person, give_role
from attribution.services.issuing import Client, issue_token
from attribution.services.runtime import Runtime
from tokens.identifiers import Identifier, identifier

# Small agencies keep the quota's counts small while the codes are made.
_PER_CHANNEL = 400
_RULES = {
    "lead_minutes": 0,
    "lead_margin_minutes": 0,
    "quota_day": 1_000_000,
    "quota_open": 1_000_000,
    "agent_quota_day": 1_000_000,
    "agent_quota_open": 1_000_000,
}
_PLAN = {"base": "price", "rate_bp": 150}


def phone(number: int) -> str:
    """Return a mobile number."""
    return f"139{number:08}"


def quick_tag(
    project_id: ProjectId, identifiers: Sequence[Identifier]
) -> list[VisitorTag]:
    """Stand in for the identity tag, which is measured by itself."""
    return [
        VisitorTag(
            kind=one.kind,
            epoch=1,
            value=hashlib.sha256(
                f"{project_id}{one.kind}{one.value}".encode()
            ).digest(),
        )
        for one in identifiers
    ]


@dataclass(slots=True)
class BusyOffice:
    """One project at work. Numbers are tagged by `quick_tag` unless told otherwise."""

    runtime: Runtime
    project: ProjectId
    admin: Actor
    desk: Actor
    bearer: str

    def do(self, service: object, **arguments: object) -> Answer:
        """Call a service under a fresh request id."""
        request = Request(caller="bench", id=self.runtime.new_id(), body=b"")
        reply: Reply = service(self.runtime, request=request, **arguments)  # type: ignore[operator]
        return reply.answer

    def tokens(self, count: int) -> list[Answer]:
        """Issue tokens, each bound in full to a phone number of its own."""
        made: list[Answer] = []
        numbers = iter(range(count))
        while len(made) < count:
            agent = self._agency()
            size = min(_PER_CHANNEL, count - len(made))
            made.extend(self._token(agent, phone(next(numbers))) for _ in range(size))
        return made

    def _token(self, agent: Actor, number: str) -> Answer:
        client = Client(identifier=identifier("cn-mobile", number))
        made = self.do(issue_token, by=agent, project_id=self.project, client=client)
        return made | {"phone": number}

    def _agency(self) -> Actor:
        """Return an agent of a new channel that may refer to the project."""
        name = self.runtime.new_id(4)
        made = self.do(create_channel, by=self.admin, name=name)
        channel = ChannelId(str(made["channel_id"]))
        terms = ProgrammeTerms(
            project_id=self.project,
            channel_id=channel,
            kind=Kind.AGENCY,
            rules=_RULES,
            plan=_PLAN,
        )
        self.do(create_programme, by=self.admin, terms=terms)
        agent = NewAgent(channel_id=channel, name=name)
        made = self.do(create_agent, by=self.admin, agent=agent)
        return replace(
            self.admin,
            grants=(Grant(role=Role.AGENT, channel_id=channel),),
            agent_id=AgentId(str(made["agent_id"])),
            channel_id=channel,
        )


def open_office(runtime: Runtime, *, quick: bool = True) -> BusyOffice:
    """Open a project with an administrator and a desk that has an API token."""
    runtime = replace(runtime, tag=quick_tag) if quick else runtime
    actors = {}
    for role in (Role.ADMIN, Role.DESK):
        person = add_person(runtime, login=role.value, name=role.value)
        grant = Grant(role=role)
        give_role(runtime, person, grant)
        actors[role] = Actor(person_id=person, name=role.value, grants=(grant,))
    request = Request(caller="bench", id="the project", body=b"")
    made = create_project(
        runtime, by=actors[Role.ADMIN], request=request, name="bench", rules={}
    ).answer
    return BusyOffice(
        runtime=runtime,
        project=ProjectId(str(made["project_id"])),
        admin=actors[Role.ADMIN],
        desk=actors[Role.DESK],
        bearer=issue_integration(runtime, actors[Role.DESK].person_id, label="bench"),
    )
