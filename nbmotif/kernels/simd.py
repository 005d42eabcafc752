"""The filter of a scan with a CPU's vector instructions: the only place that knows them.

Each path does what :func:`nbmotif.kernels.fimo.filter_plain` does, many windows at a time: a vector of codes is looked
up in a table that fits a register, and quantised losses are added with saturation. LLVM's instructions are written
through a numba intrinsic, so nothing but numba is needed to build them.
"""

from __future__ import annotations

import functools
import os
import platform
from typing import TYPE_CHECKING, Any, NamedTuple

import llvmlite.binding
import numba
import numpy as np
from numba import types
from numba.extending import intrinsic

from nbmotif.kernels._jit import kernel
from nbmotif.kernels._vector_filter import BYTE, WORD, Lookup, emit_filter
from nbmotif.kernels.fimo import BLOCK, PLAIN_K, PLAIN_STRIDE, filter_plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from llvmlite import ir

FORCE = "NBMOTIF_SIMD"  # environment variable that names the path to take

_X86, _ARM = {"x86_64", "amd64"}, {"arm64", "aarch64"}
AVX512VBMI = Lookup(k=3, lanes=64, vectors=6, stride=64, instruction="llvm.x86.avx512.permvar.qi.512")
# looks up 16 bytes in each half of the vector, so the table is there twice
AVX2 = Lookup(k=2, lanes=32, vectors=4, stride=32, instruction="llvm.x86.avx2.pshuf.b")
NEON = Lookup(k=3, lanes=16, vectors=4, stride=64, instruction="llvm.aarch64.neon.tbl4.v16i8", parts=4)


def motif_filter(how: Lookup) -> Callable[..., Any]:
    """Make a numba intrinsic of :func:`emit_filter`.

    Its arguments are the arrays ``codes``, ``tables``, ``keys`` and ``masks`` of ``filter_plain``, where the motif's
    tables start and how many it has per strand, the number of blocks, and the number of entries so far.
    """

    @intrinsic
    def scan(
        _: Any, codes: Any, n_blocks: Any, tables: Any, start: Any, n_tables: Any, keys: Any, masks: Any, n: Any
    ) -> Any:
        signature = types.int64(codes, n_blocks, tables, start, n_tables, keys, masks, n)

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            def data(i: int, pointer: ir.PointerType) -> ir.Value:
                array = context.make_array(signature.args[i])(context, builder, arguments[i])
                return builder.bitcast(array.data, pointer)

            bytes_, words = BYTE.as_pointer(), WORD.as_pointer()
            tables_of_motif = builder.gep(data(2, bytes_), [arguments[3]])
            pointers = [data(0, bytes_), arguments[1], tables_of_motif, arguments[4], data(5, words), data(6, words)]
            return emit_filter(builder, how, [*pointers, arguments[7]])

        return signature, generate

    return scan


# bytes of a table of both strands; numbers of their own, because a kernel reads no fields of what is not compiled
_AVX512VBMI_PAIR, _AVX2_PAIR, _NEON_PAIR = 2 * AVX512VBMI.stride, 2 * AVX2.stride, 2 * NEON.stride
_scan_avx512vbmi, _scan_avx2, _scan_neon = motif_filter(AVX512VBMI), motif_filter(AVX2), motif_filter(NEON)


# three kernels that differ in one name: numba keeps no function that is made by another in its cache
@kernel()
def _filter_avx512vbmi(
    codes: np.ndarray,
    n_blocks: int,
    tables: np.ndarray,
    table_offsets: np.ndarray,
    first: int,
    last: int,
    keys: np.ndarray,
    masks: np.ndarray,
    ends: np.ndarray,
) -> None:
    n = 0
    for m in range(first, last):
        start = table_offsets[m]
        n_tables = (table_offsets[m + 1] - start) // _AVX512VBMI_PAIR
        if n_tables > 0:
            n = _scan_avx512vbmi(codes, n_blocks, tables, start, n_tables, keys, masks, n)
        ends[m - first] = n


