"""Signal under intervals."""

from __future__ import annotations

from unittest import mock

import hypothesis
import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
import torch

import nbmotif.interval_signal
from nbmotif import MotifSet, extract_signal, fimo
from nbmotif.errors import InvalidArgument

# few bases are looked at one by one, many by running totals
WAYS = pytest.mark.parametrize("base_by_base", [0, 1 << 40])


def as_loci(rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["example_idx", "start", "end"])


@hypothesis.given(
    X=hnp.arrays(
        np.float64, st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(1, 20)), elements=st.floats(-1e3, 1e3)
    ),
    data=st.data(),
)
@WAYS
def test_extract_signal__equals_slice_sums(base_by_base, X, data):
    n, _, length = X.shape
    ends = st.integers(0, length)
    rows = data.draw(st.lists(st.tuples(st.integers(0, n - 1), ends, ends), max_size=20))
    loci = as_loci([(i, min(a, b), max(a, b)) for i, a, b in rows])
    expected = np.array([X[i, :, s:e].sum(axis=1) for i, s, e in loci.to_numpy(dtype=int)]).reshape(
        len(loci), X.shape[1]
    )
    with mock.patch.object(nbmotif.interval_signal, "_BASE_BY_BASE", base_by_base):
        np.testing.assert_allclose(extract_signal(loci, X).numpy(), expected, atol=1e-9)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64])
def test_extract_signal__keeps_the_dtype_of_x(dtype):
    X = torch.arange(24).reshape(2, 3, 4).to(dtype)
    signal = extract_signal(as_loci([(1, 1, 3), (0, 0, 4)]), X)
    assert signal.dtype == dtype
    assert signal.tolist() == [[27, 35, 43], [6, 22, 38]]


def test_extract_signal__takes_what_is_not_contiguous_and_needs_grad():
    X = torch.randn(3, 20, 4, requires_grad=True).permute(0, 2, 1)
    assert not X.is_contiguous()
    signal = extract_signal(as_loci([(2, 5, 9)]), X)
    torch.testing.assert_close(signal[0], X[2, :, 5:9].sum(dim=1).detach())


def test_extract_signal__gives_means_and_maxima():
    X = torch.tensor([[[1.0, -5.0, 3.0, 0.5], [float("nan"), 2.0, 7.0, 1.0]]])
    loci = as_loci([(0, 1, 3), (0, 0, 4), (0, 3, 4)])
    mean, largest = (extract_signal(loci, X, how=how) for how in ("mean", "max"))
    torch.testing.assert_close(mean, torch.tensor([[-1.0, 4.5], [-0.125, float("nan")], [0.5, 1.0]]), equal_nan=True)
    torch.testing.assert_close(largest, torch.tensor([[3.0, 7.0], [3.0, float("nan")], [0.5, 1.0]]), equal_nan=True)
    assert extract_signal(as_loci([(0, 0, 2)]), torch.tensor([[[1, 2]]]), how="mean").tolist() == [[1.5]]


@hypothesis.given(st.data(), st.integers(1, 60), st.booleans())
@WAYS
def test_extract_signal__maxima_are_those_of_the_slices(base_by_base, data, length, with_nan):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**31)))
    X = rng.normal(size=(3, 2, length))
    if with_nan:
        X[rng.random(X.shape) < 0.1] = np.nan
    start = rng.integers(0, length, 40)
    end = start + 1 + rng.integers(0, length - start)
    loci = pd.DataFrame({"example_idx": rng.integers(0, 3, 40), "start": start, "end": end})
    expected = [X[row, :, a:b].max(axis=1) for row, a, b in loci.to_numpy()]
    with mock.patch.object(nbmotif.interval_signal, "_BASE_BY_BASE", base_by_base):
        np.testing.assert_array_equal(extract_signal(loci, X, how="max"), expected)


def test_extract_signal__refuses_an_empty_interval_where_it_has_no_value():
    X = torch.ones(1, 1, 5)
    assert extract_signal(as_loci([(0, 2, 2)]), X).tolist() == [[0.0]]
    with pytest.raises(InvalidArgument, match=r"at least 1 bp long to have a mean; got sequence 0, 2 to 2 in row 0"):
        extract_signal(as_loci([(0, 2, 2)]), X, how="mean")
    with pytest.raises(InvalidArgument, match=r"to have a max; got sequence 0, 5 to 5 in row 1"):
        extract_signal(as_loci([(0, 2, 4), (0, 5, 5), (0, 1, 5)]), X, how="max")
    with pytest.raises(InvalidArgument, match=r"`how` must be one of 'sum', 'mean', 'max'; got 'median'"):
        extract_signal(as_loci([(0, 2, 2)]), X, how="median")


