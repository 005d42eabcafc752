"""Seqlets: short spans of high attribution, called without looking at the sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, overload

import numpy as np
import pandas as pd

from nbmotif.arguments import check_choice, check_flags, check_number, check_p_value, check_seed, check_whole
from nbmotif.errors import InvalidArgument, warn
from nbmotif.kernels.seqlets import call_spans
from nbmotif.ported import takes
from nbmotif.seqlet_null import SIGNS, Floats, SeqletNull, Tail, check_attributions, fit_tails, signed_chunks

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    import torch

    Attributions = torch.Tensor | npt.NDArray[Any]
    Control = Attributions | Literal["shuffle"] | None

_FDR_THRESHOLDS = np.logspace(-1, -30, 117)  # four per decade, as tangermeme
_COLUMNS = {
    "example_idx": np.int64,
    "start": np.int64,
    "end": np.int64,
    "attribution": np.float64,
    "p-value": np.float64,
}


class SeqletsAndFdr(NamedTuple):
    """What :func:`recursive_seqlets` returns with ``return_fdr=True``."""

    seqlets: pd.DataFrame
    fdr: pd.DataFrame


# fmt: off
@overload
def recursive_seqlets(X: Attributions, threshold: float = ..., min_seqlet_len: int = ..., max_seqlet_len: int = ...,
                      additional_flanks: int = ..., n_bins: int = ..., control: Control = ...,
                      target_fdr: float = ..., return_fdr: Literal[False] = ..., *, sign: str = ...,
                      null: SeqletNull | None = ..., random_state: int | None = ...) -> pd.DataFrame: ...
@overload
def recursive_seqlets(X: Attributions, threshold: float = ..., min_seqlet_len: int = ..., max_seqlet_len: int = ...,
                      additional_flanks: int = ..., n_bins: int = ..., control: Control = ...,
                      target_fdr: float = ..., *, return_fdr: Literal[True], sign: str = ...,
                      null: SeqletNull | None = ..., random_state: int | None = ...) -> SeqletsAndFdr: ...
# fmt: on
@takes(X_control="control")
def recursive_seqlets(
    X: Attributions,
    threshold: float = 0.01,
    min_seqlet_len: int = 4,
    max_seqlet_len: int = 25,
    additional_flanks: int = 0,
    n_bins: int = 1000,
    control: Control = None,
    target_fdr: float = 0.1,
    return_fdr: bool = False,
    *,
    sign: str = "+",
    null: SeqletNull | None = None,
    random_state: int | None = 0,
) -> pd.DataFrame | SeqletsAndFdr:
    """Call the spans of a sequence whose attribution is high, and so is that of every span inside them.

    Parameters
    ----------
    X
        Attributions of the observed bases, shape (N, L): ``X_attr.sum(dim=1)``. Any floating dtype, on any device.
    threshold
        A seqlet's p-value is below this, in (0, 1]. It ranks: p-values assume that positions are independent, and are
        computed from data that hold the signal. Use ``control`` for an error rate. Ignored with ``control``.
    min_seqlet_len, max_seqlet_len
        Shortest and longest seqlet in bp.
    additional_flanks
        Bases added on each side of a seqlet after it was called, as far as the sequence goes. Seqlets do not overlap
        before that.
    n_bins
        Bins between the smallest and the largest attribution. Ignored with ``null``, which has its own.
    control
        Attributions without real signal, shape (N', L'): of dinucleotide shuffles of the sequences, say, concatenated.
        "shuffle" shuffles the positions of each example of ``X`` instead, which costs no model but only asks
        whether high positions are next to each other more often than by chance. The threshold is then the largest of
        117 (0.1 to 1e-30) at which the estimated false discovery rate is at most ``target_fdr``.
    target_fdr
        Largest share of false calls, with ``control``, above 0. Estimates may exceed 1.
    return_fdr
        Return the estimate at every threshold too.
    sign
        Which seqlets: "+" those that raise the output, "-" those that lower it, "both".
    null
        From :func:`nbmotif.seqlet_null.fit_null`. Default: learnt from ``X``, so that p-values depend on the
        examples called together.
    random_state
        Seed of ``control="shuffle"``.

    Returns
    -------
    A DataFrame with the columns ``example_idx start end attribution p-value`` (0-based, half-open; attribution is the
    sum over the span, flanks included), sorted by p-value. With ``return_fdr``, a named tuple of it and a DataFrame
    with the columns ``threshold n_seqlets n_control_seqlets fdr``.

    Raises
    ------
    InvalidArgument
        If an attribution is NaN or infinite (with its place), or an argument is out of range.

    Warns
    -----
    NbmotifWarning
        If all attributions are equal, or no threshold reaches ``target_fdr``.

    References
    ----------
    tangermeme 1.6, ``tangermeme.seqlet.recursive_seqlets``, whose spans and p-values these are with ``sign="+"``.

    Examples
    --------
    >>> import numpy as np
    >>> from nbmotif import recursive_seqlets
    >>> X_attr = np.random.default_rng(0).normal(size=(20, 500)).astype("float32")
    >>> X_attr[3, 100:110] += 5
    >>> seqlets = recursive_seqlets(X_attr, threshold=1e-6)
    >>> seqlets[["example_idx", "start", "end"]]
       example_idx  start  end
    0            3     99  111
    """
    values = check_attributions(X, "X")
    lengths = _check_lengths(values, min_seqlet_len, max_seqlet_len)
    additional_flanks = check_whole(additional_flanks, "additional_flanks", 0)
    threshold = check_p_value(threshold, "threshold")
    target_fdr = check_number(target_fdr, "target_fdr", "above 0", lambda rate: rate > 0)
    _check_null(null)
    check_seed(random_state, least=0)
    check_flags(return_fdr=return_fdr)
    if return_fdr and control is None:
        raise InvalidArgument("return_fdr", True, "False without `control`", "Pass control attributions or 'shuffle'.")
    check_choice(sign, "sign", SIGNS)
    found = null or fit_tails(values, lengths[1], n_bins, SIGNS[sign])
    tails = {s: found.tail(s, lengths[1]) for s in SIGNS[sign]}
    limit: float | None = threshold
    curve = pd.DataFrame()
    if control is not None:
        curve = _fdr_curve(values, _control_values(values, control, random_state), tails, lengths)
        limit = _threshold_at(curve, target_fdr)
    calls = [_seqlets(values, tail, s, limit, lengths, additional_flanks) for s, tail in tails.items()]
    seqlets = pd.concat(calls).sort_values("p-value", kind="stable", ignore_index=True)
    return SeqletsAndFdr(seqlets, curve) if return_fdr else seqlets


def _seqlets(
    values: Floats,
    tail: Tail | None,
    sign: int,
    threshold: float | None,
    lengths: tuple[int, int],
    flanks: int,
) -> pd.DataFrame:
    """Seqlets of one sign, in the order of calling; none where there is no null or no threshold."""
    parts: list[tuple[npt.NDArray[Any], ...]] = [tuple(np.empty(0, dtype) for dtype in _COLUMNS.values())]
    if tail is not None and threshold is not None:
        for first, chunk in signed_chunks(values, sign):
            for example, start, width, p_value in _call(tail, tail.bins(chunk), threshold, lengths):
                end = np.minimum(start + width + flanks, values.shape[1])
                start = np.maximum(start - flanks, 0)
                parts.append((example + first, start, end, sign * _sums(chunk, example, start, end), p_value))
    columns = zip(*parts, strict=True)
    return pd.DataFrame({name: np.concatenate(pieces) for name, pieces in zip(_COLUMNS, columns, strict=True)})


def _call(
    tail: Tail, bins: npt.NDArray[np.int32], threshold: float, lengths: tuple[int, int]
) -> Iterator[tuple[npt.NDArray[Any], ...]]:
    """Call spans, and find the null of longer ones when there may be some."""
    longest, at = min(lengths[1], bins.shape[1]), 0
    tail.reach(lengths[0])
    while at < len(bins):
        cut, n_ready = tail.cut(threshold)
        *called, at = _call_from(at, tail, bins, cut[: longest + 1], n_ready, lengths[0])
        yield tuple(called)
        if at < len(bins):
            tail.reach(n_ready + 1)


def _call_from(
    first: int, tail: Tail, bins: npt.NDArray[np.int32], cut: npt.NDArray[np.int64], n_ready: int, shortest: int
) -> tuple[Any, ...]:
    """Find example, start, length and p-value of spans, and the example for which longer ones have to be ready."""
    length, n_lengths = bins.shape[1], len(cut) - shortest
    called = np.empty((3, (len(bins) - first) * (length // shortest)), np.int64)
    p_values = np.empty(called.shape[1])
    n, done = call_spans(
        bins,
        tail.survival,
        cut,
        shortest,
        n_ready,
        first,
        free=np.ones(length, np.bool_),
        total=np.zeros(length + 1, np.int64),
        starts=np.empty((n_lengths, length), np.int64),
        worst=np.empty((n_lengths, length)),
        n_alive=np.empty(n_lengths, np.int64),
        called=called,
        p_values=p_values,
    )
    return *called[:, :n], p_values[:n], done


def _sums(
    values: Floats, example: npt.NDArray[np.int64], start: npt.NDArray[np.int64], end: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Add up the values of spans, none of them empty, in float64."""
    size = end - start
    behind = np.cumsum(size)
    place = np.arange(behind[-1] if len(size) else 0) - np.repeat(behind - size - start, size)
    each = values[np.repeat(example, size), place].astype(np.float64)
    return np.add.reduceat(each, behind - size) if len(size) else each


