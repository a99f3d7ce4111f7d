"""A believable fortnight of a sales office, played through the real services.

Everything here goes the way people go: agents issue, the desk redeems, the signing
desk matches, the rules decide. Only the clock is ours, so that the fortnight ends now.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from attribution.deals import DealEvent
from attribution.disputes import Ground, Verdict
from attribution.ids import (
    AgentId,
    ChannelId,
    DisputeId,
    ProjectId,
    SigningId,
    TokenId,
)
from attribution.money import Fen
from attribution.owners import OwnerMark
from attribution.people import Actor, Grant, Role
from attribution.programmes import Kind
from attribution.rulebook import Stage
from attribution.services.adjudicating import approve, decide, propose
from attribution.services.administering import (
    ProgrammeTerms,
    create_channel,
    create_programme,
    create_project,
)
from attribution.services.answering import Answer, Reply, Request
from attribution.services.disputing import Complaint, Receipt, dispute_as_channel
from attribution.services.enlisting import (
    NewAgent,
    create_agent,
    enlist_owners,
    list_units,
)
from attribution.services.enrolling import add_person, give_role, set_password
from attribution.services.greeting import Arrival
from attribution.services.issuing import Client, issue_token
from attribution.services.pleading import add_evidence
from attribution.services.ruling import rule_signing
from attribution.services.runtime import Runtime
from attribution.services.sequencing import sequence
from attribution.services.signing import (
    Contract,
    Kin,
    record_milestone,
    record_signing,
)
from attribution.services.stating import state_as_visitor
from attribution.services.visiting import (
    confirm_report,
    record_walk_in,
    redeem_token,
)
from attribution.sheets.sample import SampleLine, untidy_workbook
from attribution.visitor_statements import BroughtBy, Said
from tokens.identifiers import (
    Identifier,
    convert_legacy_id,
    guess_kind,
    identifier,
)
from tokens.scans import read_scan

PASSWORD = "hefu-demo-2026"  # noqa: S105 (it is printed with every demo)
SIGN_INS = "sign-ins.txt"
PROJECT = "江畔云庭"
DAYS = 14
_SHANGHAI = ZoneInfo("Asia/Shanghai")
_CONSENT = ("visit", "referral", "signing_match")
_PLAN = {
    "base": "price",
    "rate_bp": 150,
    "cap_fen": 8_000_000,
    "milestones": [
        {"on": "contract", "bp": 7000},
        {"on": "loan_disbursed", "bp": 2000},
        {"on": "handover", "bp": 1000},
    ],
}
_FIXED_PLAN = {
    "base": "fixed",
    "fixed_fen": 2_000_000,
    "milestones": [{"on": "contract", "bp": 10000}],
}
_REWARD_PLAN = {"base": "fixed", "fixed_fen": 300_000}
_STAFF = (
    ("admin", "管理员", Role.ADMIN),
    ("desk", "前台 小周", Role.DESK),
    ("desk2", "前台 小吴", Role.DESK),
    ("signing", "签约台 小郑", Role.SIGNING),
    ("finance", "财务 老孙", Role.FINANCE),
    ("auditor", "审计 小钱", Role.AUDITOR),
    ("judge", "判客员 老何", Role.ADJUDICATOR),
    ("judge2", "判客员 小许", Role.ADJUDICATOR),
)
_AGENTS = (
    ("wang", "王磊", "安居中介"),
    ("zhao", "赵敏", "安居中介"),
    ("li", "李娜", "家和地产"),
)


@dataclass(slots=True)
class _Clock:
    """The time of the story; it only goes forward."""

    time: datetime

    def now(self) -> datetime:
        return self.time


@dataclass(slots=True)
class _Office:
    """Who works there, and what the story needs to remember."""

    runtime: Runtime
    clock: _Clock
    actors: dict[str, Actor] = field(default_factory=dict)
    channels: dict[str, ChannelId] = field(default_factory=dict)
    project: ProjectId = field(default_factory=lambda: ProjectId(""))
    tokens: dict[tuple[str, int | None], Answer] = field(default_factory=dict)
    deals: dict[str, tuple[SigningId, Fen, datetime]] = field(default_factory=dict)
    disputes: dict[int, DisputeId] = field(default_factory=dict)

    def do(self, service: Callable[..., Reply], **arguments: Any) -> Answer:  # noqa: ANN401
        """Call a service under a fresh request id."""
        request = Request(caller="demo", id=self.runtime.new_id(), body=b"")
        return service(self.runtime, request=request, **arguments).answer

    # -- what people do --

    def issue(
        self, agent: str, number: int | None, shown: str | None, label: str
    ) -> Answer:
        """Let an agent report a client, by the number as it is shown to the agent."""
        found = None if shown is None else _identifier(shown)
        made = self.do(
            issue_token,
            by=self.actors[agent],
            project_id=self.project,
            client=Client(identifier=found, label=label),
        )
        self.tokens[agent, number] = made
        return made

    def redeem(self, agent: str, number: int, *, desk: str) -> Answer:
        """Redeem an agent's code for a client, scanned at the desk."""
        return self.do(
            redeem_token,
            by=self.actors[desk],
            project_id=self.project,
            scan=read_scan(str(self.tokens[agent, number]["qr"])),
            arrival=_arrival(number),
        )

    def walk_in(self, number: int | None) -> Answer:
        """Receive somebody without a code."""
        return self.do(
            record_walk_in,
            by=self.actors["desk"],
            project_id=self.project,
            arrival=_arrival(number),
        )

    def say(self, visit: Answer, said: Said) -> None:
        """Let a visitor say on their own phone who brought them."""
        receipt = Receipt(text=str(visit["visitor_receipt"]), address="demo")
        self.do(state_as_visitor, receipt=receipt, said=said)

    def forgot(self, agent: str, number: int) -> None:
        """Confirm the report of a client who forgot the code."""
        self.do(
            confirm_report,
            by=self.actors["desk"],
            project_id=self.project,
            token_id=TokenId(str(self.tokens[agent, number]["token_id"])),
            arrival=_arrival(number),
        )

    def sign(self, unit: str, yuan: int, buyer: int, *, spouse: int | None) -> None:
        """Sign a home, match the buyer by phone and ID, rule."""
        relatives: tuple[Kin, ...] = ()
        if spouse is not None:
            wife = _identifier(_phone(spouse))
            relatives = (Kin(relation="spouse", identifiers=(wife,)),)
        price = Fen(yuan * 100)
        contract = Contract(
            unit=unit,
            price=price,
            stage=Stage.SUBSCRIPTION,
            buyers=((_identifier(_phone(buyer)), _identifier(_id(buyer))),),
            relatives=relatives,
        )
        made = self.do(
            record_signing,
            by=self.actors["signing"],
            project_id=self.project,
            contract=contract,
        )
        signing = SigningId(str(made["signing_id"]))
        rule_signing(self.runtime, signing)
        self.deals[unit] = (signing, price, self.clock.time)

    # -- what they quarrel about --

    def enter_late(self, agent: str, number: int, *, hours: int) -> None:
        """Enter a visit that took place hours ago, as an offline desk's upload does."""
        now = self.clock.time
        self.clock.time = now - timedelta(hours=hours)
        self.redeem(agent, number, desk="desk2")
        self.clock.time = now
        sequence(self.runtime)

    def dispute(self, agent: str, number: int, ground: Ground, words: str) -> None:
        """Let an agent dispute the ruling on a client."""
        made = self.do(
            dispute_as_channel,
            by=self.actors[agent],
            token_id=TokenId(str(self.tokens[agent, number]["token_id"])),
            complaint=Complaint(ground=ground, words=words),
        )
        self.disputes[number] = DisputeId(str(made["dispute_id"]))

    def plead(self, agent: str, number: int, text: str) -> None:
        """Let an agent bring a piece of evidence."""
        self.do(
            add_evidence,
            by=self.actors[agent],
            dispute_id=self.disputes[number],
            data=text.encode(),
        )

    def judge(self, number: int, verdict: Verdict, words: str) -> None:
        """Ask the rules again, and decide."""
        by, dispute_id = self.actors["judge"], self.disputes[number]
        self.do(propose, by=by, dispute_id=dispute_id)
        self.clock.time += timedelta(minutes=40)
        self.do(decide, by=by, dispute_id=dispute_id, verdict=verdict, words=words)

    def approve(self, number: int) -> None:
        """Let the second adjudicator agree."""
        self.do(
            approve,
            by=self.actors["judge2"],
            dispute_id=self.disputes[number],
            agrees=True,
        )

    def reach(self, unit: str, event: DealEvent) -> None:
        """Record what a deal has reached."""
        self.do(
            record_milestone,
            by=self.actors["signing"],
            signing_id=self.deals[unit][0],
            kind=event,
        )


