"""Run a PyTorch model and hand it back untouched: predictions in batches, an audit of its operations."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch

from nbmotif.arguments import check_whole
from nbmotif.borrowing import borrowed, modules_of
from nbmotif.encoding import as_dtype, as_tensor, describe, shape_hint
from nbmotif.errors import InvalidArgument, UnsupportedModel
from nbmotif.progress import Progress
from nbmotif.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt
    import pandas as pd

    Model: TypeAlias = Callable[..., Any]
    Arrays: TypeAlias = torch.Tensor | npt.NDArray[Any]
    Target: TypeAlias = int | tuple[int, ...] | Callable[[Any], Any]


def predict(
    model: Model,
    X: Arrays,
    args: Sequence[Arrays] | None = None,
    func: Callable[[Any], Any] | None = None,
    batch_size: int = 32,
    dtype: torch.dtype | str | None = None,
    device: torch.device | str | None = None,
    verbose: bool = False,
) -> torch.Tensor | list[torch.Tensor]:
    """Predict in batches, from sequences kept small (int8, on the CPU) to predictions on the CPU.

    Parameters
    ----------
    model
        A PyTorch module, or any function of a batch. A module is run in evaluation mode without gradients, and is as it
        was afterwards, also if the call fails; so are the modules that a function, a bound method, a partial or an
        object holds or calls by name.
    X
        Sequences, shape (N, 4, L); each batch is cast to the dtype of the model's parameters.
    args
        Further inputs of the model, each with N rows. They are cast like X, but for indices and flags: int32, int64 and
        bool of at most two axes.
    func
        Applied to what the model returns for each batch; it keeps a row for each sequence.
    batch_size
        Sequences per batch.
    dtype
        Compute in this precision, by autocast if it is lower than the model's. Default: the model's.
    device
        Where to compute. Default: CUDA if there is one, else the CPU.
    verbose
        Show a progress bar.

    Returns
    -------
    What the model returns, concatenated over the batches, on the CPU: a tensor, or a list if the model returns several.

    Raises
    ------
    InvalidArgument
        If X is empty or not of shape (N, 4, L), or an extra input has another number of rows.
    UnsupportedModel
        If the model returns something that is not made of tensors with a row for each sequence.

    Examples
    --------
    >>> import torch
    >>> from nbmotif import predict, random_one_hot
    >>> model = torch.nn.Sequential(torch.nn.Conv1d(4, 2, 5), torch.nn.AdaptiveMaxPool1d(1), torch.nn.Flatten())
    >>> predict(model, random_one_hot((100, 4, 50), random_state=0)).shape
    torch.Size([100, 2])
    """
    X, extra = check_inputs(X, args)
    batch_size = check_whole(batch_size, "batch_size", least=1)
    place, compute = resolve_device(device), compute_dtype(model, dtype)
    batches: list[Any] = []
    with borrowed(model, place), torch.no_grad(), precision(place, compute, model_dtype(model)):
        for start in Progress(range(0, len(X), batch_size), disable=not verbose, desc="predict"):
            rows = slice(start, start + batch_size)
            y = model(to_device(X[rows], place, compute), *(to_device(a[rows], place, compute) for a in extra))
            batches.append(_to_cpu(y if func is None else func(y), len(X[rows])))
    if isinstance(batches[0], torch.Tensor):
        return torch.cat(batches)
    return [torch.cat(parts) for parts in zip(*batches, strict=True)]


def audit(
    model: Model,
    X: Arrays,
    args: Sequence[Arrays] | None = None,
    target: Target = 0,
    n_shuffles: int = 5,
    device: torch.device | str | None = None,
    random_state: int | None = 0,
) -> pd.DataFrame:
    """List every operation that a model runs, the DeepLIFT rule it follows, and how much of the error it causes.

    Parameters
    ----------
    model
        A PyTorch module, or a function of a batch.
    X
        A few sequences, shape (N, 4, L); four are enough.
    args
        Further inputs of the model, each with N rows.
    target
        The output to attribute, as in :func:`nbmotif.deep_lift_shap`.
    n_shuffles
        References for each sequence.
    device
        Where to compute. Default: CUDA if there is one, else the CPU.
    random_state
        Seed of the references.

    Returns
    -------
    One row per operation that depends on the sequences, in the order of the forward pass: ``module`` (its path),
    ``operation``, ``line`` of the model's code, ``rule``, ``error`` (what the operation adds to the difference between
    the sum of the attributions and the change of the prediction, relative to that change; NaN where it cannot be
    measured) and ``note``. The error of all of them is in ``.attrs["completeness_error"]``.

    Raises
    ------
    UnsupportedModel
        If the model cannot be followed at all.

    Examples
    --------
    >>> import torch
    >>> from nbmotif import audit, random_one_hot
    >>> model = torch.nn.Sequential(
    ...     torch.nn.Conv1d(4, 2, 5), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(92, 1)
    ... )
    >>> table = audit(model, random_one_hot((4, 4, 50), random_state=0))
    >>> table[["module", "operation", "rule"]].values.tolist()
    [['0', 'conv1d', 'linear'], ['1', 'relu', 'rescale'], ['2', 'flatten', 'linear'], ['3', 'linear', 'linear']]
    """
    from nbmotif.attribution.audit import audit_table

    return audit_table(model, X, args, target, n_shuffles, device, random_state)


def select_target(y: Any, target: Target) -> torch.Tensor:
    """Pick one number per sequence from what a model returns.

    Parameters
    ----------
    y
        The output for a batch of B: a tensor or an array, or a tuple of them.
    target
        A column of an output of shape (B, n), or of (B, n, 1, ...); or a tuple of indices into a deeper output, of
        which the first chooses among several outputs; or a function of the output that returns shape (B,).

    Returns
    -------
    Shape (B,).

    Raises
    ------
    UnsupportedModel
        If the output has another form.
    InvalidArgument
        If it has no such column.
    """
    if callable(target):
        picked = as_tensors(target(y))
        if not isinstance(picked, torch.Tensor) or picked.ndim != 1:
            got = describe(picked) if isinstance(picked, torch.Tensor) else type(picked).__name__
            raise InvalidArgument("target", f"a function that returns {got}", "a function that returns shape (B,)")
        return picked
    y, path = as_tensors(y), target if isinstance(target, tuple) else (target,)
    if isinstance(y, (tuple, list)):
        if len(path) < 2:
            shapes = ", ".join(str(tuple(part.shape)) for part in y if isinstance(part, torch.Tensor))
            msg = (
                f"the model returns {len(y)} outputs of shapes {shapes}, and one number per sequence is needed: pass "
                "target=(which output, which column), a function of the outputs, or wrap the model"
            )
            raise UnsupportedModel(msg)
        y, path = y[_index(path[0], len(y))], path[1:]
    if not isinstance(y, torch.Tensor):
        msg = f"the model returns {type(y).__name__}, where a tensor of shape (B, n) is needed: wrap the model"
        raise UnsupportedModel(msg)
    if y.ndim == 0:
        raise UnsupportedModel(_no_rows(y))
    if y.ndim == 1 and len(path) == 1:
        _index(path[0], 1)
        return y
    columns = y
    for index in path:
        if columns.ndim < 2:
            raise InvalidArgument(
                "target", target, f"at most {max(1, y.ndim - 1)} indices into an output of shape {tuple(y.shape)}"
            )
        columns = columns[:, _index(index, columns.shape[1])]
    if columns.numel() != columns.shape[0]:
        msg = (
            f"the model returns shape {tuple(y.shape)}, of which target {target} picks {columns[0].numel()} numbers "
            "per sequence: pick one, pass a function such as `target=lambda y: y[:, 0].sum(-1)`, or wrap the model"
        )
        raise UnsupportedModel(msg)
    return columns.reshape(columns.shape[0])


def check_target(target: Target) -> Target:
    """Take what :func:`select_target` takes, with whole numbers of every kind as ``int``."""
    if callable(target):
        return target
    if isinstance(target, tuple):
        return tuple(_check_index(index) for index in target)
    return _check_index(target)


def _check_index(index: object) -> int:
    return check_whole(index, "target", expected="a column's number, a tuple of indices, or a function of the output")


def _index(index: object, n: int) -> int:
    number = _check_index(index)
    if not -n <= number < n:
        expected = f"between 0 and {n - 1}, of which the model has outputs, or {-n} to -1 from behind"
        raise InvalidArgument("target", number, expected)
    return number


def check_rows(y: torch.Tensor, n: int) -> torch.Tensor:
    """Refuse an output without a row for each of n sequences, which would be taken for something else."""
    if y.ndim == 0 or y.shape[0] != n:
        raise UnsupportedModel(_no_rows(y, n))
    return y


def as_differences(y: torch.Tensor) -> torch.Tensor:
    """Take predictions as numbers whose differences mean something: counts and flags as float64; no complex ones."""
    if y.is_complex():
        msg = "the model returns complex numbers, where real ones are needed: pick some by a function as `target`"
        raise UnsupportedModel(msg)
    return y if y.is_floating_point() else y.double()


def _no_rows(y: torch.Tensor, n: int | None = None) -> str:
    given = "a batch" if n is None else counted(n, "sequence")
    return (
        f"the model returns shape {tuple(y.shape)} for {given}, where a row for each sequence is needed: keep the "
        "first axis (`squeeze()` drops that of a batch of one, `squeeze(-1)` does not), or wrap the model"
    )


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
        choices = ["the model's own, " + str(own), *others, "a lower one"]
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


def as_tensors(y: Any) -> Any:
    """Make tensors of what a function returns that is not made of torch: arrays, or a list of them."""
    if isinstance(y, torch.Tensor):
        return y
    if isinstance(y, (tuple, list)) and y and all(hasattr(part, "__array__") for part in y):
        return [as_tensors(part) for part in y]
    return torch.from_numpy(np.array(y)) if hasattr(y, "__array__") else y


def _to_cpu(y: Any, n: int) -> torch.Tensor | list[torch.Tensor]:
    y = as_tensors(y)
    if isinstance(y, torch.Tensor):
        return check_rows(y, n).cpu()
    if isinstance(y, (tuple, list)) and y and all(isinstance(part, torch.Tensor) for part in y):
        return [check_rows(part, n).cpu() for part in y]
    msg = f"the model returns {type(y).__name__}, where tensors are needed: pass `func`, or wrap the model"
    raise UnsupportedModel(msg)