def _fdr_curve(
    values: Floats, control: Floats, tails: dict[int, Tail | None], lengths: tuple[int, int]
) -> pd.DataFrame:
    """Estimate the false discovery rate at each threshold: control calls plus one, per position, over calls."""
    n_seqlets = sum(_count_calls(values, tail, sign, lengths) for sign, tail in tails.items())
    n_control = sum(_count_calls(control, tail, sign, lengths) for sign, tail in tails.items())
    expected = (n_control + 1) * (values.size / control.size)
    fdr = np.divide(expected, n_seqlets, out=np.full(len(_FDR_THRESHOLDS), np.nan), where=n_seqlets > 0)
    columns = {"threshold": _FDR_THRESHOLDS, "n_seqlets": n_seqlets, "n_control_seqlets": n_control, "fdr": fdr}
    return pd.DataFrame(columns)


def _count_calls(values: Floats, tail: Tail | None, sign: int, lengths: tuple[int, int]) -> npt.NDArray[np.int64]:
    """Count the seqlets at each threshold."""
    counts = np.zeros(len(_FDR_THRESHOLDS), np.int64)
    if tail is None:
        return counts
    tail.reach(lengths[1])
    longest = min(lengths[1], values.shape[1])
    cuts = [tail.cut(threshold) for threshold in _FDR_THRESHOLDS.tolist()]
    for _, chunk in signed_chunks(values, sign):
        bins = tail.bins(chunk)
        for at, (cut, n_ready) in enumerate(cuts):
            n_called = len(_call_from(0, tail, bins, cut[: longest + 1], n_ready, lengths[0])[0])
            counts[at] += n_called
            if n_called == 0:
                break  # a stricter threshold calls nothing either
    return counts


