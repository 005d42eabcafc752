"""Counting pairs of annotations that share a sequence."""

from __future__ import annotations

import numpy as np

from nbmotif.kernels._jit import kernel


@kernel()
def count_pairs(annotation_idx: np.ndarray, offsets: np.ndarray, symmetric: bool, counts: np.ndarray) -> None:
    """Count each pair of annotations of one sequence, the earlier one first.

    Parameters
    ----------
    annotation_idx
        int64 (H), sequence after sequence.
    offsets
        int64 (N + 1): sequence n has the annotations ``offsets[n]:offsets[n + 1]``.
    symmetric
        Count a pair of two different annotations both ways.
    counts
        int64 (M, M), added to. O(sum over sequences of the square of their annotations).
    """
    for n in range(len(offsets) - 1):
        for i in range(offsets[n], offsets[n + 1]):
            a = annotation_idx[i]
            for j in range(i + 1, offsets[n + 1]):
                b = annotation_idx[j]
                counts[a, b] += 1
                if symmetric and a != b:
                    counts[b, a] += 1


@kernel()
def count_spacings(
    annotation_idx: np.ndarray,
    starts: np.ndarray,
    ends: np.ndarray,
    offsets: np.ndarray,
    symmetric: bool,
    counts: np.ndarray,
) -> tuple[int, int]:
    """Count each pair of annotations of one sequence by the gap between them.

    Parameters
    ----------
    annotation_idx, starts, ends
        int64 (H), sequence after sequence, by start within each.
    offsets, symmetric
        As in :func:`count_pairs`.
    counts
        int64 (M, M, D), added to: the one on the left, the one on the right, the gap in bp. Gaps of D and more are left
        out.

    Returns
    -------
    The first pair that overlaps, as two positions in the arrays, or (-1, -1). Overlapping pairs are not counted.
    """
    overlap = (-1, -1)
    for n in range(len(offsets) - 1):
        for i in range(offsets[n], offsets[n + 1]):
            a = annotation_idx[i]
            for j in range(i + 1, offsets[n + 1]):
                gap = starts[j] - ends[i]
                if gap >= counts.shape[2]:
                    break
                if gap < 0:
                    overlap = (i, j) if overlap[0] < 0 else overlap
                    continue
                b = annotation_idx[j]
                counts[a, b, gap] += 1
                if symmetric and a != b:
                    counts[b, a, gap] += 1
    return overlap


def warm_up() -> None:
    """Compile every kernel of this module."""
    one, offsets = np.zeros(1, dtype=np.int64), np.array([0, 1])
    count_pairs(one, offsets, True, np.zeros((1, 1), dtype=np.int64))
    count_spacings(one, one, one, offsets, True, np.zeros((1, 1, 1), dtype=np.int64))
