"""Receipts 回执 for people: as a file, as a link to the checker, on paper."""

from collections.abc import Collection
from dataclasses import dataclass

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from attribution.errors import LogBehind, LogForked, LogKeyForeign, NotFound
from attribution.ids import VisitId
from attribution.services.receipting import (
    promise_among,
    receipt_among,
    receipt_to_print,
)
from attribution.storage.log_repository import LoggedFact
from tokens.links import receipt_link
from tokens.receipts import Receipt, opening_of, receipt_text
from web.access import current_actor, current_runtime
from web.pictures import dense_qr
from web.problems import Problem, explain

_CHECK, _PROMISE = "check", "promise"


@dataclass(frozen=True, kw_only=True, slots=True)
class PrintedReceipt:
    """The receipt on a printed sheet: its QR code, or why there is none."""

    picture: Markup | None = None
    problem: Problem | None = None


def handed_out(own: Collection[LoggedFact], entry_id: str) -> ResponseReturnValue:
    """Answer with the receipt of one's own fact as a file.

    Where that was asked, at the checker instead, which gets it in the fragment of the
    address: no browser sends it. Or with the promise of it, while there is no receipt.
    """
    runtime = current_runtime()
    if _PROMISE in request.args:
        promise = promise_among(runtime, own, entry_id)
        return _as_file(f"{promise}\n", f"hefu-{entry_id[:8]}.promise")
    receipt = receipt_among(runtime, own, entry_id)
    if _CHECK in request.args:
        return redirect(_link_to(receipt), 303)
    kind = opening_of(receipt).kind.partition("/")[0]
    name = f"hefu-{kind}-{receipt.index}.tlog-proof"
    return _as_file(receipt_text(receipt), name)


def _as_file(text: str, name: str) -> Response:
    return Response(
        text,
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def printed_receipt(visit_id: VisitId) -> PrintedReceipt:
    """Return the receipt of a visit for its sheet; a broken log prints none."""
    try:
        receipt = receipt_to_print(
            current_runtime(), by=current_actor(), visit_id=visit_id
        )
    except (LogBehind, LogForked, LogKeyForeign, NotFound) as refused:
        return PrintedReceipt(problem=explain(refused))
    return PrintedReceipt(picture=dense_qr(_link_to(receipt, external=True)))


def _link_to(receipt: Receipt, *, external: bool = False) -> str:
    page = url_for("verify.page", _external=external)
    return receipt_link(page, receipt_text(receipt))
