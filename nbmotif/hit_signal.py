"""Signal under each hit, also weighed by its motif."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from nbmotif.arguments import check_choice
from nbmotif.encoding import as_tensor
from nbmotif.errors import InvalidArgument
from nbmotif.interval_signal import HOW, Intervals, Weights, look_under
from nbmotif.motifs import as_motif_set
from nbmotif.words import counted

if TYPE_CHECKING:
    import numpy.typing as npt
    import torch

    from nbmotif.hits import Hits
    from nbmotif.motifs import MotifSet

HowHits: TypeAlias = Literal["sum", "mean", "max", "pwm"]


def signal_under(
    hits: Hits, X_attr: torch.Tensor | npt.NDArray[Any], how: HowHits = "sum", motifs: MotifSet | None = None
) -> npt.NDArray[np.float32]:
    """Signal under each hit, float32 (H); see :meth:`nbmotif.Hits.with_signal`."""
    X_attr = as_tensor(X_attr, "X_attr")
    X_attr = X_attr.unsqueeze(1) if X_attr.ndim == 2 else X_attr
    if X_attr.ndim != 3 or X_attr.shape[0] != hits.n_sequences:
        expected = f"of shape (N, C, L) or (N, L), with N = {hits.n_sequences}, the sequences that were scanned"
        raise InvalidArgument("X_attr", f"shape {tuple(X_attr.shape)}", expected)
    check_choice(how, "how", (*HOW, "pwm"))
    intervals = Intervals(hits.sequence_idx, hits.start, hits.end)
    weights = None if how != "pwm" else _weights(hits, X_attr, motifs)
    intervals.check(X_attr.shape[0], X_attr.shape[2], "hits", "sum" if how == "pwm" else how)
    values = look_under(intervals, X_attr, np.dtype(np.float64), how, add_channels=how != "pwm", weights=weights)
    return values[:, 0].astype(np.float32)


def _weights(hits: Hits, X_attr: torch.Tensor, motifs: MotifSet | None) -> Weights:
    """Take the PWMs of both strands: motif m is matrix m, and its reverse complement matrix M + m."""
    expected = 'the motifs of these hits, in their order, for how="pwm"'
    if motifs is None:
        raise InvalidArgument("motifs", "None", expected)
    motifs = as_motif_set(motifs)
    if motifs.names != hits.motif_names:
        raise InvalidArgument("motifs", counted(len(motifs), "motif"), expected)
    if (motifs.widths != hits.motif_widths).any():
        wrong = int((motifs.widths != hits.motif_widths).argmax())
        got = f"{motifs.names[wrong]!r} of {motifs.widths[wrong]} bp, whose hits are {hits.motif_widths[wrong]} bp"
        raise InvalidArgument("motifs", got, expected)
    if X_attr.shape[1] != 4:
        raise InvalidArgument("X_attr", f"shape {tuple(X_attr.shape)}", 'of shape (N, 4, L) for how="pwm"')
    pwms = motifs.pwms
    pwms += [pwm[::-1, ::-1] for pwm in pwms]
    offsets = np.cumsum([0, *(pwm.shape[1] for pwm in pwms)])
    matrix = hits.motif_idx + np.where(hits.strand < 0, len(motifs), 0)
    return Weights(np.ascontiguousarray(np.concatenate(pwms, axis=1).T), offsets, matrix.astype(np.int32))
