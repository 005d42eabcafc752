"""Every path of the filter must pass the same windows to the same rescoring; what cannot run here is emulated."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import warnings

import llvmlite.binding as llvm
import numba
import numpy as np
import pandas as pd
import pytest
from llvmlite import ir

from nbmotif import fimo
from nbmotif.errors import NbmotifWarning
from nbmotif.kernels import _vector_filter, simd
from nbmotif.kernels.fimo import BLOCK, filter_plain, filter_tables, kmer_codes, window_loss
from nbmotif.kernels.fimo_tables import fimo_tables

VECTOR = {"avx512vbmi": simd.AVX512VBMI, "avx2": simd.AVX2, "neon": simd.NEON}
UNIFORM = np.full(4, 0.25)


def some_tables(threshold=0.01):
    rng = np.random.default_rng(0)
    widths = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 16, 30, 61]
    pwms = [rng.dirichlet(np.full(4, alpha), size=width).T for width in widths for alpha in (0.1, 1.0)]
    return fimo_tables([*pwms, np.eye(4)], UNIFORM, 4e-4, threshold)


def some_letters(n=3000):
    return np.random.default_rng(1).choice(np.arange(-1, 4), p=[0.01, 0.3, 0.2, 0.2, 0.29], size=n).astype(np.int8)


def survivors(run, k, stride, blocks_per_step, tables, letters):
    """Windows that a filter passes, as pairs of motif and position, for each strand."""
    n_motifs, widest = len(tables.budgets), int(tables.widths.max())
    n_blocks = -(-len(letters) // (BLOCK * blocks_per_step)) * blocks_per_step
    codes = kmer_codes(letters, np.flatnonzero(letters < 0), k, BLOCK * blocks_per_step + widest)
    n_strands = np.full(n_motifs, 2)
    quantised = filter_tables(tables.losses, tables.column_offsets, tables.budgets, n_strands, k, stride)
    keys = np.empty(2 * n_blocks * n_motifs + 1, dtype=np.int64)
    masks, ends = np.empty(len(keys), dtype=np.uint64), np.empty(n_motifs, dtype=np.int64)
    run(codes, n_blocks, *quantised, 0, n_motifs, keys, masks, ends)
    entries = zip(np.repeat(np.arange(n_motifs), np.diff(ends, prepend=0)), keys, masks, strict=False)
    return {
        (int(motif), int(key >> 1) + bit, int(key & 1))
        for motif, key, mask in entries
        for bit in range(BLOCK)
        if int(mask) >> bit & 1
    }


def hits_by_definition(tables, letters):
    return {
        (m, position, strand)
        for m, budget in enumerate(tables.budgets)
        for strand in range(2)
        for position in range(len(letters) - tables.widths[m] + 1)
        if budget >= 0
        and window_loss(
            letters, position, tables.losses[strand, tables.column_offsets[m] : tables.column_offsets[m + 1]], budget
        )
        <= budget
    }


def emulated(name):
    """The very code of a vector path, with its one look-up instruction replaced by a loop over lanes."""
    how = VECTOR[name]._replace(instruction="")

    def look_up(builder, how, table, codes):
        result = ir.Constant(ir.VectorType(_vector_filter.BYTE, how.lanes), [0] * how.lanes)
        for lane in range(how.lanes):
            code = builder.extract_element(codes, ir.Constant(ir.IntType(32), lane))
            part, within = builder.udiv(code, _byte(how.lanes)), builder.urem(code, _byte(how.lanes))
            value = builder.extract_element(table[0], within)
            for i, other in enumerate(table[1:], start=1):
                is_here = builder.icmp_unsigned("==", part, _byte(i))
                value = builder.select(is_here, builder.extract_element(other, within), value)
            result = builder.insert_element(result, value, ir.Constant(ir.IntType(32), lane))
        return result

    return how, look_up


def _byte(value):
    return ir.Constant(_vector_filter.BYTE, value)


@pytest.mark.parametrize("name", [name for name in simd.PATHS if name in simd.available_paths()])
def test_filter__never_drops_a_hit(name):
    path = simd.PATHS[name]
    tables, letters = some_tables(), some_letters()
    passed = survivors(path.run, path.k, path.stride, path.blocks_per_step, tables, letters)
    hits = hits_by_definition(tables, letters)
    assert len(hits) > 1000
    assert hits <= passed
    assert len(passed) < 3 * len(hits)


@pytest.mark.parametrize("name", ["neon", "avx2", "avx512vbmi"])
def test_filter__emulated_lane_by_lane_never_drops_a_hit(name, monkeypatch):
    how, look_up = emulated(name)
    monkeypatch.setattr(_vector_filter, "_look_up", look_up)
    scan = simd.motif_filter(how)
    stride = how.stride

    @numba.njit
    def run(codes, n_blocks, tables, table_offsets, first, last, keys, masks, ends):
        n = 0
        for m in range(first, last):
            n_tables = (table_offsets[m + 1] - table_offsets[m]) // (2 * stride)
            if n_tables > 0:
                n = scan(codes, n_blocks, tables, table_offsets[m], n_tables, keys, masks, n)
            ends[m - first] = n

    tables, letters = some_tables(), some_letters()
    passed = survivors(run, how.k, how.stride, how.blocks_per_step, tables, letters)
    assert hits_by_definition(tables, letters) <= passed
    if name in simd.available_paths():
        path = simd.PATHS[name]
        assert passed == survivors(path.run, path.k, path.stride, path.blocks_per_step, tables, letters)


@pytest.mark.parametrize(
    ("name", "triple", "features", "instructions"),
    [
        ("neon", "aarch64-unknown-linux-gnu", "+neon", r"tbl\s+v\d+\.16b, \{.*\}.*[\s\S]*uqadd"),
        ("avx2", "x86_64-unknown-linux-gnu", "+avx2", r"vpshufb\s+%ymm[\s\S]*vpaddusb\s+%ymm|vpaddusb[\s\S]*vpshufb"),
        (
            "avx512vbmi",
            "x86_64-unknown-linux-gnu",
            "+avx512vbmi,+avx512bw",
            r"vpermb[\s\S]*vpaddusb|vpaddusb[\s\S]*vpermb",
        ),
    ],
)
def test_filter__compiles_to_the_instructions_of_its_cpu(name, triple, features, instructions):
    module = ir.Module()
    module.triple = triple
    byte, word = _vector_filter.BYTE.as_pointer(), _vector_filter.WORD
    kinds = [byte, word, byte, word, word.as_pointer(), word.as_pointer(), word]
    function = ir.Function(module, ir.FunctionType(word, kinds), "filter")
    builder = ir.IRBuilder(function.append_basic_block())
    builder.ret(_vector_filter.emit_filter(builder, VECTOR[name], list(function.args)))
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    machine = llvm.Target.from_triple(triple).create_target_machine(features=features, opt=2)
    parsed = llvm.parse_assembly(str(module))
    parsed.verify()
    assert re.search(instructions, machine.emit_assembly(parsed))


@pytest.mark.parametrize("name", simd.available_paths())
@pytest.mark.parametrize("threshold", [1e-3, 0.05])
def test_fimo__hits_are_identical_on_every_path(name, threshold, monkeypatch):
    rng = np.random.default_rng(2)
    pwms = [rng.dirichlet(np.full(4, 0.4), size=width).T for width in (3, 5, 8, 11, 21, 40)]
    texts = ["".join(rng.choice(list("ACGTN"), p=[0.25, 0.25, 0.25, 0.24, 0.01], size=n)) for n in (700, 1, 64, 1000)]
    frames = []
    for path in ("plain", name):
        monkeypatch.setenv(simd.FORCE, path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NbmotifWarning)
            frames.append(fimo(pwms, texts, threshold=threshold).to_frame())
    pd.testing.assert_frame_equal(*frames)
    assert len(frames[0]) > 10


def test_choose_path__takes_the_fastest_unless_told(monkeypatch):
    monkeypatch.delenv(simd.FORCE, raising=False)
    assert simd.choose_path() is simd.PATHS[simd.available_paths()[0]]
    monkeypatch.setenv(simd.FORCE, "plain")
    assert simd.choose_path().run is filter_plain
    monkeypatch.setenv(simd.FORCE, "altivec")
    with pytest.raises(ValueError, match=r"NBMOTIF_SIMD must be one of .*plain on this machine; got 'altivec'"):
        simd.choose_path()


@pytest.mark.parametrize(
    "setting", [{"NUMBA_ENABLE_AVX": "0"}, {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}]
)
def test_available_paths__follow_what_numba_compiles_for(setting):
    code = "from nbmotif.kernels import simd; print(simd.available_paths()); simd.warm_up()"
    shown = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **setting}, capture_output=True, text=True, check=True
    )
    assert "avx" not in shown.stdout
    assert "plain" in shown.stdout
