"""Programs that call the API of an office; each answer is held against the document."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count
from typing import Any

import jsonschema_rs
from flask import Flask
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from attribution.people import Role
from attribution.services.admitting import issue_integration
from attribution.services.enrolling import add_person, give_role
from tests.office import PHONE, Office
from web.app import create_app

ROLES = {
    "admin": Role.ADMIN,
    "desk": Role.DESK,
    "signing": Role.SIGNING,
    "finance": Role.FINANCE,
    "wang": Role.AGENT,
    "li": Role.AGENT,
    "judge": Role.ADJUDICATOR,
    "second judge": Role.ADJUDICATOR,
}
CLIENT = {"kind": "cn-mobile", "value": PHONE}


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """What a call was answered, and its JSON where it is JSON."""

    status_code: int
    json: Any
    text: str
    data: bytes
    headers: Headers
    mimetype: str


def answered(response: TestResponse) -> Answered:
    """Return what a response says."""
    mimetype = response.mimetype or ""
    return Answered(
        status_code=response.status_code,
        json=response.get_json(silent=True),
        text=response.text if "json" in mimetype else "",
        data=response.data,
        headers=response.headers,
        mimetype=mimetype,
    )


class ApiOffice:
    """An office behind the application, and a token for each of its people."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.app: Flask = create_app(office.runtime)
        self._keys = count(1)
        self._validators: dict[tuple[str, str, int], Any] = {}
        self._secrets: dict[str, str] = {}
        for name, role in ROLES.items():
            office.hire(name)
            give_role(office.runtime, office.people[name], office.grant(role, name))
            self._secrets[name] = issue_integration(
                office.runtime, office.people[name], label=name
            )

    def hire(self, role: Role, **scope: Any) -> str:
        """Add a person with one role and a token; return the name to call as."""
        runtime, name = self.office.runtime, f"{role}-{next(self._keys)}"
        person_id = add_person(runtime, login=name, name=name)
        give_role(runtime, person_id, replace(self.office.grant(role), **scope))
        self._secrets[name] = issue_integration(runtime, person_id, label=name)
        return name

    def headers(self, who: str | None) -> dict[str, str]:
        """Return the headers of a write under a new key."""
        given = {"Idempotency-Key": f"test-key-{next(self._keys):06}"}
        if who is not None:
            given["Authorization"] = f"Bearer {self._secrets[who]}"
        return given

    def post(
        self, who: str | None, path: str, body: object, **headers: str
    ) -> Answered:
        """Send a body as JSON, under a new key unless one is given."""
        return self.send(who, path, headers, json=body)

    def send(
        self, who: str | None, path: str, headers: Mapping[str, str], **sent: Any
    ) -> Answered:
        """Send anything by POST. A header `Idempotency_Key` is `Idempotency-Key`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        response = self.app.test_client().post(
            f"/api/v1{path}", headers={**self.headers(who), **named}, **sent
        )
        self._check("POST", path, response)
        return answered(response)

    def get(self, who: str | None, path: str, **headers: str) -> Answered:
        """Ask for something."""
        response = self.app.test_client().get(
            f"/api/v1{path}", headers={**self.headers(who), **headers}
        )
        self._check("GET", path, response)
        return answered(response)

    @cached_property
    def document(self) -> dict[str, Any]:
        """The OpenAPI document."""
        found = self.app.test_client().get("/api/v1/openapi.json").json
        assert isinstance(found, dict)
        return found

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Yield (method, path, operation) of everything documented."""
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                yield method, path, operation

    def _check(self, method: str, path: str, response: TestResponse) -> None:
        """Hold an answer against what the document says of it."""
        routes = self.app.url_map.bind("localhost")
        rule, _ = routes.match(
            f"/api/v1{path.partition('?')[0]}", method=method, return_rule=True
        )
        template = rule.rule.replace("<", "{").replace(">", "}")
        operation = self.document["paths"][template][method.lower()]
        documented = operation["responses"][str(response.status_code)]["content"]
        assert response.mimetype in documented
        if response.is_json:
            key = (template, method, response.status_code)
            if key not in self._validators:
                self._validators[key] = jsonschema_rs.Draft202012Validator(
                    {
                        **documented[response.mimetype]["schema"],
                        "components": self.document["components"],
                    }
                )
            self._validators[key].validate(response.json)
