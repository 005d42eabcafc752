"""What hits would count by chance: the same hits, moved a little along their sequences, off what they match."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nbmotif.arguments import check_seed, check_whole
from nbmotif.errors import InvalidArgument

if TYPE_CHECKING:
    import numpy.typing as npt

    from nbmotif.hits import Hits

# hits of so many bases are moved, at least once and at most so many times
_ENOUGH_BASES, _MOST_SHIFTS = 5_000_000, 10
_NEAR = 50  # bp beyond the widest motif: attributions of peaks fall by half within a hundred of their summit


def n_shifts(n_bases: int) -> int:
    """Return how many shifts are worth their time: the fewer the bases, the more of them.

    The number of hits plays no part, so that a motif that is there twice changes nothing.
    """
    return int(np.clip(_ENOUGH_BASES // max(1, n_bases), 1, _MOST_SHIFTS))


def shifted_attributions(
    hits: Hits, signal: npt.NDArray[np.floating], n: int | None = None, random_state: int = 0
) -> list[npt.NDArray[np.float32]]:
    """Sum attributions under hits that were shifted, so that their attribution has nothing to do with their motif.

    All hits of a sequence move by the same distance to either side: at least by the widest motif, so that they leave
    their sites, and at most by 50 bp more, so that they stay where attributions are about as large. Attributions of
    peaks are largest in the middle, where some motifs are densest too: moved further, these would seem to be used
    whatever the model does. What is expected stays a little too low for motifs whose sites all lie at the summit, and
    a little too high where several sites are close. Hits that leave a sequence come in again at its other end.

    Parameters
    ----------
    hits
        Hits.
    signal
        Attribution of the observed bases, shape (N, L).
    n
        How many times. Default: more for fewer bases; see :func:`n_shifts`.
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
    (array([4.], dtype=float32), array([0.], dtype=float32))
    """
    signal = np.asarray(signal)
    if signal.ndim != 2 or len(signal) != hits.n_sequences:
        raise InvalidArgument("signal", f"shape {signal.shape}", f"of shape (N, L), N = {hits.n_sequences}")
    length = signal.shape[1]
    least = min(int(hits.motif_widths.max(initial=1)), length // 4)
    most = max(min(least + _NEAR, length // 2), least)
    random = np.random.default_rng(check_seed(random_state, least=0))
    moved = []
    for _ in range(n_shifts(signal.size) if n is None else check_whole(n, "n", 0)):
        distance = random.integers(least, most, len(signal), endpoint=True) * random.choice([-1, 1], len(signal))
        rolled = np.stack([np.roll(row, -by) for row, by in zip(signal, distance.tolist(), strict=True)])
        attribution = hits.with_signal(rolled).attribution
        assert attribution is not None, "with_signal adds it"
        moved.append(attribution)
    return moved
