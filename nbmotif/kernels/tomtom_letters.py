"""TOMTOM's null for one-hot queries: one row per composition of letters, shared by all queries.

A composition (how many A, C, G and T) has a *rank*: its place when compositions are ordered by their number of letters,
then by their number of A + C + G, of A + C, and of A.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nbmotif.kernels._jit import kernel
from nbmotif.kernels.tomtom_null import COLUMN, LOW, PARENT, PLACE, SIZE, best_survival, lowest_wanted

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

_NEVER = np.iinfo(np.int64).max


@kernel()
def compositions(longest: int) -> Ints:
    """List all compositions of up to ``longest`` letters by rank, shape (n, 4)."""
    n = 0
    for total in range(longest + 1):
        n += (total + 1) * (total + 2) * (total + 3) // 6
    counts = np.empty((n, 4), np.int64)
    rank = 0
    for total in range(longest + 1):
        for acg in range(total + 1):
            for ac in range(acg + 1):
                for a in range(ac + 1):
                    counts[rank, 0], counts[rank, 1], counts[rank, 2], counts[rank, 3] = (
                        a,
                        ac - a,
                        acg - ac,
                        total - acg,
                    )
                    rank += 1
    return counts


@kernel()
def rank_of(a: int, c: int, g: int, t: int) -> int:
    """Rank of a composition: the number of compositions before it."""
    ac, acg, total = a + c, a + c + g, a + c + g + t
    return (
        total * (total + 1) * (total + 2) * (total + 3) // 24
        + acg * (acg + 1) * (acg + 2) // 6
        + ac * (ac + 1) // 2
        + a
    )


@kernel()
def _span_ranks(codes: npt.NDArray[np.int8], ranks: Ints) -> None:
    """Overwrite ``ranks[i, j]`` with the rank of letters i to j of one query, j included."""
    count = np.zeros(4, np.int64)
    for i in range(codes.shape[0]):
        count[:] = 0
        for j in range(i, codes.shape[0]):
            count[codes[j]] += 1
            ranks[i, j] = rank_of(count[0], count[1], count[2], count[3])


@kernel()
def mark_needed(
    codes: npt.NDArray[np.int8], starts: Ints, queries: Ints, ranges: Ints, widths: Ints, offset: int, need: Ints
) -> None:
    """Lower ``need`` of each composition to the smallest score of it that these queries look up.

    Parameters
    ----------
    codes, starts
        Letters 0 to 3 of all queries, and where each query's begin.
    queries, ranges
        The queries, and the lowest and highest score wanted by target width, shape (n, W, 2).
    widths
        Target widths, ascending, shape (W,).
    offset
        Score of a query column that is not aligned.
    need
        By rank; changed in place.
    """
    longest = 0
    for query in queries:
        longest = max(longest, starts[query + 1] - starts[query])
    ranks = np.empty((longest, longest), np.int64)
    for at in range(queries.shape[0]):
        start, width = starts[queries[at]], starts[queries[at] + 1] - starts[queries[at]]
        _span_ranks(codes[start : start + width], ranks)
        wanted = lowest_wanted(ranges[at], widths, width)
        for i in range(width):
            for j in range(i, width):
                lowest = wanted[j - i + 1, 1 if i == 0 or j == width - 1 else 0]
                if lowest != _NEVER:
                    rank = ranks[i, j]
                    need[rank] = min(need[rank], max(lowest - offset * (width - (j - i + 1)), 1))


@kernel()
def composition_rows(need: Ints, counts: Ints, tops: Ints, table: Ints, levels: Ints, ids: Ints) -> int:
    """Plan the rows of the compositions that are needed, and of those they are convolved from.

    Parameters
    ----------
    need
        From :func:`mark_needed`; changed in place.
    counts
        All compositions by rank, shape (n, 4).
    tops
        Highest score of each letter.
    table, levels
        Overwritten with the rows, at most n, and where those of each number of letters begin.
    ids
        Overwritten with the row of each composition, by rank; -1 where there is none.

    Returns
    -------
    Number of rows.
    """
    for rank in range(need.shape[0] - 1, 0, -1):
        if need[rank] == _NEVER:
            continue
        count = counts[rank]
        top = count[0] * tops[0] + count[1] * tops[1] + count[2] * tops[2] + count[3] * tops[3]
        if need[rank] > top:
            need[rank] = _NEVER
        elif count[0] + count[1] + count[2] + count[3] > 1:
            letter = _last_letter(count)
            parent = _without(count, letter)
            need[parent] = min(need[parent], max(need[rank] - tops[letter], 0))
    row, place = 0, 0
    level = -1
    for rank in range(1, need.shape[0]):
        ids[rank] = -1
        count = counts[rank]
        while level < count[0] + count[1] + count[2] + count[3] - 1:
            level += 1
            levels[level] = row
        if need[rank] == _NEVER:
            continue
        top = count[0] * tops[0] + count[1] * tops[1] + count[2] * tops[2] + count[3] * tops[3]
        letter = _last_letter(count)
        table[row, PARENT] = ids[_without(count, letter)] if level > 0 else -1
        table[row, COLUMN], table[row, LOW] = letter, need[rank]
        table[row, SIZE], table[row, PLACE] = top - need[rank] + 1, place
        place += table[row, SIZE]
        ids[rank] = row
        row += 1
    levels[level + 1] = row
    return row


@kernel()
def _last_letter(count: Ints) -> int:
    """Letter that a composition is convolved with last: a fixed one, so that other queries change no digit."""
    letter = 3
    while count[letter] == 0:
        letter -= 1
    return letter


@kernel()
def _without(count: Ints, letter: int) -> int:
    return rank_of(
        count[0] - (letter == 0), count[1] - (letter == 1), count[2] - (letter == 2), count[3] - (letter == 3)
    )


@kernel()
def one_hot_p_values(
    codes: npt.NDArray[np.int8],
    starts: Ints,
    queries: Ints,
    best: npt.NDArray[np.int16],
    ranges: Ints,
    ids: Ints,
    table: Ints,
    survival: Floats,
    offset: int,
    widths: Ints,
    width_of: Ints,
    p_values: Floats,
) -> None:
    """Look up the p-value of every query against every target.

    Parameters
    ----------
    codes, starts, queries
        As :func:`mark_needed`.
    best, ranges
        Best scores, shape (n, M), and the lowest and highest wanted by target width, shape (n, W, 2).
    ids, table, survival
        Rows by rank, the rows, and their survival functions.
    offset
        Score of a query column that is not aligned.
    widths, width_of
        Target widths, ascending, and the index in it of each target's.
    p_values
        Overwritten: P(best score of one target strand >= the one seen), shape (n, M); 1 below the range.
    """
    highest = 0
    for at in range(queries.shape[0]):
        for t in range(widths.shape[0]):
            highest = max(highest, ranges[at, t, 1])
    null, edges = np.empty((widths.shape[0], highest + 1)), np.empty(highest + 1)
    for at in range(queries.shape[0]):
        start, width = starts[queries[at]], starts[queries[at] + 1] - starts[queries[at]]
        rows = np.empty((width, width), np.int64)
        _span_ranks(codes[start : start + width], rows)
        for i in range(width):
            for j in range(i, width):
                rows[i, j] = ids[rows[i, j]]
        best_survival(rows, table, survival, offset, ranges[at], widths, edges, null)
        for m in range(best.shape[1]):
            t = width_of[m]
            p_values[at, m] = null[t, best[at, m]] if best[at, m] >= ranges[at, t, 0] else 1.0


def warm_up() -> None:
    """Compile every kernel of this module."""
    codes, starts, queries = np.array([0, 1], np.int8), np.array([0, 2]), np.array([0])
    ranges, best = np.ones((1, 1, 2), np.int64), np.ones((1, 1), np.int16)
    counts, widths = compositions(2), np.array([1])
    need, ids = np.full(len(counts), _NEVER), np.empty(len(counts), np.int64)
    mark_needed(codes, starts, queries, ranges, widths, 1, need)
    table, levels = np.empty((len(counts), 5), np.int64), np.empty(3, np.int64)
    table = table[: composition_rows(need, counts, np.full(4, 2), table, levels, ids)]
    survival, p_values = np.zeros(int(table[:, SIZE].sum())), np.empty((1, 1))
    one_hot_p_values(codes, starts, queries, best, ranges, ids, table, survival, 1, widths, queries, p_values)
