"""How alike the logos of motifs are, on either strand, and which motifs are copies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nbmotif.pwms import information_content

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

_SIDE_BY_SIDE = 48  # motifs multiplied at a time: so few that BLAS, which would spin, starts no threads
_SIMILARITY_DIGITS = 9
_DIGITS = 6  # PWMs that agree to this many digits are copies: files round


def logo_similarities(pwms: list[Floats]) -> npt.NDArray[np.float32]:
    """Cosine between the logos of all pairs of motifs, on their better strand; see :func:`nbmotif.families.families`.

    Parameters
    ----------
    pwms
        Motifs, each of shape (4, w).

    Returns
    -------
    Shape (M, M), symmetric, in [0, 1], 1 on the diagonal. A motif without information is similar to itself alone.
    """
    logos = [_logo(pwm) for pwm in pwms]
    order = np.argsort([logo.shape[1] for logo in logos], kind="stable")
    groups = np.array_split(order, -(-len(order) // _SIDE_BY_SIDE))  # of similar width: little is padded
    padded = [_side_by_side([logos[i] for i in group]) for group in groups]
    reverse = [_side_by_side([logos[i][::-1, ::-1] for i in group]) for group in groups]
    similarities = np.empty((len(pwms), len(pwms)), np.float32)
    for g, group in enumerate(groups):
        for h in range(g, len(groups)):
            strands = (_best_products(padded[g], other[h]) for other in (padded, reverse))
            # rounded, because the last digits of a matrix product depend on what else is multiplied
            found = np.round(np.maximum(*strands), _SIMILARITY_DIGITS)
            similarities[np.ix_(group, groups[h])] = found
            similarities[np.ix_(groups[h], group)] = found.T
    np.maximum(similarities, similarities.T, out=similarities)
    np.fill_diagonal(similarities, 1.0)
    return np.clip(similarities, 0.0, 1.0)


def _side_by_side(logos: list[Floats]) -> Floats:
    """Write logos as rows, column after column, with zeros behind: shape (n, 4 · widest)."""
    rows = np.zeros((len(logos), 4 * max(logo.shape[1] for logo in logos)))
    for row, logo in zip(rows, logos, strict=True):
        row[: logo.size] = logo.T.ravel()
    return rows


def _best_products(some: Floats, others: Floats) -> Floats:
    """Inner product of each pair of rows where they are best aligned, shape (n, m); 0 if none is positive."""
    best = np.zeros((len(some), len(others)))
    for shift in range(4 - some.shape[1], others.shape[1], 4):
        left, right = some[:, max(0, -shift) : others.shape[1] - shift], others[:, max(0, shift) :]
        width = min(left.shape[1], right.shape[1])
        np.maximum(best, left[:, :width] @ right[:, :width].T, out=best)
    return best


def _logo(pwm: Floats) -> Floats:
    """Columns less 1/4 times their information, as a vector of length 1 (or 0, without information)."""
    logo = (pwm - 0.25) * np.maximum(information_content(pwm), 0.0)
    norm = np.sqrt((logo**2).sum())
    return logo / norm if norm > 1e-6 else np.zeros_like(logo)


def content_ranks(pwms: list[Floats]) -> Ints:
    """Return a number for what each motif is, shape (M,): copies, also on the other strand, have the same."""
    keys = np.array([sort_key(orient(pwm)) for pwm in pwms], dtype=object)
    ranks: Ints = np.unique(keys, return_inverse=True)[1]
    return ranks


def orient(pwm: Floats) -> Floats:
    """Round a motif and turn it to the strand that sorts first: copies on both strands become the same."""
    forward = np.ascontiguousarray(np.round(pwm, _DIGITS) + 0.0)
    reverse = np.ascontiguousarray(forward[::-1, ::-1])
    return min(forward, reverse, key=sort_key)


def sort_key(pwm: Floats) -> bytes:
    """Return what motifs of the same numbers have in common, and no others."""
    return pwm.tobytes()
