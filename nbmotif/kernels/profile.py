"""Counts at every stop of a slider at once, and where hits lie on the plane of two sliders."""

from __future__ import annotations

import numpy as np

from nbmotif.kernels._jit import kernel

# which of the hits of a group in one sequence are one: none, those at the same place, that overlap, or all
NONE, SAME_PLACE, OVERLAPPING, SAME_SEQUENCE = 0, 1, 2, 3


@kernel()
def profile(
    motif: np.ndarray,
    sequence: np.ndarray,
    start: np.ndarray,
    size: np.ndarray,
    n_passed: np.ndarray,
    widths: np.ndarray,
    labels: np.ndarray,
    rule: int,
    is_sum: bool,
    head: np.ndarray,
    next_at: np.ndarray,
    joined: np.ndarray,
    steps: np.ndarray,
) -> None:
    """Count, for groups of motifs, at every stop of a slider at once.

    Hits enter one after the other, those that pass the most stops first, and each changes the count by what it adds,
    less what it joins.

    Parameters
    ----------
    motif, sequence, start, size, widths, labels
        As in :func:`nbmotif.kernels.tally.scan`.
    n_passed
        int64 (P): how many of the K stops a hit passes, 0 to K; it passes the loosest ones.
    rule
        Which hits of a group are one: NONE, SAME_PLACE, OVERLAPPING or SAME_SEQUENCE.
    is_sum
        Add up the largest size of each, in place of 1.
    head, next_at, joined
        Scratch: int64 (G) of -1, int64 (K + 2), and int64 (5, most hits in a sequence).
    steps
        int64 (G, K + 1): ``steps[g, k]`` gains what hits that pass exactly k stops add to the counts of stops below k.
    """
    n_stops = steps.shape[1] - 1
    # the hits of a group so far, joined, as a list: each knows the one behind it
    left, right, largest, behind, order = joined[0], joined[1], joined[2], joined[3], joined[4]
    last = 0
    while last < len(motif):
        first = last
        while last < len(motif) and sequence[last] == sequence[first]:
            last += 1
        for k in range(n_stops + 2):
            next_at[k] = 0
        for i in range(first, last):
            next_at[n_stops - n_passed[i] + 1] += 1
        for k in range(n_stops + 1):
            next_at[k + 1] += next_at[k]
        for i in range(first, last):
            order[next_at[n_stops - n_passed[i]]] = i
            next_at[n_stops - n_passed[i]] += 1
        for here in range(last - first):
            i = order[here]
            g = labels[motif[i]]
            if n_passed[i] == 0:
                break
            if g < 0:
                continue
            if rule == NONE:
                steps[g, n_passed[i]] += size[i] if is_sum else 1
                continue
            left[here], right[here], largest[here] = start[i], start[i] + widths[motif[i]], size[i]
            n_joined, sum_joined, before, other = 0, 0, -1, head[g]
            while other >= 0:
                after = behind[other]
                if rule == OVERLAPPING:
                    is_joined = left[other] < right[here] and right[other] > left[here]
                elif rule == SAME_PLACE:
                    is_joined = left[other] == left[here] and right[other] == right[here]
                else:
                    is_joined = True
                if is_joined:
                    n_joined += 1
                    sum_joined += largest[other]
                    largest[here] = max(largest[here], largest[other])
                    left[here], right[here] = min(left[here], left[other]), max(right[here], right[other])
                    if before < 0:
                        head[g] = after
                    else:
                        behind[before] = after
                else:
                    before = other
                other = after
            behind[here] = head[g]
            head[g] = here
            steps[g, n_passed[i]] += largest[here] - sum_joined if is_sum else 1 - n_joined
        for i in range(first, last):
            if labels[motif[i]] >= 0:
                head[labels[motif[i]]] = -1


@kernel()
def count_digits(bits: np.ndarray, high: int, counts: np.ndarray) -> None:
    """Count the values of 16 of 31 bits: the upper ones if ``high`` is negative, else the lower ones beneath it.

    Parameters
    ----------
    bits
        uint32 (H); the first bit is not looked at: of float32 it is the sign, and the others are ordered as they are.
    high
        Upper 15 bits that the lower ones are counted for.
    counts
        int64 (65536), added to.
    """
    for b in bits:
        upper = (b & np.uint32(0x7FFFFFFF)) >> np.uint32(16)
        if high < 0:
            counts[upper] += 1
        elif upper == high:
            counts[b & np.uint32(0xFFFF)] += 1


@kernel()
def _bin_of(edges: np.ndarray, value: np.floating) -> int:
    """Find the last edge that a value is above; the first if there is none."""
    low, high = 0, len(edges)
    while high - low > 1:
        middle = (low + high) // 2
        if edges[middle] < value:
            low = middle
        else:
            high = middle
    return low


@kernel()
def density(
    level: np.ndarray,
    attribution: np.ndarray,
    offsets: np.ndarray,
    level_offsets: np.ndarray,
    level_bin: np.ndarray,
    edges: np.ndarray,
    counts: np.ndarray,
) -> None:
    """Count hits by attribution and p-value.

    Parameters
    ----------
    level, attribution
        Columns of the hits (H).
    offsets, level_offsets
        int64 (M + 1): where the hits of each motif begin, and its p-values.
    level_bin
        int (levels): the bin of each p-value.
    edges
        float32 (E): of the bins of |attribution|, ascending; a bin holds what is above its edge.
    counts
        int64 (2 E, bins of p-values), added to: row E + k for attributions above edge k, row E - 1 - k for those below
        its negative.
    """
    n_edges = len(edges)
    for m in range(len(offsets) - 1):
        for h in range(offsets[m], offsets[m + 1]):
            value = attribution[h]
            k = _bin_of(edges, abs(value))
            row = n_edges + k if value >= 0 else n_edges - 1 - k
            counts[row, level_bin[level_offsets[m] + level[h]]] += 1


def warm_up() -> None:
    """Compile every kernel of this module."""
    one, index = np.ones(1, dtype=np.int64), np.zeros(1, dtype=np.int32)
    attribution, offsets = np.ones(1, dtype=np.float32), np.array([0, 1])
    steps = np.zeros((5, 4), dtype=np.int64)
    profile(
        index, index, index, one, one, one, index, OVERLAPPING, True, one - 2, steps[0], steps, steps[:1, :3].copy()
    )
    # what has so many p-values that it needs wider levels is compiled when it occurs
    density(index.astype(np.uint16), attribution, offsets, offsets, one * 0, attribution, steps)
    count_digits(attribution.view(np.uint32), -1, np.zeros(1 << 16, dtype=np.int64))
