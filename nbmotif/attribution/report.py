"""What a run of DeepLIFT/SHAP says of itself: whether the references were enough, and whether the sums are right."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch

from nbmotif.errors import InvalidArgument


@dataclass(frozen=True, eq=False)
class AttributionReport:
    """Attributions, and how far they can be trusted.

    Attributes
    ----------
    attributions
        Shape (N, 4, L).
    standard_error
        Of each attribution, as a mean over references; shape (N, 4, L). NaN with a single reference.
    n_references
        For each sequence.
    completeness_error
        Mean difference between the sum of the attributions and the change of the output, relative to the mean change.
    references
        Shape (N, n, 4, L), if they were asked for.
    """

    attributions: torch.Tensor
    standard_error: torch.Tensor = field(repr=False)
    n_references: int
    completeness_error: float
    references: torch.Tensor | None = None

    @property
    def relative_error(self) -> float:
        """Standard error relative to the attributions: root mean squares, less the part of them that is that error."""
        noise = float(self.standard_error.double().square().mean())
        signal = float(self.attributions.double().square().mean()) - noise
        return math.sqrt(noise / signal) if signal > 0 else math.nan if math.isnan(noise) else math.inf

    def references_for(self, relative_error: float) -> int:
        """How many references would bring the relative error down to a number: it falls with the root of theirs.

        Parameters
        ----------
        relative_error
            Such as 0.05.

        Returns
        -------
        A number of references.

        Raises
        ------
        InvalidArgument
            If it is not positive, or if a single reference, or noise alone, leaves nothing to go by.
        """
        if not relative_error > 0:
            raise InvalidArgument("relative_error", relative_error, "above 0")
        now = self.relative_error
        if not math.isfinite(now):
            hint = "Use more references." if self.n_references > 1 else "One reference has no standard error."
            raise InvalidArgument("n_references", self.n_references, "enough to see a signal", hint)
        return max(1, math.ceil(self.n_references * (now / relative_error) ** 2 * (1 - 1e-9)))

    def __repr__(self) -> str:
        shape = tuple(self.attributions.shape)
        error = self.relative_error
        enough = f"; {self.references_for(error / 2)} would halve it" if math.isfinite(error) and error > 0 else ""
        return (
            f"Attributions of shape {shape} from {self.n_references} references: standard error {error:.1%}{enough}. "
            f"Completeness error {self.completeness_error:.1e}."
        )


class Moments:
    """Mean and variance over references that come in parts, as by Chan et al. (1983), which keeps the digits."""

    def __init__(self) -> None:
        self.n = 0
        self.mean: torch.Tensor
        self.squares: torch.Tensor | None = None

    def add(self, values: torch.Tensor, with_squares: bool) -> None:
        """Take values of shape (B, n, 4, L) in."""
        n, mean = values.shape[1], values.mean(1)
        squares = (values - mean[:, None]).square_().sum(1) if with_squares else None
        if self.n == 0:
            self.n, self.mean, self.squares = n, mean, squares
            return
        step, total = mean - self.mean, self.n + n
        if squares is not None and self.squares is not None:
            self.squares = self.squares + squares + step.square() * (self.n * n / total)
        self.mean = self.mean + step * (n / total)
        self.n = total

    def standard_error(self) -> torch.Tensor:
        """Of the mean, shape (B, 4, L)."""
        assert self.squares is not None
        if self.n < 2:
            return torch.full_like(self.squares, torch.nan)
        return (self.squares / (self.n * (self.n - 1))).sqrt()