def _arrival(number: int | None) -> Arrival:
    if number is None:
        return Arrival()
    own = (_identifier(_phone(number)),)
    return Arrival(identifiers=own, notice_version="1", purposes=_CONSENT)


def _identifier(text: str) -> Identifier:
    kind = guess_kind(text)
    if kind is None:
        message = "the demo only uses numbers whose kind is plain"
        raise ValueError(message)
    return identifier(kind, text)


def _phone(number: int) -> str:
    """Return a made-up mobile number of the demo."""
    return f"1990000{number:04}"


def _masked(phone: str) -> str:
    return f"{phone[:3]}****{phone[-4:]}"


def _id(number: int) -> str:
    """Return a made-up ID number with a right check digit (GB 11643)."""
    return convert_legacy_id(f"110101900101{number % 1000:03}").value


_LATE_VISIT = "客户前天下午一点就到了前台，当时断网，今天才补登；比对方早三个小时。"
_CAME_ALONE = Said(been_before=True, brought_by=BroughtBy.NOBODY)
_DESK_BOOK = "前台登记簿第 12 页：13:00，褚先生，家和地产李娜陪同。前台小吴签字。"
_WHY = "补登的到访有前台登记簿和门岗记录为证，时间早于对方，按规则应归先到访的渠道。"
_EARLIER_REPORT = "我方九点零五分报备，对方九点四十才报备。请核对报备时间。"

