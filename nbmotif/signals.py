"""Signal under intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import numpy as np
import torch

from nbmotif.arguments import check_choice
from nbmotif.columns import first_columns
from nbmotif.encoding import as_tensor
from nbmotif.errors import InvalidArgument
from nbmotif.hits import Hits
from nbmotif.kernels.signal import weighted_under
from nbmotif.motifs import as_motif_set
from nbmotif.progress import Progress
from nbmotif.under_intervals import maxima_under, sums_under
from nbmotif.words import counted

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from nbmotif.motifs import MotifSet

How: TypeAlias = Literal["sum", "mean", "max"]
HowHits: TypeAlias = Literal["sum", "mean", "max", "pwm"]
_HOW = ("sum", "mean", "max")
# bytes of the signal that are converted at a time
_BLOCK_BYTES = 1 << 26
# looking at each base of an interval takes as long as running totals over so many bases of the signal
_BASE_BY_BASE = 4


def extract_signal(
    loci: pd.DataFrame | npt.ArrayLike,
    X: torch.Tensor | npt.NDArray[Any],
    verbose: bool = False,
    how: How = "sum",
) -> torch.Tensor:
    """Add up a signal, such as attributions, under intervals.

    Parameters
    ----------
    loci
        The first three columns are the sequence (0 to N - 1), start and end (0-based, half-open) of n intervals, which
        may overlap.
    X
        Signal, shape (N, C, L).
    verbose
        Show a progress bar.
    how
        "sum"; "mean" for the sum divided by the interval's length; "max" for the largest value.

    Returns
    -------
    One value per interval and channel, shape (n, C), of X's dtype and on its device; added in float64. Of whole numbers
    and booleans a sum is int64, as torch's own, and a mean float32.

    Raises
    ------
    InvalidArgument
        If an interval is not inside X, with the row that is not.

    Examples
    --------
    >>> import pandas as pd, torch
    >>> from nbmotif import extract_signal
    >>> X = torch.arange(6.0).reshape(1, 2, 3)
    >>> extract_signal(pd.DataFrame({"example_idx": [0, 0], "start": [0, 1], "end": [3, 2]}), X)
    tensor([[ 3., 12.],
            [ 1.,  4.]])
    """
    X = as_tensor(X, "X")
    if X.ndim != 3:
        hint = "Did you mean X.unsqueeze(1)?" if X.ndim == 2 else ""
        raise InvalidArgument("X", f"shape {tuple(X.shape)}", "a signal of shape (N, C, L)", hint)
    intervals = _Intervals(*_interval_columns(loci))
    intervals.check(X.shape[0], X.shape[2], "loci", how)
    dtype = np.dtype(np.float32 if X.dtype in {torch.float32, torch.float16, torch.bfloat16} else np.float64)
    values = _under(intervals, X, dtype, how, add_channels=False, verbose=verbose)
    of_whole = {"sum": torch.int64, "mean": torch.float32, "max": X.dtype}
    return torch.from_numpy(values).to(X.device, X.dtype if X.dtype.is_floating_point else of_whole[how])


def signal_under(
    hits: Hits, X_attr: torch.Tensor | npt.NDArray[Any], how: HowHits = "sum", motifs: MotifSet | None = None
) -> npt.NDArray[np.float32]:
    """Signal under each hit, float32 (H); see :meth:`nbmotif.Hits.with_signal`."""
    X_attr = as_tensor(X_attr, "X_attr")
    X_attr = X_attr.unsqueeze(1) if X_attr.ndim == 2 else X_attr
    if X_attr.ndim != 3 or X_attr.shape[0] != hits.n_sequences:
        expected = f"of shape (N, C, L) or (N, L), with N = {hits.n_sequences}, the sequences that were scanned"
        raise InvalidArgument("X_attr", f"shape {tuple(X_attr.shape)}", expected)
    check_choice(how, "how", (*_HOW, "pwm"))
    intervals = _Intervals(hits.sequence_idx, hits.start, hits.end)
    weights = None if how != "pwm" else _weights(hits, X_attr, motifs)
    intervals.check(X_attr.shape[0], X_attr.shape[2], "hits", "sum" if how == "pwm" else how)
    values = _under(intervals, X_attr, np.dtype(np.float64), how, add_channels=how != "pwm", weights=weights)
    return values[:, 0].astype(np.float32)


class _Weights(NamedTuple):
    """Matrices, and which one each interval takes; see :func:`nbmotif.kernels.signal.weighted_under`."""

    columns: npt.NDArray[np.float64]
    offsets: npt.NDArray[np.int64]
    of_interval: npt.NDArray[np.int32]


def _weights(hits: Hits, X_attr: torch.Tensor, motifs: MotifSet | None) -> _Weights:
    """Take the PWMs of both strands: motif m is matrix m, and its reverse complement matrix M + m."""
    expected = 'the motifs of these hits, in their order, for how="pwm"'
    if motifs is None:
        raise InvalidArgument("motifs", "None", expected)
    motifs = as_motif_set(motifs)
    if motifs.names != hits.motif_names:
        raise InvalidArgument("motifs", counted(len(motifs), "motif"), expected)
    if (motifs.widths != hits.motif_widths).any():
        wrong = int((motifs.widths != hits.motif_widths).argmax())
        got = f"{motifs.names[wrong]!r} of {motifs.widths[wrong]} bp, whose hits are {hits.motif_widths[wrong]} bp"
        raise InvalidArgument("motifs", got, expected)
    if X_attr.shape[1] != 4:
        raise InvalidArgument("X_attr", f"shape {tuple(X_attr.shape)}", 'of shape (N, 4, L) for how="pwm"')
    pwms = motifs.pwms
    pwms += [pwm[::-1, ::-1] for pwm in pwms]
    offsets = np.cumsum([0, *(pwm.shape[1] for pwm in pwms)])
    matrix = hits.motif_idx + np.where(hits.strand < 0, len(motifs), 0)
    return _Weights(np.ascontiguousarray(np.concatenate(pwms, axis=1).T), offsets, matrix.astype(np.int32))


def _interval_columns(loci: pd.DataFrame | npt.ArrayLike) -> list[npt.NDArray[np.integer]]:
    if isinstance(loci, Hits):
        raise InvalidArgument("loci", "Hits", "a table of sequence, start and end", "Use hits.with_signal(X).")
    hint = "Sequences are numbered from 0, as the rows of X; hits of a FASTA file have `hits.with_signal(X)`."
    return first_columns(loci, ("sequence", "start", "end"), "loci", hint)


class _Intervals(NamedTuple):
    """Sequence, start and end of intervals."""

    sequence_idx: npt.NDArray[Any]
    start: npt.NDArray[Any]
    end: npt.NDArray[Any]

    def check(self, n: int, length: int, name: str, how: str) -> None:
        """Refuse intervals that are not inside n sequences of a length, and empty ones where they have no value."""
        check_choice(how, "how", _HOW)
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


def _under(
    intervals: _Intervals,
    X: torch.Tensor,
    dtype: np.dtype[Any],
    how: str,
    add_channels: bool,
    weights: _Weights | None = None,
    verbose: bool = False,
) -> npt.NDArray[Any]:
    """Look at the signal under intervals that are known to be inside it, (n, C), in the way that takes less time."""
    n, n_channels, length = X.shape
    narrow = _Intervals(*(column.astype(np.int32, copy=False) for column in intervals))
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
    intervals: _Intervals,
    X: torch.Tensor,
    how: str,
    add_channels: bool,
    weights: _Weights | None,
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
    intervals: _Intervals,
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
