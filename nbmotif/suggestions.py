"""Thresholds on attribution to choose from, each with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from nbmotif.stops import VIGNETTE_ATTRIBUTION

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

_FDRS = (0.01, 0.05)


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
    At most four: the lowest thresholds at which the expected hits are at most 1 % and 5 % of those observed, also at
    all higher ones; the elbow of the curve of hits; and tangermeme's 0.01.

    Examples
    --------
    >>> import numpy as np
    >>> from nbmotif.suggestions import suggest
    >>> stops = np.array([0.0, 0.01, 0.02, 0.05, 0.1])
    >>> for found in suggest(stops, np.array([900, 500, 110, 100, 90]), np.array([450, 20, 1, 0, 0])):
    ...     print(found.name, found.value)
    FDR 1 % 0.02
    FDR 5 % 0.01
    elbow 0.02
    vignette 0.01
    """
    found = []
    if expected is not None and observed.any():
        share = np.where(observed > 0, expected / np.maximum(observed, 1), 0.0)
        worst = np.maximum.accumulate(share[::-1])[::-1]  # at this threshold or a higher one
        for fdr in _FDRS:
            good = np.flatnonzero((worst <= fdr) & (observed > 0))
            if len(good):
                k = int(good[0])
                ratio = f"{expected[k]:,.3g} expected by chance, {observed[k]:,.0f} found"
                found.append(Suggestion(f"FDR {100 * fdr:.0f} %", float(stops[k]), f"{ratio}: {share[k]:.1%}"))
    elbow = _elbow(observed)
    if elbow is not None:
        reason = f"from here on a higher threshold loses few hits: {observed[elbow]:,.0f} are left"
        found.append(Suggestion("elbow", float(stops[elbow]), reason))
    if len(stops) and stops[-1] >= VIGNETTE_ATTRIBUTION:
        found.append(Suggestion("vignette", VIGNETTE_ATTRIBUTION, "what tangermeme's vignette takes"))
    return found


def _elbow(observed: Floats) -> int | None:
    """Return where the curve of log counts lies farthest below the line from its start to its end."""
    some = np.flatnonzero(observed > 0)
    if len(some) < 3:
        return None
    # over the stops as the slider has them, so that the elbow is where the eye sees it
    x = np.linspace(0.0, 1.0, len(some))
    y = np.log(observed[some])
    if y[0] == y[-1]:
        return None
    below = (1.0 - x) - (y - y[-1]) / (y[0] - y[-1])
    return int(some[int(below.argmax())])
