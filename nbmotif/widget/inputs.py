"""Reads what users hold into an Explorer's `Content`: checked here once, so that nothing behind it has to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nbmotif.arguments import check_list
from nbmotif.columns import check_frame, check_names
from nbmotif.dendrogram import Families
from nbmotif.encoding import check_sequences
from nbmotif.errors import InvalidArgument
from nbmotif.family_tree import FamilyTree
from nbmotif.logo_similarity import content_ranks
from nbmotif.motifs import as_motif_set
from nbmotif.widget.content import Content
from nbmotif.widget.foreign import load_array
from nbmotif.widget.places import common_width, place, read_loci
from nbmotif.widget.score_sets import common_shape, read_score_sets
from nbmotif.widget.sites import read_hits, read_seqlets
from nbmotif.words import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbmotif.hits import Hits
    from nbmotif.motifs import MotifSet
    from nbmotif.widget.content import SeqletColumns


def read_content(
    *,
    attributions: Any = None,
    X: Any = None,
    hypothetical: Any = None,
    seqlets: Any = None,
    annotations: Any = None,
    hits: Any = None,
    motifs: Any = None,
    marginal: Any = None,
    families: Any = None,
    loci: Any = None,
    sequence_names: Any = None,
    name: str | None = "",
) -> Content:
    """Check and convert the arguments of `Explorer`; see there for what each may be."""
    motif_set = _motif_set(motifs)
    X = read_one_hot(X)
    scores_name, sets = read_score_sets(attributions, hypothetical, X)
    own = sets.pop(scores_name)
    n, length = common_shape(X=X, attributions=own.observed, hypothetical=own.hypothetical)

    names = read_names(sequence_names)
    n = _agree("sequence_names", n, None if names is None else len(names), "name", "one per sequence")
    intervals = read_loci(loci)
    n_loci = None if intervals is None else len(intervals)
    hint = "extract_loci(..., return_loci=True) gives those of its sequences."
    n = _agree("loci", n, n_loci, "row", "one row per sequence, in their order", hint)
    found_hits = None if hits is None else read_hits(hits, motif_set, names, n)
    if n is not None and found_hits is not None:
        _agree("hits", n, found_hits.n_sequences, "sequence", "scanned on the same sequences")
    names, found_hits = _share_names(names, found_hits)
    motif_names, widths = _motifs_shown(motif_set, found_hits, marginal)
    found_seqlets = read_seqlets(seqlets, annotations, len(motif_names))
    n, length = _fit(found_hits, found_seqlets, n, length, intervals)

    content = Content(
        name="" if name is None else str(name),
        n_sequences=n,
        length=length,
        motif_names=motif_names,
        motif_widths=widths,
        motifs=motif_set,
        tree=read_families(families, motif_names, motif_set),
        ranks=None if motif_set is None else content_ranks(motif_set.pwms),
        sequence_names=names,
        loci=None if intervals is None else place(intervals, length),
        X=X,
        attributions=own.observed,
        hypothetical=own.hypothetical,
        scores_name=scores_name,
        more_scores=sets,
        hits=found_hits,
        seqlets=found_seqlets,
        marginal=read_marginal(marginal, motif_names),
    )
    return content if found_hits is None or found_hits.attribution is not None else with_signal(content)


def read_one_hot(X: Any) -> NDArray[Any] | None:
    """Check one-hot sequences of shape (N, 4, L)."""
    if X is None:
        return None
    return np.asarray(check_sequences(load_array(X, "X")).detach().cpu().numpy())


def _agree(name: str, n: int | None, other: int | None, what: str, expected: str, hint: str = "") -> int | None:
    if n is not None and other is not None and n != other:
        raise InvalidArgument(name, counted(other, what), f"{expected}, N = {n:,}", hint)
    return n if other is None else other


def read_names(values: Any) -> list[str] | None:
    """Return the names of sequences, all different."""
    if values is None:
        return None
    names = [str(value) for value in check_list(values, "sequence_names", "strings, one per sequence")]
    check_names(names, "sequence_names", "Add a number to each, or leave sequence_names out.")
    return names


def _share_names(names: list[str] | None, hits: Hits | None) -> tuple[list[str] | None, Hits | None]:
    """Give hits the names of the sequences, or sequences those of the hits; refuse hits of others."""
    if hits is None or hits.sequence_names == names:
        return names, hits
    if names is None:
        return hits.sequence_names, hits
    if hits.sequence_names is not None:
        wrong = next(i for i, (a, b) in enumerate(zip(hits.sequence_names, names, strict=True)) if a != b)
        got = f"sequence {wrong} called {hits.sequence_names[wrong]!r}"
        hint = "Were the hits made from other sequences, or in another order?"
        raise InvalidArgument("hits", got, f"of the sequences in `sequence_names`, {names[wrong]!r}", hint)
    return names, hits.named(names)


def _motif_set(motifs: Any) -> MotifSet | None:
    if motifs is None:
        return None
    return as_motif_set(motifs)


def _motifs_shown(motifs: MotifSet | None, hits: Hits | None, marginal: Any) -> tuple[list[str], NDArray[np.int64]]:
    """Return names and widths: of the motifs, or else of those that the hits or the marginal effects are about."""
    if motifs is not None:
        return list(motifs.names), np.asarray(motifs.widths, np.int64)
    if hits is not None:
        return list(hits.motif_names), np.asarray(hits.motif_widths, np.int64)
    names = [] if marginal is None else list(_effects(marginal))
    return names, np.zeros(len(names), np.int64)


def _fit(
    hits: Hits | None, seqlets: SeqletColumns | None, n: int | None, length: int | None, loci: pd.DataFrame | None
) -> tuple[int, int]:
    """Return N and L, which loci and sites decide where no array does; refuse sites outside of them."""
    sites = {"hits": hits, "seqlets": seqlets}
    extents = {
        name: (found.sequence_idx, found.start, found.end)
        for name, found in sites.items()
        if found is not None and len(found.start)
    }
    if n is None:
        n = max([0 if hits is None else hits.n_sequences, *(int(of.max()) + 1 for of, _, _ in extents.values())])
    if length is None:
        length = max((int(end.max()) for _, _, end in extents.values()), default=0)
        if loci is not None and n:
            length = common_width(loci, length)
    for name, (sequence, start, end) in extents.items():
        wrong = (sequence < 0) | (sequence >= n)
        if wrong.any():
            hint = f"Were the {name} made from other sequences?"
            raise InvalidArgument(name, f"sequence {int(sequence[wrong][0]):,}", f"on sequences 0 to {n - 1:,}", hint)
        wrong = (start < 0) | (end > length) | (start >= end)
        if wrong.any():
            got = f"[{start[wrong][0]}, {end[wrong][0]})"
            raise InvalidArgument(name, got, f"inside the sequences, 0 <= start < end <= L = {length:,}")
    return n, length


def with_signal(content: Content) -> Content:
    """Sum the content's attributions under its hits."""
    if content.hits is None:
        return content
    signal, hypothetical = content.attributions, content.hypothetical
    if signal is None and hypothetical is not None and content.X is not None:
        signal = content.all_observed()
    if signal is None:
        hint = "Pass attributions=X_attr as well, or hits.with_signal(X_attr)."
        raise InvalidArgument("hits", "none", "given with the attribution under each hit", hint)
    return replace(content, hits=content.hits.with_signal(signal))


