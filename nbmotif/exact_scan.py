"""The scan behind ``fimo``: groups of motifs over slabs of sequence, in threads, put together as Hits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numba
import numpy as np

from nbmotif.executors import Here
from nbmotif.hits import Hits
from nbmotif.kernels import fimo as kernels
from nbmotif.kernels.fimo_tables import RESOLUTION
from nbmotif.kernels.simd import choose_path
from nbmotif.letters import SLAB
from nbmotif.levels import Levels
from nbmotif.progress import Progress

if TYPE_CHECKING:
    import numpy.typing as npt

    from nbmotif.kernels.fimo_tables import FimoTables
    from nbmotif.kernels.simd import Path
    from nbmotif.letters import Letters, Slab
    from nbmotif.motifs import MotifSet

# motifs per task: enough to be worth a call, few enough for progress and interruption
_GROUP = 64
# with fewer groups than this there is less to gain from small slabs than they cost
_FEW_GROUPS = 8
# p-values that are looked through together for those that occur
_LEVELS = 1 << 17


class _Piece(NamedTuple):
    """The hits of a group of motifs in one slab, as :func:`nbmotif.kernels.fimo.rescore` gives them."""

    first_motif: int
    counts: npt.NDArray[np.int64]
    hits: npt.NDArray[np.int32]


class _Filter(NamedTuple):
    """The way of this CPU, and what :func:`nbmotif.kernels.fimo.filter_tables` made for it."""

    path: Path
    tables: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int64]


def exact_scan(motifs: MotifSet, tables: FimoTables, letters: Letters, both_strands: bool, verbose: bool) -> Hits:
    """Find every window that loses no more than its motif's budget.

    Parameters
    ----------
    motifs
        The motifs that the tables are of.
    tables
        Scores and p-values.
    letters
        Sequences.
    both_strands
        Scan both; a palindromic motif is scanned once.
    verbose
        Show a progress bar.

    Returns
    -------
    The hits, sorted by motif, strand, sequence and start.
    """
    is_palindrome = tables.palindromes & both_strands
    n_strands = np.where(both_strands & ~is_palindrome, 2, 1)
    quantised = _make_filter(motifs, tables, n_strands)
    pieces, n_windows = _scan_slabs(tables, quantised, letters, n_strands, verbose)
    strands = np.stack([np.where(is_palindrome, 0, 1), np.full(len(motifs), -1)], axis=1).astype(np.int8)
    return _assemble(motifs, tables, letters, pieces, strands, n_windows)


def _make_filter(motifs: MotifSet, tables: FimoTables, n_strands: npt.NDArray[np.int64]) -> _Filter:
    """Choose the CPU's way and make its tables, or take what the motif set keeps from an earlier scan."""
    path = choose_path()
    settings = n_strands.tobytes(), path.k, path.stride
    kept = motifs.cache.get("fimo filter")
    if kept is None or kept[0] is not tables or kept[1] != settings:
        arguments = tables.losses, tables.column_offsets, tables.budgets, n_strands, path.k, path.stride
        kept = tables, settings, kernels.filter_tables(*arguments)
        motifs.cache["fimo filter"] = kept
    return _Filter(path, *kept[2])


