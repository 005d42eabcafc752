"""Run a PyTorch model and hand it back untouched: predictions in batches, an audit of its operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from nbmotif.borrowing import borrowed
from nbmotif.compute import (
    BATCH_SIZE,
    check_batch_size,
    check_inputs,
    compute_dtype,
    model_dtype,
    precision,
    resolve_device,
    to_device,
)
from nbmotif.errors import UnsupportedModel
from nbmotif.outputs import as_tensors, check_rows
from nbmotif.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from nbmotif.compute import Arrays, Model
    from nbmotif.outputs import Target


def predict(
    model: Model,
    X: Arrays,
    args: Sequence[Arrays] | None = None,
    func: Callable[[Any], Any] | None = None,
    batch_size: int | None = None,
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
        Sequences per batch. Default: 32.
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
    batch_size = check_batch_size(batch_size) or BATCH_SIZE
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


def _to_cpu(y: Any, n: int) -> torch.Tensor | list[torch.Tensor]:
    y = as_tensors(y)
    if isinstance(y, torch.Tensor):
        return check_rows(y, n).cpu()
    if isinstance(y, (tuple, list)) and y and all(isinstance(part, torch.Tensor) for part in y):
        return [check_rows(part, n).cpu() for part in y]
    msg = f"the model returns {type(y).__name__}, where tensors are needed: pass `func`, or wrap the model"
    raise UnsupportedModel(msg)