_Action = Callable[[_Office], object]
# Day of the fortnight, hour in Shanghai, and what happens.
_Event = tuple[int, str, _Action]


def seed(runtime: Runtime, folder: Path) -> Iterator[str]:
    """Play the fortnight; yield a line for each step, and how to sign in at the end.

    Args:
        folder: where the agency's statement is written, to be uploaded by finance.
    """
    ends_at = runtime.now()
    today = ends_at.astimezone(_SHANGHAI).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    clock = _Clock(today - timedelta(days=DAYS))
    office = _Office(runtime=replace(runtime, now=clock.now), clock=clock)
    start = clock.time
    _hire(office)
    _agree(office)
    yield _("%(project)s：两家中介，三位经纪人，前台、签约台、财务", project=PROJECT)
    agenda = sorted([*_STORY, *_ordinary_days()], key=lambda event: event[:2])
    for day, events in groupby(agenda, key=lambda event: event[0]):
        for _day, hour, action in events:
            clock.time = start + timedelta(days=day, minutes=_minutes(hour))
            action(office)
        sequence(office.runtime)
        yield _("%(day)s  已演完", day=(start + timedelta(days=day)).date())
    clock.time = max(clock.time, ends_at - timedelta(hours=3))
    to_try = _leave_work_to_do(office)
    sequence(office.runtime)
    lines = list(_how_to_sign_in(to_try, _write_statement(office, folder)))
    # The log of requests soon hides them, and the codes are told nowhere else.
    (folder / SIGN_INS).write_text("\n".join(lines) + "\n", "utf-8")
    yield from ("", *lines)


def _minutes(hour: str) -> int:
    hours, _, minutes = hour.partition(":")
    return int(hours) * 60 + int(minutes)


def _hire(office: _Office) -> None:
    """Let the staff in, each with one role and the demo's password."""
    for login, name, role in _STAFF:
        _let_in(office, login, name, Grant(role=role))


def _let_in(office: _Office, login: str, name: str, grant: Grant) -> Actor:
    person = add_person(office.runtime, login=login, name=name)
    set_password(office.runtime, person, PASSWORD)
    give_role(office.runtime, person, grant)
    office.actors[login] = Actor(person_id=person, name=name, grants=(grant,))
    return office.actors[login]


def _agree(office: _Office) -> None:
    """Open the project, sign the agencies, enlist their agents and the owners."""
    admin = office.actors["admin"]
    made = office.do(create_project, by=admin, name=PROJECT, rules={})
    office.project = ProjectId(str(made["project_id"]))
    for name, plan, kind, rules in (
        ("安居中介", _PLAN, Kind.AGENCY, {}),
        ("家和地产", _FIXED_PLAN, Kind.AGENCY, {"binding_required": "opened"}),
        ("自然到访礼遇", _REWARD_PLAN, Kind.WALK_IN_REWARD, {}),
    ):
        made = office.do(create_channel, by=admin, name=name)
        office.channels[name] = ChannelId(str(made["channel_id"]))
        terms = ProgrammeTerms(
            project_id=office.project,
            channel_id=office.channels[name],
            kind=kind,
            rules=rules,
            plan=plan,
        )
        office.do(create_programme, by=admin, terms=terms)
    for login, name, agency in _AGENTS:
        _enlist(office, login, name, office.channels[agency])
    owners = [_identifier(_phone(number)) for number in (9000, 9001, 9002)]
    office.do(
        enlist_owners,
        by=admin,
        project_id=office.project,
        identifiers=owners,
        mark=OwnerMark.PROJECT,
    )
    units = [
        f"{building}-{section}-{floor}0{door}"
        for building in (1, 2, 3)
        for section in (1, 2)
        for floor in range(1, 19)
        for door in (1, 2)
    ]
    office.do(list_units, by=admin, project_id=office.project, texts=units)


