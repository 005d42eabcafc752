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
COARSE = 32
# how far that look goes: 128 bits below the best word
COARSE_BOUND = 2047
# beginnings of words that are listed one by one, before a table of all sums takes over
_MOST_LISTED = 1024


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
    budgets, p_values = tails(losses, column_offsets, background, threshold)
    return FimoTables(
        column_offsets=column_offsets,
        losses=np.stack([losses, losses[_reversed_columns(column_offsets), ::-1]]),
        tops=np.add.reduceat(best, column_offsets[:-1]),
        budgets=budgets,
        p_offsets=np.concatenate([[0], np.cumsum(budgets + 1)]),
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


def tails(
    losses: np.ndarray, column_offsets: np.ndarray, background: np.ndarray, threshold: float
) -> tuple[np.ndarray, np.ndarray]:
    """Compute the p-value of every loss below the threshold, for each motif.

    Losses are never negative, so the chance to lose at most B only needs partial sums up to B: the tables stop at the
    threshold and never see the bulk of the distribution. A rough look, with every entry divided by ``COARSE`` and
    rounded down, finds a B that is not much too large: its sums are at most w steps of ``COARSE`` too small.

    Parameters
    ----------
    losses
        int32 (W, 4).
    column_offsets
        int64 (M + 1).
    background
        float64 (4).
    threshold
        P-values at or above it are left out.

    Returns
    -------
    ``budgets`` int64 (M) and ``p_values`` float64, as in :class:`FimoTables`.
    """
    widths = np.diff(column_offsets)
    worst = np.where(losses < IMPOSSIBLE, losses, 0).max(axis=1)
    largest = np.add.reduceat(worst, column_offsets[:-1], dtype=np.int64)
    # the order of columns does not change a sum; where the strictest come first, fewest words are left to list
    motif_of_column = np.repeat(np.arange(len(widths)), widths)
    strictness = np.minimum(losses, COARSE * COARSE_BOUND).sum(axis=1)
    ordered = losses[np.lexsort((-strictness, motif_of_column))]
    rough, _ = _p_values_up_to(
        np.full(len(widths), COARSE_BOUND), ordered // COARSE, column_offsets, background, threshold
    )
    bounds = np.where(rough < COARSE_BOUND, np.minimum(largest, COARSE * (rough + 1 + widths)), largest)
    return _p_values_up_to(bounds, ordered, column_offsets, background, threshold)


def _p_values_up_to(
    bounds: np.ndarray, losses: np.ndarray, column_offsets: np.ndarray, background: np.ndarray, threshold: float
) -> tuple[np.ndarray, np.ndarray]:
    words, chances = np.empty((2, 4 * _MOST_LISTED), dtype=np.int64), np.empty((2, 4 * _MOST_LISTED))
    budgets, scratch = np.empty_like(bounds), np.empty((2, 2 * (int(bounds.max()) + 1)))
    # room for all bounds; what the budgets do not need is never touched, so it costs no memory
    p_values = np.empty((bounds + 1).sum())
    given = losses, column_offsets, background, threshold, bounds
    n_kept = p_values_up_to(*given, words, chances, scratch, budgets, p_values)
    return budgets, p_values[:n_kept]


@kernel()
def p_values_up_to(
    losses: np.ndarray,
    column_offsets: np.ndarray,
    background: np.ndarray,
    threshold: float,
    bounds: np.ndarray,
    words: np.ndarray,
    chances: np.ndarray,
    scratch: np.ndarray,
    budgets: np.ndarray,
    p_values: np.ndarray,
) -> int:
    """Compute the p-values of losses 0, 1, … of each motif, as long as they are below the threshold.

    The words that a motif's first columns can begin with are listed with their losses and chances, as long as few of
    them stay within the bound; the other columns are convolved, O(4 * bound) each.

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
    bounds
        int64 (M): larger losses are not looked at.
    words, chances, scratch
        int64 and float64 (2, 4 * _MOST_LISTED), and float64 (2, 2 * (largest bound + 1)), overwritten.
    budgets
        int64 (M), overwritten: the largest loss with such a p-value, or -1.
    p_values
        float64, long enough for all bounds, overwritten: the p-values, motif after motif.

    Returns
    -------
    The number of p-values.
    """
    n_kept = 0
    for m in range(len(bounds)):
        last, size = column_offsets[m + 1], bounds[m] + 1
        # zeros before the values, so that a look back by any loss finds a value and the loop needs no branch
        before, after = scratch[0], scratch[1]
        for i in range(2 * size):
            before[i] = 0.0
        column = _add_words(losses, column_offsets[m], last, background, words, chances, before[size : 2 * size])
        for i in range(size if column < last else 0):
            after[i] = 0.0
        for j in range(column, last):
            _add_column(losses[j], background, before, after, size)
            before, after = after, before
        p = 0.0
        budgets[m] = size - 1
        for i in range(size):
            if before[size + i] > 0:  # few losses can occur in a narrow motif, and a sum is slow to wait for
                p += before[size + i]
                if p >= threshold:
                    budgets[m] = i - 1
                    break
            p_values[n_kept + i] = p
        n_kept += budgets[m] + 1
    return n_kept


@kernel()
def _add_words(
    losses: np.ndarray,
    first: int,
    last: int,
    background: np.ndarray,
    words: np.ndarray,
    chances: np.ndarray,
    total: np.ndarray,
) -> int:
    """Add up, by loss, the chances of the words of a motif's first columns, of as many as are worth listing.

    ``words`` and ``chances``, two rows each, are overwritten: the words of one column are made from those before it.

    Returns
    -------
    The first column that the words do not reach.
    """
    size = len(total)
    shorter, longer = 0, 1
    words[shorter, 0], chances[shorter, 0] = 0, 1.0
    n, column = 1, first
    while column < last and n <= _MOST_LISTED and 8 * n <= size:
        n_longer = 0
        for c in range(4):
            for word in range(n):
                loss = words[shorter, word] + losses[column, c]
                if loss < size:
                    words[longer, n_longer] = loss
                    chances[longer, n_longer] = chances[shorter, word] * background[c]
                    n_longer += 1
        shorter, longer = longer, shorter
        n, column = n_longer, column + 1
    for word in range(n):
        total[words[shorter, word]] += chances[shorter, word]
    return column


@kernel()
def _add_column(losses: np.ndarray, background: np.ndarray, before: np.ndarray, after: np.ndarray, size: int) -> None:
    """Convolve the chances of losses with one column's."""
    a, c, g, t = background[0], background[1], background[2], background[3]
    target = after[size : 2 * size]
    of_a = before[size - min(losses[0], size) :]
    of_c = before[size - min(losses[1], size) :]
    of_g = before[size - min(losses[2], size) :]
    of_t = before[size - min(losses[3], size) :]
    for i in range(size):
        target[i] = a * of_a[i] + c * of_c[i] + g * of_g[i] + t * of_t[i]


def warm_up() -> None:
    """Compile every kernel of this module."""
    fimo_tables([np.eye(4)], np.full(4, 0.25), 4e-4, 0.1)