def renumbered(content: Content, before: list[str]) -> Content:
    """Turn the seqlets' matches, indices of the motifs that were shown before, into indices of those shown now."""
    seqlets = content.seqlets
    if seqlets is None or content.motif_names == before:
        return content
    position = {name: m for m, name in enumerate(content.motif_names)}
    new_idx = np.array([*(position.get(name, -2) for name in before), -1], np.int32)[seqlets.motif_idx]
    if (new_idx == -2).any():
        gone = before[seqlets.motif_idx[new_idx == -2][0]]
        hint = "Pass the annotations of the seqlets with these motifs as annotations=."
        raise InvalidArgument("motifs", f"none called {gone!r}", "those that the seqlets were matched with", hint)
    return replace(content, seqlets=replace(seqlets, motif_idx=new_idx))


def read_marginal(marginal: Any, motif_names: list[str]) -> NDArray[np.float32] | None:
    """Put the effect of each motif in the motifs' order, shape (M,); NaN for motifs that were not tried."""
    if marginal is None:
        return None
    effects, known = _effects(marginal), set(motif_names)
    unknown = [name for name in effects if name not in known]
    if unknown:
        hint = "Pass the motifs that were marginalized as motifs=."
        raise InvalidArgument("marginal", f"{unknown[0]!r}", "about motifs that are shown", hint)
    return np.array([effects.get(name, np.nan) for name in motif_names], np.float32)


