"""Sums, maxima and weighted sums of a signal under many intervals."""

from __future__ import annotations

import numpy as np

from nbmotif.kernels._jit import kernel


@kernel()
def sums_under(
    signal: np.ndarray, rows: np.ndarray, row_offsets: np.ndarray, starts: np.ndarray, ends: np.ndarray, out: np.ndarray
) -> None:
    """Sum each channel of a signal under intervals.

    Each row's running total is made once, in float64, and every interval is a difference of two entries. Where a row
    holds a NaN or an infinity, which would spoil the total behind it, its intervals are summed one value at a time.
    O(rows * C * L + H * C).

    Parameters
    ----------
    signal
        float32 or float64 (N, C, L), C order.
    rows
        int32 (H): the intervals, row after row.
    row_offsets
        int64 (N + 1): those on row n are ``rows[row_offsets[n]:row_offsets[n + 1]]``.
    starts, ends
        int32: each interval, 0 <= start <= end <= L, by its own number.
    out
        (intervals, C), of the signal's dtype, overwritten for the intervals in ``rows``.
    """
    n, n_channels, length = signal.shape
    totals = np.zeros((length + 1, n_channels), dtype=np.float64)
    for row in range(n):
        intervals = rows[row_offsets[row] : row_offsets[row + 1]]
        if len(intervals) == 0:
            continue
        values = signal[row]
        is_finite = True
        for channel in range(n_channels):
            total = 0.0
            for i in range(length):
                total += values[channel, i]
                totals[i + 1, channel] = total
            is_finite &= np.isfinite(total)
        for h in intervals:
            start, end = starts[h], ends[h]
            for channel in range(n_channels):
                total = totals[end, channel] - totals[start, channel]
                if not is_finite:
                    total = 0.0
                    for i in range(start, end):
                        total += values[channel, i]
                out[h, channel] = total


@kernel()
def group_rows(row_of: np.ndarray, n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Sort intervals by row, stably, by counting.

    Parameters
    ----------
    row_of
        int (H): 0 to n_rows - 1.
    n_rows
        N.

    Returns
    -------
    The intervals' numbers row after row, int32 (H), and where each row's begin, int64 (N + 1).
    """
    offsets = np.zeros(n_rows + 2, dtype=np.int64)
    for row in row_of:
        offsets[row + 2] += 1
    for row in range(n_rows):
        offsets[row + 2] += offsets[row + 1]
    order = np.empty(len(row_of), dtype=np.int32)
    for h in range(len(row_of)):
        row = row_of[h]
        order[offsets[row + 1]] = h
        offsets[row + 1] += 1
    return order, offsets[:-1]


@kernel()
def maxima_under(
    signal: np.ndarray, rows: np.ndarray, row_offsets: np.ndarray, starts: np.ndarray, ends: np.ndarray, out: np.ndarray
) -> None:
    """Find the largest value of each channel under intervals, none of them empty; a NaN among them is the largest.

    The arguments are those of :func:`sums_under`. O(sum of the intervals' lengths * C).
    """
    n, n_channels, _ = signal.shape
    for row in range(n):
        for h in rows[row_offsets[row] : row_offsets[row + 1]]:
            for channel in range(n_channels):
                values = signal[row, channel]
                largest = values[starts[h]]
                for i in range(starts[h] + 1, ends[h]):
                    if values[i] > largest or values[i] != values[i]:
                        largest = values[i]
                    if largest != largest:
                        break
                out[h, channel] = largest


@kernel()
def weighted_under(
    signal: np.ndarray,
    rows: np.ndarray,
    row_offsets: np.ndarray,
    starts: np.ndarray,
    weights: np.ndarray,
    weight_offsets: np.ndarray,
    weight_of: np.ndarray,
    out: np.ndarray,
) -> None:
    """Add up a signal over bases times the weight of each base, under each interval.

    Parameters
    ----------
    signal
        float32 or float64 (N, 4, L), C order.
    rows, row_offsets, starts
        As in :func:`sums_under`.
    weights
        float64 (W, 4): matrices, column after column.
    weight_offsets
        int64: matrix k has the columns ``weight_offsets[k]:weight_offsets[k + 1]``, as many as its intervals are long.
    weight_of
        int32: the matrix of each interval.
    out
        (intervals, 1), of the signal's dtype, overwritten for the intervals in ``rows``.
    """
    for row in range(signal.shape[0]):
        values = signal[row]
        for h in rows[row_offsets[row] : row_offsets[row + 1]]:
            first, last = weight_offsets[weight_of[h]], weight_offsets[weight_of[h] + 1]
            total = 0.0
            for j in range(last - first):
                for c in range(4):
                    total += weights[first + j, c] * values[c, starts[h] + j]
            out[h, 0] = total


def warm_up() -> None:
    """Compile every kernel of this module, for both precisions."""
    row, start, end = (np.array([value], dtype=np.int32) for value in (0, 1, 2))
    rows = group_rows(row, 1)
    for dtype in (np.float32, np.float64):
        for kernel_under in (sums_under, maxima_under):
            kernel_under(np.ones((1, 1, 3), dtype=dtype), *rows, start, end, np.zeros((1, 1), dtype=dtype))
    weighted_under(np.ones((1, 4, 3)), *rows, start, np.ones((1, 4)), np.array([0, 1]), row, np.zeros((1, 1)))