def test_with_signal__weighs_bases_by_the_motif_on_the_strand_of_the_hit():
    rng = np.random.default_rng(0)
    motifs = MotifSet({str(width): rng.dirichlet(np.ones(4), size=width).T for width in (5, 7)})
    X_attr = rng.normal(size=(3, 4, 400))
    hits = fimo(motifs, ["".join(rng.choice(list("ACGT"), size=400)) for _ in range(3)], threshold=0.02)
    expected = [
        (X_attr[i, :, s:e] * (motifs.pwms[m] if strand > 0 else motifs.pwms[m][::-1, ::-1])).sum()
        for m, i, s, e, strand in zip(hits.motif_idx, hits.sequence_idx, hits.start, hits.end, hits.strand, strict=True)
    ]
    weighted = hits.with_signal(X_attr, how="pwm", motifs=motifs).attribution
    np.testing.assert_allclose(weighted, expected, rtol=1e-6)
    assert set(hits.strand) == {1, -1}
    with pytest.raises(InvalidArgument, match="`motifs` must be the motifs of these hits"):
        hits.with_signal(X_attr, how="pwm")
    with pytest.raises(InvalidArgument, match=r"`X_attr` must be of shape \(N, 4, L\)"):
        hits.with_signal(X_attr[:, 0], how="pwm", motifs=motifs)
    others = MotifSet({"5": motifs.pwms[0], "other": motifs.pwms[1]})
    with pytest.raises(InvalidArgument, match=r"`motifs` must be the motifs of these hits, .*; got 2 motifs"):
        hits.with_signal(X_attr, how="pwm", motifs=others)
    wider = MotifSet({"5": motifs.pwms[1], "7": motifs.pwms[1]})
    with pytest.raises(InvalidArgument, match=r"`motifs` must be .*; got '5' of 7 bp, whose hits are 5 bp"):
        hits.with_signal(X_attr, how="pwm", motifs=wider)
    with pytest.raises(InvalidArgument, match="`how` must be one of 'sum', 'mean', 'max', 'pwm'; got 'median'"):
        hits.with_signal(X_attr, how="median")


def test_extract_signal__a_long_total_does_not_blur_a_small_sum():
    X = np.full((1, 1, 10_000), 1e4, dtype=np.float32)
    X[0, 0, 9_000:9_010] = 1e-4
    assert extract_signal(as_loci([(0, 9_000, 9_010)]), X).item() == pytest.approx(1e-3, rel=1e-4)


@WAYS
def test_extract_signal__adds_in_double_precision(base_by_base, monkeypatch):
    monkeypatch.setattr(nbmotif.interval_signal, "_BASE_BY_BASE", base_by_base)
    X = torch.tensor([[[1.0, 1e9, 1.0, -1e9, 1.0]]], dtype=torch.float32)
    assert extract_signal(as_loci([(0, 0, 5), (0, 1, 4)]), X).tolist() == [[3.0], [1.0]]


@WAYS
def test_extract_signal__a_nan_stays_where_it_is(base_by_base, monkeypatch):
    monkeypatch.setattr("nbmotif.interval_signal._BASE_BY_BASE", base_by_base)
    nan, inf = np.nan, np.inf
    X = torch.tensor([[[1, 1, nan, inf, 1, 1, -inf, 1, 1, 1]]])
    loci = as_loci([(0, 0, 2), (0, 1, 3), (0, 3, 6), (0, 4, 7), (0, 3, 7), (0, 4, 6), (0, 7, 10)])
    # an infinity less an infinity is not a number
    np.testing.assert_array_equal(extract_signal(loci, X)[:, 0], [2, nan, inf, -inf, nan, 2, 3])


