"""TOMTOM's null: how high the best alignment of a query with random columns of the targets scores.

A *span* of query columns scores the sum of independent draws, one per column. What its null depends on is a *node*: of
one-hot queries the span's composition (how many A, C, G and T), whatever their order, so that all queries share the
null; of any other query the span itself. Each node but the empty one, 0, is its *parent* with one more column.

The survival function of a node that is looked up is a *row*; rows are convolved from one another, one column at a time,
and only the scores that will be looked up are kept. The table of rows has one line per row: parent row (-1: none),
which column's distribution is added, lowest score kept, scores kept, place in the flat array of survival functions.
Parents come before children, level by level.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nbmotif.kernels._jit import kernel
from nbmotif.kernels.convolve import convolve_block, nonzero_taps

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

NEVER = np.iinfo(np.int64).max
_BLOCK = 1024
PARENT, COLUMN, LOW, SIZE, PLACE = range(5)


@kernel()
def _span_nodes(kinds: Ints, start: int, end: int, stride: int, nodes: Ints) -> None:
    """Overwrite ``nodes[i, j]`` with the node of a query's columns i to j, j included.

    Without a stride, nodes are compositions of letters, which are kinds 1 to 4, in the order of their number of
    letters, then of A + C + G, of A + C, and of A. With one, they are spans by length, ``stride`` of each, and start.
    """
    for i in range(start, end):
        a, ac, acg = 0, 0, 0
        for j in range(i, end):
            n = j - i + 1
            a, ac, acg = a + (kinds[j] < 2), ac + (kinds[j] < 3), acg + (kinds[j] < 4)
            before = n * (n + 1) * (n + 2) * (n + 3) // 24 + acg * (acg + 1) * (acg + 2) // 6 + ac * (ac + 1) // 2
            nodes[i - start, j - start] = before + a if stride == 0 else 1 + (n - 1) * stride + i


@kernel()
def mark_needed(
    kinds: Ints,
    starts: Ints,
    queries: Ints,
    stride: int,
    ranges: Ints,
    widths: Ints,
    offsets: Ints,
    nodes: Ints,
    need: Ints,
) -> None:
    """Lower ``need`` of each node to the smallest score of it that these queries look up.

    Parameters
    ----------
    kinds, starts
        Kinds of the columns of all queries, from 1, and where each query's begin.
    queries, ranges
        The queries, and the lowest and highest score wanted by target width, shape (n, W, 2).
    stride
        0 if nodes are compositions; else they are spans, one of each length for every column of all queries.
    widths
        Target widths, ascending, shape (W,).
    offsets
        Score of a column that is not aligned, of each query.
    nodes
        Scratch, as wide as the widest query. Overwritten.
    need
        By node; changed in place.
    """
    for at in range(queries.shape[0]):
        start, end, offset = starts[queries[at]], starts[queries[at] + 1], offsets[queries[at]]
        width = end - start
        _span_nodes(kinds, start, end, stride, nodes)
        over, t = NEVER, widths.shape[0] - 1
        for n in range(width, 0, -1):
            # the lowest score wanted of spans of n columns within the query, and of those over one of its ends
            within = NEVER
            while t >= 0 and widths[t] >= n:
                within = min(within, ranges[at, t, 0])
                t -= 1
            over = min(over, within)
            for i in range(width - n + 1):
                lowest = over if i == 0 or i == width - n else within
                if lowest != NEVER:
                    node = nodes[i, i + n - 1]
                    need[node] = min(need[node], max(lowest - offset * (width - n), 1))


@kernel()
def plan_rows(
    need: Ints,
    parents: Ints,
    columns: Ints,
    level_starts: Ints,
    tops: Ints,
    gap: int,
    table: Ints,
    levels: Ints,
    ids: Ints,
) -> tuple[int, int]:
    """Plan the rows of the nodes that are needed, and of those they are convolved from.

    Parameters
    ----------
    need
        From :func:`mark_needed`; changed in place.
    parents, columns, level_starts
        Parent of each node, the column that is added to it, and where the nodes of each number of columns begin.
    tops, gap
        Highest score of each column, and the zeros between rows.
    table, levels
        Overwritten with the rows, at most one per node, and where those of each number of columns begin.
    ids
        Overwritten with the row of each node; -1 where there is none: what is asked for is never reached.

    Returns
    -------
    Number of rows, and the room they take with zeros before and behind.
    """
    ids[0] = 0
    for node in range(1, need.shape[0]):  # the highest score of each node, for now
        ids[node] = ids[parents[node]] + tops[columns[node]]
    for node in range(need.shape[0] - 1, 0, -1):
        if need[node] > ids[node]:
            need[node] = NEVER
        elif parents[node] > 0:
            need[parents[node]] = min(need[parents[node]], max(need[node] - tops[columns[node]], 0))
    row, place = 0, gap
    for level in range(levels.shape[0] - 1):
        levels[level] = row
        for node in range(level_starts[level], level_starts[level + 1]):
            top, ids[node] = ids[node], -1
            if need[node] != NEVER:
                table[row, PARENT] = ids[parents[node]] if level > 0 else -1
                table[row, COLUMN], table[row, LOW] = columns[node], need[node]
                table[row, SIZE], table[row, PLACE] = top - need[node] + 1, place
                place += table[row, SIZE] + gap
                ids[node] = row
                row += 1
    levels[levels.shape[0] - 1] = row
    return row, place


@kernel()
def survival_rows(table: Ints, levels: Ints, pmfs: Floats, taps: Ints, out: Floats) -> None:
    """Convolve every row of a table.

    Parameters
    ----------
    table
        One line per row, shape (R, 5), as the module says.
    levels
        Where the rows of each level begin, shape (n_levels + 1,).
    pmfs
        Distribution of each column's score, shape (K, n_bins + 1).
    taps
        Scratch, shape (K, n_bins + 2). Overwritten.
    out
        Overwritten with the survival functions, P(score >= s) for the scores kept, with n_bins + 1 zeros before each
        and behind the last.
    """
    gap = pmfs.shape[1]
    for column in range(pmfs.shape[0]):
        taps[column, gap] = nonzero_taps(pmfs[column], taps[column])
    for k in range(out.shape[0] - gap, out.shape[0]):
        out[k] = 0.0
    for level in range(levels.shape[0]):
        if level < levels.shape[0] - 1:
            for row in range(levels[level], levels[level + 1]):
                parent, low, size, place = table[row, PARENT], table[row, LOW], table[row, SIZE], table[row, PLACE]
                column = table[row, COLUMN]
                pmf, used = pmfs[column], taps[column, : taps[column, gap]]
                for k in range(place - gap, place):
                    out[k] = 0.0
                if parent < 0:
                    for k in range(size):
                        out[place + k] = pmf[low + k]
                    continue
                start = table[parent, PLACE] + low - table[parent, LOW]
                for at in range(0, size, _BLOCK):
                    convolve_block(out, pmf, used, start + at, out[place + at : place + min(at + _BLOCK, size)])
        if level > 0:  # the rows of the level below have served: from probabilities to survival functions
            for row in range(levels[level - 1], levels[level]):
                place, above = table[row, PLACE], 0.0
                for k in range(place + table[row, SIZE] - 1, place - 1, -1):
                    above += out[k]
                    out[k] = above


@kernel()
def find_p_values(
    kinds: Ints,
    starts: Ints,
    queries: Ints,
    stride: int,
    ids: Ints,
    table: Ints,
    survival: Floats,
    offsets: Ints,
    n_strands: int,
    ranges: Ints,
    widths: Ints,
    firsts: Ints,
    scores: npt.NDArray[np.int16],
    nodes: Ints,
    edges: Floats,
    p_values: Floats,
) -> None:
    """Look up the p-value of every query against the targets that were kept.

    Parameters
    ----------
    kinds, starts, queries, stride, offsets, nodes
        As :func:`mark_needed`.
    ids, table, survival
        Rows by node, the rows, and their survival functions.
    n_strands
        A target is as good as the better of so many strands, taken as independent.
    ranges, widths
        Lowest and highest of the scores by target width, shape (n, W, 2), and the widths, ascending, shape (W,).
    firsts
        Where the targets of each width begin, shape (W + 1,).
    scores
        Best scores, shape (n, K).
    edges
        Scratch, shape (2, highest of all scores + 1). Overwritten.
    p_values
        Overwritten: P(best score of a random target >= the one seen), shape (n, K).

    Notes
    -----
    Alignments are taken as independent, as TOMTOM does: with S = 1 - Π(1 - S_a), combined as S + S_a (1 - S), which
    loses no digits where S is small.
    """
    shared, best = edges[0], edges[1]
    for at in range(queries.shape[0]):
        start, end, offset = starts[queries[at]], starts[queries[at] + 1], offsets[queries[at]]
        width = end - start
        _span_nodes(kinds, start, end, stride, nodes)
        low, high = ranges[at, 0, 0], ranges[at, 0, 1]
        for t in range(1, widths.shape[0]):
            low, high = min(low, ranges[at, t, 0]), max(high, ranges[at, t, 1])
        for k in range(low, high + 1):  # the alignments that every wider target has too
            shared[k] = 0.0
        t = 0
        for columns in range(1, widths[-1] + 1):
            aligned = min(columns, width)
            shift = offset * (width - aligned)
            if widths[t] == columns:
                least, most = ranges[at, t, 0], ranges[at, t, 1] + 1
                for k in range(least, most):
                    best[k] = shared[k]
                for i in range(width - aligned + 1):
                    _combine(best, least, most, ids[nodes[i, i + aligned - 1]], table, survival, shift)
                for k in range(firsts[t], firsts[t + 1]):
                    p = best[scores[at, k]]
                    p_values[at, k] = p * (2 - p) if n_strands == 2 else p
                t += 1
                if t == widths.shape[0]:
                    break
            last = width - aligned
            for side in range(min(last, 1) + 1):  # over one end of the query, and over the other
                i = side * last
                _combine(shared, low, high + 1, ids[nodes[i, i + aligned - 1]], table, survival, shift)


@kernel(fastmath={"contract"})
def _combine(best: Floats, low: int, high: int, row: int, table: Ints, survival: Floats, shift: int) -> None:
    """Add an alignment, which scores ``shift`` more than its row, to the survival function of the best."""
    certain = min(max(shift + 1, low), high)  # scores that not aligning the rest already gives
    for k in range(low, certain):
        best[k] = 1.0
    if row < 0:
        return
    lowest = table[row, LOW] + shift
    end = min(high, lowest + table[row, SIZE])
    if end > certain:
        first = table[row, PLACE] - lowest
        old, more = best[certain:end], survival[first + certain : first + end]
        for k in range(end - certain):
            old[k] += more[k] * (1.0 - old[k])


def warm_up() -> None:
    """Compile every kernel of this module."""
    one, starts, levels, nodes = np.array([1]), np.array([0, 1]), np.empty(2, np.int64), np.empty((1, 1), np.int64)
    pmfs, ranges, scores = np.full((1, 3), 1 / 3), np.ones((1, 1, 2), np.int64), np.ones((1, 1), np.int16)
    need, table, ids = np.full(2, NEVER), np.empty((2, 5), np.int64), np.empty(2, np.int64)
    asked = (one, starts, one - 1, 1)
    mark_needed(*asked, ranges, one, one, nodes, need)
    tree = (np.array([0, 0]), np.array([0, 0]), np.array([1, 2]))
    n_rows, size = plan_rows(need, *tree, 2 * one, 3, table, levels, ids)
    survival, taps = np.empty(size), np.empty((1, 4), np.int64)
    survival_rows(table[:n_rows], levels, pmfs, taps, survival)
    edges, p_values = np.empty((2, 2)), np.empty((1, 1))
    find_p_values(*asked, ids, table, survival, one, 2, ranges, one, starts, scores, nodes, edges, p_values)
