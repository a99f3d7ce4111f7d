"""How far a claim and a deal agree: one of a few levels for each thing they state.

Source: docs/specs/reconciliation.md §11. Whole columns at once, in numpy. Amounts are
compared as whole fen; unit numbers by their parts, never by runs of characters.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from attribution.reconciliation.owed import OwedLine
from attribution.reconciliation.statement import Line
from attribution.reconciliation.units import UnitList, UnitName, folded, read_unit

Numbers = NDArray[np.int64]
Truths = NDArray[np.bool_]
Levels = Numbers
"""A row for each pair, a column for each comparison."""

NONE = np.iinfo(np.int64).min
_NEAR_DAYS = 7
_CLOSE_PERCENT = 10
_LOOKALIKES = str.maketrans("OILSB", "01158", "'’`")


class Comparison(StrEnum):
    """What is compared."""

    UNIT = "UNIT"
    MONEY = "MONEY"
    SIGNED_ON = "SIGNED_ON"
    CLIENT = "CLIENT"
    AGENT = "AGENT"


class Level(StrEnum):
    """How far it agrees. Its place in `LEVELS` is its number."""

    UNSAID = "UNSAID"  # one of them does not say it: no evidence either way
    DIFFERENT = "DIFFERENT"
    EQUAL = "EQUAL"
    NEAR = "NEAR"  # unit: one typo in one part; date: within a week
    WITHIN = "WITHIN"  # the unit as far as it is said: a section left out
    ONE = "ONE"  # amount or price to the fen
    CLOSE = "CLOSE"  # the amount within a tenth


LEVELS: dict[Comparison, tuple[Level, ...]] = {
    Comparison.UNIT: (
        Level.UNSAID,
        Level.DIFFERENT,
        Level.EQUAL,
        Level.NEAR,
        Level.WITHIN,
    ),
    Comparison.MONEY: (
        Level.UNSAID,
        Level.DIFFERENT,
        Level.EQUAL,
        Level.ONE,
        Level.CLOSE,
    ),
    Comparison.SIGNED_ON: (Level.UNSAID, Level.DIFFERENT, Level.EQUAL, Level.NEAR),
    Comparison.CLIENT: (Level.UNSAID, Level.DIFFERENT, Level.EQUAL),
    Comparison.AGENT: (Level.UNSAID, Level.DIFFERENT, Level.EQUAL),
}
UNSAID, DIFFERENT, EQUAL, NEAR, WITHIN = range(5)
ONE, CLOSE = NEAR, WITHIN  # the same places among the levels of MONEY


@dataclass(frozen=True, slots=True)
class Facts:
    """What the lines, or the deals, state: one column of numbers for each thing.

    Texts are numbered, equal texts alike; NONE stands where nothing is stated.
    """

    building: Numbers
    section: Numbers
    room: Numbers
    is_guess: Numbers  # 1: letters were taken for the digits they look like
    text: Numbers
    amount: Numbers
    price: Numbers
    day: Numbers
    client: Numbers
    agent: Numbers

    def __len__(self) -> int:
        return len(self.amount)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Places of lines, and beside each the place of a deal."""

    line: Numbers
    deal: Numbers

    def __len__(self) -> int:
        return len(self.line)

    def at(self, which: Truths | Numbers) -> "Pairs":
        """Return some of the pairs."""
        return Pairs(self.line[which], self.deal[which])


def facts_of(
    lines: Sequence[Line], deals: Sequence[OwedLine], units: Iterable[str] | None
) -> tuple[Facts, Facts]:
    """Return what both sides state, their texts under common numbers."""
    ours_listed = [deal.unit for deal in deals]
    # Texts that are in both are read once.
    listed = None if units is None else dict.fromkeys((*units, *ours_listed))
    known = None if listed is None else UnitList.of(listed)
    texts: dict[str, int] = {}
    theirs = [
        (
            *_parts(*_line_unit(line, known)),
            _numbered(line.unit.text, texts),
            *_stated(line.amount, line.price, line.signed_on),
            _numbered(line.client, texts),
            _numbered(line.agent, texts),
        )
        for line in lines
    ]
    ours = [
        (
            *_parts(read_unit(deal.unit).name, 0),
            _numbered(deal.unit, texts),
            *_stated(deal.amount, deal.price, deal.signed_on),
            _numbered(deal.client, texts),
            _numbered(deal.agent, texts),
        )
        for deal in deals
    ]
    return _columns(theirs), _columns(ours)


def _columns(rows: Sequence[tuple[int, ...]]) -> Facts:
    table = np.array(rows, dtype=np.int64).reshape(len(rows), 10).T.copy()
    return Facts(*table)


def _line_unit(line: Line, known: UnitList | None) -> tuple[UnitName | None, int]:
    """Return the unit a line names, completed by the list, and 1 if it is a guess."""
    name = line.unit.name
    if name is None:
        repaired = line.unit.text.upper().translate(_LOOKALIKES)
        return read_unit(repaired).name, 1
    is_whole = name.building is not None and name.section is not None
    found = known.candidates(name) if known and not is_whole else []
    return (found[0] if len(found) == 1 else name), 0


