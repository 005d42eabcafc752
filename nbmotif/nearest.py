"""From queries of any kind to the arrays of a TOMTOM result: what is compared how, what is nearest, and q-values."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from nbmotif.alignments import match
from nbmotif.progress import Progress
from nbmotif.unpacking import Unpacks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from nbmotif.alignments import Matches, Query
    from nbmotif.targets import Targets

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, repr=False)
class TomtomResult(Unpacks):
    """What :func:`nbmotif.tomtom` found: one row per query, one column per target, or per neighbour.

    Unpacks as memelite's result does: ``p, scores, offsets, overlaps, strands = tomtom(Qs, Ts)``, and one more,
    ``idxs``, with ``n_nearest``.

    Parameters
    ----------
    p_values
        Probability that a random target aligns as well, on either strand. float64.
    scores
        Score of the best alignment. int16.
    offsets
        Column of the target under the first column of the query; negative if the query begins before it. int32.
    overlaps
        Columns aligned. int32.
    strands
        0 if the query aligns with the target as given, 1 if with its reverse complement. int8.
    idxs
        Index of each target, nearest first; None if all are in order. int32.
    n_targets
        How many targets there were.
    find_q_values
        Computes ``q_values``.
    """

    p_values: Floats
    scores: npt.NDArray[np.int16]
    offsets: npt.NDArray[np.int32]
    overlaps: npt.NDArray[np.int32]
    strands: npt.NDArray[np.int8]
    idxs: npt.NDArray[np.int32] | None
    n_targets: int
    find_q_values: Callable[[], Floats] = field(repr=False, compare=False)

    @cached_property
    def q_values(self) -> Floats:
        """Smallest false discovery rate (Benjamini-Hochberg over all targets of the query) that keeps the match.

        Computed when first asked for: it takes the p-values of all targets, also of those that were not kept.
        """
        return self.find_q_values()

    @property
    def e_values(self) -> Floats:
        """How many targets are expected to align as well by chance: p-value times targets."""
        return self.p_values * self.n_targets

    def _unpacked(self) -> tuple[npt.NDArray[Any], ...]:
        fields = (self.p_values, self.scores, self.offsets, self.overlaps, self.strands)
        return fields if self.idxs is None else (*fields, self.idxs)

    def __repr__(self) -> str:
        n, n_kept = self.p_values.shape
        of = f"{n_kept:,} nearest of " if self.idxs is not None else ""
        return f"TomtomResult of {n:,} queries, {of}{self.n_targets:,} targets: p_values, scores, …"


def find_nearest(
    queries: Sequence[Query],
    targets: Targets,
    n_nearest: int | None,
    n_jobs: int,
    verbose: bool,
    with_q_values: bool = False,
) -> TomtomResult:
    """Compare queries, at least one, with all targets and keep the nearest of each; equal queries are compared once.

    With ``n_nearest`` and ``with_q_values``, q-values are found on the way; else when they are asked for.
    """
    seen: dict[tuple[bytes, int], int] = {}
    distinct: list[Query] = []
    row = np.empty(len(queries), np.int64)
    for i, query in enumerate(queries):
        key = (query.tobytes(), query.ndim)
        if key not in seen:
            seen[key] = len(distinct)
            distinct.append(query)
        row[i] = seen[key]
    n_kept = targets.n_targets if n_nearest is None else min(n_nearest, targets.n_targets)
    shape = (len(distinct), n_kept)
    p_values, scores = np.empty(shape), np.empty(shape, np.int16)
    idxs, placed = np.empty(shape, np.int32), np.empty((*shape, 3), np.int32)
    q_values, layout = np.empty(shape), targets.layout
    wholes: tuple[npt.NDArray[Any], ...] = (p_values, scores, placed, idxs, q_values)
    with_q_values = with_q_values and n_nearest is not None

    def keep(found: Matches) -> tuple[npt.NDArray[Any], ...]:
        """Find p-values, scores and places of all in order, or of the nearest, and which these are."""
        if n_nearest is None:
            in_order = found.p_values, found.scores, found.place()
            return tuple(values.take(layout.slots, axis=1) for values in in_order)
        targets_of = layout.targets[found.slots]
        at, chosen = np.arange(len(found.queries))[:, None], _nearest(found.p_values, targets_of, n_kept)
        near = found.p_values[at, chosen], found.scores[at, chosen], found.place(chosen), targets_of[at, chosen]
        if not with_q_values:
            return near
        return (*near, benjamini_hochberg(np.sort(found.p_values, axis=1), n_kept))

    with Progress(total=len(distinct), desc="TOMTOM", unit="query", disable=not verbose) as bar:
        for at, kept in match(distinct, targets, targets.n_targets if with_q_values else n_kept, n_jobs, keep):
            for whole, part in zip(wholes, kept, strict=False):
                whole[at] = part
            bar.update(len(at))

    def of_all(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.ascontiguousarray(values) if len(distinct) == len(queries) else values[row]

    offsets, overlaps, strands = (of_all(placed[..., field]) for field in range(3))
    nearest = None if n_nearest is None else of_all(idxs)

    def find_q_values() -> Floats:
        return of_all(q_values if with_q_values else _q_values(distinct, targets, n_nearest, n_jobs))

    found = of_all(p_values), of_all(scores), offsets, overlaps, strands.astype(np.int8)
    return TomtomResult(*found, nearest, targets.n_targets, find_q_values)


def _q_values(queries: Sequence[Query], targets: Targets, n_nearest: int | None, n_jobs: int) -> Floats:
    """Q-values of the nearest targets of each query; of all of them, in order, if ``n_nearest`` is None."""
    n_kept = targets.n_targets if n_nearest is None else min(n_nearest, targets.n_targets)
    slots = targets.layout.slots
    q_values = np.empty((len(queries), n_kept))

    def rank(found: Matches) -> Floats:
        if n_nearest is not None:
            return benjamini_hochberg(np.sort(found.p_values, axis=1), n_kept)
        p_values = found.p_values.take(slots, axis=1)
        order = np.argsort(p_values, axis=1)
        in_order = np.empty_like(p_values)
        np.put_along_axis(in_order, order, benjamini_hochberg(np.take_along_axis(p_values, order, axis=1), n_kept), 1)
        return in_order

    for at, ranked in match(queries, targets, targets.n_targets, n_jobs, rank):
        q_values[at] = ranked
    return q_values


def _nearest(p_values: Floats, targets: Ints, n_kept: int) -> Ints:
    """Choose the columns of the smallest p-values of each row, by p-value and then by target, shape (n, n_kept)."""
    if n_kept == 1:
        tied = p_values == p_values.min(axis=1, keepdims=True)
        first: Ints = np.where(tied, targets, np.iinfo(np.int64).max).argmin(axis=1)
        return first[:, None]
    order: Ints = np.lexsort((targets, p_values), axis=1)
    return order[:, :n_kept]


def benjamini_hochberg(p_values: Floats, n_kept: int) -> Floats:
    """Turn the ascending p-values of each row, shape (R, n), into the q-values of the first ``n_kept``.

    The q-value at rank k is the smallest of p(k') n / k' over all ranks k' >= k, at most 1.
    """
    n = p_values.shape[1]
    expected = p_values * (n / np.arange(1, n + 1))
    expected[:, n_kept - 1] = expected[:, n_kept - 1 :].min(axis=1)
    q_values: Floats = np.minimum.accumulate(expected[:, n_kept - 1 :: -1], axis=1)
    return np.minimum(q_values[:, ::-1], 1.0)
