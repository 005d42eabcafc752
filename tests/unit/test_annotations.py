"""Counts of annotations, and of pairs of them against a slow count, by hand and by law."""

from __future__ import annotations

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
import torch

from nbmotif import annotations, count_annotations
from nbmotif.annotations import pairwise_annotations, pairwise_annotations_spacing
from nbmotif.errors import InvalidArgument

pairs_of = st.lists(st.tuples(st.integers(0, 4), st.integers(-1, 5)), min_size=1, max_size=40)


@pytest.mark.parametrize("at_once", [1, 2, 5, 1000])
def test_pairs__are_all_those_that_are_wanted_however_many_at_a_time(at_once: int, monkeypatch) -> None:
    monkeypatch.setattr(annotations, "_PAIRS_AT_ONCE", at_once)
    until = [4, 2, 6, 4, 6, 3]  # the second, fourth and last have no partner behind them
    found = [(int(i), int(j)) for pair in annotations._pairs(np.array(until)) for i, j in zip(*pair, strict=True)]
    assert found == [(0, 1), (0, 2), (0, 3), (2, 3), (2, 4), (2, 5), (4, 5)]


@hypothesis.given(pairs_of)
def test_pairwise_annotations__counts_sequences_with_both(pairs):
    X = torch.tensor(pairs)
    present = (count_annotations(X, n_annotations=6) > 0).int()
    expected = (present.T @ present).fill_diagonal_(0)
    assert torch.equal(pairwise_annotations(X, n_annotations=6), expected)
    one_way = pairwise_annotations(X, n_annotations=6, symmetric=False)
    assert torch.equal(one_way, expected.triu())


