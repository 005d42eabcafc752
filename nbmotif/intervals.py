"""Reads tables of loci: BED files, or DataFrames whose columns have the names or the places of BED's."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nbmotif.arguments import check_file
from nbmotif.bed_files import read_bed
from nbmotif.columns import check_columns, check_frame, whole_numbers
from nbmotif.errors import InvalidArgument

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NAMES = {"chrom", "start", "end"}
_NUMERAL = re.compile(r"\d+(\.\d+)?")  # as pandas names a column that a file without names begins with


def read_intervals(given: Any, name: str, with_summits: bool = False) -> pd.DataFrame:
    """Read loci as chrom, start, end and perhaps summit, numbered from 0.

    Parameters
    ----------
    given
        The path of a BED file, or a DataFrame with columns called chrom, start and end; or these are its first three.
    name
        What errors call the argument.
    with_summits
        Whether to read summits as well, from a column called summit or peak, or from the tenth.

    Raises
    ------
    InvalidArgument
        If a position is missing or no whole number, or an interval does not have 0 <= start <= end.
    """
    if isinstance(given, (str, os.PathLike)):
        return read_bed(check_file(given, name), with_summits)
    check_frame(given, name, "a BED file or a DataFrame with chrom, start and end")
    _check_header(given, name)
    columns: dict[str, Any] = {"chrom": _column(given, name, ("chrom",), 0)}
    places = (("start", ("start",), 1), ("end", ("end",), 2), ("summit", ("summit", "peak"), 9))
    for label, called, position in places[: 3 if with_summits else 2]:
        columns[label] = whole_numbers(_column(given, name, called, position), f"{name}[{label!r}]", np.int64)
    if columns["chrom"].isna().any():
        row = int(columns["chrom"].isna().argmax())
        raise InvalidArgument(f"{name}['chrom']", f"none in row {row}", "the name of a chromosome")
    table = pd.DataFrame({**columns, "chrom": columns["chrom"].astype(str).to_numpy()})
    _check_order(name, "intervals with 0 <= start <= end", table["start"], table["end"])
    if with_summits:
        _check_order(f"{name}['summit']", "within the interval", table["summit"], table["end"] - table["start"])
    return table


def _check_header(table: pd.DataFrame, name: str) -> None:
    """Refuse a table whose columns are called as its first interval, which would be lost."""
    labels: list[Any] = list(table.columns[:3])
    if set(table.columns) >= _NAMES:
        return
    if labels != ["0", "1", "2"] and all(isinstance(label, str) and _NUMERAL.fullmatch(label) for label in labels[1:]):
        expected = "a DataFrame with chrom, start and end"
        got = f"columns {labels}, which are the first interval"
        raise InvalidArgument(name, got, expected, "Pass header=None to pandas.read_csv.")


def _check_order(name: str, expected: str, low: pd.Series[Any], high: pd.Series[Any]) -> None:
    """Refuse rows that do not have 0 <= low <= high."""
    bad: NDArray[Any] = np.flatnonzero((low < 0) | (high < low))
    if bad.size:
        raise InvalidArgument(name, f"{low[bad[0]]} and {high[bad[0]]} in row {bad[0]}", expected)


def _column(table: pd.DataFrame, name: str, called: tuple[str, ...], position: int) -> pd.Series[Any]:
    found = [column for column in called if column in table.columns]
    by_name = set(table.columns) >= _NAMES
    if found and (by_name or position > 2):
        check_columns(table, found[:1], name)
        return table[found[0]]
    if position >= table.shape[1] or by_name:
        expected = f"a DataFrame with a column {called[0]!r}, or with {position + 1} columns"
        raise InvalidArgument(name, f"columns {list(table.columns)}", expected)
    return table.iloc[:, position]
