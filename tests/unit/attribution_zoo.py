"""Small models, each with one operation in the middle: what attributions must be complete for."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import nn

from nbmotif.attribution.calls import names_in

if TYPE_CHECKING:
    from collections.abc import Callable

LENGTH = 60


class Around(nn.Module):
    """Convolution to 8 channels, whatever is in the middle, then one number."""

    def __init__(self, middle: nn.Module) -> None:
        super().__init__()
        self.conv = nn.Conv1d(4, 8, 7, padding=3)
        self.middle = middle
        self.head = nn.LazyLinear(1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = self.middle(self.conv(x))
        return self.head(h.reshape(h.shape[0], -1))


class Do(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x)


class ChannelsLast(nn.Module):
    """(B, C, L) -> (B, L, C) around a module."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.inner(x.transpose(1, 2))
        return y[0] if isinstance(y, tuple) else y


class SequenceFirst(nn.Module):
    """(B, C, L) -> (L, B, C) around a module: the batch is the second axis."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.inner(x.permute(2, 0, 1))
        return (y[0] if isinstance(y, tuple) else y).permute(1, 0, 2)


class SelfAttention(nn.Module):
    def __init__(self, batch_first: bool, need_weights: bool) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=batch_first)
        self.batch_first, self.need_weights = batch_first, need_weights

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.transpose(1, 2) if self.batch_first else x.permute(2, 0, 1)
        y = self.attention(x, x, x, need_weights=self.need_weights)[0]
        return y if self.batch_first else y.permute(1, 0, 2)


class SubclassedReLU(nn.ReLU):
    pass


class InPlaceResidual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.Conv1d(8, 8, 3, padding=2, dilation=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.relu(self.conv(x))
        y += x
        y = self.relu(self.conv(y))
        y *= 0.5
        return y.relu_() + x.clone()


class EnformerPooling(nn.Module):
    """Attention pooling after a GELU by sigmoid, as in Enformer."""

    def __init__(self) -> None:
        super().__init__()
        self.logits = nn.Conv2d(8, 8, 1, bias=False)
        self.norm = nn.BatchNorm1d(8)
        self.norm.running_var.fill_(2.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.sigmoid(1.702 * self.norm(x)) * x
        x = x.unflatten(-1, (-1, 2))
        return (x * self.logits(x).softmax(-1)).sum(-1)


class GatedResidual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.value, self.gate = nn.Conv1d(8, 8, 3, padding=1), nn.Conv1d(8, 8, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + torch.tanh(self.value(x)) * torch.sigmoid(self.gate(x))


class LSTMCellLoop(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(8, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = c = x.new_zeros(x.shape[0], 4)
        for t in range(0, x.shape[-1], 10):
            h, c = self.cell(x[..., t], (h, c))
        return h


class FrozenBackbone(nn.Module):
    """A feature extractor under ``no_grad``: a value all the same."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv1d(8, 8, 3), nn.GELU())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return self.features(x)


def heads(folded_last: bool) -> Callable[[torch.Tensor], torch.Tensor]:
    """Attention by hand, with the heads folded into the batch axis before or after the batch."""

    def attend(x: torch.Tensor) -> torch.Tensor:
        n, _, length = x.shape
        h = x.view(n, 2, 4, length)
        h = h.permute(0, 1, 3, 2) if folded_last else h.permute(1, 0, 3, 2)
        h = h.reshape(-1, length, 4)
        weights = torch.softmax(torch.bmm(h, h.transpose(1, 2)) / 2, -1)
        y = (torch.bmm(weights, h) + F.relu(h)).view(*((n, 2) if folded_last else (2, n)), length, 4)
        return (y if folded_last else y.transpose(0, 1)).flatten(1)

    return attend


def into_masked(x: torch.Tensor) -> torch.Tensor:
    y = x.clone()
    y[x > 0.2] = 0.1
    return y


def overwritten_later(x: torch.Tensor) -> torch.Tensor:
    """The operand of GELU is overwritten after it was taped."""
    h = x * 1
    y = F.gelu(h)
    h += 1
    return y + h.tanh()


def twice(*modules: Any) -> nn.Module:
    return nn.Sequential(*modules, *modules)


