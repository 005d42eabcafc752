"""What counts, site by site, as the tables that notebook users work with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from nbmotif.columns import named
from nbmotif.genome import placed
from nbmotif.hit_index import HitIndex, passing
from nbmotif.hits import STRANDS, Hits
from nbmotif.sites import exclusive_sites, merged_sites
from nbmotif.widget.content import no_seqlets
from nbmotif.widget.table import assigned_motif, seqlet_mask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from nbmotif.thresholds import Thresholds
    from nbmotif.widget.content import Content
    from nbmotif.widget.table import Query

_SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")


def counted_hits(content: Content, cuts: Thresholds, motifs: Sequence[int] | None = None) -> Hits:
    """Return the hits that count, of some motifs, if asked; none where there are none."""
    hits = content.hits or _no_hits(content)
    mask = passing(hits, cuts)
    return hits.where(mask if motifs is None else mask & np.isin(hits.motif_idx, motifs))


def _no_hits(content: Content) -> Hits:
    """Return the hits of an Explorer without them, so that tables have the same columns as with them."""
    none = np.zeros(0)
    of_sequences = content.sequence_names, content.n_sequences
    return Hits(content.motif_names, content.motif_widths, none, none, none, none, none, none, none, *of_sequences)


def hits_frame(content: Content, hits: Hits) -> pd.DataFrame:
    """Return hits with the vignette's columns, and where they lie in the genome if that is known."""
    return _with_genome(hits.to_frame(), content, hits.sequence_idx)


def sites_frame(content: Content, query: Query) -> pd.DataFrame:
    """Return the sites of families: runs of overlapping hits, or the winners of their places where those count."""
    index = content.index or HitIndex(_no_hits(content))
    labels, nodes = content.tree.cut(query.similarity)
    find = exclusive_sites if query.mode == "exclusive" else merged_sites
    sites = find(index, query.thresholds, labels)
    row, sequence = sites["row"].to_numpy(), sites["example_idx"].to_numpy()
    strongest, attribution = index.hits.rows_frame(row), index.hits.attribution
    assert attribution is not None, "checked when the content was read"
    families = np.array([content.tree.names[node] for node in nodes.tolist()], object)
    frame = {
        "family": families[sites["family_idx"]],
        "motif_name": strongest["motif_name"],
        "sequence_name": strongest["sequence_name"],
        "start": sites["start"],
        "end": sites["end"],
        "strand": strongest["strand"],
        "p-value": strongest["p-value"],
        "attribution": attribution[row],
        "n_hits": sites["n_hits"],
    }
    return _with_genome(pd.DataFrame(frame), content, sequence)


def seqlets_frame(content: Content, cuts: Thresholds, motifs: Sequence[int] | None = None) -> pd.DataFrame:
    """Return the seqlets that count, with the vignette's columns and their motif; "unassigned" (-1) without one."""
    seqlets = content.seqlets or no_seqlets()
    motif = assigned_motif(seqlets, cuts)
    mask = seqlet_mask(seqlets, cuts)
    if motifs is not None:
        mask &= np.isin(motif, motifs)
    motif = motif[mask]
    frame = pd.DataFrame(
        {
            "example_idx": seqlets.sequence_idx[mask],
            "start": seqlets.start[mask],
            "end": seqlets.end[mask],
            "attribution": seqlets.attribution[mask],
            "p-value": seqlets.p_value[mask],
            "motif_name": np.array([*content.motif_names, "unassigned"], object)[motif],
            "motif_idx": motif,
            "tomtom_p": seqlets.tomtom_p[mask],
            "strand": named(seqlets.strand[mask] + 1, STRANDS),
        }
    )
    return _with_genome(frame, content, seqlets.sequence_idx[mask])


def unexplained_frame(content: Content, cuts: Thresholds) -> pd.DataFrame:
    """Return the seqlets that count, have no match, and are not half covered by a hit that counts; strongest first."""
    frame = seqlets_frame(content, cuts, [-1]).reset_index(drop=True)
    hits = counted_hits(content, cuts)
    if hits.n_hits:
        order = np.argsort(hits.sequence_idx, kind="stable")
        start = hits.start[order].astype(np.int64)
        end = start + np.asarray(hits.motif_widths)[hits.motif_idx[order]]
        first, last = (np.searchsorted(hits.sequence_idx[order], frame["example_idx"], side) for side in _SIDES)
        is_free = np.ones(len(frame), np.bool_)
        for i, (low, high) in enumerate(frame[["start", "end"]].to_numpy()):
            own = slice(first[i], last[i])
            overlap = np.minimum(high, end[own]) - np.maximum(low, start[own])
            is_free[i] = not (2 * overlap >= high - low).any()
        frame = frame[is_free]
    strength = frame["attribution"].abs()
    return frame.loc[strength.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)


def selection_frame(content: Content, query: Query, names: Sequence[str]) -> pd.DataFrame:
    """Return the sites of the named motifs and families, hits and seqlets, as the tracks mark them."""
    labels, nodes = content.tree.cut(query.similarity)
    families = {content.tree.names[node]: f for f, node in enumerate(nodes.tolist())}
    wanted = [families[name] for name in names if name in families]
    is_named = np.array([name in set(names) for name in content.motif_names], np.bool_)
    chosen, cuts = np.flatnonzero(is_named | np.isin(labels, wanted)).tolist(), query.thresholds
    seqlets = seqlets_frame(content, cuts, chosen).rename(columns={"example_idx": "sequence_idx"})
    hits = counted_hits(content, cuts, chosen)
    of_hits = hits_frame(content, hits).assign(sequence_idx=hits.sequence_idx)
    columns = ["motif_name", "sequence_idx", "start", "end", "strand", "attribution", "p-value"]
    columns += [] if content.loci is None else ["chrom", "chrom_start", "chrom_end"]
    parts = [
        frame[columns].astype({"motif_name": object, "strand": object}).assign(method=method)
        for method, frame in (("hit", of_hits), ("seqlet", seqlets))
    ]
    return pd.concat(parts, ignore_index=True)


def default_tracks(content: Content, cuts: Thresholds, n: int) -> list[int]:
    """Choose the sequences to show first: those with the largest attribution in seqlets, hits, or altogether."""
    strength = np.zeros(content.n_sequences)
    hits = content.hits
    if content.seqlets is not None and (mask := seqlet_mask(content.seqlets, cuts)).any():
        np.add.at(strength, content.seqlets.sequence_idx[mask], np.abs(content.seqlets.attribution[mask]))
    elif hits is not None and hits.attribution is not None and (passes := passing(hits, cuts)).any():
        np.add.at(strength, hits.sequence_idx[passes], np.abs(hits.attribution[passes]))
    elif content.has_attributions:
        strength[:] = [np.abs(content.observed(i)).sum() for i in range(content.n_sequences)]
    return [int(i) for i in np.argsort(-strength, kind="stable")[:n]]


def _with_genome(frame: pd.DataFrame, content: Content, sequence: NDArray[Any]) -> pd.DataFrame:
    if content.loci is None:
        return frame
    return placed(frame, content.loci.chrom, content.loci.start, sequence)
