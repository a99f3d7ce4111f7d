"""Receipts 回执 as the API tells them: whose they are, the call itself knows."""

from collections.abc import Iterable

from pydantic import Field

from attribution.services.receipting import OwnReceipt
from tokens.receipts import receipt_text
from web.api.fields import Instant, Told


class ReceiptView(Told):
    """The receipt of one fact."""

    entry_id: str
    kind: str = Field(examples=["visit/v1"])
    at: Instant
    position: int | None = Field(description="in the log; null for a minute at most")
    receipt: str | None = Field(
        description="C2SP tlog-proof with the fact itself; null while it has no place"
    )


class ReceiptList(Told):
    """The receipts of one's own facts, in order of arrival."""

    receipts: tuple[ReceiptView, ...]


def receipts_view(found: Iterable[OwnReceipt]) -> ReceiptList:
    """Return the receipts of one's own facts in the API's form."""
    return ReceiptList(
        receipts=tuple(
            ReceiptView(
                entry_id=one.fact.entry_id,
                kind=one.fact.kind,
                at=one.fact.at,
                position=one.fact.position,
                receipt=None if one.receipt is None else receipt_text(one.receipt),
            )
            for one in found
        )
    )
