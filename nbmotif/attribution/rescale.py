"""The rescale rule: an elementwise function's multiplier is the slope of its secant from reference to sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from nbmotif.attribution.operation import Step, gradient_of

if TYPE_CHECKING:
    from nbmotif.attribution.operation import Operation

# piecewise functions: the slope at the midpoint may be that of another piece, so only exact ties take it
KINKED = frozenset(
    [
        "abs",
        "ceil",
        "clamp",
        "clamp_max",
        "clamp_min",
        "floor",
        "frac",
        "hardshrink",
        "hardsigmoid",
        "hardswish",
        "hardtanh",
        "indicator",
        "leaky_relu",
        "nan_to_num",
        "prelu",
        "relu",
        "relu6",
        "round",
        "rrelu",
        "selu",
        "sign",
        "softshrink",
        "threshold",
        "_threshold",
        "trunc",
    ]
)
# below this relative difference the quotient of two differences is mostly rounding error; the slope at the midpoint
# is then the better number, with an error of the order of the difference squared
_NEAR = {torch.float64: 4e-6, torch.float32: 4e-4}


def rescale(op: Operation, referred: torch.Tensor) -> Step:
    """M = (f(x) - f(r)) / (x - r), with the slope of f where x and r (nearly) coincide."""
    value = op.evaluate(referred)
    if not value.is_floating_point():
        return Step(value, (), lambda _: (torch.zeros_like(referred),))
    x, out_x = op.expanded(), op.expanded_out()
    difference = x - referred
    multiplier = (out_x - value).div_(difference)
    if op.call.name in KINKED:
        near = difference == 0
    else:
        size = torch.maximum(x.abs(), referred.abs()).clamp_min_(1e-3)
        near = difference.abs_() <= size.mul_(_NEAR.get(referred.dtype, 2e-2))
    places = near.nonzero(as_tuple=True)
    if len(places[0]):
        multiplier[places] = _slope(op, (x + referred) / 2, places)
    if not multiplier.sum().isfinite():  # a function outside of where it is defined, behind a mask
        multiplier = torch.nan_to_num(multiplier, 0.0, 0.0, 0.0)
    return Step(value, (multiplier,), _scale)


def _slope(op: Operation, midpoint: torch.Tensor, places: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """Slope of the function in some places of the midpoint; 0 where it has none."""
    if op.n_tensors == 1:  # each number on its own, so the places are enough
        at = midpoint[places]
        (slope,) = gradient_of(op.evaluate, (at,), torch.ones_like(at))
    else:
        (slope,) = gradient_of(op.evaluate, (midpoint,), torch.ones_like(midpoint))
        slope = None if slope is None else slope[places]
    return torch.zeros_like(midpoint[places]) if slope is None else torch.nan_to_num(slope, 0.0, 0.0, 0.0)


def rescale_relu(op: Operation, referred: torch.Tensor) -> Step:
    """Rescale for ReLU, in one pass over memory on a CPU. The quotient is exact, so only ties need the slope."""
    value = torch.relu(referred)
    rows, x = op.rows[0], op.observed[0]
    r, x = rows.split(referred), rows.split_observed(x)
    if referred.device.type == "cpu" and referred.dtype in _NEAR and rows.layout.axis == 0 and rows.layout.inner == 1:
        from nbmotif.kernels.deeplift import relu_multiplier

        # (outer, B, n, 1, ...) with everything after n flattened, as the kernel reads it
        flat = referred.shape.numel() // (rows.layout.outer * rows.n_sequences * rows.n_references)
        pairs = r.reshape(-1, rows.n_references, flat)
        multiplier = torch.empty_like(pairs)
        relu_multiplier(x.reshape(-1, flat).numpy(), pairs.numpy(), multiplier.numpy())
        return Step(value, (multiplier.view(referred.shape),), _scale)
    difference = x - r
    tie = difference == 0
    slope = (torch.relu(x) - torch.relu(r)) / torch.where(tie, torch.ones_like(difference), difference)
    multiplier = torch.where(tie, (r > 0).to(r.dtype), slope)
    return Step(value, (multiplier.reshape(referred.shape),), _scale)


def _scale(gradient: torch.Tensor, multiplier: torch.Tensor) -> tuple[torch.Tensor]:
    return (gradient * multiplier,)
