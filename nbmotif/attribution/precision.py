"""Precision: which products are computed in fewer bits than the model's own, and that float32 means float32."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.utils._pytree import tree_leaves, tree_map_only

from nbmotif.attribution.calls import names_in
from nbmotif.borrowing import Shared
from nbmotif.compute import own_or_lower

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# where nearly all the time goes, and what accelerators have units for; the rules themselves keep the model's precision
PRODUCTS = names_in(
    """addbmm addmm baddbmm bmm conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d einsum linear
    matmul mm rmatmul"""
)
TF32 = "tf32"


class Precision(NamedTuple):
    """``low``: the dtype of products, if it is not the model's. ``is_exact``: whether TF32 is kept out of float32."""

    low: torch.dtype | None = None
    is_exact: bool = True

    @property
    def reduced(self) -> str:
        """The name of a precision below the model's own; empty if it is the model's."""
        return TF32 if not self.is_exact else "" if self.low is None else str(self.low)

    def hold(self, device: torch.device) -> contextlib.AbstractContextManager[None]:
        """Keep TF32 out for as long as the context lasts, unless it was asked for."""
        return exact_float32(device) if self.is_exact else contextlib.nullcontext()

    @classmethod
    def of(cls, asked: torch.dtype | str | None, own: torch.dtype) -> Precision:
        """Read the argument ``dtype`` of :func:`nbmotif.deep_lift_shap`."""
        if isinstance(asked, str) and asked == TF32:
            return cls(is_exact=False)
        dtype = own_or_lower(asked, own, repr(TF32))
        return cls() if dtype == own else cls(dtype)


def lowered(function: Callable[..., Any], dtype: torch.dtype) -> Callable[..., Any]:
    """Compute a product of tensors in another dtype, and return it in that of the operands."""

    def cast(t: torch.Tensor) -> torch.Tensor:
        return t.to(dtype) if t.is_floating_point() else t

    def run(*args: Any, **kwargs: Any) -> Any:
        own = next(
            t.dtype for t in tree_leaves((args, kwargs)) if isinstance(t, torch.Tensor) and t.is_floating_point()
        )
        args, kwargs = tree_map_only(torch.Tensor, cast, (args, kwargs))
        return function(*args, **kwargs).to(own)

    return run


@contextlib.contextmanager
def _without_tf32() -> Iterator[None]:
    cudnn: Any = torch.backends.cudnn
    cublas: Any = torch.backends.cuda.matmul
    try:
        before = [(place, "allow_tf32", True) for place in (cudnn, cublas) if place.allow_tf32]
        exact: object = False
    except RuntimeError:  # they were set by torch's newer names, after which it does not tell them by the older ones
        before = [(place, "fp32_precision", place.fp32_precision) for place in (cudnn.conv, cudnn.rnn, cublas)]
        exact = "ieee"
    try:
        for place, name, _ in before:
            setattr(place, name, exact)
        yield
    finally:
        for place, name, value in before:
            setattr(place, name, value)


_held_exact = Shared(_without_tf32)


def exact_float32(device: torch.device) -> contextlib.AbstractContextManager[None]:
    """Keep cuDNN and cuBLAS from computing in TF32, whose 10 bits are an error larger than most attributions."""
    return _held_exact() if device.type == "cuda" else contextlib.nullcontext()
