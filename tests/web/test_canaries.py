"""What is typed once lies nowhere afterwards: numbers, names, codes, secrets.

Numbers and names that occur nowhere else go through every page and every call, right
and wrong; then every byte that was stored, logged or answered is searched for them in
every way of writing bytes down. The keys, the database and Argon2id are real.
"""

import io
import json
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from attribution.people import Role
from attribution.services.admitting import issue_integration
from attribution.services.enrolling import invite
from tests.office import Office
from tests.web.confirming import confirm
from tests.web.conftest import PASSWORD, Front
from tests.web.filling import Pages
from tests.web.needles import Needles, files_in, found_in, spellings
from tests.web.people import browser_of
from web.api.operations import operations
from web.logs import set_up_logs
from web.settings import read_settings
from web.wiring import Installation, open_installation

# What stands in a field or is a hidden part of the next step goes back to who typed it.
_IN_FIELDS = re.compile(r'value="[^"]*"|<textarea.*?</textarea>', re.DOTALL)
# These are kept, for they are names of staff and places, or amounts and not numbers;
# or what somebody says in a dispute, sealed, and shown to who said it.
_KEPT = {
    "name",
    "login",
    "words",
    "price",
    "amount",
    "floor_fen",
    "cap_fen",
    "fixed_fen",
}
# The name of a program that calls the API is one too; a client's note is not.
_PROGRAMS = "/admin/tokens"
# An agent may call a client by a name of the agent's own choosing, and is shown it.
_NOTE = "label"


class FiledOffice(Office):
    """An office with the keys, the randomness and the Argon2id of an installation."""

    def __init__(self, installed: Installation) -> None:
        self._installed = installed
        super().__init__(installed.database)

    def _hire(self) -> None:
        self.runtime = replace(self._installed.runtime, now=lambda: self.time)
        super()._hire()


class Season:
    """An office, everything it was told, and everything it said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = io.StringIO()
        self.needles = Needles()
        self.secrets: list[str] = [PASSWORD]
        self.answers: dict[str, bytes] = {}
        self._numbers = count(1)
        self._browsers: dict[str, FlaskClient] = {}
        self._keys: dict[str, str] = {}
        installed = open_installation(read_settings({"HEFU_DATA_DIR": str(folder)}))
        self.database = installed.database
        self.front = Front(FiledOffice(installed))
        self.front.app.after_request(self._keep)
        self.office = self.front.office

    def _keep(self, response: Any) -> Any:
        """Keep what is answered, without what a form shows to who typed it."""
        if response.direct_passthrough:
            return response
        heads = "\n".join(f"{name}: {value}" for name, value in response.headers)
        body = response.get_data()
        if response.mimetype == "text/html":
            body = _IN_FIELDS.sub("", body.decode()).encode()
        self.answers[f"answer {next(self._numbers)}"] = heads.encode() + body
        return response

    def post(self, who: Role, path: str, **form: Any) -> TestResponse:
        """Send a form as from a fresh page."""
        names = {Role.AGENT: "wang", Role.DESK: "desk", Role.SIGNING: "signing"}
        name = names.get(who, who.value)
        if name not in self._browsers:
            self._browsers[name] = browser_of(self.front, name, who)
        return self._browsers[name].post(
            path, data={"request_id": f"canary-{next(self._numbers)}", **form}
        )

    def call(self, who: str, path: str, body: object) -> Any:
        """Call the API; the answer's JSON."""
        if who not in self._keys:
            person = self.office.people[who]
            self._keys[who] = issue_integration(
                self.office.runtime, person, label="canary"
            )
            self.secrets.append(self._keys[who])
        headers = {
            "Authorization": f"Bearer {self._keys[who]}",
            "Idempotency-Key": f"canary-{next(self._numbers):06}",
        }
        data = body if isinstance(body, bytes) else json.dumps(body)
        return (
            self.front.browser()
            .post(
                f"/api/v1{path}",
                data=data,
                headers=headers,
                content_type="application/json",
            )
            .get_json(silent=True)
        )


@pytest.fixture(scope="module")
def season(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Season]:
    """A whole season: right and wrong, by page and by call."""
    season = Season(tmp_path_factory.mktemp("canaries") / "var")
    handler = logging.StreamHandler(season.log)
    logging.getLogger().addHandler(handler)
    set_up_logs(season.log)
    try:
        pages = Pages(season.front)
        people_do_it_right(season)
        programs_do_it_right(season)
        everything_is_mistyped(season, pages)
        programs_send_nonsense(season)
        yield season
    finally:
        structlog.reset_defaults()
        logging.getLogger().removeHandler(handler)
        season.database.close()


