"""What the numbers of a study's stage rest on: which model, with which weights, explained how."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from nbmotif.borrowing import modules_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbmotif.compute import Model
    from nbmotif.outputs import Target


@dataclass(frozen=True, eq=False)
class Basis:
    """What a stage that ran the model was given; None where that is not known, as after a study was opened.

    Parameters
    ----------
    model
        The model itself.
    weights
        A checksum of its parameters and buffers, so that one that was trained further is another.
    target, random_state, args
        Those of the study.
    """

    model: Model | None
    weights: int | None
    target: Target | None
    random_state: int | None
    args: Sequence[torch.Tensor]

    @classmethod
    def of(cls, model: Model | None, target: Target | None, random_state: int | None, args: Sequence[Any]) -> Basis:
        """Take down what there is now."""
        return cls(model, None if model is None else _checksum(model), target, random_state, args)

    def changed(self, now: Basis) -> str:
        """Name what a prediction is another by, or nothing."""
        if None not in {self.weights, now.weights} and self.weights != now.weights:
            return "model"
        if self.model is not None and now.model is not None and self.model != now.model:
            return "model"
        if self.target is not None and now.target is not None and self.target != now.target:
            return "target"
        same_args = len(self.args) == len(now.args) and all(a is b for a, b in zip(self.args, now.args, strict=True))
        return "" if same_args else "args"


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
