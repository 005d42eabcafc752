"""The fused multipliers against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nbmotif.kernels.deeplift import (
    relu_multiplier,
    relu_multiplier_definition,
    rescale_multiplier,
    rescale_multiplier_definition,
)

KERNELS = {"compiled": relu_multiplier, "plain": getattr(relu_multiplier, "py_func", relu_multiplier)}


@pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS.keys())
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(data=st.data())
def test_relu_multiplier__is_the_slope_of_the_secant(kernel, dtype, data):
    b, n, e = (data.draw(st.integers(1, 4)) for _ in range(3))
    # quarters make exact ties and zeros common
    quarters = st.integers(-8, 8).map(lambda k: k / 4)
    x = data.draw(hnp.arrays(dtype, (b, e), elements=quarters))
    r = data.draw(hnp.arrays(dtype, (b, n, e), elements=quarters))
    got, value = np.full_like(r, np.nan), np.full_like(r, np.nan)
    kernel(x, r, value, got)
    np.testing.assert_array_equal(value, np.maximum(r, 0))
    np.testing.assert_allclose(got, relu_multiplier_definition(x, r), rtol=1e-6)
    assert ((got >= 0) & (got <= 1)).all()


def test_relu_multiplier__by_hand():
    x, r = np.array([[2.0, -1.0, 3.0, 0.5, -0.5, 0.0]]), np.array([[[-2.0, -3.0, 1.0, 0.5, -0.5, 0.0]]])
    got = np.empty_like(r)
    relu_multiplier(x, r, np.empty_like(r), got)
    assert got.ravel().tolist() == [0.5, 0.0, 1.0, 1.0, 0.0, 0.0]


RESCALES = {"compiled": rescale_multiplier, "plain": getattr(rescale_multiplier, "py_func", rescale_multiplier)}


@pytest.mark.filterwarnings("ignore:(invalid value|overflow|divide by zero) encountered")
@pytest.mark.parametrize("kernel", RESCALES.values(), ids=RESCALES.keys())
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(data=st.data())
def test_rescale_multiplier__is_the_secant_or_nan(kernel, dtype, data):
    b, n, e = (data.draw(st.integers(1, 3)) for _ in range(3))
    numbers = st.sampled_from([-2.0, -0.5, 0.0, 2.0**-17, 0.25, 0.25 + 2.0**-13, 3.0])  # as they are in float32
    outputs = st.one_of(numbers, st.sampled_from([np.nan, np.inf, -np.inf]))
    x, r = (data.draw(hnp.arrays(dtype, shape, elements=numbers.map(dtype))) for shape in ((b, e), (b, n, e)))
    out_x, out_r = (data.draw(hnp.arrays(dtype, shape, elements=outputs.map(dtype))) for shape in ((b, e), (b, n, e)))
    nearness = data.draw(st.sampled_from([0.0, 1e-3]))
    got = np.full_like(r, 7)
    kernel(x, out_x, r, out_r, nearness, got)
    np.testing.assert_allclose(got, rescale_multiplier_definition(x, out_x, r, out_r, nearness), rtol=1e-6)
