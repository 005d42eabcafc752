"""Arguments of tangermeme and memelite that nbmotif has no use for: their defaults are taken, and change nothing."""

from __future__ import annotations

import functools
import reprlib
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from nbmotif.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Callable

    Function = TypeVar("Function", bound=Callable[..., Any])

ANY = object()  # as a default: every value is harmless


_NOTHING = object()


class Unused(NamedTuple):
    """The value that is taken, the peer's default; what to do for another; and a second one that changes nothing."""

    default: object
    advice: str = ""
    also: object = _NOTHING


ALPHABET = Unused("ACGT", "The alphabet is A C G T.")
N_JOBS = Unused(ANY)
UNPACKED = Unused(False, "Sequences are one-hot tensors.")


def takes(**rules: Unused | str) -> Callable[[Function], Function]:
    """Decorate a function that also takes arguments of its peer.

    Parameters
    ----------
    rules
        Argument -> that it is unused, or what it is called here.

    Examples
    --------
    >>> from nbmotif.ported import ALPHABET, takes
    >>> @takes(alphabet=ALPHABET, X_control="control")
    ... def call(X, control=None):
    ...     return X, control
    >>> call(1, alphabet=["A", "C", "G", "T"], X_control=2)
    (1, 2)
    """

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            for name in [name for name in kwargs if name in rules]:
                value, rule = kwargs.pop(name), rules[name]
                if isinstance(rule, str):
                    if rule in kwargs:
                        raise InvalidArgument(name, "both", f"left out where `{rule}` is given")
                    kwargs[rule] = value
                elif not any(_is_same(value, one) for one in (rule.default, rule.also)):
                    raise InvalidArgument(name, reprlib.repr(value), f"{rule.default!r}, or left out", rule.advice)
            return function(*args, **kwargs)

        return call  # type: ignore[return-value]

    return decorate


def _is_same(value: Any, default: object) -> bool:
    if default is ANY or (default is False and value is None):
        return True
    if isinstance(default, str) and isinstance(value, (list, tuple, np.ndarray)):
        return list(value) == list(default)
    if isinstance(value, np.generic):
        value = value.item()
    return type(value) is type(default) and value == default
