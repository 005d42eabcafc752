"""The DeepLIFT multipliers of elementwise functions, in one pass over memory."""

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
def relu_multiplier(
    x: npt.NDArray[Any], r: npt.NDArray[Any], value: npt.NDArray[Any], multiplier: npt.NDArray[Any]
) -> None:
    """Write the ReLU and the multiplier of each element of each reference.

    The kernel trusts its shapes. O(B n E), one read of x and r and two writes.

    Parameters
    ----------
    x
        What goes into the ReLU at the sequences, shape (B, E), C order.
    r
        The same at the references, shape (B, n, E), C order, dtype of x.
    value, multiplier
        Overwritten, shape and dtype of r.
    """
    for b in range(r.shape[0]):
        row = x[b]  # (E,)
        zero = row.dtype.type(0)
        one = row.dtype.type(1)
        for k in range(r.shape[1]):
            referred = r[b, k]  # (E,)
            relu = value[b, k]  # (E,)
            out = multiplier[b, k]  # (E,)
            for e in range(row.shape[0]):
                difference = row[e] - referred[e]
                relu[e] = max(referred[e], zero)
                rise = max(row[e], zero) - relu[e]
                is_tie = difference == zero
                slope = rise / (one if is_tie else difference)
                out[e] = (one if referred[e] > zero else zero) if is_tie else slope


def rescale_multiplier_definition(
    x: npt.NDArray[Any], out_x: npt.NDArray[Any], r: npt.NDArray[Any], out_r: npt.NDArray[Any], nearness: float
) -> npt.NDArray[Any]:
    """Slow definition of :func:`rescale_multiplier`, which describes the arguments."""
    x, out_x = x[:, None], out_x[:, None]
    with np.errstate(all="ignore"):
        secant = (out_x - out_r) / (x - r)
        near = np.abs(x - r) <= nearness * np.maximum(np.maximum(np.abs(x), np.abs(r)), 1e-3)
    return np.where(near | ~np.isfinite(secant), np.nan, secant).astype(r.dtype)


@kernel()
def rescale_multiplier(
    x: npt.NDArray[Any],
    out_x: npt.NDArray[Any],
    r: npt.NDArray[Any],
    out_r: npt.NDArray[Any],
    nearness: float,
    multiplier: npt.NDArray[Any],
) -> None:
    """Write the slope of the secant of any function, and NaN where it cannot be told from rounding errors.

    The kernel trusts its shapes. O(B n E).

    Parameters
    ----------
    x, out_x
        What goes in and comes out at the sequences, shape (B, E), C order.
    r, out_r
        The same at the references, shape (B, n, E), C order, dtype of x.
    nearness
        Differences up to this, relative to the larger of both numbers or 0.001, give NaN; so does a function that is
        infinite or NaN.
    multiplier
        Overwritten, shape and dtype of r.
    """
    for b in range(r.shape[0]):
        row, out_row = x[b], out_x[b]  # (E,)
        kind = row.dtype.type
        tolerance, least, largest = kind(nearness), kind(1e-3), kind(np.inf)
        for k in range(r.shape[1]):
            referred, out_referred, out = r[b, k], out_r[b, k], multiplier[b, k]  # (E,)
            for e in range(row.shape[0]):
                difference = row[e] - referred[e]
                size = max(max(abs(row[e]), abs(referred[e])), least)
                is_near = abs(difference) <= tolerance * size
                secant = (out_row[e] - out_referred[e]) / (kind(1) if is_near else difference)
                is_wrong = is_near or not abs(secant) < largest
                out[e] = kind(np.nan) if is_wrong else secant


def warm_up() -> None:
    """Compile every kernel of this module for single precision, in which nearly all models compute."""
    x, r = np.ones((1, 2), dtype=np.float32), np.zeros((1, 1, 2), dtype=np.float32)
    relu_multiplier(x, r, np.empty_like(r), np.empty_like(r))
    rescale_multiplier(x, x, r, r, 4e-4, np.empty_like(r))
