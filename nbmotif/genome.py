"""Where hits, sites and seqlets lie in the genome: as columns of their table, and as files for genome browsers."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from nbmotif.arguments import check_output
from nbmotif.columns import check_columns, finite_numbers, p_values, whole_numbers
from nbmotif.errors import InvalidArgument, warn
from nbmotif.hits import Hits
from nbmotif.intervals import read_intervals

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

Places: TypeAlias = "Hits | pd.DataFrame | Sequence[pd.DataFrame]"

_SEQUENCE = ("example_idx", "sequence_idx", "sequence_name")  # columns that may say which sequence a row is of
_NAMES = ("motif_name", "name", "label")
_SCORES = ("attribution", "score")
_STRANDS = {"+": "+", "-": "-", "1": "+", "-1": "-"}
_REGION = r".+:[\d,]+-[\d,]+(\([+-.]\))?"
_FORMATS = (".bed", ".narrowpeak")
_LEAST_P = 5e-324  # the smallest float, so that its logarithm is a number
_NOT_KNOWN = -1  # as narrowPeak has it


def genome_coordinates(table: Places, loci: pd.DataFrame | str | os.PathLike[str]) -> pd.DataFrame:
    """Say where in the genome each row of a table lies.

    Parameters
    ----------
    table
        `Hits`, or a table (or a list of them) with ``start`` and ``end``, positions in the sequence, and the number of
        the sequence as ``example_idx``, ``sequence_idx`` or ``sequence_name``; of any maker.
    loci
        The windows that the sequences were cut from, in their order, as ``extract_loci(…, return_loci=True)`` gives:
        a DataFrame with chrom, start and end, or a BED file.

    Returns
    -------
    A copy with ``chrom``, ``chrom_start`` and ``chrom_end``: 0-based, half-open.

    Raises
    ------
    InvalidArgument
        If a row is of a sequence that there is no locus for, or ends beyond its locus.

    Examples
    --------
    >>> import pandas as pd
    >>> from nbmotif import genome_coordinates
    >>> seqlets = pd.DataFrame({"example_idx": [1], "start": [10], "end": [18]})
    >>> windows = pd.DataFrame({"chrom": ["chr1", "chr2"], "start": [100, 500], "end": [150, 550]})
    >>> genome_coordinates(seqlets, windows)
       example_idx  start  end chrom  chrom_start  chrom_end
    0            1     10   18  chr2          510        518
    """
    frame = _frame(table)
    windows = read_intervals(loci, "loci")
    sequence = _sequence_of(frame, len(windows))
    start, end = (whole_numbers(frame[column], f"table[{column!r}]", np.int64) for column in ("start", "end"))
    first, last = (windows[column].to_numpy()[sequence] for column in ("start", "end"))
    beyond = (start < 0) | (first + end > last)
    if beyond.any():
        row = int(beyond.argmax())
        got = f"{start[row]} to {end[row]} in row {row}, in a locus of {last[row] - first[row]} bp"
        hint = "Pass the windows that were cut: extract_loci(…, return_loci=True)."
        raise InvalidArgument("loci", got, "the windows that the sequences were cut from", hint)
    return placed(frame, windows["chrom"], windows["start"], sequence)


def placed(
    frame: pd.DataFrame, chrom: npt.ArrayLike, first: npt.ArrayLike, sequence: npt.NDArray[np.integer]
) -> pd.DataFrame:
    """Add genome coordinates, given where each sequence begins and which one each row is of."""
    offset = np.asarray(first, np.int64)[sequence]
    ends = {f"chrom_{end}": offset + np.asarray(frame[end], np.int64) for end in ("start", "end")}
    return frame.assign(chrom=np.asarray(chrom, object)[sequence], **ends)


def write_bed(
    table: Places,
    filename: str | os.PathLike[str],
    loci: pd.DataFrame | str | os.PathLike[str] | None = None,
    name_key: str | None = None,
    score_key: str | None = None,
) -> Path:
    """Write hits, sites or seqlets as a file that genome browsers show, in the order of the genome.

    Parameters
    ----------
    table
        `Hits`, or a table (or a list of them): what `fimo` and `recursive_seqlets` return, or an Explorer's ``hits``,
        ``sites``, ``seqlets``, ``unexplained`` and ``selection``.
    filename
        Ends in ``.bed``, for six columns: chrom, start, end, name, score, strand; or in ``.narrowPeak``, for four more:
        the signed score, -log10 of the p-value and of the q-value (-1 where there is none), and -1. A further ``.gz``
        compresses.
    loci
        The windows that the sequences were cut from; see :func:`genome_coordinates`. Default: the table's own columns,
        ``chrom chrom_start chrom_end`` or ``chrom start end``, or else ``sequence_name`` if it holds words, which are
        the chromosomes where a genome was scanned.
    name_key
        The column of the name. Default: motif_name, name or label, or a dot if there is none.
    score_key
        The column of the score. Default: attribution or score. BED's own score is the share of the largest absolute
        value, from 0 to 1,000.

    Returns
    -------
    The path.

    Raises
    ------
    InvalidArgument
        If it is not known where in the genome the rows lie.

    Warns
    -----
    NbmotifWarning
        If there are no rows, so that the file is empty.

    Examples
    --------
    >>> import pandas as pd, tempfile
    >>> from pathlib import Path
    >>> from nbmotif import write_bed
    >>> hits = pd.DataFrame(
    ...     {"motif_name": ["GATA2"], "chrom": ["chr2"], "start": [7], "end": [12], "strand": ["-"], "score": [9.5]}
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_bed(hits, Path(folder) / "hits.bed").read_text().split()
    ['chr2', '7', '12', 'GATA2', '1000', '-']
    """
    path = check_output(filename, "filename")
    suffix = next((end for end in _FORMATS if path.name.lower().removesuffix(".gz").endswith(end)), None)
    if suffix is None:
        raise InvalidArgument("filename", repr(path.name), "a name that ends in .bed or .narrowPeak, or these and .gz")
    frame = _frame(table) if loci is None else genome_coordinates(table, loci)
    bed = _bed_of(frame, name_key, score_key, more=suffix != ".bed")
    if bed.empty:
        warn(f"write_bed: there are no rows, so {path.name} is empty.")
    ordered = bed.sort_values(["chrom", "start", "end"])
    ordered.to_csv(path, sep="\t", header=False, index=False, float_format="%.6g", quoting=csv.QUOTE_NONE)
    return path


def _frame(table: Places) -> pd.DataFrame:
    frame: Any = table.to_frame().assign(sequence_idx=table.sequence_idx) if isinstance(table, Hits) else table
    if isinstance(frame, (list, tuple)) and frame and all(isinstance(one, pd.DataFrame) for one in frame):
        frame = pd.concat(frame, ignore_index=True)
    check_columns(frame, ["start", "end"], "table")
    checked: pd.DataFrame = frame
    return checked


def _sequence_of(frame: pd.DataFrame, n_loci: int) -> npt.NDArray[np.int64]:
    """Which locus each row is of."""
    column = next((name for name in _SEQUENCE if name in frame.columns), None)
    if column is None:
        expected = f"a table with the number of the sequence, as {', '.join(_SEQUENCE[:-1])} or {_SEQUENCE[-1]}"
        raise InvalidArgument("table", f"columns {list(frame.columns)}", expected)
    numbers = whole_numbers(frame[column], f"table[{column!r}]", np.int64)
    outside = (numbers < 0) | (numbers >= n_loci)
    if outside.any():
        row = int(outside.argmax())
        got = f"{n_loci:,} rows, where row {row} of the table is of sequence {numbers[row]:,}"
        raise InvalidArgument("loci", got, "one row per sequence")
    return numbers


def _places(frame: pd.DataFrame) -> tuple[Any, str, str]:
    """Return the chromosomes, and the names of the columns of start and end."""
    if {"chrom", "chrom_start", "chrom_end"} <= set(frame.columns):
        return frame["chrom"], "chrom_start", "chrom_end"
    if "chrom" in frame.columns:
        return frame["chrom"], "start", "end"
    names = frame.get("sequence_name")
    if names is None or pd.api.types.is_numeric_dtype(names.astype(object).infer_objects()):
        expected = "given where the table does not say where in the genome its rows lie"
        raise InvalidArgument("loci", "None", expected, "extract_loci(…, return_loci=True) returns them.")
    if names.astype(str).str.fullmatch(_REGION).any():
        expected = f"given where sequences are called as regions, such as {names.iloc[0]!r}"
        raise InvalidArgument("loci", "None", expected, "Some tools count these from 0 and some from 1.")
    return names, "start", "end"


def _bed_of(frame: pd.DataFrame, name_key: str | None, score_key: str | None, more: bool) -> pd.DataFrame:
    chroms, first, last = _places(frame)
    value = _column(frame, score_key, _SCORES)
    values = np.zeros(len(frame)) if value is None else finite_numbers(value, f"table[{value.name!r}]", np.float64)
    strength = np.abs(values)
    strand = frame["strand"].astype(str).map(_STRANDS).fillna(".") if "strand" in frame.columns else "."
    names = _column(frame, name_key, _NAMES)
    bed = pd.DataFrame(
        {
            "chrom": chroms.astype(str).to_numpy(),
            "start": whole_numbers(frame[first], f"table[{first!r}]", np.int64),
            "end": whole_numbers(frame[last], f"table[{last!r}]", np.int64),
            "name": "." if names is None else [" ".join(str(name).split()) for name in names],
            "score": np.rint(1000 * strength / max(strength.max(initial=0), np.finfo(float).tiny)).astype(int),
            "strand": np.asarray(strand),
        }
    )
    if not more:
        return bed
    return bed.assign(signal=values, p=_surprise(frame, "p-value"), q=_surprise(frame, "q-value"), peak=_NOT_KNOWN)


def _column(frame: pd.DataFrame, key: str | None, usual: Sequence[str]) -> pd.Series[Any] | None:
    """Return the column that was asked for, or the first that is usual and there."""
    if key is not None:
        check_columns(frame, [key], "table")
        return frame[key]
    return next((frame[name] for name in usual if name in frame.columns), None)


def _surprise(frame: pd.DataFrame, column: str) -> Any:
    if column not in frame.columns:
        return _NOT_KNOWN
    return -np.log10(np.maximum(p_values(frame[column], f"table[{column!r}]"), _LEAST_P))
