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
def _span_nodes(kinds: Ints, stride: int, nodes: Ints) -> None:
    """Overwrite ``nodes[i, j]`` with the node of columns i to j of one query, j included.

    Without a stride, nodes are compositions of letters, which are kinds 1 to 4, in the order of their number of
    letters, then of A + C + G, of A + C, and of A. With one, they are spans by length, ``stride`` of each, and start.
    """
    width = kinds.shape[0]
    for i in range(width):
        a, ac, acg = 0, 0, 0
        for j in range(i, width):
            n = j - i + 1
            a, ac, acg = a + (kinds[j] < 2), ac + (kinds[j] < 3), acg + (kinds[j] < 4)
            if stride == 0:
                before = n * (n + 1) * (n + 2) * (n + 3) // 24 + acg * (acg + 1) * (acg + 2) // 6
                nodes[i, j] = before + ac * (ac + 1) // 2 + a
            else:
                nodes[i, j] = 1 + (n - 1) * stride + i


@kernel()
def mark_needed(
    kinds: Ints,
    starts: Ints,
    queries: Ints,
    stride: int,
    ranges: Ints,
    widths: Ints,
    offset: int,
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
        0 if nodes are compositions; else they are spans, as many of each length.
    widths
        Target widths, ascending, shape (W,).
    offset
        Score of a query column that is not aligned.
    need
        By node; changed in place.
    """
    longest = 0
    for at in range(queries.shape[0]):
        longest = max(longest, starts[queries[at] + 1] - starts[queries[at]])
    nodes = np.empty((longest, longest), np.int64)
    within, over = np.empty(longest + 1, np.int64), np.empty(longest + 1, np.int64)
    for at in range(queries.shape[0]):
        start, width = starts[queries[at]], starts[queries[at] + 1] - starts[queries[at]]
        _span_nodes(kinds[start : start + width], stride, nodes)
        # the lowest score wanted of spans of n columns that lie within the query, and of those over one of its ends
        for n in range(width + 1):
            within[n] = NEVER
        for t in range(widths.shape[0]):
            n = min(widths[t], width)
            within[n] = min(within[n], ranges[at, t, 0])
        over[width] = within[width]
        for n in range(width - 1, 0, -1):
            over[n] = min(over[n + 1], within[n])
        for i in range(width):
            for j in range(i, width):
                n = j - i + 1
                lowest = over[n] if i == 0 or j == width - 1 else within[n]
                if lowest != NEVER:
                    need[nodes[i, j]] = min(need[nodes[i, j]], max(lowest - offset * (width - n), 1))


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
def survival_rows(table: Ints, levels: Ints, pmfs: Floats, out: Floats) -> None:
    """Convolve every row of a table.

    Parameters
    ----------
    table
        One line per row, shape (R, 5), as the module says.
    levels
        Where the rows of each level begin, shape (n_levels + 1,).
    pmfs
        Distribution of each column's score, shape (K, n_bins + 1).
    out
        Overwritten with the survival functions, P(score >= s) for the scores kept, with n_bins + 1 zeros before each
        and behind the last.
    """
    gap = pmfs.shape[1]
    taps, n_taps = np.empty(pmfs.shape, np.int64), np.empty(pmfs.shape[0], np.int64)
    for column in range(pmfs.shape[0]):
        n_taps[column] = nonzero_taps(pmfs[column], taps[column])
    for k in range(out.shape[0] - gap, out.shape[0]):
        out[k] = 0.0
    for level in range(levels.shape[0]):
        if level < levels.shape[0] - 1:
            for row in range(levels[level], levels[level + 1]):
                parent, low, size, place = table[row, PARENT], table[row, LOW], table[row, SIZE], table[row, PLACE]
                column = table[row, COLUMN]
                pmf, used = pmfs[column], taps[column, : n_taps[column]]
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
    offset: int,
    n_strands: int,
    ranges: Ints,
    widths: Ints,
    firsts: Ints,
    scores: npt.NDArray[np.int16],
    p_values: Floats,
) -> None:
    """Look up the p-value of every query against the targets that were kept.

    Parameters
    ----------
    kinds, starts, queries, stride
        As :func:`mark_needed`.
    ids, table, survival
        Rows by node, the rows, and their survival functions.
    offset
        Score of a query column that is not aligned.
    n_strands
        A target is as good as the better of so many strands, taken as independent.
    ranges, widths
        Lowest and highest of the scores by target width, shape (n, W, 2), and the widths, ascending, shape (W,).
    firsts
        Where the targets of each width begin, shape (W + 1,).
    scores
        Best scores, shape (n, K).
    p_values
        Overwritten: P(best score of a random target >= the one seen), shape (n, K).

    Notes
    -----
    Alignments are taken as independent, as TOMTOM does: with S = 1 - Π(1 - S_a), combined as S + S_a (1 - S), which
    loses no digits where S is small.
    """
    longest, highest, widest = 0, 0, 0
    for at in range(queries.shape[0]):
        longest = max(longest, starts[queries[at] + 1] - starts[queries[at]])
        for t in range(widths.shape[0]):
            highest = max(highest, ranges[at, t, 1])
            widest = max(widest, ranges[at, t, 1] - ranges[at, t, 0])
    nodes, edges, best = np.empty((longest, longest), np.int64), np.empty(highest + 1), np.empty(widest + 1)
    lows, highs = np.empty(widths.shape[0], np.int64), np.empty(widths.shape[0], np.int64)
    for at in range(queries.shape[0]):
        start, width = starts[queries[at]], starts[queries[at] + 1] - starts[queries[at]]
        _span_nodes(kinds[start : start + width], stride, nodes)
        low, high = NEVER, 0
        for t in range(widths.shape[0] - 1, -1, -1):  # scores wanted of this width and all wider ones
            low, high = min(low, ranges[at, t, 0]), max(high, ranges[at, t, 1])
            lows[t], highs[t] = low, high
        for k in range(highest + 1):  # the alignments that every wider target has too
            edges[k] = 0.0
        t = 0
        for columns in range(1, widths[-1] + 1):
            aligned = min(columns, width)
            shift = offset * (width - aligned)
            if widths[t] == columns:
                low, n = ranges[at, t, 0], ranges[at, t, 1] + 1 - ranges[at, t, 0]
                for k in range(n):
                    best[k] = edges[low + k]
                for i in range(width - aligned + 1):
                    _combine(best[:n], ids[nodes[i, i + aligned - 1]], table, survival, shift, low)
                for k in range(firsts[t], firsts[t + 1]):
                    p = best[scores[at, k] - low]
                    p_values[at, k] = p * (2 - p) if n_strands == 2 else p
                t += 1
                if t == widths.shape[0]:
                    break
            low, high = lows[t], highs[t] + 1
            _combine(edges[low:high], ids[nodes[0, aligned - 1]], table, survival, shift, low)
            if columns < width:
                _combine(edges[low:high], ids[nodes[width - aligned, width - 1]], table, survival, shift, low)


@kernel(fastmath={"contract"})
def _combine(out: Floats, row: int, table: Ints, survival: Floats, shift: int, lowest: int) -> None:
    """Add an alignment to the survival function of the best: its score is the row's plus ``shift``."""
    n = out.shape[0]
    certain = min(max(shift - lowest + 1, 0), n)  # scores that not aligning the rest already gives
    for k in range(certain):
        out[k] = 1.0
    if row < 0:
        return
    place = table[row, PLACE]
    at = place - table[row, LOW] - shift + lowest
    end = min(n, place + table[row, SIZE] - at)
    if end > certain:
        best, more = out[certain:end], survival[at + certain : at + end]
        for k in range(end - certain):
            best[k] += more[k] * (1.0 - best[k])


@kernel()
def find_own_p_values(
    kinds: Ints,
    starts: Ints,
    offsets: Ints,
    pmfs: Floats,
    tops: Ints,
    parents: Ints,
    columns: Ints,
    level_starts: Ints,
    n_strands: int,
    ranges: Ints,
    widths: Ints,
    firsts: Ints,
    scores: npt.NDArray[np.int16],
    p_values: Floats,
) -> None:
    """Find the p-values of queries each of which has a null of its own.

    Parameters
    ----------
    kinds, starts
        As :func:`mark_needed`: each query column is a kind of its own.
    offsets, pmfs, tops
        Of each query the score of a column that is not aligned, shape (Q,); of each column the distribution and the
        highest of its scores.
    parents, columns, level_starts
        Of the spans of the widest query, as :func:`plan_rows`.
    n_strands, ranges, widths, firsts, scores, p_values
        As :func:`find_p_values`, of all queries.
    """
    stride, n_nodes = level_starts.shape[0] - 1, parents.shape[0]
    need, ids, levels = np.empty(n_nodes, np.int64), np.empty(n_nodes, np.int64), np.empty(stride + 1, np.int64)
    table, survival, queries = np.empty((n_nodes, 5), np.int64), np.empty(1), np.empty(1, np.int64)
    own_tops = np.zeros(stride, np.int64)
    for query in range(offsets.shape[0]):
        start, end, offset = starts[query], starts[query + 1], offsets[query]
        queries[0] = query
        for k in range(n_nodes):
            need[k] = NEVER
        for k in range(end - start):
            own_tops[k] = tops[start + k]
        own_ranges = ranges[query : query + 1]
        mark_needed(kinds, starts, queries, stride, own_ranges, widths, offset, need)
        spans = (parents, columns, level_starts)
        n_rows, size = plan_rows(need, *spans, own_tops, pmfs.shape[1], table, levels, ids)
        rows = table[:n_rows]
        if size > survival.shape[0]:
            survival = np.empty(size)
        survival_rows(rows, levels, pmfs[start:end], survival[:size])
        found, wanted = p_values[query : query + 1], scores[query : query + 1]
        rest = (rows, survival, offset, n_strands, own_ranges, widths, firsts, wanted, found)
        find_p_values(kinds, starts, queries, stride, ids, *rest)


def warm_up() -> None:
    """Compile every kernel of this module."""
    one, two, starts = np.array([1]), np.array([1, 2]), np.array([0, 1])
    pmfs, ranges, scores = np.full((1, 3), 1 / 3), np.ones((1, 1, 2), np.int64), np.ones((1, 1), np.int16)
    own = (one, starts, one, pmfs, 2 * one, np.array([0, 0]), np.array([0, 0]), two)
    find_own_p_values(*own, 2, ranges, one, starts, scores, np.empty((1, 1)))
    # and those it is made of, for queries that share a null
    mark_needed(one, starts, one - 1, 0, ranges, one, 1, np.full(5, NEVER))
    table, ids = np.empty((2, 5), np.int64), np.empty(2, np.int64)
    rest = (table, ids, np.empty(2, np.int64))
    n_rows, size = plan_rows(np.array([0, 1]), np.array([0, 0]), np.array([0, 0]), two, 2 * one, 3, *rest)
    survival = np.empty(size)
    survival_rows(table[:n_rows], ids, pmfs, survival)
    asked = (1, 2, ranges, one, starts, scores, np.empty((1, 1)))
    find_p_values(one, starts, one - 1, 1, np.array([0, 0]), table, survival, *asked)
