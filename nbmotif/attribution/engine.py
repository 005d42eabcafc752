"""Attribution of one model, batch after batch: probe, observe, refer, and check that everything adds up."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import torch

from nbmotif.attribution.devices import memory_budget
from nbmotif.attribution.precision import Precision
from nbmotif.attribution.probe import make_plan
from nbmotif.attribution.tape import Observe, Refer
from nbmotif.errors import UnsupportedModel, warn
from nbmotif.outputs import check_rows, select_target

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbmotif.attribution.batches import Batch
    from nbmotif.attribution.probe import Plan
    from nbmotif.compute import Model
    from nbmotif.outputs import Target

# a completeness error of this size, relative to the change of the output, is more than rounding
_ROUNDING = 1e-4
_TOLERANCE, _TOLERANCE_OF_FEW_BITS = 1e-3, 0.1
# rows of a batch: activations of one layer should stay in the cache of a CPU, all of them in the memory of a GPU
_CACHE_BYTES = 6 << 20
_EXACT = Precision()


class Attribution:
    """One model, followed once, attributed batch after batch, its completeness checked all along.

    Parameters
    ----------
    model, target, warning_threshold, only_warn
        As in :func:`deep_lift_shap`.
    precision
        What products are computed in.
    """

    def __init__(
        self,
        model: Model,
        target: Target,
        warning_threshold: float,
        only_warn: bool,
        precision: Precision = _EXACT,
    ) -> None:
        self.model, self.target, self.precision = unwrap(model), target, precision
        self.warning_threshold, self.only_warn = warning_threshold, only_warn
        modules = self.model.named_modules() if isinstance(self.model, torch.nn.Module) else ()
        self.names = {module: name or "(model)" for name, module in modules}
        refuse_scripted(self.names)
        self.errors: list[torch.Tensor] = []
        self.changes: list[torch.Tensor] = []
        self.plan: Plan
        self.is_stateful = True
        self._lock = threading.Lock()

    def probe(self, X: torch.Tensor, extra: tuple[torch.Tensor, ...] = ()) -> None:
        """Find out which operations the model runs."""
        before = [dict(vars(module)) for module in self.names]
        self.plan = make_plan(self.output, self.names, X, extra)
        self.is_stateful = not before or any(
            own.keys() != vars(module).keys() or any(own[name] is not value for name, value in vars(module).items())
            for own, module in zip(before, self.names, strict=True)
        )
        few = self.plan.prediction[: len(X)]
        # with gradients, as it is followed: without, torch fuses transformer layers, where a GPU approximates GELU
        with torch.enable_grad():
            rows = X[: len(few)].clone().requires_grad_() * 1
            plain = self.output(rows, *(arg[: len(few)].clone() for arg in extra)).detach()
        if not torch.allclose(plain, few, rtol=1e-3, atol=1e-4 * float(plain.abs().max())):
            msg = (
                "the model predicts something else while its operations are followed; an operation that torch does "
                f"not show may be why. It shows {', '.join(sorted({call.name for call in self.plan.calls}))}"
            )
            raise UnsupportedModel(msg)

    def output(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Compute the number that is attributed, for each row."""
        return check_rows(select_target(self.model(*inputs), self.target), inputs[0].shape[0])

    def rows_at_once(self, device: torch.device) -> int:
        """How many pairs to run together."""
        fits = max(1, memory_budget(device) // max(1, self.plan.bytes_per_row))
        if device.type != "cpu":
            return min(1024, fits)
        return min(256, fits, max(8, _CACHE_BYTES // max(1, self.plan.largest_per_row)))

    def n_workers(self, batches: Sequence[Batch], device: torch.device) -> int:
        """How many batches to run at the same time: on a CPU, one for each of torch's threads, if memory allows.

        A model that writes into itself while it runs gets one, as does a function, of which that is not known.
        """
        if device.type != "cpu" or self.is_stateful or len(batches) < 2:
            return 1
        rows, n_at_once = batches[0]
        bytes_per_batch = self.plan.bytes_per_row * n_at_once * (rows.stop - rows.start)
        fits: int = memory_budget(device) // max(1, bytes_per_batch)
        return max(1, min(torch.get_num_threads(), len(batches), fits))

    def multipliers(
        self, x: torch.Tensor, references: torch.Tensor, extra: tuple[torch.Tensor, ...], n_at_once: int
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yield some references of each sequence, shape (B, n, 4, L), and the multipliers from them, the same shape."""
        observer = Observe(self.plan.calls, self.precision.low)
        own = tuple(given.clone() for given in (x, *extra))  # a model may write into its inputs
        with torch.no_grad(), observer:
            y = self.output(*own)
        for first in range(0, references.shape[1], n_at_once):
            pairs = references[:, first : first + n_at_once].to(x.device, x.dtype)
            yield pairs, self._refer(x, y, pairs, extra, observer)

    def _refer(
        self, x: torch.Tensor, y: torch.Tensor, pairs: torch.Tensor, extra: tuple[torch.Tensor, ...], observer: Observe
    ) -> torch.Tensor:
        n_sequences, n = pairs.shape[:2]
        leaf = pairs.reshape(n_sequences * n, *pairs.shape[2:]).clone().requires_grad_()
        repeated = tuple(arg.repeat_interleave(n, 0) for arg in extra)
        no_checkpoint = torch.autograd.graph.disable_saved_tensors_hooks(_CHECKPOINT)
        try:
            with torch.enable_grad(), no_checkpoint:
                start = leaf * 1  # a model may write into its input
                with Refer(self.plan.calls, observer.tape, n_sequences, n, self.precision.low):
                    y_ref = self.output(start, *repeated)
                (gradient,) = torch.autograd.grad(y_ref.sum(), leaf)
        except RuntimeError as error:
            if _CHECKPOINT in str(error):
                raise UnsupportedModel(_CHECKPOINT) from error
            raise
        multiplier = gradient.view(pairs.shape)
        change = y[:, None] - y_ref.detach().view(n_sequences, n)
        total = ((x[:, None] - pairs) * multiplier).sum((2, 3))
        self._check(change, (total - change).abs())
        return multiplier

    def _check(self, change: torch.Tensor, error: torch.Tensor) -> None:
        with self._lock:
            self.changes.append(change.abs().flatten().cpu())
            self.errors.append(error.flatten().cpu())
        tolerance = _TOLERANCE_OF_FEW_BITS if self.precision.reduced else _TOLERANCE
        if self.plan.doubts and not self.only_warn and not self.completeness_error <= tolerance:
            msg = (
                f"attributions do not sum to the change of the output (off by {self.completeness_error:.1%}), because "
                f"{'; '.join(map(str, self.plan.doubts))}. Replace it, or pass only_warn=True to go on."
            )
            raise UnsupportedModel(msg)

    @property
    def completeness_error(self) -> float:
        """Mean difference between sum of attributions and change of the output, relative to the mean change."""
        with self._lock:
            change, error = torch.cat(self.changes).mean().clamp_min(1e-12), torch.cat(self.errors).mean()
        return float(error / change)

    def warn(self) -> None:
        """Warn once of what does not add up, and of the operations that may be why."""
        error, worst = self.completeness_error, float(torch.cat(self.errors).max())
        # fewer bits were asked for, and 1 % is what they are good for
        is_expected = error <= _ROUNDING or worst <= self.warning_threshold or self.precision.reduced != ""
        if error <= 1e-2 and is_expected:
            return
        suspects = [*map(str, self.plan.doubts), *(f"{call} is approximated" for call in self.plan.approximations)]
        suspects += [f"the precision, {reduced}"] if (reduced := self.precision.reduced) else []
        because = (
            f" Suspects: {'; '.join(suspects)}." if suspects else " `nbmotif.audit(model, X)` shows which operation."
        )
        msg = (
            f"Attributions do not sum to the change of the output: off by {worst:.3g} at most (warning_threshold "
            f"{self.warning_threshold:g}), {error:.2%} of the change on average.{because}"
        )
        warn(msg)


_CHECKPOINT = (
    "the model recomputes parts of its forward pass in the backward pass (torch.utils.checkpoint), where no rule can "
    "follow: switch gradient checkpointing off"
)


def unwrap(model: Any) -> Any:
    """Take the module out of ``torch.compile``'s wrapper."""
    return getattr(model, "_orig_mod", model)


def refuse_scripted(names: dict[torch.nn.Module, str]) -> None:
    """Refuse TorchScript, whose operations torch does not show."""
    for module, name in names.items():
        if isinstance(module, torch.jit.ScriptModule):
            msg = f"{name} is TorchScript, whose operations cannot be seen: pass the Python module it was made from"
            raise UnsupportedModel(msg)
