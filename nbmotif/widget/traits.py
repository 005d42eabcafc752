"""Traits that say what they accept; each holds one rule."""

from __future__ import annotations

import math
import operator
import reprlib
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, NoReturn

import numpy as np
import traitlets as t

from nbmotif.arguments import out_of_array
from nbmotif.widget.rows import NUMBER_COLUMNS, SORT_COLUMNS, parse_bound


class Checked(t.TraitType[Any, Any]):
    """A trait that says in one line what it must be, however long what it got."""

    def error(self, obj: Any, value: Any, error: Any = None, info: Any = None) -> NoReturn:  # noqa: ARG002
        """Raise a TraitError."""
        raise t.TraitError(f"`{self.name}` must be {self.info_text}; got {reprlib.repr(value)}.")


class Threshold(Checked):
    """A finite number in a range; numpy's numbers are welcome."""

    def __init__(
        self, default: float, *, at_least: float = -math.inf, above: float = -math.inf, at_most: float = math.inf
    ) -> None:
        self.at_least, self.above, self.at_most = at_least, above, at_most
        low = f"above {above:g}" if above > -math.inf else f"of at least {at_least:g}"
        self.info_text = f"a number {low}" + ("" if at_most == math.inf else f" and at most {at_most:g}")
        super().__init__(default)

    def validate(self, obj: Any, value: Any) -> float:
        """Return the number as a float."""
        value = out_of_array(value)
        if type(value) is bool or not isinstance(value, Real):
            self.error(obj, value)
        number = float(value) + 0.0  # no -0
        if not math.isfinite(number) or number < self.at_least or number <= self.above or number > self.at_most:
            self.error(obj, value)
        return number


class Names(t.List[str]):
    """A list of at most ``maxlen`` strings; a column of a table is welcome."""

    def __init__(self, maxlen: int) -> None:
        super().__init__(t.Unicode(), maxlen=maxlen)

    def validate(self, obj: Any, value: Any) -> Any:
        """Return the names as a list."""
        return super().validate(obj, value.tolist() if hasattr(value, "tolist") else value)


class SequenceIndex(Checked):
    """The index of a sequence, or None."""

    info_text = "the index of a sequence, or None"
    allow_none = True

    def __init__(self) -> None:
        super().__init__(None)

    def validate(self, obj: Any, value: Any) -> int | None:
        """Return the index as an int."""
        if value is None:
            return None
        if type(value) is bool or not isinstance(value, Integral):
            self.error(obj, value)
        return int(value)


class Viewport(Checked):
    """A pair of positions, start first, or None."""

    info_text = "a pair of positions in bp, start first, or None"
    allow_none = True

    def __init__(self) -> None:
        super().__init__(None)

    def validate(self, obj: Any, value: Any) -> tuple[float, float] | None:
        """Return the pair as floats."""
        if value is None:
            return None
        try:
            start, end = (float(position) for position in value)
        except (TypeError, ValueError):
            self.error(obj, value)
        if not (math.isfinite(start) and math.isfinite(end)):
            self.error(obj, value)
        return (start, end)


class Window(Checked):
    """A pair of whole positions, start first, or None."""

    info_text = "a pair of whole positions in bp, start first, or None"
    allow_none = True

    def __init__(self) -> None:
        super().__init__(None)

    def validate(self, obj: Any, value: Any) -> tuple[int, int] | None:
        """Return the pair as ints."""
        if value is None:
            return None
        try:
            start, end = (operator.index(position) for position in value)
        except (TypeError, ValueError):
            self.error(obj, value)
        if not 0 <= start < end:
            self.error(obj, value)
        return (start, end)


class SequenceFilter(Checked):
    """Text, indices of sequences, one boolean for each sequence, or None."""

    info_text = "text, indices of sequences, one boolean per sequence, or None"
    allow_none = True

    def __init__(self) -> None:
        super().__init__(None)

    def validate(self, obj: Any, value: Any) -> str | list[int] | None:
        """Return booleans as indices, and no text as None."""
        if value is None or isinstance(value, str):
            return value or None
        try:
            array = np.asarray(value)
        except (TypeError, ValueError):
            self.error(obj, value)
        if array.ndim != 1 or (array.dtype.kind not in "iub" and len(array)):
            self.error(obj, value)
        if array.dtype.kind == "b" and len(array) != obj.n_sequences:
            message = f"must be one boolean for each of {obj.n_sequences:,} sequences; got {len(array):,}."
            raise t.TraitError(f"`{self.name}` {message}")
        indices: list[int] = (np.flatnonzero(array) if array.dtype.kind == "b" else np.unique(array)).tolist()
        return [int(index) for index in indices]


class Sort(Checked):
    """The table's order: columns, the most important first, each with its direction."""

    info_text = f"a list of dicts with column (one of {', '.join(SORT_COLUMNS)}) and descending"

    def __init__(self) -> None:
        super().__init__([{"column": "count", "descending": True}])

    def validate(self, obj: Any, value: Any) -> list[dict[str, Any]]:
        """Return the order as a new list."""
        if not isinstance(value, (list, tuple)):
            self.error(obj, value)
        for key in value:
            is_key = isinstance(key, Mapping) and set(key) == {"column", "descending"}
            if not is_key or key["column"] not in SORT_COLUMNS:
                self.error(obj, value)
        return [{"column": key["column"], "descending": bool(key["descending"])} for key in value]


class Filters(Checked):
    """What numbers of the table must be: a column's name, and a bound."""

    info_text = f"a dict of a column ({', '.join(NUMBER_COLUMNS)}) and a bound such as '>= 10'"

    def __init__(self) -> None:
        super().__init__({})

    def validate(self, obj: Any, value: Any) -> dict[str, str]:
        """Return the filters as a new dict."""
        if not isinstance(value, Mapping):
            self.error(obj, value)
        for column, bound in value.items():
            if column not in NUMBER_COLUMNS or not isinstance(bound, str) or parse_bound(bound) is None:
                self.error(obj, value)
        return dict(value)
