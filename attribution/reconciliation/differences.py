"""Which single component would explain that two amounts differ.

Source: docs/specs/reconciliation.md §8. Several may fit; all that fit are named.
"""

from collections.abc import Iterator

from attribution.money import WHOLE, BasisPoints, Fen, share_of
from attribution.reconciliation.report import Component, Explanation

VAT_RATES = (BasisPoints(100), BasisPoints(300), BasisPoints(600))
_TENTH = BasisPoints(1000)
_TEN_THOUSAND = 10_000  # 万


def explanations_of(
    *,
    claimed: Fen,
    owed: Fen,
    claimed_price: Fen | None,
    our_price: Fen,
    share: BasisPoints,
) -> tuple[Explanation, ...]:
    """Name every component that alone turns what we owe into what they claim.

    Args:
        share: the channel's share of a joint deal; 10 000 where it is alone.
    """
    found: list[Explanation] = []
    if claimed_price is not None and claimed_price != our_price:
        if our_price and _rounded(owed * claimed_price, our_price) == claimed:
            found.append(
                Explanation(component=Component.PRICE, theirs=str(claimed_price))
            )
    elif (rate := _rate(claimed, our_price)) is not None:
        found.append(Explanation(component=Component.RATE, theirs=str(rate)))
    if share != WHOLE and abs(share_of(claimed, share) - owed) <= 1:
        found.append(Explanation(component=Component.SHARE, theirs=str(WHOLE)))
    found += _of_one_amount(claimed, owed)
    return tuple(found)


def _of_one_amount(claimed: Fen, owed: Fen) -> Iterator[Explanation]:
    for tenths in range(1, 10):
        fraction = BasisPoints(tenths * _TENTH)
        if share_of(owed, fraction) == claimed:
            yield Explanation(component=Component.FRACTION, theirs=str(fraction))
    for vat in VAT_RATES:
        with_vat = share_of(owed, BasisPoints(WHOLE + vat))
        without = _rounded(owed * WHOLE, WHOLE + vat)
        if claimed in {with_vat, without}:
            sign = 1 if claimed == with_vat else -1
            yield Explanation(component=Component.TAX, theirs=str(sign * vat))
    if claimed and (owed * _TEN_THOUSAND == claimed or claimed * _TEN_THOUSAND == owed):
        yield Explanation(component=Component.SCALE)


def _rate(claimed: Fen, price: Fen) -> BasisPoints | None:
    """Return the whole rate that makes this commission of this price, if one does."""
    if price <= 0 or claimed <= 0:
        return None
    rate = BasisPoints(_rounded(claimed * WHOLE, price))
    return rate if 0 < rate <= WHOLE and share_of(price, rate) == claimed else None


def _rounded(numerator: int, denominator: int) -> int:
    """Divide half up, away from zero for negative amounts as `share_of` does."""
    rounded = (2 * abs(numerator) + denominator) // (2 * denominator)
    return rounded if numerator >= 0 else -rounded
