"""What hits would count by chance: the same hits, moved along their sequences away from what the model sees there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nbmotif.errors import InvalidArgument

if TYPE_CHECKING:
    import numpy.typing as npt

    from nbmotif.hits import Hits

# shifts are made until so many hits were moved, at least one and at most so many times
_ENOUGH_HITS, _MOST_SHIFTS = 2_000_000, 10


def n_shifts(n_hits: int) -> int:
    """Return how many shifts are worth their time: the fewer the hits, the more of them."""
    return int(np.clip(_ENOUGH_HITS // max(1, n_hits), 1, _MOST_SHIFTS))


def shifted_attributions(
    hits: Hits, signal: npt.NDArray[np.floating], n: int | None = None, random_state: int = 0
) -> list[npt.NDArray[np.float32]]:
    """Sum attributions under hits that were shifted, so that their attribution has nothing to do with their motif.

    All hits of a sequence move by the same distance, between a quarter and three quarters of its length, and come in
    again at its start: what a motif would have if it lay anywhere in the same sequences. Where attributions are strong
    in the middle and hits are dense there, the null is a little too low; compare thresholds, not absolute numbers.

    Parameters
    ----------
    hits
        Hits.
    signal
        Attribution of the observed bases, shape (N, L).
    n
        How many times. Default: more for fewer hits; see :func:`n_shifts`.
    random_state
        Seed of the distances.

    Returns
    -------
    Attributions, each float32 of shape (H,).

    Raises
    ------
    InvalidArgument
        If the signal is not of shape (N, L).

    Examples
    --------
    >>> import numpy as np
    >>> from nbmotif import fimo
    >>> from nbmotif.hit_null import shifted_attributions
    >>> hits = fimo({"TATA": np.eye(4)[[3, 0, 3, 0]].T}, ["CCTATACC"], threshold=0.01)
    >>> [null] = shifted_attributions(hits, np.array([[0, 0, 1, 1, 1, 1, 0, 0]]), n=1)
    >>> hits.with_signal(np.array([[0, 0, 1, 1, 1, 1, 0, 0]])).attribution, null
    (array([4.], dtype=float32), array([1.], dtype=float32))
    """
    signal = np.asarray(signal)
    if signal.ndim != 2 or len(signal) != hits.n_sequences:
        raise InvalidArgument("signal", f"shape {signal.shape}", f"of shape (N, L), N = {hits.n_sequences}")
    length = signal.shape[1]
    random = np.random.default_rng(random_state)
    moved = []
    for _ in range(n_shifts(hits.n_hits) if n is None else n):
        distance = random.integers(length // 4, max(length - length // 4, length // 4 + 1), len(signal))
        rolled = np.stack([np.roll(row, -by) for row, by in zip(signal, distance.tolist(), strict=True)])
        attribution = hits.with_signal(rolled).attribution
        assert attribution is not None, "with_signal adds it"
        moved.append(attribution)
    return moved
