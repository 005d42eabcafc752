"""Seqlets, shuffles and the signal under hits, beside tangermeme."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import tangermeme.ersatz
import tangermeme.plot
import tangermeme.seqlet
import tangermeme.utils
import torch
from matplotlib.figure import Figure

import nbmotif
from tests.benchmarks.timing import Comparison

if TYPE_CHECKING:
    from collections.abc import Callable

_PEER = "tangermeme 1.6.0"


def sequence_comparisons(X: torch.Tensor) -> list[Comparison]:
    """Compare what is done to sequences and to attributions before and after motifs are matched."""
    return [
        *(_seqlets(n) for n in (1, 100, 500, 2_000, 11_443)),
        _window_seqlets(),
        _shuffle(X[:50]),
        _signal(X),
        _signal_of_millions(X),
        _logo(X[0]),
    ]


def _logo(x: torch.Tensor) -> Comparison:
    X_attr = x * _attributions(1)
    axes: dict[str, Any] = {name: Figure(figsize=(12, 2)).add_subplot() for name in ("ours", "theirs")}

    def draw(plot_logo: Callable[..., Any], name: str) -> Any:
        axes[name].clear()
        plot_logo(X_attr, ax=axes[name])
        axes[name].figure.canvas.draw()
        return axes[name].get_xlim()

    return Comparison(
        "A logo in matplotlib",
        "1 x 2,114 bp",
        _PEER,
        lambda: draw(nbmotif.plot_logo, "ours"),
        lambda: draw(tangermeme.plot.plot_logo, "theirs"),
        lambda ours, peer: abs(ours[0] - peer[0]) <= 1,
    )


def _attributions(n: int) -> torch.Tensor:
    attributions = torch.from_numpy(np.random.default_rng(0).laplace(size=(n, 2114)).astype(np.float32))
    attributions[:, 1000:1012] += 3
    return attributions


def _spans(frame: pd.DataFrame) -> set[tuple[int, ...]]:
    return set(map(tuple, frame[["example_idx", "start", "end"]].astype(int).to_numpy().tolist()))


def _seqlets(n: int) -> Comparison:
    attributions = _attributions(n)
    return Comparison(
        "Seqlets",
        f"{n:,} x 2,114 bp",
        _PEER,
        lambda: nbmotif.recursive_seqlets(attributions),
        lambda: tangermeme.seqlet.recursive_seqlets(attributions),
        lambda ours, peer: _spans(ours) == _spans(peer),
    )


def _window_seqlets() -> Comparison:
    attributions = _attributions(1000)
    # one share for both bounds, so that it decides and not which sum the peer finds first
    share = {"min_passing_frac": 0.1, "max_passing_frac": 0.1}
    return Comparison(
        "Seqlets, TF-MoDISco's",
        "1,000 x 2,114 bp",
        _PEER,
        lambda: nbmotif.tfmodisco_seqlets(attributions, **share),
        lambda: tangermeme.seqlet.tfmodisco_seqlets(attributions, **share),
        # in single precision the peer's window sums differ in their last digits, and with them some windows
        lambda ours, peer: len(_spans(ours) & _spans(peer)) > 0.99 * len(peer),
        max_rounds=1,
    )


def _shuffle(X: torch.Tensor) -> Comparison:
    return Comparison(
        "Dinucleotide shuffle",
        "50 x 2,114 bp, 20 shuffles (ours: uniform over all shuffles)",
        _PEER,
        lambda: nbmotif.dinucleotide_shuffle(X, n=20, random_state=0),
        lambda: tangermeme.ersatz.dinucleotide_shuffle(X, n=20, random_state=0),
        lambda ours, peer: ours.shape == peer.shape and bool((ours.sum(-1) == peer.sum(-1)).all()),
    )


def _hits(n: int, n_sequences: int) -> pd.DataFrame:
    random = np.random.default_rng(0)
    start = random.integers(0, 2100, n, dtype=np.int32)
    rows = random.integers(0, n_sequences, n, dtype=np.int32)
    return pd.DataFrame({"sequence_name": rows, "start": start, "end": start + np.int32(12)})


def _agree(ours: torch.Tensor, peer: torch.Tensor) -> bool:
    return bool(torch.allclose(ours[: len(peer)].to(peer.dtype), peer, atol=1e-4))


def _signal(X: torch.Tensor) -> Comparison:
    loci, signal = _hits(100_000, len(X)), _channels(X, 4)
    peer = tangermeme.utils.extract_signal
    return Comparison(
        "Signal under hits",
        "100,000 hits, 4 channels",
        _PEER,
        _extract(loci, signal),
        lambda: peer(loci, signal),
        _agree,
    )


def _signal_of_millions(X: torch.Tensor) -> Comparison:
    loci, signal = _hits(18_600_000, len(X)), _channels(X, 1)
    few = loci[:186_000]
    return Comparison(
        "Signal, many hits",
        "18.6 million hits, 1 channel; the peer 1 % of them",
        _PEER,
        _extract(loci, signal),
        lambda: tangermeme.utils.extract_signal(few, signal),
        _agree,
    )


def _channels(X: torch.Tensor, n: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(1).normal(size=(len(X), n, 2114)).astype(np.float32))


def _extract(loci: pd.DataFrame, signal: torch.Tensor) -> Callable[[], torch.Tensor]:
    return lambda: nbmotif.extract_signal(loci, signal)


warnings.filterwarnings("ignore", module="tangermeme")
