"""Convolution of distributions, term by term: a Fourier transform would lose the small tails that p-values are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbmotif.kernels._jit import kernel

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@kernel()
def nonzero_taps(pmf: npt.NDArray[np.float64], taps: npt.NDArray[np.int64]) -> int:
    """Overwrite ``taps`` with the values that occur, from the highest down, and say how many there are."""
    n = 0
    for value in range(pmf.shape[0] - 1, -1, -1):
        if pmf[value] != 0.0:
            taps[n] = value
            n += 1
    return n


@kernel()
def convolve_block(
    padded: npt.NDArray[np.float64],
    pmf: npt.NDArray[np.float64],
    taps: npt.NDArray[np.int64],
    start: int,
    out: npt.NDArray[np.float64],
) -> None:
    """Overwrite ``out[k]`` with the sum over taps of ``pmf[tap] * padded[start + k - tap]``.

    Parameters
    ----------
    padded
        The other distribution, with zeros wherever ``start + k - tap`` leaves it.
    pmf, taps
        The distribution of one term, and the values of it that are used, added in the order given.
    start
        Where ``out[0]`` with a tap of 0 reads ``padded``.
    out
        Keep it to a few thousand: it is passed over once for every eight taps.
    """
    n = out.shape[0]
    for k in range(n):
        out[k] = 0.0
    t = 0
    while t + 8 <= taps.shape[0]:
        f0, f1, f2, f3 = pmf[taps[t]], pmf[taps[t + 1]], pmf[taps[t + 2]], pmf[taps[t + 3]]
        f4, f5, f6, f7 = pmf[taps[t + 4]], pmf[taps[t + 5]], pmf[taps[t + 6]], pmf[taps[t + 7]]
        p0, p1 = padded[start - taps[t] :], padded[start - taps[t + 1] :]
        p2, p3 = padded[start - taps[t + 2] :], padded[start - taps[t + 3] :]
        p4, p5 = padded[start - taps[t + 4] :], padded[start - taps[t + 5] :]
        p6, p7 = padded[start - taps[t + 6] :], padded[start - taps[t + 7] :]
        for k in range(n):
            half = (((out[k] + f0 * p0[k]) + f1 * p1[k]) + f2 * p2[k]) + f3 * p3[k]
            out[k] = (((half + f4 * p4[k]) + f5 * p5[k]) + f6 * p6[k]) + f7 * p7[k]
        t += 8
    while t < taps.shape[0]:
        f0 = pmf[taps[t]]
        p0 = padded[start - taps[t] :]
        for k in range(n):
            out[k] += f0 * p0[k]
        t += 1
