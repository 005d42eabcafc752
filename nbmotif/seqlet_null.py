"""What seqlets are called against: how attributions are binned, and how high the sum of a span reaches by chance."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from nbmotif.arguments import check_whole
from nbmotif.arrays import as_array
from nbmotif.errors import InvalidArgument, warn
from nbmotif.kernels.seqlets import bin_and_count, extend_survival

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    import torch

Floats: TypeAlias = "npt.NDArray[np.float32] | npt.NDArray[np.float64]"

SIGNS = {"+": (1,), "-": (-1,), "both": (1, -1)}
_EXTENDING = threading.Lock()  # a null may serve several threads, and is pickled without it
_CHUNK = 1 << 17  # positions binned at a time: what is made of them stays near the processor


class Tail:
    """The null of one sign.

    Parameters
    ----------
    lowest, bin_width
        Where the first bin starts, and the width of each.
    pmf
        Probability of each bin, float64 of shape (n_bins,).
    max_len
        Longest span it serves.
    """

    def __init__(self, lowest: np.floating[Any], bin_width: float, pmf: npt.NDArray[np.float64], max_len: int) -> None:
        self.lowest, self.bin_width, self.pmf, self.max_len = lowest, bin_width, pmf, max_len
        self.survival = np.zeros((max_len + 1, max_len * (len(pmf) - 1) + 2))
        self.n_ready = 0
        self._taps = np.flatnonzero(pmf)[::-1].astype(np.int64)
        self._padded = np.zeros(max_len * (len(pmf) - 1) + 2 * len(pmf))
        self._padded[len(pmf)] = 1.0
        self._cuts: dict[float, tuple[npt.NDArray[np.int64], int]] = {}

    def reach(self, length: int) -> None:
        """Find ``survival`` of spans up to a length; see :func:`nbmotif.kernels.seqlets.extend_survival`.

        Only what is asked for is found: few data have significant spans of the longest lengths, which cost most.
        """
        with _EXTENDING:
            if length > self.n_ready:
                row = np.empty(length * (len(self.pmf) - 1) + 1)
                extend_survival(self.pmf, self._taps, self._padded, row, self.survival, self.n_ready + 1, length)
                self.n_ready = length

    def cut(self, threshold: float) -> tuple[npt.NDArray[np.int64], int]:
        """Find the smallest significant sum of each span length, shape (max_len + 1,), and the longest that is ready.

        Sums are 0 where none is ready.
        """
        with _EXTENDING:
            cut, n_found = self._cuts.get(threshold, (np.zeros(self.max_len + 1, np.int64), 0))
            for length in range(n_found + 1, self.n_ready + 1):
                row = self.survival[length]  # never increasing
                cut[length] = len(row) - np.searchsorted(row[::-1], threshold)
            self._cuts[threshold] = cut, self.n_ready
            return cut.copy(), self.n_ready

    def bins(self, values: Floats) -> npt.NDArray[np.int32]:
        """Bin attributions; what lies outside the range of the null falls in its end bins."""
        return bin_values(values, self.lowest, self.bin_width, len(self.pmf))


@dataclass(frozen=True)
class SeqletNull:
    """The distribution of span sums that seqlets are called against; see :func:`fit_null`.

    Parameters
    ----------
    tails
        The null of positive seqlets under 1 and that of negative ones under -1; None where all attributions are equal.
    """

    tails: dict[int, Tail | None]

    def tail(self, sign: int, max_seqlet_len: int) -> Tail | None:
        """Give the null of one sign; InvalidArgument if it does not reach spans as long as asked for."""
        tail = self.tails[sign]
        if tail is not None and tail.max_len < max_seqlet_len:
            got = f"one for spans up to {tail.max_len} bp"
            hint = "Pass the same `max_seqlet_len` to `fit_null`."
            raise InvalidArgument("null", got, f"a null for spans up to `max_seqlet_len`, {max_seqlet_len} bp", hint)
        return tail


def fit_null(X_attr: torch.Tensor | npt.NDArray[Any], max_seqlet_len: int = 25, n_bins: int = 1000) -> SeqletNull:
    """Learn how high spans reach by chance, to call seqlets in several batches against the same null.

    Without it, :func:`nbmotif.recursive_seqlets` learns the null from the very attributions it is given, so that a
    seqlet's p-value depends on what else is in the batch.

    Parameters
    ----------
    X_attr
        Attributions of the observed bases, shape (N, L).
    max_seqlet_len
        Longest span the null must serve, in bp.
    n_bins
        Bins between the smallest and the largest attribution.

    Returns
    -------
    A null to pass as ``null=`` to :func:`nbmotif.recursive_seqlets`, for both signs.

    Raises
    ------
    InvalidArgument
        If an attribution is NaN or infinite (with its place), or an argument is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from nbmotif import recursive_seqlets
    >>> from nbmotif.seqlet_null import fit_null
    >>> X_attr = np.random.default_rng(0).normal(size=(20, 500)).astype("float32")
    >>> X_attr[3, 100:110] += 5
    >>> null = fit_null(X_attr)
    >>> together = recursive_seqlets(X_attr, null=null)
    >>> alone = recursive_seqlets(X_attr[3:4], null=null)
    >>> float(together["p-value"].min()) == float(alone["p-value"].min())
    True
    """
    return fit_tails(check_attributions(X_attr, "X_attr"), max_seqlet_len, n_bins, SIGNS["both"], name="X_attr")


def fit_tails(values: Floats, max_len: int, n_bins: int, signs: tuple[int, ...], name: str = "X") -> SeqletNull:
    """Learn the null of the signs given, from attributions that were checked; warn where they are all equal."""
    n_bins, max_len = check_whole(n_bins, "n_bins", 2), check_whole(max_len, "max_seqlet_len", 1)
    extent = _extent(values)
    _check_range(extent, n_bins, name)
    tails = {sign: _fit_tail(values, extent, sign, max_len, n_bins) for sign in signs}
    if None in tails.values():
        message = f"Every attribution is {values.flat[0]}: there is nothing to call seqlets from."
        warn(message)
    return SeqletNull(tails)


def _extent(values: Floats) -> tuple[np.floating[Any], np.floating[Any]]:
    """Find the smallest and the largest attribution in one pass through memory; NaN if one is NaN."""
    ends = [(chunk.min(), chunk.max()) for _, chunk in signed_chunks(values, 1)]
    return np.min([low for low, _ in ends]), np.max([high for _, high in ends])


def _check_range(extent: tuple[np.floating[Any], np.floating[Any]], n_bins: int, name: str) -> None:
    """Refuse attributions that differ by too much, or too little, for bins between the smallest and the largest."""
    low, high = extent
    with np.errstate(over="ignore"):
        bin_width = float(high - low) / (n_bins - 1)
    if low < high and not 0 < bin_width < np.inf:
        raise InvalidArgument(name, f"from {low} to {high}", "of a range that floating point can divide")


def _fit_tail(
    values: Floats,
    extent: tuple[np.floating[Any], np.floating[Any]],
    sign: int,
    max_len: int,
    n_bins: int,
) -> Tail | None:
    low, high = extent if sign > 0 else (-extent[1], -extent[0])
    if low == high:
        return None
    bin_width = float(high - low) / (n_bins - 1)
    counts = np.zeros(n_bins, np.int64)
    for _, chunk in signed_chunks(values, sign):
        bin_values(chunk, low, bin_width, n_bins, counts)
    return Tail(low, bin_width, counts / values.size, max_len)


def bin_values(
    values: Floats,
    lowest: np.floating[Any],
    bin_width: float,
    n_bins: int,
    counts: npt.NDArray[np.int64] | None = None,
) -> npt.NDArray[np.int32]:
    """Bin attributions from ``lowest`` up, what lies outside in the end bins; add to the ``counts`` given."""
    # the difference is rounded in the dtype of the attributions and divided in float64, as tangermeme does
    above = np.subtract(values, lowest, order="C")
    bins = np.empty(above.shape, np.int32)
    bin_and_count(above, bin_width, n_bins, bins, np.empty(0, np.int64) if counts is None else counts)
    return bins


def signed_chunks(values: Floats, sign: int) -> Iterator[tuple[int, Floats]]:
    """Go through the examples a few at a time: the index of the first, and the attributions times ``sign``."""
    step = max(1, _CHUNK // values.shape[1])
    for first in range(0, len(values), step):
        chunk = values[first : first + step]
        yield first, chunk if sign > 0 else -chunk


def check_attributions(X: torch.Tensor | npt.NDArray[Any], name: str) -> Floats:
    """Attributions as a finite float32 or float64 array of shape (N, L), at least one of each."""
    array = as_array(X, name, "numbers of shape (N, L)")
    if array.dtype == np.bool_:
        raise InvalidArgument(name, f"dtype {array.dtype}", "numbers of shape (N, L)")
    if array.ndim != 2 or array.size == 0:
        hint = "Sum over the letters: `X_attr.sum(dim=1)`." if array.ndim == 3 else ""
        raise InvalidArgument(name, f"shape {array.shape}", "attributions of the observed bases, shape (N, L)", hint)
    narrow = array.dtype.kind == "f" and array.itemsize <= 4
    values: Floats = array.astype(np.float32, copy=False) if narrow else array.astype(np.float64, copy=False)
    if not np.isfinite(_extent(values)).all():
        finite = np.isfinite(values)
        example, position = np.argwhere(~finite)[0]
        got = f"{values[example, position]} at example {example}, position {position}"
        hint = f"{int((~finite).sum())} of {values.size} are not: look at the model's output for these sequences."
        raise InvalidArgument(name, got, "finite", hint)
    return values
