"""Families: motifs of a database that look alike, so that a site is counted once however many names its motif has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbmotif.dendrogram import Families
from nbmotif.motifs import as_motif_set

if TYPE_CHECKING:
    from nbmotif.motifs import Motifs

__all__ = ["Families", "families"]


def families(motifs: Motifs, similarity: float = 0.7) -> Families:
    """Group the motifs of a database that look alike, on either strand.

    Counting sites by motif splits them between look-alikes, or counts them once for each; counting by family does not.
    A copy of a motif under another name, or of its reverse complement, falls into the family of the original and
    changes nothing for the others.

    Parameters
    ----------
    motifs
        A ``MotifSet``, which keeps the dendrogram so that another cut takes no time; a mapping of name to PWM; or the
        path of a motif file.
    similarity
        Where the dendrogram is cut, in (0, 1]: two families are kept apart if their motifs are on average less similar
        than this. At 0.7 the paralogues of vertebrates are together (GATA, CTCF, E-boxes, ETS, FOX) and composite
        motifs are apart: two motifs side by side are as similar to each of them as 0.71, the square root of 1/2.

    Returns
    -------
    Labels, names, medoids and the dendrogram; see :class:`Families`.

    Raises
    ------
    InvalidArgument
        If there are no motifs, or ``similarity`` is out of range.

    Notes
    -----
    The similarity of two motifs is the cosine between their logos, aligned without gaps where it is largest, on either
    strand: each column is its probabilities less 1/4, times its information content, and columns that are not aligned
    count as zero. So it is 1 for a motif and its copy, uninformative flanks do not matter, an informative column left
    over does, and it depends on nothing but the two motifs. A p-value of TOMTOM depends on the database, which is its
    null: one more motif changes all of them. Motifs are joined by average linkage, copies counting once.

    References
    ----------
    Castro-Mondragon et al. 2017, Nucleic Acids Research 45:e119 (average linkage of aligned correlations).

    Examples
    --------
    >>> import numpy as np
    >>> from nbmotif import MotifSet, one_hot_encode
    >>> pwm = 0.8 * one_hot_encode("AGATAAG").numpy() + 0.05
    >>> motifs = MotifSet(
    ...     {"GATA1": pwm, "GATA2": 0.9 * pwm + 0.025, "MYC": 0.8 * one_hot_encode("CACGTG").numpy() + 0.05}
    ... )
    >>> motifs["GATA3 reversed"] = pwm[::-1, ::-1]
    >>> found = motifs.families()
    >>> found.names, found.labels.tolist(), found.members("GATA")
    (['GATA', 'MYC'], [0, 0, 1, 0], ['GATA1', 'GATA2', 'GATA3 reversed'])
    """
    return as_motif_set(motifs).families(similarity)
