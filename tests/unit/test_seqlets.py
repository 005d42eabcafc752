"""Recursive seqlets: the definition rewritten slowly, laws, and what is refused."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nbmotif.errors import InvalidArgument, NbmotifWarning
from nbmotif.kernels import seqlets as kernels
from nbmotif.seqlet_null import SeqletNull, Tail, fit_null
from nbmotif.seqlets import recursive_seqlets


def noise(n: int = 6, length: int = 300, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).laplace(size=(n, length)).astype(np.float32)


def spans(seqlets: pd.DataFrame) -> set[tuple[int, int, int]]:
    return set(seqlets[["example_idx", "start", "end"]].itertuples(index=False, name=None))


def slow_spans(X: np.ndarray, threshold: float, low: int, high: int, n_bins: int) -> set[tuple[int, int, int]]:
    """The definition: from the longest span, take each whose every inner span is significant and that is free."""
    width = float(X.max() - X.min()) / (n_bins - 1)
    bins = np.clip(np.floor((X - X.min()).astype(float) / width), 0, n_bins - 1).astype(int)
    pmf = np.bincount(bins.ravel(), minlength=n_bins) / X.size
    survival, row = {}, np.ones(1)
    for k in range(1, high + 1):
        row = np.convolve(row, pmf)
        survival[k] = np.append(np.cumsum(row[::-1])[::-1], 0.0)
    called = set()
    for i, example in enumerate(bins):
        p = {
            (k, s): survival[k][example[s : s + k].sum()]
            for k in range(low, high + 1)
            for s in range(len(example) - k + 1)
        }
        free = np.ones(len(example), bool)
        for k in range(high, low - 1, -1):
            starts = range(len(example) - k + 1)
            inner = {s: [(m, t) for m in range(low, k + 1) for t in range(s, s + k - m + 1)] for s in starts}
            good = [s for s in starts if all(p[span] < threshold for span in inner[s])]
            for s in sorted(good, key=lambda s, k=k: max(p[m, s] for m in range(low, k + 1))):
                if free[s : s + k].all():
                    free[s : s + k] = False
                    called.add((i, s, s + k))
    return called


@pytest.mark.parametrize("threshold", [0.01, 0.2])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_recursive_seqlets__is_the_slow_definition(seed: int, threshold: float) -> None:
    X = noise(3, 80, seed)
    X[0, 30:40] += 4
    expected = slow_spans(X, threshold, 4, 12, 50)
    assert expected
    assert spans(recursive_seqlets(X, threshold, max_seqlet_len=12, n_bins=50)) == expected


def survival_of(pmf: np.ndarray, max_len: int) -> np.ndarray:
    tail = Tail(np.float64(0), 1.0, pmf, max_len)
    tail.reach(max_len)
    return tail.survival


def test_survival__of_a_fair_coin_is_binomial() -> None:
    survival = survival_of(np.array([0.5, 0.5]), 3)
    np.testing.assert_array_equal(survival[3], [1, 7 / 8, 4 / 8, 1 / 8, 0])
    np.testing.assert_array_equal(survival[1, :3], [1, 0.5, 0])


@given(st.integers(2, 40), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_survival__is_that_of_numpy_convolutions(n_bins: int, max_len: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pmf = rng.random(n_bins) * (rng.random(n_bins) < 0.7)
    pmf = pmf / pmf.sum() if pmf.sum() else np.eye(n_bins)[0]
    survival, row = survival_of(pmf, max_len), np.ones(1)
    for k in range(1, max_len + 1):
        row = np.convolve(row, pmf)
        np.testing.assert_allclose(survival[k, : len(row)], np.cumsum(row[::-1])[::-1], rtol=1e-12, atol=1e-300)


def test_kernels__compiled_and_plain_agree() -> None:
    rng = np.random.default_rng(0)
    pmf = rng.random(8) / 8
    compiled, plain = survival_of(pmf, 4), np.zeros((5, 30))
    padded = np.append(np.eye(1, 9, 8)[0], np.zeros(36))
    taps, row = np.arange(7, -1, -1), np.empty(29)
    kernels.extend_survival.py_func(pmf, taps, padded, row, plain, 1, 2)
    kernels.extend_survival.py_func(pmf, taps, padded, row, plain, 3, 4)
    np.testing.assert_array_equal(compiled, plain)
    bins, cut = rng.integers(0, 8, (3, 40)).astype(np.int32), np.array([0, 5, 9, 13, 17])
    both = []
    for run in (kernels.call_spans, kernels.call_spans.py_func):
        scratch = np.ones(40, bool), np.zeros(41, int), np.empty((3, 40), int), np.empty((3, 40)), np.empty(3, int)
        called, p_values = np.zeros((3, 60), int), np.zeros(60)
        n, done = run(bins, compiled, cut, 2, 4, 0, *scratch, called, p_values)
        assert n > 5
        both.append([n, done, called, p_values])
    for a, b in zip(*both, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("run", [kernels.bin_and_count, kernels.bin_and_count.py_func], ids=["compiled", "plain"])
@given(
    st.lists(st.floats(-(2.0**90), 2.0**90, width=32), min_size=1, max_size=30),
    st.integers(2, 20),
    st.floats(1e-3, 1e3),
    st.floats(-100, 100, width=32),
)
def test_bin_and_count__bins_as_numpy_divides(run, dtype, values, n_bins: int, width: float, lowest: float) -> None:
    above = np.array([values, values[::-1]], dtype) - dtype(lowest)
    expected = np.clip(np.floor(np.divide(above, width, dtype=np.float64)), 0, n_bins - 1).astype(np.int32)
    bins, counts = np.empty(above.shape, np.int32), np.ones(n_bins, np.int64)
    run(above, width, n_bins, bins, counts)
    np.testing.assert_array_equal(bins, expected)
    np.testing.assert_array_equal(counts, 1 + np.bincount(expected.ravel(), minlength=n_bins))
    bins[:] = -1
    run(above, width, n_bins, bins, np.empty(0, np.int64))
    np.testing.assert_array_equal(bins, expected)


def test_fit_null__takes_attributions_in_any_order_of_memory() -> None:
    X = noise(4, 120)
    columns = np.asfortranarray(X)
    columns.flags.writeable = False
    for given_so in (columns, np.repeat(X, 2, axis=1)[:, ::2]):
        np.testing.assert_array_equal(fit_null(given_so).tails[1].pmf, fit_null(X).tails[1].pmf)
        pd.testing.assert_frame_equal(recursive_seqlets(given_so), recursive_seqlets(X))


def test_recursive_seqlets__finds_planted_spans_of_both_signs_and_sums_them() -> None:
    X = noise(6, 300) / 100
    X[2, 100:110] += 30
    X[4, 50:60] -= 30
    found = recursive_seqlets(X, threshold=1e-6, sign="both", min_seqlet_len=8, max_seqlet_len=10)
    found = found.sort_values("example_idx")
    assert spans(found) == {(2, 100, 110), (4, 50, 60)}
    wide = recursive_seqlets(X, threshold=1e-6, sign="both", min_seqlet_len=8, max_seqlet_len=10, additional_flanks=2)
    wide = wide.sort_values("example_idx")
    np.testing.assert_array_equal(wide["start"], found["start"] - 2)
    np.testing.assert_array_equal(wide["end"], found["end"] + 2)
    for row in wide.itertuples(index=False):
        expected = X[row.example_idx, row.start : row.end].sum(dtype=float)
        assert row.attribution == pytest.approx(expected)


def test_recursive_seqlets__flanks_stop_at_the_ends_of_the_example() -> None:
    X = noise(6, 300)
    X[0, :10] += 30
    X[1, -10:] += 30
    found = recursive_seqlets(X, threshold=1e-4, additional_flanks=5)
    assert found["start"].min() == 0
    assert found["end"].max() == 300


def test_recursive_seqlets__columns_and_order() -> None:
    found = recursive_seqlets(noise())
    assert list(found.columns) == ["example_idx", "start", "end", "attribution", "p-value"]
    assert [str(dtype) for dtype in found.dtypes] == ["int64", "int64", "int64", "float64", "float64"]
    assert found["p-value"].is_monotonic_increasing
    assert (found["p-value"] < 0.01).all()
    assert (found["end"] - found["start"]).between(4, 25).all()


def test_recursive_seqlets__negative_is_positive_of_the_negated() -> None:
    X = noise()
    negative, mirrored = recursive_seqlets(X, sign="-"), recursive_seqlets(-X)
    pd.testing.assert_frame_equal(negative.assign(attribution=-negative["attribution"]), mirrored)
    both = recursive_seqlets(X, sign="both")
    assert len(both) == len(negative) + len(recursive_seqlets(X))


@given(st.permutations(range(6)))
def test_recursive_seqlets__order_of_examples_does_not_matter(order: list[int]) -> None:
    X = noise()
    moved = recursive_seqlets(X[order])
    assert spans(moved.assign(example_idx=np.array(order)[moved["example_idx"]])) == spans(recursive_seqlets(X))


@given(st.integers(1, 5))
def test_recursive_seqlets__with_a_null_batches_give_what_the_whole_gives(split: int) -> None:
    X = noise()
    null = fit_null(X)
    halves = [recursive_seqlets(X[:split], null=null), recursive_seqlets(X[split:], null=null)]
    halves[1]["example_idx"] += split
    key = ["p-value", "example_idx", "start"]
    joined = pd.concat(halves).sort_values(key, ignore_index=True)
    pd.testing.assert_frame_equal(joined, recursive_seqlets(X).sort_values(key, ignore_index=True))


def test_recursive_seqlets__chunks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = recursive_seqlets(noise(), sign="both")
    monkeypatch.setattr("nbmotif.seqlet_null._CHUNK", 700)
    pd.testing.assert_frame_equal(recursive_seqlets(noise(), sign="both"), whole)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64], ids=str)
def test_recursive_seqlets__takes_any_float_tensor(dtype: torch.dtype) -> None:
    X = torch.from_numpy(noise()).to(dtype)
    wide = X.clone() if dtype == torch.float64 else X.float().clone()
    X.requires_grad_()
    pd.testing.assert_frame_equal(recursive_seqlets(X), recursive_seqlets(wide.numpy()))


def test_recursive_seqlets__does_not_change_its_input() -> None:
    X = noise()
    recursive_seqlets(X, sign="both", control="shuffle", target_fdr=100.0)
    np.testing.assert_array_equal(X, noise())


def test_recursive_seqlets__control_sets_the_threshold_and_returns_the_curve() -> None:
    X = noise(20, 500)
    for i in range(20):
        X[i, 50 + i : 60 + i] += 6
    seqlets, fdr = recursive_seqlets(X, control=noise(40, 500, seed=9), target_fdr=0.2, return_fdr=True)
    chosen = fdr.loc[fdr["fdr"] <= 0.2, "threshold"].max()
    pd.testing.assert_frame_equal(seqlets, recursive_seqlets(X, threshold=chosen))
    row = fdr.loc[fdr["threshold"] == chosen].iloc[0]
    assert row["n_seqlets"] == len(seqlets)
    assert row["fdr"] == (row["n_control_seqlets"] + 1) * 0.5 / row["n_seqlets"]
    assert len(set(range(20)) & set(seqlets["example_idx"])) == 20


def test_recursive_seqlets__shuffled_control_calls_little_in_noise() -> None:
    with pytest.warns(NbmotifWarning, match=r"No threshold reaches a false discovery rate of 0\.05"):
        seqlets = recursive_seqlets(noise(20, 500), control="shuffle", target_fdr=0.05)
    assert len(seqlets) == 0
    assert list(seqlets.columns) == ["example_idx", "start", "end", "attribution", "p-value"]


def test_recursive_seqlets__equal_attributions_are_warned_about() -> None:
    with pytest.warns(NbmotifWarning, match="nothing to call seqlets from"):
        assert len(recursive_seqlets(np.zeros((2, 50)))) == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_recursive_seqlets__says_where_it_is_not_finite(bad: float) -> None:
    X = noise()
    X[3, 17] = bad
    with pytest.raises(
        InvalidArgument, match=r"`X` must be finite; got -?(nan|inf) at example 3, position 17\. 1 of 1800"
    ):
        recursive_seqlets(X)


@pytest.mark.parametrize(
    ("X", "options", "message"),
    [
        (np.zeros((2, 4, 50)), {}, r"got shape \(2, 4, 50\)\. Sum over the letters"),
        (np.zeros((0, 50)), {}, r"got shape \(0, 50\)"),
        (np.array([["a"]]), {}, "`X` must be numbers"),
        (noise(), {"threshold": 0}, r"`threshold` must be a p-value above 0 and up to 1; got 0"),
        (noise(), {"threshold": np.nan}, "`threshold`"),
        (noise(), {"min_seqlet_len": 0}, "`min_seqlet_len` must be at least 1"),
        (noise(), {"min_seqlet_len": 30}, "`max_seqlet_len` must be at least `min_seqlet_len`, 30; got 25"),
        (noise(), {"min_seqlet_len": 301, "max_seqlet_len": 400}, "length of the examples, 300"),
        (noise(), {"additional_flanks": -1}, "`additional_flanks`"),
        (noise(), {"n_bins": 1}, "`n_bins`"),
        (noise(), {"sign": "*"}, "`sign` must be"),
        (noise(), {"return_fdr": True}, "`return_fdr`"),
        (noise(), {"control": "random"}, "`control` must be"),
        (
            noise(),
            {"control": "shuffle", "random_state": "a"},
            "`random_state` must be a whole number, at least 0, or None",
        ),
        (
            noise(),
            {"control": "shuffle", "random_state": -1},
            "`random_state` must be a whole number, at least 0, or None",
        ),
        (
            np.array([[-1.7e308, 1.7e308]]),
            {"min_seqlet_len": 1},
            "`X` must be of a range that floating point can divide",
        ),
        (noise(), {"control": np.full((1, 9), np.nan)}, "`control` must be finite"),
        (noise(), {"null": fit_null(noise(), max_seqlet_len=10)}, r"got one for spans up to 10 bp\. Pass the same"),
    ],
)
def test_recursive_seqlets__refuses(X: np.ndarray, options: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        recursive_seqlets(X, **options)


def test_warm_up__compiles_every_kernel() -> None:
    kernels.warm_up()
    assert len(kernels.bin_and_count.signatures) == 2
    assert kernels.extend_survival.signatures
    assert kernels.call_spans.signatures


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"threshold": "low"}, "`threshold` must be a p-value above 0 and up to 1; got 'low'"),
        ({"min_seqlet_len": 4.5}, "`min_seqlet_len` must be a whole number, at least 1; got 4.5"),
        ({"max_seqlet_len": 25.5}, "`max_seqlet_len` must be a whole number, at least 1; got 25.5"),
        ({"max_seqlet_len": 0, "min_seqlet_len": 1}, "`max_seqlet_len` must be .*; got 0"),
        ({"additional_flanks": 2.5}, "`additional_flanks` must be a whole number"),
        ({"n_bins": 1000.5}, "`n_bins` must be a whole number"),
        ({"target_fdr": np.nan, "control": "shuffle"}, "`target_fdr` must be above 0; got nan"),
        ({"target_fdr": -1, "control": "shuffle"}, "`target_fdr` must be above 0; got -1"),
        ({"null": np.ones(3)}, "`null` must be what `fit_null` returns, or None; got ndarray"),
    ],
)
def test_recursive_seqlets__names_the_argument_of_the_wrong_kind(options, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        recursive_seqlets(np.random.default_rng(0).normal(size=(2, 50)), **options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_seqlet_len": 0}, "`max_seqlet_len` must be at least 1; got 0"),
        ({"n_bins": 1}, "`n_bins` must be at least 2"),
    ],
)
def test_fit_null__refuses_spans_of_nothing_and_a_single_bin(options, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        fit_null(noise(), **options)


def test_recursive_seqlets__lets_no_longest_seqlet_exceed_its_example() -> None:
    X_attr = np.random.default_rng(0).normal(size=(20, 30))
    X_attr[3, 10:20] += 5
    pd.testing.assert_frame_equal(
        recursive_seqlets(X_attr, max_seqlet_len=30), recursive_seqlets(X_attr, max_seqlet_len=10**6)
    )


def test_recursive_seqlets__may_share_a_null_among_threads() -> None:
    batches = [(noise(30, 400, seed=seed), threshold) for seed in range(8) for threshold in (0.05, 0.001)]

    def call(null: SeqletNull, batch: tuple[np.ndarray, float]) -> pd.DataFrame:
        return recursive_seqlets(batch[0], threshold=batch[1], sign="both", null=null)

    alone = [call(fit_null(batches[0][0]), batch) for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(partial(call, fit_null(batches[0][0])), batches))
    for ours, expected in zip(together, alone, strict=True):
        pd.testing.assert_frame_equal(ours, expected)


def test_fit_null__refuses_a_range_beyond_floating_point_by_the_name_of_its_argument() -> None:
    with pytest.raises(InvalidArgument, match=r"^`X_attr` must be of a range"):
        fit_null(np.array([[-1.7e308, 1.7e308]]))


def test_fit_null__can_be_pickled_for_other_processes() -> None:
    X = noise()
    null = fit_null(X)
    copy = pickle.loads(pickle.dumps(null))
    pd.testing.assert_frame_equal(recursive_seqlets(X, null=copy), recursive_seqlets(X, null=null))
