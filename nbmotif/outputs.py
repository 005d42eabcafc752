"""What models return: which number of it counts, and forms that are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import torch

from nbmotif.arguments import check_whole
from nbmotif.encoding import describe
from nbmotif.errors import InvalidArgument, UnsupportedModel
from nbmotif.words import counted

Target: TypeAlias = int | tuple[int, ...] | Callable[[Any], Any]


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


def as_tensors(y: Any) -> Any:
    """Make tensors of the arrays that a function returns which is not made of torch, and a list of several outputs."""
    if isinstance(y, torch.Tensor):
        return y
    if isinstance(y, (tuple, list)):
        return [as_tensors(part) for part in y]
    return torch.from_numpy(np.array(y)) if hasattr(y, "__array__") else y
