"""Motif comparison and families, beside memelite."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import memelite
import numpy as np

import nbmotif
from tests.benchmarks.timing import Comparison

if TYPE_CHECKING:
    import numpy.typing as npt

    Queries = list[npt.NDArray[np.float64]]

_PEER = "memelite 0.5.0"
_SHARE_ALIKE = 0.7  # of the best matches: column hashing moves the peer's p-values, and with them some best matches


def tomtom_comparisons(motifs: nbmotif.MotifSet) -> list[Comparison]:
    """Compare queries of each kind with all motifs, and all motifs with each other."""
    random = np.random.default_rng(0)
    few, many = _one_hot(random, 1_000), _one_hot(random, 10_000)
    weighted = [query * random.random(query.shape[1]) for query in few[:300]]
    against = f"x {len(motifs):,} motifs"
    return [
        _nearest("TOMTOM, one-hot", f"1,000 one-hot seqlets {against}, best match", few, motifs),
        _nearest("TOMTOM, many", f"10,000 one-hot seqlets {against}, best match", many, motifs, max_rounds=3),
        _nearest("TOMTOM, one again", f"one more one-hot seqlet {against}, tables kept", few[:1], motifs),
        _nearest("TOMTOM, PWMs", f"every fifth motif {against}, best match", list(motifs.pwms[::5]), motifs),
        _nearest("TOMTOM, attributions", f"300 weighted seqlets {against}, best match", weighted, motifs),
        _full_matrix(f"200 one-hot seqlets {against}, every match", few[:200], motifs),
        _families(motifs),
    ]


def _one_hot(random: np.random.Generator, n: int) -> Queries:
    return [np.eye(4)[random.integers(0, 4, width)].T for width in random.integers(6, 21, n)]


def _nearest(
    stage: str, work: str, queries: Queries, motifs: nbmotif.MotifSet, max_rounds: int = 1_000_000
) -> Comparison:
    targets = list(motifs.pwms)
    return Comparison(
        stage,
        work,
        _PEER,
        lambda: nbmotif.tomtom(queries, motifs, n_nearest=1, n_jobs=1),
        lambda: memelite.tomtom(queries, targets, n_nearest=1, n_jobs=1),
        lambda ours, peer: _alike(ours, peer) or len(queries) == 1,
        max_rounds,
    )


def _alike(ours: Any, peer: Any) -> bool:
    return float(np.mean(ours.idxs == peer[-1])) > _SHARE_ALIKE


def _full_matrix(work: str, queries: Queries, motifs: nbmotif.MotifSet) -> Comparison:
    targets = list(motifs.pwms)
    return Comparison(
        "TOMTOM, matrix",
        work,
        _PEER,
        lambda: nbmotif.tomtom(queries, motifs, n_jobs=1),
        lambda: memelite.tomtom(queries, targets, n_jobs=1),
        lambda ours, peer: bool(np.median(np.abs(ours.p_values / peer[0] - 1)) < 0.1),
    )


def _families(motifs: nbmotif.MotifSet) -> Comparison:
    pwms, named = list(motifs.pwms), dict(motifs.items())

    def alike(ours: nbmotif.families.Families, peer: Any) -> bool:
        """Whether most motifs that have a family find their nearest in it."""
        nearest = np.argsort(peer[0] + np.eye(len(pwms)), axis=1)[:, 0]
        has_family = np.bincount(ours.labels)[ours.labels] > 1
        return float(np.mean((ours.labels == ours.labels[nearest])[has_family])) > _SHARE_ALIKE

    return Comparison(
        "Families",
        f"{len(motifs):,} motifs, all against all, and a dendrogram (the peer: p-values only)",
        _PEER,
        lambda: nbmotif.MotifSet(named).families(),
        lambda: memelite.tomtom(pwms, pwms, n_jobs=1),
        alike,
        max_rounds=3,
    )
