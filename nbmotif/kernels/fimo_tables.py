"""Exact p-values of a PWM: integer scores, and the distribution of what a window loses against the best one.

A score is a sum of integers, one per column, in steps of ``RESOLUTION`` bits. A window's *loss* is how many steps it
stays below the best score that the motif can reach, so the best window loses 0. The p-value of a window is the chance
that a random window loses no more. Window and distribution come from the same integers, as in MEME, so they agree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nbmotif.kernels._jit import kernel

if TYPE_CHECKING:
    from collections.abc import Sequence

# a power of two, so that every score is exact as float32; fine enough that rounding moves next to no hit
RESOLUTION = 1 / 512
# what a letter of probability 0 loses: more than any hit may, and the sum over 100 columns still fits int32
IMPOSSIBLE = 1 << 24


class FimoTables(NamedTuple):
    """What a scan needs to know of M motifs with W columns in all.

    Attributes
    ----------
    column_offsets
        int64 (M + 1): motif m has the columns ``column_offsets[m]:column_offsets[m + 1]``.
    losses
        int32 (2, W, 4): steps that each letter loses in each column; first the motifs, then their reverse complements.
    tops
        int64 (M): the best score of each motif, in steps.
    budgets
        int64 (M): the largest loss with p below the threshold; -1 where even the best window is not significant.
    p_offsets
        int64 (M + 1): the p-values of motif m are ``p_values[p_offsets[m]:p_offsets[m + 1]]``.
    p_values
        float64: the p-value of loss 0, 1, … up to the budget, motif after motif.
    """

    column_offsets: np.ndarray
    losses: np.ndarray
    tops: np.ndarray
    budgets: np.ndarray
    p_offsets: np.ndarray
    p_values: np.ndarray

    @property
    def widths(self) -> np.ndarray:
        """The number of columns of each motif, int64 (M)."""
        return np.diff(self.column_offsets)

    @property
    def palindromes(self) -> np.ndarray:
        """Whether each motif's scores are the same on both strands, bool (M)."""
        differs = (self.losses[0] != self.losses[1]).any(axis=1)
        same: np.ndarray = np.add.reduceat(differs, self.column_offsets[:-1], dtype=np.int64) == 0
        return same


def fimo_tables(pwms: Sequence[np.ndarray], background: np.ndarray, pseudocount: float, threshold: float) -> FimoTables:
    """Integer scores and p-values of motifs.

    Parameters
    ----------
    pwms
        Probabilities, each (4, w).
    background
        float64 (4): probability of each letter in a random window, all positive.
    pseudocount
        Weight of the background in each column: f becomes ``(f + pseudocount * background) / (1 + pseudocount)``.
    threshold
        P-values are kept below this.

    Returns
    -------
    The tables.

    References
    ----------
    Staden 1989 (p-values by dynamic programming); Grant, Bailey, Noble 2011 (FIMO).
    """
    column_offsets = np.concatenate([[0], np.cumsum([pwm.shape[1] for pwm in pwms])]).astype(np.int64)
    columns = np.concatenate(pwms, axis=1).T  # (W, 4)
    scores = integer_scores(columns, background, pseudocount)
    best = scores.max(axis=1)
    losses = np.minimum(best[:, None] - scores, IMPOSSIBLE).astype(np.int32)
    budgets, p_offsets, p_values = tails(losses, column_offsets, background, threshold)
    return FimoTables(
        column_offsets=column_offsets,
        losses=np.stack([losses, losses[_reversed_columns(column_offsets), ::-1]]),
        tops=np.add.reduceat(best, column_offsets[:-1]),
        budgets=budgets,
        p_offsets=p_offsets,
        p_values=p_values,
    )


