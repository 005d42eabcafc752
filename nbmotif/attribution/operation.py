"""One operation with its operands at the sequences and at the references: what a DeepLIFT rule is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.utils._pytree import tree_flatten, tree_unflatten

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbmotif.attribution.calls import Call
    from nbmotif.attribution.layout import Rows


class Step(NamedTuple):
    """What a rule gives back.

    ``value`` is the operation's result at the references. ``pull`` takes the multipliers of the result, then ``saved``,
    and returns the multipliers of each dependent operand. Everything large that ``pull`` needs must be in ``saved``,
    newly made, so that it is freed in time and nothing can overwrite it.
    """

    value: torch.Tensor | tuple[torch.Tensor, ...]
    saved: tuple[torch.Tensor, ...]
    pull: Callable[..., tuple[torch.Tensor | None, ...]]


@dataclass(slots=True, eq=False)
class Operation:
    """A call of the forward pass over the references, beside what the sequences gave in the same place."""

    call: Call
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    rows: tuple[Rows, ...] = ()
    out_rows: Rows | None = None
    observed: tuple[torch.Tensor, ...] = ()
    observed_out: torch.Tensor | tuple[torch.Tensor, ...] | None = None

    def evaluate(self, *operands: torch.Tensor) -> Any:
        """Call the function with other values of its dependent operands; never in place."""
        flat, tree = tree_flatten((self.args, self.kwargs))
        for position, operand in zip(self.call.dependent, operands, strict=True):
            flat[position] = operand
        args, kwargs = tree_unflatten(flat, tree)
        if self.call.is_in_place:
            args = (args[0].clone(), *args[1:])
        result = self.function(*args, **kwargs)
        return args[0] if result is None else result

    @property
    def n_tensors(self) -> int:
        """How many of its operands are tensors."""
        return sum(isinstance(value, torch.Tensor) for value in tree_flatten((self.args, self.kwargs))[0])

    def argument(self, position: int, name: str, default: Any = None) -> Any:
        """Look up an argument of the call, given by position or by name."""
        return self.kwargs.get(name, self.args[position] if len(self.args) > position else default)

    def expanded(self, i: int = 0) -> torch.Tensor:
        """Return the i-th dependent operand at the sequences, one row for each reference."""
        return self.rows[i].expand(self.observed[i])

    def expanded_out(self) -> torch.Tensor:
        """Return the result at the sequences, one row for each reference."""
        assert self.out_rows is not None
        assert isinstance(self.observed_out, torch.Tensor)
        return self.out_rows.expand(self.observed_out)


class Rescaled(torch.autograd.Function):
    """An operation whose backward pass is its DeepLIFT rule."""

    @staticmethod
    def forward(ctx: Any, rule: Callable[..., Step], *operands: torch.Tensor) -> Any:
        """Run the rule, which computes the value at the references and the multipliers with it."""
        step = rule(*operands)
        ctx.pull = step.pull
        ctx.save_for_backward(*step.saved)
        if isinstance(step.value, tuple):
            ctx.mark_non_differentiable(*(t for t in step.value if not t.is_floating_point()))
        return step.value

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        """Apply the multipliers."""
        return (None, *ctx.pull(gradients if len(gradients) > 1 else gradients[0], *ctx.saved_tensors))


def sum_to(gradient: torch.Tensor, shape: torch.Size) -> torch.Tensor:
    """Undo broadcasting: sum a gradient over the axes along which an operand of this shape was repeated."""
    return gradient if gradient.shape == shape else gradient.sum_to_size(shape)


def gradient_of(
    function: Callable[..., Any], operands: tuple[torch.Tensor, ...], upstream: Any
) -> tuple[torch.Tensor | None, ...]:
    """Ordinary vector-Jacobian product of a function at the given operands."""
    with torch.enable_grad():
        leaves = [operand.detach().requires_grad_() for operand in operands]
        # times 1: a function may return its operand or work in place on it
        result = function(*(leaf * 1 for leaf in leaves))
        outputs = [out for out in tree_flatten(result)[0] if isinstance(out, torch.Tensor)]
        given = upstream if isinstance(upstream, tuple) else (upstream,)
        pairs = [(out, g) for out, g in zip(outputs, given, strict=True) if out.requires_grad and g is not None]
        if not pairs:
            return tuple(torch.zeros_like(operand) for operand in operands)
        return torch.autograd.grad([out for out, _ in pairs], leaves, [g for _, g in pairs], allow_unused=True)
