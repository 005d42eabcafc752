"""Attribution, marginalization and mutagenesis of a BPNet of 64 filters and 8 layers, against tangermeme and torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tangermeme.deep_lift_shap
import tangermeme.ersatz
import tangermeme.marginalize
import tangermeme.saturation_mutagenesis
import tangermeme.utils
import torch
from bpnetlite.bpnet import BPNet, CountWrapper

import nbmotif
from tests.benchmarks.timing import Comparison

if TYPE_CHECKING:
    from collections.abc import Callable

MODEL = "BPNet 64 x 8"
_N_MOTIFS, _N_BACKGROUNDS = 50, 100
# tangermeme does not try its fast option where the slow one would take less than this
tangermeme.saturation_mutagenesis._FAST_MIN_SECONDS = 0.0


def bpnet() -> torch.nn.Module:
    """Count head of a BPNet with random weights; speed does not depend on them."""
    with torch.random.fork_rng():
        torch.random.default_generator.manual_seed(0)
        return CountWrapper(BPNet(n_filters=64, n_layers=8, n_control_tracks=0, verbose=False)).eval()


def attribution_comparisons(motifs: nbmotif.MotifSet, device: str = "cpu") -> list[Comparison]:
    """Each target beside the peer that it is about."""
    return [*_deep_lift_shap(device), *_mutagenesis(device), *_marginal(motifs, device)]


def deep_lift_shap_work(device: str, n: int = 4) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Ours and tangermeme's attribution of the same sequences with the same 20 references."""
    model, X = bpnet(), nbmotif.random_one_hot((n, 4, 2114), random_state=0).float()
    references = tangermeme.ersatz.dinucleotide_shuffle(X, n=20, random_state=0)
    options: dict[str, Any] = {"references": references, "device": device, "warning_threshold": np.inf}

    def ours(**more: Any) -> torch.Tensor:
        return nbmotif.deep_lift_shap(model, X, **options, **more)

    def theirs(batch_size: int) -> torch.Tensor:
        return tangermeme.deep_lift_shap.deep_lift_shap(model, X, batch_size=batch_size, **options)

    return ours, theirs


def _deep_lift_shap(device: str) -> list[Comparison]:
    ours, theirs = deep_lift_shap_work(device)
    work = f"{MODEL}, 4 x 2,114 bp, 20 references"
    return [
        Comparison(
            "DeepLIFT/SHAP",
            work,
            f"tangermeme 1.6.0, batch of {batch_size} ({note})",
            ours,
            lambda batch_size=batch_size: theirs(batch_size),
            lambda ours, peer: bool(torch.allclose(ours, peer, atol=1e-5)),
        )
        for batch_size, note in ((4, "its best here"), (32, "its default"))
    ]


def mutagenesis_work(device: str, n: int = 2, width: int = 400) -> tuple[Callable[[], Any], Callable[..., Any]]:
    """Ours and tangermeme's saturation mutagenesis of the middle of the same sequences."""
    model, X = bpnet(), nbmotif.random_one_hot((n, 4, 2114), random_state=0)
    start = (2114 - width) // 2
    options: dict[str, Any] = {"start": start, "end": start + width, "device": device}

    def theirs(fast: bool) -> torch.Tensor:
        batch_size = 32 if fast else 8  # the best for each
        return tangermeme.saturation_mutagenesis.saturation_mutagenesis(
            model, X, batch_size=batch_size, fast=fast, target=0, **options
        )

    return lambda: nbmotif.saturation_mutagenesis(model, X, **options), theirs


def _mutagenesis(device: str) -> list[Comparison]:
    ours, theirs = mutagenesis_work(device)
    return [
        Comparison(
            "Mutagenesis",
            f"{MODEL}, all changes of 400 bp in 2 x 2,114 bp",
            f"tangermeme 1.6.0, {'its fast' if fast else 'its slow'} option",
            ours,
            lambda fast=fast: theirs(fast),
            lambda ours, peer: bool(torch.allclose(ours, peer, atol=1e-5)),
            max_rounds=3 if fast else 1,
        )
        for fast in (True, False)
    ]


def marginal_work(
    motifs: nbmotif.MotifSet, device: str, n_motifs: int = _N_MOTIFS, n_backgrounds: int = _N_BACKGROUNDS
) -> tuple[Callable[[], Any], Callable[[], Any], Callable[[], Any]]:
    """Effects of motifs: ours, by plain forward passes of the edited sequences, and by a loop of tangermeme's."""
    model, X = bpnet(), nbmotif.random_one_hot((n_backgrounds, 4, 2114), random_state=0).float()
    few = motifs.subset(motifs.names[:n_motifs])
    consensuses = [tangermeme.utils.pwm_consensus(pwm).unsqueeze(0).float() for pwm in few.values()]

    def plain() -> list[float]:
        before = nbmotif.predict(model, X, device=device, batch_size=8)
        after = [
            nbmotif.predict(model, nbmotif.substitute(X, motif), device=device, batch_size=8) for motif in consensuses
        ]
        return [(y - before).mean().item() for y in after]

    def theirs() -> list[float]:
        pairs = [
            tangermeme.marginalize.marginalize(model, X, motif, device=device, batch_size=8) for motif in consensuses
        ]
        return [(after - before).mean().item() for before, after in pairs]

    return lambda: nbmotif.marginalize_motifs(model, X, few, device=device, random_state=0), plain, theirs


def _marginal(motifs: nbmotif.MotifSet, device: str) -> list[Comparison]:
    ours, plain, theirs = marginal_work(motifs, device)
    work = (
        f"{MODEL}, {_N_MOTIFS} motifs in {_N_BACKGROUNDS} backgrounds; ours also inserts {_N_MOTIFS} x shuffled letters"
    )
    return [
        Comparison(
            "Marginalization",
            work,
            name,
            ours,
            peer,
            lambda ours, theirs: bool(np.allclose(ours["effect"], theirs, atol=1e-5)),
            max_rounds=1,
        )
        for name, peer in (
            ("plain forward of the edited sequences", plain),
            ("loop of tangermeme 1.6.0's marginalize", theirs),
        )
    ]
