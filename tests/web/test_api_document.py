"""The OpenAPI document is true: fuzzed calls get what it promises, and never a 5xx."""

import json
import os
from functools import cache
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import CheckFunction, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from attribution.people import Grant, Role
from attribution.services.enrolling import give_role
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


@pytest.fixture(scope="module")
def everyone(shared_api: ApiOffice) -> ApiOffice:
    """An API at which one person, an agent, holds every role as well."""
    office = shared_api.office
    for role in Role:
        give_role(office.runtime, office.people["wang"], Grant(role=role))
    return shared_api


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


def _known(api: ApiOffice, names: list[str]) -> dict[str, str]:
    """Return ids of what is there, so that calls get further than NOT_FOUND."""
    office = api.office
    known = {
        "project_id": office.project,
        "channel_id": office.channel_a,
        "programme_id": office.programmes[office.channel_a],
        "agent_id": str(office.li.agent_id),
    }
    return {name: known[name] for name in names if name in known}


@pytest.mark.parametrize(("call", "mode"), FUZZED)
def test_a_fuzzed_call_is_answered_as_documented(
    everyone: ApiOffice, call: str, mode: GenerationMode
) -> None:
    method, path = call.split(" ")
    operation = _schema(everyone)[f"/api/v1{path}"][method.upper()]
    is_bad = mode is GenerationMode.NEGATIVE
    checks = [*TRUE, negative_data_rejection] if is_bad else TRUE

    @QUICK
    @given(case=operation.as_strategy(generation_mode=mode))
    def answers_as_documented(case: schemathesis.Case[Any]) -> None:
        if not is_bad:
            case.path_parameters |= _known(everyone, list(case.path_parameters))
        bearer = everyone.headers("wang")["Authorization"]
        case.call_and_validate(checks=checks, headers={"Authorization": bearer})

    answers_as_documented()


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
