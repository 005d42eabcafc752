"""Reads hits and seqlets, whoever made them, into columns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from nbmotif.columns import check_columns, check_frame, finite_numbers, p_values, whole_numbers
from nbmotif.errors import InvalidArgument
from nbmotif.hits import Hits
from nbmotif.matching import SeqletAnnotations
from nbmotif.widget.content import SeqletColumns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nbmotif.motifs import MotifSet

_STRANDS = {"+": 1, "-": -1, 1: 1, -1: -1, 0: 0, ".": 0}
_HIT_COLUMNS = ("motif_name", "sequence_name", "start", "end", "strand", "p-value")
_SEQLET_COLUMNS = ("example_idx", "start", "end", "attribution", "p-value")


def read_hits(hits: Any, motifs: MotifSet | None, sequence_names: list[str] | None, n_sequences: int | None) -> Hits:
    """Read hits of any maker.

    Parameters
    ----------
    hits
        nbmotif's `Hits`, one DataFrame, or a list of DataFrames such as tangermeme's and memelite's ``fimo`` return.
    motifs
        The motifs shown; None to take those of the hits.
    sequence_names
        Names that the hits may use for sequences.
    n_sequences
        How many sequences there are, if that is known.

    Returns
    -------
    Hits of exactly the motifs shown; without attribution where their maker gave none.
    """
    found = hits if isinstance(hits, Hits) else _from_frames(hits, sequence_names, n_sequences)
    if motifs is not None and (found.motif_names != list(motifs.names) or (found.motif_widths != motifs.widths).any()):
        found = _of_motifs(found, motifs)
    for name, values in (("p-value", found.p_levels.values), ("attribution", found.attribution)):
        if values is not None and not np.isfinite(values).all():
            raise InvalidArgument("hits", f"NaN or infinity as {name}", "finite")
    return found


def _from_frames(hits: Any, sequence_names: list[str] | None, n_sequences: int | None) -> Hits:
    frame = _one_frame(hits)
    if frame["motif_name"].isna().any():
        row = int(frame["motif_name"].isna().argmax())
        raise InvalidArgument("hits['motif_name']", f"none in row {row}", "the name of a motif")
    codes, names = pd.factorize(frame["motif_name"].astype(str))
    start, end = (whole_numbers(frame[name], f"hits['{name}']") for name in ("start", "end"))
    sequence_idx = _sequence_idx(frame["sequence_name"], sequence_names)
    outside = (sequence_idx < 0) | (sequence_idx >= (np.inf if n_sequences is None else n_sequences))
    if outside.any():
        got = f"sequence {int(sequence_idx[outside][0]):,}"
        hint = "Were the hits made from other sequences?"
        raise InvalidArgument("hits", got, f"on sequences 0 to {(n_sequences or 1) - 1:,}", hint)
    return Hits(
        motif_names=[str(name) for name in names],
        motif_widths=_widths(start, end, codes, names),
        motif_idx=codes,
        sequence_idx=sequence_idx,
        start=start,
        strand=read_strands(frame["strand"], "hits"),
        score=frame["score"].array.copy() if "score" in frame else np.full(len(frame), np.nan),
        p_value=p_values(frame["p-value"], "hits['p-value']"),
        attribution=finite_numbers(frame["attribution"], "hits['attribution']") if "attribution" in frame else None,
        sequence_names=sequence_names,
        n_sequences=n_sequences,
    )


def _widths(start: NDArray[np.int32], end: NDArray[np.int32], codes: NDArray[Any], names: Any) -> NDArray[np.int64]:
    """Return the width of each motif, which all its hits must have."""
    of_hit = end.astype(np.int64) - start
    widths = np.zeros(len(names), np.int64)
    widths[codes] = of_hit
    wrong = np.flatnonzero(of_hit != widths[codes])
    if len(wrong):
        motif = codes[wrong[0]]
        got = f"hits of {names[motif]!r} of {of_hit[wrong[0]]} and of {widths[motif]} bp"
        raise InvalidArgument("hits", got, "all as wide as their motif", "Motifs of one name may be different ones.")
    return widths


def _one_frame(hits: Any) -> pd.DataFrame:
    frames = list(hits) if isinstance(hits, (list, tuple)) else [hits]
    for frame in frames:
        check_frame(frame, "hits", "nbmotif's Hits, a DataFrame, or a list of DataFrames as from fimo")
    # without the empty ones, whose columns have no dtype worth keeping
    filled = [frame for frame in frames if len(frame)]
    if not filled:
        return pd.DataFrame({name: [] for name in (*_HIT_COLUMNS, "attribution")})
    for frame in filled:
        check_columns(frame, _HIT_COLUMNS, "hits")
    joined: pd.DataFrame = pd.concat(filled, ignore_index=True)
    return joined


def _sequence_idx(values: pd.Series[Any], sequence_names: list[str] | None) -> NDArray[np.int32]:
    """Return row numbers of X: the values themselves, or the positions of the names."""
    kind = pd.api.types.infer_dtype(values.cat.categories if hasattr(values, "cat") else values)
    if kind in {"integer", "floating", "mixed-integer-float", "empty"}:
        return _row_numbers(whole_numbers(values, "hits['sequence_name']"), sequence_names or [])
    if sequence_names is None:
        hint = "Pass sequence_names=, in the order of X, to use names."
        raise InvalidArgument("hits", f"{values.iloc[0]!r}", "with row numbers of X in sequence_name", hint)
    position = {name: i for i, name in enumerate(sequence_names)}
    found = values.astype(str).map(position)
    if found.isna().any():
        unknown = values[found.isna()].iloc[0]
        raise InvalidArgument("hits", f"{unknown!r}", "about sequences that are in `sequence_names`")
    return np.asarray(found, np.int32)


def _row_numbers(numbers: NDArray[np.int32], sequence_names: list[str]) -> NDArray[np.int32]:
    """Refuse numbers that may as well be names of other sequences."""
    misleading = {int(name) for i, name in enumerate(sequence_names) if name.isdecimal() and int(name) != i}
    meant = misleading.intersection(np.unique(numbers).tolist()) if misleading else set()
    if meant:
        hint = "Make it text where numbers are names: hits['sequence_name'].astype(str)."
        expected = "row numbers of X, or names that are no numbers"
        raise InvalidArgument("hits['sequence_name']", f"{min(meant)}, which is a name too", expected, hint)
    return numbers


def read_strands(values: Any, name: str) -> NDArray[np.int8]:
    """Return strands as int8: +1, -1, or 0 where unknown."""
    array = np.asarray(values)
    distinct, inverse = np.unique(array if array.dtype.kind in "iuf" else array.astype(str), return_inverse=True)
    unknown = [value for value in distinct.tolist() if value not in _STRANDS]
    if unknown:
        raise InvalidArgument(name, f"strand {unknown[0]!r}", 'with strands "+" and "-", or 1 and -1')
    return np.array([_STRANDS[value] for value in distinct.tolist()], np.int8)[inverse.reshape(-1)]


def _of_motifs(hits: Hits, motifs: MotifSet) -> Hits:
    """Count motifs as the explorer does, not as the maker of the hits did."""
    hint = "Pass the motifs that were scanned as motifs=."
    position = {name: i for i, name in enumerate(motifs.names)}
    for name, width in zip(hits.motif_names, hits.motif_widths.tolist(), strict=True):
        if name not in position:
            raise InvalidArgument("hits", f"{name!r}", "about motifs that are shown", hint)
        if width != motifs.widths[position[name]]:
            expected = f"as wide as its motif, {motifs.widths[position[name]]} bp"
            raise InvalidArgument("hits", f"a hit of {name!r} of {width} bp", expected, hint)
    lookup = np.array([position[name] for name in hits.motif_names], np.int32)
    return Hits(
        motif_names=motifs.names,
        motif_widths=motifs.widths,
        motif_idx=lookup[hits.motif_idx],
        sequence_idx=hits.sequence_idx,
        start=hits.start,
        strand=hits.strand,
        score=hits.score,
        p_value=hits.p_value,
        attribution=hits.attribution,
        sequence_names=hits.sequence_names,
        n_sequences=hits.n_sequences,
    )


def read_seqlets(seqlets: Any, annotations: Any, n_motifs: int) -> SeqletColumns | None:
    """Read seqlets and, where given, their best matches.

    Parameters
    ----------
    seqlets
        A DataFrame with the vignette's columns; it may hold its matches too, as ``motif_idx`` and ``tomtom_p``.
    annotations
        What `annotate_seqlets` returned for these seqlets, or None.
    n_motifs
        M; matches are indices below it, or -1 for none.
    """
    if seqlets is None:
        if annotations is not None:
            raise InvalidArgument("seqlets", None, "given with `annotations`", "They are matches of these seqlets.")
        return None
    if isinstance(seqlets, SeqletColumns):
        if annotations is None:
            return seqlets
        motif_idx, tomtom_p, strand = _best_matches(len(seqlets), annotations, n_motifs, "annotations")
        return replace(seqlets, motif_idx=motif_idx, tomtom_p=tomtom_p, strand=strand)
    check_columns(seqlets, _SEQLET_COLUMNS, "seqlets")
    name = "annotations"
    if annotations is None and not {"motif_idx", "tomtom_p"}.isdisjoint(seqlets.columns):
        check_columns(seqlets, ("motif_idx", "tomtom_p"), "seqlets")
        name, annotations = "seqlets", _InFrame(seqlets["motif_idx"], seqlets["tomtom_p"], seqlets.get("tomtom_strand"))
    motif_idx, tomtom_p, strand = _best_matches(len(seqlets), annotations, n_motifs, name)
    sequence_idx, start, end = (whole_numbers(seqlets[of], f"seqlets['{of}']") for of in _SEQLET_COLUMNS[:3])
    return SeqletColumns(
        sequence_idx=sequence_idx,
        start=start,
        end=end,
        attribution=finite_numbers(seqlets["attribution"], "seqlets['attribution']"),
        p_value=p_values(seqlets["p-value"], "seqlets['p-value']"),
        motif_idx=motif_idx,
        tomtom_p=tomtom_p,
        strand=strand,
    )


class _InFrame(NamedTuple):
    """Matches that came as columns of the seqlets, in the form of `annotate_seqlets`' answer."""

    motif_idxs: Any
    p_values: Any
    strands: Any


