"""TOMTOM's null: how high the best alignment of a query with random columns of the targets scores.

A *span* of query columns scores the sum of independent draws, one per column. The survival function of each span is a
*row*; rows are convolved from one another, one column at a time, and only the scores that will be looked up are kept.
For one-hot queries a span's null depends on its letters, not on their order, so one row per *composition* serves all
queries.

The table of rows has one line per row: parent row (-1: none), which column's distribution is added, lowest score kept,
scores kept, place in the flat array of survival functions. Parents come before children, and level by level.
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

_NEVER = np.iinfo(np.int64).max
_BLOCK = 1024
PARENT, COLUMN, LOW, SIZE, PLACE = range(5)


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
        Overwritten with the survival functions: P(score >= s) for the scores kept.
    """
    n_bins = pmfs.shape[1]
    longest = 1
    for row in range(table.shape[0]):
        longest = max(longest, table[row, SIZE])
    padded = np.zeros(longest + 2 * n_bins)
    for level in range(levels.shape[0] - 1):
        for row in range(levels[level], levels[level + 1]):
            parent, low, size, place = table[row, PARENT], table[row, LOW], table[row, SIZE], table[row, PLACE]
            pmf = pmfs[table[row, COLUMN]]
            if parent < 0:
                for k in range(size):
                    out[place + k] = pmf[low + k]
                continue
            n = table[parent, SIZE]
            source = table[parent, PLACE]
            for k in range(n):
                padded[n_bins + k] = out[source + k]
            for k in range(n + n_bins, n + 2 * n_bins):
                padded[k] = 0.0
            start = n_bins + low - table[parent, LOW]
            taps = nonzero_taps(pmf)
            for at in range(0, size, _BLOCK):
                convolve_block(padded, pmf, taps, start + at, out[place + at : place + min(at + _BLOCK, size)])
        if level > 0:
            _accumulate(table[levels[level - 1] : levels[level]], out)
    _accumulate(table[levels[-2] : levels[-1]], out)


@kernel()
def _accumulate(table: Ints, out: Floats) -> None:
    """Turn the probabilities of rows into survival functions, in place."""
    for row in range(table.shape[0]):
        place = table[row, PLACE]
        for k in range(place + table[row, SIZE] - 2, place - 1, -1):
            out[k] += out[k + 1]


@kernel()
def score_ranges(best: npt.NDArray[np.int16], width_of: Ints, n_kept: int, ranges: Ints) -> None:
    """Range of the scores that may be among the nearest: of targets of one width, those with the highest scores.

    Parameters
    ----------
    best
        Best scores, shape (n, M).
    width_of
        Which of the W target widths each target has, shape (M,); all W occur.
    n_kept
        How many nearest targets are wanted.
    ranges
        Overwritten with the ``n_kept``-th highest score against targets of each width (the lowest if there are fewer),
        and the highest, shape (n, W, 2).
    """
    highest = np.empty((ranges.shape[1], n_kept), np.int64)
    n_seen = np.empty(ranges.shape[1], np.int64)
    all_kept = n_kept >= best.shape[1]
    for at in range(best.shape[0]):
        n_seen[:] = 0
        for t in range(ranges.shape[1]):
            ranges[at, t, 0], ranges[at, t, 1] = _NEVER, 0
        for m in range(best.shape[1]):
            t, score = width_of[m], best[at, m]
            ranges[at, t, 1] = max(ranges[at, t, 1], score)
            if all_kept:
                ranges[at, t, 0] = min(ranges[at, t, 0], score)
            elif n_seen[t] < n_kept or score > ranges[at, t, 0]:
                k = min(n_seen[t], n_kept - 1)
                while k > 0 and highest[t, k - 1] < score:
                    highest[t, k] = highest[t, k - 1]
                    k -= 1
                highest[t, k] = score
                n_seen[t] = min(n_seen[t] + 1, n_kept)
                ranges[at, t, 0] = highest[t, n_seen[t] - 1]


@kernel()
def lowest_wanted(ranges: Ints, widths: Ints, width: int) -> Ints:
    """Smallest scores that the spans of a query are looked up for.

    Parameters
    ----------
    ranges, widths
        Lowest and highest best score against targets of each width, shape (W, 2), and the widths, ascending.
    width
        Width of the query.

    Returns
    -------
    Shape (width + 1, 2), by columns aligned: the lowest score where they lie within the query, and where they hang
    over one of its ends; a huge number if no target aligns so.
    """
    wanted = np.full((width + 1, 2), _NEVER)
    for t in range(widths.shape[0]):
        aligned = min(widths[t], width)
        wanted[aligned, 0] = min(wanted[aligned, 0], ranges[t, 0])
    lowest = _NEVER
    for aligned in range(width, 0, -1):
        lowest = min(lowest, wanted[aligned, 0])
        wanted[aligned, 1] = lowest
    return wanted


