"""The kernel's answers to questions about counts, as columns for the browser."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nbmotif.arguments import check_choice
from nbmotif.stops import Stops
from nbmotif.suggestions import Suggestion, suggest
from nbmotif.widget.table import Answer, Query, answer, by_chance

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbmotif.hit_index import HitIndex
    from nbmotif.widget.content import Content

# winners at one stop are not those of another, so they are counted stop by stop: at so many of them
_EXCLUSIVE_STOPS = 5
# the plane of hits is drawn this coarsely: every so many stops of attribution, and of p-values
_DENSITY_STEP = (8, 4)


def count_columns(content: Content, query: Query, found: Answer | None = None) -> dict[str, NDArray[Any]]:
    """Count exactly at one query, if it is not found already: the numbers of motifs, then those of families."""
    found = answer(content, query, with_null=False) if found is None else found
    levels = (found.motifs, found.families)
    return {
        "count": np.concatenate([level.count for level in levels]).astype(np.float64),
        "sequences": np.concatenate([level.sequences for level in levels]).astype(np.uint32),
        "seqlets": found.motifs.seqlets.astype(np.uint32),
        "totals": _totals(content, query),
    }


def chance_columns(content: Content, query: Query, found: Answer | None = None) -> dict[str, NDArray[Any]]:
    """Count by chance exactly at one query, if it is not found already: motifs, then families."""
    expected = by_chance(content, query) if found is None else [found.motifs.expected, found.families.expected]
    return {"expected": np.concatenate(expected)}


def _totals(content: Content, query: Query) -> NDArray[np.float64]:
    """Count hits that pass all but the attribution threshold and its sign, and those that pass it too."""
    if content.index is None:
        return np.zeros(2)
    open_cuts = replace(query.thresholds, attribution=None)
    return np.array([content.index.n_passing(open_cuts), content.index.n_passing(query.thresholds)], np.float64)


def profile_columns(
    content: Content, query: Query, control: str, floor: float
) -> tuple[dict[str, NDArray[Any]], list[int] | None]:
    """Count at all stops of a slider, of attribution up to the floor, for motifs and then for families.

    Returns
    -------
    ``steps``, by how much the count of each row rises from each stop to the next looser one, row after row;
    ``sequence_steps``, the same of sequences; ``totals``, hits of all motifs at each stop; and the stops at which
    counts are exact, None for all.
    """
    check_choice(control, "control", ("attribution", "p"))
    stops = content.p_stops
    if control == "attribution":
        values = content.attribution_stops.values
        stops = Stops("attribution", values[: int(np.searchsorted(values, floor)) + 1])
    index = content.index
    if index is None:
        return {"steps": np.zeros(0, np.int32), "sequence_steps": np.zeros(0, np.int32), "totals": np.zeros(0)}, None
    labels, _ = content.tree.cut(query.similarity)
    exact = None
    if query.mode == "exclusive":
        n_stops = len(stops.values)
        exact = sorted({*np.linspace(0, n_stops - 1, min(_EXCLUSIVE_STOPS, n_stops)).astype(int).tolist()})
        counts = np.zeros((content.n_motifs + int(labels.max(initial=-1)) + 1, n_stops), np.int64)
        for k in exact:
            counted = index.count(stops.at(query.thresholds, k), labels, "exclusive")
            counts[:, k:] = np.concatenate([counted.motifs.count, counted.families.count])[:, None]
    else:
        counts = index.table(query.thresholds, labels, query.mode, stops)
    sequences = index.table(query.thresholds, labels, "sequences", stops)
    totals = _all_hits(index, query, stops)
    return {"steps": _steps(counts), "sequence_steps": _steps(sequences), "totals": totals}, exact


def _steps(counts: NDArray[np.int64]) -> NDArray[Any]:
    """Return differences between neighbouring stops, row after row: they compress better, and many are 0."""
    steps = -np.diff(counts, axis=1, append=0)
    fits = len(steps) == 0 or np.abs(steps).max(initial=0) <= np.iinfo(np.int32).max
    return steps.astype(np.int32 if fits else np.float64).ravel()


class Background(NamedTuple):
    """What is known beside the counts.

    Attributes
    ----------
    columns
        ``expected_steps``, as ``steps`` of :func:`profile_columns`, at all stops of attribution, the sum of all shifts;
        ``observed`` and ``expected``, hits of all motifs at each; ``density`` of all hits and ``density_null``, one
        row of p-values after the other.
    n_shifts
        How many shifts were added up.
    suggestions
        Thresholds on attribution to choose from.
    """

    columns: dict[str, NDArray[Any]]
    n_shifts: int
    suggestions: list[Suggestion]

    @property
    def message(self) -> dict[str, Any]:
        """What is no column, ready for JSON."""
        suggestions = [suggestion._asdict() for suggestion in self.suggestions]
        return {"n_shifts": self.n_shifts, "density_step": _DENSITY_STEP, "suggestions": suggestions}


def background(content: Content, query: Query) -> Background:
    """Look at hits as a whole, and at what is expected by chance."""
    index, stops = content.index, content.attribution_stops
    if index is None or not index.hits.n_hits:
        return Background({}, 0, [])
    null = content.null
    observed = _all_hits(index, query, stops)
    expected = sum((_all_hits(shifted, query, stops) for shifted in null), np.zeros(len(stops.values)))
    steps: NDArray[Any] = np.zeros(0, np.int32)
    if query.mode != "exclusive" and null:
        labels, _ = content.tree.cut(query.similarity)
        tables = [shifted.table(query.thresholds, labels, query.mode, stops) for shifted in null]
        steps = _steps(np.sum(tables, axis=0))
    coarse = Stops("attribution", stops.values[:: _DENSITY_STEP[0]])
    coarse_p = Stops("p", content.p_stops.values[:: _DENSITY_STEP[1]])
    density = index.density(coarse, coarse_p)
    shifted_density = sum((shifted.density(coarse, coarse_p) for shifted in null), np.zeros_like(density))
    columns = {
        "expected_steps": steps,
        "observed": observed,
        "expected": expected,
        "density": density.astype(np.uint32).ravel(),
        "density_null": (shifted_density / max(1, len(null))).astype(np.float32).ravel(),
    }
    chance = expected / len(null) if null else None
    return Background(columns, len(null), suggest(stops.values, observed, chance))


def _all_hits(index: HitIndex, query: Query, stops: Stops) -> NDArray[np.float64]:
    """Count the hits of all motifs at each stop."""
    at = np.zeros(len(stops.values) + 1, np.int64)
    for block in index.blocks(stops.open(query.thresholds)):
        at += np.bincount(stops.passed(index, block, query.thresholds.sign), minlength=len(at))
    return at[:0:-1].cumsum()[::-1].astype(np.float64)
