"""Arrays to bytes: the manifest and the typed columns from which the browser counts and draws.

The browser gets every hit above a floor once; after that, no slider needs the kernel. Columns travel as plain
little-endian arrays in messages of at most `PIECE_BYTES`, because some proxies drop larger ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nbmotif.widget.content import Scores

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from nbmotif.hits import Hits
    from nbmotif.widget.content import Content

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
    """What is sent for one `Content`.

    Columns are made when they are asked for and not kept, because a notebook holds on to every widget that was not
    closed: those of a cell that was run fifty times must not add up.

    Parameters
    ----------
    content
        What is shown.
    cut
        Hits whose absolute attribution is not above this stay behind; None if all are sent.
    manifest
        Names and sizes, ready for JSON.
    """

    content: Content
    cut: np.float32 | None
    manifest: dict[str, Any]

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the columns in the order in which they are sent."""
        hits = self.content.hits
        if hits is not None and self.cut is not None:
            hits = hits.where(np.abs(_attribution(hits)) > self.cut)
        return {
            **_motif_columns(self.content),
            **_hit_columns(hits, self.content.n_motifs),
            **_seqlet_columns(self.content),
        }


def encode(content: Content, max_hits: int = MAX_HITS) -> Encoded:
    """Encode everything the browser needs for its table and its sliders.

    Parameters
    ----------
    content
        What to show.
    max_hits
        At most so many hits are sent, the strongest by absolute attribution; the manifest's ``floor`` says from where.
    """
    cut, n_sent = None, 0 if content.hits is None else content.hits.n_hits
    if content.hits is not None and n_sent > max_hits:
        strength = np.abs(_attribution(content.hits))
        cut = np.partition(strength, n_sent - max_hits - 1)[n_sent - max_hits - 1]
        n_sent = int(np.count_nonzero(strength > cut))
    return Encoded(content, cut, _manifest(content, n_sent, 0.0 if cut is None else float(cut)))


def _attribution(hits: Hits) -> NDArray[np.float32]:
    assert hits.attribution is not None, "checked when the content was read"
    return hits.attribution


def _manifest(content: Content, n_sent: int, floor: float) -> dict[str, Any]:
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
        "n_hits": n_sent,
        "n_hits_total": 0 if hits is None else hits.n_hits,
        "floor": floor,
        "n_seqlets": 0 if seqlets is None else len(seqlets),
        "has": {
            "hits": hits is not None,
            "seqlets": seqlets is not None,
            "marginal": content.marginal is not None,
            "hypothetical": any(scores.hypothetical is not None for scores in content.score_sets.values()),
            "attributions": content.has_attributions,
        },
        "attribution_max": 0.0 if hits is None else _largest(np.abs(_attribution(hits))),
        "fimo_p_max": 0.0 if hits is None else _largest(hits.p_levels.values),
        "seqlet_p_max": 0.0 if seqlets is None else _largest(seqlets.p_value),
        "layers": list(content.score_sets),
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


def _hit_columns(hits: Hits | None, n_motifs: int) -> dict[str, NDArray[Any]]:
    if hits is None:
        nothing = np.zeros(n_motifs + 1, np.uint32)
        empty = {"hit_attribution": "f4", "hit_p": "u2", "hit_sequence": "u4", "hit_start": "u4", "hit_strand": "i1"}
        columns = {name: np.zeros(0, dtype) for name, dtype in empty.items()}
        return {"hit_offset": nothing, **columns, "p_level_offset": nothing, "p_level": np.zeros(0)}
    # lexsort is stable: of two equal attributions the earlier hit comes first
    attribution = _attribution(hits)
    order = np.lexsort((-attribution, hits.motif_idx))
    level = hits.p_levels.of_hit[order]
    return {
        "hit_offset": hits.offsets.astype(np.uint32),
        "hit_attribution": attribution[order],
        # FIMO's p-values are discrete: 16 bits hold them without loss; another tool's may need more
        "hit_p": level if level.dtype == np.uint16 else level.astype(np.uint32),
        "hit_sequence": hits.sequence_idx[order].astype(np.uint32),
        "hit_start": hits.start[order].astype(np.uint32),
        "hit_strand": hits.strand[order],
        "p_level_offset": hits.p_levels.offsets.astype(np.uint32),
        "p_level": hits.p_levels.values,
    }


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


def track(
    content: Content, sequence: int, hypothetical: bool = False, scores: Scores | None = None
) -> list[memoryview]:
    """Encode one sequence: bases (u8), attribution of the observed base (f32), and hypothetical scores (f32, 4 L).

    ``scores`` is one of the content's sets of attributions; default: the first.
    """
    scores = scores or Scores(content.attributions, content.hypothetical)
    arrays: list[NDArray[Any]] = [content.codes(sequence), content.observed(sequence, scores)]
    if hypothetical and scores.hypothetical is not None:
        arrays.append(np.ascontiguousarray(scores.hypothetical[sequence], np.float32).ravel())
    return [to_bytes(array) for array in arrays]
