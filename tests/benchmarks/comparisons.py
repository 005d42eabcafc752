"""The work that is compared with the peers, on the embedded motifs and random sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbmotif
from tests.benchmarks.attribution import attribution_comparisons
from tests.benchmarks.fimo import fimo_comparisons
from tests.benchmarks.reading import reading_comparisons
from tests.benchmarks.sequences import sequence_comparisons
from tests.benchmarks.tomtom import tomtom_comparisons

if TYPE_CHECKING:
    from pathlib import Path

    from tests.benchmarks.timing import Comparison


def comparisons(motif_file: Path | None) -> list[Comparison]:
    """Every comparison; ``motif_file`` replaces the embedded motifs by a larger database."""
    motifs = nbmotif.read_meme(motif_file) if motif_file else nbmotif.demo.load().motifs
    X = nbmotif.random_one_hot((1000, 4, 2114), random_state=0)
    return [
        *fimo_comparisons(motifs, X),
        *tomtom_comparisons(motifs),
        *reading_comparisons(motifs),
        *sequence_comparisons(X),
        *attribution_comparisons(motifs),
    ]
