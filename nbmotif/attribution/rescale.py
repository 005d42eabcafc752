"""The rescale rule: an elementwise function's multiplier is the slope of its secant from reference to sequence."""

from __future__ import annotations

import torch

from nbmotif.attribution.calls import names_in
from nbmotif.attribution.operation import Operation, Step, gradient_of

# piecewise functions: the slope at the midpoint may be that of another piece, so only exact ties take it
KINKED = names_in(
    """_threshold abs ceil clamp clamp_max clamp_min floor frac hardshrink hardsigmoid hardswish hardtanh indicator
    leaky_relu nan_to_num prelu relu relu6 round rrelu selu sign softshrink threshold trunc"""
)
# below this relative difference the quotient of two differences is mostly rounding error; the slope at the midpoint
# is then the better number, with an error of the order of the difference squared
_NEAR = {torch.float64: 4e-6, torch.float32: 4e-4}


def rescale(op: Operation, referred: torch.Tensor) -> Step:
    """Take the secant (f(x) - f(r)) / (x - r), and the slope of f where x and r (nearly) coincide."""
    value = op.evaluate(referred)
    if not value.is_floating_point():
        return Step(value, (), lambda _: (torch.zeros_like(referred),))
    nearness = 0.0 if op.call.name in KINKED else _NEAR.get(referred.dtype, 2e-2)
    multiplier = _secant(op, referred, value, nearness)
    open_ = multiplier.isnan()
    if open_.any():
        places = open_.nonzero(as_tuple=True)
        multiplier[places] = _slope(op, (op.expanded() + referred) / 2, places)
    return Step(value, (multiplier,), _scale)


def _secant(op: Operation, referred: torch.Tensor, value: torch.Tensor, nearness: float) -> torch.Tensor:
    """Slope of the secant; NaN where x and r are nearer than ``nearness``, relative, or f is not defined."""
    assert isinstance(op.observed_out, torch.Tensor)
    if _suits_kernel(op, referred):
        from nbmotif.kernels.deeplift import rescale_multiplier

        multiplier = torch.empty(_pairs(op, referred).shape, dtype=referred.dtype)
        x, out_x = _sequences(op, op.observed[0]).numpy(), _sequences(op, op.observed_out).numpy()
        r, out_r = _pairs(op, referred).numpy(), _pairs(op, value).numpy()
        rescale_multiplier(x, out_x, r, out_r, nearness, multiplier.numpy())
        return multiplier.view(referred.shape)
    whole = op.expanded()
    difference = whole - referred
    size = torch.maximum(whole.abs(), referred.abs()).clamp_min_(1e-3)
    secant = (op.expanded_out() - value) / difference
    return secant.masked_fill_((difference.abs() <= nearness * size) | ~secant.isfinite(), torch.nan)


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
    """Rescale for ReLU. The quotient is exact, so only ties need the slope."""
    if _suits_kernel(op, referred):
        from nbmotif.kernels.deeplift import relu_multiplier

        pairs = _pairs(op, referred)
        value, multiplier = torch.empty_like(pairs), torch.empty_like(pairs)
        relu_multiplier(_sequences(op, op.observed[0]).numpy(), pairs.numpy(), value.numpy(), multiplier.numpy())
        return Step(value.view(referred.shape), (multiplier.view(referred.shape),), _scale)
    r, x = op.rows[0].split(referred), op.rows[0].split_observed(op.observed[0])
    difference = x - r
    tie = difference == 0
    slope = (torch.relu(x) - torch.relu(r)) / torch.where(tie, torch.ones_like(difference), difference)
    multiplier = torch.where(tie, (r > 0).to(r.dtype), slope)
    return Step(torch.relu(referred), (multiplier.reshape(referred.shape),), _scale)


def _suits_kernel(op: Operation, referred: torch.Tensor) -> bool:
    """Whether a kernel, which makes one pass over memory, can do it: on the CPU, with the batch in front."""
    layout = op.rows[0].layout
    return referred.device.type == "cpu" and referred.dtype in _NEAR and layout.axis == 0 and layout.inner == 1


def _pairs(op: Operation, referred: torch.Tensor) -> torch.Tensor:
    """(outer * B * n, ...) as the kernels read it: (outer * B, n, E)."""
    rows = op.rows[0]
    return referred.reshape(rows.layout.outer * rows.n_sequences, rows.n_references, -1).contiguous()


def _sequences(op: Operation, observed: torch.Tensor) -> torch.Tensor:
    """(outer * B, ...) as the kernels read it: (outer * B, E)."""
    return observed.reshape(op.rows[0].layout.outer * op.rows[0].n_sequences, -1).contiguous()


def _scale(gradient: torch.Tensor, multiplier: torch.Tensor) -> tuple[torch.Tensor]:
    return (multiplier.mul_(gradient),)  # nobody needs it any more
