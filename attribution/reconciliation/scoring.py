"""Which deal a line probably speaks of, and why: scored matching.

Source: docs/specs/reconciliation.md §11. Automatic is only what is nearly certain; a
person decides what is likely; of the rest nothing is said.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from attribution.money import Fen
from attribution.reconciliation.agreement import (
    DIFFERENT,
    EQUAL,
    LEVELS,
    NEAR,
    ONE,
    UNSAID,
    WITHIN,
    Comparison,
    Facts,
    Levels,
    Numbers,
    Pairs,
    Truths,
    facts_of,
    levels_of,
    parts_of,
)
from attribution.reconciliation.arithmetic import fits_beside, merged_units
from attribution.reconciliation.assignment import assigned
from attribution.reconciliation.candidates import candidates, random_pairs
from attribution.reconciliation.owed import OwedLine
from attribution.reconciliation.proposals import (
    Evidence,
    MatchKind,
    ScoredMatch,
    Verdict,
)
from attribution.reconciliation.statement import Line
from attribution.reconciliation.weights import Rates, Weights, learned

# Scores are binary logarithms of odds: 0 is even, 7 is 128 to 1.
UPPER, LOWER = 7.0, 0.0
LEAD = 5.0  # by so much an automatic match must be ahead of the line's next deal
DECISIVE = 5.0  # so much money must be worth where the unit itself does not agree
RANDOM_PAIRS = 300_000
_UNIT, _MONEY, _DAY = (
    list(LEVELS).index(comparison)
    for comparison in (Comparison.UNIT, Comparison.MONEY, Comparison.SIGNED_ON)
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Scored:
    """Pairs in the order of lines and deals, with their levels and scores."""

    ours: Facts
    pairs: Pairs
    levels: Levels
    scores: Rates
    weights: Weights
    is_exact: Truths
    is_sure: Truths

    def evidence(self, place: int) -> tuple[Evidence, ...]:
        levels = self.levels[place : place + 1]
        bits = self.weights.of(levels)[0].tolist()
        stated = zip(LEVELS, levels[0].tolist(), bits, strict=True)
        return tuple(
            Evidence(comparison, LEVELS[comparison][level], round(worth, 2))
            for comparison, level, worth in stated
        )


def scored_matches(
    lines: Iterable[Line],
    deals: Iterable[OwedLine],
    units: Iterable[str] | None = None,
) -> list[ScoredMatch]:
    """Return at most one match for each line that states an amount.

    The same lines and deals in another order give the same matches.

    Args:
        units: the project's own unit list. What a text leaves out is completed where
            one unit of it fits, and never where several do.
    """
    claims = [line for line in lines if line.amount is not None]
    claims.sort(key=lambda line: (line.sheet, line.row, line.amount_cell))
    ours = sorted(deals, key=lambda deal: deal.signing_id)
    if not claims or not ours:
        return []
    return _Matching(claims, ours, _scored(claims, ours, units)).matches()


def _scored(
    lines: Sequence[Line], deals: Sequence[OwedLine], units: Iterable[str] | None
) -> _Scored:
    theirs, ours = facts_of(lines, deals, units)
    size = len(theirs), len(ours)
    pairs = candidates(theirs, ours)
    levels = levels_of(theirs, ours, pairs)
    by_chance = levels_of(theirs, ours, random_pairs(*size, RANDOM_PAIRS))
    is_match = (by_chance[:, _UNIT] == EQUAL) & (by_chance[:, _MONEY] == EQUAL)
    weights = learned(levels, by_chance[~is_match], size)
    scores = weights.scores(levels)
    is_paid = theirs.amount[pairs.line] == ours.amount[pairs.deal]
    is_other_day = np.isin(levels[:, _DAY], (DIFFERENT, NEAR))
    return _Scored(
        ours=ours,
        pairs=pairs,
        levels=levels,
        scores=scores,
        weights=weights,
        is_exact=(levels[:, _UNIT] == EQUAL) & is_paid & ~is_other_day,
        is_sure=(scores >= UPPER) & _may_be_automatic(levels, weights),
    )


def _may_be_automatic(levels: Levels, weights: Weights) -> Truths:
    """Say which pairs agree in enough that nobody need be asked.

    Either in the unit; or in an amount or price to the fen that is not everybody's,
    where the unit has one slip or could not be read and the date is not another. Two
    units that both can be read and are two are never one.
    """
    unit, money, day = (levels[:, n] for n in (_UNIT, _MONEY, _DAY))
    is_paid = np.isin(money, (EQUAL, ONE))
    is_paid &= weights.bits[_MONEY][money] >= DECISIVE
    is_slip = (unit == NEAR) & (day != DIFFERENT)
    is_unread = (unit == UNSAID) & (day == EQUAL)
    is_named = np.isin(unit, (EQUAL, WITHIN))
    return np.asarray(is_named | (is_paid & (is_slip | is_unread)))


class _Matching:
    """The matches found so far, by the place of their line, and what is left."""

    def __init__(
        self, lines: Sequence[Line], deals: Sequence[OwedLine], scored: _Scored
    ) -> None:
        self.lines, self.deals, self.scored = lines, deals, scored
        self.found: dict[int, ScoredMatch] = {}
        self.is_settled = np.zeros(len(lines), dtype=np.bool_)
        self.is_taken = np.zeros(len(deals), dtype=np.bool_)
        self.paid: defaultdict[int, list[Fen]] = defaultdict(list)  # by deal

    def matches(self) -> list[ScoredMatch]:
        self._exact()
        self._merged()
        self._by_score()
        self._instalments()
        return [self.found[line] for line in sorted(self.found)]

    def _exact(self) -> None:
        """Match what agrees exactly with one deal; further such lines are copies."""
        for place, line, deal in self._places(self._ahead(self.scored.is_exact)):
            self.is_settled[line] = True
            if not self.is_taken[deal]:
                self._add(place, MatchKind.EXACT, Verdict.AUTOMATIC)

    def _merged(self) -> None:
        """Match lines that list several units with the deals of all of them."""
        ours = self.scored.ours
        units_sold = np.stack((ours.building, ours.section, ours.room), axis=1)
        place_of = {tuple(unit): n for n, unit in enumerate(units_sold.tolist())}
        for line in np.flatnonzero(~self.is_settled).tolist():
            claim = self.lines[line]
            names = [] if claim.unit.name else merged_units(claim.unit.text)
            units = [parts_of(name) for name in names]
            places = [place_of[unit] for unit in units if unit in place_of]
            if not units or len(places) < len(units) or self.is_taken[places].any():
                continue
            deals = tuple(self.deals[place] for place in places)
            is_sum = claim.amount == sum(deal.amount for deal in deals)
            self.is_settled[line] = True
            self.is_taken[places] = is_sum
            self.found[line] = ScoredMatch(
                line=claim,
                deals=deals,
                kind=MatchKind.MERGED,
                verdict=Verdict.AUTOMATIC if is_sum else Verdict.ASK,
            )

    def _by_score(self) -> None:
        """Match what is left, one line to one deal."""
        pairs, scores = self.scored.pairs, self.scored.scores
        is_left = ~self.is_settled[pairs.line] & ~self.is_taken[pairs.deal]
        is_left &= scores > LOWER
        left = np.flatnonzero(is_left)
        is_sure = self._ahead(is_left) & self.scored.is_sure
        is_chosen = np.zeros(len(pairs), dtype=np.bool_)
        is_chosen[left] = assigned(pairs.at(left), scores[left] - LOWER)
        for place, line, _ in self._places(is_chosen):
            self.is_settled[line] = True
            self._add(place, MatchKind.SCORED, _verdict(is_sure=is_sure[place]))

    def _instalments(self) -> None:
        """Match further lines for a deal, as far as its amount leaves room."""
        scored = self.scored
        is_left = ~self.is_settled[scored.pairs.line] & scored.is_sure
        is_left &= np.isin(scored.levels[:, _UNIT], (EQUAL, WITHIN))
        for place, line, deal in self._places(self._ahead(is_left)):
            amount, paid = self.lines[line].amount or Fen(0), self.paid[deal]
            if fits_beside(amount, paid, self.deals[deal].amount):
                # A part that is as large as another may be the same line once more.
                is_other = amount not in paid
                self._add(place, MatchKind.INSTALMENT, _verdict(is_sure=is_other))

    def _ahead(self, which: Truths) -> Truths:
        """Say which of these pairs are well ahead of the others of their line."""
        places = np.flatnonzero(which)
        leads = _leads(self.scored.pairs.line[places], self.scored.scores[places])
        is_ahead = np.zeros(len(which), dtype=np.bool_)
        is_ahead[places] = leads >= LEAD
        return is_ahead

    def _places(self, which: Truths) -> Iterator[tuple[int, int, int]]:
        """Yield pairs with their line and deal."""
        places = np.flatnonzero(which)
        pairs = self.scored.pairs.at(places)
        yield from zip(
            places.tolist(), pairs.line.tolist(), pairs.deal.tolist(), strict=True
        )

    def _add(self, place: int, kind: MatchKind, verdict: Verdict) -> None:
        line = int(self.scored.pairs.line[place])
        deal = int(self.scored.pairs.deal[place])
        self.is_taken[deal] = True
        self.paid[deal].append(self.lines[line].amount or Fen(0))
        self.found[line] = ScoredMatch(
            line=self.lines[line],
            deals=(self.deals[deal],),
            kind=kind,
            verdict=verdict,
            score=round(float(self.scored.scores[place]), 2),
            evidence=self.scored.evidence(place),
        )


def _verdict(*, is_sure: bool | np.bool_) -> Verdict:
    return Verdict.AUTOMATIC if is_sure else Verdict.ASK


def _leads(lines: Numbers, scores: Rates) -> Rates:
    """Return by how much each pair is ahead of the best other pair of its line."""
    order = np.lexsort((-scores, lines))
    lines, scores = lines[order], scores[order]
    is_first = np.append(True, lines[1:] != lines[:-1])[: len(lines)]
    best = scores[is_first][np.cumsum(is_first) - 1]
    is_last = np.append(is_first, True)[1:]
    after = np.where(is_last, -np.inf, np.append(scores, -np.inf)[1:])
    leads = np.empty(len(lines))
    leads[order] = scores - np.where(is_first, after, best)
    return leads
