"""Traits that say what they accept; each holds one rule."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import traitlets as t

from nbmotif.widget.table import SORT_COLUMNS


class Threshold(t.TraitType[float, Any]):
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
        if type(value) is bool or not isinstance(value, Real):
            self.error(obj, value)
        number = float(value)
        if not math.isfinite(number) or number < self.at_least or number <= self.above or number > self.at_most:
            self.error(obj, value)
        return number


class Names(t.List[str]):
    """A list of at most ``maxlen`` strings."""

    def __init__(self, maxlen: int) -> None:
        super().__init__(t.Unicode(), maxlen=maxlen)


class SequenceIndex(t.TraitType[Any, Any]):
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


class Viewport(t.TraitType[Any, Any]):
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


class Sort(t.TraitType[Any, Any]):
    """The table's order: a column and a direction."""

    info_text = f"a dict with column (one of {', '.join(SORT_COLUMNS)}) and descending"

    def __init__(self) -> None:
        super().__init__({"column": "hits", "descending": True})

    def validate(self, obj: Any, value: Any) -> dict[str, Any]:
        """Return the order as a new dict."""
        is_order = isinstance(value, Mapping) and set(value) == {"column", "descending"}
        if not is_order or value["column"] not in SORT_COLUMNS:
            self.error(obj, value)
        return {"column": value["column"], "descending": bool(value["descending"])}