def people_do_it_right(season: Season) -> None:
    """Issue, bind, redeem, walk in, forget, sign, enlist and reconcile, by page."""
    needles, office = season.needles, season.office
    desk = f"/desk/{office.project}"
    for number in (needles.phone(), needles.paper(), needles.permit()):
        page = season.post(
            Role.AGENT, "/agent", project=office.project, client=number, label="张**"
        )
        code = re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}-[0-9A-Z]", page.text)
        assert code
        season.secrets.append(code[0])
        office.wait(minutes=40)
        season.post(Role.DESK, f"{desk}/peek", scan=code[0])
        wrong = season.post(
            Role.DESK, f"{desk}/redeem", scan=code[0], visitor=needles.phone()
        )
        right = season.post(
            Role.DESK,
            f"{desk}/redeem",
            scan=code[0],
            visitor=number,
            party=f"{needles.phone()}\n{needles.paper()}",
        )
        assert (wrong.status_code, right.status_code) == (409, 201)
        receipt = re.search(r">([A-Z2-7]{24})<", right.text)
        assert receipt
        season.secrets.append(receipt[1])
        assert season.front.browser().get(f"/v/{receipt[1]}").status_code == 200
    forgetful = needles.phone()
    season.post(Role.AGENT, "/agent", project=office.project, client=forgetful)
    found = season.post(Role.DESK, f"{desk}/forgotten", scan=forgetful)
    token = re.search(r'name="token_id" value="(\w+)"', found.text)
    assert token
    season.post(
        Role.DESK, f"{desk}/confirm-report", token_id=token[1], visitor=forgetful
    )
    season.post(Role.DESK, f"{desk}/walk-in", visitor=needles.phone())
    signed = season.post(
        Role.SIGNING,
        "/signing",
        **{
            "unit": "9-1-1201",
            "price": "245万",
            "buyers": "1",
            "relatives": "1",
            "buyer-0-phone": needles.phone(),
            "buyer-0-document": needles.paper(),
            "relative-0-phone": needles.phone(),
            "relative-0-document": needles.paper(),
            "relative-0-relation": "spouse",
        },
    )
    assert signed.status_code == 303
    owners = f"{needles.phone()}\n{needles.paper()}"
    season.post(Role.ADMIN, f"/admin/projects/{office.project}/owners", owners=owners)
    season.post(
        Role.ADMIN,
        "/admin/agents",
        channel=office.channel_a,
        name="新人",
        own=needles.phone(),
    )
    sheet = statement_of(needles)
    sent = season.post(
        Role.FINANCE,
        "/finance/statements",
        channel=office.channel_a,
        file=(io.BytesIO(sheet), f"结算 {needles.phone()}.csv"),
    )
    finance = browser_of(season.front, "finance", Role.FINANCE)
    sent = confirm(finance, sent)
    assert sent.status_code == 303
    assert finance.get(sent.location).status_code == 200
    season.secrets.append(invite(office.runtime, office.people["finance"]))


def statement_of(needles: Needles) -> bytes:
    """Return a statement with names and numbers wherever they do not belong."""
    rows = ["房号,客户,业务员,签约日期,总价,佣金,备注"]
    for unit, price in (("9-1-1201", "2450000"), (needles.phone(), "1")):
        client = f"{needles.name()}{needles.phone()}"
        agent = f"王五 {needles.phone()}"
        note = f"{needles.name()} {needles.paper()}"
        rows.append(f"{unit},{client},{agent},{needles.paper()},{price},100,{note}")
    wide = needles.phone().translate({48 + i: 0xFF10 + i for i in range(10)})
    rows.append(f"9-1-1202,{needles.name()},王五,2026-03-01,{wide},{needles.phone()},")
    return "\n".join(rows).encode("gb18030")


def programs_do_it_right(season: Season) -> None:
    """The same by API."""
    needles = season.needles

    def person() -> dict[str, str]:
        return {"kind": "cn-mobile", "value": needles.phone()}

    client = person()
    label = "慕容其实"
    season.secrets.append(label)  # kept sealed, and shown to the agent again
    made = season.call("wang", "/tokens", {"client": client, "label": label})
    season.office.wait(minutes=40)
    redeemed = season.call(
        "desk",
        "/visits/redeem",
        {"code": made["code"], "identifiers": [client], "party": [[person()]]},
    )
    opened = season.call("wang", "/tokens", {"client": None, "binding": "opened"})
    walked = season.call("desk", "/visits/walk-in", {"identifiers": [person()]})
    season.call("desk", "/visits/find-reports", {"identifiers": [person()]})
    season.secrets += [made["code"], redeemed["visitor_receipt"]]
    season.secrets += [walked["visitor_receipt"]]
    if link := (opened or {}).get("link"):
        season.secrets.append(link)
        season.front.browser().post(f"/t/{link}", data={"number": needles.phone()})
    paper = {"kind": "cn-id", "value": needles.paper()}
    signed = season.call(
        "signing",
        "/signings",
        {
            "unit": "9-1-1301",
            "price_fen": 245_000_000,
            "stage": "subscription",
            "buyers": [{"identifiers": [client, paper]}],
            "relatives": [{"relation": "parent", "identifiers": [person()]}],
        },
    )
    assert signed["matches"]


