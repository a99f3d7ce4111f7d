"""Receipts 回执 for people: as a file, as a link to the checker, on paper."""

from dataclasses import dataclass

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from attribution.errors import LogBehind, LogForked, LogKeyForeign, NotFound
from attribution.ids import VisitId
from attribution.services.receipting import receipt_to_print
from tokens.links import receipt_link
from tokens.receipts import Receipt, opening_of, receipt_text
from web.access import current_actor, current_runtime
from web.pictures import dense_qr
from web.problems import Problem, explain

_CHECK = "check"


@dataclass(frozen=True, kw_only=True, slots=True)
class PrintedReceipt:
    """The receipt on a printed sheet: its QR code, or why there is none."""

    picture: Markup | None = None
    problem: Problem | None = None


def handed_out(receipt: Receipt) -> ResponseReturnValue:
    """Answer with a receipt as a file or, where that was asked, at the checker.

    The checker gets it in the fragment of the address, which no browser sends.
    """
    if _CHECK in request.args:
        return redirect(_link_to(receipt), 303)
    kind = opening_of(receipt).kind.partition("/")[0]
    name = f"hefu-{kind}-{receipt.index}.tlog-proof"
    return Response(
        receipt_text(receipt),
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
