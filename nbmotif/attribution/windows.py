"""Windows: recompute only what an edit of the sequence can reach.

A model runs once on its sequences, and every result is kept. For an edit its Python code runs again on *carriers*,
tensors of the right shape that hold no values; each torch call computes the interval of its result that the edit can
reach, beside the kept values. A call that has no windowed form computes everything from there on, so the answer is that
of the full forward pass for every model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch.utils._pytree import tree_leaves, tree_map_only

from nbmotif.attribution.tape import Replay
from nbmotif.attribution.window_forms import FORMS, Flattened, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbmotif.attribution.calls import Call

_WINDOW = "_nbmotif_window"


class CannotFollow(Exception):
    """A model writes in place in a way that carriers do not show; it has to be run in full."""


class Keep(Replay):
    """Runs the sequences and keeps the result of every call that depends on them.

    Attributes
    ----------
    kept
        Position of the call -> its result, if that is a tensor.
    """

    def __init__(self, calls: Sequence[Call]) -> None:
        super().__init__(calls)
        self.kept: dict[int, torch.Tensor] = {}

    def run(self, k: int, call: Call, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Any) -> Any:
        """Run the k-th call and keep its result."""
        if call.is_in_place:
            self._save_from(args[0])
        result = function(*args, **kwargs)
        if call.dependent and isinstance(result, torch.Tensor):
            self.kept[k] = result
        return result

    def _save_from(self, target: torch.Tensor) -> None:
        """Copy what is about to be overwritten."""
        place = target.untyped_storage().data_ptr()
        sharing = [j for j, kept in self.kept.items() if kept.untyped_storage().data_ptr() == place]
        if len({id(self.kept[j]) for j in sharing}) > 1:
            raise CannotFollow  # a view of it would change too
        for j in sharing:
            self.kept[j] = self.kept[j].clone()


class Edit(Replay):
    """Runs the model on carriers."""

    def __init__(self, calls: Sequence[Call], kept: dict[int, torch.Tensor]) -> None:
        super().__init__(calls)
        self.kept = kept
        self.read: set[int] = set()  # calls whose kept result was needed

    def run(self, k: int, call: Call, function: Callable[..., Any], args: tuple[Any, ...], kwargs: Any) -> Any:
        """Compute the window of the k-th call's result, or all of it."""
        if not any(is_carrier(leaf) for leaf in tree_leaves((args, kwargs))):
            return function(*args, **kwargs)
        opened = tree_map_only(torch.Tensor, _open, (args, kwargs))
        base = self.kept.get(k)
        form = FORMS.get(call.name)
        result = None
        if form is not None and base is not None and self._all_windowed(call, args, kwargs):
            self.read.add(k)
            result = form(base, function, *opened[0], **opened[1])
        if call.is_in_place:
            if not isinstance(result, Window) or not is_carrier(args[0]):
                raise CannotFollow
            setattr(args[0], _WINDOW, result)
            return args[0]
        if result is None:
            args, kwargs = tree_map_only((Window, Flattened), lambda w: w.dense(), opened)
            return function(*args, **kwargs)
        return carrier(result, base) if isinstance(result, (Window, Flattened)) and base is not None else result

    @staticmethod
    def _all_windowed(call: Call, args: Any, kwargs: Any) -> bool:
        leaves = tree_leaves((args, kwargs))
        return all(is_carrier(leaves[i]) for i in call.dependent)


def carrier(window: Window | Flattened, like: torch.Tensor) -> torch.Tensor:
    """Make a tensor of the shape of ``like`` that stands for a window and holds no values."""
    stand_in = torch.zeros((), dtype=like.dtype, device=like.device).expand(like.shape)
    setattr(stand_in, _WINDOW, window)
    return stand_in


def is_carrier(value: Any) -> bool:
    """Tell whether a tensor stands for a window."""
    return hasattr(value, _WINDOW)


def _open(tensor: torch.Tensor) -> Any:
    return getattr(tensor, _WINDOW, tensor)


@dataclass(slots=True)
class Baseline:
    """A model's run on some sequences, ready for edits.

    Parameters
    ----------
    output
        Sequences and extra inputs -> one number per sequence.
    calls
        Of the plan of the model.
    X
        Shape (N, 4, L), in the model's dtype and on its device.
    extra
        Extra inputs of the model, N rows each.
    """

    output: Callable[..., torch.Tensor]
    calls: Sequence[Call]
    X: torch.Tensor
    extra: tuple[torch.Tensor, ...]
    y: torch.Tensor
    kept: dict[int, torch.Tensor]
    is_pruned: bool = False

    @classmethod
    def of(
        cls,
        output: Callable[..., torch.Tensor],
        calls: Sequence[Call],
        X: torch.Tensor,
        extra: tuple[torch.Tensor, ...] = (),
    ) -> Baseline:
        """Run the sequences and keep what edits will need."""
        keep, own = Keep(calls), X.clone()  # a model may write into its input
        with torch.no_grad(), keep:
            y = output(own, *extra)
        return cls(output, calls, X, extra, y, keep.kept)

    def edit(self, start: int, values: torch.Tensor) -> torch.Tensor:
        """Predict with other bases in one place.

        Parameters
        ----------
        start
            First position that changes.
        values
            What stands there instead, shape (N, 4, w).

        Returns
        -------
        Shape (N,).

        Raises
        ------
        CannotFollow
            If the model writes into a tensor that others share.
        """
        follower = Edit(self.calls, self.kept)
        edited = carrier(Window(self.X, start, values), self.X)
        with torch.no_grad(), follower:
            y = self.output(edited, *self.extra)
        if not self.is_pruned:  # every edit reads the same
            self.kept = {k: kept for k, kept in self.kept.items() if k in follower.read}
            self.is_pruned = True
        window = getattr(y, _WINDOW, None)
        return y if window is None else window.dense()
