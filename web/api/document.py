"""The OpenAPI 3.1 document, made of what the operations say of themselves."""

import inspect
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask
from pydantic import BaseModel, Field
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from attribution.errors import (
    CrossSiteRefused,
    InputInvalid,
    NotAllowed,
    NotFound,
    RateLimited,
    RequestIdReused,
    SignInNeeded,
)
from web.access import declaration_of
from web.answers import ANSWERS
from web.api.fields import Told
from web.api.operations import (
    JSON,
    KEY_HEADER,
    KEY_PATTERN,
    Operation,
    Refusal,
    operations,
)

PROBLEM_JSON = "application/problem+json"
_REF = "#/components/schemas/{model}"
_BEARER = "bearer"
_NAME = re.compile(r"<(?:[a-z]+:)?([a-z_]+)>")
_PATH_ID = "^[0-9a-f]{16}(?:[0-9a-f]{16})?$"
_FORM = "multipart/form-data"

Refusals = Mapping[HTTPStatus, Iterable[str]]


class Mistake(Told):
    """One place of a body, and what is wrong there. Values are never repeated."""

    path: str
    reason: str


class Problem(BaseModel):
    """A refusal (RFC 9457): a stable code, and what happened, why and what to do."""

    type: str = Field(description="where the code is explained")
    title: str
    status: int
    detail: str
    code: str = Field(description="stable; programs decide by it")
    next: str = Field(description="what to do next, for a person")
    errors: tuple[Mistake, ...] = Field(default=(), description="each mistake")
    path: str = Field(default="", description="the one place that is wrong")
    reason: str = Field(default="", description="the detail, a fixed word or phrase")
    reason_text: str = Field(default="", description="the detail, for a person")
    reconciliation_id: str = Field(
        default="", description="the upload that this one repeats"
    )
    uploaded_at: str = Field(default="", description="when that was, in UTC")
    retry_after: int = Field(default=0, description="in how many seconds to try again")
    replayed: bool = Field(default=False, description="this repeats an earlier answer")


