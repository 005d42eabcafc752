"""Sums of a signal under many intervals, by running totals."""

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
    total = np.zeros(length + 1, dtype=np.float64)
    for row in range(n):
        intervals = rows[row_offsets[row] : row_offsets[row + 1]]
        if len(intervals) == 0:
            continue
        for channel in range(n_channels):
            values = signal[row, channel]
            for i in range(length):
                total[i + 1] = total[i] + values[i]
            if np.isfinite(total[length]):
                for h in intervals:
                    out[h, channel] = total[ends[h]] - total[starts[h]]
            else:
                for h in intervals:
                    value = 0.0
                    for i in range(starts[h], ends[h]):
                        value += values[i]
                    out[h, channel] = value


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


def warm_up() -> None:
    """Compile every kernel of this module, for both precisions."""
    row, start, end = (np.array([value], dtype=np.int32) for value in (0, 1, 2))
    for dtype in (np.float32, np.float64):
        sums_under(np.ones((1, 1, 3), dtype=dtype), *group_rows(row, 1), start, end, np.zeros((1, 1), dtype=dtype))
