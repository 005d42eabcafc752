"""Comparisons: a mask carries its 0/1 twin, a number that the rules can follow where torch's own mask is a dead end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import handle_torch_function, has_torch_function
from torch.utils._pytree import tree_leaves, tree_map_only

from nbmotif.attribution.calls import follow, is_followed, names_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Rewritten = Callable[[], Any]

_TWIN = "_nbmotif_twin"
_COMPARISONS = {name: getattr(torch, name) for name in ("gt", "ge", "lt", "le", "eq", "ne")}
_LOGIC: dict[str, Callable[..., Any]] = {
    "bitwise_not": lambda a: 1 - a,
    "bitwise_and": lambda a, b: a * b,
    "bitwise_or": lambda a, b: a + b - a * b,
    "bitwise_xor": lambda a, b: a + b - 2 * a * b,
}
# what torch takes a sum and a product of flags for
_OF_FLAGS = {"add": "bitwise_or", "mul": "bitwise_and"}
_EXTREMES = {"any": torch.amax, "all": torch.amin}
# what a mask may go through and stay a mask
_RESHAPING = names_in(
    "T __getitem__ broadcast_to chunk clone contiguous expand expand_as flatten flip gather index_select mT movedim "
    "narrow permute repeat repeat_interleave reshape reshape_as roll select split squeeze tile transpose unbind "
    "unflatten unsqueeze view view_as"
)
_JOINING = names_in("cat stack")
# into a number, or to another device
_CONVERTING = names_in("to type type_as")
# what turns a mask into a number
_COUNTING = names_in("add bfloat16 cumsum div double float half mean mul rsub sub sum")
# operands that may be given by name
_OPERANDS = {
    "where": ("condition", "input", "other"),
    "masked_fill": ("input", "mask", "value"),
}


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
    args, kwargs = _in_order(name, function, args, kwargs)
    if name in _COMPARISONS:
        return _comparison(name, args)
    if not any(twin_of(value) is not None for value in tree_leaves((args, kwargs))):
        return None
    if name == "where" and len(args) == 3:
        return lambda: _choose(*args)
    if name == "masked_fill" and len(args) == 3:
        return lambda: _choose(args[1], args[2], args[0])
    if name == "__setitem__" and twin_of(args[1]) is not None and _is_number(args[2]):
        mask, added = args[1], [1] * (args[0].ndim - args[1].ndim)
        return lambda: _choose(mask.reshape(*mask.shape, *added), args[2], args[0])
    logic = _LOGIC.get(_OF_FLAGS.get(name, name))
    if logic is not None and all(map(_is_flag, args)):
        return lambda: _as_mask(logic(*map(_as_number, args)))
    if name in _COUNTING:
        return lambda: function(*_with_twins(args), **kwargs)
    if name in _JOINING:
        return lambda: _mask_where_flags(args[0], function(*_with_twins(args), **kwargs))
    twin = twin_of(args[0])
    return None if twin is None else _of_one(name, function, twin, args[1:], kwargs)


def _of_one(
    name: str, function: Callable[..., Any], twin: torch.Tensor, options: tuple[Any, ...], kwargs: dict[str, Any]
) -> Rewritten | None:
    """Rewrite a call whose first operand is the mask of this twin."""
    if name in _RESHAPING:
        return lambda: tree_map_only(torch.Tensor, _as_mask, function(twin, *options, **kwargs))
    if name in _EXTREMES:
        return lambda: _as_mask(_EXTREMES[name](twin, *options, **kwargs))
    if name in _CONVERTING:
        made = function(torch.empty(0, dtype=torch.bool, device=twin.device), *options, **kwargs)
        if not isinstance(made, torch.Tensor):  # the name of its type
            return None
        if made.dtype == torch.bool:
            return lambda: _as_mask(twin.to(made.device))
        return lambda: function(twin, *options, **kwargs)
    return None


def overwrite(target: torch.Tensor, result: torch.Tensor) -> torch.Tensor:
    """Write the result of a rewritten call over the operand that the model has it written over."""
    if result is not target:
        target.copy_(result)
        if hasattr(result, _TWIN):
            setattr(target, _TWIN, twin_of(result))
    return target


def _in_order(
    name: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Put operands that were given by name in their place, and the condition of ``Tensor.where`` first."""
    is_method = function == torch.Tensor.where
    names, rest = ("input", "condition", "other") if is_method else _OPERANDS.get(name, ()), dict(kwargs)
    args = (*args, *(rest.pop(operand) for operand in names[len(args) :] if operand in kwargs))
    return (args[1], args[0], *args[2:]) if is_method else args, rest


def _comparison(name: str, args: tuple[Any, ...]) -> Rewritten | None:
    """Compare numbers by the indicator of their difference."""
    tensors = [value for value in args[:2] if isinstance(value, torch.Tensor)]
    if not any(value.is_floating_point() or twin_of(value) is not None for value in tensors):
        return None
    return lambda: _as_mask(indicator(_as_number(args[0]) - _as_number(args[1]), _COMPARISONS[name]))


def _choose(condition: torch.Tensor, yes: Any, no: Any) -> torch.Tensor:
    """``torch.where`` of what may all be masks."""
    twin, values = twin_of(condition), (_as_number(yes), _as_number(no))
    chosen = torch.where(condition, *values) if twin is None else choose_between(twin, *values)
    return _mask_where_flags((yes, no), chosen)


def _mask_where_flags(values: Iterable[Any], made: torch.Tensor) -> torch.Tensor:
    """Make a mask of what was made of flags alone."""
    return _as_mask(made) if all(map(_is_flag, values)) else made


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool) or (isinstance(value, torch.Tensor) and value.dtype == torch.bool)


def _is_number(value: Any) -> bool:
    return not isinstance(value, torch.Tensor) or value.ndim == 0


def _as_number(value: Any) -> Any:
    """Take flags as 0 or 1, with which torch does arithmetic."""
    twin = twin_of(value)
    if twin is not None:
        return twin
    return value * 1 if _is_flag(value) else value


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
