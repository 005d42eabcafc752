"""Compound operations in terms of simpler ones: run with the tape watching, so that each piece meets its own rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F

from nbmotif.errors import UnsupportedModel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Cell = Callable[[torch.Tensor, tuple[torch.Tensor, ...], Sequence[torch.Tensor]], tuple[torch.Tensor, ...]]

# a score that a softmax turns into exactly zero, and that unlike minus infinity can be subtracted from itself
_MASKED = -1e9


def attention(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: torch.Tensor | None = None,
    dropout_p: float = 0.0,  # noqa: ARG001  (a model that is attributed does not drop)
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> torch.Tensor:
    """``F.scaled_dot_product_attention``."""
    if enable_gqa:
        key = key.repeat_interleave(query.size(-3) // key.size(-3), -3)
        value = value.repeat_interleave(query.size(-3) // value.size(-3), -3)
    scores = torch.matmul(query * (query.size(-1) ** -0.5 if scale is None else scale), key.transpose(-2, -1))
    if is_causal:
        seen = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
        scores = scores.masked_fill(~seen, _MASKED)
    if attn_mask is not None:
        is_flag = attn_mask.dtype == torch.bool
        scores = scores.masked_fill(~attn_mask, _MASKED) if is_flag else scores + attn_mask.clamp_min(_MASKED)
    return torch.matmul(torch.softmax(scores, -1), value)


def glu(x: torch.Tensor, dim: int = -1) -> torch.Tensor:
    """``F.glu``."""
    value, gate = x.chunk(2, dim)
    return value * torch.sigmoid(gate)


def variance(
    x: torch.Tensor,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> torch.Tensor:
    """``torch.var`` in all its call forms."""
    if isinstance(dim, bool):
        unbiased, dim = dim, None
    lost = (1 if unbiased is None else int(unbiased)) if correction is None else correction
    dims = tuple(range(x.dim())) if dim is None else tuple(dim) if isinstance(dim, (tuple, list)) else (dim,)
    centred = x - x.mean(dims, keepdim=True)
    n = 1
    for d in dims:
        n *= x.size(d)
    return (centred * centred).sum(dims, keepdim=keepdim) / (n - lost)


def standard_deviation(x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
    """``torch.std``."""
    return torch.sqrt(variance(x, *args, **kwargs))


def vector_norm(
    x: torch.Tensor,
    p: float | str | None = 2,
    dim: Any = None,
    keepdim: bool = False,
    dtype: torch.dtype | None = None,  # noqa: ARG001
    **named: Any,
) -> torch.Tensor:
    """``torch.norm`` and ``torch.linalg.vector_norm``."""
    power = named.get("ord", p)
    power = 2 if power in ("fro", None) else power
    dims = tuple(range(x.dim())) if dim is None else dim
    if power == float("inf"):
        return x.abs().amax(dims, keepdim=keepdim)
    if not isinstance(power, (int, float)) or power <= 0:
        msg = f"a norm of order {power!r} has no DeepLIFT rule"
        raise UnsupportedModel(msg)
    return torch.pow(torch.pow(torch.abs(x), power).sum(dims, keepdim=keepdim), 1 / power)


def greater(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """``torch.maximum``."""
    return b + torch.relu(a - b)


def lesser(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """``torch.minimum``."""
    return b - torch.relu(b - a)


def power(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Compute ``a ** b`` where both depend on the sequences."""
    return torch.exp(b * torch.log(a))


