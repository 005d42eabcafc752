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

    Where neither the package's folder nor the user's cache can be written, each process compiles anew. A folder named
    by the environment variable ``NUMBA_CACHE_DIR`` mends that.

    A kernel makes no arrays: each kind that it made would be compiled too, and numpy's large ones lie in large pages.
    No fastmath by default: NaN and infinities are data here. The undecorated function stays reachable as ``.py_func``.

    Parameters
    ----------
    options
        Further options of :func:`numba.njit`; they win over the defaults.

    Returns
    -------
    The decorator.
    """
    # what no kernel needs, and what takes time to compile: a way in for C, and counts of references to arrays
    unused = {"no_cfunc_wrapper": True, "_nrt": False}
    settings = {"cache": True, "nogil": True, "error_model": "numpy", **unused, **options}

    def compile_kernel(function: Callable[P, R]) -> Callable[P, R]:
        try:
            compiled = numba.njit(**settings)(function)
        except (RuntimeError, UnicodeError):  # no folder that may be written, or none that this locale can spell
            compiled = numba.njit(**{**settings, "cache": False})(function)
        return cast("Callable[P, R]", compiled)

    return compile_kernel
