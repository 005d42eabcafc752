"""One number given as an argument: every kind that a user's array or table holds, and what is refused."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from nbmotif.arguments import check_number, check_whole, whole_number
from nbmotif.errors import InvalidArgument

INTEGERS = [np.dtype(code).type for code in np.typecodes["AllInteger"]]
FLOATS = [np.dtype(code).type for code in np.typecodes["Float"]]


@pytest.mark.parametrize("kind", [int, *INTEGERS, torch.tensor])
@pytest.mark.parametrize("check", [check_whole, whole_number])
def test_whole_numbers__of_every_kind_are_taken(check: Any, kind: Any) -> None:
    number = check(kind(7), "n", 7)
    assert (number, type(number)) == (7, int)


@pytest.mark.parametrize("kind", [float, Fraction, *FLOATS])
def test_whole_numbers__that_a_row_of_a_table_made_floats_are_taken_where_rows_are(kind: Any) -> None:
    number = whole_number(kind(7), "n", 7, 7)
    assert (number, type(number)) == (7, int)
    with pytest.raises(InvalidArgument, match=r"^`n` must be a whole number"):
        check_whole(kind(7), "n")


@pytest.mark.parametrize("dtype", ["int8", "uint32", "int64", "Int32", "float32", "Float64", "object"])
def test_whole_numbers__are_taken_from_columns_of_every_kind(dtype: str) -> None:
    column = pd.Series([0, 7], dtype=dtype)
    assert whole_number(column.iloc[1], "n", 0, 7) == 7


def test_whole_numbers__beyond_what_a_float_holds_stay_exact() -> None:
    assert whole_number(10**400 + 1, "n") == 10**400 + 1
    assert whole_number(2**53 + 1, "n") == 2**53 + 1
    assert whole_number(np.int64(2**53 + 1), "n") == 2**53 + 1


@pytest.mark.parametrize(
    "value",
    [True, np.True_, 2.5, np.float32(2.5), np.nan, np.inf, Fraction(5, 2), "2", None, 2j, pd.NA, [2], np.array([2, 3])],
)
@pytest.mark.parametrize("check", [check_whole, whole_number])
def test_what_is_no_whole_number__is_refused_by_its_name(check: Any, value: Any) -> None:
    with pytest.raises(InvalidArgument, match=r"^`n` must be a whole number"):
        check(value, "n")


@pytest.mark.parametrize("value", [-1, 3, np.int32(3), 3.0])
def test_whole_numbers__outside_what_will_do_are_refused_with_the_limits(value: Any) -> None:
    with pytest.raises(InvalidArgument, match="0 to 2"):
        whole_number(value, "n", 0, 2)


@pytest.mark.parametrize("kind", [*INTEGERS, *FLOATS])
def test_numbers__of_every_kind_are_taken_as_floats(kind: Any) -> None:
    number = check_number(kind(7), "x", "above 0", lambda x: x > 0)
    assert (number, type(number)) == (7.0, float)
