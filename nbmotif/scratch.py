"""Memory that a thread uses again and again: taking fresh pages costs as much as the arithmetic in them."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

_MOST_KEPT = 1 << 26  # bytes of one array; larger ones are rare, and given back


class Scratch(threading.local):
    """Arrays by name, each as large as the largest asked for; every thread has its own."""

    def __init__(self) -> None:
        self._arrays: dict[str, npt.NDArray[Any]] = {}

    def take(self, name: str, shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """Give an array whose values are left from its last use, or zeros if it is new."""
        size = math.prod(shape)
        kept = self._arrays.get(name)
        if kept is None or kept.size < size:
            kept = np.zeros(size, dtype)
            if kept.nbytes <= _MOST_KEPT:
                self._arrays[name] = kept
        return kept[:size].reshape(shape)
