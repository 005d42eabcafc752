"""Windowed forms of torch's operations: which interval of the result an edit reaches, and from what it is computed."""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
import torch.nn.functional as F
from torch.utils._pytree import tree_unflatten

from nbmotif.attribution.calls import names_in
from nbmotif.attribution.devices import widest
from nbmotif.attribution.rules import ELEMENTWISE
from nbmotif.attribution.window_graph import EMPTY, Operation, hull

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbmotif.attribution.window_graph import Frame, Span

    # (the result at the sequences, torch's function, operands with ports among them) -> the form, None if it has none
    Factory: TypeAlias = Callable[..., "Form | None"]


@dataclass(frozen=True, slots=True)
class Port:
    """A result as other operations see it: the node, its base if it is a window, its leaf if it is one of several."""

    node: int
    base: torch.Tensor | None
    leaf: int | None = None
    is_flat: bool = False

    @property
    def length(self) -> int:
        """Of a window's last axis."""
        assert self.base is not None
        return int(self.base.shape[-1])

    @property
    def ndim(self) -> int:
        """How many axes a window has."""
        assert self.base is not None
        return self.base.ndim

    def read(self, frame: Frame) -> Any:
        """All of it."""
        value: Any = frame.value(self.node)
        if self.is_flat:
            return value.flatten(1)
        return value if self.leaf is None else value[self.leaf]


@dataclass(frozen=True, slots=True)
class Form:
    """An operation with its operands; the result is a window, a flattened one, or a value."""

    operation: Operation
    ports: tuple[Port, ...]
    is_window: bool = True
    is_flat: bool = False


def is_window(value: Any) -> bool:
    """Tell whether an operand is a window that still has its channels and positions apart."""
    return isinstance(value, Port) and value.base is not None and not value.is_flat


# what a factory is told of a call that writes over its first operand
WRITES = "(writes)"


def _one(value: Any) -> Any:
    return value[0] if isinstance(value, (tuple, list)) else value


def _hull(spans: Sequence[Span]) -> Span:
    return functools.reduce(hull, spans, EMPTY)


def _nowhere(spans: Sequence[Span]) -> Span:  # noqa: ARG001  (a value has no positions)
    return EMPTY


def _same(span: Span, spans: Sequence[Span]) -> Sequence[Span]:
    return [span] * len(spans)


def _changed(span: Span, spans: Sequence[Span]) -> Sequence[Span]:  # noqa: ARG001
    return spans


def _everything(span: Span, spans: Sequence[Span]) -> Sequence[Span]:  # noqa: ARG001
    return [(0, sys.maxsize)] * len(spans)


def dense(flat: Sequence[Any], tree: Any, function: Callable[..., Any], writes: bool) -> Form:
    """Any operation, on all of its operands, given as flattened arguments with ports among them."""

    def run(span: Span, frame: Frame) -> Any:  # noqa: ARG001
        args, kwargs = tree_unflatten([v.read(frame) if isinstance(v, Port) else v for v in flat], tree)
        if not writes:
            return function(*args, **kwargs)
        written = args[0].clone()
        function(written, *args[1:], **kwargs)
        return written

    ports = tuple(value for value in flat if isinstance(value, Port))
    return Form(Operation(_nowhere, _everything, run), ports, is_window=False)


