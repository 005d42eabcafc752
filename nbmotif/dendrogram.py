"""The families of a database: how its motifs join, and what they are called wherever that is cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform

from nbmotif.arguments import check_whole
from nbmotif.columns import named
from nbmotif.errors import InvalidArgument
from nbmotif.family_tree import FamilyTree, name_nodes
from nbmotif.logo_similarity import logo_similarities, orient, sort_key
from nbmotif.words import alike, counted

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Families:
    """The motifs of a database in families; see :func:`nbmotif.families.families`.

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


@dataclass(frozen=True)
class Dendrogram:
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
    def of(cls, pwms: list[Floats], motif_names: list[str]) -> Dendrogram:
        """Join motifs, each of shape (4, w)."""
        # each motif in the orientation that sorts first, and all in sorted order: neither copies nor order then matter
        oriented = [orient(pwm) for pwm in pwms]
        keys, first, distinct = np.unique(
            np.array([sort_key(pwm) for pwm in oriented], dtype=object), return_index=True, return_inverse=True
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
        """Take apart what joins above 1 - similarity."""
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
