"""Seqlets against tangermeme 1.6."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from nbmotif.seqlets import recursive_seqlets
from nbmotif.window_seqlets import tfmodisco_seqlets

pytestmark = pytest.mark.peers
tangermeme = pytest.importorskip("tangermeme.seqlet")


def attributions(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    X = rng.laplace(size=(12, 900)).astype(np.float32)
    X[:, 100:112] += 3
    X[:, 300:306] -= 4
    return X


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"threshold": 0.1, "additional_flanks": 2},
        {"threshold": 1.0},
        {"min_seqlet_len": 1},
        {"max_seqlet_len": 8, "n_bins": 100},
        {"max_seqlet_len": 40},
    ],
    ids=str,
)
@pytest.mark.parametrize("sign", ["+", "-"])
def test_recursive_seqlets__is_tangermeme_to_the_last_bit(options: dict[str, float], sign: str) -> None:
    X = attributions()
    theirs = tangermeme.recursive_seqlets(torch.from_numpy(X if sign == "+" else -X), **options)
    ours = recursive_seqlets(X, sign=sign, **options)
    assert len(theirs) > 5
    key = ["p-value", "example_idx", "start"]  # neither tool says how it orders equal p-values
    theirs, ours = theirs.sort_values(key), ours.sort_values(key)
    for column in ("example_idx", "start", "end", "p-value"):
        np.testing.assert_array_equal(ours[column], theirs[column])
    np.testing.assert_allclose(ours["attribution"], theirs["attribution"] * (1 if sign == "+" else -1), rtol=1e-12)


def test_recursive_seqlets__fdr_curve_is_that_of_tangermeme() -> None:
    X, control = attributions(), attributions(5)[:, ::-1][:, :700].copy()
    theirs = tangermeme.recursive_seqlets(torch.from_numpy(X), X_control=control, target_fdr=2.0, return_fdr=True)
    ours = recursive_seqlets(X, control=control, target_fdr=2.0, return_fdr=True)
    np.testing.assert_allclose(ours.fdr.to_numpy(float), theirs.fdr.to_numpy(float), rtol=1e-12)
    np.testing.assert_array_equal(ours.seqlets["p-value"], theirs.seqlets["p-value"])


@pytest.mark.parametrize(("window", "flank"), [(21, 10), (15, 5), (20, 7)])
@pytest.mark.parametrize(("seed", "n_sites"), [(0, 0), (1, 1), (2, 5)])
def test_tfmodisco_seqlets__are_those_of_modisco(seed: int, n_sites: int, window: int, flank: int) -> None:
    extract = pytest.importorskip("modiscolite.extract_seqlets").extract_seqlets
    X = planted(seed, n_sites)
    theirs, _ = extract(X.copy(), window, flank, window // 2 + flank, 0.2, 0.03, 0.2, 0.8)
    ours = tfmodisco_seqlets(X, window, flank)[["example_idx", "start", "end"]]
    spans = [(s.example_idx, s.start, s.end) for s in theirs]
    assert len(spans) > 10
    assert list(ours.itertuples(index=False, name=None)) == spans


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # tangermeme's
def test_tfmodisco_seqlets__are_those_of_tangermeme_where_it_is_modisco() -> None:
    X = planted(3, 1).astype(np.float32)
    # one share for both bounds, so that it decides and not which sum tangermeme finds first
    theirs = tangermeme.tfmodisco_seqlets(torch.from_numpy(X), min_passing_frac=0.15, max_passing_frac=0.15)
    ours = tfmodisco_seqlets(X, min_passing_frac=0.15, max_passing_frac=0.15)
    assert len(ours) > 10
    key = ["example_idx", "start"]
    theirs, ours = theirs.sort_values(key, ignore_index=True), ours.sort_values(key, ignore_index=True)
    np.testing.assert_array_equal(ours[[*key, "end"]], theirs[[*key, "end"]])
    np.testing.assert_allclose(ours["attribution"], theirs["attribution"], rtol=1e-5)


def planted(seed: int, n_sites: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    X = rng.laplace(size=(25, 300))
    for example in X:
        for start in rng.integers(30, 250, n_sites):
            example[start : start + 10] += rng.choice([2, 3, -2, 5])
    return X