def test_extract_signal__blocks_of_sequences_change_nothing(monkeypatch):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 2, 30))
    loci = as_loci([(i, s, s + 7) for i, s in zip(rng.integers(0, 50, 300), rng.integers(0, 23, 300), strict=True)])
    X[3, 1, 4], X[17, 0, 9] = np.nan, np.inf
    whole = [extract_signal(loci, X, how=how) for how in ("sum", "mean", "max")]
    monkeypatch.setattr("nbmotif.interval_signal._BLOCK_BYTES", 1500)
    for expected, how in zip(whole, ("sum", "mean", "max"), strict=True):
        torch.testing.assert_close(extract_signal(loci, X, how=how), expected, rtol=0, atol=0, equal_nan=True)


def test_extract_signal__passes_over_blocks_without_intervals(monkeypatch):
    X = torch.arange(24.0).view(6, 1, 4)
    monkeypatch.setattr(nbmotif.interval_signal, "_BASE_BY_BASE", 1 << 40)
    monkeypatch.setattr(nbmotif.interval_signal, "_BLOCK_BYTES", 2 * 8 * 4)
    loci = as_loci([(4, 0, 2), (0, 1, 3), (4, 2, 4), (5, 0, 4)])
    assert extract_signal(loci, X).tolist() == [[16 + 17], [1 + 2], [18 + 19], [20 + 21 + 22 + 23]]


def test_extract_signal__uses_the_first_three_columns_whatever_their_names():
    seqlets = pd.DataFrame({"a": [0], "b": [1.0], "c": [3], "attribution": [9.0]}, index=[77])
    assert extract_signal(seqlets, torch.ones(1, 1, 5)).tolist() == [[2.0]]
    assert extract_signal(seqlets.to_numpy(), torch.ones(1, 1, 5)).tolist() == [[2.0]]
    assert extract_signal(as_loci([]), torch.ones(1, 4, 5)).shape == (0, 4)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ((0, -1, 3), r"sequence 0, -1 to 3 in row 1"),
        ((0, 8, 11), r"inside the signal, 2 sequences of 10 bp; got sequence 0, 8 to 11 in row 1"),
        ((2, 0, 3), r"sequence 2, 0 to 3 in row 1"),
        ((-1, 0, 3), r"sequence -1"),
        ((0, 5, 3), r"5 to 3 in row 1"),
        ((0, 0.5, 3), r"`loci\['start'\]` must be whole numbers; got 0.5 in row 1"),
        (("chr1", 0, 3), r"such as .*with_signal"),
    ],
)
def test_extract_signal__refuses_intervals_outside_and_names_the_row(row, words):
    with pytest.raises(InvalidArgument, match=words):
        extract_signal(as_loci([(0, 0, 10), row]), torch.zeros(2, 4, 10))


def test_extract_signal__refuses_another_shape():
    with pytest.raises(InvalidArgument, match=r"`X` must be a signal of shape \(N, C, L\); .*unsqueeze"):
        extract_signal(as_loci([(0, 0, 1)]), torch.zeros(2, 10))
    with pytest.raises(InvalidArgument, match="first columns are sequence, start and end; got columns"):
        extract_signal(pd.DataFrame({"start": [0], "end": [1]}), torch.zeros(2, 1, 10))


@WAYS
@pytest.mark.parametrize("dtype", [torch.int8, torch.uint8, torch.bool])
def test_extract_signal__adds_small_whole_numbers_without_wrapping(dtype, base_by_base, monkeypatch) -> None:
    monkeypatch.setattr(nbmotif.interval_signal, "_BASE_BY_BASE", base_by_base)
    X = torch.ones(1, 2, 300, dtype=dtype)
    whole = as_loci([(0, 0, 300)])
    assert extract_signal(whole, X).tolist() == [[300, 300]]
    assert extract_signal(whole, X).dtype == torch.int64
    assert extract_signal(whole, X, how="max").dtype == dtype


def test_extract_signal__reads_columns_by_their_place_whatever_they_are_called() -> None:
    loci = pd.DataFrame([[0, 1, 3]], columns=["x", "x", "x"])
    assert extract_signal(loci, torch.ones(1, 1, 5)).item() == 2


def test_extract_signal__names_the_row_of_a_missing_number() -> None:
    loci = pd.DataFrame({"i": pd.array([0, None], dtype="Int64"), "start": 0, "end": 1})
    with pytest.raises(InvalidArgument, match=r"`loci\['i'\]` must be whole numbers; got <NA> in row 1"):
        extract_signal(loci, torch.ones(1, 1, 5))
