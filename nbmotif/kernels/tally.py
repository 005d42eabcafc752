"""Counting hits per motif."""

from __future__ import annotations

import numpy as np

from nbmotif.kernels._jit import kernel


@kernel()
def tally(
    passing: np.ndarray, sequence_idx: np.ndarray, offsets: np.ndarray, n_sequences: int, only: int
) -> tuple[np.ndarray, np.ndarray]:
    """Count passing hits, and the different sequences they are on.

    Parameters
    ----------
    passing
        bool (H).
    sequence_idx
        int32 (H).
    offsets
        int64 (M + 1): hits lie motif after motif.
    n_sequences
        N.
    only
        Count in this sequence alone; -1 for all.

    Returns
    -------
    ``n_hits`` and ``n_sequences``, int64 (M).
    """
    n_motifs = len(offsets) - 1
    n_hits = np.zeros(n_motifs, dtype=np.int64)
    n_distinct = np.zeros(n_motifs, dtype=np.int64)
    seen_by = np.full(n_sequences, -1, dtype=np.int64)
    for m in range(n_motifs):
        for h in range(offsets[m], offsets[m + 1]):
            sequence = sequence_idx[h]
            if not passing[h] or (only >= 0 and sequence != only):
                continue
            n_hits[m] += 1
            if seen_by[sequence] != m:
                seen_by[sequence] = m
                n_distinct[m] += 1
    return n_hits, n_distinct


def warm_up() -> None:
    """Compile every kernel of this module."""
    tally(np.ones(1, dtype=bool), np.zeros(1, dtype=np.int32), np.array([0, 1]), 1, -1)
