"""Sums and maxima of a signal under many intervals, by tables that are made once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Floats = npt.NDArray[np.floating[Any]]
    Ints = npt.NDArray[np.integer[Any]]

_AT_ONCE = 1 << 16  # intervals looked up at a time: what is found for them stays near the processor


def sums_under(signal: Floats, rows: Ints, starts: Ints, ends: Ints, out: Floats) -> None:
    """Add up each channel of a signal under intervals, as differences of running totals in float64.

    Parameters
    ----------
    signal
        Shape (N, C, L).
    rows, starts, ends
        Intervals, shape (n,): 0 <= row < N, 0 <= start <= end <= L.
    out
        Overwritten, shape (n, C). A NaN or an infinity counts where it is, and nowhere else.
    """
    finite = np.isfinite(signal)
    if finite.all():
        _differences(signal, rows, starts, ends, out)
        return
    _differences(np.where(finite, signal, 0), rows, starts, ends, out)
    counts = np.empty(out.shape, np.int64)
    with np.errstate(invalid="ignore"):  # infinity less infinity is not a number, as it should be
        for bad in (np.inf, -np.inf, np.nan):
            there = np.isnan(signal) if np.isnan(bad) else signal == bad
            _differences(there, rows, starts, ends, counts)
            out[counts > 0] += bad


def _differences(signal: npt.NDArray[Any], rows: Ints, starts: Ints, ends: Ints, out: npt.NDArray[Any]) -> None:
    n, n_channels, length = signal.shape
    totals = np.zeros((n, length + 1, n_channels))
    np.cumsum(signal.transpose(0, 2, 1), axis=1, dtype=np.float64, out=totals[:, 1:])
    table = totals.reshape(-1, n_channels)
    for part in _parts(len(rows)):
        first = rows[part].astype(np.int64) * (length + 1)
        upper = table.take(first + ends[part], axis=0, mode="clip")  # "raise" copies what it takes
        lower = table.take(first + starts[part], axis=0, mode="clip")
        np.subtract(upper, lower, out=out[part], casting="unsafe")


def maxima_under(signal: Floats, rows: Ints, starts: Ints, ends: Ints, out: Floats) -> None:
    """Find the largest value of each channel under intervals, none of them empty; a NaN among them is the largest.

    The arguments are those of :func:`sums_under`.

    Notes
    -----
    The largest value of an interval is that of two that overlap and are both 2**k long; those of all such are found
    from those half as long (Bender & Farach-Colton, LATIN 2000).
    """
    _, n_channels, length = signal.shape
    largest = np.ascontiguousarray(signal.transpose(0, 2, 1))  # of what begins here and is 2**k long, (N, L, C)
    level_of = np.frexp(ends - starts)[1] - 1
    for level in range(int(level_of.max(initial=-1)) + 1):
        size = 1 << level
        if level:
            half = size // 2
            np.maximum(largest[:, :-half], largest[:, half:], out=largest[:, :-half])
        table, mine = largest.reshape(-1, n_channels), np.flatnonzero(level_of == level)
        for part in _parts(len(mine)):
            at = mine[part]
            first = rows[at].astype(np.int64) * length
            left = table.take(first + starts[at], axis=0, mode="clip")
            right = table.take(first + ends[at] - size, axis=0, mode="clip")
            out[at] = np.maximum(left, right, out=left)


def _parts(n: int) -> Iterator[slice]:
    for first in range(0, n, _AT_ONCE):
        yield slice(first, min(first + _AT_ONCE, n))
