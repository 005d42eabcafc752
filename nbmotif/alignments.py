"""Queries against targets: the best alignment score of each pair, its p-value, and where it lies."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from functools import lru_cache, partial
from math import comb
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from nbmotif.arguments import check_whole
from nbmotif.errors import InvalidArgument
from nbmotif.kernels.tomtom import best_scores, keep_nearest, place_alignments
from nbmotif.kernels.tomtom_null import (
    NEVER,
    find_p_values,
    mark_needed,
    plan_rows,
    survival_rows,
)
from nbmotif.scratch import Scratch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy.typing as npt

    from nbmotif.targets import Scored, Targets

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]
    Shorts = npt.NDArray[np.int16]
    # a one-hot query as letters 0 to 3, int8 of shape (w,), or any query as float64 of shape (4, w)
    Query = npt.NDArray[np.int8] | Floats

T = TypeVar("T")
_LONGEST_ONE_HOT = 48  # longer one-hot queries have too many compositions to share, and are taken as any other query
_BATCH = 16384  # one-hot queries whose null is built together
_CHUNK = 64  # one-hot queries aligned, and looked up, at a time
_CHUNK_COLUMNS = 64  # columns of other queries at a time: their rows stay near the processor
_N_JOBS = "a number of threads, at least 1, or -1 for one per CPU"
_scratch = Scratch()


@dataclass(frozen=True)
class Matches:
    """A few queries and the targets that may be among their nearest, in the order of the targets' slots.

    Parameters
    ----------
    queries
        Which queries of the batch, shape (n,).
    slots
        Slot of each target, shape (n, K).
    scores, p_values
        Best score over both strands and its p-value, shape (n, K).
    batch
        Knows the rows of scores.
    """

    queries: Ints
    slots: npt.NDArray[np.int32]
    scores: Shorts
    p_values: Floats
    batch: _Batch

    def place(self, chosen: Ints | None = None) -> npt.NDArray[np.int32]:
        """Find offset, overlap and strand (0 or 1) of all alignments, or of chosen columns, (n, k): shape (n, k, 3)."""
        slots, scores = self.slots, self.scores
        if chosen is not None:
            at = np.arange(len(chosen))[:, None]
            slots, scores = slots[at, chosen], scores[at, chosen]
        placed = np.empty((*slots.shape, 3), np.int32)
        batch, targets = self.batch, self.batch.targets
        aligned = batch.kinds, batch.starts, self.queries, slots, scores, batch.first
        shape = 2, targets.layout.n_strands * slots.shape[1]
        scratch = np.empty(shape, np.int16), np.empty(shape, np.int32)
        place_alignments(batch.scored.rows, *aligned, targets.layout.lanes, targets.like_memelite, *scratch, placed)
        return placed


def match(
    queries: Sequence[Query], targets: Targets, n_kept: int, n_jobs: int, finish: Callable[[Matches], T]
) -> Iterator[tuple[Ints, T]]:
    """Match queries with all targets, and keep those that may be among the ``n_kept`` nearest of each.

    Parameters
    ----------
    queries, targets, n_kept
        What to match.
    n_jobs
        Threads.
    finish
        What to do with a few queries' matches; called by the thread that found them, whose next matches undo them.

    Yields
    ------
    Which queries, and what ``finish`` made of them, in no particular order.
    """
    widths = np.array([query.shape[-1] for query in queries])
    is_short = np.array([query.ndim == 1 for query in queries]) & (widths <= _LONGEST_ONE_HOT)
    short, other = np.flatnonzero(is_short), np.flatnonzero(~is_short)
    chunks = np.split(other, np.flatnonzero(np.diff(np.cumsum(widths[other]) // _CHUNK_COLUMNS)) + 1)
    threads = ThreadPoolExecutor(n_jobs) if n_jobs > 1 and len(short) + len(other) > _CHUNK else None
    with threads or nullcontext():
        run: Callable[..., Iterable[Any]] = threads.map if threads else map
        if len(short):
            for found, kept in _match_one_hot([queries[i] for i in short.tolist()], targets, n_kept, run, finish):
                yield short[found], kept
        if len(other):
            some = ([_matrix(queries[i]) for i in chunk.tolist()] for chunk in chunks)
            yield from zip(chunks, run(partial(_match_matrices, targets, n_kept, finish), some), strict=True)


def _matrix(query: Query) -> Floats:
    return query.astype(np.float64) if query.ndim == 2 else np.eye(4)[query].T


def _match_matrices(targets: Targets, n_kept: int, finish: Callable[[Matches], T], queries: Sequence[Floats]) -> T:
    """Match a few queries of any kind, each with a null of its own."""
    scored = targets.score(queries)
    starts = np.cumsum([0, *(query.shape[1] for query in queries)])
    n_columns = int(starts[-1])
    offsets = scored.offsets
    first = (np.diff(starts) * offsets).astype(np.int16)
    batch = _Batch(np.arange(1, n_columns + 1), starts, offsets, first, scored, targets, n_kept, n_columns)
    every = np.arange(len(queries))
    aligned = batch.align(every)
    nodes = span_nodes(n_columns, int(np.diff(starts).max()))
    return finish(batch.look_up(batch.find_null(nodes, [every], [aligned]), every, aligned))


def _match_one_hot(
    queries: Sequence[Query],
    targets: Targets,
    n_kept: int,
    run: Callable[..., Iterable[Any]],
    finish: Callable[[Matches], T],
) -> Iterator[tuple[Ints, T]]:
    """Match one-hot queries, given as letters: those that are binned alike share a null."""
    widths = np.array([len(codes) for codes in queries])
    starts = np.concatenate([[0], np.cumsum(widths)])
    codes = np.concatenate(queries).astype(np.int64)
    present = np.bitwise_or.reduceat(1 << codes, starts[:-1])
    batches: dict[int, tuple[Scored, list[Ints]]] = {}  # the sets of letters that are binned alike, by identity
    for letters in np.unique(present):
        scored = targets.score_letters([letter for letter in range(4) if letters >> letter & 1])
        batches.setdefault(id(scored), (scored, []))[1].append(np.flatnonzero(present == letters))
    for scored, members in batches.values():
        offsets = np.repeat(scored.offsets, len(queries))
        first = (widths * offsets).astype(np.int16)
        batch = _Batch(codes + 1, starts, offsets, first, scored, targets, n_kept, 0)
        mine = np.concatenate(members)
        mine = mine[np.argsort(widths[mine], kind="stable")]
        for low in range(0, len(mine), _BATCH):
            part = mine[low : low + _BATCH]
            chunks = [part[i : i + _CHUNK] for i in range(0, len(part), _CHUNK)]
            aligned = list(run(batch.align, chunks))
            null = batch.find_null(letter_nodes(int(widths[part].max())), chunks, aligned)

            def look_up(chunk: Ints, found: _Aligned, batch: _Batch = batch, null: _Null = null) -> T:
                return finish(batch.look_up(null, chunk, found))

            yield from zip(chunks, run(look_up, chunks, aligned), strict=True)


class _Aligned(NamedTuple):
    """Scores and slots of the targets kept, shape (n, K), and the range of the scores by target width, (n, W, 2)."""

    scores: Shorts
    slots: npt.NDArray[np.int32]
    ranges: Ints


class _Null(NamedTuple):
    """Rows by node, the rows, and their survival functions; see :mod:`nbmotif.kernels.tomtom_null`."""

    ids: Ints
    table: Ints
    survival: Floats


@dataclass(frozen=True)
class _Batch:
    """Queries whose columns are scored by the same rows: one-hot queries, or a few of any kind.

    Parameters
    ----------
    kinds, starts, first
        As :func:`nbmotif.kernels.tomtom.best_scores`.
    offsets
        Score of a column that is not aligned, of each query.
    scored
        Scores of each kind of column.
    targets, n_kept
        What they are matched with.
    stride
        Of their nodes; see :func:`nbmotif.kernels.tomtom_null.mark_needed`.
    """

    kinds: Ints
    starts: Ints
    offsets: Ints
    first: Shorts
    scored: Scored
    targets: Targets
    n_kept: int
    stride: int

    def align(self, queries: Ints) -> _Aligned:
        """Score the best alignments with all targets, and keep those that may be among the nearest."""
        targets, layout, n = self.targets, self.targets.layout, len(queries)
        best = _scratch.take("best", (n, targets.n_targets), np.int16)
        sums = _scratch.take("sums", (layout.n_sums(self._widest(queries)),), np.int16)
        blocks, n_strands = layout.blocks, layout.n_strands
        best_scores(self.scored.rows, self.kinds, self.starts, queries, blocks, n_strands, self.first, sums, best)
        firsts = targets.firsts(self.n_kept)
        scores, slots = np.empty((n, firsts[-1]), np.int16), np.empty((n, firsts[-1]), np.int32)
        ranges = np.empty((n, len(targets.widths), 2), np.int64)
        keep_nearest(best, targets.groups, firsts, scores, slots, ranges)
        return _Aligned(scores, slots, ranges)

    def find_null(self, nodes: Nodes, chunks: Sequence[Ints], aligned: Sequence[_Aligned]) -> _Null:
        """Find the null of all that will be looked up for these queries."""
        widths, pmfs = self.targets.widths, self.scored.pmfs
        need, ids = np.full(len(nodes.parents), NEVER), np.empty(len(nodes.parents), np.int64)
        for chunk, (_, _, ranges) in zip(chunks, aligned, strict=True):
            within = self._nodes(chunk)
            mark_needed(self.kinds, self.starts, chunk, self.stride, ranges, widths, self.offsets, within, need)
        table = _scratch.take("table", (len(need), 5), np.int64)
        levels = np.empty(len(nodes.level_starts), np.int64)
        n_rows, size = plan_rows(need, *nodes, self.scored.tops, pmfs.shape[1], table, levels, ids)
        survival = _scratch.take("survival", (size,), np.float64)
        taps = _scratch.take("taps", (len(pmfs), pmfs.shape[1] + 1), np.int64)
        survival_rows(table[:n_rows], levels, pmfs, taps, survival)
        return _Null(ids, table, survival)

    def look_up(self, null: _Null, queries: Ints, aligned: _Aligned) -> Matches:
        """Look up the p-values of the targets kept."""
        targets, (scores, slots, ranges) = self.targets, aligned
        edges, p_values = _scratch.take("edges", (2, int(scores.max()) + 1), np.float64), np.empty(scores.shape)
        asked = (self.kinds, self.starts, queries, self.stride, *null, self.offsets, targets.layout.n_strands)
        kept = (ranges, targets.widths, targets.firsts(self.n_kept), scores)
        find_p_values(*asked, *kept, self._nodes(queries), edges, p_values)
        return Matches(queries, slots, scores, p_values, self)

    def _widest(self, queries: Ints) -> int:
        return int((self.starts[queries + 1] - self.starts[queries]).max())

    def _nodes(self, queries: Ints) -> Ints:
        widest = self._widest(queries)
        return _scratch.take("nodes", (widest, widest), np.int64)


class Nodes(NamedTuple):
    """What nulls depend on; see :mod:`nbmotif.kernels.tomtom_null`.

    Parameters
    ----------
    parents, columns
        Each node's parent, and the column that is added to it, shape (n,). Those of node 0 mean nothing.
    level_starts
        Where the nodes of 1, 2, … columns begin, and their end.
    """

    parents: Ints
    columns: Ints
    level_starts: Ints


@lru_cache(maxsize=8)
def letter_nodes(longest: int) -> Nodes:
    """List all compositions of up to ``longest`` letters; each grows by its last letter."""
    # before[k]: nodes whose k-th count (of A, A + C, A + C + G, all) is less than 0, 1, …, where those after it agree
    before = [np.array([comb(n + k, k + 1) for n in range(longest + 2)]) for k in range(4)]
    rest, sums = np.arange(before[3][-1]), []
    for k in (3, 2, 1, 0):
        sums.append(np.searchsorted(before[k], rest, side="right") - 1)
        rest = rest - before[k][sums[-1]]
    counts = np.diff(np.array(sums[::-1]), axis=0, prepend=0)  # (4, n)
    last = 3 - np.argmax(counts[::-1] > 0, axis=0)
    shorter = np.maximum(np.array(sums[::-1]) - (np.arange(4)[:, None] >= last), 0)
    parents = sum(before[k][shorter[k]] for k in range(4))
    return Nodes(np.asarray(parents), last, before[3][1:])


@lru_cache(maxsize=64)
def span_nodes(n_columns: int, longest: int) -> Nodes:
    """List the spans of up to ``longest`` columns, one of each length for every column; each grows by its last column.

    Of those that reach from one query into the next nothing is ever asked.
    """
    length, start = np.divmod(np.arange(longest * n_columns), n_columns)
    parents = np.where(length > 0, 1 + (length - 1) * n_columns + start, 0)
    columns = np.minimum(start + length, n_columns - 1)
    level_starts = 1 + n_columns * np.arange(longest + 1)
    return Nodes(np.append(0, parents), np.append(0, columns), level_starts)


def count_jobs(n_jobs: int) -> int:
    """Turn ``n_jobs`` into a number of threads: -1 is every CPU that this process may use."""
    number = check_whole(n_jobs, "n_jobs", -1, _N_JOBS)
    if number == 0:
        raise InvalidArgument("n_jobs", 0, _N_JOBS)
    if number > 0:
        return number
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