def activations() -> dict[str, nn.Module]:
    """Every elementwise activation of torch as module, function, method and in place."""
    modules = names_in(
        """CELU ELU GELU Hardshrink Hardsigmoid Hardswish Hardtanh LeakyReLU LogSigmoid Mish PReLU RReLU ReLU ReLU6 SELU
        SiLU Sigmoid Softplus Softshrink Softsign Tanh Tanhshrink"""
    )
    functions = names_in(
        """celu elu gelu hardshrink hardsigmoid hardswish hardtanh leaky_relu logsigmoid mish relu relu6 rrelu selu
        sigmoid silu softplus softshrink softsign tanh tanhshrink"""
    )
    in_place = names_in("celu_ elu_ hardtanh_ leaky_relu_ relu_ rrelu_ selu_")
    may_be_in_place = names_in("celu elu hardsigmoid hardswish hardtanh leaky_relu mish relu relu6 rrelu selu silu")
    methods = names_in("abs asinh atan cos cosh erf erfc exp expm1 relu sigmoid sign sin sinh square tanh")
    return {
        **{f"module {name}": getattr(nn, name)() for name in sorted(modules)},
        "module Threshold": nn.Threshold(0.1, 0.0),
        "module GELU tanh": nn.GELU(approximate="tanh"),
        **{f"function {name}": Do(getattr(F, name)) for name in sorted(functions)},
        **{f"function {name}": Do(lambda x, name=name: getattr(F, name)(x * 1)) for name in sorted(in_place)},
        **{f"method {name}": Do(lambda x, name=name: getattr(x, name)()) for name in sorted(methods)},
        **{
            f"inplace module {name}": getattr(nn, name)(inplace=True)
            for name in sorted(modules)
            if name.lower() in {function.replace("_", "") for function in may_be_in_place}
        },
        "inplace module Threshold": nn.Threshold(0.1, 0.0, inplace=True),
        **{
            f"inplace function {name}": Do(lambda x, name=name: getattr(F, name)(x * 1, inplace=True))
            for name in sorted(may_be_in_place)
        },
        # torch has no derivative of its own for asinh_
        **{
            f"method {name}_": Do(lambda x, name=name: getattr(x * 1, f"{name}_")())
            for name in sorted(methods)
            if name != "asinh"
        },
    }


