"""Recursive seqlet calling: the null of a span's sum, and the spans whose every inner span is significant.

Attributions come here as bins (integers 0..n_bins-1), so that the sum of a span is an integer and its p-value a lookup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nbmotif.kernels._jit import kernel
from nbmotif.kernels.convolve import convolve_block

if TYPE_CHECKING:
    import numpy.typing as npt

_BLOCK = 512  # outputs of the convolution worked on at a time: 4 kB stays in the first-level cache


@kernel()
def bin_and_count(
    above: npt.NDArray[np.floating],
    bin_width: float,
    n_bins: int,
    bins: npt.NDArray[np.int32],
    counts: npt.NDArray[np.int64],
) -> None:
    """Bin attributions and count each bin.

    Parameters
    ----------
    above
        How far each attribution is above the start of the first bin, float32 or float64 of shape (N, L); no NaN.
    bin_width
        Divided by in float64, and rounded down.
    n_bins
        How many bins there are.
    bins
        Overwritten: 0 to n_bins - 1, int32 of shape (N, L); what lies outside falls in the end bins.
    counts
        Added to, int64 of shape (n_bins,); or empty, to count nothing.
    """
    top = np.float64(n_bins - 1)
    for i in range(above.shape[0]):
        values, row = above[i], bins[i]
        for j in range(values.shape[0]):
            place = np.float64(values[j]) / bin_width
            place = place if place > 0 else np.float64(0)
            row[j] = np.int32(place if place < top else top)
        for j in range(values.shape[0] if counts.shape[0] > 0 else 0):
            counts[row[j]] += 1


@kernel()
def extend_survival(
    pmf: npt.NDArray[np.float64],
    taps: npt.NDArray[np.int64],
    padded: npt.NDArray[np.float64],
    row: npt.NDArray[np.float64],
    survival: npt.NDArray[np.float64],
    first: int,
    last: int,
) -> None:
    """Find the survival function of the sum of ``first`` to ``last`` independent binned attributions.

    Parameters
    ----------
    pmf
        Probability of each bin, float64 of shape (n_bins,).
    taps
        The bins that occur, from the highest down.
    padded
        The distribution of the sum of one fewer than ``first``, after n_bins zeros; a single 1 for none. Shape
        (max_len * (n_bins - 1) + 2 * n_bins,). Overwritten with that of ``last``.
    row
        Scratch, at least of shape (last * (n_bins - 1) + 1,). Overwritten.
    survival
        float64 of shape (max_len + 1, max_len * (n_bins - 1) + 2): overwritten in the rows from ``first`` to ``last``.
        Row k holds P(sum of k bins >= s) at column s, never increasing along the row.
    first, last
        The sums to find.

    Notes
    -----
    Convolved directly, because a Fourier transform loses the small tails that seqlets are made of. Each output adds
    its terms in the order of tangermeme 1.6, so p-values agree to the last bit. O(max_len² n_bins²).
    """
    n_bins, n_taps = pmf.shape[0], taps.shape[0]
    top = n_bins - 1
    for length in range(first, last + 1):
        n_out = length * top + 1
        start, end = n_taps, n_taps  # the taps that reach a block: later blocks are reached by higher values
        for low in range(0, n_out, _BLOCK):
            high = min(low + _BLOCK, n_out)
            while start > 0 and taps[start - 1] < high:
                start -= 1
            while end > 0 and taps[end - 1] < low - (n_out - n_bins):
                end -= 1
            convolve_block(padded, pmf, taps[start:end], n_bins + low, row[low:high])
        above = 0.0
        for s in range(n_out - 1, -1, -1):
            padded[n_bins + s] = row[s]
            above += row[s]
            survival[length, s] = above


@kernel()
def call_spans(
    bins: npt.NDArray[np.int32],
    survival: npt.NDArray[np.float64],
    cut: npt.NDArray[np.int64],
    min_len: int,
    n_ready: int,
    first: int,
    free: npt.NDArray[np.bool_],
    total: npt.NDArray[np.int64],
    starts: npt.NDArray[np.int64],
    worst: npt.NDArray[np.float64],
    n_alive: npt.NDArray[np.int64],
    called: npt.NDArray[np.int64],
    p_values: npt.NDArray[np.float64],
) -> tuple[int, int]:
    """Call the longest spans all of whose inner spans are significant, without overlap.

    Parameters
    ----------
    bins
        Binned attributions, int32 of shape (N, L).
    survival
        From :func:`extend_survival`.
    cut
        Smallest significant sum of each length, int64 of shape (max_len + 1,); max_len <= L.
    min_len
        Shortest span, at least 1.
    n_ready
        Longest span whose survival and cut are there, at least ``min_len``.
    first
        Example to begin with.
    free, total
        Scratch: all True, shape (L,), and all 0, shape (L + 1,).
    starts, worst, n_alive
        Scratch, overwritten: shape (max_len - min_len + 1, L) twice, and (max_len - min_len + 1,).
    called
        Overwritten with example, start and length of each span, in the order of calling: by example, from the longest,
        then by the largest p-value among the span and its prefixes. Shape (3, (N - first) * (L // min_len)).
    p_values
        Overwritten with the p-value of each.

    Returns
    -------
    The number of spans, and the example that needs longer spans than are ready, or N.
    """
    n_examples, length = bins.shape
    example, start, width = called[0], called[1], called[2]
    n_called, n_rows, done = 0, n_alive.shape[0], n_examples
    for i in range(first, n_examples):
        before, row_bins = n_called, bins[i]
        running = 0
        for j in range(length):
            running += row_bins[j]
            total[j + 1] = running
        if not _significant_spans(total, survival, cut, min_len, n_ready, starts, worst, n_alive):
            done = i
            break
        for row in range(n_rows - 1, -1, -1):
            k = min_len + row
            _sort_by_worst(starts[row], worst[row], n_alive[row])
            for at in range(n_alive[row]):
                begin = starts[row, at]
                if _take(free, begin, begin + k):
                    example[n_called], start[n_called], width[n_called] = i, begin, k
                    p_values[n_called] = survival[k, total[begin + k] - total[begin]]
                    n_called += 1
        for at in range(before, n_called):
            for j in range(start[at], start[at] + width[at]):
                free[j] = True
    return n_called, done


@kernel()
def _significant_spans(
    total: npt.NDArray[np.int64],
    survival: npt.NDArray[np.float64],
    cut: npt.NDArray[np.int64],
    min_len: int,
    n_ready: int,
    starts: npt.NDArray[np.int64],
    worst: npt.NDArray[np.float64],
    n_alive: npt.NDArray[np.int64],
) -> bool:
    """List, for each length, the spans of one example all of whose inner spans are significant.

    A span qualifies if its own sum does and both spans one shorter inside it do. Overwrites ``starts`` (ascending),
    ``worst`` (largest p-value among the span and its prefixes) and ``n_alive``, by length from ``min_len``. Returns
    whether it could: false if there may be spans longer than ``n_ready``.
    """
    length = total.shape[0] - 1
    m, least, ends = 0, cut[min_len], total[min_len:]
    for j in range(length - min_len + 1):
        s = ends[j] - total[j]
        if s >= least:
            starts[0, m], worst[0, m] = j, survival[min_len, s]
            m += 1
    n_alive[0] = m
    for row in range(1, n_alive.shape[0]):
        k = min_len + row
        m = 0
        if k > n_ready and n_alive[row - 1] > 1:
            return False
        for at in range(n_alive[row - 1] - 1):
            j = starts[row - 1, at]
            if starts[row - 1, at + 1] == j + 1:
                s = total[j + k] - total[j]
                if s >= cut[k]:
                    starts[row, m], worst[row, m] = j, max(survival[k, s], worst[row - 1, at])
                    m += 1
        n_alive[row] = m
    return True


@kernel()
def _sort_by_worst(starts: npt.NDArray[np.int64], worst: npt.NDArray[np.float64], n: int) -> None:
    """Sort the first ``n`` spans by ``worst``, stably, in place: there are few, and insertion compiles at once."""
    for i in range(1, n):
        key, start = worst[i], starts[i]
        j = i
        while j > 0 and worst[j - 1] > key:
            worst[j], starts[j] = worst[j - 1], starts[j - 1]
            j -= 1
        worst[j], starts[j] = key, start


@kernel()
def _take(free: npt.NDArray[np.bool_], start: int, end: int) -> bool:
    """Mark positions as taken and say so, if all of them are free."""
    for j in range(start, end):
        if not free[j]:
            return False
    for j in range(start, end):
        free[j] = False
    return True


@kernel()
def take_peaks(scores: npt.NDArray[np.float64], suppress: int, peaks: npt.NDArray[np.int64]) -> int:
    """Take the highest score of each example, again and again, and with it rule out those around it.

    Parameters
    ----------
    scores
        Shape (N, n), minus infinity where nothing may be taken; overwritten.
    suppress
        Scores ruled out before a peak; one more is ruled out after it.
    peaks
        Overwritten with example and position of each peak, in the order of taking, shape (2, N * n).

    Returns
    -------
    The number of peaks.
    """
    n_examples, n = scores.shape
    n_taken = 0
    for i in range(n_examples):
        while True:
            best = 0
            for j in range(1, n):
                if scores[i, j] > scores[i, best]:
                    best = j
            if scores[i, best] == -np.inf:
                break
            peaks[0, n_taken], peaks[1, n_taken] = i, best
            n_taken += 1
            for j in range(max(best - suppress, 0), min(best + suppress + 1, n)):
                scores[i, j] = -np.inf
    return n_taken


def warm_up() -> None:
    """Compile every kernel of this module."""
    for dtype in (np.float32, np.float64):
        bin_and_count(np.zeros((1, 1), dtype), 1.0, 2, np.empty((1, 1), np.int32), np.zeros(2, np.int64))
    padded, survival = np.array([0.0, 0.0, 1.0, 0.0, 0.0, 0.0]), np.zeros((3, 4))
    extend_survival(np.array([0.5, 0.5]), np.array([1, 0]), padded, np.empty(3), survival, 1, 2)
    scratch = np.ones(4, np.bool_), np.zeros(5, np.int64), np.empty((2, 4), np.int64), np.empty((2, 4))
    found = np.empty(2, np.int64), np.empty((3, 4), np.int64), np.empty(4)
    call_spans(np.zeros((1, 4), np.int32), survival, np.array([0, 1, 1]), 1, 2, 0, *scratch, *found)
    take_peaks(np.zeros((1, 2)), 1, np.empty((2, 2), np.int64))
