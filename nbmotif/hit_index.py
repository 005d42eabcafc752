"""Hits, counted per motif and per family of motifs, in each of the ways to count them."""

from __future__ import annotations

import copy
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias, get_args

import numpy as np

from nbmotif.arguments import check_choice
from nbmotif.errors import InvalidArgument
from nbmotif.kernels import profile as profiles
from nbmotif.kernels import tally as kernels
from nbmotif.thresholds import Thresholds, strength

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from nbmotif.hits import Hits
    from nbmotif.stops import Stops

    Ints = npt.NDArray[np.int64]

# What is counted. "hits": passing hits, and for a family the different places of those of its motifs. "sites": runs of
# overlapping hits, once. "exclusive": each position to the strongest hit on it. "sequences": those with at least one
# hit. "explained": the largest |attribution| of each site, added up. A copy of a motif under another name changes no
# number of its family in any of them.
CountMode: TypeAlias = Literal["hits", "sites", "exclusive", "sequences", "explained"]
COUNT_MODES: tuple[CountMode, ...] = get_args(CountMode)

_SIDES: dict[str, int] = {"+": kernels.ABOVE, "-": kernels.BELOW, "both": kernels.BEYOND}
# hits and places that are looked at together, so that temporary arrays stay small beside the hits
_BLOCK_HITS, _BLOCK_PLACES = 1 << 20, 1 << 22
# |attribution| as a whole number of at most 30 bits: sums of them are exact, in any order
_SIZE_BITS = 30
_ANYWHERE = (0, np.iinfo(np.int32).max)


@dataclass(frozen=True, eq=False)
class Numbers:
    """Counts of G motifs, or families.

    Attributes
    ----------
    count
        What the mode counts, shape (G,): int64, or float64 for "explained".
    sequences
        Sequences with at least one passing hit, int64 (G).
    """

    count: npt.NDArray[Any]
    sequences: Ints


class Counted(NamedTuple):
    """Numbers of M motifs, and of F families."""

    motifs: Numbers
    families: Numbers


class Block(NamedTuple):
    """Passing hits in the order of their places: by sequence, start and end; columns of shape (P,)."""

    rows: Ints
    motif: npt.NDArray[np.int32]
    sequence: npt.NDArray[np.int32]
    start: npt.NDArray[np.int32]


