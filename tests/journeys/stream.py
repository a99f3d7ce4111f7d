"""A stream of work in a process of its own, which is killed at one commit."""

import os
import signal
from collections.abc import Callable, Mapping
from datetime import timedelta
from multiprocessing.connection import Connection
from typing import Any, Literal

from attribution.deals import DealEvent
from attribution.errors import AttributionError
from attribution.ids import SigningId
from attribution.services.answering import Request
from attribution.services.binding import bind_by_link
from attribution.services.issuing import Client
from attribution.services.reconciling import upload_statement
from attribution.services.ruling import rule_signing
from attribution.services.sequencing import sequence
from attribution.services.signing import record_milestone
from attribution.storage.engine import Database, SqliteDatabase, open_database
from tests.office import OPENING, OTHER_PHONE, Office, mobile

Moment = Literal["before", "after"]
Answers = dict[str, Any]
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


STEPS: Mapping[str, Callable[[Office, Answers], Any]] = {
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


def do_step(office: Office, name: str, answers: Answers) -> Any:
    """Do one step at its own hour; a refusal is an answer."""
    office.time = OPENING + timedelta(hours=1 + list(STEPS).index(name))
    try:
        return STEPS[name](office, answers)
    except AttributionError as refusal:
        return refusal.code


def stream(
    url: str, card: Mapping[str, Any], nth: int, moment: Moment, told: Connection
) -> None:
    """Do every step, telling each answer, until the n-th commit kills the process."""
    database = open_database(url)
    office = Office(database, series="child", card=card)
    _die_at(database, nth, moment)
    answers: Answers = {}
    for name in STEPS:
        answers[name] = do_step(office, name, answers)
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
