"""TOMTOM: scores of motif columns, and the best ungapped alignment of a query with every target.

Scores are integers, as in MEME's tomtom: a column pair scores 0 to ``n_bins``, a query column that is not aligned
scores ``offset``, and here each row of scores already has ``offset`` subtracted: what is not aligned adds 0.

Targets of the same width lie side by side in a *block*, one per lane, first as given, then reverse-complemented: the
entry of lane l in column c is at ``base + c * lanes + l``. Three columns of zeros lie before and behind each block.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nbmotif.kernels._jit import kernel

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]


@kernel()
def column_scores(query: Floats, columns: Floats, norms: Floats, scores: Floats) -> None:
    """Score a query's columns against the targets' columns by their negated Euclidean distance.

    Parameters
    ----------
    query
        The query, float64 of shape (w, 4).
    columns, norms
        The targets' columns, shape (4, U), and the sum of squares of each, shape (U,).
    scores
        Overwritten with the scores, shape (w, U), each 0 or less.

    Notes
    -----
    The square is expanded and its terms are subtracted in this order because memelite does: near the edge of a bin, a
    different rounding would be a different integer.
    """
    width, n = scores.shape
    c0, c1, c2, c3 = columns[0], columns[1], columns[2], columns[3]
    for i in range(width):
        norm = query[i, 0] ** 2 + query[i, 1] ** 2 + query[i, 2] ** 2 + query[i, 3] ** 2
        q0, q1, q2, q3 = 2 * query[i, 0], 2 * query[i, 1], 2 * query[i, 2], 2 * query[i, 3]
        row = scores[i]
        for j in range(n):
            square = norm + norms[j]
            square -= q0 * c0[j]
            square -= q1 * c1[j]
            square -= q2 * c2[j]
            square -= q3 * c3[j]
            row[j] = -math.sqrt(max(square, 0.0))


@kernel()
def column_products(
    query: npt.NDArray[np.float32], columns: npt.NDArray[np.float32], rows: npt.NDArray[np.float32]
) -> None:
    """Overwrite ``rows`` (w, E) with the inner products of a query's columns (w, 4) and the targets' (4, E).

    Not a matrix product of BLAS, whose last digits depend on how many columns there are.
    """
    c0, c1, c2, c3 = columns[0], columns[1], columns[2], columns[3]
    for i in range(query.shape[0]):
        q0, q1, q2, q3 = query[i, 0], query[i, 1], query[i, 2], query[i, 3]
        row = rows[i]
        for e in range(row.shape[0]):
            row[e] = (q0 * c0[e] + q1 * c1[e]) + (q2 * c2[e] + q3 * c3[e])


@kernel()
def median(
    scores: Floats, rank: int, low: float, high: float, n_bins: int, places: npt.NDArray[np.uint16], values: Floats
) -> float:
    """Find the score of a rank: 0 is the lowest.

    ``low`` and ``high`` are the ends of the scores; ``places`` and ``values``, as long as they, are overwritten.
    Each round bins the scores that are left and keeps the bin that holds the rank: O(n).
    """
    left, n = scores, scores.shape[0]
    kept = np.empty(n_bins, np.int64)
    while high > low:
        scale = n_bins / (high - low)
        for j in range(n):
            places[j] = min(int((left[j] - low) * scale), n_bins - 1)
        kept[:] = 0
        for j in range(n):
            kept[places[j]] += 1
        bin_ = 0
        while rank >= kept[bin_]:
            rank -= kept[bin_]
            bin_ += 1
        m = 0
        low, high = np.inf, -np.inf
        for j in range(n):
            if places[j] == bin_:
                value = left[j]
                values[m] = value
                low, high = min(low, value), max(high, value)
                m += 1
        left, n = values, m
    return low


@kernel()
def binned_median(scores: Floats, counts: Ints, low: float, high: float, n_bins: int) -> float:
    """Approximate the median as memelite does: the mean of the scores in the bin that holds it."""
    if high == low:
        return low
    kept, total = np.zeros(n_bins), np.zeros(n_bins)
    for j in range(scores.shape[0]):
        bin_ = int((scores[j] - low) / (high - low) * (n_bins - 1))
        kept[bin_] += counts[j]
        total[bin_] += scores[j] * counts[j]
    half = 0.0
    for count in kept:
        half += count / 2
    seen, bin_ = kept[0], 0
    while seen < half:
        bin_ += 1
        seen += kept[bin_]
    return float(total[bin_] / kept[bin_])


@kernel()
def bin_scores(
    scores: Floats,
    medians: Floats,
    lowest: int,
    scale: int,
    blocks: Ints,
    rows: npt.NDArray[np.int16],
    pmfs: Floats,
) -> None:
    """Turn scores into integers, and their distribution over the targets' columns into a histogram.

    Parameters
    ----------
    scores
        Scores of each query column, shape (w, n), against the targets' columns, block after block.
    medians
        Median of each row, shape (w,).
    lowest, scale
        A score becomes the integer ``floor((score - median - lowest) * scale + 1/2)``.
    blocks
        As :func:`best_scores`.
    rows
        Overwritten with the integers less the offset, ``-lowest * scale``, where the blocks lie, shape (w, E); the
        zeros around the blocks are left as they are.
    pmfs
        Overwritten with the share of columns that each integer has, shape (w, n_bins + 1).
    """
    top, offset = pmfs.shape[1] - 1, -lowest * scale
    binned, counts = np.empty(scores.shape[1], np.uint16), np.empty(top + 1, np.int64)
    for i in range(scores.shape[0]):
        zero = medians[i] + lowest
        row = scores[i]
        for j in range(row.shape[0]):
            binned[j] = min(max(math.floor((row[j] - zero) * scale + 0.5), 0), top)
        counts[:] = 0
        for j in range(row.shape[0]):
            counts[binned[j]] += 1
        for k in range(top + 1):
            pmfs[i, k] = counts[k] / row.shape[0]
        done = 0
        for b in range(blocks.shape[0]):
            base, size = blocks[b, 0], blocks[b, 1] * blocks[b, 2]
            out, part = rows[i, base : base + size], binned[done : done + size]
            for k in range(size):
                out[k] = np.int16(part[k]) - offset
            done += size


@kernel()
def best_scores(
    rows: npt.NDArray[Any],
    kinds: Ints,
    starts: Ints,
    queries: Ints,
    blocks: Ints,
    n_strands: int,
    first: Any,
    sums: Any,
    best: Any,
) -> None:
    """Score the best alignment of each query with every target, on its better strand.

    Parameters
    ----------
    rows
        Scores of each kind of query column against every entry, shape (K, E), int16 or float32.
    kinds, starts
        The kinds of the columns of all queries, and where each query's begin, shape (Q + 1,).
    queries
        The queries to align, shape (n,).
    blocks
        One row per block: first entry, width of its targets, lanes, place of its first target in ``best``.
    n_strands
        Into how many strands, one after the other, the lanes of a block fall.
    first
        Score of each query with nothing aligned, shape (Q,), of rows' dtype.
    sums
        Scratch for the widest query: (target width + query width - 1) * lanes of every block. Overwritten.
    best
        Overwritten with the best scores, shape (n, M), in the order of the blocks.

    Notes
    -----
    Each query column adds its scores to the alignments it takes part in, all lanes at once, four columns in one pass:
    those that are not over the target then read the zeros around its block. O(w · E) per query.
    """
    for at in range(queries.shape[0]):
        query = queries[at]
        start, width = starts[query], starts[query + 1] - starts[query]
        for b in range(blocks.shape[0]):
            base, columns, lanes, place = blocks[b, 0], blocks[b, 1], blocks[b, 2], blocks[b, 3]
            n_rows, size = columns + width - 1, (columns + 3) * lanes
            total = sums[: n_rows * lanes]
            total[:] = first[query]
            i = 0
            while i + 4 <= width:
                low = base - 3 * lanes
                r0, r1 = rows[kinds[start + i], low:], rows[kinds[start + i + 1], low + lanes :]
                r2, r3 = rows[kinds[start + i + 2], low + 2 * lanes :], rows[kinds[start + i + 3], base:]
                _add_four(total[(width - 4 - i) * lanes :], r0, r1, r2, r3, size)
                i += 4
            while i < width:
                _add(total[(width - 1 - i) * lanes :], rows[kinds[start + i], base : base + columns * lanes])
                i += 1
            while n_rows > 1:  # fold the alignments onto each other until one row is left
                half = (n_rows + 1) // 2
                _keep_larger(total, total[half * lanes : n_rows * lanes])
                n_rows = half
            n = lanes // n_strands
            if n_strands == 2:
                _keep_larger(total, total[n:lanes])
            out = best[at, place : place + n]
            for lane in range(n):
                out[lane] = total[lane]


@kernel()
def _add_four(total: Any, r0: Any, r1: Any, r2: Any, r3: Any, n: int) -> None:
    for k in range(n):
        total[k] += (r0[k] + r1[k]) + (r2[k] + r3[k])


@kernel()
def _add(total: npt.NDArray[Any], row: npt.NDArray[Any]) -> None:
    for k in range(row.shape[0]):
        total[k] += row[k]


@kernel()
def _keep_larger(total: npt.NDArray[Any], other: npt.NDArray[Any]) -> None:
    for k in range(other.shape[0]):
        total[k] = max(total[k], other[k])


@kernel()
def place_alignments(
    rows: npt.NDArray[Any],
    kinds: Ints,
    starts: Ints,
    queries: Ints,
    targets: Ints,
    scores: npt.NDArray[np.int16],
    first: npt.NDArray[np.int16],
    lanes: Ints,
    like_memelite: bool,
    placed: npt.NDArray[np.int32],
) -> None:
    """Find where queries align with chosen targets at their best scores, and on which strand.

    Parameters
    ----------
    rows, kinds, starts, queries, first
        As :func:`best_scores`.
    targets, scores
        The chosen targets of each query and the best score over both strands, shape (n, k).
    lanes
        Where each target lies, shape (strands, M, 3): its first entry, its columns, and the lanes of its block.
    like_memelite
        Choose among equal scores as memelite 0.5: the reverse strand, and within a strand by comparing the offset of
        one alignment with the overlap of the other. Otherwise: the larger overlap, the smaller shift, the + strand.
    placed
        Overwritten with offset (column of the target under the query's first), overlap (columns aligned) and strand (0
        or 1), shape (n, k, 3).
    """
    for at in range(queries.shape[0]):
        start, end = starts[queries[at]], starts[queries[at] + 1]
        for k in range(targets.shape[1]):
            overlap = -1
            for strand in range(lanes.shape[0]):
                lane = lanes[strand, targets[at, k]]
                shift, size = _place(
                    rows, kinds[start:end], lane, int(scores[at, k]), int(first[queries[at]]), like_memelite
                )
                ahead = size > overlap or (size == overlap and abs(shift) < abs(placed[at, k, 0]))
                if size >= 0 and (overlap < 0 or like_memelite or ahead):
                    overlap = size
                    placed[at, k, 0], placed[at, k, 1], placed[at, k, 2] = shift, size, strand


@kernel()
def _place(
    rows: npt.NDArray[Any], kinds: Ints, lane: Ints, score: int, unaligned: int, like_memelite: bool
) -> tuple[int, int]:
    """Offset and overlap of the chosen alignment that has the score; an overlap of -1 if there is none."""
    entry, columns, lanes = lane[0], lane[1], lane[2]
    width = kinds.shape[0]
    offset, overlap = 0, -1
    for shift in range(1 - width, columns):
        low, high = max(0, -shift), min(width, columns - shift)
        total = unaligned
        for i in range(low, high):
            total += rows[kinds[i], entry + (shift + i) * lanes]
        if total == score:
            size = high - low
            larger = size > overlap or (size == overlap and abs(shift) < abs(offset))
            if overlap < 0 or (offset < size if like_memelite else larger):
                offset, overlap = shift, size
    return offset, overlap


def warm_up() -> None:
    """Compile every kernel of this module."""
    columns, one, scores = np.eye(4), np.array([1]), np.empty((1, 2))
    column_scores(np.eye(4)[:1], columns[:, :2].copy(), np.ones(2), scores)
    low, high = scores.min(), scores.max()
    median(scores[0], 1, low, high, 8, np.empty(2, np.uint16), np.empty(2))
    binned_median(scores[0], np.ones(2, np.int64), low, high, 8)
    blocks, starts, first = np.array([[6, 1, 2, 0]]), np.array([0, 1]), np.zeros(1, np.int16)
    rows = np.zeros((1, 14), np.int16)
    bin_scores(scores, np.zeros(1), -2, 5, blocks, rows, np.empty((1, 11)))
    query = one - 1
    best_scores(rows, query, starts, query, blocks, 2, first, np.empty(2, np.int16), np.empty((1, 1), np.int16))
    products = np.empty((1, 14), np.float32)
    column_products(np.eye(4, dtype=np.float32)[:1], np.ones((4, 14), np.float32), products)
    sums, best = np.empty(2, np.float32), np.empty((1, 1), np.float32)
    best_scores(products, query, starts, query, blocks, 2, products[0, :1].copy(), sums, best)
    lanes, placed = np.array([[[6, 1, 2]]]), np.empty((1, 1, 3), np.int32)
    place_alignments(rows, query, starts, query, query[None], rows[:, :1].copy(), first, lanes, False, placed)
