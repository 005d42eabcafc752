"""Rules for maxima: the whole difference of the output goes to one position.

That position is the winner of whichever of sequence and reference has the larger maximum: there the input differs at
least as much as the output and in the same direction, so every multiplier lies between 0 and 1. Where the maximum of
the sequence is not the winner and its input is the same in the reference, any multiplier is complete; it gets the slope
of the sequence, as in tangermeme.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F

from nbmotif.attribution.operation import Step

if TYPE_CHECKING:
    from nbmotif.attribution.operation import Operation

_POOLS: dict[str, tuple[Any, int, int]] = {  # function, spatial axes, positional arguments before return_indices
    "max_pool1d": (F.max_pool1d, 1, 6),
    "max_pool2d": (F.max_pool2d, 2, 6),
    "max_pool3d": (F.max_pool3d, 3, 6),
    "adaptive_max_pool1d": (F.adaptive_max_pool1d, 1, 2),
    "adaptive_max_pool2d": (F.adaptive_max_pool2d, 2, 2),
    "adaptive_max_pool3d": (F.adaptive_max_pool3d, 3, 2),
}
POOLS = frozenset(_POOLS)


def max_pool(op: Operation, referred: torch.Tensor) -> Step:
    """Max pooling, adaptive or not, of one to three axes; windows may overlap."""
    pool, n_axes, n_positional = _POOLS[op.call.name.removesuffix("_with_indices")]
    x, shape = op.expanded(), referred.shape
    kwargs = {k: v for k, v in op.kwargs.items() if k != "return_indices"}
    (top_x, at_x), (top_r, at_r) = (
        pool(t, *op.args[1:n_positional], **kwargs, return_indices=True) for t in (x, referred)
    )
    flat_x, flat_r, flat_top_x, flat_top_r, flat_at_x, flat_at_r = (
        t.flatten(-n_axes) for t in (x, referred, top_x, top_r, at_x, at_r)
    )
    routes = _routes(flat_x, flat_r, flat_top_x, flat_top_r, flat_at_x, flat_at_r)

    def pull(g: Any, *routes: torch.Tensor) -> tuple[torch.Tensor]:
        g = (g[0] if isinstance(g, tuple) else g).flatten(-n_axes)
        spread = torch.zeros(shape, dtype=g.dtype, device=g.device).flatten(-n_axes)
        return (_send(g, spread, routes).view(shape),)

    with_indices = isinstance(op.observed_out, tuple)
    return Step((top_r, at_r) if with_indices else top_r, routes, pull)


def maximum_over(op: Operation, referred: torch.Tensor) -> Step:
    """amax, amin, and max or min of a whole tensor or along axes."""
    sign = -1 if "min" in op.call.name else 1
    dim = op.argument(1, "dim")
    n = referred.ndim
    dims = (
        range(n) if dim is None or dim == () else [d % n for d in (dim if isinstance(dim, (tuple, list)) else (dim,))]
    )
    kept = [d for d in range(n) if d not in dims]
    order = [*kept, *dims]
    inverse = [order.index(d) for d in range(n)]
    folded_shape = [referred.shape[d] for d in order]

    def fold(t: torch.Tensor) -> torch.Tensor:
        return t.permute(order).reshape(*[t.shape[d] for d in kept], -1) * sign

    x, r = fold(op.expanded()), fold(referred)
    (top_x, at_x), (top_r, at_r) = x.max(-1, keepdim=True), r.max(-1, keepdim=True)
    routes = _routes(x, r, top_x, top_r, at_x, at_r)
    shape = r.shape

    def pull(g: Any, *routes: torch.Tensor) -> tuple[torch.Tensor]:
        g = (g[0] if isinstance(g, tuple) else g).reshape(routes[0].shape)
        spread = torch.zeros(shape, dtype=g.dtype, device=g.device)
        return (_send(g, spread, routes).view(folded_shape).permute(inverse),)

    value = op.evaluate(referred)
    return Step(tuple(value) if isinstance(value, tuple) else value, routes, pull)


def _routes(
    x: torch.Tensor, r: torch.Tensor, top_x: torch.Tensor, top_r: torch.Tensor, at_x: torch.Tensor, at_r: torch.Tensor
) -> tuple[torch.Tensor, ...]:
    """Return positions and multipliers, in turn: of winners, then of other maxima of x that the reference shares."""
    at = torch.where(top_x >= top_r, at_x, at_r)
    difference = x.gather(-1, at) - r.gather(-1, at)
    tie = difference == 0
    quotient = (top_x - top_r) / torch.where(tie, torch.ones_like(difference), difference)
    multiplier = torch.where(tie, torch.ones_like(difference), quotient)
    shared = (at != at_x) & (top_x == r.gather(-1, at_x))
    return (at, multiplier, at_x, shared.to(x.dtype)) if shared.any() else (at, multiplier)


def _send(g: torch.Tensor, spread: torch.Tensor, routes: tuple[torch.Tensor, ...]) -> torch.Tensor:
    for at, multiplier in zip(routes[::2], routes[1::2], strict=True):
        spread.scatter_add_(-1, at, g * multiplier)
    return spread
