"""What a model asked torch to do: one name for the many spellings of an operation, and where it was called."""

from __future__ import annotations

import functools
import inspect
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch.utils._pytree import tree_leaves

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import FrameType

    from nbmotif.attribution.layout import Layout
    from nbmotif.attribution.rules import Rule

# canonical name: the other names under which torch knows the same operation
_SPELLINGS = {
    "abs": "absolute __abs__",
    "add": "__add__ __radd__",
    "atan": "arctan",
    "asin": "arcsin",
    "acos": "arccos",
    "asinh": "arcsinh",
    "acosh": "arccosh",
    "atanh": "arctanh",
    "atan2": "arctan2",
    "bitwise_and": "__and__ __rand__ logical_and",
    "bitwise_not": "__invert__ logical_not",
    "bitwise_or": "__or__ __ror__ logical_or",
    "bitwise_xor": "__xor__ __rxor__ logical_xor",
    "cat": "concat concatenate",
    "clamp": "clip",
    "div": "divide true_divide __truediv__ __div__",
    "eq": "__eq__",
    "floor_divide": "__floordiv__",
    "ge": "__ge__ greater_equal",
    "gt": "__gt__ greater",
    "le": "__le__ less_equal",
    "lt": "__lt__ less",
    "matmul": "__matmul__",
    "movedim": "moveaxis",
    "mul": "multiply __mul__ __rmul__",
    "ne": "__ne__ not_equal",
    "neg": "negative __neg__",
    "pow": "__pow__",
    "rdiv": "__rdiv__ __rtruediv__",
    "remainder": "__mod__",
    "rmatmul": "__rmatmul__",
    "rpow": "__rpow__",
    "rsub": "__rsub__",
    "sigmoid": "expit special_expit",
    "sub": "subtract __sub__",
    "transpose": "swapaxes swapdims",
    "vector_norm": "linalg_vector_norm",
}
_CANONICAL = {alias: name for name, aliases in _SPELLINGS.items() for alias in aliases.split()}
_IN_PLACE = {
    "__iadd__": "add",
    "__ifloordiv__": "floor_divide",
    "__imod__": "remainder",
    "__iand__": "bitwise_and",
    "__idiv__": "div",
    "__imul__": "mul",
    "__ior__": "bitwise_or",
    "__ipow__": "pow",
    "__isub__": "sub",
    "__itruediv__": "div",
    "__setitem__": "__setitem__",
}
# attributes that are tensors; all others (shape, dtype, device, ...) are facts about a tensor
_TENSOR_ATTRIBUTES = {"T", "mT", "H", "mH", "data", "real"}
_FACT = "(fact)"
_FOLLOWS = "_nbmotif_follows"
TARGET = "(target)"
_NOT_THE_MODEL = ("torch.", "nbmotif.attribution.", "nbmotif.models", "nbmotif.outputs")


def names_in(text: str) -> frozenset[str]:
    """Read a set of names that is written as prose, for tables that people read.

    Parameters
    ----------
    text
        Names between white space.
    """
    return frozenset(text.split())


def follow(result: Any) -> Any:
    """Mark the tensors in a result as computed from the sequences."""
    for leaf in tree_leaves(result):
        if isinstance(leaf, torch.Tensor):
            setattr(leaf, _FOLLOWS, True)
    return result


def is_followed(value: object) -> bool:
    """Tell whether a value was computed from the sequences, in a way that torch showed."""
    return hasattr(value, _FOLLOWS)


class Operator(NamedTuple):
    """Which operation a torch function is, and whether it writes its result over its first operand."""

    name: str
    is_in_place: bool

    @property
    def is_fact(self) -> bool:
        """Whether it only asks about a tensor's shape, type or place."""
        return self.name == _FACT


