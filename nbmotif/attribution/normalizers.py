"""Rules for operations that normalise: the softmax family and the norms. Each is exact in closed form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from nbmotif.attribution.operation import Step

if TYPE_CHECKING:
    from nbmotif.attribution.operation import Operation


def softmax_family(op: Operation, referred: torch.Tensor) -> Step:
    """softmax, log_softmax and logsumexp, through dlse = sum_i w_i dx_i with w_i a ratio of logarithmic means.

    log p = x - lse(x); p = exp(log p), whose multiplier is the logarithmic mean of both p.
    """
    name, dim = op.call.name, op.argument(1, "dim")
    if dim is None:  # what torch chooses
        dim = 0 if referred.ndim in {0, 1, 3} else 1
    value, x = op.evaluate(referred), op.expanded()
    weights, difference, lse_change = _logsumexp_weights(x, referred, dim)
    if name == "logsumexp":
        dims = sorted(d % referred.ndim for d in (dim if isinstance(dim, (tuple, list)) else (dim,)))
        keepdim = op.argument(2, "keepdim", False)

        def pull_sum(g: torch.Tensor, weights: torch.Tensor) -> tuple[torch.Tensor]:
            for d in () if keepdim else dims:
                g = g.unsqueeze(d)
            return (g * weights,)

        return Step(value, (weights,), pull_sum)
    if name == "log_softmax":
        return Step(value, (weights,), lambda g, w: (g - w * g.sum(dim, keepdim=True),))
    slope = _logarithmic_mean(op.expanded_out(), value, difference - lse_change)

    def pull(g: torch.Tensor, weights: torch.Tensor, slope: torch.Tensor) -> tuple[torch.Tensor]:
        of_log = g * slope
        return (of_log - weights * of_log.sum(dim, keepdim=True),)

    return Step(value, (weights, slope), pull)


def _logarithmic_mean(exp_a: torch.Tensor, exp_b: torch.Tensor, difference: torch.Tensor) -> torch.Tensor:
    """(e^a - e^b) / (a - b), by its series where a and b are close."""
    near = difference.abs() < 1e-3
    series = torch.sqrt(exp_a * exp_b) * (1 + difference * difference / 24)
    return torch.where(near, series, (exp_a - exp_b) / torch.where(near, torch.ones_like(difference), difference))


def _logsumexp_weights(x: torch.Tensor, r: torch.Tensor, dim: Any) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Weight of each entry in the change of the logsumexp, change of each entry, and change of the logsumexp."""
    top = torch.maximum(x, r).amax(dim, keepdim=True)
    top = torch.where(top.isfinite(), top, torch.zeros_like(top))
    exp_x, exp_r = (x - top).exp(), (r - top).exp()
    lse_x, lse_r = x.logsumexp(dim, keepdim=True), r.logsumexp(dim, keepdim=True)
    sum_x, sum_r = exp_x.sum(dim, keepdim=True), exp_r.sum(dim, keepdim=True)
    change = lse_x - lse_r
    # the difference of two close logarithms loses digits
    change = torch.where(change.abs() < 0.1, torch.log1p((sum_x - sum_r) / sum_r), change)
    # minus infinity masks a score at x and r alike
    difference = torch.where(x == r, torch.zeros_like(x), x - r)
    weights = _logarithmic_mean(exp_x, exp_r, difference) / _logarithmic_mean(sum_x, sum_r, change)
    return weights, difference, change


def norm(op: Operation, referred: torch.Tensor) -> Step:
    """layer, group, instance and RMS norm: y = s u with u = x - mean (RMS: x) and s = (mean u^2 + eps)^-1/2.

    dy = mean(s) du + mean(u) ds, ds = -s^2 s'^2 / (s + s') dv, dv = 2 mean(mean(u) du), where the inner means are those
    of x and reference. (s^-2 = v + eps, so 1/s'^2 - 1/s^2 = (s - s')(s + s') / (s s')^2.)
    """
    value, x, shape = op.evaluate(referred), op.expanded(), referred.shape
    grouped, dims, eps, weight = _norm_settings(op, referred)
    centred = op.call.name != "rms_norm"
    u, u_ref = (
        t - t.mean(dims, keepdim=True) if centred else t for t in (x.reshape(grouped), referred.reshape(grouped))
    )
    s, s_ref = (t.square().mean(dims, keepdim=True).add(eps).rsqrt() for t in (u, u_ref))
    slope = -s.square() * s_ref.square() / (s + s_ref)

    def pull(g: torch.Tensor, u: torch.Tensor, s: torch.Tensor, slope: torch.Tensor) -> tuple[torch.Tensor]:
        g = (g if weight is None else g * weight).reshape(u.shape)
        n = u.numel() // s.numel()
        g = g * s + 2 * u * (slope * (g * u).sum(dims, keepdim=True)) / n
        return ((g - g.mean(dims, keepdim=True) if centred else g).reshape(shape),)

    return Step(value, ((u + u_ref) / 2, (s + s_ref) / 2, slope), pull)


def _norm_settings(op: Operation, r: torch.Tensor) -> tuple[tuple[int, ...], tuple[int, ...], float, Any]:
    """Shape in which the normalised axes stand last, those axes, eps, and the weight as it broadcasts."""
    name = op.call.name
    if name in {"layer_norm", "rms_norm"}:
        is_layer = name == "layer_norm"
        eps = op.argument(4, "eps", 1e-5) if is_layer else op.argument(3, "eps", None)
        dims = tuple(range(-len(op.argument(1, "normalized_shape")), 0))
        return tuple(r.shape), dims, torch.finfo(r.dtype).eps if eps is None else eps, op.argument(2, "weight")
    is_group = name == "group_norm"
    n_groups = op.argument(1, "num_groups") if is_group else r.shape[1]
    weight = op.argument(2 if is_group else 3, "weight")
    eps = op.argument(4 if is_group else 7, "eps", 1e-5)
    weight = None if weight is None else weight.view(1, -1, *[1] * (r.ndim - 2))
    return (r.shape[0], n_groups, -1), (-1,), eps, weight
