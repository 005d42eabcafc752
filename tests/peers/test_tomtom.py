"""TOMTOM against memelite 0.5 and tangermeme 1.6."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import torch

from nbmotif import read_meme
from nbmotif.matching import annotate_seqlets, tomtom

pytestmark = pytest.mark.peers
memelite = pytest.importorskip("memelite")
tangermeme = pytest.importorskip("tangermeme.annotate")

LETTERS = np.eye(4)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def motifs(shared_data: Path) -> dict[str, torch.Tensor]:
    return read_meme(shared_data / "motifs" / "JASPAR2026_CORE_vertebrates_nr.meme")


def one_hot_queries(n: int = 60, seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    few_letters = [LETTERS[rng.choice([0, 2], 9)].T, LETTERS[[3] * 7].T]
    return [*(LETTERS[rng.integers(0, 4, w)].T for w in rng.integers(4, 26, n)), *few_letters]


def other_queries(motifs: dict[str, torch.Tensor]) -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    pwms = [motif.numpy() for motif in list(motifs.values())[::100]]
    weighted = [LETTERS[rng.integers(0, 4, 12)].T * rng.random(12) for _ in range(5)]
    with_n = LETTERS[rng.integers(0, 4, 9)].T.copy()
    with_n[:, 4] = 0
    return [*pwms, *weighted, rng.normal(size=(4, 8)), with_n]


@pytest.mark.parametrize("both", [True, False], ids=["both strands", "one strand"])
@pytest.mark.parametrize("kind", ["one-hot", "other"])
def test_tomtom__compat_is_memelite(motifs: dict[str, torch.Tensor], kind: str, both: bool) -> None:
    Qs = one_hot_queries() if kind == "one-hot" else other_queries(motifs)
    pwms = [motif.numpy() for motif in motifs.values()]
    theirs = memelite.tomtom(Qs, pwms, reverse_complement=both)
    ours = tomtom(Qs, motifs, reverse_complement=both, compat="memelite")
    np.testing.assert_allclose(ours.p_values, theirs[0], rtol=1e-9)
    for ours_, theirs_ in zip(list(ours)[1:], theirs[1:], strict=True):
        np.testing.assert_array_equal(ours_, theirs_)


def test_tomtom__compat_nearest_are_those_of_memelite(motifs: dict[str, torch.Tensor]) -> None:
    Qs, pwms = one_hot_queries(30), [motif.numpy() for motif in motifs.values()]
    theirs = memelite.tomtom(Qs, pwms, n_nearest=5)
    ours = tomtom(Qs, motifs, n_nearest=5, compat="memelite")
    np.testing.assert_allclose(ours.p_values, theirs[0], rtol=1e-9)
    tied = np.abs(np.diff(theirs[0], axis=1)) < 1e-9 * theirs[0][:, 1:]  # memelite leaves the order of ties open
    untied = ~(np.pad(tied, ((0, 0), (1, 0))) | np.pad(tied, ((0, 0), (0, 1)), constant_values=True))
    assert untied.mean() > 0.5
    np.testing.assert_array_equal(ours.idxs[untied], theirs[5][untied])


def test_tomtom__default_differs_from_memelite_only_in_what_memelite_approximates(
    motifs: dict[str, torch.Tensor],
) -> None:
    Qs, pwms = one_hot_queries(30), [motif.numpy() for motif in motifs.values()]
    theirs = memelite.tomtom(Qs, pwms, n_target_bins=None, n_median_bins=100_000)
    ours = tomtom(Qs, motifs)
    same = ours.scores == theirs[1]
    assert same.mean() > 0.97
    assert np.median(np.abs(ours.p_values[same] / theirs[0][same] - 1)) < 1e-3
    # a score that is one bin off
    np.testing.assert_allclose(ours.p_values, theirs[0], rtol=0.05)


def test_annotate_seqlets__compat_is_tangermeme(motifs: dict[str, torch.Tensor]) -> None:
    rng = np.random.default_rng(3)
    X = torch.from_numpy(LETTERS[rng.integers(0, 4, (6, 200))].transpose(0, 2, 1).copy())
    starts = rng.integers(0, 170, 50)
    seqlets = pd.DataFrame(
        {"example_idx": rng.integers(0, 6, 50), "start": starts, "end": starts + rng.integers(8, 25, 50)}
    )
    idxs, p_values = tangermeme.annotate_seqlets(X, seqlets, dict(motifs), n_nearest=2)
    ours = annotate_seqlets(X, seqlets, motifs, n_nearest=2, compat="memelite")
    np.testing.assert_allclose(ours.p_values, p_values, rtol=1e-9)
    assert (ours.motif_idxs == idxs).float().mean() > 0.95  # the rest are ties
    assert ours.motif_idxs.dtype == idxs.dtype
    assert ours.p_values.dtype == p_values.dtype
