"""How much an agreement is worth: learned from the statement itself.

Source: docs/specs/reconciliation.md §11.4 (Fellegi and Sunter's model). A weight is the
binary logarithm of how much more often a level is seen among matches than among pairs
that meet by chance.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution.reconciliation.agreement import UNSAID, Levels

Rates = NDArray[np.float64]

ROUNDS = 12
# How often a level is seen among matches and by chance, before any statement was seen;
# in the order of LEVELS, and worth so many pairs.
_MATCHES_BEFORE, _CHANCES_BEFORE = 50.0, 500.0
_BEFORE = (
    ((0.0, 0.02, 0.88, 0.08, 0.02), (0.0, 0.9983, 0.0002, 0.001, 0.0005)),
    ((0.0, 0.10, 0.60, 0.20, 0.10), (0.0, 0.9290, 0.0005, 0.0005, 0.07)),
    ((0.0, 0.03, 0.92, 0.05), (0.0, 0.90, 0.01, 0.09)),
    ((0.0, 0.05, 0.95), (0.0, 0.93, 0.07)),
    ((0.0, 0.10, 0.90), (0.0, 0.95, 0.05)),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Weights:
    """The weights of all levels, and the odds that any line and any deal match."""

    bits: tuple[Rates, ...]
    odds: float

    def of(self, levels: Levels) -> Rates:
        """Return the weights of pairs, a column for each comparison."""
        columns = [bits[levels[:, n]] for n, bits in enumerate(self.bits)]
        return np.stack(columns, axis=1)

    def scores(self, levels: Levels) -> Rates:
        """Return for each pair the logarithm of the odds that it is a match."""
        return np.asarray(self.of(levels).sum(axis=1) + self.odds)


def learned(candidates: Levels, by_chance: Levels, size: tuple[int, int]) -> Weights:
    """Learn the weights by expectation and maximisation.

    Args:
        candidates: the levels of pairs that may match.
        by_chance: the levels of pairs drawn at random from all; never of candidates,
            among which agreement is frequent because they were chosen for it.
        size: how many lines and how many deals there are.
    """
    patterns, counts = np.unique(candidates, axis=0, return_counts=True)
    chance = list(_rates(by_chance, np.ones(len(by_chance)), 1, _CHANCES_BEFORE))
    matches = [np.array(before[0]) for before in _BEFORE]
    all_pairs, expected = float(size[0] * size[1]), float(min(size))
    for _ in range(ROUNDS):
        odds = float(np.log2(expected / max(all_pairs - expected, 1.0)))
        weights = Weights(bits=tuple(map(_bits, matches, chance)), odds=odds)
        share = counts.astype(np.float64) / (
            1.0 + np.exp2(-np.clip(weights.scores(patterns), -500, 500))
        )
        matches = list(_rates(patterns, share, 0, _MATCHES_BEFORE))
        expected = min(max(float(share.sum()), 0.5), float(min(size)))
    return weights


def _rates(levels: Levels, share: Rates, which: int, before: float) -> Iterator[Rates]:
    """Yield how often each level is seen where both sides say something."""
    for known, column in zip(_BEFORE, levels.T, strict=True):
        counted = np.bincount(column, weights=share, minlength=len(known[which]))
        counted[UNSAID] = 0
        rates = counted + before * np.array(known[which])
        yield rates / rates.sum()


def _bits(matches: Rates, chance: Rates) -> Rates:
    bits = np.zeros(len(matches))
    bits[UNSAID + 1 :] = np.log2(matches[UNSAID + 1 :] / chance[UNSAID + 1 :])
    return bits