def operations() -> dict[str, nn.Module]:
    """Everything else that has an exact rule."""
    relu = nn.ReLU()
    return {
        "subclass of ReLU": SubclassedReLU(),
        "inplace residual": InPlaceResidual(),
        "operand overwritten later": Do(overwritten_later),
        "one module used twice": twice(relu, nn.Conv1d(8, 8, 3, padding=1), relu),
        "log1p abs": Do(lambda x: torch.log1p(x.abs())),
        "sqrt of clamp": Do(lambda x: x.clamp(min=0).add(0.01).sqrt()),
        "rsqrt": Do(lambda x: torch.rsqrt(1 + x * x)),
        "square": Do(lambda x: x**2),
        "power of 1.5": Do(lambda x: (x.abs() + 0.1) ** 1.5),
        "2 ** x": Do(lambda x: 2**x),
        "x ** y": Do(lambda x: (1 + x.abs()) ** x.tanh()),
        "1 / x": Do(lambda x: 1 / (2 + x.abs())),
        "ratio": Do(lambda x: x / (1 + x.abs().sum(1, keepdim=True))),
        "inplace ratio": Do(lambda x: (x * 1).div_(1 + x.abs().sum(1, keepdim=True))),
        "product": Do(lambda x: x * x.sigmoid()),
        "square by itself": Do(lambda x: x * x),
        "gated residual": GatedResidual(),
        "einsum": Do(lambda x: torch.einsum("bcl,bdl->bcd", x, x.tanh())),
        "matmul": Do(lambda x: x @ x.transpose(1, 2)),
        "outer by broadcasting": Do(lambda x: x.mean(-1)[:, None] * x.amax(-1)[:, :, None]),
        "maximum": Do(lambda x: torch.maximum(x, x.roll(1, -1))),
        "minimum with a number": Do(lambda x: torch.minimum(x, torch.tensor(0.1))),
        "logaddexp": Do(lambda x: torch.logaddexp(x, x.roll(1, -1))),
        "max pool": nn.MaxPool1d(4),
        "max pool, overlapping and padded": nn.MaxPool1d(3, 2, 1),
        "max pool 2d": Do(lambda x: F.max_pool2d(x.unsqueeze(1), 2)),
        "max pool with indices": Do(lambda x: F.max_pool1d(x, 3, return_indices=True)[0]),
        "adaptive max pool": nn.AdaptiveMaxPool1d(5),
        "global max pool": nn.AdaptiveMaxPool1d(1),
        "amax": Do(lambda x: x.amax(-1)),
        "amin": Do(lambda x: x.amin((1, 2))),
        "max along an axis": Do(lambda x: x.max(-1)[0]),
        "max along an axis, by name": Do(lambda x: x.max(dim=1).values),
        "average pool": nn.AvgPool1d(4),
        "adaptive average pool": nn.AdaptiveAvgPool1d(7),
        "LP pool": nn.LPPool1d(2, 4),
        "softmax": nn.Softmax(-1),
        "softmax, as a function": Do(lambda x: (5 * x).softmax(1)),
        "softmin": Do(lambda x: F.softmin(x, -1)),
        "log softmax": nn.LogSoftmax(-1),
        "logsumexp": Do(lambda x: x.logsumexp(-1)),
        "logsumexp of two axes": Do(lambda x: (9 * x).logsumexp((1, 2), keepdim=True)),
        "layer norm": ChannelsLast(nn.LayerNorm(8)),
        "RMS norm": ChannelsLast(nn.RMSNorm(8)),
        "group norm": nn.GroupNorm(2, 8),
        "instance norm": nn.InstanceNorm1d(8, affine=True),
        "batch norm": nn.BatchNorm1d(8),
        "normalize": Do(lambda x: F.normalize(x, dim=1)),
        "norm": Do(lambda x: x.norm(dim=-1)),
        "z-score": Do(lambda x: (x - x.mean(-1, keepdim=True)) / x.std(-1, keepdim=True)),
        "GLU": nn.GLU(1),
        "attention function": Do(lambda x: F.scaled_dot_product_attention(*[x.transpose(1, 2)] * 3)),
        "causal attention": Do(lambda x: F.scaled_dot_product_attention(*[x.transpose(1, 2)] * 3, is_causal=True)),
        "multi-head attention": SelfAttention(True, False),
        "multi-head attention with weights": SelfAttention(True, True),
        "multi-head attention, sequence first": SelfAttention(False, True),
        "heads after the batch": Do(heads(True)),
        "heads before the batch": Do(heads(False)),
        "transformer block": ChannelsLast(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)),
        "transformer, GELU, norm first": ChannelsLast(
            nn.TransformerEncoder(
                nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, activation="gelu", norm_first=True),
                2,
                enable_nested_tensor=False,
            )
        ),
        "Enformer pooling": EnformerPooling(),
        "LSTM": nn.Sequential(nn.AvgPool1d(4), ChannelsLast(nn.LSTM(8, 8, batch_first=True))),
        "two-layer bidirectional LSTM": nn.Sequential(
            nn.AvgPool1d(6), SequenceFirst(nn.LSTM(8, 8, 2, bidirectional=True))
        ),
        "LSTM with projection": nn.Sequential(nn.AvgPool1d(6), SequenceFirst(nn.LSTM(8, 8, proj_size=3))),
        "LSTM cell in a loop": LSTMCellLoop(),
        "GRU": nn.Sequential(nn.AvgPool1d(4), ChannelsLast(nn.GRU(8, 8, batch_first=True))),
        "RNN": nn.Sequential(nn.AvgPool1d(4), ChannelsLast(nn.RNN(8, 8, batch_first=True))),
        "where": Do(lambda x: torch.where(x > 0, x, 0.1 * x)),
        "where of two conditions": Do(lambda x: torch.where((x > 0) & ~(x.tanh() > 0.5), x.exp(), 0.1 * x)),
        "where that hides a NaN": Do(lambda x: torch.where(x > 0.1, x.log(), x)),
        "masked fill": Do(lambda x: x.masked_fill(x < 0, 0.3)),
        "masked fill in place": Do(lambda x: (x * 1).masked_fill_(x < 0, 0.3)),
        "assignment through a mask": Do(into_masked),
        "product with a mask": Do(lambda x: x * (x > 0).float()),
        "share of positive values": Do(lambda x: x * (x > 0).float().mean(-1, keepdim=True)),
        "constant mask": Do(lambda x: x.masked_fill(torch.arange(LENGTH, device=x.device) > 40, 0.0).relu()),
        "stabilised by a detached maximum": Do(lambda x: (x - x.amax(-1, keepdim=True).detach()).exp().sum(-1)),
        "frozen backbone": FrozenBackbone(),
        "weight norm": nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Conv1d(8, 8, 3)), nn.ELU()),
        "strided and transposed convolution": nn.Sequential(
            nn.Conv1d(8, 8, 4, stride=2), nn.SiLU(), nn.ConvTranspose1d(8, 4, 4, stride=2)
        ),
        "dropout": nn.Sequential(nn.Dropout(0.5), nn.ReLU()),
        "upsampling": nn.Sequential(nn.Upsample(scale_factor=2), nn.ReLU()),
        "padding and pieces": Do(lambda x: torch.cat([p.tanh() for p in F.pad(x, (2, 2)).chunk(4, -1)], -1)),
    }


def approximated() -> dict[str, nn.Module]:
    """Operations without a rule of their own, which a path integral gets right because they are smooth."""
    return {
        "cumulative product": Do(lambda x: (1 + 0.1 * x.tanh()).cumprod(-1)),
        "atan2": Do(lambda x: torch.atan2(x, 2 + x.roll(1, -1).abs())),
        "einsum of three": Do(lambda x: torch.einsum("bcl,bcl,bcl->bc", x, x.tanh(), x.sigmoid())),
    }


def build(middle: nn.Module) -> nn.Module:
    """The whole model, with its own random weights, the same each time."""
    with torch.random.fork_rng():
        torch.random.default_generator.manual_seed(0)
        model = Around(copy.deepcopy(middle))
        for parameter in model.middle.parameters():
            if parameter.ndim > 1:
                nn.init.normal_(parameter, std=parameter[0].numel() ** -0.5)
        model.eval()(torch.zeros(2, 4, LENGTH))
    return model.train()