def completed(app: Flask, document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with every operation of the application in it."""
    described = dict(operations(app))
    schemas, names = _schemas(described.values())
    return {
        "openapi": "3.1.0",
        "info": {
            **document["info"],
            "description": _DESCRIPTION,
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in sorted(_tag(name) for name in described)],
        "paths": _paths(app, described, names),
        "components": {
            "schemas": schemas,
            "securitySchemes": {_BEARER: {"type": "http", "scheme": "bearer"}},
        },
    }


_DESCRIPTION = (
    "Amounts are integers in fen, instants RFC 3339. Every write needs an "
    f"`{KEY_HEADER}`: the same request again gets the same answer with `replayed: "
    "true`, another body under the same key 409 REQUEST_ID_REUSED. Refusals are "
    "problem+json; decide by `code`."
)


def _schemas(
    described: Iterable[Operation],
) -> tuple[dict[str, Any], dict[tuple[type[BaseModel], JsonSchemaMode], str]]:
    """Return the components, and the reference of each model in each mode."""
    wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {
        (Problem, "serialization"): None
    }
    for one in described:
        for body in (one.body, one.form, one.query):
            if body is not None:
                wanted[body, "validation"] = None
        if one.answer is not None:
            wanted[one.answer, "serialization"] = None
    references, schema = models_json_schema(list(wanted), ref_template=_REF)
    names = {key: references[key]["$ref"] for key in wanted}
    return schema["$defs"], names


def _paths(
    app: Flask,
    described: Mapping[str, Operation],
    names: Mapping[tuple[type[BaseModel], JsonSchemaMode], str],
) -> dict[str, Any]:
    paths: dict[str, Any] = defaultdict(dict)
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if rule.endpoint not in described:
            continue
        one = described[rule.endpoint]
        method = "post" if "POST" in (rule.methods or ()) else "get"
        path = _NAME.sub(r"{\1}", rule.rule)
        paths[path][method] = {
            **_words(app, rule.endpoint),
            "parameters": [
                *(_path_parameter(name) for name in sorted(rule.arguments)),
                *(_query_parameters(one)),
                *([_KEY_PARAMETER] if one.is_write else []),
            ],
            **_request_body(one, names),
            "responses": _responses(app, rule.endpoint, one, names),
        }
    return dict(paths)


def _tag(endpoint: str) -> str:
    return endpoint.partition(".")[0].removeprefix("api_")


def _words(app: Flask, endpoint: str) -> dict[str, Any]:
    """Return name, summary, description and who may call it."""
    view = app.view_functions[endpoint]
    summary, _, rest = inspect.cleandoc(view.__doc__ or "").partition("\n")
    roles = declaration_of(app, endpoint)
    if roles is None:
        who = "Open to everybody."
    elif roles:
        who = f"For: {', '.join(sorted(roles))}."
    else:
        who = "For everybody who has signed in."
    return {
        "operationId": endpoint.removeprefix("api_").replace(".", "_"),
        "summary": summary,
        "description": f"{rest.strip()}\n\n{who}".strip(),
        "tags": [_tag(endpoint)],
        "security": [] if roles is None else [{_BEARER: []}],
    }


def _path_parameter(name: str) -> dict[str, Any]:
    schema = {"type": "string", "pattern": _PATH_ID}
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameters(one: Operation) -> list[dict[str, Any]]:
    if one.query is None:
        return []
    whole = one.query.model_json_schema()
    required = whole.get("required", ())
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "schema": _plain(schema),
        }
        for name, schema in whole["properties"].items()
    ]


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema without its null: a parameter that is left out is not sent."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    return kinds[0] if kinds else schema


_KEY_PARAMETER: dict[str, Any] = {
    "name": KEY_HEADER,
    "in": "header",
    "required": True,
    "description": "8 to 128 printable ASCII characters, new for each intention",
    "schema": {"type": "string", "pattern": KEY_PATTERN},
    "example": "2f8d6f0e-5a0c-4f0b-9c39-3a8a4bb1c9d2",
}


def _request_body(
    one: Operation, names: Mapping[tuple[type[BaseModel], JsonSchemaMode], str]
) -> dict[str, Any]:
    if one.body is not None:
        content: dict[str, Any] = {"schema": {"$ref": names[one.body, "validation"]}}
        if one.examples:
            content["example"] = dict(one.examples)
        return {"requestBody": {"required": True, "content": {JSON: content}}}
    if one.form is not None:
        schema = one.form.model_json_schema()
        file = {"type": "string", "format": "binary", "description": one.file}
        fields = {name: _plain(kind) for name, kind in schema["properties"].items()}
        form = {
            "type": "object",
            "properties": {**fields, "file": file},
            "required": [*schema.get("required", ()), "file"],
            "additionalProperties": False,
        }
        return {"requestBody": {"required": True, "content": {_FORM: {"schema": form}}}}
    return {}


def _responses(
    app: Flask,
    endpoint: str,
    one: Operation,
    names: Mapping[tuple[type[BaseModel], JsonSchemaMode], str],
) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if one.answer is not None:
        content = {"schema": {"$ref": names[one.answer, "serialization"]}}
    good = {"description": one.status.phrase, "content": {one.media: content}}
    problem = names[Problem, "serialization"]
    refusals = _refusals(one, is_public=declaration_of(app, endpoint) is None)
    return {
        str(int(one.status)): good,
        **{
            str(int(status)): _refused(status, sorted(set(codes)), problem)
            for status, codes in sorted(refusals.items())
        },
    }


def _refusals(one: Operation, *, is_public: bool) -> Refusals:
    """Return every stable code that a call may be refused with, by status."""
    codes: dict[HTTPStatus, list[str]] = defaultdict(list)
    for kind in _kinds(one, is_public=is_public):
        codes[ANSWERS[kind].status].append(kind.code)
    statuses = [HTTPStatus.INTERNAL_SERVER_ERROR]
    if _takes_body(one):
        statuses += [
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        ]
    for status in statuses:
        codes[status].append(status.name)
    return codes


def _kinds(one: Operation, *, is_public: bool) -> list[Refusal]:
    kinds: list[Refusal] = [*one.refuses]
    if not is_public:
        kinds += [SignInNeeded, NotAllowed]
    if one.is_write or _takes_body(one):
        kinds += [CrossSiteRefused, InputInvalid]
    if one.is_write:
        kinds += [RequestIdReused]
    if one.query is not None:
        kinds += [InputInvalid]
    if _names_a_project(one):
        kinds += [NotFound]
    return kinds


def _takes_body(one: Operation) -> bool:
    return one.body is not None or one.form is not None


def _names_a_project(one: Operation) -> bool:
    return any(
        model is not None and "project" in model.model_fields
        for model in (one.body, one.form, one.query)
    )


def _refused(status: HTTPStatus, codes: list[str], problem: str) -> dict[str, Any]:
    code = {"properties": {"code": {"enum": codes}}}
    schema = {"allOf": [{"$ref": problem}, code]}
    answer: dict[str, Any] = {
        "description": f"{status.phrase}: {', '.join(codes)}",
        "content": {PROBLEM_JSON: {"schema": schema}},
    }
    header = {"schema": {"type": "string"}}
    if RateLimited.code in codes:
        answer["headers"] = {"Retry-After": header}
    if status is HTTPStatus.UNAUTHORIZED:
        answer["headers"] = {"WWW-Authenticate": header}
    return answer
