"""The target side of TOMTOM: the columns of a motif database, and its motifs laid side by side."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from nbmotif.kernels.tomtom import bin_scores, binned_median, column_scores, median

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

_SIDE_BY_SIDE = 128  # motifs of a block: it and its sums stay near the processor
_PADDING = 3  # columns of zeros before and behind each block
_MEMELITE_TARGET_BINS, _MEMELITE_MEDIAN_BINS = 100, 1000
_MEDIAN_BINS = 1024  # of one round of the exact search


@dataclass(frozen=True)
class Layout:
    """Motifs laid out in blocks of equal width, one per lane; see :mod:`nbmotif.kernels.tomtom`.

    Parameters
    ----------
    blocks
        First entry, width, lanes and place of each block, shape (B, 4).
    lanes
        First entry, columns and lanes of the block of each motif, by strand, shape (strands, M, 3).
    slots
        Place of each motif among the best scores, shape (M,).
    column
        Which of the strands' concatenated columns each entry is, shape (E,); -1 for padding.
    """

    blocks: Ints
    lanes: Ints
    slots: Ints
    column: Ints

    @classmethod
    def of(cls, widths: Ints, n_strands: int) -> Layout:
        """Lay out motifs of these widths."""
        strand = np.arange(n_strands)[:, None]
        first_column = np.cumsum(widths) - widths + strand * widths.sum()  # (strands, M)
        lanes, slots = np.empty((n_strands, len(widths), 3), np.int64), np.empty(len(widths), np.int64)
        blocks, pieces = [], []
        base = place = 0
        for width in np.unique(widths):
            same = np.flatnonzero(widths == width)
            for members in np.array_split(same, -(-len(same) // _SIDE_BY_SIDE)):
                n = len(members)
                padding = np.full(_PADDING * n_strands * n, -1)
                base += len(padding)
                blocks.append((base, width, n_strands * n, place))
                block = first_column[:, members].ravel() + np.arange(width)[:, None]
                pieces += [padding, block.ravel(), padding]
                slots[members] = place + np.arange(n)
                lanes[:, members, 0] = base + strand * n + np.arange(n)
                lanes[:, members, 1:] = width, n_strands * n
                base, place = base + block.size + len(padding), place + n
        return cls(np.array(blocks), lanes, slots, np.concatenate(pieces))

    @property
    def n_strands(self) -> int:
        """Strands of each motif."""
        return len(self.lanes)

    def scratch(self, query_width: int, dtype: Any) -> npt.NDArray[Any]:
        """Room for the sums of the alignments of one query with one block."""
        return np.empty(int(((self.blocks[:, 1] + query_width - 1) * self.blocks[:, 2]).max()), dtype)


@dataclass(frozen=True)
class Binning:
    """How the scores of a query's columns become integers: the lowest score is bin 0.

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
    def of(cls, ends: Floats, medians: Floats, n_bins: int) -> Binning:
        """Choose bins for columns whose lowest and highest scores are ``ends``, shape (w, 2)."""
        lowest = math.floor((ends[:, 0] - medians).min())
        highest = (ends[:, 1] - medians).max()
        return cls(lowest, math.floor(n_bins / max(highest - lowest, 1.0)))

    @property
    def offset(self) -> int:
        """Score of a query column that is not aligned: that of a median match."""
        return -self.lowest * self.scale


@dataclass(frozen=True)
class Scored:
    """Binned scores of some query columns against all targets.

    Parameters
    ----------
    binning
        How they were binned.
    rows
        Scores minus the offset by entry, int16 of shape (w, E).
    pmfs
        Their distribution over the columns of the targets, shape (w, n_bins + 1): the null of one column.
    tops
        Highest bin that occurs, shape (w,).
    """

    binning: Binning
    rows: npt.NDArray[np.int16]
    pmfs: Floats
    tops: Ints


