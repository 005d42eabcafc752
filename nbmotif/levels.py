"""P-values that repeat, held as numbered levels."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt


class Levels(NamedTuple):
    """P-values that repeat: a small number for each hit, and a table of the different p-values of each motif.

    P-values of motif hits are discrete. As levels they take 2 bytes per hit, lose nothing, and turn a threshold into a
    comparison of integers.

    Attributes
    ----------
    of_hit
        Which p-value of its motif each hit has, uint16 or int32, shape (H,).
    offsets
        int64 (M + 1): the p-values of motif m are ``values[offsets[m]:offsets[m + 1]]``.
    values
        The p-values of each motif, float64, ascending.
    """

    of_hit: npt.NDArray[np.integer]
    offsets: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]

    @classmethod
    def of(cls, p_values: npt.NDArray[np.float64], motif_offsets: npt.NDArray[np.int64]) -> Levels:
        """Find the levels of p-values that lie motif after motif."""
        n_per_motif = np.diff(motif_offsets)
        motif_idx = np.repeat(np.arange(len(n_per_motif)), n_per_motif)
        order = np.lexsort((p_values, motif_idx))
        sorted_p, sorted_motif = p_values[order], motif_idx[order]
        is_new = np.ones(len(order), dtype=bool)
        is_new[1:] = (sorted_p[1:] != sorted_p[:-1]) | (sorted_motif[1:] != sorted_motif[:-1])
        offsets = np.searchsorted(sorted_motif[is_new], np.arange(len(n_per_motif) + 1))
        of_hit = np.empty(len(order), dtype=np.int64)
        of_hit[order] = np.cumsum(is_new) - 1
        return cls(cls.smallest(of_hit - offsets[motif_idx]), offsets, sorted_p[is_new])

    @staticmethod
    def smallest(index: npt.NDArray[np.integer]) -> npt.NDArray[np.integer]:
        """Store level numbers in two bytes each where they fit."""
        fits = len(index) == 0 or index.max() <= np.iinfo(np.uint16).max
        return index.astype(np.uint16 if fits else np.int32)

    def expand(self, n_per_motif: npt.NDArray[np.int64], first: int = 0, rows: slice = slice(None)) -> npt.NDArray[Any]:
        """P-value of each hit of the motifs from ``first`` on, whose hits are ``rows``."""
        base = self.offsets[first : first + len(n_per_motif)]
        p_values: npt.NDArray[np.float64] = self.values[np.repeat(base, n_per_motif) + self.of_hit[rows]]
        return p_values

    def take(self, motifs: Sequence[int], rows: npt.NDArray[np.int64]) -> Levels:
        """Keep the levels of some motifs, in the order given, and the hits in ``rows``, which are theirs."""
        parts = [slice(self.offsets[m], self.offsets[m + 1]) for m in motifs]
        sizes = [part.stop - part.start for part in parts]
        values = np.concatenate([self.values[:0], *(self.values[part] for part in parts)])
        return Levels(self.of_hit[rows], np.cumsum([0, *sizes]), values)

    def q_values(self, n_per_motif: npt.NDArray[np.int64], n_windows: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Correct each motif's p-values for the number of windows that were scored, by Benjamini and Hochberg.

        Parameters
        ----------
        n_per_motif
            Hits of each motif, shape (M,).
        n_windows
            Windows scored, shape (M,).

        Returns
        -------
        A q-value for each entry of ``values``: the expected share of false hits among those with this p or a lower one.
        """
        base = np.repeat(self.offsets[:-1], n_per_motif)
        n_at_level = np.bincount(base + self.of_hit, minlength=len(self.values))
        q = np.empty(len(self.values))
        for m, (first, last) in enumerate(itertools.pairwise(self.offsets.tolist())):
            rank = np.maximum(np.cumsum(n_at_level[first:last]), 1)
            expected = self.values[first:last] * n_windows[m] / rank
            q[first:last] = np.minimum.accumulate(expected[::-1])[::-1]
        return np.minimum(q, 1.0)
