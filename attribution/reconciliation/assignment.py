"""One line to one deal, so that all of them together fit best.

Source: docs/specs/reconciliation.md §11.5.
"""

from collections.abc import Iterator

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from attribution.reconciliation.agreement import Numbers, Pairs, Truths
from attribution.reconciliation.weights import Rates

MOST_CELLS = 4_000_000  # lines × deals that hang together; a person sorts out more


def assigned(pairs: Pairs, gains: Rates) -> Truths:
    """Say which pairs are chosen: no line twice, no deal twice, the most gain in all.

    Args:
        gains: what each pair is worth, above zero.
    """
    chosen = np.zeros(len(pairs), dtype=np.bool_)
    for places in _components(pairs):
        if len(places) == 1:
            chosen[places] = True
        else:
            chosen[places] = _best(pairs.at(places), gains[places])
    return chosen


def _components(pairs: Pairs) -> Iterator[Numbers]:
    """Yield the places of the pairs that hang together by a line or a deal."""
    if not len(pairs):
        return
    lines, line = np.unique(pairs.line, return_inverse=True)
    deal = np.unique(pairs.deal, return_inverse=True)[1] + len(lines)
    nodes = int(deal.max()) + 1
    edges = coo_array((np.ones(len(pairs)), (line, deal)), shape=(nodes, nodes))
    component = connected_components(edges, directed=False)[1][line]
    order = np.argsort(component, kind="stable")
    ends = np.flatnonzero(np.diff(component[order])) + 1
    yield from np.split(order, ends)


def _best(pairs: Pairs, gains: Rates) -> Truths:
    lines, line = np.unique(pairs.line, return_inverse=True)
    deals, deal = np.unique(pairs.deal, return_inverse=True)
    if len(lines) * len(deals) > MOST_CELLS:
        return np.zeros(len(pairs), dtype=np.bool_)
    table = np.zeros((len(lines), len(deals)))
    table[line, deal] = gains
    rows, columns = linear_sum_assignment(table, maximize=True)
    of_line = np.full(len(lines), -1)
    of_line[rows] = columns
    return np.asarray(of_line[line] == deal)
