"""How a model is computed: with which inputs, on which device and in which precision."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import torch

from nbmotif.arguments import check_whole
from nbmotif.borrowing import modules_of
from nbmotif.encoding import as_dtype, as_tensor, describe, shape_hint
from nbmotif.errors import InvalidArgument

if TYPE_CHECKING:
    import numpy.typing as npt

Model: TypeAlias = Callable[..., Any]
BATCH_SIZE = 32  # where nothing is known that says better
Arrays: TypeAlias = "torch.Tensor | npt.NDArray[Any]"


def check_inputs(X: Arrays, args: Sequence[Arrays] | None) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
    """Check the shapes of what is given to a model, and turn arrays into tensors, whose own gradients are not asked."""
    X = as_tensor(X, "X")
    if X.ndim != 3 or X.shape[1] != 4 or 0 in X.shape:
        raise InvalidArgument("X", describe(X), "sequences of shape (N, 4, L)", shape_hint(X, "X"))
    if args is not None and not isinstance(args, (tuple, list)):
        raise InvalidArgument("args", type(args).__name__, "a tuple or list of inputs", "Pass args=(control,).")
    extra = tuple(as_tensor(arg, f"args[{i}]").detach() for i, arg in enumerate(args or ()))
    for i, arg in enumerate(extra):
        if arg.ndim == 0 or len(arg) != len(X):
            raise InvalidArgument(
                f"args[{i}]", describe(arg), f"a tensor with a row for each of the {len(X)} sequences"
            )
    return X.detach(), extra


def check_batch_size(batch_size: int | None) -> int | None:
    """Take a number of sequences per forward pass; None leaves it to the call."""
    return None if batch_size is None else check_whole(batch_size, "batch_size", least=1)


def resolve_device(device: torch.device | str | None) -> torch.device:
    """Take a device as asked for, and CUDA or else the CPU where nothing was."""
    if device is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        place = torch.device(device)
    except (RuntimeError, TypeError) as error:
        raise InvalidArgument("device", repr(device), 'a torch device, such as "cpu" or "cuda"') from error
    # on "meta" a model would lose its weights
    is_there: dict[str, Callable[[], bool]] = {
        "meta": bool,
        "cuda": torch.cuda.is_available,
        "mps": torch.backends.mps.is_available,
    }
    if not is_there.get(place.type, lambda: True)():
        what = "GPU" if place.type in {"cuda", "mps"} else "such device"
        hint = f"There is no {what} here, or this torch was built without it. Leave `device` out for what there is."
        raise InvalidArgument("device", repr(str(place)), "a device that this torch can compute on", hint)
    return place


def model_dtype(model: Model) -> torch.dtype:
    """Dtype of a model's parameters; float32 for a model that has none."""
    return _parameter_dtype(model) or torch.float32


def _parameter_dtype(model: Model) -> torch.dtype | None:
    parameters = (p for module in modules_of(model) for p in module.parameters())
    return next((p.dtype for p in parameters if p.is_floating_point()), None)


def compute_dtype(model: Model, asked: torch.dtype | str | None) -> torch.dtype:
    """Read the argument ``dtype`` of what predicts: the model's own, or a lower one; any, of a model without one."""
    return own_or_lower(asked, _parameter_dtype(model))


def own_or_lower(asked: torch.dtype | str | None, own: torch.dtype | None, *others: str) -> torch.dtype:
    """Read a precision: a model's own, which None means, or one of fewer bits; any, of a model without its own."""
    dtype = own or torch.float32 if asked is None else as_dtype(asked)
    is_own_or_lower = own is None or dtype == own or dtype.itemsize < own.itemsize
    if not (dtype.is_floating_point and is_own_or_lower):
        choices = [f"the model's own, {own}", "a lower one", *others]
        expected = "a floating-point dtype" if own is None else ", ".join(choices[:-1]) + ", or " + choices[-1]
        raise InvalidArgument("dtype", dtype, expected, "Convert the model, as in model.double().")
    return dtype


def to_device(t: torch.Tensor, device: torch.device, dtype: torch.dtype) -> torch.Tensor:
    """Copy a batch to a device in the compute dtype; integers and flags keep theirs unless they are sequences.

    Always a copy, since a model may write into its inputs.
    """
    is_index = t.dtype in {torch.int32, torch.int64, torch.bool} and t.ndim < 3
    return t.to(device, t.dtype if is_index else dtype, copy=True)


def precision(device: torch.device, compute: torch.dtype, own: torch.dtype) -> contextlib.AbstractContextManager[Any]:
    """Compute by autocast if what is asked for is lower than the model's own precision."""
    is_lower = compute.is_floating_point and compute.itemsize < own.itemsize
    return torch.autocast(device.type, compute) if is_lower else contextlib.nullcontext()
