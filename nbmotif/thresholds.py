"""What counts: the thresholds of every method, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

Sign: TypeAlias = Literal["+", "-", "both"]

_STRENGTHS: dict[str, Callable[[npt.NDArray[np.floating]], npt.NDArray[np.floating]]] = {
    "+": lambda attribution: attribution,
    "-": np.negative,
    "both": np.abs,
}


def strength(attribution: npt.NDArray[np.floating], sign: str) -> npt.NDArray[np.floating]:
    """Return how far attributions go to the side that counts, which a threshold is compared with.

    Examples
    --------
    >>> import numpy as np
    >>> from nbmotif.thresholds import strength
    >>> [(strength(np.array([-2.0, 0.0, 3.0]), sign) > 1).tolist() for sign in ("+", "-", "both")]
    [[False, False, True], [True, False, False], [True, False, True]]
    """
    return _STRENGTHS[sign](attribution)


@dataclass(frozen=True, eq=False)
class Thresholds:
    """What counts: the cuts of every method, all strict.

    Parameters
    ----------
    attribution
        A FIMO hit counts when the attribution summed over it is beyond this; compared as float32. None: not asked.
    seqlet_p, tomtom_p, fimo_p
        A seqlet, its match to a motif, a FIMO hit counts when its p-value is below this.
    sign
        Count positive attributions, negative ones, or both.
    window
        Count what lies between these positions of its sequence, 0-based and half-open. Default: anywhere.
    sequences
        Count in the sequences that are True here, shape (N,). Default: in all.
    """

    attribution: float | None = 0.01
    seqlet_p: float = 0.01
    tomtom_p: float = 0.01
    fimo_p: float = 1e-4
    sign: Sign = "both"
    window: tuple[int, int] | None = None
    sequences: npt.NDArray[np.bool_] | None = None
