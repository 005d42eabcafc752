"""One-hot sequences as base codes, checked on the way."""

from __future__ import annotations

import numpy as np

from nbmotif.kernels._jit import kernel

_i8, _i4 = np.int8, np.int32


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
def codes_of_floats(bits: np.ndarray, codes: np.ndarray) -> bool:
    """Do the same with the bits of float32, as int32 (N, 4, L); a negative zero is no zero here.

    Notes
    -----
    Base after base, so that memory is read in one stream: reading is what takes the time.
    """
    wrong, several = _i4(0), _i8(0)
    for n in range(bits.shape[0]):
        row = codes[n]
        for i in range(row.shape[0]):
            row[i] = 0
        for base in range(4):
            column, flag = bits[n, base], _i8(1 << base)
            for i in range(row.shape[0]):
                is_here = _i4(column[i] != 0)
                # 1.0 is (1 << 30) - (1 << 23)
                wrong = _i4(wrong | _i4(column[i] ^ _i4(_i4(is_here << 30) - _i4(is_here << 23))))
                row[i] = _i8(row[i] | _i8(flag * _i8(is_here)))
        for i in range(row.shape[0]):
            flags = row[i]
            several = _i8(several | _i8(flags & _i8(flags - 1)))
            row[i] = _i8(_i8(_i8(flags > 0) + _i8(flags > 1)) + _i8(_i8(flags > 2) + _i8(_i8(flags > 4) - 1)))
    return bool(wrong == 0 and several == 0)


def warm_up() -> None:
    """Compile every kernel of this module."""
    codes_of_bytes(np.zeros((1, 4, 1), dtype=np.int8), np.zeros((1, 1), dtype=np.int8))
    codes_of_floats(np.zeros((1, 4, 1), dtype=np.int32), np.zeros((1, 1), dtype=np.int8))