def everything_is_mistyped(season: Season, pages: Pages) -> None:
    """Type a number into each field of each form, and a name into all of them."""
    for form in list(pages.forms()):
        if form.rule == "/sign-out":
            continue
        kept = {*_KEPT, _NOTE} if form.rule == _PROGRAMS else _KEPT
        fields = {name for name in form.fields if name not in kept}
        fields = fields if len(form.fields) < 40 else fields & {"scan", "visitor"}
        typed = season.needles
        attempts = [{name: typed.phone()} for name in sorted(fields)]
        attempts += [{name: typed.name() for name in sorted(fields - {_NOTE})}]
        for turn, typing in enumerate(attempts):
            request_id = {"request_id": f"{form.rule}{turn}"}
            data = {**form.fields, **request_id, **typing}
            answer = pages.browser.post(form.path, data=data)
            assert answer.status_code < 500


def programs_send_nonsense(season: Season) -> None:
    """Put a number and a name where the API knows no place for them."""
    needles = season.needles
    routes = {
        rule.endpoint: rule.rule for rule in season.front.app.url_map.iter_rules()
    }
    for endpoint, described in operations(season.front.app):
        if described.body is None:
            continue
        path = routes[endpoint].removeprefix("/api/v1")
        path = path.replace("<", "").replace(">", "")
        good: Mapping[str, Any] = described.examples
        bodies: list[object] = [
            needles.phone(),
            {needles.phone(): needles.name()},
            {**good, "somebody": needles.paper()},
            f'{{"x": "{needles.phone()}'.encode(),
            *(
                {**good, key: needles.phone()}
                for key in good
                if key not in {"name", "unit"}
            ),
        ]
        for body in bodies:
            season.call("wang", path, body)
    desk = season.front.program(Role.DESK)
    for number in (needles.phone(), needles.paper()):
        for address in (f"/visits/{number}", f"/visits?project={number}&{number}=1"):
            season.front.browser().get(f"/api/v1{address}", headers=desk)


def test_numbers_and_names_are_neither_stored_nor_logged_nor_answered(
    season: Season,
) -> None:
    stored, log = files_in(season.folder), season.log.getvalue().encode()
    said = b"\n".join(season.answers.values())
    places = {**stored, "log": log, "answers": said}

    assert len(season.needles.made) > 500
    assert sum(map(len, stored.values())) > 500_000
    assert len(log) > 50_000
    assert len(said) > 1_000_000
    assert found_in(places, season.needles.made) == []


def test_codes_and_secrets_are_neither_stored_nor_logged(season: Season) -> None:
    places = {**files_in(season.folder), "log": season.log.getvalue().encode()}
    secrets = [*season.secrets, *(one.replace("-", "") for one in season.secrets)]

    assert len(secrets) > 20
    assert found_in(places, secrets) == []


def test_the_search_finds_what_is_stored_on_purpose(season: Season) -> None:
    number, name = "13790099999", "东方不败"
    admin = browser_of(season.front, "admin", Role.ADMIN)
    form = {"project": season.office.project, "name": f"{name}{number}"}
    form["request_id"] = "canary"

    admin.post("/admin/devices", data=form)
    structlog.get_logger().info("request", typed=number)

    places = {**files_in(season.folder), "log": season.log.getvalue().encode()}
    hits = {Path(place).name for _, _, place in found_in(places, [number, name])}
    assert {"log", "hefu.db-wal"} <= hits


@pytest.mark.parametrize(("how", "spelt"), list(spellings("轩辕不败13790007919")))
def test_the_search_knows_every_spelling(
    tmp_path: Path, how: str, spelt: bytes
) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").write_bytes(b"\x00" * 7 + spelt + b"\xff")

    hits = found_in(files_in(tmp_path), ["轩辕不败13790007919"])

    assert how in {found for _, found, _ in hits}
