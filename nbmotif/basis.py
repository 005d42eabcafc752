"""What the numbers of a study's stage rest on: which model, with which weights, explained how."""

from __future__ import annotations

import inspect
import weakref
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from nbmotif.borrowing import modules_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbmotif.compute import Model
    from nbmotif.outputs import Target


@dataclass(frozen=True, eq=False)
class Basis:
    """What a stage that ran the model was given; None where that is not known, as after a study was opened.

    Parameters
    ----------
    model
        Returns the model itself, or None once it is gone: a study does not keep one alive that it no longer has.
    weights
        A checksum of its parameters and buffers, so that one that was trained further is another.
    target, random_state, args
        Those of the study.
    """

    model: Callable[[], Model | None] | None
    weights: int | None
    target: Target | None
    random_state: int | None
    args: tuple[torch.Tensor, ...]

    @classmethod
    def of(
        cls, model: Model | None, target: Target | None, random_state: int | None, args: Sequence[torch.Tensor]
    ) -> Basis:
        """Take down what there is now."""
        if model is None:
            return cls(None, None, target, random_state, tuple(args))
        return cls(_weakly(model), _checksum(model), target, random_state, tuple(args))

    def changed(self, now: Basis) -> str:
        """Name what a prediction is another by, or nothing."""
        if None not in {self.weights, now.weights} and self.weights != now.weights:
            return "model"
        if self.model is not None and now.model is not None and self.model() != now.model():
            return "model"
        if self.target is not None and self.target != now.target:
            return "target"
        same_args = len(self.args) == len(now.args) and all(map(_is_same, self.args, now.args))
        return "" if same_args else "args"

    def __getstate__(self) -> dict[str, Any]:
        # a copy refers to the copy of the model, in a tuple as it may be gone
        return {**vars(self), "model": self.model and (self.model(),)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        model = state["model"]
        vars(self).update(state, model=model and _weakly(model[0]))


def _weakly(model: Model) -> Callable[[], Model | None]:
    try:  # a bound method is made anew each time that it is looked up
        return weakref.WeakMethod(model) if inspect.ismethod(model) else weakref.ref(model)
    except TypeError:  # of a class with slots, or gone
        return lambda: model


def _is_same(a: torch.Tensor, b: torch.Tensor) -> bool:
    return a is b or (a.dtype == b.dtype and a.device == b.device and torch.equal(a, b))


def _checksum(model: Model) -> int:
    checksum = 0
    for module in modules_of(model):
        # buffers that are counted up or kept for speed are no weights: a forward pass may write them
        kept = module.state_dict().keys()
        buffers = [b for name, b in module.named_buffers() if name in kept and b.is_floating_point()]
        for tensor in (*module.parameters(), *buffers):
            if tensor.layout == torch.strided and not tensor.is_meta and not torch.nn.parameter.is_lazy(tensor):
                values = tensor.detach().cpu().reshape(-1).contiguous().view(torch.uint8).numpy()
                checksum = zlib.crc32(values.data, checksum)
    return checksum