def _scan_slabs(
    tables: FimoTables,
    quantised: _Filter,
    letters: Letters,
    n_strands: npt.NDArray[np.int64],
    verbose: bool,
) -> tuple[list[_Piece], npt.NDArray[np.int64]]:
    """Scan slab by slab: the pieces, and how many windows of each motif were scored."""
    path, n_motifs, widest = quantised.path, len(tables.budgets), int(tables.widths.max())
    size = min(_GROUP, -(-n_motifs // numba.get_num_threads()))
    groups = [(first, min(first + size, n_motifs)) for first in range(0, n_motifs, size)]
    pieces: list[_Piece] = []
    n_windows = np.zeros(n_motifs, dtype=np.int64)
    bar = Progress(total=int(letters.lengths.sum()), desc="Scanning", unit="bp", unit_scale=True, disable=not verbose)
    with bar, Here() if len(groups) == 1 else ThreadPoolExecutor(numba.get_num_threads()) as pool:
        for slab in letters.slabs(widest - 1, size=SLAB * max(1, _FEW_GROUPS // len(groups))):
            unknown = np.flatnonzero(slab.letters < 0)
            codes = kernels.kmer_codes(slab.letters, unknown, path.k, path.blocks_per_step * kernels.BLOCK + widest)
            n_windows += n_strands * kernels.count_windows(len(slab.letters), unknown, tables.widths, slab.n_starts)
            # leaving early, as an interrupt does, cancels the groups that have not begun
            tasks = [pool.submit(_scan_group, tables, quantised, slab, codes, *group) for group in groups]
            try:
                for i, task in enumerate(tasks):
                    pieces.append(task.result())
                    bar.update(slab.n_bp * (i + 1) // len(groups) - slab.n_bp * i // len(groups))
            finally:
                for task in tasks:
                    task.cancel()
    return pieces, n_windows


def _scan_group(
    tables: FimoTables, quantised: _Filter, slab: Slab, codes: npt.NDArray[np.uint8], first: int, last: int
) -> _Piece:
    path, n_steps = quantised.path, -(-slab.n_starts // (kernels.BLOCK * quantised.path.blocks_per_step))
    n_blocks = n_steps * path.blocks_per_step
    keys = np.empty(2 * n_blocks * (last - first) + 1, dtype=np.int64)
    masks = np.empty(len(keys), dtype=np.uint64)
    ends = np.empty(last - first, dtype=np.int64)
    path.run(codes, n_blocks, quantised.tables, quantised.offsets, first, last, keys, masks, ends)
    counts = np.empty((last - first, 2), dtype=np.int64)
    hits = np.empty((3, kernels.n_survivors(masks[: ends[-1]])), dtype=np.int32)
    n_hits = kernels.rescore(
        slab.letters,
        slab.n_starts,
        slab.boundaries,
        tables.losses,
        tables.column_offsets,
        tables.budgets,
        first,
        keys,
        masks,
        ends,
        counts,
        hits,
    )
    hits = hits[:, :n_hits].copy()
    hits[0] += slab.first_sequence
    return _Piece(first, counts, hits)


def _assemble(
    motifs: MotifSet,
    tables: FimoTables,
    letters: Letters,
    pieces: list[_Piece],
    strands: npt.NDArray[np.int8],
    n_windows: npt.NDArray[np.int64],
) -> Hits:
    """Put the pieces in order of motif, strand and slab; ``strands`` (M, 2) says what each motif's strands are."""
    counts = np.zeros((len(motifs), 2), dtype=np.int64)
    for piece in pieces:
        counts[piece.first_motif : piece.first_motif + len(piece.counts)] += piece.counts
    cursors = (np.cumsum(counts) - counts.ravel()).reshape(counts.shape)
    sequence_idx, start, loss = (np.empty(counts.sum(), dtype=np.int32) for _ in range(3))
    for piece in pieces:
        cursor, n = cursors[piece.first_motif : piece.first_motif + len(piece.counts)], piece.counts
        # each motif's hits on a strand move together, from their place in the piece to the next one among all
        shift = cursor.ravel() - (np.cumsum(n) - n.ravel())
        target = np.repeat(shift, n.ravel()) + np.arange(piece.hits.shape[1])
        sequence_idx[target], start[target], loss[target] = piece.hits
        cursor += n
    motif_idx = np.repeat(np.arange(len(motifs), dtype=np.int32), counts.sum(axis=1))
    score = ((tables.tops[motif_idx] - loss) * RESOLUTION).astype(np.float32)
    return Hits(
        motifs.names,
        motifs.widths,
        motif_idx=motif_idx,
        sequence_idx=sequence_idx,
        start=start,
        strand=np.repeat(strands.ravel(), counts.ravel()),
        score=score,
        p_value=_levels(tables, counts.sum(axis=1), loss),
        sequence_names=letters.names,
        n_sequences=len(letters),
        n_windows=n_windows,
    )


def _levels(tables: FimoTables, n_per_motif: npt.NDArray[np.int64], loss: npt.NDArray[np.int32]) -> Levels:
    """Look up the p-values of losses, which repeat, and number those of each motif that occur."""
    n_motifs, hit_offsets = len(n_per_motif), np.append(0, np.cumsum(n_per_motif))
    number = np.empty(0, dtype=np.int32)
    level, n_levels, values = np.empty(len(loss), dtype=np.int32), np.zeros(n_motifs + 1, dtype=np.int64), []
    first = 0
    while first < n_motifs:  # a few motifs at a time, so that what is written all over stays in a core's own cache
        last = max(first + 1, int(np.searchsorted(tables.p_offsets, tables.p_offsets[first] + _LEVELS, "right")) - 1)
        p_values = tables.p_values[tables.p_offsets[first] : tables.p_offsets[last]]
        hits = slice(hit_offsets[first], hit_offsets[last])
        bases = tables.p_offsets[first : last + 1] - tables.p_offsets[first]
        at = loss[hits] + np.repeat(bases[:-1], n_per_motif[first:last])
        occurs = np.zeros(len(p_values), dtype=np.bool_)
        occurs[at] = True
        different = np.flatnonzero(occurs)
        number = number if len(number) >= len(p_values) else np.empty(len(p_values), dtype=np.int32)
        number[different] = np.arange(len(different))
        offsets = np.searchsorted(different, bases)
        level[hits] = number[at] - np.repeat(offsets[:-1], n_per_motif[first:last])
        n_levels[first + 1 : last + 1] = np.diff(offsets)
        values.append(p_values[different])
        first = last
    return Levels(Levels.smallest(level), np.cumsum(n_levels), np.concatenate(values))
