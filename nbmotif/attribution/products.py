"""Rules for operations on several dependent operands: products, quotients, masks, and the path integral."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils._pytree import tree_flatten

from nbmotif.attribution.operation import Step, gradient_of, sum_to

if TYPE_CHECKING:
    from nbmotif.attribution.operation import Operation

_N_NODES = 16


def midpoint(op: Operation, *referred: torch.Tensor) -> Step:
    """Follow a bilinear f: f(a, b) - f(a', b') = f(da, mean b) + f(mean a, db), exactly."""
    value = op.evaluate(*referred)
    means = tuple((op.expanded(i) + r) / 2 for i, r in enumerate(referred))
    if op.call.name == "mul" and not value.is_complex():
        return Step(value, means, lambda g, a, b: (sum_to(g * b, a.shape), sum_to(g * a, b.shape)))
    return Step(value, means, lambda g, *at: gradient_of(op.evaluate, at, g))


def quotient(op: Operation, *referred: torch.Tensor) -> Step:
    """Follow a / b: multipliers (1/b + 1/b')/2 and -mean(a)/(b b'), which divide no small difference by another."""
    value = op.evaluate(*referred)
    b, b_ref = op.expanded(len(referred) - 1), referred[-1]
    if len(referred) == 2:
        a: Any = (op.expanded(0) + referred[0]) / 2
    else:  # a constant numerator: 2 / b, or b.__rtruediv__(2)
        a = op.argument(1, "other") if op.call.name == "rdiv" else op.args[0]
    of_numerator, of_denominator = (1 / b + 1 / b_ref) / 2, -a / (b * b_ref)
    shapes = [r.shape for r in referred]

    def pull(g: torch.Tensor, of_numerator: torch.Tensor, of_denominator: torch.Tensor) -> tuple[torch.Tensor, ...]:
        below = sum_to(g * of_denominator, shapes[-1])
        return (below,) if len(shapes) == 1 else (sum_to(g * of_numerator, shapes[0]), below)

    return Step(value, (of_numerator, of_denominator), pull)


def switch(op: Operation, *referred: torch.Tensor) -> Step:
    """Z a + (1 - z) b for z in {0, 1}: midpoint rule, in which the side that is never chosen may be infinite or NaN."""
    value = op.evaluate(*referred)
    flat_x, flat_r = (
        _with_dependents(op, [op.expanded(i) for i in range(len(referred))]),
        _with_dependents(op, referred),
    )
    (z, a, b), (z_ref, a_ref, b_ref) = flat_x, flat_r
    mean, step = (z + z_ref) / 2, z - z_ref
    gap = (a + a_ref - b - b_ref) / 2
    bad = ~torch.as_tensor(gap, device=value.device).isfinite()
    change = torch.nan_to_num(op.expanded_out() - value, 0.0, 0.0, 0.0)
    per_z = torch.where(bad, change * step, torch.as_tensor(gap, dtype=value.dtype, device=value.device))
    per_a, per_b = torch.where(bad, z * z_ref, mean), torch.where(bad, (1 - z) * (1 - z_ref), 1 - mean)
    dependent, shapes = op.call.dependent, [r.shape for r in referred]

    def pull(g: torch.Tensor, *multipliers: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(sum_to(g * multipliers[at], shape) for at, shape in zip(dependent, shapes, strict=True))

    return Step(value, (per_z, per_a, per_b), pull)


def _with_dependents(op: Operation, operands: Any) -> list[Any]:
    flat = list(op.args)
    for position, operand in zip(op.call.dependent, operands, strict=True):
        flat[position] = operand
    return flat


def path_integral(op: Operation, *referred: torch.Tensor) -> Step:
    """Integrated gradients of one operation, by Gauss-Legendre quadrature: exact for smooth functions only."""
    nodes, weights = np.polynomial.legendre.leggauss(_N_NODES)
    value = op.evaluate(*referred)
    n = len(referred)
    ends = (*(op.expanded(i).clone() for i in range(n)), *(r.clone() for r in referred))

    def pull(g: Any, *ends: torch.Tensor) -> tuple[torch.Tensor, ...]:
        total = [torch.zeros_like(r) for r in ends[n:]]
        for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
            between = tuple(r + (x - r) * node for x, r in zip(ends[:n], ends[n:], strict=True))
            for sum_, slope in zip(total, gradient_of(op.evaluate, between, g), strict=True):
                if slope is not None:
                    sum_.add_(slope, alpha=weight)
        return tuple(total)

    return Step(_plain(value), ends, pull)


def ordinary_gradient(op: Operation, *referred: torch.Tensor) -> Step:
    """Take the gradient at the references, right for linear operations; an audit measures whether it is."""
    value = op.evaluate(*referred)
    at = tuple(r.clone() for r in referred)
    return Step(_plain(value), at, lambda g, *at: gradient_of(op.evaluate, at, g))


def _plain(value: Any) -> Any:
    """Make a tuple of torch's named results, which an autograd Function cannot return."""
    return value if isinstance(value, torch.Tensor) else tuple(tree_flatten(value)[0])
