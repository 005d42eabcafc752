"""Many edits of the same sequences: predicted by windows where the model can be followed, else in full."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, TypeAlias

import torch

from nbmotif.attribution.devices import is_out_of_memory
from nbmotif.attribution.engine import Attribution
from nbmotif.attribution.windows import Baseline
from nbmotif.outputs import check_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from nbmotif.attribution.batches import Batch
    from nbmotif.attribution.probe import Plan
    from nbmotif.compute import Model

    # first position that changes; what stands there instead, shape (N * m, 4, w): m edits of each of N sequences
    Edit: TypeAlias = tuple[int, torch.Tensor]

# what a windowed prediction may differ from a full one, relative to the predictions: rounding
_ROUNDING = {torch.float64: 1e-9, torch.float32: 1e-4}
# sequences at once, where nothing is known of the model
_UNKNOWN = 32
# sequences by which a model is probed, and on which windows are checked
N_PROBED = 2


class Predictions(Attribution):
    """A model whose output may have any shape (N, ...): predictions are followed, not attributed."""

    def __init__(self, model: Model, pick: Callable[[Any], torch.Tensor]) -> None:
        super().__init__(model, 0, float("inf"), only_warn=True)
        self.pick = pick

    def output(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Compute what is asked of the model's output, for each row."""
        return check_rows(self.pick(self.model(*inputs)), inputs[0].shape[0])


class EditedModel:
    """A model that is asked about many edits of the same sequences.

    Only what an edit can reach is computed again, where the model's operations can be followed and a first few edits
    give what the full forward pass gives; otherwise edited sequences are predicted in full, so every function of a
    batch will do.

    Parameters
    ----------
    model
        A PyTorch module, or a function of a batch. It must be borrowed, frozen.
    pick
        What the model returns -> a tensor (N, ...), row by row.

    Attributes
    ----------
    run
        The model as it is followed; None: it cannot be, or has not been.
    """

    def __init__(self, model: Model, pick: Callable[[Any], torch.Tensor]) -> None:
        self.model, self.pick = model, pick
        self.run: Predictions | None = None

    def follow(self, X: torch.Tensor, extra: tuple[torch.Tensor, ...], samples: Iterable[Edit]) -> None:
        """Find out, on a few sequences, whether the model can be followed.

        Parameters
        ----------
        X
            Shape (N, 4, L), in the dtype and on the device where the model computes.
        extra
            Further inputs of the model, each with N rows.
        samples
            A few edits of them, which are predicted in both ways.
        """
        with _or_in_full():
            run = Predictions(self.model, self.pick)
            run.probe(X, extra)
            if run.plan.depends_on_values:
                return
            baseline = Baseline.of(run.output, run.plan.calls, X, extra)
            for edit in samples:
                windowed, full = baseline.edit(*edit), self.predict_edited(X, extra, *edit)
                rounding = _ROUNDING.get(full.dtype, 1e-2)
                if not torch.allclose(windowed, full, rtol=rounding, atol=rounding * float(full.abs().max())):
                    return
            self.run = run

    @property
    def plan(self) -> Plan | None:
        """The plan of the model's calls, where they are followed."""
        return None if self.run is None else self.run.plan

    def rows_at_once(self, device: torch.device) -> int:
        """How many sequences to start together."""
        return _UNKNOWN if self.run is None else self.run.rows_at_once(device)

    def n_workers(self, batches: Sequence[Batch], device: torch.device) -> int:
        """How many batches to run at the same time; see :meth:`Attribution.n_workers`."""
        return 1 if self.run is None else self.run.n_workers(batches, device)

    def predict(self, X: torch.Tensor, extra: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """Predict in full."""
        with torch.no_grad():
            return check_rows(self.pick(self.model(X.clone(), *(arg.clone() for arg in extra))), len(X))

    def predict_edited(
        self, X: torch.Tensor, extra: tuple[torch.Tensor, ...], first: int, values: torch.Tensor
    ) -> torch.Tensor:
        """Predict edits in full."""
        m = len(values) // len(X)
        edited = X.repeat_interleave(m, 0)
        edited[:, :, first : first + values.shape[-1]] = values
        return self.predict(edited, tuple(arg.repeat_interleave(m, 0) for arg in extra))


class EditedSequences:
    """Some sequences whose edits are predicted.

    Parameters
    ----------
    edited
        The model.
    X, extra
        The sequences, shape (N, 4, L), and the further inputs, as in :meth:`EditedModel.follow`.

    Attributes
    ----------
    y
        What is predicted for the sequences themselves.
    """

    def __init__(self, edited: EditedModel, X: torch.Tensor, extra: tuple[torch.Tensor, ...]) -> None:
        self.edited, self.X, self.extra = edited, X, extra
        self._baseline: Baseline | None = None
        if edited.run is not None:
            with _or_in_full():
                self._baseline = Baseline.of(edited.run.output, edited.run.plan.calls, X, extra)
        self.y = edited.predict(X, extra) if self._baseline is None else self._baseline.y

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
        windowed: torch.Tensor | None = None
        if self._baseline is not None:
            with _or_in_full():
                windowed = self._baseline.edit(first, values)
        if windowed is None:
            self._baseline = None
            return self.edited.predict_edited(self.X, self.extra, first, values)
        return windowed


@contextlib.contextmanager
def _or_in_full() -> Iterator[None]:
    """Give up on windows where the model, of which nothing is known, does not bear being followed."""
    try:
        yield
    except Exception as error:
        if is_out_of_memory(error):
            raise
        # a full run may still work, and says what is wrong if it does not
