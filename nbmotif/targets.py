"""The target side of TOMTOM: the columns of a motif database, and its motifs laid side by side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from nbmotif.scratch import Scratch
from nbmotif.target_columns import MemeColumns, MemeliteColumns

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from nbmotif.target_columns import Binning, Columns

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Shorts = npt.NDArray[np.int16]

_SIDE_BY_SIDE = 128  # motifs of a block: it and its sums stay near the processor
_PADDING = 3  # columns of zeros before and behind each block


@dataclass(frozen=True)
class Layout:
    """Motifs laid out in blocks of equal width, one per lane; see :mod:`nbmotif.kernels.tomtom`.

    The *slot* of a motif is its place among all in the order of the blocks: by width, then by index.

    Parameters
    ----------
    blocks
        First entry, width, lanes and first slot of each block, shape (B, 4).
    lanes
        First entry, columns and lanes of the block of the motif in each slot, by strand, shape (strands, M, 3).
    targets
        Index of the motif in each slot, shape (M,).
    column
        Which of the strands' concatenated columns each entry is, shape (E,); -1 for padding.
    """

    blocks: Ints
    lanes: Ints
    targets: Ints
    column: Ints

    @classmethod
    def of(cls, widths: Ints, n_strands: int) -> Layout:
        """Lay out motifs of these widths."""
        strand = np.arange(n_strands)[:, None]
        first_column = np.cumsum(widths) - widths + strand * widths.sum()  # (strands, M)
        lanes, targets = np.empty((n_strands, len(widths), 3), np.int64), np.argsort(widths, kind="stable")
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
                slots = slice(place, place + n)
                lanes[:, slots, 0] = base + strand * n + np.arange(n)
                lanes[:, slots, 1:] = width, n_strands * n
                base, place = base + block.size + len(padding), place + n
        return cls(np.array(blocks), lanes, targets, np.concatenate(pieces))

    @property
    def n_strands(self) -> int:
        """Strands of each motif."""
        return len(self.lanes)

    @cached_property
    def slots(self) -> Ints:
        """Slot of each motif, shape (M,)."""
        return np.argsort(self.targets)

    def n_sums(self, query_width: int) -> int:
        """Count the sums of the alignments of one query with the largest block."""
        return int(((self.blocks[:, 1] + query_width - 1) * self.blocks[:, 2]).max())


@dataclass(frozen=True)
class Scored:
    """Binned scores of columns of queries against all targets.

    Parameters
    ----------
    offsets
        Score of a column that is not aligned, of each query, shape (Q,).
    rows
        Scores minus the offset by entry, int16 of shape (w + 1, E); row 0 is zeros.
    pmfs
        Their distribution over the columns of the targets, shape (w, n_bins + 1): the null of one column.
    """

    offsets: Ints
    rows: Shorts
    pmfs: Floats

    @property
    def tops(self) -> Ints:
        """Highest bin that occurs, shape (w,)."""
        tops: Ints = self.pmfs.shape[1] - 1 - (self.pmfs[:, ::-1] > 0).argmax(axis=1)
        return tops


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
        self.widths, n_of_width = np.unique(widths, return_counts=True)
        self.groups = np.cumsum([0, *n_of_width])
        strands = [*pwms, *(pwm[::-1, ::-1] for pwm in pwms)] if both_strands else list(pwms)
        columns, in_blocks = np.concatenate(strands, axis=1), self.layout.column
        self._columns: Columns = (
            MemeliteColumns(columns, in_blocks)
            if like_memelite
            else MemeColumns(columns[:, in_blocks[in_blocks >= 0]], self.layout.blocks)
        )
        self._scratch = Scratch()
        self._letter_sets: dict[tuple[int, ...], Scored] = {}
        self._by_binning: dict[Binning, Scored] = {}
        self._firsts: dict[int, Ints] = {}

    @property
    def n_targets(self) -> int:
        """Number of motifs."""
        return len(self.layout.targets)

    def firsts(self, n_kept: int) -> Ints:
        """Where those kept of each width begin if the ``n_kept`` best are, shape (W + 1,)."""
        if n_kept not in self._firsts:
            self._firsts[n_kept] = np.cumsum([0, *np.minimum(np.diff(self.groups), n_kept)])
        return self._firsts[n_kept]

    def score(self, queries: Sequence[Floats]) -> Scored:
        """Score the columns of queries, each of shape (4, w), against all targets.

        The rows lie in memory that the same thread's next scores overwrite.
        """
        n_columns = sum(query.shape[1] for query in queries)
        rows = self._scratch.take("rows", (n_columns + 1, len(self.layout.column)), np.int16)
        offsets, pmfs = np.empty(len(queries), np.int64), np.empty((n_columns, self.n_bins + 1))
        end = 0
        for i, query in enumerate(queries):
            columns, start, end = np.ascontiguousarray(query.T), end, end + query.shape[1]
            binning = self._columns.score(columns, self.n_bins, rows[start + 1 : end + 1], pmfs[start:end])
            offsets[i] = binning.offset
        return Scored(offsets, rows, pmfs)

    def score_letters(self, present: Sequence[int]) -> Scored:
        """Score the four letters, binned as for a one-hot query made of the letters ``present``; kept."""
        key = tuple(present)
        if key not in self._letter_sets:
            rows, pmfs = np.zeros((5, len(self.layout.column)), np.int16), np.zeros((4, self.n_bins + 1))
            some = np.eye(4)[list(present)]
            binning = self._columns.score(some, self.n_bins, rows[: len(some)], pmfs[: len(some)])
            if binning not in self._by_binning:
                rows[:], pmfs[:] = 0, 0
                for i in range(4):  # a letter that these bins do not hold is in no query that is binned so
                    part = slice(i, i + 1)
                    self._columns.score(np.eye(4)[part], self.n_bins, rows[i + 1 : i + 2], pmfs[part], binning)
                self._by_binning[binning] = Scored(np.array([binning.offset]), rows, pmfs)
            self._letter_sets[key] = self._by_binning[binning]
        return self._letter_sets[key]
