"""Seqlets of equal width, as TF-MoDISco calls them: windows that stand out from a Laplace distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.optimize import isotonic_regression

from nbmotif.arguments import check_number, check_whole
from nbmotif.errors import InvalidArgument, warn
from nbmotif.kernels.seqlets import take_peaks
from nbmotif.ported import Unused, takes
from nbmotif.seqlet_null import check_attributions

if TYPE_CHECKING:
    import numpy.typing as npt
    import torch

    Floats = npt.NDArray[np.float64]

_SUBSAMPLE = 1_000_000  # windows that thresholds are learnt from
_N_NULL = 10_000  # draws from the null
_SEED = 1234  # of both, TF-MoDISco's
_MODE_BINS = 1000
_QUANTILES = np.arange(1, 20) * 5 / 100
_LEAST_NULL = 0.95  # share of windows that are taken to come from the null, at the least


@takes(weak_threshold_for_counting_sign=Unused(0.8, "Signs are counted beyond the thresholds."))
def tfmodisco_seqlets(
    X_attr: torch.Tensor | npt.NDArray[Any],
    window_size: int = 21,
    flank: int = 10,
    target_fdr: float = 0.2,
    min_passing_frac: float = 0.03,
    max_passing_frac: float = 0.2,
) -> pd.DataFrame:
    """Call seqlets as TF-MoDISco does: windows of one width whose attribution stands out, of both signs.

    They are made for finding motifs: long enough to hold the surroundings. To count and annotate sites, use
    :func:`nbmotif.recursive_seqlets`.

    Parameters
    ----------
    X_attr
        Attributions of the observed bases, shape (N, L): ``X_attr.sum(dim=1)``.
    window_size
        Width of the window whose attributions are summed, in bp.
    flank
        Bases added on each side of the window.
    target_fdr
        Largest share of false windows among those that pass.
    min_passing_frac, max_passing_frac
        The least and the most windows that pass, as a share of all; a symmetric threshold is chosen where the false
        discovery rate would pass fewer or more.

    Returns
    -------
    A DataFrame with the columns ``example_idx start end attribution`` (0-based, half-open, each ``window_size + 2 *
    flank`` wide; attribution is that of the window without its flanks), by example in the order of calling.

    Raises
    ------
    InvalidArgument
        If an attribution is NaN or infinite (with its place), or an argument is out of range.

    Warns
    -----
    NbmotifWarning
        If all windows have the same sum.

    Notes
    -----
    The null is a Laplace distribution around the mode of the window sums, with the steepest slope that any of 19
    quantiles suggests, for each sign. Isotonic regression of real windows against draws from it gives the false
    discovery rate of each sum. Windows are then taken from the highest down, and those too near to one are dropped.

    References
    ----------
    tfmodisco-lite 2.5, ``modiscolite.extract_seqlets``, whose spans these are. (tangermeme 1.6 does not sort the sums
    before it takes the first that passes, so it agrees only where the shares of windows decide.) Sums are in float64
    here: windows whose sums differ by a rounding of float32 may be taken in another order.

    Examples
    --------
    >>> import numpy as np
    >>> from nbmotif.window_seqlets import tfmodisco_seqlets
    >>> X_attr = np.random.default_rng(0).normal(size=(20, 500))
    >>> X_attr[3, 100:110] += 9
    >>> seqlets = tfmodisco_seqlets(X_attr)
    >>> seqlets.loc[seqlets["attribution"].idxmax(), ["example_idx", "start", "end"]].astype(int).to_list()
    [3, 90, 131]
    """
    values = check_attributions(X_attr, "X_attr")
    window_size, flank = check_whole(window_size, "window_size", 1), check_whole(flank, "flank", 0)
    _check_width(values, window_size, flank)
    target_fdr = check_number(target_fdr, "target_fdr", "in (0, 1)", lambda rate: 0 < rate < 1)
    least, most = _passing(min_passing_frac, max_passing_frac)
    sums = _window_sums(values, window_size)
    low, high = -np.inf, np.inf
    if values.min() == values.max() or sums.min() == sums.max():
        message = f"Every window of {window_size} bp sums to {sums[0, 0]:g}: there is nothing to call seqlets from."
        warn(message)
    else:
        low, high = _thresholds(sums, target_fdr, least, most)
    # a threshold of 0, where most windows hold nothing, lets only those pass that hold something
    passes = ((sums >= high) | (sums <= low)) & (sums != 0)
    scores = np.where(passes, np.abs(sums), -np.inf)
    if flank > 0:
        scores[:, :flank] = -np.inf
        scores[:, -flank:] = -np.inf
    peaks = np.empty((2, scores.size), np.int64)
    example, at = peaks[:, : take_peaks(scores, window_size // 2 + flank, peaks)]
    columns = {"start": at - flank, "end": at + window_size + flank, "attribution": sums[example, at]}
    return pd.DataFrame({"example_idx": example, **columns})


def _window_sums(values: npt.NDArray[Any], width: int) -> Floats:
    running = np.zeros((len(values), values.shape[1] + 1))
    np.cumsum(values, axis=1, dtype=np.float64, out=running[:, 1:])
    return running[:, width:] - running[:, :-width]


def _thresholds(sums: Floats, target_fdr: float, least: float, most: float) -> tuple[float, float]:
    """Window sums at or beyond which a window passes: the negative and the positive."""
    flat = sums.ravel()
    rng = np.random.RandomState(_SEED)
    some = np.sort(rng.choice(flat, _SUBSAMPLE, replace=False) if flat.size > _SUBSAMPLE else flat)
    null = _laplace_draws(np.sort(flat))
    low = _threshold(-some[some < 0][::-1], -null[null < 0], target_fdr)
    high = _threshold(some[some >= 0], null[null >= 0], target_fdr)
    passing = (np.count_nonzero(some >= high) + np.count_nonzero(some <= -low)) / some.size
    for wanted, applies in ((least, passing < least), (most, passing > most)):
        if applies:
            high = low = float(np.quantile(np.abs(some), 1 - wanted))
    return -low, high


def _laplace_draws(sums: Floats) -> Floats:
    """Draw from the Laplace distribution that fits sorted window sums."""
    mode = _mode(sums)
    below, above = sums[: np.searchsorted(sums, mode, "right")], sums[np.searchsorted(sums, mode, "left") :]
    log_tail = np.log(1 - _QUANTILES)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope_above = np.max(-log_tail / (np.quantile(above, _QUANTILES) - mode)) if above.size else np.inf
        slope_below = np.max(-log_tail / np.abs(np.quantile(below, 1 - _QUANTILES) - mode)) if below.size else np.inf
    side, depth = np.random.RandomState(_SEED).uniform(size=(_N_NULL, 2)).T
    is_above = side < above.size / (above.size + below.size)
    draws: Floats = mode - np.log(1 - depth) * np.where(is_above, 1 / slope_above, -1 / slope_below)
    return draws


def _mode(sums: Floats) -> float:
    """Middle of the fullest of 1,000 bins within the fullest of 1,000 bins."""
    left, right = _fullest_bin(sums)
    left, right = _fullest_bin(sums[np.searchsorted(sums, left, "right") : np.searchsorted(sums, right, "left")])
    return (left + right) / 2


def _fullest_bin(sums: Floats) -> tuple[float, float]:
    counts, edges = np.histogram(sums, _MODE_BINS)
    fullest = int(counts.argmax())
    return float(edges[fullest]), float(edges[fullest + 1])


def _threshold(sums: Floats, null: Floats, target_fdr: float) -> float:
    """Smallest of the ascending sums at which the false discovery rate is at most the target; the last one always is.

    Infinity if there are none.
    """
    if not sums.size:
        return float("inf")
    both = np.concatenate([sums, null])
    order = np.argsort(both, kind="stable")
    is_real = order < sums.size
    weights = np.where(is_real, 1.0, sums.size / max(null.size, 1))
    fitted = isotonic_regression(is_real.astype(np.float64), weights=weights).x
    share_real = max(float(fitted[0]), 1e-7)
    share_null = min(max(-1 / (1 - 1 / share_real), _LEAST_NULL), 1.0) if share_real < 1 else 1.0
    precision = np.clip(1 + share_null * (1 - 1 / np.maximum(fitted[is_real], 1e-7)), 0, 1)
    precision[-1] = 1
    return float(sums[np.argmax(precision >= 1 - target_fdr)])


def _check_width(values: npt.NDArray[Any], window_size: int, flank: int) -> None:
    width = window_size + 2 * flank
    if width > values.shape[1]:
        hint = "A seqlet is `window_size + 2 * flank` wide."
        raise InvalidArgument("window_size", f"seqlets of {width} bp", f"of seqlets within {values.shape[1]} bp", hint)


def _passing(least: float, most: float) -> tuple[float, float]:
    """Take the least and the most windows that pass, as shares of all."""
    shares = {"min_passing_frac": least, "max_passing_frac": most}
    least, most = (check_number(x, name, "in [0, 1]", lambda share: 0 <= share <= 1) for name, x in shares.items())
    if least > most:
        raise InvalidArgument("min_passing_frac", f"{least} and {most}", "at most `max_passing_frac`")
    return least, most