@hypothesis.given(pairs_of)
def test_pairwise_annotations__counts_every_pair_of_occurrences(pairs):
    X = torch.tensor(pairs)
    counts = count_annotations(X, n_annotations=6)
    expected = counts.T @ counts
    expected.diagonal().copy_((counts * (counts - 1) // 2).sum(dim=0))
    assert torch.equal(pairwise_annotations(X, n_annotations=6, unique=False), expected)


def test_pairwise_annotations__first_in_x_is_the_row():
    counts = pairwise_annotations(([0, 1, 0], [2, 0, 1]), unique=False, symmetric=False)
    assert counts.nonzero().tolist() == [[2, 1]]


def test_pairwise_annotations_spacing__measures_from_end_to_start():
    sites = pd.DataFrame(
        {"example_idx": [0, 0, 0, 1], "motif": [1, 0, 1, 0], "start": [30, 10, 18, 0], "end": [35, 15, 24, 5]}
    )
    counts = pairwise_annotations_spacing(sites, max_distance=20, symmetric=False)
    assert counts.shape == (2, 2, 20)
    assert counts.nonzero().tolist() == [[0, 1, 3], [0, 1, 15], [1, 1, 6]]
    both = pairwise_annotations_spacing(sites, max_distance=20)
    assert torch.equal(both[0, 1], both[1, 0])
    assert int(both[1, 1, 6]) == 1


def test_pairwise_annotations_spacing__refuses_or_skips_overlaps():
    sites = np.array([[0, 0, 20, 26], [0, 1, 3, 8], [0, 1, 7, 12], [0, -1, 0, 40]])
    with pytest.raises(InvalidArgument, match=r"3 to 8 in row 1 and 7 to 12 in row 2.*overlaps=\"skip\""):
        pairwise_annotations_spacing(sites)
    counts = pairwise_annotations_spacing(sites, overlaps="skip", symmetric=False)
    assert counts.nonzero().tolist() == [[1, 0, 8], [1, 0, 12]]


@pytest.mark.parametrize(
    ("sites", "kwargs", "words"),
    [
        (np.zeros((2, 3)), {}, r"of shape \(n, 4\); got shape \(2, 3\)"),
        (np.zeros((2, 4)), {"max_distance": 0}, r"`max_distance` must be at least 1"),
        (np.zeros((2, 4)), {"overlaps": "merge"}, "`overlaps` must be one of 'refuse', 'skip'; got 'merge'"),
        (np.array([[0, 9, 0, 5]]), {"n_annotations": 3}, r"annotation 9 in row 0"),
    ],
)
def test_pairwise_annotations_spacing__refuses_what_it_cannot_count(sites, kwargs, words):
    with pytest.raises(InvalidArgument, match=words):
        pairwise_annotations_spacing(sites, **kwargs)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ([0, 1, 9.7, 12], r"`X\[:, 2\]` must be whole numbers; got .*9.7.* in row 1"),
        ([0, 1, 9, np.nan], r"`X\[:, 3\]` must be whole numbers; got .*nan.* in row 1"),
        ([0, 1, 12, 9], r"annotations with start < end; got 12 to 9 in row 1"),
    ],
)
def test_pairwise_annotations_spacing__rounds_no_place_and_takes_no_empty_span(row, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        pairwise_annotations_spacing(np.array([[0, 0, 1, 5], row]))


def test_count_annotations__takes_the_vignettes_call():
    seqlets = pd.DataFrame({"example_idx": [3, 0, 3]}, index=[10, 11, 12])
    for motif_idxs in (torch.tensor([1, 5, 1]), np.array([1, 5, 1], dtype=np.int32), pd.Series([1, 5, 1])):
        y = count_annotations((seqlets["example_idx"], motif_idxs), n_annotations=8)
        assert (y.shape, y.dtype, int(y[3, 1]), int(y.sum())) == ((4, 8), torch.int32, 2, 3)
    assert count_annotations((seqlets["example_idx"], np.array([1, 5, 1]))).shape == (4, 6)


def test_count_annotations__does_not_wrap_at_256():
    pairs = torch.zeros(300, 2, dtype=torch.int64)
    assert count_annotations(pairs).tolist() == [[300]]
    with pytest.raises(
        InvalidArgument, match=r"`dtype` must be able to hold every count; got torch.uint8, with counts up to 300"
    ):
        count_annotations(pairs, dtype=torch.uint8)


def test_count_annotations__leaves_out_what_is_unassigned():
    y = count_annotations(([0, 1, 2], [1, -1, -1]), n_annotations=2)
    assert y.tolist() == [[0, 1], [0, 0], [0, 0]]
    assert count_annotations(([0, 1, 2], [1, -1, -1]), n_annotations=2, dim=1).tolist() == [1, 0, 0]


@pytest.mark.parametrize("dtype", [torch.int32, torch.int16, torch.uint16, torch.uint64, torch.float8_e4m3fn])
def test_count_annotations__counts_what_is_not_there_and_what_is(dtype: torch.dtype) -> None:
    assert count_annotations(np.empty((0, 2), int), dtype).shape == (0, 0)
    assert count_annotations(([], []), dtype, shape=(0, 5)).shape == (0, 5)
    assert count_annotations(np.array([[0, -1], [1, -1]]), dtype).shape == (2, 0)
    counts = count_annotations(np.array([[0, 1], [2, 1], [0, 1]]), dtype)
    assert counts.dtype == dtype
    assert counts.double().tolist() == [[0, 2], [0, 0], [0, 1]]


@hypothesis.given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(-1, 3)), max_size=40),
    st.sampled_from([torch.int32, torch.int64, torch.uint8, torch.int8, torch.bfloat16, torch.float64]),
)
def test_count_annotations__counts_each_pair_in_every_dtype(pairs, dtype):
    expected = torch.zeros(5, 4, dtype=dtype)
    for example, annotation in pairs:
        if annotation >= 0:
            expected[example, annotation] += 1
    counts = count_annotations(np.array(pairs, int).reshape(-1, 2), dtype, shape=(5, 4))
    assert counts.dtype == dtype
    assert torch.equal(counts, expected)


@pytest.mark.parametrize(
    ("dtype", "most"), [(torch.uint8, 255), (torch.int8, 127), (torch.bfloat16, 256), (torch.uint16, 65535)]
)
def test_count_annotations__takes_a_dtype_up_to_the_largest_count_it_can_hold(dtype: torch.dtype, most: int) -> None:
    # more annotations in one sequence than the dtype can count, and as many as it can of one of them
    examples, annotations = np.ones(most + 2, int), np.repeat([2, 0], [most, 2])
    counts = count_annotations((examples, annotations), dtype)
    assert counts.dtype == dtype
    assert counts.double().tolist() == [[0, 0, 0], [2, 0, most]]
    with pytest.raises(InvalidArgument, match=f"able to hold every count; got {dtype}, with counts up to {most + 1}"):
        count_annotations((examples, np.repeat([2, 0], [most + 1, 1])), dtype)