def _parts(name: UnitName | None, is_guess: int) -> Iterator[int]:
    yield from parts_of(name or (None, None, None))
    yield is_guess


def parts_of(name: Iterable[int | None]) -> tuple[int, ...]:
    """Return building, section and room with NONE where nothing is stated."""
    return tuple(NONE if part is None else part for part in name)


def _stated(
    amount: int | None, price: int | None, signed_on: date | None
) -> Iterator[int]:
    yield NONE if amount is None else amount
    yield NONE if price is None else price
    yield NONE if signed_on is None else signed_on.toordinal()


def _numbered(text: str, texts: dict[str, int]) -> int:
    text = folded(text)
    return texts.setdefault(text, len(texts)) if text else NONE


def levels_of(theirs: Facts, ours: Facts, pairs: Pairs) -> Levels:
    """Return the levels of pairs: a row for each, a column for each comparison."""
    columns = (
        _unit_levels(theirs, ours, pairs),
        _money_levels(theirs, ours, pairs),
        _day_levels(theirs.day[pairs.line], ours.day[pairs.deal]),
        _text_levels(theirs.client[pairs.line], ours.client[pairs.deal]),
        _text_levels(theirs.agent[pairs.line], ours.agent[pairs.deal]),
    )
    return np.stack(columns, axis=1)


def _unit_levels(theirs: Facts, ours: Facts, pairs: Pairs) -> Numbers:
    mine = np.stack((theirs.building, theirs.section, theirs.room))[:, pairs.line]
    yours = np.stack((ours.building, ours.section, ours.room))[:, pairs.deal]
    is_equal = mine == yours
    is_missing = ~is_equal & ((mine == NONE) | (yours == NONE))
    is_same = theirs.text[pairs.line] == ours.text[pairs.deal]
    is_read = (mine[2] != NONE) & (yours[2] != NONE)
    levels = np.where(is_read, DIFFERENT, UNSAID)
    levels[is_read & (is_equal | is_missing).all(axis=0)] = WITHIN
    levels[is_read & is_equal.all(axis=0)] = EQUAL
    for part in range(3):
        others = np.delete(is_equal, part, axis=0).all(axis=0)
        places = np.flatnonzero(is_read & others & ~is_equal[part] & ~is_missing[part])
        is_typo = _are_typos(mine[part, places], yours[part, places])
        levels[places[is_typo]] = NEAR
    is_guess = theirs.is_guess[pairs.line] == 1
    levels[is_guess & ((levels == EQUAL) | (levels == WITHIN))] = NEAR
    levels[is_same] = EQUAL
    return levels


def _are_typos(mine: Numbers, yours: Numbers) -> Truths:
    """Say of which numbers one becomes the other by one slip of the hand."""
    both, places = np.unique(np.stack((mine, yours)), axis=1, return_inverse=True)
    found = [is_one_slip(str(one), str(other)) for one, other in both.T.tolist()]
    return np.array(found, dtype=np.bool_)[places.ravel()]


def is_one_slip(one: str, other: str) -> bool:
    """Say whether one digit was replaced, two neighbours swapped, one lost or added."""
    if len(one) > len(other):
        one, other = other, one
    start = next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        len(one),
    )
    one, other = one[start:], other[start:]
    if len(one) < len(other):
        return one == other[1:]
    return one[1:] == other[1:] or (one[:2] == other[1::-1] and one[2:] == other[2:])


def _money_levels(theirs: Facts, ours: Facts, pairs: Pairs) -> Numbers:
    claimed, owed = theirs.amount[pairs.line], ours.amount[pairs.deal]
    price, our_price = theirs.price[pairs.line], ours.price[pairs.deal]
    is_said = claimed != NONE
    is_priced = price != NONE
    amount_equal = is_said & (claimed == owed)
    price_equal = is_priced & (price == our_price)
    levels = np.where(is_said | is_priced, DIFFERENT, UNSAID)
    is_close = is_said & (
        np.abs(np.where(is_said, claimed, 0) - owed) * 100
        <= np.abs(owed) * _CLOSE_PERCENT
    )
    levels[is_close] = CLOSE
    levels[amount_equal | price_equal] = ONE
    levels[amount_equal & price_equal] = EQUAL
    return levels


def _day_levels(mine: Numbers, yours: Numbers) -> Numbers:
    is_said = (mine != NONE) & (yours != NONE)
    apart = np.abs(np.where(is_said, mine - np.where(is_said, yours, 0), 0))
    levels = np.where(apart <= _NEAR_DAYS, NEAR, DIFFERENT)
    levels[apart == 0] = EQUAL
    levels[~is_said] = UNSAID
    return levels


def _text_levels(mine: Numbers, yours: Numbers) -> Numbers:
    is_said = (mine != NONE) & (yours != NONE)
    return np.where(is_said, np.where(mine == yours, EQUAL, DIFFERENT), UNSAID)
