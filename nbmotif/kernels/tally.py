"""Counting the hits that pass, sequence by sequence and along each, without a copy of all of them."""

from __future__ import annotations

import numpy as np

from nbmotif.kernels._jit import kernel

# what a sign lets pass, as a number: above the threshold, below its negative, either, or all
ABOVE, BELOW, BEYOND, ANY = 0, 1, 2, 3


@kernel()
def is_beyond(attribution: np.floating, side: int, threshold: np.floating) -> bool:
    """Whether an attribution passes a threshold; both float32, the comparison strict."""
    is_above, is_below = attribution > threshold, attribution < -threshold
    return side == ANY or (bool(is_above) and side != BELOW) or (bool(is_below) and side != ABOVE)


@kernel()
def select(
    runs: np.ndarray,
    cursors: np.ndarray,
    first: int,
    last: int,
    length: int,
    level: np.ndarray,
    attribution: np.ndarray,
    sequence_idx: np.ndarray,
    start: np.ndarray,
    widths: np.ndarray,
    cuts: np.ndarray,
    side: int,
    threshold: np.floating,
    allowed: np.ndarray,
    window: np.ndarray,
    next_at: np.ndarray,
    rows: np.ndarray,
    motif: np.ndarray,
) -> int:
    """List the passing hits of some sequences in the order of their places: sequence, start, end.

    Parameters
    ----------
    runs
        int64 (R, 3): stretches of hits of one motif whose sequences do not fall, narrow motifs first: first row, last
        row + 1, motif.
    cursors
        int64 (R): the row from which each run is read on; moved to the first hit behind these sequences.
    first, last
        The sequences, ``first`` to ``last - 1``.
    length
        No hit starts here or later.
    level, attribution, sequence_idx, start
        Columns of the hits (H); ``attribution`` may be empty where ``side`` is ANY.
    widths
        int64 (M).
    cuts
        int64 (M): levels below this pass.
    side, threshold
        Passed to :func:`is_beyond`.
    allowed
        bool (N): sequences that count.
    window
        int64 (2): hits count that lie in it.
    next_at
        int64 ((last - first) * length + 1), zeros: scratch.
    rows, motif
        int64 and int32, as long as there are hits in these sequences, overwritten: rows of hits, and their motifs.

    Returns
    -------
    The number of hits that pass.
    """
    n_places = (last - first) * length
    for r in range(len(runs)):
        m = runs[r, 2]
        last_start = window[1] - widths[m]
        for h in range(cursors[r], runs[r, 1]):
            s = sequence_idx[h]
            if s >= last:
                break
            if (
                level[h] < cuts[m]
                and window[0] <= start[h] <= last_start
                and allowed[s]
                and (side == ANY or is_beyond(attribution[h], side, threshold))
            ):
                next_at[(s - first) * length + start[h] + 1] += 1
    for i in range(n_places):
        next_at[i + 1] += next_at[i]
    n_passing = int(next_at[n_places])
    for r in range(len(runs)):
        m = runs[r, 2]
        last_start = window[1] - widths[m]
        h = cursors[r]
        while h < runs[r, 1] and sequence_idx[h] < last:
            s = sequence_idx[h]
            if (
                level[h] < cuts[m]
                and window[0] <= start[h] <= last_start
                and allowed[s]
                and (side == ANY or is_beyond(attribution[h], side, threshold))
            ):
                place = (s - first) * length + start[h]
                rows[next_at[place]], motif[next_at[place]] = h, m
                next_at[place] += 1
            h += 1
        cursors[r] = h
    return n_passing


@kernel()
def scan(
    motif: np.ndarray,
    sequence: np.ndarray,
    start: np.ndarray,
    size: np.ndarray,
    widths: np.ndarray,
    labels: np.ndarray,
    length: int,
    state: np.ndarray,
    counts: np.ndarray,
) -> None:
    """Count hits, in the order of their places, for groups of motifs.

    Parameters
    ----------
    motif, sequence, start, size
        Columns of passing hits (P), in the order of :func:`select`; ``size`` is |attribution| as a whole number.
    widths
        int64 (M).
    labels
        int (M): the group of each motif; below 0 for none.
    length
        No hit reaches beyond it.
    state
        int64 (5, G): what is known of each group from the hits before: end of its last site, its last sequence, its
        last place and width, and the largest size in its last site. Begins as -1.
    counts
        int64 (5, G), added to: hits, different places, sequences, sites, and the sum over sites of the largest size.
    """
    for i in range(len(motif)):
        g = labels[motif[i]]
        if g < 0:
            continue
        width = widths[motif[i]]
        place = sequence[i] * length + start[i]
        counts[0, g] += 1
        if state[2, g] != place or state[3, g] != width:
            state[2, g], state[3, g] = place, width
            counts[1, g] += 1
        if state[1, g] != sequence[i]:
            state[1, g] = sequence[i]
            counts[2, g] += 1
        if place >= state[0, g]:
            counts[3, g] += 1
            counts[4, g] += size[i]
            state[4, g] = size[i]
        elif size[i] > state[4, g]:
            counts[4, g] += size[i] - state[4, g]
            state[4, g] = size[i]
        state[0, g] = max(state[0, g], place + width)


@kernel()
def win(order: np.ndarray, starts: np.ndarray, ends: np.ndarray, taken: np.ndarray, wins: np.ndarray) -> None:
    """Mark the hits that win their place: in the order given, a hit wins if it overlaps no winner.

    Parameters
    ----------
    order
        int64 (P): the hits from the strongest to the weakest.
    starts, ends
        int64 (P): where each hit lies on one number line, on which sequences follow each other.
    taken
        bool, all False: the number line; overwritten.
    wins
        bool (P), all False: overwritten.
    """
    for i in order:
        is_free = True
        for position in range(starts[i], ends[i]):
            is_free &= not taken[position]
        if is_free:
            wins[i] = True
            for position in range(starts[i], ends[i]):
                taken[position] = True


def warm_up() -> None:
    """Compile every kernel of this module."""
    one = np.ones(1, dtype=np.int64)
    index, level = np.zeros(1, dtype=np.int32), np.zeros(1, dtype=np.uint16)
    attribution, allowed, window = np.ones(1, dtype=np.float32), np.ones(1, dtype=np.bool_), np.array([0, 2])
    runs = np.array([[0, 1, 0]])
    # what has so many p-values that it needs wider levels is compiled when it occurs
    rule = (one, ABOVE, np.float32(0.5), allowed, window)
    next_at, rows, motif = np.zeros(3, dtype=np.int64), one.copy(), index.copy()
    select(runs, runs[:, 0].copy(), 0, 1, 2, level, attribution, index, index, one, *rule, next_at, rows, motif)
    labels = np.zeros(1, dtype=np.int32)
    scan(motif, index[rows], index[rows], one, one, labels, 2, np.full((5, 1), -1), np.zeros((5, 1), dtype=np.int64))
    win(one * 0, one * 0, one, np.zeros(1, dtype=np.bool_), np.zeros(1, dtype=np.bool_))
