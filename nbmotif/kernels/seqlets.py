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

    Calls = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64], int]

_BLOCK = 512  # outputs of the convolution worked on at a time: 4 kB stays in the first-level cache


@kernel()
def extend_survival(
    pmf: npt.NDArray[np.float64],
    padded: npt.NDArray[np.float64],
    survival: npt.NDArray[np.float64],
    first: int,
    last: int,
) -> None:
    """Find the survival function of the sum of ``first`` to ``last`` independent binned attributions.

    Parameters
    ----------
    pmf
        Probability of each bin, float64 of shape (n_bins,).
    padded
        The distribution of the sum of one fewer than ``first``, after n_bins zeros; a single 1 for none. Shape
        (max_len * (n_bins - 1) + 2 * n_bins,). Overwritten with that of ``last``.
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
    n_bins = pmf.shape[0]
    top = n_bins - 1
    taps, n_taps = np.empty(n_bins, np.int64), 0  # values that occur, from the highest down
    for value in range(top, -1, -1):
        if pmf[value] != 0.0:
            taps[n_taps] = value
            n_taps += 1
    row = np.empty(last * top + 1)
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
) -> Calls:
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

    Returns
    -------
    Example, start, length and p-value of each span, in the order of calling: by example, from the longest, then by the
    largest p-value among the span and its prefixes. And the example that needs longer spans than are ready, or N.
    """
    n_examples, length = bins.shape
    max_len = cut.shape[0] - 1
    capacity = (n_examples - first) * (length // min_len)
    example, start = np.empty(capacity, np.int64), np.empty(capacity, np.int64)
    width, p_value = np.empty(capacity, np.int64), np.empty(capacity)
    n_called = 0
    n_rows = max_len - min_len + 1
    starts, worst = np.empty((n_rows, length), np.int64), np.empty((n_rows, length))
    n_alive = np.empty(n_rows, np.int64)
    total = np.zeros(length + 1, np.int64)
    free = np.empty(length, np.bool_)
    for j in range(length):
        free[j] = True
    done = n_examples
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
                    p_value[n_called] = survival[k, total[begin + k] - total[begin]]
                    n_called += 1
        for at in range(before, n_called):
            for j in range(start[at], start[at] + width[at]):
                free[j] = True
    return example[:n_called], start[:n_called], width[:n_called], p_value[:n_called], done


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
def take_peaks(scores: npt.NDArray[np.float64], suppress: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Take the highest score of each example, again and again, and with it rule out those around it.

    Parameters
    ----------
    scores
        Shape (N, n), minus infinity where nothing may be taken; overwritten.
    suppress
        Scores ruled out before a peak; one more is ruled out after it.

    Returns
    -------
    Example and position of each peak, in the order of taking.
    """
    n_examples, n = scores.shape
    example, position = np.empty(scores.size, np.int64), np.empty(scores.size, np.int64)
    n_taken = 0
    for i in range(n_examples):
        while True:
            best = 0
            for j in range(1, n):
                if scores[i, j] > scores[i, best]:
                    best = j
            if scores[i, best] == -np.inf:
                break
            example[n_taken], position[n_taken] = i, best
            n_taken += 1
            for j in range(max(best - suppress, 0), min(best + suppress + 1, n)):
                scores[i, j] = -np.inf
    return example[:n_taken], position[:n_taken]


def warm_up() -> None:
    """Compile every kernel of this module."""
    padded, survival = np.array([0.0, 0.0, 1.0, 0.0, 0.0, 0.0]), np.zeros((3, 4))
    extend_survival(np.array([0.5, 0.5]), padded, survival, 1, 2)
    call_spans(np.zeros((1, 4), np.int32), survival, np.array([0, 1, 1]), 1, 2, 0)
    take_peaks(np.zeros((1, 2)), 1)
