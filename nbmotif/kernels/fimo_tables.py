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
# steps per step of the first, rough look at a motif's distribution
COARSE = 16
# how far that look goes: 32 bits below the best word
COARSE_BOUND = 1023


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
    losses = np.minimum(best[:, None] - scores, IMPOSSIBLE).astype(np.int32, order="C")
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
    bounds = np.empty(n_motifs, dtype=np.int64)
    scratch = np.empty((2, 2 * (COARSE_BOUND + 1)), dtype=np.float64)
    total = widest = 0
    for m in range(n_motifs):
        bounds[m] = _bound_of_losses(losses[column_offsets[m] : column_offsets[m + 1]], background, threshold, scratch)
        total += bounds[m] + 1
        widest = max(widest, bounds[m])
    # room for all bounds; what the budgets do not need is never touched, so it costs no memory
    p_values = np.empty(total, dtype=np.float64)
    budgets = np.empty(n_motifs, dtype=np.int64)
    p_offsets = np.zeros(n_motifs + 1, dtype=np.int64)
    scratch = np.empty((2, 2 * (widest + 1)), dtype=np.float64)
    n_kept = 0
    for m in range(n_motifs):
        chances = _chances(losses[column_offsets[m] : column_offsets[m + 1]], background, bounds[m], scratch)
        n_below = _accumulate(chances, threshold, p_values[n_kept:])
        n_kept += n_below
        budgets[m] = n_below - 1
        p_offsets[m + 1] = n_kept
    return budgets, p_offsets, p_values[:n_kept]


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
def _bound_of_losses(motif: np.ndarray, background: np.ndarray, threshold: float, scratch: np.ndarray) -> int:
    """Find a loss, not much above the smallest, that a random window stays below with at least the threshold's chance.

    With every entry divided by ``COARSE`` and rounded down, sums are at most w steps of ``COARSE`` too small.
    """
    width = motif.shape[0]
    coarse = np.empty((width, 4), dtype=np.int32)
    for j in range(width):
        for c in range(4):
            coarse[j, c] = motif[j, c] // COARSE
    largest = _largest_possible_loss(motif)
    chances = _chances(coarse, background, COARSE_BOUND, scratch)
    n_below = _accumulate(chances, threshold, chances)
    return min(largest, COARSE * (n_below + width)) if n_below <= COARSE_BOUND else largest


@kernel()
def _chances(motif: np.ndarray, background: np.ndarray, bound: int, scratch: np.ndarray) -> np.ndarray:
    """Compute the chance that a random window loses exactly 0, 1, …, bound steps: float64 (bound + 1), in scratch."""
    size = bound + 1
    # zeros before the values, so that a look back by any loss finds a value and the loop needs no branch
    before, after = scratch[0], scratch[1]
    for i in range(2 * size):
        before[i] = after[i] = 0.0
    before[size] = 1.0
    a, c, g, t = background[0], background[1], background[2], background[3]
    for j in range(motif.shape[0]):
        target = after[size : 2 * size]
        of_a = before[size - min(motif[j, 0], size) :]
        of_c = before[size - min(motif[j, 1], size) :]
        of_g = before[size - min(motif[j, 2], size) :]
        of_t = before[size - min(motif[j, 3], size) :]
        for i in range(size):
            target[i] = a * of_a[i] + c * of_c[i] + g * of_g[i] + t * of_t[i]
        before, after = after, before
    chances: np.ndarray = before[size : 2 * size]
    return chances


@kernel()
def _accumulate(chances: np.ndarray, threshold: float, p_values: np.ndarray) -> int:
    """Add chances up to p-values as long as these are below the threshold, and count them."""
    p = 0.0
    for i in range(len(chances)):
        p += chances[i]
        if p >= threshold:
            return i
        p_values[i] = p
    return len(chances)


def warm_up() -> None:
    """Compile every kernel of this module."""
    fimo_tables([np.eye(4)], np.full(4, 0.25), 4e-4, 0.1)
