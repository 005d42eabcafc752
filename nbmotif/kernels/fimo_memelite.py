"""FIMO as memelite 0.5 computes it, for comparison: float scores looked up in a table of scores rounded to 0.1 bit.

The table is made from rounded columns and read with the truncated sum of unrounded ones, so it is off by up to half a
bin per column; a word that scores beyond the table's last filled bin has p = 0. Both are kept here.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nbmotif.kernels._jit import kernel

BIN = 0.1
EPS = 1e-4


class MemeliteTable(NamedTuple):
    """Scores and p-values of one motif on one strand.

    Attributes
    ----------
    scores
        float64 (w, 5): log-odds of A, C, G, T and N, which scores 0.
    best_rest
        float64 (w + 1): the best score of the columns from each on.
    threshold
        A hit scores above this float32; infinity where no bin is significant.
    smallest
        The bin of ``p_values[0]``.
    p_values
        float64: the p-value of each bin.
    """

    scores: np.ndarray
    best_rest: np.ndarray
    threshold: float
    smallest: int
    p_values: np.ndarray


def memelite_table(pwm: np.ndarray, threshold: float) -> MemeliteTable:
    """Tables of a PWM (4, w), with a uniform background."""
    scores = np.log2(pwm.T + EPS) - np.log2(0.25)
    bins = np.round(scores / BIN).astype(np.int64)
    smallest = int(np.cumsum(bins.min(axis=1)).min())
    # one spare bin per column, in which the truncated score of the best words may fall: their p is 0
    n_bins = int(np.cumsum(bins.max(axis=1)).max()) + len(bins) - smallest + 1
    pmf = np.ones(1)
    for column in bins:
        of_letter = np.bincount(column - column.min(), minlength=1) / 4
        pmf = np.convolve(pmf, of_letter)
    p_values = np.zeros(n_bins)
    first = int(bins.min(axis=1).sum()) - smallest
    p_values[first : first + len(pmf)] = np.cumsum(pmf[::-1])[::-1]
    p_values[:first] = p_values[first]
    significant = np.flatnonzero(p_values < threshold)
    cut = float(np.float32((significant[0] + smallest) * BIN)) if len(significant) else np.inf
    with_n = np.zeros((len(scores), 5))
    with_n[:, :4] = scores
    best_rest = np.append(0.0, np.cumsum(with_n.max(axis=1)[::-1]))[::-1].copy()
    return MemeliteTable(with_n, best_rest, cut, smallest, p_values)


@kernel()
def memelite_scan(
    letters: np.ndarray,
    boundaries: np.ndarray,
    scores: np.ndarray,
    best_rest: np.ndarray,
    threshold: float,
    found: np.ndarray,
) -> None:
    """Score every window of every sequence in floating point, column after column.

    Parameters
    ----------
    letters
        int8 (L), with one spare letter behind each sequence.
    boundaries
        int64 (N + 1): where each sequence starts.
    scores, best_rest, threshold
        From :func:`memelite_table`.
    found
        float64 (L), overwritten where a window begins that scores above the threshold, with its score.
    """
    width = scores.shape[0]
    for sequence in range(len(boundaries) - 1):
        for position in range(boundaries[sequence], boundaries[sequence + 1] - width):
            score = 0.0
            for j in range(width):
                score += scores[j, letters[position + j]]  # -1 reads the last column, N
                if score + best_rest[j + 1] < threshold - 1e-6:
                    break
            else:
                if score > threshold:
                    found[position] = score


def warm_up() -> None:
    """Compile every kernel of this module."""
    table = memelite_table(np.eye(4)[:, ::-1], 0.1)
    letters, boundaries = np.zeros(9, dtype=np.int8), np.array([0, 9])
    memelite_scan(letters, boundaries, table.scores, table.best_rest, table.threshold, np.empty(9))
