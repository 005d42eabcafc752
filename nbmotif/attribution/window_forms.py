"""Windowed forms of torch's operations: the interval of the result that an edit can reach, from that of the operand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F

from nbmotif.attribution.calls import words
from nbmotif.attribution.rules import ELEMENTWISE

if TYPE_CHECKING:
    from collections.abc import Callable

    # (kept result, torch's function, operands with windows among them) -> window, result in full, or None: no such form
    Form = Callable[..., "Window | Flattened | torch.Tensor | None"]


@dataclass(frozen=True, slots=True)
class Window:
    """``base`` of shape (N, C, L), except for ``values`` of shape (N, C, w) from ``start`` on."""

    base: torch.Tensor
    start: int
    values: torch.Tensor

    @property
    def width(self) -> int:
        """How many positions differ from the base, at most."""
        return int(self.values.shape[-1])

    @property
    def length(self) -> int:
        """Of the whole tensor's last axis."""
        return int(self.base.shape[-1])

    def old(self) -> torch.Tensor:
        """Return what the base has where the values are."""
        return self.base[..., self.start : self.start + self.width]

    def region(self, first: int, width: int, fill: float = 0.0) -> torch.Tensor:
        """Values in [first, first + width), newly allocated, with ``fill`` where that is outside of the tensor."""
        low, high = max(first, 0), min(first + width, self.length)
        cut = self.base[..., low:high]
        outside = low > first or high < first + width
        whole = F.pad(cut, (low - first, first + width - high), value=fill) if outside else cut.clone()
        a, b = max(self.start, low), min(self.start + self.width, high)
        if b > a:
            whole[..., a - first : b - first] = self.values[..., a - self.start : b - self.start]
        return whole

    def dense(self) -> torch.Tensor:
        """Return the whole tensor."""
        return self.region(0, self.length)


@dataclass(frozen=True, slots=True)
class Flattened:
    """A window whose channels and positions were flattened into one axis."""

    window: Window

    def dense(self) -> torch.Tensor:
        """Return the whole tensor, shape (N, C * L)."""
        return self.window.dense().flatten(1)


def _one(value: Any) -> Any:
    return value[0] if isinstance(value, (tuple, list)) else value