def identify(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Operator:
    """Name the operation behind a function that torch hands to a ``TorchFunctionMode``.

    Parameters
    ----------
    function
        The function, method or property accessor that was called.
    args, kwargs
        What it was called with.

    Returns
    -------
    The canonical name, such as ``"mul"`` for ``torch.mul``, ``Tensor.multiply``, ``__rmul__`` and ``mul_``.
    """
    name = getattr(function, "__name__", str(function))
    if name in {"__get__", "__set__"}:
        attribute = getattr(getattr(function, "__self__", None), "__name__", "")
        return Operator(attribute if name == "__get__" and attribute in _TENSOR_ATTRIBUTES else _FACT, False)
    if name in _IN_PLACE:
        return Operator(_IN_PLACE[name], True)
    is_dunder = name.startswith("__")
    writes = name.endswith("_") and not is_dunder and name != "requires_grad_"
    bare = name.rstrip("_") if writes else name
    place = _inplace_position(function)
    writes = writes or bool(kwargs.get("inplace")) or (place is not None and len(args) > place and bool(args[place]))
    return Operator(_CANONICAL.get(bare, bare), writes)


@functools.cache
def _inplace_position(function: Callable[..., Any]) -> int | None:
    """Where ``inplace`` stands among the positional arguments of a Python function such as ``F.relu``."""
    if not inspect.isfunction(function):
        return None
    names = list(inspect.signature(function, follow_wrapped=False).parameters)
    return names.index("inplace") if "inplace" in names else None


# the first operands of torch's functions, where they are given by name
_BY_NAME = (("input", "self"), ("other", "exponent"))


def positional(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Put operands that were given by name (``input=``, ``other=``) first, where the rules look for them."""
    kwargs = dict(kwargs)
    if "condition" in kwargs or (args and "input" in kwargs):  # of `where`, which has its own order
        return args, kwargs
    for place, names in enumerate(_BY_NAME):
        for name in names:
            if name in kwargs and len(args) == place:
                args = (*args, kwargs.pop(name))
    return args, kwargs


@dataclass(slots=True, eq=False)
class Call:
    """One torch call of a model's forward pass, as the probe found it.

    ``within`` are the compound operations that it is a part of, the outermost first; ``rule`` attributes it.
    ``dependent`` are the positions, among the flattened arguments, of the operands that depend on the sequences;
    ``layouts`` says for each where the batch lies in it. A call without ``is_needed`` cannot reach the output that is
    attributed. ``must_copy``: something overwrites its operands later.
    """

    name: str
    is_in_place: bool
    path: str
    line: str
    within: tuple[str, ...]
    rule: Rule
    dependent: tuple[int, ...] = ()
    layouts: tuple[Layout, ...] = ()
    out_layout: Layout | None = None
    is_needed: bool = True
    must_copy: bool = False

    @property
    def operation(self) -> str:
        """Its name, after those of the compound operations that it is a part of."""
        return " > ".join((*self.within, self.name))

    def __str__(self) -> str:
        return f"{self.operation} in {self.path}" + (f" ({self.line})" if self.line else "")


class Whereabouts(NamedTuple):
    """The module a call came from, and the line of the model's own code."""

    path: str
    line: str


def whereabouts(names: Mapping[torch.nn.Module, str]) -> Whereabouts:
    """Look up the stack for the innermost module of the model and the innermost line that is not torch's own.

    No hook is needed for this, so nothing is left on the model and threads do not disturb each other.

    Parameters
    ----------
    names
        The model's modules, each with its path.
    """
    path = line = ""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001
    while frame is not None and not (path and line):
        code, home = frame.f_code, frame.f_globals.get("__name__", "")
        if home == "nbmotif.attribution.probe" and code.co_name == "_probe":
            break  # above this it is no longer the model
        if home == "nbmotif.outputs" and code.co_name == "select_target":
            return Whereabouts(TARGET, line)
        if not line and home != "torch" and not home.startswith(_NOT_THE_MODEL):
            line = f"{code.co_filename.rsplit('/', 1)[-1]}:{frame.f_lineno}"
        if not path and code.co_argcount:
            owner = frame.f_locals.get(code.co_varnames[0])
            if isinstance(owner, torch.nn.Module) and owner in names:
                path = names[owner]
        frame = frame.f_back
    return Whereabouts(path or "(model)", line)