def log_add_exp(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """``torch.logaddexp``."""
    zeros = torch.zeros_like(a - b)
    return torch.logsumexp(torch.stack([a + zeros, b + zeros]), 0)


def clamp(x: torch.Tensor, min: Any = None, max: Any = None) -> torch.Tensor:  # noqa: A002  (torch's names)
    """``torch.clamp`` between bounds that depend on the sequences."""
    low = x if min is None else greater(x, min)
    return low if max is None else lesser(low, max)


def clamp_max(x: torch.Tensor, max: torch.Tensor) -> torch.Tensor:  # noqa: A002  (torch's name)
    """``torch.clamp_max``."""
    return lesser(x, max)


def both_extremes(x: torch.Tensor, *, dim: int | None = None, keepdim: bool = False) -> tuple[torch.Tensor, ...]:
    """``torch.aminmax``."""
    over: tuple[int, ...] = () if dim is None else (dim,)
    extremes: tuple[torch.Tensor, ...] = torch.return_types.aminmax((x.amin(over, keepdim), x.amax(over, keepdim)))
    return extremes


def modulus(z: torch.Tensor) -> torch.Tensor:
    """``torch.abs`` of complex numbers."""
    both = torch.view_as_real(z)
    return torch.sqrt((both * both).sum(-1))


def floor_quotient(a: Any, b: Any) -> torch.Tensor:
    """``torch.floor_divide``."""
    return torch.floor(a / b)


def floored_remainder(a: Any, b: Any) -> Any:
    """``torch.remainder``."""
    return a - torch.floor(a / b) * b


def truncated_remainder(a: Any, b: Any) -> Any:
    """``torch.fmod``."""
    return a - torch.trunc(a / b) * b


def hypotenuse(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """``torch.hypot``."""
    return torch.sqrt(a * a + b * b)


def lstm(
    x: torch.Tensor,
    hidden: Sequence[torch.Tensor],
    weights: Sequence[torch.Tensor],
    has_bias: bool,
    n_layers: int,
    dropout: float,  # noqa: ARG001
    train: bool,  # noqa: ARG001
    is_bidirectional: bool,
    batch_first: bool,
) -> tuple[torch.Tensor, ...]:
    """``nn.LSTM``, projections included."""
    return _recurrent(_lstm_cell, x, hidden, weights, has_bias, n_layers, is_bidirectional, batch_first)


def gru(x: torch.Tensor, hidden: torch.Tensor, *settings: Any) -> tuple[torch.Tensor, ...]:
    """``nn.GRU``."""
    return _single_state(_gru_cell, x, hidden, *settings)


def rnn_tanh(x: torch.Tensor, hidden: torch.Tensor, *settings: Any) -> tuple[torch.Tensor, ...]:
    """``nn.RNN`` with tanh."""
    return _single_state(_tanh_cell, x, hidden, *settings)


def rnn_relu(x: torch.Tensor, hidden: torch.Tensor, *settings: Any) -> tuple[torch.Tensor, ...]:
    """``nn.RNN`` with ReLU."""
    return _single_state(_relu_cell, x, hidden, *settings)


def lstm_cell(x: torch.Tensor, hidden: Sequence[torch.Tensor], *weights: Any) -> tuple[torch.Tensor, ...]:
    """``nn.LSTMCell``."""
    return _lstm_cell(F.linear(x, weights[0], weights[2]), tuple(hidden), [weights[1], weights[3]])


def gru_cell(x: torch.Tensor, hidden: torch.Tensor, *weights: Any) -> torch.Tensor:
    """``nn.GRUCell``."""
    return _gru_cell(F.linear(x, weights[0], weights[2]), (hidden,), [weights[1], weights[3]])[0]


def _single_state(
    cell: Cell,
    x: torch.Tensor,
    hidden: torch.Tensor,
    weights: Sequence[torch.Tensor],
    has_bias: bool,
    n_layers: int,
    dropout: float,  # noqa: ARG001
    train: bool,  # noqa: ARG001
    is_bidirectional: bool,
    batch_first: bool,
) -> tuple[torch.Tensor, ...]:
    return _recurrent(cell, x, (hidden,), weights, has_bias, n_layers, is_bidirectional, batch_first)


def _recurrent(
    cell: Cell,
    x: torch.Tensor,
    hidden: Sequence[torch.Tensor],
    weights: Sequence[torch.Tensor],
    has_bias: bool,
    n_layers: int,
    is_bidirectional: bool,
    batch_first: bool,
) -> tuple[torch.Tensor, ...]:
    """Unroll a recurrent network step by step: x (L, B, E), or (B, L, E) where the batch comes first."""
    if not isinstance(weights, (list, tuple)):
        msg = "recurrent networks on packed sequences cannot be attributed: pass padded tensors of one length"
        raise UnsupportedModel(msg)
    x = x.transpose(0, 1) if batch_first else x
    n_directions = 2 if is_bidirectional else 1
    per_pass = len(weights) // (n_layers * n_directions)
    last: list[tuple[torch.Tensor, ...]] = []
    for layer in range(n_layers):
        outputs = []
        for direction in range(n_directions):
            k = layer * n_directions + direction
            own = weights[k * per_pass : (k + 1) * per_pass]
            projected = F.linear(x, own[0], own[2] if has_bias else None)
            recurrent = [own[1], own[3] if has_bias else None, *own[4 if has_bias else 2 :]]
            state = tuple(h[k] for h in hidden)
            steps: list[Any] = [None] * x.size(0)
            for t in range(x.size(0)) if direction == 0 else range(x.size(0) - 1, -1, -1):
                state = cell(projected[t], state, recurrent)
                steps[t] = state[0]
            outputs.append(torch.stack(steps))
            last.append(state)
        x = torch.cat(outputs, -1) if is_bidirectional else outputs[0]
    finals = tuple(torch.stack([state[i] for state in last]) for i in range(len(last[0])))
    return (x.transpose(0, 1) if batch_first else x, *finals)


def _lstm_cell(
    gates: torch.Tensor, state: tuple[torch.Tensor, ...], weights: Sequence[torch.Tensor]
) -> tuple[torch.Tensor, ...]:
    into, forget, candidate, out = (gates + F.linear(state[0], weights[0], weights[1])).chunk(4, -1)
    cell = torch.sigmoid(forget) * state[1] + torch.sigmoid(into) * torch.tanh(candidate)
    hidden = torch.sigmoid(out) * torch.tanh(cell)
    return (hidden if len(weights) == 2 else F.linear(hidden, weights[2])), cell


def _gru_cell(
    gates: torch.Tensor, state: tuple[torch.Tensor, ...], weights: Sequence[torch.Tensor]
) -> tuple[torch.Tensor, ...]:
    x_reset, x_update, x_new = gates.chunk(3, -1)
    h_reset, h_update, h_new = F.linear(state[0], weights[0], weights[1]).chunk(3, -1)
    update = torch.sigmoid(x_update + h_update)
    new = torch.tanh(x_new + torch.sigmoid(x_reset + h_reset) * h_new)
    return (new * (1 - update) + update * state[0],)


def _tanh_cell(
    gates: torch.Tensor, state: tuple[torch.Tensor, ...], weights: Sequence[torch.Tensor]
) -> tuple[torch.Tensor, ...]:
    return (torch.tanh(gates + F.linear(state[0], weights[0], weights[1])),)


def _relu_cell(
    gates: torch.Tensor, state: tuple[torch.Tensor, ...], weights: Sequence[torch.Tensor]
) -> tuple[torch.Tensor, ...]:
    return (torch.relu(gates + F.linear(state[0], weights[0], weights[1])),)
