"""The numbers of the motif table, and what is behind them, computed as the browser computes them: exactly."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nbmotif.hit_index import CountMode, Numbers
from nbmotif.thresholds import strength
from nbmotif.widget.rows import Order, keep_rows, matcher, sort_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbmotif.thresholds import Thresholds
    from nbmotif.widget.content import Content, SeqletColumns


@dataclass(frozen=True)
class Query:
    """What is counted, and how.

    Parameters
    ----------
    thresholds
        What counts.
    mode
        In which way.
    similarity
        Where the tree of families is cut.
    """

    thresholds: Thresholds
    mode: CountMode = "hits"
    similarity: float = 0.7


@dataclass(frozen=True, eq=False)
class Level:
    """The numbers of motifs, or of families; each of shape (M,) or (F,).

    Attributes
    ----------
    count, sequences
        As in :class:`nbmotif.hit_index.Numbers`.
    expected
        What ``count`` is by chance; NaN where that is not known.
    seqlets
        Seqlets whose best match it is.
    marginal
        Effect of inserting it, that of the member with the largest; NaN where none was tried.
    members
        How many motifs it has.
    is_sum
        Whether ``count`` is a sum of attributions, of which no number is one.
    """

    count: NDArray[Any]
    sequences: NDArray[np.int64]
    expected: NDArray[np.float64]
    seqlets: NDArray[np.int64]
    marginal: NDArray[np.float32]
    members: NDArray[np.int64]
    is_sum: bool = False

    @property
    def enrichment(self) -> NDArray[np.float64]:
        """How many times as much counts as by chance, one added to both, so that few hits say little.

        Of a sum of attributions what one sequence has is added; NaN where the sum is 0 and 0 is expected.
        """
        count = np.asarray(self.count, np.float64)
        one = count / np.maximum(self.sequences, 1) if self.is_sum else 1.0
        with np.errstate(invalid="ignore"):
            return (count + one) / (self.expected + one)

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the columns by which rows are sorted and filtered."""
        names = ("count", "sequences", "seqlets", "marginal", "enrichment", "members")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, eq=False)
class Answer:
    """The numbers of all motifs and families."""

    labels: NDArray[np.int32]
    family_names: list[str]
    medoids: NDArray[np.int64]
    motifs: Level
    families: Level


def seqlet_mask(seqlets: SeqletColumns, cuts: Thresholds) -> NDArray[np.bool_]:
    """Tell which seqlets pass the sign, their own p-value, the window and the filter, assigned or not, shape (S,)."""
    # a seqlet has been called as significant already: the sign alone decides about its attribution
    mask = (seqlets.p_value < cuts.seqlet_p) & (strength(seqlets.attribution, cuts.sign) > 0)
    if cuts.window is not None:
        mask &= (seqlets.start >= cuts.window[0]) & (seqlets.end <= cuts.window[1])
    return mask if cuts.sequences is None else mask & cuts.sequences[seqlets.sequence_idx]


def assigned_motif(seqlets: SeqletColumns, cuts: Thresholds) -> NDArray[np.int32]:
    """Return each seqlet's motif, shape (S,); -1 where TOMTOM's p-value is not below its threshold."""
    return np.where(seqlets.tomtom_p < cuts.tomtom_p, seqlets.motif_idx, -1).astype(np.int32)


def only_in(cuts: Thresholds, n_sequences: int, sequence: int | None) -> Thresholds:
    """Count in one sequence alone, if it is given; what it is filtered by does not matter then."""
    if sequence is None:
        return cuts
    return replace(cuts, sequences=np.arange(n_sequences) == sequence)


def answer(content: Content, query: Query, with_null: bool = True) -> Answer:
    """Count everything that the table shows."""
    labels, nodes = content.tree.cut(query.similarity)
    sizes = (content.n_motifs, len(nodes))
    cuts = query.thresholds
    if content.index is None:
        found = [Numbers(np.zeros(n, np.int64), np.zeros(n, np.int64)) for n in sizes]
    else:
        found = list(content.index.count(cuts, labels, query.mode))
    chance = by_chance(content, query) if with_null else [np.full(n, np.nan) for n in sizes]
    seqlets = np.zeros(content.n_motifs, np.int64)
    if content.seqlets is not None:
        motif = assigned_motif(content.seqlets, cuts)[seqlet_mask(content.seqlets, cuts)]
        seqlets = np.bincount(motif[motif >= 0], minlength=content.n_motifs)
    marginal = np.full(content.n_motifs, np.nan, np.float32) if content.marginal is None else content.marginal
    levels = []
    groupings: tuple[NDArray[Any], ...] = (np.arange(content.n_motifs), labels)
    for which, (n, label) in enumerate(zip(sizes, groupings, strict=True)):
        levels.append(
            Level(
                count=found[which].count,
                sequences=found[which].sequences,
                expected=chance[which],
                seqlets=np.bincount(label, seqlets, n).astype(np.int64),
                marginal=_strongest(label, marginal, n),
                members=np.bincount(label, minlength=n),
                is_sum=query.mode == "explained",
            )
        )
    names = [content.tree.names[node] for node in nodes.tolist()]
    return Answer(labels, names, content.tree.medoids[nodes], *levels)