@kernel()
def _filter_avx2(
    codes: np.ndarray,
    n_blocks: int,
    tables: np.ndarray,
    table_offsets: np.ndarray,
    first: int,
    last: int,
    keys: np.ndarray,
    masks: np.ndarray,
    ends: np.ndarray,
) -> None:
    n = 0
    for m in range(first, last):
        start = table_offsets[m]
        n_tables = (table_offsets[m + 1] - start) // _AVX2_PAIR
        if n_tables > 0:
            n = _scan_avx2(codes, n_blocks, tables, start, n_tables, keys, masks, n)
        ends[m - first] = n


@kernel()
def _filter_neon(
    codes: np.ndarray,
    n_blocks: int,
    tables: np.ndarray,
    table_offsets: np.ndarray,
    first: int,
    last: int,
    keys: np.ndarray,
    masks: np.ndarray,
    ends: np.ndarray,
) -> None:
    n = 0
    for m in range(first, last):
        start = table_offsets[m]
        n_tables = (table_offsets[m + 1] - start) // _NEON_PAIR
        if n_tables > 0:
            n = _scan_neon(codes, n_blocks, tables, start, n_tables, keys, masks, n)
        ends[m - first] = n


class Path(NamedTuple):
    """One way to run the filter.

    Attributes
    ----------
    machine
        The CPU family that has it, as ``platform.machine`` says; any if empty.
    features
        What the CPU must be able to do, in LLVM's words.
    k, stride
        Letters per code, and bytes per table, of :func:`nbmotif.kernels.fimo.filter_tables`.
    blocks_per_step
        The number of blocks given must be a multiple of this.
    run
        The filter, with the arguments of :func:`nbmotif.kernels.fimo.filter_plain`.
    """

    machine: frozenset[str]
    features: frozenset[str]
    k: int
    stride: int
    blocks_per_step: int
    run: Callable[..., None]


def _vector_path(machine: set[str], features: set[str], how: Lookup, run: Callable[..., None]) -> Path:
    return Path(frozenset(machine), frozenset(features), how.k, how.stride, how.blocks_per_step, run)


# the fastest first
PATHS = {
    "avx512vbmi": _vector_path(_X86, {"avx512f", "avx512bw", "avx512vbmi"}, AVX512VBMI, _filter_avx512vbmi),
    "avx2": _vector_path(_X86, {"avx2"}, AVX2, _filter_avx2),
    "neon": _vector_path(_ARM, {"neon"}, NEON, _filter_neon),
    "plain": Path(frozenset(), frozenset(), PLAIN_K, PLAIN_STRIDE, 1, filter_plain),
}


def available_paths() -> list[str]:
    """Name the paths that this CPU can take, the fastest first."""
    machine, features = platform.machine().lower(), _cpu_features()
    return [
        name
        for name, path in PATHS.items()
        if (not path.machine or machine in path.machine) and path.features <= features
    ]


def choose_path() -> Path:
    """Take the fastest path, or the one that the environment variable ``NBMOTIF_SIMD`` names.

    Raises
    ------
    ValueError
        If that is no path, or not one for this CPU.
    """
    names = available_paths()
    forced = os.environ.get(FORCE)
    if forced and forced not in names:
        msg = f"{FORCE} must be one of {', '.join(names)} on this machine; got {forced!r}."
        raise ValueError(msg)
    return PATHS[forced or names[0]]


@functools.cache
def _cpu_features() -> frozenset[str]:
    """Find what numba compiles for, which its settings may make less than what the CPU can do."""
    settings: Any = numba.config
    if settings.CPU_FEATURES is not None:
        return frozenset(part[1:] for part in settings.CPU_FEATURES.split(",") if part.startswith("+"))
    if settings.CPU_NAME is not None:
        return frozenset()
    features = {name for name, is_there in llvmlite.binding.get_host_cpu_features().items() if is_there}
    return frozenset(name for name in features if settings.ENABLE_AVX or not name.startswith("avx"))


def warm_up() -> None:
    """Compile the path that this machine takes."""
    path = choose_path()
    codes = np.zeros(path.blocks_per_step * BLOCK + path.k, dtype=np.uint8)
    tables, table_offsets = np.zeros(2 * path.stride, dtype=np.uint8), np.array([0, 2 * path.stride])
    keys, masks = (np.empty(2 * path.blocks_per_step + 1, dtype=dtype) for dtype in (np.int64, np.uint64))
    path.run(codes, path.blocks_per_step, tables, table_offsets, 0, 1, keys, masks, np.empty(1, dtype=np.int64))
