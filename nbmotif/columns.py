"""Reads columns of other people's tables: copied, and nothing cut, rounded or filled in on the way."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nbmotif.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# before pandas 3, groupby makes a group of every category, also where there is no row, and warns of it
_GROUPS_EMPTY_CATEGORIES = int(pd.__version__.partition(".")[0]) < 3
_ROUNDING = 1e-6  # by which a p-value that was computed as a difference may miss 0 or 1


def named(codes: NDArray[np.integer[Any]], names: pd.CategoricalDtype) -> Any:
    """Write the name for each number, from 0, as categories; as plain strings where groupby would add empty groups."""
    if _GROUPS_EMPTY_CATEGORIES:
        return names.categories.to_numpy(object)[codes]
    return pd.Categorical.from_codes(codes, dtype=names)


def check_columns(frame: Any, names: Sequence[str], argument: str) -> None:
    """Refuse anything but a table in which each of the columns is there once."""
    expected = f"a DataFrame with the columns {', '.join(names)}"
    if not isinstance(frame, pd.DataFrame):
        raise InvalidArgument(argument, type(frame).__name__, expected)
    held = list(frame.columns)
    for name in names:
        if held.count(name) != 1:
            hint = f"There is no {name!r}." if name not in held else f"There are {held.count(name)} called {name!r}."
            raise InvalidArgument(argument, f"columns {held}", expected, hint)


def whole_numbers(values: Any, name: str, dtype: type[np.signedinteger[Any]] = np.int32) -> NDArray[Any]:
    """Copy a column as integers; refuse what is missing, no whole number, or too large."""
    numbers, limits = _numbers(values), np.iinfo(dtype)
    if numbers.dtype.kind == "f":
        numbers = numbers.astype(np.float64)
        _refuse(values, ~(np.floor(numbers) == numbers), name, "whole numbers")  # NaN equals nothing
    _refuse(values, (numbers < limits.min) | (numbers > limits.max), name, f"numbers of {limits.bits} bits")
    return numbers.astype(dtype)


def as_whole_numbers(values: Any, name: str, dtype: type[np.signedinteger[Any]]) -> NDArray[Any]:
    """Take integers of the dtype as they are, and others as :func:`whole_numbers` does."""
    array = np.asarray(values)
    return array if array.dtype == dtype else whole_numbers(array, name, dtype)


def first_columns(table: Any, names: Sequence[str], argument: str, hint: str = "") -> list[NDArray[np.integer]]:
    """Read the first columns of a table, or of what makes one, as integers, whatever they are called.

    Parameters
    ----------
    table
        A DataFrame, or an array or a list of rows.
    names
        What the columns hold.
    argument
        What errors call the table.
    hint
        What to do where a column holds something else than numbers, also numbers written as text, which are names.

    Returns
    -------
    A column for each name: int32 where the table has it so, else int64.
    """
    listed = f"{', '.join(names[:-1])} and {names[-1]}"
    frame = table if isinstance(table, pd.DataFrame) else _frame_of(table, argument, listed)
    if frame.shape[1] < len(names):
        raise InvalidArgument(argument, f"columns {list(frame.columns)}", f"a table whose first columns are {listed}")
    columns = [frame.iloc[:, place] for place in range(len(names))]
    for values in columns:
        if len(values) and not _are_numbers(values):
            got = f"{values.dtype} in column {values.name!r}, such as {values.iloc[0]!r}"
            raise InvalidArgument(argument, got, f"a table of whole numbers in its first columns, {listed}", hint)
    return [
        as_whole_numbers(values, f"{argument}[{values.name!r}]", np.int32 if values.dtype == np.int32 else np.int64)
        for values in columns
    ]


def _frame_of(rows: Any, argument: str, listed: str) -> pd.DataFrame:
    try:
        array = np.asarray(rows)
    except (TypeError, ValueError, RuntimeError):  # rows of different lengths, or a tensor with gradients
        array = np.empty(0)
    if array.ndim != 2:
        got = f"{type(rows).__name__} of shape {array.shape}" if hasattr(rows, "shape") else type(rows).__name__
        raise InvalidArgument(argument, got, f"a table, or rows of one length, whose first columns are {listed}")
    return pd.DataFrame(array)


def _are_numbers(values: pd.Series[Any]) -> bool:
    if values.dtype == object:
        return pd.api.types.infer_dtype(values) in {"integer", "floating", "mixed-integer-float"}
    return values.dtype.kind in "iuf"


def check_names(names: Sequence[str], argument: str, hint: str = "") -> None:
    """Refuse names that are there twice."""
    if len(set(names)) < len(names):
        twice = Counter(names).most_common(1)[0][0]
        raise InvalidArgument(argument, f"{twice!r} twice", "names that differ", hint)


def finite_numbers(values: Any, name: str, dtype: type[np.floating[Any]] = np.float32) -> NDArray[Any]:
    """Copy a column as floats; refuse what is missing, or not finite in that precision."""
    with np.errstate(over="ignore"):
        numbers = _numbers(values).astype(dtype)
    _refuse(values, ~np.isfinite(numbers), name, "finite numbers")
    return numbers


def p_values(values: Any, name: str) -> NDArray[np.float64]:
    """Copy a column of probabilities as float64."""
    numbers = finite_numbers(values, name, np.float64)
    _refuse(values, (numbers < -_ROUNDING) | (numbers > 1 + _ROUNDING), name, "between 0 and 1")
    return numbers


def _numbers(values: Any) -> NDArray[Any]:
    """Return integers or floats; NaN for what is missing or no number."""
    series = pd.Series(values)
    if isinstance(series.dtype, np.dtype) and series.dtype.kind in "iuf":
        return series.to_numpy()
    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(object)
    return pd.to_numeric(series, errors="coerce").to_numpy(np.float64, na_value=np.nan)


def _refuse(values: Any, is_wrong: NDArray[np.bool_], name: str, expected: str) -> None:
    if is_wrong.any():
        row = int(is_wrong.argmax())
        value = pd.Series(values).iloc[row]
        raise InvalidArgument(name, f"{value if hasattr(value, 'dtype') else repr(value)} in row {row}", expected)
