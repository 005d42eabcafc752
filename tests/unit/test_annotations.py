"""Pairs of annotations against a slow count, by hand and by law; single annotations are in test_counts."""

from __future__ import annotations

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
import torch

from nbmotif import count_annotations
from nbmotif.annotations import pairwise_annotations, pairwise_annotations_spacing
from nbmotif.errors import InvalidArgument

pairs_of = st.lists(st.tuples(st.integers(0, 4), st.integers(-1, 5)), min_size=1, max_size=40)


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