def _slide(
    base: torch.Tensor, x: Window, kernel: int, stride: int, padding: int, dilation: int, fill: float, run: Any
) -> Window:
    """Convolution and pooling: results from ceil((start + p - k + 1) / s) to floor((end - 1 + p) / s), k dilated."""
    reach = dilation * (kernel - 1) + 1
    first = max(-((reach - 1 - x.start - padding) // stride), 0)
    last = min((x.start + x.width - 1 + padding) // stride, base.shape[-1] - 1)
    if x.width == 0 or last < first:
        return Window(base, 0, base[..., :0])
    width = last - first + 1
    return Window(base, first, run(x.region(first * stride - padding, (width - 1) * stride + reach, fill)))


def _conv1d(
    base: torch.Tensor,
    function: Any,  # noqa: ARG001
    x: Any,
    weight: torch.Tensor,
    bias: torch.Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Window | None:
    stride, dilation = _one(stride), _one(dilation)
    if not isinstance(x, Window) or not isinstance(weight, torch.Tensor):
        return None
    total = dilation * (weight.shape[-1] - 1)
    left = {"valid": 0, "same": total // 2}[padding] if isinstance(padding, str) else _one(padding)
    return _slide(
        base, x, weight.shape[-1], stride, left, dilation, 0.0,
        lambda z: F.conv1d(z, weight, bias, stride, 0, dilation, groups),
    )  # fmt: skip


def _max_pool1d(
    base: torch.Tensor,
    function: Any,  # noqa: ARG001
    x: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Window | None:
    if not isinstance(x, Window) or ceil_mode or return_indices:
        return None
    kernel, dilation = _one(kernel_size), _one(dilation)
    step = _one(stride) if stride not in (None, [], ()) else kernel
    return _slide(
        base, x, kernel, step, _one(padding), dilation, float("-inf"),
        lambda z: F.max_pool1d(z, kernel, step, 0, dilation),
    )  # fmt: skip


def _avg_pool1d(
    base: torch.Tensor,
    function: Any,  # noqa: ARG001
    x: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Window | None:
    if not isinstance(x, Window) or ceil_mode or not (count_include_pad or _one(padding) == 0):
        return None
    kernel = _one(kernel_size)
    step = _one(stride) if stride not in (None, [], ()) else kernel
    return _slide(base, x, kernel, step, _one(padding), 1, 0.0, lambda z: F.avg_pool1d(z, kernel, step, 0))


def _pointwise(base: torch.Tensor, function: Any, *operands: Any, **options: Any) -> Window | None:
    """Anything that works position by position; other operands are cut to the window, or broadcast along it."""
    windows = [value for value in operands if isinstance(value, Window)]
    if not windows or any(w.base.shape[-1] != base.shape[-1] or w.base.ndim != base.ndim for w in windows):
        return None
    first = min(w.start for w in windows)
    width = max(w.start + w.width for w in windows) - first

    def cut(value: Any) -> Any:
        if isinstance(value, Window):
            return value.region(first, width)
        if isinstance(value, torch.Tensor) and value.ndim and value.shape[-1] == base.shape[-1] > 1:
            return value[..., first : first + width]
        return value

    return Window(base, first, function(*(cut(value) for value in operands), **options))


def _by_channel(base: torch.Tensor, function: Any, x: Any, *others: Any, **options: Any) -> Window | None:
    """Position by position, with operands that belong to channels: batch norm, PReLU."""
    if not isinstance(x, Window) or x.base.ndim < 3:
        return None
    return Window(base, x.start, function(x.values.clone(), *others, **options))


def _getitem(base: torch.Tensor, function: Any, x: Any, index: Any) -> Window | None:  # noqa: ARG001
    index = index if isinstance(index, tuple) else (index,)
    if not isinstance(x, Window) or not all(isinstance(i, slice) or i is Ellipsis for i in index):
        return None
    if Ellipsis in index:
        at = index.index(Ellipsis)
        index = (*index[:at], *[slice(None)] * (x.base.ndim - len(index) + 1), *index[at + 1 :])
    index = (*index, *[slice(None)] * (x.base.ndim - len(index)))
    if len(index) != x.base.ndim or index[0] != slice(None) or index[-1].step not in (None, 1):
        return None
    low, high, _ = index[-1].indices(x.length)
    a, b = max(x.start, low), min(x.start + x.width, high)
    values = x.values[(*index[:-1], slice(a - x.start, max(a, b) - x.start))]
    return Window(base, a - low if b > a else 0, values if b > a else base[..., :0])


def _cat(base: torch.Tensor, function: Any, parts: Any, dim: int = 0) -> Window | None:
    if dim % base.ndim in {0, base.ndim - 1} or not all(isinstance(p, (Window, torch.Tensor)) for p in parts):
        return None
    windows = [p for p in parts if isinstance(p, Window)]
    first = min(w.start for w in windows)
    width = max(w.start + w.width for w in windows) - first
    cut = [p.region(first, width) if isinstance(p, Window) else p[..., first : first + width] for p in parts]
    return Window(base, first, function(cut, dim))


def _total(base: torch.Tensor, x: Window, divisor: int, is_kept: bool) -> torch.Tensor:
    # in float64: the base's sum and the change may cancel
    change = (x.values.sum(-1, dtype=torch.float64) - x.old().sum(-1, dtype=torch.float64)) / divisor
    return (base.double() + (change.unsqueeze(-1) if is_kept else change)).to(base.dtype)


def _is_last(dim: Any, x: Window) -> bool:
    dims = dim if isinstance(dim, (tuple, list)) else (dim,)
    return len(dims) == 1 and dims[0] is not None and dims[0] % x.base.ndim == x.base.ndim - 1


def _sum(base: torch.Tensor, function: Any, x: Any, dim: Any = None, keepdim: bool = False, **options: Any) -> Any:  # noqa: ARG001
    return _total(base, x, 1, keepdim) if isinstance(x, Window) and _is_last(dim, x) and not options else None


def _mean(base: torch.Tensor, function: Any, x: Any, dim: Any = None, keepdim: bool = False, **options: Any) -> Any:  # noqa: ARG001
    return _total(base, x, x.length, keepdim) if isinstance(x, Window) and _is_last(dim, x) and not options else None


def _global_average(base: torch.Tensor, function: Any, x: Any, output_size: Any) -> torch.Tensor | None:  # noqa: ARG001
    return _total(base, x, x.length, True) if isinstance(x, Window) and _one(output_size) == 1 else None


def _flatten(base: torch.Tensor, function: Any, x: Any, *shape: Any, **named: Any) -> Flattened | None:  # noqa: ARG001
    is_flat = isinstance(x, Window) and x.base.ndim == 3 and base.ndim == 2 and base.shape[0] == x.base.shape[0]
    return Flattened(x) if is_flat else None


def _linear(
    base: torch.Tensor,
    function: Any,  # noqa: ARG001
    x: Any,
    weight: Any,
    bias: torch.Tensor | None = None,  # noqa: ARG001  (it is in the base)
) -> torch.Tensor | None:
    if not isinstance(x, Flattened) or not isinstance(weight, torch.Tensor):
        return None
    window = x.window
    _, channels, length = window.base.shape
    columns = weight.view(-1, channels, length)[..., window.start : window.start + window.width]
    return base + (window.values - window.old()).flatten(1) @ columns.flatten(1).T


FORMS: dict[str, Form] = {
    **dict.fromkeys(ELEMENTWISE - words("prelu indicator"), _pointwise),
    **dict.fromkeys(
        words("add clone contiguous div double dropout dropout1d float mul neg rdiv rsub sub to"),
        _pointwise,
    ),
    "__getitem__": _getitem,
    "adaptive_avg_pool1d": _global_average,
    "avg_pool1d": _avg_pool1d,
    "batch_norm": _by_channel,
    "cat": _cat,
    "conv1d": _conv1d,
    "flatten": _flatten,
    "linear": _linear,
    "max_pool1d": _max_pool1d,
    "mean": _mean,
    "prelu": _by_channel,
    "relu": _pointwise,
    "reshape": _flatten,
    "sum": _sum,
    "view": _flatten,
}
