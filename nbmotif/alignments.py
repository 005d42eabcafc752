"""Queries against targets: the best alignment score of each pair, its p-value, and where it lies."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from nbmotif.kernels.tomtom import best_scores, place_alignments
from nbmotif.kernels.tomtom_letters import composition_rows, compositions, mark_needed, one_hot_p_values
from nbmotif.kernels.tomtom_null import best_survival, lowest_wanted, score_ranges, span_rows, survival_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy.typing as npt

    from nbmotif.targets import Scored, Targets

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Codes = npt.NDArray[np.int8]

LONGEST_ONE_HOT = 48  # longer one-hot queries have too many compositions to share, and are taken as any other query
_BATCH = 16384  # one-hot queries whose null is built together
_CHUNK = 64  # queries aligned, and looked up, at a time
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Matches:
    """A few queries against all targets.

    Parameters
    ----------
    queries
        Which queries, shape (n,).
    scores, p_values
        Best score over both strands and its p-value, shape (n, M). The p-value is 1 where it cannot be among the
        smallest ``n_kept``.
    place
        Given targets of each query, shape (n, k), finds offset, overlap and strand (0 or 1), shape (n, k, 3).
    """

    queries: Ints
    scores: npt.NDArray[np.int16]
    p_values: Floats
    place: Callable[[Ints], npt.NDArray[np.int32]]

    def of(self, names: Ints) -> Matches:
        """Call query i ``names[i]``."""
        return replace(self, queries=names[self.queries])


def match_matrix(index: int, query: Floats, targets: Targets, n_kept: int) -> Matches:
    """Match one query of any kind, shape (4, w)."""
    width = query.shape[1]
    scored = targets.score(query)
    offset = scored.binning.offset
    one = _Batch(np.arange(width), np.array([0, width]), np.array([width * offset], np.int16), scored, targets)
    scores, ranges = one.align(np.array([0]), n_kept)
    n_spans = width * (width + 1) // 2
    table, levels, ids = np.empty((n_spans, 5), np.int64), np.empty(width + 1, np.int64), _square(width)
    wanted = lowest_wanted(ranges[0], targets.widths, width)
    table = table[: span_rows(scored.tops, offset, wanted, table, levels, ids)]
    survival = _survival(table, levels, scored.pmfs)
    n_scores = int(scores.max()) + 1
    null = np.empty((len(targets.widths), n_scores))
    best_survival(ids, table, survival, offset, ranges[0], targets.widths, np.empty(n_scores), null)
    wanted_scores = scores >= ranges[:, targets.width_of, 0]
    p_values = np.where(wanted_scores, null[targets.width_of, scores[0]], 1.0)
    return Matches(np.array([index]), scores, _both_strands(p_values, targets), one.placer(np.array([0]), scores))


def match_one_hot(queries: Sequence[Codes], targets: Targets, n_kept: int, n_jobs: int) -> Iterator[Matches]:
    """Match one-hot queries, given as letters 0 to 3, at most ``LONGEST_ONE_HOT`` each; in no particular order."""
    widths = np.array([len(codes) for codes in queries])
    starts = np.concatenate([[0], np.cumsum(widths)])
    codes = np.concatenate(queries).astype(np.int8)
    present = np.bitwise_or.reduceat(1 << codes, starts[:-1])
    batches: dict[int, tuple[Scored, list[Ints]]] = {}  # the sets of letters that are binned alike, by identity
    for letters in np.unique(present):
        scored = targets.score_letters([letter for letter in range(4) if letters >> letter & 1])
        batches.setdefault(id(scored), (scored, []))[1].append(np.flatnonzero(present == letters))
    threads = ThreadPoolExecutor(n_jobs) if n_jobs > 1 and len(queries) > _CHUNK else None
    with threads or nullcontext():
        run = threads.map if threads else map
        for scored, members in batches.values():
            first = (widths * scored.binning.offset).astype(np.int16)
            batch = _Batch(codes.astype(np.int64), starts, first, scored, targets)
            mine = np.concatenate(members)
            mine = mine[np.argsort(widths[mine], kind="stable")]
            for low in range(0, len(mine), _BATCH):
                yield from _match_batch(batch, codes, mine[low : low + _BATCH], n_kept, run)


def _match_batch(
    batch: _Batch, codes: Codes, queries: Ints, n_kept: int, run: Callable[..., Iterable[Any]]
) -> Iterator[Matches]:
    """Match one-hot queries that are binned alike: align them all, build the null that they need, look up."""
    targets, scored, starts = batch.targets, batch.scored, batch.starts
    offset = scored.binning.offset
    chunks = [queries[low : low + _CHUNK] for low in range(0, len(queries), _CHUNK)]
    aligned = list(run(partial(batch.align, n_kept=n_kept), chunks))
    longest = int((starts[queries + 1] - starts[queries]).max())
    counts = _compositions(longest)
    need = np.full(len(counts), _NEVER)
    for chunk, (_, ranges) in zip(chunks, aligned, strict=True):
        mark_needed(codes, starts, chunk, ranges, targets.widths, offset, need)
    table, levels, ids = np.empty((len(counts), 5), np.int64), np.empty(longest + 1, np.int64), np.empty_like(need)
    table = table[: composition_rows(need, counts, scored.tops, table, levels, ids)]
    survival = _survival(table, levels, scored.pmfs)

    def look_up(chunk: Ints, found: tuple[npt.NDArray[np.int16], Ints]) -> Matches:
        scores, ranges = found
        p = np.empty(scores.shape)
        widths, width_of = targets.widths, targets.width_of
        one_hot_p_values(codes, starts, chunk, scores, ranges, ids, table, survival, offset, widths, width_of, p)
        return Matches(chunk, scores, _both_strands(p, targets), batch.placer(chunk, scores))

    yield from run(look_up, chunks, aligned)


@dataclass(frozen=True)
class _Batch:
    """Queries whose columns are scored by the same rows."""

    kinds: Ints
    starts: Ints
    first: npt.NDArray[np.int16]
    scored: Scored
    targets: Targets

    def align(self, queries: Ints, n_kept: int) -> tuple[npt.NDArray[np.int16], Ints]:
        """Best scores over the strands, shape (n, M), and the range of those that may be kept, (n, W, 2)."""
        targets, layout = self.targets, self.targets.layout
        widest = int((self.starts[queries + 1] - self.starts[queries]).max())
        best, sums = np.empty((len(queries), targets.n_targets), np.int16), layout.scratch(widest, np.int16)
        blocks, n_strands = layout.blocks, layout.n_strands
        best_scores(self.scored.rows, self.kinds, self.starts, queries, blocks, n_strands, self.first, sums, best)
        scores = best.take(layout.slots, axis=1)
        ranges = np.empty((len(queries), len(targets.widths), 2), np.int64)
        score_ranges(scores, targets.width_of, n_kept, ranges)
        return scores, ranges

    def placer(self, queries: Ints, scores: npt.NDArray[np.int16]) -> Callable[[Ints], npt.NDArray[np.int32]]:
        """Find where chosen alignments lie, when asked."""

        def place(chosen: Ints) -> npt.NDArray[np.int32]:
            placed = np.zeros((*chosen.shape, 3), np.int32)
            best = np.take_along_axis(scores, chosen, axis=1)
            targets = self.targets
            place_alignments(
                self.scored.rows,
                self.kinds,
                self.starts,
                queries,
                chosen,
                best,
                self.first,
                targets.layout.lanes,
                targets.like_memelite,
                placed,
            )
            return placed

        return place


def _survival(table: Ints, levels: Ints, pmfs: Floats) -> Floats:
    survival = np.empty(int(table[:, 3].sum()))
    survival_rows(table, levels, pmfs, survival)
    return survival


def _both_strands(p_values: Floats, targets: Targets) -> Floats:
    """P-value of the better of both strands, taken as independent: 1 - (1 - p)², without losing a small p. In place."""
    if targets.layout.n_strands == 2:
        p_values *= 2 - p_values
    return p_values


def _square(width: int) -> Ints:
    return np.empty((width, width), np.int64)


@lru_cache(maxsize=4)
def _compositions(longest: int) -> Ints:
    return compositions(longest)


def count_jobs(n_jobs: int) -> int:
    """Turn ``n_jobs`` into a number of threads: -1 is every CPU that this process may use."""
    if n_jobs > 0:
        return n_jobs
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