class HitIndex:
    """Hits, ready to be counted in any way; beside the hits it needs no memory worth mentioning.

    Parameters
    ----------
    hits
        Hits; without attribution they count by their p-value alone.
    length
        No hit reaches beyond it. Default: the end of the last one.
    ranks
        In which order motifs win a place for which they are equally good, shape (M,). Default: their own.
    """

    def __init__(self, hits: Hits, length: int | None = None, ranks: npt.NDArray[np.integer] | None = None) -> None:
        self._runs = _find_runs(hits.sequence_idx, hits.offsets)
        if len(self._runs) > 4 * len(hits) + 64:  # hits in no order
            hits = _sorted_by_sequence(hits)
            self._runs = _find_runs(hits.sequence_idx, hits.offsets)
        self.hits = hits
        self.widths = np.asarray(hits.motif_widths, np.int64)
        # narrow motifs first: of hits that start together, the shorter is then the first
        self._runs = self._runs[np.argsort(self.widths[self._runs[:, 2]], kind="stable")]
        self.length = max(length or 0, int(hits.start.max(initial=0) + self.widths.max(initial=0)) + 1)
        self.ranks = np.arange(len(hits)) if ranks is None else np.asarray(ranks, np.int64)
        largest = float(max(self._attribution.max(initial=0), -self._attribution.min(initial=0)))
        self.unit = float(2.0 ** (int(np.frexp(largest)[1]) - _SIZE_BITS))
        # of all hits up to and with each sequence's
        self._ends = np.cumsum(np.bincount(hits.sequence_idx, minlength=hits.n_sequences))
        self._bounds = self._block_bounds()

    @property
    def _attribution(self) -> npt.NDArray[np.float32]:
        attribution = self.hits.attribution
        return np.zeros(0, np.float32) if attribution is None else attribution

    def with_attribution(self, attribution: npt.NDArray[np.float32]) -> HitIndex:
        """Return an index of the same hits with other attributions, in the order of ``hits``."""
        other = copy.copy(self)
        other.hits = copy.copy(self.hits)
        other.hits.attribution = attribution
        return other

    def _block_bounds(self) -> list[tuple[int, int]]:
        """Sequences that are looked at together."""
        ends = self._ends
        bounds, first, most = [], 0, max(1, _BLOCK_PLACES // self.length)
        while first < len(ends):
            before = ends[first - 1] if first else 0
            last = int(np.searchsorted(ends, before + _BLOCK_HITS, side="right"))
            last = min(max(last, first + 1), first + most, len(ends))
            bounds.append((first, last))
            first = last
        return bounds

    def blocks(self, thresholds: Thresholds) -> Iterator[Block]:
        """List the passing hits in the order of their places, some sequences after the other."""
        cursors, rule = self._runs[:, 0].copy(), hit_rule(self.hits, thresholds)
        for first, last in self._bounds:
            yield self._select(cursors, first, last, rule)

    def n_passing(self, thresholds: Thresholds) -> int:
        """Count the hits that pass, of all motifs."""
        return int(np.count_nonzero(passing(self.hits, thresholds)))

    def in_sequence(self, sequence: int) -> Block:
        """List all hits of one sequence."""
        everything = hit_rule(self.hits, Thresholds(attribution=None, fimo_p=np.inf))
        cursors = _first_from(self._runs, self.hits.sequence_idx, sequence)
        return self._select(cursors, sequence, sequence + 1, everything)

    def _select(self, cursors: Ints, first: int, last: int, rule: tuple[Any, ...]) -> Block:
        hits = self.hits
        columns = (hits.p_levels.of_hit, self._attribution, hits.sequence_idx, hits.start)
        n_hits = int(self._ends[last - 1]) - (int(self._ends[first - 1]) if first else 0)
        rows, motif = np.empty(n_hits, np.int64), np.empty(n_hits, np.int32)
        next_at = np.zeros((last - first) * self.length + 1, np.int64)
        given = (*columns, self.widths, *rule, next_at, rows, motif)
        n_passing = kernels.select(self._runs, cursors, first, last, self.length, *given)
        rows, motif = rows[:n_passing], motif[:n_passing]
        return Block(rows, motif, hits.sequence_idx[rows], hits.start[rows])

    def sizes(self, rows: Ints) -> Ints:
        """Return |attribution| of hits in whole units, which add up exactly."""
        if not len(self._attribution):
            return np.zeros(len(rows), np.int64)
        sizes: Ints = np.floor(np.abs(self._attribution[rows]).astype(np.float64) / self.unit + 0.5).astype(np.int64)
        return sizes

    def p_values(self, block: Block) -> npt.NDArray[np.float64]:
        """P-value of each hit of a block."""
        levels = self.hits.p_levels
        p_values: npt.NDArray[np.float64] = levels.values[levels.offsets[block.motif] + levels.of_hit[block.rows]]
        return p_values

    def winners(self, block: Block) -> npt.NDArray[np.bool_]:
        """Tell which hits of a block have their place to themselves.

        The strongest hit takes its positions, then the strongest of those that overlap none that was taken. Strength is
        the attribution over the square root of the width: what stands out from noise, which a wide motif gathers more
        of. Equal ones, such as look-alikes on one place, are decided by the p-value, then by the motifs' ranks.
        """
        size = self._attribution[block.rows] if len(self._attribution) else np.ones(len(block.rows), np.float32)
        strength = np.abs(size.astype(np.float64)) / np.sqrt(self.widths[block.motif])
        order = np.lexsort((self.ranks[block.motif], self.p_values(block), -strength, block.sequence))
        first = int(block.sequence[0]) if len(block.sequence) else 0
        starts = (block.sequence.astype(np.int64) - first) * self.length + block.start
        ends = starts + self.widths[block.motif]
        won = np.zeros(len(starts), np.bool_)
        kernels.win(order, starts, ends, np.zeros(int(ends.max(initial=0)), np.bool_), won)
        return won

    def count(
        self, thresholds: Thresholds, families: npt.NDArray[np.integer] | None = None, mode: CountMode = "hits"
    ) -> Counted:
        """Count passing hits for each motif and for each family of motifs.

        Parameters
        ----------
        thresholds
            Which hits pass.
        families
            The family of each motif, shape (M,), from 0. Default: each motif is one.
        mode
            What is counted; see :data:`CountMode`.

        Returns
        -------
        The numbers of M motifs, and those of F families.
        """
        check_mode(mode)
        alone = np.arange(len(self.widths), dtype=np.int32)
        labels = (alone, alone if families is None else np.asarray(families, np.int32))
        states = [np.full((5, int(label.max(initial=-1)) + 1), -1, np.int64) for label in labels]
        counts = [np.zeros_like(state) for state in states]
        won = np.zeros(len(alone), np.int64)
        for block in self.blocks(thresholds):
            place, sizes = (block.motif, block.sequence.astype(np.int64), block.start), self.sizes(block.rows)
            for label, state, count in zip(labels, states, counts, strict=True):
                kernels.scan(*place, sizes, self.widths, label, self.length, state, count)
            if mode == "exclusive":
                won += np.bincount(block.motif[self.winners(block)], minlength=len(won))
        found: list[Numbers] = []
        for label, (n_hits, n_places, n_sequences, n_sites, explained) in zip(labels, counts, strict=True):
            n_won = np.zeros_like(n_hits)
            np.add.at(n_won, label, won)
            of_mode: dict[CountMode, npt.NDArray[Any]] = {
                "hits": n_places if found else n_hits,
                "sites": n_sites,
                "exclusive": n_won,
                "sequences": n_sequences,
                "explained": explained * self.unit,
            }
            found.append(Numbers(of_mode[mode], n_sequences))
        return Counted(*found)

    def density(self, stops: Stops, p_stops: Stops) -> Ints:
        """Count all hits by attribution and p-value, in the bins between stops of two sliders.

        Parameters
        ----------
        stops
            Of attribution, ascending, shape (E,).
        p_stops
            Of p-values, descending, shape (P,).

        Returns
        -------
        Shape (2 E, P): rows from the most negative to the most positive attributions, column k for p-values below stop
        k and not below the next.
        """
        levels, hits = self.hits.p_levels, self.hits
        passed = len(p_stops.values) - np.searchsorted(p_stops.values[::-1], levels.values, side="right")
        columns = (levels.of_hit, self._attribution, hits.offsets, levels.offsets)
        edges = stops.values.astype(np.float32)
        counts = np.zeros((2 * len(edges), len(p_stops.values)), np.int64)
        profiles.density(*columns, np.maximum(passed - 1, 0), edges, counts)
        return counts

    def strength_at(self, rank: int) -> np.float32:
        """Return the |attribution| that is ``rank``-th from the top, from 0."""
        bits, found = self._attribution.view(np.uint32), -1
        for _ in range(2):  # the upper half of the bits, then the lower: no copy of millions of numbers is sorted
            counts = np.zeros(1 << 16, np.int64)
            profiles.count_digits(bits, found, counts)
            n_above = counts[::-1].cumsum()[::-1] - counts
            digit = int(np.flatnonzero(n_above <= rank)[0])
            rank -= int(n_above[digit])
            found = digit if found < 0 else found << 16 | digit
        return np.float32(np.array(found, np.uint32).view(np.float32))

    def table(self, thresholds: Thresholds, families: npt.NDArray[np.integer], mode: CountMode, stops: Stops) -> Ints:
        """Count at every stop of a slider at once.

        Parameters
        ----------
        thresholds
            Which hits pass; the threshold of the slider is not asked.
        families, mode
            As in :meth:`count`, for any mode but "exclusive", whose winners at one stop are not those of another.
        stops
            The slider.

        Returns
        -------
        Shape (M + F, K): the counts of motifs, then those of families; "explained" in whole units.
        """
        if mode == "exclusive":
            raise InvalidArgument("mode", repr(mode), "any other", "Count at each stop.")
        n_stops = len(stops.values)
        alone = np.arange(len(self.widths), dtype=np.int32)
        labels = (alone, np.asarray(families, np.int32))
        rules = [profiles.OVERLAPPING, profiles.OVERLAPPING]
        if mode == "sequences":
            rules = [profiles.SAME_SEQUENCE, profiles.SAME_SEQUENCE]
        elif mode == "hits":
            rules = [profiles.NONE, profiles.SAME_PLACE]
        steps = [np.zeros((int(label.max(initial=-1)) + 1, n_stops + 1), np.int64) for label in labels]
        for block in self.blocks(stops.open(thresholds)):
            place, sizes = (block.motif, block.sequence, block.start), self.sizes(block.rows)
            n_passed = stops.passed(self, block, thresholds.sign)
            most = int(np.bincount(block.sequence).max(initial=0))
            next_at, joined = np.empty(n_stops + 2, np.int64), np.empty((5, most), np.int64)
            for label, rule, step in zip(labels, rules, steps, strict=True):
                scratch = np.full(len(step), -1), next_at, joined
                profiles.profile(*place, sizes, n_passed, self.widths, label, rule, mode == "explained", *scratch, step)
        counts: Ints = np.concatenate(steps)[:, :0:-1].cumsum(axis=1)[:, ::-1]
        return counts


def check_mode(mode: str) -> None:
    """Refuse an unknown count mode."""
    check_choice(mode, "count_mode", COUNT_MODES)


def passing(hits: Hits, thresholds: Thresholds) -> npt.NDArray[np.bool_]:
    """Tell which hits pass.

    Parameters
    ----------
    hits
        Hits, with attribution if there is a threshold on it.
    thresholds
        What counts.

    Returns
    -------
    One boolean per hit, shape (H,), such as :meth:`nbmotif.Hits.where` takes.
    """
    cuts, side, threshold, allowed, window = hit_rule(hits, thresholds)
    last_start = window[1] - np.asarray(hits.motif_widths, np.int64)
    passes = np.empty(hits.n_hits, np.bool_)
    for m, (first, last) in enumerate(itertools.pairwise(hits.offsets.tolist())):  # what is written stays in the cache
        rows, mask = slice(first, last), passes[first:last]
        np.less(hits.p_levels.of_hit[rows], cuts[m], out=mask)
        if thresholds.window is not None:
            mask &= (hits.start[rows] >= window[0]) & (hits.start[rows] <= last_start[m])
        if thresholds.sequences is not None:
            mask &= allowed[hits.sequence_idx[rows]]
        if side != kernels.ANY and hits.attribution is not None:
            mask &= strength(hits.attribution[rows], thresholds.sign) > threshold
    return passes


def hit_rule(hits: Hits, thresholds: Thresholds) -> tuple[Any, ...]:
    """Return thresholds as the last arguments of :func:`nbmotif.kernels.tally.select`."""
    check_choice(thresholds.sign, "sign", _SIDES)
    side = kernels.ANY if thresholds.attribution is None else _SIDES[thresholds.sign]
    if side != kernels.ANY and hits.attribution is None:
        hint = "Add it with hits.with_signal(X_attr)."
        raise InvalidArgument("hits", "hits without attribution", "hits with attribution", hint)
    allowed = np.ones(hits.n_sequences, np.bool_)
    if thresholds.sequences is not None:
        # hits that came without sequences know of those with hits only
        given = np.asarray(thresholds.sequences, np.bool_)
        allowed[: len(given)] = given[: len(allowed)]
    window = np.array(_ANYWHERE if thresholds.window is None else thresholds.window, np.int64)
    n_below = np.append(0, np.cumsum(hits.p_levels.values < thresholds.fimo_p))
    cuts = np.diff(n_below[hits.p_levels.offsets])
    return cuts, side, np.float32(thresholds.attribution or 0.0), allowed, window


def _find_runs(sequence_idx: npt.NDArray[np.int32], offsets: Ints) -> Ints:
    """Find stretches of hits of one motif whose sequences do not fall: first row, last row + 1, motif; (R, 3)."""
    falls = np.flatnonzero(sequence_idx[1:] < sequence_idx[:-1]) + 1
    starts = np.union1d(falls, offsets[:-1][offsets[:-1] < offsets[1:]])
    ends = np.append(starts, offsets[-1])[1:]
    return np.stack([starts, ends, np.searchsorted(offsets, starts, side="right") - 1], axis=1)


def _first_from(runs: Ints, sequence_idx: npt.NDArray[np.int32], sequence: int) -> Ints:
    """Find the first row of each run that is not before a sequence, shape (R), by halving all of them at once."""
    low, high = runs[:, 0].copy(), runs[:, 1].copy()
    while (is_open := low < high).any():
        middle = (low + high) // 2
        is_before = is_open & (sequence_idx[np.minimum(middle, len(sequence_idx) - 1)] < sequence)
        low = np.where(is_before, middle + 1, low)
        high = np.where(is_open & ~is_before, middle, high)
    return low


def _sorted_by_sequence(hits: Hits) -> Hits:
    order = np.lexsort((hits.start, hits.sequence_idx, hits.motif_idx))
    return hits.reordered(order)
