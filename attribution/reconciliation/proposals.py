"""What scored matching proposes: a line, its deals, who decides, and why."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from attribution.reconciliation.agreement import Comparison, Level
from attribution.reconciliation.owed import OwedLine
from attribution.reconciliation.statement import Line


class Verdict(StrEnum):
    """Who decides that a line speaks of a deal."""

    AUTOMATIC = "AUTOMATIC"
    ASK = "ASK"  # a person


class MatchKind(StrEnum):
    """How a line came to its deal."""

    EXACT = "EXACT"  # unit and amount are equal, and the date is not another
    SCORED = "SCORED"
    INSTALMENT = "INSTALMENT"  # a further line for a deal, within what is owed
    MERGED = "MERGED"  # one line for several deals, whose amounts add up to it


class Evidence(NamedTuple):
    """One comparison: how far it agrees, and what that is worth in bits."""

    comparison: Comparison
    level: Level
    bits: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ScoredMatch:
    """A line, the deals it probably speaks of, and why.

    A merged line has no score: its reason is the sum of its deals.
    """

    line: Line = field(repr=False)
    deals: tuple[OwedLine, ...] = field(repr=False)
    kind: MatchKind
    verdict: Verdict
    score: float | None = None
    evidence: tuple[Evidence, ...] = ()
