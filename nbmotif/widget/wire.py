"""Arrays to bytes: the manifest and the typed columns from which the browser counts and draws.

The browser gets every hit above a floor once; after that, no slider needs the kernel. Columns travel as plain
little-endian arrays in messages of at most `PIECE_BYTES`, because some proxies drop larger ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from nbmotif.widget.content import Content, HitColumns

VERSION = 1
PIECE_BYTES = 2_000_000
MAX_HITS = 1_000_000

# numpy's name of a dtype -> the name on the wire
DTYPES = {
    "uint8": "u8",
    "int8": "i8",
    "uint16": "u16",
    "int16": "i16",
    "uint32": "u32",
    "int32": "i32",
    "float32": "f32",
    "float64": "f64",
}


@dataclass(frozen=True, eq=False)
class Encoded:
    """What is sent for one `Content`: a JSON-ready manifest, and columns by name."""

    manifest: dict[str, Any]
    columns: dict[str, NDArray[Any]]


def encode(content: Content, max_hits: int = MAX_HITS) -> Encoded:
    """Encode everything the browser needs for its table and its sliders.

    Parameters
    ----------
    content
        What to show.
    max_hits
        At most so many hits are sent, the strongest by absolute attribution; the manifest's ``floor`` says from where.

    Returns
    -------
    The manifest and the columns, in the order in which they are sent.
    """
    floor, hits = strongest(content.hits, max_hits)
    columns = {
        **_motif_columns(content),
        **_hit_columns(hits, content.n_motifs),
        **_seqlet_columns(content),
    }
    return Encoded(_manifest(content, hits, floor), columns)


def strongest(hits: HitColumns | None, max_hits: int) -> tuple[float, HitColumns | None]:
    """Keep the hits with the largest absolute attribution.

    Returns
    -------
    The floor, and every hit whose absolute attribution is above it (all hits, and 0, where they fit).
    """
    if hits is None or len(hits) <= max_hits:
        return 0.0, hits
    strength = np.abs(hits.attribution)
    floor = np.partition(strength, len(hits) - max_hits - 1)[len(hits) - max_hits - 1]
    return float(floor), hits.take(strength > floor)


def _manifest(content: Content, sent: HitColumns | None, floor: float) -> dict[str, Any]:
    hits, seqlets, loci = content.hits, content.seqlets, content.loci
    return {
        "version": VERSION,
        "name": content.name,
        "n_sequences": content.n_sequences,
        "length": content.length,
        "n_motifs": content.n_motifs,
        "motif_names": content.motif_names,
        "family_names": content.family_names,
        "sequence_names": content.sequence_names,
        "loci": None if loci is None else {"chrom": loci.chrom, "start": loci.start, "end": loci.end},
        "n_hits": 0 if sent is None else len(sent),
        "n_hits_total": 0 if hits is None else len(hits),
        "floor": floor,
        "n_seqlets": 0 if seqlets is None else len(seqlets),
        "has": {
            "hits": hits is not None,
            "seqlets": seqlets is not None,
            "marginal": content.marginal is not None,
            "hypothetical": content.hypothetical is not None,
            "attributions": content.has_attributions,
        },
        "attribution_max": 0.0 if sent is None else _largest(np.abs(sent.attribution)),
        "fimo_p_max": 0.0 if sent is None else _largest(sent.p_value),
        "seqlet_p_max": 0.0 if seqlets is None else _largest(seqlets.p_value),
        "tracks": None,
    }


def _largest(values: NDArray[Any]) -> float:
    return float(values.max()) if len(values) else 0.0


def _motif_columns(content: Content) -> dict[str, NDArray[Any]]:
    marginal = content.marginal
    return {
        "motif_width": content.motif_widths.astype(np.uint16),
        "pwm": encode_pwms(content.pwms, content.motif_widths),
        "family": content.family_idx.astype(np.uint32),
        "marginal": np.zeros(0, np.float32) if marginal is None else marginal,
    }


def encode_pwms(pwms: list[NDArray[Any]] | None, widths: NDArray[Any]) -> NDArray[np.uint8]:
    """Probabilities as bytes (p = value / 255), base after base; motifs without a matrix get a flat, invisible one."""
    if pwms is None:
        return np.tile(np.array([64, 64, 64, 63], np.uint8), int(widths.sum()))
    if not pwms:
        return np.zeros(0, np.uint8)
    matrix = np.concatenate(pwms, axis=1)  # (4, sum of widths)
    return np.ascontiguousarray(np.rint(255 * matrix.clip(0, 1)).astype(np.uint8).T).ravel()


def _hit_columns(hits: HitColumns | None, n_motifs: int) -> dict[str, NDArray[Any]]:
    motif = np.zeros(0, np.int32) if hits is None else hits.motif_idx
    columns: dict[str, NDArray[Any]] = {"hit_offset": offsets(motif, n_motifs).astype(np.uint32)}
    if hits is None:
        empty = {"hit_attribution": "f4", "hit_p": "u2", "hit_sequence": "u4", "hit_start": "u4", "hit_strand": "i1"}
        columns |= {name: np.zeros(0, dtype) for name, dtype in empty.items()}
        return columns | {"p_level_offset": np.zeros(n_motifs + 1, np.uint32), "p_level": np.zeros(0)}
    # lexsort is stable: of two equal attributions the earlier hit comes first
    hits = hits.take(np.lexsort((-hits.attribution, motif)))
    level, level_offset, levels_p = p_levels(hits.motif_idx, hits.p_value, n_motifs)
    return columns | {
        "hit_attribution": hits.attribution,
        "hit_p": level,
        "hit_sequence": hits.sequence_idx.astype(np.uint32),
        "hit_start": hits.start.astype(np.uint32),
        "hit_strand": hits.strand,
        "p_level_offset": level_offset.astype(np.uint32),
        "p_level": levels_p,
    }


def offsets(motif: NDArray[Any], n_motifs: int) -> NDArray[np.int64]:
    """Where each motif's hits begin, shape (M + 1,), for ascending motif indices."""
    return np.searchsorted(motif, np.arange(n_motifs + 1)).astype(np.int64)


