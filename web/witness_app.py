"""The HTTP side of a witness: C2SP tlog-witness, one call."""

from collections.abc import Callable, Mapping
from http import HTTPStatus

from flask import Flask, Response, request

from tokens.errors import (
    LogProofInvalid,
    SignatureInvalid,
    TokenError,
    WitnessConflict,
)
from tokens.notes import Verifier
from tokens.witnessing import Offer, parse_offer
from web.witness import WitnessFolder, checkpoint_of

_LARGEST_BODY = 128 * 1024
_TEXT = "text/plain; charset=utf-8"


class LogUnknown(Exception):
    """The witness does not watch the log of this origin."""


_STATUS: Mapping[type[Exception], HTTPStatus] = {
    LogUnknown: HTTPStatus.NOT_FOUND,
    SignatureInvalid: HTTPStatus.FORBIDDEN,
    LogProofInvalid: HTTPStatus.UNPROCESSABLE_ENTITY,
}
"""Whatever else is refused is no offer."""


def create_witness_app(folder: WitnessFolder, seconds: Callable[[], int]) -> Flask:
    """Return the application of a witness.

    Answers 200 with the cosignature, 400 for what is no offer, 403 for a signature
    that is none of a trusted key, 404 for an unknown log, 409 with the size seen last,
    and 422 for a proof that does not hold.
    """
    app = Flask("web.witness_app", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST_BODY

    @app.post("/add-checkpoint")
    def add_checkpoint() -> Response:
        return _answer(folder, seconds, request.get_data(cache=False))

    return app


def _answer(folder: WitnessFolder, seconds: Callable[[], int], body: bytes) -> Response:
    try:
        offer = parse_offer(body.decode())
        key = _key_of(folder, offer)
        line = folder.cosign(offer, key, seconds())
    except WitnessConflict:
        size = f"{folder.seen_size(key.name)}\n"
        return Response(size, HTTPStatus.CONFLICT, content_type="text/x.tlog.size")
    except (UnicodeDecodeError, LogUnknown, TokenError) as error:
        status = _STATUS.get(type(error), HTTPStatus.BAD_REQUEST)
        return Response(f"{status.phrase}\n", status, content_type=_TEXT)
    return Response(line, HTTPStatus.OK, content_type=_TEXT)


def _key_of(folder: WitnessFolder, offer: Offer) -> Verifier:
    origin = checkpoint_of(offer.checkpoint).origin
    for key in folder.trusted():
        if key.name == origin:
            return key
    raise LogUnknown
