"""Reads columns of other people's tables: copied, and nothing cut, rounded or filled in on the way."""

from __future__ import annotations

from collections import Counter
from itertools import islice
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


def check_frame(frame: Any, argument: str, expected: str) -> None:
    """Refuse anything but a table of pandas; of that of another library say how it becomes one."""
    if isinstance(frame, pd.DataFrame):
        return
    if hasattr(frame, "to_pandas"):
        kind = f"{type(frame).__module__.partition('.')[0]}.{type(frame).__name__}"
        raise InvalidArgument(argument, kind, f"{expected}, of pandas", "Convert it: table.to_pandas().")
    raise InvalidArgument(argument, type(frame).__name__, expected)


def check_columns(frame: Any, names: Sequence[object], argument: str) -> None:
    """Refuse anything but a table in which each of the columns is there once."""
    expected = f"a DataFrame with the columns {', '.join(map(str, names))}"
    check_frame(frame, argument, expected)
    held = list(frame.columns)
    for name in names:
        if held.count(name) != 1:
            hint = f"There is no {name!r}." if name not in held else f"There are {held.count(name)} called {name!r}."
            raise InvalidArgument(argument, f"columns {held}", expected, hint)


def whole_numbers(values: Any, name: str, dtype: type[np.signedinteger[Any]] = np.int32) -> NDArray[Any]:
    """Copy a column as integers; refuse what is missing, no whole number, or too large."""
    values = _column(values, name)
    numbers, limits = _numbers(values), np.iinfo(dtype)
    if numbers.dtype.kind == "f":
        numbers = numbers.astype(np.float64)
        _refuse(values, ~(np.floor(numbers) == numbers), name, "whole numbers")  # NaN equals nothing
    _refuse(values, (numbers < limits.min) | (numbers > limits.max), name, f"numbers of {limits.bits} bits")
    return numbers.astype(dtype)


def as_whole_numbers(values: Any, name: str, dtype: type[np.signedinteger[Any]]) -> NDArray[Any]:
    """Take integers of the dtype as they are, narrower ones without a look at each, others as :func:`whole_numbers`."""
    array = values.to_numpy() if isinstance(values, pd.Series) else values
    is_column = isinstance(array, np.ndarray) and array.ndim == 1 and array.dtype.kind in "iu"
    if is_column and np.can_cast(array.dtype, dtype):
        return array.astype(dtype, copy=False)
    return whole_numbers(values, name, dtype)


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
    columns = [values for _, values in islice(frame.items(), len(names))]  # iloc takes several times as long
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
        got = type(rows).__name__ + (f" of shape {tuple(rows.shape)}" if hasattr(rows, "shape") else "")
        raise InvalidArgument(argument, got, f"a table, or rows of one length, whose first columns are {listed}")
    return pd.DataFrame(array)


def _are_numbers(values: pd.Series[Any] | pd.Index[Any]) -> bool:
    if isinstance(values.dtype, pd.CategoricalDtype):
        return _are_numbers(values.dtype.categories)
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
    values = _column(values, name)
    with np.errstate(over="ignore"):
        numbers = _numbers(values).astype(dtype)
    _refuse(values, ~np.isfinite(numbers), name, "finite numbers")
    return numbers


def p_values(values: Any, name: str) -> NDArray[np.float64]:
    """Copy a column of probabilities as float64."""
    values = _column(values, name)
    numbers = finite_numbers(values, name, np.float64)
    _refuse(values, (numbers < -_ROUNDING) | (numbers > 1 + _ROUNDING), name, "between 0 and 1")
    return numbers


def _column(values: Any, name: str) -> pd.Series[Any]:
    """Take a column, or an array or a list of one value for each row."""
    if isinstance(values, (pd.Series, pd.Index, pd.api.extensions.ExtensionArray)):
        return pd.Series(values)
    try:
        array = np.asarray(values)
    except (TypeError, ValueError, RuntimeError):  # lists of different lengths, or a tensor that is no array
        array = np.empty((0, 0))
    if array.ndim != 1:
        got = f"shape {tuple(values.shape)}" if hasattr(values, "shape") else type(values).__name__
        raise InvalidArgument(name, got, "one value for each row")
    return pd.Series(list(values) if isinstance(values, (list, tuple)) else array)


def _numbers(series: pd.Series[Any]) -> NDArray[Any]:
    """Return integers or floats; NaN for what is missing or no number."""
    if isinstance(series.dtype, np.dtype) and series.dtype.kind in "iuf":
        return series.to_numpy()
    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.astype(object)
    return pd.to_numeric(series, errors="coerce").to_numpy(np.float64, na_value=np.nan)


def _refuse(values: pd.Series[Any], is_wrong: NDArray[np.bool_], name: str, expected: str) -> None:
    if is_wrong.any():
        row = int(is_wrong.argmax())
        value = values.iloc[row]
        raise InvalidArgument(name, f"{value if hasattr(value, 'dtype') else repr(value)} in row {row}", expected)
