"""Arrays of numbers from whatever holds some: arrays, tensors of every kind, lists and tables."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from nbmotif.encoding import as_tensor, check_unmasked
from nbmotif.errors import InvalidArgument

if TYPE_CHECKING:
    from numpy.typing import NDArray


def as_array(values: Any, name: str, expected: str) -> NDArray[Any]:
    """Take numbers as an array, not copied where they need not be.

    Parameters
    ----------
    values
        An array, a tensor on any device, a table, or lists of one length.
    name
        What errors call the argument.
    expected
        What errors say that it must be.

    Returns
    -------
    Floating-point or whole numbers or flags, of any shape; bfloat16, which numpy does not know, as float32.

    Raises
    ------
    InvalidArgument
        If anything in it is no number. What is missing in a table is NaN.

    Examples
    --------
    >>> import torch
    >>> from nbmotif.arrays import as_array
    >>> as_array(torch.ones(2, requires_grad=True), "X", "numbers")
    array([1., 1.], dtype=float32)
    """
    if isinstance(values, torch.Tensor):
        tensor = as_tensor(values, name).detach().cpu()
        return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()
    check_unmasked(values, name)
    try:
        array = np.asarray(values)
    except (TypeError, ValueError, RuntimeError):  # lists of different lengths, or of tensors that hold a gradient
        raise InvalidArgument(name, type(values).__name__, expected) from None
    if array.dtype == object and all(isinstance(value, Real) for value in array.flat):
        array = array.astype(np.float64)
    if array.dtype.kind not in "biuf":
        got = type(values).__name__ + (f" of {array.dtype}" if hasattr(values, "dtype") else "")
        hint = "Letters become an array by one_hot_encode." if array.dtype.kind in "US" else ""
        raise InvalidArgument(name, got, expected, hint)
    return array
