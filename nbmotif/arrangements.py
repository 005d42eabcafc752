"""What is written into a background for a motif: which letters, on which strand, how many times, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from nbmotif.arguments import check_choice, check_whole
from nbmotif.errors import InvalidArgument
from nbmotif.pwms import consensus

if TYPE_CHECKING:
    from collections.abc import Sequence

STRANDS = {"+": ("+",), "-": ("-",), "both": ("+", "-")}
INSTANCES = ("consensus", "sampled")
# how often an arrangement of a motif's letters is drawn again because it is the motif
_REDRAWS = 20


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A place for a motif.

    Parameters
    ----------
    start
        First position of the first copy; None: so that the middle of all copies is the middle of the sequence.
    strand
        ``"+"`` or ``"-"``.
    n_copies
        How many copies stand in a row.
    spacing
        Positions between two copies, which keep the background.
    """

    start: int | None = None
    strand: str = "+"
    n_copies: int = 1
    spacing: int = 0

    def width(self, motif_width: int) -> int:
        """From the first position of the first copy to the last of the last."""
        return self.n_copies * motif_width + (self.n_copies - 1) * self.spacing

    def first(self, motif_width: int, length: int) -> int:
        """Where the first copy begins in a sequence."""
        return length // 2 - self.width(motif_width) // 2 if self.start is None else self.start

    def write(self, copies: Sequence[torch.Tensor]) -> torch.Tensor:
        """Put copies, (n, 4, w) each, in a row, (n, 4, W), with columns of zeros between them."""
        turned = [copy.flip(1, 2) if self.strand == "-" else copy for copy in copies]
        n, _, width = turned[0].shape
        row = turned[0].new_zeros(n, 4, self.width(width))
        for k, copy in enumerate(turned):
            at = k * (width + self.spacing)
            row[:, :, at : at + width] = copy
        return row


def arrangements(starts: int | Sequence[int] | None, strand: str, n_copies: int, spacing: int) -> list[Arrangement]:
    """Combine every start with every strand.

    Raises
    ------
    InvalidArgument
        If one of the arguments, named as :func:`nbmotif.marginalize_motifs` has them, is not possible.
    """
    check_choice(strand, "strand", STRANDS)
    n_copies, spacing = check_whole(n_copies, "n_copies", least=1), check_whole(spacing, "spacing", least=0)
    given: Any = starts
    several = [given] if np.ndim(given) == 0 else given
    places = [None] if given is None else [check_whole(start, "start") for start in several]
    if not places:
        raise InvalidArgument("start", "an empty list", "a position, or several")
    return [Arrangement(start, s, n_copies, spacing) for start in places for s in STRANDS[strand]]


def instances(pwm: torch.Tensor, n: int, how: str, rng: np.random.Generator) -> torch.Tensor:
    """Write a motif out as letters, one-hot of shape (n, 4, w).

    Parameters
    ----------
    pwm
        Shape (4, w).
    n
        How many.
    how
        ``"consensus"``: the likeliest letters, n times; ``"sampled"``: drawn from the PWM, column by column.
    rng
        For the draws.
    """
    check_choice(how, "instances", INSTANCES)
    if how == "consensus":
        return consensus(pwm, "motifs").expand(n, *pwm.shape)
    steps = np.cumsum(pwm.double().numpy(), axis=0)  # (4, w)
    draws = rng.random((n, 1, pwm.shape[1])) * steps[-1]
    letters = torch.from_numpy((draws >= steps).sum(1).clip(max=3))  # (n, w)
    return torch.nn.functional.one_hot(letters, 4).permute(0, 2, 1).to(pwm.dtype)


def other_orders(letters: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Put the columns of each instance, (n, 4, w), in another order, where there is one."""
    shuffled = _reordered(letters, rng)
    for _ in range(_REDRAWS):
        same = (shuffled == letters).all(-1).all(-1)
        if not same.any():
            break
        shuffled[same] = _reordered(letters[same], rng)
    return shuffled


def _reordered(letters: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    n, _, width = letters.shape
    orders = torch.from_numpy(rng.permuted(np.tile(np.arange(width), (n, 1)), axis=1))
    return letters.gather(2, orders[:, None].expand(-1, 4, -1))
