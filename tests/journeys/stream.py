"""A stream of work in a process of its own, which is killed at one commit."""

import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from typing import Any, Literal

from attribution.deals import DealEvent
from attribution.errors import AttributionError
from attribution.ids import PersonId, SigningId, TokenId
from attribution.people import Grant, Role
from attribution.services.administering import create_channel
from attribution.services.answering import Request
from attribution.services.binding import bind_by_link
from attribution.services.enrolling import add_person, give_role, invite
from attribution.services.greeting import Arrival
from attribution.services.issuing import Client, revoke_token
from attribution.services.looking import peek_token
from attribution.services.reconciling import upload_statement
from attribution.services.ruling import rule_signing
from attribution.services.sequencing import sequence
from attribution.services.signing import record_milestone
from attribution.services.visiting import confirm_report, record_walk_in
from attribution.storage.engine import Database, SqliteDatabase, open_database
from tests.office import OPENING, OTHER_PHONE, Office, mobile
from tokens.scans import read_scan

Moment = Literal["before", "after"]
Answers = dict[str, Any]
THIRD_PHONE = "13700137000"
STATEMENT = "房号,佣金\n3-1-1201,36750\n".encode()


def request(step: str) -> Request:
    return Request(caller="journey", id=step, body=step.encode())


def _bind(office: Office, answers: Answers) -> str:
    link = answers["issue a link"]["link"]
    opened = bind_by_link(
        office.runtime, link=link, identifier=mobile(OTHER_PHONE), address="here"
    )
    return opened.project


def _rule(office: Office, answers: Answers) -> str:
    ruling = rule_signing(office.runtime, SigningId(answers["sign"]))
    assert ruling is not None
    return ruling.body


def _upload(office: Office, _: Answers) -> Any:
    return office.do(
        upload_statement,
        by=office.finance,
        request=request("upload"),
        project_id=office.project,
        channel_id=office.channel_a,
        file=("七月.csv", STATEMENT),
    )


def _handover(office: Office, answers: Answers) -> Any:
    return office.do(
        record_milestone,
        by=office.finance,
        request=request("hand over"),
        signing_id=SigningId(answers["sign"]),
        kind=DealEvent.HANDOVER,
    )


def _place(office: Office, _: Answers) -> str:
    sequence(office.runtime)
    return "placed"


def _take_back(office: Office, answers: Answers) -> Any:
    return office.do(
        revoke_token,
        by=office.wang,
        request=request("take back"),
        token_id=TokenId(answers["issue"]["token_id"]),
    )


def _peek(office: Office, answers: Answers) -> tuple[str, datetime]:
    found = peek_token(
        office.runtime,
        by=office.desk,
        project_id=office.project,
        scan=read_scan(str(answers["issue another"]["code"])),
    )
    return found.standing, found.reserved_until


def _confirm(office: Office, answers: Answers) -> Any:
    return office.do(
        confirm_report,
        by=office.desk,
        request=request("confirm"),
        project_id=office.project,
        token_id=TokenId(answers["issue to confirm"]["token_id"]),
        arrival=Arrival(identifiers=(mobile(),)),
    )


def _party(office: Office, _: Answers) -> Any:
    return office.do(
        record_walk_in,
        by=office.desk,
        request=request("party"),
        project_id=office.project,
        arrival=Arrival(
            identifiers=(mobile(OTHER_PHONE),),
            party=((mobile(THIRD_PHONE),), ()),
            notice_version="1",
            purposes=("attribution",),
        ),
    )


def _channel(office: Office, _: Answers) -> Any:
    return office.do(
        create_channel, by=office.admin, request=request("channel"), name="丙渠道"
    )


def _person(office: Office, _: Answers) -> str:
    return add_person(
        office.runtime,
        login="zhou",
        name="小周",
        by=office.admin,
        request=request("person"),
    )


def _role(office: Office, answers: Answers) -> str:
    return give_role(
        office.runtime,
        PersonId(answers["person"]),
        Grant(role=Role.DESK),
        by=office.admin,
        request=request("role"),
    )


def _invite(office: Office, answers: Answers) -> str:
    return invite(
        office.runtime,
        PersonId(answers["person"]),
        by=office.admin,
        request=request("invite"),
    )


Steps = Mapping[str, Callable[[Office, Answers], Any]]
JOURNEY: Steps = {
    "issue": lambda office, _: office.issue(request=request("issue")),
    "issue a link": lambda office, _: office.issue(
        client=Client(label="张**"), request=request("issue a link")
    ),
    "bind": _bind,
    "place": _place,
    "redeem": lambda office, answers: office.redeem(
        answers["issue"]["code"], request=request("redeem")
    ),
    "redeem again": lambda office, answers: office.redeem(
        answers["issue"]["code"], request=request("redeem again")
    ),
    "walk in": lambda office, _: office.walk_in(
        phone=OTHER_PHONE, request=request("walk in")
    ),
    "sign": lambda office, _: office.sign(request=request("sign")),
    "rule": _rule,
    "hand over": _handover,
    "upload": _upload,
    "place the rest": _place,
}


# What the journey leaves out: taking back, peeking, confirming, a party, the office.
DAY: Steps = {
    "issue": lambda office, _: office.issue(request=request("issue")),
    "take back": _take_back,
    "issue another": lambda office, _: office.issue(
        client=Client(identifier=mobile(OTHER_PHONE)), request=request("issue another")
    ),
    "peek": _peek,
    "issue to confirm": lambda office, _: office.issue(
        request=request("issue to confirm")
    ),
    "confirm": _confirm,
    "party": _party,
    "channel": _channel,
    "person": _person,
    "role": _role,
    "invite": _invite,
    "place the rest": _place,
}
STORIES: Mapping[str, Steps] = {"journey": JOURNEY, "day": DAY}


def do_step(office: Office, story: str, name: str, answers: Answers) -> Any:
    """Do one step of a story at its own hour; a refusal is an answer."""
    steps = STORIES[story]
    office.time = OPENING + timedelta(hours=1 + list(steps).index(name))
    try:
        return steps[name](office, answers)
    except AttributionError as refusal:
        return refusal.code


@dataclass(frozen=True, kw_only=True, slots=True)
class Death:
    """When a process is killed: before or after its n-th commit of a story."""

    story: str
    nth: int
    moment: Moment


def stream(url: str, card: Mapping[str, Any], death: Death, told: Connection) -> None:
    """Do every step, telling each answer, until the n-th commit kills the process."""
    database = open_database(url)
    office = Office(database, series="child", card=card)
    _die_at(database, death.nth, death.moment)
    answers: Answers = {}
    for name in STORIES[death.story]:
        answers[name] = do_step(office, death.story, name, answers)
        told.send((name, answers[name]))
    told.close()
    database.close()


def _die_at(database: Database, nth: int, moment: Moment) -> None:
    seen = 0

    def commit(really: Callable[..., object], argument: object) -> object:
        nonlocal seen
        seen += 1
        if seen == nth and moment == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = really(argument)
        if seen == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    if isinstance(database, SqliteDatabase):
        execute = database._execute  # noqa: SLF001 (where the disk is written)

        def listen(statement: str) -> object:
            if statement == "COMMIT":
                return commit(execute, statement)
            return execute(statement)

        database._execute = listen  # noqa: SLF001
        return
    dialect: Any = database.engine.dialect
    do_commit = dialect.do_commit
    dialect.do_commit = lambda raw: commit(do_commit, raw)
