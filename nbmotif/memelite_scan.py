"""The scan behind ``fimo(compat="memelite")``: its numbers, not its speed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nbmotif.hits import Hits
from nbmotif.kernels.fimo_memelite import BIN, memelite_scan, memelite_table
from nbmotif.progress import Progress

if TYPE_CHECKING:
    from nbmotif.letters import Letters
    from nbmotif.motifs import MotifSet


def scan_as_memelite(motifs: MotifSet, letters: Letters, threshold: float, both_strands: bool, verbose: bool) -> Hits:
    """Find the hits that memelite 0.5 finds.

    Parameters
    ----------
    motifs
        The motifs.
    letters
        Sequences.
    threshold
        A hit has a p-value below this, by memelite's tables.
    both_strands
        Scan both; a palindromic motif is reported on both.
    verbose
        Show a progress bar.

    Returns
    -------
    The hits, with scores in float64.
    """
    slab = next(letters.slabs(0, size=int(letters.lengths.sum()) + len(letters) + 1))
    columns, found = [], np.empty(len(slab.letters))
    for m, pwm in enumerate(Progress(motifs.pwms, desc="Scanning", unit="motif", disable=not verbose)):
        for strand, matrix in ((1, pwm), (-1, pwm[::-1, ::-1]))[: 2 if both_strands else 1]:
            table = memelite_table(matrix, threshold)
            found.fill(-np.inf)
            memelite_scan(slab.letters, slab.boundaries, table.scores, table.best_rest, table.threshold, found)
            position = np.flatnonzero(found > -np.inf)
            sequence_idx = (np.searchsorted(slab.boundaries, position, side="right") - 1).astype(np.int32)
            start, score = (position - slab.boundaries[sequence_idx]).astype(np.int32), found[position]
            p_value = table.p_values[np.trunc(score / BIN).astype(np.int64) - table.smallest]
            same = np.ones(len(start), dtype=np.int8)
            columns.append((m * same.astype(np.int32), sequence_idx, start, strand * same, score, p_value))
    motif_idx, sequence_idx, start, of_strand, score, p_value = (
        np.concatenate(parts) for parts in zip(*columns, strict=True)
    )
    return Hits(
        motifs.names,
        motifs.widths,
        motif_idx=motif_idx,
        sequence_idx=sequence_idx,
        start=start,
        strand=of_strand,
        score=score,
        p_value=p_value,
        sequence_names=letters.names,
        n_sequences=len(letters),
    )