def _threshold_at(curve: pd.DataFrame, target_fdr: float) -> float | None:
    """Largest threshold whose estimate is at most the target; None, with a warning, if there is none."""
    fdr = curve["fdr"].to_numpy()
    passing = curve["threshold"].to_numpy()[fdr <= target_fdr]
    if len(passing):
        return float(passing.max())
    lowest = "nothing is called at any threshold"
    if not np.isnan(fdr).all():
        best = int(np.nanargmin(fdr))
        lowest = f"the lowest estimate is {fdr[best]:.3f}, at a threshold of {curve['threshold'].iloc[best]:.1e}"
    message = f"No threshold reaches a false discovery rate of {target_fdr}: {lowest}. No seqlet is returned."
    warn(message)
    return None


def _control_values(values: Floats, control: Attributions | str, random_state: int | None) -> Floats:
    if isinstance(control, str):
        if control != "shuffle":
            raise InvalidArgument("control", repr(control), "attributions of shape (N, L), 'shuffle' or None")
        return np.random.default_rng(check_seed(random_state, least=0)).permuted(values, axis=1)
    checked = check_attributions(control, "control")
    return checked.astype(np.float32) if values.dtype == np.float32 else checked.astype(np.float64)


def _check_null(null: object) -> None:
    if not isinstance(null, (SeqletNull, type(None))):
        raise InvalidArgument("null", type(null).__name__, "what `fit_null` returns, or None")


def _check_lengths(values: Floats, min_len: int, max_len: int) -> tuple[int, int]:
    """Return the shortest and the longest seqlet that can be: none is longer than its example."""
    shortest = check_whole(min_len, "min_seqlet_len", 1)
    if shortest > values.shape[1]:
        raise InvalidArgument("min_seqlet_len", shortest, f"at most the length of the examples, {values.shape[1]}")
    if check_whole(max_len, "max_seqlet_len", 1) < shortest:
        raise InvalidArgument("max_seqlet_len", max_len, f"at least `min_seqlet_len`, {shortest}")
    return shortest, min(int(max_len), values.shape[1])
