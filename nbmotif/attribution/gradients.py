"""Saliency: the gradient of the prediction, the cheapest of all attributions."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import torch

from nbmotif.arguments import check_flags
from nbmotif.attribution.batches import run_all, whole_sequences
from nbmotif.attribution.devices import with_recurrent_gradients
from nbmotif.attribution.precision import exact_float32
from nbmotif.borrowing import borrowed
from nbmotif.compute import BATCH_SIZE, check_batch_size, check_inputs, model_dtype, resolve_device, to_device
from nbmotif.errors import UnsupportedModel
from nbmotif.outputs import as_differences, check_rows, select_target
from nbmotif.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbmotif.attribution.batches import Batch
    from nbmotif.compute import Arrays, Model
    from nbmotif.outputs import Target


def saliency(
    model: Model,
    X: Arrays,
    args: Sequence[Arrays] | None = None,
    target: Target = 0,
    batch_size: int | None = None,
    hypothetical: bool = False,
    gradient_correction: bool = True,
    device: torch.device | str | None = None,
    verbose: bool = False,
) -> torch.Tensor:
    """Attribute a prediction by gradient times input: an instant preview, in one pass for each sequence.

    It says how the prediction changes with an infinitely small step, not what a base is worth in place of another:
    where the model saturates it is near zero although the base matters. It needs no references, and no rules.

    Parameters
    ----------
    model
        A PyTorch module, or a function of a batch made of torch operations. It is as it was afterwards.
    X
        Sequences, shape (N, 4, L), one-hot or any numbers.
    args
        Further inputs of the model, each with N rows.
    target
        The output that counts, as in :func:`nbmotif.deep_lift_shap`.
    batch_size
        Sequences at once, by default 32; halved as often as the memory of a device runs out.
    hypothetical
        Return the gradients of every base, not only those of the bases that the sequence has.
    gradient_correction
        Subtract the mean over the four bases at each position: that part of a gradient points out of the space of
        one-hot sequences, where the model was never trained. False for the gradient as it is.
    device
        Where to compute. Default: CUDA if there is one, else the CPU.
    verbose
        Show a progress bar.

    Returns
    -------
    Shape (N, 4, L), in the model's dtype, on the CPU.

    Raises
    ------
    InvalidArgument
        If an argument does not fit the sequences.
    UnsupportedModel
        If the prediction has no gradient.

    References
    ----------
    Simonyan et al., Deep inside convolutional networks (2014); Shrikumar et al., Not just a black box (2016); for
    ``gradient_correction``, Majdandzic et al., Correcting gradient-based interpretations of deep neural networks for
    genomics (Genome Biology 2023).

    Examples
    --------
    >>> import torch
    >>> from nbmotif import one_hot_encode, saliency
    >>> weight = torch.tensor([1.0, 2.0, 3.0, 4.0])[:, None]
    >>> saliency(lambda X: (X * weight).sum((1, 2))[:, None], one_hot_encode(["ACGT"])).sum(1)
    tensor([[-1.5000, -0.5000,  0.5000,  1.5000]])
    """
    X, extra = check_inputs(X, args)
    batch_size = check_batch_size(batch_size) or BATCH_SIZE
    check_flags(hypothetical=hypothetical, gradient_correction=gradient_correction)
    place, compute = resolve_device(device), model_dtype(model)

    def prepare(batch: Batch) -> Callable[[], torch.Tensor]:
        x = X[batch.rows].to(place, compute)
        given = tuple(to_device(arg[batch.rows], place, compute) for arg in extra)
        return lambda: attribute(x, given)

    def attribute(x: torch.Tensor, given: tuple[torch.Tensor, ...]) -> torch.Tensor:
        gradient = _gradient(model, x, given, target)
        if gradient_correction:
            gradient = gradient - gradient.mean(1, keepdim=True)
        return (gradient if hypothetical else gradient * x).cpu()

    parts: list[torch.Tensor] = []
    batches = whole_sequences(len(X), 1, batch_size)
    with (
        borrowed(model, place, freeze=True),
        exact_float32(place),
        with_recurrent_gradients(model, place),
        Progress(total=len(X), disable=not verbose, desc="saliency") as progress,
        closing(run_all(batches, prepare, 1, place)) as results,
    ):
        for part in results:
            parts.append(part)
            progress.update(len(part))
    return torch.cat(parts)


def _gradient(model: Model, x: torch.Tensor, extra: tuple[torch.Tensor, ...], target: Target) -> torch.Tensor:
    leaf = x.clone().requires_grad_()
    with torch.enable_grad():
        y = check_rows(select_target(model(leaf * 1, *extra), target), len(x))  # times 1: a model may write into it
        y = as_differences(y)
        if not y.requires_grad:
            msg = (
                "the prediction has no gradient with respect to the sequences: the model leaves torch, works under "
                "no_grad, or does not read them. `saturation_mutagenesis` needs no gradient"
            )
            raise UnsupportedModel(msg)
        (gradient,) = torch.autograd.grad(y.sum(), leaf, materialize_grads=True)
    return gradient
