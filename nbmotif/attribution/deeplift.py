"""DeepLIFT/SHAP: what each base contributes to the difference between a sequence and its references."""

from __future__ import annotations

import reprlib
from contextlib import closing
from typing import TYPE_CHECKING, Literal, NamedTuple, overload

import torch

from nbmotif.arguments import check_flags, check_number, check_whole
from nbmotif.attribution.batches import Batch, alone, run_all, whole_sequences
from nbmotif.attribution.engine import Attribution
from nbmotif.attribution.precision import Precision, exact_float32
from nbmotif.attribution.references import References
from nbmotif.attribution.report import AttributionReport, Moments
from nbmotif.borrowing import borrowed
from nbmotif.compute import check_batch_size, check_inputs, model_dtype, resolve_device, to_device
from nbmotif.encoding import describe
from nbmotif.errors import InvalidArgument, warn
from nbmotif.ported import Unused, takes
from nbmotif.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nbmotif.compute import Arrays, Model
    from nbmotif.outputs import Target


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
@takes(print_convergence_deltas=Unused(False, "return_report=True gives the completeness error."))
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
        Rules of modules as tangermeme takes them. They are not used, for every operation has a rule here; so such a
        module, for instance bpnet-lite's head of profiles, may have other attributions, of the same sum.
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
        Seed of the references. Those of a sequence are the same whatever others it is among, so that parts of ``X``
        may be attributed one after another. Default: different ones each time.
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
        Once, if the sums are off by more than ``warning_threshold``, with the operations that may be the cause; and of
        ``additional_nonlinear_ops``, which are not used.

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
    if additional_nonlinear_ops:
        got = reprlib.repr(additional_nonlinear_ops)
        warn(f"additional_nonlinear_ops: not used, for every operation has a rule of its own; got {got}.")
    X, extra = check_inputs(X, args)
    _check_columns(X)
    batch_size = check_batch_size(batch_size)
    n_shuffles = check_whole(n_shuffles, "n_shuffles", least=1)
    warning_threshold = check_number(warning_threshold, "warning_threshold", "0 or more", lambda error: error >= 0)
    check_flags(hypothetical=hypothetical, raw_outputs=raw_outputs, only_warn=only_warn)
    check_flags(return_references=return_references, return_report=return_report)
    if raw_outputs and return_report:
        raise InvalidArgument("return_report", True, "False where raw_outputs is True", "Multipliers are not averaged.")
    place, compute = resolve_device(device), model_dtype(model)
    precision = Precision.of(dtype, compute)
    drawn = References(references, X, n_shuffles, random_state)
    run = Attribution(model, target, warning_threshold, only_warn, precision)
    with_errors = return_report or verbose

    def prepare(batch: Batch) -> Callable[[], _Done]:
        x, r = X[batch.rows].to(place, compute), drawn.draw(batch.rows)
        given = tuple(to_device(a[batch.rows], place, compute) for a in extra)
        parts = run.multipliers(x, r, given, batch.n_at_once)
        kept = r if return_references else None
        if raw_outputs:
            return lambda: _Done(torch.cat([m.cpu() for _, m in parts], 1), None, kept)
        return lambda: _averaged(parts, 1 if hypothetical else x, with_errors, kept)

    progress = Progress(total=len(X) * drawn.n, disable=not verbose, desc="deep_lift_shap")
    with borrowed(model, place, freeze=True), precision.hold(place), progress:
        # a probe compares, so that it always computes exactly
        with alone(place), exact_float32(place):
            run.probe(X[:2].to(place, compute), tuple(to_device(a[:2], place, compute) for a in extra))
        batches = whole_sequences(len(X), drawn.n, batch_size or run.rows_at_once(place))
        done = []
        with closing(run_all(batches, prepare, drawn.n, place, run.n_workers(batches, place))) as results:
            for one in results:
                done.append(one)
                progress.update(len(one.attributions) * drawn.n)
        attributions = torch.cat([one.attributions for one in done])
        kept = [one.references.cpu() for one in done if one.references is not None]
        all_references = torch.cat(kept) if kept else None
        errors = [one.errors for one in done if one.errors is not None]
        if errors:
            report = AttributionReport(attributions, torch.cat(errors), drawn.n, run.completeness_error, all_references)
            progress.set_postfix_str(
                f"standard error {report.relative_error:.1%}, completeness error {report.completeness_error:.1e}"
            )
    run.warn()
    if return_report:
        return report
    return attributions if all_references is None else AttributionReferencesResult(attributions, all_references)


class _Done(NamedTuple):
    attributions: torch.Tensor
    errors: torch.Tensor | None
    references: torch.Tensor | None


def _averaged(
    parts: Iterator[tuple[torch.Tensor, torch.Tensor]],
    own: torch.Tensor | int,
    with_errors: bool,
    references: torch.Tensor | None,
) -> _Done:
    """Average contributions over the references, which come in parts; of the bases that the sequence has."""
    moments = Moments()
    for pairs, multipliers in parts:
        moments.add(_project(multipliers, pairs), with_errors)
    errors = (moments.standard_error() * own).cpu() if with_errors else None
    return _Done((moments.mean * own).cpu(), errors, references)


def _check_columns(X: torch.Tensor) -> None:
    """Accept one-hot columns, zeros for N, and probabilities; attributions given by mistake are neither."""
    for start in range(0, len(X), _ROWS_CHECKED):
        rows = X[start : start + _ROWS_CHECKED]
        low, high = rows.min().item(), rows.sum(1).max().item()
        if not (low >= 0 and high <= 1 + 1e-4):  # also NaN
            expected = "one-hot, zero for N, or probabilities: columns of numbers of at least 0 that sum to at most 1"
            raise InvalidArgument("X", f"{describe(X)} with values from {low:g} and columns up to {high:g}", expected)


def _project(multipliers: torch.Tensor, references: torch.Tensor) -> torch.Tensor:
    """Contribution of each base in place of the reference's: h_c = m_c - sum_d r_d m_d."""
    return multipliers - (references * multipliers).sum(2, keepdim=True)
