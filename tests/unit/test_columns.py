"""Columns of other people's tables: taken as they are, or refused by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import torch

from nbmotif.columns import (
    as_whole_numbers,
    check_columns,
    finite_numbers,
    first_columns,
    p_values,
    whole_numbers,
)
from nbmotif.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Callable

_GRADED = torch.zeros(2, 3, requires_grad=True)


@pytest.mark.parametrize(
    "values",
    [
        np.array([1, 2], np.uint8),
        np.array([1.0, 2.0], np.float16),
        ["1", "2"],
        pd.array([1, 2], "Int64"),
        pd.Categorical([1, 2]),
        pd.Series([1, 2], index=[7, 7]),
    ],
)
def test_whole_numbers__takes_any_column_that_holds_them(values: object) -> None:
    taken = whole_numbers(values, "hits['start']")
    assert taken.tolist() == [1, 2]
    assert taken.dtype == np.int32


@pytest.mark.parametrize("dtype", ["i1", "u1", "<i4", ">i4", "u4", "i8", ">i8", "u8", "f4"])
def test_as_whole_numbers__takes_every_width_and_copies_only_where_it_must(dtype: str) -> None:
    given = np.array([3, 7], dtype)
    for values in (given, pd.Series(given.astype(np.dtype(dtype).newbyteorder("="))), given[::-1][::-1]):
        taken = as_whole_numbers(values, "X", np.int64)
        assert (taken.tolist(), taken.dtype) == ([3, 7], np.int64)
    assert np.shares_memory(as_whole_numbers(given, "X", np.int64), given) == (dtype == "i8")


def test_as_whole_numbers__refuses_what_is_no_column_or_too_large() -> None:
    with pytest.raises(InvalidArgument, match=r"`X` must be one value for each row; got shape \(2, 2\)"):
        as_whole_numbers(np.zeros((2, 2), np.int64), "X", np.int64)
    with pytest.raises(InvalidArgument, match=r"`X` must be numbers of 32 bits; got 2147483648 in row 1"):
        as_whole_numbers(np.array([1, 1 << 31], np.uint32), "X", np.int32)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1, 2.5], "whole numbers; got 2.5 in row 1"),
        ([1, np.nan], "whole numbers; got nan in row 1"),
        (pd.array([1, None], "Int64"), "whole numbers; got <NA> in row 1"),
        (["chr1"], "whole numbers; got 'chr1' in row 0"),
        ([0, 2**40], "numbers of 32 bits; got 1099511627776 in row 1"),
    ],
)
def test_whole_numbers__refuses_what_it_would_have_to_change(values: object, message: str) -> None:
    with pytest.raises(InvalidArgument, match=rf"`hits\['start'\]` must be {message}"):
        whole_numbers(values, "hits['start']")


@pytest.mark.parametrize(("value", "got"), [(np.inf, "inf"), (1e300, r"1e\+300"), (None, "nan"), ("x", "'x'")])
def test_finite_numbers__refuses_what_has_no_value_in_its_precision(value: object, got: str) -> None:
    with pytest.raises(InvalidArgument, match=f"`a` must be finite numbers; got {got} in row 1"):
        finite_numbers([0.5, value], "a", np.float32)


def test_p_values__forgive_rounding_alone() -> None:
    assert p_values([0.0, 1.0, -1e-9], "p").tolist() == [0.0, 1.0, -1e-9]
    for wrong in (-0.1, 1.1):
        with pytest.raises(InvalidArgument, match="`p` must be between 0 and 1"):
            p_values([0.5, wrong], "p")


def test_columns__are_copies() -> None:
    for read, dtype in ((whole_numbers, np.int32), (finite_numbers, np.float32), (p_values, np.float64)):
        values = np.zeros(3, dtype)
        assert not np.shares_memory(read(values, "a"), values)


def test_check_columns__names_what_is_not_there_once() -> None:
    frame = pd.DataFrame([[1, 2, 3]], columns=["start", "start", "end"])
    with pytest.raises(InvalidArgument, match="There are 2 called 'start'"):
        check_columns(frame, ["end", "start"], "hits")
    with pytest.raises(InvalidArgument, match="There is no 'chrom'"):
        check_columns(frame, ["chrom"], "hits")
    with pytest.raises(InvalidArgument, match="a DataFrame with the columns chrom; got list"):
        check_columns([], ["chrom"], "hits")


@pytest.mark.parametrize(
    "table", [None, "text", 3, [], [[0, 1], [0]], np.zeros((2, 3, 4)), {"example_idx": 1}, _GRADED]
)
def test_first_columns__names_what_is_no_table(table: object) -> None:
    with pytest.raises(InvalidArgument, match=r"^`loci` must be a table, or rows of one length, whose first columns"):
        first_columns(table, ("sequence", "start", "end"), "loci")


@pytest.mark.parametrize("column", [None, 3, "text", np.zeros((2, 2)), [[0, 1], [0]], torch.zeros(2).to_sparse()])
@pytest.mark.parametrize("read", [whole_numbers, finite_numbers, p_values])
def test_columns__have_one_value_for_each_row(read: Callable[[Any, str], object], column: object) -> None:
    with pytest.raises(InvalidArgument, match=r"^`start` must be one value for each row; got "):
        read(column, "start")


def test_tables_of_other_libraries__are_refused_with_how_they_become_one() -> None:
    class Table:
        __module__ = "polars.dataframe.frame"
        columns = ("start", "end")

        def to_pandas(self) -> pd.DataFrame:
            return pd.DataFrame(columns=self.columns)

    expected = (
        r"must be a DataFrame with the columns start, of pandas; got polars.Table. Convert it: table.to_pandas\(\)"
    )
    with pytest.raises(InvalidArgument, match=expected):
        check_columns(Table(), ["start"], "hits")


def test_first_columns__goes_by_place_whatever_columns_are_called() -> None:
    table = pd.DataFrame([[0, 4, 9, "x"], [1, 2, 8, "y"]], columns=["a", "a", 3, "a"], index=[7, 7])
    columns = first_columns(table, ("sequence", "start", "end"), "loci")
    assert [column.tolist() for column in columns] == [[0, 1], [4, 2], [9, 8]]


def test_first_columns__takes_categories_that_are_numbers() -> None:
    table = pd.DataFrame({"sequence": [0, 1], "start": [4, 2], "end": [9, 9]}).astype("category")
    assert [column.tolist() for column in first_columns(table, list(table), "loci")] == [[0, 1], [4, 2], [9, 9]]
    with pytest.raises(InvalidArgument, match=r"`loci` must be a table of whole numbers.*got category in column"):
        first_columns(table.assign(start=pd.Categorical(["a", "b"])), list(table), "loci")


@pytest.mark.parametrize("table", [[(0, 1, 5)], np.array([[0.0, 1.0, 5.0]]), torch.tensor([[0, 1, 5]])])
def test_first_columns__takes_rows_of_any_kind(table: object) -> None:
    assert [column.tolist() for column in first_columns(table, ("sequence", "start", "end"), "loci")] == [[0], [1], [5]]
