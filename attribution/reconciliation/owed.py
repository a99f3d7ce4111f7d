"""What we owe: one deal, beside which a claim of the statement is held."""

from dataclasses import dataclass, field
from datetime import date

from attribution.ids import SigningId
from attribution.money import WHOLE, BasisPoints, Fen


@dataclass(frozen=True, kw_only=True, slots=True)
class OwedLine:
    """One deal, and what of it is owed to the channel of the statement.

    Deals of which nothing is owed belong in the list too: `reason` is the ruling's
    own finding, and answers a claim for them. `client` is masked (张**), and empty
    like `agent` where it is not known.
    """

    signing_id: SigningId
    unit: str
    signed_on: date | None
    price: Fen
    amount: Fen
    reason: str = ""
    share: BasisPoints = WHOLE
    client: str = field(default="", repr=False)
    agent: str = field(default="", repr=False)
