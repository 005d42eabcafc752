"""Reads what users hold into an Explorer's `Content`: checked here once, so that nothing behind it has to."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nbmotif.bed_files import read_bed
from nbmotif.errors import InvalidArgument
from nbmotif.families import Families, content_ranks
from nbmotif.family_tree import FamilyTree
from nbmotif.widget.content import Content, Loci
from nbmotif.widget.foreign import load_array
from nbmotif.widget.score_sets import common_shape, read_score_sets
from nbmotif.widget.sites import read_hits, read_seqlets

if TYPE_CHECKING:
    import pandas as pd
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
    name: str = "",
) -> Content:
    """Check and convert the arguments of `Explorer`; see there for what each may be."""
    motif_set = _motif_set(motifs)
    X = read_one_hot(X)
    scores_name, sets = read_score_sets(attributions, hypothetical, X)
    own = sets.pop(scores_name)
    n, length = common_shape(X=X, attributions=own.observed, hypothetical=own.hypothetical)

    names = _string_list(sequence_names, "sequence_names")
    n = _agree("sequence_names", n, None if names is None else len(names), "one per sequence")
    found_hits = None if hits is None else read_hits(hits, motif_set, names, n)
    if n is not None and found_hits is not None:
        _agree("hits", n, found_hits.n_sequences, "scanned on the same sequences")
    motif_names, widths = _motifs_shown(motif_set, found_hits, marginal)
    found_seqlets = read_seqlets(seqlets, annotations, len(motif_names))
    n, length = _fit(found_hits, found_seqlets, n, length)

    content = Content(
        name=str(name),
        n_sequences=n,
        length=length,
        motif_names=motif_names,
        motif_widths=widths,
        motifs=motif_set,
        tree=read_families(families, motif_names, motif_set),
        ranks=None if motif_set is None else content_ranks(motif_set.pwms),
        sequence_names=names,
        loci=read_loci(loci, n, length),
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
    from nbmotif.sequences import check_sequences

    return np.asarray(check_sequences(load_array(X, "X")).detach().cpu().numpy())


def _agree(name: str, n: int | None, other: int | None, what: str) -> int | None:
    if n is not None and other is not None and n != other:
        raise InvalidArgument(name, f"{other:,} entries", f"{what}, N = {n:,}")
    return n if other is None else other


def _string_list(values: Any, name: str) -> list[str] | None:
    if values is None:
        return None
    if isinstance(values, str):
        raise InvalidArgument(name, repr(values), "a list of strings, one per sequence")
    return [str(value) for value in values]


def _motif_set(motifs: Any) -> MotifSet | None:
    if motifs is None:
        return None
    from nbmotif.motifs import as_motif_set

    return as_motif_set(motifs)


def _motifs_shown(motifs: MotifSet | None, hits: Hits | None, marginal: Any) -> tuple[list[str], NDArray[np.int64]]:
    """Return names and widths: of the motifs, or else of those that the hits or the marginal effects are about."""
    if motifs is not None:
        return list(motifs.names), np.asarray(motifs.widths, np.int64)
    if hits is not None:
        return list(hits.motif_names), np.asarray(hits.motif_widths, np.int64)
    names = [] if marginal is None else list(_effects(marginal))
    return names, np.zeros(len(names), np.int64)


def _fit(hits: Hits | None, seqlets: SeqletColumns | None, n: int | None, length: int | None) -> tuple[int, int]:
    """Return N and L, which the sites decide where no array does; refuse sites outside of them."""
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
        signal = np.stack([content.observed(sequence) for sequence in range(content.n_sequences)])
    if signal is None:
        hint = "Pass attributions=X_attr as well, or hits.with_signal(X_attr)."
        raise InvalidArgument("hits", "none", "given with the attribution under each hit", hint)
    return replace(content, hits=content.hits.with_signal(signal))


def read_marginal(marginal: Any, motif_names: list[str]) -> NDArray[np.float32] | None:
    """Put the effect of each motif in the motifs' order, shape (M,); NaN for motifs that were not tried."""
    if marginal is None:
        return None
    effects = _effects(marginal)
    unknown = [name for name in effects if name not in set(motif_names)]
    if unknown:
        hint = "Pass the motifs that were marginalized as motifs=."
        raise InvalidArgument("marginal", f"{unknown[0]!r}", "about motifs that are shown", hint)
    return np.array([effects.get(name, np.nan) for name in motif_names], np.float32)


def _effects(marginal: Any) -> dict[str, float]:
    if isinstance(marginal, Mapping) or not hasattr(marginal, "columns"):
        return {str(name): float(effect) for name, effect in dict(marginal).items()}
    if "effect" not in marginal.columns:
        got = f"columns {list(marginal.columns)}"
        raise InvalidArgument("marginal", got, "a DataFrame with motif_name and effect, as from marginalize_motifs")
    names = marginal["motif_name"] if "motif_name" in marginal.columns else marginal.index
    strongest: dict[str, float] = {}  # of several places and strands
    for name, effect in zip(map(str, names), map(float, marginal["effect"]), strict=True):
        if name not in strongest or abs(effect) > abs(strongest[name]):
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
        is_map = isinstance(families, Mapping)
        of_motif = [families.get(name, name) for name in motif_names] if is_map else list(families)
        names = list(dict.fromkeys(str(family) for family in of_motif))
        position = {family: i for i, family in enumerate(names)}
        tree = FamilyTree.of_groups(np.array([position[str(family)] for family in of_motif], np.int64), names)
    if len(tree.distinct) != n_motifs:
        got = f"{len(tree.distinct):,} labels"
        raise InvalidArgument("families", got, f"one family for each of {n_motifs:,} motifs")
    return tree


def read_loci(loci: Any, n_sequences: int, length: int) -> Loci | None:
    """Return where base 0 of each sequence lies in the genome.

    Loci that are not L long are peaks from whose middle the sequences were cut, as `extract_loci` does.
    """
    if loci is None or isinstance(loci, Loci):
        return loci
    frame = _loci_frame(loci)
    if len(frame) != n_sequences:
        hint = "Pass the loci of these sequences only, in their order."
        raise InvalidArgument("loci", f"{len(frame):,} rows", f"one row per sequence, N = {n_sequences:,}", hint)
    start, end = frame["start"].to_numpy(np.int64), frame["end"].to_numpy(np.int64)
    middle = start + (end - start) // 2
    first = np.where(end - start == length, start, middle - length // 2)
    return Loci([str(chrom) for chrom in frame["chrom"]], first.tolist(), (first + length).tolist())


def _loci_frame(loci: Any) -> pd.DataFrame:
    import pandas as pd

    if isinstance(loci, (str, os.PathLike)):
        return read_bed(loci)
    if isinstance(loci, pd.DataFrame) and loci.shape[1] >= 3:
        return loci.iloc[:, :3].set_axis(["chrom", "start", "end"], axis=1)
    if isinstance(loci, Sequence) and loci and len(loci[0]) >= 3:
        return pd.DataFrame([tuple(row[:3]) for row in loci], columns=["chrom", "start", "end"])
    raise InvalidArgument("loci", type(loci).__name__, "a DataFrame or BED file with chrom, start and end")