def _enlist(office: _Office, login: str, name: str, channel: ChannelId) -> None:
    actor = _let_in(office, login, name, Grant(role=Role.AGENT, channel_id=channel))
    agent = NewAgent(channel_id=channel, name=name, person_id=actor.person_id)
    made = office.do(create_agent, by=office.actors["admin"], agent=agent)
    office.actors[login] = replace(
        actor, agent_id=AgentId(str(made["agent_id"])), channel_id=channel
    )


def _ordinary_days() -> Iterator[_Event]:
    """Yield two walk-ins a day, one of them without a word, and agents' clients."""
    for day in range(DAYS):
        first, second = (_AGENTS[(day + turn) % len(_AGENTS)][0] for turn in (0, 1))
        yield day, "09:00", _issuing(first, 100 + day, "张**")
        yield day, "09:20", _issuing(second, 200 + day, "李**", is_masked=True)
        yield day, "10:20", _walking_in(300 + day)
        yield day, "14:10", _redeeming(first, 100 + day)
        yield day, "15:10", _walking_in(None)
        if day % 2:
            yield day, "16:30", _redeeming(second, 200 + day, desk="desk2")


def _issuing(
    agent: str, number: int, label: str, *, is_masked: bool = False
) -> _Action:
    shown = _masked(_phone(number)) if is_masked else _phone(number)
    return lambda office: office.issue(agent, number, shown, label)


def _redeeming(agent: str, number: int, *, desk: str = "desk") -> _Action:
    return lambda office: office.redeem(agent, number, desk=desk)


def _brought_and_says(agent: str, number: int, said: Said) -> _Action:
    return lambda office: office.say(office.redeem(agent, number, desk="desk"), said)


def _walking_in(number: int | None) -> _Action:
    return lambda office: office.walk_in(number)


def _signing(unit: str, yuan: int, buyer: int, *, spouse: int | None = None) -> _Action:
    return lambda office: office.sign(unit, yuan, buyer, spouse=spouse)


def _reaching(unit: str, event: DealEvent) -> _Action:
    return lambda office: office.reach(unit, event)


_STORY: tuple[_Event, ...] = (
    # Wang reports, the client comes, and signs three days later.
    (1, "17:00", _issuing("wang", 1, "陈**")),
    (1, "17:45", _redeeming("wang", 1)),
    (4, "17:30", _signing("3-1-1201", 2_450_000, 1)),
    (5, "10:00", _reaching("3-1-1201", DealEvent.CONTRACT)),
    (11, "16:00", _reaching("3-1-1201", DealEvent.LOAN_DISBURSED)),
    # Somebody comes alone; a week later an agency claims the same person, who says so.
    (2, "11:00", _walking_in(2)),
    (9, "09:30", _issuing("wang", 2, "冯**")),
    (9, "11:00", _brought_and_says("wang", 2, _CAME_ALONE)),
    (11, "15:00", _signing("3-1-502", 2_060_000, 2)),
    # A code is made at the door, two minutes before the visit.
    (3, "11:00", _issuing("li", 3, "赵**")),
    (3, "11:02", _redeeming("li", 3)),
    (6, "16:00", _signing("2-1-602", 1_980_000, 3)),
    # Li reports first, Wang's client comes first: a pair worth a dispute.
    (4, "09:05", _issuing("li", 4, "孙*")),
    (4, "09:40", _issuing("wang", 4, "孙**")),
    (4, "13:00", _redeeming("wang", 4)),
    (4, "17:00", _redeeming("li", 4, desk="desk2")),
    (7, "15:40", _signing("1-1-301", 2_120_000, 4)),
    (11, "15:30", _reaching("1-1-301", DealEvent.CONTRACT)),
    # A client forgot the code; the desk finds the report by the number.
    (5, "09:15", _issuing("zhao", 5, "周**")),
    (5, "12:00", lambda office: office.forgot("zhao", 5)),
    (9, "16:00", _signing("3-2-902", 2_680_000, 5)),
    (12, "16:00", _reaching("3-2-902", DealEvent.CANCELLED)),
    # An agency brings somebody who owns here already.
    (6, "10:00", _issuing("wang", 9000, "吴**")),
    (6, "15:00", _redeeming("wang", 9000)),
    (9, "16:40", _signing("2-2-1101", 1_860_000, 9000)),
    # The wife comes with Li's code; the husband signs.
    (7, "10:00", _issuing("li", 7, "郑**")),
    (7, "14:20", _redeeming("li", 7)),
    (11, "10:30", _signing("1-2-801", 2_300_000, 71, spouse=7)),
    (12, "15:00", _reaching("1-2-801", DealEvent.CONTRACT)),
    # Somebody who came alone buys, and has the walk-in's reward.
    (12, "11:00", _signing("1-1-1702", 2_590_000, 302)),
    # Li's client comes first, but the desk enters it two days later: late evidence,
    # which Li's dispute brings before the rules.
    (8, "09:30", _issuing("wang", 9, "褚**")),
    (8, "09:35", _issuing("li", 9, "褚**")),
    (8, "16:00", _redeeming("wang", 9)),
    (9, "17:30", _signing("3-2-1701", 2_380_000, 9)),
    (9, "18:00", _reaching("3-2-1701", DealEvent.CONTRACT)),
    (10, "09:00", lambda office: office.enter_late("li", 9, hours=44)),
    (
        10,
        "15:00",
        lambda office: office.dispute("li", 9, Ground.LATE_EVIDENCE, _LATE_VISIT),
    ),
    (10, "15:10", lambda office: office.plead("li", 9, _DESK_BOOK)),
    (11, "10:00", lambda office: office.judge(9, Verdict.CHANGED, _WHY)),
    (12, "10:00", lambda office: office.approve(9)),
    # The pair of the fourth day: Li reported first, and asks for a ruling on it.
    (
        13,
        "10:30",
        lambda office: office.dispute("li", 4, Ground.EARLIER_REPORT, _EARLIER_REPORT),
    ),
    # Zhao brings a buyer whom her agency will forget to claim.
    (8, "10:00", _issuing("zhao", 8, "钱**")),
    (8, "13:30", _redeeming("zhao", 8)),
    (13, "14:00", _signing("2-2-1502", 2_240_000, 8)),
    (13, "16:00", _reaching("2-2-1502", DealEvent.CONTRACT)),
)


