"""What an Explorer shows, as plain columns: checked once at the door, never changed afterwards."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nbmotif.family_tree import FamilyTree
from nbmotif.hit_index import HitIndex
from nbmotif.hit_null import shifted_attributions
from nbmotif.pwms import check_pwm
from nbmotif.stops import Stops, attribution_stops, p_stops

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbmotif.hits import Hits
    from nbmotif.motifs import MotifSet

_LOOKED_AT = 200  # hits, to learn what their attributions are


@dataclass(frozen=True, eq=False)
class SeqletColumns:
    """Seqlets with their best match in the motif database; every column has shape (S,).

    Attributes
    ----------
    sequence_idx, start, end
        int32, 0-based and half-open.
    attribution
        float32, the sum over the seqlet.
    p_value, tomtom_p
        float64: of the seqlet, and of its best match (1 where nothing was matched).
    motif_idx
        int32, the best match; -1 where there is none.
    strand
        int8: +1, -1, or 0 where unknown.
    """

    sequence_idx: NDArray[np.int32]
    start: NDArray[np.int32]
    end: NDArray[np.int32]
    attribution: NDArray[np.float32]
    p_value: NDArray[np.float64]
    motif_idx: NDArray[np.int32]
    tomtom_p: NDArray[np.float64]
    strand: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.sequence_idx)


def no_seqlets() -> SeqletColumns:
    """Return the seqlets of an Explorer without them, so that tables have the same columns as with them."""
    whole, p_value = np.zeros(0, np.int32), np.zeros(0)
    columns = (whole, whole, whole, np.zeros(0, np.float32), p_value, whole, p_value, np.zeros(0, np.int8))
    return SeqletColumns(*columns)


@dataclass(frozen=True, eq=False)
class Loci:
    """Where base 0 of each sequence lies in the genome, and where the sequence ends; every list has N entries."""

    chrom: list[str]
    start: list[int]
    end: list[int]


@dataclass(frozen=True, eq=False)
class Scores:
    """One set of attributions of the sequences: of a model, a task or a method.

    Attributes
    ----------
    observed
        Of the bases that are there, (N, 4, L) or (N, L); None where the product of the others and X gives it.
    hypothetical
        Of every base, (N, 4, L), or None.
    """

    observed: NDArray[Any] | None
    hypothetical: NDArray[Any] | None

    @property
    def shape(self) -> tuple[int, int]:
        """N and L; 0 and 0 where there is no array."""
        array = self.hypothetical if self.observed is None else self.observed
        return (0, 0) if array is None else (array.shape[0], array.shape[-1])


@dataclass(frozen=True, eq=False)
class Content:
    """Everything that one Explorer shows: N sequences of L bp, M motifs, and what each method found.

    Immutable, so that a thread which answers the browser may hold on to one while the next is being made. Large
    arrays are the caller's own, not copies.
    """

    name: str = ""
    n_sequences: int = 0
    length: int = 0
    motif_names: list[str] = field(default_factory=list)
    motif_widths: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    motifs: MotifSet | None = None
    tree: FamilyTree = field(default_factory=lambda: FamilyTree.of_groups(np.zeros(0, np.int64), []))
    ranks: NDArray[np.int64] | None = None  # (M,), in which order motifs that are equally good win a place
    sequence_names: list[str] | None = None
    loci: Loci | None = None
    X: NDArray[Any] | None = None  # (N, 4, L)
    attributions: NDArray[Any] | None = None  # (N, 4, L) or (N, L)
    hypothetical: NDArray[Any] | None = None  # (N, 4, L)
    scores_name: str = "attribution"  # of the two above, by which hits are measured
    more_scores: dict[str, Scores] = field(default_factory=dict)  # further sets, to compare
    hits: Hits | None = None  # with attribution, of the motifs above
    seqlets: SeqletColumns | None = None
    marginal: NDArray[np.float32] | None = None  # (M,), NaN where a motif was not tried

    @property
    def n_motifs(self) -> int:
        """M."""
        return len(self.motif_names)

    @property
    def pwms(self) -> list[NDArray[Any]] | None:
        """The motifs' matrices, each (4, w), or None where only their names are known."""
        return None if self.motifs is None else list(self.motifs.pwms)

    def pwm(self, motif: int) -> NDArray[np.float64] | None:
        """Copy the matrix of one motif, (4, w), without a look at the thousands of others."""
        if self.motifs is None:
            return None
        name = self.motif_names[motif]
        matrix: NDArray[np.float64] = check_pwm(self.motifs[name], f"motifs[{name!r}]").numpy()
        return matrix

    @functools.cached_property
    def index(self) -> HitIndex | None:
        """The hits, ready to be counted."""
        return None if self.hits is None else HitIndex(self.hits, self.length, self.ranks)

    @functools.cached_property
    def null(self) -> list[HitIndex]:
        """The same hits, moved a little along their sequences; empty where `has_null` is False."""
        if self.index is None or not self.has_null:
            return []
        signal = self.attributions
        if signal is None or signal.ndim == 3:
            signal = self.all_observed()
        shifted = shifted_attributions(self.index.hits, signal)
        return [self.index.with_attribution(attribution) for attribution in shifted]

    @functools.cached_property
    def has_null(self) -> bool:
        """Whether hits can be shifted: their attributions are sums of those of the sequences."""
        hits = self.hits
        if hits is None or hits.attribution is None or not hits.n_hits or not self.has_attributions:
            return False
        rows = np.linspace(0, hits.n_hits - 1, min(hits.n_hits, _LOOKED_AT)).astype(np.int64)
        motif = np.searchsorted(hits.offsets, rows, side="right") - 1
        places = zip(hits.sequence_idx[rows], hits.start[rows], hits.motif_widths[motif], strict=True)
        sums = [self.observed(s)[start : start + width].sum(dtype=np.float64) for s, start, width in places]
        return bool(np.allclose(hits.attribution[rows], sums, rtol=1e-3, atol=1e-5))

    @functools.cached_property
    def attribution_stops(self) -> Stops:
        """Where the attribution slider can stand."""
        hits = self.hits
        largest = 0.0 if hits is None or hits.attribution is None else np.abs(hits.attribution).max(initial=0.0)
        return attribution_stops(float(largest) or 1.0)

    @functools.cached_property
    def p_stops(self) -> Stops:
        """Where the slider of FIMO's p-value can stand."""
        values = np.zeros(0) if self.hits is None else self.hits.p_levels.values
        return p_stops(float(values[values > 0].min(initial=1.0)), float(values.max(initial=0.0) or 9e-5))  # up to 1e-4

    @functools.cached_property
    def seqlet_p_stops(self) -> Stops:
        """Where the slider of the seqlets' p-value can stand."""
        values = np.zeros(0) if self.seqlets is None else self.seqlets.p_value
        return p_stops(float(values[values > 0].min(initial=1.0)), float(values.max(initial=0.0) or 9e-3))  # up to 0.01

    @functools.cached_property
    def tomtom_p_stops(self) -> Stops:
        """Where the slider of TOMTOM's p-value can stand."""
        values = np.zeros(0) if self.seqlets is None else self.seqlets.tomtom_p
        return p_stops(float(values[values > 0].min(initial=1.0)), 1.0)

    @functools.cached_property
    def lower_sequence_names(self) -> list[str]:
        """What a filter of sequences looks through."""
        return [self.sequence_name(sequence).lower() for sequence in range(self.n_sequences)]

    def sequence_name(self, sequence: int) -> str:
        """Return the name of a sequence, or its number."""
        return f"sequence {sequence}" if self.sequence_names is None else self.sequence_names[sequence]

    def codes(self, sequence: int) -> NDArray[np.uint8]:
        """Return the bases of one sequence, shape (L,): 0-3 for A C G T, 4 for N."""
        if self.X is not None:
            base = self.X[sequence]
        elif self.attributions is not None and self.attributions.ndim == 3:
            base = np.abs(self.attributions[sequence])  # projected: only the observed base differs from zero
        else:
            return np.full(self.length, 4, np.uint8)
        return np.where(base.any(axis=0), base.argmax(axis=0), 4).astype(np.uint8)

    @property
    def score_sets(self) -> dict[str, Scores]:
        """Every set of attributions by name, the one that hits are measured by first; none without attributions."""
        own = {self.scores_name: Scores(self.attributions, self.hypothetical)} if self.has_attributions else {}
        return own | self.more_scores

    def all_observed(self) -> NDArray[np.float32]:
        """Return the attribution of the observed bases of every sequence, shape (N, L)."""
        return np.stack([self.observed(sequence) for sequence in range(self.n_sequences)])

    def observed(self, sequence: int, scores: Scores | None = None) -> NDArray[np.float32]:
        """Return the attribution of the observed bases of one sequence, shape (L,); zeros without attributions."""
        scores = scores or Scores(self.attributions, self.hypothetical)
        if scores.observed is not None:
            values = scores.observed[sequence]
        elif scores.hypothetical is not None and self.X is not None:
            values = scores.hypothetical[sequence] * self.X[sequence]
        else:
            values = np.zeros(self.length)
        return np.asarray(values.sum(axis=0) if values.ndim == 2 else values, np.float32)

    @property
    def has_attributions(self) -> bool:
        """Whether tracks can show attribution, not bases alone."""
        return self.attributions is not None or (self.hypothetical is not None and self.X is not None)

    def pieces(self) -> dict[str, Any]:
        """Return the arguments of an Explorer that shows the same."""
        observed = {name: scores.observed for name, scores in self.score_sets.items()}
        hypothetical = {name: scores.hypothetical for name, scores in self.score_sets.items()}
        several = bool(self.more_scores)
        # groups that were given are known by name, so that they outlive a change of the motifs
        groups = [self.tree.names[group] for group in self.tree.distinct]
        families = self.tree if len(self.tree.joined) else dict(zip(self.motif_names, groups, strict=True))
        marginal = None
        if self.marginal is not None:
            effects = zip(self.motif_names, self.marginal.tolist(), strict=True)
            marginal = {name: effect for name, effect in effects if not np.isnan(effect)}
        return {
            "attributions": observed if several else self.attributions,
            "X": self.X,
            "seqlets": self.seqlets,
            "hits": self.hits,
            "motifs": self.motifs,
            "marginal": marginal,
            "loci": self.loci,
            "name": self.name,
            "families": families,
            "sequence_names": self.sequence_names,
            "hypothetical": hypothetical if several else self.hypothetical,
        }
