"""Many insertions into the same backgrounds: what each does to the prediction, with the backgrounds run once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from nbmotif.errors import UnsupportedModel
from nbmotif.models import (
    borrowed,
    check_inputs,
    model_dtype,
    predict,
    resolve_device,
    select_target,
    to_device,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from nbmotif.attribution.engine import Attribution
    from nbmotif.models import Model, Target

    Progress = Callable[[int], object]

# what a windowed prediction may differ from a full one, relative to the predictions: rounding
_ROUNDING = 1e-4


@dataclass(frozen=True, slots=True)
class Insertion:
    """``letters`` of shape (N, 4, w), one-hot, over the positions from ``start`` on of N backgrounds."""

    start: int
    letters: torch.Tensor

    @classmethod
    def of(cls, X: torch.Tensor, motif: torch.Tensor, start: int) -> Insertion:
        """Fill the columns of zeros of a motif, shape (1 or N, 4, w), with what is there."""
        there = X[:, :, start : start + motif.shape[-1]]
        return cls(start, torch.where(motif.sum(1, keepdim=True) == 0, there, motif.to(X.dtype)))

    @property
    def span(self) -> slice:
        """The positions that it covers."""
        return slice(self.start, self.start + self.letters.shape[-1])

    def into(self, X: torch.Tensor) -> torch.Tensor:
        """Write it into a copy of the backgrounds."""
        edited = X.clone()
        edited[:, :, self.span] = self.letters
        return edited


def predicted_changes(
    model: Model,
    X: torch.Tensor,
    insertions: Sequence[Insertion],
    target: Target,
    options: Mapping[str, Any],
    progress: Progress,
) -> torch.Tensor:
    """Predict the change that each insertion makes in each background.

    Only what an insertion can reach is computed again, where the model's operations can be followed; else the sequences
    are predicted in full.

    Parameters
    ----------
    model
        A PyTorch module, or a function of a batch.
    X
        Backgrounds, shape (N, 4, L).
    insertions
        What to write into all of them.
    target
        The output that counts.
    options
        Further arguments of :func:`nbmotif.predict`.
    progress
        Told how many insertions of one background are done.

    Returns
    -------
    Shape (n_insertions, N), float64, on the CPU.
    """
    if options.get("func") is None and options.get("dtype") is None:
        changes = _by_windows(model, X, insertions, target, options, progress)
        if changes is not None:
            return changes

    def run(X: torch.Tensor) -> torch.Tensor:
        # a head that is not read need not be kept
        y = predict(model, X, **{**options, "func": lambda y: select_target(_apply(options.get("func"), y), target)})
        assert isinstance(y, torch.Tensor)
        return y.double()

    before, rows = run(X), []
    for insertion in insertions:
        rows.append(run(insertion.into(X)) - before)
        progress(len(X))
    return torch.stack(rows)


def _apply(func: Callable[[Any], Any] | None, y: Any) -> Any:
    return y if func is None else func(y)


def _by_windows(
    model: Model,
    X: torch.Tensor,
    insertions: Sequence[Insertion],
    target: Target,
    options: Mapping[str, Any],
    progress: Progress,
) -> torch.Tensor | None:
    """Predict by windows; None if the model cannot be followed, or a window does not give what a full run gives."""
    from nbmotif.attribution.engine import Attribution
    from nbmotif.attribution.windows import CannotFollow

    X, extra = check_inputs(X, options.get("args"))
    place, compute = resolve_device(options.get("device")), model_dtype(model)
    changes = torch.empty(len(insertions), len(X), dtype=torch.float64)
    with borrowed(model, place, freeze=True):
        try:
            run = Attribution(model, target, float("inf"), only_warn=True)
            run.probe(X[:2].to(place, compute), tuple(to_device(a[:2], place, compute) for a in extra))
            if run.plan.depends_on_values:
                return None
            step = options.get("batch_size") or run.rows_at_once(place)
            for first in range(0, len(X), step):
                rows = slice(first, first + step)
                given = tuple(to_device(a[rows], place, compute) for a in extra)
                chunk = [Insertion(i.start, i.letters[rows].to(place, compute)) for i in insertions]
                found = _changes(run, X[rows].to(place, compute), chunk, given, first == 0, progress)
                if found is None:
                    return None
                changes[:, rows] = found
        except (UnsupportedModel, CannotFollow, RuntimeError):
            return None  # a full run may still work, and says what is wrong if it does not
    return changes


def _changes(
    run: Attribution,
    X: torch.Tensor,
    insertions: Sequence[Insertion],
    extra: tuple[torch.Tensor, ...],
    is_checked: bool,
    progress: Progress,
) -> torch.Tensor | None:
    from nbmotif.attribution.windows import Baseline

    baseline = Baseline.of(run.output, run.plan.calls, X, extra)
    rows: list[torch.Tensor] = []
    for insertion in insertions:
        y = baseline.edit(insertion.start, insertion.letters)
        if is_checked and not rows:
            with torch.no_grad():
                full = run.output(insertion.into(X), *extra)
            if not torch.allclose(y, full, rtol=_ROUNDING, atol=_ROUNDING * float(full.abs().max())):
                return None
        rows.append((y.double() - baseline.y.double()).cpu())
        progress(len(X))
    return torch.stack(rows)
