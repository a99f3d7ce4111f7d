"""Every error → its answer: problem+json for programs (RFC 9457), a page for people."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import structlog
from apiflask import APIFlask, HTTPError
from flask import Response, current_app, jsonify, redirect, render_template, request
from werkzeug.exceptions import HTTPException

from attribution.errors import (
    AttributionError,
    SignInNeeded,
    TokenExpired,
    TokenRevoked,
    TokenUnknown,
    TokenUsed,
    WrongProject,
)
from tokens.errors import TokenError
from web.access import asking
from web.answers import ANSWERS, HTTP_ANSWERS, Answer
from web.reasons import limit_text, reason_text

_LOG = structlog.get_logger()
_PROBLEM_JSON = "application/problem+json"
# A stranger learns from a refusal neither that a code exists nor what became of it.
_ALIKE = (TokenUnknown, TokenUsed, TokenExpired, TokenRevoked, WrongProject)
# What an error may say about itself: places, fixed words and numbers, never a value.
_FACTS = (
    "path",
    "reason",
    "sheet",
    "cell",
    "expected",
    "limit",
    "retry_after",
    "reconciliation_id",
    "uploaded_at",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """A refusal as it is shown: one stable code, three sentences, and the facts."""

    code: str
    status: HTTPStatus
    title: str
    why: str
    todo: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    mistakes: tuple[Mapping[str, str], ...] = ()


def register(app: APIFlask) -> None:
    """Answer every error of the application here."""
    app.register_error_handler(AttributionError, answer_refusal)
    app.register_error_handler(TokenError, answer_refusal)
    app.register_error_handler(HTTPError, _answer_api_error)
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(Exception, _answer_unexpected)


def explain(error: AttributionError | TokenError) -> Problem:
    """Return how a refusal is explained, in the reader's language."""
    if isinstance(error, _ALIKE) and asking() is None:
        error = TokenUnknown()
    facts = {name: value for name in _FACTS if (value := getattr(error, name, None))}
    if "replayed" in getattr(error, "__notes__", ()):
        facts["replayed"] = True
    return _worded(error.code, ANSWERS[type(error)], facts)


def explain_code(code: str) -> Problem | None:
    """Return how the refusal with a stable code is explained, or None."""
    for kind, answer in ANSWERS.items():
        if getattr(kind, "code", None) == code:
            return _worded(code, answer, {})
    for status, answer in HTTP_ANSWERS.items():
        if status.name == code:
            return _worded(code, answer, {})
    return None


def wants_json() -> bool:
    """Say whether a program is asking, rather than a browser."""
    if request.path.startswith("/api/") or "Authorization" in request.headers:
        return True
    accepted = request.accept_mimetypes
    return accepted.best_match(["text/html", "application/json", _PROBLEM_JSON]) in {
        "application/json",
        _PROBLEM_JSON,
    }


def _worded(code: str, answer: Answer, facts: Mapping[str, Any]) -> Problem:
    worded = {**facts}
    if "reason" in facts:
        worded["reason_text"] = reason_text(str(facts["reason"]))
    if "limit" in facts:
        worded["limit_text"] = limit_text(str(facts.get("reason")), facts["limit"])
    return Problem(
        code=code,
        status=answer.status,
        title=str(answer.title),
        why=str(answer.why),
        todo=str(answer.todo),
        facts=worded,
    )


def answer_refusal(error: AttributionError | TokenError) -> Response:
    """Answer what attribution/ or tokens/ refused."""
    if isinstance(error, SignInNeeded) and request.method == "GET" and not wants_json():
        return _to_sign_in()
    problem = explain(error)
    _LOG.info("refused", code=problem.code)
    return _answer(problem)


def _to_sign_in() -> Response:
    query = urlencode({"next": request.path}) if request.path != "/" else ""
    location = f"/sign-in?{query}" if query else "/sign-in"
    answer = redirect(location, HTTPStatus.SEE_OTHER)
    return current_app.make_response(answer)


def _answer_api_error(error: HTTPError) -> Response:
    """Answer a body that its model refuses, naming each place but no value."""
    status = HTTPStatus(error.status_code)
    answer = HTTP_ANSWERS.get(status, HTTP_ANSWERS[HTTPStatus.BAD_REQUEST])
    mistakes = tuple(_mistakes(error.detail, ""))
    code = "INPUT_INVALID" if mistakes else status.name
    worded = _worded(code, answer, {})
    return _answer(
        Problem(
            code=code,
            status=status,
            title=worded.title,
            why=worded.why,
            todo=worded.todo,
            mistakes=mistakes,
        )
    )


def _mistakes(detail: object, path: str) -> Iterator[Mapping[str, str]]:
    """Yield one row for each message of nested places and fields."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            yield from _mistakes(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(detail, list | tuple):
        for inner in detail:
            yield from _mistakes(inner, path)
    else:
        yield {"path": path, "reason": str(detail)}


def _answer_http(error: HTTPException) -> Response:
    """Answer what HTTP refuses, such as a wrong method or too large a body."""
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    answer = HTTP_ANSWERS.get(status)
    if answer is None:
        fallback = HTTP_ANSWERS[HTTPStatus.BAD_REQUEST]
        answer = Answer(
            status=status,
            title=fallback.title,
            why=fallback.why,
            todo=fallback.todo,
        )
    response = _answer(_worded(status.name, answer, {}))
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def _answer_unexpected(error: Exception) -> Response:
    """Log a mistake of ours in full, and tell nobody what it was."""
    rule = request.url_rule.rule if request.url_rule else None
    _LOG.error("failed", error=error, method=request.method, rule=rule)
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    return _answer(_worded(status.name, HTTP_ANSWERS[status], {}))


def _answer(problem: Problem) -> Response:
    if wants_json():
        response = _as_json(problem)
    else:
        response = current_app.make_response(
            render_template("problem.html", problem=problem, back=_way_back())
        )
    response.status_code = problem.status
    if "retry_after" in problem.facts:
        response.headers["Retry-After"] = str(problem.facts["retry_after"])
    if problem.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="hefu"'
    return response


def _way_back() -> str:
    """Return the page whose form was refused, or the first page."""
    if request.method == "POST":
        routes = current_app.url_map.bind_to_environ(request.environ)
        if routes.test(request.path, "GET"):
            return request.path
    return "/"


def _as_json(problem: Problem) -> Response:
    body = {
        "type": f"/problems/{problem.code}",
        "title": problem.title,
        "status": int(problem.status),
        "detail": problem.why,
        "code": problem.code,
        "next": problem.todo,
        **problem.facts,
    }
    mistakes = [*problem.mistakes]
    if "path" in problem.facts:
        mistakes += [{name: problem.facts[name] for name in ("path", "reason")}]
    if mistakes:
        body["errors"] = mistakes
    response = jsonify(body)
    response.content_type = _PROBLEM_JSON
    return response
