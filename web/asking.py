"""Asking the witnesses that have an address to cosign the newest head."""

import structlog

from attribution.errors import AttributionError, NotFound
from attribution.services.runtime import Runtime
from attribution.services.witnessing import (
    Question,
    accept_cosignatures,
    question_from,
    questions,
)
from tokens.errors import TokenError
from tokens.witnessing import parse_offer
from web.witnessing import Answered, Ask, LogUnreachable

_LOG = structlog.get_logger()
_OK, _CONFLICT = 200, 409
_SIZE = "text/x.tlog.size"


def ask_witnesses(runtime: Runtime, ask: Ask) -> int:
    """Ask each witness that lags behind; return how many have cosigned."""
    return sum(_ask(runtime, ask, one) for one in questions(runtime))


def _ask(runtime: Runtime, ask: Ask, question: Question) -> bool:
    """Ask one witness, a second time if it has seen another size than we thought."""
    name = question.witness.label
    try:
        answer = _post(ask, question)
        if answer.status == _CONFLICT and answer.media == _SIZE:
            size = int(answer.body) if answer.body.strip().isdecimal() else 0
            question = question_from(runtime, question.witness, size)
            answer = _post(ask, question)
        if answer.status != _OK:
            _LOG.warning("witness_refused", witness=name, status=answer.status)
            return False
        note = parse_offer(question.body).checkpoint + answer.body
        return accept_cosignatures(runtime, note) > 0
    except LogUnreachable:
        _LOG.warning("witness_silent", witness=name)
    except NotFound:
        _LOG.error("witness_ahead", witness=name)
    except (AttributionError, TokenError) as refusal:
        _LOG.warning("witness_wrong", witness=name, code=refusal.code)
    return False


def _post(ask: Ask, question: Question) -> Answered:
    url = f"{(question.witness.url or '').rstrip('/')}/add-checkpoint"
    return ask(url, question.body, "text/plain; charset=utf-8")
