"""The forms that an application serves, found on its own pages and filled in."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

from werkzeug.routing import Rule

from attribution.disputes import Ground
from attribution.people import Role
from attribution.services.disputing import Complaint, dispute_as_developer
from tests.office import PHONE
from tests.web.conftest import Front
from tests.web.people import browser_of

# What a person would type where a page leaves a field empty.
TYPED: Mapping[str, str] = {
    "at": "2026-03-01T09:00",
    "buyer-0-phone": PHONE,
    "client": PHONE,
    "file": "",
    "login": "fang",
    "name": "名",
    "number": PHONE,
    "owners": PHONE,
    "password": "four unrelated words",
    "price": "245万",
    "scan": PHONE,
    "signed_at": "",
    "in_force_from": "",
    "in_force_until": "",
    "unit": "3-1-1201",
    "units": "3-1-1201",
    "visitor": PHONE,
}
_ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True, kw_only=True, slots=True)
class FilledForm:
    """Where a form is sent, and what it says."""

    rule: str
    path: str
    fields: Mapping[str, str]


class _Fields(HTMLParser):
    """Collects the fields of every form on a page, by where it is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str]] = {}
        self._form: dict[str, str] = {}
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "formaction" in given:
            self.found[given["formaction"]] = self._form
        if tag == "form" and given.get("method", "").lower() == "post":
            self._form = self.found.setdefault(given.get("action", ""), {})
        elif tag in {"input", "textarea"} and "name" in given:
            said = given.get("value") or TYPED.get(given["name"], "1")
            self._form.setdefault(given["name"], said)
        elif tag == "select" and "name" in given:
            self._select = given["name"]
        elif tag == "option" and self._select:
            self._form.setdefault(self._select, given.get("value", ""))


class Pages:
    """Every page of an office, for somebody who holds every role."""

    def __init__(self, front: Front) -> None:
        office = front.office
        self.front = front
        for role in Role:
            self.browser = browser_of(front, "wang", role)
        token = office.issue()
        office.wait(minutes=40)
        visit = office.redeem(token["code"])
        signing = office.sign()
        office.rule(signing)
        complaint = Complaint(ground=Ground.OTHER, words="请再判一次。")
        disputed = office.do(
            dispute_as_developer,
            by=office.finance,
            signing_id=signing,
            complaint=complaint,
        )
        self.names: dict[str, str] = {
            "project_id": office.project,
            "channel_id": office.channel_b,
            "agent_id": str(office.li.agent_id),
            "person_id": office.people["finance"],
            "programme_id": office.programmes[office.channel_a],
            "token_id": str(office.issue()["token_id"]),
            "visit_id": str(visit["visit_id"]),
            "receipt": str(visit["visitor_receipt"]),
            "signing_id": signing,
            "dispute_id": str(disputed["dispute_id"]),
        }

    def rules(self, method: str) -> list[Rule]:
        """Return the rules of pages that answer a method; the API has its own."""
        return [
            rule
            for rule in self.front.app.url_map.iter_rules()
            if method in (rule.methods or ())
            and not rule.rule.startswith("/api/")
            and rule.endpoint != "static"
        ]

    def path_of(self, rule: Rule) -> str:
        """Return an address of a rule that names what is there."""
        return _ARGUMENT.sub(lambda match: self.names.get(match[1], "x"), rule.rule)

    def forms(self) -> Iterator[FilledForm]:
        """Yield one form for each rule that takes one, filled as its page shows it.

        A form that only a step before it shows is sent with every field there is.
        """
        found: dict[str, dict[str, str]] = {}
        for rule in self.rules("GET"):
            page = self.browser.get(self.path_of(rule))
            if page.mimetype == "text/html":
                reader = _Fields()
                reader.feed(page.text)
                for action, fields in reader.found.items():
                    found.setdefault(action or self.path_of(rule), {}).update(fields)
        everything = {
            name: said for form in found.values() for name, said in form.items()
        }
        for rule in self.rules("POST"):
            path = self.path_of(rule)
            yield FilledForm(
                rule=rule.rule, path=path, fields=found.get(path) or everything
            )
