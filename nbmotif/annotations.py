"""Counts of annotations, such as the motifs of seqlets, and of pairs of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch

from nbmotif.arguments import check_choice, check_flags, check_list, check_whole
from nbmotif.arrays import as_array
from nbmotif.columns import as_whole_numbers, whole_numbers
from nbmotif.encoding import as_dtype
from nbmotif.errors import InvalidArgument
from nbmotif.ported import takes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt
    import pandas as pd

    from nbmotif.encoding import Dtype

_PAIRS_AT_ONCE = 1 << 21
# in which torch can add up: not in unsigned numbers of more than a byte, nor in floats of one
_SCATTERED = {torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64}
_SCATTERED |= {torch.float16, torch.bfloat16, torch.float32, torch.float64}


def count_annotations(
    X: torch.Tensor | pd.DataFrame | Sequence[Any],
    dtype: Dtype = torch.int32,
    shape: tuple[int, int] | None = None,
    n_annotations: int | None = None,
    dim: Literal[0, 1] | None = None,
) -> torch.Tensor:
    """Count how often each annotation, such as a motif, occurs in each sequence.

    Parameters
    ----------
    X
        Pairs of sequence number and annotation number: shape (n, 2), or a tuple of two vectors of length n. Annotation
        -1 means unassigned and is not counted.
    dtype
        Of the counts, which it must be able to hold. Default: int32; uint8 takes a quarter of the memory, and of the
        time that goes into memory.
    shape
        (N, M): number of sequences and of annotations. Default: the largest of each in X, plus one.
    n_annotations
        M, where N may follow from X: give ``len(motifs)`` so that columns are motifs whatever was seen.
    dim
        Add up the counts over sequences (0) or over annotations (1). Default: neither.

    Returns
    -------
    Counts, shape (N, M); (M,) for ``dim=0``; (N,) for ``dim=1``.

    Raises
    ------
    InvalidArgument
        If a number is outside the shape, or a count does not fit the dtype.

    Examples
    --------
    >>> from nbmotif import count_annotations
    >>> count_annotations(([0, 0, 2], [1, 1, 0]), n_annotations=3)
    tensor([[0, 2, 0],
            [0, 0, 0],
            [1, 0, 0]], dtype=torch.int32)
    """
    example_idx, annotation_idx = _annotation_columns(X)
    shape = _check_numbers(example_idx, annotation_idx, shape, n_annotations)
    check_choice(dim, "dim", (None, 0, 1))
    assigned = annotation_idx != -1
    if not assigned.all():
        example_idx, annotation_idx = example_idx[assigned], annotation_idx[assigned]
    if dim is None:
        return _count_each(example_idx, annotation_idx, shape, dtype)
    kept = annotation_idx if dim == 0 else example_idx
    return _as_dtype(np.bincount(kept, minlength=shape[1 - dim]), dtype)


def _count_each(
    example_idx: npt.NDArray[np.int64], annotation_idx: npt.NDArray[np.int64], shape: tuple[int, int], dtype: Dtype
) -> torch.Tensor:
    """Count each pair in the dtype itself where no count can be too large for it, and else with whole numbers first."""
    wanted, n = as_dtype(dtype), len(example_idx)
    largest = _largest_count(wanted)
    # no annotation occurs more often than there are annotations in its sequence
    fits = n <= largest or np.bincount(example_idx).max(initial=0) <= largest
    is_direct = fits and wanted in _SCATTERED
    counts = _zeros(shape, wanted if is_direct else torch.int32)
    places = torch.from_numpy(example_idx * shape[1] + annotation_idx)
    counts.view(-1).scatter_add_(0, places, torch.ones(n, dtype=counts.dtype))
    if is_direct:
        return counts
    if not fits:
        _check_fits(int(counts.max()) if counts.numel() else 0, counts.numel() > 0, dtype)
    return counts.to(wanted)


def _zeros(shape: tuple[int, int], dtype: torch.dtype) -> torch.Tensor:
    """Take memory that the system clears where it is first written to: most counts stay zero."""
    if 0 in shape:
        return torch.zeros(shape, dtype=dtype)
    return torch.from_numpy(np.zeros(shape[0] * shape[1] * dtype.itemsize, np.uint8)).view(dtype).reshape(shape)


@takes(shape="n_annotations")
def pairwise_annotations(
    X: torch.Tensor | pd.DataFrame | Sequence[Any],
    dtype: Dtype = torch.int32,
    unique: bool = True,
    symmetric: bool = True,
    n_annotations: int | None = None,
) -> torch.Tensor:
    """Count how often two annotations occur in the same sequence.

    Parameters
    ----------
    X
        Pairs of sequence number and annotation number, as :func:`count_annotations`; -1 is not counted.
    dtype
        Of the counts.
    unique
        Count the sequences in which both occur, so that the diagonal is zero. Otherwise count each pair of occurrences,
        also of one annotation with itself.
    symmetric
        Count a pair both ways. Otherwise the row is the annotation that comes first: in X, or, where unique, by number.
    n_annotations
        M. Default: the largest annotation in X, plus one.

    Returns
    -------
    Counts, shape (M, M).

    Examples
    --------
    >>> from nbmotif import pairwise_annotations
    >>> pairwise_annotations(([0, 0, 0, 1], [1, 2, 1, 2]))
    tensor([[0, 0, 0],
            [0, 0, 1],
            [0, 1, 0]], dtype=torch.int32)
    """
    check_flags(unique=unique, symmetric=symmetric)
    example_idx, annotation_idx = _annotation_columns(X)
    _, m = _check_numbers(example_idx, annotation_idx, None, n_annotations)
    pairs = np.stack([example_idx, annotation_idx], axis=1)[annotation_idx != -1]
    pairs = np.unique(pairs, axis=0) if unique else pairs[np.argsort(pairs[:, 0], kind="stable")]
    counts, kind = np.zeros((m, m), dtype=np.int64), pairs[:, 1]
    for i, j in _pairs(np.searchsorted(pairs[:, 0], pairs[:, 0], side="right")):
        np.add.at(counts, (kind[i], kind[j]), 1)
    return _as_dtype(_both_ways(counts) if symmetric else counts, dtype)


@takes(shape="n_annotations")
def pairwise_annotations_spacing(
    X: torch.Tensor | npt.NDArray[Any] | pd.DataFrame,
    max_distance: int = 100,
    dtype: Dtype = torch.int32,
    symmetric: bool = True,
    n_annotations: int | None = None,
    overlaps: Literal["refuse", "skip"] = "refuse",
) -> torch.Tensor:
    """Count how often two annotations occur in the same sequence at each distance.

    Parameters
    ----------
    X
        Sequence number, annotation number, start and end (0-based, half-open) of each annotation, shape (n, 4);
        annotation -1 is not counted.
    max_distance
        D: gaps of this many bp and more are left out.
    dtype
        Of the counts, of which there are M * M * D.
    symmetric
        Count a pair both ways. Otherwise the row is the annotation on the left.
    n_annotations
        M. Default: the largest annotation in X, plus one.
    overlaps
        "refuse" raises where two annotations overlap, as the distance then has no meaning; "skip" leaves the pair out.

    Returns
    -------
    Counts, shape (M, M, D): entry (a, b, d) counts pairs with d bp between the end of the left and the start of the
    right one.

    Raises
    ------
    InvalidArgument
        If two annotations overlap and that is refused; the message names the rows.

    Examples
    --------
    >>> import numpy as np
    >>> from nbmotif import pairwise_annotations_spacing
    >>> sites = np.array([[0, 1, 10, 16], [0, 0, 20, 26]])
    >>> pairwise_annotations_spacing(sites, symmetric=False)[1, 0, 4]
    tensor(1, dtype=torch.int32)
    """
    table = _as_table(X, 4, "sequence, annotation, start and end, of shape (n, 4)")
    max_distance = check_whole(max_distance, "max_distance", 1)
    check_flags(symmetric=symmetric)
    check_choice(overlaps, "overlaps", ("refuse", "skip"))
    example_idx, annotation_idx = _annotation_columns(table[:, :2])
    _, m = _check_numbers(example_idx, annotation_idx, None, n_annotations)
    rows = np.flatnonzero(annotation_idx != -1)
    places = [whole_numbers(table[:, column], f"X[:, {column}]", np.int64) for column in (2, 3)]
    empty = np.flatnonzero(places[0] >= places[1])
    if empty.size:
        got = f"{places[0][empty[0]]} to {places[1][empty[0]]} in row {empty[0]}"
        raise InvalidArgument("X", got, "annotations with start < end")
    rows = rows[np.lexsort((places[1][rows], places[0][rows], example_idx[rows]))]
    columns = example_idx, annotation_idx, *places
    example, annotation, start, end = (column[rows] for column in columns)
    counts = np.zeros((m, m, max_distance), dtype=np.int64)
    # sequences one behind the other, too far for a gap: one search finds what starts near enough to each end
    apart = end.max(initial=0) - start.min(initial=0) + max_distance
    for i, j in _pairs(np.searchsorted(example * apart + start, example * apart + end + max_distance)):
        gap = start[j] - end[i]
        if overlaps == "refuse" and (gap < 0).any():
            left, right = (int(places[gap < 0][0]) for places in (i, j))
            spans = (f"{start[at]} to {end[at]} in row {rows[at]}" for at in (left, right))
            hint = 'Merge them, or leave such pairs out with overlaps="skip".'
            raise InvalidArgument("X", " and ".join(spans), "annotations that do not overlap within a sequence", hint)
        i, j, gap = i[gap >= 0], j[gap >= 0], gap[gap >= 0]
        np.add.at(counts, (annotation[i], annotation[j], gap), 1)
    return _as_dtype(_both_ways(counts) if symmetric else counts, dtype)


def _pairs(until: npt.NDArray[np.int64]) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Go through all pairs i < j < ``until[i]``, some millions at a time."""
    places = np.arange(len(until))
    n_partners = np.maximum(until - places - 1, 0)
    done = np.cumsum(n_partners)
    start = 0
    while start < len(until):
        so_far = done[start] - n_partners[start]
        stop = max(start + 1, int(np.searchsorted(done, so_far + _PAIRS_AT_ONCE, side="right")))
        i = np.repeat(places[start:stop], n_partners[start:stop])
        first = done[start:stop] - n_partners[start:stop] - so_far
        yield i, i + 1 + np.arange(len(i)) - np.repeat(first, n_partners[start:stop])
        start = stop


