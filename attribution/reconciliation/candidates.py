"""Which pairs of a claim and a deal are worth comparing: those that share a key.

Source: docs/specs/reconciliation.md §11.3. A key that too many deals share tells
nothing, and is left out.
"""

from collections.abc import Iterator

import numpy as np

from attribution.reconciliation.agreement import NONE, Facts, Numbers, Pairs

MOST_SHARING = 60
_STEP = 10**6  # more than any building, section or room number
_SEED = 20260301


def candidates(theirs: Facts, ours: Facts) -> Pairs:
    """Return the pairs that share any key, each once, in order."""
    keys = zip(_keys(theirs), _keys(ours), strict=True)
    found = [_joined(left, right) for left, right in keys]
    codes = np.unique(
        np.concatenate([pairs.line * len(ours) + pairs.deal for pairs in found])
    )
    return Pairs(*np.divmod(codes, max(len(ours), 1)))


def random_pairs(lines: int, deals: int, most: int) -> Pairs:
    """Return all pairs where they are few, otherwise as many drawn at random.

    The draw is the same for the same numbers of lines and deals.
    """
    if lines * deals <= most:
        codes = np.arange(lines * deals, dtype=np.int64)
    else:
        codes = np.random.default_rng(_SEED).integers(lines * deals, size=most)
    return Pairs(*np.divmod(codes, max(deals, 1)))


def _keys(facts: Facts) -> Iterator[tuple[Numbers, Numbers]]:
    """Yield for each kind of key the keys, and beside each whose it is."""
    places = np.arange(len(facts))
    for column in (facts.text, facts.amount, facts.price):
        said = places[column[places] != NONE]
        yield column[said], said
    named = places[facts.room[places] != NONE]
    building = np.maximum(facts.building[named], 0)
    section = np.maximum(facts.section[named], 0)
    room = facts.room[named]
    yield building * _STEP + room, named
    yield _shortened(room, building * _STEP + section, named)
    yield _shortened(building, section * _STEP + room, named)
    both = places[(facts.day[places] != NONE) & (facts.client[places] != NONE)]
    yield facts.day[both] * _STEP + facts.client[both], both


def _shortened(
    part: Numbers, others: Numbers, places: Numbers
) -> tuple[Numbers, Numbers]:
    """Return keys in which each digit of a number in turn is left out, and none."""
    keys, owners = [part], [places]
    power = 1
    while (part >= power).any():
        has_digit = part >= power
        shorter = part // (10 * power) * power + part % power
        keys.append(np.where(has_digit, shorter, part))
        owners.append(places)
        power *= 10
    mixed = np.concatenate([key + others * _STEP for key in keys])
    return mixed, np.concatenate(owners)


def _joined(left: tuple[Numbers, Numbers], right: tuple[Numbers, Numbers]) -> Pairs:
    order = np.argsort(right[0], kind="stable")
    keys, owners = right[0][order], right[1][order]
    first = np.searchsorted(keys, left[0], side="left")
    count = np.searchsorted(keys, left[0], side="right") - first
    count[count > MOST_SHARING] = 0
    starts = np.repeat(first - (np.cumsum(count) - count), count)
    return Pairs(np.repeat(left[1], count), owners[starts + np.arange(count.sum())])
