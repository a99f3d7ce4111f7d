"""What every call of the API has in common: body in, one service, answer out.

`operation` describes a call once; the same description runs it and documents it, so
the document cannot say anything else than what happens.
"""

import functools
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, TypeAlias, TypeVar

from apiflask import HTTPError
from flask import Flask, Response, request
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from attribution.errors import AttributionError, InputInvalid, NotFound
from attribution.ids import ProjectId
from attribution.people import Role
from attribution.services.answering import Reply, Request
from attribution.services.choosing import chosen_project
from tokens.errors import TokenError
from web.access import current_actor, current_runtime
from web.api.body_reasons import body_reason

JSON = "application/json"
ZIP = "application/zip"
KEY_HEADER = "Idempotency-Key"
KEY_PATTERN = r"^[\x20-\x7e]{8,128}$"

_KEY = re.compile(KEY_PATTERN)
_DESCRIBED = "hefu_operation"
_PATH_ID = re.compile(r"[0-9a-f]{16}(?:[0-9a-f]{16})?")
_PLAIN_NAME = re.compile(r"[A-Za-z_]{1,40}")
_FORM = "multipart/form-data"

Refusal: TypeAlias = type[AttributionError] | type[TokenError]
# What a view may return: the reply of a write, a model, or a file.
Told: TypeAlias = Reply | BaseModel | Response
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One call: what it takes, what it answers, and everything it may refuse.

    A write runs under an idempotency key; its view is handed an `intention`. A `form`
    is sent as multipart/form-data beside one file; its view is handed `file` as well,
    and `file` here says what kind of one.
    """

    answer: type[BaseModel] | None
    body: type[BaseModel] | None = None
    form: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    is_write: bool = False
    status: HTTPStatus = HTTPStatus.OK
    media: str = JSON
    file: str = ".xlsx or .csv"
    refuses: tuple[Refusal, ...] = ()
    examples: Mapping[str, Any] = field(default_factory=dict)


def operation(
    described: Operation,
) -> Callable[[Callable[..., Told]], Callable[..., Response]]:
    """Run a view as an operation. Who may call it is declared beside, by `requires`."""

    def decorate(view: Callable[..., Told]) -> Callable[..., Response]:
        @functools.wraps(view)
        def run(**path: str) -> Response:
            for value in path.values():
                if not _PATH_ID.fullmatch(value):
                    raise NotFound
            return _answered(view(**path, **_arguments(described)), described)

        setattr(run, _DESCRIBED, described)
        return run

    return decorate


def operations(app: Flask) -> Iterator[tuple[str, Operation]]:
    """Yield every described endpoint of the application."""
    for endpoint, view in app.view_functions.items():
        if hasattr(view, _DESCRIBED):
            yield endpoint, getattr(view, _DESCRIBED)


def project_or_only(project: str | None, *roles: Role) -> ProjectId:
    """Return the project that was named, or the only one the caller works for."""
    return chosen_project(
        current_runtime(),
        by=current_actor(),
        roles=roles,
        named=None if project is None else ProjectId(project),
    )


def _arguments(described: Operation) -> dict[str, Any]:
    """Read all that a view is handed; the key first, for it costs least."""
    arguments: dict[str, Any] = {}
    key = _key() if described.is_write else ""
    digested = b""
    if described.query is not None:
        arguments["query"] = _checked(described.query, request.args.to_dict())
    if described.body is not None:
        body = arguments["body"] = _json(described.body)
        digested = body.model_dump_json().encode()
    if described.form is not None:
        form, name, data = _upload(described.form)
        arguments |= {"form": form, "file": (name, data)}
        digested = _digest_of_upload(form, name, data)
    if described.is_write:
        arguments["intention"] = Request(
            caller=f"person:{current_actor().person_id}",
            id=key,
            body=f"{request.method} {request.path}\n".encode() + digested,
        )
    return arguments


def _key() -> str:
    key = request.headers.get(KEY_HEADER, "")
    if not _KEY.fullmatch(key):
        raise InputInvalid(KEY_HEADER, "must be 8 to 128 printable ASCII characters")
    return key


def _json(model: type[Model]) -> Model:
    """Return the body, parsed and checked in one step.

    Raises:
        UnsupportedMediaType: it is not declared as JSON.
        BadRequest: it is not JSON.
        HTTPError: 422 with the path and the reason of each mistake.
    """
    if request.mimetype != JSON:
        raise UnsupportedMediaType
    try:
        return model.model_validate_json(request.get_data(cache=False))
    except ValidationError as error:
        raise _refusal(error) from None


def _checked(model: type[Model], values: Mapping[str, Any]) -> Model:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _refusal(error) from None


def _upload(model: type[Model]) -> tuple[Model, str, bytes]:
    if request.mimetype != _FORM:
        raise UnsupportedMediaType
    form = _checked(model, request.form.to_dict())
    files = list(request.files.items(multi=True))
    if [name for name, _ in files] != ["file"]:
        raise InputInvalid("file", "must be one file")
    file = files[0][1]
    return form, file.filename or "", file.read()


def _digest_of_upload(form: BaseModel, name: str, data: bytes) -> bytes:
    digest = hashlib.sha256(data).hexdigest()
    return json.dumps([form.model_dump_json(), name, digest]).encode()


def _refusal(error: ValidationError) -> Exception:
    """Return the refusal of a body: places and reasons, and never a value."""
    found = error.errors(include_url=False, include_input=False)
    if found[0]["type"] == "json_invalid":
        return BadRequest()
    mistakes: dict[str, list[str]] = {}
    for one in found:
        if not _is_an_echo(one, found):
            mistakes.setdefault(_place(one["loc"]), []).append(body_reason(one))
    return HTTPError(HTTPStatus.UNPROCESSABLE_ENTITY, detail=mistakes)


def _is_an_echo(one: ErrorDetails, found: Sequence[ErrorDetails]) -> bool:
    """Say whether a list is only too short because what is in it was refused."""
    depth = len(one["loc"])
    return one["type"] == "too_short" and any(
        other["loc"][:depth] == one["loc"] and len(other["loc"]) > depth
        for other in found
    )


def _place(steps: tuple[int | str, ...]) -> str:
    """Return `buyers[0].identifiers`, or `$` for the whole body.

    A key that we do not know is named only if it looks like a name: it may as well be
    a phone number in the wrong place.
    """
    path = ""
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            path += f".{step if _PLAIN_NAME.fullmatch(step) else '?'}"
    return path.removeprefix(".") or "$"


def _answered(result: Told, described: Operation) -> Response:
    if isinstance(result, Response):
        return result
    if isinstance(result, Reply):
        told = {**result.answer, "replayed": result.replayed}
        data = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    else:
        data = result.model_dump_json().encode()
    return Response(data, described.status, content_type=described.media)
