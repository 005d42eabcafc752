"""Seqlets against tangermeme 1.6."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from nbmotif.seqlets import recursive_seqlets

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
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("sign", ["+", "-"])
def test_recursive_seqlets__is_tangermeme_to_the_last_bit(options: dict[str, float], dtype: type, sign: str) -> None:
    X = attributions().astype(dtype)
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