def integer_scores(columns: np.ndarray, background: np.ndarray, pseudocount: float) -> np.ndarray:
    """Log-odds in steps of ``RESOLUTION`` bits, rounded: int64 (W, 4) of probabilities (W, 4)."""
    smoothed = (columns + pseudocount * background) / (1 + pseudocount)
    with np.errstate(divide="ignore"):
        steps = np.rint(np.log2(smoothed / background) / RESOLUTION)
    capped: np.ndarray = np.maximum(steps, -IMPOSSIBLE).astype(np.int64)
    return capped


def _reversed_columns(column_offsets: np.ndarray) -> np.ndarray:
    """Find the index of each column's mirror image inside its own motif."""
    widths = np.diff(column_offsets)
    return np.repeat(column_offsets[:-1] + column_offsets[1:] - 1, widths) - np.arange(column_offsets[-1])


@kernel()
def tails(
    losses: np.ndarray, column_offsets: np.ndarray, background: np.ndarray, threshold: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compute the p-value of every loss below the threshold, for each motif.

    Losses are never negative, so the chance to lose at most B only needs partial sums up to B: the tables stop at the
    threshold and never see the bulk of the distribution. O(w * 4 * budget) per motif.

    Parameters
    ----------
    losses
        int32 (W, 4), C order.
    column_offsets
        int64 (M + 1).
    background
        float64 (4).
    threshold
        P-values at or above it are left out.

    Returns
    -------
    ``budgets`` int64 (M), ``p_offsets`` int64 (M + 1) and ``p_values`` float64, as in :class:`FimoTables`.
    """
    n_motifs = len(column_offsets) - 1
    budgets = np.empty(n_motifs, dtype=np.int64)
    p_offsets = np.zeros(n_motifs + 1, dtype=np.int64)
    p_values = np.empty(4096, dtype=np.float64)
    n_kept = 0
    for m in range(n_motifs):
        motif = losses[column_offsets[m] : column_offsets[m + 1]]
        largest = _largest_possible_loss(motif)
        bound = min(largest, 4095)
        p = _cumulative(motif, background, bound)
        while p[bound] < threshold and bound < largest:
            bound = min(largest, 2 * bound + 1)
            p = _cumulative(motif, background, bound)
        n_below = 0
        while n_below <= bound and p[n_below] < threshold:
            n_below += 1
        if n_kept + n_below > len(p_values):
            grown = np.empty(2 * (n_kept + n_below), dtype=np.float64)
            for i in range(n_kept):
                grown[i] = p_values[i]
            p_values = grown
        for i in range(n_below):
            p_values[n_kept + i] = p[i]
        n_kept += n_below
        budgets[m] = n_below - 1
        p_offsets[m + 1] = n_kept
    return budgets, p_offsets, p_values[:n_kept].copy()


@kernel()
def _largest_possible_loss(motif: np.ndarray) -> int:
    """Find the largest loss of a window that holds no impossible letter."""
    total = 0
    for j in range(motif.shape[0]):
        worst = 0
        for c in range(4):
            if motif[j, c] < IMPOSSIBLE:
                worst = max(worst, motif[j, c])
        total += worst
    return total


@kernel()
def _cumulative(motif: np.ndarray, background: np.ndarray, bound: int) -> np.ndarray:
    """Compute the chance that a random window loses at most 0, 1, …, bound steps: float64 (bound + 1)."""
    p = np.zeros(bound + 1, dtype=np.float64)
    p[0] = 1.0
    reached = 0  # no window loses more so far
    for j in range(motif.shape[0]):
        after = np.zeros(bound + 1, dtype=np.float64)
        widest = 0
        for c in range(4):
            loss = motif[j, c]
            weight = background[c]
            if loss <= bound:
                widest = max(widest, loss)
                n = min(reached, bound - loss) + 1
                target = after[loss : loss + n]
                source = p[:n]
                for i in range(n):
                    target[i] += weight * source[i]
        reached = min(bound, reached + widest)
        p = after
    for i in range(bound):
        p[i + 1] += p[i]
    return p


def warm_up() -> None:
    """Compile every kernel of this module."""
    fimo_tables([np.eye(4)], np.full(4, 0.25), 4e-4, 0.1)
