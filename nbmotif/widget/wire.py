"""Arrays to bytes: the manifest and the typed columns from which the browser counts and draws.

The browser gets names, motifs and seqlets, then the strongest hits, at most `MAX_HITS` of them, in the order of their
places: above their floor no slider needs the kernel. Columns travel as little-endian arrays, compressed, in messages of
at most `PIECE_BYTES`, because some proxies drop larger ones.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nbmotif.thresholds import Thresholds
from nbmotif.widget.content import Scores

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from nbmotif.hit_index import Block
    from nbmotif.hits import Hits
    from nbmotif.widget.content import Content

VERSION = 2
PIECE_BYTES = 2_000_000
MAX_HITS = 1_000_000
# below this, compressing costs more than it saves
_WORTH_GZIP = 2048

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
    floor
        Hits whose absolute attribution is not above this stay behind; None if all are sent.
    manifest
        Names and sizes, ready for JSON.
    """

    content: Content
    floor: np.float32 | None
    manifest: dict[str, Any]

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the columns of motifs, sliders and seqlets, in the order in which they are sent."""
        return {**_motif_columns(self.content), **_slider_columns(self.content), **_seqlet_columns(self.content)}

    def tail(self) -> dict[str, NDArray[Any]]:
        """Return the columns of the hits that are sent, by sequence and along each."""
        index = self.content.index
        if index is None:
            return _hit_columns(self.content, [], np.zeros(self.content.n_sequences + 1, np.uint32))
        attribution = None if self.floor is None else float(self.floor)
        blocks = list(index.blocks(Thresholds(attribution=attribution, fimo_p=np.inf)))
        per_sequence = np.zeros(self.content.n_sequences, np.int64)
        for block in blocks:
            per_sequence += np.bincount(block.sequence, minlength=len(per_sequence))
        return _hit_columns(self.content, blocks, np.concatenate([[0], per_sequence.cumsum()]).astype(np.uint32))


def encode(content: Content, max_hits: int = MAX_HITS) -> Encoded:
    """Encode everything the browser needs for its table and its sliders.

    Parameters
    ----------
    content
        What to show.
    max_hits
        At most so many hits are sent, the strongest by absolute attribution; the manifest's ``floor`` says from where.
    """
    floor, index = None, content.index
    n_sent = 0 if index is None else index.hits.n_hits
    if index is not None and n_sent > max_hits:
        floor = index.strength_at(max_hits)
        attribution = index.hits.attribution
        assert attribution is not None, "checked when the content was read"
        n_sent = int(np.count_nonzero(attribution > floor) + np.count_nonzero(attribution < -floor))
    return Encoded(content, floor, _manifest(content, n_sent, 0.0 if floor is None else float(floor)))


def _manifest(content: Content, n_sent: int, floor: float) -> dict[str, Any]:
    hits, seqlets, loci = content.hits, content.seqlets, content.loci
    return {
        "version": VERSION,
        "name": content.name,
        "n_sequences": content.n_sequences,
        "length": content.length,
        "n_motifs": content.n_motifs,
        "motif_names": content.motif_names,
        "family_names": content.tree.names,
        "sequence_names": content.sequence_names,
        "loci": None if loci is None else {"chrom": loci.chrom, "start": loci.start, "end": loci.end},
        "n_hits": n_sent,
        "n_hits_total": 0 if hits is None else hits.n_hits,
        "floor": floor,
        "unit": 1.0 if content.index is None else content.index.unit,
        "n_seqlets": 0 if seqlets is None else len(seqlets),
        "has": {
            "hits": hits is not None,
            "seqlets": seqlets is not None,
            "marginal": content.marginal is not None,
            "hypothetical": any(scores.hypothetical is not None for scores in content.score_sets.values()),
            "attributions": content.has_attributions,
            "tree": len(content.tree.joined) > 0,
            "null": content.has_null,
        },
        "layers": list(content.score_sets),
        "tracks": None,
    }


def _motif_columns(content: Content) -> dict[str, NDArray[Any]]:
    marginal, tree = content.marginal, content.tree
    ranks = np.arange(content.n_motifs) if content.ranks is None else content.ranks
    return {
        "motif_width": content.motif_widths.astype(np.uint16),
        "pwm": encode_pwms(content.pwms, content.motif_widths),
        "marginal": np.zeros(0, np.float32) if marginal is None else marginal,
        "motif_rank": ranks.astype(np.uint32),
        "tree_leaf": tree.distinct.astype(np.uint32),
        "tree_joined": tree.joined[:, :2].astype(np.uint32).ravel(),
        "tree_height": np.ascontiguousarray(tree.joined[:, 2]),
        "tree_medoid": tree.medoids.astype(np.uint32),
    }


def encode_pwms(pwms: list[NDArray[Any]] | None, widths: NDArray[Any]) -> NDArray[np.uint8]:
    """Probabilities as bytes (p = value / 255), base after base; motifs without a matrix get a flat, invisible one."""
    if pwms is None:
        return np.tile(np.array([64, 64, 64, 63], np.uint8), int(widths.sum()))
    if not pwms:
        return np.zeros(0, np.uint8)
    matrix = np.concatenate(pwms, axis=1)  # (4, sum of widths)
    return np.ascontiguousarray(np.rint(255 * matrix.clip(0, 1)).astype(np.uint8).T).ravel()


def _slider_columns(content: Content) -> dict[str, NDArray[Any]]:
    return {
        "attribution_stop": content.attribution_stops.values,
        "fimo_p_stop": content.p_stops.values,
        "seqlet_p_stop": content.seqlet_p_stops.values,
        "tomtom_p_stop": content.tomtom_p_stops.values,
    }


def _hit_columns(content: Content, blocks: list[Block], offset: NDArray[np.uint32]) -> dict[str, NDArray[Any]]:
    rows = np.concatenate([np.zeros(0, np.int64), *(block.rows for block in blocks)])
    motif = np.concatenate([np.zeros(0, np.int32), *(block.motif for block in blocks)])
    index = content.index
    hits = None if index is None else index.hits
    attribution = None if hits is None else hits.attribution
    return {
        "hit_offset": offset,
        "hit_attribution": np.zeros(0, np.float32) if attribution is None else attribution[rows],
        "hit_motif": _narrow(motif, content.n_motifs),
        "hit_start": _narrow(np.zeros(0, np.int32) if hits is None else hits.start[rows], content.length),
        "hit_strand": np.zeros(0, np.int8) if hits is None else hits.strand[rows],
        **_level_columns(hits, rows, motif, content.n_motifs),
    }


def _level_columns(
    hits: Hits | None, rows: NDArray[np.int64], motif: NDArray[np.int32], n_motifs: int
) -> dict[str, NDArray[Any]]:
    """Encode p-values by those of each motif that some of these hits have: often a small part of all."""
    if hits is None:
        nothing = np.zeros(n_motifs + 1, np.uint32)
        return {"hit_p": np.zeros(0, np.uint16), "p_level_offset": nothing, "p_level": np.zeros(0)}
    levels = hits.p_levels
    place = levels.offsets[motif] + levels.of_hit[rows]
    is_used = np.zeros(len(levels.values), np.bool_)
    is_used[place] = True
    before = np.concatenate([[0], is_used.cumsum()])
    level = before[place] - before[levels.offsets[motif]]
    return {
        "hit_p": _narrow(level, int(level.max(initial=0)) + 1),
        "p_level_offset": before[levels.offsets].astype(np.uint32),
        "p_level": levels.values[is_used],
    }


def hits_of(content: Content, sequence: int) -> dict[str, NDArray[Any]]:
    """Return the columns of all hits of one sequence, also of those that :meth:`Encoded.tail` leaves out."""
    block = None if content.index is None else content.index.in_sequence(sequence)
    n = 0 if block is None else len(block.rows)
    return _hit_columns(content, [] if block is None else [block], np.array([0, n], np.uint32))


def _narrow(values: NDArray[Any], end: int) -> NDArray[Any]:
    """Store numbers below ``end`` in two bytes where they fit."""
    return values.astype(np.uint16 if end <= 1 << 16 else np.uint32)


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
    """Cut columns into messages of at most ``limit`` bytes, before they are compressed.

    Yields
    ------
    For each message its entries (name, dtype, offset, length and total, counted in elements, and whether it is
    compressed) and one buffer for each.
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
            entry = {"name": name, "dtype": DTYPES[values.dtype.name], "offset": start, "length": len(part)}
            buffer, is_packed = pack(part)
            entries.append(entry | {"total": len(values), "gzip": is_packed})
            buffers.append(buffer)
            room -= part.nbytes
            start += len(part)
            if start >= len(values):
                break
    if entries:
        yield entries, buffers


def pack(values: NDArray[Any]) -> tuple[memoryview, bool]:
    """Return the array's bytes, compressed where that pays, and whether they are."""
    raw = to_bytes(values)
    if raw.nbytes < _WORTH_GZIP:
        return raw, False
    packed = gzip.compress(raw, 1, mtime=0)
    return (memoryview(packed), True) if len(packed) < 0.9 * raw.nbytes else (raw, False)


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
