"""The DeepLIFT multiplier of ReLU, in one pass over memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbmotif.kernels._jit import kernel

if TYPE_CHECKING:
    import numpy.typing as npt


def relu_multiplier_definition(x: npt.NDArray[Any], r: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Slow definition: (relu x - relu r) / (x - r); the slope of ReLU where x equals r. Shapes as the kernel's."""
    x = x[:, None]
    with np.errstate(invalid="ignore"):
        secant = (np.maximum(x, 0) - np.maximum(r, 0)) / (x - r)
    return np.where(x == r, (r > 0).astype(r.dtype), secant).astype(r.dtype)


# these leave NaN and infinity alone only if there are none: activations of a network are finite, and where they are not
# the completeness check says so
@kernel(fastmath={"nnan", "ninf", "nsz", "arcp", "contract"})
def relu_multiplier(x: npt.NDArray[Any], r: npt.NDArray[Any], multiplier: npt.NDArray[Any]) -> None:
    """Write the multiplier of each element of each reference.

    The kernel trusts its shapes. O(B n E), one read of x and r and one write.

    Parameters
    ----------
    x
        What goes into the ReLU at the sequences, shape (B, E), C order.
    r
        The same at the references, shape (B, n, E), C order, dtype of x.
    multiplier
        Overwritten, shape and dtype of r.
    """
    for b in range(r.shape[0]):
        row = x[b]  # (E,)
        zero = row.dtype.type(0)
        one = row.dtype.type(1)
        for k in range(r.shape[1]):
            referred = r[b, k]  # (E,)
            out = multiplier[b, k]  # (E,)
            for e in range(row.shape[0]):
                difference = row[e] - referred[e]
                rise = max(row[e], zero) - max(referred[e], zero)
                is_tie = difference == zero
                slope = rise / (one if is_tie else difference)
                out[e] = (one if referred[e] > zero else zero) if is_tie else slope
