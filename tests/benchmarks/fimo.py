"""Scanning, beside memelite and lightmotif."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import lightmotif
import memelite
import numpy as np

import nbmotif
from nbmotif.encoding import decode
from nbmotif.kernels.fimo_tables import RESOLUTION, FimoTables, fimo_tables
from tests.benchmarks.timing import Comparison

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

_PEER = "memelite 0.5.0"


def fimo_comparisons(motifs: nbmotif.MotifSet, X: torch.Tensor) -> list[Comparison]:
    """Compare scans for all motifs, and for one."""
    n, length = X.shape[0], X.shape[-1]
    work = f"{len(motifs):,} motifs x {n:,} x {length:,} bp, both strands"
    one = motifs.subset(motifs.names[len(motifs) // 2 :][:1])
    return [
        _beside_memelite("FIMO, list of frames", f"{work}, tables made anew", motifs, X, _list_of_frames),
        _beside_memelite("FIMO, one frame", f"{work}, tables kept", motifs, X, _one_frame),
        _beside_memelite("FIMO, one motif", f"1 motif x {n:,} x {length:,} bp, one frame", one, X, _one_frame),
        _beside_lightmotif(motifs, X, work),
    ]


def _list_of_frames(motifs: nbmotif.MotifSet, X: torch.Tensor) -> Callable[[], Any]:
    pwms = dict(motifs.items())
    return lambda: list(nbmotif.fimo(pwms, X))


def _one_frame(motifs: nbmotif.MotifSet, X: torch.Tensor) -> Callable[[], Any]:
    return lambda: [nbmotif.fimo(motifs, X).to_frame()]


def _beside_memelite(
    stage: str, work: str, motifs: nbmotif.MotifSet, X: torch.Tensor, ours: Callable[..., Callable[[], Any]]
) -> Comparison:
    arrays, one_hot = dict(zip(motifs.names, motifs.pwms, strict=True)), X.float().numpy()

    def agrees(ours: Any, peer: Any) -> bool:
        # the peer misses and adds hits at the edge of the threshold: the counts are close, not equal
        return abs(sum(map(len, ours)) / sum(map(len, peer)) - 1) < 0.2

    return Comparison(stage, work, _PEER, ours(motifs, X), lambda: memelite.fimo(arrays, one_hot), agrees)


def _beside_lightmotif(motifs: nbmotif.MotifSet, X: torch.Tensor, work: str) -> Comparison:
    """Compare with the same scores and cuts; lightmotif's matrices are made before the clock starts."""
    text = "N".join(decode(X))
    tables = fimo_tables(motifs.pwms, np.full(4, 0.25), 4e-4, 1e-4)
    scorings = _scorings(motifs, tables)

    def peer() -> list[list[tuple[int, float]]]:
        striped = lightmotif.stripe(text)
        found = ((lightmotif.scan(scoring, striped, threshold=cut)) for scoring, cut in scorings)
        return [[(hit.position, hit.score) for hit in hits] for hits in found]

    return Comparison(
        "FIMO, columns",
        f"{work}, as one text, tables kept",
        "lightmotif 0.10.1",
        lambda: nbmotif.fimo(motifs, [text]),
        peer,
        # a palindrome is one hit of ours and two of the peer's; 32-bit sums differ next to the cut
        lambda ours, peer: abs((ours.n_hits + (ours.strand == 0).sum()) / sum(map(len, peer)) - 1) < 0.05,
    )


def _scorings(motifs: nbmotif.MotifSet, tables: FimoTables) -> list[tuple[Any, float]]:
    scorings = []
    for pwm, top, budget in zip(motifs.pwms, tables.tops, tables.budgets, strict=True):
        odds = np.log2((pwm + 1e-4) / (1 + 4e-4) / 0.25)
        for matrix in (odds, odds[::-1, ::-1]) if budget >= 0 else ():
            rows = {letter: row.tolist() for letter, row in zip("ACGT", matrix, strict=True)}
            scoring = lightmotif.ScoringMatrix({**rows, "N": [-1e4] * matrix.shape[1]})
            scorings.append((scoring, float(top - budget - 0.5) * RESOLUTION))
    return scorings
