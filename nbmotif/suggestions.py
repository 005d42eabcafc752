"""Thresholds on attribution to choose from, each with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nbmotif.stops import VIGNETTE_ATTRIBUTION

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

_FDRS = (0.05, 0.2)  # of hits near real sites some are real too, and expected: few sets of hits reach less
_ENOUGH = 20  # hits: fewer say nothing about a rate
_REACH = 8  # stops on either side over which a slope is taken
_TURN = 0.5  # by which the slope must rise
_MANY = 0.01  # share of all hits that the steep part must lose
_LEFT = 200  # hits that an elbow must leave: fewer are those of a handful of places
_ABOVE_CHANCE = 2  # times those expected, at least, that are left; of those lost, more than one in so many is expected
_FLAT = -1.0  # slope from which on a curve is flat: twice the threshold leaves at least half of the hits


class Suggestion(NamedTuple):
    """A threshold to choose.

    Attributes
    ----------
    name
        What it is called.
    value
        The threshold.
    reason
        Why, in a sentence.
    """

    name: str
    value: float
    reason: str


def suggest(stops: Floats, observed: Floats, expected: Floats | None) -> list[Suggestion]:
    """Suggest thresholds on attribution.

    Parameters
    ----------
    stops
        Thresholds, ascending, shape (K,).
    observed
        Hits that pass each, shape (K,).
    expected
        Hits that pass by chance, as of :func:`nbmotif.hit_null.shifted_attributions`; None where that is not known.

    Returns
    -------
    At most four: the lowest thresholds at which the expected hits are at most 5 % and 20 % of those observed, also
    at all higher ones; the elbow of the curve of hits, where a turn divides those that are mostly expected from at
    least 200 that are mostly not; and tangermeme's 0.01.

    Examples
    --------
    >>> import numpy as np
    >>> from nbmotif.suggestions import suggest
    >>> stops = np.array([0.0, 0.01, 0.02, 0.05, 0.1])
    >>> for found in suggest(stops, np.array([900, 500, 110, 100, 90]), np.array([450, 20, 1, 0, 0])):
    ...     print(found.name, found.value)
    FDR 5 % 0.01
    vignette 0.01
    """
    found: list[Suggestion] = []
    if expected is not None and observed.any():
        share = np.where(observed > 0, expected / np.maximum(observed, 1), 0.0)
        share = np.where(observed >= _ENOUGH, share, 0.0)
        worst = np.maximum.accumulate(share[::-1])[::-1]  # at this threshold or a higher one
        for fdr in _FDRS:
            good = np.flatnonzero((worst <= fdr) & (observed >= _ENOUGH))
            k = int(good[0]) if len(good) else None
            if k is not None and all(stops[k] != other.value for other in found):
                ratio = f"{_count(expected[k])} expected by chance, {observed[k]:,.0f} found"
                found.append(Suggestion(f"FDR {100 * fdr:.0f} %", float(stops[k]), f"{ratio}: {share[k]:.1%}"))
    elbow = None if expected is None else _elbow(stops, observed, expected)
    if expected is not None and elbow is not None:
        left = f"{observed[elbow]:,.0f} are left, {_count(expected[elbow])} by chance"
        reason = f"from here on a higher threshold loses few hits: {left}"
        found.append(Suggestion("elbow", float(stops[elbow]), reason))
    if stops[-1] >= VIGNETTE_ATTRIBUTION:
        found.append(Suggestion("vignette", VIGNETTE_ATTRIBUTION, "what tangermeme's vignette takes"))
    return found


def _count(mean: float) -> str:
    """Write a mean count: with a digit behind the point where it is small."""
    return f"{mean:,.0f}" if mean >= 10 else f"{mean:.1f}"


def _elbow(stops: Floats, observed: Floats, expected: Floats) -> int | None:
    """Return where the curve of counts, on logarithmic axes, turns most from steep to flat; None where it does not.

    Below lie attributions that are mostly noise, of which a little higher threshold takes many. The steps among the
    hits of large attribution, where look-alikes of a motif have the same, are no elbow, nor is a turn that hits by
    chance have too: it is of the attributions, whatever the motifs.
    """
    fits = np.flatnonzero((stops > 0) & (observed >= _ENOUGH))
    if len(fits) <= 4 * _REACH:
        return None
    x, y = np.log(stops[fits]), np.log(observed[fits])
    slope = (y[2 * _REACH :] - y[: -2 * _REACH]) / (x[2 * _REACH :] - x[: -2 * _REACH])
    before, after = slope[: -2 * _REACH], slope[2 * _REACH :]
    at, below = fits[2 * _REACH : -2 * _REACH], fits[: -4 * _REACH]
    lost, lost_by_chance = observed[below] - observed[at], expected[below] - expected[at]
    from_noise = (lost >= _MANY * observed[fits[0]]) & (lost_by_chance >= lost / _ABOVE_CHANCE)
    to_signal = (observed[at] >= _LEFT) & (observed[at] >= _ABOVE_CHANCE * expected[at])
    turns = from_noise & to_signal & (after >= _FLAT)
    rise = np.where(turns, after - before, 0.0)
    k = int(rise.argmax())
    return int(fits[k + 2 * _REACH]) if rise[k] >= _TURN else None
