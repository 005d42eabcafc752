"""Many edits of the same sequences: predicted by windows where the model can be followed, else in full."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, TypeAlias

import torch

from nbmotif.attribution.devices import is_out_of_memory
from nbmotif.attribution.engine import Attribution
from nbmotif.attribution.windows import Baseline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from nbmotif.attribution.probe import Plan
    from nbmotif.models import Model

    # first position that changes; what stands there instead, shape (N * m, 4, w): m edits of each of N sequences
    Edit: TypeAlias = tuple[int, torch.Tensor]

# what a windowed prediction may differ from a full one, relative to the predictions: rounding
_ROUNDING = {torch.float64: 1e-9, torch.float32: 1e-4}
# sequences at once, where nothing is known of the model
_UNKNOWN = 32
# sequences by which a model is probed, and on which windows are checked
_N_PROBED = _N_CHECKED = 2


class Predictions(Attribution):
    """A model whose output may have any shape (N, ...): predictions are followed, not attributed."""

    def __init__(self, model: Model, pick: Callable[[Any], torch.Tensor]) -> None:
        super().__init__(model, 0, float("inf"), only_warn=True)
        self.pick = pick

    def output(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Compute what is asked of the model's output, for each row."""
        return self.pick(self.model(*inputs))


class EditedPredictions:
    """What a model predicts for edits of sequences, one batch of sequences after the other.

    Only what an edit can reach is computed again, where the model's operations can be followed and a first few edits
    give what the full forward pass gives; otherwise edited sequences are predicted in full, so every function of a
    batch will do.

    Parameters
    ----------
    model
        A PyTorch module, or a function of a batch. It must be borrowed, frozen.
    pick
        What the model returns -> a tensor (N, ...), row by row.
    by_windows
        False to predict in full.
    """

    def __init__(self, model: Model, pick: Callable[[Any], torch.Tensor], by_windows: bool = True) -> None:
        self.model, self.pick = model, pick
        self._follows, self._is_checked = by_windows, False
        self._run: Predictions | None = None
        self._baseline: Baseline | None = None
        self.X: torch.Tensor
        self.extra: tuple[torch.Tensor, ...]
        self.y: torch.Tensor

    def follow(self, X: torch.Tensor, extra: tuple[torch.Tensor, ...]) -> None:
        """Find out, on a few sequences, whether the model can be followed.

        Parameters
        ----------
        X
            Shape (N, 4, L), in the dtype and on the device where the model computes.
        extra
            Further inputs of the model, each with N rows.
        """
        if not self._follows or self._run is not None:
            return
        with self._or_in_full():
            run = Predictions(self.model, self.pick)
            run.probe(X[:_N_PROBED], tuple(arg[:_N_PROBED] for arg in extra))
            if run.plan.depends_on_values:
                raise _CannotRely
            self._run = run

    def rows_at_once(self, device: torch.device) -> int:
        """How many sequences to start together."""
        return _UNKNOWN if self._run is None else self._run.rows_at_once(device)

    @property
    def plan(self) -> Plan | None:
        """The plan of the model's calls, where they are followed."""
        return None if self._run is None else self._run.plan

    def start(self, X: torch.Tensor, extra: tuple[torch.Tensor, ...], samples: Iterable[Edit]) -> None:
        """Run the sequences whose edits are asked for next; ``y`` is what is predicted for them.

        Parameters
        ----------
        X, extra
            As in :meth:`follow`.
        samples
            A few of the edits, which are predicted in both ways before the first is relied on.
        """
        self.X, self.extra, self._baseline = X, extra, None
        self.follow(X, extra)
        if self._run is not None:
            with self._or_in_full():
                if not self._is_checked:
                    self._check(self._run, samples)
                self._baseline = Baseline.of(self._run.output, self._run.plan.calls, X, extra)
                self.y = self._baseline.y
        if self._baseline is None:
            self.y = self._in_full(X, extra)

    def predict(self, first: int, values: torch.Tensor) -> torch.Tensor:
        """Predict edits of each sequence.

        Parameters
        ----------
        first
            First position that changes.
        values
            What stands there instead, shape (N * m, 4, w): m edits of each sequence, one after the other.

        Returns
        -------
        Shape (N * m, ...).
        """
        if self._baseline is not None:
            with self._or_in_full():
                return self._baseline.edit(first, values)
        return self._edited(self.X, self.extra, first, values)

    def _check(self, run: Predictions, samples: Iterable[Edit]) -> None:
        """Refuse a model whose windows do not give what a full run gives."""
        X, extra = self.X[:_N_CHECKED], tuple(arg[:_N_CHECKED] for arg in self.extra)
        baseline = Baseline.of(run.output, run.plan.calls, X, extra)
        for first, values in samples:
            few = values[: len(values) // len(self.X) * len(X)]
            windowed, full = baseline.edit(first, few), self._edited(X, extra, first, few)
            rounding = _ROUNDING.get(full.dtype, 1e-2)
            if not torch.allclose(windowed, full, rtol=rounding, atol=rounding * float(full.abs().max())):
                raise _CannotRely
        self._is_checked = True

    @contextlib.contextmanager
    def _or_in_full(self) -> Iterator[None]:
        """Give up on windows where the model, of which nothing is known, does not bear being followed."""
        try:
            yield
        except Exception as error:  # (a full run may still work, and says what is wrong if it does not)
            if is_out_of_memory(error):
                raise
            self._follows, self._run, self._baseline = False, None, None

    def _edited(
        self, X: torch.Tensor, extra: tuple[torch.Tensor, ...], first: int, values: torch.Tensor
    ) -> torch.Tensor:
        m = len(values) // len(X)
        edited = X.repeat_interleave(m, 0)
        edited[:, :, first : first + values.shape[-1]] = values
        return self._in_full(edited, tuple(arg.repeat_interleave(m, 0) for arg in extra))

    def _in_full(self, X: torch.Tensor, extra: tuple[torch.Tensor, ...]) -> torch.Tensor:
        with torch.no_grad():
            return self.pick(self.model(X.clone(), *extra))


class _CannotRely(Exception):
    """A model's windows would not be right, or could not be checked."""