def _both_ways(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Count each pair of two different annotations both ways."""
    both = counts + counts.swapaxes(0, 1)
    same = np.arange(len(counts))
    both[same, same] = counts[same, same]
    return both


def _as_dtype(counts: npt.NDArray[np.int64], dtype: Dtype) -> torch.Tensor:
    _check_fits(int(counts.max(initial=0)), counts.size > 0, dtype)
    return torch.from_numpy(counts).to(as_dtype(dtype))


def _check_fits(most: int, are_there: bool, dtype: Dtype) -> None:
    """Refuse a dtype that would cut or round the largest count."""
    if most > _largest_count(as_dtype(dtype)):
        got = f"{dtype}, with counts up to {most}" if are_there else dtype
        raise InvalidArgument("dtype", got, "able to hold every count", "Use torch.int32.")


def _largest_count(dtype: torch.dtype) -> float:
    """Up to which number a dtype tells each from its neighbours; bool counts nothing, not even zeros."""
    if dtype.is_floating_point:
        return 2 / torch.finfo(dtype).eps
    return -1 if dtype == torch.bool else torch.iinfo(dtype).max


def _as_table(X: Any, n_columns: int, expected: str) -> npt.NDArray[Any]:
    # before the rest, since a further column may hold words
    shape = X.shape if hasattr(X, "shape") else as_array(X, "X", expected).shape
    if len(shape) != 2 or shape[1] != n_columns:
        raise InvalidArgument("X", f"shape {tuple(shape)}", expected)
    return as_array(X, "X", expected)


def _annotation_columns(X: Any) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    if isinstance(X, (tuple, list)) and len(X) == 2:
        columns = [as_array(column, f"X[{i}]", "a vector of whole numbers") for i, column in enumerate(X)]
        if isinstance(X, list) and isinstance(X[0], (tuple, list)) and columns[0].shape == columns[1].shape == (2,):
            hint = "Pass a tuple of two vectors, or an array of pairs."
            raise InvalidArgument("X", repr(X), "either two vectors or pairs, and this may be both", hint)
    else:
        pairs = _as_table(X, 2, "pairs of shape (n, 2), or a tuple of two vectors")
        columns = [pairs[:, 0], pairs[:, 1]]
    if columns[0].ndim != 1 or columns[0].shape != columns[1].shape:
        got = " and ".join(str(column.shape) for column in columns)
        hint = "Of several neighbours of a seqlet choose one: motif_idxs[:, 0]." if columns[1].ndim == 2 else ""
        raise InvalidArgument("X", f"shapes {got}", "two vectors of one length", hint)
    examples, annotations = (as_whole_numbers(column, "X", np.int64) for column in columns)
    return examples, annotations


def _check_numbers(
    example_idx: npt.NDArray[np.int64],
    annotation_idx: npt.NDArray[np.int64],
    shape: tuple[int, int] | None,
    n_annotations: int | None,
) -> tuple[int, int]:
    largest = [int(column.max(initial=-1)) for column in (example_idx, annotation_idx)]
    if n_annotations is not None:
        n_annotations = check_whole(n_annotations, "n_annotations", 0)
    if shape is not None:
        sizes = check_list(shape, "shape", "two whole numbers")
        if len(sizes) != 2:
            raise InvalidArgument("shape", shape, "(number of sequences, number of annotations)")
        shape = check_whole(sizes[0], "shape[0]", 0), check_whole(sizes[1], "shape[1]", 0)
    if shape is not None and n_annotations not in {None, shape[1]}:
        raise InvalidArgument("n_annotations", n_annotations, f"shape[1] = {shape[1]} where both are given")
    n, m = shape or (largest[0] + 1, largest[1] + 1 if n_annotations is None else n_annotations)
    checks = ("example", example_idx, largest[0], n, 0), ("annotation", annotation_idx, largest[1], m, -1)
    for name, column, most, size, lowest in checks:
        if len(column) and (most >= size or column.min() < lowest):
            row = int(((column >= size) | (column < lowest)).argmax())
            expected = f"{name}s between {lowest} and {size - 1}" if size > 0 or lowest < 0 else f"without {name}s"
            raise InvalidArgument("X", f"{name} {int(column[row])} in row {row}", expected)
    return n, m
