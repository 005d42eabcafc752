"""Many insertions into the same backgrounds: what each does to the prediction, with the backgrounds run once."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from nbmotif.attribution.batches import alone, run_all, whole_sequences
from nbmotif.attribution.precision import exact_float32
from nbmotif.borrowing import borrowed
from nbmotif.compute import (
    check_batch_size,
    check_inputs,
    compute_dtype,
    model_dtype,
    precision,
    resolve_device,
    to_device,
)
from nbmotif.errors import InvalidArgument
from nbmotif.outputs import as_differences, select_target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from nbmotif.attribution.batches import Batch
    from nbmotif.compute import Model
    from nbmotif.outputs import Target

    Progress = Callable[[int], object]

# insertions that are predicted in both ways before windows are relied on
_N_CHECKED = 3


@dataclass(frozen=True, slots=True)
class Insertion:
    """``letters`` of shape (N, 4, w), one-hot, over the positions from ``start`` on of N backgrounds.

    ``is_motif``, shape (N, w), tells them from letters of the background between copies of a motif.
    """

    start: int
    letters: torch.Tensor
    is_motif: torch.Tensor

    @classmethod
    def of(cls, X: torch.Tensor, motif: torch.Tensor, start: int) -> Insertion:
        """Fill the columns of zeros of a motif, shape (N, 4, w), with what is there."""
        there, is_motif = X[:, :, start : start + motif.shape[-1]], motif.sum(1) > 0
        return cls(start, torch.where(is_motif[:, None], motif.to(X.dtype), there), is_motif)

    @property
    def span(self) -> slice:
        """The positions that it covers."""
        return slice(self.start, self.start + self.letters.shape[-1])

    def into(self, X: torch.Tensor) -> torch.Tensor:
        """Write it into a copy of the backgrounds."""
        edited = X.clone()
        edited[:, :, self.span] = self.letters
        return edited

    def total(self, attributions: torch.Tensor, X: torch.Tensor) -> torch.Tensor:
        """Sum attributions, (N, 4, L), over the positions of the motif; of each sequence's own bases only."""
        own = attributions[:, :, self.span].cpu().double() * X[:, :, self.span].cpu()
        return (own.sum(1) * self.is_motif.cpu()).sum(1)

    def gc_change(self, X: torch.Tensor) -> float:
        """Change of the fraction of G and C in the positions of the motif, mean over the backgrounds."""
        change = self.letters[:, 1:3].cpu().double() - X[:, 1:3, self.span].cpu()
        return (change.sum() / self.is_motif.sum()).item()


def predicted_changes(
    model: Model,
    X: torch.Tensor,
    insertions: Sequence[Insertion],
    targets: Sequence[Target],
    options: Mapping[str, Any],
    progress: Progress,
) -> torch.Tensor:
    """Predict the change that each insertion makes in each background.

    Each background is run once. Only what an insertion can reach is computed again, where the model's operations can be
    followed; else the edited sequences are predicted in full.

    Parameters
    ----------
    model
        A PyTorch module, or a function of a batch.
    X
        Backgrounds, shape (N, 4, L).
    insertions
        What to write into all of them.
    targets
        The T outputs that count.
    options
        Further arguments of :func:`nbmotif.predict`.
    progress
        Told how many insertions of one background are done.

    Returns
    -------
    Shape (n_insertions, N, T), float64, on the CPU.
    """
    known = {"args", "func", "batch_size", "dtype", "device", "verbose"}
    if unknown := sorted(set(options) - known):
        raise InvalidArgument("kwargs", ", ".join(unknown), f"among {', '.join(sorted(known))}")
    from nbmotif.attribution.edits import N_PROBED, EditedModel, EditedSequences

    X, extra = check_inputs(X, options.get("args"))
    place, own = resolve_device(options.get("device")), model_dtype(model)
    compute = compute_dtype(model, options.get("dtype"))
    func, asked = options.get("func"), check_batch_size(options.get("batch_size"))

    def pick(y: Any) -> torch.Tensor:
        y = y if func is None else func(y)
        return torch.stack([select_target(y, target) for target in targets], -1)

    def rows_of(rows: slice) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        return X[rows].to(place, compute), tuple(to_device(arg[rows], place, compute) for arg in extra)

    def edits_of(rows: slice, some: Sequence[Insertion]) -> Iterator[tuple[int, torch.Tensor]]:
        return ((insertion.start, insertion.letters[rows].to(place, compute)) for insertion in some)

    def change(rows: slice, given: tuple[torch.Tensor, tuple[torch.Tensor, ...]]) -> torch.Tensor:
        sequences = EditedSequences(edited, *given)
        after = torch.stack([sequences.predict(*edit).cpu() for edit in edits_of(rows, insertions)])
        return as_differences(after).double() - as_differences(sequences.y.cpu()).double()

    def prepare(batch: Batch) -> Callable[[], torch.Tensor]:
        given = rows_of(batch.rows)
        return lambda: change(batch.rows, given)

    # autocast casts at calls that a window does not make
    by_windows, edited, parts = compute == own, EditedModel(model, pick), []
    with borrowed(model, place, freeze=True), exact_float32(place), precision(place, compute, own):
        if by_windows:
            few = slice(0, N_PROBED)
            with alone(place):
                edited.follow(*rows_of(few), edits_of(few, insertions[:_N_CHECKED]))
        batches = whole_sequences(len(X), 1, asked or edited.rows_at_once(place))
        with closing(run_all(batches, prepare, 1, place, edited.n_workers(batches, place))) as results:
            for part in results:
                parts.append(part)
                progress(part.shape[0] * part.shape[1])
    return torch.cat(parts, 1)
