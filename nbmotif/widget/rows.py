"""Which rows the motif table shows, and in which order: the same rules as in the browser."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

TEXT_COLUMNS = ("name", "family")
NUMBER_COLUMNS = ("count", "sequences", "seqlets", "marginal", "enrichment", "members")
SORT_COLUMNS = (*TEXT_COLUMNS, *NUMBER_COLUMNS)

_EXPRESSION = re.compile(r"/(.+?)/?", re.DOTALL)
_BOUND = re.compile(r"\s*(>=|<=|>|<|=)?\s*([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)\s*")
_COMPARE: dict[str, Callable[[NDArray[Any], float], NDArray[np.bool_]]] = {
    ">=": np.greater_equal,
    "<=": np.less_equal,
    ">": np.greater,
    "<": np.less,
    "=": np.equal,
}


@dataclass(frozen=True)
class Order:
    """Which rows the table shows, and in which order.

    Parameters
    ----------
    sort
        Columns, the most important first, and whether each falls.
    search
        Keep rows whose name, or that of their family or of a member, contains this, whatever the case; a regular
        expression if it begins with a slash, which another may end.
    filters
        For a column of numbers what its values must be, such as ">= 10", "< 5" or "10", which is at least 10.
    """

    sort: tuple[tuple[str, bool], ...] = (("count", True),)
    search: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)


def matcher(search: str) -> Callable[[str], bool]:
    """Return a function that tells whether a lower-cased name is searched for."""
    expression = _EXPRESSION.fullmatch(search)
    if expression:
        try:
            compiled = re.compile(expression[1], re.IGNORECASE)
        except re.error:
            return lambda _: False
        return lambda name: compiled.search(name) is not None
    wanted = search.lower()
    return lambda name: wanted in name


def parse_bound(text: str) -> tuple[str, float] | None:
    """Read a filter of numbers, or None where it is none."""
    found = _BOUND.fullmatch(text)
    return None if found is None else (found[1] or ">=", float(found[2]))


def keep_rows(is_found: NDArray[np.bool_], values: Mapping[str, NDArray[Any]], order: Order) -> NDArray[np.bool_]:
    """Apply the filters to rows that were found; a value that is missing passes none."""
    kept = is_found.copy()
    for column, text in order.filters.items():
        bound = parse_bound(text)
        if bound is not None and column in values:
            kept &= _COMPARE[bound[0]](np.asarray(values[column], np.float64), bound[1])
    return kept


def sort_rows(
    rows: NDArray[np.int64], values: Mapping[str, NDArray[Any]], texts: Mapping[str, Sequence[str]], order: Order
) -> NDArray[np.int64]:
    """Sort rows by the columns of an order; missing values last, ties in the rows' own order."""
    keys: list[NDArray[Any]] = []
    for column, descending in reversed(order.sort):
        if column in texts:
            # JavaScript compares UTF-16 code units
            words = [texts[column][row].encode("utf-16-be") for row in rows.tolist()]
            places = {word: place for place, word in enumerate(sorted(set(words)))}
            key = np.array([places[word] for word in words], np.float64)
        elif column in values:
            key = np.asarray(values[column], np.float64)[rows]
        else:
            continue
        missing = np.isnan(key)
        keys += [np.where(missing, 0.0, -key if descending else key), missing]
    return rows[np.lexsort(keys)] if keys and len(rows) else rows
