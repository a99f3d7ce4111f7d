"""Money in fen, rates in basis points, and the only places where either is rounded."""

from collections.abc import Sequence
from typing import NewType

Fen = NewType("Fen", int)
BasisPoints = NewType("BasisPoints", int)

WHOLE = BasisPoints(10_000)
"""All of it: 10 000 basis points."""


def share_of(amount: Fen, rate: BasisPoints) -> Fen:
    """Return `rate` of `amount`, rounded half up to the fen.

    Half up means away from zero for debts too, so that a reversal is the exact
    negative of what it undoes. 2 450 000.00 yuan at 150 bp is 36 750.00 yuan.
    """
    return Fen(round_half_up(amount * rate, WHOLE))


def round_half_up(numerator: int, denominator: int) -> int:
    """Return a fraction as the nearest whole number, a half away from zero.

    The one rounding of money. 1/2 is 1, −1/2 is −1.
    """
    rounded = (2 * abs(numerator) + denominator) // (2 * denominator)
    return rounded if numerator >= 0 else -rounded


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Return `amount` in parts as `weights`, by largest remainder; the parts add up.

    What is left over goes, one by one, to the largest remainders; among equal ones to
    the earlier. 10 000 by [1, 1, 1] is [3334, 3333, 3333].
    """
    total = sum(weights)
    if amount < 0 or total <= 0 or min(weights) < 0:
        message = "split needs an amount >= 0, weights >= 0 and one weight > 0"
        raise ValueError(message)
    parts = [amount * weight // total for weight in weights]
    by_remainder = sorted(
        range(len(weights)), key=lambda i: (-(amount * weights[i] % total), i)
    )
    for index in by_remainder[: amount - sum(parts)]:
        parts[index] += 1
    return parts


def yuan_text(amount: Fen, *, marks: str = "") -> str:
    """Return fen as yuan with two decimals: `-0.05`, with `marks` `36,750.00`."""
    sign = "-" if amount < 0 else ""
    whole, rest = divmod(abs(amount), 100)
    return f"{sign}{whole:,}.{rest:02}".replace(",", marks)
