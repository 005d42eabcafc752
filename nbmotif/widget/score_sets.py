"""Reads attributions: one set, or several by name, of the same sequences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from nbmotif.errors import InvalidArgument
from nbmotif.widget.content import Scores
from nbmotif.widget.foreign import load_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROWS = 256  # sequences looked at together, so that checking never doubles the memory
_UNNAMED = "attribution"
_OBSERVED = 0.5  # of the positions of four rows have one value: these are the letters of a sequence, not four sequences


def difference_name(a: str, b: str) -> str:
    """Name what one set has more than another, as the page does."""
    return f"{a} - {b}"


def read_score_sets(attributions: Any, hypothetical: Any, X: NDArray[Any] | None) -> tuple[str, dict[str, Scores]]:
    """Read the arguments of `Explorer` of the same names.

    Parameters
    ----------
    attributions, hypothetical
        One array each, or mappings of name to array; None for none.
    X
        The sequences, checked.

    Returns
    -------
    The name of the first set, and every set by its name.
    """
    observed, every = _by_name(attributions, "attributions"), _by_name(hypothetical, "hypothetical")
    if isinstance(attributions, Mapping) != isinstance(hypothetical, Mapping) and observed and every:
        got = f"names {list(observed)} and {list(every)}"
        raise InvalidArgument("attributions, hypothetical", got, "both arrays, or both mappings of name to array")
    sets = {name: _read_one(observed.get(name), every.get(name), X) for name in [*observed, *every] or [_UNNAMED]}
    first = next(iter(sets))
    differences = {difference_name(a, b) for a in sets for b in sets}
    if not differences.isdisjoint(sets):
        got = f"a set called {next(name for name in sets if name in differences)!r}"
        raise InvalidArgument("attributions", got, "names that are not those of the difference of two others")
    missing = [name for name in [*observed, *every] if observed.get(name) is None is every.get(name)]
    if missing:
        raise InvalidArgument("attributions", f"None for {missing[0]!r}", "an array for each name")
    for name, scores in sets.items():
        if scores.shape != sets[first].shape:
            n, length = sets[first].shape
            expected = f"for the same sequences as {first!r}, N = {n} of L = {length} bp"
            got = "{!r} of N = {}, L = {}".format(name, *scores.shape)
            raise InvalidArgument("attributions", got, expected)
    return first, sets


def _by_name(values: Any, argument: str) -> dict[str, Any]:
    if isinstance(values, Mapping):
        if not values:
            raise InvalidArgument(argument, "an empty mapping", "a mapping of at least one name to an array")
        named = {str(name): array for name, array in values.items()}
        if len(named) < len(values):
            raise InvalidArgument(argument, f"names {list(values)}", "a mapping of names that differ as text")
        return named
    return {} if values is None else {_UNNAMED: values}


def _read_one(observed: Any, every: Any, X: NDArray[Any] | None) -> Scores:
    scores = Scores(read_scores(observed, "attributions", flat=True), read_scores(every, "hypothetical"))
    common_shape(X=X, attributions=scores.observed, hypothetical=scores.hypothetical)
    _check_projected(scores.observed, X)
    if scores.hypothetical is not None and X is None and scores.observed is None:
        raise InvalidArgument("X", None, "given with `hypothetical`", "The observed bases say which score to draw.")
    return scores


def read_scores(values: Any, name: str, *, flat: bool = False) -> NDArray[Any] | None:
    """Check attributions of shape (N, 4, L), or (N, L) where ``flat`` allows it."""
    if values is None:
        return None
    scores: NDArray[Any] = load_array(values, name)
    shape, shapes = scores.shape, "(N, 4, L)" + (" or (N, L)" if flat else "")
    if not (len(shape) == 3 and shape[1] == 4) and not (flat and len(shape) == 2):
        hint = f"Did you mean {name}.permute(0, 2, 1)?" if len(shape) == 3 and shape[2] == 4 else ""
        raise InvalidArgument(name, f"{scores.dtype} {shape}", f"of shape {shapes}", hint)
    if len(shape) == 2 and shape[0] == 4 and np.mean(np.count_nonzero(scores, axis=0) == 1) > _OBSERVED:
        hint = f"Did you mean {name}[None]?"
        raise InvalidArgument(name, f"{scores.dtype} {shape}, of one sequence", f"of shape {shapes}", hint)
    for first in range(0, len(scores), _ROWS):
        rows = scores[first : first + _ROWS]
        with np.errstate(over="ignore"):
            finite = np.isfinite(rows.astype(np.float32, copy=False)).reshape(len(rows), -1).all(axis=1)
        if not finite.all():
            got = f"NaN or infinity in sequence {first + int((~finite).argmax())}"
            raise InvalidArgument(name, got, "finite as float32", "Leave that sequence out, or compute it again.")
    return scores


def common_shape(**arrays: NDArray[Any] | None) -> tuple[int | None, int | None]:
    """Return N and L of the arrays that are given, which must agree; None where none is."""
    given = {name: array for name, array in arrays.items() if array is not None}
    shapes = {name: (array.shape[0], array.shape[-1]) for name, array in given.items()}
    for name, shape in shapes.items():
        first = next(iter(shapes))
        if shape != shapes[first]:
            expected = f"for the same sequences as `{first}`, N = {shapes[first][0]} of L = {shapes[first][1]} bp"
            raise InvalidArgument(name, f"N = {shape[0]}, L = {shape[1]}", expected)
    return next(iter(shapes.values()), (None, None))


def _check_projected(attributions: NDArray[Any] | None, X: NDArray[Any] | None) -> None:
    """Refuse hypothetical scores where the attribution of the observed base is expected: their sum means nothing."""
    if attributions is None or attributions.ndim == 2:
        return
    hint = "Pass hypothetical scores as hypothetical=, together with X=."
    for first in range(0, len(attributions), _ROWS):
        rows = attributions[first : first + _ROWS]
        is_set = rows != 0
        off_base = is_set.sum(axis=1) > 1 if X is None else is_set & (X[first : first + _ROWS] == 0)
        if off_base.any():
            expected = "zero at every base that is not in the sequence"
            raise InvalidArgument("attributions", "other values", expected, hint)