class Targets:
    """A motif database made ready for queries.

    Parameters
    ----------
    pwms
        The motifs, each float64 of shape (4, w).
    both_strands
        Whether queries are compared with the reverse complements too.
    n_bins
        Bins of a column's score.
    like_memelite
        Merge similar columns and approximate medians as memelite 0.5 does.
    """

    def __init__(self, pwms: Sequence[Floats], both_strands: bool, n_bins: int, like_memelite: bool) -> None:
        self.n_bins, self.like_memelite = n_bins, like_memelite
        widths = np.array([pwm.shape[1] for pwm in pwms])
        self.layout = Layout.of(widths, 2 if both_strands else 1)
        self.widths, self.width_of = np.unique(widths, return_inverse=True)
        strands = [*pwms, *(pwm[::-1, ::-1] for pwm in pwms)] if both_strands else list(pwms)
        columns = np.concatenate(strands, axis=1)
        by_block = self.layout.column[self.layout.column >= 0]
        if like_memelite:
            kept, merged, self._counts = _merge_columns(columns, _MEMELITE_TARGET_BINS)
            self._merged = merged[by_block]
        else:
            kept = by_block
        self._columns = np.ascontiguousarray(columns[:, kept])
        self._norms = (columns**2).sum(axis=0)[kept]
        self._letter_sets: dict[tuple[int, int], Scored] = {}

    @property
    def n_targets(self) -> int:
        """Number of motifs."""
        return len(self.width_of)

    def score(self, query: Floats) -> Scored:
        """Score the columns of a query, shape (4, w), against all targets."""
        scores, ends, medians = self._scores(query)
        return self._binned(scores, medians, Binning.of(ends, medians, self.n_bins))

    def score_letters(self, present: Sequence[int]) -> Scored:
        """Score the four letters, binned as for a one-hot query made of the letters ``present``; kept for next time."""
        scores, ends, medians = self._letters
        letters = list(present)
        binning = Binning.of(ends[letters], medians[letters], self.n_bins)
        key = (binning.lowest, binning.scale)
        if key not in self._letter_sets:
            self._letter_sets[key] = self._binned(scores, medians, binning)
        return self._letter_sets[key]

    @cached_property
    def _letters(self) -> tuple[Floats, Floats, Floats]:
        scores, ends, medians = self._scores(np.eye(4))
        return scores.copy(), ends, medians

    def _scores(self, query: Floats) -> tuple[Floats, Floats, Floats]:
        """Scores against the columns, block after block (w, n), their ends (w, 2) and medians (w,).

        The scores may lie in memory that the next query overwrites.
        """
        scores = _scratch.take(query.shape[1], len(self._norms))
        column_scores(np.ascontiguousarray(query.T), self._columns, self._norms, scores)
        ends = np.stack([scores.min(axis=1), scores.max(axis=1)], axis=1)
        rows = list(zip(scores, ends, strict=True))
        if self.like_memelite:
            n_bins = _MEMELITE_MEDIAN_BINS
            medians = [binned_median(row, self._counts, low, high, n_bins) for row, (low, high) in rows]
            return scores.take(self._merged, axis=1), ends, np.array(medians)
        places, values = np.empty(scores.shape[1], np.uint16), np.empty(scores.shape[1])
        n = scores.shape[1]
        ranks = {max(n // 2 - 1, 0), max(-(-n // 2) - 1, 0)}  # as MEME: one value if n is even, the mean of two if odd
        middle = [
            [median(row, rank, low, high, _MEDIAN_BINS, places, values) for rank in ranks] for row, (low, high) in rows
        ]
        return scores, ends, np.mean(middle, axis=1)

    def _binned(self, scores: Floats, medians: Floats, binning: Binning) -> Scored:
        layout = self.layout
        pmfs, rows = np.empty((len(scores), self.n_bins + 1)), np.zeros((len(scores), len(layout.column)), np.int16)
        bin_scores(scores, medians, binning.lowest, binning.scale, layout.blocks, rows, pmfs)
        return Scored(binning, rows, pmfs, self.n_bins - np.argmax(pmfs[:, ::-1] > 0, axis=1))


class _Scratch(threading.local):
    """Memory of one thread, used again and again: taking fresh pages costs as much as the arithmetic in them."""

    def __init__(self) -> None:
        self._memory = np.empty(0)

    def take(self, n_rows: int, n: int) -> Floats:
        if self._memory.size < n_rows * n:
            self._memory = np.empty(n_rows * n)
        return self._memory[: n_rows * n].reshape(n_rows, n)


_scratch = _Scratch()


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
