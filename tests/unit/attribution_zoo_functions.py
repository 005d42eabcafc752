"""More of what a model may call, each in the middle of the model of ``attribution_zoo``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import nn

from tests.unit.attribution_zoo import LENGTH, ChannelsLast, Do

if TYPE_CHECKING:
    from collections.abc import Callable

_SEEN = torch.rand(LENGTH, LENGTH, generator=torch.Generator().manual_seed(0)) > 0.3
_SEEN.fill_diagonal_(True)
_LATER = torch.ones(LENGTH, LENGTH, dtype=torch.bool).triu(1)


def _itself(x: torch.Tensor) -> list[torch.Tensor]:
    """The same sequence as query, key and value."""
    return [x.mT] * 3


def _assigned(x: torch.Tensor) -> torch.Tensor:
    y = x * 1
    y[:, 0:2] = x[:, 2:4].relu()
    return y


def _next(x: torch.Tensor) -> torch.Tensor:
    return x.roll(1, -1)


def _positive(x: torch.Tensor) -> torch.Tensor:
    return torch.eye(8, device=x.device) + x @ x.mT / LENGTH


FUNCTIONS: dict[str, Callable[[torch.Tensor], Any]] = {
    # in place
    "clamp_": lambda x: (x * 1).clamp_(0, 0.5),
    "exp_": lambda x: (x * 1).exp_(),
    "mul_": lambda x: (x * 1).mul_(x.sigmoid()),
    "sqrt_": lambda x: (x * 1).abs_().add_(0.1).sqrt_(),
    "pow_": lambda x: (x * 1).pow_(2),
    "tanh_": lambda x: (x * 1).tanh_(),
    "addcmul_": lambda x: (x * 1).addcmul_(x, x.tanh()),
    "remainder_": lambda x: (x * 1).remainder_(0.1),
    "hardsigmoid in place": lambda x: F.hardsigmoid(x, inplace=True),
    "assignment to a slice": _assigned,
    # bounds, signs and steps
    "clamp between tensors": lambda x: torch.clamp(x, min=_next(x) - 0.1, max=_next(x) + 0.1),
    "clamp_min of a mean": lambda x: x.clamp_min(x.mean(-1, keepdim=True)),
    "remainder": lambda x: x % 0.1,
    "fmod": lambda x: torch.fmod(x, 0.3),
    "floor division": lambda x: (x * 3) // 0.1,
    "frac": lambda x: (3 * x).frac(),
    "comparison as a number": lambda x: (x > 0).to(x.dtype),
    "comparison with a mean": lambda x: torch.where(x > x.mean(-1, keepdim=True), x, 0.0),
    "negated mask": lambda x: x.masked_fill(~(x > 0), 0),
    "signed root": lambda x: x.sign() * x.abs().sqrt(),
    "extremes": lambda x: torch.stack(torch.aminmax(x, dim=-1), -1),
    "straight-through rounding": lambda x: (x.round() - x).detach() + x,
    # several operands
    "lerp": lambda x: torch.lerp(x, _next(x), x.sigmoid()),
    "addcmul": lambda x: torch.addcmul(x, x.tanh(), x.sigmoid()),
    "addcdiv": lambda x: torch.addcdiv(x, x.tanh(), 1 + x.abs()),
    "baddbmm": lambda x: torch.baddbmm(x @ x.mT, x, x.mT),
    "einsum of a list": lambda x: torch.einsum("bcl,bdl->bcd", [x, x.tanh()]),
    "outer product": lambda x: torch.einsum("bl,bm->blm", x[:, 0], x[:, 1]),
    "bilinear": lambda x: F.bilinear(x, x.tanh(), torch.ones(3, LENGTH, LENGTH).to(x) / LENGTH),
    "vecdot": lambda x: torch.linalg.vecdot(x, x.tanh()),
    "hypot": lambda x: torch.hypot(x, _next(x)),
    "negative power": lambda x: (1 + x.abs()) ** -2,
    "kernel that depends on the sequence": lambda x: F.conv1d(
        x.reshape(1, -1, LENGTH), x[:, :, :3].reshape(-1, 1, 3), groups=len(x) * 8
    ).view(len(x), 8, -1),
    # reductions
    "product over positions": lambda x: (1 + 0.1 * x.tanh()).prod(-1),
    "running logsumexp": lambda x: x.logcumsumexp(-1),
    "logarithm of a sum": lambda x: torch.log(x.exp().sum(-1)),
    "standard deviation and mean": lambda x: torch.stack(torch.std_mean(x, -1), -1),
    "maximum, kept": lambda x: torch.max(x, dim=-1, keepdim=True)[0] + x,
    "trapezoid": lambda x: torch.trapezoid(x.relu(), dim=-1),
    "windows by unfold": lambda x: x.unfold(-1, 5, 5).amax(-1),
    # similarities and losses
    "cosine similarity": lambda x: F.cosine_similarity(x, _next(x), 1),
    "cdist": lambda x: torch.cdist(x.mT[:, :10], x.mT[:, 10:20]),
    "pairwise distance": lambda x: F.pairwise_distance(x[:, :4], x[:, 4:]),
    "entropy": lambda x: -(x.softmax(1) * x.log_softmax(1)).sum(1),
    "divergence": lambda x: F.kl_div(x.log_softmax(1), _next(x).softmax(1), reduction="none").sum(1),
    "squared error": lambda x: F.mse_loss(x, _next(x), reduction="none").mean((1, 2)),
    "xlogy": lambda x: torch.xlogy(x.sigmoid(), x.sigmoid()),
    # norms and gates by hand
    "RMS norm by hand": lambda x: x * torch.rsqrt(x.pow(2).mean(1, keepdim=True) + 1e-6),
    "layer norm by hand": lambda x: (
        (x - x.mean(1, keepdim=True)) / torch.sqrt(x.var(1, keepdim=True, unbiased=False) + 1e-5)
    ),
    "normalize in L1": lambda x: F.normalize(x, p=1, dim=-1),
    "squeeze and excite": lambda x: x * torch.sigmoid(x.mean(-1, keepdim=True)).relu(),
    "SwiGLU": lambda x: F.silu(x[:, :4]) * x[:, 4:],
    "GELU by erf": lambda x: 0.5 * x * (1 + torch.erf(x / 2**0.5)),
    # attention
    "attention with a mask of flags": lambda x: F.scaled_dot_product_attention(
        *_itself(x), attn_mask=_SEEN.to(x.device)
    ),
    "attention with a mask of scores": lambda x: F.scaled_dot_product_attention(
        *_itself(x), attn_mask=torch.where(_SEEN.to(x.device), 0.0, -torch.inf)
    ),
    "scores of minus infinity": lambda x: (x.mT @ x).masked_fill(_LATER.to(x.device), -torch.inf).softmax(-1) @ x.mT,
    "scores of minus a billion": lambda x: (x.mT @ x).masked_fill(_LATER.to(x.device), -1e9).softmax(-1) @ x.mT,
    # places
    "index_add": lambda x: torch.zeros_like(x).index_add(2, torch.arange(LENGTH, device=x.device) // 2, x).relu(),
    "scatter_add": lambda x: torch.zeros_like(x).scatter_add(
        2, (torch.arange(LENGTH, device=x.device) // 2).expand_as(x), x.relu()
    ),
    "gather": lambda x: x.gather(2, torch.arange(0, LENGTH, 2, device=x.device).expand(len(x), 8, LENGTH // 2)).relu(),
    "grid sample": lambda x: F.grid_sample(x[:, :, None], x.new_zeros(len(x), 1, 20, 2), align_corners=False),
    "linear interpolation": lambda x: F.interpolate(x, scale_factor=2, mode="linear").relu(),
    # linear algebra and complex numbers
    "determinant": lambda x: torch.linalg.det(_positive(x)),
    "inverse": lambda x: torch.linalg.inv(_positive(x)),
    "solution of linear equations": lambda x: torch.linalg.solve(_positive(x), x),
    "product of spectra": lambda x: torch.fft.irfft(torch.fft.rfft(x, n=120) * torch.fft.rfft(x.tanh(), n=120), n=120),
    "power spectrum": lambda x: torch.fft.rfft(x).abs(),
    "polar coordinates": lambda x: torch.polar(x.abs() + 0.1, x).real,
}
MODULES: dict[str, nn.Module] = {
    "softmax 2d": nn.Sequential(nn.Unflatten(2, (6, 10)), nn.Softmax2d()),
    "local response norm": nn.LocalResponseNorm(3),
    "layer norm of two axes": nn.LayerNorm((8, LENGTH)),
    "layer norm without weights": ChannelsLast(nn.LayerNorm(8, elementwise_affine=False)),
    "softplus with a threshold": nn.Softplus(2.0, 3.0),
    "max pool 3d": nn.Sequential(nn.Unflatten(2, (6, 5, 2)), nn.MaxPool3d(2)),
}


def functions() -> dict[str, nn.Module]:
    """All of them."""
    return {**{name: Do(function) for name, function in FUNCTIONS.items()}, **MODULES}
