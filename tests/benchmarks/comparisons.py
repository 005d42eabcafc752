"""The work that is compared with the peers, on the embedded motifs and random sequences."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import memelite
import numpy as np
import pandas as pd
import tangermeme.ersatz
import tangermeme.seqlet
import tangermeme.utils
import torch

import nbmotif
from tests.benchmarks.attribution import attribution_comparisons
from tests.benchmarks.fimo import fimo_comparisons
from tests.benchmarks.timing import Comparison

if TYPE_CHECKING:
    from pathlib import Path


def comparisons(motif_file: Path | None) -> list[Comparison]:
    """Every comparison; ``motif_file`` replaces the embedded motifs by a larger database."""
    motifs = nbmotif.read_meme(motif_file) if motif_file else nbmotif.demo.load().motifs
    X = nbmotif.random_one_hot((1000, 4, 2114), random_state=0)
    return [
        *fimo_comparisons(motifs, X),
        _tomtom(motifs),
        _seqlets(),
        _shuffle(X[:50]),
        _signal(X),
        *attribution_comparisons(motifs),
    ]


def _tomtom(motifs: nbmotif.MotifSet) -> Comparison:
    random = np.random.default_rng(0)
    queries = [np.eye(4)[random.integers(0, 4, width)].T for width in random.integers(6, 21, 1000)]
    targets = list(motifs.pwms)
    return Comparison(
        "TOMTOM",
        f"1,000 one-hot seqlets x {len(motifs):,} motifs, best match",
        "memelite 0.5.0",
        lambda: nbmotif.tomtom(queries, motifs, n_nearest=1),
        lambda: memelite.tomtom(queries, targets, n_nearest=1, n_jobs=1),
        # column hashing moves the peer's p-values, and with them some best matches
        lambda ours, peer: float(np.mean(np.asarray(ours[-1] if len(ours) == 6 else ours.idxs) == peer[-1])) > 0.7,
    )


def _seqlets() -> Comparison:
    attributions = torch.from_numpy(np.random.default_rng(0).laplace(size=(500, 2114)).astype(np.float32))
    attributions[:, 1000:1012] += 3

    def spans(frame: pd.DataFrame) -> set[tuple[int, ...]]:
        return set(map(tuple, frame[["example_idx", "start", "end"]].astype(int).to_numpy().tolist()))

    return Comparison(
        "Seqlets",
        "500 x 2,114 bp",
        "tangermeme 1.6.0",
        lambda: nbmotif.recursive_seqlets(attributions),
        lambda: tangermeme.seqlet.recursive_seqlets(attributions),
        lambda ours, peer: spans(ours) == spans(peer),
    )


def _shuffle(X: torch.Tensor) -> Comparison:
    return Comparison(
        "Dinucleotide shuffle",
        "50 x 2,114 bp, 20 shuffles (ours: uniform over all shuffles)",
        "tangermeme 1.6.0",
        lambda: nbmotif.dinucleotide_shuffle(X, n=20, random_state=0),
        lambda: tangermeme.ersatz.dinucleotide_shuffle(X, n=20, random_state=0),
        lambda ours, peer: ours.shape == peer.shape and bool((ours.sum(-1) == peer.sum(-1)).all()),
    )


def _signal(X: torch.Tensor) -> Comparison:
    random = np.random.default_rng(0)
    start = random.integers(0, 2100, 100_000)
    loci = pd.DataFrame({"sequence_name": random.integers(0, len(X), 100_000), "start": start, "end": start + 12})
    signal = torch.from_numpy(random.normal(size=(len(X), 4, 2114)).astype(np.float32))
    return Comparison(
        "Signal under hits",
        "100,000 hits",
        "tangermeme 1.6.0",
        lambda: nbmotif.extract_signal(loci, signal),
        lambda: tangermeme.utils.extract_signal(loci, signal),
        lambda ours, peer: bool(torch.allclose(ours.to(peer.dtype), peer, atol=1e-4)),
    )


warnings.filterwarnings("ignore", module="tangermeme")
