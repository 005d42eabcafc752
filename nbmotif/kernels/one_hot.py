"""One-hot sequences as base codes, checked on the way."""

from __future__ import annotations

import numpy as np

from nbmotif.kernels._jit import kernel

_i8 = np.int8


@kernel()
def codes_of_bytes(one_hot: np.ndarray, codes: np.ndarray) -> bool:
    """Write down the base at each position, and say whether the input was one-hot.

    Parameters
    ----------
    one_hot
        int8 (N, 4, L), C order.
    codes
        int8 (N, L), overwritten: 0 to 3, or -1 where all four are zero.

    Returns
    -------
    Whether every value was 0 or 1 with at most one 1 per position; if not, the codes mean nothing. O(N * L).

    Notes
    -----
    Every step is rounded to a byte at once: numba would widen to eight, and do an eighth in a vector instruction.
    """
    is_one_hot = True
    for n in range(one_hot.shape[0]):
        A, C, G, T = one_hot[n, 0], one_hot[n, 1], one_hot[n, 2], one_hot[n, 3]
        row = codes[n]
        seen = _i8(0)
        for i in range(one_hot.shape[2]):
            a, c, g, t = A[i], C[i], G[i], T[i]
            n_bases = _i8(_i8(a + c) + _i8(g + t))
            seen = _i8(seen | _i8(_i8(n_bases | a) | _i8(_i8(c | g) | t)))
            # a + 2c + 3g + 4t - 1
            row[i] = _i8(_i8(_i8(n_bases + c) + _i8(g + t)) + _i8(_i8(g + t) + _i8(t - 1)))
        is_one_hot &= (seen & ~1) == 0
    return is_one_hot


@kernel()
def codes_of_floats(one_hot: np.ndarray, codes: np.ndarray) -> bool:
    """Do the same with float32 (N, 4, L)."""
    is_one_hot = True
    for n in range(one_hot.shape[0]):
        A, C, G, T = one_hot[n, 0], one_hot[n, 1], one_hot[n, 2], one_hot[n, 3]
        row = codes[n]
        n_bad = 0
        for i in range(one_hot.shape[2]):
            a, c, g, t = A[i], C[i], G[i], T[i]
            # 0 and 1 alone are their own squares, also among NaN
            bad = (a * a != a) | (c * c != c) | (g * g != g) | (t * t != t) | (a + c + g + t > 1)
            n_bad += bad
            row[i] = np.int8(a + 2 * c + 3 * g + 4 * t - 1)
        is_one_hot &= n_bad == 0
    return is_one_hot


def warm_up() -> None:
    """Compile every kernel of this module."""
    codes_of_bytes(np.zeros((1, 4, 1), dtype=np.int8), np.zeros((1, 1), dtype=np.int8))
    codes_of_floats(np.zeros((1, 4, 1), dtype=np.float32), np.zeros((1, 1), dtype=np.int8))
