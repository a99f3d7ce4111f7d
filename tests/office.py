"""Office: the real services on a real database, with a clock the test can set."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from sqlalchemy import Table, func, select

from attribution.ids import (
    AgentId,
    ChannelId,
    PersonId,
    ProgrammeId,
    ProjectId,
    SigningId,
    VisitorTag,
)
from attribution.money import Fen
from attribution.people import CHANNEL_ROLES, Actor, Grant, Role
from attribution.programmes import Kind
from attribution.rulebook import Stage
from attribution.services.administering import (
    ProgrammeTerms,
    create_channel,
    create_programme,
    create_project,
)
from attribution.services.answering import Answer, Reply, Request
from attribution.services.enlisting import NewAgent, create_agent
from attribution.services.greeting import Arrival
from attribution.services.issuing import Client, issue_token
from attribution.services.ruling import rule_signing
from attribution.services.runtime import IssuerKey, LogSigner, Runtime, log_signer
from attribution.services.signing import Contract, record_signing
from attribution.services.versioning import (
    change_programme_rules,
    change_project_rules,
)
from attribution.services.visiting import record_walk_in, redeem_token
from attribution.storage.engine import Database
from attribution.storage.migrating import migrate
from attribution.storage.work import unit_of_work
from tokens.identifiers import Identifier, identifier
from tokens.referral import key_id
from tokens.scans import read_scan
from tokens.tags import TagKey, tags_for

OPENING = datetime(2026, 3, 1, 1, 0, tzinfo=UTC)  # 9:00 in Shanghai
PLAN: Mapping[str, object] = {
    "base": "price",
    "rate_bp": 150,
    "milestones": [{"on": "contract", "bp": 7000}, {"on": "handover", "bp": 3000}],
}
PHONE, OTHER_PHONE = "13800138000", "13900139000"


def mobile(number: str = PHONE) -> Identifier:
    """Return a phone number as the desks hand it to a service."""
    return identifier("cn-mobile", number)


class OfficeKeys:
    """Keys that live as long as the test."""

    code_key = b"c" * 32
    request_key = b"r" * 32
    data_key = b"d" * 32

    def __init__(self) -> None:
        self.log_numbers, self._newest = [0], 0
        self._issuers: dict[ProjectId, IssuerKey] = {}
        self.tag_keys: dict[ProjectId, TagKey] = {}

    @property
    def log(self) -> LogSigner:
        return self._log(self.log_numbers[-1])

    def next_log(self) -> LogSigner:
        return self._log(self._newest + 1)

    def adopt_next_log(self) -> None:
        self._newest += 1
        self.log_numbers.append(self._newest)

    def lose_newest_log(self) -> None:
        """Lose a file; the one before it lies in its place, or a start makes one."""
        self.log_numbers.pop()
        if not self.log_numbers:
            self.adopt_next_log()

    def _log(self, number: int) -> LogSigner:
        seed = hashlib.sha256(f"log {number}".encode()).digest()
        name = f"hefu.test/log{number or ''}"
        return log_signer(name, Ed25519PrivateKey.from_private_bytes(seed))

    def issuer_of(self, project_id: ProjectId) -> IssuerKey:
        return self._issuers[project_id]

    def issuer_keys(self) -> Mapping[bytes, Ed25519PublicKey]:
        return {key.kid: key.private.public_key() for key in self._issuers.values()}

    def has_project(self, project_id: ProjectId) -> bool:
        return project_id in self._issuers

    def create_for(self, project_id: ProjectId, epoch: int) -> bytes:
        seed = hashlib.sha256(f"{project_id}{epoch}".encode()).digest()
        private = Ed25519PrivateKey.from_private_bytes(seed)
        kid = key_id(private.public_key())
        self._issuers[project_id] = IssuerKey(kid=kid, private=private)
        self.tag_keys[project_id] = TagKey.from_random(seed)
        return self.tag_keys[project_id].public_bytes()


class OfficeHead:
    """The last signed head, kept as long as the test."""

    def __init__(self) -> None:
        self.checkpoint: str | None = None

    def read(self) -> str | None:
        return self.checkpoint

    def keep(self, checkpoint: str) -> None:
        self.checkpoint = checkpoint

    def replace(self, checkpoint: str | None) -> None:
        self.checkpoint = checkpoint


def quick_stretch(one: Identifier, project: str) -> bytes:
    """Stand in for Argon2id, whose 20 ms only an attacker should have to pay."""
    return hashlib.sha256(f"{project} {one.kind}:{one.value}".encode()).digest()


class Office:
    """One project, two agencies, an agent each, and everybody at their desks.

    Another process works in the same office with its `card`, and a `series` of its
    own, from which request ids and randomness follow.
    """

    def __init__(
        self,
        database: Database,
        *,
        random_bytes: Callable[[int], bytes] | None = None,
        series: str = "request",
        card: Mapping[str, Any] | None = None,
    ) -> None:
        self.database = database
        self.time = OPENING
        self.series = series
        self.keys = OfficeKeys()
        self.last_head = OfficeHead()
        self.people: dict[str, PersonId] = {}
        self.programmes: dict[ChannelId, ProgrammeId] = {}
        self._numbers = count(1)
        self._requests = count(1)
        if card is None:
            migrate(database.engine)
        self.runtime = Runtime(
            now=lambda: self.time,
            random_bytes=random_bytes or self._counted,
            keys=self.keys,
            last_head=self.last_head,
            tag=self._tag,
            transaction=lambda: unit_of_work(database.writing()),
            reading=lambda: unit_of_work(database.reading()),
        )
        if card is None:
            self._hire()
            self._agree()
        else:
            self._return(card)

    def _counted(self, size: int) -> bytes:
        """Return bytes that differ at every draw and are alike in every run."""
        seed = f"{self.series} {next(self._numbers)}".encode()
        return hashlib.shake_256(seed).digest(size)

    def _tag(
        self, project_id: ProjectId, identifiers: Sequence[Identifier]
    ) -> list[VisitorTag]:
        values = tags_for(
            identifiers,
            project=project_id,
            key=self.keys.tag_keys[project_id],
            random_bytes=self._counted,
            stretch=quick_stretch,
        )
        return [
            VisitorTag(kind=one.kind, epoch=1, value=value)
            for one, value in zip(identifiers, values, strict=True)
        ]

    def _hire(self) -> None:
        names = ("admin", "desk", "desk two", "signing", "finance", "wang", "li")
        with self.runtime.transaction() as work:
            for name in names:
                person = PersonId(self.runtime.new_id())
                work.access.add_person(person, login=name, name=name, at=self.time)
                self.people[name] = person
        self._seat()

    def _seat(self) -> None:
        self.admin = self._actor("admin", Role.ADMIN)
        self.desk = self._actor("desk", Role.DESK)
        self.desk_two = self._actor("desk two", Role.DESK)
        self.signing = self._actor("signing", Role.SIGNING)
        self.finance = self._actor("finance", Role.FINANCE)

    def card(self) -> dict[str, Any]:
        """Return what another process needs to work in the same office."""
        return {
            "time": self.time.isoformat(),
            "people": self.people,
            "project": self.project,
            "programmes": self.programmes,
            "agents": {"wang": self.wang.agent_id, "li": self.li.agent_id},
            "channels": {"wang": self.channel_a, "li": self.channel_b},
        }

    def _return(self, card: Mapping[str, Any]) -> None:
        """Find everybody where another process left them."""
        self.time = datetime.fromisoformat(card["time"])
        self.people.update(card["people"])
        self.programmes.update(card["programmes"])
        self.project = ProjectId(card["project"])
        self.keys.create_for(self.project, 1)
        self.channel_a, self.channel_b = card["channels"].values()
        self._seat()
        self.wang, self.li = (
            self._actor(name, Role.AGENT, agent_id=agent, channel_id=channel)
            for (name, agent), channel in zip(
                card["agents"].items(), card["channels"].values(), strict=True
            )
        )

    def _actor(self, name: str, role: Role, **agent: str) -> Actor:
        grant = Grant(role=role)
        return Actor(
            person_id=self.people[name],
            name=name,
            grants=(grant,),
            **agent,  # type: ignore[arg-type]
        )

    def _agree(self) -> None:
        project = self.do(create_project, by=self.admin, name="江畔", rules={})
        self.project = ProjectId(str(project["project_id"]))
        self.channel_a, self.wang = self._agency("甲渠道", "wang")
        self.channel_b, self.li = self._agency("乙渠道", "li")

    def _agency(self, name: str, agent: str) -> tuple[ChannelId, Actor]:
        made = self.do(create_channel, by=self.admin, name=name)
        channel = ChannelId(str(made["channel_id"]))
        self.programme(channel)
        person = self.people[agent]
        made = self.do(
            create_agent,
            by=self.admin,
            agent=NewAgent(channel_id=channel, name=agent, person_id=person),
        )
        agent_id = AgentId(str(made["agent_id"]))
        actor = self._actor(agent, Role.AGENT, agent_id=agent_id, channel_id=channel)
        return channel, actor

    # -- one line for each thing people do --

    def request(self, body: bytes = b"", *, caller: str = "test") -> Request:
        """Return a request with an id of its own."""
        return Request(
            caller=caller, id=f"{self.series}-{next(self._requests)}", body=body
        )

    def do(self, service: Callable[..., Reply], **arguments: Any) -> Answer:
        """Call a service under a new request id, and return its answer."""
        arguments.setdefault("request", self.request())
        return service(self.runtime, **arguments).answer

    def hire(self, name: str, *grants: Grant | Role, **agent: str) -> Actor:
        """Return somebody with these rights, hired when first named."""
        if name not in self.people:
            person = PersonId(self.runtime.new_id())
            with self.runtime.transaction() as work:
                work.access.add_person(person, login=name, name=name, at=self.time)
            self.people[name] = person
        rights = tuple(
            Grant(role=one) if isinstance(one, Role) else one for one in grants
        )
        return Actor(
            person_id=self.people[name],
            name=name,
            grants=rights,
            **agent,  # type: ignore[arg-type]
        )

    def grant(self, role: Role, name: str = "") -> Grant:
        """Return a role without limit, or for the channel that somebody works for."""
        channel = self.channel_b if name == "li" else self.channel_a
        return Grant(role=role, channel_id=channel if role in CHANNEL_ROLES else None)

    def programme(
        self,
        channel: ChannelId,
        *,
        kind: Kind = Kind.AGENCY,
        rules: Mapping[str, object] | None = None,
        plan: Mapping[str, object] = PLAN,
    ) -> ProgrammeId:
        """Let a channel refer to the project."""
        terms = ProgrammeTerms(
            project_id=self.project,
            channel_id=channel,
            kind=kind,
            rules=rules or {},
            plan=plan,
        )
        made = self.do(create_programme, by=self.admin, terms=terms)
        self.programmes[channel] = ProgrammeId(str(made["programme_id"]))
        return self.programmes[channel]

    def change_rules(
        self, *, channel: ChannelId | None = None, **rules: object
    ) -> None:
        """Agree on other token-level rules with a channel, by default Wang's."""
        self.do(
            change_programme_rules,
            by=self.admin,
            programme_id=self.programmes[channel or self.channel_a],
            rules=rules,
        )

    def change_project(self, **rules: object) -> None:
        """Agree on other deal-level rules for the project."""
        self.do(
            change_project_rules, by=self.admin, project_id=self.project, rules=rules
        )

    def wait(self, **period: float) -> None:
        """Let time pass."""
        self.time += timedelta(**period)

    def issue(
        self,
        *,
        by: Actor | None = None,
        client: Client | None = None,
        request: Request | None = None,
    ) -> Answer:
        """Let an agent issue a token, by default Wang for PHONE."""
        return self.do(
            issue_token,
            by=by or self.wang,
            request=request or self.request(),
            project_id=self.project,
            client=client or Client(identifier=mobile()),
        )

    def redeem(
        self, code: object, *, phone: str | None = PHONE, **others: Any
    ) -> Answer:
        """Redeem a code or the digits of a QR code at the front desk."""
        identifiers = () if phone is None else (mobile(phone),)
        others.setdefault("by", self.desk)
        return self.do(
            redeem_token,
            project_id=self.project,
            scan=read_scan(str(code)),
            arrival=Arrival(identifiers=identifiers),
            **others,
        )

    def walk_in(self, *, phone: str | None = PHONE, **others: Any) -> Answer:
        """Record a walk-in."""
        identifiers = () if phone is None else (mobile(phone),)
        others.setdefault("by", self.desk)
        return self.do(
            record_walk_in,
            project_id=self.project,
            arrival=Arrival(identifiers=identifiers),
            **others,
        )

    def sign(
        self,
        *,
        phone: str = PHONE,
        unit: str = "3-1-1201",
        request: Request | None = None,
        **others: Any,
    ) -> SigningId:
        """Record a signing of 2 450 000.00 yuan."""
        contract = Contract(
            unit=unit,
            price=Fen(245_000_000),
            stage=Stage.SUBSCRIPTION,
            buyers=((mobile(phone),),),
            **others,
        )
        made = self.do(
            record_signing,
            by=self.signing,
            request=request or self.request(),
            project_id=self.project,
            contract=contract,
        )
        return SigningId(str(made["signing_id"]))

    def rule(self, signing_id: SigningId) -> dict[str, Any]:
        """Return the ruling of a signing as JSON."""
        ruling = rule_signing(self.runtime, signing_id)
        assert ruling is not None
        body: dict[str, Any] = json.loads(ruling.body)
        return body

    def count(self, table: Table) -> int:
        """Return how many rows a table has."""
        with self.database.reading() as connection:
            query = select(func.count()).select_from(table)
            return int(connection.execute(query).scalar_one())