def _best_matches(
    n: int, annotations: Any, n_motifs: int, name: str
) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.int8]]:
    if annotations is None:
        return np.full(n, -1, np.int32), np.ones(n), np.zeros(n, np.int8)
    if not isinstance(annotations, (tuple, list, SeqletAnnotations)) or len(annotations) < 2:
        expected = "the tuple that annotate_seqlets returns: motif indices, then p-values"
        raise InvalidArgument(name, type(annotations).__name__, expected)
    best, p_value = _first_column(annotations[0], name), _first_column(annotations[1], name)
    strands = getattr(annotations, "strands", None)
    if len(best) != n or len(p_value) != n:
        hint = "Annotate again after seqlets were called or filtered."
        raise InvalidArgument(name, f"{len(best):,} rows", f"one row per seqlet, {n:,}", hint)
    columns = ("['motif_idx']", "['tomtom_p']") if isinstance(annotations, _InFrame) else ("[0]", "[1]")
    motif_idx = whole_numbers(best.fillna(-1), name + columns[0])
    if n and (motif_idx.max() >= n_motifs or motif_idx.min() < -1):
        hint = "Pass the motifs that the seqlets were matched with as motifs=."
        wrong = motif_idx.max() if motif_idx.max() >= n_motifs else motif_idx.min()
        raise InvalidArgument(name, f"motif {wrong}", f"of indices below M = {n_motifs:,}, or -1", hint)
    strand = np.zeros(n, np.int8) if strands is None else read_strands(_first_column(strands, name), name)
    tomtom_p = np.where(motif_idx < 0, 1.0, p_values(p_value.fillna(1.0), name + columns[1]))
    return motif_idx, tomtom_p, strand


def _first_column(values: Any, name: str) -> pd.Series[Any]:
    """Return the best of several matches of each seqlet; NaN where there is none."""
    if isinstance(values, pd.Series):
        return values.reset_index(drop=True)
    array = values.detach().cpu().numpy() if hasattr(values, "detach") else np.asarray(values)
    if array.ndim not in (1, 2) or 0 in array.shape[1:]:
        raise InvalidArgument(name, f"shape {array.shape}", "of shape (S,) or (S, n_nearest)")
    return pd.Series(array[:, 0] if array.ndim == 2 else array)
