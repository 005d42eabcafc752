"""What is read before the work, and counted after it, beside tangermeme."""

from __future__ import annotations

import atexit
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tangermeme.annotate
import tangermeme.io
import tangermeme.utils
import torch

import nbmotif
from tests.benchmarks.timing import Comparison

_PEER = "tangermeme 1.6.0"
_LINE, _CHROMOSOME, _N_LOCI = 60, 6_000_000, 5_000
_N_SEQUENCES, _N_MOTIFS, _N_SEQLETS = 11_443, 2_193, 50_000  # the vignette's


def reading_comparisons(motifs: nbmotif.MotifSet) -> list[Comparison]:
    """Compare what reads files, turns letters into arrays and counts annotations."""
    folder = tempfile.TemporaryDirectory(prefix="nbmotif-bench-")
    atexit.register(folder.cleanup)
    random = np.random.default_rng(0)
    return [
        _read_meme(motifs, Path(folder.name) / "motifs.meme"),
        _extract_loci(random, Path(folder.name) / "genome.fa"),
        _one_hot(random),
        *(_count(random, dtype) for dtype in (torch.int32, torch.uint8)),
    ]


def _read_meme(motifs: nbmotif.MotifSet, path: Path) -> Comparison:
    nbmotif.write_meme(path, motifs)
    return Comparison(
        "Reading motifs",
        f"{len(motifs):,} motifs of a MEME file",
        _PEER,
        lambda: nbmotif.read_meme(path),
        lambda: tangermeme.io.read_meme(str(path)),
        lambda ours, peer: list(ours) == list(peer) and all(map(torch.equal, ours.values(), peer.values())),
    )


def _letters(random: np.random.Generator, shape: Any) -> Any:
    return np.frombuffer(b"ACGTacgt", np.uint8)[random.integers(0, 8, shape)]


def _extract_loci(random: np.random.Generator, path: Path) -> Comparison:
    chroms = ["chr1", "chr2", "chr3", "chr4"]
    lines = _letters(random, (_CHROMOSOME // _LINE, _LINE))
    body = np.pad(lines, ((0, 0), (0, 1)), constant_values=ord("\n")).tobytes()
    path.write_bytes(b"".join(f">{chrom}\n".encode() + body for chrom in chroms))
    start = random.integers(2_000, _CHROMOSOME - 3_000, _N_LOCI)
    loci = pd.DataFrame({"chrom": random.choice(chroms, _N_LOCI), "start": start, "end": start + 200})
    return Comparison(
        "Loci of a genome",
        f"{_N_LOCI:,} x 2,114 bp of a FASTA file",
        _PEER,
        lambda: nbmotif.extract_loci(loci, path),
        lambda: tangermeme.io.extract_loci(loci, str(path)),
        lambda ours, peer: bool(torch.equal(ours, peer.to(ours.dtype))),
    )


def _one_hot(random: np.random.Generator) -> Comparison:
    letters = [row.tobytes().decode() for row in _letters(random, (1_000, 2_114))]
    return Comparison(
        "One-hot encoding",
        "1,000 x 2,114 letters",
        _PEER,
        lambda: nbmotif.one_hot_encode(letters),
        lambda: torch.stack([tangermeme.utils.one_hot_encode(row.upper()) for row in letters]),
        torch.equal,
    )


def _count(random: np.random.Generator, dtype: torch.dtype) -> Comparison:
    pairs = random.integers(0, _N_SEQUENCES, _N_SEQLETS), random.integers(0, _N_MOTIFS, _N_SEQLETS)
    shape = _N_SEQUENCES, _N_MOTIFS
    return Comparison(
        f"Counts, {str(dtype).removeprefix('torch.')}",
        f"{_N_SEQLETS:,} annotations of {_N_SEQUENCES:,} sequences and {_N_MOTIFS:,} motifs (ours checks for overflow)",
        _PEER,
        lambda: nbmotif.count_annotations(pairs, dtype, shape),
        lambda: tangermeme.annotate.count_annotations(pairs, dtype, shape),
        torch.equal,
    )
