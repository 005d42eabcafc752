"""Where the batch lies in a tensor."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nbmotif.attribution.layout import Layout, find_layout

sizes = st.integers(1, 4)


def _fold(x: torch.Tensor, axis: int) -> torch.Tensor:
    """(outer, B, inner, *others) -> the three axes folded into one at `axis`."""
    outer, n, inner = x.shape[:3]
    return x.reshape(outer * n * inner, *x.shape[3:]).movedim(0, axis)


@given(outer=sizes, inner=sizes, n=st.integers(2, 4), n_references=st.integers(2, 3), axis=st.integers(0, 2))
def test_find_layout__finds_a_batch_folded_with_others(outer, inner, n, n_references, axis):
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(outer, n, n_references, inner, 5, 3, generator=generator)
    observed, referred = _fold(rows[:, :, 0], axis), _fold(rows.flatten(1, 2), axis)
    layout = find_layout(observed, referred, n, n_references)
    assert layout is not None
    bound = layout.bind(n, n_references)
    expected = _fold(rows[:, :, :1].expand(rows.shape).flatten(1, 2), axis)
    torch.testing.assert_close(bound.expand(observed), expected)
    per_pair = rows.sum((0, 3, 4, 5))
    torch.testing.assert_close(bound.per_pair(referred), per_pair)


def test_find_layout__knows_a_tensor_that_no_sequence_changes():
    x = torch.randn(3, 4)
    assert find_layout(x, x.clone(), 2, 2) == Layout(None)


@pytest.mark.parametrize("referred", [torch.randn(2, 3), torch.randn(4, 3), torch.randn(4, 6), torch.randn(6, 3)])
def test_find_layout__says_when_the_sequences_are_nowhere(referred):
    assert find_layout(torch.ones(2, 3), referred, 2, 2) is None
