"""Files of TF-MoDISco: the patterns in its h5, trimmed to where they matter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import h5py
import numpy as np
import pandas as pd
import torch

from nbmotif.arguments import check_file, check_number, check_whole
from nbmotif.errors import InvalidArgument, InvalidFile, warn

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    import numpy.typing as npt

_SIGNS = ("pos_patterns", "neg_patterns")
_SEQLET_COLUMNS = ("example_idx", "start", "end", "is_revcomp")
_OLD_FORMAT = "metacluster_idx_to_submetacluster_results"


@dataclass(frozen=True)
class Pattern:
    """One pattern as TF-MoDISco found it, trimmed to where it matters.

    Attributes
    ----------
    name
        Such as "pos_patterns.pattern_0".
    ppm
        Frequencies of A C G T in its seqlets, float64, shape (4, w).
    cwm
        Contribution weight matrix: the mean attribution of its seqlets, float64, shape (4, w).
    hypothetical
        The mean of their hypothetical attributions, float64, shape (4, w).
    seqlets
        DataFrame, one row per seqlet: example_idx, start and end of the part that the trimmed pattern covers, strand
        ("-" where the reverse complement matches).
    """

    name: str
    ppm: torch.Tensor
    cwm: torch.Tensor
    hypothetical: torch.Tensor
    seqlets: pd.DataFrame


def read_patterns(
    filename: str | os.PathLike[str], length: int | None = None, trim_threshold: float = 0.3, source: str = ""
) -> list[Pattern]:
    """Read the patterns of a file; see :func:`nbmotif.modisco.read_modisco`.

    Parameters
    ----------
    filename, length, trim_threshold
        As there.
    source
        What a warning calls the file. Default: its name as it was given.

    Returns
    -------
    The patterns, in the order of ``read_modisco``.
    """
    source = source or str(filename)
    trim_threshold = check_trim(trim_threshold)
    length = None if length is None else check_whole(length, "length", least=1)
    filename = check_file(filename, "filename")
    if not h5py.is_hdf5(filename):
        raise InvalidFile(filename, "this is not an HDF5 file", "TF-MoDISco's results end in .h5.")
    with _open(filename) as file:
        if _OLD_FORMAT in file:
            hint = f"Convert it: modisco convert -i {filename.name} -o new.h5."
            raise InvalidFile(filename, "this is the format of TF-MoDISco before modisco-lite", hint)
        if not any(sign in file for sign in _SIGNS) and "window_size" not in file.attrs:
            raise InvalidFile(filename, f"it has no patterns: there is {', '.join(file) or 'nothing'} in it")
        shift = 0 if length is None else _window_start(file, filename, length)
        patterns = list(_patterns(file, filename, shift, trim_threshold))
    if not patterns:
        warn(f"{source}: TF-MoDISco found no pattern; it needs more than 100 seqlets of a sign.")
    return patterns


def check_trim(trim_threshold: object) -> float:
    """Refuse a share that is not between 0 and 1."""
    return check_number(trim_threshold, "trim_threshold", "a number between 0 and 1", lambda share: 0 <= share <= 1)


def _open(filename: str | os.PathLike[str]) -> h5py.File:
    try:
        return h5py.File(filename, "r")
    except OSError as error:
        raise InvalidFile(filename, f"it is damaged or was cut off ({error})") from error


def _window_start(file: h5py.File, filename: str | os.PathLike[str], length: int) -> int:
    window = file.attrs.get("window_size")
    if window is None:
        hint = "Leave out length, and add where the window starts yourself."
        raise InvalidFile(filename, "it does not say how wide the window was", hint)
    if window > length:
        raise InvalidArgument("length", length, f"at least the window that TF-MoDISco used, {window} bp")
    return length // 2 - int(window) // 2


def _patterns(
    file: h5py.File, filename: str | os.PathLike[str], shift: int, trim_threshold: float
) -> Iterator[Pattern]:
    for sign in _SIGNS:
        groups = file.get(sign, {})
        for key in sorted(groups, key=lambda key: (len(key), key)):  # pattern_2 before pattern_10
            yield _trimmed(f"{sign}.{key}", _read_pattern(groups[key], filename), shift, trim_threshold)


class _Stored(NamedTuple):
    """A pattern as it stands in the file: matrices (w, 4), and a column of its seqlets each."""

    sequence: npt.NDArray[np.float64]
    cwm: npt.NDArray[np.float64]
    hypothetical: npt.NDArray[np.float64]
    example_idx: npt.NDArray[np.int64]
    start: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]
    is_reverse: npt.NDArray[np.int64]


def _read_pattern(group: h5py.Group, filename: str | os.PathLike[str]) -> _Stored:
    needed = ("sequence", "contrib_scores", "hypothetical_contribs", *(f"seqlets/{key}" for key in _SEQLET_COLUMNS))
    missing = [key for key in needed if key not in group]
    if missing:
        raise InvalidFile(filename, f"{group.name} is not complete: it has no {missing[0]}")
    matrices = (group[key][:].astype(np.float64) for key in needed[:3])
    stored = _Stored(*matrices, *(group[key][:].astype(np.int64) for key in needed[3:]))
    _check_pattern(stored, str(group.name), filename)
    return stored


def _check_pattern(stored: _Stored, name: str, filename: str | os.PathLike[str]) -> None:
    matrices, columns, width = stored[:3], stored[3:], len(stored.cwm)
    if any(matrix.shape != (width, 4) for matrix in matrices):
        raise InvalidFile(filename, f"{name} has matrices of different shapes, or not of shape (w, 4)")
    if not all(np.isfinite(matrix).all() for matrix in matrices):
        raise InvalidFile(filename, f"{name} has NaN or infinite values", "Were the attributions finite?")
    if len({len(column) for column in columns}) > 1:
        raise InvalidFile(filename, f"{name} has more of one column of its seqlets than of another")
    if (stored.start < 0).any() or (stored.example_idx < 0).any():
        raise InvalidFile(filename, f"{name} has seqlets that begin before their sequence")
    if (stored.end - stored.start != width).any():
        raise InvalidFile(filename, f"{name} has seqlets that are not as long as the pattern, {width} bp")


def _trimmed(name: str, stored: _Stored, shift: int, trim_threshold: float) -> Pattern:
    """Cut off flanks without attribution, of the matrices and of every seqlet; move seqlets by ``shift``."""
    weight = np.abs(stored.cwm).sum(axis=1)
    strong = np.flatnonzero(weight >= trim_threshold * weight.max())
    first, last = int(strong[0]), int(strong[-1]) + 1
    is_reverse = stored.is_reverse == 1
    # what trimming took away on the left of the + strand
    start = stored.start + np.where(is_reverse, len(weight) - last, first) + shift
    columns = {"example_idx": stored.example_idx, "start": start, "end": start + last - first}
    seqlets = pd.DataFrame({**columns, "strand": np.where(is_reverse, "-", "+")})
    sums = stored.sequence.sum(axis=1, keepdims=True)
    ppm = np.where(sums > 0, stored.sequence / np.where(sums > 0, sums, 1), 0.25)
    kept = [torch.from_numpy(matrix[first:last].T.copy()) for matrix in (ppm, stored.cwm, stored.hypothetical)]
    return Pattern(name, kept[0], kept[1], kept[2], seqlets)
