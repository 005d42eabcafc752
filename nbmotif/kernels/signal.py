"""Weighted sums of a signal under many intervals."""

from __future__ import annotations

import numpy as np

from nbmotif.kernels._jit import kernel


@kernel()
def weighted_under(
    signal: np.ndarray,
    rows: np.ndarray,
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
        float64 (N, 4, L), C order.
    rows, starts
        int32 (H): sequence and start of each interval.
    weights
        float64 (W, 4): matrices, column after column.
    weight_offsets
        int64: matrix k has the columns ``weight_offsets[k]:weight_offsets[k + 1]``, as many as its intervals are long.
    weight_of
        int32 (H): the matrix of each interval.
    out
        float64 (H), any order of strides, overwritten.
    """
    for h in range(rows.shape[0]):
        values, first = signal[rows[h]], weight_offsets[weight_of[h]]
        total = 0.0
        for j in range(weight_offsets[weight_of[h] + 1] - first):
            for c in range(4):
                total += weights[first + j, c] * values[c, starts[h] + j]
        out[h] = total


def warm_up() -> None:
    """Compile every kernel of this module."""
    one = np.zeros(1, dtype=np.int32)
    weighted_under(np.ones((1, 4, 3)), one, one, np.ones((1, 4)), np.array([0, 1]), one, np.empty((1, 1))[:, 0])