@pytest.mark.parametrize("dtype", [torch.int32, torch.uint8])
@pytest.mark.parametrize("kind", ["u1", ">i4", "i8", "f8"])
def test_count_annotations__takes_columns_of_every_kind_and_leaves_them(dtype: torch.dtype, kind: str) -> None:
    pairs = np.array([[2, 1], [0, 0], [2, 1], [1, 3]], kind)
    pairs.flags.writeable = False
    columns = pairs[:, 0], pairs[:, 1]
    backwards = tuple(np.ascontiguousarray(column[::-1])[::-1] for column in columns)
    frame = pd.DataFrame(pairs.astype(np.dtype(kind).newbyteorder("=")), columns=["example_idx", "motif_idx"])
    for X in (pairs, columns, backwards, frame, (frame["example_idx"], frame["motif_idx"]), torch.tensor(frame.values)):
        counts = count_annotations(X, dtype)
        assert counts.dtype == dtype
        assert counts.tolist() == [[1, 0, 0, 0], [0, 0, 0, 1], [0, 2, 0, 0]]
    assert pairs.tolist() == [[2, 1], [0, 0], [2, 1], [1, 3]]


def test_count_annotations__adds_up_along_an_axis():
    pairs, shape = torch.tensor([[0, 1], [0, 1], [2, 0]]), (4, 3)
    full = count_annotations(pairs, shape=shape)
    assert torch.equal(count_annotations(pairs, shape=shape, dim=0), full.sum(0).int())
    assert torch.equal(count_annotations(pairs, shape=shape, dim=1), full.sum(1).int())


def test_count_annotations__of_nothing_is_zeros():
    assert count_annotations(([], []), shape=(2, 3)).tolist() == [[0, 0, 0], [0, 0, 0]]
    assert count_annotations(([], []), n_annotations=3, dim=0).tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("pairs", "kwargs", "words"),
    [
        (([0], [3]), {"n_annotations": 3}, r"annotations between -1 and 2; got annotation 3 in row 0"),
        (([0, 5], [0, 0]), {"shape": (5, 1)}, r"examples between 0 and 4; got example 5 in row 1"),
        (([-1], [0]), {}, r"examples between 0 and -1; got example -1|example -1 in row 0"),
        (([0], [-2]), {}, r"annotation -2 in row 0"),
        (([0], [0, 1]), {}, r"two vectors of one length"),
        (([0.5], [0]), {}, r"whole numbers"),
        ((["chr1"], [0]), {}, r"whole numbers"),
        (np.zeros((3, 3)), {}, r"pairs of shape \(n, 2\)"),
        (([0], [0]), {"dim": 2}, r"`dim` must be one of None, 0, 1; got 2"),
        (([0], [0]), {"shape": (1, 2), "n_annotations": 3}, r"`n_annotations` must be shape\[1\] = 2"),
    ],
)
def test_count_annotations__refuses_what_it_cannot_count(pairs, kwargs, words):
    with pytest.raises(InvalidArgument, match=words):
        count_annotations(pairs, **kwargs)


def test_count_annotations__refuses_two_pairs_that_may_be_two_vectors() -> None:
    pairs = [[0, 1], [2, 3]]
    with pytest.raises(InvalidArgument, match="either two vectors or pairs, and this may be both"):
        count_annotations(pairs)
    assert count_annotations(np.array(pairs)).shape == (3, 4)
    assert count_annotations(tuple(pairs)).shape == (2, 4)
    assert count_annotations([np.array([0, 1]), np.array([2, 3])]).shape == (2, 4)  # as tangermeme takes them


def test_count_annotations__refuses_a_float_that_would_round_a_count() -> None:
    with pytest.raises(
        InvalidArgument, match=r"`dtype` must be able to hold every count; got torch.float16, with.* 2049"
    ):
        count_annotations(([0] * 2049, [0] * 2049), dtype=torch.float16)
    assert count_annotations(([0] * 2049, [0] * 2049), dtype="float32").item() == 2049


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_annotations": -1}, "`n_annotations` must be at least 0; got -1"),
        ({"shape": (2,)}, "`shape` must be"),
        ({"shape": (-1, 2)}, r"`shape\[0\]` must be at least 0; got -1"),
        ({"dtype": torch.bool}, "`dtype` must be able to hold every count"),
    ],
)
def test_count_annotations__names_the_argument_that_is_wrong(options, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        count_annotations(([0], [0]), **options)
