"""The kernel behind ``to_codes``: every dtype, and everything that is not one-hot."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nbmotif.encoding import one_hot_encode, to_codes
from nbmotif.errors import InvalidArgument
from nbmotif.kernels.one_hot import codes_of_bytes, codes_of_floats

DTYPES = [torch.bool, torch.uint8, torch.int8, torch.int64, torch.float16, torch.bfloat16, torch.float32, torch.float64]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_to_codes__is_the_same_for_every_dtype(dtype):
    X = one_hot_encode(["ACGTN", "NTGCA"]).to(dtype)
    assert to_codes(X).tolist() == [[0, 1, 2, 3, -1], [-1, 3, 2, 1, 0]]
    assert to_codes(X.permute(0, 2, 1).contiguous().permute(0, 2, 1)).tolist() == to_codes(X).tolist()


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        (dtype, value)
        for dtype in DTYPES[1:]
        for value in (2, -1, "two", 0.5, float("nan"), float("inf"))
        if dtype.is_floating_point or value in {2, -1, "two"}
    ],
    ids=str,
)
def test_to_codes__refuses_what_is_not_one_hot_and_says_where(dtype, value):
    X = one_hot_encode(["ACGTN", "NTGCA"]).to(dtype)
    X[1, 0, 3] = 1 if value == "two" else (255 if dtype == torch.uint8 and value == -1 else value)
    with pytest.raises(InvalidArgument, match="at sequence 1, position 3"):
        to_codes(X)


def test_to_codes__takes_negative_zeros():
    X = one_hot_encode(["ACGTN", "NTGCA"]).float()
    X[X == 0] = -0.0
    assert to_codes(X).tolist() == [[0, 1, 2, 3, -1], [-1, 3, 2, 1, 0]]


@given(st.lists(st.sampled_from([0.0, 1.0, 0.5, -0.25, 1.7014118e38, float("nan")]), min_size=4, max_size=4))
def test_to_codes__takes_a_column_of_floats_only_if_it_is_one_hot(column):
    X = torch.zeros(1, 4, 3)
    X[0, :, 1] = torch.tensor(column)
    if sorted(column) in ([0, 0, 0, 0], [0, 0, 0, 1]):
        assert to_codes(X).tolist() == [[-1, column.index(1.0) if 1.0 in column else -1, -1]]
    else:
        with pytest.raises(InvalidArgument):
            to_codes(X)


@pytest.mark.parametrize(("codes_of", "dtype"), [(codes_of_bytes, np.int8), (codes_of_floats, np.float32)])
def test_codes_of__compiled_and_plain_agree(codes_of, dtype):
    X = (
        np.eye(5)[np.random.default_rng(0).integers(0, 5, size=(3, 40))][:, :, :4]
        .transpose(0, 2, 1)
        .astype(dtype)
        .copy()
    )
    X = X.view(np.int32) if dtype == np.float32 else X
    compiled, plain = np.empty((3, 40), dtype=np.int8), np.empty((3, 40), dtype=np.int8)
    assert codes_of(X, compiled)
    assert getattr(codes_of, "py_func", codes_of)(X, plain)
    np.testing.assert_array_equal(compiled, plain)
