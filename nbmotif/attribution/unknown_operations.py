"""Operations that no table knows, tried out: whether they are linear, or have a derivative at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.utils._pytree import tree_leaves

from nbmotif.attribution.operation import gradient_of

if TYPE_CHECKING:
    from collections.abc import Callable


def is_affine(evaluate: Callable[..., Any], operands: tuple[torch.Tensor, ...]) -> bool:
    """Try an unknown operation out: f(a + e) + f(a - e) = 2 f(a) for random e, in all its operands together.

    Parameters
    ----------
    evaluate
        The operation as a function of its dependent operands.
    operands
        Where to try it.

    Returns
    -------
    Whether it holds, to the rounding of the dtype.
    """
    generator = torch.Generator(device=operands[0].device)
    generator.manual_seed(0)
    with torch.no_grad():
        steps = [
            torch.randn(t.shape, generator=generator, dtype=t.dtype, device=t.device)
            * t.std(correction=0).clamp_min(0.1)
            for t in operands
        ]
        try:
            up, down, middle = (
                _leaves(evaluate(*(t + sign * step for t, step in zip(operands, steps, strict=True))))
                for sign in (1, -1, 0)
            )
        except (RuntimeError, TypeError, ValueError, IndexError):
            return False
    tolerance = 1e-4 if operands[0].dtype == torch.float32 else 1e-8
    return all(
        bool(((a + b - 2 * c).abs().max() <= tolerance * (1e-6 + a.abs().max())).item())
        for a, b, c in zip(up, down, middle, strict=True)
    )


def is_differentiable(evaluate: Callable[..., Any], operands: tuple[torch.Tensor, ...]) -> bool:
    """Try whether torch has a derivative of an operation.

    Parameters
    ----------
    evaluate
        The operation as a function of its dependent operands.
    operands
        Where to try it.

    Returns
    -------
    Whether its backward pass runs.
    """
    # a probe, which this is a part of, drops what is saved for backward
    kept = torch.autograd.graph.saved_tensors_hooks(_itself, _itself)
    try:
        with kept:
            gradient_of(evaluate, operands, tuple(torch.ones_like(leaf) for leaf in _leaves(evaluate(*operands))))
    except (RuntimeError, ValueError):
        return False
    return True


def _itself(t: torch.Tensor) -> torch.Tensor:
    return t


def _leaves(result: Any) -> list[torch.Tensor]:
    leaves = [leaf for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor) and leaf.numel()]
    return [leaf for leaf in leaves if leaf.is_floating_point() or leaf.is_complex()]
