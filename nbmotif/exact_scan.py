"""The scan behind ``fimo``: groups of motifs over slabs of sequence, in threads, put together as Hits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numba
import numpy as np
from tqdm.auto import tqdm

from nbmotif.hits import Hits
from nbmotif.kernels import fimo as kernels
from nbmotif.kernels.fimo_tables import RESOLUTION
from nbmotif.kernels.simd import choose_path
from nbmotif.letters import SLAB
from nbmotif.levels import Levels

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from nbmotif.kernels.fimo_tables import FimoTables
    from nbmotif.kernels.simd import Path
    from nbmotif.letters import Letters, Slab
    from nbmotif.motifs import MotifSet

# motifs per task: enough to be worth a call, few enough for progress and interruption
_GROUP = 32
# with fewer groups than this there is less to gain from small slabs than they cost
_FEW_GROUPS = 8


class _Piece(NamedTuple):
    """The hits of a group of motifs in one slab, as :func:`nbmotif.kernels.fimo.rescore` gives them."""

    first_motif: int
    counts: npt.NDArray[np.int64]
    sequence_idx: npt.NDArray[np.int32]
    start: npt.NDArray[np.int32]
    loss: npt.NDArray[np.int32]


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
    n_windows = np.zeros(len(motifs), dtype=np.int64)
    pieces = list(_scan_slabs(tables, letters, n_strands, n_windows, verbose))
    strands = np.stack([np.where(is_palindrome, 0, 1), np.full(len(motifs), -1)], axis=1).astype(np.int8)
    return _assemble(motifs, tables, letters, pieces, strands, n_windows)


def _scan_slabs(
    tables: FimoTables,
    letters: Letters,
    n_strands: npt.NDArray[np.int64],
    n_windows: npt.NDArray[np.int64],
    verbose: bool,
) -> Iterator[_Piece]:
    """Scan slab by slab, and add up in ``n_windows`` how many windows were scored."""
    n_motifs, widest = len(tables.budgets), int(tables.widths.max())
    groups = [(first, min(first + _GROUP, n_motifs)) for first in range(0, n_motifs, _GROUP)]
    path = choose_path()
    arguments = tables.losses, tables.column_offsets, tables.budgets, n_strands, path.k, path.stride
    quantised = _Filter(path, *kernels.filter_tables(*arguments))
    bar = tqdm(total=int(letters.lengths.sum()), desc="Scanning", unit="bp", unit_scale=True, disable=not verbose)
    with bar, ThreadPoolExecutor(numba.get_num_threads()) as pool:
        for slab in letters.slabs(widest - 1, size=SLAB * max(1, _FEW_GROUPS // len(groups))):
            codes = kernels.kmer_codes(slab.letters, path.k, path.blocks_per_step * kernels.BLOCK + widest)
            n_windows += n_strands * kernels.count_windows(slab.letters, tables.widths, slab.n_starts)
            # leaving early, as an interrupt does, cancels the groups that have not begun
            tasks = [pool.submit(_scan_group, tables, quantised, slab, codes, *group) for group in groups]
            try:
                for i, task in enumerate(tasks):
                    yield task.result()
                    bar.update(slab.n_bp * (i + 1) // len(groups) - slab.n_bp * i // len(groups))
            finally:
                for task in tasks:
                    task.cancel()


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
    sequence_idx, start, loss = kernels.rescore(
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
    )
    sequence_idx += slab.first_sequence
    return _Piece(first, counts, sequence_idx, start, loss)


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
        kernels.place(
            piece.sequence_idx,
            piece.start,
            piece.loss,
            piece.counts,
            cursors[piece.first_motif : piece.first_motif + len(piece.counts)],
            sequence_idx,
            start,
            loss,
        )
    motif_idx = np.repeat(np.arange(len(motifs), dtype=np.int32), counts.sum(axis=1))
    score = ((tables.tops[motif_idx] - loss) * RESOLUTION).astype(np.float32)
    return Hits(
        motifs.names,
        motifs.widths,
        motif_idx,
        sequence_idx,
        start,
        np.repeat(strands.ravel(), counts.ravel()),
        score,
        _levels(tables, counts.sum(axis=1), loss),
        sequence_names=letters.names,
        n_sequences=len(letters),
        n_windows=n_windows,
    )


def _levels(tables: FimoTables, n_per_motif: npt.NDArray[np.int64], loss: npt.NDArray[np.int32]) -> Levels:
    """Look up the p-values of losses; overwrites ``loss``."""
    hit_offsets = np.concatenate([[0], np.cumsum(n_per_motif)])
    level_offsets, losses = kernels.number_losses_inplace(loss, hit_offsets, tables.budgets)
    at = np.repeat(tables.p_offsets[:-1], np.diff(level_offsets)) + losses
    return Levels(Levels.smallest(loss), level_offsets, tables.p_values[at])
