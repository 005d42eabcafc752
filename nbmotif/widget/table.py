"""The numbers of the motif table, and what is behind them, computed as the browser computes them: exactly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nbmotif.counts import count_hits, passing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from nbmotif.evidence import Thresholds
    from nbmotif.hits import Hits
    from nbmotif.widget.content import Content, SeqletColumns

SORT_COLUMNS = ("name", "family", "hits", "sequences", "seqlets", "marginal")
_STRANDS = pd.CategoricalDtype(["-", ".", "+"])  # of -1, 0 and 1; "." is both, or not known


@dataclass(frozen=True)
class Order:
    """Which rows the table shows, and in which order.

    Parameters
    ----------
    column
        One of `SORT_COLUMNS`.
    descending
        Largest, or last of the alphabet, first.
    search
        Keep motifs whose name or family contains this, whatever the case.
    """

    column: str = "hits"
    descending: bool = True
    search: str = ""


# a seqlet has been called as significant already: the sign alone decides about its attribution
_SEQLET_SIGNS: dict[str, Callable[[NDArray[np.float32]], NDArray[np.bool_]]] = {
    "+": lambda attribution: attribution > 0,
    "-": lambda attribution: attribution < 0,
    "both": lambda attribution: attribution != 0,
}


def seqlet_mask(seqlets: SeqletColumns, cuts: Thresholds, sequence: int | None = None) -> NDArray[np.bool_]:
    """Tell which seqlets pass the sign and their own p-value, assigned to a motif or not, shape (S,)."""
    mask = (seqlets.p_value < cuts.seqlet_p) & _SEQLET_SIGNS[cuts.sign](seqlets.attribution)
    return mask if sequence is None else mask & (seqlets.sequence_idx == sequence)


def assigned_motif(seqlets: SeqletColumns, cuts: Thresholds) -> NDArray[np.int32]:
    """Return each seqlet's motif, shape (S,); -1 where TOMTOM's p-value is not below its threshold."""
    return np.where(seqlets.tomtom_p < cuts.tomtom_p, seqlets.motif_idx, -1).astype(np.int32)


def counts(content: Content, cuts: Thresholds, sequence: int | None = None) -> dict[str, NDArray[np.int64]]:
    """Count for every motif its passing hits, the sequences that they are in, and its seqlets; each shape (M,)."""
    n_motifs = content.n_motifs
    found = {name: np.zeros(n_motifs, np.int64) for name in ("hits", "sequences", "seqlets")}
    # hits that came without sequences know of those with hits only
    if content.hits is not None and (sequence is None or sequence < content.hits.n_sequences):
        found["hits"], found["sequences"] = count_hits(content.hits, cuts.attribution, cuts.fimo_p, cuts.sign, sequence)
    if content.seqlets is not None:
        motif = assigned_motif(content.seqlets, cuts)[seqlet_mask(content.seqlets, cuts, sequence)]
        found["seqlets"] = np.bincount(motif[motif >= 0], minlength=n_motifs)
    return found


def rows(content: Content, values: dict[str, NDArray[Any]], order: Order) -> NDArray[np.int64]:
    """Return the motif index of each row of the table: searched, then sorted; ties in the motifs' own order."""
    names = [name.lower() for name in content.motif_names]
    families = [content.family_names[family].lower() for family in content.family_idx]
    search = order.search.lower()
    shown = [i for i, name in enumerate(names) if search in name or search in families[i]]
    if order.column in {"name", "family"}:
        # JavaScript compares UTF-16 code units
        text = [word.encode("utf-16-be") for word in (names if order.column == "name" else families)]
        return np.array(sorted(shown, key=text.__getitem__, reverse=order.descending), np.int64)
    key = np.asarray(values[order.column], np.float64)[shown]
    last = np.isnan(key)  # a motif without a value comes last, whichever the direction
    by_value = np.lexsort((np.where(last, 0, -key if order.descending else key), last))
    return np.array(shown, np.int64)[by_value]


def table(content: Content, cuts: Thresholds, order: Order, sequence: int | None = None) -> pd.DataFrame:
    """Return what the table shows, row by row: motif_name, family, hits, sequences, seqlets and, if any, marginal."""
    values: dict[str, NDArray[Any]] = dict(counts(content, cuts, sequence))
    values["marginal"] = np.full(content.n_motifs, np.nan) if content.marginal is None else content.marginal
    shown = rows(content, values, order)
    frame = {
        "motif_name": [content.motif_names[i] for i in shown],
        "family": [content.family_names[content.family_idx[i]] for i in shown],
        **{name: values[name][shown] for name in ("hits", "sequences", "seqlets")},
    }
    if content.marginal is not None:
        frame["marginal"] = values["marginal"][shown]
    return pd.DataFrame(frame)