def _slide(
    base: torch.Tensor,
    x: Port,
    kernel: int,
    stride: int,
    padding: int,
    dilation: int,
    fill: float,
    function: Callable[[torch.Tensor], torch.Tensor],
) -> Form:
    """Convolution and pooling: results from ceil((start + p - k + 1) / s) to floor((end - 1 + p) / s), k dilated."""
    extent, length = dilation * (kernel - 1) + 1, base.shape[-1]

    def reach(spans: Sequence[Span]) -> Span:
        ((start, end),) = spans
        first = max(-((extent - 1 - start - padding) // stride), 0)
        return (first, min((end - 1 + padding) // stride, length - 1) + 1) if start < end else EMPTY

    def wants(span: Span, spans: Sequence[Span]) -> Sequence[Span]:  # noqa: ARG001
        first = span[0] * stride - padding
        return [(first, first + (span[1] - span[0] - 1) * stride + extent)]

    def run(span: Span, frame: Frame) -> torch.Tensor:
        return function(frame.region(x.node, wants(span, ())[0], fill))

    return Form(Operation(reach, wants, run), (x,))


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
) -> Form | None:
    stride, dilation = _one(stride), _one(dilation)
    if not is_window(x) or not isinstance(weight, torch.Tensor):
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
) -> Form | None:
    if not is_window(x) or ceil_mode or return_indices:
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
) -> Form | None:
    if not is_window(x) or ceil_mode or not (count_include_pad or _one(padding) == 0):
        return None
    kernel = _one(kernel_size)
    step = _one(stride) if stride not in (None, [], ()) else kernel
    return _slide(base, x, kernel, step, _one(padding), 1, 0.0, lambda z: F.avg_pool1d(z, kernel, step, 0))


def _by_position(
    base: torch.Tensor, function: Any, operands: Sequence[Any], options: dict[str, Any], cuts: bool
) -> Form:
    """Anything that works position by position; with ``cuts``, constants as long as it are cut to the interval."""
    writes, length = options.pop(WRITES, False), base.shape[-1]

    def cut(value: Any, span: Span, frame: Frame) -> Any:
        if isinstance(value, Port):
            return frame.region(value.node, span)
        is_long = cuts and isinstance(value, torch.Tensor) and value.ndim and value.shape[-1] == length > 1
        return value[..., span[0] : span[1]] if is_long else value

    def run(span: Span, frame: Frame) -> Any:
        given = [cut(value, span, frame) for value in operands]
        if writes:
            given[0] = given[0].clone()
        return function(*given, **options)

    return Form(Operation(_hull, _same, run), tuple(value for value in operands if isinstance(value, Port)))


def _pointwise(base: torch.Tensor, function: Any, *operands: Any, **options: Any) -> Form | None:
    for port in operands:
        if isinstance(port, Port) and (not is_window(port) or port.ndim != base.ndim or port.length != base.shape[-1]):
            return None
    return _by_position(base, function, operands, options, cuts=True)


def _by_channel(base: torch.Tensor, function: Any, x: Any, *others: Any, **options: Any) -> Form | None:
    """Position by position, with operands that belong to channels: batch norm, PReLU."""
    if not is_window(x) or x.ndim < 3 or any(isinstance(value, Port) for value in others):
        return None
    return _by_position(base, function, (x, *others), options, cuts=False)


def _getitem(base: torch.Tensor, function: Any, x: Any, index: Any) -> Form | None:  # noqa: ARG001
    """Slices and single places of any axis but that of the sequences."""
    places: list[Any] = list(index) if isinstance(index, tuple) else [index]
    if not is_window(x) or not all(isinstance(i, (slice, int)) or i is Ellipsis for i in places):
        return None
    at = places.index(Ellipsis) if Ellipsis in places else len(places)
    places[at : at + 1] = [slice(None)] * (x.ndim - len(places[:at]) - len(places[at + 1 :]))
    last, node, before = places[-1], x.node, tuple(places[:-1])
    if before[0] != slice(None) or (isinstance(last, slice) and last.step not in (None, 1)):
        return None
    if isinstance(last, int):
        span = last % x.length, last % x.length + 1
        place = Operation(_nowhere, lambda *_: [span], lambda _, frame: frame.region(node, span)[(*before, ..., 0)])
        return Form(place, (x,), is_window=False)
    low, length = last.indices(x.length)[0], base.shape[-1]
    crop = Operation(
        lambda spans: (max(spans[0][0] - low, 0), min(spans[0][1] - low, length)),
        lambda span, _: [(span[0] + low, span[1] + low)],
        lambda span, frame: frame.region(node, (span[0] + low, span[1] + low))[before],
    )
    return Form(crop, (x,))


def _cat(base: torch.Tensor, function: Any, parts: Any, dim: int = 0) -> Form | None:
    if dim % base.ndim in {0, base.ndim - 1}:
        return None
    if not all(is_window(p) or isinstance(p, torch.Tensor) for p in parts):
        return None

    def run(span: Span, frame: Frame) -> Any:
        cut = [frame.region(p.node, span) if isinstance(p, Port) else p[..., span[0] : span[1]] for p in parts]
        return function(cut, dim)

    return Form(Operation(_hull, _same, run), tuple(p for p in parts if isinstance(p, Port)))


def _over_positions(base: torch.Tensor, x: Any, dim: Any, keepdim: bool, is_mean: bool) -> Form | None:
    """Sum or mean: that of the sequences, and what the interval that differs changes of it."""
    dims = dim if isinstance(dim, (tuple, list)) else (dim,)
    if not is_window(x) or len(dims) != 1 or dims[0] is None or dims[0] % x.ndim != x.ndim - 1:
        return None
    divisor = x.length if is_mean else 1

    def run(_: Span, frame: Frame) -> torch.Tensor:
        low, high = frame.spans[x.node]
        if low >= high:
            return frame.spread(base)
        old, new = frame.base(x.node)[..., low:high], frame.region(x.node, (low, high))
        # the sums in float64, the adding up not: torch would copy every value
        before, after = (widest(t.sum(-1, keepdim=keepdim)) for t in (old, new))
        return (frame.spread(widest(base) - before / divisor) + after / divisor).to(base.dtype)

    return Form(Operation(_nowhere, _changed, run), (x,), is_window=False)


def _sum(base: torch.Tensor, function: Any, x: Any, dim: Any = None, keepdim: bool = False, **options: Any) -> Any:  # noqa: ARG001
    return None if options else _over_positions(base, x, dim, keepdim, is_mean=False)


def _mean(base: torch.Tensor, function: Any, x: Any, dim: Any = None, keepdim: bool = False, **options: Any) -> Any:  # noqa: ARG001
    return None if options else _over_positions(base, x, dim, keepdim, is_mean=True)


def _global_average(base: torch.Tensor, function: Any, x: Any, output_size: Any) -> Form | None:  # noqa: ARG001
    return _over_positions(base, x, -1, keepdim=True, is_mean=True) if _one(output_size) == 1 else None


def _flatten(base: torch.Tensor, function: Any, x: Any, *shape: Any, **named: Any) -> Form | None:  # noqa: ARG001
    """Into one axis of channels and positions, which stay apart until somebody reads all of them."""
    if not is_window(x) or x.ndim != 3 or base.ndim != 2:
        return None
    return Form(Operation(_hull, _same, lambda span, frame: frame.region(x.node, span)), (x,), is_flat=True)


def _linear(
    base: torch.Tensor,
    function: Any,  # noqa: ARG001
    x: Any,
    weight: Any,
    bias: torch.Tensor | None = None,  # noqa: ARG001  (it is in the base)
) -> Form | None:
    """Over flattened channels and positions, of which the columns of the interval that differs count."""
    if not isinstance(x, Port) or not x.is_flat or not isinstance(weight, torch.Tensor):
        return None

    def run(_: Span, frame: Frame) -> torch.Tensor:
        low, high = frame.spans[x.node]
        if low >= high:
            return frame.spread(base)
        old = frame.base(x.node)
        change = frame.region(x.node, (low, high)) - frame.spread(old[..., low:high])
        columns = weight.view(-1, *old.shape[1:])[..., low:high]
        return frame.spread(base) + change.flatten(1) @ columns.flatten(1).T

    return Form(Operation(_nowhere, _changed, run), (x,), is_window=False)


FORMS: dict[str, Factory] = {
    **dict.fromkeys(ELEMENTWISE - names_in("prelu indicator"), _pointwise),
    **dict.fromkeys(
        names_in("add clone contiguous div double dropout dropout1d float mul neg rdiv rsub sub to"),
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
