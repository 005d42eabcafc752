"""Hold a model that is somebody else's: in evaluation mode, on a device, and given back exactly as it was."""

from __future__ import annotations

import contextlib
import functools
import inspect
import sys
import threading
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch.utils._pytree import tree_leaves

from nbmotif.errors import InvalidArgument, UnsupportedModel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nbmotif.compute import Model

_locks: weakref.WeakKeyDictionary[torch.nn.Module, threading.RLock] = weakref.WeakKeyDictionary()
_guard = threading.Lock()


@contextlib.contextmanager
def borrowed(model: Model, device: torch.device, freeze: bool = False) -> Iterator[None]:
    """Hold a model in evaluation mode on a device, and give it back exactly as it was.

    Two threads that borrow one model take turns.

    Parameters
    ----------
    model
        A module; or another callable, whose modules stay on their devices (see :func:`modules_of`).
    device
        Where to move it. A model that is spread over several devices stays there.
    freeze
        Also take the gradients of its parameters away.
    """
    check_model(model)
    with contextlib.ExitStack() as stack:
        # always in the same order, so that two threads cannot wait for each other
        for module in sorted(modules_of(model), key=id):
            stack.enter_context(_held(module, device if module is model else None, freeze))
        stack.enter_context(run_eagerly())
        if freeze:  # gradients are needed also where the caller works in inference mode
            stack.enter_context(torch.inference_mode(False))
        yield


@contextlib.contextmanager
def _held(model: torch.nn.Module, device: torch.device | None, freeze: bool) -> Iterator[None]:
    """Hold one module; where it is, if there is no device."""
    for name, parameter in model.named_parameters():
        if isinstance(parameter, torch.nn.parameter.UninitializedParameter):
            msg = f"the parameter {name} has no values yet: call the model once, or load its weights, before"
            raise UnsupportedModel(msg)
    with _guard:
        lock = _locks.setdefault(model, threading.RLock())
    with lock:
        training = [(module, module.training) for module in model.modules()]
        gradients = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
        homes = {tensor.device for tensor in (*model.parameters(), *model.buffers())}
        home = next(iter(homes)) if len(homes) == 1 else device
        device = home if device is None else device
        try:
            model.eval()
            if freeze:
                for parameter, _ in gradients:
                    parameter.requires_grad_(False)
            if home != device:
                model.to(device)
            yield
        finally:
            if home != device:
                model.to(home)
            for module, was_training in training:
                module.training = was_training
            for parameter, had_gradient in gradients:
                if parameter.requires_grad != had_gradient:  # one that was made in inference mode cannot be set
                    parameter.requires_grad_(had_gradient)


def check_model(model: object) -> None:
    """Refuse what cannot be called with a batch of sequences."""
    if callable(model) and not isinstance(model, type):
        return
    hints: dict[type, str] = {
        str: "Load the model first: torch.load(path, weights_only=False), or build it and load its weights.",
        Path: "Load the model first: torch.load(path, weights_only=False), or build it and load its weights.",
        Mapping: "These may be weights: build the model, then model.load_state_dict(weights).",
        type: "This is a class: make a model of it first.",
    }
    hint = next((hint for kind, hint in hints.items() if isinstance(model, kind)), "")
    raise InvalidArgument("model", type(model).__name__, "a PyTorch module, or a function of a batch", hint)


def modules_of(model: Any) -> list[torch.nn.Module]:
    """Find the modules behind a model: itself, or those that a function calls by name, or that an object holds.

    Parameters
    ----------
    model
        A module; a bound method; a partial; a function, whose variables from outside are searched; or an object, whose
        attributes are.
    """
    if isinstance(model, torch.nn.Module):
        return [model]
    if isinstance(model, functools.partial):
        held: Any = [model.func, model.args, model.keywords]
    elif inspect.ismethod(model):
        held = [model.__self__]
    elif inspect.isfunction(model):
        names = inspect.getclosurevars(inspect.unwrap(model))
        held = [*names.nonlocals.values(), *names.globals.values()]
    else:
        held = [*getattr(model, "__dict__", {}).values()]
    found = [value for value in tree_leaves(held) if isinstance(value, torch.nn.Module)]
    if isinstance(model, functools.partial):
        found += modules_of(model.func)
    if inspect.ismethod(model) and not found:
        found = modules_of(model.__self__)
    return list(dict.fromkeys(found))


class Shared:
    """A setting of the whole process, as a context: the first thread that needs it sets it, the last one restores it.

    Parameters
    ----------
    setting
        Makes a context that sets and restores.
    """

    def __init__(self, setting: Callable[[], contextlib.AbstractContextManager[Any]]) -> None:
        self._setting, self._users, self._held = setting, 0, contextlib.ExitStack()

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        """Hold the setting."""
        with _guard:
            if self._users == 0:
                self._held.enter_context(self._setting())
            self._users += 1
        try:
            yield
        finally:
            with _guard:
                self._users -= 1
                if self._users == 0:
                    self._held.close()


_eager = Shared(lambda: torch.compiler.set_stance("force_eager"))


def run_eagerly() -> contextlib.AbstractContextManager[None]:
    """Let code that ``torch.compile`` compiled run as it was written, so that its operations can be seen."""
    # without torch._dynamo nothing was compiled, and importing it takes seconds; torch before 2.6 has no stance
    if "torch._dynamo" not in sys.modules or not hasattr(torch.compiler, "set_stance"):
        return contextlib.nullcontext()
    return _eager()
