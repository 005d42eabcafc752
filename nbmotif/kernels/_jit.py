"""The one place that decides how kernels are compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

import numba

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")


def kernel(**options: Any) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Compile a function with numba: cached on disk, free of the GIL, IEEE arithmetic.

    No fastmath by default: NaN and infinities are data here. The undecorated function stays reachable as ``.py_func``.

    Parameters
    ----------
    options
        Further options of :func:`numba.njit`; they win over the defaults.

    Returns
    -------
    The decorator.
    """
    settings = {"cache": True, "nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True, **options}

    def compile_kernel(function: Callable[P, R]) -> Callable[P, R]:
        return cast("Callable[P, R]", numba.njit(**settings)(function))

    return compile_kernel
