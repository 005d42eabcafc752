"""Compile every kernel ahead of time: ``python -m nbmotif.kernels``."""

from __future__ import annotations

import gc
import importlib
import pkgutil

from tqdm.auto import tqdm

from nbmotif import kernels


def compile_all() -> int:
    """Call ``warm_up`` of each kernel module, which runs its kernels once on tiny arrays.

    Returns
    -------
    How many modules had kernels to compile.
    """
    modules = [importlib.import_module(f"{kernels.__name__}.{found.name}") for found in _public_modules()]
    modules = [module for module in modules if hasattr(module, "warm_up")]
    # numba makes millions of small objects that stay: collecting would walk them again and again, a tenth of the time
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        for module in tqdm(modules, desc="Compiling kernels", unit="module"):
            module.warm_up()
    finally:
        if was_collecting:
            gc.enable()
    return len(modules)


def _public_modules() -> list[pkgutil.ModuleInfo]:
    return [found for found in pkgutil.iter_modules(kernels.__path__) if not found.name.startswith("_")]


if __name__ == "__main__":
    compile_all()
