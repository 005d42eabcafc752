"""Comparisons: a mask carries its 0/1 twin, a number that the rules can follow where torch's own mask is a dead end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import handle_torch_function, has_torch_function
from torch.utils._pytree import tree_leaves

from nbmotif.attribution.calls import follow, is_followed, names_in

if TYPE_CHECKING:
    from collections.abc import Callable

    Rewritten = Callable[[], Any]

_TWIN = "_nbmotif_twin"
_COMPARISONS = {name: getattr(torch, name) for name in ("gt", "ge", "lt", "le", "eq", "ne")}
# what a mask may go through and stay a mask
_RESHAPING = names_in(
    "T __getitem__ clone contiguous expand expand_as flatten flip movedim permute reshape roll squeeze transpose "
    "unsqueeze view"
)
# what turns a mask into a number
_COUNTING = names_in("add cat cumsum div double float half mean mul rsub stack sub sum to type type_as")


def indicator(difference: torch.Tensor, comparison: Callable[..., torch.Tensor]) -> torch.Tensor:
    """1 where ``difference`` compares with 0 as asked, else 0, as a float. The rescale rule applies to it."""
    if has_torch_function((difference,)):
        result: torch.Tensor = handle_torch_function(indicator, (difference,), difference, comparison)
        return result
    # times 0 keeps the result on autograd's graph, which tells the probe that it depends on the sequences
    return comparison(difference, 0).to(difference.dtype) + difference.sign() * 0


def choose_between(twin: torch.Tensor, yes: Any, no: Any) -> torch.Tensor:
    """``torch.where`` for a mask that depends on the sequences, given as its twin."""
    operands = (twin, yes, no)
    if has_torch_function(operands):
        result: torch.Tensor = handle_torch_function(choose_between, operands, *operands)
        return result
    # times 0: see indicator
    return torch.where(twin > 0.5, yes, no) + twin * 0


def twin_of(value: Any) -> torch.Tensor | None:
    """Return the 0/1 twin that a mask carries, if it does."""
    return getattr(value, _TWIN, None) if isinstance(value, torch.Tensor) else None


def rewrite(name: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Rewritten | None:
    """Express a call that makes or takes a mask in operations that have a rule.

    Parameters
    ----------
    name
        Canonical name of the operation.
    function, args, kwargs
        The call.

    Returns
    -------
    What to run in place of the call, or None if it has nothing to do with masks or would lose them.
    """
    if name in _COMPARISONS:
        return _comparison(name, args)
    if not any(twin_of(value) is not None for value in tree_leaves((args, kwargs))):
        return None
    twins = [twin_of(value) for value in args]
    first = twins[0] if twins else None
    if name == "where" and first is not None and len(args) == 3:
        return lambda: choose_between(first, args[1], args[2])
    if name == "masked_fill" and len(args) == 3 and twins[1] is not None:
        mask = twins[1]
        return lambda: choose_between(mask, args[2], args[0])
    if name == "__setitem__" and twins[1] is not None and _is_number(args[2]):
        mask, added = twins[1], [1] * (args[0].ndim - args[1].ndim)
        return lambda: choose_between(mask.reshape(*mask.shape, *added), args[2], args[0])
    if name in _COUNTING:
        return lambda: function(*_with_twins(args), **kwargs)
    if first is None:
        return None
    if name in _RESHAPING:
        return lambda: _as_mask(function(first, *args[1:], **kwargs))
    if name == "bitwise_not":
        return lambda: _as_mask(1 - first)
    second = twins[1] if len(twins) > 1 else None
    if second is None:
        return None
    if name == "bitwise_and":
        return lambda: _as_mask(first * second)
    if name == "bitwise_or":
        return lambda: _as_mask(first + second - first * second)
    return (lambda: _as_mask(first + second - 2 * first * second)) if name == "bitwise_xor" else None


def _comparison(name: str, args: tuple[Any, ...]) -> Rewritten | None:
    """Compare numbers by the indicator of their difference."""
    numbers = [value for value in args[:2] if isinstance(value, torch.Tensor)]
    if not numbers or not any(value.is_floating_point() for value in numbers):
        return None
    return lambda: _as_mask(indicator(args[0] - args[1], _COMPARISONS[name]))


def _is_number(value: Any) -> bool:
    return not isinstance(value, torch.Tensor) or value.ndim == 0


def _as_mask(twin: torch.Tensor) -> torch.Tensor:
    # inside a mode even `twin > 0.5` would be rewritten: the mask itself is made where no mode looks
    with torch._C.DisableTorchFunction():  # noqa: SLF001
        mask = twin.detach() > 0.5
    setattr(mask, _TWIN, twin)
    return follow(mask) if is_followed(twin) else mask


def _with_twins(args: tuple[Any, ...]) -> tuple[Any, ...]:
    def replace(value: Any) -> Any:
        if isinstance(value, (tuple, list)):
            return type(value)(replace(v) for v in value)
        twin = twin_of(value)
        return value if twin is None else twin

    return tuple(replace(value) for value in args)
