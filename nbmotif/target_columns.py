"""How the columns of a query score against all columns of the targets, and how scores become bins."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from nbmotif.kernels.tomtom_columns import bin_columns, measure_columns
from nbmotif.scratch import Scratch

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Shorts = npt.NDArray[np.int16]

_MEMELITE_TARGET_BINS, _MEMELITE_MEDIAN_BINS = 100, 1000
_SAMPLED = 16  # one in so many columns tells roughly where a median lies


class Binning(NamedTuple):
    """How the scores of a query become integers: its lowest score is bin 0.

    Parameters
    ----------
    lowest
        Lowest score minus its column's median, rounded down.
    scale
        Bins per unit of score.
    """

    lowest: int
    scale: int

    @classmethod
    def of(cls, low: float, high: float, n_bins: int) -> Binning:
        """Choose bins for a query whose scores, less the medians of their columns, are from low to high."""
        lowest = math.floor(low)
        return cls(lowest, math.floor(n_bins / max(high - lowest, 1.0)))

    def holds(self, low: float, high: float, n_bins: int) -> bool:
        """Whether such scores have a bin."""
        return (low - self.lowest) * self.scale > -0.25 and (high - self.lowest) * self.scale < n_bins + 0.25

    @property
    def offset(self) -> int:
        """Score of a column that is not aligned: that of a median match."""
        return -self.lowest * self.scale


class Columns(Protocol):
    """Columns of the targets, against which those of queries score."""

    def score(self, query: Floats, n_bins: int, rows: Shorts, pmfs: Floats, given: Binning | None = None) -> Binning:
        """Overwrite rows (w, E) and pmfs (w, n_bins + 1) with the integer scores of a query, and say how they came.

        With bins that are given, and do not hold its scores, rows and pmfs are left alone. See
        :func:`nbmotif.kernels.tomtom_columns.bin_columns`.
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

    def score(self, query: Floats, n_bins: int, rows: Shorts, pmfs: Floats, given: Binning | None = None) -> Binning:
        """Overwrite rows (w, E) and pmfs (w, n_bins + 1) with the integer scores of a query, and say how they came."""
        n = len(self._columns)
        squares = self._scratch.take("squares", (len(query), n), np.float32)
        row, (medians, doubts) = self._scratch.take("row", (n,), np.float64), np.empty((2, len(query)))
        targets = self._columns, self._rough, self._sample
        sample = self._scratch.take("sample", self._sample.shape[1:], np.float32)
        found, entries = self._scratch.take("found", (2, n + 1), np.int32)
        low, high = measure_columns(query, *targets, squares, row, sample, found, medians, doubts)
        binning = given or self._choose_bins(query, low, high, medians, float(doubts.max()), n_bins)
        # bins that were chosen for these scores hold them, whatever those of single precision, of large numbers, say
        if given is None or binning.holds(low, high, n_bins):
            scratch = found, entries, self._scratch.take("counts", (n_bins + 1,), np.int32)
            bin_columns(query, self._columns, squares, medians, doubts, *binning, self._blocks, *scratch, rows, pmfs)
        return binning

    def _choose_bins(
        self, query: Floats, low: float, high: float, medians: Floats, doubt: float, n_bins: int
    ) -> Binning:
        """Choose how scores become integers: as scores in double precision say, where those of single leave doubt."""
        wider = Binning.of(low - doubt, high + doubt, n_bins)
        if wider == Binning.of(low + doubt, high - doubt, n_bins):
            return wider
        scores = exact_scores(query, self._columns[:, :4].T, self._columns[:, 4]) - medians[:, None]
        return Binning.of(float(scores.min()), float(scores.max()), n_bins)


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

    def score(self, query: Floats, n_bins: int, rows: Shorts, pmfs: Floats, given: Binning | None = None) -> Binning:
        """Overwrite rows (w, E) and pmfs (w, n_bins + 1) with the integer scores of a query, and say how they came."""
        scores = exact_scores(query, self._columns, self._norms)
        lows, highs = scores.min(axis=1), scores.max(axis=1)
        medians = np.array([self._median(*of_column) for of_column in zip(scores, lows, highs, strict=True)])
        binning = given or Binning.of(float((lows - medians).min()), float((highs - medians).max()), n_bins)
        bins = np.floor((scores - (medians + binning.lowest)[:, None]) * binning.scale + 0.5)
        bins = np.clip(bins, 0, n_bins).astype(np.int64)
        for row, pmf, of_column in zip(rows, pmfs, bins, strict=True):
            row[self._entries] = (of_column - binning.offset)[self._column_of]
            pmf[:] = np.bincount(of_column, self._counts, minlength=n_bins + 1) / len(self._column_of)
        return binning

    def _median(self, scores: Floats, low: float, high: float) -> float:
        """Approximate the median by the mean of the scores in the bin that holds it."""
        if high == low:
            return low
        bins = ((scores - low) / (high - low) * (_MEMELITE_MEDIAN_BINS - 1)).astype(np.int64)
        kept = np.bincount(bins, self._counts)
        middle = int(np.searchsorted(np.cumsum(kept), kept.sum() / 2))
        return float(np.bincount(bins, scores * self._counts)[middle] / kept[middle])


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
