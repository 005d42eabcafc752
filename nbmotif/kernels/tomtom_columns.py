"""TOMTOM's scores of one query column against every column of the targets: their median, and their bins.

A pair of columns scores its negated Euclidean distance. Distances are first found in single precision, sixteen at a
time where a CPU can; those that this leaves in doubt (which is the median, on which side of a bin's edge one lies) are
found again in double precision, so that the answers are those of double precision throughout.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from nbmotif.kernels._jit import kernel

if TYPE_CHECKING:
    import numpy.typing as npt

    Singles = npt.NDArray[np.float32]
    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

_PART = 64  # values looked at together: few parts hold one in doubt
_FEW = 64  # values around the median that are ranked in double precision
_ROUNDS = 24
_DOUBT = 1e-6  # error of a distance in single precision, per unit of the columns' lengths: three times the bound
_BIN_DOUBT = 3e-5  # error of the way from a distance to a bin, in bins


@kernel()
def measure_columns(
    query: Floats,
    columns: Floats,
    rough_columns: Singles,
    rough_sample: Singles,
    squares: Singles,
    scratch: Floats,
    sample: Singles,
    found: npt.NDArray[np.int32],
    medians: Floats,
    doubts: Floats,
) -> tuple[float, float]:
    """Find the median score of each column of a query, and roughly the lowest and the highest score less the median.

    Parameters
    ----------
    query
        The query, shape (w, 4), of values whose squares single precision can hold.
    columns
        The targets' columns and the sum of squares of each, at most 1, shape (n, 5).
    rough_columns, rough_sample
        The columns in single precision, shape (4, n), and some of them, shape (4, m).
    squares
        Overwritten with the squares of the distances in single precision, shape (w, n).
    scratch, sample, found
        Shape (n,), (m,) and (n + 1,). Overwritten.
    medians
        Overwritten with the medians, shape (w,): as in MEME, the lower middle score for an even n, and the mean
        of the middle score and the one below for an odd n.
    doubts
        Overwritten with how far distances in single precision may be off, shape (w,).

    Returns
    -------
    The lowest and the highest score of all columns, less their medians; they are off by the largest doubt, at most.
    """
    n, n_sample = columns.shape[0], rough_sample.shape[1]
    first, last = n // 2, min(n // 2 + n % 2, n - 1)  # ranks by distance
    lowest, highest = np.inf, -np.inf
    for i in range(query.shape[0]):
        q, row = query[i], squares[i]
        low, high, n_nearer = np.float32(0), np.float32(0), 0
        for step in range(2):  # a sample tells where to look in all
            near, far, n_a, n_b = _rough_squares(
                q, rough_columns if step else rough_sample, row if step else sample, low, high
            )
            ranks = (first, last) if step else (n_sample // 2, n_sample // 2)
            low, high, n_nearer = _bracket(row if step else sample, ranks[0], ranks[1], near, far, low, n_a, high, n_b)
            margin = np.float32(0) if step else (high - low) / np.float32(2)
            low, high = np.float32(low - margin), np.float32(high + margin)
        doubt = _DOUBT * (math.sqrt(q[0] ** 2 + q[1] ** 2 + q[2] ** 2 + q[3] ** 2) + 1)
        least = np.float32(max(math.sqrt(low) - 2 * doubt, 0.0) ** 2)
        most = np.float32((math.sqrt(high) + 2 * doubt) ** 2)
        n_kept = 0
        for at in range(0, n, _PART):
            part = row[at : at + _PART]
            n_near = np.int32(0)
            for k in range(part.shape[0]):
                n_near = np.int32(n_near + ((part[k] >= least) & (part[k] <= most)))
            if n_near > 0:
                for k in range(part.shape[0]):  # without a branch, that could not be predicted
                    found[n_kept] = at + k
                    n_kept += int((part[k] >= least) & (part[k] <= most))
        for k in range(n_kept):
            scratch[k] = _square(q, columns[found[k]])
            n_nearer -= int(row[found[k]] < low)
        middle = 0.0
        for rank in range(first, last + 1):
            middle += math.sqrt(_select(scratch[:n_kept], rank - n_nearer)) / (last - first + 1)
        medians[i], doubts[i] = -middle, doubt
        lowest, highest = min(lowest, middle - math.sqrt(far)), max(highest, middle - math.sqrt(near))
    return lowest, highest


@kernel(fastmath={"contract"})
def _rough_squares(
    q: Floats, columns: Singles, row: Singles, a: np.float32, b: np.float32
) -> tuple[np.float32, np.float32, np.int32, np.int32]:
    """Overwrite ``row`` with the squares of the distances of one column, in single precision.

    Returns the lowest and the highest of them, and how many are below a and below b.
    """
    q0, q1, q2, q3 = np.float32(q[0]), np.float32(q[1]), np.float32(q[2]), np.float32(q[3])
    c0, c1, c2, c3 = columns[0], columns[1], columns[2], columns[3]
    n_a, n_b = np.int32(0), np.int32(0)
    low, high = np.int32(0x7FFFFFFF), np.int32(0)
    for j in range(row.shape[0]):
        d0, d1, d2, d3 = c0[j] - q0, c1[j] - q1, c2[j] - q2, c3[j] - q3
        square = (d0 * d0 + d1 * d1) + (d2 * d2 + d3 * d3)
        row[j] = square
        n_a, n_b = np.int32(n_a + (square < a)), np.int32(n_b + (square < b))
        bits = np.float32(square).view(np.int32)  # of values that are not negative: ordered as they are
        low, high = np.int32(min(low, bits)), np.int32(max(high, bits))
    lowest, highest = np.int32(low), np.int32(high)
    return lowest.view(np.float32), highest.view(np.float32), n_a, n_b


@kernel()
def _bracket(
    row: Singles,
    first: int,
    last: int,
    low: np.float32,
    high: np.float32,
    a: np.float32,
    n_a: np.int32,
    b: np.float32,
    n_b: np.int32,
) -> tuple[np.float32, np.float32, int]:
    """Narrow the range from low to high that holds the values of ranks ``first`` to ``last``.

    Starts from a and b, and how many values are below them. Returns a range that holds few more values, if it can be
    had, and how many values lie below it.
    """
    n_low, n_high = 0, row.shape[0]
    for _ in range(_ROUNDS):
        for value, count in ((a, n_a), (b, n_b)):
            if count <= first:
                if value > low:
                    low, n_low = value, int(count)
            elif count > last and value < high:
                high, n_high = value, int(count)
        n = n_high - n_low
        if n <= _FEW:
            break
        middle, step, span = (first - n_low) / n, 0.06 + 8 / n, high - low
        x, y = np.float32(low + span * max(middle - step, 0.0)), np.float32(low + span * min(middle + step, 1.0))
        below_x, below_y = np.int32(0), np.int32(0)
        for j in range(row.shape[0]):
            below_x = np.int32(below_x + (row[j] < x))
            below_y = np.int32(below_y + (row[j] < y))
        a, n_a, b, n_b = x, below_x, y, below_y
    return low, high, n_low


@kernel()
def _select(values: Floats, rank: int) -> float:
    """Find the value of a rank; all are reordered (Hoare 1961)."""
    low, high = 0, values.shape[0] - 1
    while low < high:
        pivot = values[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if rank <= j:
            high = j
        elif rank >= i:
            low = i
        else:
            break
    return float(values[rank])


@kernel()
def _square(q: Floats, column: Floats) -> float:
    """Square of a distance, expanded, its terms subtracted in the order of memelite 0.5."""
    square = q[0] ** 2 + q[1] ** 2 + q[2] ** 2 + q[3] ** 2 + column[4]
    for letter in range(4):
        square -= 2 * q[letter] * column[letter]
    return float(max(square, 0.0))


@kernel()
def bin_columns(
    query: Floats,
    columns: Floats,
    squares: Singles,
    medians: Floats,
    doubts: Floats,
    lowest: int,
    scale: int,
    blocks: Ints,
    found: npt.NDArray[np.int32],
    entries: npt.NDArray[np.int32],
    counts: npt.NDArray[np.int32],
    rows: npt.NDArray[np.int16],
    pmfs: Floats,
) -> None:
    """Turn the distances of a query into integer scores, and their distribution over the targets' columns.

    Parameters
    ----------
    query, columns, squares, medians, doubts
        As :func:`measure_columns` takes and leaves them.
    lowest, scale
        A score becomes ``floor((score - median - lowest) * scale + 1/2)``, which is within 0 to n_bins.
    blocks
        As :func:`nbmotif.kernels.tomtom.best_scores`.
    found, entries, counts
        Scratch, shape (n + 1,) twice, and (n_bins + 1,). Overwritten.
    rows
        Overwritten with the integers less the offset, ``-lowest * scale``, where the blocks lie, shape (w, E); the
        zeros around the blocks are left as they are.
    pmfs
        Overwritten with the share of columns that each integer has, shape (w, n_bins + 1).
    """
    n, top = columns.shape[0], pmfs.shape[1] - 1
    for i in range(query.shape[0]):
        q, row, zero, offset = query[i], squares[i], medians[i] + lowest, np.int32(-lowest * scale)
        least = np.float32(scale * doubts[i] + _BIN_DOUBT)
        most, start, unit = np.float32(1 - least), np.float32(0.5 - zero * scale), np.float32(scale)
        done, n_found = 0, 0
        for b in range(blocks.shape[0]):
            base, size = blocks[b, 0], blocks[b, 1] * blocks[b, 2]
            for at in range(0, size, _PART):
                here = done + at
                part = row[here : here + min(_PART, size - at)]
                out = rows[i, base + at : base + at + part.shape[0]]
                n_doubtful = np.int32(0)
                for k in range(part.shape[0]):
                    place = start - unit * math.sqrt(part[k])
                    bin_ = np.int32(place)
                    rest = place - np.float32(bin_)
                    out[k] = bin_ - offset
                    n_doubtful = np.int32(n_doubtful + ((rest < least) | (rest > most)))
                if n_doubtful > 0:
                    for k in range(part.shape[0]):  # without a branch, that could not be predicted
                        place = start - unit * math.sqrt(part[k])
                        rest = place - np.float32(np.int32(place))
                        found[n_found], entries[n_found] = here + k, base + at + k
                        n_found += int((rest < least) | (rest > most))
            done += size
        for k in range(n_found):
            score = -math.sqrt(_square(q, columns[found[k]]))
            rows[i, entries[k]] = min(max(math.floor((score - zero) * scale + 0.5), 0), top) - offset
        for k in range(top + 1):
            counts[k] = 0
        for b in range(blocks.shape[0]):
            out = rows[i, blocks[b, 0] : blocks[b, 0] + blocks[b, 1] * blocks[b, 2]]
            for k in range(out.shape[0]):
                counts[np.uint16(out[k] + offset)] += 1
        for k in range(top + 1):
            pmfs[i, k] = counts[k] / n


def warm_up() -> None:
    """Compile every kernel of this module."""
    query, targets, blocks = np.eye(4)[:1].copy(), np.ones((2, 5)), np.array([[6, 1, 2, 0]])
    rough, squares, answers = np.ones((4, 2), np.float32), np.empty((1, 2), np.float32), (np.empty(1), np.empty(1))
    found = np.empty(3, np.int32)
    measure_columns(query, targets, rough, rough, squares, np.empty(2), rough[0].copy(), found, *answers)
    rows, pmfs = np.zeros((1, 14), np.int16), np.empty((1, 101))
    bin_columns(
        query, targets, squares, *answers, 0, 100, blocks, found, found.copy(), np.empty(101, np.int32), rows, pmfs
    )
