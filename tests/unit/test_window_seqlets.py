"""Seqlets as TF-MoDISco calls them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from nbmotif.errors import InvalidArgument, NbmotifWarning
from nbmotif.kernels.seqlets import take_peaks
from nbmotif.window_seqlets import _window_sums, tfmodisco_seqlets


def attributions(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    X = rng.laplace(size=(30, 400))
    for i in range(30):
        X[i, 40 + i : 52 + i] += 6
        X[i, 300 - i : 310 - i] -= 6
    return X


def test_tfmodisco_seqlets__finds_what_was_planted_on_both_sides() -> None:
    seqlets = tfmodisco_seqlets(attributions())
    assert list(seqlets.columns) == ["example_idx", "start", "end", "attribution"]
    assert ((seqlets["end"] - seqlets["start"]) == 41).all()
    assert (seqlets["start"] >= 0).all()
    assert (seqlets["end"] <= 400).all()
    for i in range(30):
        found = seqlets[seqlets["example_idx"] == i]
        high = found[(found["start"] <= 40 + i) & (found["end"] >= 52 + i)]
        low = found[(found["start"] <= 300 - i) & (found["end"] >= 310 - i)]
        assert (high["attribution"] > 0).any()
        assert (low["attribution"] < 0).any()


@pytest.mark.parametrize("flank", [0, 10])
def test_tfmodisco_seqlets__with_their_flanks_lie_within_the_sequence(flank: int) -> None:
    X = np.random.default_rng(0).laplace(size=(30, 400))
    X[:, :12] += 20
    X[:, -12:] += 20
    seqlets = tfmodisco_seqlets(X, flank=flank)
    assert seqlets["start"].min() == 0
    assert seqlets["end"].max() == 400


def test_tfmodisco_seqlets__attribution_is_that_of_the_window_without_flanks() -> None:
    X = attributions()
    for row in tfmodisco_seqlets(X, window_size=15, flank=4).itertuples(index=False):
        assert row.attribution == pytest.approx(X[row.example_idx, row.start + 4 : row.end - 4].sum())


def test_tfmodisco_seqlets__windows_do_not_overlap() -> None:
    seqlets = tfmodisco_seqlets(attributions(), flank=5)
    for _, found in seqlets.groupby("example_idx"):
        assert (np.diff(np.sort(found["start"])) > 21 // 2 + 5).all()


def test_tfmodisco_seqlets__signs_mirror() -> None:
    X = attributions()
    # a sum of exactly 0 counts as positive, and there is none
    key = ["example_idx", "start"]
    a, b = tfmodisco_seqlets(X, target_fdr=0.05), tfmodisco_seqlets(-X, target_fdr=0.05)
    common = set(zip(a["example_idx"], a["start"], strict=True)) & set(zip(b["example_idx"], b["start"], strict=True))
    assert len(common) > 0.8 * max(len(a), len(b)), (
        "the draws from the null are not mirrored, so thresholds differ a little"
    )
    assert a.sort_values(key)["attribution"].max() == pytest.approx(-b["attribution"].min())


def test_tfmodisco_seqlets__no_flank_and_one_sign_work() -> None:
    seqlets = tfmodisco_seqlets(torch.from_numpy(np.abs(attributions())), flank=0)
    assert ((seqlets["end"] - seqlets["start"]) == 21).all()
    assert (seqlets["attribution"] > 0).all()


def test_tfmodisco_seqlets__passing_shares_bound_how_many_windows_pass() -> None:
    noise = np.random.default_rng(0).laplace(size=(40, 300))
    few = tfmodisco_seqlets(noise, min_passing_frac=0.001, max_passing_frac=0.002)
    many = tfmodisco_seqlets(noise, min_passing_frac=0.3, max_passing_frac=0.4)
    assert 0 < len(few) < len(many)


def test_window_sums__are_sums() -> None:
    X = attributions()[:3]
    expected = np.lib.stride_tricks.sliding_window_view(X, 7, axis=1).sum(axis=2)
    np.testing.assert_allclose(_window_sums(X, 7), expected, atol=1e-10)


@pytest.mark.parametrize("kernel", [take_peaks, take_peaks.py_func], ids=["compiled", "plain"])
def test_take_peaks__takes_the_highest_and_rules_out_its_neighbours(kernel: object) -> None:
    scores = np.array([[1.0, 5.0, 4.0, 3.0, -np.inf, 3.0], [-np.inf] * 6])
    peaks = np.empty((2, 12), int)
    example, position = peaks[:, : kernel(scores, 1, peaks)]
    assert example.tolist() == [0, 0, 0]
    assert position.tolist() == [1, 3, 5]
    assert np.isinf(scores).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window_size": 0}, "`window_size` must be at least 1"),
        ({"flank": -1}, "`flank`"),
        ({"window_size": 390}, "seqlets of 410 bp"),
        ({"target_fdr": 0}, "`target_fdr`"),
        ({"target_fdr": 1}, "`target_fdr`"),
        ({"min_passing_frac": 0.5}, "`min_passing_frac` must be at most `max_passing_frac`; got 0.5 and 0.2"),
        ({"min_passing_frac": "a"}, r"`min_passing_frac` must be in \[0, 1\]; got 'a'"),
        ({"max_passing_frac": 1.5}, r"`max_passing_frac` must be in \[0, 1\]; got 1.5"),
    ],
)
def test_tfmodisco_seqlets__refuses(options: dict[str, float], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        tfmodisco_seqlets(attributions(), **options)


def test_tfmodisco_seqlets__says_where_it_is_not_finite() -> None:
    X = attributions()
    X[2, 5] = np.nan
    with pytest.raises(InvalidArgument, match="example 2, position 5"):
        tfmodisco_seqlets(X)


@pytest.mark.parametrize("row", [[0.0] * 100, [0.1] * 100, [1.0, -1.0] * 50])
def test_tfmodisco_seqlets__calls_nothing_where_all_windows_are_alike(row: list[float]) -> None:
    with pytest.warns(NbmotifWarning, match="there is nothing to call seqlets from") as warned:
        seqlets = tfmodisco_seqlets(np.array([row, row]), window_size=20)
    assert seqlets.empty
    assert seqlets.dtypes.equals(tfmodisco_seqlets(np.random.default_rng(0).normal(size=(2, 100))).dtypes)
    assert warned[0].filename == __file__


def test_tfmodisco_seqlets__calls_none_where_there_is_nothing_however_few_windows_have_something() -> None:
    X = np.zeros((40, 400))
    X[3, 100:110], X[7, 200:205] = 1, -2
    seqlets = tfmodisco_seqlets(X)
    assert seqlets["example_idx"].tolist() == [3, 7]
    assert seqlets["attribution"].tolist() == [10, -10]


@pytest.mark.parametrize("options", [{"window_size": 21.5}, {"flank": 1.5}])
def test_tfmodisco_seqlets__refuses_widths_that_are_not_whole(options) -> None:
    with pytest.raises(InvalidArgument, match=f"`{next(iter(options))}` must be a whole number"):
        tfmodisco_seqlets(np.random.default_rng(0).normal(size=(2, 100)), **options)
