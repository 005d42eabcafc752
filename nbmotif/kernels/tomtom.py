"""TOMTOM: the best ungapped alignment of a query with every target.

Scores are integers, as in MEME's tomtom: a column pair scores 0 to ``n_bins``, a query column that is not aligned
scores ``offset``, and here each row of scores already has ``offset`` subtracted: what is not aligned adds 0. Row 0 is
zeros.

Targets of the same width lie side by side in a *block*, one per lane, first as given, then reverse-complemented: the
entry of lane l in column c is at ``base + c * lanes + l``. Three columns of zeros lie before and behind each block.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nbmotif.kernels._jit import kernel

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    Shorts = npt.NDArray[np.int16]

_NOWHERE = -(1 << 30)


@kernel()
def best_scores(
    rows: Shorts,
    kinds: Ints,
    starts: Ints,
    queries: Ints,
    blocks: Ints,
    n_strands: int,
    first: Shorts,
    sums: Shorts,
    best: Shorts,
) -> None:
    """Score the best alignment of each query with every target, on its better strand.

    Parameters
    ----------
    rows
        Scores of each kind of query column against every entry, shape (K, E); row 0 is zeros.
    kinds, starts
        The kinds of the columns of all queries, from 1, and where each query's begin, shape (Q + 1,).
    queries
        The queries to align, shape (n,).
    blocks
        One row per block: first entry, width of its targets, lanes, place of its first target in ``best``.
    n_strands
        Into how many strands, one after the other, the lanes of a block fall.
    first
        Score of each query with nothing aligned, shape (Q,).
    sums
        Scratch for the widest query: (target width + query width - 1) * lanes of every block. Overwritten.
    best
        Overwritten with the best scores, shape (n, M), in the order of the blocks.

    Notes
    -----
    Each query column adds its scores to the alignments it takes part in, all lanes at once, four columns in one pass:
    those that are not over the target then read the zeros around its block, and those before the query the zeros of row
    0. O(w · E) per query.
    """
    for at in range(queries.shape[0]):
        query = queries[at]
        start, width = starts[query], starts[query + 1] - starts[query]
        for b in range(blocks.shape[0]):
            base, columns, lanes, place = blocks[b, 0], blocks[b, 1], blocks[b, 2], blocks[b, 3]
            n_rows, low = columns + width - 1, base - 3 * lanes
            total = sums[: n_rows * lanes]
            for k in range(n_rows * lanes):
                total[k] = first[query]
            for i in range(width - 4, -4, -4):
                k0 = kinds[start + i] if i >= 0 else 0
                k1 = kinds[start + i + 1] if i >= -1 else 0
                k2 = kinds[start + i + 2] if i >= -2 else 0
                part = total[(width - 4 - i) * lanes : (width - 1 - i + columns) * lanes]
                r0, r1, r2 = rows[k0, low:], rows[k1, low + lanes :], rows[k2, low + 2 * lanes :]
                r3 = rows[kinds[start + i + 3], base:]
                for k in range(part.shape[0]):
                    part[k] += (r0[k] + r1[k]) + (r2[k] + r3[k])
            n_left, n_last = n_rows * lanes, lanes // n_strands
            while n_left > n_last:  # fold the alignments, and last the strands, onto each other
                n = lanes if n_left > lanes else n_last
                half = (n_left // n + 1) // 2 * n
                other = total[half:n_left]
                for k in range(other.shape[0]):
                    total[k] = max(total[k], other[k])
                n_left = half
            for k in range(n_last):
                best[at, place + k] = total[k]


@kernel()
def keep_nearest(
    best: Shorts, groups: Ints, firsts: Ints, scores: Shorts, slots: npt.NDArray[np.int32], ranges: Ints
) -> None:
    """Keep the targets that may be among the nearest: of those of one width, the ones with the highest scores.

    Parameters
    ----------
    best
        Best scores, shape (n, M), targets of one width together.
    groups
        Where the targets of each width begin, shape (W + 1,).
    firsts
        Where those kept of each width begin, shape (W + 1,).
    scores, slots
        Overwritten with the scores kept, in no order if all are, and which column of ``best`` each is, shape (n, K).
    ranges
        Overwritten with the lowest and the highest score kept of each width, shape (n, W, 2).
    """
    for at in range(best.shape[0]):
        for t in range(groups.shape[0] - 1):
            first, size = firsts[t], firsts[t + 1] - firsts[t]
            row = best[at, groups[t] : groups[t + 1]]
            kept, places = scores[at, first : first + size], slots[at, first : first + size]
            if size == row.shape[0]:
                low, high = row[0], row[0]
                for m in range(size):
                    kept[m], places[m] = row[m], groups[t] + m
                    low, high = min(low, row[m]), max(high, row[m])
                ranges[at, t, 0], ranges[at, t, 1] = low, high
                continue
            n = 0
            for m in range(row.shape[0]):
                score = row[m]
                if n < size or score > kept[size - 1]:
                    k = min(n, size - 1)
                    while k > 0 and kept[k - 1] < score:
                        kept[k], places[k] = kept[k - 1], places[k - 1]
                        k -= 1
                    kept[k], places[k] = score, groups[t] + m
                    n = min(n + 1, size)
            ranges[at, t, 0], ranges[at, t, 1] = kept[size - 1], kept[0]


@kernel()
def place_alignments(
    rows: Shorts,
    kinds: Ints,
    starts: Ints,
    queries: Ints,
    slots: npt.NDArray[np.int32],
    scores: Shorts,
    first: Shorts,
    lanes: Ints,
    like_memelite: bool,
    sums: Shorts,
    chosen: npt.NDArray[np.int32],
    placed: npt.NDArray[np.int32],
) -> None:
    """Find where queries align with chosen targets at their best scores, and on which strand.

    Parameters
    ----------
    rows, kinds, starts, queries, first
        As :func:`best_scores`.
    slots, scores
        The chosen targets of each query and the best score over both strands, shape (n, k).
    lanes
        Where each target lies, shape (strands, M, 3): its first entry, its columns, and the lanes of its block.
    like_memelite
        Choose among equal scores as memelite 0.5: the reverse strand, and within a strand by comparing the offset of
        one alignment with the overlap of the other. Otherwise: the larger overlap, the smaller shift, the + strand.
    sums, chosen
        Scratch, shape (2, strands * k) each. Overwritten.
    placed
        Overwritten with offset (column of the target under the query's first), overlap (columns aligned) and strand (0
        or 1), shape (n, k, 3).

    Notes
    -----
    Neighbours in a block that follow each other in ``slots`` are placed together; of a whole block, both strands are.
    """
    n_slots, n_strands = slots.shape[1], lanes.shape[0]
    total, wanted, shifts, merits = sums[0], sums[1], chosen[0], chosen[1]
    for at in range(queries.shape[0]):
        start, end = starts[queries[at]], starts[queries[at] + 1]
        width, unaligned = end - start, first[queries[at]]
        m = 0
        while m < n_slots:
            n = 1
            entry, columns, stride = lanes[0, slots[at, m], 0], lanes[0, slots[at, m], 1], lanes[0, slots[at, m], 2]
            while m + n < n_slots and lanes[0, slots[at, m + n], 0] == entry + n:
                n += 1
            together = n_strands if n * n_strands == stride else 1  # the strands of a whole block lie side by side
            size = n * together
            for side in range(together):
                for k in range(n):
                    wanted[side * n + k] = scores[at, m + k]
            for strand in range(0, n_strands, together):
                entry = lanes[strand, slots[at, m], 0]
                for k in range(size):
                    merits[k] = _NOWHERE
                for shift in range(1 - width, columns):
                    low, high = max(0, -shift), min(width, columns - shift)
                    for k in range(size):
                        total[k] = unaligned
                    for i in range(low, high, 4):  # beyond the last column come the zeros of row 0
                        here = entry + (shift + i) * stride
                        k1 = kinds[start + i + 1] if i + 1 < high else 0
                        k2 = kinds[start + i + 2] if i + 2 < high else 0
                        k3 = kinds[start + i + 3] if i + 3 < high else 0
                        r0, r1 = rows[kinds[start + i], here:], rows[k1, here + stride :]
                        r2, r3 = rows[k2, here + 2 * stride :], rows[k3, here + 3 * stride :]
                        for k in range(size):
                            total[k] += (r0[k] + r1[k]) + (r2[k] + r3[k])
                    merit = (high - low) << 16 if like_memelite else ((high - low) << 16) - abs(shift)
                    left = shift << 16 if like_memelite else merit
                    for k in range(size):
                        if (total[k] == wanted[k]) & (merits[k] < merit):
                            shifts[k], merits[k] = shift, left
                for lane in range(size):
                    side, k = (strand, lane) if lane < n else (1, lane - n)
                    if merits[lane] > _NOWHERE:
                        shift = shifts[lane]
                        found = min(width, columns - shift) - max(0, -shift)
                        before, overlap = abs(placed[at, m + k, 0]), placed[at, m + k, 1]
                        ahead = found > overlap or (found == overlap and abs(shift) < before)
                        if side == 0 or overlap < 0 or like_memelite or ahead:
                            placed[at, m + k, 0], placed[at, m + k, 1], placed[at, m + k, 2] = shift, found, side
                    elif side == 0:
                        placed[at, m + k, 1] = -1
            m += n


def warm_up() -> None:
    """Compile every kernel of this module."""
    blocks, starts, first = np.array([[6, 1, 2, 0]]), np.array([0, 1]), np.zeros(1, np.int16)
    rows, one, query = np.zeros((2, 14), np.int16), np.array([1]), np.array([0])
    sums, best = np.empty(2, np.int16), np.empty((1, 1), np.int16)
    best_scores(rows, one, starts, query, blocks, 2, first, sums, best)
    scores, slots = np.empty((1, 1), np.int16), np.empty((1, 1), np.int32)
    keep_nearest(best, starts, starts, scores, slots, np.empty((1, 1, 2), np.int64))
    lanes, placed = np.array([[[6, 1, 2]]]), np.empty((1, 1, 3), np.int32)
    scratch = np.empty((2, 1), np.int16), np.empty((2, 1), np.int32)
    place_alignments(rows, one, starts, query, slots, scores, first, lanes, False, *scratch, placed)
