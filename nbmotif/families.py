"""Families: motifs of a database that look alike, so that a site is counted once however many names its motif has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform

from nbmotif.arguments import check_number, check_whole
from nbmotif.columns import named
from nbmotif.errors import InvalidArgument
from nbmotif.family_tree import FamilyTree, name_nodes
from nbmotif.motifs import as_motif_set, information_content
from nbmotif.words import alike, counted

if TYPE_CHECKING:
    import numpy.typing as npt

    from nbmotif.motifs import Motifs

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

_KEY = "families"
_SIDE_BY_SIDE = 48  # motifs multiplied at a time: so few that BLAS, which would spin, starts no threads
_SIMILARITY_DIGITS = 9
_DIGITS = 6  # PWMs that agree to this many digits are copies: files round


@dataclass(frozen=True)
class Families:
    """The motifs of a database in families; see :func:`families`.

    Parameters
    ----------
    similarity
        Where the dendrogram was cut.
    labels
        Family of each motif, int32 of shape (M,). Families are numbered by their first motif.
    names
        A name per family: the stem that most of its genes share ("GATA"), or else the gene of its medoid and the number
        of further distinct motifs ("ETV1 (+51)").
    medoids
        The motif of each family that is most similar to the others, int64 of shape (F,).
    motif_names
        The names of the motifs.
    linkage
        The dendrogram of all motifs in scipy's form, shape (M - 1, 4), at heights of 1 - similarity.
    tree
        The same, of the different motifs alone, with a name for each family at any similarity.
    """

    similarity: float
    labels: npt.NDArray[np.int32]
    names: list[str]
    medoids: Ints
    motif_names: list[str]
    linkage: Floats
    tree: FamilyTree

    def __len__(self) -> int:
        return len(self.names)

    def __repr__(self) -> str:
        largest = np.argsort(-np.bincount(self.labels), kind="stable")[:3]
        shown = ", ".join(f"{self.names[f]} {np.count_nonzero(self.labels == f)}" for f in largest)
        n_motifs = counted(len(self.labels), "motif")
        return f"Families: {n_motifs} in {len(self)} at similarity {self.similarity}; largest {shown}"

    def members(self, family: int | str) -> list[str]:
        """Name the motifs of a family, given by index or name, in database order."""
        if isinstance(family, str):
            if family not in self.names:
                near = alike(family, self.names)
                hint = f"Did you mean one of {near}?" if near else ""
                raise InvalidArgument("family", repr(family), "a name in `names`", hint)
            family = self.names.index(family)
        family = check_whole(family, "family")
        if not 0 <= family < len(self):
            raise InvalidArgument("family", family, f"between 0 and {len(self) - 1}")
        return [self.motif_names[m] for m in np.flatnonzero(self.labels == family)]

    def to_frame(self) -> pd.DataFrame:
        """One row per motif: ``motif_name family family_idx is_medoid``."""
        is_medoid = np.zeros(len(self.labels), np.bool_)
        is_medoid[self.medoids] = True
        names = named(self.labels, pd.CategoricalDtype(self.names))
        columns = {"motif_name": self.motif_names, "family": names, "family_idx": self.labels, "is_medoid": is_medoid}
        return pd.DataFrame(columns)


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
    motif_set = as_motif_set(motifs)
    similarity = check_number(similarity, "similarity", "in (0, 1]", lambda s: 0 < s <= 1)
    if _KEY not in motif_set.cache:
        motif_set.cache[_KEY] = _Dendrogram.of(motif_set.pwms, motif_set.names)
    dendrogram: _Dendrogram = motif_set.cache[_KEY]
    return dendrogram.cut(similarity)


@dataclass(frozen=True)
class _Dendrogram:
    """How the motifs of a set join.

    Parameters
    ----------
    motif_names
        Names of the motifs.
    tree
        How the different ones join.
    linkage
        How all join, copies at height 0, in scipy's form.
    """

    motif_names: list[str]
    tree: FamilyTree
    linkage: Floats

    @classmethod
    def of(cls, pwms: list[Floats], motif_names: list[str]) -> _Dendrogram:
        # each motif in the orientation that sorts first, and all in sorted order: neither copies nor order then matter
        oriented = [_orient(pwm) for pwm in pwms]
        keys, first, distinct = np.unique(
            np.array([_sort_key(pwm) for pwm in oriented], dtype=object), return_index=True, return_inverse=True
        )
        similarities = logo_similarities([oriented[i] for i in first])
        height = np.maximum(1.0 - similarities.astype(np.float64), 0.0)
        joined = linkage(squareform(height, checks=False), "average") if len(keys) > 1 else np.empty((0, 4))
        members, medoids = _members_and_medoids(joined, similarities)
        named = [motif_names[m] for m in first.tolist()]
        names = name_nodes([[named[i] for i in some] for some in members], [named[i] for i in medoids])
        tree = FamilyTree(distinct, joined[:, :3], names, first[medoids])
        return cls(motif_names, tree, _linkage_of_all(distinct, first, joined))

    def cut(self, similarity: float) -> Families:
        labels, nodes = self.tree.cut(similarity)
        names = [self.tree.names[node] for node in nodes.tolist()]
        medoids = self.tree.medoids[nodes]
        return Families(similarity, labels, names, medoids, list(self.motif_names), self.linkage.copy(), self.tree)


def _members_and_medoids(joined: Floats, similarities: npt.NDArray[np.float32]) -> tuple[list[list[int]], list[int]]:
    """List what each node of a tree holds, and which of it is most similar to the others."""
    n = len(similarities)
    members, medoids = [[i] for i in range(n)], list(range(n))
    total = np.zeros(n)  # similarity to the others of the same node: each pair meets in one
    for a, b in joined[:, :2].astype(np.int64).tolist():
        left, right = members[a], members[b]
        between = similarities[np.ix_(left, right)].astype(np.float64)
        total[left] += between.sum(axis=1)
        total[right] += between.sum(axis=0)
        members.append(sorted(left + right))
        medoids.append(members[-1][int(total[members[-1]].argmax())])
    return members, medoids


def _linkage_of_all(distinct: Ints, first: Ints, joined: Floats) -> Floats:
    """Join the copies of each motif at height 0, then the distinct motifs."""
    n, n_distinct = len(distinct), len(first)
    node, size = first.astype(np.float64), np.ones(n_distinct)
    rows: list[tuple[float, float, float, float]] = []
    for motif, which in enumerate(distinct):
        if motif != first[which]:
            size[which] += 1
            rows.append((float(motif), node[which], 0.0, size[which]))
            node[which] = n + len(rows) - 1
    nodes, sizes = list(node), list(size)
    for a, b, height, _ in joined:
        sizes.append(sizes[int(a)] + sizes[int(b)])
        rows.append((nodes[int(a)], nodes[int(b)], height, sizes[-1]))
        nodes.append(n + len(rows) - 1)
    return np.array(rows, dtype=np.float64).reshape(-1, 4)


def logo_similarities(pwms: list[Floats]) -> npt.NDArray[np.float32]:
    """Cosine between the logos of all pairs of motifs, on their better strand; see :func:`families`.

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
    keys = np.array([_sort_key(_orient(pwm)) for pwm in pwms], dtype=object)
    ranks: Ints = np.unique(keys, return_inverse=True)[1]
    return ranks


def _orient(pwm: Floats) -> Floats:
    """Round a motif and turn it to the strand that sorts first: copies on both strands become the same."""
    forward = np.ascontiguousarray(np.round(pwm, _DIGITS) + 0.0)
    reverse = np.ascontiguousarray(forward[::-1, ::-1])
    return min(forward, reverse, key=_sort_key)


def _sort_key(pwm: Floats) -> bytes:
    return pwm.tobytes()
