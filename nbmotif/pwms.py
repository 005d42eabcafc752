"""One position weight matrix: what it must be, its likeliest sequence and its information."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from nbmotif.arrays import as_array
from nbmotif.encoding import as_tensor, code_table, encode_letters, from_codes
from nbmotif.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

_SUM_TOLERANCE = 0.01  # how far a column of probabilities may be from 1: files round to as few as three digits


def check_pwm(pwm: npt.ArrayLike | torch.Tensor, name: str) -> torch.Tensor:
    """Copy a PWM as float64 of shape (4, w), or raise InvalidArgument with what is wrong with it."""
    table = _as_pwm(pwm, name)
    check_probabilities({name: table})
    return table


def check_pwm_shape(table: npt.NDArray[Any], name: str) -> None:
    """Refuse what is not of shape (4, w)."""
    if table.ndim != 2 or table.shape[0] != 4 or table.shape[1] == 0:
        hint = "Did you mean its transpose?" if table.ndim == 2 and table.shape[1] == 4 else ""
        raise InvalidArgument(name, f"shape {table.shape}", "of shape (4, w)", hint)


def check_probabilities(pwms: Mapping[str, torch.Tensor]) -> None:
    """Refuse columns that are no probabilities, by the name of the argument; at once, for there may be thousands."""
    if not pwms:
        return
    table = np.concatenate([pwm.detach().numpy() for pwm in pwms.values()], axis=1)
    is_bad = ~(np.abs(table.sum(axis=0) - 1) <= _SUM_TOLERANCE) | (table.min(axis=0) < 0)  # also where NaN
    if is_bad.any():
        worst = int(is_bad.argmax())
        ends = np.cumsum([pwm.shape[1] for pwm in pwms.values()])
        motif = int(np.searchsorted(ends, worst, side="right"))
        column = worst - int(ends[motif - 1] if motif else 0)
        got = f"{table[:, worst].tolist()} in column {column}"
        is_log_odds = bool(table.min() < 0)
        hint = "Divide counts by their sum; an unknown position is 0.25 four times."
        hint = "They look like log-odds: export probabilities instead." if is_log_odds else hint
        raise InvalidArgument(list(pwms)[motif], got, "probabilities of A, C, G, T that sum to 1", hint)


def written_out(pwm: npt.ArrayLike | torch.Tensor, name: str) -> torch.Tensor:
    """Read a PWM, or letters, of which N is any."""
    if not isinstance(pwm, str):
        return _as_pwm(pwm, name)
    one_hot = from_codes(encode_letters(pwm, code_table("N"), name), torch.float64)
    return torch.where(one_hot.sum(0) == 0, 0.25, one_hot)


def _as_pwm(pwm: npt.ArrayLike | torch.Tensor, name: str) -> torch.Tensor:
    """Copy numbers as float64 of shape (4, w), or say which shape they have."""
    table = np.array(as_array(pwm, name, "a PWM: numbers of shape (4, w)"), np.float64)
    check_pwm_shape(table, name)
    return torch.from_numpy(table)


def pwm_consensus(pwm: torch.Tensor | npt.NDArray[Any]) -> torch.Tensor:
    """Write out the likeliest sequence of a PWM.

    Parameters
    ----------
    pwm
        Probabilities, shape (4, w), in the order A C G T.

    Returns
    -------
    One-hot of the same shape and dtype. Of equally likely letters the first in A C G T is taken; a column of zeros
    stays zero.

    Raises
    ------
    InvalidArgument
        If the shape is not (4, w) or a value is not between 0 and 1.

    Examples
    --------
    >>> import torch
    >>> from nbmotif import pwm_consensus
    >>> pwm_consensus(torch.tensor([[0.7, 0.0], [0.1, 0.5], [0.1, 0.5], [0.1, 0.0]]))
    tensor([[1., 0.],
            [0., 1.],
            [0., 0.],
            [0., 0.]])
    """
    table = _as_pwm(pwm, "pwm")
    given = pwm if isinstance(pwm, torch.Tensor) else as_tensor(as_array(pwm, "pwm", "a PWM"), "pwm")
    return consensus(table, "pwm").to(given.device, given.dtype)


def consensus(pwm: torch.Tensor, name: str) -> torch.Tensor:
    """Consensus of PWMs of shape (..., 4, w); see :func:`pwm_consensus`."""
    is_probability = (pwm >= 0) & (pwm <= 1)  # False for NaN
    if not is_probability.all():
        got = pwm[~is_probability][0].item()
        hint = "Divide counts by the sum of their column; attributions have no consensus."
        raise InvalidArgument(name, got, "one-hot or probabilities, each between 0 and 1", hint)
    best = pwm.argmax(dim=-2, keepdim=True)  # torch gives the first of equal values
    one_hot = torch.zeros_like(pwm).scatter_(-2, best, 1)
    return one_hot * (pwm.amax(dim=-2, keepdim=True) > 0)


def information_content(pwm: npt.NDArray[np.float64], eps: float = 1e-7) -> npt.NDArray[np.float64]:
    """Information of each column in bits, 0 to 2, shape (w,): 2 + Σ p log2(p + eps)."""
    bits: npt.NDArray[np.float64] = 2 + (pwm * np.log2(pwm + eps)).sum(axis=0)
    return bits


def logo_heights(pwm: npt.NDArray[np.float64], eps: float = 1e-7) -> npt.NDArray[np.float64]:
    """Heights of a logo's letters in bits, shape (4, w): their share of the column's information."""
    heights: npt.NDArray[np.float64] = pwm * np.maximum(information_content(pwm, eps), 0)
    return heights
