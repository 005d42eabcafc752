"""The signal under intervals that are inside it, in the way that takes less time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from nbmotif.arguments import check_choice
from nbmotif.errors import InvalidArgument
from nbmotif.kernels.signal import weighted_under
from nbmotif.progress import Progress
from nbmotif.under_intervals import maxima_under, sums_under
from nbmotif.words import counted

if TYPE_CHECKING:
    import numpy.typing as npt

HOW = ("sum", "mean", "max")
# bytes of the signal that are converted at a time
_BLOCK_BYTES = 1 << 26
# looking at each base of an interval takes as long as running totals over so many bases of the signal
_BASE_BY_BASE = 4


class Intervals(NamedTuple):
    """Sequence, start and end of intervals."""

    sequence_idx: npt.NDArray[Any]
    start: npt.NDArray[Any]
    end: npt.NDArray[Any]

    def check(self, n: int, length: int, name: str, how: str) -> None:
        """Refuse intervals that are not inside n sequences of a length, and empty ones where they have no value."""
        check_choice(how, "how", HOW)
        index, start, end = self
        if not len(index):
            return
        # the usual case needs no arrays as long as the intervals
        inside = 0 <= index.min() <= index.max() < n and start.min() >= 0 and end.max() <= length
        if inside and (start < end if how != "sum" else start <= end).all():
            return
        wrong = (index < 0) | (index >= n) | (start < 0) | (end < start) | (end > length)
        expected = f"inside the signal, {counted(n, 'sequence')} of {length} bp"
        if how != "sum" and not wrong.any():
            wrong, expected = start == end, f"at least 1 bp long to have a {how}"
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            got = f"sequence {index[row]}, {start[row]} to {end[row]} in row {row}"
            hint = "The coordinates must be those of the sequences that the signal is of."
            raise InvalidArgument(name, got, expected, hint)


class Weights(NamedTuple):
    """Matrices, and which one each interval takes; see :func:`nbmotif.kernels.signal.weighted_under`."""

    columns: npt.NDArray[np.float64]
    offsets: npt.NDArray[np.int64]
    of_interval: npt.NDArray[np.int32]


def look_under(
    intervals: Intervals,
    X: torch.Tensor,
    dtype: np.dtype[Any],
    how: str,
    add_channels: bool,
    weights: Weights | None = None,
    verbose: bool = False,
) -> npt.NDArray[Any]:
    """Look at the signal under intervals that are known to be inside it, (n, C), in the way that takes less time."""
    n, n_channels, length = X.shape
    narrow = Intervals(*(column.astype(np.int32, copy=False) for column in intervals))
    width = narrow.end - narrow.start
    out = np.empty((len(width), 1 if add_channels or weights else n_channels), dtype=dtype)
    if weights is None and _BASE_BY_BASE * int(width.sum(dtype=np.int64)) < n * length:
        _base_by_base(narrow, X, how, add_channels, out)
    else:
        _block_by_block(narrow, X, how, add_channels, weights, verbose, out)
    if how == "mean":
        out /= width[:, None]
    return out


def _block_by_block(
    intervals: Intervals,
    X: torch.Tensor,
    how: str,
    add_channels: bool,
    weights: Weights | None,
    verbose: bool,
    out: npt.NDArray[Any],
) -> None:
    """Make tables of all of the signal, some sequences at a time, and look the intervals up; write to out (n, C)."""
    n, n_channels, length = X.shape
    rows, start, end = intervals
    dtype = out.dtype
    step = max(1, _BLOCK_BYTES // max(1, 8 * n_channels * length))
    with Progress(total=n, desc="Reading signal", disable=not verbose) as bar:
        for first, mine in zip(range(0, n, step), _by_block(rows, step, n), strict=True):
            if not len(rows[mine]):
                bar.update(min(step, n - first))
                continue
            block = _as_numpy(X[first : first + step])
            signal = np.ascontiguousarray(block, dtype=dtype)
            signal = signal.sum(axis=1, keepdims=True) if add_channels else signal
            here, at = rows[mine] - first if first else rows[mine], start[mine]
            values = out if step >= n else np.empty((len(here), out.shape[1]), dtype)
            if weights:
                matrices = weights.columns, weights.offsets, weights.of_interval[mine]
                weighted_under(signal, here, at, *matrices, values[:, 0])
            else:
                (maxima_under if how == "max" else sums_under)(signal, here, at, end[mine], values)
            if step < n:
                out[mine] = values
            bar.update(len(block))


def _as_numpy(values: torch.Tensor) -> npt.NDArray[Any]:
    values = values.detach().cpu()
    return (values.float() if values.dtype in {torch.float16, torch.bfloat16} else values).numpy()


def _base_by_base(
    intervals: Intervals,
    X: torch.Tensor,
    how: str,
    add_channels: bool,
    out: npt.NDArray[Any],
) -> None:
    """Take up the bases of each interval, of which there are few beside those of the signal; write to out (n, C)."""
    rows, start, end = intervals
    width = end - start
    filled = np.flatnonzero(width)
    width = width[filled].astype(np.int64)
    first = np.cumsum(width) - width
    position = np.arange(width.sum()) + np.repeat(start[filled] - first, width)
    sequence = np.repeat(rows[filled].astype(np.int64), width)
    bases = _as_numpy(X.detach()[torch.from_numpy(sequence), :, torch.from_numpy(position)])  # (bases, C)
    values = bases.astype(out.dtype if how == "max" else np.float64)
    out[...] = 0
    with np.errstate(invalid="ignore"):  # infinity less infinity is not a number, as it should be
        values = values.sum(axis=1, keepdims=True) if add_channels else values
        if len(filled):
            out[filled] = (np.maximum if how == "max" else np.add).reduceat(values, first, axis=0)


def _by_block(rows: npt.NDArray[np.int32], step: int, n: int) -> list[Any]:
    """Which intervals are on each ``step`` of n sequences."""
    if step >= n:
        return [slice(None)] if n else []
    block_of = rows // step
    narrow = block_of.astype(np.uint16) if n // step < 1 << 16 else block_of  # which numpy sorts by counting
    order = np.argsort(narrow, kind="stable")
    return np.split(order, np.cumsum(np.bincount(block_of, minlength=-(-n // step)))[:-1])
