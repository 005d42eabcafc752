"""Saturation mutagenesis: what every single-base change of a sequence does to the prediction."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, overload

import torch

from nbmotif.arguments import check_flags, check_span
from nbmotif.attribution.batches import alone, run_all, whole_sequences
from nbmotif.attribution.devices import is_out_of_memory, memory_budget, release
from nbmotif.attribution.edits import N_PROBED, EditedModel, EditedSequences
from nbmotif.attribution.precision import exact_float32
from nbmotif.borrowing import borrowed
from nbmotif.compute import (
    check_batch_size,
    check_inputs,
    compute_dtype,
    model_dtype,
    precision,
    resolve_device,
    to_device,
)
from nbmotif.encoding import check_sequences
from nbmotif.errors import UnsupportedModel
from nbmotif.outputs import as_differences, as_tensors, select_target
from nbmotif.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nbmotif.attribution.batches import Batch
    from nbmotif.attribution.probe import Plan
    from nbmotif.compute import Arrays, Model
    from nbmotif.outputs import Target

# mutants at once: enough to hide what a call costs, few enough for neighbours to share a narrow window in the cache
_ROWS_ON_CPU, _ROWS_ON_GPU = (24, 96), 768
_CACHE_BYTES = 12 << 20
# sequences at once on a GPU, whose mutations in the same place share a window
_SEQUENCES_ON_GPU = 16


class SaturationMutagenesisRawResult(NamedTuple):
    """Predictions of the sequences, (N, ...), and of each with each base in each place, (N, 4, end - start, ...)."""

    y0: torch.Tensor
    y_hat: torch.Tensor


@overload
def saturation_mutagenesis(
    model: Model,
    X: Arrays,
    args: Sequence[Arrays] | None = ...,
    start: int = ...,
    end: int = ...,
    batch_size: int | None = ...,
    target: Target | None = ...,
    hypothetical: bool = ...,
    raw_outputs: Literal[False] = ...,
    dtype: torch.dtype | str | None = ...,
    device: torch.device | str | None = ...,
    verbose: bool = ...,
    func: Callable[[Any], Any] | None = ...,
    fast: bool = ...,
) -> torch.Tensor: ...
@overload
def saturation_mutagenesis(
    model: Model,
    X: Arrays,
    args: Sequence[Arrays] | None = ...,
    start: int = ...,
    end: int = ...,
    batch_size: int | None = ...,
    target: Target | None = ...,
    hypothetical: bool = ...,
    *,
    raw_outputs: Literal[True],
    dtype: torch.dtype | str | None = ...,
    device: torch.device | str | None = ...,
    verbose: bool = ...,
    func: Callable[[Any], Any] | None = ...,
    fast: bool = ...,
) -> SaturationMutagenesisRawResult: ...
def saturation_mutagenesis(
    model: Model,
    X: Arrays,
    args: Sequence[Arrays] | None = None,
    start: int = 0,
    end: int = -1,
    batch_size: int | None = None,
    target: Target | None = None,
    hypothetical: bool = False,
    raw_outputs: bool = False,
    dtype: torch.dtype | str | None = None,
    device: torch.device | str | None = None,
    verbose: bool = False,
    func: Callable[[Any], Any] | None = None,
    fast: bool = True,
) -> torch.Tensor | SaturationMutagenesisRawResult:
    """Predict every sequence with every base in every place, and attribute the changes to the bases.

    It asks nothing of a model but predictions, so it works for any function of a batch, and needs no references. Each
    sequence is run once; of its mutants only what a change of one base can reach is computed, where the model's
    operations can be followed, otherwise everything: the numbers are the same.

    Parameters
    ----------
    model
        A PyTorch module, or any function of a batch (a tensor of shape (B, 4, L)) that returns a tensor or an array, so
        that models of other libraries can be wrapped. A module is as it was afterwards, also if the call fails.
    X
        Sequences, shape (N, 4, L), one-hot; at a column of zeros (N) each of the four bases is tried.
    args
        Further inputs of the model, each with N rows.
    start, end
        First position to mutate, and the one after the last. Default: all of them. A negative ``end`` counts from
        ``L + 1``, as in tangermeme: -1 is L.
    batch_size
        Mutants at once. Default: what suits the device; halved as often as its memory runs out.
    target
        The output that counts, as in :func:`nbmotif.deep_lift_shap`. Default: all of them, averaged in attributions.
    hypothetical
        Return the change by every base, not only those that the sequence has.
    raw_outputs
        Return the predictions.
    dtype
        Compute in this precision, by autocast if it is lower than the model's. Default: the model's.
    device
        Where to compute. Default: CUDA if there is one, else the CPU.
    verbose
        Show a progress bar.
    func
        Applied to what the model returns for each batch, before ``target``.
    fast
        False to predict every mutant in full, for comparison.

    Returns
    -------
    Attributions, shape (N, 4, end - start), on the CPU: the change of the prediction by each base, less the mean of the
    four; zero where the sequence has another base unless ``hypothetical``. With ``raw_outputs`` the predictions
    ``y0``, shape (N, ...), and ``y_hat``, shape (N, 4, end - start, ...), with the further axes of what the model
    returns; none where a ``target`` is picked.

    Raises
    ------
    InvalidArgument
        If an argument does not fit the sequences.
    UnsupportedModel
        If the model returns something else than rows of numbers.

    References
    ----------
    Zhou & Troyanskaya, Predicting effects of noncoding variants with deep learning-based sequence model (Nature
    Methods 2015); Nair et al., fastISM (Bioinformatics 2022). Arguments, defaults and centring as in tangermeme 1.6,
    but that there raw outputs ignore ``target``.

    Examples
    --------
    >>> import torch
    >>> from nbmotif import one_hot_encode, saturation_mutagenesis
    >>> def count_gata(X):
    ...     return torch.nn.functional.conv1d(X, torch.eye(4)[[2, 0, 3, 0]].T[None]).amax(-1)
    >>> X_attr = saturation_mutagenesis(count_gata, one_hot_encode(["CCGATACC"]))
    >>> X_attr.sum(1)
    tensor([[0.0000, 0.0000, 0.7500, 0.7500, 0.7500, 0.7500, 0.0000, 0.0000]])
    """
    X, extra = check_inputs(check_sequences(X), args)
    span = check_span(start, end, X.shape[-1])
    batch_size = check_batch_size(batch_size)
    check_flags(hypothetical=hypothetical, raw_outputs=raw_outputs, fast=fast)
    place, own = resolve_device(device), model_dtype(model)
    compute = compute_dtype(model, dtype)
    # autocast casts at calls that a window does not make
    by_windows, edited = fast and compute == own, EditedModel(model, _picker(target, func))
    size = _Size(place, batch_size)

    def rows_of(rows: slice) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        return X[rows].to(place, compute), tuple(to_device(arg[rows], place, compute) for arg in extra)

    def prepare(batch: Batch) -> Callable[[], tuple[torch.Tensor, torch.Tensor]]:
        given = rows_of(batch.rows)
        return lambda: _mutate(edited, *given, span, size)

    with (
        borrowed(model, place, freeze=True),
        exact_float32(place),
        precision(place, compute, own),
        Progress(total=len(X) * len(span), disable=not verbose, desc="saturation_mutagenesis") as progress,
    ):
        if by_windows:
            few = rows_of(slice(0, N_PROBED))
            with alone(place):
                edited.follow(*few, Mutants(few[0], span).samples())
        size.fit(edited.plan)
        batches = whole_sequences(len(X), 1, 1 if place.type == "cpu" else _SEQUENCES_ON_GPU)
        grids = []
        with closing(run_all(batches, prepare, 1, place, edited.n_workers(batches, place))) as results:
            for grid in results:
                grids.append(grid)
                progress.update(len(grid[0]) * len(span))
    y0, y_hat = (torch.cat(parts) for parts in zip(*grids, strict=True))
    if raw_outputs:
        return SaturationMutagenesisRawResult(y0, y_hat)
    y0, y_hat = as_differences(y0), as_differences(y_hat)
    changes = y_hat - y0[:, None, None]
    changes = changes - changes.mean(1, keepdim=True)
    if changes.ndim > 3:
        changes = changes.flatten(3).mean(-1)
    return changes if hypothetical else changes * X[:, :, span.start : span.stop].to(changes.device)


class _Size:
    """How many mutants are run at once: fewer each time that memory runs out."""

    def __init__(self, device: torch.device, asked: int | None) -> None:
        self.device, self.is_open = device, asked is None
        self.rows = asked or 1

    def fit(self, plan: Plan | None) -> None:
        """Choose, where the number was not asked for."""
        if not self.is_open:
            return
        self.is_open = False
        if self.device.type == "cpu":
            low, high = _ROWS_ON_CPU
            self.rows = low if plan is None else min(high, max(low, _CACHE_BYTES // max(1, plan.largest_per_row)))
        else:
            bytes_per_row = 1 if plan is None else max(1, plan.bytes_per_row)
            self.rows = max(1, min(_ROWS_ON_GPU, memory_budget(self.device) // bytes_per_row))

    def halve(self) -> None:
        """Take half as many, after the memory of the device ran out."""
        self.rows //= 2
        release(self.device)


def _picker(target: Target | None, func: Callable[[Any], Any] | None) -> Callable[[Any], torch.Tensor]:
    def pick(y: Any) -> torch.Tensor:
        y = y if func is None else func(y)
        if target is not None:
            return select_target(y, target)
        y = as_tensors(y)
        if not isinstance(y, torch.Tensor):
            got = f"{len(y)} outputs" if isinstance(y, (tuple, list)) else type(y).__name__
            msg = f"the model returns {got}, where one tensor of shape (B, ...) is needed: choose by `target` or `func`"
            raise UnsupportedModel(msg)
        return y

    return pick


class Mutants:
    """Every change of one base in a span of some sequences, position by position: the edits number 0 to ``n``.

    Parameters
    ----------
    X
        Shape (n, 4, L), one-hot.
    span
        The positions.
    """

    def __init__(self, X: torch.Tensor, span: range) -> None:
        self.X = X
        codes = torch.where(X.sum(1) > 0, X.argmax(1), -1)  # (n, L)
        # the three other bases; where any of the sequences has an N, all four
        n_tried = 3 + (codes[:, span.start : span.stop] < 0).any(0).long()
        self.positions = torch.arange(span.start, span.stop, device=X.device).repeat_interleave(n_tried)  # (E,)
        turn = torch.cat([torch.arange(1, k + 1) for k in n_tried.tolist()]).to(X.device)
        self.letters = (codes[:, self.positions] + turn) % 4  # (n, E)
        self.n = len(turn)
        self._places = self.positions.tolist()

    def edits(self, first: int, last: int) -> tuple[int, torch.Tensor]:
        """Where some edits begin, and what stands there, shape (n * (last - first), 4, w)."""
        start, count = self._places[first], last - first
        values = self.X[:, None, :, start : self._places[last - 1] + 1].repeat(1, count, 1, 1)
        letters = torch.nn.functional.one_hot(self.letters[:, first:last].T, 4)  # (edits, n, 4)
        each = torch.arange(count, device=self.X.device)
        values[:, each, :, self.positions[first:last] - start] = letters.to(values.dtype)
        return start, values.flatten(0, 1)

    def samples(self) -> Iterator[tuple[int, torch.Tensor]]:
        """Give a few edits, at both ends and in the middle."""
        few = min(self.n, 3)
        return (self.edits(i, i + few) for i in sorted({0, (self.n - few) // 2, self.n - few}))


def _mutate(
    edited: EditedModel, X: torch.Tensor, extra: tuple[torch.Tensor, ...], span: range, size: _Size
) -> tuple[torch.Tensor, torch.Tensor]:
    """Predict some sequences, (n, ...), and their mutants, (n, 4, len(span), ...), both on the CPU."""
    mutants, sequences = Mutants(X, span), EditedSequences(edited, X, extra)
    y0 = sequences.y
    grid = y0[:, None, None].repeat(1, 4, len(span), *[1] * (y0.ndim - 1))
    each_row, first = torch.arange(len(X), device=X.device)[:, None], 0
    while first < mutants.n:
        last = min(mutants.n, first + max(1, size.rows // len(X)))
        try:
            y = sequences.predict(*mutants.edits(first, last))
        except RuntimeError as error:
            if not is_out_of_memory(error) or last == first + 1:
                raise
            size.halve()
            continue
        places = each_row, mutants.letters[:, first:last], mutants.positions[first:last] - span.start
        grid[places] = y.view(len(X), -1, *y.shape[1:])
        first = last
    return y0.cpu(), grid.cpu()
