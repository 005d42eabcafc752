"""Shuffles of DNA that keep every dinucleotide: uniform over all of them, and as tangermeme draws them.

A sequence is a walk over the graph whose vertices are its letters and whose edges are its dinucleotides. A shuffle
that keeps the dinucleotides is another walk that uses every edge once, from the same first to the same last letter.
Such a walk is made of a tree (the edge by which each letter but the last is left for the last time) and, per letter,
an order of its other edges. A uniform tree and uniform orders give a uniform walk.

References
----------
Altschul & Erickson, Mol. Biol. Evol. 2, 526 (1985); Kandel, Matias, Unger & Winkler, Discrete Appl. Math. 71, 171
(1996), for the uniform tree; Wilson, STOC 296 (1996), for drawing it by a loop-erased walk.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from nbmotif.kernels._jit import kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]
    States = npt.NDArray[np.uint64]

# splitmix64 (Steele, Lea & Flood 2014): 64 bits of state, any state is a good one
_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


@kernel()
def shuffle_uniform(codes: npt.NDArray[np.int8], states: States, scratch: Ints, out: npt.NDArray[np.int8]) -> None:
    """Draw shuffles uniformly from all that keep the dinucleotides.

    N stays in place and cuts: each piece between two N is shuffled on its own, with its first and last letter fixed.

    Parameters
    ----------
    codes
        int8 (N, L), C order: 0..3 for A C G T, -1 for N.
    states
        uint64 (N, n): the random state of each shuffle, overwritten. Shuffle [i, k] depends on codes[i] and
        states[i, k] alone.
    scratch
        int64 (9, 4), overwritten.
    out
        int8 (N, n, L), C order, overwritten with the shuffled codes.

    Notes
    -----
    O(N·n·L): one random number per letter.
    """
    # dinucleotides ab of the piece, those not yet used, and the letter that follows a for the last time
    counts, left, last = scratch[:4], scratch[4:8], scratch[8]
    for i in range(codes.shape[0]):
        start = 0
        for end in range(codes.shape[1] + 1):
            if end < codes.shape[1] and codes[i, end] >= 0:
                continue
            piece = codes[i, start:end]
            if end > start:
                _count_edges(piece, counts)
            for k in range(states.shape[1]):
                if end > start:
                    state = states[i, k : k + 1]
                    _draw_tree(counts, piece[end - start - 1], state, left, last)
                    _walk(left, piece[0], last, state, out[i, k, start:end])
                if end < codes.shape[1]:
                    out[i, k, end] = -1
            start = end + 1


@kernel()
def _count_edges(piece: npt.NDArray[np.int8], counts: Ints) -> None:
    for a in range(4):
        for b in range(4):
            counts[a, b] = 0
    for j in range(piece.shape[0] - 1):
        counts[piece[j], piece[j + 1]] += 1


@kernel()
def _draw_tree(counts: Ints, root: int, state: States, left: Ints, last: Ints) -> None:
    """Draw a uniform tree towards the root by Wilson's loop-erased walk; leave the edges that are not in it."""
    for a in range(4):
        for b in range(4):
            left[a, b] = 0 if a == b else counts[a, b]  # a tree has no self-loops
    in_tree = 1 << root  # bit a: letter a is in the tree
    for a in range(4):
        if left[a, 0] + left[a, 1] + left[a, 2] + left[a, 3] == 0:
            continue  # not in this piece, or the root alone
        u = a
        while not in_tree >> u & 1:
            last[u] = _draw_letter(left[u], state)
            u = last[u]
        u = a
        while not in_tree >> u & 1:
            in_tree |= 1 << u
            u = last[u]
    for a in range(4):
        left[a, a] = counts[a, a]
        if a != root and in_tree >> a & 1:
            left[a, last[a]] -= 1


@kernel()
def _walk(left: Ints, first: int, last: Ints, state: States, out: npt.NDArray[np.int8]) -> None:
    """Follow random edges that are left, and the tree where a letter has no other.

    Drawing as one goes is the same as ordering each letter's edges at random beforehand.
    """
    a = first
    out[0] = a
    for j in range(1, out.shape[0]):
        if left[a, 0] + left[a, 1] + left[a, 2] + left[a, 3] > 0:
            b = _draw_letter(left[a], state)
            left[a, b] -= 1
        else:
            b = last[a]
        out[j] = b
        a = b


@kernel()
def _draw_letter(weights: Ints, state: States) -> int:
    """Draw an index of weights (4,) with probability proportional to its weight."""
    draw = _random_below(weights[0] + weights[1] + weights[2] + weights[3], state)
    letter = 0
    while draw >= weights[letter]:
        draw -= weights[letter]
        letter += 1
    return letter


@kernel()
def _random_below(n: int, state: States) -> int:
    """Draw an integer 0 <= r < n, exactly uniform for n < 2**32 (Lemire, ACM TOMACS 29, 3, 2019)."""
    bound = np.uint64(n)
    low_bits = np.uint64(0xFFFFFFFF)
    product = (_random_bits(state) >> np.uint64(32)) * bound
    if product & low_bits < bound:
        biased = (np.uint64(1 << 32) - bound) % bound
        while product & low_bits < biased:
            product = (_random_bits(state) >> np.uint64(32)) * bound
    return np.int64(product >> np.uint64(32))  # type: ignore[return-value]


@kernel()
def _random_bits(state: States) -> np.uint64:
    """Advance the state, shape (1,), and return 64 random bits."""
    state[0] += _STEP
    bits: np.uint64 = state[0]
    bits = (bits ^ (bits >> np.uint64(30))) * _MIX_1
    bits = (bits ^ (bits >> np.uint64(27))) * _MIX_2
    bits ^= bits >> np.uint64(31)
    return bits


@kernel()
def follow_edges(codes: npt.NDArray[np.int8], next_position: Ints, first_edge: Ints, out: npt.NDArray[np.int8]) -> None:
    """Write out the walk that uses each letter's edges in a given order.

    Parameters
    ----------
    codes
        int8 (L,): 0..3 for A C G T, 4 for N.
    next_position
        int64 (L - 1,): the positions that follow each occurrence of a letter, grouped by letter.
    first_edge
        int64 (5,), overwritten: where each letter's group begins.
    out
        int8 (L,), overwritten.
    """
    position = 0
    out[0] = codes[0]
    for j in range(1, codes.shape[0]):
        letter = codes[position]
        position = next_position[first_edge[letter]]
        first_edge[letter] += 1
        out[j] = codes[position]


def all_shuffles(codes: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """List every shuffle by trying them all: what :func:`shuffle_uniform` draws from, for tests on short sequences."""

    def extend(walk: tuple[int, ...], left: tuple[tuple[int, int], ...]) -> Iterator[tuple[int, ...]]:
        if not left:
            yield walk
        for edge in sorted(set(left)):
            if edge[0] == walk[-1]:
                at = left.index(edge)
                yield from extend((*walk, edge[1]), left[:at] + left[at + 1 :])

    return extend(codes[:1], tuple(pairwise(codes)))


def warm_up() -> None:
    """Compile the kernels on one short sequence."""
    codes = np.array([[0, 1, 0, 2, 0]], np.int8)
    scratch = np.empty((9, 4), np.int64)
    shuffle_uniform(codes, np.zeros((1, 1), np.uint64), scratch, np.empty((1, 1, 5), np.int8))
    follow_edges(codes[0], np.array([1, 3, 2, 4]), np.array([0, 2, 3, 4, 4]), np.empty(5, np.int8))
