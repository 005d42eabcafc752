"""Reads hits and seqlets, whoever made them, into columns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nbmotif.errors import InvalidArgument
from nbmotif.widget.content import HitColumns, SeqletColumns

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from nbmotif.motifs import MotifSet

    Signal = Callable[[NDArray[np.int32], NDArray[np.int32], NDArray[Any]], NDArray[np.float32]]

_STRANDS = {"+": 1, "-": -1, 1: 1, -1: -1, 0: 0, ".": 0}
_HIT_COLUMNS = ("motif_name", "sequence_name", "start", "end", "strand", "p-value")
_SEQLET_COLUMNS = ("example_idx", "start", "end", "attribution", "p-value")


def read_hits(
    hits: Any, motifs: MotifSet | None, sequence_names: list[str] | None, signal: Signal
) -> tuple[list[str], NDArray[np.int64], HitColumns | None]:
    """Read hits as columns sorted by motif.

    Parameters
    ----------
    hits
        nbmotif's `Hits`, one DataFrame, or a list of DataFrames such as tangermeme's and memelite's ``fimo`` return.
    motifs
        The motifs shown; None to take their names and widths from the hits.
    sequence_names
        Names that the hits may use for sequences.
    signal
        Returns the attribution of intervals (sequences, starts, ends); asked where the hits come without.

    Returns
    -------
    Names and widths of the motifs shown, and the hits.
    """
    names = None if motifs is None else list(motifs.names)
    widths = np.zeros(0, np.int64) if motifs is None else np.asarray(motifs.widths, np.int64)
    if hits is None:
        return names or [], widths, None
    if hasattr(hits, "motif_idx") and hasattr(hits, "sequence_idx"):
        found, own_names, own_widths = _from_columns(hits, signal)
    else:
        found, own_names, own_widths = _from_frames(hits, sequence_names, signal)
    if names is None:
        names, widths = own_names, own_widths
    else:
        found = _renumber(found, own_names, own_widths, names, widths)
    for column in ("p_value", "attribution"):
        if not np.isfinite(getattr(found, column)).all():
            raise InvalidArgument("hits", f"NaN or infinity as {column}", "finite")
    if (np.diff(found.motif_idx) < 0).any():
        found = found.take(np.argsort(found.motif_idx, kind="stable"))
    return names, widths, found


def _from_columns(hits: Any, signal: Signal) -> tuple[HitColumns, list[str], NDArray[np.int64]]:
    motif_idx, sequence_idx = np.asarray(hits.motif_idx, np.int32), np.asarray(hits.sequence_idx, np.int32)
    start, widths = np.asarray(hits.start, np.int32), np.asarray(hits.motif_widths, np.int64)
    attribution = hits.attribution
    if attribution is None:
        attribution = signal(sequence_idx, start, start + widths[motif_idx])
    columns = HitColumns(
        motif_idx=motif_idx,
        sequence_idx=sequence_idx,
        start=start,
        strand=np.asarray(hits.strand, np.int8),
        p_value=np.asarray(hits.p_value, np.float64),
        attribution=np.asarray(attribution, np.float32),
        score=getattr(hits, "score", None),
    )
    return columns, list(hits.motif_names), widths


def _from_frames(
    hits: Any, sequence_names: list[str] | None, signal: Signal
) -> tuple[HitColumns, list[str], NDArray[np.int64]]:
    frame = _one_frame(hits)
    codes, found_names = pd.factorize(frame["motif_name"].astype(str))
    names = [str(name) for name in found_names]
    sequence_idx = _sequence_idx(frame["sequence_name"], sequence_names)
    start, end = frame["start"].to_numpy(np.int32), frame["end"].to_numpy(np.int32)
    widths = np.zeros(len(names), np.int64)
    np.maximum.at(widths, codes, end - start)
    known = "attribution" in frame
    columns = HitColumns(
        motif_idx=codes.astype(np.int32),
        sequence_idx=sequence_idx,
        start=start,
        strand=read_strands(frame["strand"], "hits"),
        p_value=frame["p-value"].to_numpy(np.float64),
        attribution=frame["attribution"].to_numpy(np.float32) if known else signal(sequence_idx, start, end),
        score=frame["score"].to_numpy() if "score" in frame else None,
    )
    return columns, names, widths


def _one_frame(hits: Any) -> pd.DataFrame:
    frames = [hits] if isinstance(hits, pd.DataFrame) else list(hits)
    if not all(isinstance(frame, pd.DataFrame) for frame in frames):
        expected = "nbmotif's Hits, a DataFrame, or a list of DataFrames as from fimo"
        raise InvalidArgument("hits", type(hits).__name__, expected)
    # without the empty ones, whose columns have no dtype worth keeping
    filled = [frame for frame in frames if len(frame)]
    if not filled:
        return pd.DataFrame({name: [] for name in _HIT_COLUMNS})
    frame: pd.DataFrame = pd.concat(filled, ignore_index=True)
    missing = [name for name in _HIT_COLUMNS if name not in frame.columns]
    if missing:
        raise InvalidArgument("hits", f"columns {list(frame.columns)}", f"with a column {missing[0]!r}")
    return frame


def _sequence_idx(values: pd.Series[Any], sequence_names: list[str] | None) -> NDArray[np.int32]:
    """Return row numbers of X: the values themselves, or the positions of the names."""
    if values.dtype.kind in "iu":
        return np.asarray(values, np.int32)
    if len(values) == 0:
        return np.zeros(0, np.int32)
    if sequence_names is None:
        hint = "Pass sequence_names=, in the order of X, to use names."
        raise InvalidArgument("hits", f"{values.iloc[0]!r}", "with row numbers of X in sequence_name", hint)
    position = {name: i for i, name in enumerate(sequence_names)}
    found = values.astype(str).map(position)
    if found.isna().any():
        unknown = values[found.isna()].iloc[0]
        raise InvalidArgument("hits", f"{unknown!r}", "about sequences that are in `sequence_names`")
    return np.asarray(found, np.int32)


def read_strands(values: Any, name: str) -> NDArray[np.int8]:
    """Return strands as int8: +1, -1, or 0 where unknown."""
    array = np.asarray(values)
    if array.dtype.kind in "iufb":
        array = array.astype(np.int64)
    distinct, inverse = np.unique(array.astype(str) if array.dtype.kind not in "iu" else array, return_inverse=True)
    unknown = [value for value in distinct.tolist() if value not in _STRANDS]
    if unknown:
        raise InvalidArgument(name, f"strand {unknown[0]!r}", 'with strands "+" and "-", or 1 and -1')
    return np.array([_STRANDS[value] for value in distinct.tolist()], np.int8)[inverse.reshape(-1)]


def _renumber(
    hits: HitColumns, own_names: list[str], own_widths: NDArray[Any], names: list[str], widths: NDArray[np.int64]
) -> HitColumns:
    """Count motifs as the explorer does, not as the maker of the hits did."""
    position = {name: i for i, name in enumerate(names)}
    for name, width in zip(own_names, own_widths.tolist(), strict=True):
        hint = "Pass the motifs that were scanned as motifs=."
        if name not in position:
            raise InvalidArgument("hits", f"{name!r}", "about motifs that are shown", hint)
        if width != widths[position[name]]:
            expected = f"as wide as its motif, {widths[position[name]]} bp"
            raise InvalidArgument("hits", f"a hit of {name!r} of {width} bp", expected, hint)
    if own_names == names:
        return hits
    lookup = np.array([position[name] for name in own_names], np.int32)
    return replace(hits, motif_idx=lookup[hits.motif_idx])


def read_seqlets(seqlets: Any, annotations: Any, n_motifs: int) -> SeqletColumns | None:
    """Read seqlets and, where given, their best matches.

    Parameters
    ----------
    seqlets
        A DataFrame with the vignette's columns; it may hold its matches too, as ``motif_idx`` and ``tomtom_p``.
    annotations
        What `annotate_seqlets` returned for these seqlets, or None.
    n_motifs
        M; matches are indices below it.
    """
    if seqlets is None:
        if annotations is not None:
            raise InvalidArgument("seqlets", None, "given with `annotations`", "They are matches of these seqlets.")
        return None
    if isinstance(seqlets, SeqletColumns):
        return seqlets
    missing = [name for name in _SEQLET_COLUMNS if name not in getattr(seqlets, "columns", ())]
    if missing:
        got = f"columns {list(seqlets.columns)}" if hasattr(seqlets, "columns") else type(seqlets).__name__
        expected = f"a DataFrame with the columns {', '.join(_SEQLET_COLUMNS)}"
        raise InvalidArgument("seqlets", got, expected, f"There is no {missing[0]!r}.")
    for name in ("attribution", "p-value"):
        if not np.isfinite(seqlets[name].to_numpy(np.float64)).all():
            raise InvalidArgument("seqlets", f"NaN or infinity as {name}", "finite")
    motif_idx, tomtom_p, strand = _best_matches(seqlets, annotations, n_motifs)
    return SeqletColumns(
        sequence_idx=seqlets["example_idx"].to_numpy(np.int32),
        start=seqlets["start"].to_numpy(np.int32),
        end=seqlets["end"].to_numpy(np.int32),
        attribution=seqlets["attribution"].to_numpy(np.float32),
        p_value=seqlets["p-value"].to_numpy(np.float64),
        motif_idx=motif_idx,
        tomtom_p=tomtom_p,
        strand=strand,
    )


def _best_matches(
    seqlets: pd.DataFrame, annotations: Any, n_motifs: int
) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.int8]]:
    n = len(seqlets)
    name, strands = "annotations", None
    if annotations is not None:
        if not isinstance(annotations, (tuple, list)) or len(annotations) < 2:
            expected = "the tuple that annotate_seqlets returns: motif indices, then p-values"
            raise InvalidArgument("annotations", type(annotations).__name__, expected)
        motif_idx, p_value = _first_column(annotations[0]), _first_column(annotations[1])
        strands = getattr(annotations, "strands", None)
    elif "motif_idx" in seqlets and "tomtom_p" in seqlets:
        name = "seqlets"
        motif_idx, p_value = seqlets["motif_idx"].to_numpy(), seqlets["tomtom_p"].to_numpy()
        strands = seqlets.get("tomtom_strand")
    else:
        return np.full(n, -1, np.int32), np.ones(n), np.zeros(n, np.int8)

    if len(motif_idx) != n or len(p_value) != n:
        hint = "Annotate again after seqlets were called or filtered."
        raise InvalidArgument(name, f"{len(motif_idx):,} rows", f"one row per seqlet, {n:,}", hint)
    if n and (motif_idx.max() >= n_motifs or motif_idx.min() < -1):
        hint = "Pass the motifs that the seqlets were matched with as motifs=."
        raise InvalidArgument(name, f"motif {int(motif_idx.max())}", f"of indices below M = {n_motifs:,}", hint)
    strand = np.zeros(n, np.int8) if strands is None else read_strands(_first_column(strands), name)
    tomtom_p = np.where((motif_idx < 0) | np.isnan(p_value), 1.0, p_value)
    return motif_idx.astype(np.int32), tomtom_p.astype(np.float64), strand


def _first_column(values: Any) -> NDArray[Any]:
    array = values.detach().cpu().numpy() if hasattr(values, "detach") else np.asarray(values)
    return array[:, 0] if array.ndim == 2 else array
