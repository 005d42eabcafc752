"""Where the sequences of a batch lie in a tensor: the axis, and what is folded into that axis with them."""

from __future__ import annotations

from dataclasses import dataclass

import torch

# numbers that are compared to find the sequences of a batch
_COMPARED = 1 << 15


@dataclass(frozen=True, slots=True)
class Layout:
    """An axis that holds ``outer * B * inner`` entries for B sequences; ``axis`` is None where nothing depends on B.

    Most tensors are (B, ...): axis 0, outer 1, inner 1. Sequence-first models have axis 1, and attention that folds its
    heads into the batch has outer or inner equal to the number of heads.
    """

    axis: int | None = 0
    outer: int = 1
    inner: int = 1

    def bind(self, n_sequences: int, n_references: int) -> Rows:
        """Fix how many sequences there are, and how many references for each."""
        return Rows(self, n_sequences, n_references)


@dataclass(frozen=True, slots=True)
class Rows:
    """A layout for B sequences on one side and their B * n references on the other."""

    layout: Layout
    n_sequences: int
    n_references: int

    def split(self, referred: torch.Tensor) -> torch.Tensor:
        """(..., outer * B * n * inner, ...) -> (..., outer, B, n, inner, ...)."""
        return self._fold(referred, self.n_references)

    def split_observed(self, observed: torch.Tensor) -> torch.Tensor:
        """(..., outer * B * inner, ...) -> (..., outer, B, 1, inner, ...), which broadcasts against :meth:`split`."""
        return self._fold(observed, 1)

    def _fold(self, tensor: torch.Tensor, n: int) -> torch.Tensor:
        a = self.layout.axis
        if a is None:
            return tensor
        shape = tensor.shape
        return tensor.reshape(*shape[:a], self.layout.outer, self.n_sequences, n, self.layout.inner, *shape[a + 1 :])

    def expand(self, observed: torch.Tensor) -> torch.Tensor:
        """Repeat the rows of the observed side so that each stands beside its references."""
        a = self.layout.axis
        if a is None or self.n_references == 1:
            return observed
        split = self.split_observed(observed)
        split = split.expand(*split.shape[: a + 2], self.n_references, *split.shape[a + 3 :])
        return split.reshape(*observed.shape[:a], -1, *observed.shape[a + 1 :])

    def per_pair(self, referred: torch.Tensor) -> torch.Tensor:
        """Sum over everything but the pairs: shape (B, n), or (1, 1) where nothing depends on the batch."""
        a = self.layout.axis
        if a is None:
            return referred.sum().reshape(1, 1)
        split = self.split(referred)
        return split.movedim((a + 1, a + 2), (0, 1)).reshape(self.n_sequences, self.n_references, -1).sum(-1)


def find_layout(observed: torch.Tensor, referred: torch.Tensor, n_sequences: int, n_references: int) -> Layout | None:
    """Compare one tensor of two runs, of which the second has each sequence followed by ``n - 1`` others.

    Parameters
    ----------
    observed
        The tensor when the model ran on B sequences.
    referred
        The same tensor when it ran on B * n rows, the row ``b * n`` being sequence b.
    n_sequences, n_references
        B and n.

    Returns
    -------
    The layout, the batch-first one if several fit; None if the sequences are nowhere to be found.
    """
    if observed.shape == referred.shape:
        return Layout(None) if torch.equal(observed, referred) else None
    if observed.ndim != referred.ndim:
        return None
    differing = [i for i, (a, b) in enumerate(zip(observed.shape, referred.shape, strict=True)) if a != b]
    if len(differing) != 1:
        return None
    axis = differing[0]
    size = observed.shape[axis]
    if size % n_sequences or referred.shape[axis] != n_references * size:
        return None
    folded = size // n_sequences
    # a part of a large tensor will do
    step = 1 + observed.numel() // _COMPARED
    if axis != observed.ndim - 1 and step > 1:
        observed, referred = observed[..., ::step], referred[..., ::step]
    scale = float(torch.nan_to_num(observed, 0.0, 0.0, 0.0).abs().max()) + 1e-9
    for outer in (d for d in range(1, folded + 1) if folded % d == 0):
        layout = Layout(axis, outer, folded // outer)
        first = layout.bind(n_sequences, n_references).split(referred).select(axis + 2, 0).reshape(observed.shape)
        if torch.allclose(first, observed, rtol=1e-3, atol=1e-4 * scale, equal_nan=True):
            return layout
    return None
