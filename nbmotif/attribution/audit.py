"""The audit: which operations a model runs, which rule each follows, and how much of the error each one causes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from nbmotif.arguments import check_whole
from nbmotif.attribution.calls import TARGET
from nbmotif.attribution.engine import Attribution
from nbmotif.attribution.operation import Step
from nbmotif.attribution.precision import exact_float32
from nbmotif.attribution.probe import make_plan
from nbmotif.attribution.references import References
from nbmotif.attribution.tape import Observe, Refer
from nbmotif.borrowing import borrowed
from nbmotif.compute import check_inputs, model_dtype, resolve_device, to_device

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from nbmotif.attribution.operation import Operation
    from nbmotif.compute import Arrays, Model
    from nbmotif.outputs import Target


class Measure(Refer):
    """Replays the references and notes what each call's multipliers miss of the change of its result.

    Attributes
    ----------
    errors
        Position of the call -> change of the result that its multipliers miss, weighed by what the result is worth to
        the output, shape (B, n). The sum over the calls is the error of the attributions.
    """

    def __init__(self, *settings: Any) -> None:
        super().__init__(*settings)
        self.errors: dict[int, torch.Tensor] = {}

    def step(self, k: int, op: Operation, *referred: torch.Tensor) -> Step:
        """Apply the rule of the k-th call, and measure it when its multipliers are pulled back."""
        step = super().step(k, op, *referred)
        value = step.value if isinstance(step.value, tuple) else (step.value,)
        observed = op.observed_out if isinstance(op.observed_out, (tuple, list)) else (op.observed_out,)
        assert op.out_rows is not None
        out_rows = op.out_rows
        changes = [out_rows.expand(x) - r for x, r in zip(observed, value, strict=True) if x is not None]
        steps = [op.expanded(i) - r for i, r in enumerate(referred)]
        n_saved = len(step.saved)

        def pull(g: Any, *saved: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
            multipliers = step.pull(g, *saved[:n_saved])
            upstream = g if isinstance(g, tuple) else (g,)
            parts = zip(upstream, saved[n_saved : n_saved + len(upstream)], strict=True)
            error = sum(out_rows.per_pair(a * b) for a, b in parts if a is not None and b.is_floating_point())
            for m, d, rows in zip(multipliers, saved[n_saved + len(upstream) :], op.rows, strict=True):
                if m is not None:
                    error = error - rows.per_pair(m * d)
            self.errors[k] = torch.as_tensor(error)
            return multipliers

        return Step(step.value, (*step.saved, *changes, *steps), pull)


def audit_table(
    model: Model,
    X: Arrays,
    args: Sequence[Arrays] | None,
    target: Target,
    n_shuffles: int,
    device: torch.device | str | None,
    random_state: int | None,
) -> pd.DataFrame:
    """Do the work of :func:`nbmotif.audit`, which describes it."""
    import pandas as pd

    X, extra = check_inputs(X, args)
    n_shuffles = check_whole(n_shuffles, "n_shuffles", least=1)
    place, compute = resolve_device(device), model_dtype(model)
    references = References("dinucleotide", X, n_shuffles, random_state)
    run = Attribution(model, target, float("inf"), only_warn=True)
    with borrowed(model, place, freeze=True), exact_float32(place):
        x, given = X.to(place, compute), tuple(to_device(a, place, compute) for a in extra)
        plan = run.plan = make_plan(run.output, run.names, x, given, thorough=True)
        observer = Observe(plan.calls)
        own = tuple(a.clone() for a in (x, *given))  # a model may write into its inputs
        with torch.no_grad(), observer:
            y = run.output(*own)
        r = references.draw(slice(0, len(X))).to(place, compute)
        leaf = r.flatten(0, 1).requires_grad_()
        repeated = tuple(a.repeat_interleave(r.shape[1], 0) for a in given)
        measure = Measure(plan.calls, observer.tape, len(x), r.shape[1])
        with torch.enable_grad():
            start = leaf * 1
            with measure:
                y_ref = run.output(start, *repeated)
            (gradient,) = torch.autograd.grad(y_ref.sum(), leaf)
    change = y[:, None] - y_ref.detach().view(len(x), -1)
    missed = ((x[:, None] - r) * gradient.view(r.shape)).sum((2, 3)) - change
    scale = float(change.abs().mean()) or 1.0
    reasons = {id(doubt.call): doubt.reason for doubt in plan.doubts}
    table = pd.DataFrame(
        [
            {
                "module": call.path,
                "operation": call.operation,
                "line": call.line,
                "rule": "unread" if not call.is_needed else call.rule.label,
                "error": float(measure.errors[k].abs().mean()) / scale if k in measure.errors else float("nan"),
                "note": reasons.get(id(call), call.rule.doubt),
            }
            for k, call in enumerate(plan.calls)
            if call.dependent and call.rule.expand is None and (callable(target) or call.path != TARGET)
        ],
        columns=["module", "operation", "line", "rule", "error", "note"],
    )
    table.attrs["completeness_error"] = float(missed.abs().mean()) / scale
    return table
