"""How kernels are compiled, wherever the package lies."""

from __future__ import annotations

from typing import Any

import numba
import pytest

from nbmotif.kernels._jit import kernel


def test_kernel__without_a_folder_to_cache_in_is_compiled_all_the_same() -> None:
    names: dict[str, Any] = {}
    exec("def double(n): return 2 * n", names)
    with pytest.raises(RuntimeError, match="cannot cache"):  # what numba alone makes of a function without a file
        numba.njit(cache=True)(names["double"])
    assert kernel()(names["double"])(21) == 42