def top_motifs(content: Content, found: Answer) -> dict[str, int]:
    """Return the motif that describes each family: its medoid, or the top one where that counts over twice as much."""
    count, medoids = found.motifs.count, found.medoids
    order = np.lexsort((-np.arange(content.n_motifs), count))
    top = np.empty_like(medoids)
    top[found.labels[order]] = order  # the last assignment stays
    shown = np.where(count[top] > 2 * count[medoids], top, medoids)
    return dict(zip(found.family_names, shown.tolist(), strict=True))


def by_chance(content: Content, query: Query) -> list[NDArray[np.float64]]:
    """Return the counts by chance of motifs, shape (M,), and of families, shape (F,); NaN where they are not known."""
    labels, nodes = content.tree.cut(query.similarity)
    null = content.null
    if not null:
        return [np.full(n, np.nan) for n in (content.n_motifs, len(nodes))]
    counted = [index.count(query.thresholds, labels, query.mode) for index in null]
    return [np.sum([level.count for level in levels], axis=0) / len(null) for levels in zip(*counted, strict=True)]


def _strongest(labels: NDArray[Any], values: NDArray[np.float32], n: int) -> NDArray[np.float32]:
    """Return the value of largest size in each group, NaN where it has none; of equal ones the first."""
    strongest = np.full(n, np.nan, np.float32)
    size = np.abs(values)
    order = np.lexsort((-np.arange(len(values)), size))
    order = order[~np.isnan(values[order])]
    strongest[labels[order]] = values[order]  # the last assignment stays
    return strongest


def family_rows(content: Content, found: Answer, order: Order) -> NDArray[np.int64]:
    """Return the family of each row, where the table shows families."""
    is_wanted = matcher(order.search)
    names = [name.lower() for name in found.family_names]
    matches = np.array([is_wanted(name.lower()) for name in content.motif_names], np.bool_)
    is_found = np.array([is_wanted(name) for name in names], np.bool_)
    is_found |= np.bincount(found.labels, matches, len(names)).astype(np.bool_)
    values = found.families.columns()
    rows = np.flatnonzero(keep_rows(is_found, values, order))
    return sort_rows(rows, values, {"name": names, "family": names}, order)


def motif_rows(content: Content, found: Answer, order: Order) -> NDArray[np.int64]:
    """Return the motif of each row, where the table shows motifs."""
    is_wanted = matcher(order.search)
    names = [name.lower() for name in content.motif_names]
    families = [found.family_names[label].lower() for label in found.labels.tolist()]
    is_found = np.array([is_wanted(a) or is_wanted(b) for a, b in zip(names, families, strict=True)], np.bool_)
    values = found.motifs.columns()
    rows = np.flatnonzero(keep_rows(is_found, values, order))
    return sort_rows(rows, values, {"name": names, "family": families}, order)


def row_names(content: Content, found: Answer, order: Order, by_family: bool) -> list[str]:
    """Return the family or the motif of each row."""
    if by_family:
        return [found.family_names[row] for row in family_rows(content, found, order)]
    return [content.motif_names[row] for row in motif_rows(content, found, order)]


def counts_frame(content: Content, query: Query, order: Order, by_family: bool, with_null: bool = True) -> pd.DataFrame:
    """Return what the table shows, row by row."""
    found = answer(content, query, with_null)
    if by_family:
        rows, level = family_rows(content, found, order), found.families
        frame: dict[str, Any] = {
            "family": [found.family_names[row] for row in rows],
            "motifs": level.members[rows],
            "motif_name": [content.motif_names[found.medoids[row]] for row in rows],
        }
    else:
        rows, level = motif_rows(content, found, order), found.motifs
        frame = {
            "motif_name": [content.motif_names[row] for row in rows],
            "family": [found.family_names[found.labels[row]] for row in rows],
        }
    frame |= {query.mode: level.count[rows], "sequences": level.sequences[rows], "seqlets": level.seqlets[rows]}
    if with_null and content.null:
        frame["expected"] = level.expected[rows]
    if content.marginal is not None:
        frame["marginal"] = level.marginal[rows]
    return pd.DataFrame(frame)
