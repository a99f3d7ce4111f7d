"""The story of docs/journey.md, played through the API: its requests, answers, rows.

`python -m tests.journeys.journey_page` writes the blocks of the page anew.
"""

import hashlib
import io
import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import select
from werkzeug.test import TestResponse

from attribution.documents import instant_text
from attribution.money import Fen
from attribution.people import Role
from attribution.services.admitting import issue_integration
from attribution.services.enrolling import give_role
from attribution.services.sequencing import sequence
from attribution.sheets.sample import SampleLine, untidy_csv
from attribution.storage.engine import Database, open_database
from attribution.storage.tables import metadata
from tests.office import PHONE, Office
from web.app import create_app

PAGE = Path(__file__).parents[2] / "docs" / "journey.md"
ID_NUMBER = "110101199003070011"
IDENTIFIERS = (PHONE, ID_NUMBER)
UNIT = "3-1-1201"

_BLOCK = re.compile(r"^```(\w+) ([\w-]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LONG_HEX = re.compile(r"[0-9a-f]{16,}")
_LONG_TEXT = 56
_LONG_LINE = 84
_INNERMOST = re.compile(r"[\[{]\n(?:[^\[\]{}]|\{[^\[\]{}\n]*\})*[\]}]")
_ROLES = {
    "wang": Role.AGENT,
    "desk": Role.DESK,
    "signing": Role.SIGNING,
    "finance": Role.FINANCE,
}
_BUYER = {"kind": "cn-mobile", "value": PHONE}
_DOCUMENT = {"kind": "cn-id", "value": ID_NUMBER}

Row = Mapping[str, Any]
Rows = dict[tuple[str, tuple[Any, ...]], Row]


class _Dice:
    """Bytes that start anew with each step, so that one step disturbs no other."""

    def __init__(self) -> None:
        self.begin("office")

    def begin(self, step: str) -> None:
        self._step, self._throws = step, count(1)

    def throw(self, size: int) -> bytes:
        seed = f"{self._step} {next(self._throws)}".encode()
        return hashlib.shake_256(seed).digest(size)


class Story:
    """An office behind the application, and what was said and written in it."""

    def __init__(self, database: Database) -> None:
        self._dice = _Dice()
        self.office = Office(database, random_bytes=self._dice.throw)
        self.blocks: dict[str, str] = {}
        runtime = self.office.runtime
        self._client = create_app(runtime).test_client()
        self._secrets = {}
        for name, role in _ROLES.items():
            person_id = self.office.people[name]
            give_role(runtime, person_id, self.office.grant(role, name))
            self._secrets[name] = issue_integration(runtime, person_id, label=name)

    def play(self) -> None:
        """Play the story from the report to the statement."""
        office = self.office
        sequence(office.runtime)
        report = {"client": _BUYER, "label": "陈**"}
        issued = self._post("report", "wang", "/tokens", report)
        self._post("again", "wang", "/tokens", report, key="report")
        office.wait(minutes=45)
        code = {"code": issued["code"], "identifiers": [_BUYER]}
        self._post("peek", "desk", "/visits/peek", code)
        consent = {"notice": "2026-11", "purposes": ["visit", "referral"]}
        redeemed = {**code, "consent": consent}
        self._post("redeem", "desk", "/visits/redeem", redeemed)
        office.wait(minutes=5)
        self._post("twice", "desk", "/visits/redeem", code)
        with self._step("place"):
            sequence(office.runtime)
        office.wait(days=3)
        contract = {
            "unit": "3栋1单元1201",
            "price_fen": 245_000_000,
            "stage": "subscription",
            "buyers": [{"identifiers": [_DOCUMENT, _BUYER]}],
        }
        signed = self._post("sign", "signing", "/signings", contract)
        signing = f"/signings/{signed['signing_id']}"
        office.wait(days=1)
        reached = {"kind": "contract"}
        self._post("contract", "signing", f"{signing}/milestones", reached)
        self._get("owed", "finance", signing)
        uploaded = self._upload("statement")
        self._get("matched", "finance", f"/reconciliations/{uploaded}")
        sequence(office.runtime)
        self._get("checkpoint", None, "/log/checkpoint")
        self.blocks["visit-statement"] = _printed(self._statement("visit/v1")) + "\n"

    def rows(self) -> Rows:
        """Return every row of every table, by table and key."""
        found: Rows = {}
        with self.office.database.reading() as connection:
            for table in metadata.sorted_tables:
                in_order = select(table).order_by(*table.primary_key)
                for row in connection.execute(in_order):
                    values = row._asdict()
                    key = tuple(values[column.name] for column in table.primary_key)
                    found[table.name, key] = values
        return found

    def _post(
        self, step: str, who: str, path: str, body: object, *, key: str = ""
    ) -> dict[str, Any]:
        headers = {"Idempotency-Key": f"journey-{key or step}"}
        with self._step(step):
            answer = self._client.post(
                f"/api/v1{path}", json=body, headers=headers | self._bearer(who)
            )
        asked = f"POST {_shortened(path)}\n{_printed(body)}"
        return self._told(step, who, asked, answer)

    def _get(self, step: str, who: str | None, path: str) -> None:
        answer = self._client.get(f"/api/v1{path}", headers=self._bearer(who))
        self._told(step, who, f"GET {_shortened(path)}", answer)

    def _upload(self, step: str) -> str:
        line = SampleLine(
            unit=UNIT,
            client="陈*",
            agent="王磊",
            signed_on=date(2026, 3, 4),
            price=Fen(245_000_000),
            commission=Fen(3_675_000),
        )
        file = untidy_csv([line], title="甲渠道 2026年3月结算单")
        form = {
            "channel": self.office.channel_a,
            "file": (io.BytesIO(file), "march.csv"),
        }
        headers = {"Idempotency-Key": "journey-statement"} | self._bearer("finance")
        with self._step(step):
            answer = self._client.post("/api/v1/statements", data=form, headers=headers)
        asked = (
            "POST /statements (multipart/form-data)\n"
            f"channel = {_shortened(self.office.channel_a)}\n"
            f"file = march.csv, GB18030, {len(file)} bytes:\n"
            + file.decode("gb18030").replace("\r\n", "\n").strip()
        )
        return str(self._told(step, "finance", asked, answer)["reconciliation_id"])

    def _statement(self, kind: str) -> Any:
        """Return what one log entry commits to, as it lies beside the log."""
        rows = [
            row for (table, _), row in self.rows().items() if table == "log_entries"
        ]
        return json.loads(next(row["event"] for row in rows if row["kind"] == kind))

    def _bearer(self, who: str | None) -> dict[str, str]:
        if who is None:
            return {"Accept": "application/json"}
        return {"Authorization": f"Bearer {self._secrets[who]}"}

    def _told(
        self, step: str, who: str | None, asked: str, answer: TestResponse
    ) -> dict[str, Any]:
        body = answer.get_json()
        assert isinstance(body, dict)
        self.blocks[step] = (
            f"{who or 'anybody'}: {asked}\n\n→ {answer.status_code}\n{_printed(body)}\n"
        )
        return body

    def _step(self, step: str) -> "_Step":
        self._dice.begin(step)
        return _Step(self, step)


class _Step:
    """Compares the rows before a step with those after it."""

    def __init__(self, story: Story, step: str) -> None:
        self._story, self._step = story, step

    def __enter__(self) -> None:
        self._before = self._story.rows()

    def __exit__(self, *_: object) -> None:
        written = list(_written(self._before, self._story.rows()))
        self._story.blocks[f"{self._step}-rows"] = "\n".join(written) + "\n"


def _written(before: Rows, after: Rows) -> Iterator[str]:
    """Yield the lines that show every row a step added, changed or took away."""
    for place, row in after.items():
        old = before.get(place, {})
        changed = {name: row[name] for name in row if old.get(name) != row[name]}
        if old and changed:
            yield f"{place[0]} {_stored(place[1][0])} (changed)"
        elif changed:
            yield f"{place[0]} (new)"
        for name, value in changed.items():
            yield f"  {name:<18} {_stored(value)}"
    for place in before.keys() - after.keys():
        yield f"{place[0]} {_stored(place[1][0])} (gone)"


def _stored(value: object) -> str:
    """Return a stored value as the page shows it."""
    if isinstance(value, bytes):
        return f"{value.hex()[:8]}… ({len(value)} bytes)"
    if isinstance(value, datetime):
        return instant_text(value)
    text = _shortened(str(value))
    if len(text) > _LONG_TEXT:
        text = " ".join(text[:_LONG_TEXT].split()) + f"… ({len(str(value))} characters)"
    return text


def _printed(body: object) -> str:
    text = json.dumps(_short(body), ensure_ascii=False, indent=2)
    for _ in range(2):
        text = _INNERMOST.sub(_on_one_line, text)
    return text


def _on_one_line(found: re.Match[str]) -> str:
    line = " ".join(found[0].split())
    return line if len(line) <= _LONG_LINE else found[0]


def _short(value: object, name: str = "") -> object:
    """Shorten what is long in an answer: identifiers, digits, signatures."""
    if isinstance(value, dict):
        return {key: _short(inner, str(key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [_short(inner) for inner in value]
    if isinstance(value, str):
        if name in {"qr", "promise"}:
            return f"{value[:12]}… ({len(value)} characters)"
        return value if value.isdigit() else _shortened(value)
    return value


def _shortened(text: str) -> str:
    return _LONG_HEX.sub(lambda found: found[0][:8] + "…", text)


def blocks_of(page: str) -> dict[str, str]:
    """Return the blocks of the page by their labels."""
    return {label: text for _, label, text in _BLOCK.findall(page)}


def with_blocks(page: str, blocks: Mapping[str, str]) -> str:
    """Return the page with its blocks written anew."""
    return _BLOCK.sub(lambda b: f"```{b[1]} {b[2]}\n{blocks[b[2]]}```", page)


def main() -> None:
    """Write the blocks of the page anew."""
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{folder}/journey.db")
        story = Story(database)
        story.play()
        database.close()
    page = PAGE.read_text("utf-8")
    PAGE.write_text(with_blocks(page, story.blocks), "utf-8")


if __name__ == "__main__":
    main()