@kernel()
def span_rows(tops: Ints, offset: int, wanted: Ints, table: Ints, levels: Ints, ids: Ints) -> int:
    """Plan the rows of one query, one per span.

    Parameters
    ----------
    tops
        Highest score of each query column, shape (w,).
    offset
        Score of a query column that is not aligned.
    wanted
        From :func:`lowest_wanted`.
    table, levels
        Overwritten with the rows, at most w (w + 1) / 2, and where each level begins, w + 1.
    ids
        Overwritten with the row of each span, shape (w, w): columns i to j, j included. -1 where the score is never
        reached, or never looked up.

    Returns
    -------
    Number of rows.
    """
    width = tops.shape[0]
    need = np.full((width, width), _NEVER)
    for i in range(width):
        top = 0
        for j in range(i, width):
            top += tops[j]
            lowest = wanted[j - i + 1, 1 if i == 0 or j == width - 1 else 0]
            asked = max(lowest - offset * (width - (j - i + 1)), 1)
            if asked <= top:
                need[i, j] = asked
        for j in range(width - 1, i, -1):
            if need[i, j] != _NEVER:
                need[i, j - 1] = min(need[i, j - 1], max(need[i, j] - tops[j], 0))
    ids[:] = -1
    row = 0
    place = 0
    for length in range(1, width + 1):
        levels[length - 1] = row
        for i in range(width - length + 1):
            j = i + length - 1
            if need[i, j] == _NEVER:
                continue
            top = 0
            for k in range(i, j + 1):
                top += tops[k]
            ids[i, j] = row
            table[row, PARENT] = ids[i, j - 1] if length > 1 else -1
            table[row, COLUMN], table[row, LOW] = j, need[i, j]
            table[row, SIZE], table[row, PLACE] = top - need[i, j] + 1, place
            place += table[row, SIZE]
            row += 1
    levels[width] = row
    return row


@kernel()
def best_survival(
    ids: Ints, table: Ints, survival: Floats, offset: int, ranges: Ints, widths: Ints, edges: Floats, out: Floats
) -> None:
    """Survival function of the best alignment of a query, for each target width.

    Parameters
    ----------
    ids
        Row of each span of the query, shape (w, w).
    table, survival
        The rows, and their survival functions.
    offset
        Score of a query column that is not aligned.
    ranges
        Lowest and highest score wanted for each target width, shape (W, 2).
    widths
        Target widths, ascending, shape (W,).
    edges
        Scratch, shape (highest of all scores + 1,); overwritten.
    out
        Overwritten within the ranges: ``out[t, s]`` is P(best score >= s) against one target of ``widths[t]`` columns.
        Shape (W, highest of all scores + 1).

    Notes
    -----
    Alignments are taken as independent, as TOMTOM does: with S = 1 - Π(1 - S_a), combined as S + S_a (1 - S), which
    loses no digits where S is small.
    """
    width, n_widths = ids.shape[0], widths.shape[0]
    wider = np.empty((n_widths, 2), np.int64)  # scores wanted for this width and all wider ones
    low, high = ranges[n_widths - 1, 0], ranges[n_widths - 1, 1]
    for t in range(n_widths - 1, -1, -1):
        low, high = min(low, ranges[t, 0]), max(high, ranges[t, 1])
        wider[t, 0], wider[t, 1] = low, high
    edges[:] = 0.0  # the alignments that every wider target has too
    t = 0
    for columns in range(1, widths[-1] + 1):
        aligned = min(columns, width)
        shift = offset * (width - aligned)
        if widths[t] == columns:
            low, high = ranges[t, 0], ranges[t, 1] + 1
            best = out[t, low:high]
            for k in range(high - low):
                best[k] = edges[low + k]
            for i in range(width - aligned + 1):
                _combine(best, ids[i, i + aligned - 1], table, survival, shift, low)
            t += 1
            if t == n_widths:
                break
        low, high = wider[t, 0], wider[t, 1] + 1
        _combine(edges[low:high], ids[0, aligned - 1], table, survival, shift, low)
        if columns < width:
            _combine(edges[low:high], ids[width - aligned, width - 1], table, survival, shift, low)


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


def warm_up() -> None:
    """Compile every kernel of this module."""
    table, levels, ids = np.empty((3, 5), np.int64), np.empty(3, np.int64), np.empty((2, 2), np.int64)
    ranges, widths = np.empty((1, 2, 2), np.int64), np.array([1, 3])
    score_ranges(np.ones((1, 2), np.int16), np.array([0, 1]), 1, ranges)
    n_rows = span_rows(np.array([2, 2]), 1, lowest_wanted(ranges[0], widths, 2), table, levels, ids)
    survival = np.empty(int(table[:n_rows, SIZE].sum()))
    survival_rows(table[:n_rows], levels, np.full((2, 3), 1 / 3), survival)
    best_survival(ids, table[:n_rows], survival, 1, ranges[0], widths, np.empty(2), np.empty((2, 2)))
