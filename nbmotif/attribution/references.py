"""References: what a sequence is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from nbmotif.arguments import check_seed
from nbmotif.encoding import as_tensor, describe, to_codes
from nbmotif.errors import InvalidArgument
from nbmotif.sequences import dinucleotide_shuffle, sequence_seeds

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import numpy.typing as npt

    from nbmotif.compute import Arrays

_NAMED = ("dinucleotide", "zeros", "uniform", "gc")


class References:
    """Draws the references of any slice of the sequences, the same ones whatever the slice.

    Parameters
    ----------
    given
        As the argument ``references`` of :func:`nbmotif.deep_lift_shap`.
    X
        All sequences, shape (N, 4, L).
    n_shuffles
        References per sequence, where ``given`` does not say.
    random_state
        Seed, or None.
    """

    def __init__(
        self,
        given: str | Arrays | Callable[..., torch.Tensor],
        X: torch.Tensor,
        n_shuffles: int,
        random_state: int | None,
    ) -> None:
        self.X, self.seed = X, check_seed(random_state)
        self.seeds: npt.NDArray[np.int64] | None = None
        self.function: Callable[..., torch.Tensor] | None = None
        self.tensor: torch.Tensor | None = None
        self.name = ""
        self.n = n_shuffles
        if isinstance(given, str):
            self._use_name(given)
        elif callable(given):
            self.function = given
        else:
            self._use_tensor(as_tensor(given, "references").detach())

    def _use_name(self, name: str) -> None:
        if name not in _NAMED:
            expected = f"one of {', '.join(map(repr, _NAMED))}, a function, or a tensor of shape (N, n, 4, L)"
            raise InvalidArgument("references", repr(name), expected)
        self.name = name
        if name == "dinucleotide":
            try:
                codes = to_codes(self.X)
            except InvalidArgument as error:
                hint = (
                    'Only one-hot sequences can be shuffled: pass references="gc", "uniform" or "zeros", or a tensor.'
                )
                raise InvalidArgument("X", error.got, error.expected, hint) from error
            if self.seed is not None:
                self.seeds = sequence_seeds(self.seed, codes)
        else:
            self.n = 1

    def _use_tensor(self, tensor: torch.Tensor) -> None:
        n, _, length = self.X.shape
        if tensor.shape[:1] + tensor.shape[2:] != self.X.shape or not tensor.shape[1]:
            raise InvalidArgument("references", describe(tensor), f"of shape ({n}, n, 4, {length})")
        _check_finite(tensor)
        self.tensor, self.n = tensor, tensor.shape[1]

    def draw(self, rows: slice) -> torch.Tensor:
        """Return the references of some sequences, shape (B, n, 4, L)."""
        X = self.X[rows]
        if self.tensor is not None:
            return self.tensor[rows]
        if self.function is not None:
            return torch.cat([self._call(self.function, x.unsqueeze(0)) for x in X])
        if self.name == "dinucleotide":
            seeds = None if self.seeds is None else self.seeds[rows]
            return dinucleotide_shuffle(X, n=self.n, random_state=seeds)
        if self.name == "zeros":
            return torch.zeros_like(X).unsqueeze(1)
        if self.name == "uniform":
            return torch.full_like(X, 0.25, dtype=torch.float32).unsqueeze(1)
        composition = X.float().mean(-1, keepdim=True)
        return (composition / composition.sum(1, keepdim=True).clamp_min(1e-9)).expand(X.shape).unsqueeze(1)

    def _call(self, function: Callable[..., Any], x: torch.Tensor) -> torch.Tensor:
        # reference k of each sequence has seed random_state + k, as in tangermeme
        seeds = [None if self.seed is None else self.seed + k for k in range(self.n)]
        drawn = [function(x, n=1, **({} if seed is None else {"random_state": seed})) for seed in seeds]
        for one in drawn:
            if not isinstance(one, torch.Tensor) or tuple(one.shape) != (1, 1, *x.shape[1:]):
                got = describe(one) if isinstance(one, torch.Tensor) else type(one).__name__
                expected = f"a function of (X, n, random_state) that returns shape (1, n, 4, {x.shape[2]})"
                raise InvalidArgument("references", f"a function that returns {got}", expected)
            _check_finite(one)
        return torch.cat(drawn, 1).detach()


def _check_finite(references: torch.Tensor) -> None:
    if not references.isfinite().all():
        raise InvalidArgument("references", "NaN or infinite values", "finite")
