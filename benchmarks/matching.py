"""Scored matching beside an exact join and beside resemblance of texts, with truth."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from resource import RUSAGE_SELF, getrusage
from time import perf_counter, process_time

import numpy as np
from rich.table import Table
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching
from sklearn.feature_extraction.text import TfidfVectorizer

from attribution.ids import SigningId
from attribution.reconciliation.proposals import Verdict
from attribution.reconciliation.scoring import scored_matches
from benchmarks.nasty import HARD, ORDINARY, NastyStatement, nasty_statement

ROWS, DEALS, SEED = 20_000, 21_000, 20260311
_SETS = {"ordinary": ORDINARY, "hard": HARD}
Accepted = Mapping[int, frozenset[SigningId]]
"""By the place of a line, the deals that it was matched with, nobody being asked."""


def measure() -> Iterator[Table]:
    """Yield a table for each set; each way in a process of its own, for its memory."""
    for name in _SETS:
        table = Table(title=f"{ROWS:,} lines, {DEALS:,} deals, {name} faults")
        for heading in (
            *("", "precision", "recall", "false claims"),
            *("copies", "s", "CPU s", "MiB"),
        ):
            table.add_column(heading, justify="right" if heading else "left")
        for way in _WAYS:
            command = (sys.executable, "-m", "benchmarks.matching", name, way)
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            table.add_row(way, *done.stdout.split())
        yield table


def judged(
    statement: NastyStatement, accepted: Accepted
) -> tuple[float, float, int, int]:
    """Return precision, recall, and how many false claims and copies were accepted.

    A line and its copy are one claim: either may be accepted, and not both.
    """
    right = false = copies = 0
    for place, deals in accepted.items():
        claim = statement.claims[place]
        if claim.copy_of is not None and accepted.get(claim.copy_of) == deals:
            copies += 1
        elif deals == claim.truth:
            right += 1
        elif not claim.truth:
            false += 1
    claims = sum(1 for c in statement.claims if c.truth and c.copy_of is None)
    return right / max(len(accepted), 1), right / claims, false, copies


def _scored(statement: NastyStatement) -> Accepted:
    place = {line.row: n for n, line in enumerate(statement.lines)}
    found = scored_matches(statement.lines, statement.deals, statement.units)
    return {
        place[match.line.row]: frozenset(deal.signing_id for deal in match.deals)
        for match in found
        if match.verdict is Verdict.AUTOMATIC
    }


def _joined(statement: NastyStatement) -> Accepted:
    deals = {deal.unit: deal.signing_id for deal in statement.deals}
    accepted = {}
    for place, line in enumerate(statement.lines):
        if line.unit.normal in deals:
            accepted[place] = frozenset({deals.pop(line.unit.normal)})
    return accepted


def _resembling(statement: NastyStatement) -> Accepted:
    """Match by character n-grams of all a line says, one to one, above one half."""
    lines = [
        f"{line.unit.normal or line.unit.text} {line.amount} {line.signed_on}"
        for line in statement.lines
    ]
    deals = [f"{deal.unit} {deal.amount} {deal.signed_on}" for deal in statement.deals]
    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(2, 4))
    ours = vectorizer.fit_transform(deals)
    theirs = vectorizer.transform(lines)
    rows, columns, values = [], [], []
    for start in range(0, len(lines), _SLICE):
        alike = (theirs[start : start + _SLICE] @ ours.T).toarray()
        best = np.argpartition(-alike, _NEIGHBOURS, axis=1)[:, :_NEIGHBOURS]
        rows.append(np.repeat(np.arange(start, start + len(alike)), _NEIGHBOURS))
        columns.append(best.ravel())
        values.append(np.take_along_axis(alike, best, axis=1).ravel())
    row, column, value = map(np.concatenate, (rows, columns, values))
    # Each line also has a place of its own to go to, so that an assignment exists.
    row = np.concatenate((row, np.arange(len(lines))))
    column = np.concatenate((column, len(deals) + np.arange(len(lines))))
    value = np.concatenate((value + 1.0, np.full(len(lines), 1.5)))
    table = csr_array(
        (value, (row, column)), shape=(len(lines), len(deals) + len(lines))
    )
    chosen = min_weight_full_bipartite_matching(table, maximize=True)
    return {
        line: frozenset({statement.deals[deal].signing_id})
        for line, deal in zip(*(side.tolist() for side in chosen), strict=True)
        if deal < len(deals)
    }


_SLICE, _NEIGHBOURS = 500, 5
_WAYS: dict[str, Callable[[NastyStatement], Accepted]] = {
    "exact join on the unit": _joined,
    "TF-IDF with assignment": _resembling,
    "scored matching": _scored,
}


def _main(name: str, way: str) -> None:
    statement = nasty_statement(_SETS[name], rows=ROWS, deals=DEALS, seed=SEED)
    before, cpu = perf_counter(), process_time()
    accepted = _WAYS[way](statement)
    took, cpu = perf_counter() - before, process_time() - cpu
    precision, recall, false, copies = judged(statement, accepted)
    peak = getrusage(RUSAGE_SELF).ru_maxrss // 1024
    print(f"{precision:.5f} {recall:.4f} {false} {copies} {took:.1f} {cpu:.1f} {peak}")


if __name__ == "__main__":
    _main(*sys.argv[1:])
