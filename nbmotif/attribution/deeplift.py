"""DeepLIFT/SHAP: what each base contributes to the difference between a sequence and its references."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Literal, NamedTuple, overload

import torch

from nbmotif.attribution.devices import is_out_of_memory, release
from nbmotif.attribution.engine import Attribution
from nbmotif.attribution.precision import Precision, exact_float32
from nbmotif.attribution.references import References
from nbmotif.attribution.report import AttributionReport, Moments
from nbmotif.encoding import describe
from nbmotif.errors import InvalidArgument
from nbmotif.models import (
    borrowed,
    check_inputs,
    check_positive,
    model_dtype,
    resolve_device,
    to_device,
)
from nbmotif.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbmotif.models import Arrays, Model, Target


# sequences that are checked in one go, so that a check needs little memory
_ROWS_CHECKED = 1024


class AttributionReferencesResult(NamedTuple):
    """Attributions, and the references they were computed with."""

    attributions: torch.Tensor
    references: torch.Tensor


@overload
def deep_lift_shap(
    model: Model,
    X: Arrays,
    args: Sequence[Arrays] | None = ...,
    target: Target = ...,
    batch_size: int | None = ...,
    references: str | Arrays | Callable[..., torch.Tensor] = ...,
    n_shuffles: int = ...,
    return_references: Literal[False] = ...,
    hypothetical: bool = ...,
    warning_threshold: float = ...,
    additional_nonlinear_ops: object = ...,
    raw_outputs: bool = ...,
    only_warn: bool = ...,
    dtype: torch.dtype | str | None = ...,
    device: torch.device | str | None = ...,
    random_state: int | None = ...,
    verbose: bool = ...,
    return_report: Literal[False] = ...,
) -> torch.Tensor: ...
@overload
def deep_lift_shap(
    model: Model,
    X: Arrays,
    args: Sequence[Arrays] | None = ...,
    target: Target = ...,
    batch_size: int | None = ...,
    references: str | Arrays | Callable[..., torch.Tensor] = ...,
    n_shuffles: int = ...,
    return_references: bool = ...,
    hypothetical: bool = ...,
    warning_threshold: float = ...,
    additional_nonlinear_ops: object = ...,
    raw_outputs: bool = ...,
    only_warn: bool = ...,
    dtype: torch.dtype | str | None = ...,
    device: torch.device | str | None = ...,
    random_state: int | None = ...,
    verbose: bool = ...,
    *,
    return_report: Literal[True],
) -> AttributionReport: ...
@overload
def deep_lift_shap(
    model: Model,
    X: Arrays,
    args: Sequence[Arrays] | None = ...,
    target: Target = ...,
    batch_size: int | None = ...,
    references: str | Arrays | Callable[..., torch.Tensor] = ...,
    n_shuffles: int = ...,
    *,
    return_references: Literal[True],
    hypothetical: bool = ...,
    warning_threshold: float = ...,
    additional_nonlinear_ops: object = ...,
    raw_outputs: bool = ...,
    only_warn: bool = ...,
    dtype: torch.dtype | str | None = ...,
    device: torch.device | str | None = ...,
    random_state: int | None = ...,
    verbose: bool = ...,
    return_report: Literal[False] = ...,
) -> AttributionReferencesResult: ...
def deep_lift_shap(
    model: Model,
    X: Arrays,
    args: Sequence[Arrays] | None = None,
    target: Target = 0,
    batch_size: int | None = None,
    references: str | Arrays | Callable[..., torch.Tensor] = "dinucleotide",
    n_shuffles: int = 20,
    return_references: bool = False,
    hypothetical: bool = False,
    warning_threshold: float = 0.001,
    additional_nonlinear_ops: object = None,
    raw_outputs: bool = False,
    only_warn: bool = False,
    dtype: torch.dtype | str | None = None,
    device: torch.device | str | None = None,
    random_state: int | None = None,
    verbose: bool = False,
    return_report: bool = False,
) -> torch.Tensor | AttributionReferencesResult | AttributionReport:
    """Attribute a model's prediction to the bases of each sequence by DeepLIFT/SHAP.

    The attributions of a sequence sum to the difference between its prediction and the mean prediction of its
    references. Rules belong to operations, not to modules, so it makes no difference whether an activation is a module,
    a function or a method; attention, products, norms and recurrent layers have rules as well. That the sum is right
    is checked for every sequence and reference.

    Parameters
    ----------
    model
        A PyTorch module, or a function of a batch. It is as it was afterwards, also if the call fails.
    X
        Sequences, shape (N, 4, L), one-hot in the order A C G T; N is a column of zeros. Columns of probabilities work
        too, if the references are not shuffles.
    args
        Further inputs of the model, each with N rows, such as control tracks. They are the same for a sequence and its
        references, and receive no attribution.
    target
        A column of an output of shape (N, n); a tuple of indices, the first of which chooses among several outputs; or
        a function of the output that returns one number per sequence.
    batch_size
        Pairs of sequence and reference that are run together. Default: what suits the model's size and the device.
    references
        "dinucleotide": shuffles of the sequence that keep its dinucleotides. "zeros", "uniform" (0.25 everywhere) and
        "gc" (the sequence's letter frequencies everywhere): one reference. A tensor of shape (N, n, 4, L). Or a
        function that is called as ``references(X[i:i+1], n=1, random_state=random_state + k)`` for reference k.
    n_shuffles
        References per sequence, if ``references`` is "dinucleotide" or a function.
    return_references
        Return the references as well.
    hypothetical
        Return what each of the four bases would contribute in each place, not only the one that is there.
    warning_threshold
        Largest difference between the sum of the attributions and the change of the output, in units of the output,
        that passes without a warning.
    additional_nonlinear_ops
        Not needed here, where no operation has to be registered; accepted so that code written for tangermeme runs.
    raw_outputs
        Return the multipliers of each reference, shape (N, n, 4, L), before the references are subtracted.
    only_warn
        Warn where the call would otherwise refuse a model whose attributions do not sum to the change of the output.
    dtype
        Compute convolutions and other products in this precision, such as "bfloat16", if it is lower than the model's;
        the rules keep the model's own. "tf32": float32, of which a GPU may drop bits in products. The price is a larger
        completeness error, which the report states and a warning above 1 %. Default: the model's precision.
    device
        Where to compute. Default: CUDA if there is one, else the CPU.
    random_state
        Seed of the references. Default: different ones each time.
    verbose
        Show a progress bar, and the report's two errors behind it.
    return_report
        Return an :class:`AttributionReport` that also says whether the references were enough.

    Returns
    -------
    Shape (N, 4, L), in the model's dtype, on the CPU; with ``return_references`` a pair of it and the references,
    shape (N, n, 4, L); with ``return_report`` a report with these in it.

    Raises
    ------
    InvalidArgument
        If an argument does not fit the sequences.
    UnsupportedModel
        If the model does something that cannot be attributed, named with its module and the line of the forward pass.

    Warns
    -----
    NbmotifWarning
        Once, if the sums are off by more than ``warning_threshold``, with the operations that may be the cause.

    References
    ----------
    Shrikumar et al., Learning important features through propagating activation differences (ICML 2017); Lundberg &
    Lee, A unified approach to interpreting model predictions (NeurIPS 2017). Arguments as in tangermeme 1.6.

    Examples
    --------
    >>> import torch
    >>> from nbmotif import deep_lift_shap, random_one_hot
    >>> model = torch.nn.Sequential(
    ...     torch.nn.Conv1d(4, 2, 5), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(92, 1)
    ... )
    >>> X = random_one_hot((3, 4, 50), random_state=0)
    >>> X_attr = deep_lift_shap(model, X, references="zeros")
    >>> change = model(X.float()) - model(torch.zeros(3, 4, 50))
    >>> torch.allclose(X_attr.sum((1, 2)), change[:, 0], atol=1e-5)
    True
    """
    del additional_nonlinear_ops
    X, extra = check_inputs(X, args)
    _check_columns(X)
    if batch_size is not None:
        check_positive(batch_size, "batch_size")
    check_positive(n_shuffles, "n_shuffles")
    if raw_outputs and return_report:
        raise InvalidArgument("return_report", True, "False where raw_outputs is True", "Multipliers are not averaged.")
    place, compute = resolve_device(device), model_dtype(model)
    precision = Precision.of(dtype, compute)
    drawn = References(references, X, n_shuffles, random_state)
    run = Attribution(model, target, warning_threshold, only_warn, precision.low)
    parts: list[torch.Tensor] = []
    errors: list[torch.Tensor] = []
    kept: list[torch.Tensor] = []
    progress = Progress(total=len(X) * drawn.n, disable=not verbose, desc="deep_lift_shap")
    exact = exact_float32() if precision.is_exact and place.type == "cuda" else contextlib.nullcontext()
    with borrowed(model, place, freeze=True), exact, progress:
        run.probe(X[:2].to(place, compute), tuple(to_device(a[:2], place, compute) for a in extra))
        batches = _batches(len(X), drawn.n, batch_size or run.rows_at_once(place))
        while batches:
            rows, n_at_once = batches[0]
            x, r = X[rows].to(place, compute), drawn.draw(rows)
            given = tuple(to_device(a[rows], place, compute) for a in extra)
            raw: list[torch.Tensor] = []
            moments = Moments()
            try:
                for pairs, m in run.multipliers(x, r, given, n_at_once):
                    if raw_outputs:
                        raw.append(m.cpu())
                    else:
                        moments.add(_project(m, pairs), with_squares=return_report or verbose)
            except RuntimeError as error:
                smaller = _halved(batches, drawn.n) if is_out_of_memory(error) else []
                if not smaller:
                    raise
                batches = smaller
                release(place)
                continue
            own: torch.Tensor | int = 1 if hypothetical else x
            parts.append(torch.cat(raw, 1) if raw_outputs else (moments.mean * own).cpu())
            if moments.squares is not None:
                errors.append((moments.standard_error() * own).cpu())
            if return_references:
                kept.append(r.cpu())
            progress.update(r.shape[0] * r.shape[1])
            batches = batches[1:]
        attributions, all_references = torch.cat(parts), torch.cat(kept) if return_references else None
        report = None
        if errors:
            spread = torch.cat(errors)
            report = AttributionReport(attributions, spread, drawn.n, run.completeness_error, all_references)
            progress.set_postfix_str(
                f"standard error {report.relative_error:.1%}, completeness error {report.completeness_error:.1e}"
            )
    run.warn()
    if return_report:
        assert report is not None
        return report
    return attributions if all_references is None else AttributionReferencesResult(attributions, all_references)


def _check_columns(X: torch.Tensor) -> None:
    """Accept one-hot columns, zeros for N, and probabilities; attributions given by mistake are neither."""
    for start in range(0, len(X), _ROWS_CHECKED):
        rows = X[start : start + _ROWS_CHECKED]
        low, high = rows.min().item(), rows.sum(1).max().item()
        if not (low >= 0 and high <= 1 + 1e-4):  # also NaN
            expected = "one-hot, zero for N, or probabilities: columns of numbers of at least 0 that sum to at most 1"
            raise InvalidArgument("X", f"{describe(X)} with values from {low:g} and columns up to {high:g}", expected)


def _batches(n_sequences: int, n_references: int, batch_size: int) -> list[tuple[slice, int]]:
    """Whole sequences with all their references where they fit, else one sequence in equal parts."""
    per_batch = max(1, batch_size // n_references)
    n_parts = -(-n_references // batch_size) if batch_size < n_references else 1
    starts = range(0, n_sequences, per_batch)
    return [(slice(i, min(i + per_batch, n_sequences)), -(-n_references // n_parts)) for i in starts]


def _halved(batches: list[tuple[slice, int]], n_references: int) -> list[tuple[slice, int]]:
    """Batches of half the size for a device whose memory ran out; none if one pair at a time was too much."""
    first, n_at_once = batches[0]
    n_sequences = first.stop - first.start
    smaller = n_sequences * n_at_once // 2
    if smaller == 0:
        return []
    again = _batches(batches[-1][0].stop - first.start, n_references, smaller)
    return [(slice(rows.start + first.start, rows.stop + first.start), n) for rows, n in again]


def _project(multipliers: torch.Tensor, references: torch.Tensor) -> torch.Tensor:
    """Contribution of each base in place of the reference's: h_c = m_c - sum_d r_d m_d."""
    return multipliers - (references * multipliers).sum(2, keepdim=True)
