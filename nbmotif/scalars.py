"""Reads single numbers that users pass: by name, and nothing rounded or guessed."""

from __future__ import annotations

from numbers import Real
from typing import Any

from nbmotif.errors import InvalidArgument


def whole_number(value: Any, name: str, least: int = 0, most: int | None = None, hint: str = "") -> int:
    """Return one number as an int; refuse what is no whole number, or out of range."""
    is_whole = type(value) is not bool and isinstance(value, Real) and float(value).is_integer()
    if not is_whole or value < least or (most is not None and value > most):
        expected = f"a whole number, at least {least}" if most is None else f"a whole number, {least} to {most}"
        raise InvalidArgument(name, repr(value), expected, hint)
    return int(value)


def p_value(value: Any, name: str, or_none: bool = False) -> float:
    """Return a threshold on p-values as a float; refuse what is not above 0 and up to 1."""
    if not isinstance(value, Real) or not 0 < float(value) <= 1:
        got = value if isinstance(value, Real) else repr(value)
        raise InvalidArgument(name, got, "a p-value above 0 and up to 1" + (", or None" if or_none else ""))
    return float(value)
