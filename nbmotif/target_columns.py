"""How the columns of a query score against all columns of the targets, and how scores become bins."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from nbmotif.kernels.tomtom_columns import score_columns
from nbmotif.scratch import Scratch

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Shorts = npt.NDArray[np.int16]

_MEMELITE_TARGET_BINS, _MEMELITE_MEDIAN_BINS = 100, 1000
_SAMPLED = 16  # one in so many columns tells roughly where a median lies


class Binning(NamedTuple):
    """How the scores of some queries become integers: a query's lowest score is bin 0.

    Parameters
    ----------
    lowest
        Lowest score of each query minus its column's median, rounded down, shape (Q,).
    scale
        Bins per unit of score, shape (Q,).
    """

    lowest: Ints
    scale: Ints

    @classmethod
    def empty(cls, n_queries: int) -> Binning:
        """Leave room for the answers of :func:`nbmotif.kernels.tomtom_columns.score_columns`."""
        return cls(np.empty(n_queries, np.int64), np.empty(n_queries, np.int64))

    @classmethod
    def of(cls, low: float, high: float, n_bins: int) -> Binning:
        """Choose bins for a query whose scores, less the medians of their columns, are from low to high."""
        lowest = math.floor(low)
        return cls(np.array([lowest]), np.array([math.floor(n_bins / max(high - lowest, 1.0))]))

    @property
    def offsets(self) -> Ints:
        """Score of a query column that is not aligned: that of a median match."""
        return -self.lowest * self.scale


class Columns(Protocol):
    """Columns of the targets, against which those of queries score."""

    def score(
        self, query: Floats, starts: Ints, n_bins: int, rows: Shorts, pmfs: Floats, given: Binning | None = None
    ) -> Binning:
        """Overwrite rows (w, E) and pmfs (w, n_bins + 1) with the integer scores of queries, and say how they came.

        See :func:`nbmotif.kernels.tomtom_columns.score_columns`.
        """


class MemeColumns:
    """Every column counts, and medians are exact: TOMTOM as MEME defines it.

    Parameters
    ----------
    columns
        In the order of the blocks, float64 of shape (4, n).
    blocks
        From :class:`nbmotif.targets.Layout`.
    """

    def __init__(self, columns: Floats, blocks: Ints) -> None:
        self._columns = np.ascontiguousarray(np.vstack([columns, (columns**2).sum(axis=0)]).T)  # (n, 5)
        self._rough, self._blocks = np.ascontiguousarray(columns, np.float32), blocks
        self._sample = np.ascontiguousarray(self._rough[:, ::_SAMPLED])
        self._scratch = Scratch()

    def score(
        self, query: Floats, starts: Ints, n_bins: int, rows: Shorts, pmfs: Floats, given: Binning | None = None
    ) -> Binning:
        """Overwrite rows (w, E) and pmfs (w, n_bins + 1) with the integer scores of queries, and say how they came."""
        widest = int(np.diff(starts).max())
        squares = self._scratch.take("squares", (widest, len(self._columns)), np.float32)
        found = given or Binning.empty(len(starts) - 1)
        targets = self._columns, self._rough, self._sample, self._blocks
        score_columns(query, starts, *targets, given is not None, *found, squares, rows, pmfs)
        for i in np.flatnonzero(found.scale == 0) if given is None else ():
            one = slice(starts[i], starts[i + 1])
            scores = exact_scores(query[one], self._columns[:, :4].T, self._columns[:, 4])
            medians = np.sort(scores, axis=1)[:, _middle(scores.shape[1])].mean(axis=1)
            exact = Binning.of((scores.min(axis=1) - medians).min(), (scores.max(axis=1) - medians).max(), n_bins)
            found.lowest[i], found.scale[i] = exact.lowest[0], exact.scale[0]
            self.score(query[one], np.array([0, one.stop - one.start]), n_bins, rows[one], pmfs[one], exact)
        return found


class MemeliteColumns:
    """Similar columns are merged and medians are approximate, as in memelite 0.5.

    Parameters
    ----------
    columns
        All columns, float64 of shape (4, n), forward strands first.
    entries
        Which entries of the blocks are columns, and which column each is.
    """

    def __init__(self, columns: Floats, in_blocks: Ints) -> None:
        kept, merged, self._counts = _merge_columns(columns, _MEMELITE_TARGET_BINS)
        self._columns, self._norms = columns[:, kept], (columns**2).sum(axis=0)[kept]
        self._entries = in_blocks >= 0
        self._column_of = merged[in_blocks[self._entries]]

    def score(
        self, query: Floats, starts: Ints, n_bins: int, rows: Shorts, pmfs: Floats, given: Binning | None = None
    ) -> Binning:
        """Overwrite rows (w, E) and pmfs (w, n_bins + 1) with the integer scores of queries, and say how they came."""
        found = given or Binning.empty(len(starts) - 1)
        for i, (start, end) in enumerate(itertools.pairwise(starts)):
            scores = exact_scores(query[start:end], self._columns, self._norms)
            lows, highs = scores.min(axis=1), scores.max(axis=1)
            medians = np.array([self._median(*of_column) for of_column in zip(scores, lows, highs, strict=True)])
            if given is None:
                chosen = Binning.of((lows - medians).min(), (highs - medians).max(), n_bins)
                found.lowest[i], found.scale[i] = chosen.lowest[0], chosen.scale[0]
            bins = np.floor((scores - (medians + found.lowest[i])[:, None]) * found.scale[i] + 0.5)
            bins = np.clip(bins, 0, n_bins).astype(np.int64)
            for column, of_column in zip(range(start, end), bins, strict=True):
                rows[column, self._entries] = (of_column - found.offsets[i])[self._column_of]
                pmfs[column] = np.bincount(of_column, self._counts, minlength=n_bins + 1) / len(self._column_of)
        return found

    def _median(self, scores: Floats, low: float, high: float) -> float:
        """Approximate the median by the mean of the scores in the bin that holds it."""
        if high == low:
            return low
        bins = ((scores - low) / (high - low) * (_MEMELITE_MEDIAN_BINS - 1)).astype(np.int64)
        kept = np.bincount(bins, self._counts)
        middle = int(np.searchsorted(np.cumsum(kept), kept.sum() / 2))
        return float(np.bincount(bins, scores * self._counts)[middle] / kept[middle])


def _middle(n: int) -> list[int]:
    """Ranks whose mean MEME takes as the median of n scores, the lowest being 0."""
    return [max(n // 2 - 1, 0), max(-(-n // 2) - 1, 0)]


def exact_scores(query: Floats, columns: Floats, norms: Floats) -> Floats:
    """Score columns of shapes (w, 4) and (4, n) by their negated distance, shape (w, n).

    The square is expanded and its terms are subtracted in this order because memelite does: near the edge of a bin, a
    different rounding would be a different integer.
    """
    squares: Floats = (query[:, 0] ** 2 + query[:, 1] ** 2 + query[:, 2] ** 2 + query[:, 3] ** 2)[:, None] + norms
    for letter in range(4):
        squares -= 2 * query[:, letter, None] * columns[letter]
    return -np.sqrt(np.maximum(squares, 0.0))


def _merge_columns(columns: Floats, n_bins: int) -> tuple[Ints, Ints, Ints]:
    """Choose the columns to keep, and say which of them each column is and how many columns each stands for.

    Columns whose four values fall in the same bins are merged into the first, as memelite does.
    """
    low, high = columns.min(axis=1, keepdims=True), columns.max(axis=1, keepdims=True)
    high[high == low] += 1
    places = np.around((columns - low) / (high - low) * (n_bins - 1))
    codes = n_bins ** np.arange(4) @ places
    _, kept, merged, counts = np.unique(codes, return_index=True, return_inverse=True, return_counts=True)
    return kept, merged, counts
