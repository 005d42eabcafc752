"""The stops of a threshold slider: the values it snaps to, at which counts are known exactly."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from nbmotif.thresholds import strength

if TYPE_CHECKING:
    import numpy.typing as npt

    from nbmotif.hit_index import Block, HitIndex
    from nbmotif.thresholds import Thresholds

    Floats = npt.NDArray[np.float64]

N_ATTRIBUTION_STOPS = 512
_STOPS_PER_DECADE = 20
# attributions are linear up to this part of the largest, logarithmic above
_LINEAR = 500
VIGNETTE_ATTRIBUTION = 0.01


class Stops(NamedTuple):
    """A slider.

    Attributes
    ----------
    control
        What it sets: "attribution" or "p".
    values
        Its stops, the loosest first, float64 (K).
    """

    control: Literal["attribution", "p"]
    values: Floats

    def at(self, thresholds: Thresholds, k: int) -> Thresholds:
        """Return the thresholds with this slider at a stop."""
        value = float(self.values[k])
        if self.control == "attribution":
            return replace(thresholds, attribution=value)
        return replace(thresholds, fimo_p=value)

    def open(self, thresholds: Thresholds) -> Thresholds:
        """Return the thresholds with this slider at its loosest."""
        return self.at(thresholds, 0)

    def passed(self, index: HitIndex, block: Block, sign: str) -> npt.NDArray[np.int64]:
        """Count, for each hit, the stops that it passes."""
        if self.control == "p":
            return len(self.values) - np.searchsorted(self.values[::-1], index.p_values(block), side="right")
        assert index.hits.attribution is not None, "asked for where the slider is"
        reached = strength(index.hits.attribution[block.rows], sign)
        return np.searchsorted(self.values.astype(np.float32), reached, side="left")


def attribution_stops(largest: float, *, always: tuple[float, ...] = ()) -> Stops:
    """Return stops from 0 to the largest |attribution|, close together where most attributions are.

    Parameters
    ----------
    largest
        The largest |attribution|.
    always
        Values that are stops too, where they are below it.
    """
    unit = max(largest, 1e-30) / _LINEAR
    steps = np.linspace(0.0, np.arcsinh(_LINEAR), N_ATTRIBUTION_STOPS)
    values = [_rounded(value, 3) for value in (unit * np.sinh(steps)).tolist()]
    wanted = [value for value in (VIGNETTE_ATTRIBUTION, *always) if 0 < value <= largest]
    return Stops("attribution", np.unique(np.array([*values, *wanted], np.float64)))


def p_stops(smallest: float, largest: float) -> Stops:
    """Return stops from above the largest p-value to below the smallest, so many per decade."""
    high = min(1.0, _next_round(max(largest, 1e-300)))
    decades = max(1.0, np.ceil(np.log10(high) - np.floor(np.log10(max(smallest, 1e-300)))))
    exponents = np.log10(high) - np.arange(int(decades * _STOPS_PER_DECADE) + 1) / _STOPS_PER_DECADE
    values = [high, *(_rounded(value, 2) for value in (10.0 ** exponents[1:]).tolist())]
    return Stops("p", np.unique(np.array(values, np.float64))[::-1].copy())


def _rounded(value: float, digits: int) -> float:
    return float(f"{value:.{digits - 1}e}")


def _next_round(value: float) -> float:
    """Return the next number of one significant digit above."""
    power = 10.0 ** np.floor(np.log10(value))
    return _rounded(float((np.floor(value / power + 1e-9) + 1) * power), 1)
