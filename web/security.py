"""What every answer carries so that a browser protects the reader."""

from io import BytesIO
from typing import IO

from flask import Flask, Request, Response, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest

_LARGEST_FILE = 32 * 1024 * 1024
_LARGEST_BODY = 512 * 1024
_FORMS = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'; object-src 'none'"
    ),
    "Permissions-Policy": (
        "camera=(), microphone=(), geolocation=(), payment=(), usb=(), "
        "display-capture=()"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class InMemory(Request):
    """A request whose files are never written to the disk: they hold names."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        del total_content_length, content_type, filename, content_length
        return BytesIO()


def protect(app: Flask) -> None:
    """Limit what comes in, and put the security headers on whatever goes out."""
    app.request_class = InMemory
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST_FILE
    app.before_request(_limit_body)
    app.after_request(_add_headers)


def _limit_body() -> None:
    """Only uploads may be large, and the page that keeps one until it is confirmed."""
    if request.mimetype != "multipart/form-data":
        request.max_content_length = _LARGEST_BODY
    elif request.endpoint == "finance.confirm":
        request.max_form_memory_size = _LARGEST_FILE


def refuse_nul() -> None:
    """Refuse the one character that no text of ours may hold, and PostgreSQL cannot.

    Bodies of the API are refused by their models, field by field.
    """
    if request.path.startswith("/api/"):
        return
    sent = [request.path, *_texts(request.args)]
    if request.mimetype in _FORMS:
        sent += _texts(request.form)
    if any("\x00" in text for text in sent):
        raise BadRequest


def _texts(fields: MultiDict[str, str]) -> list[str]:
    return [text for pair in fields.items(multi=True) for text in pair]


def _add_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        # Not only a default: Flask gives files a gentler one.
        response.headers["Cache-Control"] = "no-store"
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response