def _leave_work_to_do(office: _Office) -> list[tuple[str, str]]:
    """Issue tokens that can be redeemed right now; return codes and numbers."""
    agents = ("wang", "li", "zhao")
    to_try = []
    for number, agent in enumerate(agents, start=801):
        token = office.issue(agent, number, _phone(number), "试用")
        to_try.append((str(token["code"]), _phone(number)))
    office.issue("li", None, None, "访客")
    for minutes, visitor in ((50, 811), (70, None)):
        office.clock.time += timedelta(minutes=minutes)
        visit = office.walk_in(visitor)
    # The last one, alone with their phone, says otherwise than the desk.
    office.say(visit, Said(brought_by=BroughtBy.OTHER))
    return to_try


def _write_statement(office: _Office, folder: Path) -> Path:
    """Write what the first agency sends: right, wrong, doubled and overreaching."""
    claims = (
        ("3-1-1201", "王磊", 3_675_000),  # agrees
        ("1-1-301", "王磊", 3_200_000),  # 200 yuan too much
        ("3-1-502", "王磊", 3_090_000),  # came alone first: not owed
        ("2-2-1101", "王磊", 2_790_000),  # owns here already: not owed
        ("3-2-902", "赵敏", 4_020_000),  # cancelled
        ("3-1-1201", "赵敏", 3_675_000),  # claimed twice
    )
    lines = [
        SampleLine(
            unit=unit,
            client="陈*",
            agent=agent,
            signed_on=office.deals[unit][2].astimezone(_SHANGHAI).date(),
            price=office.deals[unit][1],
            commission=Fen(commission),
        )
        for unit, agent, commission in claims
    ]
    month = office.clock.time.astimezone(_SHANGHAI)
    title = f"安居中介 {PROJECT} {month.year}年{month.month}月结算单"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "anju-statement.xlsx"
    path.write_bytes(untidy_workbook(lines, title=title))
    return path


def _how_to_sign_in(to_try: list[tuple[str, str]], path: Path) -> Iterator[str]:
    yield _("每个演示账号的密码：%(password)s", password=PASSWORD)
    for login, name, role in _STAFF:
        yield f"  {login:<8} {role.value:<12} {name}"
    for login, name, agency in _AGENTS:
        yield f"  {login:<8} {'agent':<12} {name} · {agency}"
    yield _("可以在前台试的推荐码和客户号码：")
    for code, number in to_try:
        yield f"  {code}   {number}"
    yield _("可以由财务上传的对账单：%(file)s（安居中介）", file=path)