def _effects(marginal: Any) -> dict[str, float]:
    """Return the largest effect of each motif, of several places and strands; without those that are missing."""
    if isinstance(marginal, pd.Series):
        marginal = marginal.rename("effect").to_frame()
    if isinstance(marginal, pd.DataFrame) and "effect" in marginal.columns:
        names = marginal["motif_name"] if "motif_name" in marginal.columns else marginal.index
        pairs = zip(map(str, names), marginal["effect"], strict=True)
    elif isinstance(marginal, Mapping):
        pairs = zip(map(str, marginal), marginal.values(), strict=True)
    else:
        expected = "a DataFrame with motif_name and effect, as from marginalize_motifs, or a mapping of name to effect"
        check_frame(marginal, "marginal", expected)
        raise InvalidArgument("marginal", f"columns {list(marginal.columns)}", expected)
    strongest: dict[str, float] = {}
    for name, value in pairs:
        try:
            effect = float(value)
        except (TypeError, ValueError):
            effect = np.inf
        if np.isinf(effect):
            raise InvalidArgument("marginal", f"{value!r} for {name!r}", "finite numbers, NaN where one is missing")
        if not np.isnan(effect) and (name not in strongest or abs(effect) > abs(strongest[name])):
            strongest[name] = effect
    return strongest


def read_families(families: Any, motif_names: list[str], motif_set: MotifSet | None) -> FamilyTree:
    """Return how the motifs join into families."""
    n_motifs = len(motif_names)
    if families is None and motif_set is not None and n_motifs:
        families = motif_set.families()
    if isinstance(families, FamilyTree):
        tree = families
    elif isinstance(families, Families):
        tree = families.tree
    elif families is None or families is False:
        tree = FamilyTree.of_groups(np.arange(n_motifs), motif_names)
    elif hasattr(families, "labels"):
        tree = FamilyTree.of_groups(np.asarray(families.labels, np.int64), [str(name) for name in families.names])
    else:
        of_motif = _family_names(families, motif_names)
        names = list(dict.fromkeys(of_motif))
        position = {family: i for i, family in enumerate(names)}
        tree = FamilyTree.of_groups(np.array([position[family] for family in of_motif], np.int64), names)
    if len(tree.distinct) != n_motifs:
        got = f"{len(tree.distinct):,} labels"
        raise InvalidArgument("families", got, f"one family for each of {n_motifs:,} motifs")
    return tree


def _family_names(families: Any, motif_names: list[str]) -> list[str]:
    """Return the family of each motif; one without is a family of its own."""
    if isinstance(families, pd.Series) and families.index.isin(motif_names).any():
        families = families.to_dict()
    is_list = hasattr(families, "__iter__") and not isinstance(families, (str, bytes, pd.DataFrame))
    if not is_list:
        expected = "Families, a family name per motif, a mapping of motif name to family name, or False"
        raise InvalidArgument("families", type(families).__name__, expected)
    of_motif = [families.get(name) for name in motif_names] if isinstance(families, Mapping) else list(families)
    if len(of_motif) != len(motif_names):
        raise InvalidArgument(
            "families", f"{len(of_motif):,} labels", f"one family for each of {len(motif_names):,} motifs"
        )
    return [name if pd.isna(family) else str(family) for name, family in zip(motif_names, of_motif, strict=True)]
