"""The OpenAPI document is true: fuzzed calls get what it promises, and never a 5xx."""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import CheckFunction, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from attribution.ids import TokenId
from attribution.people import Role
from attribution.services.enrolling import give_role
from attribution.services.issuing import Client, revoke_token
from attribution.services.reconciling import upload_statement
from attribution.services.ruling import rule_signing
from attribution.storage.engine import open_database
from tests.office import PHONE, Office, mobile
from tests.web.api_office import ApiOffice
from tests.web.test_api_access import ALLOWED

TRUE: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
# These take nothing that could be wrong.
BARE = {
    "get /tokens",
    "get /projects",
    "get /channels",
    "get /agents",
    "get /log/checkpoint",
    "get /log/watch",
}
FUZZED = [
    (call, mode)
    for call in ALLOWED
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or call not in BARE
]
EXAMPLES = 150 if os.getenv("HYPOTHESIS_PROFILE") == "nightly" else 8
QUICK = settings(
    max_examples=EXAMPLES,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Seeded:
    """An API, and what is there: ids for each name, codes, and clients' numbers.

    A call that names what nobody knows gets no further than NOT_FOUND, so whatever is
    refused behind that could never be noticed.
    """

    api: ApiOffice
    ids: Mapping[str, list[str]]
    codes: list[str]
    clients: list[dict[str, str]]


EXPIRED, MUST_SHOW, CAME = "13700137001", "13700137002", "13700137003"


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def everyone(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seeded]:
    """An API on either database, at which one person holds every role."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("fuzzed") / "hefu.db"
        shutil.copyfile(request.getfixturevalue("migrated_sqlite"), path)
        url = f"sqlite:///{path}"
    else:
        url = request.getfixturevalue("postgres").create()
    database = open_database(url)
    office = Office(database)
    api = ApiOffice(office)
    for role in Role:
        give_role(office.runtime, office.people["wang"], office.grant(role))
    yield _seeded(api)
    database.close()
    if request.param == "postgresql":
        request.getfixturevalue("postgres").drop(url)


def _seeded(api: ApiOffice) -> Seeded:
    """Let an office have one of everything that a call can be about."""
    office = api.office
    office.issue(client=Client(identifier=mobile(EXPIRED)))
    office.wait(days=4)
    office.change_rules(redeem_without_code="refuse")
    office.issue(client=Client(identifier=mobile(MUST_SHOW)))
    office.change_rules()
    office.wait(minutes=1)
    came, live, revoked = (
        office.issue(client=Client(identifier=mobile(number)))
        for number in (CAME, PHONE, PHONE)
    )
    office.do(revoke_token, by=office.wang, token_id=TokenId(str(revoked["token_id"])))
    office.wait(hours=1)
    visit = office.redeem(came["code"], phone=CAME)
    signing = office.sign(phone=CAME)
    ruling = rule_signing(office.runtime, signing)
    statement = office.do(
        upload_statement,
        by=office.finance,
        project_id=office.project,
        channel_id=office.channel_a,
        file=("statement.csv", "房号,佣金\n3-1-1201,1\n".encode()),
    )
    assert ruling is not None
    tokens = [str(one["token_id"]) for one in (came, live, revoked)]
    return Seeded(
        api=api,
        ids={
            "project": [office.project],
            "channel": [office.channel_a, office.channel_b],
            "programme": [office.programmes[office.channel_a]],
            "agent": [str(office.li.agent_id)],
            "token": tokens,
            "visit": [str(visit["visit_id"])],
            "signing": [signing],
            "ruling": [ruling.id],
            "statement": [str(statement["reconciliation_id"])],
        },
        codes=[str(one["code"]) for one in (came, live, revoked)],
        clients=[
            {"kind": "cn-mobile", "value": number}
            for number in (EXPIRED, MUST_SHOW, CAME, PHONE)
        ],
    )


def _with_known(draw: Callable[[Any], Any], value: Any, seeded: Seeded) -> Any:
    """Return a body in which some of what it names is what is there."""
    if isinstance(value, list):
        return [_with_known(draw, one, seeded) for one in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"kind", "value"}:
        return draw(st.sampled_from([value, *seeded.clients]))
    return {
        name: _known(draw, name, _with_known(draw, one, seeded), seeded)
        for name, one in value.items()
    }


def _known(draw: Callable[[Any], Any], name: str, value: Any, seeded: Seeded) -> Any:
    known = seeded.ids.get(name.removesuffix("_id"), [])
    if name == "code":
        known = seeded.codes
    return draw(st.sampled_from([*known, value])) if known else value


@cache
def _schema(api: ApiOffice) -> Any:
    # Who may call is the subject of another test: here everybody may.
    document = json.loads(json.dumps(api.document))
    for methods in document["paths"].values():
        for operation in methods.values():
            del operation["security"]
    loaded = schemathesis.openapi.from_dict(document)
    loaded.app = api.app
    loaded.location = "/api/v1/openapi.json"
    return loaded


@pytest.mark.parametrize(("call", "mode"), FUZZED)
def test_a_fuzzed_call_is_answered_as_documented(
    everyone: Seeded, call: str, mode: GenerationMode
) -> None:
    method, path = call.split(" ")
    api = everyone.api
    operation = _schema(api)[f"/api/v1{path}"][method.upper()]
    is_bad = mode is GenerationMode.NEGATIVE
    checks = [*TRUE, negative_data_rejection] if is_bad else TRUE

    @QUICK
    @given(case=operation.as_strategy(generation_mode=mode), data=st.data())
    def answers_as_documented(
        case: schemathesis.Case[Any], data: st.DataObject
    ) -> None:
        if not is_bad:
            case.path_parameters = _with_known(
                data.draw, dict(case.path_parameters), everyone
            )
            case.query = _with_known(data.draw, dict(case.query), everyone)
            case.body = _with_known(data.draw, case.body, everyone)
        bearer = api.headers("wang")["Authorization"]
        case.call_and_validate(checks=checks, headers={"Authorization": bearer})

    answers_as_documented()


@pytest.mark.parametrize(
    ("number", "status", "code"),
    [
        (EXPIRED, 409, "VISIT_OVERDUE"),
        (MUST_SHOW, 409, "CODE_REQUIRED"),
        (PHONE, 200, None),
    ],
)
def test_a_look_up_of_a_forgotten_code_is_refused_as_documented(
    number: str, status: int, code: str | None, everyone: Seeded
) -> None:
    body = {
        "project": everyone.api.office.project,
        "identifiers": [{"kind": "cn-mobile", "value": number}],
    }

    answer = everyone.api.post("wang", "/visits/find-reports", body)

    assert (answer.status_code, answer.json.get("code")) == (status, code)


def test_the_document_is_openapi_3_1(shared_api: ApiOffice) -> None:
    document = shared_api.document

    assert document["openapi"] == "3.1.0"
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.meta.validate(
            {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
        )


def test_every_write_asks_for_an_idempotency_key(shared_api: ApiOffice) -> None:
    # A cosignature is the same fact however often it is shown.
    looks = {
        "/api/v1/visits/peek",
        "/api/v1/visits/find-reports",
        "/api/v1/log/cosignatures",
    }

    for method, path, operation in shared_api.operations():
        names = {one["name"] for one in operation["parameters"] if one["required"]}
        is_write = method == "post" and path not in looks
        assert ("Idempotency-Key" in names) is is_write, path


def test_what_a_question_needs_is_said(shared_api: ApiOffice) -> None:
    needed = {
        (path, one["name"])
        for method, path, operation in shared_api.operations()
        for one in operation["parameters"]
        if one["in"] == "query" and one["required"]
    }

    assert {path for path, _ in needed} == {
        path
        for method, path, operation in shared_api.operations()
        if method == "get" and shared_api.get("finance", path[7:]).status_code == 422
    }


def test_every_refusal_has_its_codes_and_every_call_its_words(
    shared_api: ApiOffice,
) -> None:
    for _, path, operation in shared_api.operations():
        assert operation["summary"].endswith("."), path
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                content = response["content"]["application/problem+json"]
                _, code = content["schema"]["allOf"]
                assert code["properties"]["code"]["enum"]


def test_operations_have_names_of_their_own(shared_api: ApiOffice) -> None:
    names = [one["operationId"] for _, _, one in shared_api.operations()]

    assert len(set(names)) == len(names)
