"""Checks of single arguments: counts, positions, seeds and thresholds, flags, one of some words, files."""

from __future__ import annotations

import operator
import os
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nbmotif.errors import InvalidArgument, InvalidFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def check_whole(value: object, name: str, least: int | None = None, expected: str = "") -> int:
    """Take a whole number of any kind, and refuse what only looks like one.

    Parameters
    ----------
    value
        What was given.
    name
        What errors call the argument.
    least
        The smallest that will do. Default: any.
    expected
        What errors say that it must be. Default: says ``least``, and of what is none, that it is to be a whole number.

    Returns
    -------
    The number, as an ``int``.

    Raises
    ------
    InvalidArgument
        If it is no whole number (True and 2.0 are none), or below ``least``.

    Examples
    --------
    >>> import numpy as np
    >>> from nbmotif.arguments import check_whole
    >>> check_whole(np.int8(3), "n", least=1)
    3
    """
    low = "" if least is None else f"at least {least}"
    try:
        number = None if isinstance(value, (bool, np.bool_)) else operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = None
    if number is None:
        raise InvalidArgument(name, repr(value), expected or ", ".join(filter(None, ("a whole number", low))))
    if least is not None and number < least:
        raise InvalidArgument(name, number, expected or low)
    return number


def whole_number(value: Any, name: str, least: int = 0, most: int | None = None) -> int:
    """Take a whole number also where the row of a table made a float of it, such as 2.0."""
    expected = f"a whole number, at least {least}" if most is None else f"a whole number, {least} to {most}"
    if isinstance(value, Real) and not isinstance(value, Integral) and float(value).is_integer():
        value = round(value)
    number = check_whole(value, name, least, expected)
    if most is not None and number > most:
        raise InvalidArgument(name, number, expected)
    return number


def check_span(start: object, end: object, length: int) -> range:
    """Take positions from ``start`` up to ``end``, of which a negative one counts from L + 1, as in tangermeme."""
    first, last = check_whole(start, "start"), check_whole(end, "end")
    stop = length + 1 + last if last < 0 else last
    if not 0 <= first < stop <= length:
        expected = f"0 <= start < end <= L = {length}"
        raise InvalidArgument("start, end", f"{first}, {last}", expected, "A negative end counts from L + 1.")
    return range(first, stop)


def check_seed(value: object, name: str = "random_state", least: int | None = None) -> int | None:
    """Take a whole number, or None for numbers that differ each time."""
    expected = "a whole number" + ("" if least is None else f", at least {least},") + " or None"
    return None if value is None else check_whole(value, name, least, expected)


def check_number(value: object, name: str, expected: str, fits: Callable[[float], bool]) -> float:
    """Take a number of any kind as a ``float``; refuse anything else (True is none), and what does not fit."""
    value = out_of_array(value)
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not is_number or not fits(float(value)):  # type: ignore[arg-type]
        raise InvalidArgument(name, value if is_number else repr(value), expected)
    return float(value)  # type: ignore[arg-type]


def out_of_array(value: Any) -> Any:
    """Take the number out of an array or a tensor of one number; leave anything else as it is."""
    return value.item() if getattr(value, "ndim", None) == 0 else value


def check_flags(**flags: object) -> None:
    """Take True or False, also numpy's, or 1 or 0; refuse what only counts as one of them, such as "no"."""
    for name, value in flags.items():
        if not isinstance(value, np.bool_) and not (isinstance(value, Integral) and value in {0, 1}):
            raise InvalidArgument(name, repr(value), "True or False")


def check_list(values: Any, name: str, of: str) -> list[Any]:
    """Take several things in any collection of one dimension, as a list; refuse one alone, such as a string."""
    is_one = isinstance(values, (str, bytes, type)) or not hasattr(values, "__iter__")
    if is_one or getattr(values, "ndim", 1) != 1:
        hint = f"Of one alone make a list: [{values!r}]." if isinstance(values, str) else ""
        raise InvalidArgument(name, repr(values), f"a list of {of}", hint)
    return list(values)


def check_text(value: object, name: str) -> str:
    """Take text; None is none."""
    if value is None or isinstance(value, str):
        return value or ""
    raise InvalidArgument(name, repr(value), "text")


def check_choice(value: object, name: str, choices: Iterable[object], hint: str = "") -> None:
    """Refuse what is none of the choices, also what cannot be compared with them, such as a list."""
    known = tuple(choices)
    try:
        is_known = value in set(known)
    except TypeError:  # without a hash
        is_known = False
    if not is_known:
        raise InvalidArgument(name, repr(value), f"one of {', '.join(map(repr, known))}", hint)


def check_path(value: str | os.PathLike[str], name: str) -> Path:
    """Take a path, with or without a file, in which ~ stands for the home folder."""
    if not isinstance(value, (str, os.PathLike)):
        raise InvalidArgument(name, type(value).__name__, "a path")
    try:
        return Path(value).expanduser()
    except RuntimeError:  # ~ is followed by nobody's name: the path itself will be missed
        return Path(value)


def check_file(value: str | os.PathLike[str], name: str) -> Path:
    """Take the path of a file; FileNotFoundError, with the argument's name, if there is none."""
    path = check_path(value, name)
    try:
        is_there = path.exists()
    except (OSError, ValueError):  # no path at all, such as the letters of a sequence
        is_there = False
    if not is_there:
        raise FileNotFoundError(f"`{name}`: there is no file {str(path)[:200]}")
    if path.is_dir():
        raise InvalidFile(path, "this is a folder, where a file is needed")
    return path


def check_output(value: str | os.PathLike[str], name: str) -> Path:
    """Take the path of a file to write; refuse a folder. FileNotFoundError if there is no folder to write it to."""
    path = check_path(value, name)
    if path.is_dir():
        raise InvalidArgument(name, f"the folder {path}", "the name of a file to write")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"`{name}`: there is no folder {path.parent}")
    return path


def check_p_value(value: object, name: str, or_none: bool = False) -> float:
    """Take a threshold on p-values as a ``float``; refuse what is not above 0 and up to 1."""
    expected = "a p-value above 0 and up to 1" + (", or None" if or_none else "")
    return check_number(value, name, expected, lambda p: 0 < p <= 1)
