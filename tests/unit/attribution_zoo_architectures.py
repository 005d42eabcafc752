"""Architectures as models of DNA have them, in small: what attributions must be complete for as a whole."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from tests.unit.attribution_zoo import LENGTH, EnformerPooling


class RelativeAttention(nn.Module):
    """Attention with relative positions, as in Enformer: content and position terms, shifted into place."""

    def __init__(self, width: int = 8, n_heads: int = 2) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.qkv, self.out = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width)
        self.position = nn.Linear(6, width, bias=False)
        self.content_bias = nn.Parameter(torch.randn(n_heads, 1, width // n_heads))
        self.position_bias = nn.Parameter(torch.randn(n_heads, 1, width // n_heads))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n, length, width = x.shape
        q, k, v = (t.view(n, length, self.n_heads, -1).transpose(1, 2) for t in self.qkv(x).chunk(3, -1))
        q = q * (width // self.n_heads) ** -0.5
        distance = torch.arange(1 - length, length, dtype=x.dtype, device=x.device)[:, None]
        decay = torch.exp(-distance.abs() / torch.tensor([2.0, 8.0, 32.0], device=x.device))
        r = self.position(torch.cat([decay, decay * distance.sign()], -1))
        r = r.view(2 * length - 1, self.n_heads, -1).transpose(0, 1)
        content = (q + self.content_bias) @ k.transpose(-1, -2)
        relative = (q + self.position_bias) @ r.transpose(-1, -2)
        # (L, 2 L - 1) by distance -> (L, L) by position
        padded = F.pad(relative, (1, 0)).view(n, self.n_heads, 2 * length, length)
        relative = padded[:, :, 1:].reshape(n, self.n_heads, length, 2 * length - 1)[..., :length]
        return self.out(((content + relative).softmax(-1) @ v).transpose(1, 2).reshape(n, length, width))


class Residual(nn.Module):
    def __init__(self, *inner: nn.Module) -> None:
        super().__init__()
        self.inner = nn.Sequential(*inner)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.inner(x)


class Turn(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.transpose(1, 2)


class EnformerGELU(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(1.702 * x) * x


def enformer_block() -> nn.Module:
    """Convolutions with attention pooling, then transformer blocks with relative positions, and a softplus head."""
    return nn.Sequential(
        Residual(nn.BatchNorm1d(8), EnformerGELU(), nn.Conv1d(8, 8, 1)),
        EnformerPooling(),
        Residual(nn.BatchNorm1d(8), EnformerGELU(), nn.Conv1d(8, 8, 5, padding=2)),
        EnformerPooling(),
        Turn(),
        Residual(nn.LayerNorm(8), RelativeAttention(), nn.Dropout(0.4)),
        Residual(nn.LayerNorm(8), nn.Linear(8, 16), nn.Dropout(0.4), nn.ReLU(), nn.Linear(16, 8)),
        Turn(),
        nn.Conv1d(8, 8, 1),
        EnformerGELU(),
        nn.Softplus(),
    )


def basenji_block() -> nn.Module:
    """Dilated convolutions with dense residuals and max pooling."""
    return nn.Sequential(
        nn.GELU(), nn.Conv1d(8, 8, 5, padding=2), nn.BatchNorm1d(8), nn.MaxPool1d(2),
        *(Residual(nn.GELU(), nn.Conv1d(8, 8, 3, padding=d, dilation=d), nn.BatchNorm1d(8)) for d in (1, 2, 4)),
    )  # fmt: skip


class DanQ(nn.Module):
    """Convolution, max pooling, a bidirectional LSTM, dense layers."""

    def __init__(self) -> None:
        super().__init__()
        self.pool, self.lstm = nn.MaxPool1d(6), nn.LSTM(8, 6, bidirectional=True, batch_first=True)
        self.dense = nn.Linear(120, 7)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden, _ = self.lstm(self.pool(x.relu()).transpose(1, 2))
        return torch.sigmoid(self.dense(hidden.flatten(1)))


class Rotary(nn.Module):
    """Attention with rotary positions."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = x.transpose(1, 2)
        a, b = h.chunk(2, -1)
        angle = torch.arange(float(LENGTH), device=x.device)[:, None] * 0.1
        turned = torch.cat([a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()], -1)
        return (turned @ turned.transpose(1, 2) / 3).softmax(-1) @ h


class RotaryByComplexNumbers(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        z = torch.view_as_complex(x.transpose(1, 2).reshape(len(x), LENGTH, 4, 2).contiguous())
        angle = torch.arange(float(LENGTH), device=x.device)[:, None] * 0.1
        z = z * torch.polar(torch.ones_like(angle), angle)
        return torch.view_as_real(z).flatten(2).relu()


class Hyena(nn.Module):
    """A long convolution by Fourier transform, gated."""

    def __init__(self) -> None:
        super().__init__()
        self.kernel = nn.Parameter(torch.randn(8, LENGTH, generator=torch.Generator().manual_seed(0)) / 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n = 2 * LENGTH
        spectrum = torch.fft.rfft(x, n=n) * torch.fft.rfft(self.kernel, n=n)
        return torch.fft.irfft(spectrum, n=n)[..., :LENGTH] * x.sigmoid()


class SelectiveScan(nn.Module):
    """A state space whose step depends on the input, as in Mamba."""

    def __init__(self) -> None:
        super().__init__()
        self.step = nn.Linear(8, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.transpose(1, 2)[:, ::6]
        step, state, states = F.softplus(self.step(x)), x.new_zeros(len(x), 8), []
        for t in range(x.shape[1]):
            state = state * torch.exp(-step[:, t]) + step[:, t] * x[:, t]
            states.append(state)
        return torch.stack(states, 1)


class CrossAttention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.decoder = nn.TransformerDecoderLayer(8, 2, 16, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.transpose(1, 2)
        return self.decoder(x, x.flip(1))


class MaskedAttention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.transpose(1, 2)
        hidden = torch.ones(LENGTH, LENGTH, dtype=torch.bool, device=x.device).triu(1)
        absent = torch.zeros(len(x), LENGTH, dtype=torch.bool, device=x.device)
        return self.attention(x, x, x, attn_mask=hidden, key_padding_mask=absent, need_weights=False)[0]


class RecurrentCell(nn.Module):
    def __init__(self, cell: nn.Module) -> None:
        super().__init__()
        self.cell = cell

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = x.new_zeros(len(x), 4)
        for t in range(0, LENGTH, 10):
            hidden = self.cell(x[..., t], hidden)
        return hidden


class BothStrands(nn.Module):
    """The same layers on a sequence and its reverse complement, the larger of both."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv1d(8, 6, 5), nn.ReLU(), nn.AdaptiveMaxPool1d(1), nn.Flatten())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.maximum(self.layers(x), self.layers(x.flip(1, 2)))


def architectures() -> dict[str, nn.Module]:
    """All of them, each to stand in the middle of the model of ``attribution_zoo``."""
    return {
        "Enformer-like block": enformer_block(),
        "Basenji-like block": basenji_block(),
        "DanQ": DanQ(),
        "both strands": BothStrands(),
        "rotary attention": Rotary(),
        "rotary by complex numbers": RotaryByComplexNumbers(),
        "Hyena": Hyena(),
        "selective scan": SelectiveScan(),
        "cross attention": CrossAttention(),
        "multi-head attention with masks": MaskedAttention(),
        "RNN cell in a loop": RecurrentCell(nn.RNNCell(8, 4)),
        "GRU cell in a loop": RecurrentCell(nn.GRUCell(8, 4)),
    }