def counted_hits(
    content: Content, cuts: Thresholds, sequence: int | None = None, motifs: Sequence[int] | None = None
) -> Hits | None:
    """Return the hits that count: in one sequence and of some motifs, if asked."""
    hits = content.hits
    if hits is None:
        return None
    mask = passing(hits, cuts.attribution, cuts.fimo_p, cuts.sign)
    if sequence is not None:
        mask &= hits.sequence_idx == sequence
    if motifs is not None:
        mask &= np.isin(hits.motif_idx, motifs)
    return hits.where(mask)


def hits_frame(content: Content, hits: Hits | None) -> pd.DataFrame:
    """Return hits with the vignette's columns, and where they lie in the genome if that is known."""
    if hits is None:
        return pd.DataFrame({name: [] for name in _HIT_FRAME})
    return _with_genome(hits.to_frame(), content, hits.sequence_idx)


_HIT_FRAME = ("motif_name", "motif_idx", "sequence_name", "start", "end", "strand", "score", "p-value", "attribution")


def seqlets_frame(
    content: Content, cuts: Thresholds, sequence: int | None = None, motifs: Sequence[int] | None = None
) -> pd.DataFrame:
    """Return the seqlets that count, with the vignette's columns and their motif; "unassigned" (-1) without one."""
    seqlets = content.seqlets
    if seqlets is None:
        return pd.DataFrame({name: [] for name in _SEQLET_FRAME})
    motif = assigned_motif(seqlets, cuts)
    mask = seqlet_mask(seqlets, cuts, sequence)
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
            "strand": pd.Categorical.from_codes(seqlets.strand[mask] + 1, dtype=_STRANDS),
        }
    )
    return _with_genome(frame, content, seqlets.sequence_idx[mask])


_SEQLET_FRAME = (
    "example_idx",
    "start",
    "end",
    "attribution",
    "p-value",
    "motif_name",
    "motif_idx",
    "tomtom_p",
    "strand",
)


def _with_genome(frame: pd.DataFrame, content: Content, sequence: NDArray[np.int32]) -> pd.DataFrame:
    if content.loci is None:
        return frame
    first = np.array(content.loci.start, np.int64)[sequence]
    return frame.assign(
        chrom=np.array(content.loci.chrom, object)[sequence],
        chrom_start=first + frame["start"],
        chrom_end=first + frame["end"],
    )


def selection_frame(content: Content, cuts: Thresholds, sequence: int | None, motifs: Sequence[str]) -> pd.DataFrame:
    """Return the sites of the named motifs, hits and seqlets, as the tracks mark them."""
    chosen = [content.motif_names.index(name) for name in motifs]
    seqlets = seqlets_frame(content, cuts, sequence, chosen).rename(columns={"example_idx": "sequence_idx"})
    hits = counted_hits(content, cuts, sequence, chosen)
    of_hits = hits_frame(content, hits).assign(sequence_idx=[] if hits is None else hits.sequence_idx)
    columns = ["motif_name", "sequence_idx", "start", "end", "strand", "attribution", "p-value"]
    columns += [] if content.loci is None else ["chrom", "chrom_start", "chrom_end"]
    parts = [
        frame[columns].astype({"motif_name": object, "strand": object}).assign(method=method)
        for method, frame in (("hit", of_hits), ("seqlet", seqlets))
        if len(frame)
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame({name: [] for name in [*columns, "method"]})


def default_tracks(content: Content, cuts: Thresholds, n: int) -> list[int]:
    """Choose the sequences to show first: those with the largest attribution in seqlets, hits, or altogether."""
    strength = np.zeros(content.n_sequences)
    if content.seqlets is not None and (mask := seqlet_mask(content.seqlets, cuts)).any():
        np.add.at(strength, content.seqlets.sequence_idx[mask], np.abs(content.seqlets.attribution[mask]))
    elif (hits := counted_hits(content, cuts)) is not None and hits.attribution is not None and hits.n_hits:
        np.add.at(strength, hits.sequence_idx, np.abs(hits.attribution))
    elif content.has_attributions:
        strength[:] = [np.abs(content.observed(i)).sum() for i in range(content.n_sequences)]
    return [int(i) for i in np.argsort(-strength, kind="stable")[:n]]