def p_levels(
    motif: NDArray[Any], p_value: NDArray[np.float64], n_motifs: int
) -> tuple[NDArray[Any], NDArray[np.int64], NDArray[np.float64]]:
    """Replace p-values by their rank among the distinct p-values of the same motif.

    FIMO's p-values are discrete, so 16 bits hold them without loss; hits of a tool with continuous ones get 32.

    Returns
    -------
    The rank of each hit, the offsets of the motifs into the third, and the distinct p-values, ascending in a motif.
    """
    order = np.lexsort((p_value, motif))
    sorted_motif, sorted_p = motif[order], p_value[order]
    is_new = np.ones(len(order), bool)
    is_new[1:] = (sorted_motif[1:] != sorted_motif[:-1]) | (sorted_p[1:] != sorted_p[:-1])
    level_offset = offsets(sorted_motif[is_new], n_motifs)
    rank = np.cumsum(is_new) - 1 - level_offset[sorted_motif]
    narrow = len(rank) == 0 or rank.max() <= np.iinfo(np.uint16).max
    level = np.empty(len(order), np.uint16 if narrow else np.uint32)
    level[order] = rank
    return level, level_offset, sorted_p[is_new]


def _seqlet_columns(content: Content) -> dict[str, NDArray[Any]]:
    kinds = {
        "seqlet_sequence": ("sequence_idx", "u4"),
        "seqlet_start": ("start", "u4"),
        "seqlet_end": ("end", "u4"),
        "seqlet_attribution": ("attribution", "f4"),
        "seqlet_p": ("p_value", "f8"),
        "seqlet_motif": ("motif_idx", "i4"),
        "seqlet_tomtom_p": ("tomtom_p", "f8"),
        "seqlet_strand": ("strand", "i1"),
    }
    seqlets = content.seqlets
    return {
        name: np.zeros(0, dtype) if seqlets is None else getattr(seqlets, attribute).astype(dtype)
        for name, (attribute, dtype) in kinds.items()
    }


def to_bytes(values: NDArray[Any]) -> memoryview:
    """Return the array's bytes, little-endian and contiguous."""
    little = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
    return memoryview(little.reshape(-1).view(np.uint8).data) if little.size else memoryview(b"")


def pieces(
    columns: Mapping[str, NDArray[Any]], limit: int = PIECE_BYTES
) -> Iterator[tuple[list[dict[str, Any]], list[memoryview]]]:
    """Cut columns into messages of at most ``limit`` bytes.

    Yields
    ------
    For each message its entries (name, dtype, offset, length and total, counted in elements) and one buffer for each.
    """
    entries: list[dict[str, Any]] = []
    buffers: list[memoryview] = []
    room = limit
    for name, values in columns.items():
        size, start = values.dtype.itemsize, 0
        while True:
            if room < size:
                yield entries, buffers
                entries, buffers, room = [], [], limit
            part = values[start : start + room // size]
            entry = {"name": name, "dtype": DTYPES[values.dtype.name], "offset": start}
            entries.append(entry | {"length": len(part), "total": len(values)})
            buffers.append(to_bytes(part))
            room -= part.nbytes
            start += len(part)
            if start >= len(values):
                break
    if entries:
        yield entries, buffers


def track(content: Content, sequence: int, hypothetical: bool = False) -> list[memoryview]:
    """Encode one sequence: bases (u8), attribution of the observed base (f32), and hypothetical scores (f32, 4 L)."""
    arrays: list[NDArray[Any]] = [content.codes(sequence), content.observed(sequence)]
    if hypothetical and content.hypothetical is not None:
        arrays.append(np.ascontiguousarray(content.hypothetical[sequence], np.float32).ravel())
    return [to_bytes(array) for array in arrays]
