"""How the motifs of a database join into families, from copies to everything: cut it anywhere, names included."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

_ACCESSION = re.compile(r"(MA|UN|PB|PH|PF|PL|M)\d+([._]\d+)*", re.IGNORECASE)
_SHARED_STEM = 0.6  # share of a family's genes that must begin alike for it to be named after their stem
_SHORTEST_STEM = 3
# zinc fingers are numbered, whatever they bind, and so are TF-MoDISco's patterns
_NOT_A_STEM = {"ZNF", "ZFP", "POS", "NEG"}
_PATTERN = "_patterns.pattern"  # of pos_patterns.pattern_0 only the sign and the number tell


@dataclass(frozen=True, eq=False)
class FamilyTree:
    """Motifs, the D different ones among them, and how those join.

    Nodes are numbered as scipy does: 0 to D - 1 are the different motifs, D + k is what row k of ``joined`` joins.

    Parameters
    ----------
    distinct
        Which of the different motifs each motif is, int64 of shape (M,).
    joined
        The two nodes that join and the height at which they do, 1 - similarity, ascending; shape (D - 1, 3), or (0, 3)
        where the groups are given.
    names
        A name per node. No two nodes have the same unless one is part of the other, so names at any cut differ.
    medoids
        The motif of each node that is most similar to the others, int64.
    """

    distinct: Ints
    joined: Floats
    names: list[str]
    medoids: Ints

    @classmethod
    def of_groups(cls, labels: npt.NDArray[np.integer], names: Sequence[str]) -> FamilyTree:
        """Return the tree of groups that are given, the same at any cut; ``labels`` (M,) are indices of names."""
        used, first, distinct = np.unique(labels, return_index=True, return_inverse=True)
        return cls(distinct.astype(np.int64), np.empty((0, 3)), [names[i] for i in used.tolist()], first)

    @property
    def n_distinct(self) -> int:
        """D."""
        return len(self.names) - len(self.joined)

    def cut(self, similarity: float) -> tuple[npt.NDArray[np.int32], Ints]:
        """Cut the tree.

        Parameters
        ----------
        similarity
            Nodes are joined that are on average at least as similar.

        Returns
        -------
        The family of each motif, int32 (M), numbered by their first motifs; and the node of each family.
        """
        n, n_joined = self.n_distinct, int(np.searchsorted(self.joined[:, 2], 1.0 - similarity, side="right"))
        top, pairs = list(range(n + n_joined)), self.joined[:n_joined, :2].astype(np.int64).tolist()
        for k in reversed(range(n_joined)):
            one, other = pairs[k]
            top[one] = top[other] = top[n + k]
        nodes, first, label = np.unique(np.array(top, np.int64)[self.distinct], return_index=True, return_inverse=True)
        order = np.argsort(first)
        labels = np.argsort(order)[label].astype(np.int32)
        return labels, nodes[order]


def name_nodes(members: Sequence[Sequence[str]], medoids: Sequence[str]) -> list[str]:
    """Name nodes of a tree.

    Parameters
    ----------
    members
        The motifs' names of each node, in the order of the tree, so that what a node joins comes before it; of two
        nodes that share a motif, one holds the other.
    medoids
        The name of each node's medoid.

    Returns
    -------
    For each node the stem that most of its genes share ("GATA"), or else the gene of its medoid and the number of
    further motifs ("ETV1 (+51)"); the first of these that no larger node apart from it has.
    """
    names = [""] * len(members)
    sets = [frozenset(some) for some in members]
    taken: dict[str, list[int]] = {}
    genes = {name: _gene(name) for name in frozenset().union(*sets)}
    for node in sorted(range(len(members)), key=lambda node: -len(members[node])):
        choices = _choices(members[node], medoids[node], genes)
        free = [name for name in choices if all(sets[node] <= sets[other] for other in taken.get(name, ()))]
        names[node] = free[0] if free else f"{choices[-1]} [{node}]"
        taken.setdefault(names[node], []).append(node)
    return names


def _choices(names: Sequence[str], medoid: str, genes: dict[str, str]) -> list[str]:
    """Names for a node, the most readable first, the last one almost certain to be its own."""
    if len(names) == 1:
        return [genes[names[0]], names[0]]
    more = f" (+{len(names) - 1})"
    stem = _stem([genes[name] for name in names])
    return [*([stem] if stem else []), genes[medoid] + more, medoid + more]


def _gene(name: str) -> str:
    """Take the gene out of a motif's name: "MA0036.4 GATA2", "GATA2_MA0036.3" and "GATA2_HUMAN.H11MO.0.A" are GATA2.

    TF-MoDISco's "pos_patterns.pattern_0" is "pos_0".
    """
    if _PATTERN in name:
        return name.replace(_PATTERN, "")
    words = [word for word in re.split(r"[\s_]+", name) if word and not _ACCESSION.fullmatch(word)]
    return words[0].split(".")[0] or name if words else name


def _stem(genes: list[str]) -> str:
    """Longest run of letters that most genes begin with, in capitals; "" if it is too short to mean anything."""
    letters = [match.group().upper() for gene in genes if (match := re.match(r"[A-Za-z]+", gene))]
    heads = Counter(word[:_SHORTEST_STEM] for word in letters if len(word) >= _SHORTEST_STEM)
    if not heads or max(heads.values()) < _SHARED_STEM * len(genes):
        return ""  # most nodes end here: no longer stem is more common
    for length in range(max(map(len, letters), default=0), _SHORTEST_STEM - 1, -1):
        counts = Counter(word[:length] for word in letters if len(word) >= length)
        stem, count = counts.most_common(1)[0]
        if count >= _SHARED_STEM * len(genes) and stem not in _NOT_A_STEM:
            return stem
    return ""
